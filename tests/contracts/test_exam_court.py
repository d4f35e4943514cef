"""A doubted item of an exam's key before the real court: upheld, and proved false.

The examined profile is `exact`, so that a digest is one hash; the committee's work is played here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from eth_utils.crypto import keccak

from chain.blocks import TxReceipt
from chain.errors import RevertError
from chain.exam_events import Doubted, DoubtUpheld, ExamAnnounced, ExamVoided
from chain.exam_messages import sealed_key, section_key
from chain.exam_structs import ExamTerms, Item, SectionKey
from chain.structs import Receipt
from chain.types import Bytes32, DoubtKind, ProfileId, Stage, Wei
from chain.units import ETHER
from cli.anvil import AnvilOptions
from cli.exam_view import book_of
from tests.support.actors import Actor, agent, person
from tests.support.court import LOCAL, OUTPUT, ROUNDS, Court, digest_of, open_court
from verifier.exams import items

pytestmark = pytest.mark.integration

BOOK = "ExamBook"
BOND, STAKE, FEE = Wei(ETHER), Wei(ETHER // 10), Wei(ETHER // 100)
SALT = Bytes32(keccak(b"salt of the keys"))
NONCE = Bytes32(bytes(32))
ITEMS = 2
FALSE = b"what no engine says"


@dataclass
class Sitting:
    """An exam whose keys are open; the court's provider is the examiner of section 0."""

    court: Court
    examiners: list[Actor]
    candidate: Actor
    number: int
    content: bytes

    def key(self, section: int) -> SectionKey:
        exam_key = self.court.door.call(BOOK, "examOf", self.number).key
        digest = Bytes32(digest_of(exam_key, self.content))
        return section_key((digest,) * ITEMS, self.contents())

    def contents(self) -> list[Bytes32]:
        return [Bytes32(keccak(self.content))] * ITEMS

    def tasks(self, section: int) -> list[bytes]:
        return [b"task %d of section %d" % (i, section) for i in range(ITEMS)]

    def hashes(self, section: int) -> list[bytes]:
        return [bytes(keccak(task)) for task in self.tasks(section)]

    def doubt(self) -> Bytes32:
        """The client doubts item 1 of section 0."""
        item = Item(
            0,
            1,
            Bytes32(self.hashes(0)[1]),
            tuple(Bytes32(each) for each in items.proof(self.hashes(0), 1)),
        )
        arguments = (self.number, DoubtKind.OUTPUT, item, self.key(0), self.contents())
        return self.court.client.send(BOOK, "doubt", *arguments, value=STAKE).one(Doubted).doubt_id

    def judge(self, doubt: Bytes32, committee: bytes) -> tuple[Receipt, Bytes32]:
        """The examiner has its output judged by a committee that gets `committee`."""
        court = self.court
        receipt, salt = court.receipt(self.tasks(0)[1], self.content)
        with pytest.raises(RevertError, match="not about the doubted item"):
            self.answer(doubt, receipt)  # nobody has submitted it yet
        name = court.submit(receipt, NONCE)
        self.answer(doubt, receipt)
        drawn = court.draw(name)
        claim = digest_of(drawn.key, self.content)
        court.vote(drawn, claim, [digest_of(drawn.key, committee)] * len(drawn.agent_ids))
        court.client.send(ROUNDS, "advance", name)
        if committee == self.content:
            arguments = (name, receipt.task_hash, self.content, salt)
            court.provider.send(ROUNDS, "publish", *arguments)
        return receipt, salt

    def answer(self, doubt: Bytes32, receipt: Receipt) -> TxReceipt:
        rounds = self.court.deployment.address(ROUNDS)
        return self.court.provider.send(BOOK, "answer", doubt, rounds, receipt, NONCE)

    def credit(self, actor: Actor) -> int:
        owed: int = self.court.door.call(BOOK, "creditOf", actor.address)
        return owed


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Court]:
    with open_court(tmp_path_factory.mktemp("court"), AnvilOptions(block_time=0)) as court:
        yield court


@pytest.fixture
def court(stage: Court) -> Iterator[Court]:
    """The stage as it was at first, with stake that counts."""
    snapshot = stage.control("evm_snapshot")
    stage.control.pass_time(LOCAL.epoch_length)
    yield stage
    stage.control("evm_revert", snapshot)


def hold(court: Court, content: bytes) -> Sitting:
    """An exam whose every answer is `content`, sat by one candidate, its keys open."""
    door = court.door
    examiners = [court.provider, agent(door, 20), agent(door, 21)]
    candidate = agent(door, 22)
    assert [each.agent_id for each in examiners] == sorted(each.agent_id for each in examiners)
    windows = (600, 60, 60, 600, 600, 3600, 600)
    profile = ProfileId(court.profile_id)
    terms = ExamTerms(profile, profile, FEE, BOND, STAKE, ITEMS, 5, 1, *windows, 3600)
    person(door, 0).send("ExamRules", "setTerms", terms, [each.agent_id for each in examiners])
    announced = court.provider.send(BOOK, "announce", court.profile_id, 0).one(ExamAnnounced)
    sitting = Sitting(court, examiners, candidate, announced.exam_id, content)
    book = book_of(court.deployment)
    for section, examiner in enumerate(examiners):
        root = items.root(sitting.hashes(section))
        seal = sealed_key(book, sitting.number, section, sitting.key(section), SALT)
        examiner.send(BOOK, "post", sitting.number, section, root, seal, "data:,", value=BOND)
    commitment = keccak(b"a sealed sheet")
    candidate.send(BOOK, "sit", sitting.number, candidate.agent_id, commitment, value=FEE)
    court.control.pass_time(60)
    for section in range(len(examiners)):
        arguments = (sitting.number, section, sitting.key(section), sitting.contents(), SALT)
        court.client.send(BOOK, "openKey", *arguments)
    return sitting


def test_doubt__when_the_committee_gets_the_keys_output__then_upheld_and_the_exam_goes_on(
    court: Court,
) -> None:
    exam = hold(court, OUTPUT)
    doubt = exam.doubt()
    _, salt = exam.judge(doubt, OUTPUT)

    settled = court.client.send(BOOK, "settle", doubt, salt, OUTPUT)

    assert settled.one(DoubtUpheld).exam_id == exam.number
    assert exam.credit(court.provider) == STAKE // 4
    assert exam.credit(court.client) == 0
    court.control.pass_time(600)
    assert court.door.call(BOOK, "stageOf", exam.number) is Stage.GRADING


def test_doubt__when_the_committee_gets_something_else__then_void_slashed_and_fees_back(
    court: Court,
) -> None:
    exam = hold(court, FALSE)
    doubt = exam.doubt()
    exam.judge(doubt, OUTPUT)

    settled = court.client.send(BOOK, "settleUnproven", doubt)

    assert settled.one(ExamVoided).slashed == 1
    assert exam.credit(court.provider) == 0
    assert exam.credit(court.client) == STAKE + BOND // 4
    assert [exam.credit(each) for each in exam.examiners[1:]] == [BOND, BOND]
    court.client.send(BOOK, "refund", exam.number, exam.candidate.address)
    assert exam.credit(exam.candidate) == FEE
