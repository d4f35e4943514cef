"""Speed of the backend: reputation over HTTP, indexing, memory, the event stream.

    python scripts/bench_backend.py [--quick] [--json FILE]

One run on one machine; what is compared takes turns, and medians count. Times are given by the
clock and by the processor: what else the machine does plays no part in the latter. PostgreSQL is
measured where the package `pgserver` is installed.
"""

import argparse
import json
import os
import platform
import random
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from eth_abi.abi import encode  # noqa: E402
from eth_utils.crypto import keccak  # noqa: E402

from scripts.backend import indexing, listeners, load, report, serving  # noqa: E402
from scripts.backend.ground import LEDGER, PER_BLOCK, Ground, local_chain  # noqa: E402
from scripts.backend.load import Case, get, post  # noqa: E402
from tests.support.postgres import Server  # noqa: E402
from verifier.engines.machine import instruction_set  # noqa: E402

SCHEMA = "assay/bench-backend/1"
PACKAGES = ("fastapi", "uvicorn", "starlette", "pydantic", "sqlalchemy", "psycopg", "web3")


def machine() -> dict[str, Any]:
    return {
        "instructionSet": instruction_set(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
    }


def query_cases(ground: Ground, port: int, process: int, spread: int) -> list[Case]:
    """Empty routes and reputations of random agents, on one server."""
    dice = random.Random(1)  # noqa: S311 - which agents are asked about
    again = iter(range(10**9))
    return [
        Case("empty route", port, process, lambda: get("/empty")),
        Case("empty route, coroutine", port, process, lambda: get("/empty/coroutine")),
        Case(
            "reputation, any agent",
            port,
            process,
            lambda: get(f"/v1/agents/{dice.randrange(ground.agents)}/reputation"),
        ),
        Case(
            f"reputation, {spread:,} agents",
            port,
            process,
            lambda: get(f"/v1/agents/{next(again) % spread}/reputation"),
        ),
    ]


def call_case(ground: Ground) -> Case:
    """`scoreOf` of one agent in one domain, asked of the node."""
    data = keccak(text="scoreOf(uint256,bytes32)")[:4] + encode(
        ["uint256", "bytes32"], [ground.record(), ground.domain]
    )
    call = {"to": ground.deployment.address(LEDGER), "data": "0x" + data.hex()}
    body = {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [call, "latest"]}
    port = int(ground.url.rsplit(":", 1)[1])
    return Case("eth_call of scoreOf", port, ground.anvil, lambda: post(json.dumps(body)))


def measure(
    ground: Ground, folder: Path, postgres: Server, agents: int, rounds: int, result: dict[str, Any]
) -> None:
    """Everything, into `result`. Two events for each agent; half of them are indexed beside."""
    ground.add(agents // 2)
    half, numbers = ground.head(), iter(range(10**6))

    def anew() -> int:
        return indexing.index(ground, f"sqlite:///{folder / f'{next(numbers)}.sqlite3'}")

    ways = {
        "eth_getLogs, decoded as Assay does": lambda: indexing.raw(ground, half),
        "eth_getLogs, decoded by eth-abi": lambda: indexing.raw_with_eth_abi(ground, half),
        "eth_getLogs, decoded by web3.py (a fifth)": lambda: indexing.raw_with_web3(
            ground, half // 5
        ),
        "index on SQLite": anew,
    }
    result["indexing"] = indexing.measure(ways, max(1, rounds - 1))
    ground.add(agents - agents // 2)
    filled = {
        "SQLite": f"sqlite:///{folder / 'filled.sqlite3'}",
        "PostgreSQL": postgres.new_database("filled"),
    }
    result["memory"] = []
    fills = {
        f"index on {kind}, all": lambda url=url: indexing.index(ground, url, result["memory"])
        for kind, url in filled.items()
    }
    result["indexing"] += indexing.measure(fills, 1)
    result |= {"agents": ground.agents, "domains": 2 * len(ground.deployment.profiles)}
    result["queries"] = []
    call = call_case(ground)
    for kind, url in filled.items():
        with serving.server(url, ground.network) as (port, process):
            time.sleep(1)
            cases = [*query_cases(ground, port, process, 1_000), call]
            rows = load.measure(cases, agents // 80, rounds)
            result["queries"].append({"database": kind, "rows": rows})
    with serving.server(filled["SQLite"], ground.network, ground.place) as (port, _):
        time.sleep(3)
        result["stream"] = listeners.measure(ground, port, 200, 3 * agents // 10_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, for a look")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there too")
    chosen = parser.parse_args()
    agents, rounds = (10_000, 1) if chosen.quick else (100_000, 3)
    result: dict[str, Any] = {"schema": SCHEMA, "machine": machine()}
    with (
        tempfile.TemporaryDirectory() as name,
        tempfile.TemporaryDirectory(prefix="pg") as data,
        local_chain(Path(name)) as ground,
    ):
        postgres = Server(Path(data))
        try:
            measure(ground, Path(name), postgres, agents, rounds, result)
        finally:
            postgres.stop()
    result["perBlock"] = PER_BLOCK
    result["machine"]["loadAfter"] = round(os.getloadavg()[0], 2)
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=1) + "\n")
    print(report.page(result))


if __name__ == "__main__":
    main()
