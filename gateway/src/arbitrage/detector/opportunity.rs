//! From two quotes to what can be gained between them.

use engine::domain::Timestamp;

use crate::arbitrage::Fixed;

use super::liquidity::{Liquidity, Share, millionths, most_profitable};
use super::{Chain, Quote, TokenRules};

/// Which way the token goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Bought on the XRP Ledger, sold on Flare.
    XrplToFlare,
    /// Bought on Flare, sold on the XRP Ledger.
    FlareToXrpl,
}

impl Direction {
    /// Both.
    pub const ALL: [Direction; 2] = [Direction::XrplToFlare, Direction::FlareToXrpl];

    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Direction::XrplToFlare => "xrpl_to_flare",
            Direction::FlareToXrpl => "flare_to_xrpl",
        }
    }

    /// Where it is bought.
    pub const fn from(self) -> Chain {
        match self {
            Direction::XrplToFlare => Chain::Xrpl,
            Direction::FlareToXrpl => Chain::Flare,
        }
    }

    /// Where it is sold.
    pub const fn to(self) -> Chain {
        match self {
            Direction::XrplToFlare => Chain::Flare,
            Direction::FlareToXrpl => Chain::Xrpl,
        }
    }
}

/// How far the figures can be relied upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Two thirds or more of a quote's time are over, or little can be traded.
    Low,
    /// In between.
    Medium,
    /// Both quotes are young, and much can be traded.
    High,
}

impl Confidence {
    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

/// What can be gained, in XRP, by buying on one chain and selling at the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gain {
    /// Which way.
    pub direction: Direction,
    /// The price on the XRP Ledger on the side that is traded, before fees.
    pub xrpl_price: Fixed,
    /// The price on Flare on the side that is traded, before fees.
    pub flare_price: Fixed,
    /// The difference of the prices, of the lower one, in millionths, rounded half to even.
    pub spread_millionths: u64,
    /// The same in basis points, rounded half to even.
    pub spread_bps: u64,
    /// The difference of the prices: the gross gain of one token.
    pub gross: Fixed,
    /// What the first token brings after the fees of pools and chains and its share of the
    /// networks' at [`Gain::max_amount`].
    pub net: Fixed,
    /// [`Gain::net`], of what the first token costs, in millionths, rounded down.
    pub net_spread_millionths: u64,
    /// The least amount whose gain covers the networks' fees, rounded up to the grain.
    pub min_amount: Fixed,
    /// Where the next token would bring nothing, rounded down to the grain.
    pub max_amount: Fixed,
    /// What [`Gain::max_amount`] brings after all fees, rounded down.
    pub total_net: Fixed,
    /// What [`Gain::max_amount`] costs with all fees but the networks', rounded up.
    pub total_cost: Fixed,
    /// The time of the older quote.
    pub as_of: Timestamp,
    /// From age and depth of both quotes.
    pub confidence: Confidence,
}

/// One side of a trade: what is there, and what the chain takes beside the pool.
struct Leg<'a> {
    liquidity: &'a Liquidity,
    fee: Share,
}

impl Leg<'_> {
    /// Rounded up.
    fn cost(&self, amount: Fixed) -> Option<Fixed> {
        let cost = self.liquidity.cost(amount)?;
        cost.scaled_up(millionths(self.fee.over()), millionths(Share::ALL))
    }

    /// Rounded down.
    fn proceeds(&self, amount: Fixed) -> Option<Fixed> {
        let proceeds = self.liquidity.proceeds(amount)?;
        proceeds.scaled_down(millionths(self.fee.rest()), millionths(Share::ALL))
    }

    fn first_cost(&self) -> Option<Fixed> {
        let price = self.liquidity.price_with_fee(true)?;
        price.scaled_up(millionths(self.fee.over()), millionths(Share::ALL))
    }

    fn first_proceeds(&self) -> Option<Fixed> {
        let price = self.liquidity.price_with_fee(false)?;
        price.scaled_down(millionths(self.fee.rest()), millionths(Share::ALL))
    }
}

