// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title The anchored checkpoints of one transparency log
/// @notice Holds roots and sizes only. Each checkpoint is signed by the log and proven to extend the one before it.
interface ICheckpointLog {
    /// @notice A checkpoint was anchored; `previousTreeSize` is the size it extends.
    event CheckpointAnchored(uint64 indexed treeSize, bytes32 indexed rootHash, uint64 previousTreeSize);

    /// @notice The admin announced a new signer; anyone may make it take over from `acceptSchedule` on.
    event AnchorSignerChangeBegun(address indexed newSigner, uint48 acceptSchedule);

    /// @notice The admin took the announced change back.
    event AnchorSignerChangeCancelled(address indexed newSigner);

    /// @notice The announced signer took over.
    event AnchorSignerChanged(address indexed previousSigner, address indexed newSigner);

    /// @dev The size does not grow by 1 to 2^24 leaves.
    error CheckpointLogInvalidGrowth(uint64 previousTreeSize, uint64 treeSize);

    /// @dev A root of zero, which means "not anchored".
    error CheckpointLogZeroRoot();

    /// @dev Not 65 bytes r, s, v with low s by the anchor signer over this checkpoint.
    error CheckpointLogInvalidSignature();

    /// @dev The new root is not proven to extend the last one.
    error CheckpointLogInconsistent();

    /// @dev A signer of zero.
    error CheckpointLogInvalidSigner();

    /// @dev A delay below 48 hours.
    error CheckpointLogDelayTooShort(uint48 delay);

    /// @dev Predecessor, fork size and fork root go together.
    error CheckpointLogInvalidFork();

    /// @dev No change of signer is announced, or its delay is not over; `acceptSchedule` is 0 when none is.
    error CheckpointLogSignerChangeNotReady(uint48 acceptSchedule);

    /// @notice Anchors the checkpoint (`treeSize`, `rootHash`) of this log. Anyone may relay and pay.
    /// @param treeSize 1 to 2^24 more than the last anchored size (than 0 at first).
    /// @param rootHash RFC 9162 root of the first `treeSize` entries, not zero.
    /// @param consistencyProof RFC 9162 2.1.4 path from the last anchored checkpoint; empty exactly when there is none.
    /// @param logSignature 65 bytes r, s, v of `anchorSigner()` over the EIP-712 `Checkpoint(string origin,uint64 treeSize,bytes32 rootHash)`.
    function anchor(uint64 treeSize, bytes32 rootHash, bytes32[] calldata consistencyProof, bytes calldata logSignature) external;

    /// @notice The newest anchored checkpoint and the time of its block; zeros before the first.
    function latest() external view returns (uint64 treeSize, bytes32 rootHash, uint64 timestamp);

    /// @notice The root anchored at this size, or zero.
    function rootAt(uint64 treeSize) external view returns (bytes32 rootHash);

    /// @notice Whether the leaf is at `leafIndex` of the tree anchored at `treeSize`. False, never a revert, for anything else.
    /// @param path RFC 9162 2.1.3 inclusion path, from the leaf's sibling upwards.
    function verifyInclusion(uint64 treeSize, bytes32 leafHash, uint64 leafIndex, bytes32[] calldata path)
        external
        view
        returns (bool);

    /// @notice The origin line of the log's checkpoints.
    function origin() external view returns (string memory);

    /// @notice The contract that this one continues from a fork size on, or zero.
    function predecessor() external view returns (address);

    /// @notice The account whose signature a checkpoint needs.
    function anchorSigner() external view returns (address);

    /// @notice The announced signer and the time from which it may take over; zeros when none is announced.
    function pendingAnchorSigner() external view returns (address newSigner, uint48 acceptSchedule);

    /// @notice Admin: announces a new signer. The old one signs until the change is accepted. Replaces an earlier announcement.
    function beginAnchorSignerChange(address newSigner) external;

    /// @notice Admin: takes the announcement back.
    function cancelAnchorSignerChange() external;

    /// @notice Anyone, once the delay is over: the announced signer takes over.
    function acceptAnchorSignerChange() external;
}
