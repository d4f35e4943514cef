"""The whole of a calibration: what it chooses, what it writes, and that it goes on where it was."""

import json
import pickle
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.calibration.casefolder import RECIPE, write_cases, write_pairs
from verifier import calibration, profiles
from verifier.calibration.run import SHARD_CASES
from verifier.calibration.shards import ABSENT, Distances, Shard, measure
from verifier.digest import digest, distance
from verifier.errors import CalibrationError
from verifier.votes import tally

pytestmark = pytest.mark.unit

TASKS = 2 * SHARD_CASES // 4 + 3  # four cases each: three shards


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cases(tmp_path_factory.mktemp("cases"), TASKS)


class Counting:
    """`map` that counts, and can be pulled out like a plug after some shards."""

    def __init__(self, until: int = 1000) -> None:
        self.shards: list[Shard] = []
        self.until = until

    def __call__(self, function: Any, shards: Iterable[Shard]) -> Iterable[Distances]:
        for shard in shards:
            if len(self.shards) == self.until:
                raise KeyboardInterrupt
            self.shards.append(shard)
            yield function(pickle.loads(pickle.dumps(shard)))


def test_run__when_variants_are_apart__then_the_tolerance_is_between_and_all_is_written(
    folder: Path, tmp_path: Path
):
    seen: list[tuple[int, int]] = []
    cases = calibration.CaseSet.load(folder)
    result = calibration.run(
        cases, RECIPE, tmp_path, keys=2, progress=lambda done, total: seen.append((done, total))
    )
    calibration.save(result, tmp_path)

    assert result.choice is not None
    assert result.choice.least == 0 < result.tolerance < result.choice.most
    found = json.loads((tmp_path / "result.json").read_text())
    assert found == json.loads(json.dumps(result.to_json()))
    assert found["schema"] == "assay/calibration/1"
    assert found["calibration"]["tasks"] + found["heldOut"]["tasks"] == TASKS
    for kind in ("falseAccept", "falseReject"):
        errors = found["heldOut"][kind]
        assert errors["oneVerifier"]["events"] == errors["majorityMeasured"]["events"] == 0
        # What is independent is tasks, not pairs.
        assert errors["oneVerifier"]["trials"] == found["heldOut"]["tasks"]
    accept = found["heldOut"]["falseAccept"]["oneVerifier"]
    assert (
        accept["pairs"] == found["heldOut"]["tasks"] * 2 * 2 * 3
    )  # goal variants, keys, verifiers

    recipe = json.loads((tmp_path / "text-of-a-test.json").read_text())
    assert recipe == RECIPE | {"tolerance": result.tolerance, "version": 8}
    profile = profiles.Profile.parse((tmp_path / "text-of-a-test.json").read_bytes())
    assert found["profile"]["profileId"] == "0x" + profile.profile_id.hex()
    report = (tmp_path / "report.md").read_text()
    assert f"tolerance **{result.tolerance}**" in report
    assert "| touched (dishonest) (*) |" in report
    assert (tmp_path / "roc.png").read_bytes().startswith(b"\x89PNG")
    assert seen[0] == (0, 4 * TASKS)
    assert seen[-1] == (4 * TASKS, 4 * TASKS)


def test_run__when_interrupted__then_it_goes_on_and_the_result_is_the_same(
    folder: Path, tmp_path: Path
):
    cases = calibration.CaseSet.load(folder)
    whole = calibration.run(cases, RECIPE, tmp_path / "whole", keys=1)
    with pytest.raises(KeyboardInterrupt):
        calibration.run(cases, RECIPE, tmp_path / "parts", keys=1, mapper=Counting(until=1))
    damaged = tmp_path / "parts" / "shards" / "not-one-of-ours.npz"
    damaged.write_bytes(b"x")
    rest = Counting()
    again = calibration.run(cases, RECIPE, tmp_path / "parts", keys=1, mapper=rest)
    assert again == whole
    assert len(rest.shards) == 2
    idle = Counting()
    assert calibration.run(cases, RECIPE, tmp_path / "parts", keys=1, mapper=idle) == whole
    assert idle.shards == []