/// What can be gained between two quotes now, the better direction where both pay; `None` where
/// nothing can, after all fees.
pub(super) fn gain(
    rules: &TokenRules,
    network_fee: Fixed,
    (xrpl, flare): (&Quote, &Quote),
    limits: [u64; 2],
    now: Timestamp,
) -> Option<Gain> {
    Direction::ALL
        .into_iter()
        .filter_map(|direction| {
            let (from, to) = match direction {
                Direction::XrplToFlare => (xrpl, flare),
                Direction::FlareToXrpl => (flare, xrpl),
            };
            let buy = Leg {
                liquidity: from.asks.as_ref()?,
                fee: rules.fee(direction.from()),
            };
            let sell = Leg {
                liquidity: to.bids.as_ref()?,
                fee: rules.fee(direction.to()),
            };
            let figures = figures(rules, network_fee, direction, &buy, &sell)?;
            let as_of = xrpl.as_of.min(flare.as_of);
            let by_age = by_age([(xrpl, limits[0]), (flare, limits[1])], now);
            let confidence = by_age.min(by_depth(figures.total_cost, rules.deep));
            Some(Gain {
                as_of,
                confidence,
                ..figures
            })
        })
        .max_by_key(|gain| gain.total_net)
}

/// All but time and confidence.
fn figures(
    rules: &TokenRules,
    network_fee: Fixed,
    direction: Direction,
    buy: &Leg<'_>,
    sell: &Leg<'_>,
) -> Option<Gain> {
    let (low, high) = (buy.liquidity.price()?, sell.liquidity.price()?);
    let most = most_profitable((buy.liquidity, buy.fee), (sell.liquidity, sell.fee));
    let max_amount = most.on_grain(rules.grain());
    if max_amount.is_zero() {
        return None;
    }
    let before_network = |amount| sell.proceeds(amount)?.minus(buy.cost(amount)?);
    let total_net = before_network(max_amount)?.minus(network_fee)?;
    if total_net.is_zero() {
        return None;
    }
    let min_amount = least(rules.grain(), max_amount, |amount| {
        before_network(amount).is_some_and(|net| net >= network_fee)
    });
    let first_cost = buy.first_cost()?;
    let network_share = network_fee.scaled_up(Fixed::ONE, max_amount)?;
    let net = sell.first_proceeds()?.minus(first_cost)?;
    let net = net.minus(network_share).unwrap_or_default();
    let gross = high.minus(low)?;
    let (xrpl_price, flare_price) = match direction {
        Direction::XrplToFlare => (low, high),
        Direction::FlareToXrpl => (high, low),
    };
    Some(Gain {
        direction,
        xrpl_price,
        flare_price,
        spread_millionths: gross.share_half_even(low, Share::ALL)?,
        spread_bps: gross.share_half_even(low, 10_000)?,
        gross,
        net,
        net_spread_millionths: share_down(net, first_cost)?,
        min_amount,
        max_amount,
        total_net,
        total_cost: buy.cost(max_amount)?,
        as_of: Timestamp(0),
        confidence: Confidence::Low,
    })
}

/// The least multiple of `grain` up to `most` at which `pays`, which holds at `most` and, the
/// gain being concave, from there down to one point.
fn least(grain: Fixed, most: Fixed, pays: impl Fn(Fixed) -> bool) -> Fixed {
    let (mut low, mut high) = (0, most.units() / grain.units());
    // Does not pay at `low`, pays at `high`.
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if pays(Fixed::from_units(middle * grain.units())) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Fixed::from_units(high * grain.units())
}

fn share_down(part: Fixed, of: Fixed) -> Option<u64> {
    let share = part.scaled_down(millionths(Share::ALL), of)?;
    u64::try_from(share.units()).ok()
}

fn by_age(quotes: [(&Quote, u64); 2], now: Timestamp) -> Confidence {
    let level = |(quote, limit): (&Quote, u64)| {
        let age = now.since(quote.as_of).saturating_mul(3);
        if age <= limit {
            Confidence::High
        } else if age <= limit.saturating_mul(2) {
            Confidence::Medium
        } else {
            Confidence::Low
        }
    };
    let assumed = quotes.iter().any(|(quote, _)| !quote.is_depth_known);
    let by_age = quotes.map(level);
    if assumed {
        Confidence::Low
    } else {
        by_age[0].min(by_age[1])
    }
}

fn by_depth(worth: Fixed, deep: Fixed) -> Confidence {
    let tenth = Fixed::from_units(deep.units() / 10);
    if worth >= deep {
        Confidence::High
    } else if worth >= tenth {
        Confidence::Medium
    } else {
        Confidence::Low
    }
}
