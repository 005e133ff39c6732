//! The second workload in one screen: `second_workload [ROUNDS]`, 7 unless told otherwise. Under
//! `taskset -c 1`, as every bench of one thread. `second_workload model` times nothing, and runs
//! the plain model over the whole flow, which takes minutes.

use bench::second::Second;
use testkit::workload::FlowShape;

fn main() {
    let argument = std::env::args().nth(1).unwrap_or_default();
    let rounds = argument.parse().unwrap_or(7);
    for shape in [FlowShape::Steady, FlowShape::Deep] {
        let flow = Second::new(shape, false);
        match argument.as_str() {
            "model" => flow.check_with_model(),
            _ => flow.print(rounds),
        }
    }
}
