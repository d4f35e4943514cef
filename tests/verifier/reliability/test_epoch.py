"""Epochs: caps, decay, what is lost and what is not."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifier.reliability.epochs import DAY, DOMAIN, ONE, OTHER, RULES, START
from verifier import reputation
from verifier.errors import ReliabilityError
from verifier.reliability.epoch import Rules, aggregate, merge, scored, update
from verifier.reliability.evidence import Item
from verifier.reliability.words import pack, unpack

pytestmark = pytest.mark.unit

CAP = 3 * ONE


def item(asker, source, contribution, query=0, domain=DOMAIN):
    """Unsigned: aggregation does not look at signatures."""
    return Item(source, domain, f"asker {asker}", query.to_bytes(32, "big"), contribution, 1)


items = st.builds(
    item,
    st.integers(0, 3),
    st.integers(0, 2),
    st.integers(-ONE, ONE),
    st.integers(0, 5),
    st.sampled_from((DOMAIN, OTHER)),
)
lists = st.lists(items, max_size=30, unique_by=lambda i: (i.source, i.domain, i.asker, i.query))


def test_aggregate__then_good_and_bad_are_summed_apart_per_source_and_domain():
    found = aggregate(
        sorted([item(0, 7, ONE), item(0, 7, -ONE // 4, 1), item(0, 7, ONE // 2, 2, OTHER)]), CAP
    )
    assert found == {(7, DOMAIN): (ONE, ONE // 4), (7, OTHER): (ONE // 2, 0)}


def test_cap__when_one_asker_says_a_lot__then_it_counts_no_more_than_the_cap():
    loud = [item(0, 7, ONE, query) for query in range(20)] + [item(0, 7, -ONE, 99)]
    quiet = [item(1, 7, -ONE, 1), item(2, 7, -ONE, 1)]
    ((good, bad),) = aggregate(sorted(loud + quiet), CAP).values()
    assert good == 20 * CAP // 21
    assert bad == CAP // 21 + 2 * ONE


@given(lists)
def test_cap__then_no_asker_moves_a_source_by_more(some):
    askers = {each.asker for each in some}
    for good, bad in aggregate(sorted(some), CAP).values():
        assert good + bad <= CAP * len(askers)


@given(lists, st.integers(1, 4))
def test_lost_update__when_the_work_is_divided_by_asker__then_nothing_is_lost(some, workers):
    parts = [
        [each for each in some if int(each.asker[-1]) % workers == worker]
        for worker in range(workers)
    ]
    whole = aggregate(sorted(some), CAP)
    for order in list(permutations(parts))[:6]:
        merged = merge(*(aggregate(sorted(part), CAP) for part in order))
        assert merged == dict(sorted(whole.items()))


def test_evidence__when_a_query_is_named_twice__then_it_is_refused():
    twice = [item(0, 7, ONE), item(0, 7, ONE // 2)]
    with pytest.raises(ReliabilityError, match="each once"):
        aggregate(sorted(twice), CAP)
    with pytest.raises(ReliabilityError, match="sorted"):
        aggregate([item(1, 7, ONE), item(0, 7, ONE)], CAP)


def test_update__when_there_is_nothing_new__then_evidence_stays_and_the_score_decays():
    policy = RULES.policy
    held = reputation.Evidence(8 * ONE, ONE, START)
    before = (scored((7, DOMAIN), held, START, policy),)
    (after,) = update(before, {}, START + 60 * DAY, policy)
    assert after.evidence == held
    assert after.score == reputation.score(held, START + 60 * DAY, policy)
    assert after.score.lower_bps < before[0].score.lower_bps


def test_update__when_there_is_new_evidence__then_by_the_ledger_s_rules():
    policy = RULES.policy
    held = reputation.Evidence(8 * ONE, ONE, START)
    before = (scored((7, DOMAIN), held, START, policy),)
    now = START + 10 * DAY
    (after,) = update(before, {(7, DOMAIN): (5, 6)}, now, policy)
    assert after.evidence == reputation.add(held, now, 5, 6, policy)


def test_update__when_nothing_is_left_of_a_source__then_it_leaves_the_tree():
    policy = RULES.policy
    faint = scored((7, DOMAIN), reputation.Evidence(ONE, 0, START), START, policy)
    later = START + 64 * policy.half_life
    assert [each.source for each in update((faint,), {(8, DOMAIN): (ONE, 0)}, later, policy)] == [8]


def test_rules__when_the_cap_is_nothing__then_they_are_refused():
    with pytest.raises(ReliabilityError, match="cap per asker"):
        Rules(RULES.policy, 0)


@given(st.lists(st.none() | st.integers(0, 10_000), max_size=50))
def test_words__when_unpacked__then_the_scores_and_unknown_ones_to_fill(scores):
    words = pack(scores)
    assert len(words) == -(-len(scores) // 16)
    found = unpack(words)
    assert found[: len(scores)] == scores
    assert set(found[len(scores) :]) <= {None}


def test_words__when_a_score_is_out_of_range__then_it_is_refused():
    with pytest.raises(ReliabilityError, match="basis points"):
        pack([10_001])
