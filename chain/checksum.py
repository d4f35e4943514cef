"""Accounts as text, by EIP-55: upper case where the hash of the lower-case text has its high bit.

As `eth_utils.to_checksum_address`, without looking at every letter: of the events of an index that
is new to a chain, many name an account for the first time.
"""

from __future__ import annotations

from typing import Final

from eth_utils.crypto import keccak

_CASE: Final = 0x20
"""What a lower-case letter of ASCII has more than its upper case."""


def _marked(marked: bytes) -> bytes:
    """A table for `bytes.translate`: these characters become `_CASE`, all others 0."""
    return bytes(_CASE if code in marked else 0 for code in range(256))


_LETTERS: Final = _marked(b"abcdef")
_HIGH: Final = _marked(b"89abcdef")


def checksummed(account: bytes) -> str:
    """The text of an account's 20 bytes."""
    lower = account.hex().encode("ascii")
    digest = keccak(lower).hex().encode("ascii")[: len(lower)]
    raised = int.from_bytes(lower.translate(_LETTERS), "big") & int.from_bytes(
        digest.translate(_HIGH), "big"
    )
    # Of each character either nothing is taken or what it has: none borrows from the next.
    text = (int.from_bytes(lower, "big") - raised).to_bytes(len(lower), "big")
    return "0x" + text.decode("ascii")
