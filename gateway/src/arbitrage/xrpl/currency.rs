use thiserror::Error;

/// A currency of the XRP Ledger as its nodes write it: three characters, or 40 hex digits for
/// any other name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(Box<str>);

/// Why a text names no currency that can be traded for XRP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CurrencyError {
    /// XRP is what it is traded for.
    #[error("is XRP itself")]
    Xrp,
    /// It is neither a name nor a code.
    #[error("is not a name of 3 to 20 printable ASCII characters nor 40 hex digits")]
    Grammar,
}

/// Characters that a three-character code may have beside letters and digits.
const SYMBOLS: &[u8] = b"?!@#$%^&*<>(){}[]|";

impl Currency {
    /// Reads `USD`, a longer name like `LUXURY001`, or 40 hex digits.
    ///
    /// # Errors
    /// See [`CurrencyError`].
    pub fn new(text: &str) -> Result<Currency, CurrencyError> {
        let is_standard = |text: &str| {
            text.bytes()
                .all(|b| b.is_ascii_alphanumeric() || SYMBOLS.contains(&b))
        };
        match text.len() {
            3 if text.eq_ignore_ascii_case("XRP") => Err(CurrencyError::Xrp),
            3 if is_standard(text) => Ok(Currency(text.into())),
            40 if text.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                let code = text.to_ascii_uppercase();
                // A code that begins with 00 is a three-character one, or XRP, in other words.
                if code.starts_with("00") {
                    return Err(CurrencyError::Grammar);
                }
                Ok(Currency(code.into()))
            }
            4..=20 if text.bytes().all(|byte| byte.is_ascii_graphic()) => {
                let mut code: String = text.bytes().map(|byte| format!("{byte:02X}")).collect();
                while code.len() < 40 {
                    code.push('0');
                }
                Ok(Currency(code.into()))
            }
            _ => Err(CurrencyError::Grammar),
        }
    }

    /// As nodes write it.
    pub fn code(&self) -> &str {
        &self.0
    }

    /// Whether a node means this one.
    pub fn is(&self, code: &str) -> bool {
        if self.0.len() == 3 {
            *self.0 == *code
        } else {
            self.0.eq_ignore_ascii_case(code)
        }
    }
}

/// Whether `text` is written like an address of the XRP Ledger.
pub fn is_address(text: &str) -> bool {
    const ALPHABET: &[u8] = b"rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";
    (25..=35).contains(&text.len())
        && text.starts_with('r')
        && text.bytes().all(|byte| ALPHABET.contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_are_named_as_nodes_name_them() {
        let code = |text: &str| Currency::new(text).map(|it| it.code().to_owned());
        assert_eq!(code("USD").as_deref(), Ok("USD"));
        let luxury = "4C55585552593030310000000000000000000000";
        assert_eq!(code("LUXURY001").as_deref(), Ok(luxury));
        assert_eq!(code(&luxury.to_ascii_lowercase()).as_deref(), Ok(luxury));
        assert_eq!(code("xrp"), Err(CurrencyError::Xrp));
        let standard = "0000000000000000000000005553440000000000";
        for text in [
            "",
            "U",
            "US",
            "A B",
            "a name of 21 letters",
            standard,
            "é€é",
        ] {
            assert_eq!(code(text), Err(CurrencyError::Grammar), "{text:?}");
        }
        let currency = Currency::new("LUXURY001");
        assert!(currency.is_ok_and(|it| it.is(&luxury.to_ascii_lowercase())));
        assert!(
            !Currency::new("USD").is_ok_and(|it| it.is("usd")),
            "case counts"
        );
    }

    #[test]
    fn addresses_are_told_from_other_texts() {
        assert!(is_address("rvYAfWj5gh67oV6fW32ZzP3Aw4Eubs59B"));
        for text in [
            "",
            "r",
            "rvYAfWj5gh67oV6fW32ZzP3Aw4Eubs59O",
            "0x0000000000000000000000000",
        ] {
            assert!(!is_address(text), "{text}");
        }
    }
}
