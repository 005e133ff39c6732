//! What orders that wait cost those that do not: the flow `mixed` of the matcher's bench, 200,000
//! plain commands at about 10,000 live orders, beside nothing that waits, beside 100,000 stops,
//! beside these and 1,000 trailing stops that follow its prices, and beside 100,000 stops by the
//! mark price, which is looked at after every command. Nothing is set off.
//!
//! Behind the figures of each come the ratios to nothing waiting, the best of rounds in turns.

use std::time::Duration;

use bench::matcher::{Waiting, mixed, ratio, time_beside};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn triggers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("triggers");
    group.sample_size(20);
    group.warm_up_time(Duration::from_millis(300));
    group.measurement_time(Duration::from_secs(1));
    let flow = mixed();
    group.throughput(Throughput::Elements(flow.timed.len() as u64));
    for waiting in Waiting::ALL {
        let id = BenchmarkId::new("mixed", waiting.name());
        group.bench_with_input(id, &waiting, |b, waiting| {
            b.iter_custom(|iterations| time_beside(*waiting, &flow, iterations));
        });
    }
    group.finish();
    let rounds = match std::env::args().any(|argument| argument == "--test") {
        true => 1,
        false => 200,
    };
    for waiting in Waiting::ALL {
        let ratio = ratio(waiting, &flow, rounds);
        println!("beside {}: {ratio:.3} of nothing waiting", waiting.name());
    }
}

criterion_group!(benches, triggers);
criterion_main!(benches);
