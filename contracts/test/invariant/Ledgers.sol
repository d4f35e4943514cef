// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICourtRecord} from "../../src/interfaces/ICourtRecord.sol";
import {Profile} from "../../src/interfaces/IProfileRegistry.sol";
import {Batched, Seat, SeatState, Verdict} from "../../src/interfaces/IVerificationRounds.sol";
import {AppealSetup} from "../appeals/AppealSetup.sol";
import {Vm} from "forge-std/Vm.sol";

/// @dev What the events of a campaign say of its rounds, kept beside the court to be compared with it.
abstract contract Ledgers is AppealSetup {
    /// @dev How a level was counted.
    struct Counted {
        Verdict verdict;
        uint256 cluster;
        bool claimed; // the provider opened
    }

    mapping(bytes32 requestHash => uint256) public begun; // levels above the first
    mapping(bytes32 requestHash => uint256) public paidIn; // fees and bonds of those
    mapping(bytes32 requestHash => mapping(uint8 level => uint256)) private _paidFor;
    mapping(bytes32 requestHash => mapping(uint8 level => Counted)) private _levels;
    mapping(bytes32 requestHash => mapping(uint8 level => Batched[])) internal _batchOf;
    mapping(bytes32 requestHash => address) private _providerOf;
    mapping(bytes32 requestHash => mapping(uint256 agentId => bool)) private _satBefore;
    mapping(bytes32 requestHash => mapping(address operator => bool)) private _judgedBefore;
    mapping(string act => uint256) public count;

    function _profile() internal pure override returns (Profile memory p) {
        p = super._profile();
        (p.appealWindow, p.flagWindow, p.auditBps) = (60, 50, 3000);
    }

    function _noteClaim(bytes32 h) internal {
        _levels[h][rounds.round(h).level].claimed = true;
    }

    function _noteProvider(bytes32 h, address owner) internal {
        _providerOf[h] = owner;
    }

    /// @dev Reads what was recorded since `vm.recordLogs`.
    function _learn(bytes32 h) internal {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32 kind = logs[i].topics[0];
            if (kind == ICourtRecord.Tallied.selector) {
                (uint8 level, Verdict verdict,,, uint256 cluster,,) =
                    abi.decode(logs[i].data, (uint8, Verdict, uint256, uint256, uint256, uint256, uint256));
                (_levels[h][level].verdict, _levels[h][level].cluster) = (verdict, cluster);
            } else if (kind == ICourtRecord.Appealed.selector) {
                (uint8 level, uint256 fees, uint256 bond,) =
                    abi.decode(logs[i].data, (uint8, uint256, uint256, uint256));
                _paidFor[h][level] = fees + bond;
                paidIn[h] += fees + bond;
                ++begun[h];
                ++count[bond == 0 ? "audited" : "appealed"];
            } else if (kind == ICourtRecord.AppealVoid.selector) {
                uint8 level = abi.decode(logs[i].data, (uint8));
                paidIn[h] -= _paidFor[h][level];
                ++count["void"];
            } else if (kind == ICourtRecord.CommitteeDrawn.selector) {
                _learnCommittee(h, logs[i].data);
            } else if (kind == ICourtRecord.Committed.selector) {
                (uint8 seat, bytes32 commitment) = abi.decode(logs[i].data, (uint8, bytes32));
                _batchOf[h][rounds.round(h).level].push(Batched(seat, commitment));
            } else if (kind == ICourtRecord.Opened.selector) {
                (uint8 level, uint8 seat,,) = abi.decode(logs[i].data, (uint8, uint8, bytes32, bytes32));
                if (seat == PROVIDER_SEAT) _levels[h][level].claimed = true;
            } else if (kind == ICourtRecord.Flagged.selector) {
                paidIn[h] += profile.appealBond;
                ++count["flagged"];
            } else if (kind == ICourtRecord.Voted.selector) {
                (uint8 level,,) = abi.decode(logs[i].data, (uint8, uint8, bool));
                paidIn[h] -= profile.appealBond / 4 / rounds.seatsAt(h, level).length;
            } else if (kind == ICourtRecord.FlagClosed.selector) {
                (bool upheld,) = abi.decode(logs[i].data, (bool, uint256));
                ++count[upheld ? "upheld" : "unfounded"];
            } else if (kind == ICourtRecord.DrawPostponed.selector) {
                ++count["postponed"];
            }
        }
    }

    /// @dev Nobody twice in a round, neither the agent nor who enrolled it, and not whose work it is.
    function _learnCommittee(bytes32 h, bytes memory data) private {
        (,, uint256[] memory agentIds, address[] memory operators,) =
            abi.decode(data, (uint8, bytes32, uint256[], address[], uint256));
        for (uint256 i = 0; i < agentIds.length; ++i) {
            assertNotEq(agentIds[i], provider.id, "the provider's agent judges its own work");
            assertNotEq(operators[i], _providerOf[h], "an operator judges its own work");
            assertFalse(_satBefore[h][agentIds[i]], "an agent was drawn twice");
            assertFalse(_judgedBefore[h][operators[i]], "an operator was drawn twice");
            (_satBefore[h][agentIds[i]], _judgedBefore[h][operators[i]]) = (true, true);
        }
        ++count["drawn"];
    }

    /// @return overturned True if the committees' last word was another, on what the provider claimed before
    /// both, and the round ended so.
    function _isOverturned(bytes32 h, uint8 level, Verdict last) internal view returns (bool overturned) {
        Counted memory mine = _levels[h][level];
        if (!_decides(mine.verdict) || !_decides(last) || mine.verdict == last || !mine.claimed) {
            return false;
        }
        for (uint8 later = level + 1; later <= rounds.round(h).level; ++later) {
            Counted memory other = _levels[h][later];
            if (other.verdict == mine.verdict) overturned = false;
            else if (other.verdict == last && other.claimed) overturned = true;
        }
    }

    function _isIn(bytes32 h, uint8 level, uint256 seat) internal view returns (bool) {
        return (_levels[h][level].cluster >> seat) & 1 == 1;
    }

    /// @return fees that wait for whoever settles a level's seats, once the round ended so.
    /// @return locks of those seats.
    function _ofSeats(bytes32 h, uint8 level, Verdict last)
        internal
        view
        returns (uint256 fees, uint256 locks)
    {
        Seat[] memory seats = rounds.seatsAt(h, level);
        bool overturned = _isOverturned(h, level, last);
        for (uint256 i = 0; i < seats.length; ++i) {
            if (seats[i].settled) continue;
            locks += seats[i].lock;
            if (_levels[h][level].verdict == Verdict.Expired) continue;
            bool paid = _isIn(h, level, i) && !overturned;
            if (paid || seats[i].state != SeatState.Opened) fees += profile.seatFee;
        }
    }

    function _decides(Verdict verdict) private pure returns (bool) {
        return verdict == Verdict.Accepted || verdict == Verdict.Rejected;
    }
}
