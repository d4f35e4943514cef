"""`assay exam check`: an exam counted again from the chain; `assay exam doubt`: an item judged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from chain import abi
from chain.errors import AssayError, ConfigError
from chain.exam_events import Doubted, Graded
from chain.exam_messages import Book, sealed_key, section_key, sheet_commitment
from chain.exam_structs import Item, Sheet
from chain.gateway import Gateway
from chain.structs import Profile as ProfileOnChain
from chain.types import Bytes32, DoubtKind, Stage
from chain.units import show_ether, show_moment
from cli import settings
from cli.engines import engine_config
from cli.exam_view import BOOK, ExamView, book_of, require, view
from cli.session import chosen as signing_settings
from cli.session import reading, signing
from verifier.digest import distance
from verifier.engines import create
from verifier.exams import items
from verifier.exams.answers import answer
from verifier.exams.marking import count, unpack
from verifier.node.exams.book import BookReader
from verifier.profiles import by_id

_RPC = Annotated[str | None, settings.flag("rpc_url")]
_DEPLOYMENT = Annotated[str | None, settings.flag("deployment")]
_EXAM = Annotated[int, typer.Argument(metavar="EXAM", min=1, help="The exam's number.")]
OPEN_KEY, GRADE = ("openKey", 5), ("grade", 3)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked: how it is, in a sentence."""

    ok: bool
    words: str


