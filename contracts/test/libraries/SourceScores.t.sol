// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {SourceScore, SourceScores} from "../../src/libraries/SourceScores.sol";
import {Test} from "forge-std/Test.sol";

/// @dev Leaves, proofs and words that Python made, by OpenZeppelin's MerkleProof.
contract SourceScoresTest is Test {
    struct GoldenScore {
        uint64 alpha;
        uint64 beta;
        bytes32 domain;
        bool known;
        bytes32 leaf;
        uint16 lowerBps;
        uint16 meanBps;
        bytes32[] proof;
        bytes32 root;
        uint256 source;
        uint64 updatedAt;
    }

    struct Packed {
        int16[] scores;
        uint256 word;
    }

    string private constant CASE =
        "GoldenScore(uint64 alpha,uint64 beta,bytes32 domain,bool known,bytes32 leaf,uint16 lowerBps,uint16 meanBps,bytes32[] proof,bytes32 root,uint256 source,uint64 updatedAt)";
    string private constant PACKED = "Packed(int16[] scores,uint256 word)";

    function test_trees__when_golden__then_every_score_is_under_its_root() external view {
        GoldenScore[] memory cases = _cases();
        assertGt(cases.length, 40);
        for (uint256 i = 0; i < cases.length; ++i) {
            SourceScore memory score = _score(cases[i]);
            assertEq(SourceScores.leafOf(score), cases[i].leaf);
            assertTrue(this.isUnder(score, cases[i].proof, cases[i].root));
        }
    }

    function test_trees__when_a_score_is_altered__then_it_is_not() external view {
        GoldenScore[] memory cases = _cases();
        for (uint256 i = 0; i < cases.length; ++i) {
            SourceScore memory score = _score(cases[i]);
            score.lowerBps ^= 1;
            assertFalse(this.isUnder(score, cases[i].proof, cases[i].root));
            score.lowerBps ^= 1;
            score.source ^= 1;
            assertFalse(this.isUnder(score, cases[i].proof, cases[i].root));
        }
    }

    function test_words__when_golden__then_each_score_is_in_its_place() external view {
        Packed[] memory words = abi.decode(_read(".packed", PACKED), (Packed[]));
        assertEq(words.length, 10);
        for (uint256 i = 0; i < words.length; ++i) {
            for (uint256 place = 0; place < SourceScores.PER_WORD; ++place) {
                assertEq(SourceScores.unpack(words[i].word, place), words[i].scores[place]);
            }
        }
    }

    function isUnder(SourceScore memory score, bytes32[] calldata proof, bytes32 root)
        external
        pure
        returns (bool)
    {
        return SourceScores.isUnder(score, proof, root);
    }

    function _score(GoldenScore memory c) private pure returns (SourceScore memory) {
        return SourceScore(c.source, c.domain, c.alpha, c.beta, c.updatedAt, c.known, c.meanBps, c.lowerBps);
    }

    function _cases() private view returns (GoldenScore[] memory) {
        return abi.decode(_read(".trees", CASE), (GoldenScore[]));
    }

    function _read(string memory list, string memory form) private view returns (bytes memory) {
        return vm.parseJsonTypeArray(vm.readFile("tests/golden/reliability.json"), list, form);
    }
}
