//! Who is let in, and where: the operator's port, the edge, keys of tokens; and shards.

use expect_test::expect;
use gateway::config::Config;

use super::{changed, check, example_path};

/// The operator's port is for this machine, behind a token that nobody guesses; its secret is in
/// no message.
#[test]
fn the_operator_is_let_in_with_a_long_token_on_this_machine_alone() {
    let text = changed(&[
        (
            "admin_listen = \"127.0.0.1:9090\"\n# admin_token = \"…\"",
            "admin_listen = \"0.0.0.0:9090\"\nadmin_token = \"hunter2\"",
        ),
        ("circuit_breaker_bps = 1500", "circuit_breaker_bps = 10001"),
        (
            "circuit_breaker_halt_seconds = 300",
            "circuit_breaker_halt_seconds = 0",
        ),
    ]);
    check(
        &text,
        &expect![[r#"
        gateway.toml: server.admin_listen: found 0.0.0.0:9090; expected an address of this machine alone, like "127.0.0.1:9090", or [server.admin_tls] beside it
        gateway.toml: server.admin_token: found something else (hidden); expected at least 32 visible ASCII characters
        gateway.toml: pairs[0].circuit_breaker_bps: found 10001; expected a whole number from 0 to 10000
        gateway.toml: pairs[0].circuit_breaker_halt_seconds: found 0; expected a whole number from 1 to 604800
    "#]],
    );
}

/// Elsewhere it is let in over TLS, with files that are good.
#[test]
fn the_operator_is_let_in_from_elsewhere_over_tls_alone() {
    let text = changed(&[(
        "admin_listen = \"127.0.0.1:9090\"",
        "admin_listen = \"0.0.0.0:9090\"\n\
         admin_tls = { certificate = \"no/such.pem\", key = \"no/such.key\", other = 1 }",
    )]);
    check(
        &text,
        &expect![[r#"
        gateway.toml: server.admin_tls.other: found an unknown key; expected one of certificate, key
        gateway.toml: server.admin_tls.certificate: found I/O error: No such file or directory (os error 2); expected a readable PEM with a chain, the server's own first
    "#]],
    );
}

#[test]
fn the_edge_s_mistakes_are_told() {
    let text = changed(&[
        ("proxy_protocol = false", "proxy_protocol = true"),
        (
            "[auth]\n",
            "[server.tls]\ncertificate = \"no such file\"\n[auth]\n",
        ),
    ]);
    check(
        &text,
        &expect![[r#"
        gateway.toml: server.proxy_protocol: found true; expected false, or trusted_proxies that speak it
        gateway.toml: server.tls.key: found nothing; expected the path of a PEM
    "#]],
    );
    let text = changed(&[(
        "[auth]\n",
        "[server.tls]\ncertificate = \"no such file\"\nkey = \"none\"\n[auth]\n",
    )]);
    check(
        &text,
        &expect![[r#"
        gateway.toml: server.tls.certificate: found I/O error: No such file or directory (os error 2); expected a readable PEM with a chain, the server's own first
    "#]],
    );
}

#[test]
fn keys_fit_their_algorithm_and_are_never_shown() {
    let secret = "secret = \"replace this secret before anyone can reach you\"";
    for (key, expected) in [
        (
            "",
            expect![[r#"
            gateway.toml: auth.keys[0].secret: found nothing; expected one of secret, secret_file, secret_env
        "#]],
        ),
        (
            "secret_env = \"SURELY_NOT_SET_ANYWHERE\"",
            expect![[r#"
            gateway.toml: auth.keys[0].secret_env: found no environment variable SURELY_NOT_SET_ANYWHERE; expected the name of an environment variable that is set
        "#]],
        ),
        (
            "secret_file = \"no/such/file\"",
            expect![[r#"
            gateway.toml: auth.keys[0].secret_file: found no/such/file: No such file or directory (os error 2); expected a readable file
        "#]],
        ),
        (
            "secret_env = \"A\"\nsecret_file = \"B\"",
            expect![[r#"
            gateway.toml: auth.keys[0].secret: found several; expected one of secret, secret_file, secret_env
        "#]],
        ),
    ] {
        check(&changed(&[(secret, key)]), &expected);
    }
    check(
        &changed(&[("algorithm = \"HS256\"", "algorithm = \"none\"")]),
        &expect![[r#"
            gateway.toml: auth.keys[0].algorithm: found "none"; expected one of HS256, EdDSA, ES256, RS256
        "#]],
    );
    check(
        &changed(&[("algorithm = \"HS256\"", "algorithm = \"EdDSA\"")]),
        &expect![[r#"
            gateway.toml: auth.keys[0].public_key_file: found nothing; expected public_key_file, a path
            gateway.toml: auth.keys[0].secret: found an unknown key; expected one of algorithm, id, public_key_file
        "#]],
    );
    let config = Config::load(&example_path()).unwrap();
    assert!(!format!("{config:?}").contains("replace this"));
}

#[test]
fn shards_are_counted() {
    check(
        &changed(&[("shards = 2", "shards = 0")]),
        &expect![[r#"
            gateway.toml: runtime.shards: found 0; expected a whole number from 1 to 256
        "#]],
    );
}
