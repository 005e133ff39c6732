//! Any lines as the messages of three clients, through the hub to an exchange and back.
//!
//! A line's first byte says who sends it and how much time passes; what follows is the message,
//! or `@alice` for a login (`@alice+` ties the orders to the connection, `@alice-` takes that
//! back), or `#` for the end of the connection and another in its place. What is said must be
//! JSON, on each connection with a time that never falls, private only to who is logged in, each
//! user's updates without a gap once a snapshot came; and the exchange must be whole at the end.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};

use engine::domain::{AccountId, Amount, AssetId, Timestamp, UserName};
use engine::exchange::Exchange;
use engine::request::{Correlation, Request, RequestKind};
use engine::runtime::SubmitError;
use gateway::config::{Config, DemoOptions};
use gateway::hub::{ConnectionId, Hub, Mailbox, Submit};
use gateway::session::{Frame, Inbound, Login, Refused};
use gateway::wire::decode;
use serde_json::Value;

const USERS: [&str; 3] = ["alice", "bob", "carol"];
/// How many lines of an input are sent: more makes it slower, not deeper.
const MOST: usize = 100;
const START: u64 = 1_700_000_000_000;
/// What only its owner may see.
const PRIVATE: [&str; 3] = ["order_update", "orders_snapshot", "portfolio_update"];

/// What the hub asked and the exchange has not seen.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Vec<Request>>>);

impl Submit for Asked {
    fn submit(&mut self, request: Request) -> Result<(), SubmitError> {
        self.0.lock().expect("nobody panics with it").push(request);
        Ok(())
    }
}

struct Rig {
    hub: Hub,
    exchange: Exchange,
    asked: Asked,
    clients: Vec<Client>,
    now: Timestamp,
    said: BTreeMap<String, usize>,
}

struct Client {
    id: ConnectionId,
    mailbox: Mailbox,
    is_logged_in: bool,
    last: u64,
    /// The last `userSequence`, since a snapshot told one.
    at: Option<u64>,
}

impl Client {
    fn open(hub: &mut Hub, now: Timestamp) -> Client {
        let mailbox = Mailbox::new(1 << 20);
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Client {
            id: hub.open(address, mailbox.clone(), now),
            mailbox,
            is_logged_in: false,
            last: 0,
            at: None,
        }
    }
}

/// Sends each line, and checks all that comes back.
pub(crate) fn run(bytes: &[u8]) -> Result<(), String> {
    said(bytes).map(|_| ())
}

/// As [`run`], and says how often each type of message was said.
pub(crate) fn said(bytes: &[u8]) -> Result<BTreeMap<String, usize>, String> {
    let mut rig = Rig::new();
    for line in bytes.split(|byte| *byte == b'\n').take(MOST) {
        let Some((first, message)) = line.split_first() else {
            continue;
        };
        let who = usize::from(*first) % USERS.len();
        rig.now = rig.now.plus(u64::from(*first / 4) * 5);
        rig.timeouts();
        rig.send(who, message);
        rig.deliver();
        rig.read()?;
    }
    rig.now = rig.now.plus(20_000);
    rig.timeouts();
    rig.deliver();
    rig.read()?;
    rig.exchange.verify().map_err(|what| what.to_string())?;
    Ok(rig.said)
}

impl Rig {
    fn new() -> Rig {
        let config = Config::demo(&DemoOptions::default());
        let exchange = Exchange::new(config.exchange.clone());
        let mut exchange = exchange.expect("the demo's configuration is one that may be");
        let now = Timestamp(START);
        for (index, user) in USERS.iter().enumerate() {
            let name = UserName::new(user).expect("it is short and printable");
            fund(&mut exchange, RequestKind::OpenAccount { name }, now);
            for asset in 0..config.exchange.assets {
                let deposit = RequestKind::Deposit {
                    account: AccountId(u32::try_from(index).expect("there are three")),
                    asset: AssetId(asset),
                    amount: Amount::new(1_000_000_000_000).expect("it is in range"),
                };
                fund(&mut exchange, deposit, now);
            }
        }
        let mut hub = Hub::new(&config, &exchange);
        let asked = Asked::default();
        hub.connect(Box::new(asked.clone()));
        let clients = USERS.iter().map(|_| Client::open(&mut hub, now)).collect();
        Rig {
            clients,
            hub,
            exchange,
            asked,
            now,
            said: BTreeMap::new(),
        }
    }

