//! Small contracts with the interfaces of Flare's registry, of FTSOv2, of a pool and of a token,
//! put together here from opcodes.
//!
//! Selectors are worked out from the signatures as the documentation prints them, so they prove
//! those that the gateway has written down.

use revm_interpreter::bytecode::opcode::{
    ADD, CALLDATACOPY, CALLDATALOAD, DUP1, EQ, ISZERO, JUMPDEST, JUMPI, KECCAK256, MSTORE, PUSH1,
    PUSH2, PUSH4, RETURN, REVERT, SHR, SLOAD, SSTORE, STOP,
};
use revm_interpreter::primitives::{Address, U256, keccak256};

use super::evm::Chain;

/// The first four bytes of the hash of a signature.
pub(crate) fn selector(signature: &str) -> [u8; 4] {
    let hash = keccak256(signature);
    [hash[0], hash[1], hash[2], hash[3]]
}

/// Changes a word of a contract's storage.
const SET: &str = "set(uint256,uint256)";

/// A contract as functions: a signature and what it runs.
fn contract(functions: &[(&str, Vec<u8>)]) -> Vec<u8> {
    const ENTRY: usize = 11;
    let mut code = vec![PUSH1, 0, CALLDATALOAD, PUSH1, 0xe0, SHR];
    let mut at = code.len() + functions.len() * ENTRY + 5;
    for (signature, body) in functions {
        code.extend([DUP1, PUSH4]);
        code.extend(selector(signature));
        let [high, low] = u16::try_from(at).expect("a small contract").to_be_bytes();
        code.extend([EQ, PUSH2, high, low, JUMPI]);
        at += 1 + body.len();
    }
    code.extend([PUSH1, 0, PUSH1, 0, REVERT]);
    for (_, body) in functions {
        code.push(JUMPDEST);
        code.extend(body);
    }
    code
}

/// `storage[argument 0] = argument 1`
fn set() -> Vec<u8> {
    vec![
        PUSH1,
        36,
        CALLDATALOAD,
        PUSH1,
        4,
        CALLDATALOAD,
        SSTORE,
        STOP,
    ]
}

/// Gives back so many words of storage from the first on.
fn words(first: u8, count: u8) -> Vec<u8> {
    let mut code = Vec::new();
    for index in 0..count {
        code.extend([PUSH1, first + index, SLOAD, PUSH1, 32 * index, MSTORE]);
    }
    code.extend([PUSH1, 32 * count, PUSH1, 0, RETURN]);
    code
}

fn registry() -> Vec<u8> {
    // Where the string begins, its length, its hash, and what is stored under that.
    let by_name = vec![
        PUSH1,
        4,
        CALLDATALOAD,
        PUSH1,
        4,
        ADD,
        CALLDATALOAD,
        DUP1, // length, length
        PUSH1,
        4,
        CALLDATALOAD,
        PUSH1,
        36,
        ADD,
        PUSH1,
        0,
        CALLDATACOPY, // length
        PUSH1,
        0,
        KECCAK256,
        SLOAD,
        PUSH1,
        0,
        MSTORE,
        PUSH1,
        32,
        PUSH1,
        0,
        RETURN,
    ];
    contract(&[("getContractAddressByName(string)", by_name), (SET, set())])
}

fn ftso(jump_base: u8) -> Vec<u8> {
    // The name of a feed is where its value is stored; decimals and time stand behind it. A feed
    // without a time is none.
    let mut by_id = vec![PUSH1, 4, CALLDATALOAD, PUSH1, 2, ADD, SLOAD, ISZERO, PUSH1];
    let end = jump_base + 47;
    by_id.extend([end, JUMPI]);
    for word in 0..3 {
        by_id.extend([
            PUSH1,
            4,
            CALLDATALOAD,
            PUSH1,
            word,
            ADD,
            SLOAD,
            PUSH1,
            32 * word,
            MSTORE,
        ]);
    }
    by_id.extend([PUSH1, 96, PUSH1, 0, RETURN]);
    assert_eq!(by_id.len() + 1, 47, "the jump leads behind it");
    by_id.extend([JUMPDEST, PUSH1, 0, PUSH1, 0, REVERT]);
    contract(&[("getFeedById(bytes21)", by_id), (SET, set())])
}

fn pool() -> Vec<u8> {
    contract(&[
        ("token0()", words(0, 1)),
        ("token1()", words(1, 1)),
        ("getReserves()", words(2, 3)),
        (SET, set()),
    ])
}

fn token() -> Vec<u8> {
    contract(&[("decimals()", words(0, 1)), (SET, set())])
}

/// Flare as it is configured in these tests.
pub(crate) struct Flare {
    pub(crate) chain: Chain,
    ftso: Address,
    /// What a FLR is worth: value and decimals.
    pub(crate) flr: (u64, u8),
}

