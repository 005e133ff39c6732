//! Chromium at the terminal. A script prints what it found, line by line, and `done` at its end;
//! `kill`, `start`, `freeze`, `thaw`, `halt` and `resume` on a line of their own are asked of this
//! side.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use testkit::contract::{Recorded, recorded};

use super::gateway::Gateway;

const CHROMIUM: &str = "/usr/bin/chromium";

/// A page that signs in asks for a handful, and is told of a market.
const LEAST: Recorded = Recorded {
    sent: 10,
    received: 20,
    bad: 0,
};
/// A page without a connection.
const NONE: Recorded = Recorded {
    sent: 0,
    received: 0,
    bad: 0,
};

/// Where `.ci/run prepare` puts packages for node.
fn peers() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("../peers/node")
}

/// Whether all is there that a script needs; says so loudly where it is not.
fn is_ready() -> bool {
    let has = |package: &str| peers().join("node_modules").join(package).exists();
    let node = Command::new("node").arg("--version").output();
    let is_ready = node.is_ok_and(|it| it.status.success())
        && has("playwright-core")
        && has("axe-core")
        && Path::new(CHROMIUM).exists();
    if !is_ready {
        eprintln!(
            "\n******** LEFT OUT: the terminal in Chromium, with node, playwright-core and axe-core \
             (.ci/run prepare installs them) ********\n"
        );
    }
    is_ready
}

/// Runs a script against the gateway to its end, which must be a good one; then all frames of its
/// pages, at least so many, are held against the document.
fn run(script: &str, gateway: &mut Gateway, token: &str, least: Recorded) {
    let recording = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{script}.frames"));
    std::fs::write(&recording, "").unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/terminal/browser");
    let mut child = Command::new("node")
        .arg(folder.join(script))
        .env("TERMINAL_URL", format!("http://{}", gateway.address))
        .env("TERMINAL_PEERS", peers())
        .env("TERMINAL_CHROMIUM", CHROMIUM)
        .env("TERMINAL_TOKEN", token)
        .env("FRAMES", &recording)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut said = String::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        match &*line {
            "kill" => gateway.kill(),
            "start" => gateway.start_again(),
            "freeze" => gateway.signal("STOP"),
            "thaw" => gateway.signal("CONT"),
            "halt" | "resume" => gateway.operate(&format!("/v1/pairs/LUXURY001/XRP/{line}")),
            _ => {
                println!("{script}: {line}");
                said += &line;
                said.push('\n');
                continue;
            }
        }
        input.write_all(b"ok\n").unwrap();
    }
    assert!(child.wait().unwrap().success(), "{script} failed:\n{said}");
    assert!(said.ends_with("done\n"), "{script} ended early:\n{said}");
    recorded(&recording, least);
}

#[test]
fn orders_of_every_type_are_placed_amended_filled_and_cancelled() {
    if is_ready() {
        run("trade.mjs", &mut Gateway::demo("trade", true), "", LEAST);
    }
}

#[test]
fn a_position_is_called_rescued_and_closed() {
    if is_ready() {
        run("margin.mjs", &mut Gateway::demo("margin", true), "", LEAST);
    }
}

#[test]
fn a_gateway_that_dies_and_comes_back_is_seen_to() {
    if is_ready() {
        run(
            "restart.mjs",
            &mut Gateway::demo("restart", false),
            "",
            LEAST,
        );
    }
}

#[test]
fn it_fits_every_screen_and_everybody() {
    if is_ready() {
        run("look.mjs", &mut Gateway::demo("look", false), "", LEAST);
    }
}

#[test]
fn it_draws_in_time_and_works_on_a_slow_machine() {
    if is_ready() {
        run("speed.mjs", &mut Gateway::demo("speed", false), "", LEAST);
    }
}

#[test]
fn rules_candles_and_figures_are_exact() {
    if is_ready() {
        run("pure.mjs", &mut Gateway::demo("pure", true), "", NONE);
    }
}

#[test]
fn an_exchange_that_is_no_demo_asks_for_a_token() {
    if is_ready() {
        let mut gateway = Gateway::serve("sign-in");
        let token = gateway.token();
        run("sign_in.mjs", &mut gateway, &token, LEAST);
    }
}
