use engine::domain::{
    AccountId, Amount, AssetId, ClientOrderId, OrderId, PairId, Price, Quantity,
    SelfTradePrevention, Side, TimeInForce, Timestamp, TradingStatus, UserName,
};
use engine::request::{OrderRef, PlaceRequest, RequestKind};
use rand::Rng;

use crate::world::World;

/// Requests to an exchange of [`World::tight`], from bytes or a seed.
///
/// Amends and cancels go mostly to orders that are open, at times to ended ones, another's or
/// none; users, assets and pairs are at times such as nobody has; client ids come again and
/// again.
#[derive(Clone, Debug)]
pub struct Ask {
    clock: u64,
}

/// What makes a request likely to be about something.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Whose every open order is, and its number.
    pub open: Vec<(AccountId, OrderId)>,
    /// How many numbers orders have used up.
    pub numbers: u64,
}

impl Ask {
    /// How many bytes make one request.
    pub const BYTES: usize = 12;
    const START: u64 = 1_000_000;

    /// Before the first request.
    pub fn new() -> Ask {
        Ask { clock: Ask::START }
    }

    /// What comes first, so that there is something to trade: three users with some of each asset.
    pub fn opening(world: &World) -> Vec<(RequestKind, Timestamp)> {
        let now = Timestamp(Ask::START);
        let mut asks = Vec::new();
        for (index, name) in world.users.iter().take(3).enumerate() {
            let account = AccountId(u32::try_from(index).unwrap_or(u32::MAX));
            let name = user_name(name);
            asks.push((RequestKind::OpenAccount { name }, now));
            for asset in (0..world.config.assets).map(AssetId) {
                let amount = amount(30_000);
                let deposit = RequestKind::Deposit {
                    account,
                    asset,
                    amount,
                };
                asks.push((deposit, now));
            }
        }
        asks
    }

    /// The next request of `rng`, and when it is made.
    pub fn random(&mut self, rng: &mut impl Rng, known: &Known) -> (RequestKind, Timestamp) {
        let mut bytes = [0; Ask::BYTES];
        rng.fill_bytes(&mut bytes);
        self.decode(bytes, known)
    }

    /// What `bytes` mean as the next request, and when it is made: at times after a while, at
    /// times with a clock that went back.
    pub fn decode(&mut self, bytes: [u8; Ask::BYTES], known: &Known) -> (RequestKind, Timestamp) {
        let now = match bytes[11] {
            wait @ 0..=239 => {
                self.clock += u64::from(wait / 16);
                self.clock
            }
            240..=250 => {
                self.clock += 4_000;
                self.clock
            }
            251..=255 => self.clock - 900_000,
        };
        (kind(bytes, known), Timestamp(now))
    }
}

fn kind(bytes: [u8; Ask::BYTES], known: &Known) -> RequestKind {
    let [kind, who, pair_byte, how, near, far, size, name, more, ..] = bytes;
    let account = AccountId(if who >= 250 { 9 } else { u32::from(who) % 3 });
    let pair = match pair_byte {
        250..=255 => PairId(3),
        128..=249 => PairId(u16::from(pair_byte) % 3),
        _ => PairId(0),
    };
    let side = [Side::Buy, Side::Sell][usize::from(how) % 2];
    match kind % 32 {
        0..=16 => {
            let limit = (kind % 32 < 15).then(|| price(near, far));
            RequestKind::Place(PlaceRequest {
                account,
                pair,
                client_order_id: (name % 3 == 2).then(|| client_id(name / 3)),
                side,
                limit,
                quantity: quantity(size),
                time_in_force: match more % 8 {
                    0..=5 => TimeInForce::GoodTillCancelled,
                    6 => TimeInForce::ImmediateOrCancel,
                    _ => TimeInForce::FillOrKill,
                },
                post_only: more / 8 % 8 == 7,
                self_trade: [
                    SelfTradePrevention::CancelTaker,
                    SelfTradePrevention::CancelMaker,
                    SelfTradePrevention::CancelBoth,
                    SelfTradePrevention::Decrement,
                ][usize::from(how / 2) % 4],
            })
        }
        17..=21 => {
            let (account, order) = order(account, name, more, known);
            RequestKind::Amend {
                account,
                order,
                price: (how / 4 % 3 != 2).then(|| price(near, far)),
                quantity: (how / 16 % 3 != 2).then(|| quantity(size)),
            }
        }
        22..=25 => {
            let (account, order) = order(account, name, more, known);
            RequestKind::Cancel { account, order }
        }
        26 => RequestKind::CancelAll {
            account,
            pair: (near % 4 != 3).then_some(pair),
            side: (near / 2 % 3 == 2).then_some(side),
        },
        27..=28 => RequestKind::Deposit {
            account,
            asset: asset(near),
            amount: cash(size, far),
        },
        29 => RequestKind::Withdraw {
            account,
            asset: asset(near),
            amount: cash(size, far),
        },
        30 => RequestKind::OpenAccount {
            name: user_name(["alice", "bob", "carol", "dave", "erin"][usize::from(name) % 5]),
        },
        _ => RequestKind::SetTradingStatus {
            pair,
            status: match near % 8 {
                7 => TradingStatus::Halted,
                _ => TradingStatus::Open,
            },
        },
    }
}

/// Mostly an open order of its owner, or one of the newest, or a client id.
fn order(account: AccountId, name: u8, more: u8, known: &Known) -> (AccountId, OrderRef) {
    let open = &known.open;
    match more % 8 {
        0..=4 if !open.is_empty() => {
            let (owner, order) = open[usize::from(name) % open.len()];
            (owner, OrderRef::Id(order))
        }
        7 => (account, OrderRef::Client(client_id(name))),
        _ => {
            let back = u64::from(name) % 16;
            let order = OrderId((known.numbers + 1).saturating_sub(back));
            (account, OrderRef::Id(order))
        }
    }
}

impl Default for Ask {
    fn default() -> Ask {
        Ask::new()
    }
}

/// Mostly near the pairs' reference of 100 ticks, at times at or beyond the band's ends.
fn price(near: u8, far: u8) -> Price {
    let ticks = match far {
        0..=219 => 95 + u32::from(near % 11),
        220..=249 => 70 + u32::from(near % 60),
        250..=252 => 1 + u32::from(near),
        253..=255 => u32::MAX - u32::from(near),
    };
    Price::new(ticks).expect("every arm is above zero")
}

fn quantity(size: u8) -> Quantity {
    let lots = match size {
        0..=229 => u64::from(size % 24) + 1,
        230..=249 => u64::from(size - 230) * 60,
        250..=255 => 1 << (size - 215),
    };
    Quantity::new(lots).expect("every arm is at most the largest quantity")
}

fn cash(size: u8, far: u8) -> Amount {
    match size {
        0..=239 => amount(u64::from(size) * u64::from(far)),
        _ => Amount::MAX,
    }
}

fn asset(byte: u8) -> AssetId {
    AssetId(if byte >= 250 { 3 } else { u16::from(byte) % 3 })
}

fn amount(units: u64) -> Amount {
    Amount::new(units).expect("a test's amount is in range")
}

fn client_id(byte: u8) -> ClientOrderId {
    ClientOrderId::new(&format!("c{}", byte % 6)).expect("it is short and printable")
}

fn user_name(name: &str) -> UserName {
    UserName::new(name).expect("it is short and printable")
}