def test_run__when_a_stored_shard_is_damaged_or_stale__then_it_is_measured_again(
    folder: Path, tmp_path: Path
):
    cases = calibration.CaseSet.load(folder)
    whole = calibration.run(cases, RECIPE, tmp_path, keys=1)
    one, two, _ = sorted((tmp_path / "shards").iterdir())
    one.write_bytes(one.read_bytes()[:100])
    np.savez(two, claim=np.zeros(3), between=np.zeros(3))
    counting = Counting()
    assert calibration.run(cases, RECIPE, tmp_path, keys=1, mapper=counting) == whole
    assert len(counting.shards) == 2
    other = RECIPE | {"features": {"characterShingle": 4, "wordShingle": 0}}
    counting = Counting()
    assert calibration.run(cases, other, tmp_path, keys=1, mapper=counting) != whole
    assert len(counting.shards) == 3


def test_run__when_a_content_changes__then_its_shard_is_measured_again(tmp_path: Path):
    folder = write_pairs(tmp_path / "cases", 8)
    options: dict[str, Any] = {"holdout": 0, "keys": 1}
    first = calibration.run(calibration.CaseSet.load(folder), RECIPE, tmp_path / "out", **options)
    assert first.held_out.false_reject.single.events == 0
    (folder / "same" / "p3.a.txt").write_text("something else altogether")
    again = calibration.run(calibration.CaseSet.load(folder), RECIPE, tmp_path / "out", **options)
    assert again.held_out.false_reject.single.events == 1


def test_run__when_tasks_are_held_out__then_what_they_hold_bears_on_no_choice(
    folder: Path, tmp_path: Path
):
    cases = calibration.CaseSet.load(folder)
    held = calibration.cases.held_out((case.task for case in cases.cases), 0.5)
    assert 0.3 < sum(held.values()) / TASKS < 0.7
    spoiled = [
        case if not held[case.task] or case.honest else _claiming(case, case.verifiers[0])
        for case in cases.cases
    ]
    honest = calibration.run(cases, RECIPE, tmp_path, keys=1)
    result = calibration.run(
        calibration.CaseSet(cases.root, tuple(spoiled)), RECIPE, tmp_path, keys=1
    )
    assert result.choice == honest.choice
    assert result.held_out.false_accept.single.value == 1
    assert result.held_out.false_accept.independent[0] == 1


def test_run__when_one_variant_of_two_passes__then_trials_are_one_case_of_each_task(
    folder: Path, tmp_path: Path
):
    """The half that passes is met in about half of the trials, whichever comes first."""
    cases = calibration.CaseSet.load(folder)
    copied = tuple(
        _claiming(case, case.verifiers[0]) if case.variant == "edited" else case
        for case in cases.cases
    )
    counting = Counting()
    result = calibration.run(
        calibration.CaseSet(cases.root, copied),
        RECIPE,
        tmp_path,
        keys=1,
        tolerance=3,
        holdout=1,
        mapper=counting,
    )
    single = result.held_out.false_accept.single
    assert single.value == 0.5
    assert single.trials == TASKS
    assert single.trial_events == pytest.approx(TASKS / 2, abs=3 * (TASKS / 4) ** 0.5)
    low, high = single.exact
    assert low < 0.5 < high
    shards = [{case.task for case in shard.cases} for shard in counting.shards]
    assert sum(map(len, shards)) == len(set.union(*shards)) == TASKS


def test_run__when_no_tolerance_keeps_the_limit__then_said_and_no_profile_is_written(
    tmp_path: Path,
):
    folder = write_pairs(tmp_path / "cases", 4)
    for name in ("p0", "p1", "p2", "p3"):
        (folder / "different" / f"{name}.a.txt").write_bytes(
            (folder / "different" / f"{name}.b.txt").read_bytes()
        )
    result = calibration.run(calibration.CaseSet.load(folder), RECIPE, tmp_path, holdout=0, keys=1)
    assert not result.usable
    written = calibration.save(result, tmp_path)
    assert {path.name for path in written} == {"result.json", "report.md", "roc.png"}
    assert "No tolerance keeps false accepts" in (tmp_path / "report.md").read_text()


