//! Promise: whatever is logged, no secret is: neither the keys of tokens, nor a token, good or bad,
//! nor the operator's.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::json;

use super::place::Place;
use super::process::Process;
use super::user::{hear, say};

const OPERATOR: &str = "a-token-that-no-log-may-ever-hold-at-all";
const SECRET: &str = "a secret that only this test has to keep";

#[test]
fn no_secret_is_logged() {
    let place = Place::new("crash-secrets");
    let admin = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let text = fs::read_to_string(&place.config).unwrap();
    assert!(text.contains(SECRET));
    let port = format!("admin_listen = \"{admin}\"\nadmin_token = \"{OPERATOR}\"");
    fs::write(
        &place.config,
        text.replace("admin_listen = \"127.0.0.1:0\"", &port),
    )
    .unwrap();
    let token = place.token("alice");
    // One whose signature is not ours.
    let (head, _) = token.rsplit_once('.').unwrap();
    let bad = format!("{head}.bm8gc2lnbmF0dXJlIG9mIG91cnM");

    let log = place.config.with_extension("log");
    let mut command = place.gateway(&["serve", "--config"]);
    command.arg(&place.config).env("RUST_LOG", "trace");
    let mut process = Process::run(&mut command, &log);
    let address = process.listening();
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    runtime.block_on(async {
        for token in [&token, &bad] {
            let stream = tokio::net::TcpStream::connect(&address).await.unwrap();
            let url = format!("ws://{address}/");
            let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
            say(
                &mut socket,
                &json!({"type": "authenticate", "token": token}),
            )
            .await
            .unwrap();
            hear(&mut socket).await.unwrap();
        }
    });
    for request in [
        format!("GET /?token={token} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"),
        format!(
            "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nAuthorization: Bearer {bad}\r\n"
        ),
    ] {
        ask(&address, &request);
    }
    for shown in [OPERATOR, &OPERATOR[1..]] {
        let request = format!(
            "GET /v1/accounts/alice HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {shown}\r\n"
        );
        ask(&admin.to_string(), &request);
    }
    process.terminate();
    assert!(process.wait().success());
    let log = fs::read_to_string(log).unwrap();
    assert!(
        log.contains("DEBUG") && log.contains("token refused"),
        "{log}"
    );
    for secret in [SECRET, &token, &bad, OPERATOR, &OPERATOR[1..]] {
        // Not a part of it either: a token's middle says whose it is.
        let parts = secret.split('.').filter(|part| part.len() > 20);
        for part in parts {
            let found = log.lines().find(|line| line.contains(part));
            assert_eq!(found, None, "logged");
        }
    }
}

fn ask(address: &str, head: &str) {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("{head}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    // Whatever it says.
    let _ = stream.read_to_string(&mut answer);
}
