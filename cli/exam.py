"""`assay exam`: exams of the chain, sitting one, and holding one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from chain import deployment as deployments
from chain.errors import ConfigError
from chain.exam_messages import sheet_commitment, sheet_salt
from chain.exam_structs import Capability
from chain.types import Stage
from chain.units import show_ether, show_moment
from cli import exam_board, exam_check, output, settings
from cli.engines import engine_config
from cli.exam_view import BOOK, ExamView, book_of, profile_of, require, view
from cli.exam_view import as_json as exam_json
from cli.session import agent_id, chosen, reading, signing
from verifier.engines import create
from verifier.exams.answers import answer
from verifier.exams.marking import unpack
from verifier.exams.papers import Paper
from verifier.node.agents import owner_of, require_operator
from verifier.profiles import by_id

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Prove a capability: list exams, sit one, have it graded; or examine.",
)

_RPC = Annotated[str | None, settings.flag("rpc_url")]
_DEPLOYMENT = Annotated[str | None, settings.flag("deployment")]
_KEYSTORE = Annotated[str | None, settings.flag("keystore")]
_PASSWORD = Annotated[str | None, settings.flag("keystore_password")]
_LOCAL = Annotated[int | None, settings.flag("local_account")]
_EXAM = Annotated[int, typer.Argument(metavar="EXAM", min=1, help="The exam's number.")]
_AGENT = Annotated[str, typer.Argument(metavar="AGENT", help="The agent's number.")]
_JSON = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


@app.command("list")
def list_(rpc_url: _RPC = None, deployment: _DEPLOYMENT = None, as_json: _JSON = False) -> None:
    """List exams, the newest first."""
    with reading(settings.load(rpc_url=rpc_url, deployment=deployment)) as gateway:
        count: int = gateway.call(BOOK, "examCount")
        found = [view(gateway, number) for number in range(count, 0, -1)]
        names = [profile_of(gateway.deployment, each) for each in found]
    rows = list(zip(found, names, strict=True))
    if as_json:
        typer.echo(json.dumps([exam_json(*each) for each in rows], indent=2))
        return
    output.print_table(
        ("exam", "profile", "stage", "until", "candidates", "graded", "fee"),
        [
            (
                str(each.exam_id),
                name,
                each.stage.label,
                show_moment(each.until) if each.until else "",
                str(each.exam.candidates),
                str(each.exam.graded),
                show_ether(each.exam.fee),
            )
            for each, name in rows
        ],
    )


@app.command()
def show(
    exam: _EXAM, rpc_url: _RPC = None, deployment: _DEPLOYMENT = None, as_json: _JSON = False
) -> None:
    """Show an exam: its sections, who sat it, and what the contract counted."""
    with reading(settings.load(rpc_url=rpc_url, deployment=deployment)) as gateway:
        found = view(gateway, exam)
        profile = profile_of(gateway.deployment, found)
    if as_json:
        typer.echo(json.dumps(exam_json(found, profile), indent=2))
        return
    terms = found.terms
    typer.echo(f"exam       {exam} of {profile}, {found.stage.label}")
    if found.until:
        typer.echo(f"until      {show_moment(found.until)}")
    typer.echo(
        f"to pass    {terms.mark} of {terms.items * found.exam.sections} answers, "
        f"{terms.section_mark} of {terms.items} in each section; fee {show_ether(found.exam.fee)}"
    )
    for section in found.posted:
        key = "open" if section.section in found.keys else "sealed"
        typer.echo(f"section {section.section}  examiner {section.agent_id}, key {key}")
    graded = {event.owner: event for event in found.graded}
    for sat in found.sat:
        result = "its sheet is sealed"
        if sat.owner in graded:
            marks = unpack(graded[sat.owner].marks, found.exam.sections)
            verdict = "passed" if graded[sat.owner].passed else "failed"
            result = f"{verdict} with {marks.right} ({', '.join(map(str, marks.sections))})"
        typer.echo(f"agent {sat.agent_id}    {result}")


@app.command()
def capability(
    agent: _AGENT,
    profile: Annotated[str, typer.Argument(metavar="PROFILE", help="A profile's name or 0x id.")],
    rpc_url: _RPC = None,
    deployment: _DEPLOYMENT = None,
    as_json: _JSON = False,
) -> None:
    """Say whether an agent may be drawn for a profile, and until when its pass lasts."""
    number = agent_id(agent)
    chosen = settings.load(rpc_url=rpc_url, deployment=deployment)
    with reading(chosen) as gateway:
        profile_id = deployments.load(chosen.deployment).profile_id(profile)
        owner = owner_of(gateway, number)
        held: Capability = gateway.call(BOOK, "capabilityOf", profile_id, number)
        capable = bool(gateway.call(BOOK, "isCapable", number, owner, profile_id))
        gated: int = gateway.call("ExamRules", "gatedFrom", profile_id)
    until = held.until if held.owner == owner else 0
    if as_json:
        answered = {"capable": capable, "until": until or None, "gatedFrom": gated or None}
        typer.echo(json.dumps(answered))
        return
    typer.echo(f"agent {number} {'may' if capable else 'may not'} be drawn")
    typer.echo(f"pass       {f'until {show_moment(until)}' if until else 'none'}")
    typer.echo(f"gate       {f'since {show_moment(gated)}' if gated else 'none: everybody may'}")


@app.command()
def sit(
    exam: _EXAM,
    agent: _AGENT,
    sheet: Annotated[
        Path, typer.Option("--sheet", metavar="FILE", help="Where the answers are kept.")
    ],
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
    """Answer an exam with the engine, keep the answers in a file, and hand them in sealed.

    Answers that are in the file already are handed in as they are.
    """
    number = agent_id(agent)
    chosen = settings.load(
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
    with signing(chosen) as session:
        found = view(session.gateway, exam)
        require(found, Stage.SITTING)
        owner = owner_of(session.gateway, number)
        require_operator(session.gateway, number, session.signer.address)
        book = book_of(session.deployment)
        if sheet.exists():
            paper = Paper.load(sheet)
            if (paper.book, paper.exam_id, paper.agent_id) != (book, exam, number):
                raise ConfigError(f"The answers in {sheet} are of another exam or agent.")
        else:
            config = engine_config(chosen)
            running = create(config.name, **config.settings)
            try:
                profile = by_id(found.terms.profile_id)
                tasks = found.tasks()
                done = answer(tasks, profile, found.exam.key, running)
            finally:
                running.close()
            salt = sheet_salt(session.signer, book, exam, number)
            paper = Paper(book, exam, number, owner, None, salt, done.digests, done.contents)
            paper.save(sheet)
        commitment = sheet_commitment(book, exam, paper.sheet())
        session.sender.send(BOOK, "sit", exam, number, commitment, value=found.exam.fee)
        typer.echo(f"agent {number} has handed in {len(paper.digests)} answers, kept in {sheet}")


@app.command()
def grade(
    exam: _EXAM,
    sheets: Annotated[
        list[Path], typer.Argument(metavar="SHEET...", help="Files with opened answers.")
    ],
    rpc_url: _RPC = None,
    deployment: _DEPLOYMENT = None,
    keystore: _KEYSTORE = None,
    keystore_password_file: _PASSWORD = None,
    local_account: _LOCAL = None,
) -> None:
    """Hand in opened answers, anybody's, and have the contract count them."""
    papers = [Paper.load(path).sheet() for path in sheets]
    sent_by = chosen(rpc_url, deployment, keystore, keystore_password_file, local_account)
    with signing(sent_by) as session:
        found = view(session.gateway, exam)
        require(found, Stage.GRADING)
        session.sender.send(BOOK, "grade", exam, found.section_keys(), papers)
        _report(view(session.gateway, exam), {sheet.owner for sheet in papers})


def _report(found: ExamView, owners: set[str]) -> None:
    for event in found.graded:
        if event.owner in owners:
            marks = unpack(event.marks, found.exam.sections)
            verdict = "passed" if event.passed else "failed"
            typer.echo(f"agent {event.agent_id} {verdict}: {marks.right} answers are right")


app.command()(exam_check.check)
app.command()(exam_check.doubt)
app.command()(exam_board.terms)
app.command()(exam_board.gate)
app.command()(exam_board.announce)
app.command()(exam_board.post)
app.command("open")(exam_board.open_)
app.command()(exam_board.conclude)
app.command()(exam_board.withdraw)
