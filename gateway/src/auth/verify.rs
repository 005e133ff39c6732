//! Whether a token is good at a given time.

use std::sync::{Arc, PoisonError, RwLock};

use engine::domain::{Timestamp, UserName};
use jsonwebtoken::Validation;
use serde::Deserialize;
use thiserror::Error;

use crate::session::TokenMark;
use crate::wire::Reason;

use super::{Key, MAX_ID_CHARACTERS, MAX_TIER_CHARACTERS, MAX_TOKEN_BYTES, token_id};

/// What a good token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// `sub`
    pub user: UserName,
    /// `exp`; the leeway is not added.
    pub expires_at: Timestamp,
    /// `tier`, the name of a set of limits.
    pub tier: Option<Box<str>>,
    /// `jti` and `iat`.
    pub mark: TokenMark,
}

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// What is asked of every token beside a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRules {
    /// `iss` must be this.
    pub issuer: Option<Box<str>>,
    /// `aud` must be or hold this.
    pub audience: Option<Box<str>>,
    /// How many seconds other clocks may be off, at most [`TokenRules::MAX_LEEWAY_SECONDS`].
    pub leeway_seconds: u8,
    /// How many days `exp` may lie ahead.
    pub max_lifetime_days: u16,
}

impl TokenRules {
    /// The most leeway that may be configured.
    pub const MAX_LEEWAY_SECONDS: u8 = 5;
    /// How far ahead `exp` may lie unless configured.
    pub const MAX_LIFETIME_DAYS: u16 = 366;
}

impl Default for TokenRules {
    /// Neither issuer nor audience is asked for.
    fn default() -> TokenRules {
        TokenRules {
            issuer: None,
            audience: None,
            leeway_seconds: 0,
            max_lifetime_days: TokenRules::MAX_LIFETIME_DAYS,
        }
    }
}

/// Why a token is refused. The client's side sees [`AuthError::reason`] only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AuthError {
    /// More than [`MAX_TOKEN_BYTES`].
    #[error("the token is longer than {MAX_TOKEN_BYTES} bytes")]
    TooLong,
    /// Not three parts of base64 with JSON inside, or a header that wants what we do not do.
    #[error("the token is malformed")]
    Malformed,
    /// No key of this id is pinned to this algorithm.
    #[error("no key for the token's kid and alg")]
    NoKey,
    /// No such key made this signature.
    #[error("the signature is not valid")]
    Signature,
    /// A claim is missing or of the wrong kind.
    #[error("claim {0}: expected {1}")]
    Claim(&'static str, &'static str),
    /// `nbf` is to come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `exp` is over.
    #[error("the token has expired")]
    Expired,
}

impl AuthError {
    /// What a client is told: which part of a forgery failed is none of its business.
    pub const fn reason(self) -> Reason {
        match self {
            AuthError::TooLong | AuthError::Malformed | AuthError::NoKey | AuthError::Signature => {
                Reason::TokenInvalid
            }
            AuthError::Claim(..) => Reason::TokenClaims,
            AuthError::NotYetValid => Reason::TokenNotYetValid,
            AuthError::Expired => Reason::TokenExpired,
        }
    }
}

/// Verifies tokens against keys and rules. The keys of the configuration are fixed; those of sets
/// that are published elsewhere may be put anew. Clones share them.
#[derive(Clone, Debug)]
pub struct Verifier {
    keys: Vec<Key>,
    published: Arc<RwLock<Arc<[Key]>>>,
    rules: TokenRules,
}

