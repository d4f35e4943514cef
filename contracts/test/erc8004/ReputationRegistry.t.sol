// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IdentityRegistry} from "../../src/erc8004/IdentityRegistry.sol";
import {ReputationRegistry} from "../../src/erc8004/ReputationRegistry.sol";
import {IReputationRegistry} from "../../src/interfaces/IReputationRegistry.sol";
import {Test} from "forge-std/Test.sol";

contract ReputationRegistryTest is Test {
    IdentityRegistry private identity;
    ReputationRegistry private reputation;
    address private owner = makeAddr("owner");
    address private a = makeAddr("a");
    address private b = makeAddr("b");

    function setUp() external {
        identity = new IdentityRegistry();
        reputation = new ReputationRegistry(identity);
        vm.prank(owner);
        identity.register();
        assertEq(reputation.getIdentityRegistry(), address(identity));
    }

    function testFuzz_giveFeedback__when_each_check_fails__then_refused_in_order(uint8 decimals, int128 value)
        external
    {
        decimals = uint8(bound(decimals, 19, 255));
        int128 limit = 1e38;
        if (value >= -limit && value <= limit) value = limit + 1;
        vm.startPrank(owner);
        vm.expectRevert(
            abi.encodeWithSelector(IReputationRegistry.ReputationDecimalsOutOfRange.selector, decimals)
        );
        reputation.giveFeedback(0, value, decimals, "", "", "", "", 0);
        vm.expectRevert(abi.encodeWithSelector(IReputationRegistry.ReputationValueOutOfRange.selector, value));
        reputation.giveFeedback(0, value, 18, "", "", "", "", 0);
        vm.expectRevert(abi.encodeWithSelector(IReputationRegistry.ReputationSelfFeedback.selector, 0, owner));
        reputation.giveFeedback(0, limit, 18, "", "", "", "", 0);
        identity.approve(a, 0);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IReputationRegistry.ReputationSelfFeedback.selector, 0, a));
        _give(a, 1, 0, "t");
        vm.expectEmit();
        emit IReputationRegistry.NewFeedback(0, b, 1, limit, 18, "t", "t", "u", "e", "f", bytes32("h"));
        vm.prank(b);
        reputation.giveFeedback(0, limit, 18, "t", "u", "e", "f", "h");
    }

    function test_readAndRevoke__then_kept_and_marked() external {
        _give(a, 80, 0, "starred");
        _give(a, -5, 1, "yield");
        (int128 value, uint8 decimals, string memory tag1,, bool revoked) = reputation.readFeedback(0, a, 2);
        assertEq(value, -5);
        assertEq(decimals, 1);
        assertEq(tag1, "yield");
        assertFalse(revoked);
        bytes memory unknown =
            abi.encodeWithSelector(IReputationRegistry.ReputationFeedbackUnknown.selector, 0, a, 3);
        vm.expectRevert(unknown);
        reputation.readFeedback(0, a, 3);
        vm.startPrank(a);
        vm.expectRevert(unknown);
        reputation.revokeFeedback(0, 3);
        vm.expectRevert(
            abi.encodeWithSelector(IReputationRegistry.ReputationFeedbackUnknown.selector, 0, a, 0)
        );
        reputation.revokeFeedback(0, 0);
        reputation.revokeFeedback(0, 2);
        vm.expectRevert(
            abi.encodeWithSelector(IReputationRegistry.ReputationAlreadyRevoked.selector, 0, a, 2)
        );
        reputation.revokeFeedback(0, 2);
        (,,,, revoked) = reputation.readFeedback(0, a, 2);
        assertTrue(revoked);
        assertEq(reputation.getLastIndex(0, a), 2);
        assertEq(reputation.getClients(0).length, 1);
    }

    function test_getSummary__then_mean_in_the_decimals_used_most() external {
        vm.expectRevert(IReputationRegistry.ReputationClientsRequired.selector);
        reputation.getSummary(0, new address[](0), "", "");
        _expectSummary("", 0, 0, 0);
        _give(a, 88, 0, "s");
        _give(a, 88, 0, "s");
        _give(b, 87, 0, "s");
        _expectSummary("s", 3, 87, 0);
        _give(b, 9977, 2, "uptime");
        _give(b, 9955, 2, "uptime");
        _expectSummary("uptime", 2, 9966, 2);
        _expectSummary("", 5, 92, 0);
        _expectSummary("absent", 0, 0, 0);
        vm.prank(a);
        reputation.revokeFeedback(0, 1);
        _expectSummary("s", 2, 87, 0);
    }

    function test_getSummary__when_a_client_is_named_twice__then_counts_once() external {
        _give(a, 10, 0, "");
        _give(b, 20, 0, "");
        address[] memory clients = new address[](3);
        (clients[0], clients[1], clients[2]) = (a, a, b);
        (uint64 count, int128 value,) = reputation.getSummary(0, clients, "", "");
        assertEq(count, 2);
        assertEq(value, 15);
    }

    function test_getSummary__when_average_exceeds_int128__then_reverts_instead_of_cutting() external {
        _give(a, 1e38, 0, "");
        _give(a, 1e18, 18, "");
        _give(a, 1e18, 18, "");
        vm.expectPartialRevert(IReputationRegistry.ReputationSummaryOutOfRange.selector);
        reputation.getSummary(0, _both(), "", "");
    }

    function test_readAllFeedback__when_no_clients_named__then_everybodys() external {
        _give(a, 1, 0, "x");
        _give(b, 2, 0, "y");
        vm.prank(a);
        reputation.revokeFeedback(0, 1);
        (address[] memory clients,, int128[] memory values,,,, bool[] memory revoked) =
            reputation.readAllFeedback(0, new address[](0), "", "", true);
        assertEq(clients.length, 2);
        assertEq(values[1], 2);
        assertTrue(revoked[0]);
        (clients,, values,,,,) = reputation.readAllFeedback(0, new address[](0), "", "", false);
        assertEq(clients.length, 1);
        assertEq(clients[0], b);
        (clients,,,,,,) = reputation.readAllFeedback(0, new address[](0), "x", "", false);
        assertEq(clients.length, 0);
    }

    function test_appendResponse__then_counted_per_responder() external {
        _give(a, 1, 0, "");
        _give(b, 1, 0, "");
        vm.startPrank(owner);
        vm.expectRevert(
            abi.encodeWithSelector(IReputationRegistry.ReputationFeedbackUnknown.selector, 0, a, 2)
        );
        reputation.appendResponse(0, a, 2, "u", 0);
        vm.expectRevert(IReputationRegistry.ReputationResponseEmpty.selector);
        reputation.appendResponse(0, a, 1, "", 0);
        reputation.appendResponse(0, a, 1, "u", 0);
        reputation.appendResponse(0, a, 1, "v", 0);
        vm.stopPrank();
        vm.prank(b);
        reputation.appendResponse(0, b, 1, "w", 0);
        assertEq(reputation.getResponseCount(0, address(0), 0, new address[](0)), 3);
        assertEq(reputation.getResponseCount(0, a, 0, new address[](0)), 2);
        assertEq(reputation.getResponseCount(0, a, 1, _both()), 0);
        assertEq(reputation.getResponseCount(0, b, 1, _both()), 1);
    }

    function _give(address from, int128 value, uint8 decimals, string memory tag) private {
        vm.prank(from);
        reputation.giveFeedback(0, value, decimals, tag, "", "", "", 0);
    }

    function _both() private view returns (address[] memory clients) {
        clients = new address[](2);
        (clients[0], clients[1]) = (a, b);
    }

    function _expectSummary(string memory tag, uint64 count, int128 value, uint8 decimals) private view {
        (uint64 c, int128 v, uint8 d) = reputation.getSummary(0, _both(), tag, "");
        assertEq(c, count, tag);
        assertEq(v, value, tag);
        assertEq(d, decimals, tag);
    }
}
