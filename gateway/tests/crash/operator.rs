//! Promise: what an operator was told was booked outlives kill -9, and what is asked again under its
//! key is done once, whether or not anybody heard of the first time.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::ControlFlow;

use engine::command::CommandKind;
use engine::domain::{CommandSequence, Operation, Revocation};
use engine::journal::{Directory, Entry, FileLog};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::place::Place;
use super::process::Process;
use super::user::units;
use super::{FUNDS, PATIENCE};

const TOKEN: &str = "a-token-that-only-this-test-has-to-know";
const LIVES: usize = 25;
/// How often it is killed under a halt.
const HALTS: usize = 8;

/// The operator, and what it was told of each transfer.
struct Operator {
    /// Of the last process.
    address: SocketAddr,
    place: Place,
    random: ChaCha8Rng,
    /// By key: where, what, and the answer if there was one.
    asked: BTreeMap<String, (String, String, Option<String>)>,
}

impl Operator {
    fn new(folder: &str) -> Operator {
        let place = Place::new(folder);
        let text = fs::read_to_string(&place.config).unwrap();
        let port = "admin_listen = \"127.0.0.1:0\"";
        let text = text.replace(port, &format!("{port}\nadmin_token = \"{TOKEN}\""));
        fs::write(&place.config, text).unwrap();
        Operator {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            place,
            random: ChaCha8Rng::seed_from_u64(7),
            asked: BTreeMap::new(),
        }
    }

    fn send(&self, method: &str, path: &str, body: &str) -> std::io::Result<TcpStream> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes())?;
        Ok(stream)
    }

    /// Status and body; none where the connection broke.
    fn ask(&self, method: &str, path: &str, body: &str) -> Option<(u16, String)> {
        let mut answer = String::new();
        let mut stream = self.send(method, path, body).ok()?;
        stream.read_to_string(&mut answer).ok()?;
        let (head, answer) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let told = serde_json::from_str(answer).unwrap();
        testkit::contract::operated(method, path, body, status, &told);
        Some((status, answer.to_owned()))
    }

    /// How a pair stands after a request of it.
    fn status(&self, path: &str, body: &str) -> String {
        let (status, answer) = self.ask("POST", path, body).expect("it answers");
        assert_eq!(status, 200, "{answer}");
        let told: Value = serde_json::from_str(&answer).unwrap();
        told["status"].as_str().unwrap().to_owned()
    }

    /// Asks for a transfer, and holds the answer against that of the first time.
    fn transfer(&mut self, key: &str) {
        let (path, body, first) = self.asked[key].clone();
        let Some((status, answer)) = self.ask("POST", &path, &body) else {
            return;
        };
        assert_eq!(status, 200, "{key}: {answer}");
        assert_eq!(first.unwrap_or_else(|| answer.clone()), answer, "{key}");
        self.asked.get_mut(key).unwrap().2 = Some(answer);
    }

    fn invent(&mut self) -> String {
        let key = format!("transfer-{}", self.asked.len());
        let user = ["alice", "bob", "carol"][self.random.random_range(0..3)];
        let deed = ["deposits", "withdrawals"][self.random.random_range(0..2)];
        let cents: u32 = self.random.random_range(1..1_000_000);
        let amount = format!("{}.{:02}", cents / 100, cents % 100);
        let body = json!({"asset": "XRP", "amount": amount, "idempotencyKey": key});
        let path = format!("/v1/accounts/{user}/{deed}");
        self.asked
            .insert(key.clone(), (path, body.to_string(), None));
        key
    }

    /// One process: all that has no answer yet is asked again, then more until it is killed.
    fn live(&mut self) {
        let mut process = self.start();
        for key in self.asked.keys().cloned().collect::<Vec<_>>() {
            if self.asked[&key].2.is_none() {
                self.transfer(&key);
                assert!(self.asked[&key].2.is_some(), "{key} has no answer");
            }
        }
        for _ in 0..self.random.random_range(0..30) {
            let key = self.invent();
            self.transfer(&key);
            if self.random.random_bool(0.2) {
                self.transfer(&key);
            }
        }
        // On its way when it dies, or done and nobody heard of it.
        let key = self.invent();
        let (path, body, _) = &self.asked[&key];
        let sent = self.send("POST", path, body).unwrap();
        let wait = self.random.random_range(0..4_000);
        std::thread::sleep(std::time::Duration::from_micros(wait));
        process.kill();
        drop((sent, process));
    }

    fn start(&mut self) -> Process {
        let mut process = self.place.spawn();
        process.listening();
        let address = process.says("the operator's port is http://");
        self.address = address.parse().unwrap();
        process
    }
}

