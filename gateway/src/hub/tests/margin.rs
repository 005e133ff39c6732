//! Positions as a slow client, one who comes back and one whose mark price comes from elsewhere see
//! them.

use std::path::Path;

use engine::domain::PairId;
use serde_json::{Value, json};

use super::world::World;
use crate::arbitrage::Fixed;
use crate::arbitrage::detector::{Chain, Level, Liquidity, Quote};
use crate::config::Config;
use crate::hub::{ConnectionId, Mailbox};
use crate::session::Frame;

const PAIR: &str = "LUXURY001/XRP";

/// A user with a connection.
struct Client {
    id: ConnectionId,
    mailbox: Mailbox,
}

impl Client {
    fn new(world: &mut World, user: &str) -> Client {
        let (id, mailbox) = world.open(1 << 20);
        world.log_in(id, user, None);
        world.settle();
        let client = Client { id, mailbox };
        client.read();
        client
    }

    /// Sends, and gives all that came since the last time.
    fn ask(&self, world: &mut World, message: &Value) -> Vec<Value> {
        world.send(self.id, message);
        world.settle();
        self.read()
    }

    fn read(&self) -> Vec<Value> {
        let mut messages = Vec::new();
        while let Some(frame) = self.mailbox.pop() {
            if let Frame::Text(text) = frame {
                let message = serde_json::from_slice(&text).unwrap();
                testkit::contract::received(&message);
                messages.push(message);
            }
        }
        messages
    }

    fn subscribe(&self, world: &mut World, channels: &Value) -> Vec<Value> {
        let message = json!({"type": "subscribe", "channels": channels});
        self.ask(world, &message)
    }

    fn order(&self, world: &mut World, side: &str, amount: &str, price: &str, more: Value) {
        let mut data = json!({"pair": PAIR, "side": side, "amount": amount, "price": price});
        for (field, value) in more.as_object().unwrap() {
            data[field] = value.clone();
        }
        let order = json!({"type": "place_order", "orderType": "limit", "orderData": data});
        let answers = self.ask(world, &order);
        let placed = answers.iter().any(|it| it["type"] == "order_placed");
        assert!(placed, "{answers:?}");
    }
}

fn spot() -> Value {
    json!({})
}

/// Bob quotes 990.00 to 1010.00, carol sold him a hundredth at 1000.00, and alice has 1.00 of his
/// at 1000.00 for a fifth.
fn opened(world: &mut World) -> (Client, Client) {
    let bob = Client::new(world, "bob");
    let carol = Client::new(world, "carol");
    let alice = Client::new(world, "alice");
    bob.order(world, "buy", "0.01", "1000.00", spot());
    carol.order(world, "sell", "0.01", "1000.00", spot());
    bob.order(world, "buy", "9.00", "990.00", spot());
    bob.order(world, "sell", "9.00", "1010.00", spot());
    bob.order(world, "sell", "1.00", "1000.00", spot());
    alice.order(world, "buy", "1.00", "1000.00", json!({"leverage": "5"}));
    alice.read();
    (alice, bob)
}

fn marks(messages: &[Value]) -> Vec<&str> {
    let updates = messages.iter().filter(|it| it["type"] == "position_update");
    updates
        .map(|it| it["data"]["markPrice"].as_str().unwrap_or("none"))
        .collect()
}

/// Of marks alone at most one message waits, the newest; a second apart at least; nothing when
/// nothing moved.
#[test]
fn a_mark_price_is_told_once_a_second_and_only_the_newest_waits() {
    let mut world = World::new(|_| {});
    let (alice, bob) = opened(&mut world);
    let first = alice.subscribe(&mut world, &json!([{"type": "positions"}]));
    assert_eq!(marks(&first), ["1000.00"]);
    let pass = |world: &mut World, ms| {
        world.now = world.now.plus(ms);
        world.settle();
    };
    pass(&mut world, 2_000);
    assert_eq!(marks(&alice.read()), Vec::<&str>::new(), "nothing moved");
    for bid in ["1001.00", "1002.00"] {
        bob.order(&mut world, "buy", "1.00", bid, spot());
    }
    assert_eq!(marks(&alice.read()), Vec::<&str>::new(), "not yet");
    pass(&mut world, 1_000);
    assert_eq!(marks(&alice.read()), ["1002.00"]);
    for bid in ["1003.00", "1004.00"] {
        bob.order(&mut world, "buy", "1.00", bid, spot());
        pass(&mut world, 1_000);
    }
    // What changes the position is said beside, and takes the place of what waits.
    let position = world.hub.private.all_positions().next().unwrap();
    let id = format!("pos_{}", position.view.position.0);
    let adjust = json!({"type": "adjust_margin", "positionId": id, "amount": "7.00"});
    let messages = alice.ask(&mut world, &adjust);
    assert_eq!(marks(&messages), ["1004.00"], "{messages:?}");
    let adjusted = messages.iter().find(|it| it["type"] == "position_update");
    assert_eq!(adjusted.unwrap()["data"]["margin"], "207.00");
    let unsubscribe = json!({"type": "unsubscribe", "channels": [{"type": "positions"}]});
    alice.ask(&mut world, &unsubscribe);
    bob.order(&mut world, "buy", "1.00", "1005.00", spot());
    pass(&mut world, 2_000);
    assert_eq!(alice.read(), Vec::<Value>::new());
}

