// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {
    Batched,
    IVerificationRounds,
    Opening,
    Phase,
    SeatState,
    SignedCommitment
} from "../interfaces/IVerificationRounds.sol";
import {AgentAuth} from "../libraries/AgentAuth.sol";
import {Bench, BenchLib} from "../libraries/Bench.sol";
import {RoundsTally} from "./RoundsTally.sol";

/// @dev Committing and opening, one by one or a whole committee at once.
abstract contract RoundsSeats is RoundsTally {
    /// @dev A level while entries are gone through.
    struct Sitting {
        bytes32 requestHash;
        uint8 level;
        bytes32 key;
        Bench bench;
    }

    bytes32 private constant COMMITMENT_TYPEHASH = keccak256(
        "Commitment(bytes32 requestHash,uint8 level,uint8 seat,uint256 agentId,bytes32 key,bytes32 commitment)"
    );

    /// @inheritdoc IVerificationRounds
    function commit(bytes32 requestHash, uint8 level, uint8 seat, bytes32 commitment) external {
        require(level < LEVELS, LevelUnknown(requestHash, level));
        Level storage l = _trials[requestHash].levels[level];
        Bench bench = l.bench;
        // The common case without detours: this is the verb that everybody pays for.
        if (!bench.isCommitting()) _levelIn(requestHash, level, Phase.Committing);
        uint256 bit = seat;
        uint256 agentId;
        if (seat != PROVIDER) {
            require(seat < bench.seatCount(), SeatUnknown(requestHash, seat));
            agentId = _agentAt(l, seat);
        } else {
            (bit, agentId) = (BenchLib.PROVIDER_BIT, _trials[requestHash].docket.agentId);
        }
        require(
            AgentAuth.isOwnerOrOperator(_identity, agentId, msg.sender), SeatNotOperator(agentId, msg.sender)
        );
        require(!bench.isBound(bit), SeatAlreadyCommitted(requestHash, seat));
        require(commitment != bytes32(0), SeatCommitmentEmpty());

        l.marks[bit] = commitment;
        // emit Committed(requestHash, seat, commitment), without the encoder.
        bytes32 topic = Committed.selector;
        assembly ("memory-safe") {
            mstore(0, seat)
            mstore(32, commitment)
            log2(0, 64, topic, requestHash)
        }
        l.bench = bench.withCommitted(bit).closedIfComplete();
    }

    /// @inheritdoc IVerificationRounds
    function commitMany(bytes32 requestHash, uint8 level, SignedCommitment[] calldata entries) external {
        (Level storage l, Sitting memory s) = _sitting(requestHash, level, Phase.Committing);
        bytes32 batch = l.batch;
        for (uint256 i = 0; i < entries.length; ++i) {
            SignedCommitment calldata entry = entries[i];
            (uint256 bit, bytes4 fault) = _commitmentFault(s, l, entry);
            if (fault != 0) {
                emit EntrySkipped(requestHash, level, entry.seat, fault);
                continue;
            }
            batch = _chained(batch, entry.seat, entry.commitment);
            s.bench = s.bench.withCommitted(bit);
            emit Committed(requestHash, entry.seat, entry.commitment);
        }
        l.batch = batch;
        l.bench = s.bench.closedIfComplete();
    }

    /// @inheritdoc IVerificationRounds
    function open(
        bytes32 requestHash,
        uint8 level,
        uint8 seat,
        bytes32 digest,
        bytes32 evidenceHash,
        bytes32 salt
    ) external {
        (Level storage l, Bench bench) = _levelIn(requestHash, level, Phase.Opening);
        uint256 bit = _bitOf(bench, seat);
        require(bit < BenchLib.NO_BIT, SeatUnknown(requestHash, seat));
        SeatState state = bench.stateOf(bit);
        require(state != SeatState.Drawn, SeatNotCommitted(requestHash, seat));
        require(state == SeatState.Committed, SeatAlreadyOpened(requestHash, seat));
        uint256 agentId = _agentOf(requestHash, l, bit);
        bytes32 expected =
            commitmentOf(requestHash, level, _keyOf(requestHash, level), agentId, digest, evidenceHash, salt);
        require(l.marks[bit] == expected, SeatCommitmentMismatch(l.marks[bit], expected));

        l.marks[bit] = digest;
        l.bench = bench.withOpened(bit);

        emit Opened(requestHash, agentId, level, seat, digest, evidenceHash);
    }

    /// @inheritdoc IVerificationRounds
    function openMany(bytes32 requestHash, uint8 level, Opening[] calldata entries, Batched[] calldata batch)
        external
        nonReentrant
    {
        (Level storage l, Sitting memory s) = _sitting(requestHash, level, Phase.Opening);
        Marks memory marks = _marksOf(s, l, batch);
        for (uint256 i = 0; i < entries.length; ++i) {
            Opening calldata entry = entries[i];
            (uint256 bit, uint256 agentId, bytes4 fault) = _openingFault(s, l, marks, entry);
            if (fault != 0) {
                emit EntrySkipped(requestHash, level, entry.seat, fault);
                continue;
            }
            marks.digests[bit] = entry.digest;
            marks.fresh |= 1 << bit;
            s.bench = s.bench.withOpened(bit);
            emit Opened(requestHash, agentId, level, entry.seat, entry.digest, entry.evidenceHash);
        }
        l.bench = s.bench;
        if (s.bench.phase() == Phase.Tallying) _tally(requestHash, marks);
        else _keep(l, marks, marks.fresh);
    }

    /// @inheritdoc IVerificationRounds
    function commitmentOf(
        bytes32 requestHash,
        uint8 level,
        bytes32 key,
        uint256 agentId,
        bytes32 digest,
        bytes32 evidenceHash,
        bytes32 salt
    ) public view returns (bytes32) {
        return keccak256(
            abi.encode(
                block.chainid, address(this), requestHash, level, key, agentId, digest, evidenceHash, salt
            )
        );
    }

    /// @inheritdoc IVerificationRounds
    function hashCommitment(
        bytes32 requestHash,
        uint8 level,
        uint8 seat,
        uint256 agentId,
        bytes32 key,
        bytes32 commitment
    ) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(abi.encode(COMMITMENT_TYPEHASH, requestHash, level, seat, agentId, key, commitment))
        );
    }

    function _sitting(bytes32 requestHash, uint8 level, Phase required)
        private
        view
        returns (Level storage l, Sitting memory s)
    {
        (l, s.bench) = _levelIn(requestHash, level, required);
        (s.requestHash, s.level, s.key) = (requestHash, level, _keyOf(requestHash, level));
    }

    function _commitmentFault(Sitting memory s, Level storage l, SignedCommitment calldata entry)
        private
        view
        returns (uint256 bit, bytes4 fault)
    {
        bit = _bitOf(s.bench, entry.seat);
        if (bit == BenchLib.NO_BIT) return (bit, SeatUnknown.selector);
        if (s.bench.isBound(bit)) return (bit, SeatAlreadyCommitted.selector);
        if (entry.commitment == 0) return (bit, SeatCommitmentEmpty.selector);
        uint256 agentId = _agentOf(s.requestHash, l, bit);
        bytes32 hash = hashCommitment(s.requestHash, s.level, entry.seat, agentId, s.key, entry.commitment);
        // By a key only: a wallet that is a contract could burn the whole batch's gas, and posts for itself.
        // Why recovery failed does not matter: zero is no operator.
        // slither-disable-next-line unused-return
        (address signer,,) = ECDSA.tryRecover(hash, entry.r, entry.vs);
        bool signed = signer != address(0) && AgentAuth.isOwnerOrOperator(_identity, agentId, signer);
        if (!signed) fault = SeatSignerNotOperator.selector;
    }

    function _openingFault(Sitting memory s, Level storage l, Marks memory marks, Opening calldata entry)
        private
        view
        returns (uint256 bit, uint256 agentId, bytes4 fault)
    {
        bit = _bitOf(s.bench, entry.seat);
        if (bit == BenchLib.NO_BIT) return (bit, 0, SeatUnknown.selector);
        SeatState state = s.bench.stateOf(bit);
        if (state == SeatState.Drawn) return (bit, 0, SeatNotCommitted.selector);
        if (state == SeatState.Opened) return (bit, 0, SeatAlreadyOpened.selector);
        agentId = _agentOf(s.requestHash, l, bit);
        bytes32 expected = commitmentOf(
            s.requestHash, s.level, s.key, agentId, entry.digest, entry.evidenceHash, entry.salt
        );
        bytes32 committed = (marks.batched >> bit) & 1 == 1 ? marks.digests[bit] : l.marks[bit];
        if (committed != expected) fault = SeatCommitmentMismatch.selector;
    }

    /// @dev The batch's commitments, proven, where their digests will be.
    function _marksOf(Sitting memory s, Level storage l, Batched[] calldata batch)
        private
        view
        returns (Marks memory marks)
    {
        marks.digests = new bytes32[](48);
        if (batch.length == 0) return marks;
        bytes32 chain;
        for (uint256 i = 0; i < batch.length; ++i) {
            chain = _chained(chain, batch[i].seat, batch[i].commitment);
            uint256 bit = batch[i].seat == PROVIDER ? BenchLib.PROVIDER_BIT : batch[i].seat;
            if (bit >= marks.digests.length) break; // no such seat: the hash will not match
            marks.digests[bit] = batch[i].commitment;
            marks.batched |= 1 << bit;
        }
        require(chain == l.batch, SeatBatchMismatch(s.requestHash, s.level));
    }

    function _chained(bytes32 chain, uint8 seat, bytes32 commitment) private pure returns (bytes32) {
        return keccak256(abi.encode(chain, seat, commitment));
    }

    /// @dev A level that is not the present one has another phase, so its bench alone answers for it.
    function _levelIn(bytes32 requestHash, uint8 level, Phase required)
        private
        view
        returns (Level storage l, Bench bench)
    {
        require(level < LEVELS, LevelUnknown(requestHash, level));
        l = _trials[requestHash].levels[level];
        bench = l.bench;
        bool fits = required == Phase.Committing ? bench.isCommitting() : bench.phase() == required;
        if (fits) return (l, bench);
        _requirePhase(requestHash, required);
        revert LevelUnknown(requestHash, level);
    }

    function _bitOf(Bench bench, uint8 seat) private pure returns (uint256) {
        if (seat == PROVIDER) return BenchLib.PROVIDER_BIT;
        return seat < bench.seatCount() ? seat : BenchLib.NO_BIT;
    }

    function _agentOf(bytes32 requestHash, Level storage l, uint256 bit) private view returns (uint256) {
        return bit == BenchLib.PROVIDER_BIT ? _trials[requestHash].docket.agentId : _agentAt(l, bit);
    }
}
