//! `gateway demo` as a process: what it prints, that it answers, that it stops in good order.

#![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

mod process;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use process::{Process, word_after};

#[test]
fn the_demo_prints_what_is_needed_answers_and_stops() {
    let folder = process::folder("demo");
    // As from a shell that lets a process open few files.
    let mut demo = Command::new("sh");
    demo.args(["-c", "ulimit -S -n 256; exec \"$@\"", "sh"])
        .arg(process::program())
        .args(["demo", "--port", "0", "--admin-port", "0", "--data-dir"])
        .arg(folder.join("data"));
    let log = folder.join("log");
    let mut demo = Process::run(&mut demo, &log);
    let text = demo.says_until("Ctrl-C");
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
    let address = word_after(&text, "ws://");

    let page = text.split("http://").nth(1).unwrap();
    assert_eq!(page.lines().next(), Some(&*format!("{address}/")));

    let mut http = TcpStream::connect(address).unwrap();
    http.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    http.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");

    let (soft, hard) = open_files(demo.id());
    assert_eq!(soft, hard, "it lets itself open as many files as it may");
    demo.terminate();
    assert!(demo.wait().success(), "a stop is no failure");
    let logged = std::fs::read_to_string(log).unwrap();
    assert!(!logged.is_empty() && !logged.contains('\x1b'), "{logged}");
}

/// The limits on a process's open files: what is in force, and how far it could go.
fn open_files(id: u32) -> (String, String) {
    let limits = std::fs::read_to_string(format!("/proc/{id}/limits")).unwrap();
    let line = limits.lines().find(|it| it.starts_with("Max open files"));
    let mut columns = line.unwrap().split_whitespace().skip(3).map(str::to_owned);
    (columns.next().unwrap(), columns.next().unwrap())
}
