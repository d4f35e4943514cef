"""Checks of the Identity Registry."""

from __future__ import annotations

from eth_account import Account

from chain.conformance.scene import IDENTITY, REPUTATION, VALIDATION, Scene, require
from chain.conformance.table import check
from chain.keys import Signer
from chain.types import ZERO_ADDRESS, Address

ERC721 = bytes.fromhex("80ac58cd")
WALLET_KEY = "agentWallet"
DOMAIN = "string name,string version,uint256 chainId,address verifyingContract"
CONSENT = "uint256 agentId,address newWallet,address owner,uint256 deadline"
LATEST_CONSENT = 300
"""Seconds from now until which a wallet's consent may be valid."""


@check(
    "id-register", IDENTITY, "Registering mints the agent to the caller and says so in Registered."
)
def registering(s: Scene) -> None:
    outcome = s.do(s.owner, IDENTITY, "register(string)", "ipfs://a")
    agent, uri, owner = s.event(outcome, IDENTITY, "Registered")
    require((uri, owner) == ("ipfs://a", s.owner), "Registered names another URI or owner")
    require(s.look(IDENTITY, "ownerOf", agent) == s.owner, "the caller does not own the new agent")
    require(
        s.look(IDENTITY, "tokenURI", agent) == "ipfs://a", "tokenURI is not what was registered"
    )
    require(s.agent() == agent + 1, "ids do not count up by one")


@check(
    "id-forms", IDENTITY, "An agent can be registered with nothing, a URI, or a URI and metadata."
)
def forms_of_registering(s: Scene) -> None:
    s.do(s.owner, IDENTITY, "register()")
    outcome = s.do(
        s.owner, IDENTITY, "register(string,(string,bytes)[])", "u", [("color", b"\x01\x02")]
    )
    agent = int.from_bytes(outcome.data, "big")
    value = s.look(IDENTITY, "getMetadata", agent, "color")
    require(value == b"\x01\x02", "metadata given at registration is not kept")


@check("id-wallet-first", IDENTITY, "A new agent's wallet is its owner.")
def first_wallet(s: Scene) -> None:
    wallet = s.look(IDENTITY, "getAgentWallet", s.agent())
    require(wallet == s.owner, f"the wallet of a new agent is {wallet}")


@check("id-uri", IDENTITY, "The owner changes the URI, with URIUpdated; a stranger cannot.")
def uri(s: Scene) -> None:
    agent = s.agent(uri="old")
    s.refuses(
        "a stranger changed the URI", s.stranger, IDENTITY, "setAgentURI", agent, "stranger's"
    )
    outcome = s.do(s.owner, IDENTITY, "setAgentURI", agent, "new")
    said = s.event(outcome, IDENTITY, "URIUpdated")
    require(said == (agent, "new", s.owner), "URIUpdated says something else")
    require(s.look(IDENTITY, "tokenURI", agent) == "new", "tokenURI is not the new one")


@check("id-metadata", IDENTITY, "The owner sets metadata, with MetadataSet; a stranger cannot.")
def metadata(s: Scene) -> None:
    agent = s.agent()
    s.refuses(
        "a stranger set metadata", s.stranger, IDENTITY, "setMetadata", agent, "k", b"stranger's"
    )
    outcome = s.do(s.owner, IDENTITY, "setMetadata", agent, "k", b"v")
    number, _, key, value = s.event(outcome, IDENTITY, "MetadataSet")
    require((number, key, value) == (agent, "k", b"v"), "MetadataSet says something else")
    require(s.look(IDENTITY, "getMetadata", agent, "k") == b"v", "getMetadata is not what was set")


@check("id-reserved-key", IDENTITY, "The metadata key agentWallet is reserved.")
def reserved_key(s: Scene) -> None:
    agent = s.agent()
    instead = "the wallet was set as metadata, without its consent"
    s.refuses(instead, s.owner, IDENTITY, "setMetadata", agent, WALLET_KEY, b"\1" * 20)
    entries = [(WALLET_KEY, b"\1" * 20)]
    s.refuses(instead, s.owner, IDENTITY, "register(string,(string,bytes)[])", "", entries)


