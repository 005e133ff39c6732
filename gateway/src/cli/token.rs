//! `gateway token`

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::Args;
use engine::domain::UserName;

use crate::auth::{MAX_TIER_CHARACTERS, TokenAlgorithm, mint};
use crate::clock;
use crate::config::{Config, DemoOptions};

/// Arguments of `gateway token`.
#[derive(Args, Debug)]
pub(super) struct TokenArgs {
    /// Sign for an exchange with this configuration.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "demo",
        required_unless_present = "demo"
    )]
    config: Option<PathBuf>,
    /// Sign for the demo.
    #[arg(long)]
    demo: bool,
    /// Whose token: 1 to 64 printable ASCII characters.
    #[arg(long, value_name = "NAME", value_parser = user)]
    user: UserName,
    /// How long it is good: a whole number and s, m, h or d.
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = seconds)]
    ttl: u64,
    /// The tier of limits that it names.
    #[arg(long, value_name = "NAME", value_parser = tier)]
    tier: Option<String>,
}

/// Prints the token and a line's end.
pub(super) fn run(args: &TokenArgs, out: &mut impl Write) -> anyhow::Result<()> {
    let config = match &args.config {
        Some(file) => Config::load(file)
            .map_err(|errors| anyhow!("configuration mistakes: {}\n{errors}", errors.0.len()))?,
        None => Config::demo(&DemoOptions::default()),
    };
    let key = config
        .auth
        .keys
        .iter()
        .find(|key| key.algorithm() == TokenAlgorithm::Hs256)
        .context("the configuration holds no HS256 key, and tokens are made with no other")?;
    let tier = args.tier.as_deref();
    if let Some(tier) = tier.filter(|tier| config.limits.tier(tier).is_none()) {
        return Err(anyhow!("the configuration holds no tier {tier:?}"));
    }
    let rules = &config.auth.rules;
    let token = mint(key, rules, &args.user, tier, clock::now(), args.ttl)?;
    writeln!(out, "{token}")?;
    Ok(())
}

fn user(text: &str) -> Result<UserName, String> {
    UserName::new(text).map_err(|error| error.to_string())
}

fn tier(text: &str) -> Result<String, String> {
    if text.len() > MAX_TIER_CHARACTERS {
        return Err(format!("expected at most {MAX_TIER_CHARACTERS} characters"));
    }
    Ok(text.to_owned())
}

/// `90s`, `15m`, `1h`, `7d` in seconds, up to 366 days.
fn seconds(text: &str) -> Result<u64, String> {
    let expected = "expected a whole number and s, m, h or d, up to 366d";
    let unit = match text.as_bytes().last() {
        Some(b's') => 1,
        Some(b'm') => 60,
        Some(b'h') => 3_600,
        Some(b'd') => 86_400,
        _ => return Err(expected.to_owned()),
    };
    let number = &text[..text.len() - 1];
    let is_digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number: Option<u64> = number.parse().ok().filter(|_| is_digits);
    number
        .and_then(|number| number.checked_mul(unit))
        .filter(|seconds| (1..=366 * 86_400).contains(seconds))
        .ok_or_else(|| expected.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "a test may stop at what it did not expect"
    )]

    use super::*;

    #[test]
    fn the_demo_s_token_stands_alone_and_is_good() {
        let mut args = TokenArgs {
            config: None,
            demo: true,
            user: UserName::new("alice").unwrap(),
            ttl: 60,
            tier: None,
        };
        let mut out = Vec::new();
        run(&args, &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        let token = out.strip_suffix('\n').unwrap();
        let verifier = Config::demo(&DemoOptions::default()).auth.verifier();
        let claims = verifier.verify(token, clock::now()).unwrap();
        assert_eq!(claims.user.as_str(), "alice");

        args.tier = Some("no such tier".to_owned());
        assert!(run(&args, &mut Vec::new()).is_err());
    }

    #[test]
    fn times_are_a_number_and_a_unit() {
        for (text, expected) in [
            ("1s", Some(1)),
            ("15m", Some(900)),
            ("1h", Some(3_600)),
            ("366d", Some(366 * 86_400)),
            ("367d", None),
            ("0s", None),
            ("h", None),
            ("-1h", None),
            ("+1h", None),
            ("1.5h", None),
            ("3600", None),
            ("1é", None),
            ("99999999999999999999d", None),
        ] {
            assert_eq!(seconds(text).ok(), expected, "{text}");
        }
    }
}
