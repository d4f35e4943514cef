// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICapability} from "./ICapability.sol";
import {IExamRules} from "./IExamRules.sol";
import {IVerificationRounds, Receipt} from "./IVerificationRounds.sol";

/// @notice Where an exam is. Those from Sitting to Grading follow from the clock.
enum Stage {
    None,
    Preparing, // sections are missing
    Sitting,
    Opening, // nobody sits any more; keys are missing
    Doubting, // all keys are open and may be doubted, or are being
    Grading,
    Concluded,
    Void // fees go back
}

/// @dev Three slots. The stage kept here lags behind the clock: `stageOf` never does.
struct Exam {
    uint32 termsId;
    Stage stage; // Preparing, Sitting, Doubting, Concluded or Void
    uint8 sections;
    uint8 posted;
    uint8 opened; // keys
    uint16 doubts; // open ones
    uint40 closesAt; // the end of the stage kept here
    uint40 gradesFrom;
    uint32 candidates;
    uint32 graded;
    uint96 fee;
    uint96 bond; // of a section
    bytes32 key; // that its digests are under
}

struct Section {
    bytes32 itemsRoot; // over the hashes of its tasks
    bytes32 key; // the sealed one; once opened, the hash of the answers
    address poster; // who paid the bond, and gets it back
    bool opened;
    address owner; // of the examiner's agent when it posted; does not sit
    uint256 agentId;
}

enum SittingState {
    None,
    Sat,
    Graded,
    Refunded
}

struct Sitting {
    bytes32 commitment; // over the agent and the commitment it gave
    address payer;
    SittingState state;
}

struct Capability {
    address owner; // a pass does not go with the agent to another owner
    uint40 until;
}

/// @notice The answers of a section, as they are opened.
struct SectionKey {
    bytes32[] digests; // by item, under the exam's key
    bytes32 contentsHash; // keccak256 of the content hashes of the outputs they are of
}

/// @notice The answers of a candidate, as they are opened. `digests` go section by section.
struct Sheet {
    uint256 agentId;
    address owner;
    bytes32 salt;
    bytes32[] digests;
}

/// @notice What is wrong with an item: that its output is not the task's, or that the digest is not of it.
enum DoubtKind {
    Output,
    Digest
}

/// @notice An item of a section, with the proof that it is one.
struct Item {
    uint8 section;
    uint8 index;
    bytes32 taskHash;
    bytes32[] taskProof; // under the section's itemsRoot
}

enum DoubtState {
    None,
    Open,
    Answered,
    Upheld,
    Closed
}

struct Doubt {
    address challenger;
    uint40 deadline; // to answer; once answered, to decide; once upheld, to doubt the digest
    DoubtState state;
    DoubtKind kind;
    uint8 section;
    uint32 examId;
    bytes32 taskHash;
    bytes32 contentHash;
    bytes32 digest;
    bytes32 requestHash;
    bytes32 outputHash;
}

/// @title Exams that the contract grades itself: keys and sheets are both sealed before either is opened.
interface IExamBook is ICapability {
    // ---------------------------------------------------------------- errors
    error ExamNotDeployer(address caller);
    error ExamAlreadyWired();
    error ExamNotWired();
    error ExamUnknown(uint256 examId);
    error ExamWrongStage(uint256 examId, Stage actual, Stage required);
    error ExamLate(uint256 examId, uint256 closedAt);
    error ExamNobodySat(uint256 examId);
    error ExamNotDue(uint256 examId, uint256 dueAt);
    error ExamWrongValue(uint256 sent, uint256 required);
    error ExamSectionUnknown(uint256 section);
    error ExamSectionPosted(uint256 examId, uint256 section);
    error ExamNotOperator(uint256 agentId, address caller);
    error ExamExaminersShareOwner(address owner);
    error ExamExaminerSits(uint256 examId, address owner);
    error ExamAlreadySat(uint256 examId, address owner);
    error ExamCommitmentEmpty();
    error ExamKeyMismatch(uint256 examId, uint256 section);
    error ExamKeyOpened(uint256 examId, uint256 section);
    error ExamSheetMismatch(uint256 examId, address owner);
    error ExamNothingToRefund(uint256 examId, address owner);
    error ExamItemUnproven(uint256 section, uint256 index);
    error ExamItemNotDoubtable(uint256 section, uint256 index);
    error ExamAlreadyDoubted(bytes32 doubtId);
    error ExamNotDoubted(bytes32 doubtId);
    error ExamAnswered(bytes32 requestHash);
    error ExamAnswerLate(uint256 closedAt);
    error ExamWrongWork();
    error ExamNotTheOutput();
    error ExamUndecided(uint256 until);
    error ExamNothingOwed(address account);
    error ExamTransferFailed(address account, uint256 amount);

