"""docs/gas.md and docs/gas.svg from what scripts/bench_anchor.py measured, and forge of exams."""

from collections.abc import Mapping, Sequence
from math import log10
from typing import Any

# What the contract behind arXiv 2511.07577, which the record per source stands for, costs on anvil:
# warm, one update a transaction, with its evidence.
PUBLISHED_SINGLE = 60_614
WIDTH, HEIGHT, LEFT, BOTTOM = 720, 420, 70, 50
COLOURS = ("#b03a2e", "#d68910", "#2471a3", "#1e8449", "#82c99a", "#6c3483", "#bb8fce")

Row = tuple[str, list[float]]


def per_update(found: Mapping[str, Any], sizes: Sequence[int], warm: bool) -> list[Row]:
    """Gas per update of each design, by n."""
    place = 1 if warm else 0
    lists = {
        name: [found[name][n][place] / n for n in sizes]
        for name in ("perSourceEvidence", "perSource", "packed")
    }
    return [
        ("record per source, evidence in the event", lists["perSourceEvidence"]),
        ("record per source", lists["perSource"]),
        ("anchor: packed words and root", lists["packed"]),
        *(
            (f"anchor: root, {name}", [found[key][place] / n for n in sizes])
            for name, key in (
                ("every epoch kept", "rootHistory"),
                ("every epoch kept, relayed", "rootHistorySigned"),
                ("16 epochs kept", "rootLatest"),
                ("16 epochs kept, relayed", "rootLatestSigned"),
            )
        ),
    ]


def page(
    found: Mapping[str, Any], sizes: Sequence[int], batch: int, exams: Mapping[str, Any]
) -> str:
    """The whole of docs/gas.md. exams: contracts/gas-exams.json."""
    warm = per_update(found, sizes, True)
    single = warm[0][1][0]
    at = sizes.index(100)
    lines = [
        "# Gas of source scores",
        "",
        "`python scripts/bench_anchor.py` wrote this page: all on one anvil, in one run, gas of",
        "whole transactions with their calldata, divided by the scores in them. *Cold*: slots are",
        "written for the first time; *warm*: again. The reporter sends its epochs itself;",
        "*relayed* ones are sent by another with its EIP-712 signature. *Packed words* hold",
        "sixteen scores a slot and are stored in the transaction that publishes the next epoch.",
        "*Record per source* is contracts/test/anchor/PerSourceScores.sol, written for this",
        "comparison: a name, a signature and three slots an update, 224 bytes of JSON an update in",
        f"the event, up to {batch} in one transaction.",
        "",
        *_table("Warm", warm, sizes),
        *_table("Cold", per_update(found, sizes, False), sizes),
        "![Gas per update, warm](gas.svg)",
        "",
        "## Against a single update of its own",
        "",
        "The other design's transactions carry one query, so what it pays is n = 1 with evidence:",
        f"{single:,.0f} here, and {PUBLISHED_SINGLE:,} of the published contract itself.",
        "",
        f"| n = 100, warm | per update | saved against {single:,.0f} "
        f"| against {PUBLISHED_SINGLE:,} | like for like |",
        "|---|---:|---:|---:|---:|",
    ]
    like = warm[1][1][at]
    for name, values in warm[2:]:
        cost = values[at]
        saved = " | ".join(f"{1 - cost / other:.2%}" for other in (single, PUBLISHED_SINGLE, like))
        lines.append(f"| {name} | {cost:,.0f} | {saved} |")
    lines += [
        "",
        "*Like for like* is against the same n in one transaction of the other design, without",
        "evidence. A relayed epoch pays 5,200 gas for its signature: recovering who signed, its",
        "bytes, the hash of what was signed. Two slots are written, the epoch's and the clock's.",
        "Transaction, calldata, slots, event and recovery are 39,089 of a relayed epoch, so 400",
        "for each of 100 scores would leave 911 for code, which takes 3,689. One slot for both",
        "would do, but the epoch's is full: a header's hash, against which scores are proved.",
        "",
        "## An epoch of 500 queries over six sources, warm",
        "",
        f"{found['epochLatest']:,} gas in all with 16 epochs kept,",
        f"{found['epochHistory']:,} with all: the root, and the word of the six scores of the",
        "epoch before. The number of queries does not matter; they are in the bundle.",
        "",
        "## Checking a score on chain",
        "",
        "A transaction that does nothing but `verifyScore`:",
        "",
        "| depth of the proof | " + " | ".join(str(depth) for depth in found["proof"]) + " |",
        "|---|" + "---:|" * len(found["proof"]),
        "| gas | " + " | ".join(f"{used:,}" for used in found["proof"].values()) + " |",
        "",
        *exam_section(exams),
    ]
    return "\n".join(lines)


