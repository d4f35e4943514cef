"""The economics of a deployment, in one table: windows in seconds, money in wei.

The recipe of a profile says how outputs are compared; what a comparison costs, how long it may take
and what is at stake belongs to a deployment and stands here. `Parameters.check` holds what must be
true of any preset.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from chain.errors import ConfigError
from chain.levels import levels_of, premium_of
from chain.structs import Profile
from chain.types import ZERO_ADDRESS, Address, Bytes32, Family, Wei
from chain.units import ETHER

_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR
_MILLIETHER: Final = ETHER // 1000
_OBSERVATION: Final = 10**9

MAX_OUTPUT_BYTES: Final = 120 * 1024
"""What `ProfileRegistry` allows: a published output travels as calldata of one transaction."""


VOID_FAMILIES: Final = frozenset({Family.LOGPROBS})
"""Families with a digest that says "no answer"; `verifier.digest` has which."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a deployment is made with.

    Attributes:
        epoch_length: stake counts for draws from the next epoch on.
        unbonding_delay: stake stays slashable so long after it was asked back.
        half_life: evidence counts half after this time.
        slash_cap_bps: most of its stake that an agent loses in one unbonding delay.
        governance_delay: between the announcement of an emergency halt and the halt.
        treasury: where slashed stake goes; the zero address burns it.
        committee_size, min_operators: seats of a round, and agents that must be drawable for it.
        commit_window, open_window, publish_window: how long each phase of a round lasts at most.
        seat_fee, tip: a round costs committee_size * seat_fee + tip.
        min_stake: free stake below which a verifier is not drawn.
        seat_lock, provider_bond: what a round locks of a verifier and of the provider.
        slash_no_commit_bps, slash_no_open_bps: part of the seat's lock lost.
        slash_rejected_bps: part of the provider's bond lost.
        slash_overturned_bps: part of a seat's lock lost when an appeal decides the opposite.
        appeal_bond, appeal_window: what an appeal costs beside the next committee's fees, and until
            when it is possible; with a window of 0 verdicts are final.
        flag_window: how long what was published may be flagged, and how long the committee then
            votes; 0: not at all. The bond is that of an appeal.
        audit_bps: how often the protocol appeals by itself.
        evidence_weight: nano-evidence that one round is worth.
    """

    epoch_length: int
    unbonding_delay: int
    half_life: int
    slash_cap_bps: int
    governance_delay: int
    committee_size: int
    min_operators: int
    commit_window: int
    open_window: int
    publish_window: int
    seat_fee: Wei
    tip: Wei
    min_stake: Wei
    seat_lock: Wei
    provider_bond: Wei
    slash_no_commit_bps: int
    slash_no_open_bps: int
    slash_rejected_bps: int
    slash_overturned_bps: int
    appeal_bond: Wei
    appeal_window: int
    flag_window: int
    audit_bps: int
    evidence_weight: int
    treasury: Address = ZERO_ADDRESS

    @property
    def round_fee(self) -> int:
        """What a round costs its payer, in wei."""
        premium = premium_of(self.seat_fee, self.committee_size, self.audit_bps)
        return self.seat_fee * self.committee_size + self.tip + premium

    @property
    def longest_round(self) -> int:
        """Seconds from the first draw to the end of a round in which everybody takes all the time
        and every verdict is appealed."""
        level = self.commit_window + self.open_window + self.appeal_window
        levels = levels_of(self.committee_size, self.appeal_window)
        return levels * level + self.publish_window + 2 * self.flag_window

    def check(self) -> None:
        """Refuses parameters under which the court would not work.

        Raises:
            ConfigError: names the first inequality that does not hold.
        """
        rules = (
            # A draw uses the epoch of its submission or postpones it by one: stake that left at
            # submission must still be there when the last slash of that round is due.
            (
                self.unbonding_delay > 2 * self.epoch_length + self.longest_round,
                "unbonding_delay must exceed two epochs and the longest round",
            ),
            # A court gone wrong takes the cap at once: the halt has to come before the next one.
            (
                self.governance_delay < self.unbonding_delay,
                "governance_delay must be below unbonding_delay",
            ),
            (0 < self.slash_cap_bps <= 10_000, "slash_cap_bps must lie between 1 and 10000"),
            # Were the tip more, finishing rounds would pay better than sitting on their committees.
            (
                4 * self.tip <= self.seat_fee * self.committee_size,
                "tip must not exceed a quarter of the seats' fees",
            ),
            (self.committee_size % 2 == 1, "committee_size must be odd"),
            (
                self.committee_size // 2 + 1 <= self.min_operators <= self.committee_size,
                "min_operators must lie between the majority and committee_size",
            ),
            (self.min_stake >= self.seat_lock, "min_stake must cover seat_lock"),
            # Were a lazy seat cheaper than an honest one, guessing would pay.
            (
                self.seat_lock * self.slash_no_commit_bps > self.seat_fee * 10_000,
                "not committing must cost more than a seat earns",
            ),
            (
                self.slash_no_commit_bps <= self.slash_no_open_bps <= 10_000,
                "not opening must cost at least as much as not committing",
            ),
            # Were being caught cheaper than the fee at stake, a provider could buy tries.
            (
                self.provider_bond * self.slash_rejected_bps > self.round_fee * 10_000,
                "a rejection must cost more than a round",
            ),
            (self.audit_bps == 0 or self.appeal_window > 0, "audit_bps needs an appeal_window"),
            # The votes on a flag cost its author a quarter of the bond; being right must pay that.
            (
                self.flag_window == 0
                or 0 < self.appeal_bond * 10_000 < self.provider_bond * self.slash_rejected_bps,
                "a flag's bond must be above zero and below what a rejection costs",
            ),
            # Were it free, an appeal that changes nothing would hold up any round.
            (
                self.appeal_window == 0 or self.appeal_bond > self.seat_fee * self.committee_size,
                "appeal_bond must exceed the first committee's fees",
            ),
        )
        for holds, sentence in rules:
            if not holds:
                raise ConfigError(f"The parameters contradict each other: {sentence}.")

    def profile(self, family: Family, tolerance: int, max_output_bytes: int) -> Profile:
        """The on-chain profile of a recipe under these economics."""
        return Profile(
            family=family,
            tolerance=tolerance,
            committee_size=self.committee_size,
            min_operators=self.min_operators,
            commit_window=self.commit_window,
            open_window=self.open_window,
            publish_window=self.publish_window,
            max_output_bytes=min(max_output_bytes, MAX_OUTPUT_BYTES),
            seat_fee=self.seat_fee,
            tip=self.tip,
            min_stake=self.min_stake,
            seat_lock=self.seat_lock,
            provider_bond=self.provider_bond,
            slash_no_commit_bps=self.slash_no_commit_bps,
            slash_no_open_bps=self.slash_no_open_bps,
            slash_rejected_bps=self.slash_rejected_bps,
            slash_overturned_bps=self.slash_overturned_bps,
            appeal_bond=self.appeal_bond,
            appeal_window=self.appeal_window,
            flag_window=self.flag_window,
            audit_bps=self.audit_bps,
            void_digests=family in VOID_FAMILIES,
            evidence_weight=self.evidence_weight,
            calibration_root=Bytes32(bytes(32)),
        )

    def as_json(self) -> dict[str, Any]:
        """For the deployment file; amounts as text, because JSON readers round large numbers."""
        money = {"seat_fee", "tip", "min_stake", "seat_lock", "provider_bond", "appeal_bond"}
        return {k: str(v) if k in money else v for k, v in asdict(self).items()}


PRESETS: Final[Mapping[str, Parameters]] = {
    # For local chains: a round takes well under a minute, and closes early when all have acted.
    "local": Parameters(
        epoch_length=10,
        unbonding_delay=120,
        half_life=30 * _DAY,
        slash_cap_bps=5_000,
        governance_delay=60,
        committee_size=5,
        min_operators=3,
        commit_window=25,
        open_window=12,
        publish_window=12,
        seat_fee=Wei(2 * _MILLIETHER),
        tip=Wei(1 * _MILLIETHER),
        min_stake=Wei(1 * ETHER),
        seat_lock=Wei(100 * _MILLIETHER),
        provider_bond=Wei(200 * _MILLIETHER),
        slash_no_commit_bps=1_000,
        slash_no_open_bps=3_000,
        slash_rejected_bps=10_000,
        slash_overturned_bps=5_000,
        appeal_bond=Wei(20 * _MILLIETHER),
        appeal_window=0,
        flag_window=0,
        audit_bps=0,
        evidence_weight=_OBSERVATION,
    ),
    # For public chains: windows that survive congestion and a node's restart; verdicts can be
    # appealed, and one in fifty is by lot; what is published can be flagged.
    "public": Parameters(
        epoch_length=1 * _HOUR,
        unbonding_delay=7 * _DAY,
        half_life=90 * _DAY,
        slash_cap_bps=5_000,
        governance_delay=2 * _DAY,
        committee_size=5,
        min_operators=5,
        commit_window=2 * _HOUR,
        open_window=1 * _HOUR,
        publish_window=2 * _HOUR,
        seat_fee=Wei(_MILLIETHER // 2),
        tip=Wei(_MILLIETHER // 2),
        min_stake=Wei(250 * _MILLIETHER),
        seat_lock=Wei(25 * _MILLIETHER),
        provider_bond=Wei(50 * _MILLIETHER),
        slash_no_commit_bps=1_000,
        slash_no_open_bps=3_000,
        slash_rejected_bps=10_000,
        slash_overturned_bps=5_000,
        appeal_bond=Wei(20 * _MILLIETHER),
        appeal_window=1 * _HOUR,
        flag_window=1 * _HOUR,
        audit_bps=200,
        evidence_weight=_OBSERVATION,
    ),
}
"""Named presets of `assay deploy --preset`."""


def preset(name: str) -> Parameters:
    """A preset by name. Raises ConfigError for a name that is none."""
    if name not in PRESETS:
        raise ConfigError(f"There is no preset {name!r}; known are {', '.join(PRESETS)}.")
    return PRESETS[name]