    // ---------------------------------------------------------------- events
    event Wired(address[] courts);
    event ExamAnnounced(
        uint256 indexed examId,
        bytes32 indexed profileId,
        uint256 indexed termsId,
        bytes32 key,
        uint256 prepareClosesAt
    );
    /// @param itemsURI where the tasks are; their hashes are under `itemsRoot`.
    event SectionPosted(
        uint256 indexed examId,
        uint256 indexed section,
        uint256 indexed agentId,
        bytes32 itemsRoot,
        bytes32 sealedKey,
        string itemsURI
    );
    event SittingOpened(uint256 indexed examId, uint256 sitClosesAt);
    event Sat(
        uint256 indexed examId,
        uint256 indexed agentId,
        address indexed owner,
        address payer,
        bytes32 commitment
    );
    /// @param contents hashes of the outputs that the digests are of: without them no item could be doubted.
    event KeyOpened(uint256 indexed examId, uint256 indexed section, bytes32[] digests, bytes32[] contents);
    event KeysComplete(uint256 indexed examId, uint256 challengesCloseAt);
    /// @param marks right answers, those of section i in byte i from the lowest.
    event Graded(
        uint256 indexed examId, uint256 indexed agentId, address indexed owner, uint256 marks, bool passed
    );
    event CapabilityGranted(
        bytes32 indexed profileId, uint256 indexed agentId, address indexed owner, uint256 until
    );
    event ExamConcluded(uint256 indexed examId, uint256 earned);
    /// @param slashed bit i set: the examiner of section i loses its bond.
    event ExamVoided(uint256 indexed examId, uint256 slashed);
    event Refunded(uint256 indexed examId, address indexed owner);
    event Doubted(
        bytes32 indexed doubtId,
        uint256 indexed examId,
        address indexed challenger,
        uint8 section,
        uint8 index,
        DoubtKind kind,
        bytes32 taskHash,
        uint256 answerBy
    );
    event DoubtAnswered(bytes32 indexed doubtId, bytes32 indexed requestHash, uint256 decideBy);
    event DoubtUpheld(bytes32 indexed doubtId, uint256 indexed examId);
    event Credited(address indexed account, uint256 amount);
    event Withdrawn(address indexed account, uint256 amount);

