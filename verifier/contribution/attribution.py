"""From the documents that an answer was made of to what each source contributed.

All documents of one source come and go together: the source is what is credited. A source of which
no document was used contributed nothing that could be judged: its contribution is None, not 0.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from verifier.contribution import shapley
from verifier.contribution.game import Game
from verifier.errors import ContributionError

__all__ = ["Attribution", "Document", "attribute"]

DEFAULT_PAIRS = 200


@dataclass(frozen=True, slots=True)
class Document:
    """What a source gave for an answer. `source`: its name."""

    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Attribution:
    """contributions, errors: nano per source, None where unused. Exact values have the error 0.

    none, full: quality of the answer without any source, and with all that were used.
    pairs: antithetic pairs of permutations, 0 where exact. evaluations: answers that were made.
    """

    contributions: Mapping[str, int | None]
    errors: Mapping[str, int | None]
    none: int
    full: int
    pairs: int
    evaluations: int


def attribute(
    sources: Iterable[str],
    documents: Sequence[Document],
    quality: Callable[[Sequence[Document]], int],
    seed: bytes,
    pairs: int = DEFAULT_PAIRS,
) -> Attribution:
    """Shapley values, rounded to nano (halves to even), of every source in `sources`.

    Args:
        sources: all that were asked, used or not.
        documents: those the answer was made of, in the order the answer saw them.
        quality: nano; called with some of `documents` in their order, once for each subset of
            sources (all of them up to 12 sources, those that sampling meets beyond).
        seed: 32 bytes that decide which permutations are sampled; public and drawn late.

    Raises:
        ContributionError: a document of an unknown source, or no document at all.
    """
    known = dict.fromkeys(sources)
    used = list(dict.fromkeys(document.source for document in documents))
    strangers = [source for source in used if source not in known]
    if strangers:
        raise ContributionError(f"The source {strangers[0]!r} of a document was not asked; add it.")
    if not used:
        raise ContributionError("The answer used no document; there is nothing to attribute.")
    bit = {source: 1 << index for index, source in enumerate(used)}
    game = Game(
        len(used),
        lambda mask: quality([each for each in documents if bit[each.source] & mask]),
    )
    if len(used) <= shapley.EXACT_LIMIT:
        values, errors, drawn = shapley.exact(game), (0,) * len(used), 0
    else:
        estimate = shapley.sampled(game, pairs, seed)
        values, errors, drawn = estimate.values, estimate.errors, pairs
    return Attribution(
        contributions=known | dict(zip(used, map(round, values), strict=True)),
        errors=known | dict(zip(used, errors, strict=True)),
        none=game(0),
        full=game((1 << len(used)) - 1),
        pairs=drawn,
        evaluations=game.evaluations,
    )
