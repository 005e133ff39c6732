//! The gateway as a process: the demo, or an exchange of somebody.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

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
    child: Child,
    /// Kept: who prints into a closed pipe is ended.
    _out: BufReader<ChildStdout>,
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
        let mut command = Command::new(env!("CARGO_BIN_EXE_gateway"));
        command
            .args(["serve", "--config"])
            .arg(folder.join("gateway.toml"));
        start(command, folder, true)
    }

    /// The command that makes a token of [`Gateway::serve`]'s user.
    pub(crate) fn token(&self) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_gateway"))
            .args(["token", "--user", "dora", "--config"])
            .arg(self.folder.join("gateway.toml"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends it a signal, like `STOP`.
    pub(crate) fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        kill.args([&format!("-{name}"), &self.child.id().to_string()]);
        assert!(kill.status().unwrap().success(), "{name}");
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

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended already; there is nothing else to do about it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn word_after<'a>(text: &'a str, mark: &str) -> &'a str {
    let rest = text.split(mark).nth(1).unwrap();
    rest.split_whitespace().next().unwrap()
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("terminal")
        .join(name);
    // What an earlier version left may belong to other pairs.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn start_demo(folder: PathBuf, port: &str, is_quiet: bool) -> Gateway {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateway"));
    command
        .args(["demo", "--port", port, "--admin-port", "0", "--data-dir"])
        .arg(folder.join("data"));
    if is_quiet {
        command.arg("--quiet-market");
    }
    start(command, folder, is_quiet)
}

fn start(mut command: Command, folder: PathBuf, is_quiet: bool) -> Gateway {
    let log = std::fs::File::create(folder.join("log")).unwrap();
    let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut printed = String::new();
    while !printed.contains("Ctrl-C") && !printed.contains("listening on") {
        let read = out.read_line(&mut printed).unwrap();
        assert!(read > 0, "it ended early: see {}", folder.display());
    }
    Gateway {
        child,
        _out: out,
        address: word_after(&printed, "ws://").to_owned(),
        printed,
        folder,
        is_quiet,
    }
}
