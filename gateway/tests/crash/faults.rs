//! Promise: when the system refuses a call, or takes its time for it, the gateway says so on
//! `/health`, takes nothing more, ends, and has acknowledged nothing that is not on the disk.
//!
//! strace is attached to a running gateway and refuses its calls. A machine without it, or where it
//! may not be attached, says so loudly, and the proof is left out.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::place::Place;
use super::process::Process;
use super::{PATIENCE, Socket, User, hear, say};

/// The most orders that are asked for until the fault comes.
const MOST_ORDERS: usize = 200;

/// strace on a running process; it ends with that.
struct Fault(Child);

impl Fault {
    /// Has the calls `call` of `process` go as `inject` says; `None` where that cannot be done.
    fn attach(process: &Process, call: &str, inject: &str) -> Option<Fault> {
        let mut command = Command::new("strace");
        command.args(["-f", "-o", "/dev/null", "-e", &format!("trace={call}")]);
        command.args(["-e", &format!("inject={call}:{inject}"), "-p"]);
        command.arg(process.id().to_string()).stderr(Stdio::piped());
        let Ok(mut child) = command.spawn() else {
            println!("******** LEFT OUT: strace is not there, so no call can be refused ********");
            return None;
        };
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        if !line.contains("attached") {
            println!("******** LEFT OUT: strace cannot be attached here: {line} ********");
            return None;
        }
        // What more it says is for nobody, but it must not wait to say it.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Some(Fault(child))
    }
}

