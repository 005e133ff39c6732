//! Orders that go with a connection, under a clock of the test's own.

#![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};

use engine::domain::{AccountId, UserName};
use serde_json::json;

use super::super::{ConnectionId, Mailbox, TieLog};
use super::world::World;
use crate::session::Frame;

/// Remembers, and may be told to fail.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<(BTreeSet<AccountId>, bool)>>);

impl Written {
    fn accounts(&self) -> usize {
        self.0.lock().unwrap().0.len()
    }
}

impl TieLog for Written {
    fn tie(&mut self, account: AccountId) -> io::Result<()> {
        let mut inner = self.0.lock().unwrap();
        if inner.1 {
            return Err(io::Error::other("the disk is full"));
        }
        inner.0.insert(account);
        Ok(())
    }

    fn untie(&mut self, account: AccountId) {
        self.0.lock().unwrap().0.remove(&account);
    }
}

fn world() -> (World, Written) {
    let mut world = World::new(|_| {});
    let written = Written::default();
    world.hub.tie_by(Box::new(written.clone()), []);
    (world, written)
}

fn tied(world: &mut World, cancels: Option<bool>) -> (ConnectionId, Mailbox) {
    let (id, mailbox) = world.open(1 << 20);
    world.log_in(id, "alice", cancels);
    world.settle();
    (id, mailbox)
}

fn place(world: &mut World, id: ConnectionId) {
    let order = json!({"type": "place_order", "orderType": "limit", "orderData":
        {"pair": "LUXURY001/XRP", "side": "buy", "amount": "1.00", "price": "900.00"}});
    world.send(id, &order);
    world.settle();
}

fn open_orders(world: &World) -> usize {
    let alice = UserName::new("alice").unwrap();
    let alice = world.exchange.clearing().account(&alice).unwrap();
    world.exchange.clearing().open_orders(alice).len()
}

fn kinds(mailbox: &Mailbox) -> Vec<String> {
    std::iter::from_fn(|| mailbox.pop())
        .filter_map(|frame| match frame {
            Frame::Text(text) => {
                let message: serde_json::Value = serde_json::from_slice(&text).unwrap();
                testkit::contract::received(&message);
                Some(message["type"].as_str().unwrap().to_owned())
            }
            Frame::Ping(_) | Frame::Close(_) => None,
        })
        .collect()
}

#[test]
fn who_is_tied_is_written_down_until_the_cancelling_is_answered() {
    let (mut world, written) = world();
    let (first, _box) = tied(&mut world, Some(true));
    assert_eq!(written.accounts(), 1);
    let (second, _box) = tied(&mut world, Some(true));
    place(&mut world, first);
    world.hub.closed(first, world.now);
    assert_eq!(written.accounts(), 1, "not answered, and another is tied");
    world.settle();
    assert_eq!((open_orders(&world), written.accounts()), (0, 1));
    world.hub.closed(second, world.now);
    assert_eq!(written.accounts(), 1, "not answered");
    world.settle();
    assert_eq!(written.accounts(), 0);
}

#[test]
fn a_tie_is_made_and_taken_back_by_a_login_and_kept_by_silence() {
    let (mut world, written) = world();
    let (id, mailbox) = tied(&mut world, None);
    assert_eq!(written.accounts(), 0);
    for (choice, tied) in [
        (Some(true), 1),
        (None, 1),
        (Some(true), 1),
        (Some(false), 0),
    ] {
        world.log_in(id, "alice", choice);
        world.settle();
        assert_eq!(written.accounts(), tied, "{choice:?}");
    }
    assert_eq!(kinds(&mailbox), ["authenticated"; 5]);
    place(&mut world, id);
    world.hub.closed(id, world.now);
    world.settle();
    assert_eq!(open_orders(&world), 1);
}

#[test]
fn what_cannot_be_written_down_is_not_promised() {
    let (mut world, written) = world();
    written.0.lock().unwrap().1 = true;
    let (id, mailbox) = tied(&mut world, Some(true));
    assert_eq!(kinds(&mailbox), ["error"]);
    world.log_in(id, "alice", None);
    world.settle();
    assert_eq!(kinds(&mailbox), ["authenticated"], "without it all is well");
    world.log_in(id, "alice", Some(true));
    world.settle();
    assert_eq!(kinds(&mailbox), ["error"]);
    place(&mut world, id);
    world.hub.closed(id, world.now);
    world.settle();
    assert_eq!(open_orders(&world), 1);
}

/// A full inbox puts a cancelling off and does not lose it.
#[test]
fn a_cancelling_that_finds_no_room_is_asked_for_again() {
    let (mut world, written) = world();
    let (id, _box) = tied(&mut world, Some(true));
    place(&mut world, id);
    world.asked.set_room(Some(0));
    world.hub.closed(id, world.now);
    world.settle();
    assert_eq!((open_orders(&world), written.accounts()), (1, 1));
    let due = world.hub.deadline().unwrap();
    assert_eq!(due.since(world.now), 10);
    world.now = due;
    world.settle();
    assert_eq!(open_orders(&world), 1, "still no room");
    world.asked.set_room(None);
    world.now = world.hub.deadline().unwrap();
    world.settle();
    assert_eq!((open_orders(&world), written.accounts()), (0, 0));
}

/// Whoever was tied when the process before ended is cancelled before anything else is asked.
#[test]
fn the_next_process_cancels_first() {
    let (mut world, written) = world();
    let (id, _box) = tied(&mut world, Some(true));
    place(&mut world, id);
    world.restart(true);
    let left = written.0.lock().unwrap().0.clone();
    world.hub.tie_by(Box::new(written.clone()), left);
    let asked = world.asked.clone();
    world.hub.connect(Box::new(asked));
    let (id, _box) = world.open(1 << 20);
    world.log_in(id, "alice", None);
    assert!(world.decide(), "the cancelling, before the login");
    assert_eq!(open_orders(&world), 0);
    world.settle();
    assert_eq!(written.accounts(), 0);
}
