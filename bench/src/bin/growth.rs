//! What a command costs in books of all sizes, and what a fill costs in sweeps of all lengths:
//! `growth [ROUNDS]`, 5 unless told otherwise.

use bench::growth::{Cost, Shape, cost, shapes, sweep};

fn main() {
    let rounds = std::env::args().nth(1);
    let rounds = rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(5);
    println!(
        "| resting orders | levels | range, ticks | slots | window | ns a command | in batches | memory alone |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for shape in shapes() {
        let Shape {
            orders,
            levels,
            range,
            sparse,
            window,
        } = shape;
        let slots = if sparse { "sparse" } else { "dense" };
        let Cost {
            one_by_one,
            batches,
            memory,
        } = cost(shape, rounds);
        println!(
            "| {orders} | {levels} | {range} | {slots} | {window} | {one_by_one:.1} | {batches:.1} | {memory:.1} |"
        );
    }
    for orders in [50, 500, 5_000, 50_000] {
        println!("a sweep of {orders}: {:.1} ns a fill", sweep(orders));
    }
}
