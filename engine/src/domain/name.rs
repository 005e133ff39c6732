use std::fmt;

use thiserror::Error;

/// A text that is no name: its length or one of its characters is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected 1 to {max} printable ASCII characters")]
pub struct NameError {
    /// The longest such name, in characters.
    pub max: usize,
}

/// Printable ASCII of 1 to `N` characters, kept in place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Name<const N: usize> {
    bytes: [u8; N],
    len: u8,
}

impl<const N: usize> Name<N> {
    fn new(text: &str) -> Result<Self, NameError> {
        let printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        match u8::try_from(text.len()) {
            Ok(len) if printable && (1..=N).contains(&text.len()) => {
                let mut bytes = [0; N];
                bytes[..text.len()].copy_from_slice(text.as_bytes());
                Ok(Name { bytes, len })
            }
            _ => Err(NameError { max: N }),
        }
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).expect("invariant: a name is ASCII since it was made")
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Name<$max>);

        impl $name {
            /// The longest, in characters.
            pub const MAX: usize = $max;

            /// Takes `text` as it is: 1 to [`Self::MAX`] printable ASCII characters.
            pub fn new(text: &str) -> Result<Self, NameError> {
                Name::new(text).map($name)
            }

            /// The text, filled up with zeros, and how long it is: for who copies whole words.
            pub fn padded(&self) -> (&[u8; $max], u8) {
                (&self.0.bytes, self.0.len)
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.as_str())
            }
        }
    };
}

name! {
    /// What a client calls an order of its own: 1 to 36 printable ASCII characters.
    ClientOrderId, 36
}
name! {
    /// What the outside calls an account (a token's `sub`): 1 to 64 printable ASCII characters.
    UserName, 64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_order_id_is_1_to_36_printable_characters() {
        assert!(ClientOrderId::new("").is_err());
        assert_eq!(ClientOrderId::new("a").map(|id| id.as_str().len()), Ok(1));
        assert!(ClientOrderId::new(&"a".repeat(36)).is_ok());
        assert_eq!(
            ClientOrderId::new(&"a".repeat(37)),
            Err(NameError { max: 36 })
        );
        assert!(ClientOrderId::new("ä").is_err());
        assert!(ClientOrderId::new("a\n").is_err());
        assert!(ClientOrderId::new(" ~").is_ok());
    }
}