    fn send(&mut self, who: usize, message: &[u8]) {
        if message.starts_with(b"#") {
            self.hub.closed(self.clients[who].id, self.now);
            self.clients[who] = Client::open(&mut self.hub, self.now);
            return;
        }
        let inbound = match message.strip_prefix(b"@") {
            Some(name) => {
                let (name, cancel_on_disconnect) = match name.split_last() {
                    Some((b'+', name)) => (name, Some(true)),
                    Some((b'-', name)) => (name, Some(false)),
                    _ => (name, None),
                };
                let user = USERS.iter().find(|user| user.as_bytes() == name);
                let user = user.unwrap_or(&USERS[who]);
                self.clients[who].is_logged_in = true;
                Inbound::Login {
                    request_id: None,
                    login: Ok(Login {
                        name: UserName::new(user).expect("it is short and printable"),
                        expires_at: self.now.plus(600_000),
                        tier: None,
                        cancel_on_disconnect,
                        mark: Default::default(),
                    }),
                }
            }
            None => match decode(&mut message.to_vec()) {
                Ok(envelope) => Inbound::Request(envelope),
                Err(error) => Inbound::Refused(Refused::from(error)),
            },
        };
        self.hub.receive(self.clients[who].id, inbound, self.now);
    }

    /// Takes what was asked to the exchange, and what it says back, until nothing is asked.
    fn deliver(&mut self) {
        loop {
            let asked = std::mem::take(&mut *self.asked.0.lock().expect("nobody panics with it"));
            if asked.is_empty() {
                return;
            }
            for request in asked {
                let mut reports = Vec::new();
                self.exchange.apply(&request, self.now, &mut reports);
                for report in &reports {
                    self.hub.report(report, self.now);
                }
            }
        }
    }

    fn timeouts(&mut self) {
        let mut reports = Vec::new();
        self.exchange.tick(self.now, &mut reports);
        for report in &reports {
            self.hub.report(report, self.now);
        }
        while let Some(deadline) = self.hub.deadline().filter(|it| *it <= self.now) {
            self.hub.timeout(deadline);
            self.deliver();
        }
    }

    fn read(&mut self) -> Result<(), String> {
        for client in &mut self.clients {
            while let Some(frame) = client.mailbox.pop() {
                if let Frame::Text(text) = frame {
                    let kind = client.check(&text)?;
                    *self.said.entry(kind).or_default() += 1;
                }
            }
        }
        Ok(())
    }
}

impl Client {
    fn check(&mut self, text: &[u8]) -> Result<String, String> {
        let shown = String::from_utf8_lossy(text);
        let message: Value =
            serde_json::from_slice(text).map_err(|what| format!("{what} in {shown}"))?;
        let kind = message["type"]
            .as_str()
            .ok_or(format!("no type in {shown}"))?;
        let time = message["timestamp"].as_u64();
        let time = time.ok_or(format!("no timestamp in {shown}"))?;
        if time < self.last {
            return Err(format!("time fell from {} in {shown}", self.last));
        }
        self.last = time;
        if PRIVATE.contains(&kind) && !self.is_logged_in {
            return Err(format!("said to a stranger: {shown}"));
        }
        let place = message["data"]["userSequence"].as_u64();
        match (kind, place, self.at) {
            // What is asked for again with `since` comes again.
            ("order_update", Some(place), Some(at)) if place > at + 1 => {
                return Err(format!("a gap after {at} in {shown}"));
            }
            ("order_update", Some(place), Some(at)) => self.at = Some(at.max(place)),
            ("orders_snapshot", Some(place), _) => self.at = Some(place),
            ("unsubscribed", ..) => self.at = None,
            _ => {}
        }
        Ok(kind.to_owned())
    }
}

fn fund(exchange: &mut Exchange, kind: RequestKind, now: Timestamp) {
    let correlation = Correlation(0);
    exchange.apply(&Request { correlation, kind }, now, &mut Vec::new());
}
