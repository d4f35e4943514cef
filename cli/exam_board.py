"""The half of `assay exam` that is for those who hold exams: registrar and examiners."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from chain.errors import ConfigError
from chain.exam_events import ExamAnnounced, TermsSet
from chain.exam_messages import key_salt, sealed_key
from chain.exam_structs import ExamTerms
from chain.types import Stage
from chain.units import show_moment
from cli import settings
from cli.engines import engine_config
from cli.exam_view import BOOK, book_of, require, view
from cli.session import agent_id, chosen, ether, signing
from verifier.engines import create
from verifier.exams import items
from verifier.exams.answers import answer
from verifier.exams.papers import Paper
from verifier.node.agents import owner_of
from verifier.node.exams.setter import load_tasks
from verifier.profiles import by_id

_RPC = Annotated[str | None, settings.flag("rpc_url")]
_DEPLOYMENT = Annotated[str | None, settings.flag("deployment")]
_KEYSTORE = Annotated[str | None, settings.flag("keystore")]
_PASSWORD = Annotated[str | None, settings.flag("keystore_password")]
_LOCAL = Annotated[int | None, settings.flag("local_account")]
_EXAM = Annotated[int, typer.Argument(metavar="EXAM", min=1, help="The exam's number.")]
_SECTION = Annotated[int, typer.Argument(metavar="SECTION", min=0, help="From 0 up.")]
_PROFILE = Annotated[str, typer.Argument(metavar="PROFILE", help="A profile's name or 0x id.")]
_HOUR = 3600
_DAY = 24 * _HOUR


def _seconds(name: str, words: str) -> Any:
    return typer.Option(name, metavar="SECONDS", min=1, help=words)


def terms(
    profile: _PROFILE,
    examiner: Annotated[
        list[str], typer.Option("--examiner", metavar="AGENT", help="An examiner; three or more.")
    ],
    recompute: Annotated[
        str,
        typer.Option("--recompute", metavar="PROFILE", help="In which digests are recomputed."),
    ] = "exact-bytes",
    items_each: Annotated[int, typer.Option("--items", help="Items of a section.")] = 16,
    mark: Annotated[int, typer.Option("--mark", help="Right answers needed in all.")] = 40,
    section_mark: Annotated[
        int, typer.Option("--section-mark", help="Right answers needed in each section.")
    ] = 11,
    fee: Annotated[str, typer.Option("--fee", metavar="ETH", help="Of a candidate.")] = "0.01",
    bond: Annotated[str, typer.Option("--bond", metavar="ETH", help="Of an examiner.")] = "1",
    challenge_bond: Annotated[
        str, typer.Option("--challenge-bond", metavar="ETH", help="Of whoever doubts a key.")
    ] = "0.1",
    prepare: Annotated[int, _seconds("--prepare", "To post the sections.")] = 2 * _DAY,
    sitting: Annotated[int, _seconds("--sitting", "To hand in sheets.")] = 1 * _DAY,
    keys: Annotated[int, _seconds("--keys", "To open the keys.")] = 4 * _HOUR,
    doubts: Annotated[int, _seconds("--doubts", "To doubt a key.")] = 1 * _DAY,
    answers: Annotated[int, _seconds("--answers", "To answer a doubt.")] = 4 * _HOUR,
    court: Annotated[int, _seconds("--court", "For the round about it.")] = 1 * _DAY,
    grading: Annotated[int, _seconds("--grading", "To hand in opened sheets.")] = 2 * _DAY,
    validity: Annotated[int, _seconds("--validity", "How long a pass lasts.")] = 30 * _DAY,
    rpc_url: _RPC = None,
    deployment: _DEPLOYMENT = None,
    keystore: _KEYSTORE = None,
    keystore_password_file: _PASSWORD = None,
    local_account: _LOCAL = None,
) -> None:
    """Set how a profile is examined from now on, and by whom. For the registrar.

    `assay plan exam` finds items and marks.
    """
    board = sorted(agent_id(each) for each in examiner)
    money = (ether(fee), ether(bond), ether(challenge_bond))
    with signing(chosen(rpc_url, deployment, keystore, keystore_password_file, local_account)) as s:
        set_to = ExamTerms(
            s.deployment.profile_id(profile),
            s.deployment.profile_id(recompute),
            *money,
            items_each,
            mark,
            section_mark,
            prepare,
            sitting,
            keys,
            doubts,
            answers,
            court,
            grading,
            validity,
        )
        mined = s.sender.send("ExamRules", "setTerms", set_to, board)
        typer.echo(f"terms {mined.one(TermsSet).terms_id} hold for exams of {profile} from now on")


def gate(
    profile: _PROFILE,
    at: Annotated[
        int | None,
        typer.Option("--at", metavar="SECONDS", help="Unix time from when it holds; else now."),
    ] = None,
    rpc_url: _RPC = None,
    deployment: _DEPLOYMENT = None,
    keystore: _KEYSTORE = None,
    keystore_password_file: _PASSWORD = None,
    local_account: _LOCAL = None,
) -> None:
    """Let a profile take nobody who has not passed: once, and for ever. For the registrar."""
    moment = int(time.time()) if at is None else at
    with signing(chosen(rpc_url, deployment, keystore, keystore_password_file, local_account)) as s:
        s.sender.send("ExamRules", "gate", s.deployment.profile_id(profile), moment)
        typer.echo(f"{profile} takes only who has passed, from {show_moment(moment)} on")


def announce(
    profile: _PROFILE,
    section: _SECTION,
    rpc_url: _RPC = None,
    deployment: _DEPLOYMENT = None,
    keystore: _KEYSTORE = None,
    keystore_password_file: _PASSWORD = None,
    local_account: _LOCAL = None,
) -> None:
    """Begin an exam of a profile, as the examiner of a section."""
    with signing(chosen(rpc_url, deployment, keystore, keystore_password_file, local_account)) as s:
        mined = s.sender.send(BOOK, "announce", s.deployment.profile_id(profile), section)
        announced = mined.one(ExamAnnounced)
        until = show_moment(announced.prepare_closes_at)
        typer.echo(f"exam {announced.exam_id} is announced: sections are posted until {until}")


def post(
    exam: _EXAM,
    section: _SECTION,
    tasks: Annotated[
        Path, typer.Option("--tasks", metavar="FILE", help="Tasks, one JSON object a line.")
    ],
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="Where the answers are kept.")],
    rpc_url: _RPC = None,
    deployment: _DEPLOYMENT = None,
    keystore: _KEYSTORE = None,
    keystore_password_file: _PASSWORD = None,
    local_account: _LOCAL = None,
    engine: Annotated[str | None, settings.flag("engine")] = None,
    engine_url: Annotated[str | None, settings.flag("engine_url")] = None,
    engine_key_file: Annotated[str | None, settings.flag("engine_key")] = None,
    engine_command: Annotated[str | None, settings.flag("engine_command")] = None,
) -> None:
    """Post a section with its bond: tasks open, answers sealed and kept in a file."""
    asked = load_tasks(tasks)
    settled = settings.load(
        rpc_url=rpc_url,
        deployment=deployment,
        keystore=keystore,
        keystore_password_file=keystore_password_file,
        local_account=local_account,
        engine=engine,
        engine_url=engine_url,
        engine_key_file=engine_key_file,
        engine_command=engine_command,
    )
    with signing(settled) as session:
        found = view(session.gateway, exam)
        require(found, Stage.PREPARING)
        if len(asked) != found.terms.items:
            raise ConfigError(
                f"{tasks} has {len(asked)} tasks, and a section of this exam {found.terms.items}."
            )
        board = session.gateway.call("ExamRules", "examinersOf", found.exam.terms_id)
        if section >= len(board):
            raise ConfigError(f"The exam has sections 0 to {len(board) - 1}, and no {section}.")
        examiner = board[section]
        book = book_of(session.deployment)
        if key.exists():
            paper = Paper.load(key)
            if (paper.book, paper.exam_id, paper.section) != (book, exam, section):
                raise ConfigError(f"The answers in {key} are of another exam or section.")
        else:
            profile = by_id(found.terms.profile_id)
            config = engine_config(settled)
            running = create(config.name, **config.settings)
            try:
                done = answer(asked, profile, found.exam.key, running)
            finally:
                running.close()
            salt = key_salt(session.signer, book, exam, examiner, section)
            owner = owner_of(session.gateway, examiner)
            paper = Paper(book, exam, examiner, owner, section, salt, done.digests, done.contents)
            paper.save(key)
        root = items.root([task.hash() for task in asked])
        seal = sealed_key(book, exam, section, paper.key(), paper.salt)
        session.sender.send(
            BOOK, "post", exam, section, root, seal, items.pack(asked), value=found.exam.bond
        )
        typer.echo(f"section {section} of exam {exam} is posted; its key is kept in {key}")


def open_(
    exam: _EXAM,
    key: Annotated[Path, typer.Argument(metavar="KEY", help="The file `post` kept it in.")],
    rpc_url: _RPC = None,
    deployment: _DEPLOYMENT = None,
    keystore: _KEYSTORE = None,
    keystore_password_file: _PASSWORD = None,
    local_account: _LOCAL = None,
) -> None:
    """Open a section's key once nobody can sit any more."""
    paper = Paper.load(key)
    if paper.section is None:
        raise ConfigError(f"{key} is a candidate's sheet: have it graded with `assay exam grade`.")
    with signing(chosen(rpc_url, deployment, keystore, keystore_password_file, local_account)) as s:
        s.sender.send(BOOK, "openKey", exam, *paper.opening())
        typer.echo(f"the key of section {paper.section} of exam {exam} is open")


