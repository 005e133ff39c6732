//! The one place where decimals become ticks, lots and units, and back.
//!
//! Owns what the outside needs of each asset and pair: symbols, scales, the worth of a tick and
//! of a lot. Conversions are exact both ways: a decimal that is not on the grid is an error and
//! never rounded. The only rounding is for display ([`Instrument::average_price`],
//! [`Asset::display_units`]), half to even.
//!
//! Look-ups are a binary search by symbol and an index by number.

use std::collections::BTreeMap;

use engine::domain::{Amount, AssetId, Pair, PairId, Price, Quantity};
use rust_decimal::Decimal;
use thiserror::Error;

/// The most digits after the point that an asset, a tick or a lot may have.
pub const MAX_SCALE: u8 = 18;

/// One asset as the outside sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Its number.
    pub id: AssetId,
    /// Its name: 1 to 20 characters of `A` to `Z` and `0` to `9`.
    pub symbol: Box<str>,
    /// How many decimals its smallest unit has.
    pub scale: u8,
    /// How many decimals totals of it print with, at most `scale`.
    pub display_scale: u8,
}

/// One pair as the outside sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instrument {
    /// What the engine knows of it.
    pub pair: Pair,
    /// `BASE/QUOTE`.
    pub symbol: Box<str>,
    /// What is bought and sold.
    pub base: Asset,
    /// What it is paid in.
    pub quote: Asset,
    /// How many decimals prices print with.
    pub price_scale: u8,
    /// How many decimals amounts print with.
    pub amount_scale: u8,
    /// One tick, in units of the price scale.
    pub tick_units: u64,
    /// One lot, in units of the amount scale.
    pub lot_units: u64,
    /// Quote units that one lot costs at one tick.
    pub quote_units_per_tick_lot: u64,
}

/// Why a decimal is no price, quantity or amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum GridError {
    /// It is zero or less.
    #[error("must be above zero")]
    NotPositive,
    /// It is no whole multiple of the step, or it has more decimals than the step.
    #[error("is not on the grid")]
    OffGrid,
    /// It is more than the engine can hold.
    #[error("is too large")]
    TooLarge,
}

impl Asset {
    /// The amount that `decimal` is, exactly; zero is an amount.
    pub fn amount(&self, decimal: Decimal) -> Result<Amount, GridError> {
        if decimal.is_sign_negative() && !decimal.is_zero() {
            return Err(GridError::NotPositive);
        }
        let units = units_at(decimal, self.scale)?;
        u64::try_from(units)
            .ok()
            .and_then(Amount::new)
            .ok_or(GridError::TooLarge)
    }

    /// `units` of the smallest unit in units of the display scale, rounded half to even.
    pub fn display_units(&self, units: i128) -> i128 {
        divide_half_even(units, pow10(self.scale - self.display_scale))
    }
}

impl Instrument {
    /// The pair's number.
    pub const fn id(&self) -> PairId {
        self.pair.id()
    }

    /// The price that `decimal` is, exactly.
    pub fn price(&self, decimal: Decimal) -> Result<Price, GridError> {
        let ticks = steps(decimal, self.price_scale, self.tick_units)?;
        Price::from_u64(ticks).ok_or(GridError::TooLarge)
    }

    /// The quantity that `decimal` is, exactly, at least one lot.
    pub fn quantity(&self, decimal: Decimal) -> Result<Quantity, GridError> {
        let lots = steps(decimal, self.amount_scale, self.lot_units)?;
        Quantity::new(lots).ok_or(GridError::TooLarge)
    }

    /// `ticks` in units of the price scale.
    pub fn price_units(&self, ticks: u64) -> u128 {
        u128::from(ticks) * u128::from(self.tick_units)
    }

    /// What lots came to at prices that made them `tick_lots` in sum, in units of the quote's
    /// display scale, rounded half to even.
    pub fn worth_units(&self, tick_lots: u128) -> i128 {
        let units = tick_lots.saturating_mul(u128::from(self.quote_units_per_tick_lot));
        self.quote
            .display_units(i128::try_from(units).unwrap_or(i128::MAX))
    }

