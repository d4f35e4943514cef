// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

import {Family, IProfileRegistry, Profile} from "./interfaces/IProfileRegistry.sol";

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

    mapping(bytes32 profileId => Profile) private _profiles;
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
        _validateComparison(profile_);
        _validateMoney(profile_);
        _validateTip(profile_);

        _profiles[profileId] = profile_;
        _profileIds.push(profileId);

        emit ProfileRegistered(profileId, recipe, profile_);
    }

    /// @inheritdoc IProfileRegistry
    function profile(bytes32 profileId) external view returns (Profile memory) {
        require(isRegistered(profileId), ProfileUnknown(profileId));
        return _profiles[profileId];
    }

    /// @inheritdoc IProfileRegistry
    function isRegistered(bytes32 profileId) public view returns (bool) {
        return _profiles[profileId].committeeSize != 0;
    }

    /// @inheritdoc IProfileRegistry
    function profileIds() external view returns (bytes32[] memory) {
        return _profileIds;
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
            p.slashNoOpenBps <= MAX_BPS && p.slashRejectedBps <= MAX_BPS,
            ProfileInvalid("a slash exceeds 10000 basis points")
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
