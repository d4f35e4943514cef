"""How fast events become rows, beside reading and decoding them only."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import psutil
from eth_abi.abi import decode
from web3 import Web3

from backend.indexer import Indexer, Status
from backend.indexer.ranges import RangeSize
from backend.store import Event, Store
from chain import abi, artifacts
from scripts.backend.ground import LEDGER, REGISTRY, Ground

MEBI = 1 << 20
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


def raw_with_eth_abi(ground: Ground, last: int) -> int:
    """The same ranges, each log's words decoded by the library eth-abi and nothing else done."""
    kinds = {}
    for name, event in ((REGISTRY, "Transfer"), (LEDGER, "EvidenceRecorded")):
        (entry,) = (e for e in artifacts.load(name).entries("event") if e["name"] == event)
        kinds["0x" + abi.topic0(entry).hex()] = tuple(
            [abi.type_of(param) for param in entry["inputs"] if param["indexed"] is inside]
            for inside in (True, False)
        )
    rpc, ranges, found = ground.rpc, RangeSize(), 0
    first = int(ground.deployment.block)
    addresses = list(ground.network.contracts.values())
    while first <= last:
        until = min(last, first + ranges.width - 1)
        where = {"fromBlock": hex(first), "toBlock": hex(until), "address": addresses}
        logs = rpc.request("eth_getLogs", where)
        for log in logs:
            types = kinds.get(log["topics"][0])
            if types is not None:
                topics = b"".join(bytes.fromhex(topic[2:]) for topic in log["topics"][1:])
                decode(types[0], topics)
                decode(types[1], bytes.fromhex(log["data"][2:]))
        found += len(logs)
        ranges.answered(until - first + 1, len(logs))
        first = until + 1
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
    """(seconds, of these on our processor, events). No account is remembered from a turn before."""
    abi.forget_accounts()
    start, busy = time.perf_counter(), time.process_time()
    found = work()
    return time.perf_counter() - start, time.process_time() - busy, found


def measure(ways: dict[str, Callable[[], int]], rounds: int) -> list[Row]:
    """A row for each way, all taking turns: events per second of clock and of processor."""
    turns = [[timed(way) for way in ways.values()] for _ in range(rounds)]
    return [
        {
            "name": name,
            "events": column[0][2],
            "clock": statistics.median(events / seconds for seconds, _, events in column),
            "processor": statistics.median(events / busy for _, busy, events in column),
        }
        for name, column in zip(ways, zip(*turns, strict=True), strict=True)
    ]