/// The claims as they come; what is absent is checked later, what is of the wrong kind is not
/// read at all.
#[derive(Deserialize)]
struct RawClaims {
    sub: Option<String>,
    exp: Option<u64>,
    nbf: Option<u64>,
    iss: Option<String>,
    aud: Option<Audience>,
    tier: Option<String>,
    jti: Option<String>,
    iat: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Verifier {
    /// Takes the keys, in the order in which they are tried.
    pub fn new(keys: Vec<Key>, rules: TokenRules) -> Verifier {
        Verifier {
            keys,
            published: Arc::default(),
            rules,
        }
    }

    /// Puts the published keys anew, behind the fixed ones.
    pub fn publish(&self, keys: Vec<Key>) {
        *self
            .published
            .write()
            .unwrap_or_else(PoisonError::into_inner) = keys.into();
    }

    /// The claims of `token`, if it is good at `now`.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, AuthError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(AuthError::TooLong);
        }
        let claims = self.verified(token)?;
        self.check(&claims, now)?;
        let user = claims
            .sub
            .as_deref()
            .and_then(|sub| UserName::new(sub).ok())
            .ok_or(AuthError::Claim(
                "sub",
                "1 to 64 printable ASCII characters",
            ))?;
        let seconds = claims
            .exp
            .ok_or(AuthError::Claim("exp", "a time in seconds"))?;
        // Beyond it JSON's readers no longer tell one millisecond from the next.
        let expires_at = seconds.checked_mul(1_000).filter(|ms| *ms < 1 << 53);
        let expires_at = expires_at.ok_or(AuthError::Claim("exp", "at most 2^53 − 1 ms"))?;
        if claims
            .tier
            .as_ref()
            .is_some_and(|tier| tier.len() > MAX_TIER_CHARACTERS)
        {
            return Err(AuthError::Claim("tier", "at most 32 characters"));
        }
        if claims
            .jti
            .as_ref()
            .is_some_and(|id| id.len() > MAX_ID_CHARACTERS)
        {
            return Err(AuthError::Claim("jti", "at most 256 characters"));
        }
        Ok(Claims {
            user,
            expires_at: Timestamp(expires_at),
            tier: claims.tier.map(String::into_boxed_str),
            mark: TokenMark {
                id: claims.jti.as_deref().map(token_id),
                issued_at: claims
                    .iat
                    .and_then(|seconds| seconds.as_u64())
                    .map(|seconds| Timestamp(seconds.saturating_mul(1_000))),
            },
        })
    }

    /// The claims, once a key that fits the header proves them.
    fn verified(&self, token: &str) -> Result<RawClaims, AuthError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| AuthError::Malformed)?;
        // RFC 7515, 4.1.11: what must be understood and is not makes the token invalid.
        if header.crit.is_some() {
            return Err(AuthError::Malformed);
        }
        let mut error = AuthError::NoKey;
        let published = self.published.read();
        let published = published.unwrap_or_else(PoisonError::into_inner).clone();
        for key in self.keys.iter().chain(&*published) {
            let is_named = match (&header.kid, &key.id) {
                (Some(kid), Some(id)) => **kid == **id,
                (None, _) | (_, None) => true,
            };
            if !is_named || key.algorithm.library() != header.alg {
                continue;
            }
            let mut validation = Validation::new(key.algorithm.library());
            // The library's checks read its own clock and pass over claims that are absent.
            validation.required_spec_claims.clear();
            validation.validate_exp = false;
            validation.validate_nbf = false;
            validation.validate_aud = false;
            match jsonwebtoken::decode::<RawClaims>(token, &key.decoding, &validation) {
                Ok(token) => return Ok(token.claims),
                Err(problem) => {
                    use jsonwebtoken::errors::ErrorKind;
                    error = match problem.kind() {
                        ErrorKind::InvalidSignature => AuthError::Signature,
                        ErrorKind::Json(_) => {
                            return Err(AuthError::Claim(
                                "claims",
                                "the kinds that RFC 7519 names",
                            ));
                        }
                        _ => AuthError::Malformed,
                    };
                }
            }
        }
        Err(error)
    }

    fn check(&self, claims: &RawClaims, now: Timestamp) -> Result<(), AuthError> {
        let leeway_ms = u64::from(self.rules.leeway_seconds) * 1_000;
        let millis = |seconds: u64| seconds.saturating_mul(1_000);
        let exp = claims
            .exp
            .ok_or(AuthError::Claim("exp", "a time in seconds"))?;
        // RFC 7519, 4.1.4: on or after the time, it is over.
        if now.0 >= millis(exp).saturating_add(leeway_ms) {
            return Err(AuthError::Expired);
        }
        // A token that is lost must not be good for ever.
        let lifetime_ms = u64::from(self.rules.max_lifetime_days) * DAY_MS;
        if millis(exp) > now.0.saturating_add(leeway_ms).saturating_add(lifetime_ms) {
            return Err(AuthError::Claim("exp", "a time within max_lifetime_days"));
        }
        if let Some(nbf) = claims.nbf
            && now.0.saturating_add(leeway_ms) < millis(nbf)
        {
            return Err(AuthError::NotYetValid);
        }
        if let Some(issuer) = &self.rules.issuer
            && claims.iss.as_deref() != Some(issuer)
        {
            return Err(AuthError::Claim("iss", "the configured issuer"));
        }
        if let Some(audience) = &self.rules.audience {
            let is_meant = match &claims.aud {
                Some(Audience::One(one)) => **one == **audience,
                Some(Audience::Many(many)) => many.iter().any(|one| **one == **audience),
                None => false,
            };
            if !is_meant {
                return Err(AuthError::Claim("aud", "the configured audience"));
            }
        }
        Ok(())
    }
}
