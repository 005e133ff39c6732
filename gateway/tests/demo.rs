//! `gateway demo` as a process: what it prints, that it answers, that it stops in good order.

#![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

#[test]
fn the_demo_prints_what_is_needed_answers_and_stops() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("demo");
    // What an earlier version left may belong to other pairs.
    let _ = std::fs::remove_dir_all(&folder);
    // As from a shell that lets a process open few files.
    let mut demo = Command::new("sh")
        .args(["-c", "ulimit -S -n 256; exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_gateway"))
        .args(["demo", "--port", "0", "--admin-port", "0", "--data-dir"])
        .arg(&folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let mut seen = Vec::new();
    while !seen.iter().any(|line: &String| line.contains("Ctrl-C")) {
        seen.push(lines.next().expect("the demo ended early").unwrap());
    }
    let text = seen.join("\n");
    assert!(!text.contains('\x1b'), "colours are for terminals");
    for expected in [
        "Open this in a browser to watch and trade:  http://127.0.0.1:",
        "You are signed in there as alice",
        "LUXURY001/XRP",
        "LUXURY002/XRP",
        "LUXURY001/FLR",
        "XRP/FLR",
        "alice",
        "bob",
        "carol",
        "| websocat ws://",
        "python3 -c",
        "Other ledgers are simulated",
    ] {
        assert!(text.contains(expected), "{expected} is missing in:\n{text}");
    }
    let address = text
        .split("ws://")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap();

    let page = text.split("http://").nth(1).unwrap();
    assert_eq!(page.lines().next(), Some(&*format!("{address}/")));

    let mut http = TcpStream::connect(address).unwrap();
    http.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    http.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");

    let id = demo.id().to_string();
    let (soft, hard) = open_files(&id);
    assert_eq!(soft, hard, "it lets itself open as many files as it may");
    let kill = Command::new("kill").args(["-TERM", &id]).status().unwrap();
    assert!(kill.success());
    let mut logged = String::new();
    let mut log = demo.stderr.take().unwrap();
    log.read_to_string(&mut logged).unwrap();
    assert!(demo.wait().unwrap().success(), "a stop is no failure");
    assert!(!logged.is_empty() && !logged.contains('\x1b'), "{logged}");
}

/// The limits on a process's open files: what is in force, and how far it could go.
fn open_files(id: &str) -> (String, String) {
    let limits = std::fs::read_to_string(format!("/proc/{id}/limits")).unwrap();
    let line = limits.lines().find(|it| it.starts_with("Max open files"));
    let mut columns = line.unwrap().split_whitespace().skip(3).map(str::to_owned);
    (columns.next().unwrap(), columns.next().unwrap())
}
