//! What is said where the exchange takes nothing.

#![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

use engine::request::Request;
use engine::runtime::SubmitError;
use serde_json::{Value, json};

use super::super::{Mailbox, Submit};
use super::world::World;
use crate::session::Frame;

/// An exchange that has stopped.
struct Closed;

impl Submit for Closed {
    fn submit(&mut self, _: Request) -> Result<(), SubmitError> {
        Err(SubmitError::Closed)
    }
}

fn last(mailbox: &Mailbox) -> Value {
    let frames = std::iter::from_fn(|| mailbox.pop());
    let texts = frames.filter_map(|frame| match frame {
        Frame::Text(text) => Some(text),
        Frame::Ping(_) | Frame::Close(_) => None,
    });
    serde_json::from_slice(&texts.last().unwrap()).unwrap()
}

/// A list is refused order by order, too.
#[test]
fn a_full_and_a_stopped_exchange_are_told_apart() {
    let mut world = World::new(|_| {});
    let (id, mailbox) = world.open(1 << 20);
    world.log_in(id, "alice", None);
    world.settle();
    let order = json!({"orderType": "limit", "orderData":
        {"pair": "LUXURY001/XRP", "side": "buy", "amount": "1.00", "price": "900.00"}});
    let list = json!({"type": "place_orders", "orders": [order, order], "requestId": "r"});
    world.asked.set_room(Some(1));
    world.send(id, &list);
    world.settle();
    let answer = last(&mailbox);
    assert_eq!(answer["error"]["reason"], "BUSY", "{answer}");
    assert_eq!(
        (&answer["index"], &answer["requestId"]),
        (&json!(1), &json!("r"))
    );
    world.hub.connect(Box::new(Closed));
    world.send(id, &json!({"type": "cancel_all"}));
    let answer = last(&mailbox);
    assert_eq!(answer["error"]["reason"], "SHUTTING_DOWN", "{answer}");
}
