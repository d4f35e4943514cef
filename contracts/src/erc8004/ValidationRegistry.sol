// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IIdentityRegistry} from "../interfaces/IIdentityRegistry.sol";
import {IValidationRegistry} from "../interfaces/IValidationRegistry.sol";
import {AddressSets} from "../libraries/AddressSets.sol";

contract ValidationRegistry is IValidationRegistry {
    using SafeCast for uint256;

    struct Validation {
        address validator;
        uint8 response;
        bool answered;
        uint40 lastUpdate;
        uint40 agentId; // identities are counted from 0
        bytes32 responseHash;
        string tag;
    }

    IIdentityRegistry private immutable _identity;

    mapping(bytes32 requestHash => Validation) private _validations;
    mapping(uint256 agentId => bytes32[]) private _ofAgent;
    mapping(address validator => bytes32[]) private _ofValidator;

    constructor(IIdentityRegistry identity) {
        _identity = identity;
    }

    /// @inheritdoc IValidationRegistry
    function validationRequest(
        address validatorAddress,
        uint256 agentId,
        string calldata requestURI,
        bytes32 requestHash
    ) external {
        require(validatorAddress != address(0), ValidationValidatorZero());
        require(requestHash != bytes32(0), ValidationRequestEmpty());
        require(
            _identity.isAuthorizedOrOwner(msg.sender, agentId), ValidationNotAuthorized(agentId, msg.sender)
        );
        require(
            !_identity.isAuthorizedOrOwner(validatorAddress, agentId),
            ValidationOfOneself(agentId, validatorAddress)
        );
        Validation storage validation = _validations[requestHash];
        require(validation.validator == address(0), ValidationRequestExists(requestHash));

        validation.validator = validatorAddress;
        validation.agentId = agentId.toUint40();
        validation.lastUpdate = uint40(block.timestamp);
        _ofAgent[agentId].push(requestHash);
        _ofValidator[validatorAddress].push(requestHash);

        emit ValidationRequest(validatorAddress, agentId, requestURI, requestHash);
    }

    /// @inheritdoc IValidationRegistry
    function validationResponse(
        bytes32 requestHash,
        uint8 response,
        string calldata responseURI,
        bytes32 responseHash,
        string calldata tag
    ) external {
        Validation storage validation = _known(requestHash);
        require(msg.sender == validation.validator, ValidationNotValidator(requestHash, msg.sender));
        require(response <= 100, ValidationResponseOutOfRange(response));
        if (validation.answered) _requireOpen(requestHash, validation.tag);

        validation.response = response;
        validation.answered = true;
        validation.lastUpdate = uint40(block.timestamp);
        validation.responseHash = responseHash;
        validation.tag = tag;

        emit ValidationResponse(
            msg.sender, validation.agentId, requestHash, response, responseURI, responseHash, tag
        );
    }

    /// @inheritdoc IValidationRegistry
    function getValidationStatus(bytes32 requestHash)
        external
        view
        returns (
            address validatorAddress,
            uint256 agentId,
            uint8 response,
            bytes32 responseHash,
            string memory tag,
            uint256 lastUpdate
        )
    {
        Validation storage v = _known(requestHash);
        return (v.validator, v.agentId, v.response, v.responseHash, v.tag, v.lastUpdate);
    }

    /// @inheritdoc IValidationRegistry
    function getSummary(uint256 agentId, address[] calldata validatorAddresses, string calldata tag)
        external
        view
        returns (uint64 count, uint8 avgResponse)
    {
        bytes32[] storage hashes = _ofAgent[agentId];
        bool everybody = validatorAddresses.length == 0;
        uint256 sum;
        for (uint256 i = 0; i < hashes.length; ++i) {
            Validation storage v = _validations[hashes[i]];
            if (!v.answered) continue;
            if (bytes(tag).length != 0 && keccak256(bytes(v.tag)) != keccak256(bytes(tag))) continue;
            if (
                !everybody
                    && !AddressSets.contains(validatorAddresses, validatorAddresses.length, v.validator)
            ) continue;
            ++count;
            sum += v.response;
        }
        if (count != 0) avgResponse = uint8(sum / count);
    }

    /// @inheritdoc IValidationRegistry
    function getAgentValidations(uint256 agentId) external view returns (bytes32[] memory requestHashes) {
        return _ofAgent[agentId];
    }

    /// @inheritdoc IValidationRegistry
    function getValidatorRequests(address validatorAddress)
        external
        view
        returns (bytes32[] memory requestHashes)
    {
        return _ofValidator[validatorAddress];
    }

    /// @inheritdoc IValidationRegistry
    function getIdentityRegistry() external view returns (address) {
        return address(_identity);
    }

    /// @inheritdoc IValidationRegistry
    function getVersion() external pure returns (string memory) {
        return "2.0.0";
    }

    /// @dev ERC-8294: a response that a network tagged, its own experiments ("vni:x-") apart, is canonical.
    function _requireOpen(bytes32 requestHash, string memory tag) private pure {
        bytes32 start = bytes32(bytes(tag));
        bool terminal = bytes4(start) == "vni:" && bytes6(start) != "vni:x-";
        require(!terminal, ValidationResponseFinal(requestHash, tag));
    }

    function _known(bytes32 requestHash) private view returns (Validation storage validation) {
        validation = _validations[requestHash];
        require(validation.validator != address(0), ValidationRequestUnknown(requestHash));
    }
}
