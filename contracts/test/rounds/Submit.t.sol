// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICourtRecord} from "../../src/interfaces/ICourtRecord.sol";
import {IProfileRegistry} from "../../src/interfaces/IProfileRegistry.sol";
import {IStakeVault} from "../../src/interfaces/IStakeVault.sol";
import {IValidationNetwork, SelectionPolicy} from "../../src/interfaces/IValidationNetwork.sol";
import {IValidationRegistry} from "../../src/interfaces/IValidationRegistry.sol";
import {
    IVerificationRounds,
    Phase,
    Receipt as Work,
    Round
} from "../../src/interfaces/IVerificationRounds.sol";
import {Wallet} from "../support/Mocks.sol";
import {Network} from "../support/Network.sol";
import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

contract SubmitTest is Network {
    bytes32 private constant NONCE = keccak256("nonce");

    function _verifierCount() internal pure override returns (uint256) {
        return 0;
    }

    // ------------------------------------------------------------------ hashes

    function testFuzz_hashes__then_as_specified(Work calldata receipt, bytes32 nonce) external view {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("Assay"),
                keccak256("1"),
                block.chainid,
                address(rounds)
            )
        );
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(
                    "Receipt(address client,uint256 agentId,bytes32 profileId,bytes32 taskHash,bytes32 outputHash,uint64 deadline)"
                ),
                receipt.client,
                receipt.agentId,
                receipt.profileId,
                receipt.taskHash,
                receipt.outputHash,
                receipt.deadline
            )
        );
        bytes32 digest = keccak256(abi.encodePacked("\x19\x01", domain, structHash));
        assertEq(rounds.hashReceipt(receipt), digest);
        assertEq(
            rounds.requestHashOf(receipt, nonce),
            keccak256(abi.encode(block.chainid, address(rounds), digest, nonce))
        );
    }

    function test_policy__then_names_the_profile_and_the_quorum() external {
        bytes memory policy = rounds.policyOf(fuzzyId);
        SelectionPolicy memory p = abi.decode(policy, (SelectionPolicy));
        assertEq(p.version, 1);
        assertEq(p.selectionSize, 5);
        assertEq(p.minOperators, 4);
        assertEq(p.minResponses, 3);
        assertEq(p.deadlineSeconds, 130);
        assertEq(p.verdictMode, 1);
        assertEq(p.challengeKind, fuzzyId);
        assertEq(p.extensions, "");
        assertTrue(rounds.supportsPolicy(policy));
        (uint256 price, uint32 eta) = rounds.quote(policy);
        assertEq(price, _fee());
        assertEq(eta, 130);
        vm.expectRevert(abi.encodeWithSelector(IProfileRegistry.ProfileUnknown.selector, bytes32("none")));
        rounds.policyOf("none");
    }

    function testFuzz_policy__when_any_other__then_not_supported(bytes calldata noise, uint256 place)
        external
    {
        bytes memory policy = rounds.policyOf(fuzzyId);
        policy[place % policy.length] ^= 0x01;
        assertFalse(rounds.supportsPolicy(policy));
        assertFalse(rounds.supportsPolicy(noise));
        vm.expectRevert(abi.encodeWithSelector(IValidationNetwork.PolicyNotSupported.selector, noise));
        rounds.quote(noise);
    }

    function test_network__then_speaks_erc8294() external view {
        assertTrue(rounds.supportsInterface(0x63f3aaf9));
        assertTrue(rounds.supportsInterface(0x01ffc9a7));
        assertFalse(rounds.supportsInterface(0xffffffff));
        assertEq(rounds.OUT_OF_BAND_PRICE(), type(uint256).max);
        assertEq(rounds.validationRegistry(), address(validation));
        assertEq(rounds.verificationProfile(), keccak256("lsh-output-equivalence-v1"));
        assertGt(bytes(rounds.policySchema()).length, 0);
        (uint8 state, uint16 count, bool aggregated) = rounds.status("none");
        assertEq(state, 0);
        assertEq(count, 0);
        assertFalse(aggregated);
    }

    // ------------------------------------------------------------------ submit, refused in check order

    function test_submit__when_registry_names_nobody_or_somebody_else__then_not_addressee() external {
        Work memory w = _receipt(fuzzyId, "task");
        bytes32 h = rounds.requestHashOf(w, NONCE);
        _expectRefused(w, abi.encodeWithSelector(IValidationNetwork.NotAddressee.selector, h));
        vm.prank(provider.owner);
        validation.validationRequest(keeper, 0, "", h);
        _expectRefused(w, abi.encodeWithSelector(IValidationNetwork.NotAddressee.selector, h));
    }

    function test_submit__when_submitted_already__then_refused() external {
        Work memory w = _receipt(fuzzyId, "task");
        bytes32 h = _submit(w);
        _expectRefused(w, abi.encodeWithSelector(IValidationNetwork.AlreadySubmitted.selector, h));
    }

    function test_submit__when_policy_is_not_the_profiles__then_refused() external {
        Work memory w = _receipt(fuzzyId, "task");
        bytes32 h = _request(w);
        bytes memory payload = _payload(w);
        bytes memory other = rounds.policyOf(exactId);
        vm.expectRevert(abi.encodeWithSelector(IValidationNetwork.PolicyNotSupported.selector, other));
        rounds.submit(h, other, payload);
        vm.expectRevert(abi.encodeWithSelector(IValidationNetwork.PolicyNotSupported.selector, bytes("")));
        rounds.submit(h, "", payload);
    }

    function test_submit__when_receipt_is_of_another_agent__then_refused() external {
        Agent memory other = _register("other");
        Work memory w = _receipt(fuzzyId, "task");
        w.agentId = other.id;
        bytes32 h = rounds.requestHashOf(w, NONCE);
        vm.prank(provider.owner);
        validation.validationRequest(address(rounds), provider.id, "", h);
        _expectRefused(
            w, abi.encodeWithSelector(ICourtRecord.ReceiptAgentMismatch.selector, other.id, provider.id)
        );
    }

    function test_submit__when_hash_is_not_derived__then_refused() external {
        Work memory w = _receipt(fuzzyId, "task");
        vm.prank(provider.owner);
        validation.validationRequest(address(rounds), 0, "", "other");
        bytes memory policy = rounds.policyOf(fuzzyId);
        bytes memory payload = _payload(w);
        bytes32 derived = rounds.requestHashOf(w, NONCE);
        vm.expectRevert(
            abi.encodeWithSelector(ICourtRecord.RoundRequestHashMismatch.selector, bytes32("other"), derived)
        );
        rounds.submit("other", policy, payload);
    }

    function testFuzz_submit__when_receipt_is_bad__then_refused_in_order(uint32 late, uint256 key) external {
        Work memory w = _receipt(fuzzyId, "task");
        w.client = address(0);
        _request(w);
        _expectRefused(w, abi.encodeWithSelector(ICourtRecord.ReceiptNoClient.selector));
        w = _receipt(fuzzyId, "task");
        w.deadline = uint64(block.timestamp - 1 - late % 1000);
        _request(w);
        _expectRefused(
            w, abi.encodeWithSelector(ICourtRecord.ReceiptExpired.selector, w.deadline, block.timestamp)
        );
        w = _receipt(fuzzyId, "task");
        _request(w);
        key = bound(key, 1, 1 << 128);
        vm.assume(key != provider.key);
        bytes memory payload = abi.encode(w, _sign(w, key), "uri", NONCE);
        _expectRefused(
            w,
            payload,
            abi.encodeWithSelector(ICourtRecord.ReceiptSignerNotOperator.selector, 0, vm.addr(key))
        );
        _expectRefused(
            w,
            abi.encode(w, "no signature", "uri", NONCE),
            abi.encodeWithSelector(ICourtRecord.ReceiptSignerNotOperator.selector, 0, address(0))
        );
    }

    function testFuzz_submit__when_fee_is_not_exact__then_refused(uint96 sent) external {
        vm.assume(sent != _fee());
        Work memory w = _receipt(fuzzyId, "task");
        _request(w);
        vm.deal(address(this), sent);
        bytes32 h = rounds.requestHashOf(w, NONCE);
        bytes memory policy = rounds.policyOf(fuzzyId);
        bytes memory payload = _payload(w);
        vm.expectRevert(abi.encodeWithSelector(ICourtRecord.RoundFeeMismatch.selector, sent, _fee()));
        rounds.submit{value: sent}(h, policy, payload);
    }

    function test_submit__when_work_was_submitted_before__then_refused() external {
        bytes32 first = _submit(fuzzyId, "task");
        Work memory w = _receipt(fuzzyId, "task");
        w.deadline += 1;
        _request(w);
        bytes32 h = rounds.requestHashOf(w, NONCE);
        _expectRefused(w, abi.encodeWithSelector(ICourtRecord.RoundAlreadyVerified.selector, h, first));
    }

    function test_submit__when_bond_is_not_free__then_refused() external {
        for (uint256 i = 0; i < 10; ++i) {
            _submit(fuzzyId, bytes32(i));
        }
        Work memory w = _receipt(fuzzyId, "task");
        _request(w);
        _expectRefused(w, abi.encodeWithSelector(IStakeVault.VaultInsufficientStake.selector, 0, 0, 1 ether));
    }

    // ------------------------------------------------------------------ submit, accepted

    function testFuzz_submit__when_right__then_opens_the_round(bytes32 task, bool asPayer) external {
        Work memory w = _receipt(fuzzyId, task);
        bytes32 h = _request(w);
        bytes memory policy = rounds.policyOf(fuzzyId);
        bytes memory payload = _payload(w);
        address payer = asPayer ? keeper : address(this);
        vm.deal(address(this), 1 ether);
        vm.expectEmit();
        emit IValidationNetwork.RequestAccepted(h, policy, _fee());
        vm.expectEmit();
        emit ICourtRecord.RoundSubmitted(
            h,
            0,
            fuzzyId,
            client,
            payer,
            task,
            w.outputHash,
            _taskURI(task),
            block.number + 2,
            _fee(),
            1 ether
        );
        if (asPayer) rounds.submitFor{value: _fee()}(h, policy, payload, payer);
        else rounds.submit{value: _fee()}(h, policy, payload);

        Round memory r = rounds.round(h);
        assertEq(uint8(r.phase), uint8(Phase.Drawing));
        assertEq(r.agentId, 0);
        assertEq(r.profileId, fuzzyId);
        assertEq(r.payer, payer);
        assertEq(r.bond, 1 ether);
        assertEq(r.fee, _fee());
        assertEq(r.entropyBlock, block.number + 2);
        assertEq(r.sortitionEpoch, vault.currentEpoch());
        assertEq(r.provider, provider.owner);
        assertEq(r.quorum, 3);
        assertFalse(r.selfVerified);
        assertEq(rounds.roundCount(), 1);
        assertEq(vault.stakeOf(0).locked, 1 ether);
        assertEq(address(rounds).balance, _fee());
        assertEq(rounds.providerSeat(h).agentId, provider.id);
        assertEq(rounds.providerSeat(h).lock, 1 ether);
        assertEq(rounds.seats(h).length, 0);
        (uint8 state,,) = rounds.status(h);
        assertEq(state, 1);
    }

    function test_submit__when_provider_asks_or_pays_itself__then_marked() external {
        Work memory w = _receipt(fuzzyId, "asks");
        w.client = provider.owner;
        assertTrue(rounds.round(_submit(w)).selfVerified);
        w = _receipt(fuzzyId, "pays");
        bytes memory signature = _sign(w, provider.key);
        vm.deal(provider.owner, 1 ether);
        vm.startPrank(provider.owner);
        assertTrue(
            rounds.round(router.verify{value: _fee()}(w, signature, _taskURI(w.taskHash), 0)).selfVerified
        );
    }

    function test_submit__when_signed_by_approved_or_wallet__then_accepted() external {
        (address hot, uint256 hotKey) = makeAddrAndKey("hot");
        vm.prank(provider.owner);
        identity.setApprovalForAll(hot, true);
        Work memory w = _receipt(fuzzyId, "approved");
        bytes memory signature = _sign(w, hotKey);
        vm.prank(client);
        router.verify{value: _fee()}(w, signature, _taskURI(w.taskHash), 0);

        Wallet wallet = new Wallet();
        w = _receipt(fuzzyId, "contract");
        vm.prank(provider.owner);
        identity.transferFrom(provider.owner, address(wallet), 0);
        wallet.execute(address(identity), 0, abi.encodeCall(identity.approve, (address(router), 0)));
        wallet.approveHash(rounds.hashReceipt(w));
        vm.prank(client);
        bytes32 h = router.verify{value: _fee()}(w, "", _taskURI(w.taskHash), 0);
        assertEq(rounds.round(h).provider, address(wallet));
    }

    // ------------------------------------------------------------------ router

    function testFuzz_router__when_receipt_is_not_the_providers__then_leaves_no_request(uint256 key)
        external
    {
        key = bound(key, 1, 1 << 128);
        vm.assume(key != provider.key);
        Work memory w = _receipt(fuzzyId, "task");
        bytes memory signature = _sign(w, key);
        uint256 fee = _fee();
        vm.prank(client);
        vm.expectRevert(
            abi.encodeWithSelector(ICourtRecord.ReceiptSignerNotOperator.selector, 0, vm.addr(key))
        );
        router.verify{value: fee}(w, signature, _taskURI(w.taskHash), NONCE);
        assertEq(validation.getAgentValidations(0).length, 0);
    }

    function test_router__when_not_approved_or_agent_unknown_or_taken__then_refused() external {
        vm.prank(provider.owner);
        identity.approve(address(0), 0);
        Work memory w = _receipt(fuzzyId, "task");
        bytes memory signature = _sign(w, provider.key);
        vm.startPrank(client);
        vm.expectRevert(
            abi.encodeWithSelector(IValidationRegistry.ValidationNotAuthorized.selector, 0, address(router))
        );
        router.verify(w, signature, _taskURI(w.taskHash), NONCE);
        w.agentId = 77;
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 77));
        router.verify(w, signature, _taskURI(w.taskHash), NONCE);
        vm.stopPrank();

        // Somebody took the request hash for an agent of theirs: another nonce gives another.
        vm.prank(provider.owner);
        identity.approve(address(router), 0);
        Agent memory squatter = _register("squatter");
        w = _receipt(fuzzyId, "task");
        vm.prank(squatter.owner);
        bytes32 taken = rounds.requestHashOf(w, NONCE);
        vm.prank(squatter.owner);
        validation.validationRequest(keeper, squatter.id, "", taken);
        uint256 fee = _fee();
        vm.startPrank(client);
        vm.expectRevert(abi.encodeWithSelector(IValidationRegistry.ValidationRequestExists.selector, taken));
        router.verify{value: fee}(w, signature, _taskURI(w.taskHash), NONCE);
        router.verify{value: fee}(w, signature, _taskURI(w.taskHash), "again");
    }

    // ------------------------------------------------------------------ helpers

    function _request(Work memory w) private returns (bytes32 h) {
        h = rounds.requestHashOf(w, NONCE);
        vm.prank(provider.owner);
        validation.validationRequest(address(rounds), w.agentId, "uri", h);
    }

    function _payload(Work memory w) private view returns (bytes memory) {
        return abi.encode(w, _sign(w, provider.key), _taskURI(w.taskHash), NONCE);
    }

    function _expectRefused(Work memory w, bytes memory reason) private {
        _expectRefused(w, _payload(w), reason);
    }

    function _expectRefused(Work memory w, bytes memory payload, bytes memory reason) private {
        bytes32 h = rounds.requestHashOf(w, NONCE);
        bytes memory policy = rounds.policyOf(w.profileId);
        uint256 fee = _fee();
        vm.deal(address(this), fee);
        vm.expectRevert(reason);
        rounds.submit{value: fee}(h, policy, payload);
    }
}
