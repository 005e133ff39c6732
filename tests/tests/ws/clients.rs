//! Clients that others wrote trade here: what they make of our frames is what users see.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use testkit::contract::{self, Recorded, recorded};

use super::gateway::TestGateway;
use super::programs::{installed, left_out, node, python, run};

/// How long the answers of each client are, and that they come deflated where they should, the
/// scripts check; all print the extensions that were agreed on, and `done`.
const ROUNDS: &str = "30";

/// Each client asks for `ROUNDS` answers, and gets them.
const LEAST: Recorded = Recorded {
    sent: 31,
    received: 31,
    bad: 0,
};

const NODE: &str = r#"
const WebSocket = require('ws');
const [url, token, options, rounds] = process.argv.slice(1);
const ws = new WebSocket(url, { perMessageDeflate: JSON.parse(options) });
const fail = (what) => { console.error(what); process.exit(1); };
let asked = 0, books = 0;
ws.on('error', fail);
ws.on('open', () => {
  ws.send(JSON.stringify({ type: 'authenticate', token }));
  ws.send(JSON.stringify({ type: 'subscribe', channels: [{ type: 'orderbook', pair: 'LUXURY001/XRP', depth: 50, updates: 'full' }] }));
  ws.send(JSON.stringify({ type: 'get_instruments', requestId: 'x'.repeat(60) + asked }));
});
ws.on('message', (data) => {
  const message = JSON.parse(data);
  if (message.type === 'error') fail(data.toString());
  if (message.type === 'orderbook_update') books += 1;
  if (asked > +rounds && books >= 2) ws.close(1000);
  if (message.type !== 'get_instruments') return;
  if (message.requestId !== 'x'.repeat(60) + asked || message.result.instruments.length !== 4) fail(data.toString());
  asked += 1;
  if (asked <= +rounds) {
    const price = (900 + asked) + '.00';
    ws.send(JSON.stringify({ type: 'place_order', orderType: 'limit', orderData: { pair: 'LUXURY001/XRP', side: 'buy', amount: '0.01', price } }));
    ws.send(JSON.stringify({ type: 'get_instruments', requestId: 'x'.repeat(60) + asked }));
  }
});
ws.on('close', (code) => {
  if (code !== 1000) fail('closed with ' + code);
  console.log(ws.extensions);
  console.log('done');
});
"#;

const PYTHON: &str = r#"
import asyncio, frames, json, sys
from websockets.asyncio.client import connect

async def main(url, token, compression, rounds):
    compression = None if compression == "none" else compression
    async with connect(url, compression=compression) as ws:
        await ws.send(json.dumps({"type": "authenticate", "token": token}))
        await ws.send(json.dumps({"type": "subscribe", "channels": [{"type": "trades", "pair": "LUXURY001/XRP"}]}))
        for round in range(int(rounds)):
            name = "x" * 60 + str(round)
            await ws.send(json.dumps({"type": "get_instruments", "requestId": name}))
            while True:
                message = json.loads(await ws.recv())
                assert message["type"] != "error", message
                if message["type"] == "get_instruments":
                    break
            assert message["requestId"] == name and len(message["result"]["instruments"]) == 4, message
        print(ws.response.headers.get("Sec-WebSocket-Extensions", ""))
    assert ws.close_code == 1000, ws.close_code
    print("done")

asyncio.run(main(*sys.argv[1:]))
"#;

const BROWSER: &str = r#"
const { chromium } = require('playwright-core');
const [url, token, executablePath, rounds, recorder] = process.argv.slice(1);
(async () => {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--ignore-certificate-errors'] });
  const page = await browser.newPage();
  (await import(recorder)).watch(page);
  const said = await page.evaluate(([url, token, rounds]) => new Promise((resolve, reject) => {
    const ws = new WebSocket(url);
    let asked = 0;
    ws.onerror = () => reject(new Error('broken'));
    ws.onopen = () => {
      ws.send(JSON.stringify({ type: 'authenticate', token }));
      ws.send(JSON.stringify({ type: 'get_instruments', requestId: 0 }));
    };
    ws.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === 'error') reject(new Error(data));
      if (message.type !== 'get_instruments') return;
      if (message.requestId !== asked) reject(new Error(data));
      asked += 1;
      if (asked < rounds) ws.send(JSON.stringify({ type: 'get_instruments', requestId: asked }));
      else ws.close(1000);
    };
    ws.onclose = ({ code, wasClean }) => resolve(`${ws.extensions}\n${wasClean ? code : 'not clean'}`);
  }), [url, token, +rounds]);
  console.log(said);
  console.log('done');
  await browser.close();
})().catch((error) => { console.error(error); process.exit(1); });
"#;

