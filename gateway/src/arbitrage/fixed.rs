use num_bigint::BigUint;

/// A decimal of zero or more with [`Fixed::SCALE`] digits after the point: amounts of tokens and
/// of XRP on other ledgers, and prices.
///
/// Sums and products are checked; products and quotients go through integers without a bound, so
/// that only the result has to fit. Each division says which way it rounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fixed(u128);

impl Fixed {
    /// Digits after the point.
    pub const SCALE: u8 = 18;
    /// Nothing.
    pub const ZERO: Fixed = Fixed(0);
    /// One.
    pub const ONE: Fixed = Fixed(1_000_000_000_000_000_000);
    /// As much as can be held.
    pub const MAX: Fixed = Fixed(u128::MAX);

    /// So many units of the last digit.
    pub const fn from_units(units: u128) -> Fixed {
        Fixed(units)
    }

    /// Units of the last digit.
    pub const fn units(self) -> u128 {
        self.0
    }

    /// Whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `raw` units of a token with so many decimals; what lies beyond the last digit is cut off.
    /// `None` where it does not fit.
    pub fn from_raw(raw: &BigUint, decimals: u32) -> Option<Fixed> {
        let scale = u32::from(Self::SCALE);
        if decimals <= scale {
            fixed(raw * BigUint::from(10_u8).pow(scale - decimals))
        } else {
            fixed(raw / BigUint::from(10_u8).pow(decimals - scale))
        }
    }

    /// So many drops, the millionth parts of an XRP.
    pub fn from_drops(drops: u64) -> Fixed {
        Fixed(u128::from(drops) * 1_000_000_000_000)
    }

    /// Reads digits with perhaps a point and an exponent, as the XRP Ledger writes values
    /// (`12.5`, `1e-7`, `9999999999999999e10`). What lies beyond the last digit is cut off;
    /// `None` for anything else, for what is below zero, and for what does not fit.
    pub fn parse(text: &str) -> Option<Fixed> {
        if text.len() > MAX_TEXT {
            return None;
        }
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let is_number = !whole.is_empty() && (number.len() == whole.len() || !fraction.is_empty());
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let digits: BigUint = format!("{whole}{fraction}").parse().ok()?;
        if digits == BigUint::ZERO {
            return Some(Fixed::ZERO);
        }
        let places = i32::try_from(fraction.len()).ok()?;
        let shift = exponent
            .checked_sub(places)?
            .checked_add(i32::from(Self::SCALE))?;
        let power = shift.unsigned_abs();
        if power > MAX_SHIFT {
            return (shift < 0).then_some(Fixed::ZERO);
        }
        let factor = BigUint::from(10_u8).pow(power);
        fixed(if shift < 0 {
            digits / factor
        } else {
            digits * factor
        })
    }

    /// The sum, where it fits.
    pub const fn plus(self, other: Fixed) -> Option<Fixed> {
        match self.0.checked_add(other.0) {
            Some(units) => Some(Fixed(units)),
            None => None,
        }
    }

    /// The difference, where it is not below zero.
    pub const fn minus(self, other: Fixed) -> Option<Fixed> {
        match self.0.checked_sub(other.0) {
            Some(units) => Some(Fixed(units)),
            None => None,
        }
    }

    /// `self × by ÷ of`, rounded down. `None` where `of` is zero or the result does not fit.
    pub fn scaled_down(self, by: Fixed, of: Fixed) -> Option<Fixed> {
        (of.0 != 0).then(|| fixed(self.big() * by.0 / of.0))?
    }

    /// `self × by ÷ of`, rounded up.
    pub fn scaled_up(self, by: Fixed, of: Fixed) -> Option<Fixed> {
        (of.0 != 0).then(|| fixed(divide_up(self.big() * by.0, &of.big())))?
    }