@check(
    "id-wallet-consent", IDENTITY, "A wallet is set only with its own signature, valid for minutes."
)
def wallet_consent(s: Scene) -> None:
    agent, wallet = s.agent(), Signer(Account.create())
    now = int(s.subject.rpc.request("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def consent(by: Signer, deadline: int) -> tuple[object, ...]:
        return (agent, wallet.address, deadline, _consent(s, by, agent, wallet.address, deadline))

    soon, far = now + LATEST_CONSENT // 2, now + 2 * LATEST_CONSENT
    call = (IDENTITY, "setAgentWallet")
    other = Signer(Account.create())
    s.refuses("another key consented for the wallet", s.owner, *call, *consent(other, soon))
    s.refuses("the consent had run out", s.owner, *call, *consent(wallet, now - 1))
    s.refuses("the consent was valid for ten minutes", s.owner, *call, *consent(wallet, far))
    s.refuses("a stranger set the wallet", s.stranger, *call, *consent(wallet, soon))
    s.do(s.owner, *call, *consent(wallet, soon))
    found = s.look(IDENTITY, "getAgentWallet", agent)
    require(found == wallet.address, "the wallet that consented is not the agent's")
    s.do(s.owner, IDENTITY, "unsetAgentWallet", agent)
    require(s.look(IDENTITY, "getAgentWallet", agent) == ZERO_ADDRESS, "the wallet is not unset")


@check(
    "id-authorized", IDENTITY, "Owner, approved address and operator act for an agent, nobody else."
)
def authorized(s: Scene) -> None:
    agent = s.agent()
    s.do(s.owner, IDENTITY, "approve", s.client, agent)
    s.appoint(s.validator)
    for who in (s.owner, s.client, s.validator):
        require(
            s.look(IDENTITY, "isAuthorizedOrOwner", who, agent),
            "the owner, the approved address or an operator may not act for the agent",
        )
    require(
        not s.look(IDENTITY, "isAuthorizedOrOwner", s.stranger, agent),
        "a stranger may act for the agent",
    )
    unknown = s.view(IDENTITY, "isAuthorizedOrOwner", s.owner, s.unknown_agent)
    require(not unknown.ok, "isAuthorizedOrOwner answers for an agent that does not exist")


@check("id-erc721", IDENTITY, "The registry is an ERC-721 by its supportsInterface.")
def erc721(s: Scene) -> None:
    require(s.look(IDENTITY, "supportsInterface", ERC721), "supportsInterface(0x80ac58cd) is false")


@check("T1", IDENTITY, "Agent 0 is an agent like any other.")
def agent_zero(s: Scene) -> None:
    if not s.view(IDENTITY, "ownerOf", 0).ok:
        require(s.agent() == 0, "the first agent is not number 0")
    owner = s.look(IDENTITY, "ownerOf", 0)
    require(s.look(IDENTITY, "isAuthorizedOrOwner", owner, 0), "the owner may not act for agent 0")
    s.look(IDENTITY, "getAgentWallet", 0)
    if REPUTATION in s.subject.addresses:
        if owner != s.client:
            s.rate(0, 80, tag="zero")
        s.look(REPUTATION, "getClients", 0)
    if VALIDATION in s.subject.addresses:
        s.look(VALIDATION, "getAgentValidations", 0)


@check(
    "T8", IDENTITY, "A transfer clears the agent's wallet and approval; its ratings stay with it."
)
def transfer(s: Scene) -> None:
    agent = s.agent()
    s.do(s.owner, IDENTITY, "approve", s.stranger, agent)
    rated = REPUTATION in s.subject.addresses
    if rated:
        s.rate(agent, 80)
    s.do(s.owner, IDENTITY, "transferFrom", s.owner, s.validator, agent)
    wallet = s.look(IDENTITY, "getAgentWallet", agent)
    require(wallet == ZERO_ADDRESS, "the old owner's wallet came along")
    approved = s.look(IDENTITY, "getApproved", agent)
    require(approved == ZERO_ADDRESS, "the old owner's approval came along")
    if rated:
        stays = s.look(REPUTATION, "getLastIndex", agent, s.client) == 1
        require(stays, "ratings were lost with the transfer")


def _consent(s: Scene, by: Signer, agent: int, wallet: Address, deadline: int) -> bytes:
    message = {"agentId": agent, "newWallet": wallet, "owner": s.owner, "deadline": deadline}
    domain = {
        "name": "ERC8004IdentityRegistry",
        "version": "1",
        "chainId": int(s.subject.rpc.request("eth_chainId"), 16),
        "verifyingContract": s.subject.address(IDENTITY),
    }
    types = {"EIP712Domain": _fields(DOMAIN), "AgentWalletSet": _fields(CONSENT)}
    return by.sign_typed(
        {"types": types, "primaryType": "AgentWalletSet", "domain": domain, "message": message}
    )


def _fields(text: str) -> list[dict[str, str]]:
    pairs = (field.split(" ") for field in text.split(","))
    return [{"name": name, "type": kind} for kind, name in pairs]
