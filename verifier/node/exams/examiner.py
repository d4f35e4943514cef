"""Holds exams: announces them, posts a section, opens its key, has sheets graded, ends them."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from chain.exam_messages import sealed_key
from chain.exam_structs import Section, Sheet
from chain.exam_structs import Sitting as SheetOnChain
from chain.types import SittingState, Stage
from chain.units import show_ether
from verifier.exams import items
from verifier.exams.papers import Paper
from verifier.node.exams.book import BOOK, RULES, ExamHead, half_of, over
from verifier.node.exams.config import ExaminerConfig
from verifier.node.exams.decide import Act, Examining, examine
from verifier.node.exams.doubts import Defence
from verifier.node.exams.errands import Errands, ExamTools, Turns
from verifier.node.exams.setter import Setter, load_tasks
from verifier.node.exams.sheets import SheetBox

__all__ = ["Examiner"]

_log = logging.getLogger("assay.node")

ROLE: Final = "examiner"
AT_ONCE: Final = 40
"""Sheets in one grading: 91,000 gas each with 48 items, so 3.7 million."""


class Examiner:
    """One agent's sections."""

    def __init__(
        self,
        config: ExaminerConfig,
        tools: ExamTools,
        errands: Errands,
        box: SheetBox,
        setter: Setter,
        defence: Defence,
    ) -> None:
        self._config = config
        self._tools = tools
        self._errands = errands
        self._box = box
        self._setter = setter
        self._defence = defence
        self._turns = Turns(config.turn_seconds)
        self._said: dict[object, str] = {}
        self._announced: dict[int, int] = {}

    def look(self, head: ExamHead, settled: Stage, now: int) -> bool:
        """Does what one exam needs now; returns whether the agent owes it something."""
        exam_id = head.exam_id
        board = self._tools.reader.board(head.exam.terms_id)
        if self._tools.agent_id not in board:
            self._tools.shelf.close_exam(ROLE, exam_id, head.terms.profile_id, "not ours")
            return False
        section = board.index(self._tools.agent_id)
        found: Section = self._tools.reader.chain.call(BOOK, "sectionOf", exam_id, section)
        posted = int(found.poster, 16) != 0
        paper = self._paper(exam_id, section)
        grading = head.stage is Stage.GRADING and head.exam.graded < head.exam.candidates
        collects = grading and self._box.can_send and self._is_my_turn(head, section)
        situation = Examining(
            stage=head.stage,
            settled=settled,
            has_paper=paper is not None,
            posted=posted,
            opened=found.opened,
            late=now >= head.until,
            sat=head.exam.candidates,
            graded=head.exam.graded,
            collects=collects,
            doubts=head.exam.doubts,
            now=now,
            half=half_of(head),
        )
        act, reason = examine(situation)
        self._say(exam_id, f"exam {exam_id}: {reason}" if reason else "")
        if act is Act.FINISH and settled >= head.stage:
            self._tools.shelf.close_exam(ROLE, exam_id, head.terms.profile_id, reason)
        elif act is Act.SET:
            self._set(head, section)
        elif act is Act.GRADE:
            self._send(head, "grade", lambda: self._grade(head))
        elif paper is not None and act in (Act.POST, Act.OPEN_KEY, Act.DEFEND):
            self._do(act, head, section, paper, now)
        elif act in (Act.CONCLUDE, Act.CANCEL) and self._is_my_turn(head, section):
            verb = act.name.lower()
            self._send(head, verb, lambda: self._tools.sender.send(BOOK, verb, exam_id))
        return posted and act is Act.OPEN_KEY

    def announce(self, profile_id: bytes, heads: list[ExamHead], now: int) -> None:
        """Announces an exam of a profile if it is time and our turn, and there are items for it."""
        reader, chain = self._tools.reader, self._tools.reader.chain
        terms_id: int = chain.call(RULES, "currentTerms", profile_id)
        board, terms = reader.board(terms_id), reader.terms(terms_id)
        ours = [head for head in heads if head.terms.profile_id == profile_id]
        if not self._config.every_seconds or self._tools.agent_id not in board:
            return
        if any(not over(head.stage) and head.stage <= Stage.SITTING for head in ours):
            return
        last = max((head.exam_id for head in ours), default=0)
        if last and now < self._announced_at(ours[-1]) + self._config.every_seconds:
            return
        section = board.index(self._tools.agent_id)
        if not self._turns.come(("announce", profile_id, last), section):
            return
        name = ("announce", profile_id)
        if terms.bond > self._config.max_bond:
            self._say(name, f"no exam: a section takes {show_ether(terms.bond)}, over max_bond")
        elif (fresh := self._setter.fresh(profile_id)) < terms.items:
            self._say(name, f"no exam: {fresh} tasks are left that were never asked, of "
                            f"{terms.items}: add some to {self._config.tasks}")  # fmt: skip
        else:
            self._errands.send(
                name,
                "announcing an exam",
                lambda: self._tools.sender.send(BOOK, "announce", profile_id, section),
            )

    def profiles(self) -> set[bytes]:
        """Those that its tasks are of."""
        return {task.profile for task in load_tasks(self._config.tasks or Path())}

    # ------------------------------------------------------------------ acts

    def _set(self, head: ExamHead, section: int) -> None:
        name = ("exam", head.exam_id, ROLE, "set")
        if head.exam.bond > self._config.max_bond:
            self._say(head.exam_id, f"exam {head.exam_id}: its bond is over max_bond: not posted")
        elif self._waits_for_another(head):
            self._say(head.exam_id, f"exam {head.exam_id}: another of the profile comes first")
        elif self._errands.ready(name):
            what = f"exam {head.exam_id}: an item of section {section}"
            self._tools.generator.submit(
                name,
                float(head.until),
                lambda: self._errands.attempt(name, what, lambda: self._setter.step(head, section)),
            )

    def _do(self, act: Act, head: ExamHead, section: int, paper: Paper, now: int) -> None:
        exam_id, count = head.exam_id, head.terms.items
        if act is Act.POST:
            self._send(head, "post", lambda: self._post(head, section, paper))
        elif act is Act.OPEN_KEY:
            job = f"exam:{exam_id}:open:{section}"
            self._send(
                head,
                "openKey",
                lambda: self._tools.sender.send(
                    BOOK, "openKey", exam_id, *paper.opening(), job=job
                ),
            )
        else:
            tasks = self._setter.tasks(exam_id, section, count)
            self._defence.look(head, section, paper, tasks, now)

    def _post(self, head: ExamHead, section: int, paper: Paper) -> None:
        """Posts the section, unless somebody has asked one of its items meanwhile: then anew."""
        exam_id = head.exam_id
        if self._setter.repeated(exam_id, section):
            self._tools.files.paper(_name(exam_id, section)).unlink()
            return
        tasks = self._setter.tasks(exam_id, section, head.terms.items)
        root = items.root([task.hash() for task in tasks])
        seal = sealed_key(self._tools.seal_for, exam_id, section, paper.key(), paper.salt)
        arguments = (exam_id, section, root, seal, items.pack(tasks))
        job = f"exam:{exam_id}:post:{section}:{seal.hex()[:16]}"
        self._tools.sender.send(BOOK, "post", *arguments, value=head.exam.bond, job=job)

    def _grade(self, head: ExamHead) -> bool:
        """Has the sheets graded that were left at the backend; whether there were any."""
        sheets = self._sheets(head)
        keys = self._tools.reader.view(head).section_keys()
        for first in range(0, len(sheets), AT_ONCE):
            batch = sheets[first : first + AT_ONCE]
            self._tools.sender.send(BOOK, "grade", head.exam_id, keys, batch)
        return bool(sheets)

    # ------------------------------------------------------------------ inside

    def _sheets(self, head: ExamHead) -> list[Sheet]:
        """Opened sheets at hand that are not graded."""
        chain, exam_id = self._tools.reader.chain, head.exam_id
        handed_in = self._tools.reader.view(head).sat
        sat = {str(event.owner): bytes(event.commitment) for event in handed_in}
        found = []
        for sheet in self._box.collect(exam_id, sat):
            held: SheetOnChain = chain.call(BOOK, "sittingOf", exam_id, sheet.owner)
            if held.state is SittingState.SAT:
                found.append(sheet)
        return found

    def _waits_for_another(self, head: ExamHead) -> bool:
        """One exam of a profile is prepared at a time: else an examiner who announces many could
        use up the others' tasks and lock up their bonds."""
        reader, closed = self._tools.reader, self._tools.shelf.closed(ROLE)
        for exam_id in range(1, head.exam_id):
            other = None if exam_id in closed else reader.head(exam_id)
            same = other is not None and other.terms.profile_id == head.terms.profile_id
            if same and other is not None and other.stage <= Stage.SITTING:
                return True
        return False

    def _is_my_turn(self, head: ExamHead, section: int) -> bool:
        return self._turns.come((head.exam_id, head.stage), section)

    def _announced_at(self, head: ExamHead) -> int:
        if head.exam_id not in self._announced:
            announced = self._tools.reader.view(head).announced
            number = announced.log.block_number if announced else 0
            block = self._tools.reader.chain.block(number)
            self._announced[head.exam_id] = block.timestamp if block else 0
        return self._announced[head.exam_id]

    def _send(self, head: ExamHead, what: str, job: object) -> None:
        assert callable(job)
        self._errands.send(("exam", head.exam_id, ROLE, what), f"exam {head.exam_id}: {what}", job)

    def _paper(self, exam_id: int, section: int) -> Paper | None:
        path = self._tools.files.paper(_name(exam_id, section))
        return Paper.load(path) if path.exists() else None

    def _say(self, name: object, words: str) -> None:
        if words and self._said.get(name) != words:
            self._said[name] = words
            _log.info("%s", words)


def _name(exam_id: int, section: int) -> str:
    return f"exam-{exam_id}-key-{section}"
