//! Trailing stops of one direction, in groups that have seen the same best price.
//!
//! A group's triggers all move with its anchor, so a new best price moves a group in one step,
//! whatever its size, and merges those that it overtakes, the smaller ones into the largest.
//! Within a group the nearest trigger is that of the smallest distance, looked at for ticks and
//! for basis points by itself.
//!
//! Invariants: each order is in one group; no two groups have one anchor; `nearest` has each
//! group once, with the nearest of its triggers.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use super::Reached;
use crate::domain::{Crossing, Price, TrailingDistance};

/// Orders by distance, the smallest first, at one distance in order of arrival; with their slots.
type Orders = BTreeMap<(TrailingDistance, u64), u32>;

/// The orders that have seen the same best price.
#[derive(Clone, Debug)]
struct Group {
    /// That price.
    anchor: Price,
    ticks: Orders,
    points: Orders,
}

/// The trailing stops of one direction.
#[derive(Clone, Debug)]
pub(super) struct Trails {
    crossing: Crossing,
    /// By a number of their own.
    groups: BTreeMap<u32, Group>,
    next_group: u32,
    by_anchor: BTreeMap<Price, u32>,
    /// The nearest trigger of each group.
    nearest: BTreeSet<(Price, u32)>,
    /// The group of each order, by arrival.
    places: BTreeMap<u64, u32>,
}

impl Group {
    fn orders_mut(&mut self, distance: TrailingDistance) -> &mut Orders {
        if distance.is_in_basis_points() {
            &mut self.points
        } else {
            &mut self.ticks
        }
    }

    fn len(&self) -> usize {
        self.ticks.len() + self.points.len()
    }

    /// The trigger of a distance, which was looked at when the order came: since then the anchor
    /// has moved away from the end of the range only.
    fn trigger(&self, distance: TrailingDistance, crossing: Crossing) -> Price {
        distance
            .trigger(self.anchor, crossing)
            .expect("invariant: a trailing stop has a trigger")
    }

    /// The trigger that a price reaches first; `None` without orders.
    fn nearest(&self, crossing: Crossing) -> Option<Price> {
        let of = |orders: &Orders| {
            let (distance, _) = orders.keys().next()?;
            Some(self.trigger(*distance, crossing))
        };
        let triggers = [of(&self.ticks), of(&self.points)];
        let triggers = triggers.into_iter().flatten();
        match crossing {
            Crossing::Falling => triggers.max(),
            Crossing::Rising => triggers.min(),
        }
    }

    /// Takes out what `price` reaches.
    fn take_reached(&mut self, crossing: Crossing, price: Price, reached: &mut Vec<Reached>) {
        for points in [false, true] {
            loop {
                let orders = if points { &self.points } else { &self.ticks };
                let Some((&(distance, arrival), &slot)) = orders.first_key_value() else {
                    break;
                };
                let trigger = self.trigger(distance, crossing);
                if !crossing.is_reached(trigger, price) {
                    break;
                }
                self.orders_mut(distance).remove(&(distance, arrival));
                reached.push(Reached {
                    trigger,
                    arrival,
                    slot,
                });
            }
        }
    }
}

