"""One run of the retrieval experiment: 1,000 questions answered from six sources.

Every source holds a document on every question; of source i a share i/5 is polluted. A question's
candidates are all sources' documents on the three nouns nearest to it. Each document votes for the
noun it names with exp(cosine / temperature) times the weight of its source, and the most votes win.
The temperature is the one of TEMPERATURES with which *unweighted* retrieval does best on a seed of
its own.

Weights: 1 (unweighted); ln(p / (1 − p)) with p the lower bound of the source's reliability as
anchored at the end of the last epoch, which is how independent votes of known accuracy are best
weighed (Nitzan and Paroush, Int. Econ. Rev. 23 (1982) 289-297), and FLOOR where that is less or p
unknown, so that no newcomer outvotes anybody; 1 for the unpolluted source and 0 for the others
(clean). After each question every source gets the Shapley value of the answer's being right, with
equal weights, as evidence.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scripts.experiments.retrieval_data import NEIGHBOURS, SOURCES, Corpus
from verifier import reputation
from verifier.contribution.game import ONE, Game
from verifier.contribution.shapley import exact
from verifier.reliability.epoch import Entry, update
from verifier.reliability.merkle import Tree

TEMPERATURES: Final = (0.02, 0.05, 0.1, 0.2, 0.4)
FLOOR: Final = 0.02
PER_EPOCH: Final = 50
SECONDS: Final = 86_400  # an epoch is a day
POLICY: Final = reputation.Policy(half_life=5 * SECONDS)
DOMAIN: Final = bytes(32)
SHARES: Final = tuple(index / (SOURCES - 1) for index in range(SOURCES))

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Story:
    """together: polluted documents on a noun all name the same wrong one. From half way on, turns:
    the clean source is polluted throughout; renames: the worst comes back under a new name."""

    name: str
    together: bool
    turns: bool = False
    renames: bool = False


STORIES: Final = (
    Story("apart", together=False),
    Story("together", together=True),
    Story("turns bad", together=True, turns=True),
    Story("renamed", together=True, renames=True),
)


@dataclass
class Run:
    """right[way]: whether each question was answered rightly; ways: unweighted, weighted, clean."""

    right: dict[str, list[bool]] = field(default_factory=dict)
    roots: list[bytes] = field(default_factory=list)
    scores: list[tuple[float | None, ...]] = field(default_factory=list)


def run(corpus: Corpus, story: Story, questions: int, seed: int, temperature: float) -> Run:
    """Answers `questions` questions, a day's epoch each fifty."""
    rng = np.random.default_rng(seed)
    polluted = rng.random((SOURCES, corpus.questions)) < np.array(SHARES)[:, None]
    names = list(range(SOURCES))
    entries: tuple[Entry, ...] = ()
    found = Run({way: [] for way in ("unweighted", "weighted", "clean")})
    added: dict[tuple[int, bytes], tuple[int, int]] = {}
    best = 0
    for number, question in enumerate(rng.integers(0, corpus.questions, questions)):
        if number == questions // 2:
            if story.turns:
                polluted[0], best = True, 1
            if story.renames:
                names[-1] = SOURCES
        votes, nouns = _ballots(corpus, int(question), polluted, story.together, temperature)
        ways = {
            "unweighted": np.ones(SOURCES),
            "weighted": _weights(entries, names),
            "clean": np.arange(SOURCES) == best,
        }
        for way, weights in ways.items():
            found.right[way].append(_answer(votes, nouns, weights) == int(question))
        _credit(added, names, votes, nouns, int(question))
        if (number + 1) % PER_EPOCH == 0:
            now = (number + 1) // PER_EPOCH * SECONDS
            entries = update(entries, added, now, POLICY)
            added = {}
            found.roots.append(Tree([entry.leaf for entry in entries]).root)
            known = {entry.source: entry.score for entry in entries if entry.score.known}
            found.scores.append(
                tuple(
                    known[name].lower_bps / reputation.BASIS_POINTS if name in known else None
                    for name in names
                )
            )
    return found


def _ballots(
    corpus: Corpus, question: int, polluted: Bools, together: bool, temperature: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Each source's documents: their votes and the nouns they name, both [source, neighbour]."""
    votes = np.empty((SOURCES, NEIGHBOURS))
    nouns = np.empty((SOURCES, NEIGHBOURS), dtype=np.int64)
    near = corpus.about[question]
    for source in range(SOURCES):
        wrong = 1 if together else 2 + source
        document = np.where(polluted[source, near], wrong, 0)
        place = np.arange(NEIGHBOURS)
        nouns[source] = corpus.nouns[question, place, document]
        votes[source] = np.exp(corpus.similarity[question, place, document] / temperature)
    return votes, nouns


def _answer(
    votes: NDArray[np.float64], nouns: NDArray[np.int64], weights: NDArray[np.float64] | Bools
) -> int:
    """The noun with most votes; the lower number where two have as many, −1 where none has any."""
    choices, places = np.unique(nouns, return_inverse=True)
    sums = np.bincount(places.ravel(), (votes * np.asarray(weights)[:, None]).ravel())
    return int(choices[sums.argmax()]) if sums.max() > 0 else -1


def _weights(entries: Sequence[Entry], names: Sequence[int]) -> NDArray[np.float64]:
    known = {entry.source: entry.score for entry in entries if entry.score.known}
    if not known:
        return np.ones(len(names))
    weights = []
    for name in names:
        p = known[name].lower_bps / reputation.BASIS_POINTS if name in known else 0.0
        weights.append(log(p / (1 - p)) if 0.5 < p < 1 else FLOOR)
    return np.maximum(weights, FLOOR)


def _credit(
    added: dict[tuple[int, bytes], tuple[int, int]],
    names: Sequence[int],
    votes: NDArray[np.float64],
    nouns: NDArray[np.int64],
    question: int,
) -> None:
    """Adds each source's Shapley value of a right answer to the epoch's evidence."""

    def quality(mask: int) -> int:
        inside = (mask >> np.arange(SOURCES)) & 1
        return ONE if _answer(votes, nouns, inside == 1) == question else 0

    for name, value in zip(names, exact(Game(SOURCES, quality)), strict=True):
        good, bad = added.get((name, DOMAIN), (0, 0))
        worth = round(value)
        added[name, DOMAIN] = (good + max(worth, 0), bad + max(-worth, 0))
