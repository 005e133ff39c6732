use std::fmt;

use engine::domain::{AccountId, Price, Quantity, SelfTradePrevention, Side, TimeInForce};
use rand::Rng;

/// One command to a matcher, with its order named by slot only: which generation lives there is
/// known where it is applied.
///
/// Prints as a line that the matcher's scenarios read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// An order comes in.
    Place {
        /// Where it will stand; also beyond the book's limit, or where another stands.
        slot: u32,
        /// Whose it is.
        account: AccountId,
        /// Which way.
        side: Side,
        /// Its limit.
        price: Price,
        /// How much, at least one lot.
        quantity: Quantity,
        /// How long it stays.
        time_in_force: TimeInForce,
        /// Whether it may only rest.
        post_only: bool,
        /// What happens where it meets its owner.
        self_trade: SelfTradePrevention,
    },
    /// The order at a slot changes.
    Replace {
        /// Which slot.
        slot: u32,
        /// Whether the key is of another generation than the slot's order.
        stale: bool,
        /// Its new price; `None` keeps the old one.
        price: Option<Price>,
        /// What is added to its quantity, in lots.
        change: i64,
    },
    /// The order at a slot leaves.
    Cancel {
        /// Which slot.
        slot: u32,
        /// Whether the key is of another generation than the slot's order.
        stale: bool,
    },
}

impl Op {
    /// How many bytes make one.
    pub const BYTES: usize = 8;
    /// Slots that are used, from 0. A book that has room for two fewer sees them refused.
    pub const SLOTS: u32 = 50;

    /// What `bytes` mean. All are an op; zeros are a plain one, so that shrinking makes plainer.
    pub fn decode(bytes: [u8; Op::BYTES]) -> Op {
        let [kind, slot, who, price, how, size, far, _] = bytes;
        let slot = u32::from(slot) % Op::SLOTS;
        let stale = how > 240;
        match kind % 16 {
            0..=8 => Op::Place {
                slot,
                account: AccountId(u32::from(who >> 3) % 4),
                side: pick(who, [Side::Buy, Side::Sell]),
                price: price_of(price, far),
                quantity: quantity_of(size),
                time_in_force: match how % 8 {
                    0..=4 => TimeInForce::GoodTillCancelled,
                    5..=6 => TimeInForce::ImmediateOrCancel,
                    _ => TimeInForce::FillOrKill,
                },
                post_only: how / 8 % 6 == 5,
                self_trade: pick(
                    who >> 1,
                    [
                        SelfTradePrevention::CancelTaker,
                        SelfTradePrevention::CancelMaker,
                        SelfTradePrevention::CancelBoth,
                        SelfTradePrevention::Decrement,
                    ],
                ),
            },
            9..=11 => Op::Cancel { slot, stale },
            _ => Op::Replace {
                slot,
                stale,
                price: (who % 3 != 0).then(|| price_of(price, far)),
                change: change_of(size),
            },
        }
    }

    /// The ops that `bytes` mean, eight by eight; what is left over means nothing.
    pub fn decode_all(bytes: &[u8]) -> Vec<Op> {
        let (ops, _) = bytes.as_chunks();
        ops.iter().copied().map(Op::decode).collect()
    }

    /// The next op of `rng`.
    pub fn random(rng: &mut impl Rng) -> Op {
        let mut bytes = [0; Op::BYTES];
        rng.fill_bytes(&mut bytes);
        Op::decode(bytes)
    }
}

fn pick<T, const N: usize>(byte: u8, from: [T; N]) -> T
where
    T: Copy,
{
    from[usize::from(byte) % N]
}

/// Mostly sixteen neighbouring ticks, so that orders meet; at times far away, at times the ends
/// of the range.
fn price_of(near: u8, far: u8) -> Price {
    let ticks = match far {
        0..=215 => 1_000 + u32::from(near % 16),
        216..=239 => 900 + u32::from(near),
        240..=251 => 1 + u32::from(near) * 40_000,
        252..=253 => 1 + u32::from(near % 3),
        254..=255 => u32::MAX - u32::from(near % 3),
    };
    Price::new(ticks).expect("every arm is above zero")
}

/// Mostly one to sixteen lots, at times any power of two up to the largest quantity.
fn quantity_of(size: u8) -> Quantity {
    let lots = match size {
        0..=219 => 1 + u64::from(size % 16),
        220..=255 => 1 << (size - 215),
    };
    Quantity::new(lots).expect("every arm is at most the largest quantity")
}

/// Mostly a few lots up or down, at times so many that nothing or too much is left.
fn change_of(size: u8) -> i64 {
    match size {
        0..=219 => i64::from(size % 17) - 8,
        220..=229 => -(1 << (size - 190)),
        230..=241 => 1 << (size - 201),
        242..=248 => i64::MIN + i64::from(size - 242),
        249..=255 => i64::MAX - i64::from(size - 249),
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Op::Place {
                slot,
                account,
                side,
                price,
                quantity,
                time_in_force,
                post_only,
                self_trade,
            } => {
                let owner = char::from(b"ABCDEFGH"[account.0 as usize % 8]);
                let side = match side {
                    Side::Buy => "buy",
                    Side::Sell => "sell",
                };
                let (quantity, price) = (quantity.lots(), price.ticks());
                write!(f, "{slot} {owner} {side} {quantity} @ {price}")?;
                f.write_str(match time_in_force {
                    TimeInForce::GoodTillCancelled => "",
                    TimeInForce::ImmediateOrCancel => " ioc",
                    TimeInForce::FillOrKill => " fok",
                })?;
                f.write_str(if *post_only { " post-only" } else { "" })?;
                f.write_str(match self_trade {
                    SelfTradePrevention::CancelTaker => "",
                    SelfTradePrevention::CancelMaker => " cancel-maker",
                    SelfTradePrevention::CancelBoth => " cancel-both",
                    SelfTradePrevention::Decrement => " decrement",
                })
            }
            Op::Replace {
                slot,
                stale,
                price,
                change,
            } => {
                write!(f, "replace {slot} @ ")?;
                match price {
                    Some(price) => write!(f, "{}", price.ticks())?,
                    None => f.write_str("same")?,
                }
                write!(f, " {change:+}{}", if *stale { " (stale)" } else { "" })
            }
            Op::Cancel { slot, stale } => {
                write!(f, "cancel {slot}{}", if *stale { " (stale)" } else { "" })
            }
        }
    }
}

impl fmt::Debug for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn every_byte_means_something_and_nothing_is_out_of_range() {
        for byte in 0..=u8::MAX {
            for other in 0..=u8::MAX {
                price_of(byte, other);
            }
            quantity_of(byte);
            change_of(byte);
        }
        assert_eq!(quantity_of(255), Quantity::MAX);
        assert_eq!(change_of(249), i64::MAX);
        assert_eq!(change_of(242), i64::MIN);
    }

    #[test]
    fn a_seed_is_a_flow() {
        let flow = |seed| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            (0..100).map(|_| Op::random(&mut rng)).collect::<Vec<_>>()
        };
        assert_eq!(flow(7), flow(7));
        assert_ne!(flow(7), flow(8));
    }

    #[test]
    fn zeros_are_a_plain_order() {
        assert_eq!(Op::decode([0; 8]).to_string(), "0 A buy 1 @ 1000");
        let ops = Op::decode_all(&[9; 17]);
        assert_eq!(format!("{ops:?}"), "[cancel 9, cancel 9]");
    }
}
