#!/usr/bin/env python3
"""Writes docs/gas-rounds.md and docs/gas-rounds.svg from what forge's tests recorded.

    python scripts/gas_growth_page.py

Reads contracts/gas.json, gas-growth.json and gas-eligible.json, and gas-parts.json, which
scripts/gas_parts.py measures.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from math import log10
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.gas_page import COLOURS, line, text  # noqa: E402

PARTS = (
    "transaction",
    "calldata",
    "new slots",
    "changed slots",
    "reading slots",
    "calls",
    "events",
    "signatures",
    "code",
)
GOAL = 718_000
STEPS = ("submit", "draw", "commitMany", "openMany", "publish", "total", "settleAll")
WIDTH, HEIGHT, LEFT, BOTTOM, PANEL = 720, 360, 80, 50, 360

Series = tuple[str, list[int]]


def load(name: str) -> dict[str, Any]:
    """A file of recorded gas, its schema left out."""
    found: dict[str, Any] = json.loads((ROOT / "contracts" / name).read_text())
    found.pop("schema")
    return found


def by_number(rows: Mapping[str, Any]) -> dict[int, Mapping[str, int]]:
    return {int(name): rows[name] for name in sorted(rows, key=int)}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(head) + " |",
        "|" + "---:|" * len(head),
        *("| " + " | ".join(row) + " |" for row in rows),
        "",
    ]


def spent(parts: Mapping[str, Mapping[str, Mapping[str, int]]]) -> list[str]:
    """What a relayed round's gas is spent on: by call and kind, and by contract."""
    calls = {name: row for name, row in parts["calls"].items() if not name.startswith("settle")}
    sums = {part: sum(row.get(part, 0) for row in calls.values()) for part in PARTS}
    total = sum(sums.values())
    contracts: dict[str, int] = {}
    for name in calls:
        for contract, gas in parts["contracts"][name].items():
            contracts[contract] = contracts.get(contract, 0) + gas
    ranked = sorted(contracts, key=lambda contract: -contracts[contract])
    return [
        "## What it is spent on",
        "",
        "A relayed round of three of the `exact` family, taken apart step by step by",
        "`python scripts/gas_parts.py`, on a chain with all that a deployment has. *New slots*",
        "were zero before; *calls* are first touches of accounts, and sending the fee along;",
        "*code* is what is none of the others: arithmetic, memory, hashes, encoding.",
        "",
        *table(
            ("", *PARTS, "total"),
            [
                *(
                    (name, *(f"{row.get(part, 0):,}" for part in PARTS), f"{sum(row.values()):,}")
                    for name, row in calls.items()
                ),
                ("**all**", *(f"{sums[part]:,}" for part in PARTS), f"{total:,}"),
            ],
        ),
        *table(
            ("contract", "gas"),
            [(contract, f"{contracts[contract]:,}") for contract in ranked],
        ),
        f"0.8 times the yardstick would be {GOAL:,}. All but code is {total - sums['code']:,}:",
        f"better code alone would have to take {max(0, GOAL - total + sums['code']):,}, not",
        f"{sums['code']:,}. The rest follows from what a round is:",
        "",
        "- five transactions, as each waits for the one before: the draw for a later block, the",
        "  commitments for the key, the openings for all commitments, the bytes for the verdict.",
        "  (A provider that relays could open and publish in one, were there a verb for it.)",
        "- the registry's request and answer, which write four new slots whoever judges;",
        "- six new slots of the court: who pays and how far the round is; whose work under which",
        "  profile; which round a piece of work has; who has acted; who sits; and what a relayer",
        "  committed, under one hash. The first two are two addresses and what fits beside them,",
        "  the third is found by another key, and the others are full or a hash;",
        "- four signatures and the owners behind them; per seat a leaf, a stake, an enrolment and",
        "  the way down the tree; and events, of which ERC-8004 and ERC-8294 want five.",
        "",
    ]


