// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

import {SSTORE2} from "solady/utils/SSTORE2.sol";

import {Family, IProfileRegistry, Profile} from "./interfaces/IProfileRegistry.sol";
import {ProfileCode} from "./libraries/ProfileCode.sol";

contract ProfileRegistry is IProfileRegistry, Ownable2Step {
    uint256 private constant MAX_COMMITTEE = 31;
    uint256 private constant MAX_BPS = 10_000;
    uint256 private constant TIP_DIVISOR = 4;
    /// @dev Two unrelated digests are 128 bits apart on average: from there on nothing is refused.
    uint256 private constant CHANCE_DISTANCE = 128;
    /// @dev Nodes refuse transactions above 128 KiB.
    uint256 private constant MAX_OUTPUT_BYTES = 120 * 1024;
    uint256 private constant MAX_WINDOW = 30 days;
    /// @dev A thousand observations: one round is not a career.
    uint256 private constant MAX_EVIDENCE = 1000 * 1e9;

    /// @dev Rounds keep a profile's number in 16 bits.
    uint256 private constant MAX_PROFILES = 1 << 16;

    /// @dev One more than its number; zero: not registered.
    mapping(bytes32 profileId => uint256) private _numbers;
    bytes32[] private _profileIds;

    /// @param registrar who may add profiles.
    constructor(address registrar) Ownable(registrar) {}

    /// @inheritdoc IProfileRegistry
    function register(bytes calldata recipe, Profile calldata profile_)
        external
        onlyOwner
        returns (bytes32 profileId)
    {
        require(recipe.length != 0, ProfileInvalid("recipe is empty"));
        profileId = keccak256(recipe);
        require(!isRegistered(profileId), ProfileAlreadyRegistered(profileId));
        require(_profileIds.length < MAX_PROFILES, ProfileInvalid("registry is full"));
        _validateComparison(profile_);
        _validateMoney(profile_);
        _validateTip(profile_);

        _profileIds.push(profileId);
        _numbers[profileId] = _profileIds.length;
        _write(profileId, profile_);

        emit ProfileRegistered(profileId, recipe, profile_);
    }

    /// @inheritdoc IProfileRegistry
    function profile(bytes32 profileId) external view returns (Profile memory) {
        _answer(numberOf(profileId), 32);
    }

    /// @inheritdoc IProfileRegistry
    function numberOf(bytes32 profileId) public view returns (uint16) {
        uint256 numberPlusOne = _numbers[profileId];
        require(numberPlusOne != 0, ProfileUnknown(profileId));
        return uint16(numberPlusOne - 1);
    }

    /// @inheritdoc IProfileRegistry
    function profileAt(uint16 number) external view returns (bytes32, Profile memory) {
        _answer(number, 0);
    }

    /// @inheritdoc IProfileRegistry
    function isRegistered(bytes32 profileId) public view returns (bool) {
        return _numbers[profileId] != 0;
    }

    /// @inheritdoc IProfileRegistry
    function profileIds() external view returns (bytes32[] memory) {
        return _profileIds;
    }

    /// @dev Where `ProfileCode` looks for it.
    function _write(bytes32 profileId, Profile calldata profile_) private {
        address written = SSTORE2.write(abi.encode(profileId, profile_));
        assert(written == ProfileCode.placeOf(address(this), _profileIds.length - 1));
    }

    /// @dev Ends the call with what was written, from byte `skipped` on: the encoding of what is returned.
    function _answer(uint256 number, uint256 skipped) private view {
        address place = ProfileCode.placeOf(address(this), number);
        require(place.code.length != 0, ProfileNumberUnknown(number));
        // The first byte of the code is a STOP.
        assembly {
            let size := sub(extcodesize(place), add(skipped, 1))
            extcodecopy(place, 0, add(skipped, 1), size)
            return(0, size)
        }
    }

    function _validateComparison(Profile calldata p) private pure {
        if (p.family == Family.Exact) {
            require(p.tolerance == 0, ProfileInvalid("exact allows no tolerance"));
        } else {
            require(p.tolerance < CHANCE_DISTANCE, ProfileInvalid("tolerance admits chance"));
        }
        require(
            p.committeeSize % 2 == 1 && p.committeeSize <= MAX_COMMITTEE,
            ProfileInvalid("committeeSize is not odd or above 31")
        );
        require(
            p.minOperators != 0 && p.minOperators <= p.committeeSize,
            ProfileInvalid("minOperators is not within 1 and committeeSize")
        );
        require(_isWindow(p.commitWindow), ProfileInvalid("commitWindow is zero or above 30 days"));
        require(_isWindow(p.openWindow), ProfileInvalid("openWindow is zero or above 30 days"));
        require(_isWindow(p.publishWindow), ProfileInvalid("publishWindow is zero or above 30 days"));
        require(
            p.appealWindow <= MAX_WINDOW && p.flagWindow <= MAX_WINDOW,
            ProfileInvalid("appealWindow or flagWindow is above 30 days")
        );
        require(p.flagWindow == 0 || p.appealBond != 0, ProfileInvalid("flagWindow needs an appealBond"));
        require(p.auditBps == 0 || p.appealWindow != 0, ProfileInvalid("auditBps needs an appealWindow"));
        require(
            p.maxOutputBytes != 0 && p.maxOutputBytes <= MAX_OUTPUT_BYTES,
            ProfileInvalid("maxOutputBytes is zero or above 120 KiB")
        );
    }

    function _validateMoney(Profile calldata p) private pure {
        require(p.seatLock != 0, ProfileInvalid("seatLock is zero"));
        require(p.providerBond != 0, ProfileInvalid("providerBond is zero"));
        require(
            p.minStake >= p.seatLock && p.minStake >= 1 gwei,
            ProfileInvalid("minStake is below seatLock or one gwei")
        );
        require(
            uint256(p.seatFee) * p.committeeSize + p.tip <= type(uint96).max,
            ProfileInvalid("fees exceed 96 bits")
        );
        require(
            p.slashNoCommitBps <= p.slashNoOpenBps,
            ProfileInvalid("not opening must cost at least as much as not committing")
        );
        require(
            p.slashNoOpenBps <= MAX_BPS && p.slashRejectedBps <= MAX_BPS && p.slashOverturnedBps <= MAX_BPS
                && p.auditBps <= MAX_BPS,
            ProfileInvalid("a slash or auditBps exceeds 10000 basis points")
        );
        require(
            p.evidenceWeight != 0 && p.evidenceWeight <= MAX_EVIDENCE,
            ProfileInvalid("evidenceWeight is zero or above 1000 observations")
        );
    }

    /// @dev A quarter of what the seats earn: more, and finishing rounds would pay better than sitting on them.
    function _validateTip(Profile calldata p) private pure {
        require(
            uint256(p.tip) * TIP_DIVISOR <= uint256(p.seatFee) * p.committeeSize,
            ProfileInvalid("tip is above a quarter of the seats' fees")
        );
    }

    function _isWindow(uint32 window) private pure returns (bool) {
        return window != 0 && window <= MAX_WINDOW;
    }
}
