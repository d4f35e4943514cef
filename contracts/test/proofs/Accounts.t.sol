// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ReputationLedger} from "../../src/ReputationLedger.sol";
import {StakeVault} from "../../src/StakeVault.sol";
import {ICapability} from "../../src/interfaces/ICapability.sol";
import {IIdentityRegistry} from "../../src/interfaces/IIdentityRegistry.sol";
import {IProfileRegistry} from "../../src/interfaces/IProfileRegistry.sol";
import {Stake} from "../../src/interfaces/IStakeVault.sol";
import {OneAgent} from "./Vault.t.sol";
import {Test} from "forge-std/Test.sol";

/// @dev Proved by halmos for every amount: what a verb of the vault does to an agent's account, and that the vault
/// holds bonded + unbonding + burned after it as before. The agent has 10 ether bonded, 4 of them locked, and 3
/// that are unbonding.
contract AccountsProof is Test {
    address private constant OWNER = address(0xA11CE);
    address private constant GUARDIAN = address(0x6A4D);
    address private constant COURT = address(0xC0);
    uint256 private constant AGENT = 0;
    uint256 private constant DELAY = 1000;

    StakeVault private vault;
    ReputationLedger private ledger;

    function setUp() public {
        IIdentityRegistry identity = IIdentityRegistry(address(new OneAgent(OWNER)));
        vault = new StakeVault(
            identity,
            IProfileRegistry(address(0)),
            ICapability(address(0)),
            100,
            DELAY,
            10_000,
            address(0),
            GUARDIAN,
            address(this)
        );
        ledger = new ReputationLedger(identity, 30 days, address(this));
        address[] memory courts = new address[](1);
        courts[0] = COURT;
        vault.wire(courts);
        ledger.wire(courts);
        vm.deal(OWNER, 13 ether);
        vm.startPrank(OWNER);
        vault.stake{value: 13 ether}(AGENT);
        vault.requestUnstake(AGENT, 3 ether);
        vm.stopPrank();
        vm.prank(COURT);
        vault.lock(AGENT, 4 ether, 0);
    }

    function check_release__then_takes_no_more_than_the_lock_and_burns_it(uint256 amount, uint256 slashed)
        external
    {
        Stake memory before = vault.stakeOf(AGENT);
        vm.prank(COURT);
        (bool done,) = address(vault).call(abi.encodeCall(vault.release, (AGENT, amount, slashed, 0)));
        vm.assume(done);
        Stake memory s = vault.stakeOf(AGENT);
        uint256 lost = _sum(before) - _sum(s);
        assert(lost <= slashed && lost <= amount);
        assert(lost == vault.burned());
        assert(s.locked <= _sum(s));
        _assertBalanced();
    }

    function check_lock__then_within_the_free_stake(uint256 amount) external {
        Stake memory before = vault.stakeOf(AGENT);
        vm.prank(COURT);
        (bool done,) = address(vault).call(abi.encodeCall(vault.lock, (AGENT, amount, 0)));
        Stake memory s = vault.stakeOf(AGENT);
        assert(done == (amount <= _sum(before) - before.locked));
        assert(s.locked == before.locked + (done ? amount : 0) && s.locked <= _sum(s));
        _assertBalanced();
    }

    function check_requestUnstake__then_moves_and_takes_nothing(uint256 amount) external {
        Stake memory before = vault.stakeOf(AGENT);
        vm.prank(OWNER);
        (bool done,) = address(vault).call(abi.encodeCall(vault.requestUnstake, (AGENT, amount)));
        Stake memory s = vault.stakeOf(AGENT);
        assert(done == (amount != 0 && amount <= before.bonded));
        assert(_sum(s) == _sum(before) && s.locked == before.locked);
        _assertBalanced();
    }

    function check_withdraw__then_no_more_than_is_unbonded_and_free(uint256 lockedToo, uint40 when) external {
        vm.prank(COURT);
        (bool more,) = address(vault).call(abi.encodeCall(vault.lock, (AGENT, lockedToo, 0)));
        vm.assume(more);
        Stake memory before = vault.stakeOf(AGENT);
        vm.warp(when);
        vm.prank(OWNER);
        (bool done,) = address(vault).call(abi.encodeCall(vault.withdraw, (AGENT)));
        Stake memory s = vault.stakeOf(AGENT);
        uint256 taken = _sum(before) - _sum(s);
        assert(OWNER.balance == taken && taken <= before.unbonding);
        assert(s.bonded == before.bonded && s.locked == before.locked && s.locked <= _sum(s));
        assert(!done || when >= before.unbondsAt);
        _assertBalanced();
    }

    /// @dev Whoever runs things: the guardian can end the vault, and nobody but the owner gets anything out of it.
    function check_governance__then_takes_no_stake(address caller, uint256 amount, bool halts) external {
        vm.assume(caller != OWNER && caller != COURT);
        if (halts) {
            vm.prank(GUARDIAN);
            vault.halt();
        }
        Stake memory before = vault.stakeOf(AGENT);
        vm.startPrank(caller);
        (bool a,) = address(vault).call(abi.encodeCall(vault.requestUnstake, (AGENT, amount)));
        (bool b,) = address(vault).call(abi.encodeCall(vault.withdraw, (AGENT)));
        (bool c,) = address(vault).call(abi.encodeCall(vault.sweep, ()));
        (bool d,) = address(vault).call(abi.encodeCall(vault.collect, (AGENT)));
        (bool e,) = address(vault).call(abi.encodeCall(vault.lock, (AGENT, amount, 0)));
        // After the end it does nothing, and says nothing.
        (bool f,) = address(vault).call(abi.encodeCall(vault.release, (AGENT, amount, amount, 0)));
        vm.stopPrank();
        assert(!a && !b && !c && !d && !e && f == halts);
        Stake memory s = vault.stakeOf(AGENT);
        assert(s.bonded == before.bonded && s.unbonding == before.unbonding && s.locked == before.locked);
        _assertBalanced();
    }

    function check_halt__then_the_owner_leaves_with_everything(uint40 when) external {
        vm.prank(GUARDIAN);
        vault.halt();
        vm.prank(OWNER);
        vault.requestUnstake(AGENT, 10 ether);
        vm.assume(when >= vault.stakeOf(AGENT).unbondsAt);
        vm.warp(when);
        vm.prank(OWNER);
        vault.withdraw(AGENT);
        assert(OWNER.balance == 13 ether && address(vault).balance == 0);
    }

    function check_record__when_not_a_court__then_refused(
        address caller,
        bytes32 domain,
        uint64 good,
        uint64 bad
    ) external {
        vm.assume(caller != COURT);
        vm.prank(caller);
        (bool done,) = address(ledger).call(abi.encodeCall(ledger.record, (AGENT, OWNER, domain, good, bad)));
        assert(!done);
    }

    function _sum(Stake memory s) private pure returns (uint256) {
        return uint256(s.bonded) + s.unbonding;
    }

    function _assertBalanced() private view {
        assert(address(vault).balance == _sum(vault.stakeOf(AGENT)) + vault.burned());
    }
}