#[test]
fn a_killed_gateway_books_each_transfer_once() {
    let mut operator = Operator::new("crash-operator");
    for _ in 0..LIVES {
        operator.live();
    }
    let _process = operator.start();
    let keys: Vec<String> = operator.asked.keys().cloned().collect();
    let mut totals = BTreeMap::from(["alice", "bob", "carol"].map(|user| (user, FUNDS)));
    for key in &keys {
        operator.transfer(key);
        let answer = operator.asked[key].2.clone().expect("it is answered");
        let booked: Value = serde_json::from_str(&answer).unwrap();
        let amount = units(&booked["amount"]);
        let total = totals.get_mut(booked["user"].as_str().unwrap()).unwrap();
        *total += if booked["direction"] == "deposit" {
            amount
        } else {
            -amount
        };
        let other = operator.asked[key].1.replace("XRP", "LUXURY001");
        let (status, refused) = operator
            .ask("POST", &operator.asked[key].0, &other)
            .unwrap();
        assert_eq!(status, 409, "{refused}");
    }
    for (user, total) in totals {
        let path = format!("/v1/accounts/{user}");
        let (_, account) = operator.ask("GET", &path, "").unwrap();
        let account: Value = serde_json::from_str(&account).unwrap();
        assert_eq!(units(&account["balances"][0]["total"]), total, "{user}");
    }
    let log = operator.place.log();
    assert!(
        log.contains("the operator moved money"),
        "no line in the log: {log}"
    );
    assert!(!log.contains(TOKEN), "the token is in the log");
    println!("{} transfers in {LIVES} lives", keys.len());
}

/// A halt and a revocation that were on their way when the process died, asked for again: done once,
/// and not again after somebody else undid them.
#[test]
fn a_killed_gateway_halts_and_revokes_once_for_each_key() {
    let mut operator = Operator::new("crash-operator-halts");
    let (halt, resume) = ["halt", "resume"]
        .map(|deed| format!("/v1/pairs/LUXURY001/XRP/{deed}"))
        .into();
    let revocations = "/v1/revocations";
    for life in 0..HALTS {
        let key = json!({"idempotencyKey": format!("halt-{life}")}).to_string();
        let revoke = json!({"sub": "bob", "idempotencyKey": format!("bob-{life}")}).to_string();
        let process = operator.start();
        let sent = [(&*halt, &key), (revocations, &revoke)]
            .map(|(path, body)| operator.send("POST", path, body).unwrap());
        let wait = operator.random.random_range(0..4_000);
        std::thread::sleep(std::time::Duration::from_micros(wait));
        // Killed, as its end always is here.
        drop(process);
        drop(sent);

        let process = operator.start();
        assert_eq!(operator.status(&halt, &key), "halted", "{life}");
        assert_eq!(operator.status(&resume, ""), "open", "{life}");
        let (status, answer) = operator.ask("POST", revocations, &revoke).unwrap();
        assert_eq!(status, 200, "{answer}");
        let lift = r#"{"sub":"bob"}"#;
        let (status, answer) = operator.ask("DELETE", revocations, lift).unwrap();
        assert_eq!(status, 200, "{answer}");
        assert_eq!(operator.status(&halt, &key), "open", "{life}");
        drop(process);

        let process = operator.start();
        assert_eq!(operator.status(&halt, &key), "open", "{life}");
        let (status, answer) = operator.ask("POST", revocations, &revoke).unwrap();
        assert_eq!(status, 200, "{answer}");
        let other = revoke.replace("\"bob\"", "\"carol\"");
        let (status, answer) = operator.ask("POST", revocations, &other).unwrap();
        assert_eq!(status, 409, "{answer}");
        drop(process);
    }
    // Each was revoked once, and lifted once: nothing of bob is revoked now.
    let mut journal = Vec::new();
    let log = FileLog::read(
        &Directory::open(&operator.place.data).unwrap(),
        CommandSequence(1),
        &mut |entry| {
            if let Entry::Command(command) = entry {
                journal.push(command.kind);
            }
            ControlFlow::Continue(())
        },
    );
    log.unwrap();
    let keyed: Vec<Operation> = journal
        .iter()
        .filter_map(|kind| match kind {
            CommandKind::Operate { operation, .. } => Some(*operation),
            _ => None,
        })
        .collect();
    let halts = keyed
        .iter()
        .filter(|it| matches!(it, Operation::SetTradingStatus { .. }))
        .count();
    let revoked = keyed
        .iter()
        .filter(|it| matches!(it, Operation::Revoke(Revocation::User { .. })))
        .count();
    let lifts = journal
        .iter()
        .filter(|it| matches!(it, CommandKind::Revoke(Revocation::Lift { .. })))
        .count();
    assert_eq!((halts, revoked, lifts), (HALTS, HALTS, HALTS));
}
