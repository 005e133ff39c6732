//! Which orders a price sets off: an index by trigger price, one for each price that sets off.
//!
//! Owns what waits for one price of the pair ([`TriggerBy`](crate::domain::TriggerBy)): fixed
//! triggers by price, trailing ones by the best price they have seen ([`Trails`]). In: what
//! waits, what does not any more, the price. Out: what the price reached, in the order of rule
//! M-22.
//!
//! Invariant: the prices from `calm_from` to `calm_to` neither reach the nearest triggers below
//! and above nor move an anchor, so that two comparisons say whether a price matters at all:
//! what waits costs nothing until then.
//! Complexity: logarithmic for each order that comes, goes or is set off; a price that moves
//! trailing stops moves whole groups of them.

mod trails;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use trails::Trails;

use crate::domain::{Crossing, Price, TrailingDistance};

/// What waits for one price of a pair.
#[derive(Clone, Debug)]
pub(super) struct TriggerIndex {
    /// The lowest price that matters to nothing.
    calm_from: u32,
    /// The highest that does; one below the highest price at most, which costs a look at nothing
    /// where that is the price.
    calm_to: u32,
    falling: BTreeMap<(Reverse<Price>, u64), u32>,
    rising: BTreeMap<(Price, u64), u32>,
    falling_trails: Trails,
    rising_trails: Trails,
}

/// An order that a price reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reached {
    /// Where its trigger stood.
    pub(super) trigger: Price,
    /// Its place in the order of arrival.
    pub(super) arrival: u64,
    /// The slot that is kept for it.
    pub(super) slot: u32,
}

impl Default for TriggerIndex {
    fn default() -> TriggerIndex {
        TriggerIndex {
            calm_from: 1,
            calm_to: u32::MAX - 1,
            falling: BTreeMap::new(),
            rising: BTreeMap::new(),
            falling_trails: Trails::new(Crossing::Falling),
            rising_trails: Trails::new(Crossing::Rising),
        }
    }
}

impl TriggerIndex {
    /// Whether `price` reaches a trigger or moves one. Says so too often at the highest price.
    #[inline]
    pub(super) const fn is_touched(&self, price: Price) -> bool {
        let price = price.ticks();
        price < self.calm_from || price > self.calm_to
    }

    /// Whether anything waits.
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.falling.len()
            + self.rising.len()
            + self.falling_trails.len()
            + self.rising_trails.len()
    }

    /// Adds a fixed trigger.
    pub(super) fn add(&mut self, crossing: Crossing, trigger: Price, arrival: u64, slot: u32) {
        match crossing {
            Crossing::Falling => {
                self.falling.insert((Reverse(trigger), arrival), slot);
                self.calm_from = self.calm_from.max(trigger.ticks().saturating_add(1));
            }
            Crossing::Rising => {
                self.rising.insert((trigger, arrival), slot);
                self.calm_to = self.calm_to.min(trigger.ticks() - 1);
            }
        }
    }

    /// Takes a fixed trigger out, which is there.
    pub(super) fn remove(&mut self, crossing: Crossing, trigger: Price, arrival: u64) {
        let removed = match crossing {
            Crossing::Falling => self.falling.remove(&(Reverse(trigger), arrival)),
            Crossing::Rising => self.rising.remove(&(trigger, arrival)),
        };
        assert!(
            removed.is_some(),
            "invariant: what waits stands in its index"
        );
        self.find_nearest();
    }

    /// Adds a trailing stop that has seen `anchor` and whose trigger exists.
    pub(super) fn add_trail(
        &mut self,
        crossing: Crossing,
        anchor: Price,
        distance: TrailingDistance,
        arrival: u64,
        slot: u32,
    ) {
        self.trails_mut(crossing)
            .add(anchor, distance, arrival, slot);
        self.find_nearest();
    }

    /// Takes a trailing stop out, which is there.
    pub(super) fn remove_trail(
        &mut self,
        crossing: Crossing,
        distance: TrailingDistance,
        arrival: u64,
    ) {
        self.trails_mut(crossing).remove(distance, arrival);
        self.find_nearest();
    }

    /// The best price that a trailing stop has seen.
    pub(super) fn anchor(&self, crossing: Crossing, arrival: u64) -> Option<Price> {
        match crossing {
            Crossing::Falling => self.falling_trails.anchor(arrival),
            Crossing::Rising => self.rising_trails.anchor(arrival),
        }
    }

    /// Takes out what `price` reaches and appends it to `reached`: falling ones first, from the
    /// highest trigger down, then rising ones, from the lowest up; at one trigger in the order
    /// of arrival (M-22). Then lets the trailing stops that are left follow (M-24).
    pub(super) fn take_reached(&mut self, price: Price, reached: &mut Vec<Reached>) {
        let from = reached.len();
        while let Some(entry) = self.falling.first_entry() {
            let (Reverse(trigger), arrival) = *entry.key();
            if !Crossing::Falling.is_reached(trigger, price) {
                break;
            }
            let slot = entry.remove();
            reached.push(Reached {
                trigger,
                arrival,
                slot,
            });
        }
        self.falling_trails.take_reached(price, reached);
        reached[from..].sort_unstable_by_key(|it| (Reverse(it.trigger), it.arrival));
        let from = reached.len();
        while let Some(entry) = self.rising.first_entry() {
            let (trigger, arrival) = *entry.key();
            if !Crossing::Rising.is_reached(trigger, price) {
                break;
            }
            let slot = entry.remove();
            reached.push(Reached {
                trigger,
                arrival,
                slot,
            });
        }
        self.rising_trails.take_reached(price, reached);
        reached[from..].sort_unstable_by_key(|it| (it.trigger, it.arrival));
        self.falling_trails.follow(price);
        self.rising_trails.follow(price);
        self.find_nearest();
    }

    fn trails_mut(&mut self, crossing: Crossing) -> &mut Trails {
        match crossing {
            Crossing::Falling => &mut self.falling_trails,
            Crossing::Rising => &mut self.rising_trails,
        }
    }

    fn find_nearest(&mut self) {
        let fixed = self.falling.keys().next().map(|(Reverse(it), _)| *it);
        let trail = self.falling_trails.nearest();
        // A price that rising trailing stops follow down from matters below it.
        let moves = self.rising_trails.first_to_move().map_or(0, Price::ticks);
        let reached = fixed.max(trail).map_or(0, Price::ticks);
        self.calm_from = reached.saturating_add(1).max(moves);
        let fixed = self.rising.keys().next().map(|(it, _)| it.ticks());
        let trail = self.rising_trails.nearest().map(Price::ticks);
        let moves = self.falling_trails.first_to_move();
        let reached = fixed.unwrap_or(u32::MAX).min(trail.unwrap_or(u32::MAX));
        self.calm_to = (reached - 1).min(moves.map_or(u32::MAX, Price::ticks));
    }

    /// Walks the index and says what is wrong with it.
    pub(super) fn verify(&self) -> Result<(), String> {
        self.falling_trails.verify()?;
        self.rising_trails.verify()?;
        let mut again = self.clone();
        again.find_nearest();
        let bounds = |it: &TriggerIndex| (it.calm_from, it.calm_to);
        if bounds(self) != bounds(&again) {
            return Err(format!(
                "triggers: what matters to nothing is {:?}, not {:?}",
                bounds(self),
                bounds(&again)
            ));
        }
        Ok(())
    }
}
