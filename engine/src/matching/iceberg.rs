//! Orders that show a part of themselves at a time, and what goes when a special order leaves.

use super::special::{Entering, Iceberg, Link, resting};
use super::{Matcher, reject};
use crate::Sink;
use crate::book::{Front, Marks, Resting, less};
use crate::command::{PlaceOrder, ReplaceOrder};
use crate::domain::{OrderKey, Quantity, Side, TimeInForce};
use crate::event::Event;
use crate::reject::Reject;

impl Matcher {
    /// An iceberg order comes in: as any other, but that it hides part of what rests. // M-26
    #[cold]
    #[inline(never)]
    pub(super) fn place_iceberg(
        &mut self,
        order: &PlaceOrder,
        display: Quantity,
        sink: &mut impl Sink<Event>,
    ) {
        assert!(
            !display.is_zero(),
            "invariant: an iceberg order shows at least one lot"
        );
        if !self.admit(order, sink) {
            return;
        }
        let entering = Some(Entering::Iceberg { display });
        self.enter_special(
            order.key,
            resting(order),
            order.time_in_force,
            entering,
            sink,
        );
    }

    /// Lets in what is no plain placement, and keeps `entering` beside it when it rests.
    #[cold]
    #[inline(never)]
    pub(super) fn enter_special(
        &mut self,
        key: OrderKey,
        mut incoming: Resting,
        time_in_force: TimeInForce,
        entering: Option<Entering>,
        sink: &mut impl Sink<Event>,
    ) {
        incoming.marks = match entering {
            None => Marks::NONE,
            Some(Entering::Linked(_)) => Marks::LINKED,
            Some(Entering::Iceberg { .. }) => Marks::ICEBERG,
        };
        self.specials.entering = entering;
        self.enter(key, incoming, time_in_force, sink);
        self.specials.entering = None;
    }

    /// What is left of the order that comes in rests, and it is special: puts it behind the
    /// last of its price, and says how much of it shows. // M-25, M-26
    #[cold]
    #[inline(never)]
    pub(super) fn rest_special(&mut self, key: OrderKey, incoming: Resting) -> Quantity {
        let mut order = incoming;
        let entering = self.specials.entering;
        match entering.expect("invariant: a marked order comes in with what is kept beside it") {
            Entering::Linked(link) => self.link(key, &order, link),
            Entering::Iceberg { display } => {
                order.leaves = display.min(incoming.leaves);
                let hidden = less(incoming.leaves, order.leaves);
                let iceberg = Iceberg { display, hidden };
                self.specials.icebergs.insert(key.slot, iceberg);
                self.book.append(key, &order);
            }
        }
        order.leaves
    }

    /// Rests `order` and watches its stop.
    fn link(&mut self, key: OrderKey, order: &Resting, link: Link) {
        self.book.append(key, order);
        let anchor = order.price;
        self.specials.watch(&link.trigger, anchor, key.slot);
        self.specials.links.insert(key.slot, link);
        self.find_watched();
    }

    /// The incoming order takes all that shows of the special order at the front of `side`: by a
    /// trade, or by `Decremented`, as `event` says. An iceberg shows its next slice. // M-26
    #[cold]
    #[inline(never)]
    pub(super) fn take_special(
        &mut self,
        side: Side,
        front: &Front,
        event: Event,
        sink: &mut impl Sink<Event>,
    ) {
        let order = self.book.find(front.key);
        let order = order.expect("invariant: the front rests");
        self.book.take_front(side, front.leaves);
        sink.push(event);
        let slot = front.key.slot;
        let next = self.specials.icebergs.get_mut(&slot);
        if let Some(iceberg) = next
            && !iceberg.hidden.is_zero()
        {
            let shown = iceberg.display.min(iceberg.hidden);
            iceberg.hidden = less(iceberg.hidden, shown);
            let slice = Resting {
                leaves: shown,
                ..order
            };
            self.book.append(front.key, &slice);
            sink.push(Event::Refilled {
                sequence: self.step(),
                order: front.key,
                side,
                price: order.price,
                quantity: shown,
            });
        } else {
            self.forget_special(slot, order.marks);
        }
    }

