//! Tokens good and bad, as a table.

#![allow(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]

use engine::domain::{Timestamp, UserName};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use super::*;

const NOW: u64 = 1_640_995_200;
const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

/// The public key of the first test vector of RFC 8032.
const ED25519: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
    -----END PUBLIC KEY-----\n";

fn key(id: Option<&str>, secret: &[u8]) -> Key {
    let secret = Secret::new(secret.to_vec()).unwrap();
    Key::new(id, TokenAlgorithm::Hs256, &KeyMaterial::Secret(secret)).unwrap()
}

fn rules() -> TokenRules {
    TokenRules {
        issuer: Some("us".into()),
        audience: Some("exchange".into()),
        leeway_seconds: 0,
        ..TokenRules::default()
    }
}

/// A token of raw JSON claims, signed with `secret` under `header`.
fn signed(header: &Header, claims: &str, secret: &[u8]) -> String {
    #[derive(Serialize)]
    struct Empty {}
    // The library serialises claims itself; duplicate and odd ones need raw text.
    let token = jsonwebtoken::encode(header, &Empty {}, &EncodingKey::from_secret(secret)).unwrap();
    let head = token.split('.').next().unwrap();
    let message = format!("{head}.{}", base64(claims.as_bytes()));
    let key = EncodingKey::from_secret(secret);
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, header.alg).unwrap();
    format!("{message}.{signature}")
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk
            .iter()
            .fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
        let word = word << (8 * (3 - chunk.len()));
        for digit in 0..=chunk.len() {
            let index = (word >> (18 - 6 * digit)) & 63;
            text.push(char::from(DIGITS[usize::try_from(index).unwrap()]));
        }
    }
    text
}

fn good(claims: &str) -> String {
    signed(&Header::new(Algorithm::HS256), claims, SECRET)
}

const COMPLETE: &str = r#"{"sub":"alice","exp":1640995300,"iss":"us","aud":"exchange"}"#;

#[test]
fn claims_are_checked_one_by_one() {
    let verifier = Verifier::new(vec![key(None, SECRET)], rules());
    let missing = |claim, expected| Err(AuthError::Claim(claim, expected));
    let kinds = "the kinds that RFC 7519 names";
    let table: &[(&str, Result<&str, AuthError>)] = &[
        (COMPLETE, Ok("alice")),
        (
            r#"{"sub":"alice","exp":1640995300,"iss":"us","aud":["x","exchange"],"nbf":1640995200}"#,
            Ok("alice"),
        ),
        (
            r#"{"exp":1640995300,"iss":"us","aud":"exchange"}"#,
            missing("sub", "1 to 64 printable ASCII characters"),
        ),
        (
            r#"{"sub":"","exp":1640995300,"iss":"us","aud":"exchange"}"#,
            missing("sub", "1 to 64 printable ASCII characters"),
        ),
        (
            r#"{"sub":"älice","exp":1640995300,"iss":"us","aud":"exchange"}"#,
            missing("sub", "1 to 64 printable ASCII characters"),
        ),
        (
            r#"{"sub":7,"exp":1640995300,"iss":"us","aud":"exchange"}"#,
            missing("claims", kinds),
        ),
        (
            r#"{"sub":"alice","sub":"bob","exp":1640995300,"iss":"us","aud":"exchange"}"#,
            missing("claims", kinds),
        ),
        (
            r#"{"sub":"alice","iss":"us","aud":"exchange"}"#,
            missing("exp", "a time in seconds"),
        ),
        (
            r#"{"sub":"alice","exp":"1640995300","iss":"us","aud":"exchange"}"#,
            missing("claims", kinds),
        ),
        (
            r#"{"sub":"alice","exp":-1,"iss":"us","aud":"exchange"}"#,
            missing("claims", kinds),
        ),
        (
            r#"{"sub":"alice","exp":1640995201,"iss":"us","aud":"exchange"}"#,
            Ok("alice"),
        ),
        (
            r#"{"sub":"alice","exp":1640995200,"iss":"us","aud":"exchange"}"#,
            Err(AuthError::Expired),
        ),
        (
            r#"{"sub":"alice","exp":0,"iss":"us","aud":"exchange"}"#,
            Err(AuthError::Expired),
        ),
        (
            r#"{"sub":"alice","exp":1672617600,"iss":"us","aud":"exchange"}"#,
            Ok("alice"),
        ),
        (
            r#"{"sub":"alice","exp":1672617601,"iss":"us","aud":"exchange"}"#,
            missing("exp", "a time within max_lifetime_days"),
        ),
        (
            r#"{"sub":"alice","exp":9007199254740,"iss":"us","aud":"exchange"}"#,
            missing("exp", "a time within max_lifetime_days"),
        ),
        (
            r#"{"sub":"alice","exp":9007199254741,"iss":"us","aud":"exchange"}"#,
            missing("exp", "a time within max_lifetime_days"),
        ),
        (
            r#"{"sub":"alice","exp":18446744073709551615,"iss":"us","aud":"exchange"}"#,
            missing("exp", "a time within max_lifetime_days"),
        ),
        (
            r#"{"sub":"alice","exp":1640995300,"nbf":1640995201,"iss":"us","aud":"exchange"}"#,
            Err(AuthError::NotYetValid),
        ),
        (
            r#"{"sub":"alice","exp":1640995300,"aud":"exchange"}"#,
            missing("iss", "the configured issuer"),
        ),
        (
            r#"{"sub":"alice","exp":1640995300,"iss":"them","aud":"exchange"}"#,
            missing("iss", "the configured issuer"),
        ),
        (
            r#"{"sub":"alice","exp":1640995300,"iss":"us"}"#,
            missing("aud", "the configured audience"),
        ),
        (
            r#"{"sub":"alice","exp":1640995300,"iss":"us","aud":[]}"#,
            missing("aud", "the configured audience"),
        ),
        (
            r#"{"sub":"alice","exp":1640995300,"iss":"us","aud":"exchange","tier":"123456789012345678901234567890123"}"#,
            missing("tier", "at most 32 characters"),
        ),
        ("[]", missing("claims", kinds)),
        ("nonsense", missing("claims", kinds)),
    ];
    for (claims, expected) in table {
        let verified = verifier.verify(&good(claims), Timestamp(NOW * 1_000));
        let user = verified.map(|claims| claims.user);
        let expected = expected.map(|name| UserName::new(name).unwrap());
        assert_eq!(user, expected, "{claims}");
    }
}

