"""Two hundred listeners of the event stream: whether each is told all, in order, and how soon."""

import asyncio
import time
from typing import Any

from scripts.backend.ground import LEDGER, Ground
from scripts.backend.load import get

EVENTS = 20
"""In each block of this measurement."""


async def _listen(port: int, until: int, heard: list[tuple[str, float]]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(get("/v1/events/stream"))
    while len(heard) < until:
        line = await reader.readline()
        if line.startswith(b"id: "):
            heard.append((line[4:].decode().strip(), time.perf_counter()))
    writer.close()


async def _tell(ground: Ground, blocks: int, pause: float) -> dict[int, float]:
    mined: dict[int, float] = {}
    signature = "evidence(bytes32,uint256,uint256)"
    for number in range(blocks):
        await asyncio.sleep(pause)
        first = ground.agents + number * EVENTS
        await asyncio.to_thread(ground.send, LEDGER, signature, ground.domain, first, EVENTS)
        mined[await asyncio.to_thread(ground.head)] = time.perf_counter()
    return mined


async def _together(
    ground: Ground, port: int, listeners: int, blocks: int
) -> tuple[dict[int, float], list[list[tuple[str, float]]]]:
    heard: list[list[tuple[str, float]]] = [[] for _ in range(listeners)]
    waiting = [asyncio.ensure_future(_listen(port, blocks * EVENTS, each)) for each in heard]
    await asyncio.sleep(3)
    mined = await _tell(ground, blocks, 0.3)
    await asyncio.wait_for(asyncio.gather(*waiting), 120)
    return mined, heard


def measure(ground: Ground, port: int, listeners: int, blocks: int) -> dict[str, Any]:
    """Seconds from a block to each of its events at each listener."""
    ground.emitting(True)
    mined, heard = asyncio.run(_together(ground, port, listeners, blocks))
    ground.emitting(False)
    names = [name for name, _ in heard[0]]
    places = [tuple(int(part) for part in name.split(".")[:2]) for name in names]
    alike = all([name for name, _ in each] == names for each in heard)
    late = sorted(at - mined[int(name.split(".")[0])] for each in heard for name, at in each)
    return {
        "listeners": listeners,
        "events": len(names),
        "allInOrder": alike and places == sorted(set(places)),
        "p50": late[len(late) // 2],
        "p99": late[len(late) * 99 // 100],
    }
