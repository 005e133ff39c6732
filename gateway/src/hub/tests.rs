//! The hub under a clock of the test's own, without sockets.

#![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

mod margin;
mod refusals;
mod repeats;
mod resume;
mod ties;
mod world;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use engine::domain::{CommandSequence, EventSequence, PairId, Price, Side, Timestamp};
use engine::exchange::Exchange;
use engine::report::{Report, ReportKind};
use simd_json::OwnedValue;
use simd_json::prelude::*;

use super::{BOOK_INTERVAL_MS, ConnectionId, Hub, Mailbox};
use crate::config::{Config, DemoOptions};
use crate::session::{Frame, Inbound};
use crate::wire::decode;

struct Rig {
    hub: Hub,
    now: Timestamp,
    sequence: u64,
}

impl Rig {
    fn new() -> Rig {
        Rig::with_shards(1)
    }

    fn with_shards(shards: usize) -> Rig {
        let config = Config::demo(&DemoOptions::default());
        let exchange = Exchange::new(config.exchange.clone()).unwrap();
        Rig {
            hub: Hub::with_shards(&config, &exchange, shards),
            now: Timestamp(1_640_995_200_000),
            sequence: 0,
        }
    }

    fn client(&mut self) -> (ConnectionId, Mailbox) {
        let mailbox = Mailbox::new(65_536);
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let id = self.hub.open(address, mailbox.clone(), self.now);
        (id, mailbox)
    }

    fn say(&mut self, id: ConnectionId, message: &str) {
        let envelope = decode(&mut message.as_bytes().to_vec()).unwrap();
        self.hub.receive(id, Inbound::Request(envelope), self.now);
    }

    /// A level of the first pair's bids gains a lot, and its tick comes.
    fn change(&mut self, ticks: u32) {
        self.report(ticks);
        self.tick();
    }

    /// The same, with a tick that comes so many milliseconds late, and then one that is not.
    fn change_at(&mut self, ticks: u32, late: u64) {
        self.report(ticks);
        let due = self.now.plus(BOOK_INTERVAL_MS);
        self.now = due.plus(late);
        self.hub.timeout(self.now);
        self.now = due;
    }

    fn report(&mut self, ticks: u32) {
        self.sequence += 1;
        let report = Report {
            after: CommandSequence(self.sequence),
            time: self.now,
            kind: ReportKind::Book {
                pair: PairId(0),
                sequence: EventSequence(self.sequence),
                side: Side::Buy,
                price: Price::new(ticks).unwrap(),
                change: 1,
            },
        };
        self.hub.report(&report, self.now);
    }

    fn tick(&mut self) {
        self.now = self.now.plus(BOOK_INTERVAL_MS);
        self.hub.timeout(self.now);
    }
}

fn take(mailbox: &Mailbox) -> Option<OwnedValue> {
    match mailbox.pop()? {
        Frame::Text(text) => Some(simd_json::to_owned_value(&mut text.to_vec()).unwrap()),
        other => panic!("{other:?}"),
    }
}

/// Kind, sequence and previous sequence of a book message.
fn link(message: &OwnedValue) -> (&str, u64, Option<u64>) {
    let data = message.get("data").unwrap();
    (
        data.get_str("kind").unwrap(),
        data.get_u64("sequence").unwrap(),
        data.get_u64("previousSequence"),
    )
}

