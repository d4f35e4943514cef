// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

struct Stake {
    uint96 bonded; // counts for sortition
    uint96 unbonding; // leaves at unbondsAt, slashable until then
    uint96 locked; // held by open rounds, out of bonded + unbonding
    uint40 unbondsAt;
    uint40 lockedAt; // when a round last locked some
}

struct DrawRequest {
    bytes32 profileId;
    uint32 epoch; // whose weights count: this one or the last
    bytes32 seed;
    uint256 count;
    uint32 enrolledBefore; // epoch: who enrolled in it or later is not drawn
    address excludedOperator;
    uint256[] excludedAgentIds; // the provider's own agent, whoever enrolled it, and earlier committees
    uint96 lockAmount;
    bytes32 ref; // of the locks
}

/// @title Stake per agent, locks per round, and one sortition tree per profile.
/// @dev Weights written in one epoch count from the next one on, and a draw reads the weights of the
/// epoch in which its round was submitted: nobody moves stake once the entropy is known.
interface IStakeVault {
    error VaultNotOperator(uint256 agentId, address caller);
    error VaultNotOwner(uint256 agentId, address caller);
    error VaultNotCourt(address caller);
    error VaultNotDeployer(address caller);
    error VaultAlreadyWired();
    error VaultZeroAmount();
    error VaultEpochLengthZero();
    error VaultInsufficientStake(uint256 agentId, uint256 free, uint256 required);
    error VaultStillUnbonding(uint256 agentId, uint256 unbondsAt);
    error VaultNothingToWithdraw(uint256 agentId);
    error VaultProfileUnknown(bytes32 profileId);
    error VaultAlreadyEnrolled(uint256 agentId, bytes32 profileId);
    error VaultNotEnrolled(uint256 agentId, bytes32 profileId);
    error VaultOperatorEnrolled(address operator, bytes32 profileId, uint256 agentId);
    error VaultTooManyProfiles(uint256 agentId, uint256 limit);
    error VaultNotCapable(uint256 agentId, bytes32 profileId);
    error VaultAgentIdTooLarge(uint256 agentId);
    error VaultEpochUnknown(uint32 epoch, uint32 current);
    error VaultSlashExceedsLock(uint256 slashed, uint256 lock);
    error VaultTransferFailed(address account, uint256 amount);
    error VaultUnbondingTooShort(bytes32 profileId, uint256 longestDispute, uint256 unbondingDelay);
    error VaultSlashCapInvalid(uint256 slashCapBps);
    error VaultSlashCapReached(uint256 agentId, uint256 nextPeriodAt);
    error VaultNothingDeferred(uint256 agentId);
    error VaultNoTreasury();
    error VaultNothingSlashed();
    error VaultNotGuardian(address caller);
    error VaultAlreadyHalted();
    error VaultLockNotStale(uint256 agentId, uint256 staleAt);

    event Wired(address[] courts);
    event Staked(uint256 indexed agentId, uint256 amount, uint256 bonded);
    event UnstakeRequested(uint256 indexed agentId, uint256 amount, uint256 bonded, uint256 unbondsAt);
    event Unstaked(uint256 indexed agentId, address indexed to, uint256 amount);
    event Enrolled(uint256 indexed agentId, bytes32 indexed profileId, address indexed operator);
    event Left(uint256 indexed agentId, bytes32 indexed profileId, address indexed operator);
    event Locked(uint256 indexed agentId, bytes32 indexed ref, uint256 amount);
    event Released(uint256 indexed agentId, bytes32 indexed ref, uint256 amount, uint256 slashed);
    event Rewarded(uint256 indexed agentId, bytes32 indexed ref, uint256 amount);
    event SlashedFundsSent(address indexed treasury, uint256 amount);
    event Halted();

    /// @notice Names the courts that may lock and slash. Once, by the deployer; never again.
    function wire(address[] calldata courts) external;
    /// @notice Bonds the value sent. Caller: the agent's operator. Stake belongs to whoever owns the agent.
    function stake(uint256 agentId) external payable;
    /// @notice Starts unbonding; an earlier unbonding starts again together with it. Caller: the owner.
    function requestUnstake(uint256 agentId, uint256 amount) external;
    /// @notice Pays what has finished unbonding, and no round has locked, to the agent's owner, who calls.
    function withdraw(uint256 agentId) external;
    /// @notice Makes the agent drawable for a profile from the next epoch on, while it has the
    /// profile's minimum bonded. One agent per owner and profile. Caller: the agent's operator.
    function enrol(uint256 agentId, bytes32 profileId) external;
    /// @notice Ends an enrolment: by the agent's operator, or by anyone once the agent changed owner
    /// or lost the profile's capability.
    function unenrol(uint256 agentId, bytes32 profileId) external;

