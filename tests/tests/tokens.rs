//! Promise: a token lets in whom its issuer named, for as long as it says, and nobody else: the
//! known attacks on JSON Web Tokens, as a table.

#![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

use engine::domain::Timestamp;
use gateway::auth::{
    AuthError, JwksError, Key, KeyMaterial, MAX_TOKEN_BYTES, Secret, TokenAlgorithm, TokenRules,
    Verifier, jwks_keys,
};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PKCS_RSA_SHA256};
use serde_json::{Value, json};

const NOW: u64 = 1_640_995_200;
const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn base64(bytes: &[u8]) -> String {
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

fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for chunk in text.as_bytes().chunks(4) {
        let value = |digit: &u8| DIGITS.iter().position(|it| it == digit).unwrap();
        let word = chunk.iter().fold(0, |word, digit| word << 6 | value(digit));
        let word = word << (6 * (4 - chunk.len()));
        bytes.extend((0..chunk.len() - 1).map(|it| ((word >> (16 - 8 * it)) & 255) as u8));
    }
    bytes
}

/// One who signs: a name, a way, a key and its public half in PEM.
struct Signer {
    id: &'static str,
    algorithm: Algorithm,
    key: EncodingKey,
    public: String,
    /// The key itself, without what says what it is.
    raw: Vec<u8>,
}

impl Signer {
    fn new(id: &'static str, algorithm: Algorithm) -> Signer {
        let made = match algorithm {
            Algorithm::EdDSA => KeyPair::generate_for(&PKCS_ED25519),
            Algorithm::ES256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
            _ => KeyPair::generate_for(&PKCS_RSA_SHA256),
        };
        let made = made.unwrap();
        let private = made.serialize_pem();
        let key = match algorithm {
            Algorithm::EdDSA => EncodingKey::from_ed_pem(private.as_bytes()),
            Algorithm::ES256 => EncodingKey::from_ec_pem(private.as_bytes()),
            _ => EncodingKey::from_rsa_pem(private.as_bytes()),
        };
        Signer {
            id,
            algorithm,
            key: key.unwrap(),
            public: made.public_key_pem(),
            raw: made.public_key_raw().to_vec(),
        }
    }

    fn jwk(&self) -> Value {
        let mut jwk = match self.algorithm {
            Algorithm::EdDSA => json!({"kty": "OKP", "crv": "Ed25519", "x": base64(&self.raw)}),
            algorithm => {
                let jwk = Jwk::from_encoding_key(&self.key, algorithm).unwrap();
                serde_json::to_value(jwk).unwrap()
            }
        };
        jwk["kid"] = json!(self.id);
        jwk
    }

    fn pem(&self) -> Key {
        let algorithm = match self.algorithm {
            Algorithm::EdDSA => TokenAlgorithm::EdDsa,
            Algorithm::ES256 => TokenAlgorithm::Es256,
            _ => TokenAlgorithm::Rs256,
        };
        let pem = KeyMaterial::PublicPem(self.public.as_bytes().to_vec());
        Key::new(Some(self.id), algorithm, &pem).unwrap()
    }

    fn header(&self) -> String {
        json!({"alg": format!("{:?}", self.algorithm), "kid": self.id}).to_string()
    }

    fn sign(&self, header: &str, claims: &str) -> String {
        sign(header, claims, &self.key, self.algorithm)
    }

    fn token(&self, claims: &str) -> String {
        self.sign(&self.header(), claims)
    }
}

/// Raw texts, signed: no library looks at them.
fn sign(header: &str, claims: &str, key: &EncodingKey, algorithm: Algorithm) -> String {
    let message = format!(
        "{}.{}",
        base64(header.as_bytes()),
        base64(claims.as_bytes())
    );
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}

struct World {
    signers: [Signer; 3],
    verifier: Verifier,
}

