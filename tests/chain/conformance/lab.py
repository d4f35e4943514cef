"""A chain on which registries and networks are put, whole ones and flawed ones, and asked of."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from eth_account import Account
from eth_utils.crypto import keccak

from chain import abi, aggregated, artifacts
from chain.aggregated import Aggregated
from chain.attestations import Attestation, root
from chain.blocks import Call
from chain.conformance.run import Result, run_one
from chain.conformance.scene import Subject
from chain.conformance.stage import Simulated
from chain.conformance.surface import IDENTITY, NETWORK, REPUTATION, VALIDATION, function
from chain.conformance.table import TABLE
from chain.gateway import Gateway
from chain.keys import local_signer
from chain.rpc import Rpc
from chain.sender import Sender
from chain.types import Address, Wei
from tests.support.actors import QUICK

VALIDATOR: Final = 1
"""Number of the local account that answers requests nobody's contract answers."""


@dataclass
class Lab:
    """An empty chain; `addresses` are of registries with nothing wrong."""

    url: str
    rpc: Rpc = field(init=False)
    addresses: dict[str, Address] = field(init=False)
    agents: int = 0

    def __post_init__(self) -> None:
        self.rpc = Rpc(self.url)
        self._gateway = Gateway(self.url, rpc=self.rpc)
        chain_id = self._gateway.chain_id()
        self._sender = Sender(self._gateway, local_signer(0, chain_id), policy=QUICK)
        self.addresses = {}
        for name in (IDENTITY, REPUTATION, VALIDATION):
            arguments = [self.addresses[IDENTITY]] if self.addresses else []
            self.addresses[name] = self.put(artifacts.load(name).bytecode, *arguments)

    def put(self, code: bytes, *arguments: Address | bytes) -> Address:
        """Deploys code with addresses or words as its constructor's arguments."""
        words = [bytes.fromhex(a[2:]) if isinstance(a, str) else a for a in arguments]
        data = code + b"".join(word.rjust(32, b"\0") for word in words)
        receipt = self._sender.send_call(Call(None, data, Wei(0), "put"))
        assert receipt.contract_address is not None
        return receipt.contract_address

    def request(self, addresses: Mapping[str, Address], validator: Address) -> bytes:
        """Registers an agent and asks for a validation of its work."""
        self.call(addresses[IDENTITY], function(IDENTITY, "register()").encode(()))
        request = keccak(text=f"request {self.agents}")
        ask = function(VALIDATION, "validationRequest")
        self.call(addresses[VALIDATION], ask.encode((validator, self.agents, "", request)))
        self.agents += 1
        return bytes(request)

    def accept(self, addresses: Mapping[str, Address], request: bytes) -> None:
        """Submits a request to the flawed network under the only policy it has."""
        network = addresses[NETWORK]
        policy = abi.decode_one({"type": "bytes"}, self.ask(network, "thePolicy()"))
        submit = function(NETWORK, "submit")
        self.call(network, submit.encode((request, policy, b"")))

    def finish(self, network: Address, request: bytes, answered: bool) -> None:
        """Has the flawed network end a request, with the file behind its answer inline."""
        file = self.attested(network, request)
        content = file.write()
        uri = "data:application/json;base64," + base64.b64encode(content).decode()
        arguments = (request, answered, file.validators, file.root, uri, keccak(content))
        kinds = ("bytes32", "bool", "address[]", "bytes32", "string", "bytes32")
        selector = keccak(text=f"finish({','.join(kinds)})")[:4]
        self.call(network, selector + abi.encode([{"type": kind} for kind in kinds], arguments))

    def attested(self, network: Address, request: bytes) -> Aggregated:
        """What two validators attest about a request of the newest agent, signed."""
        policy = abi.decode_one({"type": "bytes"}, self.ask(network, "thePolicy()"))
        signed = []
        for validator in (Account.create(), Account.create()):
            attestation = Attestation(
                request_hash=request,
                agent_id=self.agents - 1,
                validator=Address(validator.address),
                verdict=100,
                evidence_hash=keccak(text="evidence"),
                issued_at=1_700_000_000,
                challenge_kind=keccak(text="kind"),
                nonce_hash=keccak(text="nonce"),
            )
            signing = aggregated.message(attestation, self._gateway.chain_id(), network)
            signed.append((attestation, bytes(validator.sign_message(signing).signature)))
        attestations = [attestation for attestation, _ in signed]
        return Aggregated(
            request_hash=request,
            policy=policy,
            validators=tuple(attestation.validator for attestation in attestations),
            attestations=tuple(signed),
            root=root(attestations),
            verdict=100,
            mode=1,
        )

    def ask(self, to: Address, signature: str) -> bytes:
        data = bytes(keccak(text=signature)[:4])
        return self._gateway.simulate(Call(to, data, Wei(0), signature))

    def call(self, to: Address, data: bytes) -> None:
        self._sender.send_call(Call(to, data, Wei(0), "lab"))

    def check(self, id_: str, addresses: Mapping[str, Address]) -> Result:
        """What a check comes to for contracts at these addresses."""
        return run_one(TABLE[id_], Subject(self.rpc, addresses), Simulated(self.rpc))

    def close(self) -> None:
        self._gateway.close()


def word(text: str) -> bytes:
    """A bytes32 that holds a short text from the left, as Solidity writes it."""
    return text.encode().ljust(32, b"\0")
