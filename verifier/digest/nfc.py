"""NFC of Unicode 14.0, whatever version of Unicode this Python carries.

A code point that Unicode 14.0 does not assign neither composes, decomposes nor reorders there, so
the text is cut at those and each piece is normalised by itself; the pieces hold assigned code
points only, for which every later version gives the same result.

Python puts combining marks in order by insertion, which takes the square of their number: minutes
for a mebibyte of them. So runs of many are put in order here first, by a sort.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import groupby
from unicodedata import combining, decomposition

from verifier.digest.unicode14 import UNASSIGNED
from verifier.errors import DigestError

__all__ = ["decode_text", "nfc"]

MANY = 64
"""More combining marks in a row than any writing has."""

FIRST_ASTRAL = 1 << 16
ASTRAL = "[\U00010000-\U0010ffff]"
DELICATE = re.compile("[\u0300-\U0010ffff]")
"""The first combining mark and all above. Below, all code points are assigned, and none composes,
decomposes or reorders with another one from there."""


def decode_text(content: bytes, max_bytes: int) -> str:
    """`content` as NFC text; refuses what is empty, too long or not UTF-8 with a sentence."""
    if len(content) > max_bytes:
        raise DigestError(
            f"The text has {len(content)} bytes; this profile allows at most {max_bytes}."
        )
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise DigestError(
            f"The text is not valid UTF-8 (byte {problem.start}); encode it as UTF-8."
        ) from None
    if not text:
        raise DigestError("The text is empty; there is nothing to compare.")
    return nfc(text)


def nfc(text: str) -> str:
    """Unicode 14.0 NFC of `text`."""
    if not DELICATE.search(text):
        return text
    pieces = _unassigned().split(text)
    # Splitting on a group alternates: even pieces are assigned (or empty), odd ones separators.
    pieces[::2] = [_normalised(piece) if piece else "" for piece in pieces[::2]]
    return "".join(pieces)


def _normalised(piece: str) -> str:
    return unicodedata.normalize("NFC", _mark_runs().sub(_in_order, piece))


def _in_order(run: re.Match[str]) -> str:
    """A run with its marks decomposed and in canonical order: the same text to a normalisation."""
    parts = (unicodedata.normalize("NFD", code) if _is_mark(code) else code for code in run[0])
    stretches = groupby("".join(parts), key=lambda code: combining(code) > 0)
    return "".join(
        "".join(sorted(codes, key=combining) if marks else codes) for marks, codes in stretches
    )


@lru_cache(maxsize=1)
def _mark_runs() -> re.Pattern[str]:
    """MANY or more code points in a row that are marks, or may be.

    Those above U+FFFF all count, because a set of them would be searched one by one.
    """
    marks = "".join(filter(_is_mark, map(chr, range(FIRST_ASTRAL))))
    return re.compile(f"[{re.escape(marks)}\U00010000-\U0010ffff]{{{MANY},}}")


def _is_mark(code: str) -> bool:
    """Whether a code point is a combining mark, or decomposes to such only."""
    if combining(code):
        return True
    parts = decomposition(code).split()
    return bool(parts) and all(part[0] != "<" and _is_mark(chr(int(part, 16))) for part in parts)


@lru_cache(maxsize=1)
def _unassigned() -> re.Pattern[str]:
    """Runs of unassigned code points.

    `re` has a table for those up to U+FFFF; with those above it would compare every code point
    range by range, so it looks at them only where there is such a code point.
    """
    lower, astral = "", ""
    for item in UNASSIGNED.split():
        first, _, last = item.partition("-")
        span = f"{_escaped(first)}-{_escaped(last or first)}"
        if int(last or first, 16) < FIRST_ASTRAL:
            lower += span
        else:
            astral += span
    return re.compile(f"([{lower}]+|(?={ASTRAL})[{astral}]+)")


def _escaped(code: str) -> str:
    return f"\\U{int(code, 16):08x}"