fn world() -> World {
    let signers = [
        Signer::new("ed", Algorithm::EdDSA),
        Signer::new("ec", Algorithm::ES256),
        Signer::new("rsa", Algorithm::RS256),
    ];
    let mut keys: Vec<Key> = signers.iter().map(Signer::pem).collect();
    let secret = KeyMaterial::Secret(Secret::new(SECRET.to_vec()).unwrap());
    keys.push(Key::new(Some("hs"), TokenAlgorithm::Hs256, &secret).unwrap());
    let rules = TokenRules {
        issuer: Some("us".into()),
        audience: Some("exchange".into()),
        leeway_seconds: 0,
        ..TokenRules::default()
    };
    World {
        signers,
        verifier: Verifier::new(keys, rules),
    }
}

fn claims(change: impl FnOnce(&mut Value)) -> String {
    let mut claims = json!({"sub": "alice", "exp": NOW + 60, "iss": "us", "aud": "exchange"});
    change(&mut claims);
    claims.to_string()
}

impl World {
    fn verify(&self, token: &str) -> Result<String, AuthError> {
        let claims = self.verifier.verify(token, Timestamp(NOW * 1_000));
        claims.map(|claims| claims.user.as_str().to_owned())
    }

    /// Each of these is refused, for this reason.
    fn refuses(&self, what: &str, tokens: impl IntoIterator<Item = String>, why: AuthError) {
        for token in tokens {
            assert_eq!(self.verify(&token), Err(why), "{what}: {token}");
        }
    }
}

#[test]
fn each_algorithm_is_taken_from_a_pem_and_from_a_set() {
    let world = world();
    let set = json!({"keys": world.signers.iter().map(Signer::jwk).collect::<Vec<_>>()});
    let published = Verifier::new(Vec::new(), TokenRules::default());
    for signer in &world.signers {
        let token = signer.token(&claims(|_| {}));
        assert_eq!(
            world.verify(&token),
            Ok("alice".to_owned()),
            "{}",
            signer.id
        );
        let before = published.verify(&token, Timestamp(NOW * 1_000));
        assert_eq!(before.unwrap_err(), AuthError::NoKey);
    }
    published.publish(jwks_keys(set.to_string().as_bytes()).unwrap());
    for signer in &world.signers {
        let token = signer.token(&claims(|_| {}));
        let verified = published.verify(&token, Timestamp(NOW * 1_000)).unwrap();
        assert_eq!(verified.user.as_str(), "alice", "{}", signer.id);
    }
    // Rotated: the new key is good, the old one no longer.
    let next = Signer::new("next", Algorithm::EdDSA);
    let set = json!({"keys": [next.jwk()]}).to_string();
    published.publish(jwks_keys(set.as_bytes()).unwrap());
    let verify = |signer: &Signer| {
        let token = signer.token(&claims(|_| {}));
        published.verify(&token, Timestamp(NOW * 1_000)).map(|_| ())
    };
    assert_eq!(verify(&next), Ok(()));
    assert_eq!(verify(&world.signers[0]), Err(AuthError::NoKey));
}

