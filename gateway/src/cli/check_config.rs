//! `gateway check-config FILE`

use std::io::Write;
use std::path::Path;

use anyhow::bail;

use crate::config::Config;

/// Prints what the file configures, or fails with all its mistakes.
pub(super) fn run(file: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    let config = match Config::load(file) {
        Ok(config) => config,
        Err(errors) => bail!("configuration mistakes: {}\n{errors}", errors.0.len()),
    };
    writeln!(out, "{}: ok", file.display())?;
    writeln!(
        out,
        "  listens on {}, admin on {}",
        config.server.listen, config.server.admin_listen
    )?;
    let symbols = |symbols: Vec<&str>| symbols.join(", ");
    let assets = config.instruments.assets().iter().map(|a| &*a.symbol);
    let pairs = config.instruments.all().iter().map(|i| &*i.symbol);
    writeln!(out, "  assets: {}", symbols(assets.collect()))?;
    writeln!(out, "  pairs: {}", symbols(pairs.collect()))?;
    writeln!(
        out,
        "  keys: {}, opening accounts: {}, durability: {}",
        config.auth.keys.len(),
        config.accounts.len(),
        config.storage.durability.word()
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "a test may stop at what it did not expect"
    )]

    use expect_test::expect;

    use super::*;

    #[test]
    fn a_good_file_is_summed_up_and_a_bad_one_listed() {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/gateway.example.toml");
        let mut out = Vec::new();
        run(&example, &mut out).unwrap();
        let shown = String::from_utf8(out).unwrap();
        let (_, summary) = shown.split_once(": ").unwrap();
        expect![[r#"
            ok
              listens on 127.0.0.1:8080, admin on 127.0.0.1:9090
              assets: XRP, FLR, LUXURY001
              pairs: LUXURY001/XRP, XRP/FLR
              keys: 1, opening accounts: 1, durability: sync
        "#]]
        .assert_eq(summary);

        let mut out = Vec::new();
        let error = run(Path::new("no/such/file"), &mut out).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("configuration mistakes: 1\nno/such/file: "),
            "{error}"
        );
        assert!(out.is_empty());
    }
}
