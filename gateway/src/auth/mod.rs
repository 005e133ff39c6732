//! Who is asking: tokens verified at a given time, and tokens made for development.
//!
//! A key is pinned to one algorithm when it is made, and a token's header can only choose among
//! the keys that are pinned to the algorithm it names, so no token decides how it is checked.
//! Signatures are the library's business; every claim is checked here, by hand, at the time that
//! the caller names: `exp` and `sub` always, `nbf` where the token has one, `iss` and `aud` where
//! the configuration asks for them.
//!
//! Verifying an HS256 token takes microseconds, an EdDSA one about a tenth of a millisecond:
//! once a login, never a message.

mod jwks;
mod key;
mod mint;
mod revocations;
#[cfg(test)]
mod tests;
mod verify;

pub use jwks::{JwksError, keys as jwks_keys};
pub use key::{Key, KeyError, KeyMaterial, Secret, TokenAlgorithm};
pub use mint::{MintError, mint};
pub use revocations::{MAX_ID_CHARACTERS, is_revoked, token_id};
pub use verify::{AuthError, Claims, TokenRules, Verifier};

/// The most bytes of a token; a longer one is not looked at.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// The fewest bytes of an HS256 secret: the size of its hash.
pub const MIN_SECRET_BYTES: usize = 32;
/// The most characters of a `tier` claim.
pub const MAX_TIER_CHARACTERS: usize = 32;
