"""Reputation as decaying Beta evidence, in integers, as the contract computes it to the last digit.

Evidence is counted in nano-evidence: 10^9 is one observation. alpha is good, beta is bad.

steps   floor(t2 · 2^16 / H) - floor(t1 · 2^16 / H): the clock of decay makes 2^16 steps in a
        half-life H, counted from time zero: steps add up however often evidence is written.
decay   x · 2^(-steps / 2^16): whole half-lives by a right shift; of the rest, the 16 bits from the
        highest: for bit 2^-k, x = (x · C_k) >> 64 with C_k = floor(2^64 · 2^(-2^-k)). Each step
        rounds down.
mean    (alpha + prior) / (alpha + beta + 2 · prior), rounded down to a basis point.
lower   Wilson's one-sided 95 % bound of alpha out of n = alpha + beta (the prior plays no part):
        (2·alpha + Z - R) / (2·(n + Z)),  R = ⌈√(Z · (⌈4·alpha·beta / n⌉ + Z))⌉,  Z = z² in nano,
        rounded down to a basis point: both inner roundings go up, so the bound is never too high.
known   n is at least `minimum`; below it the numbers are 0 and mean nothing.

Wilson, JASA 22 (1927) 209-212.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isqrt

__all__ = [
    "HALVINGS",
    "OBSERVATION",
    "Z_SQUARED",
    "Evidence",
    "Policy",
    "Score",
    "add",
    "decay",
    "decayed",
    "replay",
    "score",
    "steps_between",
    "wilson_lower_bps",
]

OBSERVATION = 10**9
"""Nano-evidence of one observation."""

Z_SQUARED = 2_705_543_454
"""1.6448536269514722² in nano: the 95 % quantile of the normal distribution, squared."""

HALVINGS = (
    13_043_817_825_332_782_212,
    15_511_800_964_685_064_948,
    16_915_738_899_553_466_670,
    17_664_662_643_191_237_676,
    18_051_468_387_014_017_850,
    18_248_035_989_933_441_396,
    18_347_121_020_861_646_923,
    18_396_865_112_328_554_661,
    18_421_787_711_448_657_617,
    18_434_261_669_329_232_139,
    18_440_501_815_349_552_981,
    18_443_622_680_442_407_997,
    18_445_183_311_048_607_332,
    18_445_963_675_871_538_003,
    18_446_353_870_663_572_145,
    18_446_548_971_154_807_802,
)
"""HALVINGS[k-1] = floor(2^64 · 2^(-2^-k)), k = 1..16."""

MAX_EVIDENCE = 2**64 - 1
"""What a slot holds; more than that saturates."""

BASIS_POINTS = 10_000

FRACTION_BITS = 16
"""Of a half-life: 2^16 steps of decay."""


@dataclass(frozen=True, slots=True)
class Policy:
    """half_life: seconds; prior: nano-evidence a side; minimum: least n of a known score."""

    half_life: int
    prior: int = OBSERVATION
    minimum: int = OBSERVATION // 2

    def __post_init__(self) -> None:
        if self.half_life <= 0 or self.prior <= 0 or self.minimum <= 0:
            raise ValueError("half_life, prior and minimum must be positive")


@dataclass(frozen=True, slots=True)
class Evidence:
    """alpha (good) and beta (bad), nano-evidence, as of `updated_at` (seconds)."""

    alpha: int = 0
    beta: int = 0
    updated_at: int = 0


@dataclass(frozen=True, slots=True)
class Score:
    """What evidence says. Where `known` is false the numbers but the evidence are 0.

    mean_bps, lower_bps: basis points, 0..10000; effective_n, alpha, beta: nano-evidence.
    """

    known: bool
    mean_bps: int
    lower_bps: int
    effective_n: int
    alpha: int
    beta: int


def steps_between(start: int, end: int, half_life: int) -> int:
    """Steps of the clock of decay from `start` to `end` (seconds, 0 ≤ start ≤ end)."""
    if not 0 <= start <= end or half_life <= 0:
        raise ValueError("time must not run backwards, and half_life must be positive")
    return (end << FRACTION_BITS) // half_life - (start << FRACTION_BITS) // half_life


def decay(amount: int, steps: int) -> int:
    """`amount` · 2^(-steps / 2^16), by the rule above."""
    if steps < 0 or not 0 <= amount <= MAX_EVIDENCE:
        raise ValueError("steps must not be negative, amount of 64 bits")
    halvings = steps >> FRACTION_BITS
    if halvings >= 64:
        return 0
    amount >>= halvings
    for index, factor in enumerate(HALVINGS):
        if steps >> (FRACTION_BITS - 1 - index) & 1:
            amount = amount * factor >> 64
    return amount


def decayed(evidence: Evidence, now: int, policy: Policy) -> Evidence:
    """`evidence` as of `now` (seconds, not before `updated_at`)."""
    steps = steps_between(evidence.updated_at, now, policy.half_life)
    return Evidence(decay(evidence.alpha, steps), decay(evidence.beta, steps), now)


def add(evidence: Evidence, now: int, alpha: int, beta: int, policy: Policy) -> Evidence:
    """Decays to `now`, then adds `alpha` and `beta` (nano-evidence), up to what a slot holds."""
    before = decayed(evidence, now, policy)
    return Evidence(
        min(before.alpha + alpha, MAX_EVIDENCE), min(before.beta + beta, MAX_EVIDENCE), now
    )


def score(evidence: Evidence, now: int, policy: Policy) -> Score:
    """The score at `now` (seconds)."""
    current = decayed(evidence, now, policy)
    alpha, beta = current.alpha, current.beta
    n = alpha + beta
    if n < policy.minimum:
        return Score(False, 0, 0, n, alpha, beta)
    mean = BASIS_POINTS * (alpha + policy.prior) // (n + 2 * policy.prior)
    return Score(True, mean, wilson_lower_bps(alpha, beta), n, alpha, beta)


def wilson_lower_bps(alpha: int, beta: int) -> int:
    """Wilson's one-sided 95 % lower bound of alpha / (alpha + beta) > 0 evidence, basis points."""
    n = alpha + beta
    spread = _ceil_div(4 * alpha * beta, n) + Z_SQUARED
    root = _ceil_sqrt(Z_SQUARED * spread)
    top = max(0, 2 * alpha + Z_SQUARED - root)
    return BASIS_POINTS * top // (2 * (n + Z_SQUARED))


def replay(steps: Iterable[tuple[int, int, int]], policy: Policy, start: int = 0) -> Evidence:
    """Evidence after steps of (seconds since the last, or since `start`, alpha and beta added)."""
    evidence, now = Evidence(), start
    for elapsed, alpha, beta in steps:
        now += elapsed
        evidence = add(evidence, now, alpha, beta, policy)
    return evidence


def _ceil_div(top: int, bottom: int) -> int:
    return -(-top // bottom)


def _ceil_sqrt(value: int) -> int:
    root = isqrt(value)
    return root if root * root == value else root + 1
