// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Verdict} from "../../src/interfaces/IVerificationRounds.sol";
import {BetaEvidence} from "../../src/libraries/BetaEvidence.sol";
import {Digest} from "../../src/libraries/Digest.sol";
import {Tally} from "../../src/libraries/Tally.sol";
import {stdJson} from "forge-std/StdJson.sol";
import {Test} from "forge-std/Test.sol";

/// @dev The vectors that the Python tests read too.
contract GoldenTest is Test {
    using stdJson for string;

    struct Exact {
        bytes32 key;
        bytes content;
        bytes32 digest;
    }

    struct Distance {
        bytes32 a;
        bytes32 b;
        uint256 distance;
    }

    struct Decay {
        uint64 amount;
        uint256 from;
        uint256 halfLife;
        uint64 result;
        uint256 to;
    }

    struct Step {
        uint256 dt;
        uint64 alpha;
        uint64 beta;
    }

    struct Ending {
        uint64 alpha;
        uint64 beta;
        uint256 effectiveN;
        bool known;
        uint256 lowerBps;
        uint256 meanBps;
    }

    struct History {
        Ending last;
        uint256 start;
        Step[] steps;
    }

    struct Votes {
        uint256 agreeing;
        bytes32 claim;
        bool claimed;
        uint256 cluster;
        bytes32[] digests;
        bytes32 key;
        uint256 opened;
        uint256 quorum;
        uint256 tolerance;
        uint256 verdict;
        bool voids;
    }

    string private constant VOTES =
        "Votes(uint256 agreeing,bytes32 claim,bool claimed,uint256 cluster,bytes32[] digests,bytes32 key,uint256 opened,uint256 quorum,uint256 tolerance,uint256 verdict,bool voids)";
    string private constant EXACT = "Exact(bytes32 key,bytes content,bytes32 digest)";
    string private constant DISTANCE = "Distance(bytes32 a,bytes32 b,uint256 distance)";
    string private constant DECAY =
        "Decay(uint64 amount,uint256 from,uint256 halfLife,uint64 result,uint256 to)";
    /// @dev `History` in the file's words; `final` is none of Solidity's.
    string private constant HISTORY =
        "Story(Ending final,uint256 start,Step[] steps)Ending(uint64 alpha,uint64 beta,uint256 effectiveN,bool known,uint256 lowerBps,uint256 meanBps)Step(uint256 dt,uint64 alpha,uint64 beta)";
    uint256 private constant FEWEST = 10;
    uint256 private constant FEWEST_OF_A_FAMILY = 40;

    Distance[] private _distances;

    function setUp() external {
        Distance[] memory cases = abi.decode(_vectors("digests", ".distance", DISTANCE), (Distance[]));
        for (uint256 i = 0; i < cases.length; ++i) {
            _distances.push(cases[i]);
        }
    }

    function test_exact__when_golden__then_equal() external view {
        Exact[] memory cases = abi.decode(_vectors("digests", ".exact", EXACT), (Exact[]));
        assertGe(cases.length, FEWEST_OF_A_FAMILY);
        for (uint256 i = 0; i < cases.length; ++i) {
            assertEq(Digest.exact(cases[i].key, cases[i].content), cases[i].digest, vm.toString(i));
        }
    }

    function test_distance__when_golden__then_equal() external view {
        assertGe(_distances.length, FEWEST_OF_A_FAMILY);
        for (uint256 i = 0; i < _distances.length; ++i) {
            Distance memory one = _distances[i];
            assertEq(Digest.distance(one.a, one.b), one.distance, vm.toString(i));
        }
    }

    /// @dev What Python measured holds wherever in the space of digests the two stand, and a bit
    /// flipped in one of them moves them one apart or one together.
    function testFuzz_distance__when_golden_digests_are_moved_together__then_equal(
        uint256 seed,
        bytes32 mask,
        uint8 bit
    ) external view {
        Distance memory one = _distances[seed % _distances.length];
        assertEq(Digest.distance(one.a ^ mask, one.b ^ mask), one.distance);
        bytes32 flipped = one.b ^ bytes32(uint256(1) << bit);
        bool differed = uint256(one.a ^ one.b) >> bit & 1 == 1;
        assertEq(Digest.distance(one.a, flipped), differed ? one.distance - 1 : one.distance + 1);
    }

    function test_votes__when_golden__then_equal() external view {
        Votes[] memory cases = abi.decode(_vectors("votes", ".votes", VOTES), (Votes[]));
        assertGe(cases.length, FEWEST_OF_A_FAMILY);
        for (uint256 i = 0; i < cases.length; ++i) {
            Votes memory v = cases[i];
            bytes32 void = v.voids ? Digest.implausible(v.key) : bytes32(0);
            (Verdict verdict, uint256 agreeing, uint256 cluster) =
                Tally.decide(Tally.Poll(v.digests, v.opened, v.claimed, v.claim, void, v.tolerance, v.quorum));
            assertEq(uint8(verdict), v.verdict, vm.toString(i));
            assertEq(agreeing, v.agreeing, vm.toString(i));
            assertEq(cluster, v.cluster, vm.toString(i));
        }
    }

    function test_policy__when_golden__then_equal() external view {
        string memory json = vm.readFile("tests/golden/reputation.json");
        assertEq(BetaEvidence.PRIOR, json.readUint(".policy.prior"));
        assertEq(BetaEvidence.MINIMUM, json.readUint(".policy.minimum"));
        assertEq(BetaEvidence.Z_SQUARED, json.readUint(".policy.zSquared"));
    }

    function test_decay__when_golden__then_equal() external view {
        Decay[] memory cases = abi.decode(_vectors("reputation", ".decays", DECAY), (Decay[]));
        assertGt(cases.length, FEWEST);
        for (uint256 i = 0; i < cases.length; ++i) {
            uint256 steps = BetaEvidence.stepsBetween(cases[i].from, cases[i].to, cases[i].halfLife);
            assertEq(BetaEvidence.decay(cases[i].amount, steps), cases[i].result, vm.toString(i));
        }
    }

    function test_histories__when_golden__then_equal() external view {
        uint256 halfLife = vm.readFile("tests/golden/reputation.json").readUint(".policy.halfLife");
        History[] memory cases = abi.decode(_vectors("reputation", ".histories", HISTORY), (History[]));
        assertGt(cases.length, FEWEST);
        for (uint256 i = 0; i < cases.length; ++i) {
            (uint64 alpha, uint64 beta) = _replay(cases[i], halfLife);
            Ending memory last = cases[i].last;
            assertEq(alpha, last.alpha, vm.toString(i));
            assertEq(beta, last.beta, vm.toString(i));
            uint256 n = BetaEvidence.add(alpha, beta);
            assertEq(n, last.effectiveN, vm.toString(i));
            assertEq(n >= BetaEvidence.MINIMUM, last.known, vm.toString(i));
            assertEq(last.known ? BetaEvidence.meanBps(alpha, beta) : 0, last.meanBps, vm.toString(i));
            assertEq(last.known ? BetaEvidence.lowerBps(alpha, beta) : 0, last.lowerBps, vm.toString(i));
        }
    }

    function _replay(History memory history, uint256 halfLife)
        private
        pure
        returns (uint64 alpha, uint64 beta)
    {
        uint256 now_ = history.start;
        for (uint256 i = 0; i < history.steps.length; ++i) {
            Step memory step = history.steps[i];
            uint256 steps = BetaEvidence.stepsBetween(now_, now_ + step.dt, halfLife);
            now_ += step.dt;
            alpha = BetaEvidence.add(BetaEvidence.decay(alpha, steps), step.alpha);
            beta = BetaEvidence.add(BetaEvidence.decay(beta, steps), step.beta);
        }
    }

    function _vectors(string memory file, string memory list, string memory form)
        private
        view
        returns (bytes memory)
    {
        return vm.parseJsonTypeArray(vm.readFile(string.concat("tests/golden/", file, ".json")), list, form);
    }
}
