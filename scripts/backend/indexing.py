"""How fast events become rows, beside reading and decoding them only."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from web3 import Web3

from backend.indexer import Indexer, Status
from backend.indexer.ranges import RangeSize
from backend.store import Event, Store
from chain import artifacts
from scripts.backend.ground import LEDGER, REGISTRY, Ground

MEBI = 1 << 20
OURS, WEB3 = "eth_getLogs, decoded as Assay does", "eth_getLogs, decoded by web3.py"
Row = dict[str, Any]


def raw(ground: Ground, last: int) -> int:
    """`eth_getLogs` in ranges as wide as the indexer's, decoded; the number of events."""
    gateway, ranges, found = ground.gateway, RangeSize(), 0
    first = int(ground.deployment.block)
    while first <= last:
        until = min(last, first + ranges.width - 1)
        events = len(gateway.logs(first, until))
        found += events
        ranges.answered(until - first + 1, events)
        first = until + 1
    gateway.close()
    return found


def raw_with_web3(ground: Ground, last: int) -> int:
    """The same ranges as programs commonly read them: `eth_getLogs` and web3's own decoding."""
    web3, ranges, found = Web3(Web3.HTTPProvider(ground.url)), RangeSize(), 0
    kinds = {}
    for name, event in ((REGISTRY, "Transfer"), (LEDGER, "EvidenceRecorded")):
        contract = web3.eth.contract(abi=artifacts.load(name).abi)
        decoder = contract.events[event]()
        kinds[decoder.topic] = decoder
    first = int(ground.deployment.block)
    addresses = list(ground.network.contracts.values())
    while first <= last:
        until = min(last, first + ranges.width - 1)
        logs = web3.eth.get_logs({"fromBlock": first, "toBlock": until, "address": addresses})
        for log in logs:
            decoder = kinds.get("0x" + log["topics"][0].hex())
            if decoder is not None:
                decoder.process_log(log)
        found += len(logs)
        ranges.answered(until - first + 1, len(logs))
        first = until + 1
    return found


def index(ground: Ground, database: str, memory: list[float] | None = None) -> int:
    """All of the chain into an empty database; the number of events."""
    gateway, store = ground.gateway, Store(database)
    store.open(ground.network.chain_id, ground.network.identity)
    indexer = Indexer(
        gateway,
        store,
        first_block=ground.network.first_block,
        emitters=list(ground.network.contracts.values()),
        keep=lambda _events: None,
        status=Status(),
    )
    while indexer.step():
        if memory is not None:
            memory.append(psutil.Process().memory_info().rss / MEBI)
    with store.read() as session:
        count = session.query(Event).count()
    store.close()
    gateway.close()
    return count


def timed(work: Callable[[], int]) -> tuple[float, float, int]:
    """(seconds, of these on our processor, events)."""
    start, busy = time.perf_counter(), time.process_time()
    found = work()
    return time.perf_counter() - start, time.process_time() - busy, found


def measure(ground: Ground, databases: Callable[[], dict[str, str]], rounds: int) -> list[Row]:
    """A row for reading only, and one for each kind of database; all take turns."""
    taken: dict[str, list[tuple[float, float, int]]] = {}
    last = ground.head()
    for _ in range(rounds):
        taken.setdefault(OURS, []).append(timed(lambda: raw(ground, last)))
        taken.setdefault(WEB3, []).append(timed(lambda: raw_with_web3(ground, last)))
        for name, url in databases().items():
            taken.setdefault(name, []).append(timed(lambda url=url: index(ground, url)))
    rows = []
    for name, times in taken.items():
        clock, processor, _ = (statistics.median(column) for column in zip(*times, strict=True))
        rows.append({"name": name, "events": times[0][2], "clock": clock, "processor": processor})
    for row in rows:
        for number, name in enumerate(("ours", "web3")):
            row[name] = {unit: rows[number][unit] / row[unit] for unit in ("clock", "processor")}
    return rows


def memory_over(ground: Ground, folder: Path) -> list[float]:
    """MiB in memory after each step of indexing everything."""
    samples: list[float] = []
    index(ground, f"sqlite:///{folder / 'memory.sqlite3'}", samples)
    return samples
