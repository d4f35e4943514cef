"""Whether the compiled kernels are used: the same integers as NumPy's, sooner.

numba comes with the extra `fast`. Compiling takes seconds once per machine and loading half a
second per process, so small batches stay with NumPy: a node digests one output at a time.
"""

from functools import lru_cache
from importlib.util import find_spec
from types import ModuleType

__all__ = ["kernels"]


def kernels(items: int, enough: int) -> ModuleType | None:
    """`verifier.digest.kernels` when there are `enough` items and numba is installed, else None."""
    return _module() if items >= enough else None


@lru_cache(maxsize=1)
def _module() -> ModuleType | None:
    if find_spec("numba") is None:
        return None
    from verifier.digest import kernels as module

    return module
