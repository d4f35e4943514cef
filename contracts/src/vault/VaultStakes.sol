// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IIdentityRegistry} from "../interfaces/IIdentityRegistry.sol";
import {IStakeVault, Stake} from "../interfaces/IStakeVault.sol";
import {AgentAuth} from "../libraries/AgentAuth.sol";
import {Courts} from "../libraries/Courts.sol";

/// @dev What is bonded, unbonding and locked. Of each agent, locked <= bonded + unbonding.
abstract contract VaultStakes is IStakeVault, ReentrancyGuardTransient {
    using Courts for Courts.Set;
    using SafeCast for uint256;

    /// @dev What `Stake` shows, in two slots: locking and releasing touch the first one alone.
    struct Holding {
        uint96 bonded;
        uint96 locked;
        uint40 lockedAt;
        uint96 unbonding;
        uint40 unbondsAt;
    }

    IIdentityRegistry internal immutable _identity;
    /// @inheritdoc IStakeVault
    uint256 public immutable unbondingDelay;

    Courts.Set internal _courts;
    mapping(uint256 agentId => Holding) internal _stakes;

    constructor(IIdentityRegistry identity, uint256 unbondingDelay_, address deployer) {
        _identity = identity;
        unbondingDelay = unbondingDelay_;
        _courts.deployer = deployer;
    }

    modifier onlyOperator(uint256 agentId) {
        require(AgentAuth.isOperator(_identity, agentId, msg.sender), VaultNotOperator(agentId, msg.sender));
        _;
    }

    modifier onlyOwner(uint256 agentId) {
        require(msg.sender == _identity.ownerOf(agentId), VaultNotOwner(agentId, msg.sender));
        _;
    }

    modifier onlyCourt() {
        require(_courts.contains[msg.sender], VaultNotCourt(msg.sender));
        _;
    }

    /// @inheritdoc IStakeVault
    function wire(address[] calldata courts) external {
        require(msg.sender == _courts.deployer, VaultNotDeployer(msg.sender));
        require(!_courts.wired, VaultAlreadyWired());

        _courts.wire(courts);

        emit Wired(courts);
    }

    /// @inheritdoc IStakeVault
    function stake(uint256 agentId) external payable onlyOperator(agentId) {
        require(msg.value != 0, VaultZeroAmount());

        Holding storage s = _stakes[agentId];
        s.bonded += msg.value.toUint96();
        // So that the slot of locks is never zero, and no draw pays for a new one.
        if (s.lockedAt == 0) s.lockedAt = uint40(block.timestamp);
        _bondedChanged(agentId, s.bonded);

        emit Staked(agentId, msg.value, s.bonded);
    }

    /// @inheritdoc IStakeVault
    function requestUnstake(uint256 agentId, uint256 amount) external onlyOwner(agentId) {
        require(amount != 0, VaultZeroAmount());
        Holding storage s = _stakes[agentId];
        require(amount <= s.bonded, VaultInsufficientStake(agentId, s.bonded, amount));

        s.bonded -= uint96(amount);
        s.unbonding += uint96(amount);
        s.unbondsAt = (block.timestamp + unbondingDelay).toUint40();
        _bondedChanged(agentId, s.bonded);

        emit UnstakeRequested(agentId, amount, s.bonded, s.unbondsAt);
    }

    /// @inheritdoc IStakeVault
    function withdraw(uint256 agentId) external nonReentrant onlyOwner(agentId) {
        Holding storage s = _stakes[agentId];
        require(s.unbonding != 0, VaultNothingToWithdraw(agentId));
        require(block.timestamp >= s.unbondsAt, VaultStillUnbonding(agentId, s.unbondsAt));
        uint256 amount = Math.min(s.unbonding, _leavable(agentId));
        require(amount != 0, VaultNothingToWithdraw(agentId));

        s.unbonding -= uint96(amount);

        emit Unstaked(agentId, msg.sender, amount);

        (bool sent,) = msg.sender.call{value: amount}("");
        require(sent, VaultTransferFailed(msg.sender, amount));
    }

    /// @inheritdoc IStakeVault
    function lock(uint256 agentId, uint256 amount, bytes32 ref) external onlyCourt {
        if (!_isFree(agentId, amount)) {
            revert VaultInsufficientStake(agentId, freeStakeOf(agentId), amount);
        }

        _lock(agentId, amount.toUint96(), ref);
    }

    /// @inheritdoc IStakeVault
    function stakeOf(uint256 agentId) external view returns (Stake memory) {
        Holding memory s = _stakes[agentId];
        return Stake(s.bonded, s.unbonding, s.locked, s.unbondsAt, s.lockedAt);
    }

    /// @inheritdoc IStakeVault
    function freeStakeOf(uint256 agentId) public view returns (uint256) {
        Holding storage s = _stakes[agentId];
        return uint256(s.bonded) + s.unbonding - s.locked;
    }

    /// @dev Whether so much is not locked. What unbonds is looked at only if it matters.
    function _isFree(uint256 agentId, uint256 amount) internal view returns (bool) {
        Holding storage s = _stakes[agentId];
        return amount <= Math.saturatingSub(s.bonded, s.locked) || amount <= freeStakeOf(agentId);
    }

    function _lock(uint256 agentId, uint96 amount, bytes32 ref) internal {
        Holding storage s = _stakes[agentId];
        s.locked += amount;
        s.lockedAt = uint40(block.timestamp);

        emit Locked(agentId, ref, amount);
    }

    /// @return What of an agent's stake no slash can reach any more.
    function _leavable(uint256 agentId) internal view virtual returns (uint256);

    /// @dev Called after every change of what an agent has bonded.
    function _bondedChanged(uint256 agentId, uint96 bonded) internal virtual;
}
