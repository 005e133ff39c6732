//! `[pairs.margin]` and `[assets.lending]`: on what terms pairs are traded on margin, and what the
//! platform lends.

use engine::domain::{
    Amount, BasisPoints, Lending, Leverage, MarginRatio, PairId, PairMargin, Quantity, Reserve,
};
use rust_decimal::Decimal;

use crate::arbitrage::detector::Chain;
use crate::instrument::{Asset, GridError, Instruments};

use super::market::{Grid, most_of};
use super::section::{Mistakes, Section};
use super::{ArbitrageConfig, IndexSource, OpeningReserve};

/// What an index is told in.
const INDEX_QUOTE: &str = "XRP";
/// The digits of a ratio: hundred-thousandths.
const RATIO_SCALE: u32 = 5;
/// The digits of an hourly rate: billionths.
const RATE_SCALE: u32 = 9;
/// The longest grace and the greatest age of a mark price, in seconds: a week.
const MAX_SECONDS: u64 = 604_800;

/// What one pair's section says.
pub(super) struct Wanted<'a> {
    section: Section<'a>,
    max_leverage: Option<Leverage>,
    initial: Option<MarginRatio>,
    maintenance: Option<MarginRatio>,
    grace_seconds: Option<u64>,
    liquidation_fee: Option<u16>,
    max_position: Option<Decimal>,
    max_open_interest: Option<Decimal>,
    max_mark_age_seconds: Option<u64>,
    index: Option<&'a str>,
    index_band: Option<u16>,
}

/// Where a pair says that its index comes from, and where it says so.
pub(super) struct WantedIndex {
    pub(super) pair: PairId,
    path: String,
    text: String,
}

