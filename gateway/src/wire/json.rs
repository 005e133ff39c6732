//! Writes JSON straight into a buffer that its caller keeps: no tree, no allocation.
//!
//! Commas take care of themselves: a value never ends in `{` or `[`, so the last byte tells
//! whether a member is the first of its object. Integers only; decimals are written from units
//! and a scale, so no digit is ever made up.

/// Writes one message.
pub(super) struct Json<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> Json<'a> {
    /// Appends to `out`.
    pub(super) fn new(out: &'a mut Vec<u8>) -> Json<'a> {
        Json { out }
    }

    pub(super) fn open(&mut self) {
        self.out.push(b'{');
    }

    pub(super) fn close(&mut self) {
        self.out.push(b'}');
    }

    pub(super) fn open_list(&mut self) {
        self.out.push(b'[');
    }

    pub(super) fn close_list(&mut self) {
        self.out.push(b']');
    }

    /// Before an element of a list.
    pub(super) fn item(&mut self) {
        if !matches!(self.out.last(), None | Some(b'{' | b'[')) {
            self.out.push(b',');
        }
    }

    /// Before a member's value. `key` needs no escape.
    pub(super) fn key(&mut self, key: &str) {
        self.item();
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    /// A member that opens an object.
    pub(super) fn object(&mut self, key: &str) {
        self.key(key);
        self.open();
    }

    /// A member that opens a list.
    pub(super) fn list(&mut self, key: &str) {
        self.key(key);
        self.open_list();
    }

    /// A member whose text needs no escape: our own words, symbols, digits.
    pub(super) fn word(&mut self, key: &str, word: &str) {
        self.key(key);
        self.quoted(&[word]);
    }

    /// A member whose text came from outside.
    pub(super) fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        self.escaped(text);
    }

    /// A member whose text is put together of parts that need no escape.
    pub(super) fn parts(&mut self, key: &str, parts: &[&str]) {
        self.key(key);
        self.quoted(parts);
    }

    /// A member like `order_12`.
    pub(super) fn id(&mut self, key: &str, prefix: &str, number: u64) {
        self.key(key);
        self.out.push(b'"');
        self.out.extend_from_slice(prefix.as_bytes());
        self.digits(u128::from(number));
        self.out.push(b'"');
    }

    pub(super) fn number(&mut self, key: &str, number: u64) {
        self.key(key);
        self.digits(u128::from(number));
    }

    pub(super) fn integer(&mut self, integer: i128) {
        self.out
            .extend_from_slice(itoa::Buffer::new().format(integer).as_bytes());
    }

    pub(super) fn boolean(&mut self, key: &str, value: bool) {
        self.key(key);
        self.out
            .extend_from_slice(if value { b"true" } else { b"false" });
    }

    pub(super) fn null(&mut self, key: &str) {
        self.key(key);
        self.out.extend_from_slice(b"null");
    }

    /// A decimal member: `units` at `scale`, in quotes.
    pub(super) fn decimal(&mut self, key: &str, units: u128, scale: u8) {
        self.key(key);
        self.out.push(b'"');
        write_decimal(self.out, units, scale);
        self.out.push(b'"');
    }

    /// A decimal member or `null`.
    pub(super) fn optional_decimal(&mut self, key: &str, units: Option<u128>, scale: u8) {
        match units {
            Some(units) => self.decimal(key, units, scale),
            None => self.null(key),
        }
    }

    /// A decimal member at `scale`, its last zeros left out down to `shown` decimals.
    pub(super) fn exact(&mut self, key: &str, units: u128, scale: u8, shown: u8) {
        let (units, scale) = trim(units, scale, shown);
        self.decimal(key, units, scale);
    }

    /// A decimal member that may be below zero, with `suffix` behind it. Above or at zero it has
    /// a plus when `plus`.
    pub(super) fn signed(&mut self, key: &str, units: i128, scale: u8, plus: bool, suffix: &str) {
        self.key(key);
        self.out.push(b'"');
        if units < 0 {
            self.out.push(b'-');
        } else if plus {
            self.out.push(b'+');
        }
        write_decimal(self.out, units.unsigned_abs(), scale);
        self.out.extend_from_slice(suffix.as_bytes());
        self.out.push(b'"');
    }

    fn quoted(&mut self, parts: &[&str]) {
        self.out.push(b'"');
        for part in parts {
            debug_assert!(
                part.bytes()
                    .all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\'),
                "invariant: {part:?} needs no escape"
            );
            self.out.extend_from_slice(part.as_bytes());
        }
        self.out.push(b'"');
    }

    /// A string value with what JSON wants escaped.
    pub(super) fn escaped(&mut self, text: &str) {
        self.out.push(b'"');
        for &byte in text.as_bytes() {
            match byte {
                b'"' | b'\\' => self.out.extend_from_slice(&[b'\\', byte]),
                b'\n' => self.out.extend_from_slice(b"\\n"),
                b'\r' => self.out.extend_from_slice(b"\\r"),
                b'\t' => self.out.extend_from_slice(b"\\t"),
                0..=0x1f => {
                    const HEX: &[u8; 16] = b"0123456789abcdef";
                    self.out.extend_from_slice(b"\\u00");
                    self.out.push(HEX[usize::from(byte >> 4)]);
                    self.out.push(HEX[usize::from(byte & 15)]);
                }
                _ => self.out.push(byte),
            }
        }
        self.out.push(b'"');
    }

    fn digits(&mut self, number: u128) {
        write_decimal(self.out, number, 0);
    }
}

