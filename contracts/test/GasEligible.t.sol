// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ProfileRegistry} from "../src/ProfileRegistry.sol";
import {StakeVault} from "../src/StakeVault.sol";
import {ICapability} from "../src/interfaces/ICapability.sol";
import {IIdentityRegistry} from "../src/interfaces/IIdentityRegistry.sol";
import {DrawRequest} from "../src/interfaces/IStakeVault.sol";
import {Network} from "./support/Network.sol";

/// @dev forge has it, the interface of forge-std that we use not yet.
interface Cooler {
    /// @dev All slots of an account are as at the beginning of a transaction.
    function cool(address account) external;
}

/// @dev Agents without end, each with an owner of its own, for whom anybody may act.
contract Crowd {
    function ownerOf(uint256 agentId) external pure returns (address) {
        return address(uint160(agentId + 1));
    }

    function isAuthorizedOrOwner(address, uint256) external pure returns (bool) {
        return true;
    }
}

/// @dev What a draw costs as the agents grow among whom it draws. Each of them stakes and enrols in the vault
/// itself. contracts/gas-eligible.json is written with ELIGIBLE=100000, as the deep tier does; without it
/// there are fewer agents, whose gas has to be as recorded there.
contract GasEligibleTest is Network {
    string private constant FILE = "contracts/gas-eligible.json";

    StakeVault private hall;

    function setUp() public override {
        vm.warp(1_000_000);
        profiles = new ProfileRegistry(address(this));
        fuzzyId = profiles.register("fuzzy", _profile());
        hall = new StakeVault(
            IIdentityRegistry(address(new Crowd())),
            profiles,
            ICapability(address(0)),
            EPOCH,
            UNBONDING,
            10_000,
            address(0),
            guardian,
            address(this)
        );
        address[] memory courts = new address[](1);
        courts[0] = address(this);
        hall.wire(courts);
    }

    function test_gas__when_the_eligible_grow__then_as_recorded() external {
        uint256 most = vm.envOr("ELIGIBLE", uint256(0));
        string memory recorded = vm.readFile(FILE);
        string memory json = vm.serializeString("eligible", "schema", "assay/gas-eligible/1");
        uint256 enrolled;
        uint256 before;
        for (uint256 n = 10; n <= (most == 0 ? 10_000 : most); n *= 10) {
            vm.pauseGasMetering(); // more than one test has
            for (; enrolled < n; ++enrolled) {
                vm.deal(address(this), 2 ether);
                hall.stake{value: 1 ether + enrolled}(enrolled);
                hall.enrol(enrolled, fuzzyId);
            }
            vm.resumeGasMetering();
            skip(EPOCH);
            string memory section = string.concat("of", vm.toString(n));
            uint256 three = _draw(n, 3);
            vm.serializeUint(section, "three", three);
            uint256 thirtyOne = _draw(n, 31);
            json = vm.serializeString(
                "eligible", vm.toString(n), vm.serializeUint(section, "thirtyOne", thirtyOne)
            );
            if (most == 0) _compare(recorded, n, three, thirtyOne);
            // Ten times as many: four levels more to go down at most, each a slot that was not read yet.
            if (before != 0) assertLt(three, before + 3 * 4 * 3000, "growth");
            before = three;
        }
        if (most != 0) vm.writeJson(json, FILE);
    }

    function _compare(string memory recorded, uint256 n, uint256 three, uint256 thirtyOne) private pure {
        string memory place = string.concat(".", vm.toString(n));
        uint256 old = vm.parseJsonUint(recorded, string.concat(place, ".three"));
        assertApproxEqRel(three, old, 0.02e18, "record it anew with ELIGIBLE=100000");
        old = vm.parseJsonUint(recorded, string.concat(place, ".thirtyOne"));
        assertApproxEqRel(thirtyOne, old, 0.02e18, "record it anew with ELIGIBLE=100000");
    }

    /// @dev Not as a transaction of its own: with so many slots those take forge minutes. What the court pays.
    function _draw(uint256 n, uint256 count) private returns (uint256) {
        Cooler(address(vm)).cool(address(hall));
        (uint256[] memory agentIds,) = hall.draw(
            DrawRequest({
                profileId: fuzzyId,
                epoch: hall.currentEpoch(),
                seed: keccak256(abi.encode(n)),
                count: count,
                enrolledBefore: type(uint32).max,
                excludedOperator: address(0),
                excludedAgentIds: new uint256[](0),
                lockAmount: 0.5 ether,
                ref: bytes32(n)
            })
        );
        uint256 used = vm.lastCallGas().gasTotalUsed;
        assertEq(agentIds.length, count < n ? count : n);
        return used;
    }
}