#[test]
fn no_algorithm_is_none_and_no_key_is_for_another() {
    let world = world();
    let complete = claims(|_| {});
    let [ed, ec, rsa] = &world.signers;
    for word in ["none", "None", "nOnE", "NONE", "", "HS255"] {
        for end in ["", ".", ".AA"] {
            let header = json!({"alg": word, "typ": "JWT"}).to_string();
            let message = format!(
                "{}.{}",
                base64(header.as_bytes()),
                base64(complete.as_bytes())
            );
            let token = [format!("{message}{end}")];
            world.refuses(word, token, AuthError::Malformed);
        }
    }
    // The public key's own text, and its bytes, as the secret of an HMAC.
    for signer in &world.signers {
        let der: Vec<u8> = signer
            .public
            .lines()
            .filter(|it| !it.starts_with('-'))
            .fold(Vec::new(), |mut der, line| {
                der.extend(bytes(
                    &line
                        .trim_end_matches('=')
                        .replace('+', "-")
                        .replace('/', "_"),
                ));
                der
            });
        for secret in [
            signer.public.as_bytes(),
            signer.public.trim().as_bytes(),
            &der,
        ] {
            let secret = EncodingKey::from_secret(secret);
            for (kid, why) in [
                (Some(signer.id), AuthError::NoKey),
                (Some("hs"), AuthError::Signature),
                (None, AuthError::Signature),
            ] {
                let header = json!({"alg": "HS256", "kid": kid}).to_string();
                let token = sign(&header, &complete, &secret, Algorithm::HS256);
                world.refuses("confused", [token], why);
            }
        }
    }
    // One key's token under another's name, and under another's algorithm.
    let swapped = |signer: &Signer, word: &str, kid: &str| {
        signer.sign(&json!({"alg": word, "kid": kid}).to_string(), &complete)
    };
    let no_key = [
        swapped(ed, "EdDSA", "ec"),
        swapped(ec, "ES256", "ed"),
        swapped(rsa, "RS256", "hs"),
        swapped(rsa, "RS384", "rsa"),
        swapped(rsa, "PS256", "rsa"),
        swapped(ec, "ES384", "ec"),
    ];
    world.refuses("swapped", no_key, AuthError::NoKey);
    let wrong = [swapped(ed, "RS256", "rsa"), swapped(rsa, "EdDSA", "ed")];
    world.refuses("swapped", wrong, AuthError::Signature);
    let strangers = [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256].map(|algorithm| {
        let id = match algorithm {
            Algorithm::EdDSA => "ed",
            Algorithm::ES256 => "ec",
            _ => "rsa",
        };
        Signer::new(id, algorithm).token(&complete)
    });
    world.refuses("a stranger's", strangers, AuthError::Signature);
}

#[test]
fn signatures_are_whole_and_only_themselves() {
    let world = world();
    let complete = claims(|_| {});
    for signer in &world.signers {
        let token = signer.token(&complete);
        let (message, signature) = token.rsplit_once('.').unwrap();
        let signature = bytes(signature);
        let with = |signature: &[u8]| format!("{message}.{}", base64(signature));
        let mut flipped = signature.clone();
        flipped[7] ^= 1;
        world.refuses(
            signer.id,
            [
                with(&[]),
                with(&signature[1..]),
                with(&[&signature[..], &[0]].concat()),
                with(&vec![0; signature.len()]),
                with(&vec![0xff; signature.len()]),
                with(&flipped),
            ],
            AuthError::Signature,
        );
        // Somebody else's name under the same signature.
        let other = base64(claims(|it| it["sub"] = json!("bob")).as_bytes());
        let (header, _) = message.split_once('.').unwrap();
        let forged = format!("{header}.{other}.{}", base64(&signature));
        world.refuses(signer.id, [forged], AuthError::Signature);
        // Written otherwise it is not the same token.
        for odd in [
            format!("{token}="),
            format!("{token}\n"),
            format!(" {token}"),
            format!("{token}."),
            format!("{token}.{message}"),
            format!("{message}.a"),
        ] {
            assert!(world.verify(&odd).is_err(), "{odd:?}");
        }
    }
    // An EdDSA signature of s has another of s + L, which no verifier may take (RFC 8032, 5.1.7).
    let token = world.signers[0].token(&complete);
    let (message, signature) = token.rsplit_once('.').unwrap();
    let mut signature = bytes(signature);
    let order = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10_u16,
    ];
    let mut carry = 0;
    for (byte, add) in signature[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + add + carry;
        (*byte, carry) = ((sum & 255) as u8, sum >> 8);
    }
    let malleable = format!("{message}.{}", base64(&signature));
    world.refuses("malleable", [malleable], AuthError::Signature);
}