    /// A special order left the book: what was kept beside it goes.
    #[cold]
    #[inline(never)]
    pub(super) fn forget_special(&mut self, slot: u32, marks: Marks) {
        if marks.has(Marks::ICEBERG) {
            self.specials.icebergs.remove(&slot);
        }
        if marks.has(Marks::LINKED) {
            let link = self.specials.links.remove(&slot);
            let link = link.expect("invariant: a watched order has its link");
            self.specials.unwatch(&link.trigger);
            self.find_watched();
        }
    }

    /// Takes a special order out of the book to come in again, with what is kept beside it and
    /// what it hides. // M-17
    pub(super) fn take_to_reenter(&mut self, slot: u32, marks: Marks) -> Option<Entering> {
        let link = self.specials.links.get(&slot).copied();
        let iceberg = self.specials.icebergs.get(&slot).copied();
        self.forget_special(slot, marks);
        if let Some(mut link) = link {
            link.trigger.arrival = self.specials.arrive();
            return Some(Entering::Linked(link));
        }
        iceberg.map(|Iceberg { display, .. }| Entering::Iceberg { display })
    }

    /// What an order in the book has left, what it hides included.
    pub(super) fn leaves_of(&self, key: OrderKey, order: &Resting) -> Quantity {
        let hidden = match self.specials.icebergs.get(&key.slot) {
            Some(iceberg) if order.marks.has(Marks::ICEBERG) => iceberg.hidden,
            _ => return order.leaves,
        };
        order
            .leaves
            .checked_add(hidden)
            .expect("invariant: an order has at most the largest quantity left")
    }

    /// An iceberg order becomes smaller where it stands: first what it hides, then what shows.
    // M-16, M-26
    #[cold]
    #[inline(never)]
    pub(super) fn reduce_iceberg(
        &mut self,
        command: &ReplaceOrder,
        order: &Resting,
        lost: Quantity,
        sink: &mut impl Sink<Event>,
    ) {
        let slot = command.key.slot;
        let iceberg = self.specials.icebergs.get_mut(&slot);
        let iceberg = iceberg.expect("invariant: an iceberg order hides something, or nothing");
        let of_hidden = iceberg.hidden.min(lost);
        iceberg.hidden = less(iceberg.hidden, of_hidden);
        let of_shown = less(lost, of_hidden);
        if of_shown.is_zero() {
            let last = self.ends_untraded();
            return sink.push(Event::Amended {
                order: command.key,
                last,
            });
        }
        self.book.reduce(slot, order, of_shown);
        let last = self.ends_untraded();
        sink.push(Event::Reduced {
            sequence: self.step(),
            order: command.key,
            side: order.side,
            price: order.price,
            quantity: of_shown,
            last,
        });
    }

    /// Whether a new order may come in; if not, it is refused, or dropped.
    #[inline(always)]
    pub(super) fn admit(&mut self, order: &PlaceOrder, sink: &mut impl Sink<Event>) -> bool {
        assert!(
            !order.quantity.is_zero(),
            "invariant: an order has at least one lot"
        );
        // M-27
        if !self.status.is_open() {
            reject(order.key, Reject::PairHalted, sink);
            return false;
        }
        // M-11: before everything that changes something.
        if order.post_only && self.book.crosses(order.side, order.price) {
            reject(order.key, Reject::PostOnlyWouldTake, sink);
            return false;
        }
        // M-13
        if !self.book.is_free(order.key.slot) {
            reject(order.key, Reject::BookFull, sink);
            return false;
        }
        // M-10
        if order.time_in_force == TimeInForce::FillOrKill && !self.is_fillable(&resting(order)) {
            self.drop_unfillable(order.key, order.quantity, sink);
            return false;
        }
        true
    }
}
