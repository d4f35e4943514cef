"""`assay demo`: the whole path in one command, on a local chain, with real processes and models.

    world.py      brings it up: chain, contracts, backend, agents, one process per node
    story.py      what happens in each round: a table
    works.py      how each provider makes what it delivers, honestly or not
    actors.py     the seats that misbehave; `actor.py` is the process that hosts them
    director.py   runs the stories, up to four at a time, and narrates them
    checks.py     what must have happened to verdicts, stakes and reputations
    report.py     tables for people, JSON for machines
    run.py        from beginning to end

Dishonesty lives here and nowhere else: the daemon in `verifier.node` has no switch for it. A node
of the demo is that same daemon with a seat factory which looks up, after the draw, whether the seat
it was just given has a part to play.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave everything running until Ctrl-C.")
    ] = False,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write all of it to FILE, for machines."),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder", metavar="DIR", help="Keep logs and state in DIR (default: a temporary one)."
        ),
    ] = None,
    rounds: Annotated[
        int | None,
        typer.Option("--rounds", min=1, metavar="N", help="Play only the first N rounds."),
    ] = None,
) -> None:
    """Run a whole network here and watch it judge real work.

    Exit status 0 only if every verdict and every reputation moved as it must.
    """
    # The processes of the demo's nodes import this package too, and need none of this.
    from cli.demo.run import run

    raise typer.Exit(run(keep=keep, json_file=json_file, folder=folder, limit=rounds))
