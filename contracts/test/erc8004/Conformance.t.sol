// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IIdentityRegistry} from "../../src/interfaces/IIdentityRegistry.sol";
import {IReputationRegistry} from "../../src/interfaces/IReputationRegistry.sol";
import {IValidationNetwork} from "../../src/interfaces/IValidationNetwork.sol";
import {IValidationRegistry} from "../../src/interfaces/IValidationRegistry.sol";
import {Test} from "forge-std/Test.sol";

/// @dev Selectors and topics of ERC-8004, as the registries on public chains have them.
contract ConformanceTest is Test {
    function test_identity__then_selectors_of_the_standard() external pure {
        bytes4[3] memory registers =
            [bytes4(keccak256("register()")), bytes4(keccak256("register(string)")), bytes4(0x8ea42286)];
        assertEq(registers[0], bytes4(0x1aa3a008));
        assertEq(registers[1], bytes4(0xf2c298be));
        assertEq(bytes4(keccak256("register(string,(string,bytes)[])")), registers[2]);
        // The interface's own id holds each overload, so none of them can have drifted.
        bytes4 others = IIdentityRegistry.setAgentURI.selector ^ IIdentityRegistry.getMetadata.selector
            ^ IIdentityRegistry.setMetadata.selector ^ IIdentityRegistry.getAgentWallet.selector
            ^ IIdentityRegistry.setAgentWallet.selector ^ IIdentityRegistry.unsetAgentWallet.selector
            ^ IIdentityRegistry.isAuthorizedOrOwner.selector ^ IIdentityRegistry.getVersion.selector;
        assertEq(type(IIdentityRegistry).interfaceId, others ^ registers[0] ^ registers[1] ^ registers[2]);
        _same(IIdentityRegistry.setAgentURI.selector, "setAgentURI(uint256,string)");
        _same(IIdentityRegistry.getMetadata.selector, "getMetadata(uint256,string)");
        _same(IIdentityRegistry.setMetadata.selector, "setMetadata(uint256,string,bytes)");
        _same(IIdentityRegistry.getAgentWallet.selector, "getAgentWallet(uint256)");
        _same(IIdentityRegistry.setAgentWallet.selector, "setAgentWallet(uint256,address,uint256,bytes)");
        _same(IIdentityRegistry.unsetAgentWallet.selector, "unsetAgentWallet(uint256)");
        _same(IIdentityRegistry.isAuthorizedOrOwner.selector, "isAuthorizedOrOwner(address,uint256)");
        _same(IIdentityRegistry.getVersion.selector, "getVersion()");
    }

    function test_reputation__then_selectors_of_the_standard() external pure {
        assertEq(IReputationRegistry.giveFeedback.selector, bytes4(0x3c036a7e));
        _same(IReputationRegistry.revokeFeedback.selector, "revokeFeedback(uint256,uint64)");
        _same(
            IReputationRegistry.appendResponse.selector,
            "appendResponse(uint256,address,uint64,string,bytes32)"
        );
        _same(IReputationRegistry.getSummary.selector, "getSummary(uint256,address[],string,string)");
        _same(IReputationRegistry.readFeedback.selector, "readFeedback(uint256,address,uint64)");
        _same(
            IReputationRegistry.readAllFeedback.selector,
            "readAllFeedback(uint256,address[],string,string,bool)"
        );
        _same(
            IReputationRegistry.getResponseCount.selector,
            "getResponseCount(uint256,address,uint64,address[])"
        );
        _same(IReputationRegistry.getClients.selector, "getClients(uint256)");
        _same(IReputationRegistry.getLastIndex.selector, "getLastIndex(uint256,address)");
        _same(IReputationRegistry.getIdentityRegistry.selector, "getIdentityRegistry()");
    }

    function test_validation__then_selectors_of_the_standard() external pure {
        assertEq(IValidationRegistry.validationRequest.selector, bytes4(0xaaf400c4));
        assertEq(IValidationRegistry.validationResponse.selector, bytes4(0x3d659a96));
        _same(IValidationRegistry.getValidationStatus.selector, "getValidationStatus(bytes32)");
        _same(IValidationRegistry.getSummary.selector, "getSummary(uint256,address[],string)");
        _same(IValidationRegistry.getAgentValidations.selector, "getAgentValidations(uint256)");
        _same(IValidationRegistry.getValidatorRequests.selector, "getValidatorRequests(address)");
    }

    function test_events__then_topics_of_the_standard() external pure {
        _topic(IIdentityRegistry.Registered.selector, 0xca52e62c);
        _topic(IIdentityRegistry.MetadataSet.selector, 0x2c149ed5);
        _topic(IIdentityRegistry.URIUpdated.selector, 0x3a2c7fff);
        _topic(IReputationRegistry.NewFeedback.selector, 0x6a4a6174);
        _topic(IReputationRegistry.FeedbackRevoked.selector, 0x25156fd3);
        _topic(IReputationRegistry.ResponseAppended.selector, 0xb1c6be0b);
        _topic(IValidationRegistry.ValidationRequest.selector, 0x530436c3);
        _topic(IValidationRegistry.ValidationResponse.selector, 0xafddf629);
    }

    function test_network__then_interface_id_of_erc8294() external pure {
        assertEq(type(IValidationNetwork).interfaceId, bytes4(0x63f3aaf9));
    }

    function _same(bytes4 selector, string memory signature) private pure {
        assertEq(selector, bytes4(keccak256(bytes(signature))), signature);
    }

    function _topic(bytes32 topic, bytes4 start) private pure {
        assertEq(bytes4(topic), start);
    }
}
