//! The gateway as a process: the demo, or an exchange of somebody.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;

use super::process::{self, Process, word_after};

/// An exchange that is no demo: it asks for tokens.
const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:0"
admin_listen = "127.0.0.1:0"
[[auth.keys]]
algorithm = "HS256"
secret = "a secret that only this test has to keep"
[portfolio]
valuation_asset = "XRP"
[[assets]]
symbol = "XRP"
scale = 6
[[assets]]
symbol = "LUXURY001"
scale = 2
[[pairs]]
base = "LUXURY001"
quote = "XRP"
tick = "0.01"
lot = "0.01"
min_amount = "0.01"
max_amount = "1000.00"
taker_fee_bps = 20
price_band_bps = 5000
reference_price = "1000.00"
[[accounts]]
user = "dora"
balances = { XRP = "1000000" }
"#;

/// One that runs.
pub(crate) struct Gateway {
    process: Process,
    /// Where it listens, like `127.0.0.1:8080`.
    pub(crate) address: String,
    /// What it printed, as far as it was read.
    printed: String,
    folder: PathBuf,
    is_quiet: bool,
}

impl Gateway {
    /// The demo, from nothing.
    pub(crate) fn demo(name: &str, is_quiet: bool) -> Gateway {
        let folder = folder(name);
        start_demo(folder, "0", is_quiet)
    }

    /// An exchange that only takes tokens.
    pub(crate) fn serve(name: &str) -> Gateway {
        let folder = folder(name);
        std::fs::write(folder.join("gateway.toml"), CONFIG).unwrap();
        let mut serve = process::gateway(&["serve", "--config"]);
        serve.arg(folder.join("gateway.toml"));
        start(serve, "listening on", folder, true)
    }

    /// A token of [`Gateway::serve`]'s user.
    pub(crate) fn token(&self) -> String {
        process::token(&self.folder.join("gateway.toml"), "dora")
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.process.kill();
        self.process.wait();
    }

    /// Sends it a signal, like `STOP`.
    pub(crate) fn signal(&self, name: &str) {
        process::signal(self.process.id(), name);
    }

    /// Asks for something at the operator's port, as the demo says how.
    pub(crate) fn operate(&self, path: &str) {
        let (_, line) = self.printed.split_once("curl ").unwrap();
        let token = word_after(line, "Bearer ").trim_matches('\'');
        let address = word_after(line, "http://").split('/').next().unwrap();
        let mut socket = TcpStream::connect(address).unwrap();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Content-Length: 0\r\nConnection: close\r\n\r\n"
        );
        socket.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    }

    /// Starts the demo again over what it left, on the same port.
    pub(crate) fn start_again(&mut self) {
        let (_, port) = self.address.rsplit_once(':').unwrap();
        *self = start_demo(self.folder.clone(), port, self.is_quiet);
    }
}

fn folder(name: &str) -> PathBuf {
    process::folder(&format!("terminal/{name}"))
}

fn start_demo(folder: PathBuf, port: &str, is_quiet: bool) -> Gateway {
    let mut demo = process::gateway(&["demo", "--port", port, "--admin-port", "0"]);
    demo.arg("--data-dir").arg(folder.join("data"));
    if is_quiet {
        demo.arg("--quiet-market");
    }
    start(demo, "Ctrl-C", folder, is_quiet)
}

/// As `command` says, which prints a line with `mark` when it serves.
fn start(mut command: Command, mark: &str, folder: PathBuf, is_quiet: bool) -> Gateway {
    let mut process = Process::run(&mut command, &folder.join("log"));
    let printed = process.says_until(mark);
    Gateway {
        process,
        address: word_after(&printed, "ws://").to_owned(),
        printed,
        folder,
        is_quiet,
    }
}
