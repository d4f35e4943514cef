// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {FeedbackPublisher} from "../src/FeedbackPublisher.sol";
import {ReputationRegistry} from "../src/erc8004/ReputationRegistry.sol";
import {IFeedbackPublisher} from "../src/interfaces/IFeedbackPublisher.sol";
import {IReputationRegistry} from "../src/interfaces/IReputationRegistry.sol";
import {Receipt as Work, Verdict} from "../src/interfaces/IVerificationRounds.sol";
import {Network} from "./support/Network.sol";

contract FeedbackPublisherTest is Network {
    ReputationRegistry private reputation;
    FeedbackPublisher private publisher;

    function setUp() public override {
        super.setUp();
        reputation = new ReputationRegistry(identity);
        publisher = new FeedbackPublisher(reputation, rounds);
        vm.warp(1_700_000_000);
        skip(EPOCH);
    }

    function test_publish__when_accepted__then_rated_100_once_from_its_own_address() external {
        bytes32 h = _voted(fuzzyId, 0, _digests(0, 0, 0, 0, 0));
        vm.expectRevert(abi.encodeWithSelector(IFeedbackPublisher.PublisherNotFinal.selector, h));
        publisher.publish(h);
        _publish(h, OUTPUT);

        vm.expectEmit();
        emit IFeedbackPublisher.FeedbackPublished(h, provider.id, 100);
        vm.prank(keeper);
        publisher.publish(h);
        _expectRating(100, 1);
        assertTrue(publisher.isPublished(h));

        vm.expectRevert(abi.encodeWithSelector(IFeedbackPublisher.PublisherAlreadyPublished.selector, h));
        publisher.publish(h);
    }

    function test_publish__when_rejected__then_rated_0() external {
        bytes32 h = _voted(fuzzyId, bytes32(type(uint256).max), _digests(0, 0, 0, 0, 0));
        publisher.publish(h);
        _expectRating(0, 1);
    }

    function test_publish__when_there_is_no_verdict__then_refused() external {
        bytes32 h = _drawn(fuzzyId);
        vm.warp(rounds.round(h).commitClosesAt);
        _advance(h);
        vm.expectRevert(
            abi.encodeWithSelector(IFeedbackPublisher.PublisherNoVerdict.selector, h, Verdict.Expired)
        );
        publisher.publish(h);
        vm.expectRevert(abi.encodeWithSelector(IFeedbackPublisher.PublisherNotFinal.selector, bytes32(0)));
        publisher.publish(0);
    }

    /// @dev Good work that the provider asked for itself says nothing.
    function test_publish__when_the_provider_verified_itself__then_refused() external {
        Work memory own = _receipt(fuzzyId, keccak256("own task"));
        own.client = provider.owner;
        bytes32 h = _submit(own);
        _draw(h);
        _commitAll(h, 0, _digests(0, 0, 0, 0, 0));
        _openAll(h, 0, _digests(0, 0, 0, 0, 0));
        _advance(h);
        _publish(h, OUTPUT);
        vm.expectRevert(abi.encodeWithSelector(IFeedbackPublisher.PublisherSelfVerified.selector, h));
        publisher.publish(h);
    }

    /// @dev The file has what ERC-8004 says that it must have, and the hash is the file's.
    function test_publish__then_the_file_is_the_standards() external {
        bytes32 h = _voted(fuzzyId, 0, _digests(0, 0, 0, 0, 0));
        _publish(h, OUTPUT);
        vm.warp(1_800_000_001);
        string memory file = publisher.fileOf(provider.id, h, 100, block.timestamp);
        vm.expectEmit();
        emit IReputationRegistry.NewFeedback(
            provider.id,
            address(publisher),
            1,
            100,
            0,
            "successRate",
            "successRate",
            "assay/round/1",
            "",
            string.concat("data:application/json;base64,", vm.toBase64(file)),
            keccak256(bytes(file))
        );
        publisher.publish(h);
        assertEq(vm.parseJsonString(file, ".createdAt"), "2027-01-15T08:00:01Z");
        assertEq(vm.parseJsonUint(file, ".value"), 100);
        assertEq(vm.parseJsonUint(file, ".agentId"), 0);
        assertEq(
            vm.parseJsonString(file, ".agentRegistry"),
            string.concat("eip155:31337:", vm.toString(address(identity)))
        );
        assertEq(
            vm.parseJsonString(file, ".clientAddress"),
            string.concat("eip155:31337:", vm.toString(address(publisher)))
        );
        assertEq(vm.parseJsonBytes32(file, ".requestHash"), h);
    }

    function _expectRating(int128 value, uint64 count) private view {
        address[] memory clients = new address[](1);
        clients[0] = address(publisher);
        (uint64 found, int128 mean, uint8 decimals) =
            reputation.getSummary(provider.id, clients, "successRate", "assay/round/1");
        assertEq(found, count);
        assertEq(mean, value);
        assertEq(decimals, 0);
    }
}