def page(
    rounds: Mapping[str, Mapping[str, int]],
    parts: Mapping[str, Mapping[str, Mapping[str, int]]],
    growth: Mapping[int, Mapping[str, int]],
    eligible: Mapping[int, Mapping[str, int]],
) -> str:
    """The whole of docs/gas-rounds.md."""
    few, many = min(growth), max(growth)
    seat = (growth[many]["total"] - growth[few]["total"]) / (many - few)
    lines = [
        "# Gas of rounds",
        "",
        "`python scripts/gas_growth_page.py` wrote this page from contracts/gas*.json, which the",
        "contracts' tests write: each call a transaction of its own, calldata included.",
        "",
        "![Gas by committee, and of a draw by agents](gas-rounds.svg)",
        "",
        "## A round of three, step by step",
        "",
        "*First*: the slots were zero before; the others are what agents pay from then on.",
        "",
    ]
    for name, steps in rounds.items():
        kept = {step: used for step, used in steps.items() if not step.startswith("total")}
        kept |= {step: steps[step] for step in ("total", "totalWithSettling")}
        lines += [f"**{name}**", "", *table(list(kept), [[f"{n:,}" for n in kept.values()]])]
    lines += [
        *spent(parts),
        "## By the size of the committee",
        "",
        "Relayed; `total` is without settling the seats, which is by and by.",
        "",
        *table(
            ("seats", *STEPS),
            [(str(n), *(f"{row[step]:,}" for step in STEPS)) for n, row in growth.items()],
        ),
        f"Another seat costs {seat:,.0f}.",
        "",
        "## A draw, by the agents among whom it draws",
        "",
        "All of them staked and enrolled in the vault; 3 and 31 seats (or as many as there are).",
        "What the court pays for the call, every slot being read for the first time.",
        "",
        *table(
            ("eligible", "3 seats", "31 seats"),
            [
                (f"{n:,}", f"{row['three']:,}", f"{row['thirtyOne']:,}")
                for n, row in eligible.items()
            ],
        ),
        "A draw goes down a tree: ten times as many agents are three or four levels more.",
        "",
    ]
    return "\n".join(lines)


def panel(left: float, title: str, numbers: Sequence[int], series: Sequence[Series]) -> list[str]:
    """One plot, both axes from zero or, of numbers over several powers of ten, logarithmic in x."""
    top = max(max(values) for _, values in series)
    wide = PANEL - LEFT - 20
    powers = numbers[-1] > 100 * numbers[0]

    def x(n: int) -> float:
        share = (
            log10(n / numbers[0]) / log10(numbers[-1] / numbers[0]) if powers else n / numbers[-1]
        )
        return left + LEFT + wide * share

    def y(gas: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - 40) * gas / top

    parts = [text(left + LEFT, 20, title, "start")]
    for quarter in range(5):
        gas = top * quarter / 4
        parts.append(line(left + LEFT, y(gas), left + LEFT + wide, y(gas), "#ddd"))
        parts.append(text(left + LEFT - 6, y(gas) + 4, f"{gas:,.0f}", "end"))
    parts += [text(x(n), HEIGHT - BOTTOM + 18, f"{n:,}", "middle") for n in numbers]
    for place, ((name, values), colour) in enumerate(zip(series, COLOURS, strict=False)):
        points = " ".join(f"{x(n):.1f},{y(v):.1f}" for n, v in zip(numbers, values, strict=True))
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        parts.append(
            line(left + LEFT + 8, 46 + 16 * place, left + LEFT + 28, 46 + 16 * place, colour)
        )
        parts.append(text(left + LEFT + 34, 50 + 16 * place, name, "start"))
    return parts


def plot(growth: Mapping[int, Mapping[str, int]], eligible: Mapping[int, Mapping[str, int]]) -> str:
    """The whole of docs/gas-rounds.svg: the round by its committee, the draw by the agents."""
    steps = ("total", "settleAll", "draw", "commitMany", "openMany")
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
            ' font-family="sans-serif" font-size="11">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
            *panel(
                0,
                "gas of a relayed round, by seats",
                list(growth),
                [(step, [row[step] for row in growth.values()]) for step in steps],
            ),
            *panel(
                PANEL,
                "gas of a draw, by eligible agents",
                list(eligible),
                [
                    ("31 seats", [row["thirtyOne"] for row in eligible.values()]),
                    ("3 seats", [row["three"] for row in eligible.values()]),
                ],
            ),
            "</svg>",
            "",
        ]
    )


def main() -> None:
    growth, eligible = by_number(load("gas-growth.json")), by_number(load("gas-eligible.json"))
    docs = ROOT / "docs"
    written = page(load("gas.json"), load("gas-parts.json"), growth, eligible)
    (docs / "gas-rounds.md").write_text(written, encoding="utf-8")
    (docs / "gas-rounds.svg").write_text(plot(growth, eligible), encoding="utf-8")
    print("wrote docs/gas-rounds.md and docs/gas-rounds.svg")


if __name__ == "__main__":
    main()
