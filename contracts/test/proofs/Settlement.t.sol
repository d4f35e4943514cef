// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CourtSettlement} from "../../src/CourtSettlement.sol";
import {IEntropy} from "../../src/interfaces/IEntropy.sol";
import {IIdentityRegistry} from "../../src/interfaces/IIdentityRegistry.sol";
import {Family, IProfileRegistry, Profile} from "../../src/interfaces/IProfileRegistry.sol";
import {IReputationLedger} from "../../src/interfaces/IReputationLedger.sol";
import {IStakeVault} from "../../src/interfaces/IStakeVault.sol";
import {IValidationRegistry} from "../../src/interfaces/IValidationRegistry.sol";
import {Phase, SeatRef, Verdict} from "../../src/interfaces/IVerificationRounds.sol";
import {Bench} from "../../src/libraries/Bench.sol";
import {Test} from "forge-std/Test.sol";
import {LibRLP} from "solady/utils/LibRLP.sol";

/// @dev All that a settlement asks or tells: agents' owners, the vault and the ledger.
contract Neighbourhood {
    uint256 public releases;
    uint256 public released;
    uint256 public slashed;

    function ownerOf(uint256 agentId) external pure returns (address) {
        return address(uint160(0xE000 + agentId));
    }

    function release(uint256, uint256 amount, uint256 slash, bytes32) external {
        ++releases;
        released += amount;
        slashed += slash;
    }

    function enrolmentOf(uint256, bytes32) external pure returns (address, uint32) {
        return (address(0), 0);
    }

    function record(uint256, address, bytes32, uint64, uint64) external {}
}

/// @dev The settlement's code with storage of its own.
contract Chambers is CourtSettlement {
    constructor(address n)
        CourtSettlement(
            IIdentityRegistry(n),
            IValidationRegistry(n),
            IProfileRegistry(n),
            IStakeVault(n),
            IReputationLedger(n),
            IEntropy(n)
        )
    {}

    function plant(bytes32 h, Verdict verdict, uint8 level, uint256 bench, uint256 second) external {
        Trial storage c = _trials[h];
        (c.head.phase, c.head.verdict, c.head.level) = (Phase.Final, verdict, level);
        (c.levels[0].bench, c.levels[1].bench) = (Bench.wrap(bench), Bench.wrap(second));
        // Agents 1, 2 and 3, behind the key's seed.
        c.levels[0].agents[0] = (uint256(3) << 160) | (uint256(2) << 128) | (uint256(1) << 96);
    }

    function creditOf(address account) external view returns (uint256) {
        return _credits[account];
    }
}

