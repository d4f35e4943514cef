// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IValidationRegistry} from "../../src/interfaces/IValidationRegistry.sol";

/// @dev The smallest network that does what ERC-8294 demands, but for one thing: `flaw` names the check of
/// the conformance pack that has to notice; empty, there is none.
contract FlawedNetwork {
    struct Policy {
        uint8 version;
        uint8 selectionSize;
        uint8 minOperators;
        uint8 minResponses;
        uint64 deadlineSeconds;
        uint8 verdictMode;
        bytes32 challengeKind;
        bytes extensions;
    }

    error NotAddressee(bytes32 requestHash);
    error AlreadySubmitted(bytes32 requestHash);
    error PolicyNotSupported(bytes policy);

    event RequestAccepted(bytes32 indexed requestHash, bytes policy, uint256 priceWei);
    event ValidatorsSelected(bytes32 indexed requestHash, address[] validators, bytes32 selectionEntropy);
    event AttestationsAggregated(
        bytes32 indexed requestHash, address[] validators, bytes32 attestationsRoot, uint8 aggregatedVerdict
    );

    bytes4 private constant ERC165 = 0x01ffc9a7;
    bytes4 private constant OWN = 0x63f3aaf9;

    IValidationRegistry private immutable _registry;
    bytes32 private immutable _flaw;
    mapping(bytes32 requestHash => uint8) private _states;

    constructor(IValidationRegistry registry, bytes32 flaw) {
        (_registry, _flaw) = (registry, flaw);
    }

    function submit(bytes32 requestHash, bytes calldata policy_, bytes calldata) external payable {
        require(_has("net-addressed") || _isAddressed(requestHash), NotAddressee(requestHash));
        require(_has("net-known") || _states[requestHash] == 0, AlreadySubmitted(requestHash));
        require(supportsPolicy(policy_), PolicyNotSupported(policy_));
        _states[requestHash] = 1;
        emit RequestAccepted(requestHash, _has("net-quote") ? bytes("") : policy_, msg.value);
    }

    /// @dev Selects, aggregates and answers at once. @param uri of the file. @param fileHash its hash.
    function finish(
        bytes32 requestHash,
        bool answered,
        address[] memory validators,
        bytes32 root,
        string calldata uri,
        bytes32 fileHash
    ) external {
        if (_has("net-selection")) validators[1] = validators[0];
        emit ValidatorsSelected(requestHash, validators, keccak256("entropy"));
        _states[requestHash] = answered ? 2 : 3;
        if (!answered) {
            _registry.validationResponse(requestHash, 0, "", 0, _has("net-failed") ? "vni:ok" : "vni:timeout");
            return;
        }
        emit AttestationsAggregated(requestHash, validators, root, _has("net-aggregated") ? 0 : 100);
        if (_has("net-file")) fileHash = keccak256("another");
        _registry.validationResponse(requestHash, _has("net-answer") ? 50 : 100, uri, fileHash, "vni:ok");
        if (_has("net-once")) _registry.validationResponse(requestHash, 100, uri, fileHash, "vni:ok");
    }

    function OUT_OF_BAND_PRICE() external view returns (uint256) {
        return _has("net-price") ? 0 : type(uint256).max;
    }

    function validationRegistry() external view returns (address) {
        return _has("net-registry") ? address(this) : address(_registry);
    }

    function quote(bytes calldata policy_) external view returns (uint256, uint32) {
        require(_has("net-policy") || supportsPolicy(policy_), PolicyNotSupported(policy_));
        return (0, 60);
    }

    function policySchema() external view returns (string memory) {
        return _has("net-words") ? "" : "thePolicy()";
    }

    function verificationProfile() external pure returns (bytes32) {
        return keccak256("profile");
    }

    function status(bytes32 requestHash) external view returns (uint8 state, uint16, bool) {
        state = _states[requestHash];
        if (_has("net-unknown") && state == 0) state = 1;
        return (state, state == 0 ? 0 : 2, state == 2);
    }

    function supportsInterface(bytes4 id) external view returns (bool) {
        return id == ERC165 || id == OWN || (_has("net-erc165") && id == 0xffffffff);
    }

    function supportsPolicy(bytes calldata policy_) public pure returns (bool) {
        return keccak256(policy_) == keccak256(thePolicy());
    }

    function thePolicy() public pure returns (bytes memory) {
        return abi.encode(Policy(1, 2, 2, 1, 60, 1, keccak256("kind"), ""));
    }

    function _isAddressed(bytes32 requestHash) private view returns (bool) {
        try _registry.getValidationStatus(requestHash) returns (
            address validator, uint256, uint8, bytes32, string memory, uint256
        ) {
            return validator == address(this);
        } catch {
            require(!_has("net-not-addressee"), "unknown");
            return false;
        }
    }

    function _has(bytes32 flaw) private view returns (bool) {
        return _flaw == flaw;
    }
}
