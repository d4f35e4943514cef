"""What the makers of golden vectors share."""

import hashlib


def noise(label: str, size: int) -> bytes:
    """`size` bytes that depend on `label` only."""
    return hashlib.shake_256(f"assay golden {label}".encode()).digest(size)


def hexed(data: bytes) -> str:
    """`data` as 0x and lower-case digits."""
    return "0x" + data.hex()
