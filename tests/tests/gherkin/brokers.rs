//! Cases of brokers with unlimited means: submitted orders, then trades, book and quote. Prices
//! have up to eight decimals; a case's tick is its smallest decimal.

use engine::domain::{Side, TimeInForce};

use super::market::{Ask, Market, Scale};
use super::reader::{Case, Step};

pub(crate) fn run(case: &Case) -> Result<(), String> {
    let prices: Vec<&str> = case.steps.iter().flat_map(prices).collect();
    let decimals = prices.iter().map(|price| fraction(price).len()).max();
    let decimals = decimals.unwrap_or(0);
    let highest = prices.iter().map(|price| ticks(price, decimals)).max();
    let mut market = Market::new(
        ["SHARE", "CASH"],
        Scale {
            lot: 1,
            tick_lot: 1,
            reference: highest.unwrap_or(1),
        },
    );
    for step in &case.steps {
        check(&mut market, step, decimals).map_err(|what| format!("{}: {what}", step.text))?;
    }
    market.verify()
}

fn check(market: &mut Market, step: &Step, decimals: usize) -> Result<(), String> {
    let rows = step.table.get(1..).unwrap_or_default();
    let units = |text: &String| text.parse::<u64>().unwrap();
    let at = |text: &String| ticks(text, decimals);
    match step.text.as_str() {
        "the following orders are submitted:" => {
            market.begin_action();
            for (index, row) in rows.iter().enumerate() {
                submit(market, row, decimals, index);
            }
            Ok(())
        }
        "no trades are generated" => same(&market.trades(), &Vec::new()),
        "the following trades are generated:" => {
            let trade =
                |row: &Vec<String>| (row[0].clone(), row[1].clone(), units(&row[2]), at(&row[3]));
            same(&market.trades(), &rows.iter().map(trade).collect())
        }
        "market order book looks like:" => {
            let bids = rows.iter().filter(|row| !row[0].is_empty());
            let bids = bids.map(|row| (row[0].clone(), units(&row[1]), at(&row[2])));
            let asks = rows.iter().filter(|row| !row[5].is_empty());
            let asks = asks.map(|row| (row[5].clone(), units(&row[4]), at(&row[3])));
            same(&market.book(Side::Buy), &bids.collect())?;
            same(&market.book(Side::Sell), &asks.collect())
        }
        "the quote looks like:" => {
            let best = |side| market.levels(side).first().map(|(ticks, _)| *ticks);
            let (bid, ask) = (best(Side::Buy), best(Side::Sell));
            let spread = bid.zip(ask).map(|(bid, ask)| ask - bid);
            let quote = [bid, ask, spread];
            same(&quote, &[0, 1, 2].map(|column| Some(at(&rows[0][column]))))
        }
        _ => Err("no such step".to_owned()),
    }
}

fn submit(market: &mut Market, row: &[String], decimals: usize, index: usize) {
    let user = &row[0];
    for asset in ["SHARE", "CASH"] {
        market.deposit(user, asset, 1 << 52);
    }
    let side = match row[1].to_ascii_lowercase().as_str() {
        "buy" => Side::Buy,
        _ => Side::Sell,
    };
    market.place(&Ask {
        user,
        name: &format!("{user}-{index}-{}", row.join("-")),
        side,
        quantity: row[2].parse().unwrap(),
        limit: (row[3] != "M").then(|| ticks(&row[3], decimals)),
        time_in_force: TimeInForce::GoodTillCancelled,
    });
}

/// All prices that a step names.
fn prices(step: &Step) -> Vec<&str> {
    let Some((names, rows)) = step.table.split_first() else {
        return Vec::new();
    };
    let is_price = |name: &String| ["Price", "Bid", "Ask", "Spread"].contains(&name.as_str());
    let cells = rows.iter().flat_map(|row| names.iter().zip(row));
    let prices = cells.filter(|(name, cell)| is_price(name) && !cell.is_empty());
    prices
        .map(|(_, cell)| cell.as_str())
        .filter(|it| *it != "M")
        .collect()
}

fn fraction(price: &str) -> &str {
    price.split_once('.').map_or("", |(_, fraction)| fraction)
}

fn ticks(price: &str, decimals: usize) -> u64 {
    let (whole, fraction) = price.split_once('.').unwrap_or((price, ""));
    format!("{whole}{fraction:0<decimals$}").parse().unwrap()
}

fn same<T: PartialEq + std::fmt::Debug>(seen: &T, expected: &T) -> Result<(), String> {
    if seen == expected {
        return Ok(());
    }
    Err(format!("there is {seen:?}, expected {expected:?}"))
}
