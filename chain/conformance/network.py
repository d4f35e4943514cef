"""Checks of a validation network (ERC-8294): its answers, and the requests that it accepted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from chain import abi
from chain.conformance import surface
from chain.conformance.scene import (
    NETWORK,
    VALIDATION,
    Failed,
    NotApplicable,
    Scene,
    require,
)
from chain.conformance.stage import Outcome
from chain.conformance.table import Play, check
from chain.errors import MessageError

ERC165: Final = bytes.fromhex("01ffc9a7")
NO_INTERFACE: Final = bytes.fromhex("ffffffff")
ERC165_GAS: Final = 30_000
CALL_GAS: Final = 21_000 + 36 * 16
"""What a transaction with 36 bytes of data pays before the contract runs, or less."""

OUT_OF_BAND: Final = 2**256 - 1
UNKNOWN, PENDING, RESPONDED, FAILED = range(4)
MOST_REQUESTS: Final = 50
"""How many accepted requests, the newest, are looked at."""

POLICY: Final = "(uint8,uint8,uint8,uint8,uint64,uint8,bytes32,bytes)"
TERMINAL_TAGS: Final = ("vni:ok", "vni:timeout", "vni:insufficient-operators", "vni:cancelled")


@dataclass(frozen=True, slots=True)
class Policy:
    """A SelectionPolicy."""

    version: int
    selection_size: int
    min_operators: int
    min_responses: int
    deadline_seconds: int
    verdict_mode: int
    challenge_kind: bytes
    extensions: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """A request that the network accepted, and where it stands."""

    hash: bytes
    policy: bytes
    price: int
    state: int
    validator_count: int
    aggregated: bool

    @property
    def name(self) -> str:
        return f"0x{self.hash[:6].hex()}…"


def accepted(s: Scene) -> list[Request]:
    """The newest requests that the network accepted.

    Raises:
        NotApplicable: there is none.
    """
    events = s.logs(NETWORK, "RequestAccepted")[-MOST_REQUESTS:]
    if not events:
        raise NotApplicable(f"no request was accepted since block {s.subject.from_block}")
    return [Request(*values, *s.look(NETWORK, "status", values[0])) for values in events]


def each(id_: str, demand: str, *states: int) -> Callable[[Callable[[Scene, Request], None]], Play]:
    """A check of every accepted request in one of these states."""

    def enter(look: Callable[[Scene, Request], None]) -> Play:
        def play(s: Scene) -> None:
            found = [request for request in accepted(s) if request.state in states]
            if not found:
                raise NotApplicable("no accepted request has come that far")
            for request in found:
                look(s, request)

        return check(id_, NETWORK, demand)(play)

    return enter


# ---------------------------------------------------------------------- answers at any time


@check(
    "net-erc165", NETWORK, "ERC-165: its own id and 0x01ffc9a7, not 0xffffffff, within 30,000 gas."
)
def erc165(s: Scene) -> None:
    own = surface.interface_id(NETWORK)
    for interface, wanted in ((ERC165, True), (own, True), (NO_INTERFACE, False)):
        found = s.look(NETWORK, "supportsInterface", interface)
        require(found is wanted, f"supportsInterface(0x{interface.hex()}) is {found}".lower())
    data = surface.function(NETWORK, "supportsInterface").encode((own,))
    call = {"to": s.subject.address(NETWORK), "data": "0x" + data.hex()}
    gas = int(s.subject.rpc.request("eth_estimateGas", call), 16) - CALL_GAS
    require(gas <= ERC165_GAS, f"supportsInterface needs {gas} gas")


@check("net-price", NETWORK, "OUT_OF_BAND_PRICE is 2^256 - 1.")
def out_of_band_price(s: Scene) -> None:
    found = s.look(NETWORK, "OUT_OF_BAND_PRICE")
    require(found == OUT_OF_BAND, f"it is {found}")


@check("net-registry", NETWORK, "validationRegistry() is a contract, and the one given.")
def registry(s: Scene) -> None:
    found = s.look(NETWORK, "validationRegistry")
    code = s.subject.rpc.request("eth_getCode", found, "latest")
    require(code != "0x", f"there is no contract at {found}")
    wanted = s.subject.addresses.get(VALIDATION, found)
    require(found == wanted, f"it is the one at {found}")


@check(
    "net-not-addressee", NETWORK, "submit reverts NotAddressee for a request not addressed to it."
)
def not_addressee(s: Scene) -> None:
    never = s.fresh_hash()
    _reverts(s.act(s.client, NETWORK, "submit", never, b"", b""), "NotAddressee", "bytes32", never)
    if VALIDATION in s.subject.addresses:
        other = s.ask(s.agent())
        outcome = s.act(s.client, NETWORK, "submit", other, b"", b"")
        _reverts(outcome, "NotAddressee", "bytes32", other)


@check(
    "net-policy",
    NETWORK,
    "A policy it does not support: supportsPolicy false, quote and submit refuse.",
)
def unsupported_policy(s: Scene) -> None:
    for policy in (b"", b"\xff" * 32, _encode(Policy(9, 1, 1, 1, 1, 7, bytes(32), b"x"))):
        require(not s.look(NETWORK, "supportsPolicy", policy), f"0x{policy.hex()} is supported")
        _reverts(s.view(NETWORK, "quote", policy), "PolicyNotSupported", "bytes", policy)
    if VALIDATION in s.subject.addresses:
        request = s.ask(s.agent(), s.subject.address(NETWORK))
        outcome = s.act(s.client, NETWORK, "submit", request, b"", b"")
        _reverts(outcome, "PolicyNotSupported", "bytes", b"")


@check("net-unknown", NETWORK, "The status of an unknown request is 0, 0, false.")
def unknown_status(s: Scene) -> None:
    found = s.look(NETWORK, "status", s.fresh_hash())
    require(found == (UNKNOWN, 0, False), f"it is {found}")


@check("net-words", NETWORK, "policySchema() and verificationProfile() say something.")
def words(s: Scene) -> None:
    require(bool(s.look(NETWORK, "policySchema")), "policySchema() is empty")
    require(s.look(NETWORK, "verificationProfile") != bytes(32), "verificationProfile() is zero")


# ---------------------------------------------------------------------- accepted requests


@each(
    "net-addressed",
    "Only requests that the registry addressed to the network are accepted.",
    PENDING,
    RESPONDED,
    FAILED,
)
def addressed(s: Scene, request: Request) -> None:
    validator = status_of(s, request)[0]
    instead = f"request {request.name} was addressed to {validator}"
    require(validator == s.subject.address(NETWORK), instead)


@each(
    "net-known",
    "An accepted request is not unknown, and AlreadySubmitted if submitted again.",
    UNKNOWN,
    PENDING,
    RESPONDED,
    FAILED,
)
def known(s: Scene, request: Request) -> None:
    require(request.state != UNKNOWN, f"the status of request {request.name} is 0")
    outcome = s.act(s.client, NETWORK, "submit", request.hash, request.policy, b"")
    _reverts(outcome, "AlreadySubmitted", "bytes32", request.hash)


@each(
    "net-quote",
    "The policy of an accepted request is canonical, supported and has a price.",
    PENDING,
    RESPONDED,
    FAILED,
)
def quoted(s: Scene, request: Request) -> None:
    policy = policy_of(request)
    canonical = (
        policy.version == 1
        and policy.selection_size >= 1
        and policy.min_operators <= policy.selection_size
        and policy.min_responses <= policy.selection_size
        and policy.verdict_mode in {0, 1, 2}
        and not policy.extensions
    )
    require(canonical, f"request {request.name} has the policy {policy}")
    supported = s.look(NETWORK, "supportsPolicy", request.policy)
    require(supported, f"the policy of request {request.name} is not supported")
    s.look(NETWORK, "quote", request.policy)


@each(
    "net-selection",
    "Those selected are distinct, no more than selectionSize, no fewer than minOperators.",
    PENDING,
    RESPONDED,
    FAILED,
)
def selection(s: Scene, request: Request) -> None:
    policy = policy_of(request)
    selected = s.logs(NETWORK, "ValidatorsSelected", request.hash)
    instead = f"request {request.name} was answered by nobody selected"
    require(bool(selected) or request.state != RESPONDED, instead)
    for _, validators, entropy in selected[:1]:
        seats = len(validators)
        require(len(set(validators)) == seats, f"request {request.name}: one was selected twice")
        fits = policy.min_operators <= seats <= policy.selection_size
        require(fits, f"request {request.name}: {seats} were selected")
        require(entropy != bytes(32), f"request {request.name}: the entropy is zero")


@each("net-answer", "A responded request is answered 0 or 100, tagged vni:ok.", RESPONDED)
def answered(s: Scene, request: Request) -> None:
    _, _, response, _, tag, _ = status_of(s, request)
    right = tag == "vni:ok" and response in {0, 100} and request.aggregated
    require(right, f"request {request.name} is answered {response}, tagged {tag!r}")


@each("net-failed", "A failed request is tagged vni: and not vni:ok.", FAILED)
def failed(s: Scene, request: Request) -> None:
    tag = status_of(s, request)[4]
    extra = tag.startswith("vni:x-")
    right = tag in TERMINAL_TAGS[1:] or extra
    require(right, f"request {request.name} has failed and is tagged {tag!r}")


@each("net-once", "The terminal answer is given once.", RESPONDED, FAILED)
def once(s: Scene, request: Request) -> None:
    found = answers(s, request)
    final = [values for values in found if values[6] in TERMINAL_TAGS or _is_last(values, found)]
    require(len(final) == 1, f"request {request.name} was answered for good {len(final)} times")


@each(
    "net-aggregated",
    "AttestationsAggregated: the answer, by minResponses distinct validators selected.",
    RESPONDED,
)
def aggregated(s: Scene, request: Request) -> None:
    found = s.logs(NETWORK, "AttestationsAggregated", request.hash)
    require(bool(found), f"request {request.name} has no AttestationsAggregated")
    verdict, response = found[-1][3], status_of(s, request)[2]
    require(verdict == response, f"request {request.name}: {verdict} there, {response} answered")
    _, validators, root, _ = attested(s, request)
    require(root != bytes(32), f"request {request.name}: attestations under a root of zero")
    distinct = set(validators)
    require(len(distinct) == len(validators), f"request {request.name}: one attested twice")
    enough = len(validators) >= policy_of(request).min_responses
    require(enough, f"request {request.name}: only {len(validators)} attested")
    events = s.logs(NETWORK, "ValidatorsSelected", request.hash)
    chosen = {validator for _, selected, _ in events for validator in selected}
    require(distinct <= chosen, f"request {request.name}: strangers attested")


def attested(s: Scene, request: Request) -> tuple[Any, ...]:
    """The last AttestationsAggregated that names validators. After an appeal there are several; one
    without any, of verdict 0, is the network's own finding about what they accepted.
    """
    found = s.logs(NETWORK, "AttestationsAggregated", request.hash)
    named = [values for values in found if values[1]]
    require(bool(named), f"request {request.name} was attested by nobody")
    own = found[-1][1] or found[-1][3] == 0
    require(bool(own), f"request {request.name} was accepted for good by nobody")
    return named[-1]


def answers(s: Scene, request: Request) -> list[tuple[Any, ...]]:
    """The values of every answer that the network gave in the registry."""
    network = bytes(12) + bytes.fromhex(s.subject.address(NETWORK)[2:])
    agent = status_of(s, request)[1].to_bytes(32, "big")
    return s.logs(VALIDATION, "ValidationResponse", network, agent, request.hash)


def status_of(s: Scene, request: Request) -> Any:
    """What the registry says of a request."""
    return s.look(VALIDATION, "getValidationStatus", request.hash)


def _is_last(values: tuple[Any, ...], found: list[tuple[Any, ...]]) -> bool:
    return values is found[-1]


def policy_of(request: Request) -> Policy:
    """The policy that a request was accepted under."""
    try:
        return Policy(*abi.decode_one({"type": POLICY}, request.policy))
    except MessageError:
        raise Failed(f"the policy of request {request.name} is no SelectionPolicy") from None


def _encode(policy: Policy) -> bytes:
    values = tuple(getattr(policy, name) for name in Policy.__slots__)
    return abi.encode([{"type": POLICY}], [values])


def _reverts(outcome: Outcome, error: str, kind: str, value: bytes) -> None:
    """Fails unless a call reverted with exactly this error and value."""
    require(not outcome.ok, f"it went through, instead of {error}")
    wanted = surface.error_selector(f"{error}({kind})") + abi.encode([{"type": kind}], [value])
    require(outcome.data == wanted, f"it reverts with 0x{outcome.data.hex()}, not {error}")
