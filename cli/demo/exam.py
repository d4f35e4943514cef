"""An exam in the demo: three examiners, one candidate who knows, one who guesses, one who copies.

It is held beside the rounds, with the same model, and nobody's seat depends on it: the profile is
not gated. Who guesses and who copies pay their fee and pass nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from chain.errors import AssayError, RevertError
from chain.events import Registered
from chain.exam_events import ExamAnnounced
from chain.exam_messages import key_salt, sealed_key, sheet_commitment, sheet_salt
from chain.exam_structs import Capability, ExamTerms, Sheet
from chain.keys import Signer, local_signer
from chain.sender import Sender
from chain.structs import Profile as ProfileOnChain
from chain.types import Address, AgentId, Bytes32, ProfileId, Stage, Wei
from chain.units import ETHER
from cli.demo.report import Finding
from cli.demo.story import TEXT
from cli.demo.world import World
from cli.exam_view import BOOK, book_of, view
from verifier.canonical import keccak256
from verifier.exams import items
from verifier.exams.answers import answer
from verifier.exams.papers import Paper
from verifier.tasks import Task

EXAMINERS: Final = ("Edda", "Egon", "Elsa")
KNOWS, GUESSES, COPIES = "Nora", "Gus", "Cora"
FIRST_ACCOUNT: Final = 20
"""Of the test accounts, beyond those of the demo's agents."""

