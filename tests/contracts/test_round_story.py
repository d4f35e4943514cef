"""The story of a round, told with real transactions on a real chain: four ends, and what they cost.

The family is `exact`, so that a digest is one hash; the committee's work is played by the test.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from eth_utils.crypto import keccak

from chain import messages
from chain.blocks import TxReceipt
from chain.errors import RevertError
from chain.events import (
    DrawPostponed,
    Event,
    OutputPublished,
    RoundFinalized,
    RoundSubmitted,
    SeatSettled,
    Tallied,
    ValidationResponse,
)
from chain.structs import Seat
from chain.types import (
    PROVIDER_SEAT,
    Bytes32,
    Phase,
    SeatState,
    Verdict,
)
from cli.anvil import AnvilOptions
from tests.support.actors import STAKE
from tests.support.court import (
    EVIDENCE,
    LOCAL,
    OUTPUT,
    ROUNDS,
    Court,
    digest_of,
    open_court,
    task_uri,
)

pytestmark = pytest.mark.integration


def settled(receipt: TxReceipt) -> dict[int, SeatSettled]:
    return {event.seat: event for event in receipt.events if isinstance(event, SeatSettled)}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Court]:
    """A chain on which everybody is ready, for all stories of this file."""
    with open_court(tmp_path_factory.mktemp("stage"), AnvilOptions(block_time=0)) as court:
        yield court


@pytest.fixture
def story(stage: Court) -> Iterator[Court]:
    """The stage as it was at first; what a story did to it is undone."""
    snapshot = stage.control("evm_snapshot")
    stage.control.pass_time(LOCAL.epoch_length)  # stake counts from the next epoch on
    yield stage
    stage.control("evm_revert", snapshot)


# ------------------------------------------------------------------------------ messages


def test_messages__then_they_are_the_ones_the_court_computes(story: Court) -> None:
    receipt, salt = story.receipt(b"a task")
    court, nonce, key = story.deployment.court, Bytes32(keccak(b"nonce")), keccak(b"key")
    name = messages.request_hash(receipt, court, nonce)
    ask = story.door.call

    assert ask(ROUNDS, "hashReceipt", receipt) == messages.receipt_digest(receipt, court)
    assert ask(ROUNDS, "requestHashOf", receipt, nonce) == name
    committed = ask(ROUNDS, "commitmentOf", name, 0, key, 7, EVIDENCE, EVIDENCE, salt)
    assert committed == messages.commitment(court, name, 0, key, 7, EVIDENCE, EVIDENCE, salt)
    policy = messages.encode_policy(messages.policy_of(story.profile_id, story.profile))
    assert ask(ROUNDS, "policyOf", story.profile_id) == policy
    assert ask(ROUNDS, "quote", policy)[0] == story.profile.fee
    for role in ("provider", "verifier"):
        domain = messages.evidence_domain(story.profile_id, role)
        assert ask("ReputationLedger", "domainOf", story.profile_id, role) == domain
    signature = messages.sign_receipt(receipt, court, story.provider.signer)
    assert messages.recover_receipt_signer(receipt, court, signature) == story.provider.address


def test_submission__when_made_without_the_router__then_the_payload_is_understood(
    story: Court,
) -> None:
    receipt, _ = story.receipt(b"direct")
    court = story.deployment.court
    name = messages.request_hash(receipt, court, bytes(32))
    signature = messages.sign_receipt(receipt, court, story.provider.signer)
    story.provider.send(
        "ValidationRegistry",
        "validationRequest",
        court.rounds,
        receipt.agent_id,
        task_uri(receipt),
        name,
    )
    mined = story.client.send(
        ROUNDS,
        "submit",
        name,
        messages.encode_policy(messages.policy_of(story.profile_id, story.profile)),
        messages.encode_submission(receipt, signature, task_uri(receipt), bytes(32)),
        value=story.profile.fee,
    )

    submitted = mined.one(RoundSubmitted)
    assert (submitted.request_hash, submitted.task_uri) == (name, task_uri(receipt))
    assert story.phase(name) is Phase.DRAWING


# ------------------------------------------------------------------------------ the four ends


def test_round__when_the_committee_agrees__then_accepted_paid_and_recorded(story: Court) -> None:
    receipt, salt = story.receipt(b"honest work")
    name = story.submit(receipt)
    drawn = story.draw(name)
    assert len(set(drawn.agent_ids)) == LOCAL.committee_size
    assert story.provider.agent_id not in drawn.agent_ids
    claim = digest_of(drawn.key, OUTPUT)

    story.vote(drawn, claim, [claim] * 4 + [keccak(b"odd one out")])
    tally = story.client.send(ROUNDS, "advance", name).one(Tallied)
    assert (tally.verdict, tally.opened, tally.agreeing) == (Verdict.ACCEPTED, 0b11111, 0b01111)
    assert story.phase(name) is Phase.PUBLISHING
    final = story.publish(name, receipt, salt)

    assert final.one(RoundFinalized).tag == "vni:ok"
    assert final.one(OutputPublished).output == OUTPUT
    assert final.one(ValidationResponse).response == 100
    assert story.round(name).verdict is Verdict.ACCEPTED
    seats = settled(story.settle(drawn))
    assert [seats[i].paid for i in range(5)] == [LOCAL.seat_fee] * 4 + [0]
    assert all(seat.slashed == 0 for seat in seats.values())
    assert story.stake(story.provider.agent_id).bonded == STAKE
    assert story.stake(story.provider.agent_id).locked == 0
    good = story.score(story.provider.agent_id, "provider")
    assert (good.known, good.alpha, good.beta) == (True, LOCAL.evidence_weight, 0)
    odd = story.score(drawn.agent_ids[4], "verifier")
    assert (odd.alpha, odd.beta) == (0, LOCAL.evidence_weight)

    winner = story.holder(drawn, 0)
    credit = story.door.call(ROUNDS, "creditOf", winner.address)
    before = story.door.balance(winner.address)
    mined = winner.send(ROUNDS, "withdraw")
    earned = story.door.balance(winner.address) - before + mined.gas_used * mined.gas_price
    assert earned == credit == LOCAL.seat_fee


def test_round__when_the_claim_is_not_the_work__then_rejected_and_the_bond_is_lost(
    story: Court,
) -> None:
    receipt, _ = story.receipt(b"another seed")
    name = story.submit(receipt)
    drawn = story.draw(name)
    truth = digest_of(drawn.key, b"what the task really gives")

    story.vote(drawn, digest_of(drawn.key, OUTPUT), [truth] * 5)
    final = story.client.send(ROUNDS, "advance", name)

    assert final.one(Tallied).verdict is Verdict.REJECTED
    assert final.one(RoundFinalized).verdict is Verdict.REJECTED
    assert final.one(ValidationResponse).response == 0
    assert story.stake(story.provider.agent_id).bonded == STAKE - LOCAL.provider_bond
    bad = story.score(story.provider.agent_id, "provider")
    assert (bad.alpha, bad.beta) == (0, LOCAL.evidence_weight)
    seats = settled(story.settle(drawn))
    assert [seats[i].paid for i in range(5)] == [LOCAL.seat_fee] * 5


def test_round__when_nobody_agrees__then_inconclusive_and_nobody_loses_stake(story: Court) -> None:
    receipt, _ = story.receipt(b"noise")
    name = story.submit(receipt)
    drawn = story.draw(name)

    story.vote(drawn, keccak(b"claim"), [keccak(bytes([i])) for i in range(5)])
    final = story.client.send(ROUNDS, "advance", name)

    assert final.one(RoundFinalized).verdict is Verdict.INCONCLUSIVE
    assert final.one(RoundFinalized).tag == "vni:x-inconclusive"
    everybody = [story.provider.agent_id, *drawn.agent_ids]
    assert all(story.stake(agent_id).bonded == STAKE for agent_id in everybody)
    assert not story.score(story.provider.agent_id, "provider").known


def test_round__when_too_few_commit__then_expired_and_the_fee_returns(story: Court) -> None:
    receipt, _ = story.receipt(b"silence")
    name = story.submit(receipt)
    drawn = story.draw(name)
    story.commit(drawn, 0, keccak(b"alone"))
    with pytest.raises(RevertError, match="cannot move on before"):
        story.client.send(ROUNDS, "advance", name)

    story.control.pass_time(LOCAL.commit_window)
    final = story.client.send(ROUNDS, "advance", name)

    assert final.one(RoundFinalized).verdict is Verdict.EXPIRED
    assert final.one(RoundFinalized).tag == "vni:timeout"
    # The client finalized, so the tip came back to it as well.
    assert story.door.call(ROUNDS, "creditOf", story.client.address) == story.profile.fee
    slashed = LOCAL.seat_lock * LOCAL.slash_no_commit_bps // 10_000
    seats = settled(story.settle(drawn))
    assert [seats[i].slashed for i in range(5)] == [0] + [slashed] * 4
    assert story.stake(drawn.agent_ids[0]).bonded == STAKE
    assert story.stake(drawn.agent_ids[1]).bonded == STAKE - slashed


def test_round__when_nobody_can_be_drawn__then_expired_at_the_draw(
    story: Court,
) -> None:
    lonely = replace(story, profile_id=story.deployment.profile_id("text-minhash-smollm2"))
    receipt, _ = lonely.receipt(b"nobody there")
    name = lonely.submit(receipt)
    lonely.control.mine(3)

    final = lonely.client.send(ROUNDS, "draw", name)

    assert final.one(RoundFinalized).verdict is Verdict.EXPIRED


# ------------------------------------------------------------------------------ on the way


def test_round__when_all_have_acted__then_the_windows_close_early(story: Court) -> None:
    name = story.submit(story.receipt(b"quick")[0])
    drawn = story.draw(name)
    claim = digest_of(drawn.key, OUTPUT)
    for seat in range(5):
        story.commit(drawn, seat, claim)
    with pytest.raises(RevertError, match=r"is Committing; .* only while it is Opening"):
        story.open(drawn, 0, claim)

    story.commit(drawn, PROVIDER_SEAT, claim)

    closes_at = story.door.head().timestamp + story.profile.open_window
    assert story.round(name).open_closes_at == closes_at
    assert story.phase(name) is Phase.OPENING
    for seat in (*range(5), PROVIDER_SEAT):
        story.open(drawn, seat, claim)
    assert story.phase(name) is Phase.TALLYING
    seats: tuple[Seat, ...] = story.door.call(ROUNDS, "seats", name)
    assert [seat.state for seat in seats] == [SeatState.OPENED] * 5
    assert [seat.digest for seat in seats] == [claim] * 5


def test_round__when_an_accepted_output_is_not_published__then_rejected(story: Court) -> None:
    name = story.submit(story.receipt(b"withheld")[0])
    drawn = story.draw(name)
    claim = digest_of(drawn.key, OUTPUT)
    story.vote(drawn, claim, [claim] * 5)
    story.client.send(ROUNDS, "advance", name)

    story.control.pass_time(LOCAL.publish_window)
    final = story.client.send(ROUNDS, "advance", name)

    assert final.one(RoundFinalized).verdict is Verdict.REJECTED
    assert story.stake(story.provider.agent_id).bonded == STAKE - LOCAL.provider_bond


def test_round__when_the_draw_is_missed__then_it_is_postponed_by_rule(story: Court) -> None:
    name = story.submit(story.receipt(b"late")[0])
    story.control.mine(300)  # the hash of the entropy block is known no more

    moved = story.client.send(ROUNDS, "draw", name).one(DrawPostponed)

    assert moved.entropy_block == story.door.head().number + 2
    assert len(story.draw(name).agent_ids) == LOCAL.committee_size


def test_round__when_a_commitment_is_copied__then_the_copy_cannot_be_opened(story: Court) -> None:
    name = story.submit(story.receipt(b"copied")[0])
    drawn = story.draw(name)
    claim = digest_of(drawn.key, OUTPUT)
    for seat in (PROVIDER_SEAT, 0, 1, 2, 3):
        story.commit(drawn, seat, claim)
    seats: tuple[Seat, ...] = story.door.call(ROUNDS, "seats", name)
    copier = story.holder(drawn, 4)
    copier.send(ROUNDS, "commit", name, 0, 4, seats[0].commitment)

    with pytest.raises(RevertError, match="is not what was committed"):
        copier.send(ROUNDS, "open", name, 0, 4, claim, EVIDENCE, story.salt(drawn, 0))


def test_round__when_refused__then_the_sentence_says_why(story: Court) -> None:
    receipt, salt = story.receipt(b"refusals")
    signature = messages.sign_receipt(receipt, story.deployment.court, story.client.signer)
    arguments = (receipt, signature, task_uri(receipt), bytes(32))
    with pytest.raises(RevertError, match=r"signed by .*, who does not act for agent"):
        story.client.send("Router", "verify", *arguments, value=story.profile.fee)
    name = story.submit(receipt)
    with pytest.raises(RevertError, match=r"submitted before, in round 0x.* one round"):
        story.submit(receipt, nonce=keccak(b"again"))
    with pytest.raises(RevertError, match=r"can be drawn after block \d+, and this is block \d+"):
        story.client.send(ROUNDS, "draw", name)
    with pytest.raises(RevertError, match=r"is Drawing; this is possible only while it is Publish"):
        story.publish(name, receipt, salt)


def test_logs__when_a_round_is_over__then_they_tell_the_story_in_order(story: Court) -> None:
    start = story.door.head().number + 1
    receipt, salt = story.receipt(b"told")
    name = story.submit(receipt)
    drawn = story.draw(name)
    claim = digest_of(drawn.key, OUTPUT)
    story.vote(drawn, claim, [claim] * 5)
    story.client.send(ROUNDS, "advance", name)
    story.publish(name, receipt, salt)
    head = story.door.head()

    events = story.door.logs(start, head.number)

    kinds = [type(event).__name__ for event in events]
    told = [kind for i, kind in enumerate(kinds) if i == 0 or kinds[i - 1] != kind]
    assert told[:5] == [
        "ValidationRequest",
        "RequestAccepted",
        "RoundSubmitted",
        "Locked",
        "CommitteeDrawn",
    ]
    assert kinds.count("Committed") == kinds.count("Opened") == 6
    assert story.door.logs_of_block(head.hash) == [
        event for event in events if event.log.block_hash == head.hash
    ]
    assert all(provenance_is_whole(event) for event in events)


def provenance_is_whole(event: Event) -> bool:
    log = event.log
    return bool(log.contract) and len(log.block_hash) == len(log.transaction_hash) == 32
