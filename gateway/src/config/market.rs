//! `[[assets]]`, `[[pairs]]`, `[exchange]`, `[portfolio]` and `[[accounts]]`.

use std::collections::BTreeSet;

use engine::clearing::ExchangeConfig;
use engine::domain::{
    Amount, AssetId, BasisPoints, CircuitBreaker, Pair, PairError, PairId, PairLimits, PairMargin,
    PairSpec, Price, Quantity, UserName,
};
use rust_decimal::Decimal;

use crate::instrument::{Asset, GridError, Instrument, Instruments, MAX_SCALE, pow10};

use super::margin::WantedIndex;
use super::section::{Section, read_decimal};
use super::{OpeningAccount, OpeningReserve, margin, price};

/// What these sections make together.
pub(super) struct Markets {
    pub(super) exchange: ExchangeConfig,
    pub(super) instruments: Instruments,
    pub(super) valuation: Option<AssetId>,
    pub(super) accounts: Option<Vec<OpeningAccount>>,
    pub(super) reserves: Vec<OpeningReserve>,
    pub(super) indices: Vec<WantedIndex>,
}

pub(super) fn markets(root: &mut Section<'_>) -> Option<Markets> {
    let mut asset_sections = root.sections("assets");
    let mut said = Said::default();
    let assets = assets(root, &mut asset_sections, &mut said);
    let Said { prices, lending } = said;
    let known = assets.as_deref().unwrap_or_default();
    // Without good assets every look-up would fail: the mistakes would be told many times.
    let are_assets_good = assets.is_some();
    let (mut pairs, mut indices) = (Some(Vec::new()), Vec::new());
    let mut symbols = BTreeSet::new();
    let mut sections = root.sections("pairs");
    if sections.is_empty() {
        root.mistake("pairs", "nothing", "at least one [[pairs]]");
        pairs = None;
    }
    for (index, section) in sections.iter_mut().enumerate() {
        let pair = PairReader::new(section, known, are_assets_good).read(index);
        let pair = pair.map(|(pair, index)| {
            indices.extend(index);
            pair
        });
        if let Some(pair) = &pair
            && !symbols.insert(pair.symbol.clone())
        {
            section.wrong_text("base", &pair.symbol, "a pair that was not named before");
            pairs = None;
        }
        pairs = pairs.zip(pair).map(|(mut pairs, pair)| {
            pairs.push(pair);
            pairs
        });
    }
    let sources = pairs.as_deref().map(|pairs| {
        let wanted = asset_sections.iter_mut().zip(known).zip(prices);
        let source = |((section, asset), wanted)| price::source(section, asset, wanted, pairs);
        wanted.filter_map(source).collect::<Vec<_>>()
    });
    let lending = margin::lending(lending, known);
    let valuation = valuation(root, known, are_assets_good);
    let accounts = accounts(root, known, are_assets_good);
    let limits = engine_limits(&mut root.section("exchange"));
    let (assets, pairs, limits) = (assets?, pairs?, limits?);
    let (lending, reserves) = lending?;
    let count = u16::try_from(assets.len()).ok()?;
    let mut exchange = ExchangeConfig::new(count, pairs.iter().map(|p| p.pair).collect());
    (
        exchange.max_accounts,
        exchange.max_orders_per_pair,
        exchange.retention_ms,
        exchange.max_finished_per_pair,
    ) = limits;
    exchange.lending = lending;
    let instruments = Instruments::new(assets, pairs);
    let with_price = |known: Instruments, (asset, source)| known.with_price(asset, source);
    Some(Markets {
        exchange,
        instruments: sources?.into_iter().fold(instruments, with_price),
        valuation,
        accounts,
        reserves,
        indices,
    })
}

