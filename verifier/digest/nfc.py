"""NFC of Unicode 14.0, whatever version of Unicode this Python carries.

A code point that Unicode 14.0 does not assign neither composes, decomposes nor reorders there, so
the text is cut at those and each piece is normalised by itself; the pieces hold assigned code
points only, for which every later version gives the same result.
"""

import re
import unicodedata
from functools import lru_cache

from verifier.digest.unicode14 import UNASSIGNED
from verifier.errors import DigestError

__all__ = ["decode_text", "nfc"]


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
    if text.isascii():
        return text
    pieces = _unassigned().split(text)
    # Splitting on a group alternates: even pieces are assigned, odd ones the separators.
    pieces[::2] = [unicodedata.normalize("NFC", piece) for piece in pieces[::2]]
    return "".join(pieces)


@lru_cache(maxsize=1)
def _unassigned() -> re.Pattern[str]:
    ranges = []
    for item in UNASSIGNED.split():
        first, _, last = item.partition("-")
        ranges.append(f"{_escaped(first)}-{_escaped(last or first)}")
    return re.compile(f"([{''.join(ranges)}]+)")


def _escaped(code: str) -> str:
    return f"\\U{int(code, 16):08x}"