#[test]
fn signatures_keys_and_algorithms_are_pinned() {
    let verifier = Verifier::new(
        vec![key(Some("one"), SECRET), key(Some("two"), &[7; 32])],
        rules(),
    );
    let header = |algorithm, kid: Option<&str>| Header {
        kid: kid.map(str::to_owned),
        ..Header::new(algorithm)
    };
    let hs256 = |kid| header(Algorithm::HS256, kid);
    let now = Timestamp(NOW * 1_000);
    let verify = |token: &str| verifier.verify(token, now).map(|_| ());
    assert_eq!(
        verify(&signed(&hs256(Some("one")), COMPLETE, SECRET)),
        Ok(())
    );
    assert_eq!(
        verify(&signed(&hs256(Some("two")), COMPLETE, &[7; 32])),
        Ok(())
    );
    assert_eq!(verify(&signed(&hs256(None), COMPLETE, &[7; 32])), Ok(()));
    let wrong_key = signed(&hs256(Some("two")), COMPLETE, SECRET);
    assert_eq!(verify(&wrong_key), Err(AuthError::Signature));
    let other_key = signed(&hs256(None), COMPLETE, &[8; 32]);
    assert_eq!(verify(&other_key), Err(AuthError::Signature));
    let unknown = signed(&hs256(Some("three")), COMPLETE, SECRET);
    assert_eq!(verify(&unknown), Err(AuthError::NoKey));
    let hs384 = signed(&header(Algorithm::HS384, None), COMPLETE, SECRET);
    assert_eq!(verify(&hs384), Err(AuthError::NoKey));
    let critical = Header {
        crit: Some(vec!["exp".to_owned()]),
        ..hs256(None)
    };
    assert_eq!(
        verify(&signed(&critical, COMPLETE, SECRET)),
        Err(AuthError::Malformed)
    );

    let none = base64(br#"{"alg":"none","typ":"JWT"}"#);
    let claims = base64(COMPLETE.as_bytes());
    for token in [format!("{none}.{claims}."), format!("{none}.{claims}")] {
        assert_eq!(verify(&token), Err(AuthError::Malformed), "{token}");
    }
    let good = signed(&hs256(None), COMPLETE, SECRET);
    let (body, _) = good.rsplit_once('.').unwrap();
    for token in [
        "",
        ".",
        "..",
        "a.b.c",
        body,
        &format!("{body}."),
        &format!("{good}.x"),
        "\u{0}",
    ] {
        assert!(verify(token).is_err(), "{token}");
    }
    assert_eq!(
        verify(&"a".repeat(MAX_TOKEN_BYTES + 1)),
        Err(AuthError::TooLong)
    );
}

#[test]
fn a_public_key_is_no_secret() {
    let pem = KeyMaterial::PublicPem(ED25519.as_bytes().to_vec());
    let public = Key::new(None, TokenAlgorithm::EdDsa, &pem).unwrap();
    let verifier = Verifier::new(vec![public], TokenRules::default());
    // The classic confusion: the public key's own text used as an HMAC secret.
    let forged = signed(&Header::new(Algorithm::HS256), COMPLETE, ED25519.as_bytes());
    let verified = verifier.verify(&forged, Timestamp(NOW * 1_000));
    assert_eq!(verified, Err(AuthError::NoKey));
}

#[test]
fn keys_fit_their_algorithm() {
    assert_eq!(Secret::new(vec![1; 31]), Err(KeyError::ShortSecret));
    let secret = KeyMaterial::Secret(Secret::new(vec![1; 32]).unwrap());
    let pem = KeyMaterial::PublicPem(b"no pem".to_vec());
    let make = |algorithm, material| Key::new(None, algorithm, material).map(|_| ());
    assert_eq!(make(TokenAlgorithm::Hs256, &secret), Ok(()));
    assert_eq!(
        make(TokenAlgorithm::Hs256, &pem),
        Err(KeyError::WrongMaterial)
    );
    for algorithm in [
        TokenAlgorithm::EdDsa,
        TokenAlgorithm::Es256,
        TokenAlgorithm::Rs256,
    ] {
        assert_eq!(make(algorithm, &secret), Err(KeyError::WrongMaterial));
        assert_eq!(make(algorithm, &pem), Err(KeyError::BadPem));
    }
    assert!(!format!("{secret:?} {:?}", key(None, &[b'x'; 32])).contains("xxx"));
}

#[test]
fn leeway_moves_both_ends() {
    let rules = TokenRules {
        leeway_seconds: 5,
        ..rules()
    };
    let verifier = Verifier::new(vec![key(None, SECRET)], rules);
    let claims = r#"{"sub":"a","exp":1640995200,"nbf":1640995100,"iss":"us","aud":"exchange"}"#;
    for (at, expected) in [
        (1_640_995_094_999, Err(AuthError::NotYetValid)),
        (1_640_995_095_000, Ok(())),
        (1_640_995_204_999, Ok(())),
        (1_640_995_205_000, Err(AuthError::Expired)),
    ] {
        let verified = verifier.verify(&good(claims), Timestamp(at));
        assert_eq!(verified.map(|_| ()), expected, "{at}");
    }
}

#[test]
fn minted_tokens_verify_until_they_expire() {
    let key = key(Some("k"), SECRET);
    let user = UserName::new("alice").unwrap();
    let token = mint(
        &key,
        &rules(),
        &user,
        Some("gold"),
        Timestamp(NOW * 1_000),
        60,
    )
    .unwrap();
    let verifier = Verifier::new(vec![key], rules());
    let claims = verifier
        .verify(&token, Timestamp((NOW + 59) * 1_000))
        .unwrap();
    assert_eq!(claims.user, user);
    assert_eq!(claims.expires_at, Timestamp((NOW + 60) * 1_000));
    assert_eq!(claims.tier.as_deref(), Some("gold"));
    let late = verifier.verify(&token, Timestamp((NOW + 60) * 1_000));
    assert_eq!(late, Err(AuthError::Expired));
    let pem = KeyMaterial::PublicPem(ED25519.as_bytes().to_vec());
    let public = Key::new(None, TokenAlgorithm::EdDsa, &pem).unwrap();
    let minted = mint(&public, &rules(), &user, None, Timestamp(0), 60);
    assert_eq!(minted, Err(MintError::NotASecret));
}
