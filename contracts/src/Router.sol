// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IRouter} from "./interfaces/IRouter.sol";
import {IValidationRegistry} from "./interfaces/IValidationRegistry.sol";
import {IVerificationRounds, Receipt} from "./interfaces/IVerificationRounds.sol";

contract Router is IRouter {
    IValidationRegistry private immutable _validation;
    IVerificationRounds private immutable _rounds;

    constructor(IValidationRegistry validation, IVerificationRounds rounds) {
        _validation = validation;
        _rounds = rounds;
    }

    /// @inheritdoc IRouter
    function verify(
        Receipt calldata receipt,
        bytes calldata signature,
        string calldata taskURI,
        bytes32 nonce
    ) external payable returns (bytes32 requestHash) {
        requestHash = _rounds.requestHashOf(receipt, nonce);
        _validation.validationRequest(address(_rounds), receipt.agentId, taskURI, requestHash);
        _rounds.submitFor{value: msg.value}(
            requestHash, "", abi.encode(receipt, signature, taskURI, nonce), msg.sender
        );
    }
}
