// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IEntropy} from "./interfaces/IEntropy.sol";
import {IIdentityRegistry} from "./interfaces/IIdentityRegistry.sol";
import {IProfileRegistry, Profile} from "./interfaces/IProfileRegistry.sol";
import {IReputationLedger} from "./interfaces/IReputationLedger.sol";
import {IStakeVault} from "./interfaces/IStakeVault.sol";
import {IValidationRegistry} from "./interfaces/IValidationRegistry.sol";
import {Phase, SeatRef, SeatState, Verdict} from "./interfaces/IVerificationRounds.sol";
import {Bench} from "./libraries/Bench.sol";
import {Domains} from "./libraries/Domains.sol";
import {RoundsBase} from "./rounds/RoundsBase.sol";
import {RoundsViews} from "./rounds/RoundsViews.sol";
import {LibBit} from "solady/utils/LibBit.sol";

/// @title The seats' accounts, and what views show of rounds: a piece of the court's code, of no use at its own address.
/// @dev Each seat is settled once, by anybody, whenever it suits: the end of a round costs the same whatever
/// the size of its committee, and a verifier that settles many seats at once pays for its own slots once.
/// A seat that nobody settles keeps its lock, which is never less than what it could lose; and who settles
/// one that did not open earns the fee it would have had, so that no slash waits for the slashed.
contract CourtSettlement is RoundsViews {
    /// @dev What one seat's account says.
    struct Account {
        uint256 agentId;
        uint256 paid;
        uint256 bounty;
        uint256 slashed;
        int8 mark; // 1 good evidence, -1 bad, 0 none
    }

    constructor(
        IIdentityRegistry identity,
        IValidationRegistry validation,
        IProfileRegistry profiles,
        IStakeVault vault,
        IReputationLedger ledger,
        IEntropy entropy
    ) RoundsBase(Neighbours(identity, validation, profiles, vault, ledger, entropy)) {}

    function settle(SeatRef[] calldata refs) external nonReentrant {
        for (uint256 i = 0; i < refs.length; ++i) {
            if (_isDue(refs[i])) _settle(refs[i]);
        }
    }

    function _isDue(SeatRef calldata ref) private view returns (bool) {
        Trial storage c = _trials[ref.requestHash];
        if (c.head.phase != Phase.Final || ref.level >= LEVELS) return false;
        Bench bench = c.levels[ref.level].bench;
        return ref.seat < bench.seatCount() && !bench.isSettled(ref.seat);
    }

    function _settle(SeatRef calldata ref) private {
        Trial storage c = _trials[ref.requestHash];
        Level storage level = c.levels[ref.level];
        (bytes32 profileId, Profile memory profile) = _profileOf(c);
        Account memory account = _accountOf(level.bench, ref.seat, profile);
        // Without a quorum, who paid has it back.
        if (level.bench.verdict() == Verdict.Expired) account.bounty = 0;
        if (account.mark > 0) _turn(account, c, ref.level, profile);
        account.agentId = _agentAt(level, ref.seat);
        level.bench = level.bench.withSettled(ref.seat);

        emit SeatSettled(ref.requestHash, account.agentId, ref.level, ref.seat, account.paid, account.slashed);

        address owner = _identity.ownerOf(account.agentId);
        _credit(owner, account.paid);
        _credit(msg.sender, account.bounty);
        _vault.release(account.agentId, profile.seatLock, account.slashed, ref.requestHash);
        if (account.mark > 0) {
            _praise(account.agentId, owner, profileId, profile.evidenceWeight, c.docket.epoch);
        } else if (account.mark < 0) {
            _ledger.record(account.agentId, owner, Domains.verifier(profileId), 0, profile.evidenceWeight);
        }
    }

    /// @dev A seat that opened loses no stake, whatever it opened, unless an appeal overturns its majority.
    function _accountOf(Bench bench, uint256 seat, Profile memory profile)
        private
        pure
        returns (Account memory account)
    {
        SeatState state = bench.stateOf(seat);
        uint256 cluster = bench.cluster();
        if (state == SeatState.Opened) {
            if (cluster & (1 << seat) != 0) (account.mark, account.paid) = (1, profile.seatFee);
            else if (cluster != 0) account.mark = -1;
        } else if (state == SeatState.Drawn) {
            (account.mark, account.slashed) = (-1, _share(profile.seatLock, profile.slashNoCommitBps));
        } else if (bench.committedCount() >= bench.quorum()) {
            // Below the quorum it ended before those who committed were asked to open.
            (account.mark, account.slashed) = (-1, _share(profile.seatLock, profile.slashNoOpenBps));
        }
        if (state != SeatState.Opened) account.bounty = profile.seatFee;
    }

    /// @dev For a seat of a majority: what an appeal that decided the opposite makes of its account. All of
    /// them lose no more than the provider would have.
    function _turn(Account memory account, Trial storage c, uint8 number, Profile memory profile)
        private
        view
    {
        (bool overturned, bool slashed) = _fate(c, number, profile.family);
        if (!overturned) return;
        (account.mark, account.paid) = (0, 0);
        if (!slashed) return;
        uint256 most = _share(profile.providerBond, profile.slashRejectedBps)
            / LibBit.popCount(c.levels[number].bench.cluster());
        account.mark = -1;
        account.slashed = Math.min(_share(profile.seatLock, profile.slashOverturnedBps), most);
    }

    /// @dev Good evidence is for whoever enrolled the agent before the round and owns it still: whoever bought
    /// it since gets the fee, but no good name for work of the seller's.
    function _praise(uint256 agentId, address owner, bytes32 profileId, uint64 weight, uint32 epoch) private {
        (address operator, uint32 since) = _vault.enrolmentOf(agentId, profileId);
        if (operator != owner || since > epoch) return;
        _ledger.record(agentId, owner, Domains.verifier(profileId), weight, 0);
    }
}
