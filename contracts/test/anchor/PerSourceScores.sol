// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @title What an anchor is compared with in `docs/gas.md`: a record per source, written one by one.
/// @dev Sources have names, each update carries a signature of its own, and the evidence goes into an
/// event as JSON. As in the design it stands for, the signature covers neither score nor nonce nor
/// contract: this is what such updates cost, not what they are worth.
contract PerSourceScores {
    struct Record {
        int256 reliability;
        int256 usefulness;
        uint256 updatedAt;
    }

    error WrongSigner(address signer);

    event ScoresUpdated(string[] sources, int256[] reliability, int256[] usefulness, string evidence);

    address public immutable signer;
    mapping(string source => Record) private _records;

    constructor(address signer_) {
        signer = signer_;
    }

    function update(
        string[] calldata sources,
        int256[] calldata reliability,
        int256[] calldata usefulness,
        bytes[] calldata signatures,
        string calldata evidence
    ) external {
        for (uint256 i = 0; i < sources.length; ++i) {
            bytes32 digest = MessageHashUtils.toEthSignedMessageHash(keccak256(bytes(sources[i])));
            address by = ECDSA.recover(digest, signatures[i]);
            require(by == signer, WrongSigner(by));
            _records[sources[i]] = Record(reliability[i], usefulness[i], block.timestamp);
        }

        emit ScoresUpdated(sources, reliability, usefulness, evidence);
    }

    function recordOf(string calldata source) external view returns (Record memory) {
        return _records[source];
    }
}
