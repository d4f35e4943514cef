// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {StakeVault} from "../../src/StakeVault.sol";
import {ICapability} from "../../src/interfaces/ICapability.sol";
import {IIdentityRegistry} from "../../src/interfaces/IIdentityRegistry.sol";
import {IProfileRegistry} from "../../src/interfaces/IProfileRegistry.sol";
import {Test} from "forge-std/Test.sol";

/// @dev One agent, whose owner is known; nothing else is asked of a registry here.
contract OneAgent {
    address private immutable _owner;

    constructor(address owner) {
        _owner = owner;
    }

    function ownerOf(uint256) external view returns (address) {
        return _owner;
    }

    function isAuthorizedOrOwner(address spender, uint256) external view returns (bool) {
        return spender == _owner;
    }

    function getAgentWallet(uint256) external pure returns (address) {
        return address(0);
    }
}

/// @dev Proved by halmos for every caller and every value (scripts/halmos.sh): who may do what.
contract VaultProof is Test {
    address private constant OWNER = address(0xA11CE);
    address private constant GUARDIAN = address(0x6A4D);
    address private constant COURT = address(0xC0);
    uint256 private constant AGENT = 0;

    StakeVault private vault;

    function setUp() public {
        vault = new StakeVault(
            IIdentityRegistry(address(new OneAgent(OWNER))),
            IProfileRegistry(address(0)),
            ICapability(address(0)),
            100,
            1000,
            5000,
            address(0),
            GUARDIAN,
            address(this)
        );
        address[] memory courts = new address[](1);
        courts[0] = COURT;
        vault.wire(courts);
    }

    function check_court_verbs__when_not_a_court__then_refused(address caller, uint256 amount, bytes32 ref)
        external
    {
        vm.assume(caller != COURT);
        vm.startPrank(caller);
        (bool locked,) = address(vault).call(abi.encodeCall(vault.lock, (AGENT, amount, ref)));
        (bool released,) = address(vault).call(abi.encodeCall(vault.release, (AGENT, amount, 0, ref)));
        assert(!locked && !released);
    }

    function check_owner_verbs__when_not_the_owner__then_refused(address caller, uint256 amount) external {
        vm.assume(caller != OWNER);
        vm.startPrank(caller);
        (bool asked,) = address(vault).call(abi.encodeCall(vault.requestUnstake, (AGENT, amount)));
        (bool taken,) = address(vault).call(abi.encodeCall(vault.withdraw, (AGENT)));
        (bool freed,) = address(vault).call(abi.encodeCall(vault.rescue, (AGENT)));
        assert(!asked && !taken && !freed);
    }

    function check_halt__when_not_the_guardian__then_refused(address caller) external {
        vm.assume(caller != GUARDIAN);
        vm.prank(caller);
        (bool done,) = address(vault).call(abi.encodeCall(vault.halt, ()));
        assert(!done && !vault.halted());
    }

    function check_wire__when_done__then_never_again(address caller, address court) external {
        address[] memory courts = new address[](1);
        courts[0] = court;
        vm.prank(caller);
        (bool done,) = address(vault).call(abi.encodeCall(vault.wire, (courts)));
        assert(!done);
    }
}
