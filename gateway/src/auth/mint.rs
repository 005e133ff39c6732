//! Makes tokens, for development and the demo: production tokens come from elsewhere.

use engine::domain::{Timestamp, UserName};
use jsonwebtoken::{EncodingKey, Header};
use serde::Serialize;
use thiserror::Error;

use super::{Key, TokenRules};

/// Why no token can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MintError {
    /// The key can only verify.
    #[error("tokens can be made with an HS256 key only; the others hold no private key here")]
    NotASecret,
    /// The library refused.
    #[error("the token could not be signed")]
    Signing,
}

#[derive(Serialize)]
struct MintedClaims<'a> {
    sub: &'a str,
    iat: u64,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<&'a str>,
}

/// A token for `user` that `rules` accept from `now` for `ttl_seconds`.
pub fn mint(
    key: &Key,
    rules: &TokenRules,
    user: &UserName,
    tier: Option<&str>,
    now: Timestamp,
    ttl_seconds: u64,
) -> Result<String, MintError> {
    let secret = key.secret.as_ref().ok_or(MintError::NotASecret)?;
    let issued = now.0 / 1_000;
    let claims = MintedClaims {
        sub: user.as_str(),
        iat: issued,
        exp: issued.saturating_add(ttl_seconds),
        iss: rules.issuer.as_deref(),
        aud: rules.audience.as_deref(),
        tier,
    };
    let mut header = Header::new(key.algorithm.library());
    header.kid = key.id.as_deref().map(str::to_owned);
    let key = EncodingKey::from_secret(secret.bytes());
    jsonwebtoken::encode(&header, &claims, &key).map_err(|_| MintError::Signing)
}
