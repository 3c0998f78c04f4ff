// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {AccessControlDefaultAdminRules} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ICheckpointLog} from "./ICheckpointLog.sol";
import {MerkleProof} from "./MerkleProof.sol";

/// @title The anchored checkpoints of one transparency log
/// @dev A stolen gas key can do nothing; a stolen signer cannot rewrite what is anchored, because every new root must
/// extend the last one. No pause, no proxy, no rollback: a log forked by a stolen signer continues in a successor contract.
contract CheckpointLog is ICheckpointLog, AccessControlDefaultAdminRules, EIP712 {
    uint64 private constant MAX_GROWTH = 1 << 24;
    uint48 private constant MIN_DELAY = 48 hours;
    bytes32 private constant CHECKPOINT_TYPEHASH = keccak256("Checkpoint(string origin,uint64 treeSize,bytes32 rootHash)");

    /// @dev One slot, so that an anchor reads and writes it once. Seconds since 1970 fit until 2106.
    struct State {
        address signer;
        uint64 treeSize;
        uint32 timestamp;
    }

    struct PendingSigner {
        address signer;
        uint48 acceptSchedule;
    }

    State private _state;
    PendingSigner private _pending;
    string private _origin;
    bytes32 private immutable _ORIGIN_HASH;
    address public immutable override predecessor;

    /// @inheritdoc ICheckpointLog
    mapping(uint64 treeSize => bytes32 rootHash) public override rootAt;

    /// @param origin_ Origin line of the log's checkpoints.
    /// @param admin May announce and cancel a change of signer, nothing else.
    /// @param adminDelay Seconds before a change of signer or admin takes effect; 48 hours or more.
    /// @param signer The log's anchor signer.
    /// @param predecessor_ The contract this one continues, or zero; it is not called.
    /// @param forkSize The size up to which the predecessor counts; zero exactly when there is none.
    /// @param forkRoot The root at that size; zero exactly when there is none.
    constructor(
        string memory origin_,
        address admin,
        uint48 adminDelay,
        address signer,
        address predecessor_,
        uint64 forkSize,
        bytes32 forkRoot
    ) AccessControlDefaultAdminRules(adminDelay, admin) EIP712("CheckpointLog", "1") {
        if (adminDelay < MIN_DELAY) revert CheckpointLogDelayTooShort(adminDelay);
        if (signer == address(0)) revert CheckpointLogInvalidSigner();
        bool continues = predecessor_ != address(0);
        if (continues != (forkSize != 0) || continues != (forkRoot != 0)) revert CheckpointLogInvalidFork();
        _origin = origin_;
        _ORIGIN_HASH = keccak256(bytes(origin_));
        predecessor = predecessor_;
        _state = State(signer, forkSize, continues ? uint32(block.timestamp) : 0);
        if (continues) rootAt[forkSize] = forkRoot;
    }

    /// @inheritdoc ICheckpointLog
    function anchor(uint64 treeSize, bytes32 rootHash, bytes32[] calldata consistencyProof, bytes calldata logSignature)
        external
    {
        State memory state = _state;
        uint64 last = state.treeSize;
        if (treeSize <= last || treeSize - last > MAX_GROWTH) revert CheckpointLogInvalidGrowth(last, treeSize);
        if (rootHash == 0) revert CheckpointLogZeroRoot();

        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(CHECKPOINT_TYPEHASH, _ORIGIN_HASH, treeSize, rootHash)));
        (address signer, ECDSA.RecoverError problem,) = ECDSA.tryRecoverCalldata(digest, logSignature);
        if (problem != ECDSA.RecoverError.NoError || signer != state.signer) revert CheckpointLogInvalidSignature();

        if (!MerkleProof.isConsistent(last, rootAt[last], treeSize, rootHash, consistencyProof)) {
            revert CheckpointLogInconsistent();
        }

        _state = State(signer, treeSize, uint32(block.timestamp));
        rootAt[treeSize] = rootHash;
        emit CheckpointAnchored(treeSize, rootHash, last);
    }

    /// @inheritdoc ICheckpointLog
    function latest() external view returns (uint64 treeSize, bytes32 rootHash, uint64 timestamp) {
        State memory state = _state;
        return (state.treeSize, rootAt[state.treeSize], state.timestamp);
    }

    /// @inheritdoc ICheckpointLog
    function verifyInclusion(uint64 treeSize, bytes32 leafHash, uint64 leafIndex, bytes32[] calldata path)
        external
        view
        returns (bool)
    {
        bytes32 rootHash = rootAt[treeSize];
        return rootHash != 0 && MerkleProof.isIncluded(treeSize, rootHash, leafHash, leafIndex, path);
    }

    /// @inheritdoc ICheckpointLog
    function origin() external view returns (string memory) {
        return _origin;
    }

    /// @inheritdoc ICheckpointLog
    function anchorSigner() external view returns (address) {
        return _state.signer;
    }

    /// @inheritdoc ICheckpointLog
    function pendingAnchorSigner() external view returns (address newSigner, uint48 acceptSchedule) {
        return (_pending.signer, _pending.acceptSchedule);
    }

    /// @inheritdoc ICheckpointLog
    function beginAnchorSignerChange(address newSigner) external onlyRole(DEFAULT_ADMIN_ROLE) {
        if (newSigner == address(0)) revert CheckpointLogInvalidSigner();
        uint48 acceptSchedule = uint48(block.timestamp) + defaultAdminDelay();
        _pending = PendingSigner(newSigner, acceptSchedule);
        emit AnchorSignerChangeBegun(newSigner, acceptSchedule);
    }

    /// @inheritdoc ICheckpointLog
    function cancelAnchorSignerChange() external onlyRole(DEFAULT_ADMIN_ROLE) {
        address newSigner = _pending.signer;
        if (newSigner == address(0)) revert CheckpointLogSignerChangeNotReady(0);
        delete _pending;
        emit AnchorSignerChangeCancelled(newSigner);
    }

    /// @inheritdoc ICheckpointLog
    function acceptAnchorSignerChange() external {
        PendingSigner memory pending = _pending;
        if (pending.signer == address(0) || block.timestamp < pending.acceptSchedule) {
            revert CheckpointLogSignerChangeNotReady(pending.acceptSchedule);
        }
        address previousSigner = _state.signer;
        _state.signer = pending.signer;
        delete _pending;
        emit AnchorSignerChanged(previousSigner, pending.signer);
    }

    /// @dev Keeps the delay at 48 hours or more.
    function _changeDefaultAdminDelay(uint48 newDelay) internal override {
        if (newDelay < MIN_DELAY) revert CheckpointLogDelayTooShort(newDelay);
        super._changeDefaultAdminDelay(newDelay);
    }
}