    /// How many `parts`th parts of `of` it is, rounded half to even. `None` where `of` is zero or
    /// the result does not fit.
    pub fn share_half_even(self, of: Fixed, parts: u32) -> Option<u64> {
        if of.is_zero() {
            return None;
        }
        let (of, scaled) = (of.big(), self.big() * parts);
        let (quotient, rest) = (&scaled / &of, (scaled % &of) * 2_u8);
        let is_up = match rest.cmp(&of) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => quotient.bit(0),
        };
        u64::try_from(quotient + u8::from(is_up)).ok()
    }

    /// The largest multiple of `grain` that is not more.
    pub const fn on_grain(self, grain: Fixed) -> Fixed {
        match self.0.checked_rem(grain.0) {
            Some(rest) => Fixed(self.0 - rest),
            None => self,
        }
    }

    /// Units with so many digits after the point, at most [`Fixed::SCALE`], rounded half to even.
    pub fn display_units(self, scale: u8) -> u128 {
        let divisor = 10_u128.pow(u32::from(Self::SCALE.saturating_sub(scale)));
        let (quotient, rest) = (self.0 / divisor, self.0 % divisor);
        match rest.cmp(&(divisor - rest)) {
            std::cmp::Ordering::Less => quotient,
            std::cmp::Ordering::Greater => quotient + 1,
            std::cmp::Ordering::Equal => quotient + (quotient & 1),
        }
    }

    /// Units with so many digits after the point, at most [`Fixed::SCALE`], rounded down.
    pub fn display_units_down(self, scale: u8) -> u128 {
        self.0 / Fixed::grain(scale).0
    }

    /// One of the last of so many digits after the point.
    pub fn grain(scale: u8) -> Fixed {
        Fixed(10_u128.pow(u32::from(Self::SCALE.saturating_sub(scale))))
    }

    /// As an integer without a bound.
    pub fn big(self) -> BigUint {
        BigUint::from(self.0)
    }
}

/// The longest value that is read.
const MAX_TEXT: usize = 64;
/// The largest power of ten that is ever worked out.
const MAX_SHIFT: u32 = 200;

/// What fits as units.
pub(super) fn fixed(units: BigUint) -> Option<Fixed> {
    u128::try_from(units).ok().map(Fixed)
}

/// `dividend ÷ divisor` (above zero), rounded up.
pub(super) fn divide_up(dividend: BigUint, divisor: &BigUint) -> BigUint {
    (dividend + divisor - 1_u8) / divisor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_the_ledger_writes_them() {
        for (text, units) in [
            ("0", 0),
            ("0.0", 0),
            ("0e-500", 0),
            ("1", Fixed::ONE.0),
            ("12.5", 12_500_000_000_000_000_000),
            ("1e-18", 1),
            ("19e-19", 1),
            ("1e-19", 0),
            ("1e-4000", 0),
            ("1.5E2", 150 * Fixed::ONE.0),
            ("1234567890123456e-15", 1_234_567_890_123_456_000),
            (
                "340282366920938463463",
                340_282_366_920_938_463_463 * Fixed::ONE.0,
            ),
        ] {
            assert_eq!(Fixed::parse(text), Some(Fixed(units)), "{text}");
        }
        let long = "1".repeat(65);
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e",
            "e1",
            "1e1e1",
            "1.2.3",
            "0x1",
            " 1",
            "1 ",
            "NaN",
            "9999999999999999e80",
            "340282366920938463464",
            "1e4000",
            "1e99999999999",
            &long,
        ] {
            assert_eq!(Fixed::parse(text), None, "{text}");
        }
    }

    #[test]
    fn each_division_rounds_as_it_says() {
        let (one, three) = (Fixed(1), Fixed(3));
        assert_eq!(Fixed(10).scaled_down(one, three), Some(Fixed(3)));
        assert_eq!(Fixed(10).scaled_up(one, three), Some(Fixed(4)));
        assert_eq!(Fixed(9).scaled_up(one, three), Some(Fixed(3)));
        assert_eq!(Fixed(9).scaled_up(one, Fixed::ZERO), None);
        assert_eq!(Fixed::MAX.scaled_down(Fixed(2), Fixed(2)), Some(Fixed::MAX));
        assert_eq!(Fixed::MAX.scaled_down(Fixed(2), one), None);
        let grain = Fixed::grain(2);
        assert_eq!(Fixed::ONE.on_grain(grain), Fixed::ONE);
        assert_eq!(Fixed(Fixed::ONE.0 - 1).on_grain(grain), Fixed(99 * grain.0));
        assert_eq!(Fixed(125 * Fixed::grain(3).0).display_units(2), 12);
        assert_eq!(Fixed(135 * Fixed::grain(3).0).display_units(2), 14);
        assert_eq!(
            Fixed::from_raw(&BigUint::from(15_u8), 1),
            Fixed::parse("1.5")
        );
        assert_eq!(Fixed::from_raw(&BigUint::from(15_u8), 19), Some(Fixed(1)));
        assert_eq!(Fixed::from_raw(&BigUint::from(15_u8), 40), Some(Fixed(0)));
        assert_eq!(Some(Fixed::from_drops(1)), Fixed::parse("0.000001"));
    }
}
