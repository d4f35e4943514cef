"""The page docs/bench-backend.md, from the figures of `bench_backend.py` and `bench_ponder.py`.

python scripts/backend/report.py docs/bench-backend.json docs/bench-ponder.json
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PAGE = """\
# Speed of the backend

`make bench` measures it; this page was written by `scripts/bench_backend.py` from
[bench-backend.json](bench-backend.json). What is compared takes turns in one run on one machine,
and medians count. *Processor* is the time of the measured process alone, which other work on the
machine does not lengthen by waiting; rates by the clock are of the machine as it was: at a load
above its cores they say little, and unequal turns blur their ratios.

Machine: {instructionSet}; {cores} cores shared by load
generator, server, database and chain; load {load} before and {loadAfter} after, of which the
benchmark itself makes about 2. Python {python}, {packages}.

## Reputation over HTTP

{agents:,} agents; {domains} domains of registered profiles. "Any agent" asks for a random one each
time, so that nearly every answer is read from the database and written anew; the other line asks
for the same agents again and again, whose written answers are kept until the index moves. All go
through the same middleware as the empty routes do. 8 kept connections.

{queries}

An empty route is a plain `def`, as most are written, which FastAPI runs in a thread; a coroutine
has none. An answer of `/v1/agents/…/reputation` holds the agent's owner, its scores in every domain
and their block. From a node that takes {calls} calls (`ownerOf` and `scoreOf` for each domain), so
a call's rate is divided by as many where "the same answer" is compared. anvil answers from memory,
in native code.

{verdict}

Requests that come while others are answered share the next look at the database: one thread and
one statement for all of them, which sees one snapshot by itself, begins after the last of them has
come, and tells where the index stands too. What was written for another block, another branch or
another finality is thrown away, so that no answer outlives a reorganisation. Beside `eth_call` the
goal is out of reach on a local chain: a node in native code that has its state in memory answers
faster than this server's empty route. A provider across a network answers in tens of milliseconds,
and counts requests.

## Indexing

{indexing}

The libraries' decoding is what raw reading costs most programs; Assay reads events of words only,
as most are, without a library, which raises the bar that its own index is held to in the first
column. Of each event about four rows are written, in the transaction that moves the cursor, and a
header is read for every block with events, many in one request. Beside web3.py's reading the goal
is met several times over; beside a bare decoder it is missed: what such a goal leaves after reading
and decoding is little more than SQLite itself takes to write those rows and their indexes.

## Memory

{memory}

## Server-Sent Events

{listeners} listeners of `/v1/events/stream` on one server, which follows a chain: {events} events
each, {order}. From the block to the listener {p50:.2f} s (median), {p99:.2f} s (99 %). The indexer
looks for blocks every 0.5 s, the stream for rows every 0.2 s, once for all listeners.
"""

GOAL_EMPTY, GOAL_CALL, GOAL_RAW = 0.6, 10, 0.7


def page(result: dict[str, Any]) -> str:
    """The whole page."""
    about = result["machine"]
    stream = result["stream"]
    return PAGE.format(
        **{key: about[key] for key in ("instructionSet", "cores", "load", "loadAfter", "python")},
        packages=", ".join(f"{name} {version}" for name, version in about["packages"].items()),
        agents=result["agents"],
        domains=result["domains"],
        calls=result["domains"] + 1,
        queries="\n".join(_queries(result)),
        verdict="\n".join(_verdict(result)),
        indexing="\n".join(_indexing(result["indexing"])),
        memory=_memory(result),
        listeners=stream["listeners"],
        events=stream["events"],
        order="all of them, in order" if stream["allInOrder"] else "NOT all of them in order",
        p50=stream["p50"],
        p99=stream["p99"],
    )


PONDER = """
## Beside Ponder

`make bench-ponder` measures it (Ponder 0.16.10, the newest that runs on Node.js 20; later ones ask
for 22). It is no part of `make bench`, for it brings some 200 packages that nothing else needs, by
a lock of their own. The same chain and events in one run, from the first request for events until
all are there; Ponder makes three tables of what both read, Assay all of its own.

| | events | a second |
|---|---:|---:|
{rows}

Assay is {ratio:.1f} x as fast (goal 1 x), at a load of {before:.0f} to {after:.0f}.
"""


def beside_ponder(result: dict[str, Any]) -> str:
    """The section that `bench_ponder.py` has figures for."""
    rows = "\n".join(
        f"| {row['name']} | {row['events']:,} | {row['perSecond']:,.0f} |" for row in result["rows"]
    )
    before, after = result["load"]
    return PONDER.format(rows=rows, ratio=result["ratio"], before=before, after=after)


def _queries(result: dict[str, Any]) -> Iterator[str]:
    yield "| database | | a second | processor, ms each | p50, ms | p99, ms |"
    yield "|---|---|---:|---:|---:|---:|"
    for kind in result["queries"]:
        for row in kind["rows"]:
            yield (
                f"| {kind['database']} | {row['name']} | {row['perSecond']:,.0f} "
                f"| {row['processor'] * 1000:.2f} | {row['p50'] * 1000:.1f} "
                f"| {row['p99'] * 1000:.1f} |"
            )


def _verdict(result: dict[str, Any]) -> Iterator[str]:
    for kind in result["queries"]:
        empty, _, anybody, again, call = kind["rows"]
        same = call["perSecond"] / (result["domains"] + 1)
        yield (
            f"- On {kind['database']}, beside the empty route, any agent takes "
            f"{anybody['perSecond'] / empty['perSecond']:.2f} x the requests per second and agents "
            f"asked again {again['perSecond'] / empty['perSecond']:.2f} x (goal {GOAL_EMPTY}); by "
            f"processor time {empty['processor'] / anybody['processor']:.2f} x and "
            f"{empty['processor'] / again['processor']:.2f} x. Beside `eth_call`: "
            f"{anybody['perSecond'] / call['perSecond']:.2f} x a single call, "
            f"{anybody['perSecond'] / same:.1f} x the same answer (goal {GOAL_CALL})."
        )


def _indexing(rows: list[dict[str, Any]]) -> Iterator[str]:
    yield f"The goal is {GOAL_RAW} x of reading and decoding alone; by processor time, beside each:"
    yield ""
    head = (
        "events",
        "a second",
        "a second of processor",
        "Assay's decoding",
        "eth-abi's",
        "web3.py's",
    )
    yield f"| | {' | '.join(head)} |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    ours, library, web3 = (row["processor"] for row in rows[:3])
    for row in rows:
        rate = row["processor"]
        yield (
            f"| {row['name']} | {row['events']:,} | {row['clock']:,.0f} | {rate:,.0f} "
            f"| {rate / ours:.2f} x | {rate / library:.2f} x | {rate / web3:.2f} x |"
        )


def _memory(result: dict[str, Any]) -> str:
    samples = result["memory"]
    half = samples[len(samples) // 2 :]
    return (
        f"In memory while {4 * result['agents']:,} events are indexed, half of them on each "
        f"database, after each of {len(samples)} steps: {samples[0]:.0f} MiB after the first, at "
        f"most {max(samples):.0f}, and in the second half {min(half):.0f} to {max(half):.0f}."
    )


if __name__ == "__main__":
    backend, ponder = (json.loads(Path(name).read_text()) for name in sys.argv[1:])
    print(page(backend) + beside_ponder(ponder), end="")