def test_run__when_the_tolerance_is_given__then_judged_on_all_and_the_version_follows(
    folder: Path, tmp_path: Path
):
    cases = calibration.CaseSet.load(folder)
    result = calibration.run(cases, RECIPE, tmp_path, keys=1, tolerance=0, holdout=1)
    assert result.held_out.tasks == TASKS
    assert (result.choice, result.tolerance, result.recipe["version"]) == (None, 0, 7)
    assert result.calibration is None
    calibration.save(result, tmp_path)
    assert "was given, not chosen" in (tmp_path / "report.md").read_text()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"keys": 0}, "The number of keys is 0"),
        ({"jobs": 0}, "The number of jobs is 0"),
        ({"tolerance": 256}, "admits 0 to 255"),
        ({"tolerance": -1}, "admits 0 to 255"),
        ({"max_false_accept": 0.0}, "above 0 and below 1"),
        ({"max_false_accept": float("nan")}, "above 0 and below 1"),
        ({"holdout": 1.0}, r"1 with --tolerance"),
        ({"holdout": -0.1}, "The share held out is -0.1"),
    ],
)
def test_run__when_an_option_makes_no_sense__then_a_sentence_and_nothing_is_made(
    folder: Path, tmp_path: Path, options: dict[str, Any], sentence: str
):
    cases = calibration.CaseSet.load(folder)
    with pytest.raises(CalibrationError, match=sentence):
        calibration.run(cases, RECIPE, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_run__when_a_label_is_missing__then_a_sentence(folder: Path, tmp_path: Path):
    cases = calibration.CaseSet.load(folder)
    honest = calibration.CaseSet(cases.root, tuple(case for case in cases.cases if case.honest))
    with pytest.raises(CalibrationError, match="no case labelled 'different' to calibrate on"):
        calibration.run(honest, RECIPE, tmp_path)


def test_measure__then_distances_are_those_of_digests_and_verdicts_those_of_the_contract(
    tmp_path: Path,
):
    cases = calibration.CaseSet.load(write_cases(tmp_path / "cases", 12, edits=1, spread=1))
    profile = profiles.Profile.parse(json.dumps(RECIPE).encode())
    contents = cases.contents(cases.cases, 4096)
    found = measure(Shard(profile.recipe, 2, 4, cases.cases, contents))
    assert found.claim.shape == (48, 2, 4)
    assert (found.claim[:, :, 3] == ABSENT).all()
    for row, case in enumerate(cases.cases):
        for number in range(2):
            key = calibration.key_of(case.task, number)
            claim, *seats = (
                digest(contents[name], profile, key) for name in (case.claim, *case.verifiers)
            )
            assert found.claim[row, number, :3].tolist() == [distance(claim, s) for s in seats]
            assert found.between[row, number].tolist() == [
                distance(seats[0], seats[1]),
                distance(seats[0], seats[2]),
                distance(seats[1], seats[2]),
            ]
    tolerance = 20
    verdicts = [
        tally(
            digest(contents[case.claim], profile, key),
            [digest(contents[name], profile, key) for name in case.verifiers],
            tolerance,
        ).verdict.name
        for case in cases.cases
        if not case.honest and case.goal
        for key in (calibration.key_of(case.task, 0), calibration.key_of(case.task, 1))
    ]
    result = calibration.run(cases, RECIPE, tmp_path, keys=2, tolerance=tolerance, holdout=1)
    measured = result.held_out.false_accept.measured
    assert measured is not None
    assert min(measured.accepted, measured.rejected, measured.inconclusive) > 0
    assert measured.accepted == verdicts.count("ACCEPTED")
    assert measured.rejected == verdicts.count("REJECTED")
    assert measured.inconclusive == verdicts.count("INCONCLUSIVE")


def test_measure__when_a_content_has_no_digest__then_it_is_named(tmp_path: Path):
    folder = write_cases(tmp_path / "cases", 2)
    (folder / "outputs" / "1-other.txt").write_bytes(b"\xff")
    cases = calibration.CaseSet.load(folder)
    with pytest.raises(CalibrationError, match=r"1-other\.txt: The text is not valid UTF-8"):
        calibration.run(cases, RECIPE, tmp_path / "out")
    (folder / "outputs" / "1-other.txt").write_bytes(b"a" * 5000)
    with pytest.raises(CalibrationError, match=r"1-other\.txt: .* allows at most 4096"):
        calibration.run(cases, RECIPE, tmp_path / "out")


def _claiming(case: calibration.Case, claim: str) -> calibration.Case:
    return calibration.Case.parse(json.dumps(case.to_json() | {"claim": claim}).encode())