#[test]
fn headers_choose_among_our_keys_and_fetch_nothing() {
    let world = world();
    let complete = claims(|_| {});
    let [ed, ..] = &world.signers;
    for kid in [
        "../../../../dev/null",
        "/etc/passwd",
        "http://127.0.0.1:1/keys",
        "' OR '1'='1",
        "ed' UNION SELECT 'x",
        "ED",
        "",
        &"k".repeat(5_000),
    ] {
        let header = json!({"alg": "EdDSA", "kid": kid}).to_string();
        world.refuses("kid", [ed.sign(&header, &complete)], AuthError::NoKey);
    }
    // The attacker brings the key.
    let stranger = Signer::new("ed", Algorithm::EdDSA);
    for (name, value) in [
        ("jwk", stranger.jwk()),
        ("jku", json!("https://evil.example/keys")),
        ("x5u", json!("file:///etc/passwd")),
        ("x5c", json!(["AAAA"])),
    ] {
        let mut header: Value = serde_json::from_str(&stranger.header()).unwrap();
        header[name] = value;
        let forged = stranger.sign(&header.to_string(), &complete);
        assert!(world.verify(&forged).is_err(), "{name}");
        // Ours may say it: it is passed over, or the token refused.
        let ours = world.verify(&ed.sign(&header.to_string(), &complete));
        assert!(matches!(ours.as_deref(), Ok("alice") | Err(_)), "{name}");
    }
    let critical = r#"{"alg":"EdDSA","kid":"ed","crit":["b64"],"b64":false}"#;
    world.refuses("crit", [ed.sign(critical, &complete)], AuthError::Malformed);
    for header in [
        r#"{"alg":"none","alg":"EdDSA","kid":"ed"}"#,
        r#"{"alg":"EdDSA","kid":"ec","kid":"ed"}"#,
        r#"{"kid":"ed"}"#,
        "[]",
        "",
    ] {
        assert!(
            world.verify(&ed.sign(header, &complete)).is_err(),
            "{header}"
        );
    }
    let long = claims(|it| it["padding"] = json!("x".repeat(MAX_TOKEN_BYTES)));
    world.refuses("long", [ed.token(&long)], AuthError::TooLong);
}

#[test]
fn claims_are_there_once_and_of_their_kind() {
    let world = world();
    let [ed, ..] = &world.signers;
    let check = |claims: String, expected: Option<AuthError>| {
        let refused = world.verify(&ed.token(&claims)).err();
        assert_eq!(refused, expected, "{claims}");
    };
    let without =
        |name: &'static str| claims(move |it| drop(it.as_object_mut().unwrap().remove(name)));
    let with = |name: &'static str, value: Value| claims(move |it| it[name] = value);
    check(with("exp", json!(NOW + 1)), None);
    check(with("exp", json!(NOW)), Some(AuthError::Expired));
    check(with("exp", json!(NOW - 1)), Some(AuthError::Expired));
    check(with("nbf", json!(NOW)), None);
    check(with("nbf", json!(NOW + 1)), Some(AuthError::NotYetValid));
    check(with("aud", json!(["other", "exchange"])), None);
    check(with("iat", json!(NOW - 5)), None);
    check(with("iat", json!(1.5)), None);
    let kinds = AuthError::Claim("claims", "the kinds that RFC 7519 names");
    for (name, values) in [
        (
            "sub",
            json!([7, null, true, ["alice"], {"sub": "alice"}, "", "a\u{7f}", "é"]),
        ),
        (
            "exp",
            json!(["1640995260", null, -1, 1640995260.5, 1e30, true]),
        ),
        ("nbf", json!(["0", -1, 1.5, []])),
        ("iss", json!(["them", null, ["us"], 7])),
        ("aud", json!(["other", null, [], [7], {}, ["exchanges"]])),
        ("jti", json!([7, "x".repeat(257)])),
        ("tier", json!([7, "x".repeat(33)])),
    ] {
        for value in values.as_array().unwrap() {
            let token = ed.token(&with(name, value.clone()));
            assert!(world.verify(&token).is_err(), "{name} {value}");
        }
    }
    for name in ["sub", "exp", "iss", "aud"] {
        assert!(world.verify(&ed.token(&without(name))).is_err(), "{name}");
    }
    // Two readers would not agree on which of two counts.
    for twice in [
        r#""sub":"alice","sub":"bob""#,
        r#""exp":1,"exp":1640995260"#,
        r#""aud":"exchange","aud":"other""#,
    ] {
        let complete = claims(|_| {});
        check(format!("{{{twice},{}", &complete[1..]), Some(kinds));
    }
}

