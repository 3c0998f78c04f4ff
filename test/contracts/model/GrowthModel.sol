// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @dev `CheckpointLog.anchor` and its constructor with the signature and the consistency proof as any answer at all, for solc's
/// SMTChecker: whatever they answer, the log only grows, within the cap, and nothing that is anchored changes. See prove.mjs.
contract GrowthModel {
    uint64 private constant MAX_GROWTH = 1 << 24;
    uint64 private last;
    mapping(uint64 treeSize => bytes32 rootHash) private rootAt;

    constructor(bool continues, uint64 forkSize, bytes32 forkRoot) {
        if (continues != (forkSize != 0) || continues != (forkRoot != 0)) revert();
        last = forkSize;
        if (continues) rootAt[forkSize] = forkRoot;
    }

    function anchor(uint64 treeSize, bytes32 rootHash, bool signed, bool consistent, uint64 other) external {
        uint64 before = last;
        bytes32 rootBefore = rootAt[before];
        bytes32 otherBefore = rootAt[other];
        if (treeSize <= before || treeSize - before > MAX_GROWTH) revert();
        if (rootHash == 0) revert();
        if (!signed) revert();
        if (!consistent) revert();
        last = treeSize;
        rootAt[treeSize] = rootHash;
        assert(last > before && last - before <= MAX_GROWTH);
        assert(rootAt[before] == rootBefore);
        assert(other == treeSize || rootAt[other] == otherBefore);
        assert(rootAt[last] != 0);
    }

    function holds() external view {
        assert(rootAt[0] == 0);
        assert(last == 0 || rootAt[last] != 0);
    }
}