    // courts only
    /// @notice Holds `amount` of the agent's stake until `release`.
    function lock(uint256 agentId, uint256 amount, bytes32 ref) external;
    /// @notice Frees `amount` and takes `slashed` of it, from bonded stake first, then from unbonding. What
    /// exceeds the agent's cap of this period stays locked until `collect` takes it in a later one.
    function release(uint256 agentId, uint256 amount, uint256 slashed, bytes32 ref) external;
    /// @notice `release`, and a quarter of what is taken now, but no more than `most`, goes to the court, for whoever
    /// brought it about.
    /// @return reward in wei, sent to the caller.
    function releaseAndReward(uint256 agentId, uint256 amount, uint256 slashed, uint256 most, bytes32 ref)
        external
        returns (uint256 reward);
    /// @notice Draws up to `request.count` distinct agents by weight, without replacement, and locks
    /// `request.lockAmount` of each. Whoever enrolled counts: an agent that left, or was sold, after the
    /// epoch can still be drawn, so nobody dodges or steers a draw once its entropy is known.
    /// @return agentIds fewer than asked for when not enough are eligible.
    /// @return operators who enrolled them, all different.
    function draw(DrawRequest calldata request)
        external
        returns (uint256[] memory agentIds, address[] memory operators);

    // anyone
    /// @notice Takes what earlier slashes of an agent deferred, as far as this period's cap allows.
    function collect(uint256 agentId) external;
    /// @notice Sends what was slashed to the treasury. Without one it stays here for ever.
    function sweep() external;

    /// @notice Ends the vault for good: no court locks or slashes any more, nothing deferred is taken, and
    /// every owner can leave with its stake after the usual delay. Caller: the guardian, which can do nothing
    /// else: not move stake, not stop anybody from leaving, not undo this.
    function halt() external;
    /// @notice Frees locks that no round has released long after the longest dispute. Caller: the owner.
    function rescue(uint256 agentId) external;

    function currentEpoch() external view returns (uint32);
    function epochLength() external view returns (uint256);
    function unbondingDelay() external view returns (uint256);
    function stakeOf(uint256 agentId) external view returns (Stake memory);
    function freeStakeOf(uint256 agentId) external view returns (uint256);
    function enrolmentsOf(uint256 agentId) external view returns (bytes32[] memory);
    function isEnrolled(uint256 agentId, bytes32 profileId) external view returns (bool);
    /// @return operator who enrolled the agent; zero if it is not enrolled.
    /// @return since the epoch in which it was.
    function enrolmentOf(uint256 agentId, bytes32 profileId)
        external
        view
        returns (address operator, uint32 since);
    /// @notice Weight (gwei) of an agent for draws of rounds submitted in `epoch`: the last epoch, this
    /// one or the next; reverts VaultEpochUnknown for any other.
    /// @return operators who enrolled the agents before an epoch, and still are; zero for others.
    function operatorsOf(bytes32 profileId, uint256[] calldata agentIds, uint32 before)
        external
        view
        returns (address[] memory operators);
    function weightOf(uint256 agentId, bytes32 profileId, uint32 epoch) external view returns (uint256);
    function totalWeight(bytes32 profileId, uint32 epoch) external view returns (uint256);
    /// @notice Wei slashed so far that lie here: for ever, unless there is a treasury.
    function burned() external view returns (uint256);
    /// @notice Wei of an agent's stake that slashes claimed and the cap did not let them take yet.
    function deferredOf(uint256 agentId) external view returns (uint256);
    /// @notice Most that slashes take of an agent in one period, in basis points of its stake at that time.
    function slashCapBps() external view returns (uint256);
    /// @notice Where slashed funds go; zero burns them.
    function treasury() external view returns (address);
    /// @notice Who may `halt`: a timelock.
    function guardian() external view returns (address);
    function halted() external view returns (bool);
}