fn engine_limits(section: &mut Section<'_>) -> Option<(u32, u32, u64, u32)> {
    let max = ExchangeConfig::MAX_ORDERS_PER_PAIR;
    let accounts = section.integer("max_accounts", 1 << 20, 1..=1 << 24);
    let orders = section.integer("max_orders_per_pair", 1 << 20, 1..=max);
    let hours = section.integer("retention_hours", 24_u64, 1..=24 * 366);
    let finished = section.integer("max_finished_per_pair", 1 << 22, 1..=1 << 26);
    section.finish();
    Some((accounts?, orders?, hours? * 3_600_000, finished?))
}

/// What assets say beside what they are.
#[derive(Default)]
struct Said<'a> {
    prices: Vec<price::Wanted<'a>>,
    lending: Vec<margin::WantedLending<'a>>,
}

/// Reads each asset, and into `said` what it says of its price and of how it is lent.
fn assets<'a>(
    root: &mut Section<'a>,
    sections: &mut [Section<'a>],
    said: &mut Said<'a>,
) -> Option<Vec<Asset>> {
    let mut assets = Some(Vec::<Asset>::new());
    if sections.len() < 2 || sections.len() > usize::from(u16::MAX) {
        let found = format!("{}", sections.len());
        root.mistake("assets", &found, "two to 65,535 [[assets]]");
        assets = None;
    }
    let mut symbols = BTreeSet::new();
    for (index, section) in sections.iter_mut().enumerate() {
        said.prices.push(price::Wanted::read(section));
        said.lending.push(margin::WantedLending::read(section));
        let expected = "1 to 20 characters of A to Z and 0 to 9";
        let symbol = section.needed_text("symbol", expected).filter(|symbol| {
            let is_symbol = (1..=20).contains(&symbol.len())
                && symbol
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
            let is_new = symbols.insert(*symbol);
            if !is_symbol {
                section.wrong_text("symbol", symbol, expected);
            } else if !is_new {
                section.wrong_text("symbol", symbol, "a symbol that was not named before");
            }
            is_symbol && is_new
        });
        let scale = section.needed_integer("scale", 0..=MAX_SCALE);
        let most = scale.unwrap_or(MAX_SCALE);
        let display_scale = section.integer("display_scale", most.min(2), 0..=most);
        section.finish();
        let asset = symbol.zip(scale).zip(display_scale);
        assets = assets
            .zip(asset)
            .map(|(mut assets, ((symbol, scale), display_scale))| {
                assets.push(Asset {
                    id: AssetId(u16::try_from(index).unwrap_or(u16::MAX)),
                    symbol: Box::from(symbol),
                    scale,
                    display_scale,
                });
                assets
            });
    }
    assets
}

fn find<'a>(
    section: &mut Section<'_>,
    key: &'static str,
    assets: &'a [Asset],
    are_assets_good: bool,
) -> Option<&'a Asset> {
    let symbol = section.needed_text(key, "the symbol of an asset")?;
    let asset = assets.iter().find(|asset| &*asset.symbol == symbol);
    if asset.is_none() && are_assets_good {
        let names: Vec<&str> = assets.iter().map(|asset| &*asset.symbol).collect();
        section.wrong_text(key, symbol, &format!("one of {}", names.join(", ")));
    }
    asset
}

fn valuation(root: &mut Section<'_>, assets: &[Asset], good: bool) -> Option<AssetId> {
    let mut section = root.section("portfolio");
    let asset = find(&mut section, "valuation_asset", assets, good);
    section.finish();
    asset.map(|asset| asset.id)
}

