// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title Proofs of RFC 9162 over SHA-256
library MerkleProof {
    /// @notice Whether the second tree extends the first; every tree extends the empty one, with an empty path. RFC 9162 2.1.4.2.
    /// @dev Expects `firstSize` < `secondSize`.
    function isConsistent(uint64 firstSize, bytes32 firstRoot, uint64 secondSize, bytes32 secondRoot, bytes32[] calldata path)
        internal
        view
        returns (bool)
    {
        unchecked {
            uint256 length = path.length;
            if (firstSize == 0 || length == 0) return firstSize == 0 && length == 0;
            uint256 fn = uint256(firstSize) - 1;
            uint256 sn = uint256(secondSize) - 1;
            while (fn & 1 == 1) {
                fn >>= 1;
                sn >>= 1;
            }
            // fn is 0 exactly when firstSize is a power of two: the first root is then the path's missing first node.
            uint256 i = fn == 0 ? 0 : 1;
            bytes32 first = fn == 0 ? firstRoot : path[0];
            bytes32 second = first;
            for (; i < length; ++i) {
                if (sn == 0) return false;
                bytes32 node = path[i];
                if (fn & 1 == 1) {
                    (first, second) = nodeHashes(node, first, second);
                } else if (fn == sn) {
                    (first, second) = nodeHashes(node, first, second);
                    while (fn & 1 == 0 && fn != 0) {
                        fn >>= 1;
                        sn >>= 1;
                    }
                } else {
                    second = nodeHash(second, node);
                }
                fn >>= 1;
                sn >>= 1;
            }
            return sn == 0 && first == firstRoot && second == secondRoot;
        }
    }

    /// @notice Whether the leaf is at `leafIndex` of the tree with this root. RFC 9162 2.1.3.2.
    function isIncluded(uint64 treeSize, bytes32 rootHash, bytes32 leafHash, uint64 leafIndex, bytes32[] calldata path)
        internal
        view
        returns (bool)
    {
        unchecked {
            if (leafIndex >= treeSize) return false;
            uint256 fn = leafIndex;
            uint256 sn = uint256(treeSize) - 1;
            bytes32 root = leafHash;
            uint256 length = path.length;
            for (uint256 i = 0; i < length; ++i) {
                if (sn == 0) return false;
                if (fn & 1 == 1 || fn == sn) {
                    root = nodeHash(path[i], root);
                    while (fn & 1 == 0 && fn != 0) {
                        fn >>= 1;
                        sn >>= 1;
                    }
                } else {
                    root = nodeHash(root, path[i]);
                }
                fn >>= 1;
                sn >>= 1;
            }
            return sn == 0 && root == rootHash;
        }
    }

    /// @notice SHA-256(0x01, left, right). RFC 9162 2.1.1.
    /// @dev Three times cheaper than `sha256(abi.encodePacked(...))`. Writes above the free memory pointer and the scratch space only.
    function nodeHash(bytes32 left, bytes32 right) internal view returns (bytes32 hash) {
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore8(input, 1)
            mstore(add(input, 1), left)
            mstore(add(input, 33), right)
            // Arguments run right to left: the call comes before the size of what it returned.
            if iszero(and(eq(returndatasize(), 32), staticcall(gas(), 2, input, 65, 0, 32))) { revert(0, 0) }
            hash := mload(0)
        }
    }

    /// @notice `nodeHash(left, first)` and `nodeHash(left, second)`.
    /// @dev Writes `left` once; memory as in `nodeHash`.
    function nodeHashes(bytes32 left, bytes32 first, bytes32 second) internal view returns (bytes32 firstHash, bytes32 secondHash) {
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore8(input, 1)
            mstore(add(input, 1), left)
            mstore(add(input, 33), first)
            let done := staticcall(gas(), 2, input, 65, 0, 32)
            mstore(add(input, 33), second)
            done := and(staticcall(gas(), 2, input, 65, 32, 32), done)
            if iszero(and(eq(returndatasize(), 32), done)) { revert(0, 0) }
            firstHash := mload(0)
            secondHash := mload(32)
        }
    }
}
