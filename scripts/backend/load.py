"""Asks a server over kept connections and takes the time."""

import asyncio
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil

CONNECTIONS = 8


@dataclass(frozen=True)
class Case:
    """What is asked, and of whom. `request` makes the bytes of the next one."""

    name: str
    port: int
    process: int
    request: Callable[[], bytes]


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()


def post(body: str) -> bytes:
    head = "POST / HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: "
    return f"{head}{len(body)}\r\n\r\n{body}".encode()


async def _ask(case: Case, times: int, taken: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", case.port)
    for _ in range(times):
        start = time.perf_counter()
        writer.write(case.request())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 200"):
            raise SystemExit(f"{case.name}: {head.decode()}")
        await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
        taken.append(time.perf_counter() - start)
    writer.close()


def burst(case: Case, requests: int) -> tuple[float, float, list[float]]:
    """(requests a second, processor seconds of the server a request, seconds of each)."""

    async def all_of_them() -> None:
        share = requests // CONNECTIONS
        await asyncio.gather(*(_ask(case, share, taken) for _ in range(CONNECTIONS)))

    taken: list[float] = []
    server = psutil.Process(case.process)
    before, start = sum(server.cpu_times()[:2]), time.perf_counter()
    asyncio.run(all_of_them())
    seconds = time.perf_counter() - start
    busy = sum(server.cpu_times()[:2]) - before
    return len(taken) / seconds, busy / len(taken), taken


def measure(cases: list[Case], requests: int, rounds: int) -> list[dict[str, Any]]:
    """Medians of each case, all taking turns."""
    for case in cases:
        burst(case, requests // 4)
    turns = [[burst(case, requests) for case in cases] for _ in range(rounds)]
    rows = []
    for case, column in zip(cases, zip(*turns, strict=True), strict=True):
        every = sorted(second for _, _, taken in column for second in taken)
        rows.append(
            {
                "name": case.name,
                "perSecond": statistics.median(rate for rate, _, _ in column),
                "processor": statistics.median(busy for _, busy, _ in column),
                "p50": every[len(every) // 2],
                "p99": every[len(every) * 99 // 100],
            }
        )
    return rows
