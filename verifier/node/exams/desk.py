"""What the daemon calls at each look: every exam that is not over for this agent's roles."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import Final

from chain.errors import AssayError, RevertError
from chain.types import Stage
from verifier.node.clerk import Moment
from verifier.node.exams import candidate as sitting
from verifier.node.exams import examiner as examining
from verifier.node.exams.book import BOOK, ExamHead, over
from verifier.node.exams.candidate import Candidate
from verifier.node.exams.errands import Errands, ExamTools
from verifier.node.exams.examiner import Examiner

__all__ = ["ExamDesk"]

_log = logging.getLogger("assay.node")

ANNOUNCE_SECONDS: Final = 2.0
"""Between looks whether it is time for an exam."""


@dataclass
class ExamDesk:
    """The exams of one agent, in the roles it has.

    wanted_for: profiles it would sit exams of, besides those it is enrolled for.
    """

    tools: ExamTools
    errands: Errands
    candidate: Candidate | None
    examiner: Examiner | None
    wanted_for: frozenset[bytes]
    _ended: dict[int, ExamHead] = field(default_factory=dict)
    _announce_after: float = 0.0

    def look(self, moment: Moment, enrolled: frozenset[bytes], *, accept: bool) -> int:
        """Returns how many exams wait for something of ours now. With `accept` false nothing new
        is begun: no exam is announced or sat."""
        shelf, owed = self.tools.shelf, 0
        roles = [
            r for r, on in ((sitting.ROLE, self.candidate), (examining.ROLE, self.examiner)) if on
        ]
        closed = {role: shelf.closed(role) for role in roles}
        count = self.tools.reader.count()
        for exam_id in range(1, count + 1):
            if any(exam_id not in closed[role] for role in roles):
                head = self.tools.reader.head(exam_id)
                if head is not None:
                    owed += self._look_at(head, moment, closed, enrolled, accept=accept)
        if self.examiner is not None and accept:
            self._announce(self.examiner, count, moment)
        self._collect()
        return owed

    # ------------------------------------------------------------------ inside

    def _look_at(
        self,
        head: ExamHead,
        moment: Moment,
        closed: dict[str, set[int]],
        enrolled: frozenset[bytes],
        *,
        accept: bool,
    ) -> bool:
        """One exam; its failure is not the others' failure."""
        owes = False
        try:
            settled = self._settled(head, moment)
            if self.examiner is not None and head.exam_id not in closed[examining.ROLE]:
                owes |= self.examiner.look(head, settled, moment.now)
            if self.candidate is not None and head.exam_id not in closed[sitting.ROLE]:
                profiles = enrolled | self.wanted_for if accept else frozenset()
                owes |= self.candidate.look(head, settled, moment.now, profiles)
        except AssayError as error:
            _log.warning("exam %d: %s", head.exam_id, error)
        except Exception:  # noqa: BLE001 - a fault of ours is not the other exams' fault
            _log.exception("exam %d: unexpected failure", head.exam_id)
        return owes

    def _settled(self, head: ExamHead, moment: Moment) -> Stage:
        if moment.settled >= moment.head:
            return head.stage
        return self.tools.reader.stage(head.exam_id, moment.settled)

    def _announce(self, examiner: Examiner, count: int, moment: Moment) -> None:
        if time.monotonic() < self._announce_after:
            return
        self._announce_after = time.monotonic() + ANNOUNCE_SECONDS
        heads = []
        for exam_id in range(1, count + 1):
            head = self._ended.get(exam_id) or self.tools.reader.head(exam_id)
            if head is not None:
                heads.append(head)
                if over(head.stage):
                    self._ended[exam_id] = head
        for profile_id in sorted(examiner.profiles()):
            try:
                examiner.announce(profile_id, heads, moment.now)
            except RevertError:
                continue  # no terms: nobody examines the profile
            except AssayError as error:
                _log.warning("no exam announced: %s", error)

    def _collect(self) -> None:
        """Has bonds, fees and rewards paid out."""
        address = self.tools.signer.address
        if self.tools.reader.chain.call(BOOK, "creditOf", address):
            self.errands.send(
                ("withdraw",),
                "withdrawing what exams owe",
                lambda: self.tools.sender.send(BOOK, "withdraw"),
            )
