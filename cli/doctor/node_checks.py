"""Checks of what a node needs: a key, its folder, an engine, and the backend it talks to."""

from __future__ import annotations

from typing import Final

import httpx

from chain.errors import ConfigError
from cli import settings
from cli.doctor.patient import NotSetUp, Patient
from cli.engines import engine_config
from verifier import engines, profiles
from verifier.engines.base import shown_url
from verifier.node.agents import require_operator
from verifier.node.config import NodeConfig
from verifier.node.court_view import CourtView
from verifier.node.engine_book import engine_settings
from verifier.node.launch import OpenNode
from verifier.node.statedir import StateDir
from verifier.tasks import Task

BACKEND_SECONDS: Final = 10.0
TINY_PROFILE: Final = "text-exact-smollm2"
TINY_MODEL: Final = "smollm2-135m-instruct-q4_1"


def key(patient: Patient) -> str:
    address = patient.signer.address
    if patient.agent_id is None:
        return f"The key loads; its account is {address} (--agent checks whom it acts for)."
    require_operator(patient.court, patient.agent_id, address)
    enrolled = len(CourtView(patient.court).enrolments(patient.agent_id))
    profiles_are = "profile" if enrolled == 1 else "profiles"
    return (
        f"The key of {address} acts for agent {patient.agent_id}, which is enrolled for {enrolled} "
        f"{profiles_are}."
    )


def node(patient: Patient) -> str:
    """The node of the state folder: its own configuration, key, agent, funds and engines."""
    files = StateDir(patient.settings.state_dir.absolute())
    if not files.config.exists():
        raise NotSetUp(f"There is no node in {files.root}: `assay node init` makes one.")
    config = NodeConfig.load(files)
    with OpenNode(files, config, password=patient.settings.keystore_password) as opened:
        opened.check_funds()
        opened.check_engines()
    return f"The node of agent {config.agent_id} in {files.root} can run."


def engine(patient: Patient) -> str:
    config = engine_config(patient.settings)
    task = patient.task or _tiny_task()
    made = engines.create(config.name, **engine_settings(config.settings))
    try:
        output = made.generate(task)
    finally:
        made.close()
    return f"The engine {config.name} made {len(output)} bytes of {task.modality}."


def _tiny_task() -> Task:
    return Task(
        profile=profiles.load(TINY_PROFILE).profile_id,
        modality="text",
        model=TINY_MODEL,
        prompt="Say hello.",
        parameters={"max_tokens": 4, "seed": 1},
    )


def backend(patient: Patient) -> str:
    """Whether a backend is there and of this deployment. One that nobody set up may be missing."""
    url = patient.settings.backend_url
    shown = shown_url(url)
    try:
        answer = httpx.get(f"{url.rstrip('/')}/v1/network", timeout=BACKEND_SECONDS)
        theirs = (answer.json()["chainId"], answer.json()["contracts"]["VerificationRounds"])
        lag = answer.json()["lagBlocks"]
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        if url == settings.TABLE["backend_url"].default:
            raise NotSetUp(f"No backend answers at {shown}, and none is set.") from None
        raise ConfigError(
            f"No backend answers at {shown} ({str(error) or type(error).__name__}): start it, or "
            "correct --backend-url."
        ) from None
    except (ValueError, KeyError, TypeError):
        raise ConfigError(
            f"What answers at {shown} is no backend that has begun to serve: see its /ready, or "
            "correct --backend-url."
        ) from None
    court = patient.deployment.court
    if theirs != (court.chain_id, court.rounds):
        raise ConfigError(
            f"The backend at {shown} serves another deployment (chain {theirs[0]}, court "
            f"{theirs[1]}): give the one of {patient.settings.deployment}."
        )
    return f"The backend at {shown} serves this deployment, {lag or 0} blocks behind the chain."
