// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ReputationLedger} from "../src/ReputationLedger.sol";
import {IdentityRegistry} from "../src/erc8004/IdentityRegistry.sol";
import {Evidence, IReputationLedger, Score} from "../src/interfaces/IReputationLedger.sol";
import {BetaEvidence} from "../src/libraries/BetaEvidence.sol";
import {Test} from "forge-std/Test.sol";

contract ReputationLedgerTest is Test {
    uint256 private constant HALF_LIFE = 30 days;

    IdentityRegistry private identity;
    ReputationLedger private ledger;
    address private owner = makeAddr("owner");
    address private buyer = makeAddr("buyer");
    address private court = makeAddr("court");
    bytes32 private domain;

    function setUp() external {
        vm.warp(1_000_000);
        identity = new IdentityRegistry();
        ledger = new ReputationLedger(identity, HALF_LIFE, address(this));
        address[] memory courts = new address[](1);
        courts[0] = court;
        ledger.wire(courts);
        vm.prank(owner);
        identity.register();
        domain = ledger.domainOf("profile", "provider");
        assertEq(domain, keccak256(abi.encode(bytes32("profile"), keccak256("provider"))));
    }

    function test_constructor__when_no_half_life__then_refused() external {
        vm.expectRevert(IReputationLedger.LedgerHalfLifeZero.selector);
        new ReputationLedger(identity, 0, address(this));
    }

    function test_wire__when_stranger_or_twice__then_refused() external {
        ledger = new ReputationLedger(identity, HALF_LIFE, address(this));
        address[] memory courts = new address[](1);
        courts[0] = court;
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IReputationLedger.LedgerNotDeployer.selector, owner));
        ledger.wire(courts);
        vm.expectEmit();
        emit IReputationLedger.Wired(courts);
        ledger.wire(courts);
        vm.expectRevert(IReputationLedger.LedgerAlreadyWired.selector);
        ledger.wire(courts);
    }

    function testFuzz_record__when_not_a_court__then_refused_else_kept(uint64 alpha, uint64 beta) external {
        vm.expectRevert(abi.encodeWithSelector(IReputationLedger.LedgerNotCourt.selector, address(this)));
        ledger.record(0, owner, domain, alpha, beta);
        vm.expectEmit();
        emit IReputationLedger.EvidenceRecorded(0, domain, owner, alpha, beta, alpha, beta);
        _record(owner, alpha, beta);
        Evidence memory evidence = ledger.evidenceOf(0, domain);
        assertEq(evidence.alpha, alpha);
        assertEq(evidence.beta, beta);
        assertEq(evidence.updatedAt, block.timestamp);
        assertEq(evidence.ownerTag, uint88(uint256(keccak256(abi.encode(owner)))));
    }

    function testFuzz_record__when_time_passes__then_decays_first(uint32 elapsed, uint64 a, uint64 b)
        external
    {
        _record(owner, a, b);
        skip(elapsed);
        Score memory score = ledger.scoreOf(0, domain);
        uint256 steps = BetaEvidence.stepsBetween(block.timestamp - elapsed, block.timestamp, HALF_LIFE);
        assertEq(score.alpha, BetaEvidence.decay(a, steps));
        assertEq(score.beta, BetaEvidence.decay(b, steps));
        assertEq(score.updatedAt, block.timestamp - elapsed);
        _record(owner, 7, 9);
        Evidence memory evidence = ledger.evidenceOf(0, domain);
        assertEq(evidence.alpha, BetaEvidence.add(score.alpha, 7));
        assertEq(evidence.beta, BetaEvidence.add(score.beta, 9));
    }

    /// @dev A step of the clock is 100 seconds here. Evidence written every 50 must not stay fresh for ever.
    function test_record__when_written_twice_a_step__then_it_decays_all_the_same() external {
        uint256 halfLife = 100 * 65_536;
        ledger = new ReputationLedger(identity, halfLife, address(this));
        address[] memory courts = new address[](1);
        courts[0] = court;
        ledger.wire(courts);
        _record(owner, 1000e9, 1000e9);
        for (uint256 i = 0; i < 2000; ++i) {
            skip(50);
            _record(owner, 0, 0);
        }
        Score memory score = ledger.scoreOf(0, domain);
        uint256 atOnce = BetaEvidence.decay(1000e9, 1000);
        assertLt(score.alpha, 990e9);
        assertApproxEqAbs(score.alpha, atOnce, 2 * 1000, "two roundings a step at most");
        assertEq(score.alpha, score.beta);
    }

    function test_score__when_little_evidence__then_unknown() external {
        Score memory score = ledger.scoreOf(0, domain);
        assertFalse(score.known);
        assertEq(score.updatedAt, 0);
        _record(owner, 0.5e9 - 1, 0);
        score = ledger.scoreOf(0, domain);
        assertFalse(score.known);
        assertEq(score.meanBps, 0);
        _record(owner, 1, 0);
        score = ledger.scoreOf(0, domain);
        assertTrue(score.known);
        assertEq(score.meanBps, 6000); // (0.5 + 1) / (0.5 + 2)
        assertEq(score.effectiveN, 0.5e9);
        assertEq(
            score.policyId,
            keccak256(abi.encode(HALF_LIFE, uint256(1e9), uint256(0.5e9), uint256(2_705_543_454), uint256(2)))
        );
        assertEq(score.policyId, ledger.policyId());
    }

    function test_score__when_agent_is_sold__then_good_evidence_stays_behind_and_bad_goes_along() external {
        _record(owner, 8e9, 2e9);
        _transfer(owner, buyer);
        Score memory score = ledger.scoreOf(0, domain);
        assertEq(score.alpha, 0);
        assertEq(score.beta, 2e9);

        // A round of the old owner's ends after the sale: its good evidence is nobody's.
        _record(owner, 1e9, 1e9);
        score = ledger.scoreOf(0, domain);
        assertEq(score.alpha, 0);
        assertEq(score.beta, 3e9);

        _record(buyer, 1e9, 0);
        assertEq(ledger.scoreOf(0, domain).alpha, 1e9);

        // Back again: what the first owner earned was overwritten, what it did wrong was not.
        _transfer(buyer, owner);
        score = ledger.scoreOf(0, domain);
        assertEq(score.alpha, 0);
        assertEq(score.beta, 3e9);
    }

    function test_score__when_agent_goes_and_comes_back_unused__then_good_evidence_is_there() external {
        _record(owner, 8e9, 0);
        _transfer(owner, buyer);
        _transfer(buyer, owner);
        assertEq(ledger.scoreOf(0, domain).alpha, 8e9);
    }

    function _record(address by, uint64 alpha, uint64 beta) private {
        vm.prank(court);
        ledger.record(0, by, domain, alpha, beta);
    }

    function _transfer(address from, address to) private {
        vm.prank(from);
        identity.transferFrom(from, to, 0);
    }
}
