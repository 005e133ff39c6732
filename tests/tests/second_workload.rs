//! The flow that books are measured with (`docs/benchmarking.md`): a batch says what its commands
//! say one by one, what trades is what the plain model trades, and a sweep allocates nothing for
//! each order that it takes.

#![allow(
    clippy::unwrap_used,
    reason = "a test may stop where its input is wrong"
)]

use engine::book::BookConfig;
use engine::command::OrderCommand;
use engine::event::Event;
use engine::matching::Matcher;
use testkit::model::PlainMatcher;
use testkit::workload::{Flow, FlowShape};

const COMMANDS: usize = 8_000;

/// Trades, quantity in lots, and notional in ticks times lots.
fn totals<'a>(events: impl Iterator<Item = &'a Event>) -> (u64, u64, u128) {
    let mut totals = (0, 0, 0);
    for event in events {
        if let Event::Trade {
            price, quantity, ..
        } = event
        {
            totals.0 += 1;
            totals.1 += quantity.lots();
            totals.2 += u128::from(price.ticks()) * u128::from(quantity.lots());
        }
    }
    totals
}

#[test]
fn a_batch_says_what_its_commands_say_and_trades_what_the_model_trades() {
    for shape in [FlowShape::Steady, FlowShape::Deep] {
        let commands = Flow::commands(shape, 42, COMMANDS);
        let mut one_by_one = Matcher::new(BookConfig::default());
        let mut plain = PlainMatcher::new(1 << 20);
        let (mut events, mut modelled) = (Vec::new(), Vec::new());
        for command in &commands {
            one_by_one.apply(command, &mut events);
            modelled.extend(plain.apply(command));
        }
        // Batches shorter and longer than what is looked ahead.
        let mut batched = Matcher::new(BookConfig::default());
        let mut said = Vec::new();
        let mut rest: &[OrderCommand] = &commands;
        for length in [1, Matcher::AHEAD, Matcher::AHEAD + 1, 64]
            .into_iter()
            .cycle()
        {
            let (batch, after) = rest.split_at(length.min(rest.len()));
            batched.apply_batch(batch, &mut said);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        assert!(said == events, "{shape:?}: a batch says something else");
        assert_eq!(batched.verify(), Ok(()));
        let traded = totals(events.iter());
        assert!(traded.0 > 300, "{shape:?}: {traded:?}");
        assert_eq!(traded, totals(modelled.iter()), "{shape:?}");
    }
}
