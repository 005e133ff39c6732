//! Sets of public keys as RFC 7517 writes them.

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use serde::Deserialize;
use thiserror::Error;

use super::{Key, TokenAlgorithm};

/// The most keys of a set that are looked at.
const MAX_KEYS: usize = 64;
/// The fewest bytes of an RSA modulus: 2,048 bits.
const MIN_MODULUS: usize = 256;

/// A text that is no set of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum JwksError {
    /// No JSON, or none of that form.
    #[error("no JSON object with a list of keys")]
    Malformed,
    /// More than anybody rotates through.
    #[error("more than {MAX_KEYS} keys")]
    TooMany,
    /// Nothing that a token could be signed with.
    #[error("no key for EdDSA, ES256 or RS256 signatures")]
    Nothing,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

/// The keys of a set that may sign tokens, each pinned to its algorithm. Keys of other kinds, for
/// other uses and with private or shared parts are passed over, as the RFC asks.
///
/// # Errors
/// See [`JwksError`].
pub fn keys(text: &[u8]) -> Result<Vec<Key>, JwksError> {
    let set: Set = serde_json::from_slice(text).map_err(|_| JwksError::Malformed)?;
    if set.keys.len() > MAX_KEYS {
        return Err(JwksError::TooMany);
    }
    let keys: Vec<Key> = set.keys.into_iter().filter_map(key).collect();
    if keys.is_empty() {
        return Err(JwksError::Nothing);
    }
    Ok(keys)
}

fn key(value: serde_json::Value) -> Option<Key> {
    // `d` is the private part: whoever publishes one has no secret left.
    if value.get("d").is_some() {
        return None;
    }
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    let common = &jwk.common;
    let is_for_signatures = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature));
    let verifies = common
        .key_operations
        .as_ref()
        .is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
            TokenAlgorithm::EdDsa
        }
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => {
            TokenAlgorithm::Es256
        }
        AlgorithmParameters::RSA(rsa) if rsa.n.len() >= MIN_MODULUS * 4 / 3 => {
            TokenAlgorithm::Rs256
        }
        _ => return None,
    };
    let named = common.key_algorithm.map(|algorithm| algorithm.to_string());
    let is_its = named.is_none_or(|named| named == algorithm.word());
    if !is_for_signatures || !verifies || !is_its {
        return None;
    }
    Some(Key {
        id: common.key_id.as_deref().map(Box::from),
        algorithm,
        decoding: DecodingKey::from_jwk(&jwk).ok()?,
        secret: None,
    })
}
