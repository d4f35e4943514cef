"""What to pay per gas: a first offer, and better ones at the same nonce when nobody takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chain.types import Wei
from chain.units import GWEI

BASE_FEE_ROOM: Final = 2
"""A first offer covers a base fee that has doubled: about six full blocks in a row."""

MINIMUM_RAISE_PERCENT: Final = 10
"""geth refuses a replacement unless both fees rise by at least this much."""

CANCEL_ROOM: Final = 2
"""How many times the cap may be paid per gas to close the nonce of a job that was given up."""

TRANSFER_GAS: Final = 21_000
"""Gas of a transaction that only transfers."""

_DEFAULT_CAP: Final = Wei(500 * GWEI)


@dataclass(frozen=True, slots=True)
class Fees:
    """EIP-1559 fees per gas."""

    max_fee: Wei
    priority_fee: Wei


@dataclass(frozen=True, slots=True)
class SendPolicy:
    """How a sender pays and how long it waits.

    Attributes:
        max_fee_cap: wei per gas never exceeded.
        raise_permille: how much both fees rise when a transaction is replaced.
        gas_margin_percent, gas_margin: added to the estimate, because the state may be another
            when the call is executed (the last of a committee to act pays for closing a window).
        poll: seconds between looks for the receipt.
        resend_after: seconds until a transaction no node knows of is handed in again.
        replace_after: seconds until a transaction still waiting is replaced at a higher price.
        give_up_after: seconds until TransactionStuck is raised.
        confirmations: blocks that must hold the transaction, its own included.
    """

    max_fee_cap: Wei = _DEFAULT_CAP
    raise_permille: int = 125
    gas_margin_percent: int = 25
    gas_margin: int = 60_000
    poll: float = 0.25
    resend_after: float = 3.0
    replace_after: float = 20.0
    give_up_after: float = 180.0
    confirmations: int = 1


def first_offer(base_fee: int, suggested_tip: int, cap: int) -> Fees | None:
    """Fees for a new transaction, or None if the cap does not even cover the base fee."""
    if base_fee > cap:
        return None
    max_fee = min(base_fee * BASE_FEE_ROOM + suggested_tip, cap)
    return Fees(Wei(max_fee), Wei(min(suggested_tip, max_fee)))


def better_offer(old: Fees, base_fee: int, suggested_tip: int, policy: SendPolicy) -> Fees | None:
    """Fees that a node accepts in place of the old ones, or None if the cap leaves no room."""
    fresh = base_fee * BASE_FEE_ROOM + suggested_tip
    wanted = max(_raised(old.max_fee, policy.raise_permille), fresh)
    max_fee = min(wanted, policy.max_fee_cap)
    tip = min(max(_raised(old.priority_fee, policy.raise_permille), suggested_tip), max_fee)
    enough = MINIMUM_RAISE_PERCENT * 10
    if max_fee < _raised(old.max_fee, enough) or tip < _raised(old.priority_fee, enough):
        return None
    return Fees(Wei(max_fee), Wei(tip))


def cancelling_offer(old: Fees, base_fee: int, suggested_tip: int, policy: SendPolicy) -> Fees:
    """Fees of the transfer that takes the place of a job that was given up."""
    max_fee = max(_raised(old.max_fee, policy.raise_permille), base_fee + suggested_tip)
    least = _raised(old.max_fee, MINIMUM_RAISE_PERCENT * 10)
    max_fee = max(least, min(max_fee, policy.max_fee_cap * CANCEL_ROOM))
    tip = min(max(_raised(old.priority_fee, policy.raise_permille), suggested_tip), max_fee)
    return Fees(Wei(max_fee), Wei(tip))


def _raised(fee: int, permille: int) -> int:
    return -(-fee * (1000 + permille) // 1000)
