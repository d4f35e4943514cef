// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice Beta evidence of one (agent, domain), in one storage slot. Units: nano-evidence.
struct Evidence {
    uint64 alpha; // good: belongs to (agentId, owner)
    uint64 beta; // bad: stays with agentId
    uint40 updatedAt;
    uint88 ownerTag; // low 88 bits of keccak256(owner), owner of `alpha`
}

/// @notice A score never travels alone.
struct Score {
    bool known; // false below the minimum of evidence: the numbers are then 0 and mean nothing
    uint16 meanBps;
    uint16 lowerBps; // one-sided 95 % Wilson lower bound at the effective n, rounded down
    uint64 effectiveN; // nano-evidence, decayed to now
    uint64 alpha;
    uint64 beta;
    uint40 updatedAt;
    bytes32 policyId;
}

/// @title Reputation as decaying Beta evidence per agent, owner and domain. Integer rules only.
interface IReputationLedger {
    error LedgerNotCourt(address caller);
    error LedgerNotDeployer(address caller);
    error LedgerAlreadyWired();
    error LedgerHalfLifeZero();

    event Wired(address[] courts);
    /// @notice `alpha` and `beta` are the stored values after this write, at this block's timestamp.
    event EvidenceRecorded(
        uint256 indexed agentId,
        bytes32 indexed domain,
        address indexed owner,
        uint64 alphaAdded,
        uint64 betaAdded,
        uint64 alpha,
        uint64 beta
    );

    /// @notice Names the courts that may record. Once, by the deployer; never again.
    function wire(address[] calldata courts) external;
    /// @notice Adds evidence (nano-evidence) after decaying what is there. Good evidence is kept only if
    /// `owner`, who earned it, still owns the agent, and starts from zero after another owner's.
    function record(uint256 agentId, address owner, bytes32 domain, uint64 alphaAdded, uint64 betaAdded)
        external;
    function evidenceOf(uint256 agentId, bytes32 domain) external view returns (Evidence memory);
    /// @notice The score now; good evidence counts only if the agent's present owner earned it.
    function scoreOf(uint256 agentId, bytes32 domain) external view returns (Score memory);
    /// @notice keccak256(abi.encode(profileId, keccak256(role))), role "provider" or "verifier".
    function domainOf(bytes32 profileId, string calldata role) external pure returns (bytes32);
    /// @notice keccak256(abi.encode(halfLife, prior, minEvidence, z², rule version)).
    function policyId() external view returns (bytes32);
    function halfLife() external view returns (uint256);
}
