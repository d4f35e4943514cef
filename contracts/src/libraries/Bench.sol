// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {LibBit} from "solady/utils/LibBit.sol";

import {Phase, SeatState, Verdict} from "../interfaces/IVerificationRounds.sol";

/// @notice One level of a round in one storage slot: who acted, until when, and how it ended.
type Bench is uint256;

using BenchLib for Bench global;

/// @title A committee's slot, read and changed as a word: committing and opening write no other but the
/// seat's own.
/// @dev Bits 0-47 committed, 48-95 opened, 96-143 cluster (bit i of each: seat i; bit 47 of the first two:
/// the provider); 144-183 end of committing, 184-223 end of opening; 224-231 seats, 232-239 quorum, 240-247
/// phase, 248-255 verdict.
/// A seat's three bits say, beside its state, whether it was settled: one that opened loses its committed
/// bit, another gains a cluster bit. Neither can come about in any other way, so nothing is forgotten.
library BenchLib {
    uint256 internal constant MAX_SEATS = 47;
    uint256 internal constant PROVIDER_BIT = 47;
    /// @dev In place of a bit: there is no such seat.
    uint256 internal constant NO_BIT = type(uint256).max;
    uint256 private constant MASK = (1 << 48) - 1;
    uint256 private constant SEATS_MASK = (1 << 47) - 1;
    uint256 private constant OPENED = 48;
    uint256 private constant CLUSTER = 96;
    uint256 private constant COMMIT_CLOSES = 144;
    uint256 private constant OPEN_CLOSES = 184;
    uint256 private constant COUNT = 224;
    uint256 private constant QUORUM = 232;
    uint256 private constant PHASE = 240;
    uint256 private constant VERDICT = 248;

    /// @return A committee that was just drawn.
    function seated(uint256 seats, uint256 quorum_, uint256 commitClosesAt_, uint256 openClosesAt_)
        internal
        pure
        returns (Bench)
    {
        return Bench.wrap(
            (uint256(Phase.Committing) << PHASE) | (quorum_ << QUORUM) | (seats << COUNT)
                | (uint256(uint40(openClosesAt_)) << OPEN_CLOSES)
                | (uint256(uint40(commitClosesAt_)) << COMMIT_CLOSES)
        );
    }

    // ---------------------------------------------------------------- reading

    function isDrawn(Bench self) internal pure returns (bool) {
        return Bench.unwrap(self) != 0;
    }

    function seatCount(Bench self) internal pure returns (uint256) {
        return uint8(Bench.unwrap(self) >> COUNT);
    }

    function quorum(Bench self) internal pure returns (uint256) {
        return uint8(Bench.unwrap(self) >> QUORUM);
    }

    function commitClosesAt(Bench self) internal pure returns (uint256) {
        return uint40(Bench.unwrap(self) >> COMMIT_CLOSES);
    }

    /// @return Once counted: when that was, or when the verdict can no longer be appealed.
    function openClosesAt(Bench self) internal pure returns (uint256) {
        return uint40(Bench.unwrap(self) >> OPEN_CLOSES);
    }

    function verdict(Bench self) internal pure returns (Verdict) {
        return Verdict(uint8(Bench.unwrap(self) >> VERDICT));
    }

    /// @return Seats that opened, the provider's left out.
    function openedSeats(Bench self) internal pure returns (uint256) {
        return (Bench.unwrap(self) >> OPENED) & SEATS_MASK;
    }

    /// @return The seats of the majority that decided.
    /// @dev A cluster bit of a seat that did not open only says that it was settled.
    function cluster(Bench self) internal pure returns (uint256) {
        return (Bench.unwrap(self) >> CLUSTER) & (Bench.unwrap(self) >> OPENED) & SEATS_MASK;
    }

    /// @return How many seats have committed, whether or not they were settled since.
    function committedCount(Bench self) internal pure returns (uint256) {
        uint256 word = Bench.unwrap(self);
        return LibBit.popCount((word | (word >> OPENED)) & SEATS_MASK);
    }

    function openedCount(Bench self) internal pure returns (uint256) {
        return LibBit.popCount(openedSeats(self));
    }

    function hasCommitted(Bench self, uint256 bit) internal pure returns (bool) {
        return ((Bench.unwrap(self) | (Bench.unwrap(self) >> OPENED)) >> bit) & 1 == 1;
    }

    function hasOpened(Bench self, uint256 bit) internal pure returns (bool) {
        return (Bench.unwrap(self) >> (OPENED + bit)) & 1 == 1;
    }

    function stateOf(Bench self, uint256 bit) internal pure returns (SeatState) {
        if (hasOpened(self, bit)) return SeatState.Opened;
        return hasCommitted(self, bit) ? SeatState.Committed : SeatState.Drawn;
    }

    function isSettled(Bench self, uint256 bit) internal pure returns (bool) {
        uint256 word = Bench.unwrap(self);
        if (hasOpened(self, bit)) return (word >> bit) & 1 == 0;
        return (word >> (CLUSTER + bit)) & 1 == 1;
    }

    /// @dev The phase by the clock. Early ends: a commit window that left no quorum, and an opening window
    /// in which all who committed have opened.
    function phase(Bench self) internal view returns (Phase stored) {
        uint256 word = Bench.unwrap(self);
        stored = Phase(uint8(word >> PHASE));
        if (stored == Phase.Committing && block.timestamp >= commitClosesAt(self)) {
            stored = committedCount(self) < quorum(self) ? Phase.Tallying : Phase.Opening;
        }
        if (stored != Phase.Opening) return stored;
        bool allOpened = (word >> OPENED) & MASK == word & MASK;
        if (allOpened || block.timestamp >= openClosesAt(self)) return Phase.Tallying;
    }

    /// @return Whether `phase` is Committing: a seat that posts for itself asks nothing else.
    /// @dev The clock knows: a level that is not drawn has none, one that closed early moved it to the present
    /// (`closedIfComplete`), and no other phase begins before it.
    function isCommitting(Bench self) internal view returns (bool) {
        return block.timestamp < uint40(Bench.unwrap(self) >> COMMIT_CLOSES);
    }

    /// @return Whether it has committed. @dev Of a level that is committing, where nobody has opened.
    function isBound(Bench self, uint256 bit) internal pure returns (bool) {
        return (Bench.unwrap(self) >> bit) & 1 == 1;
    }

    // ---------------------------------------------------------------- changing

    function withCommitted(Bench self, uint256 bit) internal pure returns (Bench) {
        return Bench.wrap(Bench.unwrap(self) | (1 << bit));
    }

    function withOpened(Bench self, uint256 bit) internal pure returns (Bench) {
        return Bench.wrap(Bench.unwrap(self) | (1 << (OPENED + bit)));
    }

    /// @return The level with the provider's opening undone: what it claimed is no claim.
    function withoutClaim(Bench self) internal pure returns (Bench) {
        return Bench.wrap(Bench.unwrap(self) & ~(1 << (OPENED + PROVIDER_BIT)));
    }

    function withSettled(Bench self, uint256 bit) internal pure returns (Bench) {
        if (hasOpened(self, bit)) return Bench.wrap(Bench.unwrap(self) & ~(1 << bit));
        return Bench.wrap(Bench.unwrap(self) | (1 << (CLUSTER + bit)));
    }

    /// @dev Of a level that is committing.
    /// @return Once every seat and the provider have committed: committing over before its time, opening as
    /// long as it would have been.
    function closedIfComplete(Bench self) internal view returns (Bench) {
        uint256 word = Bench.unwrap(self);
        unchecked {
            if (word & MASK != ((1 << seatCount(self)) - 1) | (1 << PROVIDER_BIT)) return self;
            // Both ends come forward by the time that is left of the first, and the phase goes on by one.
            uint256 left = uint40(word >> COMMIT_CLOSES) - block.timestamp;
            return Bench.wrap(word + (1 << PHASE) - left * ((1 << OPEN_CLOSES) | (1 << COMMIT_CLOSES)));
        }
    }

    /// @return The level as it was counted just now. @param closesAt_ end of the window for appeals.
    function counted(Bench self, Verdict verdict_, uint256 cluster_, Phase phase_, uint256 closesAt_)
        internal
        pure
        returns (Bench)
    {
        uint256 kept = Bench.unwrap(self) & ~((0xffff << PHASE) | (((1 << 40) - 1) << OPEN_CLOSES));
        return Bench.wrap(
            kept | (uint256(verdict_) << VERDICT) | (uint256(phase_) << PHASE)
                | (uint256(uint40(closesAt_)) << OPEN_CLOSES) | (cluster_ << CLUSTER)
        );
    }

    /// @return The level in a phase after its verdict. @param closesAt_ of that phase; of Publishing: when it
    /// began.
    function moved(Bench self, Phase phase_, uint256 closesAt_) internal pure returns (Bench) {
        uint256 kept = Bench.unwrap(self) & ~((0xff << PHASE) | (((1 << 40) - 1) << OPEN_CLOSES));
        return Bench.wrap(kept | (uint256(phase_) << PHASE) | (uint256(uint40(closesAt_)) << OPEN_CLOSES));
    }
}
