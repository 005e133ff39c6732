//! Recorded order flow: its file format, the matcher commands that it means, and the report lines
//! that every correct price-time book answers it with.
//!
//! A recorded replace names what is to be left and always loses its place; where the matcher
//! would let the order keep it (M-16), or has nothing to change, it is sent as cancel and place.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use engine::book::BookConfig;
use engine::command::{CancelOrder, OrderCommand, PlaceOrder, ReplaceOrder};
use engine::domain::{
    AccountId, OrderKey, Price, Quantity, SelfTradePrevention, Side, TimeInForce,
};
use engine::event::{CancelReason, DropReason, Event};
use engine::matching::Matcher;

const HEADER_BYTES: usize = 16;
const RECORD_BYTES: usize = 40;

/// One message of a recorded flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its place in the flow, repeated in every report line about it.
    pub sequence: u64,
    /// The order's name in the flow; a name may be used again when its order has ended.
    pub order: u64,
    /// What it asks.
    pub kind: MessageKind,
}

/// What a message asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// A new order.
    New {
        /// Which way.
        side: Side,
        /// Its limit.
        price: Price,
        /// How much.
        quantity: Quantity,
        /// Whether its rest is dropped.
        immediate_or_cancel: bool,
    },
    /// A resting order leaves.
    Cancel,
    /// A resting order goes to another price or quantity, behind all others.
    Replace {
        /// Its new limit.
        price: Price,
        /// What it shall have left.
        quantity: Quantity,
    },
}

/// Reads a whole file of recorded flow; the error says which record is wrong.
pub fn read_messages(file: &[u8]) -> Result<Vec<Message>, String> {
    let (header, records) = file
        .split_at_checked(HEADER_BYTES)
        .ok_or("the file is shorter than its header")?;
    let count = u32::from_le_bytes(bytes(header, 12)) as usize;
    if records.len() != count * RECORD_BYTES {
        return Err(format!(
            "expected {count} records, got {} bytes",
            records.len()
        ));
    }
    records
        .chunks_exact(RECORD_BYTES)
        .enumerate()
        .map(|(index, record)| message(record).map_err(|error| format!("record {index}: {error}")))
        .collect()
}

fn message(record: &[u8]) -> Result<Message, String> {
    let price = || {
        let ticks = i64::from_le_bytes(bytes(record, 24));
        u64::try_from(ticks)
            .ok()
            .and_then(Price::from_u64)
            .ok_or(format!("price {ticks}"))
    };
    let quantity = || {
        let lots = u64::from(u32::from_le_bytes(bytes(record, 4)));
        Quantity::new(lots).ok_or(format!("quantity {lots}"))
    };
    Ok(Message {
        sequence: u64::from_le_bytes(bytes(record, 8)),
        order: u64::from_le_bytes(bytes(record, 16)),
        kind: match record[0] {
            0 => MessageKind::New {
                side: if record[1] == 0 {
                    Side::Buy
                } else {
                    Side::Sell
                },
                price: price()?,
                quantity: quantity()?,
                immediate_or_cancel: record[2] != 0,
            },
            1 => MessageKind::Cancel,
            2 => MessageKind::Replace {
                price: price()?,
                quantity: quantity()?,
            },
            other => return Err(format!("type {other}")),
        },
    })
}

fn bytes<const N: usize>(from: &[u8], at: usize) -> [u8; N] {
    from[at..at + N]
        .try_into()
        .expect("invariant: the range has N bytes")
}

/// One report line. Sorts by sequence, then by kind, as the expected files do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The message that it answers.
    pub sequence: u64,
    /// 0 accepted, 1 trade, 2 cancelled, 3 replaced, 4 cancel refused, 5 replace refused.
    pub kind: u8,
    /// What follows the two.
    pub rest: String,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},{}", self.kind, self.sequence, self.rest)
    }
}

/// Which slot an order of the flow gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slots {
    /// Its name, which must be small.
    ByName,
    /// The slot that fell free last, else the next.
    Recycled,
}

/// A matcher that is driven by messages and answers in report lines.
#[derive(Debug)]
pub struct FlowDriver {
    matcher: Matcher,
    slots: Slots,
    live: HashMap<u64, OrderKey>,
    names: Vec<u64>,
    generations: Vec<u32>,
    free: Vec<u32>,
    levels: [BTreeMap<u32, u64>; 2],
    commands: Vec<OrderCommand>,
    events: Vec<Event>,
}

