"""Every check of the conformance pack fails on contracts in which just that thing is wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chain import artifacts
from chain.conformance.run import CHAPTERS, Verdict
from chain.conformance.surface import IDENTITY, NETWORK, VALIDATION
from chain.conformance.table import TABLE
from chain.types import Address
from cli.anvil import AnvilOptions, start_anvil
from tests.chain.conformance import variants
from tests.chain.conformance.lab import Lab, word

pytestmark = [pytest.mark.integration, pytest.mark.campaign]

FLAWS = tuple(id_ for id_ in TABLE if id_.startswith("net-"))
"""Checks that the flawed network fails on demand."""

REGISTRIES = tuple(v for v in variants.VARIANTS if v.contract != variants.NETWORK)


@pytest.fixture(scope="module")
def codes() -> dict[str, bytes]:
    """Creation code of each variant."""
    return variants.compiled()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lab")
    with start_anvil(folder / "anvil.log", AnvilOptions(block_time=0)) as anvil:
        lab = Lab(anvil.url)
        yield lab
        lab.close()


def with_network(lab: Lab, codes: dict[str, bytes], flaw: str, code: str) -> dict[str, Address]:
    """Registries and a network that has accepted two requests, one of them answered."""
    addresses = dict(lab.addresses)
    if flaw == "net-once":  # a registry that does not keep the network from answering twice
        addresses[VALIDATION] = lab.put(codes["T11-final"], addresses[IDENTITY])
    addresses[NETWORK] = lab.put(codes[code], addresses[VALIDATION], word(flaw))
    for answered in (True, False):
        validator = lab.addresses[IDENTITY] if flaw == "net-addressed" else addresses[NETWORK]
        request = lab.request(addresses, validator)
        lab.accept(addresses, request)
        if flaw != "net-addressed":
            lab.finish(addresses[NETWORK], request, answered)
    return addresses


def test_checks__then_each_has_a_variant_that_it_must_notice() -> None:
    assert {v.id for v in variants.VARIANTS} - {"plain"} | set(FLAWS) == set(TABLE)
    assert len(CHAPTERS) == 6


@pytest.mark.parametrize("variant", REGISTRIES, ids=lambda v: v.id)
def test_check__when_a_registry_does_otherwise__then_it_fails(
    lab: Lab, codes: dict[str, bytes], variant: variants.Variant
) -> None:
    addresses = dict(lab.addresses)
    if variant.contract == IDENTITY:
        addresses[IDENTITY] = lab.put(codes[variant.id])
        for name in set(addresses) - {IDENTITY}:
            addresses[name] = lab.put(artifacts.load(name).bytecode, addresses[IDENTITY])
    else:
        addresses[variant.contract] = lab.put(codes[variant.id], addresses[IDENTITY])

    assert lab.check(variant.id, lab.addresses).verdict is Verdict.PASSED
    result = lab.check(variant.id, addresses)

    assert result.verdict is Verdict.FAILED, result
    assert result.detail


@pytest.mark.parametrize("flaw", FLAWS)
def test_check__when_a_network_does_otherwise__then_it_fails(
    lab: Lab, codes: dict[str, bytes], flaw: str
) -> None:
    result = lab.check(flaw, with_network(lab, codes, flaw, "plain"))

    assert result.verdict is Verdict.FAILED, result


@pytest.mark.parametrize("id_", ["ValidationNetwork-functions", "ValidationNetwork-events"])
def test_check__when_a_network_lacks_a_name__then_it_fails(
    lab: Lab, codes: dict[str, bytes], id_: str
) -> None:
    result = lab.check(id_, with_network(lab, codes, "", id_))

    assert result.verdict is Verdict.FAILED, result


def test_checks__when_nothing_is_wrong__then_all_pass(lab: Lab, codes: dict[str, bytes]) -> None:
    addresses = with_network(lab, codes, "", "plain")

    results = {id_: lab.check(id_, addresses) for id_ in TABLE}

    assert {id_: r.detail for id_, r in results.items() if r.verdict is not Verdict.PASSED} == {}