/// Orders and positions are one row, and each channel brings its own of it, however the gateway
/// was started again in between; what is no longer kept is said to be.
#[test]
fn what_a_position_went_through_is_replayed() {
    for from_image in [false, true] {
        let mut world = World::new(|config| config.limits.replay_events = 4);
        let (alice, bob) = opened(&mut world);
        bob.order(&mut world, "sell", "1.00", "1001.00", spot());
        alice.order(
            &mut world,
            "buy",
            "1.00",
            "1001.00",
            json!({"leverage": "5"}),
        );
        world.restart(from_image);
        let asked = world.asked.clone();
        world.hub.connect(Box::new(asked));
        let alice = Client::new(&mut world, "alice");
        // Two orders filled, a position opened and grown.
        let since = |channel: &str, since: u64| json!([{"type": channel, "since": since}]);
        let positions = alice.subscribe(&mut world, &since("positions", 1));
        let row = |messages: &[Value], kind: &str| -> Vec<u64> {
            let of_kind = messages.iter().filter(|it| it["type"] == kind);
            let rows = of_kind.map(|it| it["data"]["userSequence"].as_u64().unwrap());
            rows.collect()
        };
        // The last one is the position as it is.
        assert_eq!(row(&positions, "position_update"), [2, 4, 4]);
        assert_eq!(positions[1]["data"]["reason"], "OPENED");
        assert_eq!(positions[2]["data"]["reason"], "GROWN");
        let snapshot = &positions.last().unwrap()["data"];
        let expected = json!({"count": 1, "resumed": true, "userSequence": 4});
        assert_eq!(snapshot, &expected);
        let orders = alice.subscribe(&mut world, &since("orders", 0));
        assert_eq!(row(&orders, "order_update"), [1, 3]);
        // Two more push the first two out of the window.
        bob_again(&mut world);
        alice.order(
            &mut world,
            "buy",
            "1.00",
            "1002.00",
            json!({"leverage": "5"}),
        );
        let lost = alice.subscribe(&mut world, &since("positions", 1));
        let snapshot = &lost.last().unwrap()["data"];
        assert_eq!(
            (&snapshot["resumed"], &snapshot["count"]),
            (&json!(false), &json!(1))
        );
        assert_eq!(row(&lost, "position_update"), [6]);
    }
}

fn bob_again(world: &mut World) {
    let bob = Client::new(world, "bob");
    bob.order(world, "sell", "1.00", "1002.00", spot());
}

/// The demo's exchange, with an index for its first pair.
fn indexed() -> World {
    let demo = include_str!("../../config/demo.toml");
    let (before, after) = demo.split_once("margin = { ").unwrap();
    let index = "index = \"flare:LUXURY001\", index_band_bps = 500";
    let ledgers = include_str!("../../config/demo_arbitrage.toml");
    let ledgers = ledgers.replace("XRPL\"]", "127.0.0.1:1\"]");
    let ledgers = ledgers.replace("FLARE\"]", "127.0.0.1:1\"]");
    let text = format!("{before}margin = {{ {index}, {after}{ledgers}");
    World::new(|config| *config = Config::parse(&text, "indexed", Path::new("")).unwrap())
}

/// What Flare says moves the mark within the band around it, and without it there is none.
#[test]
fn an_index_from_another_ledger_holds_the_mark() {
    let mut world = indexed();
    world.hub.begin_watch(world.now);
    let (alice, _bob) = opened(&mut world);
    let mark = |world: &World| world.hub.margin.mark(PairId(0)).map(|it| it.ticks());
    assert_eq!(mark(&world), None, "nothing was heard of the index");
    let quote = |price: &str, as_of| {
        let book = Liquidity::Book(vec![Level {
            base: Fixed::ONE,
            quote: Fixed::parse(price).unwrap(),
        }]);
        Ok(Quote {
            asks: Some(book.clone()),
            bids: Some(book),
            as_of,
            is_depth_known: true,
        })
    };
    let now = world.now;
    world.hub.quote(Chain::Flare, 0, quote("1100", now), now);
    world.settle();
    assert_eq!(mark(&world), Some(104_500), "1100.00 less 5%");
    let first = alice.subscribe(&mut world, &json!([{"type": "positions"}]));
    assert_eq!(marks(&first), ["1045.00"]);
    // Another token, another ledger, and too soon.
    world.hub.quote(Chain::Flare, 1, quote("900", now), now);
    world.hub.quote(Chain::Xrpl, 0, quote("900", now), now);
    world.hub.quote(Chain::Flare, 0, quote("1020", now), now);
    world.settle();
    assert_eq!(mark(&world), Some(104_500));
    world.now = world.now.plus(1_000);
    world.settle();
    assert_eq!(mark(&world), Some(100_000), "within the band again");
    world.now = now.plus(10_000);
    world.settle();
    assert_eq!(mark(&world), None, "nothing was heard for ten seconds");
    world.now = world.now.plus(1_000);
    world.settle();
    assert_eq!(marks(&alice.read()).last(), Some(&"none"));
}
