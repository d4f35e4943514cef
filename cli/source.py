"""`assay source`: how reliable sources are, epoch by epoch; reporting it, and doubting a report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from chain.epochs import find_epoch
from chain.errors import ConfigError
from chain.units import show_moment
from cli import output, settings, source_court, source_report
from cli.backend_door import asking
from cli.session import agent_id, reading
from verifier.canonical import canonical_json
from verifier.errors import ReliabilityError
from verifier.node.statedir import write_whole
from verifier.reliability.proof import ScoreProof
from verifier.reliability.reporter import verify_on_chain

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="See how reliable sources are; report, check and challenge it.",
)

_BACKEND = Annotated[str | None, settings.flag("backend_url")]
_AGENT = Annotated[str, typer.Argument(metavar="AGENT", help="The source's number as an agent.")]
_DOMAIN = Annotated[
    str | None, typer.Option("--domain", metavar="HEX", help="Only this domain: 0x and 64 digits.")
]
_EPOCH = Annotated[
    int | None,
    typer.Option(
        "--epoch", min=1, help="Which epoch; the newest that contracts can read if absent."
    ),
]
_JSON = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


@app.command("list")
def list_(
    epoch: _EPOCH = None,
    domain: _DOMAIN = None,
    backend_url: _BACKEND = None,
    as_json: _JSON = False,
) -> None:
    """List the scores of an epoch, as a backend has them."""
    chosen = settings.load(backend_url=backend_url)
    with asking(chosen.backend_url) as client:
        found = list(client.sources(epoch=epoch, domain=domain))
    if as_json:
        output.print_json(found)
        return
    columns = ("source", "domain", "mean", "lower bound", "n", "last evidence")
    output.print_table(columns, [_row(each) for each in found])


@app.command()
def show(
    agent: _AGENT, domain: _DOMAIN = None, backend_url: _BACKEND = None, as_json: _JSON = False
) -> None:
    """Show a source's scores over the epochs, newest first, in every domain it has."""
    number = int(agent_id(agent))
    chosen = settings.load(backend_url=backend_url)
    with asking(chosen.backend_url) as client:
        domains = client.source(number)["domains"]
        wanted = [each for each in domains if domain is None or each == domain.lower()]
        found = {each: list(client.source_history(number, each)) for each in wanted}
    if as_json:
        output.print_json({"agentId": number, "domains": found})
        return
    if not found:
        output.say(f"agent {number} has no score as a source")
    for name, points in found.items():
        rows = [
            (
                str(point["epoch"]),
                point["state"],
                _percent(point["mean"]),
                _percent(point["lowerBound"]),
                _percent(point["upperBound"]),
                None if point["n"] is None else f"{point['n']:.2f}",
            )
            for point in points
        ]
        columns = ("epoch", "state", "mean", "lower bound", "upper bound", "n")
        output.say(f"domain {name}")
        output.print_table(columns, rows)


@app.command()
def epochs(backend_url: _BACKEND = None, as_json: _JSON = False) -> None:
    """List the epochs: whether they can be read, and whether their evidence holds."""
    chosen = settings.load(backend_url=backend_url)
    with asking(chosen.backend_url) as client:
        found = list(client.epochs())
    if as_json:
        output.print_json(found)
        return
    rows = [
        (
            str(each["epoch"]),
            each["state"],
            show_moment(each["finalAt"]) if each["finalAt"] else None,
            each["bundle"]["state"],
            None if each["bundle"]["entries"] is None else str(each["bundle"]["entries"]),
            str(len(each["challenges"])),
            each["root"],
        )
        for each in found
    ]
    columns = ("epoch", "state", "final from", "evidence", "scores", "challenges", "root")
    output.print_table(columns, rows)


@app.command()
def proof(
    agent: _AGENT,
    epoch: _EPOCH = None,
    domain: _DOMAIN = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write the proof.")
    ] = None,
    backend_url: _BACKEND = None,
    rpc_url: Annotated[str | None, settings.flag("rpc_url")] = None,
    deployment: Annotated[str | None, settings.flag("deployment")] = None,
    as_json: _JSON = False,
) -> None:
    """Fetch the proof of a score from a backend, and have the contract check it.

    `assay verify score` checks the file again without a chain or a backend.
    """
    number = int(agent_id(agent))
    chosen = settings.load(backend_url=backend_url, rpc_url=rpc_url, deployment=deployment)
    with asking(chosen.backend_url) as client:
        scores = client.source(number, epoch=epoch, domain=domain)["scores"]
    if len(scores) != 1:
        raise ConfigError(
            f"Agent {number} has {len(scores)} scores there: give --epoch and --domain of one, as "
            f"`assay source show {number}` lists them."
        )
    found = ScoreProof.parse(canonical_json(scores[0]["proof"], ReliabilityError))
    with reading(chosen) as gateway:
        header = find_epoch(gateway, found.epoch).header
        # The chain's root, not the one that the backend says.
        found.check(bytes(header.root))
        if not verify_on_chain(gateway, header, found):
            raise ReliabilityError("The contract does not find the score under the epoch's root.")
    document = canonical_json(found.to_json(), ReliabilityError)
    if out is not None:
        write_whole(out, document + b"\n", 0o644)
    if as_json:
        typer.echo(json.dumps(found.to_json(), indent=2))
        return
    output.print_table(
        ("source", "domain", "mean", "lower bound", "n", "last evidence"), [_row(scores[0])]
    )
    where = "" if out is None else f"; the proof is {out}"
    output.say(f"the contract finds it under the root of epoch {found.epoch}{where}")


def _row(score: Mapping[str, Any]) -> tuple[str | None, ...]:
    return (
        str(score["agentId"]),
        score["domain"],
        _percent(score["mean"]),
        _percent(score["lowerBound"]),
        f"{score['n']:.2f}",
        show_moment(score["lastUpdate"]),
    )


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.2%}"


app.command()(source_report.deploy)
app.command()(source_report.attest)
app.command()(source_report.report)
app.command()(source_report.release)
app.command()(source_court.check)
app.command()(source_court.challenge)
app.command()(source_court.answer)
app.command()(source_court.settle)
app.command()(source_court.withdraw)
