//! The second workload: a million commands to warm up and four million timed, about 10,000 live
//! orders (`steady`) or growing to about 90,000 (`deep`), adds within 50 ticks of a middle that walks
//! at random, one order in twenty marketable. Every change is said, into a ring of 1,024 events.
//!
//! Beside the matcher, in turns: the floor without events, with 32 bytes a change, and with orders
//! fetched ahead. Medians of seven, by the thread's own time; tails of the matcher by the clock.
//! All trade the same, or it stops.

use bench::second::Second;
use testkit::workload::FlowShape;

fn main() {
    let is_tried = std::env::args().any(|argument| argument == "--test");
    let rounds = if is_tried { 1 } else { 7 };
    for shape in [FlowShape::Steady, FlowShape::Deep] {
        let flow = Second::new(shape, is_tried);
        if is_tried {
            flow.check_with_model();
        }
        flow.print(rounds);
    }
}
