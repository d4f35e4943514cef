"""Events of words only are read without the codec: to the same values and the same refusals."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain import abi, artifacts
from chain.decoder import anything, words
from chain.errors import MessageError
from chain.events import EVENTS, PIECES

pytestmark = pytest.mark.unit

ENTRIES = [
    entry
    for name in artifacts.names()
    if name not in PIECES
    for entry in artifacts.load(name).entries("event")
    if entry["name"] in {cls.__name__ for cls in EVENTS}
]
PLAIN = [entry for entry in ENTRIES if words(entry) is not None]


def outcome(read: Any, topics: list[bytes], data: bytes) -> Any:
    try:
        values = read(topics, data)
    except MessageError:
        return MessageError
    return [(type(value), value) for value in values]


WORD = st.one_of(
    st.binary(min_size=32, max_size=32),
    st.integers(0, 5).map(lambda n: n.to_bytes(32, "big")),
    st.integers(0, 2**64).map(lambda n: n.to_bytes(32, "big")),
    st.binary(min_size=20, max_size=20).map(lambda b: bytes(12) + b),
)


@given(st.data())
def test_words__when_an_event_is_of_words_only__then_as_the_codec_reads_it(data: Any) -> None:
    entry = data.draw(st.sampled_from(PLAIN))
    indexed = sum(param["indexed"] for param in entry["inputs"])
    wanted = len(entry["inputs"])
    drawn = data.draw(st.lists(WORD, min_size=wanted, max_size=wanted + 1))
    topics, body = drawn[:indexed], b"".join(drawn[indexed:])
    body = body[: data.draw(st.sampled_from([len(body), len(body), len(body) - 1]))]
    fast = words(entry)
    assert fast is not None

    def codec(topics: list[bytes], body: bytes) -> list[Any]:
        try:
            return anything(entry, topics, body)
        except ValueError:  # No member of an enumeration.
            raise MessageError("no member") from None

    def quick(topics: list[bytes], body: bytes) -> list[Any]:
        try:
            return fast(topics, body)
        except ValueError:
            raise MessageError("no member") from None

    assert outcome(quick, topics, body) == outcome(codec, topics, body)


def test_words__when_the_events_are_asked__then_most_are_of_words_only() -> None:
    assert len(PLAIN) > len(ENTRIES) / 2
    dynamic = [entry for entry in ENTRIES if words(entry) is None]
    assert all(
        any(abi.word_reader(param) is None for param in entry["inputs"]) for entry in dynamic
    )
