"""Checks of a contract's form: its functions, its events, its version and what it points to."""

from __future__ import annotations

import re
from typing import Final

from chain.blocks import unhex
from chain.conformance import surface
from chain.conformance.scene import (
    IDENTITY,
    NETWORK,
    REPUTATION,
    VALIDATION,
    NotApplicable,
    Scene,
    require,
)
from chain.conformance.table import check

IMPLEMENTATION_SLOT: Final = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"
"""EIP-1967: where a proxy keeps the address of its code."""

MAJOR: Final = "2."
"""Of the registries' version that the functions and events here belong to."""


_ADDRESS: Final = re.compile(rb"\x7f\0{12}(.{20})", re.DOTALL)
"""A word of a contract's code that can be an address: an immutable's PUSH32."""


def code_of(s: Scene, contract: str) -> bytes:
    """The code behind an address, a proxy's implementation included."""
    address = s.subject.address(contract)
    code = unhex(s.subject.rpc.request("eth_getCode", address, "latest"))
    require(bool(code), f"there is no contract at {address}")
    slot = s.subject.rpc.request("eth_getStorageAt", address, IMPLEMENTATION_SLOT, "latest")
    if int(slot, 16):
        behind = "0x" + slot[-40:]
        code += unhex(s.subject.rpc.request("eth_getCode", behind, "latest"))
    return code


def code_with_modules(s: Scene, contract: str) -> bytes:
    """The code behind an address, and that of the contracts whose addresses are written into it:
    it may delegate what it does."""
    code = code_of(s, contract)
    named = {found.group(1) for found in _ADDRESS.finditer(code)}
    asked = (s.subject.rpc.request("eth_getCode", "0x" + each.hex(), "latest") for each in named)
    return code + b"".join(unhex(each) for each in asked)


def _functions(contract: str) -> None:
    @check(f"{contract}-functions", contract, "Every function of the standard is in the code.")
    def has_functions(s: Scene) -> None:
        code = code_of(s, contract)
        found = surface.functions(contract).values()
        # A compiler pushes a selector without its leading zeros.
        missing = sorted({f.signature for f in found if f.selector.lstrip(b"\0") not in code})
        require(not missing, f"missing: {', '.join(missing)}")


def _events(contract: str) -> None:
    @check(f"{contract}-events", contract, "Every event of the standard is in the code.")
    def has_events(s: Scene) -> None:
        code = code_with_modules(s, contract)
        shapes = surface.events(contract).values()
        missing = sorted(e.signature for e in shapes if e.topic.lstrip(b"\0") not in code)
        require(not missing, f"missing: {', '.join(missing)}")


def _version(contract: str) -> None:
    @check(f"{contract}-version", contract, "The registry is of version 2.")
    def version(s: Scene) -> None:
        found = s.look(contract, "getVersion")
        require(found.startswith(MAJOR), f"it is of version {found!r}")


def _pairing(contract: str) -> None:
    @check(f"{contract}-pairing", contract, "The registry belongs to this Identity Registry.")
    def pairing(s: Scene) -> None:
        found = s.look(contract, "getIdentityRegistry")
        wanted = s.subject.addresses.get(IDENTITY)
        if wanted is None:
            raise NotApplicable("no address of the IdentityRegistry was given")
        require(found == wanted, f"it belongs to the Identity Registry at {found}")


for _contract in (IDENTITY, REPUTATION, VALIDATION, NETWORK):
    _functions(_contract)
    _events(_contract)
    if _contract != NETWORK:
        _version(_contract)
    if _contract in {REPUTATION, VALIDATION}:
        _pairing(_contract)
