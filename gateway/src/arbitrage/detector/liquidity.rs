//! What can be traded in one direction on one chain, and what it costs.

use num_bigint::BigUint;

use crate::arbitrage::Fixed;
use crate::arbitrage::fixed::{divide_up, fixed};

/// A share, in millionths; at most all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u32);

impl Share {
    /// All of it.
    pub const ALL: u32 = 1_000_000;

    /// `None` where it is more than all.
    pub const fn from_millionths(millionths: u32) -> Option<Share> {
        if millionths <= Self::ALL {
            Some(Share(millionths))
        } else {
            None
        }
    }

    /// Basis points; `None` where it is more than all.
    pub const fn from_bps(bps: u32) -> Option<Share> {
        match bps.checked_mul(100) {
            Some(millionths) => Share::from_millionths(millionths),
            None => None,
        }
    }

    /// What is left of all without it, in millionths.
    pub(super) const fn rest(self) -> u32 {
        Self::ALL - self.0
    }

    /// All and it, in millionths.
    pub(super) const fn over(self) -> u32 {
        Self::ALL + self.0
    }
}

/// An offer: so many tokens for so much XRP, and any part of it in that proportion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Tokens, above zero.
    pub base: Fixed,
    /// XRP, above zero.
    pub quote: Fixed,
}

/// A constant-product pool: the product of its reserves does not fall by a trade, of whose input
/// the fee is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Tokens in it, above zero.
    pub base: Fixed,
    /// XRP in it, above zero.
    pub quote: Fixed,
    /// Taken from what goes in; less than all.
    pub fee: Share,
}

/// All that can be traded in one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Liquidity {
    /// Offers, best first.
    Book(Vec<Level>),
    /// A pool.
    Pool(Pool),
}

impl Pool {
    /// What goes in for `amount` tokens, rounded up: `Q·a ÷ (φ·(B − a))`.
    fn cost(&self, amount: Fixed) -> Option<Fixed> {
        let left = self.base.minus(amount).filter(|left| !left.is_zero())?;
        let paid = self.quote.big() * amount.big() * Share::ALL;
        fixed(divide_up(paid, &(left.big() * self.fee.rest())))
    }

    /// What comes out for `amount` tokens, rounded down: `Q·φ·a ÷ (B + φ·a)`.
    fn proceeds(&self, amount: Fixed) -> Option<Fixed> {
        let kept = amount.big() * self.fee.rest();
        let all = self.base.big() * Share::ALL + &kept;
        fixed(self.quote.big() * kept / all)
    }
}

impl Liquidity {
    /// The best price, before any fee, rounded down at its last digit.
    pub fn price(&self) -> Option<Fixed> {
        let (base, quote) = match self {
            Liquidity::Book(levels) => levels.first().map(|it| (it.base, it.quote))?,
            Liquidity::Pool(pool) => (pool.base, pool.quote),
        };
        quote.scaled_down(Fixed::ONE, base)
    }

    /// What the next token at the best price comes to with the pool's fee: more than the price
    /// for who buys, less for who sells.
    pub fn price_with_fee(&self, buys: bool) -> Option<Fixed> {
        let price = self.price()?;
        let Liquidity::Pool(pool) = self else {
            return Some(price);
        };
        let (all, rest) = (millionths(Share::ALL), millionths(pool.fee.rest()));
        if buys {
            price.scaled_up(all, rest)
        } else {
            price.scaled_down(rest, all)
        }
    }

    /// What buying `amount` tokens costs, rounded up; `None` where there are not so many.
    pub fn cost(&self, amount: Fixed) -> Option<Fixed> {
        match self {
            Liquidity::Pool(pool) => pool.cost(amount),
            Liquidity::Book(levels) => walk(levels, amount, |part, level| {
                level.quote.scaled_up(part, level.base)
            }),
        }
    }

    /// What selling `amount` tokens brings, rounded down; `None` where not so many are wanted.
    pub fn proceeds(&self, amount: Fixed) -> Option<Fixed> {
        match self {
            Liquidity::Pool(pool) => pool.proceeds(amount),
            Liquidity::Book(levels) => walk(levels, amount, |part, level| {
                level.quote.scaled_down(part, level.base)
            }),
        }
    }
}

/// So many millionths as a number to multiply with or to divide by.
pub(super) fn millionths(count: u32) -> Fixed {
    Fixed::from_units(u128::from(count))
}

/// Takes `amount` from the best levels on and sums up what each part comes to.
fn walk(
    levels: &[Level],
    amount: Fixed,
    worth: impl Fn(Fixed, &Level) -> Option<Fixed>,
) -> Option<Fixed> {
    let (mut left, mut sum) = (amount, Fixed::ZERO);
    for level in levels {
        if left.is_zero() {
            break;
        }
        let part = left.min(level.base);
        sum = sum.plus(worth(part, level)?)?;
        left = left.minus(part)?;
    }
    left.is_zero().then_some(sum)
}

