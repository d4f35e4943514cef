// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CourtDraws} from "../../src/CourtDraws.sol";
import {CourtIntake} from "../../src/CourtIntake.sol";
import {CourtSettlement} from "../../src/CourtSettlement.sol";
import {ProfileRegistry} from "../../src/ProfileRegistry.sol";
import {ReputationLedger} from "../../src/ReputationLedger.sol";
import {Router} from "../../src/Router.sol";
import {StakeVault} from "../../src/StakeVault.sol";
import {VerificationRounds} from "../../src/VerificationRounds.sol";
import {IdentityRegistry} from "../../src/erc8004/IdentityRegistry.sol";
import {ValidationRegistry} from "../../src/erc8004/ValidationRegistry.sol";
import {Family, Profile} from "../../src/interfaces/IProfileRegistry.sol";
import {
    Batched,
    Opening,
    Phase,
    Receipt as Work,
    Round,
    Seat,
    SeatRef,
    SignedCommitment,
    Verdict
} from "../../src/interfaces/IVerificationRounds.sol";
import {Exams, Oracle} from "./Mocks.sol";
import {Test} from "forge-std/Test.sol";

/// @dev All contracts deployed and wired, a provider (agent 0), a client and agents that verify.
abstract contract Network is Test {
    struct Agent {
        uint256 id;
        address owner;
        uint256 key;
    }

    uint256 internal constant EPOCH = 100;
    uint256 internal constant UNBONDING = 10_000;
    uint256 internal constant HALF_LIFE = 30 days;
    bytes internal constant OUTPUT = "the output";
    bytes32 internal constant OUTPUT_SALT = keccak256("output salt");
    uint8 internal constant PROVIDER_SEAT = 255;

    IdentityRegistry internal identity;
    ValidationRegistry internal validation;
    ProfileRegistry internal profiles;
    Exams internal exams;
    Oracle internal oracle;
    StakeVault internal vault;
    ReputationLedger internal ledger;
    VerificationRounds internal rounds;
    Router internal router;

    bytes32 internal exactId;
    bytes32 internal fuzzyId;
    Profile internal profile;

    Agent internal provider;
    address internal client = makeAddr("client");
    address internal keeper = makeAddr("keeper");
    address internal guardian = makeAddr("guardian");
    Agent[] internal verifiers;
    mapping(bytes32 requestHash => bytes32 taskHash) internal _taskOf;
    mapping(bytes32 requestHash => Batched[]) internal _batches;

    function setUp() public virtual {
        vm.warp(1_000_000);
        vm.roll(1000);
        identity = new IdentityRegistry();
        validation = new ValidationRegistry(identity);
        profiles = new ProfileRegistry(address(this));
        exams = new Exams();
        oracle = new Oracle();
        vault = new StakeVault(
            identity, profiles, exams, EPOCH, UNBONDING, 10_000, address(0), guardian, address(this)
        );
        ledger = new ReputationLedger(identity, HALF_LIFE, address(this));
        rounds = new VerificationRounds(
            identity,
            validation,
            profiles,
            vault,
            ledger,
            oracle,
            new CourtIntake(identity, validation, profiles, vault, ledger, oracle),
            new CourtDraws(identity, validation, profiles, vault, ledger, oracle),
            new CourtSettlement(identity, validation, profiles, vault, ledger, oracle)
        );
        router = new Router(validation, rounds);
        address[] memory courts = new address[](1);
        courts[0] = address(rounds);
        vault.wire(courts);
        ledger.wire(courts);

        profile = _profile();
        fuzzyId = profiles.register("fuzzy", profile);
        Profile memory exact = profile;
        (exact.family, exact.tolerance) = (Family.Exact, 0);
        exactId = profiles.register("exact", exact);

        vm.deal(client, 100 ether);
        provider = _register("provider");
        assertEq(provider.id, 0);
        vm.prank(provider.owner);
        identity.approve(address(router), provider.id);
        _stake(provider, 10 ether);
        for (uint256 i = 0; i < _verifierCount(); ++i) {
            Agent memory agent = _register(string.concat("verifier", vm.toString(i)));
            verifiers.push(agent);
            _stake(agent, 2 ether + i * 1 ether);
            _enrol(agent, fuzzyId);
            _enrol(agent, exactId);
        }
        skip(EPOCH);
    }

    function _verifierCount() internal pure virtual returns (uint256) {
        return 8;
    }

    function _profile() internal pure virtual returns (Profile memory) {
        return Profile({
            family: Family.TextMinhash,
            tolerance: 20,
            committeeSize: 5,
            minOperators: 4,
            commitWindow: 60,
            openWindow: 40,
            publishWindow: 30,
            maxOutputBytes: 1024,
            seatFee: 0.01 ether,
            tip: 0.002 ether,
            minStake: 1 ether,
            seatLock: 0.5 ether,
            providerBond: 1 ether,
            slashNoCommitBps: 1000,
            slashNoOpenBps: 3000,
            slashRejectedBps: 10_000,
            slashOverturnedBps: 5000,
            appealBond: 0.03 ether,
            appealWindow: 0,
            flagWindow: 0,
            auditBps: 0,
            voidDigests: false,
            evidenceWeight: 1e9,
            calibrationRoot: bytes32(0)
        });
    }

    // ------------------------------------------------------------------ agents

    function _register(string memory name) internal returns (Agent memory agent) {
        (agent.owner, agent.key) = makeAddrAndKey(name);
        vm.prank(agent.owner);
        agent.id = identity.register();
    }

    function _stake(Agent memory agent, uint256 amount) internal {
        vm.deal(agent.owner, agent.owner.balance + amount);
        vm.prank(agent.owner);
        vault.stake{value: amount}(agent.id);
    }

    function _enrol(Agent memory agent, bytes32 profileId) internal {
        vm.prank(agent.owner);
        vault.enrol(agent.id, profileId);
    }

    function _ownerOf(uint256 agentId) internal view returns (address) {
        return identity.ownerOf(agentId);
    }

    // ------------------------------------------------------------------ rounds

    function _fee() internal view returns (uint256) {
        uint256 audit = uint256(profile.seatFee) * (2 * profile.committeeSize + 1) * profile.auditBps / 10_000;
        return uint256(profile.seatFee) * profile.committeeSize + profile.tip + audit;
    }

    function _outputHash(bytes memory output) internal pure returns (bytes32) {
        return keccak256(abi.encode(OUTPUT_SALT, keccak256(output)));
    }

    function _receipt(bytes32 profileId, bytes32 taskHash) internal view returns (Work memory) {
        return Work({
            client: client,
            agentId: provider.id,
            profileId: profileId,
            taskHash: taskHash,
            outputHash: _outputHash(OUTPUT),
            deadline: uint64(block.timestamp + 1 days)
        });
    }

    function _sign(Work memory receipt, uint256 key) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, rounds.hashReceipt(receipt));
        return abi.encodePacked(r, s, v);
    }

    function _submit(bytes32 profileId, bytes32 taskHash) internal returns (bytes32) {
        return _submit(_receipt(profileId, taskHash));
    }

    function _submit(Work memory receipt) internal returns (bytes32 h) {
        bytes memory signature = _sign(receipt, provider.key);
        uint256 fee = _fee();
        string memory uri = _taskURI(receipt.taskHash);
        vm.prank(client);
        h = router.verify{value: fee}(receipt, signature, uri, keccak256("nonce"));
        _taskOf[h] = receipt.taskHash;
    }

    function _taskURI(bytes32 taskHash) internal pure returns (string memory) {
        return string.concat("assay:", vm.toString(taskHash));
    }

    function _draw(bytes32 h) internal {
        vm.roll(rounds.round(h).entropyBlock + 1);
        skip(12);
        vm.prank(keeper);
        rounds.draw(h);
    }

    function _drawn(bytes32 profileId) internal returns (bytes32 h) {
        h = _submit(profileId, keccak256("task"));
        _draw(h);
    }

    function _agentIn(bytes32 h, uint8 seat) internal view returns (uint256) {
        return seat == PROVIDER_SEAT ? rounds.providerSeat(h).agentId : rounds.seats(h)[seat].agentId;
    }

    function _salt(bytes32 h, uint8 seat) internal pure returns (bytes32) {
        return keccak256(abi.encode("salt", h, seat));
    }

    function _evidence(uint8 seat) internal pure returns (bytes32) {
        return keccak256(abi.encode("evidence", seat));
    }

    function _commit(bytes32 h, uint8 seat, bytes32 digest) internal {
        uint256 agentId = _agentIn(h, seat);
        Round memory r = rounds.round(h);
        bytes32 commitment =
            rounds.commitmentOf(h, r.level, r.key, agentId, digest, _evidence(seat), _salt(h, seat));
        vm.prank(_ownerOf(agentId));
        rounds.commit(h, r.level, seat, commitment);
    }

    function _open(bytes32 h, uint8 seat, bytes32 digest) internal {
        uint8 level = rounds.round(h).level;
        vm.prank(_ownerOf(_agentIn(h, seat)));
        rounds.open(h, level, seat, digest, _evidence(seat), _salt(h, seat));
    }

    function _commitAll(bytes32 h, bytes32 claim, bytes32[] memory digests) internal {
        for (uint8 seat = 0; seat < digests.length; ++seat) {
            _commit(h, seat, digests[seat]);
        }
        _commit(h, PROVIDER_SEAT, claim);
    }

    function _openAll(bytes32 h, bytes32 claim, bytes32[] memory digests) internal {
        for (uint8 seat = 0; seat < digests.length; ++seat) {
            _open(h, seat, digests[seat]);
        }
        _open(h, PROVIDER_SEAT, claim);
    }

    /// @dev What all seats and the provider signed, posted by the keeper.
    function _commitMany(bytes32 h, bytes32 digest) internal {
        Round memory r = rounds.round(h);
        SignedCommitment[] memory entries = new SignedCommitment[](r.seatCount + 1);
        for (uint8 i = 0; i < entries.length; ++i) {
            entries[i] = _signedCommitment(h, i == r.seatCount ? PROVIDER_SEAT : i, digest);
        }
        for (uint8 i = 0; i < entries.length; ++i) {
            _batches[h].push(Batched(entries[i].seat, entries[i].commitment));
        }
        vm.prank(keeper);
        rounds.commitMany(h, r.level, entries);
    }

    function _openMany(bytes32 h, bytes32 digest) internal {
        Round memory r = rounds.round(h);
        Opening[] memory entries = new Opening[](r.seatCount + 1);
        for (uint8 i = 0; i < entries.length; ++i) {
            entries[i] = _opening(h, i == r.seatCount ? PROVIDER_SEAT : i, digest);
        }
        vm.prank(keeper);
        rounds.openMany(h, r.level, entries, _batches[h]);
    }

    function _signedCommitment(bytes32 h, uint8 seat, bytes32 digest)
        internal
        view
        returns (SignedCommitment memory)
    {
        Round memory r = rounds.round(h);
        uint256 agentId = _agentIn(h, seat);
        bytes32 commitment =
            rounds.commitmentOf(h, r.level, r.key, agentId, digest, _evidence(seat), _salt(h, seat));
        bytes32 hash = rounds.hashCommitment(h, r.level, seat, agentId, r.key, commitment);
        (bytes32 x, bytes32 vs) = vm.signCompact(_keyOf(agentId), hash);
        return SignedCommitment(seat, commitment, x, vs);
    }

    function _opening(bytes32 h, uint8 seat, bytes32 digest) internal pure returns (Opening memory) {
        return Opening(seat, digest, _evidence(seat), _salt(h, seat));
    }

    function _keyOf(uint256 agentId) internal view returns (uint256) {
        return agentId == provider.id ? provider.key : verifiers[agentId - provider.id - 1].key;
    }

    function _advance(bytes32 h) internal {
        vm.prank(keeper);
        rounds.advance(h);
    }

    /// @dev Closes every seat's account.
    function _settle(bytes32 h) internal {
        uint8 last = rounds.round(h).level;
        for (uint8 level = 0; level <= last; ++level) {
            SeatRef[] memory refs = new SeatRef[](rounds.seatsAt(h, level).length);
            for (uint8 seat = 0; seat < refs.length; ++seat) {
                refs[seat] = SeatRef(h, level, seat);
            }
            vm.prank(keeper);
            rounds.settle(refs);
        }
    }

    function _publish(bytes32 h, bytes memory output) internal {
        vm.prank(provider.owner);
        rounds.publish(h, _taskOf[h], output, OUTPUT_SALT);
    }

    /// @dev All commit and open; the round is counted.
    function _voted(bytes32 profileId, bytes32 claim, bytes32[] memory digests) internal returns (bytes32 h) {
        h = _drawn(profileId);
        _commitAll(h, claim, digests);
        _openAll(h, claim, digests);
        _advance(h);
    }

    function _digests(uint256 a, uint256 b, uint256 c, uint256 d, uint256 e)
        internal
        pure
        returns (bytes32[] memory digests)
    {
        digests = new bytes32[](5);
        (digests[0], digests[1], digests[2], digests[3], digests[4]) =
        (bytes32(a), bytes32(b), bytes32(c), bytes32(d), bytes32(e));
    }

    /// @dev Settles, too.
    function _assertVerdict(bytes32 h, Verdict verdict, string memory tag, uint8 response) internal {
        _settle(h);
        Round memory r = rounds.round(h);
        assertEq(uint8(r.phase), uint8(Phase.Final), "final");
        assertEq(uint8(r.verdict), uint8(verdict), "verdict");
        (, uint256 agentId, uint8 answered,, string memory written,) = validation.getValidationStatus(h);
        assertEq(agentId, r.agentId);
        assertEq(answered, response, "response");
        assertEq(written, tag, "tag");
    }

    function _stakeOf(uint256 agentId) internal view returns (uint256) {
        return uint256(vault.stakeOf(agentId).bonded) + vault.stakeOf(agentId).unbonding;
    }

    function _domain(bytes32 profileId, string memory role) internal view returns (bytes32) {
        return ledger.domainOf(profileId, role);
    }

    function _seatsOf(bytes32 h) internal view returns (Seat[] memory) {
        return rounds.seats(h);
    }
}
