// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Profile} from "../interfaces/IProfileRegistry.sol";
import {FlagKind, Phase, Verdict} from "../interfaces/IVerificationRounds.sol";
import {AgentAuth} from "../libraries/AgentAuth.sol";
import {Bench, BenchLib} from "../libraries/Bench.sol";
import {RoundsPublishing} from "./RoundsPublishing.sol";
import {LibBit} from "solady/utils/LibBit.sol";

/// @dev What was published without the contract having seen that it is right: anybody may flag it, and only then
/// does a committee look. Votes are in the open: they are about a fact that everybody can check, and each
/// earns its seat the same whatever it says, so there is nothing to copy and nothing to be on the side of.
abstract contract RoundsFlags is RoundsPublishing {
    /// @dev Of the flag's bond: what all votes together earn at most.
    uint256 private constant VOTES_BPS = 2500;

    function flag(bytes32 requestHash, FlagKind kind) external payable nonReentrant {
        (Trial storage c, Level storage level, Profile memory profile) = _during(requestHash, Phase.Flagging);
        require(msg.value == profile.appealBond, RoundFeeMismatch(msg.value, profile.appealBond));

        uint256 closesAt = block.timestamp + profile.flagWindow;
        c.ballot.flagger = msg.sender;
        level.bench = level.bench.moved(Phase.Voting, closesAt);

        emit Flagged(requestHash, msg.sender, kind, _judges(c), msg.value, closesAt);
    }

    function vote(bytes32 requestHash, uint8 seat, bool faulty) external nonReentrant {
        (Trial storage c,, Profile memory profile) = _during(requestHash, Phase.Voting);
        uint8 number = _judges(c);
        Bench bench = c.levels[number].bench;
        require(seat < bench.seatCount(), SeatUnknown(requestHash, seat));
        uint256 agentId = _agentAt(c.levels[number], seat);
        require(AgentAuth.isOperator(_identity, agentId, msg.sender), SeatNotOperator(agentId, msg.sender));
        Ballot memory ballot = c.ballot;
        uint48 bit = uint48(1 << seat);
        require((ballot.faulty | ballot.sound) & bit == 0, SeatAlreadyVoted(requestHash, seat));

        if (faulty) ballot.faulty |= bit;
        else ballot.sound |= bit;
        c.ballot = ballot;

        emit Voted(requestHash, agentId, number, seat, faulty);
        // It does not close the vote: the tip would make it pay to be the one that decides.
        _credit(_identity.ownerOf(agentId), _voteFee(profile, bench));
    }

    /// @dev After the window for flags, or once the votes that are missing can change nothing, or are late.
    function _closeFlags(bytes32 requestHash) internal {
        Trial storage c = _trials[requestHash];
        bool flagged = c.ballot.flagger != address(0);
        if (!flagged || !_isDecided(c.ballot, c.levels[_judges(c)].bench)) {
            uint256 closesAt = c.levels[c.head.level].bench.openClosesAt();
            require(block.timestamp >= closesAt, RoundWindowOpen(requestHash, closesAt));
        }
        if (flagged) return _closeVotes(requestHash);
        (bytes32 profileId, Profile memory profile) = _profileOf(c);
        _finalize(requestHash, profileId, profile, Verdict.Accepted);
    }

    /// @dev A quorum that says so upholds a flag. One that does not has it fail, and its bond is lost; without one
    /// nothing was decided, and what is left of the bond returns.
    function _closeVotes(bytes32 requestHash) private {
        Trial storage c = _trials[requestHash];
        (bytes32 profileId, Profile memory profile) = _profileOf(c);
        Ballot memory ballot = c.ballot;
        Bench bench = c.levels[_judges(c)].bench;
        uint256 votes = LibBit.popCount(ballot.faulty | ballot.sound);
        uint256 returned = profile.appealBond - votes * _voteFee(profile, bench);
        bool upheld = LibBit.popCount(ballot.faulty) >= bench.quorum();
        if (!upheld && votes >= bench.quorum()) {
            _totals.burned += uint128(returned);
            returned = 0;
        }
        _credit(ballot.flagger, returned);

        emit FlagClosed(requestHash, upheld, returned);

        _finalize(requestHash, profileId, profile, upheld ? Verdict.Rejected : Verdict.Accepted);
    }

    function _isDecided(Ballot memory ballot, Bench bench) private pure returns (bool) {
        uint256 left = bench.seatCount() - LibBit.popCount(ballot.sound);
        return LibBit.popCount(ballot.faulty) >= bench.quorum() || left < bench.quorum();
    }

    /// @dev The same for every seat, and far below what a seat could be bought for.
    function _voteFee(Profile memory profile, Bench bench) private pure returns (uint256) {
        return _share(profile.appealBond, VOTES_BPS) / bench.seatCount();
    }

    function _during(bytes32 requestHash, Phase required)
        private
        view
        returns (Trial storage c, Level storage level, Profile memory profile)
    {
        _requirePhase(requestHash, required);
        c = _trials[requestHash];
        level = c.levels[c.head.level];
        uint256 closesAt = level.bench.openClosesAt();
        require(block.timestamp < closesAt, RoundWindowClosed(requestHash, closesAt));
        (, profile) = _profileOf(c);
    }
}
