// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IProfileRegistry, Profile} from "../interfaces/IProfileRegistry.sol";
import {IValidationNetwork, SelectionPolicy} from "../interfaces/IValidationNetwork.sol";
import {IVerificationRounds, Phase, Receipt, Round} from "../interfaces/IVerificationRounds.sol";
import {AgentAuth} from "../libraries/AgentAuth.sol";
import {RoundsBase} from "./RoundsBase.sol";

/// @dev Receipts, policies and `submit`.
abstract contract RoundsIntake is RoundsBase {
    /// @dev What a payload decodes to.
    struct Submission {
        Receipt receipt;
        bytes signature;
        string taskURI;
        bytes32 nonce;
    }

    bytes32 private constant RECEIPT_TYPEHASH = keccak256(
        "Receipt(address client,uint256 agentId,bytes32 profileId,bytes32 taskHash,bytes32 outputHash,uint64 deadline)"
    );
    /// @dev ERC-8294: version 1, majority of the seats, an abi.encode of ten words, the profileId the eighth.
    uint8 private constant POLICY_VERSION = 1;
    uint8 private constant POLICY_MAJORITY = 1;
    uint256 private constant POLICY_SIZE = 320;
    uint256 private constant POLICY_PROFILE_AT = 224;

    /// @inheritdoc IValidationNetwork
    uint256 public constant OUT_OF_BAND_PRICE = type(uint256).max;

    /// @inheritdoc IValidationNetwork
    function submit(bytes32 requestHash, bytes calldata policy, bytes calldata payload) external payable {
        _submit(requestHash, policy, payload, msg.sender);
    }

    /// @inheritdoc IVerificationRounds
    function submitFor(bytes32 requestHash, bytes calldata policy, bytes calldata payload, address payer)
        external
        payable
    {
        _submit(requestHash, policy, payload, payer);
    }

    /// @inheritdoc IVerificationRounds
    function requestHashOf(Receipt calldata receipt, bytes32 nonce) external view returns (bytes32) {
        return _requestHashOf(receipt, nonce);
    }

    /// @inheritdoc IVerificationRounds
    function hashReceipt(Receipt calldata receipt) external view returns (bytes32) {
        return _hashReceipt(receipt);
    }

    /// @inheritdoc IVerificationRounds
    function policyOf(bytes32 profileId) external view returns (bytes memory) {
        return _policyOf(profileId, _profiles.profile(profileId));
    }

    /// @inheritdoc IValidationNetwork
    function quote(bytes calldata policy) external view returns (uint256 priceWei, uint32 etaSeconds) {
        require(supportsPolicy(policy), PolicyNotSupported(policy));
        Profile memory profile = _profiles.profile(_profileIdIn(policy));
        return (_feeOf(profile), uint32(_duration(profile)));
    }

    /// @inheritdoc IValidationNetwork
    function supportsPolicy(bytes calldata policy) public view returns (bool) {
        if (policy.length != POLICY_SIZE) return false;
        bytes32 profileId = _profileIdIn(policy);
        if (!_profiles.isRegistered(profileId)) return false;
        return keccak256(policy) == keccak256(_policyOf(profileId, _profiles.profile(profileId)));
    }

    /// @inheritdoc IValidationNetwork
    function policySchema() external pure returns (string memory) {
        return "abi.encode(SelectionPolicy) of policyOf(profileId), where challengeKind is the profileId";
    }

    /// @inheritdoc IValidationNetwork
    function verificationProfile() external pure returns (bytes32) {
        return keccak256("lsh-output-equivalence-v1");
    }

    /// @inheritdoc IValidationNetwork
    function validationRegistry() external view returns (address) {
        return address(_validation);
    }

    // Reached from `submit` and `submitFor` alone, both payable.
    // slither-disable-next-line msg-value-in-nonpayable
    function _submit(bytes32 requestHash, bytes calldata policy, bytes calldata payload, address payer)
        private
        nonReentrant
    {
        uint256 agentId = _addressedAgent(requestHash);
        require(_rounds[requestHash].phase == Phase.None, AlreadySubmitted(requestHash));
        require(supportsPolicy(policy), PolicyNotSupported(policy));
        Submission memory s = _decode(payload);
        require(s.receipt.profileId == _profileIdIn(policy), PolicyNotSupported(policy));
        require(s.receipt.agentId == agentId, ReceiptAgentMismatch(s.receipt.agentId, agentId));
        _requireHash(requestHash, _requestHashOf(s.receipt, s.nonce));
        _checkReceipt(s.receipt, s.signature);
        Profile memory profile = _profiles.profile(s.receipt.profileId);
        _requireFee(profile);
        _claimWork(requestHash, s.receipt);

        _store(requestHash, s.receipt, profile, payer);
        ++roundCount;

        emit RequestAccepted(requestHash, policy, msg.value);
        _emitSubmitted(requestHash, s.taskURI);

        _vault.lock(agentId, profile.providerBond, requestHash);
    }

    function _decode(bytes calldata payload) private pure returns (Submission memory s) {
        (s.receipt, s.signature, s.taskURI, s.nonce) = abi.decode(payload, (Receipt, bytes, string, bytes32));
    }

    // Reached from `_submit` alone.
    // slither-disable-next-line msg-value-in-nonpayable
    function _requireFee(Profile memory profile) private view {
        uint256 fee = _feeOf(profile);
        require(msg.value == fee, RoundFeeMismatch(msg.value, fee));
    }

    /// @dev A registry without the request reverts; ERC-8294 wants one error for both cases.
    function _addressedAgent(bytes32 requestHash) private view returns (uint256) {
        // The answer's other values do not matter here.
        // slither-disable-next-line unused-return
        try _validation.getValidationStatus(requestHash) returns (
            address validator, uint256 agentId, uint8, bytes32, string memory, uint256
        ) {
            require(validator == address(this), NotAddressee(requestHash));
            return agentId;
        } catch {
            revert NotAddressee(requestHash);
        }
    }

    function _requireHash(bytes32 requestHash, bytes32 derived) private pure {
        require(requestHash == derived, RoundRequestHashMismatch(requestHash, derived));
    }

    function _checkReceipt(Receipt memory receipt, bytes memory signature) private view {
        require(receipt.client != address(0), ReceiptNoClient());
        require(receipt.deadline >= block.timestamp, ReceiptExpired(receipt.deadline, block.timestamp));
        (bool signed, address signer) =
            AgentAuth.isSignedByOperator(_identity, receipt.agentId, _hashReceipt(receipt), signature);
        require(signed, ReceiptSignerNotOperator(receipt.agentId, signer));
    }

    function _claimWork(bytes32 requestHash, Receipt memory receipt) private {
        bytes32 workId = _workId(receipt.agentId, receipt.taskHash, receipt.outputHash);
        bytes32 earlier = _roundOfWork[workId];
        require(earlier == bytes32(0), RoundAlreadyVerified(requestHash, earlier));
        _roundOfWork[workId] = requestHash;
    }

    // Reached from `_submit` alone.
    // slither-disable-next-line msg-value-in-nonpayable
    function _store(bytes32 requestHash, Receipt memory receipt, Profile memory profile, address payer)
        private
    {
        Round storage r = _rounds[requestHash];
        (r.agentId, r.profileId) = (receipt.agentId, receipt.profileId);
        (r.taskHash, r.outputHash) = (receipt.taskHash, receipt.outputHash);
        (r.client, r.bond) = (receipt.client, profile.providerBond);
        (r.payer, r.fee) = (payer, uint96(msg.value));
        r.entropyBlock = uint64(block.number + ENTROPY_DELAY);
        r.submittedAt = uint40(block.timestamp);
        r.phase = Phase.Drawing;
        r.sortitionEpoch = _vault.currentEpoch();
        r.provider = _identity.ownerOf(receipt.agentId);
        r.quorum = profile.committeeSize / 2 + 1;
        r.selfVerified = AgentAuth.isOperator(_identity, receipt.agentId, receipt.client)
            || AgentAuth.isOperator(_identity, receipt.agentId, payer);
        (_seats[requestHash][PROVIDER_SEAT].agentId, _seats[requestHash][PROVIDER_SEAT].operator) =
        (receipt.agentId, r.provider);
    }

    function _emitSubmitted(bytes32 requestHash, string memory taskURI) private {
        Round storage r = _rounds[requestHash];
        emit RoundSubmitted(
            requestHash,
            r.agentId,
            r.profileId,
            r.client,
            r.payer,
            r.taskHash,
            r.outputHash,
            taskURI,
            r.entropyBlock,
            r.fee,
            r.bond
        );
    }

    function _hashReceipt(Receipt memory receipt) private view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(RECEIPT_TYPEHASH, receipt)));
    }

    function _requestHashOf(Receipt memory receipt, bytes32 nonce) private view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), _hashReceipt(receipt), nonce));
    }

    function _policyOf(bytes32 profileId, Profile memory profile) private pure returns (bytes memory) {
        return abi.encode(
            SelectionPolicy({
                version: POLICY_VERSION,
                selectionSize: profile.committeeSize,
                minOperators: profile.minOperators,
                minResponses: profile.committeeSize / 2 + 1,
                deadlineSeconds: uint64(_duration(profile)),
                verdictMode: POLICY_MAJORITY,
                challengeKind: profileId,
                extensions: ""
            })
        );
    }

    /// @dev Only of a policy of POLICY_SIZE bytes.
    function _profileIdIn(bytes calldata policy) private pure returns (bytes32) {
        return bytes32(policy[POLICY_PROFILE_AT:POLICY_PROFILE_AT + 32]);
    }

    function _feeOf(Profile memory profile) private pure returns (uint256) {
        return uint256(profile.seatFee) * profile.committeeSize + profile.tip;
    }

    function _duration(Profile memory profile) private pure returns (uint256) {
        return uint256(profile.commitWindow) + profile.openWindow + profile.publishWindow;
    }
}
