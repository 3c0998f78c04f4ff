// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {CheckpointLog} from "../../contracts/CheckpointLog.sol";
import {Growth} from "./Growth.sol";
import {vm} from "./Vm.sol";

/// @dev Calls the contract as the log, as a thief of the gas key, as a thief of the signer and as the admin.
contract CheckpointLogHandler {
    uint256 constant KEY = 0xA11CE;
    address public constant ADMIN = address(0xAD);
    string constant ORIGIN = "log.example/log";

    CheckpointLog public log;
    bytes32[] leaves;
    /// @dev What was anchored, in order; `signers` are those of the moment.
    uint64[] public sizes;
    bytes32[] public roots;
    bool public intruded;

    constructor() {
        log = new CheckpointLog(ORIGIN, ADMIN, 48 hours, vm.addr(KEY), address(0), 0, 0);
    }

    function anchored() external view returns (uint256) {
        return sizes.length;
    }

    /// The log grows and anchors, whoever relays.
    function grow(uint8 by, address relayer) external {
        if (relayer == address(vm) || leaves.length > 600) return;
        uint256 first = leaves.length;
        for (uint256 i; i <= by % 32; ++i) leaves.push(keccak256(abi.encode(first, i)));
        (uint64 last,,) = log.latest();
        bytes32 root = _mth(0, leaves.length);
        vm.prank(relayer);
        log.anchor(uint64(leaves.length), root, _proof(last), _sign(KEY, uint64(leaves.length), root));
        sizes.push(uint64(leaves.length));
        roots.push(root);
    }

    /// A thief of the signer tries another history: other leaves from somewhere on, with the best proof there is for it.
    function fork(uint256 from, uint8 by) external {
        (uint64 last,,) = log.latest();
        if (last == 0) return;
        bytes32[] memory kept = leaves;
        leaves[from % last] ^= bytes32(uint256(1));
        for (uint256 i; i <= by % 8; ++i) leaves.push(keccak256(abi.encode(from, i)));
        bytes32 root = _mth(0, leaves.length);
        bytes32[] memory proof = _proof(last);
        bytes memory signature = _sign(KEY, uint64(leaves.length), root);
        try log.anchor(uint64(leaves.length), root, proof, signature) {
            intruded = true;
        } catch {}
        leaves = kept;
    }

    /// A thief of the signer tries a smaller or equal size.
    function shorten(uint64 size, bytes32 root, bytes32[] calldata proof) external {
        (uint64 last,,) = log.latest();
        size = size % (last + 1);
        try log.anchor(size, root, proof, _sign(KEY, size, root)) {
            intruded = true;
        } catch {}
    }

    /// A thief of the gas key signs by itself, with a proof that is right.
    function forge(uint256 key, uint8 by) external {
        key = 1 + key % type(uint128).max;
        if (key == KEY) return;
        bytes32[] memory kept = leaves;
        for (uint256 i; i <= by % 8; ++i) leaves.push(keccak256(abi.encode(key, i)));
        (uint64 last,,) = log.latest();
        bytes32 root = _mth(0, leaves.length);
        try log.anchor(uint64(leaves.length), root, _proof(last), _sign(key, uint64(leaves.length), root)) {
            intruded = true;
        } catch {}
        leaves = kept;
    }

    /// Anything at all, from anyone but the admin.
    function poke(address sender, bytes calldata data) external {
        if (sender == address(vm) || sender == ADMIN) return;
        vm.prank(sender);
        (bool done,) = address(log).call(data);
        done;
    }

    /// The admin announces and takes back a signer; the delay is never over here.
    function administer(address next) external {
        if (next == address(0)) return;
        vm.prank(ADMIN);
        log.beginAnchorSignerChange(next);
        try log.acceptAnchorSignerChange() {
            intruded = true;
        } catch {}
        vm.prank(ADMIN);
        log.cancelAnchorSignerChange();
    }

    function _mth(uint256 start, uint256 end) internal view returns (bytes32) {
        if (end - start == 1) return leaves[start];
        uint256 k = Growth.split(end - start);
        return Growth.hash(_mth(start, start + k), _mth(start + k, end));
    }

    function _proof(uint256 first) internal view returns (bytes32[] memory proof) {
        if (first == 0) return proof;
        bytes32[] memory path = new bytes32[](64);
        uint256 length = _subproof(first, 0, leaves.length, true, path);
        proof = new bytes32[](length);
        for (uint256 i; i < length; ++i) proof[i] = path[i];
    }

    function _subproof(uint256 first, uint256 start, uint256 end, bool whole, bytes32[] memory path) internal view returns (uint256 length) {
        if (first == end) {
            if (!whole) path[length++] = _mth(start, end);
            return length;
        }
        uint256 middle = start + Growth.split(end - start);
        if (first <= middle) {
            length = _subproof(first, start, middle, whole, path);
            path[length++] = _mth(middle, end);
        } else {
            length = _subproof(first, middle, end, false, path);
            path[length++] = _mth(start, middle);
        }
    }

    function _sign(uint256 key, uint64 size, bytes32 root) internal view returns (bytes memory) {
        bytes32 domain = keccak256(abi.encode(keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"), keccak256("CheckpointLog"), keccak256("1"), block.chainid, address(log)));
        bytes32 message = keccak256(abi.encode(keccak256("Checkpoint(string origin,uint64 treeSize,bytes32 rootHash)"), keccak256(bytes(ORIGIN)), size, root));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, keccak256(abi.encodePacked("\x19\x01", domain, message)));
        return abi.encodePacked(r, s, v);
    }
}

contract CheckpointLogInvariantTest {
    CheckpointLogHandler handler;

    function setUp() public {
        handler = new CheckpointLogHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// No sequence of calls shortens or forks the log: what was anchored stays, in order, and nothing else is there.
    function invariant_TheContractHoldsExactlyWhatTheLogAnchored() public view {
        require(!handler.intruded(), "a call got in that should not have");
        CheckpointLog log = handler.log();
        uint256 count = handler.anchored();
        uint64 before;
        for (uint256 i; i < count; ++i) {
            uint64 size = handler.sizes(i);
            require(size > before, "sizes grow");
            require(log.rootAt(size) == handler.roots(i), "a root changed");
            for (uint64 between = before + 1; between < size; ++between) require(log.rootAt(between) == 0, "a root from nowhere");
            before = size;
        }
        (uint64 last, bytes32 root,) = log.latest();
        require(last == before && root == (count == 0 ? bytes32(0) : handler.roots(count - 1)), "latest");
        require(log.rootAt(0) == 0, "size 0 is never anchored");
    }

    function invariant_TheSignerStays() public view {
        require(handler.log().anchorSigner() == vm.addr(0xA11CE));
        require(handler.log().defaultAdmin() == handler.ADMIN() && handler.log().defaultAdminDelay() >= 48 hours);
    }
}