    /// @notice Names the courts that decide doubts. Once, by the deployer; never again.
    function wire(address[] calldata courts) external;
    // ---------------------------------------------------------------- an exam
    /// @notice Begins an exam under the profile's terms. Caller: an operator of the examiner of `section`.
    function announce(bytes32 profileId, uint256 section) external returns (uint256 examId);
    /// @notice Posts a section with its bond, the answers sealed. Caller: an operator of its examiner.
    /// With the last one candidates may sit.
    /// @param sealedKey `sealedKeyOf` the answers and a salt.
    function post(
        uint256 examId,
        uint256 section,
        bytes32 itemsRoot,
        bytes32 sealedKey,
        string calldata itemsURI
    ) external payable;
    /// @notice Hands in a sealed sheet and pays. Caller: an operator of the agent. One per owner and exam.
    /// @param commitment `commitmentOf` the answers and a salt.
    function sit(uint256 examId, uint256 agentId, bytes32 commitment) external payable;
    /// @notice Opens the key of a section once nobody can sit any more. Anyone who knows it may call.
    /// @param contents the content hashes that `key.contentsHash` is of, by item.
    function openKey(
        uint256 examId,
        uint256 section,
        SectionKey calldata key,
        bytes32[] calldata contents,
        bytes32 salt
    ) external;
    /// @notice Grades opened sheets, anybody's. One that is graded already is passed over.
    /// @param keys of all sections, as they were opened.
    function grade(uint256 examId, SectionKey[] calldata keys, Sheet[] calldata sheets) external;
    /// @notice Ends an exam whose sheets are graded or whose time for it is over: examiners are paid.
    function conclude(uint256 examId) external;
    /// @notice Ends an exam that was not prepared in time, or whose keys were not opened: then the
    /// examiners who did not are slashed. Fees go back.
    function cancel(uint256 examId) external;
    /// @notice Gives the fee of a void exam back to whoever paid it.
    function refund(uint256 examId, address owner) external;
    function withdraw() external;

    // ---------------------------------------------------------------- doubts
    /// @notice Doubts an item of an opened key: the examiner has to have the court judge it. What the
    /// digest is of can be doubted once the output was upheld, and so is public.
    /// @param key of the item's section, as it was opened with `contents`.
    function doubt(
        uint256 examId,
        DoubtKind kind,
        Item calldata item,
        SectionKey calldata key,
        bytes32[] calldata contents
    ) external payable returns (bytes32 doubtId);
    /// @notice Names the round about a doubted item: the examiner's agent is its provider.
    function answer(bytes32 doubtId, IVerificationRounds court, Receipt calldata receipt, bytes32 nonce)
        external;
    /// @notice Ends a doubt by the output of its round, which was accepted: upheld if that is what the
    /// key says, else the exam is void and the examiner slashed.
    function settle(bytes32 doubtId, bytes32 salt, bytes calldata output) external;
    /// @notice Ends a doubt without an accepted output: not answered or rejected, the examiner is slashed;
    /// without a verdict in time, bonds stay whose they were. Either way the exam is void. Of an exam that
    /// is void already it gives the bond back.
    function settleUnproven(bytes32 doubtId) external;

    // ---------------------------------------------------------------- views
    /// @notice Where terms are set.
    function rules() external view returns (IExamRules);
    function examCount() external view returns (uint256);
    function examOf(uint256 examId) external view returns (Exam memory);
    function stageOf(uint256 examId) external view returns (Stage);
    function sectionOf(uint256 examId, uint256 section) external view returns (Section memory);
    function sittingOf(uint256 examId, address owner) external view returns (Sitting memory);
    function doubtOf(bytes32 doubtId) external view returns (Doubt memory);
    function capabilityOf(bytes32 profileId, uint256 agentId) external view returns (Capability memory);
    function creditOf(address account) external view returns (uint256);
    /// @notice Wei slashed so far, which stay here for ever.
    function burned() external view returns (uint256);

    /// @notice keccak256(abi.encode(chainid, this, examId, section, keyHash(key), salt)).
    function sealedKeyOf(uint256 examId, uint256 section, SectionKey calldata key, bytes32 salt)
        external
        view
        returns (bytes32);
    /// @notice keccak256(abi.encode(chainid, this, examId, agentId, owner, salt, keccak256(digests))): bound
    /// to the candidate, so that a copied one opens nothing.
    function commitmentOf(uint256 examId, Sheet calldata sheet) external view returns (bytes32);
    function doubtIdOf(uint256 examId, uint8 section, uint8 index, DoubtKind kind)
        external
        pure
        returns (bytes32);
    /// @notice The task (`assay/task/1`) that a committee is given to compute a doubted digest anew.
    function digestTaskOf(uint256 examId, bytes32 contentHash) external view returns (bytes memory);
}
