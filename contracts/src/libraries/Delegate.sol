// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Runs the present call with another contract's code, on this contract's storage.
library Delegate {
    /// @dev Ends the call with whatever the code answers.
    function forward(address code) internal {
        // Nothing of Solidity's runs afterwards, so its memory may be overwritten.
        assembly {
            calldatacopy(0, 0, calldatasize())
            let done := delegatecall(gas(), code, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            switch done
            case 0 { revert(0, returndatasize()) }
            default { return(0, returndatasize()) }
        }
    }

    /// @dev The same for a view: called by STATICCALL, the code cannot write either.
    function view_(address code) internal view {
        function(address) internal delegating = forward;
        function(address) internal view viewing;
        // The types differ in their promise only.
        assembly ("memory-safe") {
            viewing := delegating
        }
        viewing(code);
    }
}