fn accounts(root: &mut Section<'_>, assets: &[Asset], good: bool) -> Option<Vec<OpeningAccount>> {
    let mut accounts = Some(Vec::new());
    let mut users = BTreeSet::new();
    for section in &mut root.sections("accounts") {
        let expected = "1 to 64 printable ASCII characters, each user once";
        let user = section.needed_text("user", expected).and_then(|name| {
            let user = UserName::new(name).ok().filter(|_| users.insert(name));
            if user.is_none() {
                section.wrong_text("user", name, expected);
            }
            user
        });
        let path = section.path_of("balances");
        let mut balances = Some(Vec::new());
        for (symbol, value) in section.entries("balances") {
            let path = format!("{path}.{symbol}");
            let asset = assets.iter().find(|asset| &*asset.symbol == symbol);
            let decimal = read_decimal(&path, value, section.mistakes());
            let amount = asset.zip(decimal).and_then(|(asset, decimal)| {
                let amount = asset.amount(decimal);
                let is_too_large = amount == Err(GridError::TooLarge);
                let amount = amount.ok().filter(|amount| !amount.is_zero());
                if amount.is_none() {
                    let expected = if is_too_large {
                        most_of(asset)
                    } else {
                        format!("above zero, with at most {} decimals", asset.scale)
                    };
                    section
                        .mistakes()
                        .add(&path, &decimal.to_string(), &expected);
                }
                amount.map(|amount| (asset.id, amount))
            });
            if asset.is_none() && good {
                section
                    .mistakes()
                    .add(&path, "an unknown asset", "the symbol of an asset");
            }
            balances = balances.zip(amount).map(|(mut balances, amount)| {
                balances.push(amount);
                balances
            });
        }
        section.finish();
        let account = user.zip(balances);
        accounts = accounts
            .zip(account)
            .map(|(mut accounts, (user, balances))| {
                accounts.push(OpeningAccount { user, balances });
                accounts
            });
    }
    accounts
}

/// Reads one `[[pairs]]`.
struct PairReader<'s, 'a> {
    section: &'s mut Section<'a>,
    assets: &'s [Asset],
    are_assets_good: bool,
}

impl<'s, 'a> PairReader<'s, 'a> {
    fn new(section: &'s mut Section<'a>, assets: &'s [Asset], are_assets_good: bool) -> Self {
        PairReader {
            section,
            assets,
            are_assets_good,
        }
    }

    fn read(&mut self, index: usize) -> Option<(Instrument, Option<WantedIndex>)> {
        let base = find(self.section, "base", self.assets, self.are_assets_good);
        let quote = find(self.section, "quote", self.assets, self.are_assets_good);
        if base
            .zip(quote)
            .is_some_and(|(base, quote)| base.id == quote.id)
        {
            self.section
                .mistake("quote", "the base", "another asset than the base");
        }
        let tick = self.step("tick", u64::MAX >> 32);
        let lot = self.step("lot", u64::MAX >> 40);
        let min_amount = self.section.needed_decimal("min_amount");
        let max_amount = self.section.needed_decimal("max_amount");
        let min_notional = self.section.decimal("min_notional").unwrap_or_default();
        let reference = self.section.needed_decimal("reference_price");
        let price_band = self.section.needed_integer("price_band_bps", 1..=10_000);
        let most = BasisPoints::MAX.get();
        let maker_fee = self.section.integer("maker_fee_bps", 0, 0..=most);
        let taker_fee = self.section.integer("taker_fee_bps", 0, 0..=most);
        let max_open_orders = self.section.integer("max_open_orders", 200, 1..=1_000_000);
        let breaker_band = self.section.integer("circuit_breaker_bps", 0, 0..=10_000);
        let breaker_halt =
            self.section
                .integer("circuit_breaker_halt_seconds", 300_u64, 1..=604_800);
        let is_margin = self.section.has("margin");
        let margin = margin::Wanted::read(self.section);
        self.section.finish();
        let (base, quote, tick, lot) = (base?, quote?, tick?, lot?);
        let grid = self.grid(base, quote, tick, lot)?;
        let min_quantity = self.quantity("min_amount", min_amount?, &grid);
        let max_quantity = self.quantity("max_amount", max_amount?, &grid);
        if min_quantity
            .zip(max_quantity)
            .is_some_and(|(min, max)| min > max)
        {
            self.section
                .mistake("max_amount", "less", "at least min_amount");
        }
        let min_notional = self.min_notional(min_notional, quote);
        let reference_price = self.price("reference_price", reference?, &grid);
        let id = PairId(u16::try_from(index).ok()?);
        let margin = margin.and_then(|margin| margin.resolve(id, &grid));
        let (terms, index) = margin.map_or((None, None), |(terms, index)| (Some(terms), index));
        let spec = PairSpec {
            id,
            base: base.id,
            quote: quote.id,
            base_units_per_lot: grid.base_units_per_lot,
            quote_units_per_tick_lot: grid.quote_units_per_tick_lot,
            limits: PairLimits {
                min_quantity: min_quantity?,
                max_quantity: max_quantity?,
                min_notional: min_notional?,
                price_band: price_band?,
                max_open_orders: max_open_orders?,
            },
            maker_fee: BasisPoints::new(maker_fee?)?,
            taker_fee: BasisPoints::new(taker_fee?)?,
            reference_price: reference_price?,
        };
        let breaker = (breaker_band? > 0).then_some(CircuitBreaker {
            band: breaker_band?,
            halt_ms: breaker_halt? * 1_000,
        });
        if is_margin && terms.is_none() {
            return None;
        }
        let pair = self.pair(spec, breaker, terms)?;
        let instrument = Instrument {
            pair,
            symbol: format!("{}/{}", base.symbol, quote.symbol).into_boxed_str(),
            base: base.clone(),
            quote: quote.clone(),
            price_scale: grid.price_scale,
            amount_scale: grid.amount_scale,
            tick_units: grid.tick_units,
            lot_units: grid.lot_units,
            quote_units_per_tick_lot: grid.quote_units_per_tick_lot,
        };
        Some((instrument, index))
    }

