"""Runs the table of checks against a subject."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# Imported for the checks that they enter into the table.
from chain.conformance import attested, form, identity, network, reputation, validation
from chain.conformance.scene import Failed, NotApplicable, Scene, Subject
from chain.conformance.stage import NotPlayable, Stage
from chain.conformance.table import TABLE, Check
from chain.errors import ConfigError

CHAPTERS: Final = (form, identity, reputation, validation, network, attested)


class Verdict(StrEnum):
    """What a check came to."""

    PASSED = "pass"
    FAILED = "fail"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Result:
    """A check, what it came to, and why unless it passed."""

    check: Check
    verdict: Verdict
    detail: str = ""


def run(
    subject: Subject, new_stage: Callable[[], Stage], skip: Collection[str] = ()
) -> Iterator[Result]:
    """Every check, one after the other.

    Args:
        new_stage: makes the stage of one check's scene.
        skip: ids of checks to leave out.

    Raises:
        ConfigError: a check to leave out does not exist.
        RpcError: the node did not answer.
    """
    unknown = sorted(set(skip) - TABLE.keys())
    if unknown:
        raise ConfigError(f"There is no check {unknown[0]!r}; there are {', '.join(TABLE)}.")
    for check in TABLE.values():
        if check.id not in skip:
            yield run_one(check, subject, new_stage())


def run_one(check: Check, subject: Subject, stage: Stage) -> Result:
    """One check on a stage of its own."""
    scene = Scene(subject, stage)
    try:
        subject.address(check.contract)
        check.play(scene)
    except Failed as failed:
        return Result(check, Verdict.FAILED, str(failed))
    except NotApplicable as reason:
        return Result(check, Verdict.NOT_APPLICABLE, str(reason))
    except NotPlayable as reason:
        return Result(check, Verdict.NOT_APPLICABLE, str(reason))
    finally:
        scene.close()
    return Result(check, Verdict.PASSED)
