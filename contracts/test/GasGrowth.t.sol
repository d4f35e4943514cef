// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Profile} from "../src/interfaces/IProfileRegistry.sol";
import {Network} from "./support/Network.sol";

/// @dev How a round's gas grows with its committee, written to contracts/gas-growth.json.
contract GasGrowthTest is Network {
    string private constant FILE = "contracts/gas-growth.json";

    uint256[] private _sizes = [3, 5, 7, 11, 15, 23, 31];
    mapping(uint256 size => bytes32 profileId) private _profileOf;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < _sizes.length; ++i) {
            Profile memory p = profile;
            (p.committeeSize, p.minOperators) = (uint8(_sizes[i]), uint8(_sizes[i]));
            _profileOf[_sizes[i]] = profiles.register(abi.encode("of", _sizes[i]), p);
        }
        for (uint256 i = 0; i < _verifierCount(); ++i) {
            for (uint256 j = 0; j < 2; ++j) {
                vm.prank(verifiers[i].owner);
                vault.unenrol(verifiers[i].id, j == 0 ? fuzzyId : exactId);
            }
        }
    }

    function _verifierCount() internal pure override returns (uint256) {
        return 34;
    }

    /// forge-config: default.isolate = true
    function test_gas__when_committees_grow__then_as_recorded() external {
        vm.serializeString("growth", "schema", "assay/gas-growth/1");
        string memory json;
        for (uint256 i = 0; i < _sizes.length; ++i) {
            json = vm.serializeString("growth", vm.toString(_sizes[i]), _round(_sizes[i]));
        }
        vm.writeJson(json, FILE);
    }

    /// @dev Everything relayed; the totals are of the posting alone and without the registry's request.
    function _round(uint256 size) private returns (string memory json) {
        string memory section = string.concat("size", vm.toString(size));
        bytes32 profileId = _profileOf[size];
        for (uint256 i = 0; i < _verifierCount(); ++i) {
            _enrol(verifiers[i], profileId);
        }
        skip(EPOCH);
        profile.committeeSize = uint8(size);
        bytes32 h = _submit(profileId, bytes32(size));
        uint256 total = _measure(section, "submit");
        vm.roll(block.number + 3);
        rounds.draw(h);
        total += _measure(section, "draw");
        _commitMany(h, "digest");
        total += _measure(section, "commitMany");
        _openMany(h, "digest");
        total += _measure(section, "openMany");
        _publish(h, OUTPUT);
        total += _measure(section, "publish");
        _settle(h);
        _measure(section, "settleAll");
        json = vm.serializeUint(section, "total", total);
        for (uint256 i = 0; i < _verifierCount(); ++i) {
            vm.prank(verifiers[i].owner);
            vault.unenrol(verifiers[i].id, profileId);
        }
    }

    function _measure(string memory section, string memory name) private returns (uint256 used) {
        used = vm.lastCallGas().gasTotalUsed;
        vm.serializeUint(section, name, used);
    }
}