pub(crate) const REGISTRY: Address = Address::repeat_byte(0xf0);
pub(crate) const POOL: Address = Address::repeat_byte(0xa0);
pub(crate) const TOKEN: Address = Address::repeat_byte(0xb0);
pub(crate) const QUOTE: Address = Address::repeat_byte(0xc0);
const FTSO: Address = Address::repeat_byte(0xf1);

impl Flare {
    /// A pool of so many tokens (18 decimals) and FLR (18 decimals); an XRP is worth $2, a FLR $1.
    pub(crate) fn new(time: u64, tokens: u64, flr: u64) -> Flare {
        let mut chain = Chain::default();
        (chain.block, chain.time) = (100, time);
        chain.deploy(REGISTRY, registry());
        chain.deploy(POOL, pool());
        chain.deploy(TOKEN, token());
        chain.deploy(QUOTE, token());
        let mut flare = Flare {
            chain,
            ftso: FTSO,
            flr: (100_000, 5),
        };
        flare.move_ftso(FTSO);
        flare.set(POOL, U256::from(0), word(QUOTE));
        flare.set(POOL, U256::from(1), word(TOKEN));
        flare.set_decimals(TOKEN, 18);
        flare.set_decimals(QUOTE, 18);
        flare.set_reserves(tokens, flr);
        flare
    }

    /// FTSOv2 is somewhere else; what stood before goes stale.
    pub(crate) fn move_ftso(&mut self, to: Address) {
        // Two functions: six bytes, an entry of eleven for each, five to revert, one to land on.
        self.chain.deploy(to, ftso(6 + 2 * 11 + 5));
        self.set(REGISTRY, keccak256("FtsoV2").into(), word(to));
        self.ftso = to;
        self.refresh_prices();
    }

    fn set_price(&mut self, feed: &str, (value, decimals): (u64, u8)) {
        let mut id = [0; 32];
        id[0] = 1;
        id[1..=feed.len()].copy_from_slice(feed.as_bytes());
        let id = U256::from_be_bytes(id);
        let time = self.chain.time;
        let ftso = self.ftso;
        self.set(ftso, id, U256::from(value));
        self.set(ftso, id + U256::from(1), U256::from(decimals));
        self.set(ftso, id + U256::from(2), U256::from(time));
    }

    pub(crate) fn set_decimals(&mut self, token: Address, decimals: u8) {
        self.set(token, U256::ZERO, U256::from(decimals));
    }

    /// Whole tokens and FLR of 18 decimals.
    pub(crate) fn set_reserves(&mut self, tokens: u64, flr: u64) {
        let wei = U256::from(10).pow(U256::from(18));
        let time = self.chain.time;
        self.set(POOL, U256::from(2), U256::from(flr) * wei);
        self.set(POOL, U256::from(3), U256::from(tokens) * wei);
        self.set(POOL, U256::from(4), U256::from(time));
    }

    /// The next block.
    pub(crate) fn mine(&mut self, time: u64) {
        self.chain.block += 1;
        self.chain.time = time;
    }

    /// Both prices again, as of the newest block.
    pub(crate) fn refresh_prices(&mut self) {
        self.set_price("XRP/USD", (2_000_000, 6));
        self.set_price("FLR/USD", self.flr);
    }

    fn set(&mut self, contract: Address, slot: U256, value: U256) {
        let mut data = selector(SET).to_vec();
        data.extend(slot.to_be_bytes::<32>());
        data.extend(value.to_be_bytes::<32>());
        self.chain.send(contract, &data);
    }
}

fn word(address: Address) -> U256 {
    U256::from_be_slice(address.as_slice())
}

#[test]
fn the_contracts_answer_as_their_interfaces_say() {
    let mut flare = Flare::new(1_700_000_000, 1_000, 2_000_000);
    let number = |bytes: &[u8]| U256::from_be_slice(bytes);
    let call = |flare: &Flare, to, signature: &str| {
        flare
            .chain
            .call(to, &selector(signature))
            .expect("it answers")
    };
    assert_eq!(number(&call(&flare, POOL, "token0()")), word(QUOTE));
    let reserves = call(&flare, POOL, "getReserves()");
    assert_eq!(reserves.len(), 96);
    assert_eq!(
        number(&reserves[32..64]),
        U256::from(10).pow(U256::from(21))
    );
    assert_eq!(number(&call(&flare, TOKEN, "decimals()")), U256::from(18));
    assert!(
        flare.chain.call(POOL, &selector("decimals()")).is_err(),
        "no such function"
    );
    let mut feed = selector("getFeedById(bytes21)").to_vec();
    feed.extend([[1].as_slice(), b"XRP/USD", &[0; 24]].concat());
    let price = flare.chain.call(FTSO, &feed).expect("it is known");
    assert_eq!(number(&price[..32]), U256::from(2_000_000));
    assert_eq!(number(&price[32..64]), U256::from(6));
    feed[5] = b'Y';
    assert!(flare.chain.call(FTSO, &feed).is_err(), "no such feed");
    flare.chain.destroy(POOL);
    assert_eq!(
        flare.chain.call(POOL, &feed),
        Ok(Vec::new()),
        "nobody is there"
    );
}
