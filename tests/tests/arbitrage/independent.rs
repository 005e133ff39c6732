//! The scripted node speaks the protocol: a client that others wrote (`xrpl-py`) reads it. Runs
//! where `python3` has it, and says so where not.

use std::process::Stdio;

use gateway::server::SimulatedNodes;
use testkit::rippled::{AmmPool, LedgerState, Offer, Rippled};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;

use super::rig::{CURRENCY, ISSUER};

const SCRIPT: &str = r#"
import sys
from xrpl.clients import WebsocketClient
from xrpl.models.currencies import XRP, IssuedCurrency
from xrpl.models.requests import AMMInfo, BookOffers, StreamParameter, Subscribe

url, currency, issuer = sys.argv[1:4]
token = IssuedCurrency(currency=currency, issuer=issuer)
with WebsocketClient(url) as client:
    client.send(Subscribe(streams=[StreamParameter.LEDGER]))
    answered = closed = False
    for message in client:
        if message.get("type") == "response":
            assert message["status"] == "success" and message["result"]["ledger_index"] == 7, message
            answered = True
            print("subscribed", flush=True)
        elif message.get("type") == "ledgerClosed":
            assert answered and message["ledger_index"] == 8, message
            break
    asks = client.request(BookOffers(taker_gets=token, taker_pays=XRP(), ledger_index=8, limit=10))
    assert asks.is_successful() and asks.result["validated"] is True, asks
    first, second = asks.result["offers"]
    assert first["TakerGets"] == {"currency": currency, "issuer": issuer, "value": "10"}, first
    assert first["TakerPays"] == "10000000000", first
    assert second["taker_pays_funded"] == "1001000000", second
    bids = client.request(BookOffers(taker_gets=XRP(), taker_pays=token, ledger_index="validated"))
    assert bids.is_successful() and bids.result["offers"] == [], bids
    amm = client.request(AMMInfo(asset=XRP(), asset2=token))
    assert amm.is_successful() and amm.result["amm"]["trading_fee"] == 600, amm
    gone = client.request(BookOffers(taker_gets=token, taker_pays=XRP(), ledger_index=5))
    assert not gone.is_successful() and gone.result["error"] == "lgrNotFound", gone
print("done")
"#;

/// Against the demo's simulated node, in whatever ledger it is.
const DEMO_SCRIPT: &str = r#"
import sys
from xrpl.clients import WebsocketClient
from xrpl.models.currencies import XRP, IssuedCurrency
from xrpl.models.requests import AMMInfo, BookOffers, StreamParameter, Subscribe

url, currency, issuer = sys.argv[1:4]
token = IssuedCurrency(currency=currency, issuer=issuer)
print("subscribed", flush=True)
with WebsocketClient(url) as client:
    subscribed = client.request(Subscribe(streams=[StreamParameter.LEDGER]))
    assert subscribed.is_successful(), subscribed
    ledger = subscribed.result["ledger_index"]
    asks = client.request(BookOffers(taker_gets=token, taker_pays=XRP(), ledger_index=ledger))
    bids = client.request(BookOffers(taker_gets=XRP(), taker_pays=token, ledger_index=ledger))
    amm = client.request(AMMInfo(asset=token, asset2=XRP()))
    for answer in (asks, bids, amm):
        assert answer.is_successful() and answer.result["validated"] is True, answer
    price = lambda offer, gets, pays: int(offer[pays]) / float(offer[gets]["value"])
    asked = [price(offer, "TakerGets", "TakerPays") for offer in asks.result["offers"]]
    bid = [price(offer, "TakerPays", "TakerGets") for offer in bids.result["offers"]]
    assert asked == sorted(asked) and bid == sorted(bid, reverse=True) and asked[0] > bid[0]
    partly = asks.result["offers"][1]
    assert int(partly["taker_pays_funded"]) < int(partly["TakerPays"]), partly
    pool = amm.result["amm"]
    assert bid[0] < int(pool["amount"]) / float(pool["amount2"]["value"]) < asked[0], pool
    nothing = client.request(AMMInfo(asset=XRP(), asset2=IssuedCurrency(currency="USD", issuer=issuer)))
    assert nothing.result["error"] == "actNotFound", nothing
print("done")
"#;

#[tokio::test]
async fn an_independent_client_reads_the_scripted_node() {
    if !has_client().await {
        return;
    }
    let mut state = LedgerState {
        asks: vec![
            Offer::new("10", 10_000_000_000),
            Offer::new("5", 5_005_000_000),
        ],
        bids: Vec::new(),
        pool: Some(AmmPool {
            drops: 1_000_000_000,
            tokens: "1".to_owned(),
            trading_fee: 600,
        }),
    };
    state.asks[1].funded = Some(("1".to_owned(), 1_001_000_000));
    let node = Rippled::start(CURRENCY, ISSUER, 7, state.clone()).await;
    let url = format!("ws://{}", node.address());
    run(SCRIPT, &url, || {
        node.close_ledger(1, state);
    })
    .await;
}

#[tokio::test]
async fn an_independent_client_reads_the_demo_s_node() {
    if !has_client().await {
        return;
    }
    let nodes = SimulatedNodes::bind().unwrap();
    let url = format!("ws://{}", nodes.addresses().unwrap().0);
    let clock: gateway::server::Clock = std::sync::Arc::new(gateway::clock::now);
    nodes.start(&clock).unwrap();
    run(DEMO_SCRIPT, &url, || {}).await;
}

/// Whether `python3` has the client; says so loudly where not.
async fn has_client() -> bool {
    let found = Command::new("python3")
        .args(["-c", "import xrpl.clients"])
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .await;
    let has_client = found.is_ok_and(|status| status.success());
    if !has_client {
        eprintln!("\n******** LEFT OUT: python3 has no xrpl-py (pip install xrpl-py) ********\n");
    }
    has_client
}

/// Runs a script to its end; does `then` when it says that it has subscribed.
async fn run(script: &str, url: &str, then: impl FnOnce()) {
    let mut child = Command::new("python3")
        .args(["-", url, CURRENCY, ISSUER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(script.as_bytes()).await.unwrap();
    drop(input);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    if lines.next_line().await.unwrap().as_deref() == Some("subscribed") {
        then();
    }
    let last = lines.next_line().await.unwrap();
    let output = child.wait_with_output().await.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert_eq!(last.as_deref(), Some("done"), "{errors}");
}
