// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IEntropy} from "./interfaces/IEntropy.sol";
import {IIdentityRegistry} from "./interfaces/IIdentityRegistry.sol";
import {IProfileRegistry, Profile} from "./interfaces/IProfileRegistry.sol";
import {IReputationLedger} from "./interfaces/IReputationLedger.sol";
import {DrawRequest, IStakeVault} from "./interfaces/IStakeVault.sol";
import {IValidationNetwork} from "./interfaces/IValidationNetwork.sol";
import {IValidationRegistry} from "./interfaces/IValidationRegistry.sol";
import {Phase, Verdict} from "./interfaces/IVerificationRounds.sol";
import {BenchLib} from "./libraries/Bench.sol";
import {Fees} from "./libraries/Fees.sol";
import {RoundsBase} from "./rounds/RoundsBase.sol";
import {RoundsFlags} from "./rounds/RoundsFlags.sol";

/// @title Committees: drawing them, appealing to larger ones, and asking them about what was published. A piece
/// of the court's code, of no use at its own address. What each function does says `IVerificationRounds`.
// At its own address it knows no round, so that it never holds any ether.
// slither-disable-next-line locked-ether
contract CourtDraws is RoundsFlags {
    constructor(
        IIdentityRegistry identity,
        IValidationRegistry validation,
        IProfileRegistry profiles,
        IStakeVault vault,
        IReputationLedger ledger,
        IEntropy entropy
    ) RoundsBase(Neighbours(identity, validation, profiles, vault, ledger, entropy)) {}

    function appeal(bytes32 requestHash) external payable nonReentrant {
        _requirePhase(requestHash, Phase.Appealing);
        (uint256 fees, uint256 bond) = appealCost(requestHash);
        require(msg.value == fees + bond, RoundFeeMismatch(msg.value, fees + bond));

        _raise(requestHash, _trials[requestHash].head.level + 1, msg.sender, uint96(bond), fees);
    }

    function appealCost(bytes32 requestHash) public view returns (uint256 fees, uint256 bond) {
        Trial storage c = _trials[requestHash];
        require(c.head.phase != Phase.None, RoundUnknown(requestHash));
        (, Profile memory profile) = _profileOf(c);
        return (Fees.ofLevel(profile, c.head.level + 1), profile.appealBond);
    }

    function draw(bytes32 requestHash) external nonReentrant {
        _requirePhase(requestHash, Phase.Drawing);
        Trial storage c = _trials[requestHash];
        Head memory head = c.head;
        require(block.number > head.entropyBlock, EntropyNotReady(head.entropyBlock, block.number));

        (bool available, bytes32 entropy) = _entropy.entropyOf(head.entropyBlock);
        if (!available || _vault.currentEpoch() > head.sortitionEpoch + 1) return _postpone(requestHash);

        (bytes32 profileId, Profile memory profile) = _profileOf(c);
        (uint256[] memory agentIds, address[] memory operators) =
            _vault.draw(_request(requestHash, c, head, profileId, profile, entropy));
        uint256 quorum = Fees.sizeAt(profile, head.level) / 2 + 1;
        if (agentIds.length < Math.max(profile.minOperators, quorum)) {
            _release(requestHash, profile, agentIds);
            return _giveUp(requestHash, head, profileId, profile);
        }

        uint256 commitClosesAt = block.timestamp + profile.commitWindow;
        Level storage level = c.levels[head.level];
        level.bench =
            BenchLib.seated(agentIds.length, quorum, commitClosesAt, commitClosesAt + profile.openWindow);
        _seat(level, uint96(uint256(entropy)), agentIds);

        _emitDrawn(requestHash, head.level, agentIds, operators, commitClosesAt);
        emit IValidationNetwork.ValidatorsSelected(requestHash, operators, entropy);
    }

    /// @dev For a round whose window for appeals, flags or votes is over, and for one that waits for its draw: once
    /// the vault was halted there will be none.
    function advance(bytes32 requestHash) external nonReentrant {
        Phase phase = _phase(requestHash);
        if (phase == Phase.Tallying) return _conclude(requestHash);
        if (phase == Phase.Flagging || phase == Phase.Voting) return _closeFlags(requestHash);
        _requirePhase(requestHash, Phase.Drawing);
        require(_vault.halted(), RoundWrongPhase(requestHash, Phase.Drawing, Phase.Tallying));
        Trial storage c = _trials[requestHash];
        (bytes32 profileId, Profile memory profile) = _profileOf(c);
        _giveUp(requestHash, c.head, profileId, profile);
    }

    /// @dev After the window for appeals: the audit, if one is due, and then what stands.
    function _conclude(bytes32 requestHash) private {
        Trial storage c = _trials[requestHash];
        (bytes32 profileId, Profile memory profile) = _profileOf(c);
        Head memory head = c.head;
        if (head.flags & AUDIT_DUE != 0) {
            (bool available, bytes32 entropy) = _entropy.entropyOf(head.entropyBlock);
            if (!available) return _postponeAudit(requestHash, head);
            if (_isAudited(requestHash, head.level, profile, entropy)) return;
            c.head.flags = head.flags & ~AUDIT_DUE;
        }
        if (head.verdict != Verdict.Accepted) {
            return _finalize(requestHash, profileId, profile, head.verdict);
        }
        _stand(requestHash, head.level, profile);
    }

    function _postponeAudit(bytes32 requestHash, Head memory head) private {
        // Ready only once the block is there: nobody gains by asking early.
        require(block.number > head.entropyBlock, EntropyNotReady(head.entropyBlock, block.number));
        uint256 entropyBlock = block.number + ENTROPY_DELAY;
        _trials[requestHash].head.entropyBlock = uint32(entropyBlock);

        emit DrawPostponed(requestHash, entropyBlock);
    }

    /// @dev The protocol's own appeal: by lot, out of what nobody earned.
    function _isAudited(bytes32 requestHash, uint8 level, Profile memory profile, bytes32 entropy)
        private
        returns (bool)
    {
        uint256 ticket = uint256(keccak256(abi.encode(entropy, requestHash, level, "audit")));
        uint256 fees = Fees.ofLevel(profile, level + 1);
        if (ticket % 10_000 >= profile.auditBps || _totals.burned < fees) return false;
        _totals.burned -= uint128(fees);
        _raise(requestHash, level + 1, address(0), 0, fees);
        return true;
    }

    /// @dev No committee sits. At the first level nothing was learnt then: the same work may be submitted again.
    function _giveUp(bytes32 requestHash, Head memory head, bytes32 profileId, Profile memory profile)
        private
    {
        if (head.level == 0) _finalize(requestHash, profileId, profile, Verdict.Expired);
        else _void(requestHash, head, profileId, profile);
    }

    function _request(
        bytes32 requestHash,
        Trial storage c,
        Head memory head,
        bytes32 profileId,
        Profile memory profile,
        bytes32 entropy
    ) private view returns (DrawRequest memory) {
        Docket memory docket = c.docket;
        return DrawRequest({
            profileId: profileId,
            epoch: head.sortitionEpoch,
            seed: keccak256(abi.encode(entropy, requestHash, head.level, "draw")),
            count: Fees.sizeAt(profile, head.level),
            // An operator that sat at a level before can only come again with an agent enrolled since.
            enrolledBefore: head.level == 0 ? type(uint32).max : docket.epoch,
            excludedOperator: docket.provider,
            excludedAgentIds: _excluded(c, docket, head.level),
            lockAmount: profile.seatLock,
            ref: requestHash
        });
    }

    function _emitDrawn(
        bytes32 requestHash,
        uint8 number,
        uint256[] memory agentIds,
        address[] memory operators,
        uint256 commitClosesAt
    ) private {
        bytes32 key = _keyOf(requestHash, number);
        emit CommitteeDrawn(requestHash, number, key, agentIds, operators, commitClosesAt);
    }

    function _seat(Level storage level, uint96 seed, uint256[] memory agentIds) private {
        uint256 word = seed;
        uint256 last = agentIds.length + SEED_PLACES - 1;
        for (uint256 place = SEED_PLACES; place <= last; ++place) {
            word |= agentIds[place - SEED_PLACES] << (32 * (place % 8));
            if (place % 8 != 7 && place != last) continue;
            level.agents[place / 8] = word;
            word = 0;
        }
    }

    /// @dev Nobody chooses the new block: it is a fixed distance from the one in which the miss is noticed.
    function _postpone(bytes32 requestHash) private {
        Head storage head = _trials[requestHash].head;
        uint256 entropyBlock = block.number + ENTROPY_DELAY;
        (head.entropyBlock, head.sortitionEpoch) = (uint32(entropyBlock), _vault.currentEpoch());

        emit DrawPostponed(requestHash, entropyBlock);
    }

    function _release(bytes32 requestHash, Profile memory profile, uint256[] memory agentIds) private {
        for (uint256 i = 0; i < agentIds.length; ++i) {
            _vault.release(agentIds[i], profile.seatLock, 0, requestHash);
        }
    }

    /// @dev The appeal is paid back, and what it was against stands for good.
    function _void(bytes32 requestHash, Head memory head, bytes32 profileId, Profile memory profile) private {
        Trial storage c = _trials[requestHash];
        Level storage level = c.levels[head.level];
        uint256 fees = Fees.ofLevel(profile, head.level);
        if (level.appellant == address(0)) _totals.burned += uint128(fees);
        else _credit(level.appellant, fees + level.stake);
        (level.appellant, level.stake) = (address(0), 0);
        c.head.level = head.level - 1;
        c.head.flags = head.flags | SETTLED_FOR_GOOD;

        emit AppealVoid(requestHash, head.level);

        if (head.verdict != Verdict.Accepted) {
            return _finalize(requestHash, profileId, profile, head.verdict);
        }
        _stand(requestHash, head.level - 1, profile);
    }

    function _stand(bytes32 requestHash, uint8 number, Profile memory profile) private {
        Level storage level = _trials[requestHash].levels[number];
        level.bench = level.bench.moved(Phase.Publishing, block.timestamp);

        emit AcceptedForGood(requestHash, number, block.timestamp + profile.publishWindow);
    }

    /// @return ids of the provider's agent, and of all who sat at the levels before.
    function _excluded(Trial storage c, Docket memory docket, uint256 level)
        private
        view
        returns (uint256[] memory ids)
    {
        uint256 count = 1;
        for (uint256 i = 0; i < level; ++i) {
            count += c.levels[i].bench.seatCount();
        }
        ids = new uint256[](count);
        ids[0] = docket.agentId;
        for (uint256 i = 0; i < level; ++i) {
            for (uint256 seat = c.levels[i].bench.seatCount(); seat != 0; --seat) {
                ids[--count] = _agentAt(c.levels[i], seat - 1);
            }
        }
    }
}
