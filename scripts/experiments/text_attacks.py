"""Attacks on digests of text: guesses without the model, and a search for what passes."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.experiments import text_prompts
from scripts.experiments.text_cases import Texts
from scripts.experiments.text_edits import EDITS
from scripts.experiments.text_guesses import guesses
from scripts.experiments.text_judge import LOGPROBS, MINHASH, TOKENS
from scripts.experiments.text_logprobs import Records
from scripts.experiments.text_search import Found, Search, vocabulary
from scripts.experiments.text_stale import guess_distances
from scripts.experiments.text_store import Lines
from verifier import digest
from verifier.calibration import key_of
from verifier.digest.logprobs import Logprobs
from verifier.digest.text_minhash import TextMinhash
from verifier.profiles import Profile

__all__ = ["STARTS", "Attack", "Searches", "attack"]

TRIALS, LEAST_KEYS, MOST_KEYS = 4000, 4, 64
"""Comparisons of each guess, under as many keys of each task as that takes."""
FRESH_KEYS = 512
VOCABULARY_TEXTS = 500
EDIT = "3 words replaced"
STARTS = {"temperature-0.8": "another sample, temperature 0.8", EDIT: "the honest text, " + EDIT}

Distances = NDArray[np.uint16]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Searches:
    """Searches that began from one kind of text. fresh, before: distances `uint16[texts, keys]`
    under keys drawn later, of what was found and of what it began with."""

    found: tuple[Found, ...]
    fresh: Distances
    before: Distances


@dataclass(frozen=True, slots=True)
class Attack:
    """guesses: by profile and kind, distances `uint16[tasks, keys]`; searches: by what
    they begin from; tolerances: by profile."""

    guesses: Mapping[str, Mapping[str, Distances]]
    searches: Mapping[str, Searches]
    tolerances: Mapping[str, int]


def attack(work: Path, found: Mapping[str, Profile], searches: int, tries: int, say: Say) -> Attack:
    """Attacks the profiles in `found` with the outputs under `work`: `searches` of at most `tries`
    tries from each kind of text."""
    texts, records = Texts.load(work, "short"), Records.load(work)
    topics = _topics()
    honest = {task: _honest(texts, task) for task in texts.tasks()}
    seeded = {
        task: np.array(record["tokens"], dtype="<u4").tobytes()
        for task, record in texts.made["temperature-0.8"].items()
    }
    logprobs = found[LOGPROBS].digester
    assert isinstance(logprobs, Logprobs)
    made: dict[str, Mapping[str, Distances]] = {}
    for name, contents in ((MINHASH, honest), (TOKENS, seeded)):
        keys = min(MOST_KEYS, max(LEAST_KEYS, -(-TRIALS // max(1, len(contents)))))
        made[name] = {
            guess.words: guess.distances for guess in guesses(contents, topics, found[name], keys)
        }
        say(f"guesses at {name}: {len(contents):,} tasks")
    made[LOGPROBS] = guess_distances(records, logprobs)
    say(f"guesses at {LOGPROBS}: {len(records.suffixes):,} tasks")
    return Attack(
        guesses=made,
        searches={
            words: _searches(work, texts, start, found[MINHASH], searches, tries, say)
            for start, words in STARTS.items()
        },
        tolerances={name: profile.tolerance for name, profile in found.items()},
    )


def _searches(
    work: Path, texts: Texts, start: str, profile: Profile, count: int, tries: int, say: Say
) -> Searches:
    long_enough = [t for t in sorted(texts.made["temperature-0.8"]) if len(_honest(texts, t)) > 150]
    chosen = {task: _honest(texts, task).decode() for task in long_enough[:count]}
    begins = {task: _start(texts, start, task, honest) for task, honest in chosen.items()}
    with Lines(work / "searches" / f"{start}-{tries}.jsonl") as lines:
        for task in [task for task in chosen if task not in lines]:
            one = _search(texts, profile, task, chosen[task], begins[task], tries)
            lines.add({"task": task, **asdict(one)})
            say(f"search from {start}: {task} {one.first} to {one.distance} bits, {one.tries:,}")
        found = {task: _found(lines.records[task]) for task in chosen}
    later = [
        [
            _apart(profile, key_of(task, 1 + number), chosen[task], one.text, begins[task])
            for number in range(FRESH_KEYS)
        ]
        for task, one in found.items()
    ]
    apart = np.array(later, dtype=np.uint16).reshape(len(found), FRESH_KEYS, 2)
    return Searches(tuple(found.values()), apart[:, :, 0], apart[:, :, 1])


def _search(
    texts: Texts, profile: Profile, task: str, honest: str, begin: str, tries: int
) -> Found:
    family = profile.digester
    assert isinstance(family, TextMinhash)
    some = [texts.made["honest"][name]["text"] for name in sorted(texts.made["honest"])]
    search = Search(family, key_of(task, 0), vocabulary(some[:VOCABULARY_TEXTS]), seed=1)
    return search.run(honest, begin, profile.tolerance, tries)


def _found(record: Mapping[str, Any]) -> Found:
    return Found(**{field.name: record[field.name] for field in fields(Found)})


def _start(texts: Texts, start: str, task: str, honest: str) -> str:
    """The text to begin from."""
    edited = EDITS[EDIT](honest, np.random.default_rng(0)) if start == EDIT else None
    return edited or texts.text("temperature-0.8", task) or honest


def _apart(profile: Profile, key: bytes, honest: str, *others: str) -> list[int]:
    rows = digest.digest_batch([text.encode() for text in (honest, *others)], profile, key)
    return [int(length) for length in digest.distances(rows[:1], rows[1:])]


def _honest(texts: Texts, task: str) -> bytes:
    text = texts.text("honest", task)
    assert text is not None
    return text.encode()


def _topics() -> dict[str, list[str]]:
    """For each task, the others whose prompts are on its topic."""
    by_topic: dict[str, list[str]] = {}
    topic_of = {}
    for task in text_prompts.base():
        topic = next(topic for topic in LONGEST_FIRST if topic in task.prompt)
        topic_of[task.name] = topic
        by_topic.setdefault(topic, []).append(task.name)
    return {
        name: [other for other in by_topic[topic] if other != name]
        for name, topic in topic_of.items()
    }


LONGEST_FIRST = sorted(text_prompts.TOPICS, key=len, reverse=True)
