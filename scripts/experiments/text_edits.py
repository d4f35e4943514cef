"""Edits of a text that a provider might hope to pass with."""

from collections.abc import Callable, Mapping

import numpy as np

__all__ = ["EDITS"]

WORDS = ("indeed", "usually", "perhaps", "always", "quietly", "nearly", "hardly", "often")


def _replaced(count: int) -> Callable[[str, np.random.Generator], str | None]:
    def edit(text: str, rng: np.random.Generator) -> str | None:
        words = text.split(" ")
        if len(words) < 2 * count:
            return None
        for position in rng.permutation(len(words))[:count]:
            others = [word for word in WORDS if word != words[position]]
            words[position] = others[int(rng.integers(len(others)))]
        return " ".join(words)

    return edit


def _cut(share: float) -> Callable[[str, np.random.Generator], str | None]:
    def edit(text: str, _rng: np.random.Generator) -> str | None:
        words = text.split(" ")
        kept = int(len(words) * (1 - share))
        return " ".join(words[:kept]) if 0 < kept < len(words) else None

    return edit


EDITS: Mapping[str, Callable[[str, np.random.Generator], str | None]] = {
    "1 word replaced": _replaced(1),
    "3 words replaced": _replaced(3),
    "10 words replaced": _replaced(10),
    "last quarter cut": _cut(0.25),
    "last half cut": _cut(0.5),
}
"""What each makes of a text; None where the text is too short for it."""
