"""A task: everything that fixes an output, as canonical JSON whose keccak256 is the taskHash.

    {"schema": "assay/task/1", "profile": "0x<64>", "modality": "text" | "image",
     "model": "<name>", "prompt": "<text>"  or  "condition": <integer>,
     "parameters": {"seed": 7, "max_tokens": 64, …}}

The bytes that are hashed are RFC 8785, so spacing and the order of names do not matter, and a
number may be written in any way JSON allows as long as a double holds it exactly.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self

from verifier.canonical import (
    canonical_json,
    from_hex,
    keccak256,
    parse_object,
    require_fields,
    shown,
)
from verifier.errors import TaskError

__all__ = ["MAX_TASK_BYTES", "MODALITIES", "SCHEMA", "Task", "task_from_uri", "task_hash"]

SCHEMA = "assay/task/1"
MODALITIES = ("text", "image")
MAX_TASK_BYTES = 65_536
MAX_PARAMETERS = 64
MAX_NAME = 128

Scalar = str | int | float | bool
DATA_URI = "data:application/json;base64,"


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work. Exactly one of `prompt` and `condition` is given.

    profile: the 32 bytes of the profileId; modality: "text" or "image"; model: the engine's name of
    the model; parameters: names to scalars (text, booleans, finite numbers).
    """

    profile: bytes
    modality: str
    model: str
    prompt: str | None = None
    condition: int | None = None
    parameters: Mapping[str, Scalar] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check(self)
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))
        size = len(self.canonical())
        if size > MAX_TASK_BYTES:
            raise TaskError(
                f"The task has {size} bytes; at most {MAX_TASK_BYTES} are allowed, "
                "so shorten the prompt."
            )

    def as_json(self) -> dict[str, Any]:
        """The task as the JSON object of schema `assay/task/1`."""
        value: dict[str, Any] = {
            "schema": SCHEMA,
            "profile": "0x" + self.profile.hex(),
            "modality": self.modality,
            "model": self.model,
            "parameters": dict(self.parameters),
        }
        if self.prompt is not None:
            value["prompt"] = self.prompt
        if self.condition is not None:
            value["condition"] = self.condition
        return value

    def canonical(self) -> bytes:
        """The RFC 8785 bytes that `hash` hashes."""
        return canonical_json(self.as_json(), TaskError)

    def hash(self) -> bytes:
        """taskHash: keccak256 of the canonical bytes."""
        return keccak256(self.canonical())

    def uri(self) -> str:
        """The self-contained taskURI: `data:application/json;base64,…`."""
        return DATA_URI + base64.b64encode(self.canonical()).decode("ascii")

    @classmethod
    def from_json(cls, data: bytes, expected_hash: bytes | None = None) -> Self:
        """The task in `data`, refused unless it follows the schema and has `expected_hash`."""
        value = parse_object(data, "task", MAX_TASK_BYTES, TaskError)
        require_fields(
            value,
            "task",
            ("schema", "profile", "modality", "model", "parameters"),
            TaskError,
            optional=("prompt", "condition"),
        )
        if value["schema"] != SCHEMA:
            raise TaskError(
                f"The task's schema is {shown(value['schema'])}; this version reads {SCHEMA!r}."
            )
        for name in ("prompt", "condition"):
            if name in value and value[name] is None:
                raise TaskError(f"The task's {name} is null; leave it out instead.")
        if not isinstance(value["parameters"], dict):
            raise TaskError("The task's parameters must be a JSON object.")
        task = cls(
            profile=from_hex(value["profile"], 32, "task's profile", TaskError),
            modality=value["modality"],
            model=value["model"],
            prompt=value.get("prompt"),
            condition=value.get("condition"),
            parameters=value["parameters"],
        )
        if expected_hash is not None and task.hash() != expected_hash:
            raise TaskError(
                f"The task hashes to 0x{task.hash().hex()}, but 0x{expected_hash.hex()} was "
                "committed; fetch the task from whoever issued the receipt."
            )
        return task


def task_hash(task: Task) -> bytes:
    """taskHash of `task`: keccak256 of its RFC 8785 JSON."""
    return task.hash()


def task_from_uri(uri: str, expected_hash: bytes) -> Task:
    """The task that a `data:` taskURI carries; other schemes are for the caller to resolve."""
    if not uri.startswith(DATA_URI):
        raise TaskError(f"The task URI does not begin with {DATA_URI!r}; resolve it first.")
    if len(uri) > len(DATA_URI) + 4 * MAX_TASK_BYTES // 3 + 4:
        raise TaskError(f"The task URI is too long; a task has at most {MAX_TASK_BYTES} bytes.")
    try:
        data = base64.b64decode(uri[len(DATA_URI) :].encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise TaskError("The task URI is not valid base64; build it with Task.uri().") from None
    return Task.from_json(data, expected_hash)


def _check(task: Task) -> None:
    if not isinstance(task.profile, bytes) or len(task.profile) != 32:
        raise TaskError("The task's profile must be the 32 bytes of a profileId.")
    if task.modality not in MODALITIES:
        raise TaskError(
            f"The task's modality is {shown(task.modality)}; "
            f"it must be one of {', '.join(MODALITIES)}."
        )
    if not isinstance(task.model, str) or not 0 < len(task.model) <= MAX_NAME:
        raise TaskError(f"The task's model must be a name of 1 to {MAX_NAME} characters.")
    if (task.prompt is None) == (task.condition is None):
        raise TaskError("The task must have either a prompt or a condition, and not both.")
    if task.prompt is not None and (not isinstance(task.prompt, str) or not task.prompt.strip()):
        raise TaskError("The task's prompt must be text that is not blank.")
    if task.condition is not None and (
        not isinstance(task.condition, int) or isinstance(task.condition, bool)
    ):
        raise TaskError("The task's condition must be an integer.")
    if len(task.parameters) > MAX_PARAMETERS:
        raise TaskError(f"The task has more than {MAX_PARAMETERS} parameters; remove some.")
    for name, value in task.parameters.items():
        if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME:
            raise TaskError(f"A parameter's name must have 1 to {MAX_NAME} characters.")
        if not isinstance(value, str | int | float | bool):
            raise TaskError(
                f"The parameter {shown(name)} must be text, a boolean or a number, "
                f"not {type(value).__name__}."
            )