impl FlowDriver {
    /// Makes a driver with an empty book.
    pub fn new(config: BookConfig, slots: Slots) -> FlowDriver {
        FlowDriver {
            matcher: Matcher::new(config),
            slots,
            live: HashMap::new(),
            names: Vec::new(),
            generations: Vec::new(),
            free: Vec::new(),
            levels: [BTreeMap::new(), BTreeMap::new()],
            commands: Vec::new(),
            events: Vec::new(),
        }
    }

    /// The matcher, to look at its book.
    pub fn matcher(&self) -> &Matcher {
        &self.matcher
    }

    /// The commands that the last message became.
    pub fn commands(&self) -> &[OrderCommand] {
        &self.commands
    }

    /// The totals of the levels of `side` by price, added up from events alone.
    pub fn levels(&self, side: Side) -> &BTreeMap<u32, u64> {
        &self.levels[side as usize]
    }

    /// Sends `message` into the book and appends its report lines.
    pub fn apply(&mut self, message: &Message, lines: &mut Vec<Line>) {
        self.translate(message);
        let commands = std::mem::take(&mut self.commands);
        let mut events = std::mem::take(&mut self.events);
        events.clear();
        for command in &commands {
            self.matcher.apply(command, &mut events);
        }
        self.report(message, commands.len() == 2, &events, lines);
        (self.commands, self.events) = (commands, events);
    }

    fn translate(&mut self, message: &Message) {
        self.commands.clear();
        let live = self.live.get(&message.order).copied();
        match message.kind {
            MessageKind::New {
                side,
                price,
                quantity,
                immediate_or_cancel,
            } => {
                let key = self.open(message.order);
                let time_in_force = if immediate_or_cancel {
                    TimeInForce::ImmediateOrCancel
                } else {
                    TimeInForce::GoodTillCancelled
                };
                let order = place(key, side, price, quantity, time_in_force);
                self.commands.push(OrderCommand::Place(order));
            }
            MessageKind::Cancel => self.commands.push(cancel(live.unwrap_or(NOBODY))),
            MessageKind::Replace { price, quantity } => {
                self.translate_replace(live.unwrap_or(NOBODY), price, quantity);
            }
        }
    }

    fn translate_replace(&mut self, key: OrderKey, price: Price, quantity: Quantity) {
        let order = self.matcher.order(key);
        if let Some(order) = order
            && order.price == price
            && quantity <= order.leaves
        {
            let again = place(key, order.side, price, quantity, TimeInForce::default());
            self.commands.push(cancel(key));
            self.commands.push(OrderCommand::Place(again));
            return;
        }
        let leaves = order.map_or(Quantity::ZERO, |order| order.leaves);
        self.commands.push(OrderCommand::Replace(ReplaceOrder {
            key,
            price,
            quantity_change: lots(quantity) - lots(leaves),
            linked: false,
        }));
    }

    /// Gives the new order `name` a key.
    fn open(&mut self, name: u64) -> OrderKey {
        let slot = match self.slots {
            Slots::ByName => u32::try_from(name).expect("the flow's names are small"),
            Slots::Recycled => self.free.pop().unwrap_or_else(|| {
                u32::try_from(self.names.len()).expect("invariant: few orders are live")
            }),
        };
        let index = slot as usize;
        if index >= self.names.len() {
            self.names.resize(index + 1, 0);
            self.generations.resize(index + 1, 0);
        }
        self.names[index] = name;
        let key = OrderKey {
            slot,
            generation: self.generations[index],
        };
        self.live.insert(name, key);
        key
    }

    fn close(&mut self, key: OrderKey) {
        let index = key.slot as usize;
        self.live.remove(&self.names[index]);
        self.generations[index] += 1;
        if self.slots == Slots::Recycled {
            self.free.push(key.slot);
        }
    }

