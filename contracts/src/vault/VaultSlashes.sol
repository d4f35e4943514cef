// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {Courts} from "../libraries/Courts.sol";
import {VaultStakes} from "./VaultStakes.sol";

/// @dev What slashes take, how fast, and where it goes; and the two ways out when all else fails.
/// Balance = Σ (bonded + unbonding) + burned.
abstract contract VaultSlashes is VaultStakes {
    using Courts for Courts.Set;
    using SafeCast for uint256;

    /// @dev `deferred` is part of the agent's locked stake.
    struct Penalty {
        uint64 period; // which `taken` is of
        uint96 taken;
        uint96 deferred;
        uint96 base; // the stake when slashes were first deferred, while some are
    }

    uint256 private constant MAX_BPS = 10_000;
    /// @dev Of what a slash takes, to whoever brought it about: a quarter leaves being one's own accuser a loss.
    uint256 private constant REWARD_BPS = 2500;
    /// @dev Of locks that no court released, in unbonding delays, each longer than the longest dispute.
    uint256 private constant STALE_DELAYS = 2;

    /// @inheritdoc IStakeVault
    uint256 public immutable slashCapBps;
    /// @inheritdoc IStakeVault
    address public immutable treasury;
    /// @inheritdoc IStakeVault
    address public immutable guardian;

    /// @inheritdoc IStakeVault
    uint256 public burned;
    /// @inheritdoc IStakeVault
    bool public halted;
    mapping(uint256 agentId => Penalty) private _penalties;

    constructor(uint256 slashCapBps_, address treasury_, address guardian_) {
        require(slashCapBps_ != 0 && slashCapBps_ <= MAX_BPS, VaultSlashCapInvalid(slashCapBps_));
        (slashCapBps, treasury, guardian) = (slashCapBps_, treasury_, guardian_);
    }

    /// @inheritdoc IStakeVault
    function release(uint256 agentId, uint256 amount, uint256 slashed, bytes32 ref) external {
        _release(agentId, amount, slashed, ref);
    }

    /// @inheritdoc IStakeVault
    function releaseAndReward(uint256 agentId, uint256 amount, uint256 slashed, uint256 most, bytes32 ref)
        external
        returns (uint256 reward)
    {
        reward = Math.min(_release(agentId, amount, slashed, ref) * REWARD_BPS / MAX_BPS, most);
        if (reward == 0) return 0;

        burned -= reward;

        emit Rewarded(agentId, ref, reward);

        // Only a court is told that something was taken, and it calls nobody when it is paid.
        // slither-disable-next-line arbitrary-send-eth
        (bool sent,) = msg.sender.call{value: reward}("");
        require(sent, VaultTransferFailed(msg.sender, reward));
    }

    /// @return taken of it now.
    function _release(uint256 agentId, uint256 amount, uint256 slashed, bytes32 ref)
        private
        returns (uint256 taken)
    {
        if (!_courts.contains[msg.sender]) {
            // After the end a court settles its rounds as before; the stake is its owner's already.
            require(halted, VaultNotCourt(msg.sender));
            return 0;
        }
        require(slashed <= amount, VaultSlashExceedsLock(slashed, amount));
        Holding storage s = _stakes[agentId];

        // Less is left only if the owner has rescued what this round kept locked for too long.
        s.locked -= uint96(Math.min(amount, s.locked));
        if (slashed != 0) {
            slashed = Math.min(slashed, freeStakeOf(agentId));
            taken = Math.min(slashed, _allowance(agentId));
        }

        emit Released(agentId, ref, amount, taken);

        if (taken != 0) _take(agentId, taken);
        if (taken != slashed) _defer(agentId, slashed - taken, ref);
    }

    /// @inheritdoc IStakeVault
    function collect(uint256 agentId) external {
        require(!halted, VaultAlreadyHalted());
        Penalty storage p = _penalties[agentId];
        require(p.deferred != 0, VaultNothingDeferred(agentId));
        Holding storage s = _stakes[agentId];
        uint256 taken = Math.min(Math.min(p.deferred, _allowance(agentId)), _stakeIn(s));
        require(taken != 0, VaultSlashCapReached(agentId, (_period() + 1) * unbondingDelay));

        p.deferred -= uint96(taken);
        if (p.deferred == 0) p.base = 0;
        // Less is locked if a court came to a lock after its owner had rescued it.
        s.locked -= uint96(Math.min(taken, s.locked));

        emit Released(agentId, bytes32(0), taken, taken);

        _take(agentId, taken);
    }

    /// @inheritdoc IStakeVault
    function sweep() external nonReentrant {
        require(treasury != address(0), VaultNoTreasury());
        uint256 amount = burned;
        require(amount != 0, VaultNothingSlashed());

        burned = 0;

        emit SlashedFundsSent(treasury, amount);

        (bool sent,) = treasury.call{value: amount}("");
        require(sent, VaultTransferFailed(treasury, amount));
    }

    /// @inheritdoc IStakeVault
    function halt() external {
        require(msg.sender == guardian, VaultNotGuardian(msg.sender));
        require(!halted, VaultAlreadyHalted());

        halted = true;
        _courts.dismiss();

        emit Halted();
    }

    /// @inheritdoc IStakeVault
    function rescue(uint256 agentId) external onlyOwner(agentId) {
        Holding storage s = _stakes[agentId];
        uint256 staleAt = s.lockedAt + STALE_DELAYS * unbondingDelay;
        require(block.timestamp >= staleAt, VaultLockNotStale(agentId, staleAt));
        uint256 stale = Math.saturatingSub(s.locked, _penalties[agentId].deferred);

        s.locked -= uint96(stale);

        emit Released(agentId, bytes32(0), stale, 0);
    }

    /// @inheritdoc IStakeVault
    function deferredOf(uint256 agentId) external view returns (uint256) {
        return _penalties[agentId].deferred;
    }

    /// @dev Of what the agent has, what this period took of it included; or of what it had when slashes were
    /// first deferred, if that was more: so that all of them are taken after 1 / cap periods.
    function _allowance(uint256 agentId) private view returns (uint256) {
        Holding storage s = _stakes[agentId];
        Penalty storage p = _penalties[agentId];
        // A period is a number that is written here alone; nobody can send the contract another one.
        // slither-disable-next-line incorrect-equality
        uint256 taken = p.period == _period() ? p.taken : 0;
        uint256 base = Math.max(p.base, uint256(s.bonded) + s.unbonding + taken);
        return Math.saturatingSub(base * slashCapBps / MAX_BPS, taken);
    }

    function _defer(uint256 agentId, uint256 amount, bytes32 ref) private {
        Holding storage s = _stakes[agentId];
        Penalty storage p = _penalties[agentId];
        if (p.deferred == 0) p.base = s.bonded + s.unbonding + p.taken;
        p.deferred += uint96(amount);
        _lock(agentId, uint96(amount), ref);
    }

    function _take(uint256 agentId, uint256 amount) private {
        Holding storage s = _stakes[agentId];
        Penalty storage p = _penalties[agentId];
        uint64 period = uint64(_period());
        if (p.period != period) (p.period, p.taken) = (period, 0);
        p.taken += uint96(amount);

        uint256 fromBonded = Math.min(amount, s.bonded);
        s.bonded -= uint96(fromBonded);
        s.unbonding -= uint96(amount - fromBonded);
        burned += amount;
        _bondedChanged(agentId, s.bonded);
    }

    /// @dev What was deferred stays, also where it is no longer locked.
    function _leavable(uint256 agentId) internal view override returns (uint256) {
        uint256 all = _stakeIn(_stakes[agentId]);
        if (halted) return all;
        return Math.min(freeStakeOf(agentId), Math.saturatingSub(all, _penalties[agentId].deferred));
    }

    function _stakeIn(Holding storage s) private view returns (uint256) {
        return uint256(s.bonded) + s.unbonding;
    }

    function _period() private view returns (uint256) {
        return block.timestamp / unbondingDelay;
    }
}