#[test]
fn who_falls_behind_in_a_book_gets_one_snapshot_and_goes_on_from_it() {
    let mut rig = Rig::new();
    let (slow, box_of_slow) = rig.client();
    let (quick, box_of_quick) = rig.client();
    let subscribe =
        r#"{"type":"subscribe","channels":[{"type":"orderbook","pair":"LUXURY001/XRP"}]}"#;
    for (id, mailbox) in [(slow, &box_of_slow), (quick, &box_of_quick)] {
        rig.say(id, subscribe);
        assert_eq!(take(mailbox).unwrap().get_str("type"), Some("subscribed"));
        assert_eq!(link(&take(mailbox).unwrap()), ("snapshot", 0, None));
    }
    for round in 1..=5 {
        rig.change(99_000 + round);
        let round = u64::from(round);
        assert_eq!(
            link(&take(&box_of_quick).unwrap()),
            ("delta", round, Some(round - 1))
        );
    }
    // Of five messages the slow one has the first waiting, and no other.
    assert_eq!(link(&take(&box_of_slow).unwrap()), ("delta", 1, Some(0)));
    assert_eq!(take(&box_of_slow), None);
    rig.tick();
    let snapshot = take(&box_of_slow).unwrap();
    assert_eq!(link(&snapshot), ("snapshot", 5, None));
    let bids = snapshot.get("data").unwrap().get_array("bids").unwrap();
    assert_eq!(bids.len(), 5);
    rig.change(99_100);
    assert_eq!(link(&take(&box_of_slow).unwrap()), ("delta", 6, Some(5)));
    assert_eq!(link(&take(&box_of_quick).unwrap()), ("delta", 6, Some(5)));
}

/// However late ticks come, no span of a second has more than ten.
#[test]
fn a_late_tick_does_not_crowd_the_next() {
    let mut rig = Rig::new();
    let (id, mailbox) = rig.client();
    rig.say(
        id,
        r#"{"type":"subscribe","channels":[{"type":"orderbook","pair":"LUXURY001/XRP"}]}"#,
    );
    while take(&mailbox).is_some() {}
    let mut times = Vec::new();
    for round in 0..60 {
        // The ticks of one round in three come up to 99 ms late.
        let late = if round % 3 == 0 { 33 * (round % 4) } else { 0 };
        rig.change_at(90_000 + u32::try_from(round).unwrap(), late);
        while let Some(message) = take(&mailbox) {
            times.push(message.get_u64("timestamp").unwrap());
        }
    }
    assert!(times.len() > 50, "{}", times.len());
    for eleven in times.windows(11) {
        assert!(eleven[10] - eleven[0] >= 1_000, "{eleven:?}");
    }
}

/// Connections of two shards have ticks of their own, and each a chain of its own.
#[test]
fn shards_are_told_at_ticks_of_their_own() {
    let mut rig = Rig::with_shards(2);
    let subscribe =
        r#"{"type":"subscribe","channels":[{"type":"orderbook","pair":"LUXURY001/XRP"}]}"#;
    let boxes = [0, 1].map(|shard| {
        let mailbox = Mailbox::on_shard(65_536, shard, Arc::default(), 0);
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let id = rig.hub.open(address, mailbox.clone(), rig.now);
        rig.say(id, subscribe);
        while take(&mailbox).is_some() {}
        mailbox
    });
    let start = rig.now;
    rig.report(99_000);
    assert_eq!(rig.hub.deadline(), Some(start.plus(50)));
    rig.now = start.plus(50);
    rig.hub.timeout(rig.now);
    assert_eq!(take(&boxes[0]), None);
    assert_eq!(link(&take(&boxes[1]).unwrap()), ("delta", 1, Some(0)));
    rig.report(99_001);
    rig.now = start.plus(100);
    rig.hub.timeout(rig.now);
    assert_eq!(link(&take(&boxes[0]).unwrap()), ("delta", 2, Some(0)));
    assert_eq!(take(&boxes[1]), None);
    rig.now = start.plus(150);
    rig.hub.timeout(rig.now);
    assert_eq!(take(&boxes[0]), None);
    assert_eq!(link(&take(&boxes[1]).unwrap()), ("delta", 2, Some(1)));
}

#[test]
fn a_quiet_market_sets_no_book_timer() {
    let mut rig = Rig::new();
    assert_eq!(rig.hub.deadline(), None, "nobody is there");
    rig.change(99_000);
    assert_eq!(rig.hub.deadline(), None, "nobody looks");
    let (id, mailbox) = rig.client();
    let idle = rig.hub.deadline();
    rig.say(
        id,
        r#"{"type":"subscribe","channels":[{"type":"orderbook","pair":"LUXURY001/XRP"}]}"#,
    );
    while take(&mailbox).is_some() {}
    assert_eq!(rig.hub.deadline(), idle, "nothing changes");
}