def exam_section(exams: Mapping[str, Any]) -> list[str]:
    """What an exam of the planner's design costs, and how grading grows."""
    steps: Mapping[str, int] = exams["steps"]
    batches = {int(name[6:]): used for name, used in exams["sheetsInOneGrading"].items()}
    items = {int(name[5:]): used for name, used in exams["itemsOfOneSheet"].items()}
    few, many = min(batches), max(batches)
    another = (batches[many] - batches[few]) / (many - few)
    more = (items[max(items)] - items[min(items)]) / (max(items) - min(items))
    return [
        "## Exams",
        "",
        "From contracts/gas-exams.json, which the contracts' tests write: three examiners, 48",
        "items where nothing else is said, each call a transaction with its calldata, everything",
        "written for the first time.",
        "",
        "| " + " | ".join(steps) + " |",
        "|" + "---:|" * len(steps),
        "| " + " | ".join(f"{used:,}" for used in steps.values()) + " |",
        "",
        "`post` is a section, `openKey` one section's key, `grade` one sheet that passes.",
        "",
        "| sheets in one transaction | " + " | ".join(str(n) for n in sorted(batches)) + " |",
        "|---|" + "---:|" * len(batches),
        "| gas a sheet | " + " | ".join(f"{batches[n] / n:,.0f}" for n in sorted(batches)) + " |",
        "",
        f"Another sheet in the same transaction costs {another:,.0f}.",
        "",
        "| items of the exam | " + " | ".join(str(n) for n in sorted(items)) + " |",
        "|---|" + "---:|" * len(items),
        "| gas of a grading of one sheet | "
        + " | ".join(f"{items[n]:,}" for n in sorted(items))
        + " |",
        "",
        f"Another item costs {more:,.0f}: its 32 bytes in the key and in the sheet, and the count.",
        "",
    ]


def plot(found: Mapping[str, Any], sizes: Sequence[int]) -> str:
    """Gas per update, warm, against n, both logarithmic."""
    rows = per_update(found, sizes, True)
    low, high = 1.0, 5.0  # powers of ten on the y axis

    def x(n: float) -> float:
        return LEFT + (WIDTH - LEFT - 20) * log10(n) / log10(sizes[-1])

    def y(gas: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - 20) * (log10(gas) - low) / (high - low)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for power in range(int(low), int(high) + 1):
        parts.append(line(LEFT, y(10**power), WIDTH - 20, y(10**power), "#ddd"))
        parts.append(text(LEFT - 6, y(10**power) + 4, f"{10**power:,}", "end"))
    for n in sizes:
        parts.append(text(x(n), HEIGHT - BOTTOM + 18, str(n), "middle"))
    parts.append(text((LEFT + WIDTH) / 2, HEIGHT - 10, "scores in one transaction", "middle"))
    for place, ((name, values), colour) in enumerate(zip(rows, COLOURS, strict=True)):
        points = " ".join(f"{x(n):.1f},{y(v):.1f}" for n, v in zip(sizes, values, strict=True))
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        top = HEIGHT - BOTTOM - 130 + 18 * place
        parts.append(line(LEFT + 12, top - 4, LEFT + 36, top - 4, colour))
        parts.append(text(LEFT + 42, top, name, "start"))
    return "\n".join([*parts, "</svg>", ""])


def _table(title: str, rows: Sequence[Row], sizes: Sequence[int]) -> list[str]:
    head = " | ".join(str(n) for n in sizes)
    body = [
        f"| {name} | " + " | ".join(f"{v:,.0f}" for v in values) + " |" for name, values in rows
    ]
    return [f"| {title}: gas per update, n = | {head} |", "|---|" + "---:|" * len(sizes), *body, ""]


def line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'
