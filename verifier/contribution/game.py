"""Quality as a function of the sources at hand. Each subset is evaluated once."""

from collections.abc import Callable

from verifier.errors import ContributionError

__all__ = ["MAX_QUALITY", "ONE", "Game"]

ONE = 10**9
"""Nano: a quality of 1."""

MAX_QUALITY = 1000 * ONE
"""Largest size of a quality; sums over all subsets then fit 64 bits."""


class Game:
    """Quality (nano) of a subset of `players` sources, given as a bit mask: bit i is source i."""

    def __init__(self, players: int, quality: Callable[[int], int]) -> None:
        if players < 1:
            raise ContributionError("An attribution needs at least one source.")
        self.players = players
        self._quality = quality
        self._known: dict[int, int] = {}

    @property
    def evaluations(self) -> int:
        """How many subsets were evaluated so far."""
        return len(self._known)

    def __call__(self, mask: int) -> int:
        """The quality of the sources in `mask`.

        Raises:
            ContributionError: the quality is not an integer from −1000 to 1000, in nano.
        """
        found = self._known.get(mask)
        if found is None:
            found = self._quality(mask)
            if isinstance(found, bool) or not isinstance(found, int) or abs(found) > MAX_QUALITY:
                raise ContributionError(
                    f"A quality must be an integer of at most {MAX_QUALITY} in size, in nano; the "
                    f"quality function said {found!r}."
                )
            self._known[mask] = found
        return found
