"""What simulations of plans share."""

from math import sqrt

SIGMAS = 4.0


def agrees(events: int, trials: int, chance: float) -> bool:
    """Whether `events` lie within the binomial interval of four standard deviations."""
    spread = SIGMAS * sqrt(trials * chance * (1 - chance))
    return abs(events - trials * chance) <= spread + 1
