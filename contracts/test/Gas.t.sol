// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Profile} from "../src/interfaces/IProfileRegistry.sol";
import {SeatRef} from "../src/interfaces/IVerificationRounds.sol";
import {Network} from "./support/Network.sol";

/// @dev What a round costs, each call as a transaction of its own, written to contracts/gas.json to be
/// reviewed like code. A first round writes slots that were zero; what agents pay from then on is the second.
contract GasTest is Network {
    string private constant FILE = "contracts/gas.json";
    /// @dev Three times what ERC-8004's own request and response take.
    uint256 private constant YARDSTICK = 897_000;

    /// @dev Of a seat that posts for itself.
    uint256 private constant OWN_COMMIT = 60_000;
    uint256 private constant OWN_OPENING = 65_000;

    string private _section;
    uint256 private _total;

    function _verifierCount() internal pure override returns (uint256) {
        return 8;
    }

    function _profile() internal pure override returns (Profile memory p) {
        p = super._profile();
        (p.committeeSize, p.minOperators) = (3, 3);
    }

    /// forge-config: default.isolate = true
    function test_gas__then_as_recorded() external {
        string memory json = vm.serializeString("gas", "schema", "assay/gas/2");
        (uint256 first, string memory section) = _relayedRound("relayedFirst", exactId, "a");
        vm.serializeString("gas", "relayedFirst", section);
        (uint256 ownFirst, string memory ownSection) = _ownRound("ownFirst", "b", false);
        vm.serializeString("gas", "ownFirst", ownSection);
        uint256 relayed;
        (relayed, section) = _relayedRound("relayed", exactId, "c");
        vm.serializeString("gas", "relayed", section);
        uint256 relayedFuzzy;
        (relayedFuzzy, section) = _relayedRound("relayedFuzzy", fuzzyId, "d");
        vm.serializeString("gas", "relayedFuzzy", section);
        uint256 own;
        (own, ownSection) = _ownRound("own", "e", true);
        json = vm.serializeString("gas", "own", ownSection);
        vm.writeJson(json, FILE);

        assertLe(relayed, YARDSTICK);
        assertLe(relayedFuzzy, YARDSTICK);
        assertLe(own, 1_500_000);
        assertLt(first + ownFirst, 3_000_000);
    }

    // ------------------------------------------------------------------ rounds

    /// @return total without settling the seats, which is by and by and for many rounds at once.
    function _relayedRound(string memory section, bytes32 profileId, bytes32 task)
        private
        returns (uint256 total, string memory json)
    {
        _begin(section);
        bytes32 h = _begun(profileId, task);
        bytes32 claim = keccak256(abi.encodePacked(rounds.round(h).key, OUTPUT));
        _commitMany(h, claim);
        _measure("commitMany");
        _openMany(h, claim);
        _measure("openMany");
        _publish(h, OUTPUT);
        _measure("publish");
        total = _total;
        _settle(h);
        _measure("settleThree");
        return _end(total);
    }

    /// @param providerFirst else it is last, and its commitment ends the window.
    function _ownRound(string memory section, bytes32 task, bool providerFirst)
        private
        returns (uint256 total, string memory json)
    {
        _begin(section);
        bytes32 h = _begun(exactId, task);
        bytes32 claim = keccak256(abi.encodePacked(rounds.round(h).key, OUTPUT));
        if (providerFirst) _commitMeasured(h, PROVIDER_SEAT, claim, "commitProvider");
        for (uint8 seat = 0; seat < 3; ++seat) {
            _commitMeasured(h, seat, claim, string.concat("commit", vm.toString(seat)));
        }
        if (!providerFirst) _commitMeasured(h, PROVIDER_SEAT, claim, "commitProvider");
        for (uint8 seat = 0; seat < 3; ++seat) {
            _open(h, seat, claim);
            assertLe(_measure(string.concat("open", vm.toString(seat))), OWN_OPENING);
        }
        _open(h, PROVIDER_SEAT, claim);
        assertLe(_measure("openProvider"), OWN_OPENING);
        _advance(h);
        _measure("advance");
        _publish(h, OUTPUT);
        _measure("publish");
        total = _total;
        for (uint8 seat = 0; seat < 3; ++seat) {
            SeatRef[] memory refs = new SeatRef[](1);
            refs[0] = SeatRef(h, 0, seat);
            rounds.settle(refs);
            _measure(string.concat("settle", vm.toString(seat)));
        }
        return _end(total);
    }

    function _commitMeasured(bytes32 h, uint8 seat, bytes32 claim, string memory name) private {
        _commit(h, seat, claim);
        assertLe(_measure(name), OWN_COMMIT);
    }

    function _begun(bytes32 profileId, bytes32 task) private returns (bytes32 h) {
        h = _submit(profileId, task);
        _measure("submit");
        vm.roll(block.number + 3);
        rounds.draw(h);
        _measure("draw");
    }

    // ------------------------------------------------------------------ recording

    function _begin(string memory section) private {
        (_section, _total) = (section, 0);
    }

    function _measure(string memory name) private returns (uint256 used) {
        used = vm.lastCallGas().gasTotalUsed;
        _total += used;
        vm.serializeUint(_section, name, used);
    }

    function _end(uint256 total) private returns (uint256, string memory) {
        vm.serializeUint(_section, "total", total);
        return (total, vm.serializeUint(_section, "totalWithSettling", _total));
    }
}
