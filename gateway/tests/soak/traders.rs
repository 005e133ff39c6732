//! Those who trade: each checks all that it is told, loses its connection now and then, and takes up
//! where it left off.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rand::RngExt;
use serde_json::Value;
use tokio::time::{MissedTickBehavior, interval};

use super::user::{Expected, Socket, User, hear, text};

/// How often each asks for something.
const EVERY: Duration = Duration::from_millis(500);
/// How many requests of one wait for their answers.
const WINDOW: usize = 8;
/// How long a connection lives, in milliseconds.
const LIFE_MS: std::ops::Range<u64> = 5_000..40_000;

/// Trades until the end, over one connection after the other; gives the last.
pub(crate) async fn trade(user: &mut User, address: &str, is_over: &Cell<bool>) -> Socket {
    let mut lives = 0;
    loop {
        let mut socket = user.come_back(address).await;
        let life = Duration::from_millis(user.random.random_range(LIFE_MS));
        if live(user, &mut socket, life, is_over, lives > 0).await {
            return socket;
        }
        if user.random.random_bool(0.5) {
            // A reset instead of an end.
            socket.get_ref().set_zero_linger().unwrap();
        }
        lives += 1;
    }
}

/// Trades over a connection for so long; says whether it was the last.
async fn live(
    user: &mut User,
    socket: &mut Socket,
    life: Duration,
    is_over: &Cell<bool>,
    has_lost: bool,
) -> bool {
    let mut again = take_unanswered(user);
    assert!(has_lost || again.is_empty());
    let mut expected = BTreeMap::new();
    let begun = Instant::now();
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        if is_over.get() && user.waiting.is_empty() && again.is_empty() {
            return true;
        }
        if !is_over.get() && again.is_empty() && begun.elapsed() > life {
            return false;
        }
        tokio::select! {
            // Between two messages nothing is lost; a message that has begun is kept by its socket.
            message = hear(socket) => {
                let message = message.expect("the gateway hung up on a trader");
                match message["type"].as_str().unwrap() {
                    "order_update" => user.fold(&message),
                    _ => user.answered(&message, &expected),
                }
            }
            _ = tick.tick() => {
                if user.waiting.len() >= WINDOW {
                    continue;
                }
                let request = if let Some(request) = again.pop() {
                    user.retried += 1;
                    let name = text(&request["orderData"], "clientOrderId");
                    // What the lost connection brought may still be on its way.
                    let is_known = user.names.contains_key(&name);
                    let known = if is_known { Expected::Known } else { Expected::Either };
                    expected.insert(user.asked, known);
                    request
                } else if is_over.get() {
                    continue;
                } else {
                    user.request()
                };
                user.ask(socket, request).await.unwrap();
            }
        }
    }
}

/// The placements that the lost connection did not answer; the last first.
fn take_unanswered(user: &mut User) -> Vec<Value> {
    let unanswered = std::mem::take(&mut user.waiting).into_values();
    let placements = unanswered.filter(|it| it["type"] == "place_order");
    let mut again: Vec<Value> = placements.collect();
    again.reverse();
    again
}
