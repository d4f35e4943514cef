"""Cases of log-probabilities: made for one key, and worth nothing when implausible."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.calibration.casefolder import RECIPE
from verifier import calibration
from verifier.digest.logprobs import Logprobs, encode
from verifier.errors import CalibrationError

pytestmark = pytest.mark.unit

FEATURES = {
    "clip": 1024,
    "shortfallCap": 512,
    "shortfallLimit": 0,
    "suffix": 4,
    "top": 8,
    "vocabulary": 60,
}
LOGPROBS: dict[str, Any] = RECIPE | {
    "family": "logprobs",
    "canonicalisation": "logprobs-le",
    "features": FEATURES,
    "maxBytes": 1 << 16,
}


def prefill(seed: int, key: bytes, plausible: bool = True) -> bytes:
    """What a model, a table of logits by its seed, says of its own likeliest or least tokens."""
    logits = np.random.default_rng(seed).normal(0, 3, (44, 60))
    suffix = Logprobs.parse(FEATURES, 1 << 16).suffix_tokens(key)
    own = (logits if plausible else -logits)[:40].argmax(axis=1)
    logprobs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    order = np.argsort(-logprobs, axis=1)[:, :8]
    given = np.concatenate([own, suffix]).astype(np.int64)
    return encode(given, order, np.take_along_axis(logprobs, order, axis=1))


def case_folder(folder: Path, named: bool) -> Path:
    """An honest case and one whose claim and verifiers are all implausible, for a key each."""
    lines = []
    for task in range(3):
        key = bytes([task]) * 32
        for variant, plausible in (("again", True), ("implausible", False)):
            file = f"{task}-{variant}.bin"
            (folder / file).write_bytes(prefill(task, key, plausible))
            lines.append(
                {
                    "task": f"t{task}",
                    "label": "same" if plausible else "different",
                    "variant": variant,
                    "claim": file,
                    "verifiers": [file] * 3,
                    **({"key": "0x" + key.hex()} if named else {}),
                }
            )
    (folder / "cases.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return folder


def test_run__when_contents_are_for_one_key__then_that_key_and_implausible_ones_agree_with_none(
    tmp_path: Path,
):
    cases = calibration.CaseSet.load(case_folder(tmp_path, named=True))
    result = calibration.run(cases, LOGPROBS, tmp_path / "out", keys=3, holdout=0)
    assert result.held_out.false_reject.single.events == 0
    assert result.held_out.false_reject.single.pairs == 3 * 3  # one key, whatever was asked for
    measured = result.held_out.false_accept.measured
    assert measured is not None
    assert (measured.accepted, measured.rejected, measured.inconclusive) == (0, 0, 3)
    assert result.usable


def test_run__when_contents_are_for_another_key__then_said_of_which_file(tmp_path: Path):
    cases = calibration.CaseSet.load(case_folder(tmp_path, named=False))
    with pytest.raises(CalibrationError, match=r"0-again\.bin: .* suffix of this key"):
        calibration.run(cases, LOGPROBS, tmp_path / "out", holdout=0)