/// Writes `units` at `scale`: `write_decimal(_, 12345, 2)` is `123.45`, and at least one digit
/// stands before the point.
pub(super) fn write_decimal(out: &mut Vec<u8>, units: u128, scale: u8) {
    let mut small = itoa::Buffer::new();
    let mut large = itoa::Buffer::new();
    // 64-bit division is several times faster, and prices and amounts nearly always fit.
    let digits = match u64::try_from(units) {
        Ok(units) => small.format(units),
        Err(_) => large.format(units),
    }
    .as_bytes();
    let scale = usize::from(scale);
    if scale == 0 {
        out.extend_from_slice(digits);
    } else if let Some(whole) = digits.len().checked_sub(scale).filter(|&whole| whole > 0) {
        out.extend_from_slice(&digits[..whole]);
        out.push(b'.');
        out.extend_from_slice(&digits[whole..]);
    } else {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(b'0', scale - digits.len()));
        out.extend_from_slice(digits);
    }
}

/// `units` at `scale` as text.
pub(super) fn decimal_text(units: u128, scale: u8) -> String {
    let mut out = Vec::new();
    write_decimal(&mut out, units, scale);
    String::from_utf8(out).expect("invariant: digits and a point are ASCII")
}

/// `units` at `scale` as text, its last zeros left out down to `shown` decimals.
pub(super) fn exact_text(units: u128, scale: u8, shown: u8) -> String {
    let (units, scale) = trim(units, scale, shown);
    decimal_text(units, scale)
}

fn trim(mut units: u128, mut scale: u8, shown: u8) -> (u128, u8) {
    while scale > shown && units.is_multiple_of(10) {
        units /= 10;
        scale -= 1;
    }
    (units, scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_print_all_their_digits() {
        for (units, scale, text) in [
            (0, 0, "0"),
            (0, 2, "0.00"),
            (5, 2, "0.05"),
            (50, 2, "0.50"),
            (12_345, 2, "123.45"),
            (100_000, 2, "1000.00"),
            (1, 18, "0.000000000000000001"),
            (u128::from(u64::MAX) + 1, 1, "1844674407370955161.6"),
        ] {
            assert_eq!(decimal_text(units, scale), text);
        }
        assert_eq!(exact_text(1_000_500_000, 6, 2), "1000.50");
        assert_eq!(exact_text(1_000_501_000, 6, 2), "1000.501");
        assert_eq!(exact_text(0, 6, 2), "0.00");
        assert_eq!(exact_text(7, 2, 2), "0.07");
    }

    #[test]
    fn text_from_outside_is_escaped() {
        let mut out = Vec::new();
        Json::new(&mut out).escaped("a\"b\\c\nd\u{1}é");
        assert_eq!(
            String::from_utf8(out).as_deref(),
            Ok(r#""a\"b\\c\nd\u0001é""#)
        );
    }
}
