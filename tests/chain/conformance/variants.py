"""Registries with one thing wrong each: the check that has to notice, and the change of the source.

The changed contracts are compiled from the real sources, all in one run of the compiler.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import solcx

ROOT: Final = Path(__file__).resolve().parents[3]
CONTRACTS: Final = ROOT / "contracts"

IDENTITY: Final = "IdentityRegistry"
REPUTATION: Final = "ReputationRegistry"
VALIDATION: Final = "ValidationRegistry"
NETWORK: Final = "FlawedNetwork"

FILES: Final = {
    NETWORK: (
        "test/conformance/FlawedNetwork.sol",
        "src/interfaces/IValidationRegistry.sol",
    ),
    **{
        name: (
            f"src/erc8004/{name}.sol",
            f"src/interfaces/I{name}.sol",
            "src/interfaces/IIdentityRegistry.sol",
            "src/libraries/AddressSets.sol",
        )
        for name in (IDENTITY, REPUTATION, VALIDATION)
    },
}
"""Files that a contract is compiled from, its own first."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A change that check `id` must notice in `contract`; `old` is replaced wherever it stands."""

    id: str
    contract: str
    old: str
    new: str
    also: tuple[tuple[str, str], ...] = ()

    @property
    def path(self) -> str:
        """Where the compiler finds the changed contract."""
        return f"{self.id}/{FILES[self.contract][0]}"

    def sources(self) -> dict[str, str]:
        """Path → text of the contracts with the change, in a folder named after the check."""
        texts = {
            f"{self.id}/{path}": (CONTRACTS / path).read_text() for path in FILES[self.contract]
        }
        for old, new in ((self.old, self.new), *self.also):
            changed = {
                path: text.replace(old, new)
                for path, text in texts.items()
                if path.endswith(f"{self.contract}.sol") and old in text
            }
            assert changed, f"{self.id}: {old!r} is not in the source of {self.contract}"
            texts |= changed
        return texts


PLAIN: Final = Variant("plain", NETWORK, "", "")
"""The network whose flaw is told to its constructor."""