impl Drop for Fault {
    fn drop(&mut self) {
        // It is gone already, where its process is.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The status and the text of an answer to GET.
fn get(address: &str, path: &str) -> std::io::Result<(u16, String)> {
    let mut http = std::net::TcpStream::connect(address)?;
    http.set_read_timeout(Some(PATIENCE))?;
    write!(
        http,
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    http.read_to_string(&mut answer)?;
    let status = answer.get(9..12).and_then(|it| it.parse().ok());
    let text = answer.split_once("\r\n\r\n").map(|it| it.1.to_owned());
    Ok((status.unwrap_or(0), text.unwrap_or_default()))
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

fn bid(name: &str) -> Value {
    json!({"type": "place_order", "orderType": "limit", "orderData": {
        "pair": "LUXURY001/XRP", "side": "buy", "amount": "1.00", "price": "900.00",
        "clientOrderId": name}})
}

/// The answer to a bid of this name; none when the connection ends instead.
async fn answer(socket: &mut Socket, name: &str) -> Option<Value> {
    say(socket, &bid(name)).await.ok()?;
    loop {
        let next = tokio::time::timeout(PATIENCE, socket.next()).await;
        match next.expect("neither an answer nor an end came")? {
            Ok(Message::Text(text)) => {
                let message: Value = serde_json::from_str(&text).unwrap();
                testkit::contract::received(&message);
                if message["type"] == "order_placed" || message["type"] == "error" {
                    return Some(message);
                }
            }
            Ok(Message::Close(_)) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

/// Asks until the connection ends; the orders that were acknowledged, by name.
async fn acknowledged(socket: &mut Socket) -> Vec<(String, Value)> {
    let mut orders = Vec::new();
    for number in 0..MOST_ORDERS {
        let name = format!("bid-{number}");
        match answer(socket, &name).await {
            Some(placed) if placed["type"] == "order_placed" => {
                orders.push((name, placed["result"]["orderId"].clone()));
            }
            // It may be answered, before the end, that nothing is taken any more.
            Some(refused) => assert_eq!(refused["type"], "error", "{refused}"),
            None => return orders,
        }
    }
    panic!("{MOST_ORDERS} orders were acknowledged, and no call was refused");
}

/// Refuses one call of a gateway, and checks all that is promised of its end.
fn refuse(call: &str, error: &str, when: u32, logged: &str) {
    let case = format!("{call} {error} {when}");
    let place = Place::new(&format!("refused-{call}-{error}-{when}"));
    let mut alice = User::new("alice", place.token("alice"));
    let mut process = place.spawn();
    let address = process.listening();
    let runtime = runtime();
    let orders = runtime.block_on(async {
        let mut socket = alice.come_back(&address).await;
        let inject = format!("error={error}:when={when}");
        let fault = Fault::attach(&process, call, &inject)?;
        let orders = acknowledged(&mut socket).await;
        for path in ["/health", "/ready"] {
            let (status, text) = get(&address, path).expect("it tells before it ends");
            assert_eq!(status, 503, "{case}: {path}: {text}");
            assert!(text.starts_with("failed"), "{case}: {path}: {text}");
        }
        assert_eq!(process.wait().code(), Some(1), "{case}");
        drop(fault);
        Some(orders)
    });
    let Some(orders) = orders else { return };
    assert!(place.log().contains(logged), "{case}: {}", place.log());

    // What is acknowledged is there, and under its name; what is not is placed now, once.
    let mut process = place.spawn();
    let address = process.listening();
    runtime.block_on(async {
        let mut socket = alice.come_back(&address).await;
        for (name, id) in &orders {
            let again = answer(&mut socket, name).await.expect("the gateway is up");
            assert_eq!(
                again["result"]["duplicate"], true,
                "{case}: {name} is lost: {again}"
            );
            assert_eq!(again["result"]["orderId"], *id, "{case}");
        }
        let unanswered = format!("bid-{}", orders.len());
        let first = answer(&mut socket, &unanswered).await.unwrap();
        let second = answer(&mut socket, &unanswered).await.unwrap();
        assert_eq!(
            second["result"]["orderId"], first["result"]["orderId"],
            "{case}"
        );
        let open = json!({"type": "get_orders"});
        say(&mut socket, &open).await.unwrap();
        let answer = loop {
            let message = hear(&mut socket).await.unwrap();
            if message["type"] != "order_update" {
                break message;
            }
        };
        let open = answer["result"]["orders"].as_array().unwrap();
        assert_eq!(open.len(), orders.len() + 1, "{case}: {answer}");
    });
    println!("{case}: {} acknowledged, all there", orders.len());
}

#[test]
fn a_refused_call_is_told_on_health_and_ends_the_gateway() {
    let cases = [
        ("fdatasync", "EIO", 1, "could not sync a batch"),
        ("fdatasync", "EIO", 4, "could not sync a batch"),
        ("fdatasync", "ENOSPC", 9, "no room left to sync a batch"),
        ("pwrite64", "EIO", 2, "could not write a batch"),
        ("pwrite64", "ENOSPC", 1, "no room left to write a batch"),
        ("pwrite64", "ENOSPC", 6, "no room left to write a batch"),
    ];
    // Each is mostly the time in which it tells of its failure.
    std::thread::scope(|scope| {
        for (call, error, when, logged) in cases {
            scope.spawn(move || refuse(call, error, when, logged));
        }
    });
}

#[test]
fn a_disk_that_takes_long_is_told_on_health_until_it_goes_on() {
    let place = Place::new("slow-sync");
    let mut alice = User::new("alice", place.token("alice"));
    let mut process = place.spawn();
    let address = process.listening();
    runtime().block_on(async {
        let mut socket = alice.come_back(&address).await;
        assert_eq!(get(&address, "/health").unwrap(), (200, "ok\n".to_owned()));
        let Some(fault) = Fault::attach(&process, "fdatasync", "delay_enter=8000000:when=2") else {
            return;
        };
        assert_eq!(
            answer(&mut socket, "quick").await.unwrap()["type"],
            "order_placed"
        );
        say(&mut socket, &bid("slow")).await.unwrap();
        let begun = Instant::now();
        let (status, text) = loop {
            let told = get(&address, "/health").unwrap();
            if told.0 != 200 || begun.elapsed() > PATIENCE {
                break told;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        assert_eq!((status, text.starts_with("stalled")), (503, true), "{text}");
        assert_eq!(get(&address, "/ready").unwrap().0, 503);
        // The answer waited for the disk, and comes; so does health.
        let placed = loop {
            let message = hear(&mut socket).await.unwrap();
            if message["type"] == "order_placed" {
                break message;
            }
        };
        assert_eq!(placed["result"]["clientOrderId"], "slow", "{placed}");
        assert_eq!(get(&address, "/health").unwrap(), (200, "ok\n".to_owned()));
        assert_eq!(
            get(&address, "/ready").unwrap(),
            (200, "ready\n".to_owned())
        );
        drop(fault);
    });
    process.terminate();
    assert_eq!(process.wait().code(), Some(0), "{}", place.log());
}
