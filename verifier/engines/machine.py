"""Of the machine, what the results of floating-point kernels depend on."""

import hashlib
import platform
from functools import lru_cache
from pathlib import Path

__all__ = ["file_sha256", "instruction_set"]

VECTOR_FLAGS = (
    "sse4_2",
    "avx2",
    "fma",
    "f16c",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "amx_int8",
)
CPUINFO = Path("/proc/cpuinfo")


@lru_cache(maxsize=1)
def instruction_set() -> str:
    """Architecture and vector extensions, e.g. `x86_64 sse4_2 avx2 fma f16c`."""
    flags: set[str] = set()
    if CPUINFO.is_file():
        for line in CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("flags"):
                flags.update(line.split())
                break
    return " ".join((platform.machine(), *(flag for flag in VECTOR_FLAGS if flag in flags)))


@lru_cache(maxsize=8)
def file_sha256(path: Path) -> str:
    """SHA-256 of a file as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
