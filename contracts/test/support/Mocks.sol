// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICapability} from "../../src/interfaces/ICapability.sol";
import {IEntropy} from "../../src/interfaces/IEntropy.sol";
import {IVerificationRounds} from "../../src/interfaces/IVerificationRounds.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";

/// @dev Everybody is capable but those named.
contract Exams is ICapability {
    mapping(uint256 agentId => bool) public failed;

    function fail(uint256 agentId, bool value) external {
        failed[agentId] = value;
    }

    function isCapable(uint256 agentId, address, bytes32) external view returns (bool) {
        return !failed[agentId];
    }
}

/// @dev A wallet that accepts the one hash it was told, takes agents, and takes money only when open.
contract Wallet is IERC1271, IERC721Receiver {
    bytes32 public approved;
    bool public open;
    IVerificationRounds public reenter;

    function approveHash(bytes32 hash) external {
        approved = hash;
    }

    function setOpen(bool value) external {
        open = value;
    }

    function setReenter(IVerificationRounds rounds) external {
        reenter = rounds;
    }

    function execute(address target, uint256 value, bytes calldata data)
        external
        payable
        returns (bytes memory)
    {
        (bool ok, bytes memory result) = target.call{value: value}(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(result, 32), mload(result))
            }
        }
        return result;
    }

    function isValidSignature(bytes32 hash, bytes calldata) external view returns (bytes4) {
        return hash == approved ? IERC1271.isValidSignature.selector : bytes4(0);
    }

    function onERC721Received(address, address, uint256, bytes calldata) external pure returns (bytes4) {
        return IERC721Receiver.onERC721Received.selector;
    }

    receive() external payable {
        if (address(reenter) != address(0)) reenter.withdraw();
        require(open, "closed");
    }
}

/// @dev Entropy a test can take away.
contract Oracle is IEntropy {
    bool public down;

    function setDown(bool value) external {
        down = value;
    }

    function entropyOf(uint256 blockNumber) external view returns (bool, bytes32) {
        return (!down && blockNumber < block.number, keccak256(abi.encode("entropy", blockNumber)));
    }
}
