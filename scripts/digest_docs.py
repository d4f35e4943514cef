"""Writes the specifications of the digest families into docs/digests.md, from the code's table.

python scripts/digest_docs.py            # write
python scripts/digest_docs.py --check    # exit 1 if the page is stale
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from verifier.digest.families import FAMILIES, Family  # noqa: E402
from verifier.digest.params import Feature  # noqa: E402

PAGE = ROOT / "docs" / "digests.md"
BEGIN = "<!-- families, written by scripts/digest_docs.py from verifier/digest/: begin -->\n"
END = "<!-- families: end -->\n"
HEAD = """
## Families

A recipe of a family names one of its canonicalisations, the form in which an output is bytes, and
has just these features: integers in the range given, both ends included, or lists of such.

| family | in the contracts | canonicalisation | features | tolerance |
|---|---:|---|---|---|
"""


def _range(row: Feature) -> str:
    listed = "list of " if row.listed else ""
    return f"`{row.name}`: {listed}{row.least}..{row.most}"


def _row(family: Family) -> str:
    forms = ", ".join(f"`{form}`" for form in family.canonicalisations)
    features = "; ".join(map(_range, family.features)) or "none"
    tolerance = f"0..{family.max_tolerance}" if family.max_tolerance else "0"
    return f"| `{family.name}` | {int(family.kind)} | {forms} | {features} | {tolerance} |\n"


def _section(family: Family) -> str:
    first, _, rest = family.specification.strip().partition("\n")
    summary = first.removeprefix(f"Family `{family.name}`: ")
    return f"\n## `{family.name}`\n\n{summary[0].upper()}{summary[1:]}\n{rest}\n"


def page() -> str:
    """The page with its generated part written anew."""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    families = FAMILIES.values()
    generated = HEAD + "".join(map(_row, families)) + "".join(map(_section, families))
    return f"{before}{BEGIN}{generated}\n{END}{after}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when stale")
    text = page()
    stale = text != PAGE.read_text("utf-8")
    if parser.parse_args().check:
        return 1 if stale else 0
    PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