def check(
    exam: _EXAM,
    answers: Annotated[
        bool, typer.Option("--answers", help="Do the tasks with the engine, and compare the keys.")
    ] = False,
    rpc_url: _RPC = None,
    deployment: _DEPLOYMENT = None,
    engine: Annotated[str | None, settings.flag("engine")] = None,
    engine_url: Annotated[str | None, settings.flag("engine_url")] = None,
    engine_key_file: Annotated[str | None, settings.flag("engine_key")] = None,
    engine_command: Annotated[str | None, settings.flag("engine_command")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> int:
    """Count an exam again from what the chain holds: items, seals, sheets, marks.

    Exit status 1: something is not as it must be.
    """
    chosen = settings.load(
        rpc_url=rpc_url,
        deployment=deployment,
        engine=engine,
        engine_url=engine_url,
        engine_key_file=engine_key_file,
        engine_command=engine_command,
    )
    with reading(chosen) as gateway:
        found = view(gateway, exam)
        findings = [*_items(gateway, found), *_keys(gateway, found), *_grades(gateway, found)]
        if answers:
            findings += _answers(gateway, found, chosen)
    if as_json:
        typer.echo(json.dumps([{"ok": each.ok, "what": each.words} for each in findings], indent=2))
    else:
        for each in findings:
            typer.echo(f"{'ok   ' if each.ok else 'WRONG'}  {each.words}")
    return 0 if all(each.ok for each in findings) else 1


def doubt(
    exam: _EXAM,
    section: Annotated[int, typer.Argument(metavar="SECTION", min=0, help="From 0 up.")],
    item: Annotated[int, typer.Argument(metavar="ITEM", min=0, help="In its section, from 0 up.")],
    digest: Annotated[
        bool,
        typer.Option("--digest", help="Doubt what the digest is of; the output was upheld before."),
    ] = False,
    rpc_url: _RPC = None,
    deployment: _DEPLOYMENT = None,
    keystore: Annotated[str | None, settings.flag("keystore")] = None,
    keystore_password_file: Annotated[str | None, settings.flag("keystore_password")] = None,
    local_account: Annotated[int | None, settings.flag("local_account")] = None,
) -> None:
    """Have the court judge an item of an opened key; the bond comes back if it was false."""
    chosen = signing_settings(rpc_url, deployment, keystore, keystore_password_file, local_account)
    with signing(chosen) as session:
        found = view(session.gateway, exam)
        require(found, Stage.DOUBTING)
        if section not in found.keys or item >= found.terms.items:
            raise ConfigError(f"Exam {exam} has no item {item} in section {section}.")
        hashes = [task.hash() for task in found.tasks_of(found.posted[section])]
        proof = tuple(Bytes32(each) for each in items.proof(hashes, item))
        key, bond = found.keys[section], found.terms.challenge_bond
        arguments = (
            exam,
            DoubtKind.DIGEST if digest else DoubtKind.OUTPUT,
            Item(section, item, Bytes32(hashes[item]), proof),
            section_key(key.digests, key.contents),
            list(key.contents),
        )
        mined = session.sender.send(BOOK, "doubt", *arguments, value=bond)
        by = show_moment(mined.one(Doubted).answer_by)
        typer.echo(f"item {item} of section {section} is doubted for {show_ether(bond)}; its "
                   f"examiner has to answer by {by}")  # fmt: skip


# ------------------------------------------------------------------------------ what is checked


def _items(gateway: Gateway, found: ExamView) -> Iterator[Finding]:
    """Whether the tasks are those posted, and were never asked before."""
    deployment = gateway.deployment
    assert deployment is not None
    reader = BookReader(gateway, int(deployment.contracts[BOOK].block))
    before: dict[bytes, int] = {}
    for exam_id in range(1, found.exam_id):
        head = reader.head(exam_id)
        if head is not None:
            before |= dict.fromkeys(_asked(reader.view(head)), exam_id)
    for section in found.posted:
        name = f"section {section.section}"
        try:
            found.tasks_of(section)
        except AssayError as error:
            yield Finding(False, f"{name}: {error}")
            continue
        yield Finding(True, f"{name}: its {found.terms.items} tasks are those of its root")
    mine = _asked(found)
    again = sorted({before[value] for value in mine if value in before})
    twice = len(mine) - len(set(mine))
    yield Finding(
        not again and not twice,
        f"items were asked before, in exam {', '.join(map(str, again)) or found.exam_id}"
        if again or twice
        else "no item was asked before",
    )


def _asked(found: ExamView) -> list[bytes]:
    """Hashes of an exam's tasks, and of the outputs that its keys are of."""
    hashes: list[bytes] = []
    for section in found.posted:
        try:
            hashes += [task.hash() for task in found.tasks_of(section)]
        except AssayError:
            continue
    return hashes + [bytes(each) for key in found.keys.values() for each in key.contents]


def _keys(gateway: Gateway, found: ExamView) -> Iterator[Finding]:
    book = _book(gateway)
    for section in found.posted:
        opened = found.keys.get(section.section)
        if opened is None:
            continue
        name = f"key of section {section.section}"
        sent = _arguments(gateway, opened.log.transaction_hash, *OPEN_KEY)
        if sent is None or sent[1] != section.section:
            yield Finding(True, f"{name}: opened through another contract, checked by the book")
            continue
        seal = sealed_key(book, found.exam_id, section.section, sent[2], sent[4])
        same = seal == section.sealed_key
        yield Finding(same, f"{name}: {'as' if same else 'NOT as'} it was sealed")


def _grades(gateway: Gateway, found: ExamView) -> Iterator[Finding]:
    on_chain: ProfileOnChain = gateway.call("ProfileRegistry", "profile", found.terms.profile_id)
    handed_in = {event.owner: event.commitment for event in found.sat}
    keys = [found.keys[number].digests for number in sorted(found.keys)]
    book = _book(gateway)
    for event in found.graded:
        name = f"agent {event.agent_id}"
        sheet = _sheet(gateway, event)
        if sheet is None:
            yield Finding(False, f"{name}: its sheet is not in the transaction that graded it")
        elif sheet_commitment(book, found.exam_id, sheet) != handed_in.get(event.owner):
            yield Finding(False, f"{name}: its sheet is not the one it handed in")
        else:
            marks = count(keys, sheet.digests, on_chain.tolerance)
            said = unpack(event.marks, found.exam.sections)
            passed = marks.passes(found.terms.mark, found.terms.section_mark)
            same = (marks, passed) == (said, event.passed)
            words = f"{name}: {marks.right} answers are right, {'passed' if passed else 'failed'}"
            yield Finding(same, words if same else f"{words}; the book counted {said.right}")


def _answers(gateway: Gateway, found: ExamView, chosen: settings.Settings) -> Iterator[Finding]:
    """What this engine makes of the tasks, beside the keys."""
    config = engine_config(chosen)
    running = create(config.name, **config.settings)
    try:
        tasks, profile = found.tasks(), by_id(found.terms.profile_id)
        done = answer(tasks, profile, found.exam.key, running).digests
    finally:
        running.close()
    tolerance = gateway.call("ProfileRegistry", "profile", found.terms.profile_id).tolerance
    each, false = found.terms.items, 0
    for number, key in sorted(found.keys.items()):
        for index, digest in enumerate(key.digests):
            far = distance(digest, done[number * each + index])
            if far > tolerance:
                false += 1
                yield Finding(
                    False,
                    f"item {index} of section {number}: the key is {far} bits from what this "
                    f"engine says; `assay exam doubt {found.exam_id} {number} {index}`",
                )
    if not false:
        yield Finding(True, "this engine says what the keys say")


# ------------------------------------------------------------------------------ transactions


def _book(gateway: Gateway) -> Book:
    assert gateway.deployment is not None
    return book_of(gateway.deployment)


def _sheet(gateway: Gateway, event: Graded) -> Sheet | None:
    sent = _arguments(gateway, event.log.transaction_hash, *GRADE)
    sheets: tuple[Sheet, ...] = sent[2] if sent is not None else ()
    return next((sheet for sheet in sheets if sheet.owner == event.owner), None)


def _arguments(gateway: Gateway, sent: bytes, verb: str, arity: int) -> tuple[Any, ...] | None:
    """What a transaction gave a function of the book; None if it called another."""
    return abi.decode_call(BOOK, verb, arity, gateway.calldata(sent))