VARIANTS: Final = (
    PLAIN,
    Variant("ValidationNetwork-functions", NETWORK, "function policySchema", "function policyForm"),
    Variant("ValidationNetwork-events", NETWORK, "AttestationsAggregated", "Aggregated"),
    Variant("IdentityRegistry-functions", IDENTITY, "unsetAgentWallet", "dropAgentWallet"),
    Variant("IdentityRegistry-events", IDENTITY, "URIUpdated", "URIChanged"),
    Variant("IdentityRegistry-version", IDENTITY, '"2.0.0"', '"1.0.0"'),
    Variant("ReputationRegistry-functions", REPUTATION, "getLastIndex", "lastIndex"),
    Variant("ReputationRegistry-events", REPUTATION, "ResponseAppended", "ResponseGiven"),
    Variant("ReputationRegistry-version", REPUTATION, '"2.0.0"', '""'),
    Variant("ReputationRegistry-pairing", REPUTATION, "return address(_identity);", "return msg.sender;"),
    Variant("ValidationRegistry-functions", VALIDATION, "getValidatorRequests", "requestsOf"),
    Variant("ValidationRegistry-events", VALIDATION, "bytes32 indexed requestHash,\n        uint8", "bytes32 indexed requestHash,\n        uint16"),
    Variant("ValidationRegistry-version", VALIDATION, '"2.0.0"', '"3.0.0"'),
    Variant("ValidationRegistry-pairing", VALIDATION, "return address(_identity);", "return address(this);"),
    Variant("id-register", IDENTITY, "_nextId++;", "_nextId; _nextId += 2;"),
    Variant("id-forms", IDENTITY, "_setMetadata(agentId, metadata[i].metadataKey, metadata[i].metadataValue);", "metadata[i];"),
    Variant("id-wallet-first", IDENTITY, "_setWallet(agentId, msg.sender);", ""),
    Variant("id-uri", IDENTITY, "string calldata newURI) external onlyAuthorized(agentId)", "string calldata newURI) external"),
    Variant("id-metadata", IDENTITY, "emit MetadataSet(agentId, key, key, value);", "emit MetadataSet(agentId, key, key, bytes(key));"),
    Variant("id-reserved-key", IDENTITY, "require(!_isWalletKey(key), IdentityKeyReserved(key));", ""),
    Variant("id-wallet-consent", IDENTITY, "uint256 latest = block.timestamp + MAX", "uint256 latest = block.timestamp + 9 * MAX"),
    Variant("id-authorized", IDENTITY, "_isAuthorized(_requireOwned(agentId), spender", "_isAuthorized(_ownerOf(agentId), spender"),
    Variant("id-erc721", IDENTITY, "constructor() ERC721", "function supportsInterface(bytes4) public pure override(ERC721URIStorage, IERC165) returns (bool) { return false; }\n    constructor() ERC721", (("import {EIP712}", "import {IERC165} from '@openzeppelin/contracts/utils/introspection/IERC165.sol';\nimport {EIP712}"),)),
    Variant("T1", IDENTITY, "uint256 private _nextId;", "uint256 private _nextId = 1;"),
    Variant("T8", IDENTITY, "_wallets[agentId] != address(0)) _setWallet", "false) _setWallet"),
    Variant("rep-feedback", REPUTATION, "Feedback(value, valueDecimals, false, tag1, tag2)", "Feedback(value, valueDecimals, false, tag2, tag1)"),
    Variant("rep-range", REPUTATION, "given.value >= -MAX_VALUE && ", ""),
    Variant("rep-unknown", REPUTATION, "!_identity.isAuthorizedOrOwner(msg.sender, agentId)", "agentId == 2 ** 200 || !_identity.isAuthorizedOrOwner(msg.sender, agentId)"),
    Variant("rep-revoke", REPUTATION, "entries[i].isRevoked && !includeRevoked", "false && !includeRevoked"),
    Variant("T2", REPUTATION, "AddressSets.distinct(clientAddresses), tag1", "clientAddresses, tag1"),
    Variant("T3", REPUTATION, "if (uses[d] > uses[mode]) mode = d;", "if (uses[d] >= uses[mode]) mode = d;"),
    Variant("T4", REPUTATION, "|| !_fits(entries[i].tag2, tag2)", ""),
    Variant("T5", REPUTATION, "average >= type(int128).min && average <= type(int128).max", "true"),
    Variant("T6", REPUTATION, "require(clientAddresses.length != 0, ReputationClientsRequired());", ""),
    Variant("T7", REPUTATION, "!_identity.isAuthorizedOrOwner(msg.sender, agentId)", "msg.sender != _identity.ownerOf(agentId)"),
    Variant("T13", REPUTATION, "address[] memory chosen = AddressSets.distinct(responders);", "address[] memory chosen = new address[](0); responders;"),
    Variant("val-request", VALIDATION, "_ofValidator[validatorAddress].push(requestHash);", ""),
    Variant("val-response", VALIDATION, "validation.responseHash = responseHash;", ""),
    Variant("val-validator", VALIDATION, "require(msg.sender == validation.validator, ValidationNotValidator(requestHash, msg.sender));", ""),
    Variant("val-range", VALIDATION, "response <= 100", "response <= 101"),
    Variant("val-progress", VALIDATION, "if (validation.answered) _requireOpen(requestHash, validation.tag);", "require(!validation.answered);"),
    Variant("val-summary", VALIDATION, "uint8(sum / count)", "uint8((sum + count - 1) / count)"),
    Variant("T9", VALIDATION, "require(validation.validator == address(0), ValidationRequestExists(requestHash));", "require(validation.validator == address(0) || validation.agentId != agentId);"),
    Variant("T10-zero", VALIDATION, "require(requestHash != bytes32(0), ValidationRequestEmpty());", ""),
    Variant("T10-self", VALIDATION, "!_identity.isAuthorizedOrOwner(validatorAddress, agentId)", "true"),
    Variant("T11-pending", VALIDATION, "if (!v.answered) continue;", ""),
    Variant("T11-final", VALIDATION, "require(!terminal, ", "require(!terminal || true, "),
    Variant("T12", VALIDATION, "_identity.isAuthorizedOrOwner(msg.sender, agentId), Vali", "msg.sender == validatorAddress || _identity.isAuthorizedOrOwner(msg.sender, agentId), Vali"),
    Variant("T14", VALIDATION, "            bytes32 responseHash,\n            string memory tag,", "            string memory tag,", (("v.responseHash, v.tag", "v.tag"),)),
)  # fmt: skip


def compiled() -> dict[str, bytes]:
    """Creation code of every variant's contract by the id of the check."""
    sources: dict[str, Any] = {}
    selection = {}
    for variant in VARIANTS:
        sources |= {path: {"content": text} for path, text in variant.sources().items()}
        wanted = {variant.contract: ["evm.bytecode.object"]}
        selection[variant.path] = wanted
    output = solcx.compile_standard(
        {
            "language": "Solidity",
            "sources": sources,
            "settings": {
                "remappings": ["@openzeppelin/contracts/=node_modules/@openzeppelin/contracts/"],
                "evmVersion": "cancun",
                "optimizer": {
                    "enabled": False,
                    "details": {
                        "yul": True,
                        "yulDetails": {"stackAllocation": True, "optimizerSteps": ":"},
                    },
                },
                "outputSelection": selection,
            },
        },
        base_path=str(ROOT),
        allow_paths=str(ROOT),
        solc_binary=ROOT / "scripts" / "solc",
    )
    return {
        v.id: bytes.fromhex(output["contracts"][v.path][v.contract]["evm"]["bytecode"]["object"])
        for v in VARIANTS
    }
