"""Cases: what a provider claimed, what honest verifiers generated, and whether they should agree.

One JSON object a line:

    {"task": "t0001", "label": "same", "variant": "again",
     "claim": "outputs/1.png", "verifiers": ["outputs/1a.png", "outputs/1b.png"]}

label: "same" (the claim is honest and should be accepted) or "different"; variant: what sets the
case apart, the unit of the tables; claim, verifiers: paths within the folder of the cases.
Optional: `goal` (true), false where a variant is reported but bears on no choice; `key`, 0x and 64
digits, where the contents were made for one key (log-probabilities with a suffix drawn from it).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256, shake_256
from typing import Any, Self

from verifier.canonical import from_hex, parse_object, require_fields
from verifier.digest.keystream import KEY_BYTES
from verifier.errors import CalibrationError

__all__ = ["LABELS", "Case", "held_out", "key_of", "parse_cases"]

LABELS = ("same", "different")
FIELDS = ("task", "label", "variant", "claim", "verifiers")
OPTIONAL = ("goal", "key")
MAX_LINE_BYTES = 1 << 16
MAX_NAME = 200
MAX_VERIFIERS = 16
HASH_RANGE = 1 << 64
DOMAIN = "assay/calibration/1/"


@dataclass(frozen=True, slots=True)
class Case:
    """One claim and what independent honest verifiers generated for its task; see the module."""

    task: str
    label: str
    variant: str
    claim: str
    verifiers: tuple[str, ...]
    goal: bool = True
    key: bytes | None = None

    @property
    def honest(self) -> bool:
        """Whether the claim should be accepted."""
        return self.label == "same"

    @classmethod
    def parse(cls, line: bytes) -> Self:
        """The case on one line; CalibrationError with what is wrong about it."""
        value = parse_object(line, "case", MAX_LINE_BYTES, CalibrationError)
        require_fields(value, "case", FIELDS, CalibrationError, OPTIONAL)
        if value["label"] not in LABELS:
            raise CalibrationError(
                f"The case's label is {value['label']!r}; it must be one of {', '.join(LABELS)}."
            )
        names = value["verifiers"]
        if not isinstance(names, list) or not 1 <= len(names) <= MAX_VERIFIERS:
            raise CalibrationError(
                f"The case's verifiers must be a list of 1 to {MAX_VERIFIERS} paths."
            )
        goal = value.get("goal", True)
        if not isinstance(goal, bool):
            raise CalibrationError("The case's goal must be true or false.")
        key = value.get("key")
        return cls(
            task=_text(value, "task"),
            label=value["label"],
            variant=_text(value, "variant"),
            claim=_path(value["claim"]),
            verifiers=tuple(_path(name) for name in names),
            goal=goal,
            key=None if key is None else from_hex(key, KEY_BYTES, "case's key", CalibrationError),
        )

    def to_json(self) -> dict[str, Any]:
        """The object that `parse` reads."""
        found: dict[str, Any] = {
            "task": self.task,
            "label": self.label,
            "variant": self.variant,
            "claim": self.claim,
            "verifiers": list(self.verifiers),
        }
        if not self.goal:
            found["goal"] = False
        if self.key is not None:
            found["key"] = "0x" + self.key.hex()
        return found


def parse_cases(data: bytes, what: str) -> tuple[Case, ...]:
    """The cases in the lines of `data`, blank lines aside; errors name `what` and the line.

    A variant has one label and one goal throughout.
    """
    cases = []
    kinds: dict[str, tuple[str, bool]] = {}
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            case = Case.parse(line)
            _check_variant(case, kinds)
        except CalibrationError as problem:
            raise CalibrationError(f"{what}, line {number}: {problem}") from None
        cases.append(case)
    if not cases:
        raise CalibrationError(f"{what} holds no case; write one JSON object a line.")
    return tuple(cases)


def key_of(task: str, number: int) -> bytes:
    """The digests' key number `number` (from 0) of a task, 32 bytes, the same in every run.

    All cases of a task share its keys, as the seats of a round do.
    """
    return shake_256(f"{DOMAIN}key\0{task}\0{number}".encode()).digest(KEY_BYTES)


def held_out(tasks: Iterable[str], share: float) -> Mapping[str, bool]:
    """For each task, by its hash alone, whether it is held out; about `share` of them are."""
    threshold = share * HASH_RANGE
    return {
        task: int.from_bytes(sha256(f"{DOMAIN}split\0{task}".encode()).digest()[:8]) < threshold
        for task in tasks
    }


def _check_variant(case: Case, kinds: dict[str, tuple[str, bool]]) -> None:
    if kinds.setdefault(case.variant, (case.label, case.goal)) != (case.label, case.goal):
        raise CalibrationError(
            f"The variant {case.variant!r} has another label or goal on an earlier line; "
            "give what differs a name of its own."
        )


def _text(value: Mapping[str, Any], name: str) -> str:
    text = value[name]
    if not isinstance(text, str) or not 0 < len(text) <= MAX_NAME or not text.isprintable():
        raise CalibrationError(
            f"The case's {name} must be printable text of 1 to {MAX_NAME} characters."
        )
    return text


def _path(name: Any) -> str:
    """A relative path that stays within the folder of the cases."""
    parts = name.split("/") if isinstance(name, str) else [""]
    if not all(parts) or ".." in parts or "\\" in name or "\0" in name:
        raise CalibrationError(
            f"The path {name!r} must be relative, with slashes, and stay in the folder."
        )
    return str(name)
