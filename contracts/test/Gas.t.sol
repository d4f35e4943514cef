// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Profile} from "../src/interfaces/IProfileRegistry.sol";
import {Network} from "./support/Network.sol";
import {Vm} from "forge-std/Vm.sol";

/// @dev What each step of a round with three verifiers costs, each call as a transaction of its own,
/// written to contracts/gas.json to be reviewed like code.
contract GasTest is Network {
    string private constant FILE = "contracts/gas.json";

    uint256 private total;
    string private report;

    function _profile() internal pure override returns (Profile memory p) {
        p = super._profile();
        (p.committeeSize, p.minOperators) = (3, 3);
    }

    /// forge-config: default.isolate = true
    function test_gas__when_three_verify__then_as_recorded() external {
        vm.serializeString("gas", "schema", "assay/gas/1");
        bytes32 h = _submit(exactId, "task");
        _measure("submit");
        vm.roll(block.number + 3);
        rounds.draw(h);
        _measure("draw");
        bytes32 claim = keccak256(abi.encodePacked(rounds.round(h).key, OUTPUT));
        for (uint8 seat = 0; seat < 3; ++seat) {
            _commit(h, seat, claim);
            _measure(string.concat("commit", vm.toString(seat)));
        }
        _commit(h, PROVIDER_SEAT, claim);
        _measure("commitProvider");
        for (uint8 seat = 0; seat < 3; ++seat) {
            _open(h, seat, claim);
            _measure(string.concat("open", vm.toString(seat)));
        }
        _open(h, PROVIDER_SEAT, claim);
        _measure("openProvider");
        _advance(h);
        _measure("advance");
        _publish(h, OUTPUT);
        _measure("publish");
        vm.prank(provider.owner);
        rounds.withdraw();
        _measure("withdraw");
        vm.writeJson(vm.serializeUint("gas", "total", total), FILE);
        assertLt(total, 3_000_000);
    }

    function _measure(string memory name) private {
        uint256 used = vm.lastCallGas().gasTotalUsed;
        total += used;
        vm.serializeUint("gas", name, used);
    }
}