    /// A tick or a lot: its units and its scale, which is how many decimals it is written with.
    fn step(&mut self, key: &'static str, most: u64) -> Option<(u64, u8)> {
        let decimal = self.section.needed_decimal(key)?;
        let units = u64::try_from(decimal.mantissa()).ok();
        let units = units.filter(|units| (1..=most).contains(units));
        let scale = u8::try_from(decimal.scale())
            .ok()
            .filter(|s| *s <= MAX_SCALE);
        if units.is_none() || scale.is_none() {
            let expected =
                format!("above zero, at most {most} units, at most {MAX_SCALE} decimals");
            self.section.mistake(key, &decimal.to_string(), &expected);
        }
        units.zip(scale)
    }

    /// The worth of a tick and a lot in whole units, so that settlement never rounds.
    fn grid(
        &mut self,
        base: &Asset,
        quote: &Asset,
        (tick_units, price_scale): (u64, u8),
        (lot_units, amount_scale): (u64, u8),
    ) -> Option<Grid> {
        let whole = |units: i128, from: u8, to: u8| {
            let (up, down) = (
                pow10(to.saturating_sub(from)),
                pow10(from.saturating_sub(to)),
            );
            let scaled = units.checked_mul(up)?;
            let exact = scaled % down == 0;
            u64::try_from(scaled / down).ok().filter(|_| exact)
        };
        let lot = whole(i128::from(lot_units), amount_scale, base.scale);
        if lot.is_none() {
            let expected = format!(
                "a whole number of the smallest unit of {}, with at most {} decimals",
                base.symbol, base.scale
            );
            let found = Decimal::from_i128_with_scale(i128::from(lot_units), amount_scale.into());
            self.section.mistake("lot", &found.to_string(), &expected);
        }
        let product = i128::from(tick_units) * i128::from(lot_units);
        let tick_lot = whole(product, price_scale + amount_scale, quote.scale);
        if tick_lot.is_none() {
            let scale = u32::from(price_scale) + u32::from(amount_scale);
            let found = Decimal::try_from_i128_with_scale(product, scale);
            let found = found.map_or("a product".to_owned(), |found| found.to_string());
            let expected = format!(
                "tick × lot to be a whole number of the smallest unit of {}, with at most {} \
                 decimals",
                quote.symbol, quote.scale
            );
            self.section
                .mistake("tick", &format!("tick × lot of {found}"), &expected);
        }
        Some(Grid {
            price_scale,
            amount_scale,
            tick_units,
            lot_units,
            base_units_per_lot: lot?,
            quote_units_per_tick_lot: tick_lot?,
        })
    }

