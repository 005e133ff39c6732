//! What one command costs the matcher, by kind and over whole flows, beside a floor.
//!
//! `add`, `cancel`, `replace`, `cross one` and `sweep ten` work on a book of 10,000 orders over
//! 200 levels (the sweep on 1,000 levels of one order), 1,000 commands an iteration (100 sweeps);
//! what is undone between iterations is not timed. `mixed` is 200,000 commands at about 10,000
//! live orders: adds, cancels of a random live order, and 5% orders that cross. The five recorded
//! flows run where `EXCHANGE_DATA` names them. Throughput is commands a second on the one core
//! that runs the bench; events go into a ring of 1,024, as they would on their way to the core.
//! The floor does the least that a price-time book can do, over the same commands, and says
//! nothing of it. `cargo run --release -p bench --bin matcher_best` is the short form.

use std::time::Duration;

use bench::matcher::{all, time_floor, time_matcher};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn matcher(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("matcher");
    group.sample_size(20);
    group.warm_up_time(Duration::from_millis(300));
    group.measurement_time(Duration::from_secs(1));
    for flow in all() {
        group.throughput(Throughput::Elements(flow.timed.len() as u64));
        group.bench_with_input(BenchmarkId::new("engine", flow.name), &flow, |b, flow| {
            b.iter_custom(|iterations| time_matcher(flow, iterations));
        });
        group.bench_with_input(BenchmarkId::new("floor", flow.name), &flow, |b, flow| {
            b.iter_custom(|iterations| time_floor(flow, iterations));
        });
    }
    group.finish();
}

criterion_group!(benches, matcher);
criterion_main!(benches);
