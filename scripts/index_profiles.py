"""Writes the profileId of every recipe in verifier/profiles into index.json. Run after an edit.

python scripts/index_profiles.py            # write
python scripts/index_profiles.py --check    # exit 1 if a recipe and the index disagree
"""

import argparse
import json
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "verifier" / "profiles"
sys.path.insert(0, str(FOLDER.parent.parent))

from verifier.profiles import Profile  # noqa: E402


def index() -> str:
    """The text of index.json for the recipes as they are."""
    recipes = sorted(path for path in FOLDER.glob("*.json") if path.name != "index.json")
    ids = {path.stem: "0x" + Profile.parse(path.read_bytes()).profile_id.hex() for path in recipes}
    return json.dumps(ids, indent=2, sort_keys=True) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when stale")
    stale = not (FOLDER / "index.json").is_file() or (FOLDER / "index.json").read_text() != index()
    if parser.parse_args().check:
        return 1 if stale else 0
    (FOLDER / "index.json").write_text(index())
    return 0


if __name__ == "__main__":
    sys.exit(main())
