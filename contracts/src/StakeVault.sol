// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ICapability} from "./interfaces/ICapability.sol";
import {IIdentityRegistry} from "./interfaces/IIdentityRegistry.sol";
import {IProfileRegistry, Profile} from "./interfaces/IProfileRegistry.sol";
import {DrawRequest, IStakeVault} from "./interfaces/IStakeVault.sol";
import {AgentAuth} from "./libraries/AgentAuth.sol";
import {Disputes} from "./libraries/Disputes.sol";
import {Sortition} from "./libraries/Sortition.sol";
import {VaultSlashes} from "./vault/VaultSlashes.sol";
import {VaultStakes} from "./vault/VaultStakes.sol";

/// @dev Enrolments and draws; the money is `VaultStakes`' and `VaultSlashes`'.
contract StakeVault is VaultSlashes {
    using SafeCast for uint256;
    using Sortition for Sortition.Tree;

    struct Enrolment {
        address operator; // the owner who enrolled; zero: not enrolled
        uint32 leaf;
        uint32 since; // epoch
    }

    /// @dev What a leaf stands for, kept after the agent left: draws of that epoch still find it.
    struct Leaf {
        address operator;
        uint48 agentId;
        uint32 since; // epoch of the enrolment
    }

    struct Vacancy {
        uint32 leaf;
        uint32 reusableFrom;
    }

    struct Pool {
        uint96 minStake; // of the profile, which cannot change
        uint64 firstVacancy;
        Sortition.Tree tree;
        Vacancy[] vacancies; // oldest first; those before `firstVacancy` are taken
        mapping(uint256 leaf => Leaf) leaves;
        /// @dev Leaf plus one of the agent an operator has enrolled; zero: none.
        mapping(address operator => uint256 leafPlusOne) seatOf;
    }

    /// @dev Bounds what one slash has to update, so that settling a round always fits in a transaction.
    uint256 private constant MAX_PROFILES = 4;
    /// @dev How many unusable agents a draw may come across before it gives up; bounds its gas.
    uint256 private constant MAX_MISSES = 64;
    /// @dev Draws reach back one epoch, so a leaf is free for another agent after two.
    uint32 private constant EPOCHS_KEPT = 2;

    IProfileRegistry private immutable _profiles;
    ICapability private immutable _capability;
    /// @inheritdoc IStakeVault
    uint256 public immutable epochLength;

    mapping(bytes32 profileId => Pool) private _pools;
    mapping(uint256 agentId => mapping(bytes32 profileId => Enrolment)) private _enrolments;
    mapping(uint256 agentId => bytes32[]) private _profilesOf;

    /// @param capability zero admits everybody.
    /// @param epochLength_ seconds. @param unbondingDelay_ seconds, longer than any round can last; also the
    /// period of the cap on slashes. @param treasury_ zero burns what is slashed.
    /// @param deployer who may name the courts, once.
    constructor(
        IIdentityRegistry identity,
        IProfileRegistry profiles,
        ICapability capability,
        uint256 epochLength_,
        uint256 unbondingDelay_,
        uint256 slashCapBps_,
        address treasury_,
        address guardian_,
        address deployer
    ) VaultStakes(identity, unbondingDelay_, deployer) VaultSlashes(slashCapBps_, treasury_, guardian_) {
        require(epochLength_ != 0, VaultEpochLengthZero());
        _profiles = profiles;
        _capability = capability;
        epochLength = epochLength_;
    }

    /// @inheritdoc IStakeVault
    function enrol(uint256 agentId, bytes32 profileId) external onlyOperator(agentId) {
        require(_profiles.isRegistered(profileId), VaultProfileUnknown(profileId));
        Enrolment storage enrolment = _enrolments[agentId][profileId];
        require(enrolment.operator == address(0), VaultAlreadyEnrolled(agentId, profileId));
        // Registries count agents from 0: no agent is refused, and eight ids fit in a word of the court's.
        require(agentId <= type(uint32).max, VaultAgentIdTooLarge(agentId));
        require(_profilesOf[agentId].length < MAX_PROFILES, VaultTooManyProfiles(agentId, MAX_PROFILES));
        address operator = _identity.ownerOf(agentId);
        Pool storage pool = _pools[profileId];
        uint256 taken = pool.seatOf[operator];
        if (taken != 0) revert VaultOperatorEnrolled(operator, profileId, pool.leaves[taken - 1].agentId);
        require(_isCapable(agentId, operator, profileId), VaultNotCapable(agentId, profileId));

        pool.minStake = _admitted(profileId).minStake;
        uint32 leaf = _freeLeaf(pool);
        pool.leaves[leaf] = Leaf(operator, uint48(agentId), currentEpoch());
        pool.seatOf[operator] = uint256(leaf) + 1;
        (enrolment.operator, enrolment.leaf, enrolment.since) = (operator, leaf, currentEpoch());
        _profilesOf[agentId].push(profileId);
        _bondedChanged(agentId, _stakes[agentId].bonded);

        emit Enrolled(agentId, profileId, operator);
    }

    /// @inheritdoc IStakeVault
    function unenrol(uint256 agentId, bytes32 profileId) external {
        Enrolment memory enrolment = _enrolments[agentId][profileId];
        require(enrolment.operator != address(0), VaultNotEnrolled(agentId, profileId));
        require(
            AgentAuth.isOperator(_identity, agentId, msg.sender)
                || _identity.ownerOf(agentId) != enrolment.operator
                || !_isCapable(agentId, enrolment.operator, profileId),
            VaultNotOperator(agentId, msg.sender)
        );

        Pool storage pool = _pools[profileId];
        pool.tree.set(enrolment.leaf, 0, currentEpoch());
        pool.vacancies.push(Vacancy(enrolment.leaf, currentEpoch() + EPOCHS_KEPT));
        delete pool.seatOf[enrolment.operator];
        delete _enrolments[agentId][profileId];
        _forget(_profilesOf[agentId], profileId);
        _bondedChanged(agentId, _stakes[agentId].bonded);

        emit Left(agentId, profileId, enrolment.operator);
    }

    /// @inheritdoc IStakeVault
    function draw(DrawRequest calldata request)
        external
        onlyCourt
        returns (uint256[] memory agentIds, address[] memory operators)
    {
        uint32 current = currentEpoch();
        uint32 epoch = request.epoch;
        require(epoch <= current && epoch + 1 >= current, VaultEpochUnknown(epoch, current));
        agentIds = new uint256[](request.count);
        operators = new address[](request.count);
        uint256 total = _pools[request.profileId].tree.totalAt(epoch);
        Sortition.Excluded memory met = Sortition.none(request.count + MAX_MISSES);

        uint256 drawn;
        while (drawn < request.count && met.count < met.starts.length && met.sum < total) {
            Leaf memory leaf = _next(request, total, met);
            if (!_isEligible(request, leaf)) continue;
            _lock(leaf.agentId, request.lockAmount, request.ref);
            (agentIds[drawn], operators[drawn]) = (leaf.agentId, leaf.operator);
            ++drawn;
        }

        // Both arrays only get shorter; the words behind them stay unused.
        assembly ("memory-safe") {
            mstore(agentIds, drawn)
            mstore(operators, drawn)
        }
    }

    /// @inheritdoc IStakeVault
    function currentEpoch() public view returns (uint32) {
        return (block.timestamp / epochLength).toUint32();
    }

    /// @inheritdoc IStakeVault
    function enrolmentsOf(uint256 agentId) external view returns (bytes32[] memory) {
        return _profilesOf[agentId];
    }

    /// @inheritdoc IStakeVault
    function isEnrolled(uint256 agentId, bytes32 profileId) external view returns (bool) {
        return _enrolments[agentId][profileId].operator != address(0);
    }

    /// @inheritdoc IStakeVault
    function enrolmentOf(uint256 agentId, bytes32 profileId)
        external
        view
        returns (address operator, uint32 since)
    {
        Enrolment storage enrolment = _enrolments[agentId][profileId];
        return (enrolment.operator, enrolment.since);
    }

    /// @inheritdoc IStakeVault
    function operatorsOf(bytes32 profileId, uint256[] calldata agentIds, uint32 before)
        external
        view
        returns (address[] memory operators)
    {
        operators = new address[](agentIds.length);
        for (uint256 i = 0; i < agentIds.length; ++i) {
            Enrolment storage enrolment = _enrolments[agentIds[i]][profileId];
            if (enrolment.since < before) operators[i] = enrolment.operator;
        }
    }

    /// @inheritdoc IStakeVault
    function weightOf(uint256 agentId, bytes32 profileId, uint32 epoch) external view returns (uint256) {
        _requireKnown(epoch);
        Enrolment storage enrolment = _enrolments[agentId][profileId];
        if (enrolment.operator == address(0)) return 0;
        return _pools[profileId].tree.weightAt(enrolment.leaf, epoch);
    }

    /// @inheritdoc IStakeVault
    function totalWeight(bytes32 profileId, uint32 epoch) external view returns (uint256) {
        _requireKnown(epoch);
        return _pools[profileId].tree.totalAt(epoch);
    }

    /// @dev Stake that is drawn for several profiles counts in each for its share, so that the weights of all
    /// trees are what there is to lock, once.
    function _bondedChanged(uint256 agentId, uint96 bonded) internal override {
        bytes32[] storage profileIds = _profilesOf[agentId];
        uint256 count = profileIds.length;
        for (uint256 i = 0; i < count; ++i) {
            bytes32 profileId = profileIds[i];
            _weigh(_pools[profileId], _enrolments[agentId][profileId].leaf, uint96(bonded / count));
        }
    }

    /// @dev Weights are in gwei, so that three of them and their epochs fit in one slot.
    function _weigh(Pool storage pool, uint32 leaf, uint96 share) private {
        uint256 weight = share < pool.minStake ? 0 : share / 1 gwei;
        pool.tree.set(leaf, weight.toUint64(), currentEpoch());
    }

    /// @dev A draw uses the epoch of its round's submission or postpones it by one: stake that left at
    /// submission must still be here when the last slash of that round is due.
    function _admitted(bytes32 profileId) private view returns (Profile memory p) {
        p = _profiles.profile(profileId);
        uint256 longest = 2 * epochLength + Disputes.longest(p);
        require(unbondingDelay > longest, VaultUnbondingTooShort(profileId, longest, unbondingDelay));
    }

    function _freeLeaf(Pool storage pool) private returns (uint32) {
        if (pool.firstVacancy < pool.vacancies.length) {
            Vacancy storage oldest = pool.vacancies[pool.firstVacancy];
            if (oldest.reusableFrom <= currentEpoch()) {
                ++pool.firstVacancy;
                return oldest.leaf;
            }
        }
        return pool.tree.grow();
    }

    function _forget(bytes32[] storage profileIds, bytes32 profileId) private {
        uint256 last = profileIds.length - 1;
        for (uint256 i = 0; i < last; ++i) {
            if (profileIds[i] == profileId) profileIds[i] = profileIds[last];
        }
        profileIds.pop();
    }

    /// @param met whoever was drawn or found unusable; the next one is added.
    /// @return Ticket number `met.count` of this seed, among the weight that was not met yet.
    function _next(DrawRequest calldata request, uint256 total, Sortition.Excluded memory met)
        private
        view
        returns (Leaf memory)
    {
        Pool storage pool = _pools[request.profileId];
        uint256 ticket = uint256(keccak256(abi.encode(request.seed, met.count))) % (total - met.sum);
        return pool.leaves[pool.tree.take(request.epoch, ticket, met)];
    }

    function _isEligible(DrawRequest calldata request, Leaf memory leaf) private view returns (bool) {
        if (leaf.operator == request.excludedOperator || leaf.since >= request.enrolledBefore) return false;
        for (uint256 i = 0; i < request.excludedAgentIds.length; ++i) {
            if (leaf.agentId == request.excludedAgentIds[i]) return false;
        }
        return _isFree(leaf.agentId, request.lockAmount)
            && _isCapable(leaf.agentId, leaf.operator, request.profileId);
    }

    function _isCapable(uint256 agentId, address owner, bytes32 profileId) private view returns (bool) {
        return address(_capability) == address(0) || _capability.isCapable(agentId, owner, profileId);
    }

    function _requireKnown(uint32 epoch) private view {
        uint32 current = currentEpoch();
        require(epoch + 1 >= current && epoch <= current + 1, VaultEpochUnknown(epoch, current));
    }
}
