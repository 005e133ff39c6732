//! What a matcher says of its best prices and its last trade, where it was asked to.
//!
//! Once a command, right before its last event, and only where one of the three is not what was
//! said last: the mark price of a pair is made of them. A matcher that was not asked pays one
//! branch.

use super::Matcher;
use crate::Sink;
use crate::command::OrderCommand;
use crate::domain::{Price, Side};
use crate::event::Event;

/// What a matcher keeps that says its quotes.
#[derive(Debug)]
pub(super) struct Quoting {
    /// What was said last.
    said: Quote,
    /// What the command at hand did, kept for its memory.
    events: Kept,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Quote {
    bid: Option<Price>,
    ask: Option<Price>,
    last: Option<Price>,
}

/// Events that are kept until the command is through.
///
/// A sink of its own, so that the rules are compiled for it apart: what is compiled for a caller's
/// sink then still has one caller, into which it is inlined.
#[derive(Debug, Default)]
struct Kept(Vec<Event>);

impl Sink<Event> for Kept {
    #[inline]
    fn push(&mut self, event: Event) {
        self.0.push(event);
    }
}

impl Matcher {
    /// The same matcher, which [`run`](Matcher::run) then makes say its quotes. What they are by
    /// now counts as said: an empty one has none. // G-12
    #[must_use]
    pub fn quoting(mut self) -> Matcher {
        self.quoting = Some(Box::new(Quoting {
            said: self.quote(),
            events: Kept::default(),
        }));
        self
    }

    /// Whether it says its quotes.
    pub const fn is_quoting(&self) -> bool {
        self.quoting.is_some()
    }

    /// As [`Matcher::apply`]; and says by an [`Event::Quoted`], right before the last event, what
    /// the best prices and the last trade are when all is through, where it was asked to and one of
    /// them is another than it said last. // M-1, G-12
    #[inline]
    pub fn run(&mut self, command: &OrderCommand, sink: &mut impl Sink<Event>) {
        if self.quoting.is_none() {
            self.apply(command, sink);
        } else {
            self.run_quoting(command, sink);
        }
    }

    #[cold]
    #[inline(never)]
    fn run_quoting(&mut self, command: &OrderCommand, sink: &mut impl Sink<Event>) {
        let Some(mut quoting) = self.quoting.take() else {
            return;
        };
        self.apply(command, &mut quoting.events);
        let quote = self.quote();
        let changed = quote != quoting.said;
        quoting.said = quote;
        for event in quoting.events.0.drain(..) {
            if changed && event.is_last() {
                let Quote { bid, ask, last } = quote;
                sink.push(Event::Quoted { bid, ask, last });
            }
            sink.push(event);
        }
        self.quoting = Some(quoting);
    }

    fn quote(&self) -> Quote {
        let best = |side| self.best(side).map(|level| level.price);
        Quote {
            bid: best(Side::Buy),
            ask: best(Side::Sell),
            last: self.last_trade,
        }
    }
}