_ITEMS: Final = 2
_MARK: Final = 5
_FEE: Final = Wei(ETHER // 100)
_SITTING: Final = 20
_DOUBTS: Final = 4
_PATIENCE: Final = 180.0
_TOPICS: Final = ("a river", "a lamp", "a stone", "a letter", "a bridge", "a clock")


@dataclass(frozen=True)
class _Person:
    name: str
    agent_id: AgentId
    signer: Signer
    sender: Sender


@dataclass
class DemoExam:
    """One exam, in a thread of its own. `passed` and `copied` are what came of it."""

    world: World
    say: Callable[[str], None]
    number: int = 0
    passed: dict[str, bool] = field(default_factory=dict)
    copied: str = ""
    problem: AssayError | None = None

    def start(self) -> None:
        """Begins; `join` waits for the end."""
        self._thread = threading.Thread(target=self._guarded, name="exam", daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Waits until the exam is over, but not for ever."""
        self._thread.join(_PATIENCE)

    def findings(self) -> list[Finding]:
        """What is not as it must be."""
        if self.problem is not None:
            return [Finding("exam", str(self.problem))]
        wanted = {KNOWS: True, GUESSES: False}
        found = [
            Finding(name, f"the exam's result is {self.passed.get(name)}, not {must}")
            for name, must in wanted.items()
            if self.passed.get(name) is not must
        ]
        if self.copied != "ExamSheetMismatch":
            found.append(
                Finding(COPIES, f"the copied sheet was met with {self.copied or 'a pass'}")
            )
        return found

    def as_json(self) -> dict[str, Any]:
        """For the demo's document."""
        return {"exam": self.number, "passed": self.passed, "copiedSheet": self.copied}

    # ------------------------------------------------------------------ the exam

    def _guarded(self) -> None:
        try:
            self._hold()
        except AssayError as problem:
            self.problem = problem

    def _hold(self) -> None:
        world = self.world
        examiners = [self._person(name, i) for i, name in enumerate(EXAMINERS)]
        candidates = {
            name: self._person(name, len(EXAMINERS) + i)
            for i, name in enumerate((KNOWS, GUESSES, COPIES))
        }
        self._set_terms(examiners)
        profile = world.profile(TEXT)
        announced = examiners[0].sender.send(BOOK, "announce", profile.profile_id, 0)
        self.number = announced.one(ExamAnnounced).exam_id
        keys: list[Paper] = []
        known: list[bytes] = []
        for section, examiner in enumerate(examiners):
            keys.append(self._post(section, examiner))
            known += self._answered(section)
        self.say(f"exam {self.number}: {len(keys)} examiners posted their tasks, answers sealed")

        sheets = self._sit(candidates, known)
        self._await(Stage.OPENING)
        for key in keys:
            examiners[0].sender.send(BOOK, "openKey", self.number, *key.opening())
        self.say(f"exam {self.number}: nobody can sit any more; the keys are open")
        self._await(Stage.GRADING)
        found = view(world.gateway, self.number)
        graded = [sheets[KNOWS], sheets[GUESSES]]
        examiners[0].sender.send(BOOK, "grade", self.number, found.section_keys(), graded)
        self._steal(candidates[COPIES], sheets[KNOWS])
        for name in (KNOWS, GUESSES):
            held: Capability = world.gateway.call(
                BOOK, "capabilityOf", profile.profile_id, candidates[name].agent_id
            )
            self.passed[name] = held.owner == candidates[name].signer.address
        self.say(
            f"exam {self.number}: the contract counted; {KNOWS} passed, {GUESSES} guessed in "
            f"vain, and what {COPIES} copied opens for {KNOWS} alone"
        )

    def _person(self, name: str, place: int) -> _Person:
        signer = local_signer(FIRST_ACCOUNT + place, self.world.anvil.chain_id)
        sender = Sender(self.world.gateway, signer)
        receipt = sender.send("IdentityRegistry", "register(string)", f"demo:{name}")
        return _Person(name, receipt.one(Registered).agent_id, signer, sender)

    def _set_terms(self, examiners: Sequence[_Person]) -> None:
        world = self.world
        registrar = Sender(world.gateway, local_signer(0, world.anvil.chain_id))
        exact = world.deployment.profile_id("exact-bytes")
        on_chain: ProfileOnChain = world.gateway.call("ProfileRegistry", "profile", exact)
        longest = on_chain.commit_window + on_chain.open_window + on_chain.publish_window
        terms = ExamTerms(
            profile_id=ProfileId(world.profile(TEXT).profile_id),
            recompute_profile_id=exact,
            fee=_FEE,
            bond=Wei(ETHER),
            challenge_bond=Wei(ETHER // 10),
            items=_ITEMS,
            mark=_MARK,
            section_mark=1,
            prepare_window=300,
            sit_window=_SITTING,
            key_window=60,
            challenge_window=_DOUBTS,
            answer_window=60,
            court_window=2 * longest,
            grade_window=120,
            validity=30 * 24 * 3600,
        )
        board = sorted(examiner.agent_id for examiner in examiners)
        registrar.send("ExamRules", "setTerms", terms, board)

    def _tasks(self, section: int) -> list[Task]:
        profile = self.world.profile(TEXT)
        return [
            self.world.task(_prompt(_TOPICS[section * _ITEMS + item], section), profile)
            for item in range(_ITEMS)
        ]

    def _post(self, section: int, examiner: _Person) -> Paper:
        world, book = self.world, book_of(self.world.deployment)
        tasks, profile = self._tasks(section), world.profile(TEXT)
        done = answer(tasks, profile, self._key(), world.engines.engine(profile))
        paper = Paper(
            book,
            self.number,
            examiner.agent_id,
            examiner.signer.address,
            section,
            key_salt(examiner.signer, book, self.number, examiner.agent_id, section),
            done.digests,
            done.contents,
        )
        root = items.root([task.hash() for task in tasks])
        seal = sealed_key(book, self.number, section, paper.key(), paper.salt)
        uri = items.pack(tasks)
        examiner.sender.send(BOOK, "post", self.number, section, root, seal, uri, value=Wei(ETHER))
        return paper

    def _answered(self, section: int) -> tuple[bytes, ...]:
        """Nora does the tasks she reads from the chain, each section as soon as it is there."""
        profile = self.world.profile(TEXT)
        tasks = view(self.world.gateway, self.number).tasks()[section * _ITEMS :]
        return answer(tasks, profile, self._key(), self.world.engines.engine(profile)).digests

    def _sit(self, candidates: Mapping[str, _Person], known: Sequence[bytes]) -> dict[str, Sheet]:
        """Gus writes down anything, and Cora what Nora handed in."""
        world = self.world
        guesses = [keccak256(b"guess %d" % i) for i in range(len(known))]
        sheets = {
            name: self._sheet(candidates[name], digests)
            for name, digests in ((KNOWS, known), (GUESSES, guesses))
        }
        book = book_of(world.deployment)
        sealed = {name: sheet_commitment(book, self.number, s) for name, s in sheets.items()}
        for name, commitment in (*sealed.items(), (COPIES, sealed[KNOWS])):
            person = candidates[name]
            person.sender.send(BOOK, "sit", self.number, person.agent_id, commitment, value=_FEE)
        self.say(
            f"exam {self.number}: {len(candidates)} candidates paid and handed in sealed sheets"
        )
        return sheets

    def _sheet(self, person: _Person, digests: Sequence[bytes]) -> Sheet:
        book = book_of(self.world.deployment)
        salt = sheet_salt(person.signer, book, self.number, person.agent_id)
        words = tuple(Bytes32(each) for each in digests)
        return Sheet(person.agent_id, Address(person.signer.address), salt, words)

    def _steal(self, thief: _Person, sheet: Sheet) -> None:
        """The copier says that the opened sheet is hers."""
        stolen = Sheet(thief.agent_id, Address(thief.signer.address), sheet.salt, sheet.digests)
        keys = view(self.world.gateway, self.number).section_keys()
        try:
            thief.sender.send(BOOK, "grade", self.number, keys, [stolen])
        except RevertError as refusal:
            self.copied = refusal.name

    def _key(self) -> bytes:
        return bytes(self.world.gateway.call(BOOK, "examOf", self.number).key)

    def _await(self, stage: Stage) -> None:
        deadline = time.monotonic() + _PATIENCE
        while self.world.gateway.call(BOOK, "stageOf", self.number) is not stage:
            if time.monotonic() > deadline:
                raise AssayError(f"Exam {self.number} did not come to {stage.label}.")
            time.sleep(0.5)


def _prompt(topic: str, section: int) -> dict[str, Any]:
    return {
        "modality": "text",
        "prompt": f"Write one sentence about {topic}.",
        "parameters": {"max_tokens": 8, "temperature": 0.0, "seed": 1000 + section},
    }
