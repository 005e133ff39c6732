//! A recorded day on its way through the exchange: which order is which, and what differs.

use std::collections::{BTreeMap, HashMap};

use engine::domain::{OrderId, Price, Quantity, Side, TimeInForce};
use engine::reject::Reject;

use super::super::ReplayError;
use super::super::market::Market;
use super::recording::{Book, Kind, Message};
use super::{Difference, LEVELS, Miss, Outcome, SURE_LEVELS};

/// How many differences are shown.
const MAX_SHOWN: usize = 20;

/// An order in the book.
#[derive(Clone, Copy)]
struct Resting {
    /// The recording's name; `None` for nameless volume.
    id: Option<u64>,
    side: Side,
    price: Price,
    filled: Quantity,
    leaves: Quantity,
}

/// The exchange, its orders by the recording's names, and what came of it so far.
pub(super) struct Day {
    pub(super) market: Market,
    resting: HashMap<OrderId, Resting>,
    by_id: HashMap<u64, OrderId>,
    /// The orders of each level, oldest first.
    bids: BTreeMap<Price, Vec<OrderId>>,
    asks: BTreeMap<Price, Vec<OrderId>>,
    pub(super) outcome: Outcome,
}

impl Day {
    /// An empty book.
    pub(super) fn new(reference: Price) -> Result<Day, ReplayError> {
        Ok(Day {
            market: Market::new(reference)?,
            resting: HashMap::new(),
            by_id: HashMap::new(),
            bids: BTreeMap::new(),
            asks: BTreeMap::new(),
            outcome: Outcome::default(),
        })
    }

    /// Sends what a message means.
    pub(super) fn apply(&mut self, row: usize, message: &Message) -> Result<(), ReplayError> {
        self.market.at(message.time);
        let result = match message.kind {
            Kind::Add => self.add(Some(message.id), message.side, message.price, message.size),
            Kind::Reduce | Kind::Delete => self.reduce_named(message),
            Kind::Execute => self.execute(row, message),
            Kind::LeftOut => {
                self.outcome.left_out += 1;
                Ok(())
            }
        };
        result.map_err(|reject| ReplayError::Refused { row, reject })
    }

    fn reduce_named(&mut self, message: &Message) -> Result<(), Reject> {
        match self.by_id.get(&message.id) {
            // A delete takes all that is left, whatever its size says.
            Some(&order) if matches!(message.kind, Kind::Delete) => {
                self.reduce(order, Quantity::MAX)
            }
            Some(&order) => self.reduce(order, message.size),
            None => {
                let missing = self.take_nameless(message.side, message.price, message.size)?;
                self.count_nameless(missing);
                Ok(())
            }
        }
    }

    fn execute(&mut self, row: usize, message: &Message) -> Result<(), Reject> {
        let is_known = self.by_id.contains_key(&message.id);
        let (side, price, size) = (message.side.opposite(), message.price, message.size);
        let hit = self.send(None, side, price, size, TimeInForce::ImmediateOrCancel)?;
        if is_known {
            self.outcome.executions += 1;
            if hit != [(Some(message.id), size.lots())] {
                self.outcome.misses += 1;
                if self.outcome.missed.len() < MAX_SHOWN {
                    let named = (message.id, size.lots());
                    self.outcome.missed.push(Miss { row, named, hit });
                }
            }
        } else {
            let traded: u64 = hit.iter().map(|(_, lots)| lots).sum();
            self.count_nameless(size.lots() - traded);
        }
        Ok(())
    }

    fn count_nameless(&mut self, missing_lots: u64) {
        if missing_lots == 0 {
            self.outcome.nameless += 1;
        } else {
            self.outcome.unknown += 1;
        }
    }

    /// Compares the book with the published one, then makes it equal.
    pub(super) fn compare(&mut self, row: usize, published: &Book) -> Result<(), ReplayError> {
        self.outcome.rows_compared += 1;
        let mut is_equal = [true; LEVELS];
        for side in [Side::Sell, Side::Buy] {
            let ours = self.market.depth(side, LEVELS);
            for (index, is_equal) in is_equal.iter_mut().enumerate() {
                let published = published.side(side).get(index).copied();
                let ours = ours.get(index).copied();
                if published == ours {
                    continue;
                }
                *is_equal = false;
                if self.outcome.differences.len() < MAX_SHOWN || index < SURE_LEVELS {
                    self.note(Difference {
                        row,
                        level: index + 1,
                        side,
                        published,
                        ours,
                    });
                }
            }
        }
        for (equal, is_equal) in self.outcome.rows_equal.iter_mut().zip(is_equal) {
            *equal += usize::from(is_equal);
        }
        if is_equal.contains(&false) {
            self.adopt(row, published)?;
        }
        Ok(())
    }

    /// Keeps a difference, one of a sure level rather than one of the last.
    fn note(&mut self, difference: Difference) {
        let kept = &mut self.outcome.differences;
        if kept.len() == MAX_SHOWN {
            let Some(unsure) = kept.iter().position(|kept| kept.level > SURE_LEVELS) else {
                return;
            };
            kept.remove(unsure);
        }
        kept.push(difference);
    }

    /// Makes the levels of both sides the published ones: first takes away, then adds, so that
    /// nothing added meets what is about to leave.
    pub(super) fn adopt(&mut self, row: usize, published: &Book) -> Result<(), ReplayError> {
        let sides = [Side::Buy, Side::Sell];
        let took = sides
            .iter()
            .try_for_each(|&side| self.take_excess(side, published.side(side)));
        took.and_then(|()| {
            sides
                .iter()
                .try_for_each(|&side| self.add_missing(side, published.side(side)))
        })
        .map_err(|reject| ReplayError::Refused { row, reject })
    }

