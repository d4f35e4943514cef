"""What dishonesty costs under given parameters: the formulas behind docs/economics.md.

All money in wei, all probabilities as floats; nothing here decides about money on chain.
"""

from __future__ import annotations

from math import comb

from chain.parameters import Parameters


def majority(committee: int) -> int:
    """M: how many seats decide."""
    return committee // 2 + 1


def capture_probability(share: float, committee: int) -> float:
    """Chance that whoever holds `share` of the stake gets a majority of a committee.

    Binomial: drawing without replacement, one seat per operator, makes it smaller.
    """
    return sum(
        comb(committee, seats) * share**seats * (1 - share) ** (committee - seats)
        for seats in range(majority(committee), committee + 1)
    )


def least_checked_share(saving: int, parameters: Parameters, detection: float = 1.0) -> float:
    """Share of a provider's work that clients must have verified so that cheating does not pay.

    A provider who saves `saving` by not doing the work loses the bond when a committee rejects it:
    checks at a rate q make a loss of it as soon as q · detection · loss > saving.
    """
    loss = parameters.provider_bond * parameters.slash_rejected_bps / 10_000
    return saving / (detection * loss)


def guess_probability(tolerance: int, bits: int = 256) -> float:
    """Chance that a random digest lies within `tolerance` of another one, for one seat."""
    return float(sum(comb(bits, distance) for distance in range(tolerance + 1)) / 2**bits)


def round_fee(parameters: Parameters) -> int:
    """What a round costs whoever asks for it."""
    return parameters.round_fee


def losses(parameters: Parameters) -> dict[str, int]:
    """What each way of failing costs, in wei."""
    lock = parameters.seat_lock
    return {
        "not committing": lock * parameters.slash_no_commit_bps // 10_000,
        "not opening": lock * parameters.slash_no_open_bps // 10_000,
        "being rejected": parameters.provider_bond * parameters.slash_rejected_bps // 10_000,
    }
