//! An EVM node that others wrote, `ganache`, and contracts that `solc` compiles here.
//!
//! Both come from npm, into `target/npm` (`.ci/run prepare` puts them there). Everything that is
//! asked of them has a limit in time, and a node ends when its test does.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::contracts::selector;

/// How long the compiler and the start of a node may take.
const START: Duration = Duration::from_secs(60);
/// How long one request may take.
const REQUEST: Duration = Duration::from_secs(5);

const SOURCES: &str = include_str!("solidity/flare.sol");

const COMPILER: &str = r#"
const input = require("fs").readFileSync(0, "utf8");
process.stdout.write(require("solc").compile(input));
"#;

/// Ends with its input, so that it never outlives a test that was killed.
const NODE: &str = r#"
const server = require("ganache").server({
    logging: { quiet: true },
    miner: { instamine: "eager" },
    wallet: { totalAccounts: 1 },
});
server.listen(0, "127.0.0.1").then(() => console.log(server.address().port));
process.stdin.on("end", () => process.exit(0)).resume();
"#;

/// Where npm puts its packages: beside what cargo builds.
fn packages() -> PathBuf {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    target.with_file_name("npm")
}

/// Whether both packages and what runs them are there; says so loudly where not.
pub(crate) async fn is_installed() -> bool {
    let has = |name: &str| packages().join("node_modules").join(name).is_dir();
    let runs = Command::new("node")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .await;
    let is_installed = has("ganache") && has("solc") && runs.is_ok_and(|it| it.success());
    if !is_installed {
        eprintln!(
            "\n******** LEFT OUT: no ganache and solc in target/npm (.ci/run prepare) ********\n"
        );
    }
    is_installed
}

fn node(script: &str) -> Command {
    let mut node = Command::new("node");
    node.args(["-e", script])
        .current_dir(packages())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    node
}

/// What `solc` makes of our sources.
pub(crate) struct Compiled(Value);

impl Compiled {
    pub(crate) async fn compile() -> Compiled {
        let input = json!({
            "language": "Solidity",
            "sources": {"flare.sol": {"content": SOURCES}},
            "settings": {
                "evmVersion": "paris",
                "outputSelection": {"*": {"*": ["evm.bytecode.object"]}},
            },
        });
        let mut child = node(COMPILER).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let output = async {
            stdin.write_all(input.to_string().as_bytes()).await.unwrap();
            drop(stdin);
            child.wait_with_output().await.unwrap()
        };
        let output = timeout(START, output).await.expect("it compiles in time");
        assert!(output.status.success(), "{output:?}");
        let compiled: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(compiled["errors"], Value::Null, "errors or warnings");
        Compiled(compiled["contracts"]["flare.sol"].clone())
    }

    /// What makes a contract: its code and the words its constructor takes.
    pub(crate) fn creation(&self, contract: &str, words: &[Word]) -> String {
        let code = self.0[contract]["evm"]["bytecode"]["object"].as_str();
        let code = code.filter(|it| !it.is_empty()).expect("it was compiled");
        words
            .iter()
            .fold(format!("0x{code}"), |data, word| data + &word.0)
    }
}

/// One argument of a call, in 64 hex digits.
pub(crate) struct Word(String);

impl Word {
    pub(crate) fn number(value: i128) -> Word {
        let sign = if value < 0 { "f" } else { "0" };
        Word(format!("{}{value:032x}", sign.repeat(32)))
    }

    pub(crate) fn address(text: &str) -> Word {
        Word(format!("{:0>64}", text.strip_prefix("0x").unwrap()))
    }

    /// Bytes, from the left.
    pub(crate) fn bytes(bytes: &[u8]) -> Word {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Word(format!("{digits:0<64}"))
    }
}

/// A call's data.
pub(crate) fn call(signature: &str, words: &[Word]) -> String {
    let selector = u32::from_be_bytes(selector(signature));
    words
        .iter()
        .fold(format!("0x{selector:08x}"), |data, word| data + &word.0)
}

/// A node in a process of its own.
pub(crate) struct Ganache {
    pub(crate) address: SocketAddr,
    child: Child,
    account: String,
    /// Held for one transaction: the node gives two at once the same nonce and then fails one.
    turn: Mutex<()>,
}

impl Ganache {
    pub(crate) async fn start() -> Ganache {
        let mut child = node(NODE).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = timeout(START, lines.next_line()).await;
        let line = line.expect("it comes up in time").unwrap();
        let port: u16 = line.expect("it says its port").parse().unwrap();
        let mut ganache = Ganache {
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            child,
            account: String::new(),
            turn: Mutex::new(()),
        };
        let accounts = timeout(REQUEST, ganache.ask("eth_accounts", json!([]))).await;
        let accounts = accounts.expect("it answers in time").unwrap();
        ganache.account = accounts[0].as_str().unwrap().to_owned();
        ganache
    }

    /// Makes a contract and gives its address.
    pub(crate) async fn deploy(&self, creation: &str) -> String {
        let made = timeout(REQUEST, self.transact(json!({"data": creation}))).await;
        let receipt = made.expect("it answers in time").unwrap();
        receipt["contractAddress"].as_str().unwrap().to_owned()
    }

    /// Changes the chain, in a block of its own.
    pub(crate) async fn send(&self, to: &str, data: &str) {
        let sent = timeout(REQUEST, self.try_send(to, data)).await;
        sent.expect("it answers in time").unwrap();
    }

    /// The same, of a node that may be stuck, and is waited for until it is not, or gone.
    pub(crate) async fn try_send(&self, to: &str, data: &str) -> std::io::Result<()> {
        let sent = self.transact(json!({"to": to, "data": data})).await;
        sent.map(|_| ())
    }

    async fn transact(&self, mut transaction: Value) -> std::io::Result<Value> {
        transaction["from"] = json!(self.account);
        transaction["gas"] = json!("0x2dc6c0");
        let _turn = self.turn.lock().await;
        let hash = self
            .ask("eth_sendTransaction", json!([transaction]))
            .await?;
        let receipt = self.ask("eth_getTransactionReceipt", json!([hash])).await?;
        assert_eq!(receipt["status"], "0x1", "{receipt}");
        Ok(receipt)
    }

    async fn ask(&self, method: &str, params: Value) -> std::io::Result<Value> {
        let ask = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let answer = post(self.address, &ask.to_string()).await?;
        let mut answer: Value = serde_json::from_slice(&answer).unwrap();
        assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
        Ok(answer["result"].take())
    }

    /// Tells its process something: `STOP`, `CONT` or `KILL`.
    pub(crate) async fn signal(&self, signal: &str) {
        let pid = self.child.id().expect("it runs").to_string();
        let told = Command::new("kill").args(["-s", signal, &pid]).status();
        assert!(told.await.unwrap().success());
    }
}

/// One request over a connection of its own; gives the answer's body.
async fn post(to: SocketAddr, body: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(to).await?;
    let length = body.len();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {to}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let length = head.split("content-length: ").nth(1).unwrap();
    let length = length.split("\r\n").next().unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(body)
}
