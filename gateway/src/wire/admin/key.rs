use engine::domain::IdempotencyKey;
use serde::Deserialize;

/// The longest `idempotencyKey`, in bytes.
pub const MAX_KEY_BYTES: usize = 128;

/// What an operator calls a request that counts once: 1 to [`MAX_KEY_BYTES`] visible ASCII
/// characters.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct KeyName(Box<str>);

impl KeyName {
    /// Takes `text` as it is; `None` where it is no key.
    pub fn new(text: &str) -> Option<KeyName> {
        let fits = (1..=MAX_KEY_BYTES).contains(&text.len());
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        (fits && is_visible).then(|| KeyName(text.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the exchange knows it as: the first 128 bits of its BLAKE3 hash.
    pub fn key(&self) -> IdempotencyKey {
        let hash = blake3::hash(self.0.as_bytes());
        let (bytes, _) = hash
            .as_bytes()
            .split_first_chunk()
            .expect("a hash is longer");
        IdempotencyKey(u128::from_be_bytes(*bytes))
    }
}

impl TryFrom<String> for KeyName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<KeyName, Self::Error> {
        KeyName::new(&text).ok_or("expected 1 to 128 visible ASCII characters")
    }
}

/// Reads the body of a request that says nothing but perhaps its key: nothing, or an object with
/// `idempotencyKey` or without. `None` where it is neither, and where the key is none.
pub fn decode_key(body: &[u8]) -> Option<Option<KeyName>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Asked {
        idempotency_key: Option<KeyName>,
    }
    if body.is_empty() {
        return Some(None);
    }
    let asked: Asked = serde_json::from_slice(body).ok()?;
    Some(asked.idempotency_key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_short_and_visible() {
        let longest = "k".repeat(MAX_KEY_BYTES);
        for (body, expected) in [
            (String::new(), Some(None)),
            ("{}".to_owned(), Some(None)),
            (r#"{"idempotencyKey":null}"#.to_owned(), Some(None)),
            (
                r#"{"idempotencyKey":"a-1"}"#.to_owned(),
                Some(Some("a-1".to_owned())),
            ),
            (
                format!(r#"{{"idempotencyKey":"{longest}"}}"#),
                Some(Some(longest.clone())),
            ),
            (format!(r#"{{"idempotencyKey":"{longest}k"}}"#), None),
            (r#"{"idempotencyKey":""}"#.to_owned(), None),
            (r#"{"idempotencyKey":"a b"}"#.to_owned(), None),
            (r#"{"idempotencyKey":"é"}"#.to_owned(), None),
            (r#"{"idempotencyKey":7}"#.to_owned(), None),
            (r#"{"idempotencykey":"a"}"#.to_owned(), None),
            ("[]".to_owned(), None),
            (" ".to_owned(), None),
        ] {
            let read = decode_key(body.as_bytes());
            let read = read.map(|key| key.map(|key| key.as_str().to_owned()));
            assert_eq!(read, expected, "{body}");
        }
    }
}
