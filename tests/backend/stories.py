"""What happens on the fake chain: agents that stake and enrol, and rounds with every ending."""

from __future__ import annotations

from chain.events import (
    Committed,
    CommitteeDrawn,
    Credited,
    Enrolled,
    EvidenceRecorded,
    Locked,
    Opened,
    OutputPublished,
    ProfileRegistered,
    ProviderSettled,
    Registered,
    Released,
    RoundFinalized,
    RoundSubmitted,
    SeatSettled,
    Staked,
    Tallied,
    Transfer,
    ValidationRequest,
    ValidationResponse,
)
from chain.messages import content_hash, evidence_domain, output_hash
from chain.structs import Profile
from chain.types import PROVIDER_SEAT, ZERO_ADDRESS, Bytes32, Family, Verdict, Wei
from tests.support.fakechain import Emitted, FakeChain, address, emit, word
from verifier.canonical import keccak256
from verifier.tasks import Task

RECIPE = b'{"family":"text-minhash","name":"text/test/1"}'
PROFILE_ID = keccak256(RECIPE)
PROFILE = Profile(
    family=Family.TEXT_MINHASH,
    tolerance=20,
    committee_size=3,
    min_operators=2,
    commit_window=60,
    open_window=60,
    publish_window=60,
    max_output_bytes=4096,
    seat_fee=Wei(10**15),
    tip=Wei(10**14),
    min_stake=Wei(10**18),
    seat_lock=Wei(10**17),
    provider_bond=Wei(10**17),
    slash_no_commit_bps=1000,
    slash_no_open_bps=2000,
    slash_rejected_bps=5000,
    slash_overturned_bps=5000,
    appeal_bond=Wei(10**15),
    appeal_window=0,
    flag_window=0,
    audit_bps=0,
    void_digests=False,
    evidence_weight=10**9,
    calibration_root=Bytes32(bytes(32)),
)
PROVIDER = 0
VERIFIERS = (1, 2, 3)
OUTPUT = b"An answer of the model."
SALT = word("salt")
OUTPUT_HASH = output_hash(SALT, content_hash(OUTPUT))
TASK = Task(profile=PROFILE_ID, modality="text", model="m", prompt="Why?", parameters={"seed": 1})


def owner_of(agent_id: int) -> str:
    return address(f"owner {agent_id}")


def enter(agent_id: int) -> list[Emitted]:
    """An agent registers, stakes one ether and enrols."""
    owner = owner_of(agent_id)
    return [
        emit(Transfer, ZERO_ADDRESS, owner, agent_id),
        emit(Registered, agent_id, f"https://agents.example/{agent_id}", owner),
        emit(Staked, agent_id, 10**18, 10**18),
        emit(Enrolled, agent_id, PROFILE_ID, owner),
    ]


def begin(chain: FakeChain) -> None:
    """The profile and four agents: 0 provides, 1 to 3 verify."""
    chain.mine(emit(ProfileRegistered, PROFILE_ID, RECIPE, PROFILE))
    for agent_id in (PROVIDER, *VERIFIERS):
        chain.mine(*enter(agent_id))


def submitted(request: bytes, output: bytes = OUTPUT_HASH) -> list[Emitted]:
    rounds = address("rounds")
    return [
        emit(ValidationRequest, rounds, PROVIDER, TASK.uri(), request),
        emit(Locked, PROVIDER, request, 10**17),
        emit(
            RoundSubmitted,
            request,
            PROVIDER,
            PROFILE_ID,
            address("client"),
            address("client"),
            TASK.hash(),
            output,
            TASK.uri(),
            100,
            31 * 10**14,
            10**17,
        ),
    ]


def drawn(request: bytes, closes_at: int) -> list[Emitted]:
    owners = tuple(owner_of(agent) for agent in VERIFIERS)
    return [
        *(emit(Locked, agent, request, 10**17) for agent in VERIFIERS),
        emit(CommitteeDrawn, request, 0, word("key"), VERIFIERS, owners, closes_at),
    ]


def committed(request: bytes, seat: int) -> Emitted:
    return emit(Committed, request, seat, word(f"commitment {seat}"))


def opened(request: bytes, seat: int, digest: int) -> Emitted:
    agent = PROVIDER if seat == PROVIDER_SEAT else VERIFIERS[seat]
    return emit(Opened, request, agent, 0, seat, digest.to_bytes(32, "big"), word("evidence"))


def evidence(agent: int, role: str, good: int, bad: int) -> Emitted:
    domain = evidence_domain(PROFILE_ID, role)
    return emit(EvidenceRecorded, agent, domain, owner_of(agent), good, bad, good, bad)


def settled(request: bytes, verdict: Verdict, cluster: int) -> list[Emitted]:
    events: list[Emitted] = []
    for seat, agent in enumerate(VERIFIERS):
        paid = 10**15 if cluster >> seat & 1 else 0
        events += [
            emit(Released, agent, request, 10**17, 0),
            emit(SeatSettled, request, agent, 0, seat, paid, 0),
            evidence(agent, "verifier", 10**9 if paid else 0, 0 if paid else 10**9),
        ]
        if paid:
            events.append(emit(Credited, owner_of(agent), paid))
    good, slashed = (10**9, 0) if verdict is Verdict.ACCEPTED else (0, 5 * 10**16)
    return [
        *events,
        emit(Released, PROVIDER, request, 10**17, slashed),
        emit(ProviderSettled, request, PROVIDER, slashed),
        evidence(PROVIDER, "provider", good, 10**9 - good),
        emit(
            ValidationResponse,
            address("rounds"),
            PROVIDER,
            request,
            100 if good else 0,
            "",
            bytes(32),
            "vni:ok",
        ),
        emit(RoundFinalized, request, verdict, "vni:ok", address("finalizer")),
    ]


def accepted_round(chain: FakeChain, request: bytes) -> None:
    """Seats 0 and 1 agree with the provider, seat 2 is far away; the output is published."""
    chain.mine(*submitted(request))
    closes_at = chain.blocks[-1].timestamp + 72
    chain.mine(*drawn(request, closes_at))
    chain.mine(*(committed(request, seat) for seat in (0, 1, 2, PROVIDER_SEAT)))
    chain.mine(opened(request, PROVIDER_SEAT, 0), opened(request, 0, 0b1), opened(request, 1, 0))
    chain.mine(opened(request, 2, (1 << 200) - 1))
    until = chain.blocks[-1].timestamp + 72
    chain.mine(emit(Tallied, request, 0, Verdict.ACCEPTED, 0b111, 0b011, 0b011, 0, until))
    chain.mine(
        emit(OutputPublished, request, content_hash(OUTPUT), SALT, OUTPUT),
        *settled(request, Verdict.ACCEPTED, 0b011),
    )


def rejected_round(chain: FakeChain, request: bytes) -> None:
    """The provider commits and never opens."""
    chain.mine(*submitted(request, word(f"output of {request.hex()}")))
    closes_at = chain.blocks[-1].timestamp + 72
    chain.mine(*drawn(request, closes_at))
    chain.mine(*(committed(request, seat) for seat in (0, 1, 2, PROVIDER_SEAT)))
    chain.mine(*(opened(request, seat, 0) for seat in (0, 1, 2)))
    chain.mine(seconds=120)
    chain.mine(
        emit(Tallied, request, 0, Verdict.REJECTED, 0b111, 0, 0b111, 0, 0),
        *settled(request, Verdict.REJECTED, 0b111),
    )
