"""What can go wrong in the verifier, as one tree. Every message is a sentence saying what to do.

AssayError (chain.errors)
└── VerifierError
    ├── TaskError       a task that is not what `assay/task/1` says
    ├── ProfileError    a profile that is unknown, altered or malformed
    ├── DigestError     content, key or features that cannot be digested
    ├── SealError       a sealed output that cannot be opened
    ├── SimilarError    items, an index or a store that look-alikes cannot be searched in
    ├── CalibrationError    cases, options or files that cannot be calibrated with
    ├── ContributionError   sources, documents or qualities that cannot be attributed
    ├── ReliabilityError    evidence, a bundle or a proof that does not hold
    ├── ExamError       items, answers, keys or sheets that no exam can be held with
    ├── PlanningError   a plan that was asked for the impossible (verifier.planning)
    └── EngineError     a model that did not answer (verifier.engines)
        └── EngineUnavailable   nothing is wrong with the task: try again, or elsewhere
            └── InputWithheld   what the task is about is not to be had; says what that means
"""

from chain.errors import AssayError

__all__ = [
    "CalibrationError",
    "ContributionError",
    "DigestError",
    "EngineError",
    "EngineUnavailable",
    "ExamError",
    "InputWithheld",
    "PlanningError",
    "ProfileError",
    "ReliabilityError",
    "SealError",
    "SimilarError",
    "TaskError",
    "VerifierError",
]


class VerifierError(AssayError):
    """Root of everything raised by `verifier`."""


class TaskError(VerifierError):
    """A task that does not follow the schema, or is not the one its hash names."""


class ProfileError(VerifierError):
    """A profile that is unknown, altered or malformed."""


class DigestError(VerifierError):
    """Content, key or features that cannot be digested."""


class ExamError(VerifierError):
    """Items, answers, keys or sheets that no exam can be held with."""


class SealError(VerifierError):
    """A sealed output that cannot be opened."""


class SimilarError(VerifierError):
    """Items, an index or a store in which look-alikes cannot be searched."""


class CalibrationError(VerifierError):
    """Cases, options or files from which no tolerance can be calibrated."""


class ContributionError(VerifierError):
    """Sources, documents or a quality function of which no contribution can be computed."""


class ReliabilityError(VerifierError):
    """Evidence, a bundle or a proof that is malformed or does not hold."""


class PlanningError(VerifierError):
    """Arguments that make no sense, or a target that no plan reaches."""


class EngineError(VerifierError):
    """A model that did not produce an output for a task."""


class EngineUnavailable(EngineError):
    """The engine cannot be reached or is busy; the same task may succeed later."""

    retryable = True


class InputWithheld(EngineUnavailable):
    """Whoever has to hand out what the task is about does not. It may still come.

    Attributes:
        answer: the output if it does not: everybody's who was refused.
    """

    def __init__(self, message: str, answer: bytes) -> None:
        super().__init__(message)
        self.answer = answer
