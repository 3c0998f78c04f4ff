// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {CheckpointLog} from "../../contracts/CheckpointLog.sol";
import {ICheckpointLog} from "../../contracts/ICheckpointLog.sol";
import {MerkleProof} from "../../contracts/MerkleProof.sol";
import {Growth} from "./Growth.sol";
import {vm} from "./Vm.sol";

contract CheckpointLogTest {
    uint256 constant KEY = 0xA11CE;
    uint256 constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
    string constant ORIGIN = "log.example/log";
    uint64 constant MAX = 1 << 24;
    address constant ADMIN = address(0xAD);

    CheckpointLog log;

    function setUp() public {
        vm.warp(1_800_000_000);
        log = new CheckpointLog(ORIGIN, ADMIN, 48 hours, vm.addr(KEY), address(0), 0, 0);
    }

    // --- growth

    function testFuzz_EveryGrowthIsAnchored(uint64 first, uint64 growth, uint256 seed) public {
        first = 1 + first % (1 << 20);
        uint64 second = first + 1 + growth % (1 << 20);
        Growth.Proof memory proof = Growth.prove(first, second, seed);
        _anchor(first, proof.firstRoot, new bytes32[](0));
        _expectLatest(first, proof.firstRoot);
        _anchor(second, proof.secondRoot, proof.path);
        _expectLatest(second, proof.secondRoot);
        require(log.rootAt(first) == proof.firstRoot, "an anchored root changed");
    }

    function test_EveryShapeOfASmallTreeIsAnchored() public {
        for (uint64 first = 1; first <= 40; ++first) {
            for (uint64 second = first + 1; second <= 41; ++second) {
                setUp();
                Growth.Proof memory proof = Growth.prove(first, second, first * 64 + second);
                _anchor(first, proof.firstRoot, new bytes32[](0));
                _anchor(second, proof.secondRoot, proof.path);
            }
        }
    }

    /// Sizes around powers of two reach every length of a proof up to 2^20 leaves.
    function test_EveryProofLengthIsAnchored() public {
        bool[64] memory seen;
        for (uint64 level = 1; level <= 20; ++level) {
            for (uint64 i; i < 9; ++i) {
                uint64 first = [uint64(1), 2, 3, uint64(1) << (level - 1), (uint64(1) << level) - 1, uint64(1) << level, (uint64(1) << level) + 1, (uint64(1) << level) / 3 + 1, (uint64(1) << level) / 5 * 4 + 1][i];
                uint64 second = [(uint64(1) << level) + 2, (uint64(1) << level) * 2 - 1, (uint64(1) << level) * 2][i % 3];
                if (first >= second) continue;
                setUp();
                Growth.Proof memory proof = Growth.prove(first, second, i);
                seen[proof.path.length] = true;
                _anchor(first, proof.firstRoot, new bytes32[](0));
                _anchor(second, proof.secondRoot, proof.path);
            }
        }
        for (uint256 length = 1; length <= 21; ++length) require(seen[length], "a proof length was not reached");
    }

    function testFuzz_EveryMutatedElementIsRejected(uint64 first, uint64 growth, uint256 seed, uint256 where, uint8 bit) public {
        first = 1 + first % (1 << 20);
        uint64 second = first + 1 + growth % (1 << 20);
        Growth.Proof memory proof = Growth.prove(first, second, seed);
        bytes32 flip = bytes32(uint256(1) << bit);
        _anchor(first, proof.firstRoot, new bytes32[](0));

        _refuse(second, proof.secondRoot ^ flip, proof.path, ICheckpointLog.CheckpointLogInconsistent.selector);
        _refuse(second, proof.firstRoot, proof.path, ICheckpointLog.CheckpointLogInconsistent.selector);
        _refuse(second, proof.secondRoot, new bytes32[](0), ICheckpointLog.CheckpointLogInconsistent.selector);

        bytes32[] memory path = _copy(proof.path, proof.path.length);
        path[where % path.length] ^= flip;
        _refuse(second, proof.secondRoot, path, ICheckpointLog.CheckpointLogInconsistent.selector);

        path = _copy(proof.path, proof.path.length - 1);
        _refuse(second, proof.secondRoot, path, ICheckpointLog.CheckpointLogInconsistent.selector);

        path = _copy(proof.path, proof.path.length + 1);
        _refuse(second, proof.secondRoot, path, ICheckpointLog.CheckpointLogInconsistent.selector);
        path[proof.path.length] = proof.path[where % proof.path.length];
        _refuse(second, proof.secondRoot, path, ICheckpointLog.CheckpointLogInconsistent.selector);

        _anchor(second, proof.secondRoot, proof.path);
    }

    function test_EveryElementOfALongProofIsNeeded() public {
        Growth.Proof memory proof = Growth.prove((1 << 20) - 1, (1 << 21) - 2, 7);
        _anchor((1 << 20) - 1, proof.firstRoot, new bytes32[](0));
        for (uint256 i; i < proof.path.length; ++i) {
            bytes32[] memory path = _copy(proof.path, proof.path.length);
            path[i] ^= bytes32(uint256(1));
            _refuse((1 << 21) - 2, proof.secondRoot, path, ICheckpointLog.CheckpointLogInconsistent.selector);
        }
        _anchor((1 << 21) - 2, proof.secondRoot, proof.path);
    }

    function testFuzz_AForkIsRejected(uint64 first, uint64 growth, uint256 seed, uint256 otherSeed) public {
        vm.assume(seed != otherSeed);
        first = 1 + first % (1 << 20);
        uint64 second = first + 1 + growth % (1 << 20);
        Growth.Proof memory proof = Growth.prove(first, second, seed);
        Growth.Proof memory fork = Growth.prove(first, second, otherSeed);
        _anchor(first, proof.firstRoot, new bytes32[](0));
        _refuse(second, fork.secondRoot, fork.path, ICheckpointLog.CheckpointLogInconsistent.selector);
    }

    function testFuzz_TheSizeOnlyGrowsAndByNoMoreThanTheCap(uint64 first, uint64 second, bytes32 root) public {
        vm.assume(root != 0);
        first = 1 + first % MAX;
        _anchor(first, root, new bytes32[](0));
        if (second > first && second - first <= MAX) second = first;
        _refuse(second, root, new bytes32[](1), abi.encodeWithSelector(ICheckpointLog.CheckpointLogInvalidGrowth.selector, first, second));
    }

    function test_TheCapHoldsAtItsEdgesAndForTheFirstAnchor() public {
        bytes32[] memory none = new bytes32[](0);
        _refuse(0, bytes32(uint256(1)), none, abi.encodeWithSelector(ICheckpointLog.CheckpointLogInvalidGrowth.selector, 0, 0));
        _refuse(MAX + 1, bytes32(uint256(1)), none, abi.encodeWithSelector(ICheckpointLog.CheckpointLogInvalidGrowth.selector, 0, MAX + 1));
        _refuse(type(uint64).max, bytes32(uint256(1)), none, abi.encodeWithSelector(ICheckpointLog.CheckpointLogInvalidGrowth.selector, 0, type(uint64).max));
        Growth.Proof memory proof = Growth.prove(MAX, 2 * MAX, 1);
        _anchor(MAX, proof.firstRoot, none);
        _refuse(2 * MAX + 1, proof.secondRoot, proof.path, abi.encodeWithSelector(ICheckpointLog.CheckpointLogInvalidGrowth.selector, MAX, 2 * MAX + 1));
        _anchor(2 * MAX, proof.secondRoot, proof.path);
    }

    function test_TheSizeDoesNotWrap() public {
        uint64 size = type(uint64).max - 1;
        Growth.Proof memory proof = Growth.prove(size, type(uint64).max, 3);
        log = new CheckpointLog(ORIGIN, ADMIN, 48 hours, vm.addr(KEY), address(1), size, proof.firstRoot);
        _refuse(0, bytes32(uint256(1)), new bytes32[](1), abi.encodeWithSelector(ICheckpointLog.CheckpointLogInvalidGrowth.selector, size, 0));
        _refuse(5, bytes32(uint256(1)), new bytes32[](1), abi.encodeWithSelector(ICheckpointLog.CheckpointLogInvalidGrowth.selector, size, 5));
        _anchor(type(uint64).max, proof.secondRoot, proof.path);
    }

    function test_TheFirstAnchorHasNoProofAndNoZeroRoot() public {
        _refuse(1, bytes32(uint256(1)), new bytes32[](1), ICheckpointLog.CheckpointLogInconsistent.selector);
        _refuse(1, 0, new bytes32[](0), ICheckpointLog.CheckpointLogZeroRoot.selector);
    }

    function test_AnchoringIsTold() public {
        Growth.Proof memory proof = Growth.prove(5, 9, 1);
        _anchor(5, proof.firstRoot, new bytes32[](0));
        bytes memory signature = _sign(KEY, address(log), block.chainid, ORIGIN, 9, proof.secondRoot);
        vm.expectEmit();
        emit ICheckpointLog.CheckpointAnchored(9, proof.secondRoot, 5);
        log.anchor(9, proof.secondRoot, proof.path, signature);
    }

    // --- who decides

    function testFuzz_AnyoneMayRelay(address relayer, uint64 size, bytes32 root) public {
        vm.assume(root != 0 && relayer != address(0) && relayer != address(vm));
        size = 1 + size % MAX;
        bytes memory signature = _sign(KEY, address(log), block.chainid, ORIGIN, size, root);
        vm.prank(relayer);
        log.anchor(size, root, new bytes32[](0), signature);
        _expectLatest(size, root);
    }

    function testFuzz_OnlyTheAnchorSignerDecides(uint256 key, address relayer, uint64 size, bytes32 root) public {
        key = 1 + key % (ORDER - 1);
        vm.assume(key != KEY && root != 0 && relayer != address(vm));
        size = 1 + size % MAX;
        bytes memory signature = _sign(key, address(log), block.chainid, ORIGIN, size, root);
        vm.prank(relayer);
        vm.expectRevert(ICheckpointLog.CheckpointLogInvalidSignature.selector);
        log.anchor(size, root, new bytes32[](0), signature);
    }

    function testFuzz_BytesThatAreNoSignatureAreRefused(bytes calldata junk, uint64 size, bytes32 root) public {
        vm.assume(root != 0);
        vm.expectRevert(ICheckpointLog.CheckpointLogInvalidSignature.selector);
        log.anchor(1 + size % MAX, root, new bytes32[](0), junk);
    }

    function testFuzz_ASignatureIsForOneChainContractOriginSizeAndRoot(uint64 size, bytes32 root, uint64 chain) public {
        vm.assume(root != 0 && root != bytes32(uint256(1)) && chain != 0 && chain != block.chainid);
        size = 1 + size % (MAX - 1);
        bytes[5] memory others = [
            _sign(KEY, address(log), chain, ORIGIN, size, root),
            _sign(KEY, address(this), block.chainid, ORIGIN, size, root),
            _sign(KEY, address(log), block.chainid, "other.example/log", size, root),
            _sign(KEY, address(log), block.chainid, ORIGIN, size + 1, root),
            _sign(KEY, address(log), block.chainid, ORIGIN, size, bytes32(uint256(1)))
        ];
        for (uint256 i; i < 5; ++i) {
            vm.expectRevert(ICheckpointLog.CheckpointLogInvalidSignature.selector);
            log.anchor(size, root, new bytes32[](0), others[i]);
        }
    }

    function testFuzz_ASignatureHasOneForm(uint64 size, bytes32 root) public {
        vm.assume(root != 0);
        size = 1 + size % MAX;
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, _digest(address(log), block.chainid, ORIGIN, size, root));
        bytes32 highS = bytes32(ORDER - uint256(s));
        bytes32 compact = bytes32(uint256(s) | (uint256(v - 27) << 255));
        bytes[5] memory others = [
            abi.encodePacked(r, highS, v == 27 ? uint8(28) : uint8(27)),
            abi.encodePacked(r, s, v - 27),
            abi.encodePacked(r, s, v, uint8(0)),
            abi.encodePacked(r, compact),
            abi.encodePacked(bytes32(0), bytes32(0), v)
        ];
        for (uint256 i; i < 5; ++i) {
            vm.expectRevert(ICheckpointLog.CheckpointLogInvalidSignature.selector);
            log.anchor(size, root, new bytes32[](0), others[i]);
        }
        log.anchor(size, root, new bytes32[](0), abi.encodePacked(r, s, v));
    }

    function test_ASignatureServesOnce() public {
        _anchor(5, bytes32(uint256(5)), new bytes32[](0));
        _refuse(5, bytes32(uint256(5)), new bytes32[](0), abi.encodeWithSelector(ICheckpointLog.CheckpointLogInvalidGrowth.selector, 5, 5));
    }

    // --- inclusion

    function testFuzz_InclusionUnderAnAnchoredRoot(uint64 size, uint64 index, bytes32 leaf, uint256 seed, uint256 where, uint8 bit) public {
        size = 1 + size % (1 << 20);
        index = index % size;
        (bytes32 root, bytes32[] memory path) = Growth.include(index, size, leaf, seed);
        vm.assume(root != 0);
        require(!log.verifyInclusion(size, leaf, index, path), "nothing is anchored yet");
        _anchor(size, root, new bytes32[](0));
        require(log.verifyInclusion(size, leaf, index, path), "the leaf is there");
        require(!log.verifyInclusion(size, leaf ^ bytes32(uint256(1) << bit), index, path), "another leaf");
        require(!log.verifyInclusion(size, leaf, size, path), "an index at the size");
        require(!log.verifyInclusion(size, leaf, type(uint64).max, path), "the largest index");
        require(!log.verifyInclusion(size + 1, leaf, index, path), "a size that is not anchored");
        require(!log.verifyInclusion(0, leaf, index, path), "size 0");
        require(!log.verifyInclusion(size, leaf, index, _copy(path, path.length + 1)), "a longer path");
        if (path.length > 0) {
            require(!log.verifyInclusion(size, leaf, index, _copy(path, path.length - 1)), "a shorter path");
            path[where % path.length] ^= bytes32(uint256(1) << bit);
            require(!log.verifyInclusion(size, leaf, index, path), "a changed path");
        }
    }

    function testFuzz_InclusionNeverReverts(uint64 size, bytes32 leaf, uint64 index, bytes32[] calldata path) public {
        _anchor(1 + size % MAX, bytes32(uint256(1)), new bytes32[](0));
        require(!log.verifyInclusion(1 + size % MAX, leaf, index, path));
        require(!log.verifyInclusion(size, leaf, index, path));
    }

    // --- construction

    function test_TheConstructorRefuses() public {
        address signer = vm.addr(KEY);
        bytes32 root = bytes32(uint256(1));
        vm.expectRevert();
        new CheckpointLog(ORIGIN, address(0), 48 hours, signer, address(0), 0, 0);
        vm.expectRevert(ICheckpointLog.CheckpointLogInvalidSigner.selector);
        new CheckpointLog(ORIGIN, ADMIN, 48 hours, address(0), address(0), 0, 0);
        vm.expectRevert(abi.encodeWithSelector(ICheckpointLog.CheckpointLogDelayTooShort.selector, uint48(48 hours) - 1));
        new CheckpointLog(ORIGIN, ADMIN, 48 hours - 1, signer, address(0), 0, 0);
        for (uint256 some = 1; some < 7; ++some) {
            vm.expectRevert(ICheckpointLog.CheckpointLogInvalidFork.selector);
            new CheckpointLog(ORIGIN, ADMIN, 48 hours, signer, some & 1 == 0 ? address(0) : address(1), some & 2 == 0 ? 0 : 5, some & 4 == 0 ? bytes32(0) : root);
        }
    }

    function test_AFreshLogHoldsNothing() public view {
        _expectLatest(0, 0, 0);
        require(keccak256(bytes(log.origin())) == keccak256(bytes(ORIGIN)));
        require(log.predecessor() == address(0) && log.anchorSigner() == vm.addr(KEY));
        (address pending, uint48 schedule) = log.pendingAnchorSigner();
        require(pending == address(0) && schedule == 0);
    }

    /// A stolen signer forked the log at 9; the successor starts at 5, where the log was last sound.
    function testFuzz_ASuccessorTakesOverAtTheForkSize(uint64 fork, uint64 growth, uint256 seed) public {
        fork = 1 + fork % (1 << 20);
        uint64 second = fork + 1 + growth % (1 << 20);
        Growth.Proof memory proof = Growth.prove(fork, second, seed);
        Growth.Proof memory stolen = Growth.prove(fork, second, ~seed);
        _anchor(fork, proof.firstRoot, new bytes32[](0));
        CheckpointLog old = log;
        uint256 newKey = 0xB0B;
        log = new CheckpointLog(ORIGIN, ADMIN, 72 hours, vm.addr(newKey), address(old), fork, proof.firstRoot);
        _expectLatest(fork, proof.firstRoot, 1_800_000_000);
        require(log.rootAt(fork) == proof.firstRoot && log.predecessor() == address(old));

        bytes memory signature = _sign(newKey, address(log), block.chainid, ORIGIN, second, stolen.secondRoot);
        vm.expectRevert(ICheckpointLog.CheckpointLogInconsistent.selector);
        log.anchor(second, stolen.secondRoot, stolen.path, signature);
        signature = _sign(KEY, address(log), block.chainid, ORIGIN, second, proof.secondRoot);
        vm.expectRevert(ICheckpointLog.CheckpointLogInvalidSignature.selector);
        log.anchor(second, proof.secondRoot, proof.path, signature);
        log.anchor(second, proof.secondRoot, proof.path, _sign(newKey, address(log), block.chainid, ORIGIN, second, proof.secondRoot));
        _expectLatest(second, proof.secondRoot);
    }

    // --- the admin

    function test_AChangeOfSignerTakesTheDelayThatHeldWhenItBegan() public {
        address next = vm.addr(0xB0B);
        vm.prank(ADMIN);
        log.beginAnchorSignerChange(next);
        (address pending, uint48 schedule) = log.pendingAnchorSigner();
        require(pending == next && schedule == block.timestamp + 48 hours);
        vm.prank(ADMIN);
        log.changeDefaultAdminDelay(96 hours);

        vm.warp(schedule - 1);
        vm.expectRevert(abi.encodeWithSelector(ICheckpointLog.CheckpointLogSignerChangeNotReady.selector, schedule));
        log.acceptAnchorSignerChange();
        _anchor(5, bytes32(uint256(5)), new bytes32[](0));

        vm.warp(schedule);
        vm.prank(address(0xCAFE));
        log.acceptAnchorSignerChange();
        require(log.anchorSigner() == next);
        (uint64 size,, uint64 time) = log.latest();
        require(size == 5 && time == schedule - 1, "the change touched the checkpoint");
        Growth.Proof memory proof = Growth.prove(5, 9, 1);
        _refuse(9, proof.secondRoot, proof.path, ICheckpointLog.CheckpointLogInvalidSignature.selector);
        vm.expectRevert(abi.encodeWithSelector(ICheckpointLog.CheckpointLogSignerChangeNotReady.selector, 0));
        log.acceptAnchorSignerChange();
    }

    function test_AChangeOfSignerCanBeTakenBackAndReplaced() public {
        vm.prank(ADMIN);
        log.beginAnchorSignerChange(address(2));
        vm.prank(ADMIN);
        log.cancelAnchorSignerChange();
        vm.warp(block.timestamp + 1000 hours);
        vm.expectRevert(abi.encodeWithSelector(ICheckpointLog.CheckpointLogSignerChangeNotReady.selector, 0));
        log.acceptAnchorSignerChange();
        vm.prank(ADMIN);
        vm.expectRevert(abi.encodeWithSelector(ICheckpointLog.CheckpointLogSignerChangeNotReady.selector, 0));
        log.cancelAnchorSignerChange();

        vm.prank(ADMIN);
        log.beginAnchorSignerChange(address(2));
        vm.warp(block.timestamp + 40 hours);
        vm.prank(ADMIN);
        log.beginAnchorSignerChange(address(3));
        (address pending, uint48 schedule) = log.pendingAnchorSigner();
        require(pending == address(3) && schedule == block.timestamp + 48 hours, "a replaced change waits anew");
        vm.prank(ADMIN);
        vm.expectRevert(ICheckpointLog.CheckpointLogInvalidSigner.selector);
        log.beginAnchorSignerChange(address(0));
    }

    function testFuzz_OnlyTheAdminChangesTheSigner(address other) public {
        vm.assume(other != ADMIN && other != address(vm));
        vm.prank(other);
        vm.expectRevert();
        log.beginAnchorSignerChange(other);
        vm.prank(other);
        vm.expectRevert();
        log.cancelAnchorSignerChange();
        vm.prank(other);
        vm.expectRevert();
        log.changeDefaultAdminDelay(96 hours);
        vm.prank(other);
        vm.expectRevert();
        log.beginDefaultAdminTransfer(other);
    }

    function testFuzz_TheDelayStaysAt48HoursOrMore(uint48 delay) public {
        delay = delay % uint48(48 hours);
        vm.prank(ADMIN);
        vm.expectRevert(abi.encodeWithSelector(ICheckpointLog.CheckpointLogDelayTooShort.selector, delay));
        log.changeDefaultAdminDelay(delay);
    }

    /// The admin alone anchors nothing, at once or after any delay, without the signature of the log.
    function test_TheAdminCannotAnchor() public {
        bytes memory signature = _sign(0xB0B, address(log), block.chainid, ORIGIN, 5, bytes32(uint256(5)));
        vm.prank(ADMIN);
        vm.expectRevert(ICheckpointLog.CheckpointLogInvalidSignature.selector);
        log.anchor(5, bytes32(uint256(5)), new bytes32[](0), signature);
    }

    function test_TheContractTakesNoMoney() public {
        (bool sent,) = address(log).call{value: 1}("");
        require(!sent);
        bytes memory signature = _sign(KEY, address(log), block.chainid, ORIGIN, 5, bytes32(uint256(5)));
        bytes memory data = abi.encodeCall(ICheckpointLog.anchor, (5, bytes32(uint256(5)), new bytes32[](0), signature));
        (sent,) = address(log).call{value: 1}(data);
        require(!sent);
    }

    /// The only assembly against the plain expression.
    function testFuzz_TheNodeHashIsTheHashOfRfc9162(bytes32 left, bytes32 right) public view {
        require(MerkleProof.nodeHash(left, right) == sha256(abi.encodePacked(bytes1(0x01), left, right)));
        bytes memory after_ = abi.encodePacked(left, right);
        (bytes32 first, bytes32 second) = MerkleProof.nodeHashes(right, left, right);
        require(first == MerkleProof.nodeHash(right, left) && second == MerkleProof.nodeHash(right, right));
        require(keccak256(after_) == keccak256(abi.encodePacked(left, right)), "memory was touched");
    }

    // --- support

    function _anchor(uint64 size, bytes32 root, bytes32[] memory path) internal {
        log.anchor(size, root, path, _sign(KEY, address(log), block.chainid, ORIGIN, size, root));
    }

    function _refuse(uint64 size, bytes32 root, bytes32[] memory path, bytes4 reason) internal {
        _refuse(size, root, path, abi.encodeWithSelector(reason));
    }

    function _refuse(uint64 size, bytes32 root, bytes32[] memory path, bytes memory reason) internal {
        bytes memory signature = _sign(KEY, address(log), block.chainid, ORIGIN, size, root);
        vm.expectRevert(reason);
        log.anchor(size, root, path, signature);
    }

    function _expectLatest(uint64 size, bytes32 root) internal view {
        _expectLatest(size, root, uint64(block.timestamp));
    }

    function _expectLatest(uint64 size, bytes32 root, uint64 time) internal view {
        (uint64 latestSize, bytes32 latestRoot, uint64 latestTime) = log.latest();
        require(latestSize == size && latestRoot == root && latestTime == time, "latest");
        require(log.rootAt(size) == root, "rootAt");
    }

    function _sign(uint256 key, address where, uint256 chain, string memory origin, uint64 size, bytes32 root) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, _digest(where, chain, origin, size, root));
        return abi.encodePacked(r, s, v);
    }

    function _digest(address where, uint256 chain, string memory origin, uint64 size, bytes32 root) internal pure returns (bytes32) {
        bytes32 domain = keccak256(abi.encode(keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"), keccak256("CheckpointLog"), keccak256("1"), chain, where));
        bytes32 message = keccak256(abi.encode(keccak256("Checkpoint(string origin,uint64 treeSize,bytes32 rootHash)"), keccak256(bytes(origin)), size, root));
        return keccak256(abi.encodePacked("\x19\x01", domain, message));
    }

    function _copy(bytes32[] memory path, uint256 length) internal pure returns (bytes32[] memory copy) {
        copy = new bytes32[](length);
        for (uint256 i; i < length && i < path.length; ++i) copy[i] = path[i];
    }
}
