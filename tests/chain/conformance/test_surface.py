"""The written-down standard against the ids known from the public registries, and our own ABIs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chain import abi, artifacts
from chain.conformance import surface
from chain.conformance.surface import IDENTITY, NETWORK, REPUTATION, VALIDATION
from chain.errors import ConfigError

pytestmark = pytest.mark.unit

SELECTORS = {
    (IDENTITY, "register()"): "1aa3a008",
    (IDENTITY, "register(string)"): "f2c298be",
    (IDENTITY, "register(string,(string,bytes)[])"): "8ea42286",
    (IDENTITY, "ownerOf"): "6352211e",
    (REPUTATION, "giveFeedback"): "3c036a7e",
    (VALIDATION, "validationRequest"): "aaf400c4",
    (VALIDATION, "validationResponse"): "3d659a96",
}
TOPICS = {
    (IDENTITY, "Registered"): "ca52e62c",
    (IDENTITY, "MetadataSet"): "2c149ed5",
    (IDENTITY, "URIUpdated"): "3a2c7fff",
    (IDENTITY, "Transfer"): "ddf252ad",
    (REPUTATION, "NewFeedback"): "6a4a6174",
    (REPUTATION, "FeedbackRevoked"): "25156fd3",
    (REPUTATION, "ResponseAppended"): "b1c6be0b",
    (VALIDATION, "ValidationRequest"): "530436c3",
    (VALIDATION, "ValidationResponse"): "afddf629",
}
OURS = {IDENTITY: IDENTITY, REPUTATION: REPUTATION, VALIDATION: VALIDATION}
COURT = "VerificationRounds"


def in_abi(contract: str, kind: str) -> dict[str, Any]:
    return {abi.signature(entry): entry for entry in artifacts.load(contract).entries(kind)}


def outputs(entry: Any) -> tuple[str, ...]:
    return tuple(abi.type_of(param) for param in entry["outputs"])


def functions() -> Iterator[tuple[str, surface.Function]]:
    for contract in surface.FUNCTIONS:
        for found in set(surface.functions(contract).values()):
            yield OURS.get(contract, COURT), found


@pytest.mark.parametrize(("key", "selector"), SELECTORS.items(), ids=str)
def test_function__then_its_selector_is_the_public_registries(
    key: tuple[str, str], selector: str
) -> None:
    assert surface.function(*key).selector.hex() == selector


@pytest.mark.parametrize(("key", "start"), TOPICS.items(), ids=str)
def test_event__then_its_topic_is_the_public_registries(key: tuple[str, str], start: str) -> None:
    assert surface.events(key[0])[key[1]].topic.hex().startswith(start)


def test_network__then_its_interface_id_is_the_standards() -> None:
    assert surface.interface_id(NETWORK).hex() == "63f3aaf9"


def test_functions__then_ours_have_each_with_the_same_answer() -> None:
    missing = [
        found.signature
        for contract, found in functions()
        if outputs(in_abi(contract, "function").get(found.signature, {"outputs": []}))
        != found.outputs
        or found.signature not in in_abi(contract, "function")
    ]
    assert missing == []


@pytest.mark.parametrize("contract", [IDENTITY, REPUTATION, VALIDATION])
def test_events__then_ours_have_each_with_the_same_parameters_indexed(contract: str) -> None:
    ours = in_abi(contract, "event")
    for shape in surface.events(contract).values():
        found = ours[shape.signature]["inputs"]
        assert [(abi.type_of(p), p["indexed"]) for p in found] == list(shape.params)


@pytest.mark.parametrize("contract", [IDENTITY, REPUTATION, VALIDATION])
def test_functions__then_ours_change_nothing_beyond_the_standards(contract: str) -> None:
    """No initialiser, no upgrade: what is extra is of ERC-721."""
    extra = set(in_abi(contract, "function")) - set(surface.functions(contract))
    erc721 = {
        "name()",
        "symbol()",
        "safeTransferFrom(address,address,uint256,bytes)",
        "eip712Domain()",
    }
    assert extra <= erc721


def test_split__when_types_are_nested__then_only_the_outer_commas_part() -> None:
    assert list(surface.split("a,(b,c)[],d")) == ["a", "(b,c)[]", "d"]
    assert list(surface.split("")) == []


def test_function__when_there_is_none__then_it_says_so() -> None:
    with pytest.raises(ConfigError, match="no function initialize"):
        surface.function(IDENTITY, "initialize")
    with pytest.raises(ConfigError, match="no function register in"):
        surface.function(IDENTITY, "register")
