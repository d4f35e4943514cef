// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IdentityRegistry} from "../../src/erc8004/IdentityRegistry.sol";
import {ValidationRegistry} from "../../src/erc8004/ValidationRegistry.sol";
import {IValidationRegistry} from "../../src/interfaces/IValidationRegistry.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Test} from "forge-std/Test.sol";

contract ValidationRegistryTest is Test {
    IdentityRegistry private identity;
    ValidationRegistry private validation;
    address private owner = makeAddr("owner");
    address private validator = makeAddr("validator");
    bytes32 private constant HASH = keccak256("request");

    function setUp() external {
        vm.warp(1_000_000);
        identity = new IdentityRegistry();
        validation = new ValidationRegistry(identity);
        vm.prank(owner);
        identity.register();
        assertEq(validation.getIdentityRegistry(), address(identity));
    }

    function testFuzz_validationRequest__when_each_check_fails__then_refused_in_order(address stranger)
        external
    {
        vm.assume(stranger != owner && stranger != address(0) && stranger != validator);
        vm.expectRevert(IValidationRegistry.ValidationValidatorZero.selector);
        validation.validationRequest(address(0), 0, "", 0);
        vm.expectRevert(IValidationRegistry.ValidationRequestEmpty.selector);
        validation.validationRequest(validator, 0, "", 0);
        vm.prank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(IValidationRegistry.ValidationNotAuthorized.selector, 0, stranger)
        );
        validation.validationRequest(validator, 0, "uri", HASH);
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(IValidationRegistry.ValidationOfOneself.selector, 0, owner));
        validation.validationRequest(owner, 0, "uri", HASH);
        identity.approve(stranger, 0);
        vm.expectRevert(abi.encodeWithSelector(IValidationRegistry.ValidationOfOneself.selector, 0, stranger));
        validation.validationRequest(stranger, 0, "uri", HASH);
        vm.expectEmit();
        emit IValidationRegistry.ValidationRequest(validator, 0, "uri", HASH);
        validation.validationRequest(validator, 0, "uri", HASH);
        vm.expectRevert(abi.encodeWithSelector(IValidationRegistry.ValidationRequestExists.selector, HASH));
        validation.validationRequest(validator, 0, "uri", HASH);
        assertEq(validation.getAgentValidations(0)[0], HASH);
        assertEq(validation.getValidatorRequests(validator)[0], HASH);
    }

    function test_validationRequest__when_the_agent_is_of_40_bits_or_more__then_kept_or_refused() external {
        uint256 last = type(uint40).max;
        vm.mockCall(
            address(identity),
            abi.encodeCall(IdentityRegistry.isAuthorizedOrOwner, (owner, last)),
            abi.encode(true)
        );
        vm.mockCall(
            address(identity),
            abi.encodeCall(IdentityRegistry.isAuthorizedOrOwner, (validator, last)),
            abi.encode(false)
        );
        vm.prank(owner);
        validation.validationRequest(validator, last, "uri", HASH);
        vm.prank(validator);
        validation.validationResponse(HASH, 100, "", 0, "vni:ok");
        (address by, uint256 agentId, uint8 response,,, uint256 since) = validation.getValidationStatus(HASH);
        assertEq(agentId, last);
        assertEq(abi.encode(by, response, since), abi.encode(validator, uint8(100), block.timestamp));

        vm.mockCall(
            address(identity),
            abi.encodeCall(IdentityRegistry.isAuthorizedOrOwner, (owner, last + 1)),
            abi.encode(true)
        );
        vm.mockCall(
            address(identity),
            abi.encodeCall(IdentityRegistry.isAuthorizedOrOwner, (validator, last + 1)),
            abi.encode(false)
        );
        vm.prank(owner);
        vm.expectRevert(
            abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, uint8(40), last + 1)
        );
        validation.validationRequest(validator, last + 1, "uri", keccak256("another"));
    }

    function testFuzz_validationResponse__when_each_check_fails__then_refused_in_order(uint8 response)
        external
    {
        vm.expectRevert(abi.encodeWithSelector(IValidationRegistry.ValidationRequestUnknown.selector, HASH));
        validation.validationResponse(HASH, 0, "", 0, "");
        vm.prank(owner);
        validation.validationRequest(validator, 0, "uri", HASH);
        vm.prank(owner);
        vm.expectRevert(
            abi.encodeWithSelector(IValidationRegistry.ValidationNotValidator.selector, HASH, owner)
        );
        validation.validationResponse(HASH, 0, "", 0, "");
        vm.startPrank(validator);
        if (response > 100) {
            vm.expectRevert(
                abi.encodeWithSelector(IValidationRegistry.ValidationResponseOutOfRange.selector, response)
            );
            validation.validationResponse(HASH, response, "", 0, "");
            return;
        }
        vm.expectEmit();
        emit IValidationRegistry.ValidationResponse(validator, 0, HASH, response, "u", bytes32("h"), "t");
        validation.validationResponse(HASH, response, "u", "h", "t");
        (address by, uint256 agentId, uint8 answered, bytes32 hash, string memory tag, uint256 at_) =
            validation.getValidationStatus(HASH);
        assertEq(by, validator);
        assertEq(agentId, 0);
        assertEq(answered, response);
        assertEq(hash, "h");
        assertEq(tag, "t");
        assertEq(at_, block.timestamp);
    }

    function test_getSummary__then_answered_requests_only() external {
        vm.expectRevert(abi.encodeWithSelector(IValidationRegistry.ValidationRequestUnknown.selector, HASH));
        validation.getValidationStatus(HASH);
        _answer("1", validator, 100, "vni:ok");
        _answer("2", validator, 1, "vni:ok");
        _answer("3", makeAddr("another"), 0, "other");
        vm.prank(owner);
        validation.validationRequest(validator, 0, "", "pending");
        _expect(new address[](0), "", 3, 33);
        _expect(new address[](0), "vni:ok", 2, 50);
        address[] memory chosen = new address[](2);
        (chosen[0], chosen[1]) = (validator, validator);
        _expect(chosen, "", 2, 50);
        _expect(chosen, "other", 0, 0);
    }

    function test_validationResponse__when_the_standing_one_is_terminal__then_refused() external {
        string[4] memory open = ["", "other", "vni", "vni:x-provisional"];
        string[4] memory terminal = ["vni:ok", "vni:timeout", "vni:insufficient-operators", "vni:cancelled"];
        for (uint256 i = 0; i < 4; ++i) {
            bytes32 hash = bytes32(i + 1);
            _answer(hash, validator, 0, open[i]);
            vm.startPrank(validator);
            validation.validationResponse(hash, 100, "", 0, terminal[i]);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IValidationRegistry.ValidationResponseFinal.selector, hash, terminal[i]
                )
            );
            validation.validationResponse(hash, 0, "", 0, "vni:ok");
            vm.stopPrank();
        }
        _expect(new address[](0), "vni:ok", 1, 100);
    }

    function _answer(bytes32 hash, address by, uint8 response, string memory tag) private {
        vm.prank(owner);
        validation.validationRequest(by, 0, "", hash);
        vm.prank(by);
        validation.validationResponse(hash, response, "", 0, tag);
    }

    function _expect(address[] memory by, string memory tag, uint64 count, uint8 average) private view {
        (uint64 c, uint8 avg) = validation.getSummary(0, by, tag);
        assertEq(c, count);
        assertEq(avg, average);
    }
}