impl<'a> Wanted<'a> {
    /// Reads the section of a pair that has one.
    pub(super) fn read(pair: &mut Section<'a>) -> Option<Wanted<'a>> {
        if !pair.has("margin") {
            return None;
        }
        let mut section = pair.section("margin");
        let ten = Decimal::new(10, 0);
        let wanted = Wanted {
            max_leverage: leverage(&mut section, ten),
            initial: ratio(&mut section, "initial_ratio", Decimal::new(10, 2)),
            maintenance: ratio(&mut section, "maintenance_ratio", Decimal::new(5, 2)),
            grace_seconds: section.integer("grace_seconds", 3_600, 1..=MAX_SECONDS),
            liquidation_fee: section.integer("liquidation_fee_bps", 50, 0..=BasisPoints::MAX.get()),
            max_position: section.needed_decimal("max_position"),
            max_open_interest: section.needed_decimal("max_open_interest"),
            max_mark_age_seconds: section.integer("max_mark_age_seconds", 300, 1..=MAX_SECONDS),
            index: section.text("index"),
            index_band: match section.has("index_band_bps") {
                true => section.needed_integer("index_band_bps", 1..=10_000),
                false => None,
            },
            section,
        };
        wanted.section.finish();
        Some(wanted)
    }

    /// The terms of a pair with this grid, and its index.
    pub(super) fn resolve(
        mut self,
        pair: PairId,
        grid: &Grid,
    ) -> Option<(PairMargin, Option<WantedIndex>)> {
        let (position, interest) = (self.max_position, self.max_open_interest);
        let max_position = quantity(&mut self.section, "max_position", position, grid);
        let max_open_interest = quantity(&mut self.section, "max_open_interest", interest, grid);
        self.check_ratios()?;
        let index = self.index(pair);
        let terms = PairMargin {
            max_leverage: self.max_leverage?,
            initial: self.initial?,
            maintenance: self.maintenance?,
            grace_ms: self.grace_seconds? * 1_000,
            liquidation_fee: BasisPoints::new(self.liquidation_fee?)?,
            max_position: max_position?,
            max_open_interest: max_open_interest?,
            max_mark_age_ms: self.max_mark_age_seconds? * 1_000,
            index_band: index.is_some().then_some(self.index_band).flatten(),
        };
        Some((terms, index))
    }

    /// Whether the ratios fit together; each mistake is told.
    fn check_ratios(&mut self) -> Option<()> {
        let (initial, maintenance) = (self.initial?, self.maintenance?);
        let leverage = self.max_leverage?;
        let shown = |ratio: MarginRatio| Decimal::new(i64::from(ratio.get()), RATIO_SCALE);
        let mut fits = true;
        if maintenance >= initial {
            let found = shown(maintenance).normalize().to_string();
            let expected = "less than initial_ratio";
            self.section.mistake("maintenance_ratio", &found, expected);
            fits = false;
        }
        let product = u64::from(leverage.hundredths()) * u64::from(initial.get());
        if product > u64::from(MarginRatio::WHOLE) * u64::from(Leverage::WHOLE) {
            let found = Decimal::new(i64::from(leverage.hundredths()), 2);
            let found = found.normalize().to_string();
            let expected = "at most 1 / initial_ratio";
            self.section.mistake("max_leverage", &found, expected);
            fits = false;
        }
        // A basis point is ten hundred-thousandths.
        let fee = self.liquidation_fee?;
        if u32::from(fee) * 10 >= initial.get() {
            let expected = "less than initial_ratio";
            self.section
                .mistake("liquidation_fee_bps", &fee.to_string(), expected);
            fits = false;
        }
        fits.then_some(())
    }

    fn index(&mut self, pair: PairId) -> Option<WantedIndex> {
        match (self.index, self.index_band) {
            (Some(text), Some(_)) => Some(WantedIndex {
                pair,
                path: self.section.path_of("index"),
                text: text.to_owned(),
            }),
            (Some(_), None) => {
                let expected = "how far the mark price may be from the index";
                self.section.mistake("index_band_bps", "nothing", expected);
                None
            }
            (None, Some(_)) => {
                self.section.mistake("index", "nothing", INDEX);
                None
            }
            (None, None) => None,
        }
    }
}

const INDEX: &str = "where it comes from: \"flare:SYMBOL\" or \"xrpl:SYMBOL\"";

/// A decimal key with a default.
fn decimal(section: &mut Section<'_>, key: &'static str, default: Decimal) -> Option<Decimal> {
    match section.has(key) {
        true => section.decimal(key),
        false => Some(default),
    }
}

/// A decimal of at most `scale` decimals in units of the last one.
fn units(decimal: Decimal, scale: u32) -> Option<u32> {
    let decimal = decimal.normalize();
    let missing = scale.checked_sub(decimal.scale())?;
    let units = decimal.mantissa().checked_mul(10_i128.pow(missing))?;
    u32::try_from(units).ok()
}

fn leverage(section: &mut Section<'_>, default: Decimal) -> Option<Leverage> {
    let found = decimal(section, "max_leverage", default)?;
    let hundredths = units(found, 2).and_then(|it| u16::try_from(it).ok());
    let leverage = hundredths.and_then(Leverage::new);
    if leverage.is_none() {
        let expected = "above 1 and at most 655.35, with at most 2 decimals";
        section.mistake("max_leverage", &found.to_string(), expected);
    }
    leverage
}

fn ratio(section: &mut Section<'_>, key: &'static str, default: Decimal) -> Option<MarginRatio> {
    let found = decimal(section, key, default)?;
    let ratio = units(found, RATIO_SCALE).and_then(MarginRatio::new);
    if ratio.is_none() {
        let expected = format!("from 0 to 1, with at most {RATIO_SCALE} decimals");
        section.mistake(key, &found.to_string(), &expected);
    }
    ratio
}

fn quantity(
    section: &mut Section<'_>,
    key: &'static str,
    found: Option<Decimal>,
    grid: &Grid,
) -> Option<Quantity> {
    let found = found?;
    let quantity = grid.quantity(found);
    if quantity.is_none() {
        let expected = "a multiple of the lot, at least one and at most 2^40 lots";
        section.mistake(key, &found.to_string(), expected);
    }
    quantity
}

/// Finds the token of each index among those that are looked at.
pub(super) fn indices(
    wanted: &[WantedIndex],
    instruments: &Instruments,
    arbitrage: Option<&ArbitrageConfig>,
    mistakes: &Mistakes,
) -> Option<Vec<IndexSource>> {
    let mut sources = Some(Vec::new());
    for index in wanted {
        let source = source(index, instruments, arbitrage);
        let source = source.map_err(|expected| {
            mistakes.add(&index.path, &format!("{:?}", index.text), &expected);
        });
        sources = sources.zip(source.ok()).map(|(mut sources, source)| {
            sources.push(source);
            sources
        });
    }
    sources
}

fn source(
    index: &WantedIndex,
    instruments: &Instruments,
    arbitrage: Option<&ArbitrageConfig>,
) -> Result<IndexSource, String> {
    let Some((chain, symbol)) = index.text.split_once(':') else {
        return Err(INDEX.to_owned());
    };
    let chain = match chain {
        "flare" => Chain::Flare,
        "xrpl" => Chain::Xrpl,
        _ => return Err(INDEX.to_owned()),
    };
    let instrument = instruments.get(index.pair);
    if instrument.is_none_or(|it| &*it.quote.symbol != INDEX_QUOTE) {
        let words = format!("none: the price is in {INDEX_QUOTE}, and the pair's is not");
        return Err(words);
    }
    let tokens = arbitrage.map_or(&[][..], |it| &it.detector.tokens);
    let token = tokens.iter().position(|token| &*token.symbol == symbol);
    let token = token.ok_or_else(|| "a token of [[arbitrage.tokens]]".to_owned())?;
    Ok(IndexSource {
        pair: index.pair,
        chain,
        token,
    })
}

/// What one asset's section says.
pub(super) struct WantedLending<'a> {
    section: Section<'a>,
    limit: Option<Decimal>,
    hourly_rate: Option<u32>,
    pool: Option<Decimal>,
    fund: Option<Decimal>,
}