    /// What `amount` of the base is worth at `price`, in units of the quote's display scale,
    /// rounded half to even; `None` beyond 128 bits.
    pub fn capitalisation_units(&self, price: Price, amount: Amount) -> Option<i128> {
        let lot = self.pair.base_amount(Quantity::new(1)?)?;
        let per_tick = i128::from(amount.units())
            .checked_mul(i128::from(self.quote_units_per_tick_lot))?
            .checked_mul(i128::from(price.ticks()))?;
        let divisor = i128::from(lot.units())
            .checked_mul(pow10(self.quote.scale - self.quote.display_scale))?;
        Some(divide_half_even(per_tick, divisor))
    }

    /// `lots` in units of the amount scale.
    pub fn amount_units(&self, lots: u64) -> u128 {
        u128::from(lots) * u128::from(self.lot_units)
    }

    /// The sum of many amounts, `lots`, in units of the amount scale.
    pub fn volume_units(&self, lots: u128) -> u128 {
        lots.saturating_mul(u128::from(self.lot_units))
    }

    /// What `lots` cost at `price`, in units of the quote's display scale, rounded half to even.
    ///
    /// `lots` may be the total of a level, so more than a [`Quantity`].
    pub fn total_units(&self, price: Price, lots: u64) -> i128 {
        // 2^32 × 2^63 fits; the product with the units per tick and lot may not, and a total
        // that large is printed as the largest there is.
        self.worth_units(u128::from(price.ticks()) * u128::from(lots))
    }

    /// The average price of fills of `filled` that came to `notional`, in units of the price
    /// scale plus two digits, rounded half to even; `None` without a fill.
    pub fn average_price(&self, notional: Amount, filled: Quantity) -> Option<u128> {
        let worth = u128::from(filled.lots()) * u128::from(self.quote_units_per_tick_lot);
        if worth == 0 {
            return None;
        }
        // In ticks it is notional ÷ worth. 2^63 × 2^32 × 100 stays inside 128 bits.
        let scaled = u128::from(notional.units()) * u128::from(self.tick_units) * 100;
        let average = divide_half_even(i128::try_from(scaled).ok()?, i128::try_from(worth).ok()?);
        u128::try_from(average).ok()
    }
}

/// What the channel `price` tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Priced {
    /// An asset, in its primary pair.
    Symbol(AssetId),
    /// A pair by itself.
    Pair(PairId),
}

/// Where the price of a symbol comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceSource {
    /// The pair whose base it is.
    pub pair: PairId,
    /// How much of it there is outside, for its market capitalisation.
    pub circulating_supply: Option<Amount>,
}

/// All assets and pairs of one exchange, by number and by symbol.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instruments {
    assets: Vec<Asset>,
    instruments: Vec<Instrument>,
    by_symbol: BTreeMap<Box<str>, PairId>,
    /// By asset.
    prices: Vec<Option<PriceSource>>,
}

impl Instruments {
    /// Gathers what the configuration made. Each asset and pair stands at the index that is its
    /// number, and no symbol comes twice.
    pub fn new(assets: Vec<Asset>, instruments: Vec<Instrument>) -> Instruments {
        let by_symbol: BTreeMap<_, _> = instruments
            .iter()
            .map(|instrument| (instrument.symbol.clone(), instrument.id()))
            .collect();
        let in_place = assets
            .iter()
            .enumerate()
            .all(|(index, asset)| usize::from(asset.id.0) == index)
            && instruments
                .iter()
                .enumerate()
                .all(|(index, instrument)| usize::from(instrument.id().0) == index);
        assert!(
            in_place && by_symbol.len() == instruments.len(),
            "invariant: assets and pairs stand at their numbers, under one symbol each"
        );
        let first_pair = |asset: &Asset| {
            let pair = instruments.iter().find(|it| it.base.id == asset.id)?.id();
            Some(PriceSource {
                pair,
                circulating_supply: None,
            })
        };
        Instruments {
            prices: assets.iter().map(first_pair).collect(),
            assets,
            instruments,
            by_symbol,
        }
    }

