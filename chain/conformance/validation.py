"""Checks of the Validation Registry."""

from __future__ import annotations

from chain.conformance.scene import IDENTITY, VALIDATION, Scene, require, response_to
from chain.conformance.table import check
from chain.types import ZERO_ADDRESS, Address


@check(
    "val-request",
    VALIDATION,
    "A request is kept, listed for agent and validator, and said in an event.",
)
def requesting(s: Scene) -> None:
    agent, request = s.agent(), s.fresh_hash()
    call = (VALIDATION, "validationRequest", s.validator, agent, "ipfs://task", request)
    said = s.event(s.do(s.owner, *call), VALIDATION, "ValidationRequest")
    require(said == (s.validator, agent, "ipfs://task", request), f"ValidationRequest says {said}")
    found = s.look(VALIDATION, "getValidationStatus", request)
    require(found[:2] == (s.validator, agent), "the status names another validator or agent")
    for name, key in (("getAgentValidations", agent), ("getValidatorRequests", s.validator)):
        require(request in s.look(VALIDATION, name, key), f"{name} lacks the request")


@check(
    "val-response", VALIDATION, "The validator's answer is kept, and said in ValidationResponse."
)
def responding(s: Scene) -> None:
    agent = s.agent()
    request = s.ask(agent)
    file = bytes.fromhex("ab" * 32)
    call = (VALIDATION, "validationResponse", request, 73, "ipfs://r", file, "soft")
    said = s.event(s.do(s.validator, *call), VALIDATION, "ValidationResponse")
    wanted = (s.validator, agent, request, 73, "ipfs://r", file, "soft")
    require(said == wanted, f"ValidationResponse says {said}")
    found = s.look(VALIDATION, "getValidationStatus", request)
    require(found[:5] == (s.validator, agent, 73, file, "soft"), f"the status is {found}")
    require(found[5] > 0, "the time of the answer is not kept")


@check("val-validator", VALIDATION, "Only the validator who was asked answers.")
def only_the_validator(s: Scene) -> None:
    request = s.ask(s.agent())
    for who, name in ((s.stranger, "a stranger"), (s.owner, "the agent's owner")):
        s.refuses(f"{name} answered", who, *response_to(request, 100))
    never = s.fresh_hash()
    s.refuses("a request nobody made was answered", s.validator, *response_to(never, 100))


@check("val-range", VALIDATION, "An answer is 0 to 100.")
def answer_range(s: Scene) -> None:
    request = s.ask(s.agent())
    s.refuses("an answer of 101 was taken", s.validator, *response_to(request, 101))
    s.answer(request, 100)


@check("val-progress", VALIDATION, "A validator may answer again while it is not done.")
def progress(s: Scene) -> None:
    request = s.ask(s.agent())
    s.answer(request, 20, "soft")
    s.answer(request, 80, "hard")
    found = s.look(VALIDATION, "getValidationStatus", request)
    require((found[2], found[4]) == (80, "hard"), "the last answer does not stand")


@check(
    "val-summary",
    VALIDATION,
    "A summary is a mean, filtered by validator and tag; no list means everybody.",
)
def summary(s: Scene) -> None:
    agent = s.agent()
    s.answer(s.ask(agent), 90, "a")
    s.answer(s.ask(agent), 11, "b")
    other = s.ask(agent, s.client)
    s.do(s.client, *response_to(other, 0, "a"))
    cases: tuple[tuple[list[Address], str, tuple[int, int]], ...] = (
        ([], "", (3, 33)),
        ([s.validator], "", (2, 50)),
        ([], "a", (2, 45)),
        ([s.validator], "a", (1, 90)),
        ([s.stranger], "", (0, 0)),
    )
    for validators, tag, wanted in cases:
        found = s.look(VALIDATION, "getSummary", agent, validators, tag)
        require(
            found == wanted, f"{len(validators)} validators, tag {tag!r}: {found}, not {wanted}"
        )


@check("T9", VALIDATION, "A request hash is used once, whoever comes first.")
def hash_once(s: Scene) -> None:
    agent = s.agent()
    request = s.ask(agent)
    again = (VALIDATION, "validationRequest", s.client, agent, "", request)
    s.refuses("the owner used the hash again", s.owner, *again)
    theirs = s.agent(by=s.stranger)
    other = (VALIDATION, "validationRequest", s.client, theirs, "", request)
    s.refuses("somebody else used the hash again", s.stranger, *other)
    s.ask(agent)


@check("T10-zero", VALIDATION, "A request of hash zero, or of no validator, is refused.")
def zeros(s: Scene) -> None:
    agent = s.agent()
    call = (VALIDATION, "validationRequest")
    s.refuses("a hash of zero was taken", s.owner, *call, s.validator, agent, "", bytes(32))
    s.refuses("no validator was taken", s.owner, *call, ZERO_ADDRESS, agent, "", s.fresh_hash())


@check("T10-self", VALIDATION, "Nobody validates an agent that they act for.")
def self_validation(s: Scene) -> None:
    agent = s.agent()
    s.do(s.owner, IDENTITY, "approve", s.client, agent)
    for who in (s.owner, s.client):
        call = (VALIDATION, "validationRequest", who, agent, "", s.fresh_hash())
        s.refuses("the agent's own people were asked to validate it", s.owner, *call)


@check(
    "T11-pending", VALIDATION, "A request without an answer counts nowhere; an answer of 0 does."
)
def pending(s: Scene) -> None:
    agent = s.agent()
    request = s.ask(agent)
    found = s.look(VALIDATION, "getSummary", agent, [], "")
    require(found == (0, 0), "a request without an answer counts as one")
    s.answer(request, 0)
    found = s.look(VALIDATION, "getSummary", agent, [], "")
    require(found == (1, 0), "an answer of 0 does not count")


@check(
    "T11-final",
    VALIDATION,
    "An answer that a validation network has finished is never overwritten.",
)
def terminal(s: Scene) -> None:
    request = s.ask(s.agent())
    s.answer(request, 0, "vni:x-provisional")
    s.answer(request, 100, "vni:ok")
    s.refuses("vni:ok was overwritten", s.validator, *response_to(request, 0, "vni:timeout"))


@check("T12", VALIDATION, "Only those who act for an agent ask for a validation of its work.")
def only_the_owner_asks(s: Scene) -> None:
    agent = s.agent()
    for who, name in ((s.stranger, "a stranger"), (s.validator, "the validator")):
        call = (VALIDATION, "validationRequest", s.validator, agent, "", s.fresh_hash())
        s.refuses(f"{name} asked for it", who, *call)
    s.appoint(s.stranger)
    call = (VALIDATION, "validationRequest", s.validator, agent, "", s.fresh_hash())
    s.do(s.stranger, *call)


@check(
    "T14",
    VALIDATION,
    "A status has six values, the response's hash among them, and is refused if unknown.",
)
def status_form(s: Scene) -> None:
    unknown = s.view(VALIDATION, "getValidationStatus", s.fresh_hash())
    require(not unknown.ok, "a request that nobody made has a status")
    found = s.look(VALIDATION, "getValidationStatus", s.ask(s.agent()))
    require(found[2:5] == (0, bytes(32), ""), f"a new request has the status {found}")
