// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Profile} from "../interfaces/IProfileRegistry.sol";
import {IValidationNetwork} from "../interfaces/IValidationNetwork.sol";
import {Phase, Verdict} from "../interfaces/IVerificationRounds.sol";
import {Bench} from "../libraries/Bench.sol";
import {Domains} from "../libraries/Domains.sol";
import {Fees} from "../libraries/Fees.sol";
import {RoundsLevels} from "./RoundsLevels.sol";
import {LibBit} from "solady/utils/LibBit.sol";

/// @dev The end of a round: the registry's answer, the provider's account, the fees and the bonds. The seats'
/// accounts are `CourtSettlement`'s.
/// Balance = Σ credits + Σ fees and bonds of rounds that are not final + Σ fees of seats not settled + burned.
abstract contract RoundsEnd is RoundsLevels {
    /// @dev The end of a round, once.
    // The phase is final before any call; vault and ledger are ours and call nobody.
    // slither-disable-next-line reentrancy-no-eth
    function _finalize(bytes32 requestHash, bytes32 profileId, Profile memory profile, Verdict verdict)
        internal
    {
        Trial storage c = _trials[requestHash];
        Head memory head = c.head;
        (c.head.phase, c.head.verdict) = (Phase.Final, verdict);
        if (verdict == Verdict.Rejected && _lastWord(c) == Verdict.Accepted) {
            emit IValidationNetwork.AttestationsAggregated(requestHash, new address[](0), 0, 0);
        }

        _settleFees(c, head, profile, verdict);
        bool asked = head.flags & SELF_VERIFIED != 0;
        _settleProvider(requestHash, c.docket, profileId, profile, verdict, asked);

        string memory tag = _tagOf(verdict);
        emit RoundFinalized(requestHash, verdict, tag, msg.sender);

        uint8 response = verdict == Verdict.Accepted ? 100 : 0;
        _validation.validationResponse(requestHash, response, "", bytes32(0), tag);
    }

    function _settleProvider(
        bytes32 requestHash,
        Docket memory docket,
        bytes32 profileId,
        Profile memory profile,
        Verdict verdict,
        bool selfVerified
    ) private {
        bool rejected = verdict == Verdict.Rejected;
        uint256 slashed = rejected ? _share(profile.providerBond, profile.slashRejectedBps) : 0;

        emit ProviderSettled(requestHash, docket.agentId, slashed);

        // Rejected after it was flagged: the flag was upheld.
        address flagger = rejected ? _trials[requestHash].ballot.flagger : address(0);
        if (flagger == address(0)) {
            _vault.release(docket.agentId, profile.providerBond, slashed, requestHash);
        } else {
            // No more than was at stake: votes are free, and out of more they could be bought.
            uint256 reward = _vault.releaseAndReward(
                docket.agentId, profile.providerBond, slashed, profile.appealBond, requestHash
            );
            _credit(flagger, reward);
        }
        uint64 good = verdict == Verdict.Accepted && !selfVerified ? profile.evidenceWeight : 0;
        uint64 bad = rejected ? profile.evidenceWeight : 0;
        if (good | bad == 0) return;
        _ledger.record(docket.agentId, docket.provider, Domains.provider(profileId), good, bad);
    }

    /// @dev What does not wait for a seat: of the premium, and level by level.
    function _settleFees(Trial storage c, Head memory head, Profile memory profile, Verdict verdict) private {
        uint256 burning = Fees.premium(profile);
        if (verdict == Verdict.Expired) {
            _credit(head.payer, burning);
            burning = 0;
        }
        Verdict word = _isDecisive(head.verdict) ? head.verdict : verdict;
        for (uint256 i = 0; i <= head.level; ++i) {
            burning += _settleLevel(c, head, profile, i, word);
        }
        if (burning != 0) _totals.burned += uint128(burning);
        _credit(msg.sender, profile.tip);
    }

    /// @dev What a level without a quorum was paid with goes back. The rest of another one goes to whoever
    /// appealed against it if the committees' last word was another; and so does the bond, also if the
    /// appeal came to nothing for want of a quorum.
    /// @return burning what goes to nobody.
    function _settleLevel(
        Trial storage c,
        Head memory head,
        Profile memory profile,
        uint256 number,
        Verdict word
    ) private returns (uint256 burning) {
        Level storage level = c.levels[number];
        bool appealed = number < head.level;
        bool turned = appealed && _isDecisive(word) && level.bench.verdict() != word;
        address heir;
        if (_isVoid(level.bench)) heir = number == 0 ? head.payer : level.appellant;
        else if (turned) heir = _appellantAfter(c, head.level, number);

        uint256 rest = Fees.ofLevel(profile, number) - _waiting(c, number, profile);
        if (heir == address(0)) burning = rest;
        else _credit(heir, rest);

        if (!appealed) return burning;
        Level storage next = c.levels[number + 1];
        if (turned || _isVoid(next.bench)) _credit(next.appellant, next.stake);
        else burning += next.stake;
    }

    /// @return Who paid for the first level after this one that had a quorum; zero: the protocol, or nobody.
    function _appellantAfter(Trial storage c, uint256 last, uint256 number) private view returns (address) {
        for (uint256 i = number + 1; i <= last; ++i) {
            if (!_isVoid(c.levels[i].bench)) return c.levels[i].appellant;
        }
        return address(0);
    }

    /// @dev True if too few were drawn or opened: nobody is paid then.
    function _isVoid(Bench bench) private pure returns (bool) {
        return !bench.isDrawn() || bench.verdict() == Verdict.Expired;
    }

    /// @return Fees of a level that wait for whoever settles its seats.
    function _waiting(Trial storage c, uint256 number, Profile memory profile)
        private
        view
        returns (uint256)
    {
        Bench bench = c.levels[number].bench;
        if (_isVoid(bench)) return 0;
        uint256 count = bench.seatCount() - bench.openedCount();
        (bool overturned,) = _fate(c, number, profile.family);
        if (!overturned) count += LibBit.popCount(bench.cluster());
        return count * profile.seatFee;
    }

    function _tagOf(Verdict verdict) private pure returns (string memory) {
        if (verdict == Verdict.Expired) return "vni:timeout";
        if (verdict == Verdict.Inconclusive) return "vni:x-inconclusive";
        return "vni:ok";
    }
}