    /// Takes the price of `asset` from `source`, instead of the first pair whose base it is.
    #[must_use]
    pub fn with_price(mut self, asset: AssetId, source: PriceSource) -> Instruments {
        let is_base = self.get(source.pair).is_some_and(|it| it.base.id == asset);
        assert!(is_base, "invariant: a price is that of a pair's base");
        if let Some(price) = self.prices.get_mut(usize::from(asset.0)) {
            *price = Some(source);
        }
        self
    }

    /// What has a price by this name: a symbol that has a primary pair, or a pair.
    pub fn priced(&self, name: &str) -> Option<Priced> {
        let symbol = self.asset_by_symbol(name).map(|asset| asset.id);
        let symbol = symbol.filter(|asset| self.price_source(*asset).is_some());
        let pair = || self.by_symbol(name).map(|it| Priced::Pair(it.id()));
        symbol.map(Priced::Symbol).or_else(pair)
    }

    /// Where the price of `asset` comes from; `None` where it is the base of no pair.
    pub fn price_source(&self, asset: AssetId) -> Option<PriceSource> {
        *self.prices.get(usize::from(asset.0))?
    }

    /// All assets, by number.
    pub fn assets(&self) -> &[Asset] {
        &self.assets
    }

    /// All pairs, by number.
    pub fn all(&self) -> &[Instrument] {
        &self.instruments
    }

    /// The asset of this number.
    pub fn asset(&self, asset: AssetId) -> Option<&Asset> {
        self.assets.get(usize::from(asset.0))
    }

    /// The asset of this symbol.
    pub fn asset_by_symbol(&self, symbol: &str) -> Option<&Asset> {
        self.assets.iter().find(|asset| &*asset.symbol == symbol)
    }

    /// The pair of this number.
    pub fn get(&self, pair: PairId) -> Option<&Instrument> {
        self.instruments.get(usize::from(pair.0))
    }

    /// The pair of this symbol, `BASE/QUOTE`.
    pub fn by_symbol(&self, symbol: &str) -> Option<&Instrument> {
        self.get(*self.by_symbol.get(symbol)?)
    }
}

/// 10 to the power of `scale`, which is at most [`MAX_SCALE`] plus a few.
pub fn pow10(scale: u8) -> i128 {
    10_i128
        .checked_pow(u32::from(scale))
        .expect("invariant: scales are at most 18, and two of them 36")
}

/// `dividend ÷ divisor` (above zero), rounded half to even.
pub fn divide_half_even(dividend: i128, divisor: i128) -> i128 {
    let quotient = dividend.div_euclid(divisor);
    let rest = dividend.rem_euclid(divisor);
    // rest < divisor, so the difference is above zero and nothing can wrap.
    match rest.cmp(&(divisor - rest)) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + 1,
        std::cmp::Ordering::Equal => quotient + (quotient & 1),
    }
}

/// `decimal`, at least zero, in units of `scale`; more decimals than that are refused, even
/// zeros: who sends them means another pair.
fn units_at(decimal: Decimal, scale: u8) -> Result<u128, GridError> {
    let missing = u32::from(scale)
        .checked_sub(decimal.scale())
        .ok_or(GridError::OffGrid)?;
    10_u128
        .checked_pow(missing)
        .and_then(|factor| decimal.mantissa().unsigned_abs().checked_mul(factor))
        .ok_or(GridError::TooLarge)
}

fn steps(decimal: Decimal, scale: u8, step: u64) -> Result<u64, GridError> {
    if decimal.is_zero() || decimal.is_sign_negative() {
        return Err(GridError::NotPositive);
    }
    let units = units_at(decimal, scale)?;
    if units % u128::from(step) != 0 {
        return Err(GridError::OffGrid);
    }
    u64::try_from(units / u128::from(step)).map_err(|_| GridError::TooLarge)
}