def conclude(
    exam: _EXAM,
    rpc_url: _RPC = None,
    deployment: _DEPLOYMENT = None,
    keystore: _KEYSTORE = None,
    keystore_password_file: _PASSWORD = None,
    local_account: _LOCAL = None,
) -> None:
    """End an exam: graded, it pays the examiners; without sections or keys, fees go back."""
    with signing(chosen(rpc_url, deployment, keystore, keystore_password_file, local_account)) as s:
        found = view(s.gateway, exam)
        waits = found.stage is Stage.OPENING and found.exam.candidates > 0
        verb = "cancel" if found.stage is Stage.PREPARING or waits else "conclude"
        s.sender.send(BOOK, verb, exam)
        if verb == "cancel":
            for sat in found.sat:
                s.sender.send(BOOK, "refund", exam, sat.owner)
        typer.echo(f"exam {exam} is {view(s.gateway, exam).stage.label}")


def withdraw(
    rpc_url: _RPC = None,
    deployment: _DEPLOYMENT = None,
    keystore: _KEYSTORE = None,
    keystore_password_file: _PASSWORD = None,
    local_account: _LOCAL = None,
) -> None:
    """Pay out what exams owe to the key's account: bonds, fees, rewards."""
    with signing(chosen(rpc_url, deployment, keystore, keystore_password_file, local_account)) as s:
        s.sender.send(BOOK, "withdraw")
        typer.echo(f"paid out to {s.signer.address}")
