// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

enum Family {
    Exact,
    TextMinhash,
    VectorHyperplane,
    ImagePerceptual,
    Tokens,
    Logprobs
}

/// @notice Everything a round needs to know of a profile. Immutable once registered, so a round that
/// holds a profile's number holds its parameters: the snapshot costs two bytes. Windows in seconds, amounts in wei, fractions in basis points
/// of the lock they are taken from.
struct Profile {
    Family family;
    uint8 tolerance;
    uint8 committeeSize;
    uint8 minOperators;
    uint32 commitWindow;
    uint32 openWindow;
    uint32 publishWindow;
    uint32 maxOutputBytes;
    uint96 seatFee;
    uint96 tip;
    uint96 minStake;
    uint64 evidenceWeight; // nano-evidence (1e9 = one full observation)
    uint96 seatLock;
    uint96 providerBond;
    uint16 slashNoCommitBps;
    uint16 slashNoOpenBps;
    uint16 slashRejectedBps;
    uint16 slashOverturnedBps; // of a majority's locks when an appeal decides the opposite
    uint96 appealBond; // for the delay, beside the next committee's fees; a flag's bond too
    uint32 appealWindow; // 0: verdicts are final
    uint32 flagWindow; // 0: what was published cannot be flagged
    uint16 auditBps; // how often the protocol appeals by itself
    bool voidDigests; // the family has a digest that says "no answer": no claim, and a vote that earns nothing
    bytes32 calibrationRoot;
}

interface IProfileRegistry {
    error ProfileAlreadyRegistered(bytes32 profileId);
    error ProfileUnknown(bytes32 profileId);
    error ProfileNumberUnknown(uint256 number);
    error ProfileInvalid(string reason);

    /// @param recipe the RFC 8785 JSON whose keccak256 is the profileId.
    event ProfileRegistered(bytes32 indexed profileId, bytes recipe, Profile profile);

    /// @return profileId keccak256(recipe).
    function register(bytes calldata recipe, Profile calldata profile) external returns (bytes32 profileId);
    /// @dev Reverts ProfileUnknown.
    function profile(bytes32 profileId) external view returns (Profile memory);
    function isRegistered(bytes32 profileId) external view returns (bool);
    function profileIds() external view returns (bytes32[] memory);
    /// @return Position of a profile in `profileIds`. Reverts ProfileUnknown.
    function numberOf(bytes32 profileId) external view returns (uint16);
    /// @dev Reverts ProfileNumberUnknown. Courts read the same through `ProfileCode`.
    function profileAt(uint16 number) external view returns (bytes32 profileId, Profile memory);
}
