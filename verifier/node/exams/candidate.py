"""Sits exams that an agent needs: its pass ends soon, or its profile takes nobody without one."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from eth_abi.abi import encode

from chain.exam_messages import sheet_commitment, sheet_salt
from chain.exam_structs import Capability, Sheet
from chain.exam_structs import Sitting as SheetOnChain
from chain.types import SittingState, Stage
from chain.units import show_ether
from verifier.canonical import keccak256
from verifier.digest import digest, digest_batch, from_words
from verifier.engines import require_environment
from verifier.errors import DigestError, EngineError, TaskError
from verifier.exams.papers import Paper
from verifier.node.exams.book import BOOK, RULES, ExamHead, half_of, started
from verifier.node.exams.config import SitMode, SittingConfig
from verifier.node.exams.decide import Act, Sitting, sit
from verifier.node.exams.errands import Errands, ExamTools
from verifier.node.exams.sheets import SheetBox
from verifier.profiles import Profile
from verifier.tasks import Task

__all__ = ["Candidate"]

_log = logging.getLogger("assay.node")

ROLE = "candidate"
BLANK = b"assay/blank/1"
PASSED, FAILED = "passed", "failed"


@dataclass(frozen=True, slots=True)
class _Desk:
    """An exam being sat: its tasks, section by section."""

    tasks: tuple[Task, ...]
    profile: Profile


class Candidate:
    """One agent's sheets."""

    def __init__(
        self, config: SittingConfig, tools: ExamTools, errands: Errands, box: SheetBox
    ) -> None:
        self._config = config
        self._tools = tools
        self._errands = errands
        self._box = box
        self._desks: dict[int, _Desk] = {}
        self._tries: Counter[tuple[int, int]] = Counter()
        self._said: dict[int, str] = {}

    def look(self, head: ExamHead, settled: Stage, now: int, wanted_for: frozenset[bytes]) -> bool:
        """Does what one exam needs now; returns whether the agent owes it something."""
        tools, exam_id = self._tools, head.exam_id
        owner = tools.owner
        held: SheetOnChain = tools.reader.chain.call(BOOK, "sittingOf", exam_id, owner)
        if held.state is SittingState.NONE and head.stage < Stage.SITTING:
            return False
        paper = self._paper(exam_id)
        situation = Sitting(
            stage=head.stage,
            settled=settled,
            state=held.state,
            wanted=head.stage is Stage.SITTING and self._wants(head, now, wanted_for),
            has_paper=paper is not None,
            ours=paper is not None and bytes(held.commitment) == self._bound(exam_id, paper),
            now=now,
            half=half_of(head),
        )
        act, reason = sit(situation)
        self._say(exam_id, reason)
        if act is Act.FINISH:
            if settled >= head.stage:
                self._finish(head, held, reason)
        elif act is Act.ANSWER:
            self._answer(head, now)
        elif act is Act.HAND_IN and paper is not None:
            self._hand_in(head, paper)
        elif act is Act.REVEAL and paper is not None:
            self._reveal(head, paper, now)
        elif act is Act.REFUND:
            self._send(exam_id, "refund", lambda: self._call("refund", exam_id, owner))
        return held.state is SittingState.SAT and head.stage is Stage.GRADING

    # ------------------------------------------------------------------ whether

    def _wants(self, head: ExamHead, now: int, wanted_for: frozenset[bytes]) -> bool:
        config, profile_id = self._config, head.terms.profile_id
        chain, tools = self._tools.reader.chain, self._tools
        if config.sit is SitMode.OFF or bytes(profile_id) not in wanted_for:
            return False
        if config.sit is SitMode.GATED and not chain.call(RULES, "gatedFrom", profile_id):
            return False
        held: Capability = chain.call(BOOK, "capabilityOf", profile_id, tools.agent_id)
        until = held.until if held.owner == tools.owner else 0
        if until - now >= config.margin_seconds:
            return False
        failed = self._failed_in_a_row(profile_id)
        return self._may(head, failed) and not self._pending(head)

    def _may(self, head: ExamHead, failed: int) -> bool:
        config, exam_id = self._config, head.exam_id
        if head.exam.fee > config.max_fee:
            self._say(exam_id, f"it costs {show_ether(head.exam.fee)}, more than max_fee")
            return False
        if failed >= config.attempts:
            self._say(
                exam_id,
                f"the agent has failed {failed} exams of this profile in a row, so it sits no "
                "more: see what its engine answers, then raise attempts",
            )
            return False
        board = self._tools.reader.board(head.exam.terms_id)
        return self._tools.agent_id not in board

    def _failed_in_a_row(self, profile_id: bytes) -> int:
        counted = self._tools.shelf.outcomes(ROLE, profile_id)
        outcomes = [outcome for outcome in counted if outcome in (PASSED, FAILED)]
        return next((i for i, o in enumerate(outcomes) if o == PASSED), len(outcomes))

    def _pending(self, head: ExamHead) -> bool:
        """Whether a sheet is handed in at another exam of the profile that may still be passed."""
        reader, shelf = self._tools.reader, self._tools.shelf
        closed = shelf.closed(ROLE)
        for exam_id in range(1, reader.count() + 1):
            if exam_id in closed or exam_id == head.exam_id:
                continue
            other = reader.head(exam_id)
            if other is None or other.terms.profile_id != head.terms.profile_id:
                continue
            held: SheetOnChain = reader.chain.call(BOOK, "sittingOf", exam_id, self._tools.owner)
            if held.state is SittingState.SAT and other.stage < Stage.CONCLUDED:
                return True
        return False

    # ------------------------------------------------------------------ answering

    def _answer(self, head: ExamHead, now: int) -> None:
        """Has the engine do the next task without an answer; after the last, makes the paper."""
        exam_id, name = head.exam_id, ("exam", head.exam_id, ROLE)
        if not self._errands.ready(name):
            return
        late = now >= head.until - (head.until - started(head)) // 8
        self._tools.generator.submit(
            name,
            float(head.until),
            lambda: self._errands.attempt(
                name, f"exam {exam_id}: an answer", lambda: self._answer_one(head, late=late)
            ),
        )

    def _answer_one(self, head: ExamHead, *, late: bool) -> None:
        tools, exam_id = self._tools, head.exam_id
        desk = self._desk(head)
        done = tools.shelf.answers(exam_id)
        missing = [place for place in range(len(desk.tasks)) if place not in done]
        if not missing:
            self._make_paper(head, desk, done)
            return
        engine = tools.engines.engine(desk.profile)
        require_environment(desk.profile, engine)
        # One that the engine cannot do keeps nobody from the others.
        place = min(missing, key=lambda each: self._tries[exam_id, each])
        self._tries[exam_id, place] += 1
        try:
            output = engine.generate(desk.tasks[place])
            digest(output, desk.profile, head.exam.key)
        except (EngineError, TaskError, DigestError) as error:
            if not late and not isinstance(error, DigestError):
                raise
            # A blank is one wrong answer; not to hand in would be as many as there are.
            tools.shelf.save_answer(exam_id, place, None)
        else:
            tools.shelf.save_answer(exam_id, place, tools.files.save_output(output))
        if missing[1:]:
            return
        self._make_paper(head, desk, tools.shelf.answers(exam_id))

    def _make_paper(self, head: ExamHead, desk: _Desk, done: dict[int, bytes | None]) -> None:
        tools, exam_id = self._tools, head.exam_id
        outputs = {
            place: output
            for place, content in done.items()
            if content is not None and (output := tools.files.read_output(content)) is not None
        }
        places = sorted(outputs)
        words = digest_batch([outputs[i] for i in places], desk.profile, head.exam.key)
        found = dict(zip(places, from_words(words), strict=True)) if places else {}
        blank = keccak256(BLANK + bytes(head.exam.key))
        count = len(desk.tasks)
        salt = sheet_salt(tools.signer, tools.seal_for, exam_id, tools.agent_id)
        Paper(
            tools.seal_for,
            exam_id,
            tools.agent_id,
            tools.owner,
            None,
            salt,
            tuple(found.get(i, keccak256(blank + bytes([i]))) for i in range(count)),
            tuple(done[i] or bytes(32) for i in range(count)),
        ).save(self._path(exam_id))

    def _desk(self, head: ExamHead) -> _Desk:
        if head.exam_id not in self._desks:
            view = self._tools.reader.view(head)
            tasks = tuple(view.tasks())
            profile_id = bytes(head.terms.profile_id)
            if any(task.profile != profile_id for task in tasks):
                raise TaskError("A task of the exam names another profile than the one examined.")
            self._desks[head.exam_id] = _Desk(tasks, self._tools.recipes.profile(profile_id))
        return self._desks[head.exam_id]

    # ------------------------------------------------------------------ chain

    def _hand_in(self, head: ExamHead, paper: Paper) -> None:
        exam_id = head.exam_id
        commitment = sheet_commitment(self._tools.seal_for, exam_id, paper.sheet())
        self._send(
            exam_id,
            "sit",
            lambda: self._call(
                "sit", exam_id, self._tools.agent_id, commitment, value=head.exam.fee, once="sit"
            ),
        )

    def _reveal(self, head: ExamHead, paper: Paper, now: int) -> None:
        """Leaves the sheet where examiners collect them; from half of the window on hands it in."""
        exam_id, sheet = head.exam_id, paper.sheet()
        if self._box.can_send and now < half_of(head):
            if not self._box.has_sent(exam_id):
                self._send(exam_id, "leaving the sheet", lambda: self._box.send(exam_id, sheet))
            return
        self._send(exam_id, "grade", lambda: self._grade(head, sheet))

    def _grade(self, head: ExamHead, sheet: Sheet) -> None:
        keys = self._tools.reader.view(head).section_keys()
        self._call("grade", head.exam_id, keys, [sheet])

    def _finish(self, head: ExamHead, held: SheetOnChain, reason: str) -> None:
        tools = self._tools
        outcome = reason
        if held.state is SittingState.GRADED:
            marks = [e for e in tools.reader.view(head).graded if e.owner == tools.owner]
            outcome = PASSED if any(event.passed for event in marks) else FAILED
            _log.info("exam %d: %s", head.exam_id, outcome)
        tools.shelf.close_exam(ROLE, head.exam_id, head.terms.profile_id, outcome)
        self._desks.pop(head.exam_id, None)

    # ------------------------------------------------------------------ inside

    def _call(self, verb: str, exam_id: int, *rest: object, value: int = 0, once: str = "") -> None:
        """`once`: the name under which it is sent once, also across restarts."""
        job = f"exam:{exam_id}:{once}" if once else None
        self._tools.sender.send(BOOK, verb, exam_id, *rest, value=value, job=job)

    def _send(self, exam_id: int, what: str, job: object) -> None:
        assert callable(job)
        self._errands.send(("exam", exam_id, ROLE, what), f"exam {exam_id}: {what}", job)

    def _path(self, exam_id: int) -> Path:
        return self._tools.files.paper(f"exam-{exam_id}-sheet")

    def _paper(self, exam_id: int) -> Paper | None:
        path = self._path(exam_id)
        return Paper.load(path) if path.exists() else None

    def _bound(self, exam_id: int, paper: Paper) -> bytes:
        """What the book keeps of a commitment: bound to the agent it was handed in for."""
        commitment = sheet_commitment(self._tools.seal_for, exam_id, paper.sheet())
        return keccak256(encode(["uint256", "bytes32"], [paper.agent_id, commitment]))

    def _say(self, exam_id: int, reason: str) -> None:
        if reason and self._said.get(exam_id) != reason:
            self._said[exam_id] = reason
            _log.info("exam %d: %s", exam_id, reason)
