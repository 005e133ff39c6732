//! Reads decimals as they are allowed on the wire and in the configuration.

use rust_decimal::Decimal;
use thiserror::Error;

use super::MAX_DECIMAL_DIGITS;

/// Why a text is no decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecimalError {
    /// It is not digits, and perhaps a point and more digits.
    #[error("expected digits with at most one point between them, like \"995.00\"")]
    Grammar,
    /// It has more digits than [`MAX_DECIMAL_DIGITS`].
    #[error("expected at most {MAX_DECIMAL_DIGITS} digits")]
    TooLong,
}

/// Reads `text` exactly: `0` or digits that do not begin with one, then perhaps a point and more
/// digits, a minus before it all. No plus, no exponent, no spaces, no bare point.
///
/// Time grows with [`MAX_DECIMAL_DIGITS`] at most, however long the text is.
pub fn parse_decimal(text: &str) -> Result<Decimal, DecimalError> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.len() > MAX_DECIMAL_DIGITS + 1 {
        // What is too long is not looked at further.
        return Err(DecimalError::TooLong);
    }
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let leads_with_zero = whole.len() > 1 && whole.starts_with('0');
    if !is_digits(whole) || leads_with_zero || !fraction.is_none_or(is_digits) {
        return Err(DecimalError::Grammar);
    }
    if whole.len() + fraction.map_or(0, str::len) > MAX_DECIMAL_DIGITS {
        return Err(DecimalError::TooLong);
    }
    // 28 digits are below 2^96, so this cannot fail; if it did, it would not round.
    Decimal::from_str_exact(text).map_err(|_| DecimalError::TooLong)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "a test may stop at what it did not expect"
    )]

    use super::*;

    #[test]
    fn decimals_are_read_exactly_or_not_at_all() {
        let nines = "9".repeat(28);
        for text in ["0", "0.00", "1", "100.00", "-0.5", "0.0000000001", &nines] {
            assert_eq!(parse_decimal(text).unwrap().to_string(), text);
        }
        for text in [
            "", ".", "-", "1.", ".5", "+1", "01", "00", "1e5", "1E5", "1_000", "1,5", " 1", "1 ",
            "0x10", "NaN", "inf", "--1", "1.2.3", "١", "1\u{0}",
        ] {
            assert_eq!(parse_decimal(text), Err(DecimalError::Grammar), "{text:?}");
        }
        for text in [
            "9".repeat(29),
            "1".repeat(10_000),
            format!("0.{}", "0".repeat(28)),
        ] {
            assert_eq!(parse_decimal(&text), Err(DecimalError::TooLong), "{text}");
        }
    }
}
