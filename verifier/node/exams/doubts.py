"""Answers doubts about an examiner's items: has the court judge its own output, and shows it.

::

    Open       deliver the stored output → Router.verify, this account as the client → answer
    Answered   the node's provider seat defends it → settle once it is accepted
               → settleUnproven once it is rejected, or nothing came of it in time
"""

from __future__ import annotations

import logging
from typing import Final

from chain import messages
from chain.exam_messages import doubt_id
from chain.exam_structs import Doubt
from chain.structs import Profile as ProfileOnChain
from chain.types import DoubtKind, DoubtState, Phase, Verdict
from verifier.canonical import keccak256
from verifier.exams.papers import Paper
from verifier.node.court_view import CourtView
from verifier.node.delivery import Provider
from verifier.node.errors import NodeError
from verifier.node.exams.book import BOOK, ExamHead
from verifier.node.exams.errands import Errands, ExamTools
from verifier.node.receipts import SignedReceipt
from verifier.tasks import Task

__all__ = ["Defence"]

_log = logging.getLogger("assay.node")

_NONCE: Final = b"assay/doubt/1"


class Defence:
    """One examiner's answers."""

    def __init__(
        self, tools: ExamTools, errands: Errands, court: CourtView, provider: Provider
    ) -> None:
        self._tools = tools
        self._errands = errands
        self._court = court
        self._provider = provider

    def look(self, head: ExamHead, section: int, paper: Paper, tasks: list[Task], now: int) -> None:
        """Does what each open doubt about this section needs now."""
        for index in range(len(paper.digests)):
            for kind in DoubtKind:
                name = doubt_id(head.exam_id, section, index, kind)
                doubt: Doubt = self._tools.reader.chain.call(BOOK, "doubtOf", name)
                if doubt.state is DoubtState.OPEN and now < doubt.deadline:
                    self._answer(head, name, doubt, paper, index, tasks[index], now)
                elif doubt.state is DoubtState.ANSWERED:
                    self._settle(name, doubt, paper, index, now)

    def _answer(
        self,
        head: ExamHead,
        name: bytes,
        doubt: Doubt,
        paper: Paper,
        index: int,
        item: Task,
        now: int,
    ) -> None:
        def job() -> None:
            digest_task: bytes = self._tools.reader.chain.call(
                BOOK, "digestTaskOf", head.exam_id, doubt.content_hash
            )
            of_output = doubt.kind is DoubtKind.OUTPUT
            task = item if of_output else Task.from_json(digest_task)
            self._have_judged(head, name, task, self._output(doubt, paper, index), now)

        short = f"item {index} of section {doubt.section} of exam {head.exam_id}"
        self._errands.send(("doubt", name), f"answering the doubt about {short}", job)

    def _have_judged(
        self, head: ExamHead, name: bytes, task: Task, output: bytes, now: int
    ) -> None:
        """Opens the round unless it is open, then names it."""
        tools, provider = self._tools, self._provider
        profile = tools.recipes.profile(task.profile)
        on_chain: ProfileOnChain = self._court.profile(task.profile)
        nonce = keccak256(_NONCE + name)
        signed = self._delivered(task, output) or provider.deliver(
            task,
            profile,
            output,
            tools.signer.address,
            now + head.terms.answer_window + head.terms.court_window,
            on_chain.max_output_bytes,
        )
        request_hash = messages.request_hash(signed.receipt, provider.court, nonce)
        if self._court.round(request_hash) is None:
            tools.sender.send(
                "Router",
                "verify",
                signed.receipt,
                signed.signature,
                signed.task_uri,
                nonce,
                value=on_chain.fee,
                job=f"doubt:{name.hex()}:verify",
            )
        court = provider.court.rounds
        tools.sender.send(BOOK, "answer", name, court, signed.receipt, nonce)

    def _settle(self, name: bytes, doubt: Doubt, paper: Paper, index: int, now: int) -> None:
        """`settle` is refused until the verdict is there, and `settleUnproven` until time is up."""

        def job() -> None:
            view = self._court.round(bytes(doubt.request_hash))
            if view is not None and view.verdict is Verdict.ACCEPTED:
                output = self._output(doubt, paper, index)
                salt = self._salt(doubt, output)
                self._tools.sender.send(BOOK, "settle", name, salt, output)
            else:
                self._tools.sender.send(BOOK, "settleUnproven", name)

        final = self._court.round(bytes(doubt.request_hash))
        if (final is not None and final.phase is Phase.FINAL) or now >= doubt.deadline:
            self._errands.send(("doubt", name, "settle"), "settling a doubt", job)

    # ------------------------------------------------------------------ inside

    def _output(self, doubt: Doubt, paper: Paper, index: int) -> bytes:
        """The item's output, or of its digest what ends with it."""
        if doubt.kind is DoubtKind.DIGEST:
            return paper.digests[index]
        output = self._tools.files.read_output(paper.contents[index])
        if output is None:
            raise NodeError(
                "The output of a doubted item is not in the node's state: restore the state "
                "folder, or the bond is lost."
            )
        return output

    def _delivered(self, task: Task, output: bytes) -> SignedReceipt | None:
        """The receipt signed before a crash: the round that it opened is found by it."""
        wanted = (task.hash(), messages.content_hash(output))
        for delivery in self._provider.store.deliveries():
            if (delivery.task_hash, delivery.content_hash) == wanted:
                return SignedReceipt.from_json(delivery.receipt)
        return None

    def _salt(self, doubt: Doubt, output: bytes) -> bytes:
        delivery = self._provider.store.delivery(bytes(doubt.output_hash))
        if delivery is not None:
            return delivery.salt
        content = messages.content_hash(output)
        tools = self._tools
        return bytes(
            messages.output_salt(
                tools.signer, self._provider.court, tools.agent_id, doubt.task_hash, content
            )
        )
