//! Keys, each pinned to one algorithm.

use std::fmt;

use jsonwebtoken::{Algorithm, DecodingKey};
use thiserror::Error;

use super::MIN_SECRET_BYTES;

/// The algorithms that a key may be for. What is not here is never accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenAlgorithm {
    /// A shared secret, for development.
    Hs256,
    /// Ed25519.
    EdDsa,
    /// ECDSA over P-256.
    Es256,
    /// RSA.
    Rs256,
}

impl TokenAlgorithm {
    /// Every one.
    pub const ALL: [TokenAlgorithm; 4] = [
        TokenAlgorithm::Hs256,
        TokenAlgorithm::EdDsa,
        TokenAlgorithm::Es256,
        TokenAlgorithm::Rs256,
    ];

    /// Its name in a token's header and in the configuration.
    pub const fn word(self) -> &'static str {
        match self {
            TokenAlgorithm::Hs256 => "HS256",
            TokenAlgorithm::EdDsa => "EdDSA",
            TokenAlgorithm::Es256 => "ES256",
            TokenAlgorithm::Rs256 => "RS256",
        }
    }

    pub(super) const fn library(self) -> Algorithm {
        match self {
            TokenAlgorithm::Hs256 => Algorithm::HS256,
            TokenAlgorithm::EdDsa => Algorithm::EdDSA,
            TokenAlgorithm::Es256 => Algorithm::ES256,
            TokenAlgorithm::Rs256 => Algorithm::RS256,
        }
    }
}

/// Bytes that no log may show: this type prints without them.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Takes `bytes`, at least [`MIN_SECRET_BYTES`].
    pub fn new(bytes: Vec<u8>) -> Result<Secret, KeyError> {
        if bytes.len() < MIN_SECRET_BYTES {
            return Err(KeyError::ShortSecret);
        }
        Ok(Secret(bytes))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// What a key is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyMaterial {
    /// A shared secret, for HS256.
    Secret(Secret),
    /// A public key in PEM, for the others.
    PublicPem(Vec<u8>),
}

/// A key that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// The secret is too short to be one.
    #[error("a secret has at least {MIN_SECRET_BYTES} bytes")]
    ShortSecret,
    /// A secret for an algorithm with key pairs, or a public key for HS256.
    #[error("HS256 takes a secret, every other algorithm a public key")]
    WrongMaterial,
    /// The PEM holds no public key of the algorithm.
    #[error("not a public key in PEM for this algorithm")]
    BadPem,
}

/// One key that may have signed a token.
#[derive(Clone)]
pub struct Key {
    pub(super) id: Option<Box<str>>,
    pub(super) algorithm: TokenAlgorithm,
    pub(super) decoding: DecodingKey,
    pub(super) secret: Option<Secret>,
}

impl Key {
    /// Pins `material` to `algorithm`. `id` is the `kid` of the tokens that it verifies; without
    /// one it may verify any.
    pub fn new(
        id: Option<&str>,
        algorithm: TokenAlgorithm,
        material: &KeyMaterial,
    ) -> Result<Key, KeyError> {
        let (decoding, secret) = match (algorithm, material) {
            (TokenAlgorithm::Hs256, KeyMaterial::Secret(secret)) => {
                let decoding = DecodingKey::from_secret(secret.bytes());
                (Ok(decoding), Some(secret.clone()))
            }
            (TokenAlgorithm::EdDsa, KeyMaterial::PublicPem(pem)) => {
                (DecodingKey::from_ed_pem(pem), None)
            }
            (TokenAlgorithm::Es256, KeyMaterial::PublicPem(pem)) => {
                (DecodingKey::from_ec_pem(pem), None)
            }
            (TokenAlgorithm::Rs256, KeyMaterial::PublicPem(pem)) => {
                (DecodingKey::from_rsa_pem(pem), None)
            }
            (TokenAlgorithm::Hs256, KeyMaterial::PublicPem(_))
            | (
                TokenAlgorithm::EdDsa | TokenAlgorithm::Es256 | TokenAlgorithm::Rs256,
                KeyMaterial::Secret(_),
            ) => return Err(KeyError::WrongMaterial),
        };
        Ok(Key {
            id: id.map(Box::from),
            algorithm,
            decoding: decoding.map_err(|_| KeyError::BadPem)?,
            secret,
        })
    }

    /// What it is pinned to.
    pub const fn algorithm(&self) -> TokenAlgorithm {
        self.algorithm
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
