// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IdentityRegistry} from "../../src/erc8004/IdentityRegistry.sol";
import {IIdentityRegistry} from "../../src/interfaces/IIdentityRegistry.sol";
import {Wallet} from "../support/Mocks.sol";
import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Test} from "forge-std/Test.sol";

contract IdentityRegistryTest is Test {
    IdentityRegistry private identity;
    address private owner = makeAddr("owner");
    address private other = makeAddr("other");

    function setUp() external {
        vm.warp(1_000_000);
        identity = new IdentityRegistry();
    }

    function test_register__when_first__then_id_zero_and_wallet_is_owner() external {
        vm.expectEmit();
        emit IIdentityRegistry.Registered(0, "", owner);
        vm.expectEmit();
        emit IIdentityRegistry.MetadataSet(0, "agentWallet", "agentWallet", abi.encodePacked(owner));
        vm.startPrank(owner);
        assertEq(identity.register(), 0);
        assertEq(identity.register("ipfs://b"), 1);
        IIdentityRegistry.MetadataEntry[] memory entries = new IIdentityRegistry.MetadataEntry[](1);
        entries[0] = IIdentityRegistry.MetadataEntry("model", "smol");
        assertEq(identity.register("ipfs://c", entries), 2);
        assertEq(identity.ownerOf(0), owner);
        assertEq(identity.getAgentWallet(0), owner);
        assertEq(identity.tokenURI(1), "ipfs://b");
        assertEq(identity.getMetadata(2, "model"), "smol");
        assertEq(identity.getMetadata(2, "agentWallet"), abi.encodePacked(owner));
        assertEq(identity.getVersion(), "2.0.0");
    }

    function test_register__when_reserved_key_or_contract_that_takes_none__then_refused() external {
        IIdentityRegistry.MetadataEntry[] memory entries = new IIdentityRegistry.MetadataEntry[](1);
        entries[0] = IIdentityRegistry.MetadataEntry("agentWallet", "x");
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.IdentityKeyReserved.selector, "agentWallet"));
        vm.prank(owner);
        identity.register("", entries);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidReceiver.selector, address(this)));
        identity.register();
    }

    function test_setters__when_not_authorized__then_refused() external {
        vm.prank(owner);
        identity.register();
        bytes memory refused =
            abi.encodeWithSelector(IIdentityRegistry.IdentityNotAuthorized.selector, 0, other);
        vm.startPrank(other);
        vm.expectRevert(refused);
        identity.setAgentURI(0, "x");
        vm.expectRevert(refused);
        identity.setMetadata(0, "k", "v");
        vm.expectRevert(refused);
        identity.setAgentWallet(0, other, block.timestamp, "");
        vm.expectRevert(refused);
        identity.unsetAgentWallet(0);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 7));
        identity.setAgentURI(7, "x");
    }

    function testFuzz_setters__when_owner_approved_or_operator__then_set(uint8 who) external {
        vm.startPrank(owner);
        identity.register();
        if (who % 3 == 1) identity.approve(other, 0);
        if (who % 3 == 2) identity.setApprovalForAll(other, true);
        vm.stopPrank();
        address caller = who % 3 == 0 ? owner : other;
        assertTrue(identity.isAuthorizedOrOwner(caller, 0));
        vm.startPrank(caller);
        vm.expectEmit();
        emit IIdentityRegistry.URIUpdated(0, "x", caller);
        identity.setAgentURI(0, "x");
        vm.expectEmit();
        emit IIdentityRegistry.MetadataSet(0, "k", "k", "v");
        identity.setMetadata(0, "k", "v");
        assertEq(identity.getMetadata(0, "k"), "v");
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.IdentityKeyReserved.selector, "agentWallet"));
        identity.setMetadata(0, "agentWallet", "v");
    }

    function testFuzz_setAgentWallet__when_each_check_fails__then_refused_in_order(uint64 late) external {
        (address wallet, uint256 key) = makeAddrAndKey("wallet");
        vm.startPrank(owner);
        identity.register();
        uint256 now_ = block.timestamp;
        vm.expectRevert(IIdentityRegistry.IdentityWalletZero.selector);
        identity.setAgentWallet(0, address(0), 0, "");
        vm.expectRevert(
            abi.encodeWithSelector(IIdentityRegistry.IdentityDeadlinePassed.selector, now_ - 1, now_)
        );
        identity.setAgentWallet(0, wallet, now_ - 1, "");
        uint256 tooFar = now_ + 301 + late;
        vm.expectRevert(
            abi.encodeWithSelector(IIdentityRegistry.IdentityDeadlineTooFar.selector, tooFar, now_ + 300)
        );
        identity.setAgentWallet(0, wallet, tooFar, "");
        bytes memory signature = _sign(key, wallet, now_ + 300);
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.IdentitySignatureInvalid.selector, other));
        identity.setAgentWallet(0, other, now_ + 300, signature);
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.IdentitySignatureInvalid.selector, wallet));
        identity.setAgentWallet(0, wallet, now_ + 299, signature);
        identity.setAgentWallet(0, wallet, now_ + 300, signature);
        assertEq(identity.getAgentWallet(0), wallet);
        identity.unsetAgentWallet(0);
        assertEq(identity.getAgentWallet(0), address(0));
        assertEq(identity.getMetadata(0, "agentWallet"), "");
    }

    function test_setAgentWallet__when_contract_wallet_agrees__then_set() external {
        Wallet wallet = new Wallet();
        vm.startPrank(owner);
        identity.register();
        wallet.approveHash(_digest(address(wallet), block.timestamp + 1));
        identity.setAgentWallet(0, address(wallet), block.timestamp + 1, "");
        assertEq(identity.getAgentWallet(0), address(wallet));
    }

    function test_transfer__then_wallet_and_approval_are_cleared() external {
        vm.startPrank(owner);
        identity.register();
        identity.approve(makeAddr("approved"), 0);
        vm.expectEmit();
        emit IIdentityRegistry.MetadataSet(0, "agentWallet", "agentWallet", "");
        identity.transferFrom(owner, other, 0);
        assertEq(identity.getAgentWallet(0), address(0));
        assertEq(identity.getApproved(0), address(0));
    }

    function _sign(uint256 key, address wallet, uint256 deadline) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, _digest(wallet, deadline));
        return abi.encodePacked(r, s, v);
    }

    function _digest(address wallet, uint256 deadline) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("ERC8004IdentityRegistry"),
                keccak256("1"),
                block.chainid,
                address(identity)
            )
        );
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("AgentWalletSet(uint256 agentId,address newWallet,address owner,uint256 deadline)"),
                uint256(0),
                wallet,
                owner,
                deadline
            )
        );
        return keccak256(abi.encodePacked("\x19\x01", domain, structHash));
    }
}
