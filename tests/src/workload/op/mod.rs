//! One command to a matcher, made of bytes.

mod line;

use engine::command::{StopTerms, Terms};
use engine::domain::{
    AccountId, Crossing, Price, Quantity, SelfTradePrevention, Side, TimeInForce, TradingStatus,
    TrailingDistance, TriggerBy,
};
use engine::event::CancelReason;
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
        /// What else it is.
        terms: Terms,
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
        /// Whether it was decided before the order's stop was reached, where it has one beside
        /// its price.
        before: bool,
    },
    /// The order at a slot leaves.
    Cancel {
        /// Which slot.
        slot: u32,
        /// Whether the key is of another generation than the slot's order.
        stale: bool,
        /// Why.
        reason: CancelReason,
    },
    /// The pair opens or stops.
    Status(TradingStatus),
    /// Trades may print from the first of these prices to the second.
    Limits(Price, Price),
}

impl Op {
    /// How many bytes make one.
    pub const BYTES: usize = 12;
    /// Slots that are used, from 0. A book that has room for two fewer sees them refused.
    pub const SLOTS: u32 = 50;

    /// What `bytes` mean. All are an op; zeros are a plain one, so that shrinking makes plainer.
    pub fn decode(bytes: [u8; Op::BYTES]) -> Op {
        let [
            kind,
            slot,
            who,
            price,
            how,
            size,
            far,
            _,
            special,
            trigger,
            detail,
            _,
        ] = bytes;
        let slot = u32::from(slot) % Op::SLOTS;
        let stale = how > 240;
        match kind % 16 {
            0..=8 => place(slot, bytes),
            9..=11 if special >= 236 => match special % 4 {
                0 => Op::Limits(Price::MIN, Price::MAX),
                _ => {
                    let from = |ticks: u32| Price::new(ticks).unwrap_or(Price::MIN);
                    let low = 1_003 - u32::from(trigger % 24);
                    Op::Limits(from(low), from(low + 4 + u32::from(detail % 40)))
                }
            },
            9..=11 if special >= 205 => Op::Status(match special % 16 {
                0 => TradingStatus::Halted,
                1 => TradingStatus::CancelOnly,
                2 => TradingStatus::Closed,
                _ => TradingStatus::Open,
            }),
            9..=11 => Op::Cancel {
                slot,
                stale,
                reason: match special % 8 {
                    5 => CancelReason::Expired,
                    6 => CancelReason::CancelAfter,
                    7 => CancelReason::Disconnected,
                    _ => CancelReason::Requested,
                },
            },
            15 if special >= 128 => Op::Status(TradingStatus::Open),
            _ => Op::Replace {
                slot,
                stale,
                price: (who % 3 != 0).then(|| price_of(price, far)),
                change: change_of(size),
                before: special % 2 == 1,
            },
        }
    }

    /// The ops that `bytes` mean, one behind the other; what is left over means nothing.
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

/// The placement that `bytes` mean.
fn place(slot: u32, bytes: [u8; Op::BYTES]) -> Op {
    let [_, _, who, price, how, size, far, ..] = bytes;
    let side = pick(who, [Side::Buy, Side::Sell]);
    let quantity = quantity_of(size);
    let terms = terms_of(bytes, side, quantity);
    // What may be asked of the kinds of order is not the matcher's to look at.
    let (asked, post_only) = match terms {
        Terms::Plain | Terms::Iceberg { .. } => (how % 8, how / 8 % 6 == 5),
        Terms::Stop(StopTerms::Fixed { .. }) => (how % 8, false),
        Terms::Stop(StopTerms::Trailing { .. }) => (5 + how % 3, false),
        Terms::Stop(StopTerms::Oco { .. }) => (0, false),
    };
    Op::Place {
        slot,
        account: AccountId(u32::from(who >> 3) % 4),
        side,
        price: price_of(price, far),
        quantity,
        time_in_force: match asked {
            0..=4 => TimeInForce::GoodTillCancelled,
            5..=6 => TimeInForce::ImmediateOrCancel,
            _ => TimeInForce::FillOrKill,
        },
        post_only,
        self_trade: pick(
            who >> 1,
            [
                SelfTradePrevention::CancelTaker,
                SelfTradePrevention::CancelMaker,
                SelfTradePrevention::CancelBoth,
                SelfTradePrevention::Decrement,
            ],
        ),
        terms,
    }
}

/// What else an order is: of sixteen five plain, five that wait, three with two ways, three that
/// hide.
fn terms_of(bytes: [u8; Op::BYTES], side: Side, quantity: Quantity) -> Terms {
    let [.., far, _, special, trigger, detail, more] = bytes;
    let protecting = match side {
        Side::Buy => Crossing::Rising,
        Side::Sell => Crossing::Falling,
    };
    let by = match more % 4 {
        3 => TriggerBy::Mark,
        _ => TriggerBy::Last,
    };
    let fixed = |crossing| {
        Terms::Stop(StopTerms::Fixed {
            trigger: trigger_of(crossing, trigger, far),
            crossing,
            by,
        })
    };
    match special % 16 {
        0..=4 => Terms::Plain,
        5..=6 => fixed(protecting),
        7 => fixed(match protecting {
            Crossing::Falling => Crossing::Rising,
            Crossing::Rising => Crossing::Falling,
        }),
        8..=9 => Terms::Stop(StopTerms::Trailing {
            anchor: price_of(trigger, far),
            distance: distance_of(detail),
            collar: pick(more / 4, [30, 500, 10_000, 0]),
            by,
        }),
        10..=12 => Terms::Stop(StopTerms::Oco {
            trigger: trigger_of(protecting, trigger, far),
            limit: price_of(detail, far),
            market: more / 4 % 2 == 1,
            by,
        }),
        _ => {
            // A hundredth of it at least, as clearing holds it to, or the walk is endless.
            let slices = 1 + u64::from(detail % 12);
            let display = Quantity::new(quantity.lots().div_ceil(slices));
            Terms::Iceberg {
                display: display.expect("it is at most the quantity"),
            }
        }
    }
}

/// A trigger on its side of the sixteen ticks that orders meet in, more often than not.
fn trigger_of(crossing: Crossing, near: u8, far: u8) -> Price {
    match (crossing, far) {
        (_, 216..) => price_of(near, far),
        (Crossing::Falling, _) => price_of(near % 11, 0),
        (Crossing::Rising, _) => price_of(5 + near % 11, 0),
    }
}

/// Mostly a few ticks, or as much in basis points; at times more than there is.
fn distance_of(byte: u8) -> TrailingDistance {
    let distance = match byte {
        0..=119 => TrailingDistance::ticks(1 + u32::from(byte % 8)),
        120..=239 => TrailingDistance::basis_points(1 + u16::from(byte % 80)),
        240..=247 => TrailingDistance::ticks((1 << 31) - u32::from(byte - 239)),
        248..=251 => TrailingDistance::ticks(1_000 + u32::from(byte)),
        252..=255 => TrailingDistance::basis_points(5_000),
    };
    distance.expect("every arm is in range")
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
                trigger_of(Crossing::Falling, byte, other);
                trigger_of(Crossing::Rising, byte, other);
            }
            quantity_of(byte);
            change_of(byte);
            distance_of(byte);
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
        assert_eq!(Op::decode([0; Op::BYTES]).to_string(), "0 A buy 1 @ 1000");
        let ops = Op::decode_all(&[9; 25]);
        assert_eq!(format!("{ops:?}"), "[cancel 9, cancel 9]");
    }
}