impl Trails {
    pub(super) const fn new(crossing: Crossing) -> Trails {
        Trails {
            crossing,
            groups: BTreeMap::new(),
            next_group: 0,
            by_anchor: BTreeMap::new(),
            nearest: BTreeSet::new(),
            places: BTreeMap::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn add(
        &mut self,
        anchor: Price,
        distance: TrailingDistance,
        arrival: u64,
        slot: u32,
    ) {
        let number = self.group_at(anchor);
        self.change(number, |group| {
            group.orders_mut(distance).insert((distance, arrival), slot);
        });
        self.places.insert(arrival, number);
    }

    pub(super) fn remove(&mut self, distance: TrailingDistance, arrival: u64) {
        let number = self.places.remove(&arrival);
        let number = number.expect("invariant: what waits stands in its index");
        self.change(number, |group| {
            group.orders_mut(distance).remove(&(distance, arrival));
        });
    }

    /// The best price that the order of this arrival has seen.
    pub(super) fn anchor(&self, arrival: u64) -> Option<Price> {
        let number = self.places.get(&arrival)?;
        self.groups.get(number).map(|group| group.anchor)
    }

    /// The trigger that a price reaches first.
    pub(super) fn nearest(&self) -> Option<Price> {
        let nearest = match self.crossing {
            Crossing::Falling => self.nearest.last(),
            Crossing::Rising => self.nearest.first(),
        };
        nearest.map(|(trigger, _)| *trigger)
    }

    /// The anchor that a price moves first.
    pub(super) fn first_to_move(&self) -> Option<Price> {
        let first = match self.crossing {
            Crossing::Falling => self.by_anchor.first_key_value(),
            Crossing::Rising => self.by_anchor.last_key_value(),
        };
        first.map(|(anchor, _)| *anchor)
    }

    /// Takes out what `price` reaches, in no particular order.
    pub(super) fn take_reached(&mut self, price: Price, reached: &mut Vec<Reached>) {
        let crossing = self.crossing;
        let from = reached.len();
        loop {
            let nearest = match crossing {
                Crossing::Falling => self.nearest.last(),
                Crossing::Rising => self.nearest.first(),
            };
            let Some(&(trigger, number)) = nearest else {
                break;
            };
            if !crossing.is_reached(trigger, price) {
                break;
            }
            self.change(number, |group| {
                group.take_reached(crossing, price, reached);
            });
        }
        for order in &reached[from..] {
            self.places.remove(&order.arrival);
        }
    }

    /// Lets every group follow `price` whose anchor is not as good.
    pub(super) fn follow(&mut self, price: Price) {
        let overtaken: Vec<u32> = match self.crossing {
            Crossing::Falling => self.by_anchor.range(..price),
            Crossing::Rising => self
                .by_anchor
                .range((Bound::Excluded(price), Bound::Unbounded)),
        }
        .map(|(_, number)| *number)
        .collect();
        if overtaken.is_empty() {
            return;
        }
        let there = self.by_anchor.get(&price).copied();
        let all = || overtaken.iter().copied().chain(there);
        let size = |number: &u32| self.groups.get(number).map_or(0, Group::len);
        let largest = all().max_by_key(size).expect("invariant: there is one");
        let others: Vec<u32> = all().filter(|number| *number != largest).collect();
        let mut moving = Vec::new();
        for number in others {
            let group = self.take_group(number);
            moving.push(group);
        }
        let mut group = self.take_group(largest);
        for ((distance, arrival), slot) in moving
            .into_iter()
            .flat_map(|group| group.ticks.into_iter().chain(group.points))
        {
            self.places.insert(arrival, largest);
            group.orders_mut(distance).insert((distance, arrival), slot);
        }
        group.anchor = price;
        self.put_group(largest, group);
    }

    /// The group of this anchor, a new one if need be.
    fn group_at(&mut self, anchor: Price) -> u32 {
        if let Some(number) = self.by_anchor.get(&anchor) {
            return *number;
        }
        while self.groups.contains_key(&self.next_group) {
            self.next_group = self.next_group.wrapping_add(1);
        }
        let number = self.next_group;
        self.next_group = self.next_group.wrapping_add(1);
        self.by_anchor.insert(anchor, number);
        let group = Group {
            anchor,
            ticks: Orders::new(),
            points: Orders::new(),
        };
        self.groups.insert(number, group);
        number
    }

    /// Changes the orders of a group, and keeps its nearest trigger; it goes with its last order.
    fn change(&mut self, number: u32, change: impl FnOnce(&mut Group)) {
        let mut group = self.take_group(number);
        change(&mut group);
        self.put_group(number, group);
    }

    fn take_group(&mut self, number: u32) -> Group {
        let group = self.groups.remove(&number);
        let group = group.expect("invariant: an order's group exists");
        self.by_anchor.remove(&group.anchor);
        if let Some(trigger) = group.nearest(self.crossing) {
            self.nearest.remove(&(trigger, number));
        }
        group
    }

    fn put_group(&mut self, number: u32, group: Group) {
        let Some(trigger) = group.nearest(self.crossing) else {
            return;
        };
        self.by_anchor.insert(group.anchor, number);
        self.nearest.insert((trigger, number));
        self.groups.insert(number, group);
    }

    /// Walks the groups and says what is wrong with them.
    pub(super) fn verify(&self) -> Result<(), String> {
        let mut orders = 0;
        for (number, group) in &self.groups {
            let nearest = group.nearest(self.crossing);
            let known = nearest.is_some_and(|it| self.nearest.contains(&(it, *number)));
            if !known || self.by_anchor.get(&group.anchor) != Some(number) {
                return Err(format!("trails: group {number} at {:?}", group.anchor));
            }
            for (_, arrival) in group.ticks.keys().chain(group.points.keys()) {
                if self.places.get(arrival) != Some(number) {
                    return Err(format!("trails: arrival {arrival} is not in its group"));
                }
            }
            orders += group.len();
        }
        let counts = [self.by_anchor.len(), self.nearest.len()];
        if counts != [self.groups.len(); 2] || orders != self.places.len() {
            return Err(format!("trails: {counts:?} groups with {orders} orders"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "a test may stop where its input is wrong"
    )]

    use proptest::prelude::*;

    use super::*;

    /// Each order by itself: arrival, distance, anchor.
    type Plain = Vec<(u64, TrailingDistance, Price)>;

    fn step_plain(plain: &mut Plain, crossing: Crossing, price: Price) -> Vec<(Price, u64)> {
        let mut reached = Vec::new();
        plain.retain_mut(|(arrival, distance, anchor)| {
            let trigger = distance.trigger(*anchor, crossing).unwrap();
            if crossing.is_reached(trigger, price) {
                reached.push((trigger, *arrival));
                return false;
            }
            *anchor = match crossing {
                Crossing::Falling => (*anchor).max(price),
                Crossing::Rising => (*anchor).min(price),
            };
            true
        });
        reached.sort_unstable();
        reached
    }

    proptest! {
        /// Groups say what each order by itself would.
        #[test]
        fn groups_are_their_orders(
            rising in any::<bool>(),
            steps in prop::collection::vec((0_u8..4, 900_u32..1_100, 1_u32..60, any::<bool>()), 1..300),
        ) {
            let crossing = if rising { Crossing::Rising } else { Crossing::Falling };
            let mut trails = Trails::new(crossing);
            let mut plain = Plain::new();
            for (arrival, (kind, price, distance, points)) in (0_u64..).zip(steps) {
                let price = Price::new(price).unwrap();
                match kind {
                    0 | 1 => {
                        let distance = if points {
                            TrailingDistance::basis_points(u16::try_from(distance * 20).unwrap())
                        } else {
                            TrailingDistance::ticks(distance)
                        }.unwrap();
                        trails.add(price, distance, arrival, 7);
                        plain.push((arrival, distance, price));
                    }
                    2 if !plain.is_empty() => {
                        let (arrival, distance, anchor) = plain.remove(distance as usize % plain.len());
                        prop_assert_eq!(trails.anchor(arrival), Some(anchor));
                        trails.remove(distance, arrival);
                    }
                    _ => {
                        let mut reached = Vec::new();
                        trails.take_reached(price, &mut reached);
                        trails.follow(price);
                        let mut reached: Vec<_> = reached.iter().map(|it| (it.trigger, it.arrival)).collect();
                        reached.sort_unstable();
                        prop_assert_eq!(reached, step_plain(&mut plain, crossing, price));
                    }
                }
                prop_assert_eq!(trails.verify(), Ok(()));
                prop_assert_eq!(trails.len(), plain.len());
                let triggers = plain.iter().map(|(_, distance, anchor)| distance.trigger(*anchor, crossing).unwrap());
                let nearest = match crossing {
                    Crossing::Falling => triggers.max(),
                    Crossing::Rising => triggers.min(),
                };
                prop_assert_eq!(trails.nearest(), nearest);
            }
        }
    }
}
