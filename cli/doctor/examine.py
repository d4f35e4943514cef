"""The table of checks, and how they are run: each ends in one sentence, none stops the others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import Final

from chain.errors import AssayError, ConfigError
from cli.doctor.patient import NotSetUp, Patient
from cli.verbs import EXTRAS, missing_package


class Result(StrEnum):
    """What a check came to."""

    PASSED = "pass"
    FAILED = "fail"
    LEFT_OUT = "-"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: `function` of `module` gets the patient, answers with a sentence or raises one.

    `after` names the checks without whose passing this one could only repeat their sentences. The
    module is imported when the check is run: an install without an extra misses its checks only.
    """

    module: str
    function: str
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A check's id, what it came to, and the sentence."""

    check: str
    result: Result
    sentence: str


_CHAIN = ("rpc", "chain-id", "deployment")

CHECKS: Final[Mapping[str, Check]] = {
    "rpc": Check("chain_checks", "rpc"),
    "rpc-fallbacks": Check("chain_checks", "fallbacks", ("rpc",)),
    "deployment": Check("chain_checks", "deployment"),
    "chain-id": Check("chain_checks", "chain_id", ("rpc", "deployment")),
    "contracts": Check("chain_checks", "contracts", _CHAIN),
    "finalized": Check("chain_checks", "finalized", ("rpc",)),
    "log-range": Check("index_checks", "log_range", _CHAIN),
    "log-depth": Check("index_checks", "log_depth", _CHAIN),
    "history": Check("chain_checks", "history", (*_CHAIN, "contracts", "finalized")),
    "clock": Check("chain_checks", "clock", ("rpc",)),
    "database": Check("index_checks", "database", ("deployment",)),
    "artifacts": Check("index_checks", "artifacts"),
    "key": Check("node_checks", "key", (*_CHAIN, "contracts")),
    "balance": Check("chain_checks", "balance", ("rpc", "key")),
    "engine": Check("node_checks", "engine"),
    "node": Check("node_checks", "node", (*_CHAIN, "contracts")),
    "backend": Check("node_checks", "backend", ("deployment",)),
}


def examine(patient: Patient, skip: Collection[str] = ()) -> Iterator[Finding]:
    """Every check, one after the other.

    Raises:
        ConfigError: a check to leave out does not exist.
    """
    unknown = sorted(set(skip) - CHECKS.keys())
    if unknown:
        raise ConfigError(f"There is no check {unknown[0]!r}: the checks are {', '.join(CHECKS)}.")
    passed: set[str] = set()
    for name, check in CHECKS.items():
        missing = [other for other in check.after if other not in passed]
        if name in skip:
            continue
        if missing:
            yield Finding(name, Result.LEFT_OUT, f"Not looked at, for it needs {missing[0]}.")
            continue
        finding = _run(name, check, patient)
        if finding.result is Result.PASSED:
            passed.add(name)
        yield finding


def _run(name: str, check: Check, patient: Patient) -> Finding:
    try:
        function = getattr(import_module(f"cli.doctor.{check.module}"), check.function)
        return Finding(name, Result.PASSED, function(patient))
    except NotSetUp as reason:
        return Finding(name, Result.LEFT_OUT, str(reason))
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in EXTRAS:
            raise
        return Finding(name, Result.LEFT_OUT, f"Not looked at: {missing_package(error)}.")
    except AssayError as error:
        return Finding(name, Result.FAILED, str(error))