/// @dev Proved by halmos for every way in which three seats can have acted and a round can have ended: each
/// seat's account is closed once, within its lock, and all of them are paid what the end of the round kept.
contract SettlementProof is Test {
    address private constant KEEPER = address(0x6EE9);
    bytes32 private constant ROUND = "round";
    uint256 private constant FEE = 0.01 ether;
    uint256 private constant LOCK = 0.5 ether;
    uint256 private constant PROVIDER_OPENED = 1 << 95;

    Neighbourhood private around;
    Chambers private court;

    function setUp() public {
        around = new Neighbourhood();
        court = new Chambers(address(around));
        Profile memory p;
        (p.family, p.committeeSize, p.seatFee, p.seatLock) =
        (Family.TextMinhash, 3, uint96(FEE), uint96(LOCK));
        (p.slashNoCommitBps, p.slashNoOpenBps, p.slashOverturnedBps) = (1000, 3000, 5000);
        (p.providerBond, p.slashRejectedBps) = (1 ether, 10_000);
        // Where a registry keeps its first profile.
        vm.etch(
            LibRLP.computeAddress(address(around), 1),
            abi.encodePacked(hex"00", abi.encode(bytes32("profile"), p))
        );
    }

    function check_settle__when_named_again_and_again__then_each_seat_once(
        uint8 seat,
        uint8 committed,
        uint8 opened,
        uint8 majority
    ) external {
        court.plant(ROUND, Verdict.Accepted, 0, _bench(Verdict.Accepted, committed, opened, majority), 0);
        _settle(seat, seat);
        _settle(seat, seat);
        uint256 seats = seat < 3 ? 1 : 0;
        assert(around.releases() == seats && around.released() == seats * LOCK);
        assert(around.slashed() <= seats * LOCK);
        assert(_paid() <= seats * FEE);
    }

    function check_settle__when_a_seat_opened__then_it_loses_nothing(
        uint8 seat,
        uint8 committed,
        uint8 opened,
        uint8 majority,
        uint8 ended
    ) external {
        Verdict verdict = _verdict(ended);
        uint256 bench = _bench(verdict, committed, opened, majority);
        court.plant(ROUND, verdict, 0, bench, 0);
        vm.assume(seat < 3 && (opened & committed) >> seat & 1 == 1);
        _settle(seat, seat);
        assert(around.slashed() == 0);
        bool wins = (majority >> seat) & 1 == 1;
        assert(court.creditOf(address(uint160(0xE001 + uint160(seat)))) == (wins ? FEE : 0));
        assert(court.creditOf(KEEPER) == 0);
    }

    /// @dev A level that decided nothing is one without a majority.
    function check_settle__when_all_are__then_paid_what_was_kept_for_them(
        uint8 opened,
        uint8 majority,
        bool expired
    ) external {
        Verdict verdict = expired ? Verdict.Expired : Verdict.Accepted;
        court.plant(ROUND, verdict, 0, _bench(verdict, 7, opened, majority), 0);
        _settle(0, 1);
        _settle(2, 2);
        uint256 silent = expired ? 0 : 3 - _count(opened);
        assert(_paid() == (_count(majority) + silent) * FEE);
        assert(around.releases() == 3 && around.released() == 3 * LOCK);
    }

    /// @dev Two levels; the first accepted or rejected, the second as it did.
    function check_settle__when_appealed__then_slashed_only_if_overturned(
        uint8 seat,
        bool accepted,
        uint8 then_
    ) external {
        Verdict verdict = accepted ? Verdict.Accepted : Verdict.Rejected;
        Verdict later = _verdict(then_);
        bool decides = later == Verdict.Accepted || later == Verdict.Rejected;
        vm.assume(seat < 3);
        court.plant(
            ROUND,
            decides ? later : verdict,
            1,
            _bench(verdict, 7, 7, 7) | PROVIDER_OPENED,
            _bench(later, 7, 7, 7) | PROVIDER_OPENED
        );
        _settle(seat, seat);
        bool overturned = decides && later != verdict;
        // Of a family that the contract cannot check, who rejected is not slashed for it.
        assert((around.slashed() != 0) == (overturned && accepted));
        assert(around.slashed() <= LOCK && 3 * around.slashed() <= 1 ether);
        assert(_paid() == (overturned ? 0 : FEE));
    }

    /// @dev Bits that a count leaves: who opened has committed, and a majority has opened and decided.
    function _bench(Verdict verdict, uint256 committed, uint256 opened, uint256 majority)
        private
        pure
        returns (uint256)
    {
        vm.assume(committed < 8 && opened & ~committed == 0 && majority & ~opened == 0);
        vm.assume(majority == 0 || verdict == Verdict.Accepted || verdict == Verdict.Rejected);
        return (uint256(verdict) << 248) | (uint256(Phase.Appealing) << 240) | (2 << 232) | (3 << 224)
            | (majority << 96) | (opened << 48) | committed;
    }

    function _count(uint256 bits) private pure returns (uint256) {
        return (bits & 1) + ((bits >> 1) & 1) + (bits >> 2);
    }

    function _verdict(uint8 ended) private pure returns (Verdict) {
        vm.assume(ended >= uint8(Verdict.Accepted) && ended <= uint8(Verdict.Expired));
        return Verdict(ended);
    }

    function _settle(uint8 a, uint8 b) private {
        SeatRef[] memory refs = new SeatRef[](2);
        (refs[0], refs[1]) = (SeatRef(ROUND, 0, a), SeatRef(ROUND, 0, b));
        vm.prank(KEEPER);
        court.settle(refs);
    }

    function _paid() private view returns (uint256 sum) {
        sum = court.creditOf(KEEPER);
        for (uint160 agentId = 1; agentId <= 3; ++agentId) {
            sum += court.creditOf(address(0xE000 + agentId));
        }
    }
}