/// Where buying here and selling there stops to pay: the most tokens of which each brings more
/// than it costs, both with the chain's and the pool's fees; the network's do not depend on it.
///
/// Marginal prices never get better as more is traded, so it is enough to go on as long as the
/// next part pays. Pools are not walked: where a pool's marginal price meets a level's, or
/// another pool's, is solved for, with integer square roots rounded so that never too much is
/// traded. Time is linear in the number of levels.
pub fn most_profitable(buy: (&Liquidity, Share), sell: (&Liquidity, Share)) -> Fixed {
    let fees = Fees {
        paid: buy.1.over(),
        left: sell.1.rest(),
    };
    match (buy.0, sell.0) {
        (Liquidity::Book(asks), Liquidity::Book(bids)) => fees.books(asks, bids),
        (Liquidity::Book(asks), Liquidity::Pool(pool)) => {
            along(asks, |level| fees.sold_down_to(pool, level))
        }
        (Liquidity::Pool(pool), Liquidity::Book(bids)) => {
            along(bids, |level| fees.bought_up_to(pool, level))
        }
        (Liquidity::Pool(from), Liquidity::Pool(to)) => fees.pools(from, to),
    }
}

/// Goes along levels as long as each pays: `until` says how much the pool at the other end takes
/// in all before the next token would not pay at this level.
fn along(levels: &[Level], until: impl Fn(&Level) -> Option<Fixed>) -> Fixed {
    let mut sum = Fixed::ZERO;
    for level in levels {
        let pays = until(level).and_then(|until| until.minus(sum));
        let Some(pays) = pays.filter(|pays| !pays.is_zero()) else {
            break;
        };
        let part = pays.min(level.base);
        sum = sum.plus(part).unwrap_or(sum);
        if part < level.base {
            break;
        }
    }
    sum
}

/// The chains' fees: what is paid of a cost and what is left of proceeds, in millionths.
struct Fees {
    paid: u32,
    left: u32,
}

/// Digits that the ratio of two pools is worked out with.
const RATIO_DIGITS: u32 = 36;

impl Fees {
    fn books(&self, asks: &[Level], bids: &[Level]) -> Fixed {
        let (mut asks, mut bids) = (asks.iter(), bids.iter());
        let left = |level: Option<&Level>| level.map_or(Fixed::ZERO, |it| it.base);
        let (mut ask, mut bid) = (asks.next(), bids.next());
        let (mut ask_left, mut bid_left) = (left(ask), left(bid));
        let mut sum = Fixed::ZERO;
        while let (Some(from), Some(to)) = (ask, bid) {
            let costs = from.quote.big() * to.base.big() * self.paid;
            let brings = to.quote.big() * from.base.big() * self.left;
            if costs >= brings {
                break;
            }
            let part = ask_left.min(bid_left);
            sum = sum.plus(part).unwrap_or(sum);
            ask_left = ask_left.minus(part).unwrap_or_default();
            bid_left = bid_left.minus(part).unwrap_or_default();
            if ask_left.is_zero() {
                ask = asks.next();
                ask_left = left(ask);
            }
            if bid_left.is_zero() {
                bid = bids.next();
                bid_left = left(bid);
            }
        }
        sum
    }

    /// `a` with `(B + φ·a)² = s·φ·Q·B·b ÷ q`: the pool's next token brings what the level asks.
    fn sold_down_to(&self, pool: &Pool, level: &Level) -> Option<Fixed> {
        let (all, rest) = (Share::ALL, pool.fee.rest());
        let square = pool.quote.big() * pool.base.big() * level.base.big() * self.left * rest
            / (level.quote.big() * all * self.paid);
        let root = square.sqrt();
        let base = pool.base.big();
        (root > base).then(|| fixed((root - base) * all / rest))?
    }

    /// `a` with `(B − a)² = b·Q·B·β ÷ (φ·s·q)`: the pool's next token costs what the level pays.
    fn bought_up_to(&self, pool: &Pool, level: &Level) -> Option<Fixed> {
        let (all, rest) = (Share::ALL, pool.fee.rest());
        let square = divide_up(
            pool.quote.big() * pool.base.big() * level.base.big() * self.paid * all,
            &(level.quote.big() * self.left * rest).max(BigUint::from(1_u8)),
        );
        let root = root_up(&square);
        let base = pool.base.big();
        (root < base).then(|| fixed(base - root))?
    }

    /// `a = (B₁ − k·B₂) ÷ (1 + k·φ₂)` with `k² = b·Q₁·B₁ ÷ (s·φ₁·φ₂·Q₂·B₂)`.
    fn pools(&self, from: &Pool, to: &Pool) -> Fixed {
        let all = Share::ALL;
        let scale = BigUint::from(10_u8).pow(RATIO_DIGITS);
        let above = from.quote.big() * from.base.big() * self.paid * all * all;
        let below = to.quote.big() * to.base.big() * self.left * from.fee.rest() * to.fee.rest();
        if below == BigUint::ZERO {
            return Fixed::ZERO;
        }
        let ratio = root_up(&divide_up(above * &scale * &scale, &below));
        let (have, need) = (from.base.big() * &scale, to.base.big() * &ratio);
        if have <= need {
            return Fixed::ZERO;
        }
        let amount = (have - need) * all / (scale * all + ratio * to.fee.rest());
        fixed(amount).unwrap_or(Fixed::ZERO)
    }
}

/// The least whole number whose square is not less.
fn root_up(square: &BigUint) -> BigUint {
    let root = square.sqrt();
    if &root * &root == *square {
        root
    } else {
        root + 1_u8
    }
}
