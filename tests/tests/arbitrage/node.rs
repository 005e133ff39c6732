//! A node of the chain: JSON-RPC over HTTP, and what a node should not do.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::contracts::Flare;
use super::evm::Address;

/// What a node does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Behaviour {
    #[default]
    Good,
    /// It answers nothing.
    Mute,
    /// It answers, and then closes the connection without a word.
    HangsUpAfter,
    /// It answers with this status and body.
    Says(u16, String),
}

pub(crate) struct FlareNode {
    pub(crate) address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    accepting: JoinHandle<()>,
}

struct Shared {
    flare: Flare,
    behaviour: Behaviour,
    polls: usize,
}

impl FlareNode {
    pub(crate) async fn start(flare: Flare) -> FlareNode {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Mutex::new(Shared {
            flare,
            behaviour: Behaviour::Good,
            polls: 0,
        }));
        let accepting = tokio::spawn({
            let shared = shared.clone();
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(stream, shared.clone()));
                }
            }
        });
        FlareNode {
            address,
            shared,
            accepting,
        }
    }

    pub(crate) fn behave(&self, behaviour: Behaviour) {
        self.lock().behaviour = behaviour;
    }

    /// Changes the chain, in a block of its own.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Flare)) {
        let mut shared = self.lock();
        shared.flare.mine(now());
        change(&mut shared.flare);
    }

    /// How often the newest block was asked for.
    pub(crate) fn polls(&self) -> usize {
        self.lock().polls
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap()
    }
}

impl Drop for FlareNode {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

pub(crate) fn now() -> u64 {
    gateway::clock::now().0 / 1_000
}

async fn serve(mut stream: TcpStream, shared: Arc<Mutex<Shared>>) {
    while let Some(body) = read_request(&mut stream).await {
        let answered = {
            let mut shared = shared.lock().unwrap();
            match shared.behaviour.clone() {
                Behaviour::Good | Behaviour::HangsUpAfter => Some((200, shared.answer(&body))),
                Behaviour::Says(status, text) => Some((status, text)),
                Behaviour::Mute => None,
            }
        };
        let Some((status, answer)) = answered else {
            // Until the other side gives up.
            let _ = stream.read(&mut [0]).await;
            return;
        };
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            answer.len()
        );
        if stream
            .write_all(format!("{head}{answer}").as_bytes())
            .await
            .is_err()
        {
            return;
        }
        if shared.lock().unwrap().behaviour == Behaviour::HangsUpAfter {
            return;
        }
    }
}

/// The body of one request; `None` at the end of the connection.
async fn read_request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    assert!(head.starts_with("post / http/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");
    let length = head.split("content-length: ").nth(1)?;
    let length = length.split("\r\n").next()?.parse().ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(body)
}

impl Shared {
    fn answer(&mut self, body: &[u8]) -> String {
        match serde_json::from_slice(body).unwrap() {
            Value::Array(calls) => {
                let answers: Vec<Value> = calls.iter().map(|call| self.one(call)).collect();
                Value::from(answers).to_string()
            }
            call => self.one(&call).to_string(),
        }
    }

    fn one(&mut self, call: &Value) -> Value {
        let chain = &self.flare.chain;
        let result = match call["method"].as_str().unwrap() {
            "eth_getBlockByNumber" => {
                self.polls += 1;
                Ok(json!({"number": format!("0x{:x}", chain.block),
                    "timestamp": format!("0x{:x}", chain.time), "transactions": []}))
            }
            "eth_call" => {
                let text = |key: &str| call["params"][0][key].as_str().unwrap();
                let block = call["params"][1].as_str().unwrap();
                let block = u64::from_str_radix(block.strip_prefix("0x").unwrap(), 16).unwrap();
                let to = Address::from_slice(&unhex(text("to")));
                if block > chain.block {
                    Err(json!({"code": -32_000, "message": "header not found"}))
                } else {
                    let called = chain.call(to, &unhex(text("data")));
                    called.map(|output| json!(hex(&output))).map_err(
                        |error| json!({"code": 3, "message": format!("execution reverted: {error}")}),
                    )
                }
            }
            other => Err(json!({"code": -32_601, "message": format!("no {other}")})),
        };
        match result {
            Ok(result) => json!({"jsonrpc": "2.0", "id": call["id"], "result": result}),
            Err(error) => json!({"jsonrpc": "2.0", "id": call["id"], "error": error}),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("0x{digits}")
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.strip_prefix("0x").unwrap();
    assert!(digits.len().is_multiple_of(2), "{text}");
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}
