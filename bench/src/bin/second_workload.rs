//! The second workload in one screen: `second_workload [ROUNDS]`, 7 unless told otherwise. Under
//! `taskset -c 1`, as every bench of one thread.

use bench::second::Second;
use testkit::workload::FlowShape;

fn main() {
    let rounds = std::env::args().nth(1);
    let rounds = rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(7);
    for shape in [FlowShape::Steady, FlowShape::Deep] {
        Second::new(shape, false).print(rounds);
    }
}
