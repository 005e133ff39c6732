//! A panic is a bug: in a connection it ends that connection, in the exchange the process, before
//! anybody trades on what it left behind.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::client::{PATIENCE, order};
use super::folder::Folder;
use super::gateway::TestGateway;

/// Panics once it is armed, when the next thread with a name that begins so reads the clock.
fn trap(threads: &'static str) -> (Arc<AtomicBool>, impl Fn() + Send + Sync + 'static) {
    let armed = Arc::new(AtomicBool::new(false));
    let trap = {
        let armed = armed.clone();
        move || {
            let thread = std::thread::current();
            let is_one = thread.name().is_some_and(|name| name.starts_with(threads));
            if is_one && armed.swap(false, Ordering::SeqCst) {
                panic!("on purpose, on {:?}", thread.name());
            }
        }
    };
    (armed, trap)
}

#[tokio::test]
async fn a_panic_in_a_connection_ends_that_connection_alone() {
    let (armed, trap) = trap("shard");
    let gateway = TestGateway::hooked(trap, |config| config.runtime.shards = Some(2));
    let mut clients = Vec::new();
    for _ in 0..5 {
        clients.push(gateway.trader("alice").await);
    }
    clients[0].place("buy", "1.00", "900.00").await;
    armed.store(true, Ordering::SeqCst);
    let mut left = Vec::new();
    for mut client in clients {
        client.send(json!({"type": "ping"})).await;
        let next = tokio::time::timeout(PATIENCE, client.socket.next()).await;
        // The end of the other one is no good one: it is reset.
        if let Some(Ok(Message::Text(_))) = next.expect("neither an answer nor an end came") {
            left.push(client);
        }
    }
    assert!(!armed.load(Ordering::SeqCst), "nothing panicked");
    assert_eq!(left.len(), 4, "one ended, and no other");
    // Its place is free, its user's orders are there, and everybody goes on.
    left.push(gateway.trader("alice").await);
    for client in &mut left {
        let orders = client.ask(json!({"type": "get_orders"})).await;
        assert_eq!(orders["result"]["orders"].as_array().unwrap().len(), 1);
    }
    left[4].place("buy", "1.00", "900.00").await;
    let exchange = gateway.stop();
    exchange.verify().unwrap();
}

const CHILD: &str = "EXCHANGE_PANIC_CHILD";
const NAME: &str = "panics::a_panic_in_the_exchange_ends_the_process_and_loses_nothing";

/// What was acknowledged is there; the request that met the panic is not in the journal, so that
/// no start meets it again.
#[test]
fn a_panic_in_the_exchange_ends_the_process_and_loses_nothing() {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    if let Ok(folder) = std::env::var(CHILD) {
        runtime.block_on(panic_in(folder.into()));
        unreachable!("the process ends before");
    }
    let folder = Folder::new("panic");
    let child = Command::new(std::env::current_exe().unwrap())
        .args([NAME, "--exact", "--nocapture"])
        .env(CHILD, &folder.0)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&child.stderr);
    assert_eq!(child.status.signal(), Some(6), "it aborts: {told}");
    assert!(told.contains("on purpose"), "{told}");
    for _ in 0..2 {
        let gateway = folder.gateway(1, 1_000_000);
        runtime.block_on(async {
            let mut alice = gateway.trader("alice").await;
            let orders = alice.ask(json!({"type": "get_orders"})).await;
            let orders = orders["result"]["orders"].as_array().unwrap();
            assert_eq!(orders.len(), 1, "{orders:?}");
            assert_eq!(orders[0]["price"], "900.00");
        });
        gateway.stop().verify().unwrap();
    }
}

/// Places an order, and another that the exchange panics on.
async fn panic_in(folder: std::path::PathBuf) {
    let (armed, trap) = trap("core");
    let gateway = TestGateway::hooked(trap, |config| {
        config.storage.data_dir = Some(folder);
        config.storage.segment_mib = 1;
        config.storage.min_free_mib = 1;
    });
    let mut alice = gateway.trader("alice").await;
    alice.place("buy", "1.00", "900.00").await;
    armed.store(true, Ordering::SeqCst);
    alice.send(order("buy", "2.00", "901.00")).await;
    // Longer than it takes, shorter than anybody waits.
    alice.closed().await;
}
