//! What a command costs in books of all sizes, and what a fill costs in sweeps of all lengths:
//! `growth [ROUNDS]`, 5 unless told otherwise.

use bench::growth::{Shape, cost, shapes, sweep};

fn main() {
    let rounds = std::env::args().nth(1);
    let rounds = rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(5);
    println!("| resting orders | levels | range, ticks | slots | window | ns a command |");
    println!("|---|---|---|---|---|---|");
    for shape in shapes() {
        let Shape {
            orders,
            levels,
            range,
            sparse,
            window,
        } = shape;
        let slots = if sparse { "sparse" } else { "dense" };
        let cost = cost(shape, rounds);
        println!("| {orders} | {levels} | {range} | {slots} | {window} | {cost:.1} |");
    }
    for orders in [50, 500, 5_000, 50_000] {
        println!("a sweep of {orders}: {:.1} ns a fill", sweep(orders));
    }
}
