// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IEntropy} from "./interfaces/IEntropy.sol";
import {IIdentityRegistry} from "./interfaces/IIdentityRegistry.sol";
import {IProfileRegistry, Profile} from "./interfaces/IProfileRegistry.sol";
import {IReputationLedger} from "./interfaces/IReputationLedger.sol";
import {IStakeVault} from "./interfaces/IStakeVault.sol";
import {IValidationNetwork, SelectionPolicy} from "./interfaces/IValidationNetwork.sol";
import {IValidationRegistry} from "./interfaces/IValidationRegistry.sol";
import {Phase, Receipt, Verdict} from "./interfaces/IVerificationRounds.sol";
import {AgentAuth} from "./libraries/AgentAuth.sol";
import {Disputes} from "./libraries/Disputes.sol";
import {Fees} from "./libraries/Fees.sol";
import {ProfileCode} from "./libraries/ProfileCode.sol";
import {TaskURI} from "./libraries/TaskURI.sol";
import {RoundsBase} from "./rounds/RoundsBase.sol";

/// @title Receipts, policies and `submit`: a piece of the court's code, of no use at its own address.
/// @dev What each function does says `IVerificationRounds`, or `IValidationNetwork`.
// At its own address the vault refuses it, so that it never holds any ether.
// slither-disable-next-line locked-ether
contract CourtIntake is RoundsBase {
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

    constructor(
        IIdentityRegistry identity,
        IValidationRegistry validation,
        IProfileRegistry profiles,
        IStakeVault vault,
        IReputationLedger ledger,
        IEntropy entropy
    ) RoundsBase(Neighbours(identity, validation, profiles, vault, ledger, entropy)) {}

    function submit(bytes32 requestHash, bytes calldata policy, bytes calldata payload) external payable {
        _submit(requestHash, policy, payload, msg.sender);
    }

    function submitFor(bytes32 requestHash, bytes calldata policy, bytes calldata payload, address payer)
        external
        payable
    {
        _submit(requestHash, policy, payload, payer);
    }

    function requestHashOf(Receipt calldata receipt, bytes32 nonce) external view returns (bytes32) {
        return _requestHashOf(_hashReceipt(receipt), nonce);
    }

    function hashReceipt(Receipt calldata receipt) external view returns (bytes32) {
        return _hashReceipt(receipt);
    }

    function policyOf(bytes32 profileId) external view returns (bytes memory) {
        return _policyOf(profileId, _profiles.profile(profileId));
    }

    function quote(bytes calldata policy) external view returns (uint256 priceWei, uint32 etaSeconds) {
        require(policy.length == POLICY_SIZE, IValidationNetwork.PolicyNotSupported(policy));
        (, Profile memory profile) = _profileFor(_profileIdIn(policy), policy);
        return (_feeOf(profile), uint32(_duration(profile)));
    }

    function supportsPolicy(bytes calldata policy) public view returns (bool) {
        if (policy.length != POLICY_SIZE) return false;
        bytes32 profileId = _profileIdIn(policy);
        if (!_profiles.isRegistered(profileId)) return false;
        return keccak256(policy) == keccak256(_policyOf(profileId, _profiles.profile(profileId)));
    }

    function policySchema() external pure returns (string memory) {
        return "abi.encode(SelectionPolicy) of policyOf(profileId), where challengeKind is the profileId";
    }

    function verificationProfile() external pure returns (bytes32) {
        return keccak256("lsh-output-equivalence-v1");
    }

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
        require(
            _trials[requestHash].head.phase == Phase.None, IValidationNetwork.AlreadySubmitted(requestHash)
        );
        // Only our own verb takes an empty policy for the profile's.
        bool given = policy.length != 0 || msg.sig != IValidationNetwork.submit.selector;
        require(given, IValidationNetwork.PolicyNotSupported(policy));
        Submission memory s = _decode(payload);
        (uint16 number, Profile memory profile) = _profileFor(s.receipt.profileId, policy);
        require(s.receipt.agentId == agentId, ReceiptAgentMismatch(s.receipt.agentId, agentId));
        _checkReceipt(requestHash, s);
        require(TaskURI.names(s.taskURI, s.receipt.taskHash), TaskURIInvalid(s.receipt.taskHash));
        _requireFee(profile);
        _claimWork(requestHash, s.receipt);

        uint256 entropyBlock = _store(requestHash, s.receipt, number, payer);
        ++_totals.rounds;

        emit IValidationNetwork.RequestAccepted(
            requestHash, _policyOf(s.receipt.profileId, profile), msg.value
        );
        _emitSubmitted(requestHash, s, payer, entropyBlock, profile.providerBond);

        _vault.lock(agentId, profile.providerBond, requestHash);
    }

    /// @dev A policy, if one is given, must be the profile's: there is no choice in it.
    function _profileFor(bytes32 profileId, bytes calldata policy)
        private
        view
        returns (uint16 number, Profile memory profile)
    {
        try _profiles.numberOf(profileId) returns (uint16 known) {
            number = known;
        } catch {
            revert IValidationNetwork.PolicyNotSupported(policy);
        }
        // It is the profile's id, which is known.
        // slither-disable-next-line unused-return
        (, profile) = ProfileCode.read(address(_profiles), number);
        require(
            policy.length == 0 || keccak256(policy) == keccak256(_policyOf(profileId, profile)),
            IValidationNetwork.PolicyNotSupported(policy)
        );
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
            require(validator == address(this), IValidationNetwork.NotAddressee(requestHash));
            return agentId;
        } catch {
            revert IValidationNetwork.NotAddressee(requestHash);
        }
    }

    function _checkReceipt(bytes32 requestHash, Submission memory s) private view {
        Receipt memory receipt = s.receipt;
        bytes32 hash = _hashReceipt(receipt);
        bytes32 derived = _requestHashOf(hash, s.nonce);
        require(requestHash == derived, RoundRequestHashMismatch(requestHash, derived));
        require(receipt.client != address(0), ReceiptNoClient());
        require(receipt.deadline >= block.timestamp, ReceiptExpired(receipt.deadline, block.timestamp));
        (bool signed, address signer) =
            AgentAuth.isSignedByOperator(_identity, receipt.agentId, hash, s.signature);
        require(signed, ReceiptSignerNotOperator(receipt.agentId, signer));
    }

    /// @dev A round for which no committee could be drawn taught nothing: its work may come again.
    function _claimWork(bytes32 requestHash, Receipt memory receipt) private {
        bytes32 workId = _workId(receipt.agentId, receipt.profileId, receipt.taskHash, receipt.outputHash);
        bytes32 earlier = _roundOfWork[workId];
        if (earlier != bytes32(0)) {
            Trial storage c = _trials[earlier];
            require(
                c.head.verdict == Verdict.Expired && !c.levels[0].bench.isDrawn(),
                RoundAlreadyVerified(requestHash, earlier)
            );
        }
        _roundOfWork[workId] = requestHash;
    }

    /// @return entropyBlock whose hash will draw the committee.
    function _store(bytes32 requestHash, Receipt memory receipt, uint16 number, address payer)
        private
        returns (uint256 entropyBlock)
    {
        Trial storage c = _trials[requestHash];
        uint32 epoch = _vault.currentEpoch();
        entropyBlock = block.number + ENTROPY_DELAY;
        c.docket = Docket({
            provider: _identity.ownerOf(receipt.agentId),
            agentId: uint48(receipt.agentId),
            profile: number,
            epoch: epoch
        });
        c.head = Head({
            payer: payer,
            phase: Phase.Drawing,
            verdict: Verdict.None,
            level: 0,
            flags: _isSelfVerified(receipt, payer) ? SELF_VERIFIED : 0,
            entropyBlock: uint32(entropyBlock),
            sortitionEpoch: epoch
        });
    }

    function _isSelfVerified(Receipt memory receipt, address payer) private view returns (bool) {
        return AgentAuth.isOperator(_identity, receipt.agentId, receipt.client)
            || (payer != receipt.client && AgentAuth.isOperator(_identity, receipt.agentId, payer));
    }

    // Reached from `_submit` alone.
    // slither-disable-next-line msg-value-in-nonpayable
    function _emitSubmitted(
        bytes32 requestHash,
        Submission memory s,
        address payer,
        uint256 entropyBlock,
        uint256 bond
    ) private {
        Receipt memory receipt = s.receipt;
        emit RoundSubmitted(
            requestHash,
            receipt.agentId,
            receipt.profileId,
            receipt.client,
            payer,
            receipt.taskHash,
            receipt.outputHash,
            s.taskURI,
            entropyBlock,
            msg.value,
            bond
        );
    }

    function _hashReceipt(Receipt memory receipt) private view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(RECEIPT_TYPEHASH, receipt)));
    }

    function _requestHashOf(bytes32 receiptHash, bytes32 nonce) private view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), receiptHash, nonce));
    }

    function _policyOf(bytes32 profileId, Profile memory profile) private pure returns (bytes memory) {
        return abi.encode(
            SelectionPolicy({
                version: POLICY_VERSION,
                selectionSize: profile.committeeSize,
                minOperators: profile.minOperators,
                minResponses: profile.committeeSize / 2 + 1,
                deadlineSeconds: uint64(Disputes.longest(profile)),
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
        return Fees.ofRound(profile);
    }

    function _duration(Profile memory profile) private pure returns (uint256) {
        return uint256(profile.commitWindow) + profile.openWindow + profile.appealWindow
            + profile.publishWindow + 2 * uint256(profile.flagWindow);
    }
}
