// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Family, Profile} from "../../src/interfaces/IProfileRegistry.sol";
import {SeatState, Verdict} from "../../src/interfaces/IVerificationRounds.sol";
import {AppealSetup} from "../appeals/AppealSetup.sol";

/// @dev Families with a digest that anybody can compute: whoever opens it says that there is no answer.
contract VoidTest is AppealSetup {
    uint256 private constant FEE = 0.01 ether;

    bytes32 private _id;

    function setUp() public override {
        super.setUp();
        Profile memory p = _profile();
        (p.family, p.voidDigests) = (Family.Logprobs, true);
        _id = profiles.register("logprobs", p);
        for (uint256 i = 0; i < verifiers.length; ++i) {
            _enrol(verifiers[i], _id);
        }
        skip(2 * EPOCH);
    }

    /// @dev However near: a flipped bit would do otherwise.
    function testFuzz_tally__when_the_claim_is_void_and_all_agree__then_rejected_and_nobody_earns(
        uint256 noise,
        uint8 bits
    ) external {
        bytes32 h = _submit(_id, "task");
        _draw(h);
        bytes32 void = keccak256(abi.encodePacked("implausible", rounds.round(h).key));
        bytes32 near = _flip(void, noise, bits % 21);
        _vote(h, near, near);
        assertEq(uint8(rounds.providerSeat(h).state), uint8(SeatState.Committed));
        _closeWindow(h);
        _advance(h);
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        _assertSeats(h, 0, 0, 0);
        assertEq(rounds.burned(), 3 * FEE);
        assertEq(vault.burned(), 1 ether);
        _assertClosed(h);
    }

    function test_tally__when_all_seats_say_implausible__then_the_claim_is_rejected_and_they_earn_nothing()
        external
    {
        bytes32 h = _submit(_id, "task");
        _draw(h);
        bytes32 void = keccak256(abi.encodePacked("implausible", rounds.round(h).key));
        _vote(h, ~void, void);
        assertEq(rounds.round(h).cluster, 0);
        _closeWindow(h);
        _advance(h);
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        _assertSeats(h, 0, 0, 0);
        _assertClosed(h);
    }

    function test_tally__when_a_claim_beside_the_void_is_shared__then_accepted_as_ever() external {
        bytes32 h = _submit(_id, "task");
        _draw(h);
        bytes32 void = keccak256(abi.encodePacked("implausible", rounds.round(h).key));
        bytes32 beside = _flip(void, 1, 21);
        _vote(h, beside, beside);
        _closeWindow(h);
        _publish(h, OUTPUT);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
        _assertSeats(h, 0, FEE, 0);
        _assertClosed(h);
    }

    /// @dev Else a provider could have its honest judges slashed by claiming nothing at the next level.
    function test_fate__when_the_next_claim_is_void__then_who_accepted_the_first_is_not_overturned()
        external
    {
        bytes32 h = _submit(_id, "task");
        _decide(h, 0, 0);
        _appeal(h);
        _draw(h);
        bytes32 void = keccak256(abi.encodePacked("implausible", rounds.round(h).key));
        _vote(h, void, 0);
        _closeWindow(h);
        _advance(h);
        _assertVerdict(h, Verdict.Rejected, "vni:ok", 0);
        _assertSeats(h, 0, FEE, 0);
        _assertSeats(h, 1, FEE, 0);
        _assertClosed(h);
    }

    function test_tally__when_the_family_has_no_void_digest__then_it_is_one_like_any_other() external {
        bytes32 h = _submit(fuzzyId, "task");
        _draw(h);
        bytes32 void = keccak256(abi.encodePacked("implausible", rounds.round(h).key));
        _vote(h, void, void);
        _closeWindow(h);
        _publish(h, OUTPUT);
        _assertVerdict(h, Verdict.Accepted, "vni:ok", 100);
    }

    function _flip(bytes32 digest, uint256 noise, uint256 count) private pure returns (bytes32) {
        uint256 bits;
        for (uint256 i = 0; bits == 0 ? count != 0 : _count(bits) < count; ++i) {
            bits |= 1 << (uint256(keccak256(abi.encode(noise, i))) % 256);
        }
        return digest ^ bytes32(bits);
    }

    function _count(uint256 bits) private pure returns (uint256 n) {
        for (; bits != 0; bits &= bits - 1) {
            ++n;
        }
    }
}
