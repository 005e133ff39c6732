//! `[auth]`: keys and rules.

use std::net::IpAddr;
use std::path::Path;

use crate::auth::{Key, KeyError, KeyMaterial, Secret, TokenAlgorithm, TokenRules, jwks_keys};

use super::section::Section;
use super::{AuthConfig, JwksSource, NodeKind, NodeUrl};

pub(super) fn auth(section: &mut Section<'_>, folder: &Path) -> Option<AuthConfig> {
    let issuer = section.text("issuer");
    let audience = section.text("audience");
    let leeway = section.integer("leeway_seconds", 0, 0..=TokenRules::MAX_LEEWAY_SECONDS);
    let lifetime = section.integer(
        "max_lifetime_days",
        TokenRules::MAX_LIFETIME_DAYS,
        1..=3_660,
    );
    let mut sections = section.sections("keys");
    let published = published(section, folder);
    if sections.is_empty() && published == Some(None) {
        let expected = "at least one [[auth.keys]], jwks_file or jwks_url";
        section.mistake("keys", "nothing", expected);
    }
    let keys: Vec<Option<Key>> = sections.iter_mut().map(|s| key(s, folder)).collect();
    section.finish();
    Some(AuthConfig {
        keys: keys.into_iter().collect::<Option<Vec<Key>>>()?,
        published: published?,
        rules: TokenRules {
            issuer: issuer.map(Box::from),
            audience: audience.map(Box::from),
            leeway_seconds: leeway?,
            max_lifetime_days: lifetime?,
        },
    })
}

/// Where keys are published, if they are. A file is read once to see that it is good; an address
/// may be down for now.
fn published(section: &mut Section<'_>, folder: &Path) -> Option<Option<(JwksSource, u32)>> {
    let refresh = section.integer("jwks_refresh_seconds", 300, 10..=86_400);
    let source = match (section.has("jwks_file"), section.has("jwks_url")) {
        (false, false) => return refresh.map(|_| None),
        (true, true) => {
            section.mistake("jwks_url", "both", "jwks_file or jwks_url");
            None
        }
        (true, false) => {
            let path = folder.join(section.text("jwks_file")?);
            let text = std::fs::read(&path).map_err(|error| error.to_string());
            let keys = text.and_then(|text| jwks_keys(&text).map_err(|error| error.to_string()));
            match keys {
                Ok(_) => Some(JwksSource::File(path)),
                Err(found) => {
                    section.mistake("jwks_file", &found, "a readable set of keys (RFC 7517)");
                    None
                }
            }
        }
        (false, true) => {
            let url = NodeUrl::parse(section.text("jwks_url")?, NodeKind::Http);
            // Whoever could answer in its place could let anybody in.
            let is_safe = |url: &NodeUrl| {
                let address = url.host.parse::<IpAddr>();
                url.is_secure || address.is_ok_and(|address| address.is_loopback())
            };
            let url = url.filter(is_safe);
            if url.is_none() {
                let expected = "an https:// address, or http:// on this machine alone";
                section.mistake("jwks_url", "something else (hidden)", expected);
            }
            url.map(JwksSource::Url)
        }
    };
    Some(Some((source?, refresh?)))
}

fn key(section: &mut Section<'_>, folder: &Path) -> Option<Key> {
    let id = section.text("id");
    let expected = "one of HS256, EdDSA, ES256, RS256";
    let word = section.needed_text("algorithm", expected);
    let algorithm = word.and_then(|word| {
        let known = TokenAlgorithm::ALL.into_iter().find(|a| a.word() == word);
        if known.is_none() {
            section.wrong_text("algorithm", word, expected);
        }
        known
    });
    let source = source(section, algorithm, folder);
    section.finish();
    let (name, bytes) = source?;
    let algorithm = algorithm?;
    let material = match algorithm {
        TokenAlgorithm::Hs256 => Secret::new(bytes).map(KeyMaterial::Secret),
        TokenAlgorithm::EdDsa | TokenAlgorithm::Es256 | TokenAlgorithm::Rs256 => {
            Ok(KeyMaterial::PublicPem(bytes))
        }
    };
    match material.and_then(|material| Key::new(id, algorithm, &material)) {
        Ok(key) => Some(key),
        Err(error) => {
            let found = match error {
                KeyError::ShortSecret => "a shorter secret",
                KeyError::WrongMaterial | KeyError::BadPem => "something else",
            };
            let expected = match error {
                KeyError::ShortSecret => "at least 32 bytes",
                KeyError::WrongMaterial | KeyError::BadPem => {
                    "a public key in PEM for the key's algorithm"
                }
            };
            section.mistake(name, found, expected);
            None
        }
    }
}

/// The key's bytes and which key of the file they came from. Never shown.
fn source(
    section: &mut Section<'_>,
    algorithm: Option<TokenAlgorithm>,
    folder: &Path,
) -> Option<(&'static str, Vec<u8>)> {
    let wanted: &[&'static str] = match algorithm {
        Some(TokenAlgorithm::Hs256) => &["secret", "secret_file", "secret_env"],
        Some(_) => &["public_key_file"],
        None => &["secret", "secret_file", "secret_env", "public_key_file"],
    };
    let given: Vec<&'static str> = wanted
        .iter()
        .copied()
        .filter(|key| section.has(key))
        .collect();
    let &[name] = given.as_slice() else {
        let found = if given.is_empty() {
            "nothing"
        } else {
            "several"
        };
        let expected = match wanted {
            [only] => format!("{only}, a path"),
            _ => format!("one of {}", wanted.join(", ")),
        };
        section.mistake(wanted[0], found, &expected);
        return None;
    };
    let text = section.text(name)?;
    let bytes = match name {
        "secret" => Ok(text.as_bytes().to_vec()),
        "secret_env" => std::env::var(text)
            .map(String::into_bytes)
            .map_err(|_| format!("no environment variable {text}")),
        // A line's end behind a secret is the editor's, not the secret's.
        _ => std::fs::read(folder.join(text))
            .map(|bytes| bytes.trim_ascii_end().to_vec())
            .map_err(|error| format!("{text}: {error}")),
    };
    match bytes {
        Ok(bytes) => Some((name, bytes)),
        Err(found) => {
            let expected = match name {
                "secret_env" => "the name of an environment variable that is set",
                _ => "a readable file",
            };
            section.mistake(name, &found, expected);
            None
        }
    }
}
