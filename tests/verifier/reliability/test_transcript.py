"""Recomputation: same bundle, same root; and nobody gets by with less than the work."""

import json
from dataclasses import replace

import pytest

from tests.verifier.reliability.epochs import (
    ANCHOR,
    ASKERS,
    DOMAIN,
    ONE,
    OTHER,
    bundle,
    closed,
    item,
    published,
)
from verifier.canonical import canonical_json, keccak256
from verifier.digest.bits import from_words
from verifier.digest.exact import Exact
from verifier.errors import ReliabilityError
from verifier.reliability.bundle import NO_ROOT, Bundle
from verifier.reliability.evidence import Anchor
from verifier.reliability.proof import ScoreProof
from verifier.reliability.transcript import INVALID, judge, recompute, transcript_digest
from verifier.reliability.words import unpack

pytestmark = pytest.mark.unit

KEY = b"\x42" * 32


@pytest.fixture(scope="module")
def first():
    return closed(
        bundle(
            item(0, 7, ONE),
            item(1, 7, ONE // 2),
            item(1, 8, -ONE),
            item(2, 8, ONE // 4, domain=OTHER),
        )
    )


@pytest.fixture(scope="module")
def second(first):
    return closed(bundle(item(0, 7, -ONE // 2, epoch=2), item(3, 9, ONE, epoch=2), after=first))


def test_root__when_recomputed_from_the_bytes__then_the_same_and_chained(first, second):
    made, found = second
    assert recompute(Bundle.parse(made.to_bytes())).root == found.root
    assert made.previous_root == first[1].root
    assert [entry.source for entry in found.entries] == [7, 8, 8, 9]


def test_transcript__then_it_ends_with_the_root_and_holds_every_state(second):
    made, found = second
    assert found.transcript.endswith(found.root)
    assert found.words_hash + found.root in found.transcript
    for node in found.tree.nodes:
        assert node in found.transcript
    states = len(made.items) * 2 + len(found.entries)
    nodes = len(found.tree.nodes) - 1
    assert len(found.transcript) == 16 * states + 32 * (nodes + 2)


def test_digest__then_it_is_the_exact_family_s(first):
    transcript = first[1].transcript
    digests = Exact(len(transcript)).digest([transcript], KEY)
    assert transcript_digest(KEY, transcript) == from_words(digests)[0]


def test_root_echo__when_a_verifier_only_knows_the_root__then_its_digest_is_another(first):
    found = first[1]
    honest = transcript_digest(KEY, found.transcript)
    states = list(found.tree.nodes[1:])
    for echo in (found.root, found.words_hash + found.root, b"".join(states) + found.root):
        assert transcript_digest(KEY, echo) != honest


def test_root_echo__when_a_state_on_the_way_is_wrong__then_the_digest_differs(first):
    transcript = first[1].transcript
    for place in range(0, len(transcript), 16):
        wrong = transcript[:place] + bytes([transcript[place] ^ 1]) + transcript[place + 1 :]
        assert transcript_digest(KEY, wrong) != transcript_digest(KEY, transcript)


def test_unsigned_score__when_any_field_is_altered__then_the_signature_does_not_hold(first):
    made = first[0]
    good = made.items[0]
    for change in (
        {"contribution": good.contribution - 1},
        {"source": 6},
        {"query": b"\x01" * 32},
        {"domain": b"\x09" * 32},
        {"asker": ASKERS[2].address},
        {"signature": made.items[1].signature},
        {"signature": bytes(64) + b"\x1b"},
    ):
        altered = replace(made, items=tuple(sorted((replace(good, **change), *made.items[1:]))))
        with pytest.raises(ReliabilityError, match="sign"):
            recompute(altered)


def test_replay__when_evidence_is_of_another_epoch_chain_or_anchor__then_it_is_refused(first):
    made = first[0]
    with pytest.raises(ReliabilityError, match="Evidence of epoch 1"):
        recompute(bundle(item(0, 7, ONE, epoch=1), after=first))
    for elsewhere in (Anchor(1, ANCHOR.address), Anchor(31337, ASKERS[0].address)):
        foreign = item(0, 7, ONE, anchor=elsewhere)
        with pytest.raises(ReliabilityError, match="not signed by"):
            recompute(replace(made, items=(foreign,)))


def test_before__when_the_start_is_not_the_last_epoch_s__then_it_is_refused(first):
    made = bundle(after=first)
    entry = made.before[0]
    better = replace(entry, evidence=replace(entry.evidence, alpha=entry.evidence.alpha + 1))
    with pytest.raises(ReliabilityError, match="not those of its previous root"):
        recompute(replace(made, before=(better, *made.before[1:])))
    with pytest.raises(ReliabilityError, match="not those of its previous root"):
        recompute(replace(made, previous_root=NO_ROOT))
    with pytest.raises(ReliabilityError, match="not sorted"):
        recompute(replace(made, before=made.before[::-1]))
    with pytest.raises(ReliabilityError, match="younger than its epoch"):
        recompute(replace(made, at=entry.evidence.updated_at - 1))


def test_judge__when_the_bundle_is_bad__then_one_answer_that_all_agree_on(first):
    made, found = first
    data = made.to_bytes()
    at = published(made)
    assert judge(data, at) == found.transcript
    # Evidence counts in one epoch of one anchor, after another, and not before its time.
    for other in (
        {"previous_root": b"\x01" * 32},
        {"epoch": 2},
        {"anchor": Anchor(1, made.anchor.address)},
        {"published_at": made.at - 1},
    ):
        assert judge(data, replace(at, **other)) == INVALID
    for broken in (b"", b"{", data + b" ", data.replace(b"assay/evidence/1", b"assay/evidence/2")):
        assert judge(broken, at) == INVALID


def test_bundle__when_it_is_not_canonical__then_it_is_refused(first):
    data = first[0].to_bytes()
    assert Bundle.parse(data).hash == keccak256(data)
    with pytest.raises(ReliabilityError, match="canonical"):
        Bundle.parse(json.dumps(json.loads(data)).encode())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epoch", 0),
        ("epoch", True),
        ("chainId", "1"),
        ("anchor", "0x00"),
        ("askerCapNano", "-1"),
        ("askerCapNano", "0"),
        ("items", {}),
        ("items", [1]),
        ("before", [{}]),
        ("packed", [7]),
        ("policy", {"halfLife": 0, "minimum": "1", "prior": "1"}),
        ("previousRoot", "0x"),
        ("extra", 1),
    ],
)
def test_bundle__when_a_field_is_wrong__then_one_sentence_says_which(first, name, value):
    changed = json.loads(first[0].to_bytes()) | {name: value}
    with pytest.raises(ReliabilityError) as caught:
        Bundle.parse(canonical_json(changed))
    assert str(caught.value).endswith(".")
    assert judge(canonical_json(changed), published(first[0])) == INVALID


def test_packed__when_contracts_read_some__then_known_scores_in_their_places(first):
    made = replace(first[0], packed=((8, DOMAIN), (99, DOMAIN), (7, DOMAIN)))
    found = recompute(made)
    scores = {entry.place: entry.score for entry in found.entries}
    expected = [scores[8, DOMAIN].lower_bps, None, scores[7, DOMAIN].lower_bps]
    assert unpack(found.words)[:4] == [*expected, None]
    assert found.root == first[1].root
    with pytest.raises(ReliabilityError, match="packs a source twice"):
        recompute(replace(made, packed=((8, DOMAIN),) * 2))


def test_proof__when_read_back__then_it_holds_under_its_root_only(first, second):
    found = first[1]
    proof = ScoreProof.of(1, found, 7, DOMAIN)
    read = ScoreProof.parse(canonical_json(proof.to_json()))
    read.check(found.root)
    with pytest.raises(ReliabilityError, match="not under the root"):
        read.check(second[1].root)
    lie = canonical_json(proof.to_json() | {"lowerBps": 9999})
    with pytest.raises(ReliabilityError, match="not under the root"):
        ScoreProof.parse(lie).check(found.root)
    with pytest.raises(ReliabilityError, match="no evidence"):
        ScoreProof.of(1, found, 1234, DOMAIN)
