// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Sheet} from "../../src/interfaces/IExamBook.sol";
import {ExamTerms} from "../../src/interfaces/IExamRules.sol";
import {ExamSetup} from "./ExamSetup.sol";

/// @dev What an exam costs, each call as a transaction of its own with its calldata, written to
/// contracts/gas-exams.json to be reviewed like code. The planner's exam has 48 items.
contract ExamGasTest is ExamSetup {
    string private constant FILE = "contracts/gas-exams.json";

    uint256 private perSection = 16;

    function _items() internal view override returns (uint256) {
        return perSection;
    }

    function _terms() internal view override returns (ExamTerms memory t) {
        t = super._terms();
        t.items = uint8(perSection);
        (t.mark, t.sectionMark) = (1, 1);
    }

    /// forge-config: default.isolate = true
    function test_gas__when_an_exam_is_held__then_as_recorded() external {
        vm.serializeString("exams", "schema", "assay/gas-exams/1");
        vm.serializeString("exams", "steps", _steps());
        vm.serializeString("exams", "sheetsInOneGrading", _batches());
        string memory json = vm.serializeString("exams", "itemsOfOneSheet", _growth());
        vm.writeJson(json, FILE);
    }

    function _steps() private returns (string memory json) {
        uint256 examId = _announce();
        _measure("announce");
        for (uint256 i = 0; i < SECTIONS; ++i) {
            _post(examId, i);
            _measure(string.concat("post", vm.toString(i)));
        }
        Candidate memory first = _candidate("first");
        Sheet memory sheet = _sheet(examId, first, [uint256(0), 0, 0]);
        _sit(examId, first, sheet);
        _measure("sit");
        _gradeable(examId);
        _measure("openKey");
        _grade(examId, sheet);
        _measure("grade");
        book.conclude(examId);
        _measure("conclude");
        vm.prank(examiners[0]);
        book.withdraw();
        json = _measure("withdraw");
    }

    /// @return json gas of one transaction that grades so many sheets, all of which pass.
    function _batches() private returns (string memory json) {
        uint8[4] memory sizes = [1, 5, 10, 50];
        for (uint256 i = 0; i < sizes.length; ++i) {
            uint256 examId = _prepared();
            Sheet[] memory sheets = new Sheet[](sizes[i]);
            for (uint256 who = 0; who < sizes[i]; ++who) {
                Candidate memory c = _candidate(string.concat("c", vm.toString(i), "_", vm.toString(who)));
                sheets[who] = _sheet(examId, c, [uint256(0), 0, 0]);
                _sit(examId, c, sheets[who]);
            }
            _gradeable(examId);
            book.grade(examId, _keys(examId), sheets);
            uint256 used = vm.lastCallGas().gasTotalUsed;
            json = vm.serializeUint("batches", string.concat("sheets", vm.toString(uint256(sizes[i]))), used);
        }
        assertLt(vm.lastCallGas().gasTotalUsed, 16_777_216, "a transaction's limit");
    }

    /// @return json gas to grade one sheet, by the exam's items.
    function _growth() private returns (string memory json) {
        uint8[4] memory lengths = [4, 8, 16, 32];
        for (uint256 i = 0; i < lengths.length; ++i) {
            perSection = lengths[i];
            _setTerms();
            uint256 examId = _prepared();
            (, Sheet memory sheet) = _sat(examId, string.concat("growth", vm.toString(i)), [uint256(0), 0, 0]);
            _gradeable(examId);
            _grade(examId, sheet);
            uint256 used = vm.lastCallGas().gasTotalUsed;
            json = vm.serializeUint("growth", string.concat("items", vm.toString(3 * perSection)), used);
        }
    }

    function _measure(string memory name) private returns (string memory) {
        return vm.serializeUint("steps", name, vm.lastCallGas().gasTotalUsed);
    }
}
