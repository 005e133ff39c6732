//! What a command costs in books of all sizes, and what a fill costs in sweeps of all lengths:
//! `growth [ROUNDS [FILE]]`, 5 rounds unless told otherwise; into FILE goes a picture of it (SVG).

use std::error::Error;
use std::path::Path;

use bench::growth::{Cost, Shape, cost, series, sweep};
use bench::growth_plot::draw;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let rounds = arguments
        .next()
        .map_or(Ok(5), |rounds| rounds.parse())
        .map_err(|_| "growth [ROUNDS [FILE]]: ROUNDS is a number")?;
    println!(
        "| resting orders | levels | range, ticks | slots | window | ns a command | in batches | memory in turn | memory ahead |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let measured = series().map(|series| {
        let costs = series.shapes.iter().map(|shape| row(*shape, rounds));
        let costs = costs.collect();
        (series, costs)
    });
    for orders in [50, 500, 5_000, 50_000] {
        println!("a sweep of {orders}: {:.1} ns a fill", sweep(orders));
    }
    match arguments.next() {
        Some(file) => draw(Path::new(&file), &measured),
        None => Ok(()),
    }
}

/// Measures a book and prints its row.
fn row(shape: Shape, rounds: usize) -> Cost {
    let Shape {
        orders,
        levels,
        range,
        sparse,
        window,
    } = shape;
    let slots = if sparse { "sparse" } else { "dense" };
    let cost = cost(shape, rounds);
    let Cost {
        one_by_one,
        batches,
        memory,
        memory_ahead,
    } = cost;
    println!(
        "| {orders} | {levels} | {range} | {slots} | {window} | {one_by_one:.1} | {batches:.1} | {memory:.1} | {memory_ahead:.1} |"
    );
    cost
}
