//! The walk of every invariant of a book. For tests: it costs as much as the book is large.

use super::Book;
use super::arena::NIL;
use super::ladder::{Level, price_of, rank_of};
use crate::domain::Side;

impl Book {
    /// Walks every slot, level and link, and says the first thing that is wrong.
    pub(crate) fn verify(&self) -> Result<(), String> {
        let taken = self.arena.nodes().iter().filter(|node| node.is_taken());
        let taken = taken.count();
        if taken > self.arena.max_orders() as usize {
            return Err(format!("arena: {taken} orders are above the limit"));
        }
        let mut linked = 0;
        for side in [Side::Buy, Side::Sell] {
            let ladder = &self.ladders[side as usize];
            ladder.verify()?;
            let mut last = None;
            for (rank, level) in ladder.levels() {
                if last.is_some_and(|last| last >= rank) {
                    return Err(format!("{side:?}: rank {rank} is out of order"));
                }
                last = Some(rank);
                linked += self.verify_level(side, rank, level, taken)?;
            }
        }
        if linked != taken {
            return Err(format!(
                "arena: {taken} orders, of which {linked} are linked"
            ));
        }
        let [bid, ask] = [Side::Buy, Side::Sell].map(|side| self.best(side));
        match (bid, ask) {
            (Some(bid), Some(ask)) if bid.price >= ask.price => {
                Err(format!("book: crossed, {bid:?} and {ask:?}"))
            }
            _ => Ok(()),
        }
    }

    /// Walks one queue of at most `limit` orders and returns how many there are.
    fn verify_level(
        &self,
        side: Side,
        rank: u32,
        level: &Level,
        limit: usize,
    ) -> Result<usize, String> {
        let (mut slot, mut before) = (level.head, NIL);
        let (mut count, mut total) = (0, 0_u64);
        while slot != NIL {
            let node = self.arena.at(slot);
            let at = || format!("{side:?} at {:?}, slot {slot}", price_of(side, rank));
            if count == limit {
                return Err(format!("{}: the queue goes round in a ring", at()));
            }
            let Some(order) = node.resting().filter(|order| !order.leaves.is_zero()) else {
                return Err(format!("{}: a linked slot is vacant", at()));
            };
            if order.side != side || rank_of(side, order.price) != rank {
                return Err(format!("{}: the order belongs to another level", at()));
            }
            if before != NIL && node.prev != before {
                return Err(format!("{}: links do not match", at()));
            }
            count += 1;
            total += node.leaves.lots();
            (before, slot) = (slot, node.next);
        }
        if before != level.tail || total != level.total || count == 0 {
            return Err(format!(
                "{side:?} at {:?}: {count} orders of {total} lots, but {level:?}",
                price_of(side, rank)
            ));
        }
        Ok(count)
    }
}
