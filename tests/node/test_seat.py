"""A seat's digest: what is void is neither claimed nor voted."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from chain.messages import Court
from chain.types import PROVIDER_SEAT
from verifier.canonical import canonical_json
from verifier.digest import is_void
from verifier.digest.logprobs import encode, implausible_digest
from verifier.node.errors import NodeError
from verifier.node.records import KnownRound, SeatId
from verifier.node.seat import Assignment, Seat
from verifier.profiles import Profile

pytestmark = pytest.mark.unit

KEY = bytes(range(32))
RECIPE = {
    "schema": "assay/profile/1",
    "name": "logprobs-test",
    "version": 1,
    "modality": "text",
    "family": "logprobs",
    "canonicalisation": "logprobs-le",
    "features": {
        "clip": 1024,
        "shortfallCap": 256,
        "shortfallLimit": 0,
        "suffix": 0,
        "top": 2,
        "vocabulary": 100,
    },
    "tolerance": 20,
    "maxBytes": 1 << 16,
    "environment": {"pins": {}, "variesWith": []},
}
TOKENS, LOGPROBS = np.array([[5, 6]] * 8), np.array([[-0.5, -1.5]] * 8)
PLAUSIBLE = encode(np.full(8, 5), TOKENS, LOGPROBS)
IMPLAUSIBLE = encode(np.full(8, 6), TOKENS, LOGPROBS)


def seat(number: int, agent: int = 7) -> Seat:
    profile = Profile.parse(canonical_json(RECIPE))
    known = KnownRound(bytes(32), 9, bytes(32), "0x00", bytes(32), bytes(32), "data:,", 1)
    place = SeatId(bytes(32), 0, number, KEY)
    court = Court(chain_id=31337, rounds="0x" + "00" * 20)
    tools = SimpleNamespace(court=court, engine=lambda *_: SimpleNamespace(info=dict))
    return Seat(Assignment(place, agent, known, lambda: profile), tools)


def test_produce_digest__when_the_output_is_plausible__then_it_is_the_digest():
    profile = seat(0).assignment.profile
    for number in (0, PROVIDER_SEAT):
        made = seat(number).produce_digest(PLAUSIBLE)
        assert not is_void(made.digest, profile, KEY)
        assert "abstained" not in json.loads(made.evidence)


def test_produce_digest__when_a_verifier_finds_the_output_implausible__then_it_says_so():
    made = [seat(0, agent).produce_digest(IMPLAUSIBLE) for agent in (1, 2)]
    assert [one.digest for one in made] == [implausible_digest(KEY)] * 2
    assert not any("abstained" in json.loads(one.evidence) for one in made)


def test_produce_digest__when_the_provider_has_nothing_plausible__then_it_claims_nothing():
    with pytest.raises(NodeError, match="implausible under the profile 'logprobs-test'"):
        seat(PROVIDER_SEAT).produce_digest(IMPLAUSIBLE)