const ALONE: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// Of the recorder that the clients in other languages share.
fn recorder(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../gateway/tests/recorder")
        .join(file)
}

/// Runs a client to its end, gives what it printed, and holds its frames against the document.
fn run_recorded(command: &mut Command, name: &str) -> String {
    let recording = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.frames"));
    std::fs::write(&recording, "").unwrap();
    let out = run(command.env("FRAMES", &recording));
    recorded(&recording, LEAST);
    out
}

fn gateway() -> TestGateway {
    TestGateway::with(|config| {
        config.limits.messages_per_second = 10_000;
        config.limits.order_commands_per_minute = 10_000;
    })
}

#[test]
fn node_s_ws() {
    let Some(folder) = node("ws") else {
        return left_out("node's ws");
    };
    let gateway = gateway();
    let url = format!("ws://{}/ws", gateway.address);
    for (options, extensions) in [
        ("true", "permessage-deflate"),
        ("false", ""),
        (r#"{"serverMaxWindowBits":9}"#, "permessage-deflate"),
        (
            r#"{"serverMaxWindowBits":10,"clientMaxWindowBits":10}"#,
            "permessage-deflate",
        ),
        (r#"{"threshold":0}"#, "permessage-deflate"),
    ] {
        let token = gateway.token("alice", 600);
        let mut command = Command::new("node");
        command
            .current_dir(&folder)
            .arg("--import")
            .arg(recorder("node_ws.mjs"))
            .args(["-e", NODE, "--", &url, &token, options, ROUNDS]);
        assert_eq!(
            run_recorded(&mut command, "node"),
            format!("{extensions}\ndone\n"),
            "{options}"
        );
    }
}

#[test]
fn python_s_websockets() {
    let Some(python) = python("python3").filter(|_| self::python("websockets").is_some()) else {
        return left_out("python's websockets");
    };
    let gateway = gateway();
    let url = format!("ws://{}/ws", gateway.address);
    let asked_for = format!("{ALONE}\ndone\n");
    for (compression, printed) in [("deflate", &*asked_for), ("none", "\ndone\n")] {
        let token = gateway.token("alice", 600);
        let mut command = Command::new(&python);
        command.env("PYTHONPATH", recorder(""));
        command.args(["-c", PYTHON, &url, &token, compression, ROUNDS]);
        let out = run_recorded(&mut command, "python");
        // It asks for a window of twelve bits.
        let out = out.replace("; server_max_window_bits=12", "");
        let out = out.replace("; client_max_window_bits=12", "");
        assert_eq!(out, printed, "{compression}");
    }
}

#[test]
fn a_browser() {
    let (Some(folder), true) = (node("playwright-core"), installed("chromium")) else {
        return left_out("chromium with playwright-core");
    };
    let gateway = gateway();
    let url = format!("ws://{}/ws", gateway.address);
    let token = gateway.token("alice", 600);
    let mut command = Command::new("node");
    command.current_dir(&folder).args([
        "-e",
        BROWSER,
        "--",
        &url,
        &token,
        "/usr/bin/chromium",
        ROUNDS,
    ]);
    command.arg(recorder("frames.mjs"));
    assert_eq!(
        run_recorded(&mut command, "browser"),
        format!("{ALONE}\n1000\ndone\n")
    );
}

#[test]
fn websocat() {
    let Some(websocat) = python("websocat") else {
        return left_out("websocat");
    };
    let gateway = gateway();
    let mut child = Command::new(websocat)
        .args(["--one-message", "--no-close"])
        .arg(format!("ws://{}/ws", gateway.address))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let ping = serde_json::json!({"type": "ping"});
    contract::sent(&ping);
    std::io::Write::write_all(&mut input, format!("{ping}\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(out.starts_with(r#"{"type":"pong""#), "{out}");
    for line in out.lines() {
        contract::received(&serde_json::from_str(line).unwrap());
    }
}
