// SPDX-License-Identifier: MIT OR Apache-2.0
// What the gateway reads on Flare, as small as it can be: the contract registry, FTSOv2, a token
// and a constant-product pool, with setters for whoever tests. `ganache.rs` compiles it.
pragma solidity ^0.8.20;

contract Registry {
    mapping(bytes32 => address) private addresses;

    function put(string calldata name, address at) external {
        addresses[keccak256(bytes(name))] = at;
    }

    function getContractAddressByName(string calldata name) external view returns (address) {
        return addresses[keccak256(bytes(name))];
    }
}

contract Ftso {
    struct Price {
        uint256 value;
        int8 decimals;
        uint64 time;
    }

    mapping(bytes21 => Price) private prices;

    function set(bytes21 id, uint256 value, int8 decimals) external {
        prices[id] = Price(value, decimals, uint64(block.timestamp));
    }

    /// The same price again, as of now.
    function renew(bytes21 id) external {
        prices[id].time = uint64(block.timestamp);
    }

    /// Payable, as on Flare: some feeds may cost something.
    function getFeedById(
        bytes21 id
    ) external payable returns (uint256 value, int8 decimals, uint64 time) {
        Price memory price = prices[id];
        require(price.time != 0, "no such feed");
        return (price.value, price.decimals, price.time);
    }
}

contract Token {
    uint8 public decimals = 18;

    function setDecimals(uint8 to) external {
        decimals = to;
    }
}

contract Pool {
    address public token0;
    address public token1;
    uint112 private reserve0;
    uint112 private reserve1;
    uint32 private last;

    /// Sorts them, as pools of this kind do.
    constructor(address a, address b) {
        (token0, token1) = a < b ? (a, b) : (b, a);
    }

    function setReserves(address a, uint112 ofA, uint112 ofB) external {
        (reserve0, reserve1) = a == token0 ? (ofA, ofB) : (ofB, ofA);
        last = uint32(block.timestamp);
    }

    function getReserves() external view returns (uint112, uint112, uint32) {
        return (reserve0, reserve1, last);
    }
}
