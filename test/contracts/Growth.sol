// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @dev A growing tree whose proof nodes are drawn, not hashed from leaves: so trees of any size cost nothing.
/// The roots and the path follow the recursion of RFC 9162 2.1.4.1 word for word, unlike the contract, which follows 2.1.4.2.
library Growth {
    struct Proof {
        bytes32 firstRoot;
        bytes32 secondRoot;
        bytes32[] path;
    }

    function hash(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x01), left, right));
    }

    /// @dev The largest power of two below n (n >= 2).
    function split(uint256 n) internal pure returns (uint256 k) {
        k = 1;
        while (k * 2 < n) k *= 2;
    }

    /// @dev PROOF(m, D[n]) for 0 < m < n, over nodes drawn from `seed`.
    function prove(uint256 m, uint256 n, uint256 seed) internal pure returns (Proof memory proof) {
        bytes32[] memory path = new bytes32[](130);
        uint256 length;
        (proof.firstRoot, proof.secondRoot, length) = _subproof(m, n, true, seed, path, 0);
        proof.path = new bytes32[](length);
        for (uint256 i; i < length; ++i) proof.path[i] = path[i];
    }

    function _subproof(uint256 m, uint256 n, bool whole, uint256 seed, bytes32[] memory path, uint256 length)
        private
        pure
        returns (bytes32 first, bytes32 second, uint256)
    {
        if (m == n) {
            bytes32 root = keccak256(abi.encode(seed, "old", length));
            if (!whole) path[length++] = root;
            return (root, root, length);
        }
        uint256 k = split(n);
        if (m <= k) {
            (first, second, length) = _subproof(m, k, whole, seed, path, length);
            bytes32 right = keccak256(abi.encode(seed, "right", length));
            path[length++] = right;
            return (first, hash(second, right), length);
        }
        (first, second, length) = _subproof(m - k, n - k, false, seed, path, length);
        bytes32 left = keccak256(abi.encode(seed, "left", length));
        path[length++] = left;
        return (hash(left, first), hash(left, second), length);
    }

    /// @dev PATH(m, D[n]) over nodes drawn from `seed`, with the root it leads to.
    function include(uint256 m, uint256 n, bytes32 leaf, uint256 seed) internal pure returns (bytes32 root, bytes32[] memory path) {
        bytes32[] memory nodes = new bytes32[](64);
        uint256 length;
        (root, length) = _path(m, n, leaf, seed, nodes, 0);
        path = new bytes32[](length);
        for (uint256 i; i < length; ++i) path[i] = nodes[i];
    }

    function _path(uint256 m, uint256 n, bytes32 leaf, uint256 seed, bytes32[] memory path, uint256 length)
        private
        pure
        returns (bytes32 root, uint256)
    {
        if (n == 1) return (leaf, length);
        uint256 k = split(n);
        bytes32 sibling;
        if (m < k) {
            (root, length) = _path(m, k, leaf, seed, path, length);
            sibling = keccak256(abi.encode(seed, length));
            root = hash(root, sibling);
        } else {
            (root, length) = _path(m - k, n - k, leaf, seed, path, length);
            sibling = keccak256(abi.encode(seed, length));
            root = hash(sibling, root);
        }
        path[length++] = sibling;
        return (root, length);
    }
}
