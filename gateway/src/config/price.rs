//! What an asset's price comes from: `primary_pair` and `circulating_supply` of `[[assets]]`.

use engine::domain::{Amount, AssetId};
use rust_decimal::Decimal;

use crate::instrument::{Asset, GridError, Instrument, PriceSource};

use super::market::most_of;
use super::section::Section;

/// What one asset says of its price.
pub(super) struct Wanted<'a> {
    primary_pair: Option<&'a str>,
    circulating_supply: Option<Decimal>,
}

impl<'a> Wanted<'a> {
    pub(super) fn read(section: &mut Section<'a>) -> Wanted<'a> {
        Wanted {
            primary_pair: section.text("primary_pair"),
            circulating_supply: section.decimal("circulating_supply"),
        }
    }
}

/// Where the price of `asset` comes from: the pair that was named, or else the first whose base
/// it is.
pub(super) fn source(
    section: &mut Section<'_>,
    asset: &Asset,
    wanted: Wanted<'_>,
    pairs: &[Instrument],
) -> Option<(AssetId, PriceSource)> {
    let mut own = pairs.iter().filter(|pair| pair.base.id == asset.id);
    let pair = match wanted.primary_pair {
        Some(symbol) => {
            let named = own.find(|pair| &*pair.symbol == symbol);
            if named.is_none() {
                let expected = format!("one of [[pairs]] with the base {}", asset.symbol);
                section.wrong_text("primary_pair", symbol, &expected);
            }
            named?
        }
        None => match (own.next(), wanted.circulating_supply) {
            (Some(first), _) => first,
            (None, None) => return None,
            (None, Some(_)) => {
                let expected = format!("none, as {} is the base of no pair", asset.symbol);
                section.mistake("circulating_supply", "a supply", &expected);
                return None;
            }
        },
    };
    let circulating_supply = match wanted.circulating_supply {
        Some(decimal) => Some(supply(section, asset, decimal)?),
        None => None,
    };
    let source = PriceSource {
        pair: pair.id(),
        circulating_supply,
    };
    Some((asset.id, source))
}

fn supply(section: &mut Section<'_>, asset: &Asset, decimal: Decimal) -> Option<Amount> {
    let amount = asset.amount(decimal);
    let is_too_large = amount == Err(GridError::TooLarge);
    let amount = amount.ok().filter(|amount| !amount.is_zero());
    if amount.is_none() {
        let expected = if is_too_large {
            most_of(asset)
        } else {
            format!("above zero, with at most {} decimals", asset.scale)
        };
        section.mistake("circulating_supply", &decimal.to_string(), &expected);
    }
    amount
}