    fn report(&mut self, message: &Message, again: bool, events: &[Event], lines: &mut Vec<Line>) {
        let name = message.order;
        let mut say = |kind, rest| {
            lines.push(Line {
                sequence: message.sequence,
                kind,
                rest,
            });
        };
        if let MessageKind::New {
            side,
            price,
            quantity,
            ..
        } = message.kind
        {
            let (price, lots) = (price.ticks(), quantity.lots());
            say(0, format!("{},{name},{price},{lots}", side as u8));
        }
        let mut replaced = None;
        for event in events {
            if let Some((side, price, change)) = event.level_change() {
                self.change_level(side, price, change);
            }
            match *event {
                Event::Trade {
                    maker,
                    price,
                    quantity,
                    ..
                } => {
                    let maker_name = self.names[maker.slot as usize];
                    let (price, lots) = (price.ticks(), quantity.lots());
                    say(1, format!("{price},{lots},{maker_name},{name}"));
                    if self.matcher.order(maker).is_none() {
                        self.close(maker);
                    }
                }
                Event::Cancelled { side, .. } if again => replaced = Some(side),
                Event::Cancelled {
                    order, side, price, ..
                } => {
                    say(2, format!("{},{name},{}", side as u8, price.ticks()));
                    self.close(order);
                }
                Event::Replaced { side, .. } => replaced = Some(side),
                Event::Filled { order, .. } => self.close(order),
                Event::Dropped { order, reason, .. } => {
                    assert_eq!(reason, DropReason::ImmediateOrCancel);
                    let MessageKind::New { side, price, .. } = message.kind else {
                        panic!("invariant: only a new order is immediate or cancel");
                    };
                    say(2, format!("{},{name},{}", side as u8, price.ticks()));
                    self.close(order);
                }
                Event::Rejected { .. } => {
                    let kind = if message.kind == MessageKind::Cancel {
                        4
                    } else {
                        5
                    };
                    say(kind, name.to_string());
                }
                Event::Rested { .. } | Event::Reduced { .. } | Event::Decremented { .. } => {}
                Event::Pulled { .. }
                | Event::Refilled { .. }
                | Event::Triggered { .. }
                | Event::Tripped { .. }
                | Event::Waiting { .. }
                | Event::Amended { .. }
                | Event::Withdrawn { .. }
                | Event::Quoted { .. }
                | Event::StatusSet { .. } => panic!("invariant: all orders are plain"),
            }
        }
        if let (Some(side), MessageKind::Replace { price, quantity }) = (replaced, message.kind) {
            let (price, lots) = (price.ticks(), quantity.lots());
            say(3, format!("{},{name},{price},{lots}", side as u8));
        }
    }

    fn change_level(&mut self, side: Side, price: Price, change: i64) {
        let levels = &mut self.levels[side as usize];
        let total = levels.entry(price.ticks()).or_default();
        *total = total
            .checked_add_signed(change)
            .expect("no level goes below nothing");
        if *total == 0 {
            levels.remove(&price.ticks());
        }
    }
}

/// The commands that `messages` become, for a matcher with an empty book: every order at the slot
/// of its name, generations counted up.
pub fn commands(messages: &[Message], config: BookConfig) -> Vec<OrderCommand> {
    let mut driver = FlowDriver::new(config, Slots::ByName);
    let (mut commands, mut lines) = (Vec::new(), Vec::new());
    for message in messages {
        driver.apply(message, &mut lines);
        commands.extend_from_slice(driver.commands());
        lines.clear();
    }
    commands
}

/// The key of an order that the book does not know.
const NOBODY: OrderKey = OrderKey {
    slot: u32::MAX,
    generation: 0,
};

fn place(
    key: OrderKey,
    side: Side,
    price: Price,
    quantity: Quantity,
    time_in_force: TimeInForce,
) -> PlaceOrder {
    PlaceOrder {
        key,
        // Every order its own account: the flow knows no self-trade prevention.
        account: AccountId(key.slot),
        side,
        price,
        quantity,
        time_in_force,
        post_only: false,
        self_trade: SelfTradePrevention::default(),
    }
}

fn cancel(key: OrderKey) -> OrderCommand {
    OrderCommand::Cancel(CancelOrder {
        key,
        reason: CancelReason::Requested,
    })
}

fn lots(quantity: Quantity) -> i64 {
    i64::try_from(quantity.lots()).expect("invariant: a quantity is at most 2^40 lots")
}
