//! As much of Ethereum's call encoding as six functions need.
//!
//! Selectors are the first four bytes of the Keccak-256 of a function's signature; a test works
//! them out again.

use num_bigint::BigUint;

/// `getContractAddressByName(string)` of Flare's contract registry.
pub(super) const CONTRACT_BY_NAME: [u8; 4] = [0x82, 0x76, 0x0f, 0xca];
/// `getFeedById(bytes21)` of FTSOv2: value, decimals, timestamp.
pub(super) const FEED_BY_ID: [u8; 4] = [0x93, 0xe9, 0xf8, 0x06];
/// `getReserves()` of a pool: both reserves, the time of its last trade.
pub(super) const RESERVES: [u8; 4] = [0x09, 0x02, 0xf1, 0xac];
/// `token0()` of a pool.
pub(super) const TOKEN_0: [u8; 4] = [0x0d, 0xfe, 0x16, 0x81];
/// `token1()` of a pool.
pub(super) const TOKEN_1: [u8; 4] = [0xd2, 0x12, 0x20, 0xa7];
/// `decimals()` of a token.
pub(super) const DECIMALS: [u8; 4] = [0x31, 0x3c, 0xe5, 0x67];

/// A contract's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address([u8; 20]);

/// The name of an FTSOv2 feed: a category and up to twenty characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedId([u8; 21]);

/// The category of feeds of crypto-assets.
const CRYPTO: u8 = 1;

impl Address {
    /// Reads `0x` and 40 hex digits, in any case.
    pub fn parse(text: &str) -> Option<Address> {
        bytes(text)?.try_into().ok().map(Address)
    }

    /// `0x` and 40 hex digits.
    pub fn text(self) -> String {
        hex(&self.0)
    }

    pub(super) fn is_zero(self) -> bool {
        self.0 == [0; 20]
    }
}

impl FeedId {
    /// Reads the name of a pair of crypto-assets like `XRP/USD`, or any feed's `0x` and 42 hex
    /// digits.
    pub fn parse(text: &str) -> Option<FeedId> {
        if text.starts_with("0x") {
            return bytes(text)?.try_into().ok().map(FeedId);
        }
        let is_name = (1..=20).contains(&text.len())
            && text.contains('/')
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_name.then(|| {
            let mut id = [0; 21];
            id[0] = CRYPTO;
            id[1..=text.len()].copy_from_slice(text.as_bytes());
            FeedId(id)
        })
    }
}

/// The data of a call without arguments.
pub(super) fn call(selector: [u8; 4]) -> String {
    hex(&selector)
}

/// The data of a call with a string of at most 32 bytes.
pub(super) fn call_with_text(selector: [u8; 4], text: &str) -> String {
    let text = &text.as_bytes()[..text.len().min(32)];
    let mut data = selector.to_vec();
    let mut word = [0; 32];
    word[31] = 32;
    data.extend_from_slice(&word);
    word[31] = u8::try_from(text.len()).unwrap_or(32);
    data.extend_from_slice(&word);
    let mut content = [0; 32];
    content[..text.len()].copy_from_slice(text);
    data.extend_from_slice(&content);
    hex(&data)
}

/// The data of a call with the name of a feed.
pub(super) fn call_with_feed(selector: [u8; 4], feed: FeedId) -> String {
    let mut data = selector.to_vec();
    data.extend_from_slice(&feed.0);
    data.extend_from_slice(&[0; 11]);
    hex(&data)
}

/// What a call gave back, in words of 32 bytes.
pub(super) struct Words(Vec<[u8; 32]>);

impl Words {
    /// Reads `0x` and whole words, at least `count` of them.
    pub(super) fn parse(text: &str, count: usize) -> Option<Words> {
        let bytes = bytes(text)?;
        let (words, rest) = bytes.as_chunks::<32>();
        (rest.is_empty() && words.len() >= count).then(|| Words(words.to_vec()))
    }

    pub(super) fn unsigned(&self, index: usize) -> Option<BigUint> {
        self.0.get(index).map(|word| BigUint::from_bytes_be(word))
    }

    /// A whole number that fits, with nothing but zeros before it.
    pub(super) fn small<T: TryFrom<BigUint>>(&self, index: usize) -> Option<T> {
        T::try_from(self.unsigned(index)?).ok()
    }

    /// An `int8`, its sign in all bytes before it.
    pub(super) fn int8(&self, index: usize) -> Option<i8> {
        let word = self.0.get(index)?;
        let value = i8::from_be_bytes([word[31]]);
        let sign = if value < 0 { 0xff } else { 0 };
        word[..31].iter().all(|byte| *byte == sign).then_some(value)
    }

    pub(super) fn address(&self, index: usize) -> Option<Address> {
        let (padding, address) = self.0.get(index)?.split_at(12);
        let address = address.try_into().ok().map(Address)?;
        padding.iter().all(|byte| *byte == 0).then_some(address)
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 + 2 * bytes.len());
    text.push_str("0x");
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// The longest answer that is read, in bytes.
const MAX_BYTES: usize = 4_096;

fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x")?.as_bytes();
    if digits.len() > 2 * MAX_BYTES {
        return None;
    }
    let (pairs, rest) = digits.as_chunks::<2>();
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|it| u8::try_from(it).ok())
    };
    let byte = |pair: &[u8; 2]| Some(digit(pair[0])? << 4 | digit(pair[1])?);
    rest.is_empty().then(|| pairs.iter().map(byte).collect())?
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

    use super::*;

    #[test]
    fn feeds_are_named_as_flare_names_them() {
        let id = |text| FeedId::parse(text).map(|it| hex(&it.0));
        let xrp = "0x015852502f55534400000000000000000000000000";
        assert_eq!(id("XRP/USD").as_deref(), Some(xrp));
        assert_eq!(id(xrp).as_deref(), Some(xrp));
        for text in ["", "XRP", "0x01", "XRP/USD and twenty more", "XRP /USD"] {
            assert_eq!(id(text), None, "{text}");
        }
    }

    #[test]
    fn words_are_read_exactly_or_not_at_all() {
        let word = |tail: &str| format!("{tail:0>64}");
        let negative = "f".repeat(63) + "e";
        let text = format!("0x{}{negative}{}", word("7b"), word(&"a".repeat(40)));
        let words = Words::parse(&text, 3).unwrap();
        assert_eq!(words.small::<u8>(0), Some(123));
        assert_eq!((words.int8(0), words.int8(1)), (Some(123), Some(-2)));
        assert_eq!(words.small::<u64>(1), None);
        assert_eq!(words.int8(2), None);
        assert_eq!(
            words.address(2),
            Address::parse(&format!("0x{}", "a".repeat(40)))
        );
        assert_eq!(words.address(1), None);
        assert_eq!(words.unsigned(3), None);
        for text in [
            "",
            "0x",
            "0x0",
            "0xzz",
            &text[..text.len() - 1],
            &text[..130],
            "7b",
        ] {
            assert!(Words::parse(text, 3).is_none(), "{text}");
        }
    }

    #[test]
    fn calls_are_written_word_by_word() {
        let name = call_with_text(CONTRACT_BY_NAME, "FtsoV2");
        let expected = format!("0x82760fca{:0>64}{:0>64}{:0<64}", "20", "6", "4674736f5632");
        assert_eq!(name, expected);
        let feed = call_with_feed(FEED_BY_ID, FeedId::parse("XRP/USD").unwrap());
        let expected = format!("0x93e9f806{:0<64}", "015852502f555344");
        assert_eq!(feed, expected);
        assert_eq!(call(RESERVES), "0x0902f1ac");
    }
}
