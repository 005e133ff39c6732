//! Those who watch: books, folded message by message, and trades, counted.

use std::cell::{Cell, RefCell};
use std::net::Ipv4Addr;
use std::rc::Rc;

use serde_json::{Value, json};
use tokio::io::BufReader;
use tokio::net::TcpStream;

use super::folded::Folded;
use super::market::PAIRS;
use super::raw::{DEFLATED, Raw, TEXT, inflate};
use super::user::connect;

const OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

/// Thirteen hundred of them hear more than a debug build can hold against the document beside the
/// rest; of all that they hear together, one in so many is. The first is one of them.
const SAMPLE: u64 = 20;

thread_local! {
    /// How many messages all of them heard: the soak has one thread.
    static HEARD: Cell<u64> = const { Cell::new(0) };
}

/// What one of them looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct View {
    pub(crate) pair: usize,
    pub(crate) depth: u32,
    pub(crate) is_full: bool,
}

/// One who watches a book.
#[derive(Debug)]
pub(crate) struct Watcher {
    pub(crate) view: View,
    is_deflating: bool,
    pub(crate) book: RefCell<Folded>,
    pub(crate) messages: Cell<u64>,
    pub(crate) deflated: Cell<u64>,
}

/// One who counts the trades of a pair.
#[derive(Debug)]
pub(crate) struct Follower {
    pub(crate) pair: usize,
    pub(crate) is_ready: Cell<bool>,
    pub(crate) trades: Cell<usize>,
    last: Cell<u64>,
}

impl Watcher {
    /// The one of this number: they look at all there is in turn, a quarter of them at the busy pair,
    /// a third of them deflated.
    pub(crate) fn new(number: usize) -> Watcher {
        Watcher {
            view: View {
                pair: usize::from(!number.is_multiple_of(4)),
                depth: [5, 15, 50, 200][number / 4 % 4],
                is_full: (number / 16).is_multiple_of(4),
            },
            is_deflating: number.is_multiple_of(3),
            book: RefCell::default(),
            messages: Cell::new(0),
            deflated: Cell::new(0),
        }
    }

    /// Watches until it is dropped; a gap, a wrong checksum or an end is a failure.
    pub(crate) async fn watch(self: Rc<Watcher>, address: Rc<str>, from: Ipv4Addr) {
        let headers = if self.is_deflating { OFFER } else { "" };
        let mut socket = upgrade(&address, from, headers).await;
        let ask = json!({"type": "subscribe", "channels": [self.view.channel()]});
        say(&mut socket, &ask).await;
        loop {
            let (message, is_deflated) = next(&mut socket).await;
            if message["type"] == "orderbook_update" {
                self.book.borrow_mut().take(&message);
                self.messages.set(self.messages.get() + 1);
                let deflated = self.deflated.get() + u64::from(is_deflated);
                self.deflated.set(deflated);
            }
        }
    }
}

impl View {
    pub(crate) fn channel(self) -> Value {
        let updates = if self.is_full { "full" } else { "delta" };
        json!({"type": "orderbook", "pair": PAIRS[self.pair], "depth": self.depth,
            "updates": updates})
    }
}

impl Follower {
    pub(crate) fn new(number: usize) -> Follower {
        Follower {
            pair: number % 2,
            is_ready: Cell::new(false),
            trades: Cell::new(0),
            last: Cell::new(0),
        }
    }

    /// Counts until it is dropped; a trade out of order is a failure.
    pub(crate) async fn follow(self: Rc<Follower>, address: Rc<str>, from: Ipv4Addr) {
        let mut socket = upgrade(&address, from, "").await;
        let pair = PAIRS[self.pair];
        let symbol = pair.split('/').next();
        let channels = json!([{"type": "trades", "pair": pair},
            {"type": "price", "symbol": symbol}, {"type": "risk_alerts"}]);
        let ask = json!({"type": "subscribe", "channels": channels});
        say(&mut socket, &ask).await;
        loop {
            let (message, _) = next(&mut socket).await;
            if message["type"] == "trades_snapshot" {
                self.is_ready.set(true);
            }
            if message["type"] == "trade" {
                let sequence = message["data"]["sequence"].as_u64().unwrap();
                assert!(sequence > self.last.replace(sequence), "{message}");
                self.trades.set(self.trades.get() + 1);
            }
        }
    }
}

pub(crate) type Watching = Raw<BufReader<TcpStream>>;

/// Connects from this address, and upgrades.
pub(crate) async fn upgrade(address: &str, from: Ipv4Addr, headers: &str) -> Watching {
    let stream = BufReader::new(connect(address, from).await);
    let socket = Raw::over(stream, headers).await;
    assert!(
        socket.answer.starts_with("HTTP/1.1 101 "),
        "{}",
        socket.answer
    );
    socket
}

/// Sends a message that the document of the socket allows.
pub(crate) async fn say(socket: &mut Watching, message: &Value) {
    testkit::contract::sent(message);
    socket.send(TEXT, message.to_string().as_bytes()).await;
}

/// The next message, and whether it came deflated. Pings are answered; an end is a failure, and so
/// is what the document does not allow, in one of [`SAMPLE`].
pub(crate) async fn next(socket: &mut Watching) -> (Value, bool) {
    loop {
        let (first, payload) = socket.next().await;
        let is_deflated = first & DEFLATED != 0;
        match first & 0xf {
            1 => {
                let text = match is_deflated {
                    true => inflate(&payload),
                    false => payload,
                };
                let message: Value = serde_json::from_slice(&text).unwrap();
                if HEARD.replace(HEARD.get() + 1).is_multiple_of(SAMPLE) {
                    testkit::contract::received(&message);
                }
                return (message, is_deflated);
            }
            9 => socket.send(0x8a, &payload).await,
            _ => panic!("{first:x} {payload:?}"),
        }
    }
}