#[test]
fn a_set_is_read_for_what_can_sign_and_nothing_else() {
    let world = world();
    let [ed, ec, rsa] = &world.signers;
    let with = |mut jwk: Value, name: &str, value: Value| {
        jwk[name] = value;
        jwk
    };
    let read = |keys: Vec<Value>| {
        let text = json!({"keys": keys}).to_string();
        jwks_keys(text.as_bytes()).map(|keys| keys.len())
    };
    assert_eq!(read(vec![ed.jwk(), ec.jwk(), rsa.jwk()]), Ok(3));
    for odd in [
        json!({"kty": "oct", "k": base64(SECRET), "alg": "HS256"}),
        json!({"kty": "new", "x": "y"}),
        json!({"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"}),
        json!({"kty": "RSA", "n": base64(&[0xff; 128]), "e": "AQAB"}),
        json!({}),
        json!(7),
        with(ed.jwk(), "use", json!("enc")),
        with(ed.jwk(), "key_ops", json!(["encrypt"])),
        with(ed.jwk(), "d", json!("AAAA")),
        with(ec.jwk(), "alg", json!("RS256")),
        with(rsa.jwk(), "alg", json!("PS256")),
        with(rsa.jwk(), "alg", json!("RSA-OAEP")),
    ] {
        assert_eq!(read(vec![odd.clone()]), Err(JwksError::Nothing), "{odd}");
        assert_eq!(read(vec![odd, ec.jwk()]), Ok(1));
    }
    assert_eq!(read(vec![ed.jwk(); 65]), Err(JwksError::TooMany));
    for text in ["", "[]", "{}", r#"{"keys":{}}"#, "\0"] {
        assert_eq!(
            jwks_keys(text.as_bytes()).map(|_| ()),
            Err(JwksError::Malformed),
            "{text}"
        );
    }
}

/// The signed examples of RFC 7515 (A.1 to A.3) and RFC 8037 (A.4): their signatures are good,
/// what is wrong with them is their claims.
#[test]
fn published_examples_are_read() {
    let set = json!({"keys": [
        {"kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHm\
            fHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wG\
            zjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZl\
            xvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4\
            FRWyuXpoQ"},
        {"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
        {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
    ]});
    let mut keys = jwks_keys(set.to_string().as_bytes()).unwrap();
    let secret = bytes(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    );
    let secret = KeyMaterial::Secret(Secret::new(secret).unwrap());
    keys.push(Key::new(None, TokenAlgorithm::Hs256, &secret).unwrap());
    let verifier = Verifier::new(keys, TokenRules::default());
    let claims = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp\
                  0cnVlfQ";
    let no_sub = AuthError::Claim("sub", "1 to 64 printable ASCII characters");
    let kinds = AuthError::Claim("claims", "the kinds that RFC 7519 names");
    for (header, payload, signature, why) in [
        (
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
            claims,
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            no_sub,
        ),
        (
            "eyJhbGciOiJSUzI1NiJ9",
            claims,
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5\
             jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1\
             L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYE\
             UipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
            no_sub,
        ),
        (
            "eyJhbGciOiJFUzI1NiJ9",
            claims,
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
            no_sub,
        ),
        (
            "eyJhbGciOiJFZERTQSJ9",
            "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
            kinds,
        ),
    ] {
        let verify = |signature: &str| {
            let token = format!("{header}.{payload}.{signature}");
            verifier
                .verify(&token, Timestamp(1_300_000_000_000))
                .unwrap_err()
        };
        assert_eq!(verify(signature), why, "{header}");
        let wrong = format!("A{}", &signature[1..]);
        assert_eq!(verify(&wrong), AuthError::Signature, "{header}");
    }
}
