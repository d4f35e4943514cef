// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IIdentityRegistry} from "./interfaces/IIdentityRegistry.sol";
import {Evidence, IReputationLedger, Score} from "./interfaces/IReputationLedger.sol";
import {BetaEvidence} from "./libraries/BetaEvidence.sol";
import {Courts} from "./libraries/Courts.sol";

contract ReputationLedger is IReputationLedger {
    using Courts for Courts.Set;

    /// @dev Of the rule `policyId` names; the half-life comes apart from it.
    uint256 private constant RULE_VERSION = 2;

    IIdentityRegistry private immutable _identity;
    /// @inheritdoc IReputationLedger
    uint256 public immutable halfLife;

    Courts.Set private _courts;
    mapping(uint256 agentId => mapping(bytes32 domain => Evidence)) private _evidence;

    /// @param deployer who may name the courts, once.
    constructor(IIdentityRegistry identity, uint256 halfLife_, address deployer) {
        require(halfLife_ != 0, LedgerHalfLifeZero());
        _identity = identity;
        halfLife = halfLife_;
        _courts.deployer = deployer;
    }

    /// @inheritdoc IReputationLedger
    function wire(address[] calldata courts) external {
        require(msg.sender == _courts.deployer, LedgerNotDeployer(msg.sender));
        require(!_courts.wired, LedgerAlreadyWired());

        _courts.wire(courts);

        emit Wired(courts);
    }

    /// @inheritdoc IReputationLedger
    function record(uint256 agentId, address owner, bytes32 domain, uint64 alphaAdded, uint64 betaAdded)
        external
    {
        require(_courts.contains[msg.sender], LedgerNotCourt(msg.sender));

        Evidence memory evidence = _decayed(_evidence[agentId][domain]);
        if (owner == _identity.ownerOf(agentId)) {
            uint88 tag = _tag(owner);
            if (evidence.ownerTag != tag) (evidence.alpha, evidence.ownerTag) = (0, tag);
            evidence.alpha = BetaEvidence.add(evidence.alpha, alphaAdded);
        } else {
            alphaAdded = 0;
        }
        evidence.beta = BetaEvidence.add(evidence.beta, betaAdded);
        _evidence[agentId][domain] = evidence;

        emit EvidenceRecorded(agentId, domain, owner, alphaAdded, betaAdded, evidence.alpha, evidence.beta);
    }

    /// @inheritdoc IReputationLedger
    function evidenceOf(uint256 agentId, bytes32 domain) external view returns (Evidence memory) {
        return _evidence[agentId][domain];
    }

    /// @inheritdoc IReputationLedger
    function scoreOf(uint256 agentId, bytes32 domain) external view returns (Score memory score) {
        Evidence memory evidence = _decayed(_evidence[agentId][domain]);
        // A tag names an owner; it is no quantity.
        // slither-disable-next-line incorrect-equality
        if (evidence.ownerTag == _tag(_identity.ownerOf(agentId))) score.alpha = evidence.alpha;
        score.beta = evidence.beta;
        score.effectiveN = BetaEvidence.add(score.alpha, score.beta);
        score.updatedAt = _evidence[agentId][domain].updatedAt;
        score.policyId = policyId();
        score.known = score.effectiveN >= BetaEvidence.MINIMUM;
        if (!score.known) return score;
        score.meanBps = BetaEvidence.meanBps(score.alpha, score.beta);
        score.lowerBps = BetaEvidence.lowerBps(score.alpha, score.beta);
    }

    /// @inheritdoc IReputationLedger
    function domainOf(bytes32 profileId, string calldata role) external pure returns (bytes32) {
        return keccak256(abi.encode(profileId, keccak256(bytes(role))));
    }

    /// @inheritdoc IReputationLedger
    function policyId() public view returns (bytes32) {
        return keccak256(
            abi.encode(
                halfLife, BetaEvidence.PRIOR, BetaEvidence.MINIMUM, BetaEvidence.Z_SQUARED, RULE_VERSION
            )
        );
    }

    /// @return evidence as of now.
    function _decayed(Evidence memory evidence) private view returns (Evidence memory) {
        uint256 steps = BetaEvidence.stepsBetween(evidence.updatedAt, block.timestamp, halfLife);
        evidence.alpha = BetaEvidence.decay(evidence.alpha, steps);
        evidence.beta = BetaEvidence.decay(evidence.beta, steps);
        evidence.updatedAt = uint40(block.timestamp);
        return evidence;
    }

    function _tag(address owner) private pure returns (uint88) {
        return uint88(uint256(keccak256(abi.encode(owner))));
    }
}