impl<'a> WantedLending<'a> {
    /// Reads the section of an asset; without one nothing is lent.
    pub(super) fn read(asset: &mut Section<'a>) -> WantedLending<'a> {
        let mut section = asset.section("lending");
        let found = decimal(&mut section, "hourly_rate", Decimal::ZERO);
        let billion = 10_u32.pow(RATE_SCALE);
        let hourly_rate = found
            .and_then(|found| units(found, RATE_SCALE))
            .filter(|rate| *rate <= billion);
        if let (Some(found), None) = (found, hourly_rate) {
            let expected = format!("from 0 to 1, with at most {RATE_SCALE} decimals");
            section.mistake("hourly_rate", &found.to_string(), &expected);
        }
        let mut decimal = |key| match section.has(key) {
            true => section.decimal(key),
            false => Some(Decimal::ZERO),
        };
        let wanted = WantedLending {
            limit: decimal("limit"),
            pool: decimal("pool"),
            fund: decimal("insurance_fund"),
            hourly_rate,
            section,
        };
        wanted.section.finish();
        wanted
    }

    /// How the asset is lent, and what the funds start with.
    pub(super) fn resolve(mut self, asset: &Asset) -> Option<(Lending, Vec<OpeningReserve>)> {
        let limit = self.amount("limit", self.limit, asset);
        let pool = self.amount("pool", self.pool, asset);
        let fund = self.amount("insurance_fund", self.fund, asset);
        let lending = Lending {
            limit: limit?,
            hourly_rate: self.hourly_rate?,
        };
        let reserves = [
            (Reserve::LendingPool, pool?),
            (Reserve::InsuranceFund, fund?),
        ];
        let reserves = reserves.into_iter().filter(|(_, it)| !it.is_zero());
        let opening = |(reserve, amount)| OpeningReserve {
            reserve,
            asset: asset.id,
            amount,
        };
        Some((lending, reserves.map(opening).collect()))
    }

    fn amount(
        &mut self,
        key: &'static str,
        found: Option<Decimal>,
        asset: &Asset,
    ) -> Option<Amount> {
        let found = found?;
        let amount = asset.amount(found);
        if let Err(error) = amount {
            let expected = match error {
                GridError::TooLarge => most_of(asset),
                GridError::NotPositive | GridError::OffGrid => {
                    format!("zero or more, with at most {} decimals", asset.scale)
                }
            };
            self.section.mistake(key, &found.to_string(), &expected);
        }
        amount.ok()
    }
}

/// How each asset is lent, at the index that is its number, and what the funds start with.
pub(super) fn lending(
    wanted: Vec<WantedLending<'_>>,
    assets: &[Asset],
) -> Option<(Vec<Lending>, Vec<OpeningReserve>)> {
    let mut all = Some((Vec::new(), Vec::new()));
    for (wanted, asset) in wanted.into_iter().zip(assets) {
        let one = wanted.resolve(asset);
        all = all.zip(one).map(|((mut lending, mut reserves), one)| {
            lending.push(one.0);
            reserves.extend(one.1);
            (lending, reserves)
        });
    }
    all
}