    fn quantity(&mut self, key: &'static str, decimal: Decimal, grid: &Grid) -> Option<Quantity> {
        let quantity = grid.quantity(decimal);
        if quantity.is_none() {
            let most = "2^40 lots";
            let expected = format!("a multiple of the lot, at least one and at most {most}");
            self.section.mistake(key, &decimal.to_string(), &expected);
        }
        quantity
    }

    fn price(&mut self, key: &'static str, decimal: Decimal, grid: &Grid) -> Option<Price> {
        let ticks = grid.steps(decimal, grid.price_scale, grid.tick_units);
        let price = ticks.and_then(Price::from_u64);
        if price.is_none() {
            let expected = "a multiple of the tick, at least one and at most 2^32 − 1 ticks";
            self.section.mistake(key, &decimal.to_string(), expected);
        }
        price
    }

    fn min_notional(&mut self, decimal: Decimal, quote: &Asset) -> Option<Amount> {
        let amount = quote.amount(decimal);
        if let Err(error) = amount {
            let expected = match error {
                GridError::TooLarge => most_of(quote),
                GridError::NotPositive | GridError::OffGrid => {
                    format!("zero or more, with at most {} decimals", quote.scale)
                }
            };
            self.section
                .mistake("min_notional", &decimal.to_string(), &expected);
        }
        amount.ok()
    }

    fn pair(
        &mut self,
        spec: PairSpec,
        breaker: Option<CircuitBreaker>,
        margin: Option<PairMargin>,
    ) -> Option<Pair> {
        let with_margin = |pair: Pair| match margin {
            Some(margin) => pair.with_margin(margin),
            None => Ok(pair),
        };
        let with_breaker = |pair: Pair| match breaker {
            Some(breaker) => pair.with_breaker(breaker),
            None => Ok(pair),
        };
        let pair = Pair::new(spec).and_then(with_breaker);
        let error = match pair.and_then(with_margin) {
            Ok(pair) => return Some(pair),
            Err(error) => error,
        };
        let key = match error {
            // Told above, in words of this file.
            PairError::SameAsset | PairError::QuantityRange => return None,
            PairError::Number => "base",
            PairError::Lot => "lot",
            PairError::TickLot => "tick",
            PairError::PriceBand => "price_band_bps",
            PairError::OpenOrders => "max_open_orders",
            PairError::CircuitBreaker => "circuit_breaker_bps",
            PairError::Margin => "margin",
        };
        self.section
            .mistake(key, "a value that no pair may have", &error.to_string());
        None
    }
}

/// The most that there can be of an asset.
pub(super) fn most_of(asset: &Asset) -> String {
    let units = i128::from(Amount::MAX.units());
    let most = Decimal::from_i128_with_scale(units, asset.scale.into());
    format!(
        "at most {most}, which is 2^63 − 1 of the smallest unit of {}",
        asset.symbol
    )
}

/// The steps of one pair.
pub(super) struct Grid {
    price_scale: u8,
    amount_scale: u8,
    tick_units: u64,
    lot_units: u64,
    base_units_per_lot: u64,
    quote_units_per_tick_lot: u64,
}

impl Grid {
    /// `decimal` as a quantity of whole lots, at least one.
    pub(super) fn quantity(&self, decimal: Decimal) -> Option<Quantity> {
        let lots = self.steps(decimal, self.amount_scale, self.lot_units);
        lots.and_then(Quantity::new)
    }

    /// `decimal` in whole steps, at least one. Zeros behind the last decimal of the step are
    /// welcome here: who configures knows what is meant.
    fn steps(&self, decimal: Decimal, scale: u8, step: u64) -> Option<u64> {
        let decimal = decimal.normalize();
        let missing = u32::from(scale).checked_sub(decimal.scale())?;
        let units = decimal
            .mantissa()
            .checked_mul(10_i128.checked_pow(missing)?)?;
        let steps = u64::try_from(units / i128::from(step)).ok()?;
        (units % i128::from(step) == 0 && steps > 0).then_some(steps)
    }
}
