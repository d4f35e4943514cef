// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Family, Profile} from "../interfaces/IProfileRegistry.sol";
import {Verdict} from "../interfaces/IVerificationRounds.sol";
import {Bench, BenchLib} from "../libraries/Bench.sol";
import {Fees} from "../libraries/Fees.sol";
import {RoundsBase} from "./RoundsBase.sol";

/// @dev Levels of a round: when another one follows, and what the last one makes of those before.
abstract contract RoundsLevels is RoundsBase {
    /// @dev Begins the next level: a draw of its own, with a key of its own.
    function _raise(bytes32 requestHash, uint8 level, address appellant, uint96 stake, uint256 fees)
        internal
    {
        Trial storage c = _trials[requestHash];
        uint256 entropyBlock = block.number + ENTROPY_DELAY;
        (c.levels[level].appellant, c.levels[level].stake) = (appellant, stake);
        c.head.level = level;
        c.head.flags &= ~AUDIT_DUE;
        (c.head.entropyBlock, c.head.sortitionEpoch) = (uint32(entropyBlock), _vault.currentEpoch());

        emit Appealed(requestHash, level, appellant, fees, stake, entropyBlock);
    }

    /// @dev True if a larger committee could decide anew.
    function _isAppealable(Head memory head, Profile memory profile) internal pure returns (bool) {
        return head.flags & SETTLED_FOR_GOOD == 0 && head.level + 1 < Fees.levels(profile);
    }

    /// @return word of the last level that decided anything.
    function _lastWord(Trial storage c) internal view returns (Verdict word) {
        for (uint256 level = c.head.level + 1; level != 0 && !_isDecisive(word); --level) {
            word = c.levels[level - 1].bench.verdict();
        }
    }

    /// @dev Of an accepted round.
    /// @return level that accepted last: one after it that decided nothing may have nobody who answers.
    function _judges(Trial storage c) internal view returns (uint8 level) {
        level = c.head.level;
        while (c.levels[level].bench.verdict() != Verdict.Accepted) --level;
    }

    function _isDecisive(Verdict verdict) internal pure returns (bool) {
        return verdict == Verdict.Accepted || verdict == Verdict.Rejected;
    }

    /// @dev Whether a later level decided the opposite of this one, and the round ended so. Where the provider
    /// claimed nothing, at either level, nobody was wrong about what it claimed.
    /// @return overturned its majority earns nothing.
    /// @return slashed its majority was wrong for all one can tell: if it rejected, the contract has seen that
    /// the provider's claims were those of its output. Else a provider could have an honest committee slashed
    /// by claiming something else before it.
    function _fate(Trial storage c, uint256 level, Family family)
        internal
        view
        returns (bool overturned, bool slashed)
    {
        Bench bench = c.levels[level].bench;
        Verdict verdict = bench.verdict();
        Verdict last = c.head.verdict;
        if (!_isDecisive(verdict) || !_isDecisive(last) || verdict == last) return (false, false);
        if (!bench.hasOpened(BenchLib.PROVIDER_BIT)) return (false, false);
        for (uint256 i = level + 1; i <= c.head.level; ++i) {
            Bench later = c.levels[i].bench;
            // The end may be another than the committees' last word: then it says nothing of them.
            if (later.verdict() == verdict) overturned = false;
            else if (later.verdict() == last && later.hasOpened(BenchLib.PROVIDER_BIT)) overturned = true;
        }
        bool seen = family == Family.Exact && c.head.flags & BY_REFERENCE == 0;
        slashed = overturned && (verdict == Verdict.Accepted || seen);
    }
}