    fn take_excess(&mut self, side: Side, published: &[(Price, u64)]) -> Result<(), Reject> {
        let Some(&(last, _)) = published.last() else {
            return Ok(());
        };
        for (price, lots) in self.market.depth(side, usize::MAX) {
            let is_beyond = match side {
                Side::Buy => price < last,
                Side::Sell => price > last,
            };
            if is_beyond {
                break;
            }
            let wanted = published.iter().find(|(at, _)| *at == price);
            let wanted = wanted.map_or(0, |(_, lots)| *lots);
            if let Some(excess) = lots.checked_sub(wanted).and_then(Quantity::new) {
                let missing = self.take_nameless(side, price, excess)?;
                self.take_any(side, price, missing)?;
            }
        }
        Ok(())
    }

    fn add_missing(&mut self, side: Side, published: &[(Price, u64)]) -> Result<(), Reject> {
        let ours: HashMap<Price, u64> = self.market.depth(side, usize::MAX).into_iter().collect();
        for (price, lots) in published {
            let here = ours.get(price).copied().unwrap_or(0);
            if let Some(missing) = lots.checked_sub(here).and_then(Quantity::new)
                && !missing.is_zero()
            {
                self.add(None, side, *price, missing)?;
            }
        }
        Ok(())
    }

    /// Takes from the nameless orders of a level, the oldest first, and says what it did not
    /// find, in lots.
    fn take_nameless(&mut self, side: Side, price: Price, size: Quantity) -> Result<u64, Reject> {
        let nameless = |order: &OrderId| self.resting[order].id.is_none();
        let orders = self
            .level(side, price)
            .into_iter()
            .filter(nameless)
            .collect();
        self.take(orders, size.lots())
    }

    /// Takes from whatever stands at a level, the youngest first.
    fn take_any(&mut self, side: Side, price: Price, lots: u64) -> Result<u64, Reject> {
        let orders = self.level(side, price).into_iter().rev().collect();
        self.take(orders, lots)
    }

    fn take(&mut self, orders: Vec<OrderId>, mut lots: u64) -> Result<u64, Reject> {
        for order in orders {
            let from_this = self.resting[&order].leaves.lots().min(lots);
            if let Some(by) = Quantity::new(from_this).filter(|by| !by.is_zero()) {
                self.reduce(order, by)?;
                lots -= from_this;
            }
        }
        Ok(lots)
    }

    fn level(&self, side: Side, price: Price) -> Vec<OrderId> {
        let levels = match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        };
        levels.get(&price).cloned().unwrap_or_default()
    }

    fn add(
        &mut self,
        id: Option<u64>,
        side: Side,
        price: Price,
        size: Quantity,
    ) -> Result<(), Reject> {
        self.send(id, side, price, size, TimeInForce::GoodTillCancelled)?;
        Ok(())
    }

    /// Lowers what is left of an order, in its place; all of it takes it out.
    fn reduce(&mut self, order: OrderId, by: Quantity) -> Result<(), Reject> {
        let resting = self.resting[&order];
        match resting
            .leaves
            .checked_sub(by)
            .filter(|left| !left.is_zero())
        {
            Some(left) => {
                let whole = resting
                    .filled
                    .checked_add(left)
                    .ok_or(Reject::AboveMaxAmount)?;
                self.market
                    .amend(resting.side, order, resting.price, whole)?;
                self.resting.insert(
                    order,
                    Resting {
                        leaves: left,
                        ..resting
                    },
                );
            }
            None => {
                self.market.cancel(resting.side, order)?;
                self.forget(order);
            }
        }
        Ok(())
    }

    /// Places an order, keeps what rests of it, and says what it hit.
    fn send(
        &mut self,
        id: Option<u64>,
        side: Side,
        price: Price,
        size: Quantity,
        time_in_force: TimeInForce,
    ) -> Result<Vec<(Option<u64>, u64)>, Reject> {
        let order = self.market.place(side, price, size, time_in_force)?;
        let mut hit = Vec::new();
        let mut filled = Quantity::ZERO;
        for fill in self.market.fills().to_vec() {
            let maker = self.resting[&fill.order];
            hit.push((maker.id, fill.quantity.lots()));
            filled = sum(filled, fill.quantity);
            let left = difference(maker.leaves, fill.quantity);
            if left.is_zero() {
                self.forget(fill.order);
            } else {
                let filled = sum(maker.filled, fill.quantity);
                let left = Resting {
                    filled,
                    leaves: left,
                    ..maker
                };
                self.resting.insert(fill.order, left);
            }
        }
        let leaves = difference(size, filled);
        if time_in_force == TimeInForce::GoodTillCancelled && !leaves.is_zero() {
            let resting = Resting {
                id,
                side,
                price,
                filled,
                leaves,
            };
            self.resting.insert(order, resting);
            let levels = match side {
                Side::Buy => &mut self.bids,
                Side::Sell => &mut self.asks,
            };
            levels.entry(price).or_default().push(order);
            if let Some(id) = id {
                self.by_id.insert(id, order);
            }
        }
        Ok(hit)
    }

    fn forget(&mut self, order: OrderId) {
        let Some(resting) = self.resting.remove(&order) else {
            return;
        };
        if let Some(id) = resting.id {
            self.by_id.remove(&id);
        }
        let levels = match resting.side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        };
        if let Some(level) = levels.get_mut(&resting.price) {
            level.retain(|&other| other != order);
            if level.is_empty() {
                levels.remove(&resting.price);
            }
        }
    }
}

fn sum(a: Quantity, b: Quantity) -> Quantity {
    a.checked_add(b)
        .expect("invariant: fills sum to the order's quantity at most")
}

fn difference(a: Quantity, b: Quantity) -> Quantity {
    a.checked_sub(b)
        .expect("invariant: an order trades what it has left at most")
}
