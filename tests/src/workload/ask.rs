use engine::domain::{
    AccountId, AccountLimits, Amount, AssetId, ClientOrderId, IdempotencyKey, MarginRequest,
    Movement, Operation, OrderId, PairId, Party, PositionId, Price, Quantity, Reserve, Revocation,
    SelfTradePrevention, Side, Special, StopKind, TimeInForce, Timestamp, TokenId, TradingStatus,
    TrailingDistance, Transfer, TriggerBy, UserName,
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
    /// Whose every open position is, and its name.
    pub positions: Vec<(AccountId, PositionId)>,
}

impl Ask {
    /// How many bytes make one request.
    pub const BYTES: usize = 16;
    const START: u64 = 1_000_000;

    /// Before the first request.
    pub fn new() -> Ask {
        Ask { clock: Ask::START }
    }

    /// What comes first, so that there is something to trade: three users with some of each asset,
    /// more where they may have more orders.
    pub fn opening(world: &World) -> Vec<(RequestKind, Timestamp)> {
        let now = Timestamp(Ask::START);
        let orders = world.config.pairs.first();
        let orders = orders.map_or(0, |pair| u64::from(pair.limits().max_open_orders));
        let mut asks = Vec::new();
        for (index, name) in world.users.iter().take(3).enumerate() {
            let account = AccountId(u32::try_from(index).unwrap_or(u32::MAX));
            let name = user_name(name);
            asks.push((RequestKind::OpenAccount { name }, now));
            for asset in (0..world.config.assets).map(AssetId) {
                let amount = amount(7_500 * orders);
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
            wait @ 240..=250 => {
                self.clock += match wait {
                    240..=247 => 4_000,
                    248 => 40_000,
                    249 => 150_000,
                    _ => 43_200_000,
                };
                self.clock
            }
            251..=255 => self.clock - 900_000,
        };
        (kind(bytes, now, known), Timestamp(now))
    }

    /// Whether time passes before what `bytes` ask for: by how much.
    pub fn pause(bytes: [u8; Ask::BYTES]) -> Option<u64> {
        let pause = bytes[9];
        (pause % 8 == 7).then(|| u64::from(pause / 8))
    }

    /// The time of the last request but for those with a clock that went back.
    pub const fn clock(&self) -> Timestamp {
        Timestamp(self.clock)
    }
}

fn kind(bytes: [u8; Ask::BYTES], now: u64, known: &Known) -> RequestKind {
    let [
        kind,
        who,
        pair_byte,
        how,
        near,
        far,
        size,
        name,
        more,
        _,
        lost,
        _,
        special,
        detail,
        ..,
    ] = bytes;
    let account = AccountId(if who >= 250 { 9 } else { u32::from(who) % 3 });
    let pair = match pair_byte {
        250..=255 => PairId(3),
        128..=249 => PairId(u16::from(pair_byte) % 3),
        _ => PairId(0),
    };
    let side = [Side::Buy, Side::Sell][usize::from(how) % 2];
    match kind % 32 {
        0..=16 => RequestKind::Place(place(bytes, (account, pair, side), now)),
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
        26 if special >= 128 => RequestKind::CancelAfter {
            account,
            timeout_ms: match detail % 8 {
                0 => 0,
                _ => u64::from(detail) * 2,
            },
        },
        26 => RequestKind::CancelAll {
            account,
            disconnected: lost % 4 == 3,
            pair: (near % 4 != 3).then_some(pair),
            side: (near / 2 % 3 == 2).then_some(side),
        },
        27 | 29 if special >= 96 => transfer(bytes, account),
        28 if special >= 128 => RequestKind::Revoke(revocation(bytes, now)),
        31 if special >= 128 => {
            let key = IdempotencyKey(u128::from(name % 8));
            let operation = operation(bytes, (account, pair), now);
            RequestKind::Operate { key, operation }
        }
        30 if special >= 224 => RequestKind::SetAccountLimits {
            account,
            limits: AccountLimits::of_numbers([detail, size, lost].map(|it| u32::from(it / 64))),
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
                7 => [
                    TradingStatus::Halted,
                    TradingStatus::CancelOnly,
                    TradingStatus::Closed,
                ][usize::from(special % 3)],
                _ => TradingStatus::Open,
            },
        },
    }
}

/// Eight keys, each mostly with the same content.
fn transfer(bytes: [u8; Ask::BYTES], account: AccountId) -> RequestKind {
    let [_, _, _, how, near, far, size, name, more, ..] = bytes;
    let key = name % 8;
    let transfer = match more % 8 {
        0..=5 => Transfer {
            party: Party::Account(AccountId(u32::from(key) % 3)),
            asset: asset(key),
            change: match key % 2 {
                0 => Movement::In(amount(100)),
                _ => Movement::Out(amount(60)),
            },
        },
        _ => Transfer {
            party: match how % 4 {
                0 => Party::Reserve(Reserve::LendingPool),
                1 => Party::Reserve(Reserve::InsuranceFund),
                _ => Party::Account(account),
            },
            asset: asset(near),
            change: match how / 4 % 2 {
                0 => Movement::In(cash(size, far)),
                _ => Movement::Out(cash(size, far)),
            },
        },
    };
    let key = IdempotencyKey(u128::from(key));
    RequestKind::Transfer { key, transfer }
}

/// Few tokens and users, so that they come again.
fn revocation(bytes: [u8; Ask::BYTES], now: u64) -> Revocation {
    let [_, who, _, how, near, _, size, ..] = bytes;
    let user = user_name(["alice", "bob", "mallory"][usize::from(who) % 3]);
    let at = match near % 4 {
        0 => None,
        1 => Some(Timestamp(now + u64::from(size) * 16)),
        _ => Some(Timestamp(now.saturating_sub(u64::from(size)))),
    };
    match how % 8 {
        0..=3 => Revocation::Token {
            token: TokenId(u128::from(who) % 5),
            expires_at: at,
        },
        4..=5 => Revocation::User {
            user,
            issued_up_to: at,
        },
        _ => Revocation::Lift { user },
    }
}

/// What comes under one of eight keys, mostly the same under each.
fn operation(bytes: [u8; Ask::BYTES], (account, pair): (AccountId, PairId), now: u64) -> Operation {
    let [_, _, _, how, _, far, size, name, more, ..] = bytes;
    let usual = more % 8 < 6;
    let pair = if usual {
        PairId(u16::from(name) % 3)
    } else {
        pair
    };
    let account = if usual { AccountId(0) } else { account };
    let which = if usual { name } else { how };
    match which % 8 {
        0 | 1 => Operation::SetTradingStatus {
            pair,
            status: TradingStatus::Halted,
        },
        2..=4 => Operation::SetTradingStatus {
            pair,
            status: TradingStatus::Open,
        },
        5 => Operation::SetAccountLimits {
            account,
            limits: AccountLimits::of_numbers([u32::from(size % 2), 1, 0]),
        },
        6 => Operation::OpenAccount {
            name: user_name(["alice", "bob", "carol", "dave", "erin"][usize::from(far) % 5]),
        },
        _ => Operation::Revoke(match usual {
            true => Revocation::User {
                user: user_name("alice"),
                issued_up_to: None,
            },
            false => revocation(bytes, now),
        }),
    }
}

fn place(
    bytes: [u8; Ask::BYTES],
    (account, pair, side): (AccountId, PairId, Side),
    now: u64,
) -> PlaceRequest {
    let [kind, _, _, how, near, far, size, name, more, .., ending] = bytes;
    let quantity = quantity(size);
    let (special, limit) = special(bytes, side, quantity);
    PlaceRequest {
        account,
        pair,
        client_order_id: (name % 3 == 2).then(|| client_id(name / 3)),
        side,
        limit: limit.unwrap_or_else(|| (kind % 32 < 15).then(|| price(near, far))),
        quantity,
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
        special,
        expires_at: match ending {
            0..=209 => None,
            210..=249 => Some(Timestamp(now + u64::from(ending - 209) * 5)),
            250..=255 => Some(Timestamp(now - u64::from(ending - 250))),
        },
        margin: MarginRequest::None,
    }
}

/// What type an order is of, and its limit where that depends on it: mostly such that it is
/// accepted.
fn special(
    bytes: [u8; Ask::BYTES],
    side: Side,
    quantity: Quantity,
) -> (Special, Option<Option<Price>>) {
    let [
        _,
        _,
        _,
        _,
        near,
        far,
        ..,
        lost,
        _,
        special,
        trigger,
        detail,
        _,
    ] = bytes;
    let by = match lost / 4 % 4 {
        3 => TriggerBy::Mark,
        _ => TriggerBy::Last,
    };
    let below = |near: u8| price(near % 5, far);
    let above = |near: u8| price(6 + near % 5, far);
    let stop = |kind: StopKind| {
        let falls = (kind == StopKind::StopLoss) == (side == Side::Sell);
        let trigger = if falls {
            below(trigger)
        } else {
            above(trigger)
        };
        Special::Stop { kind, trigger, by }
    };
    match special % 16 {
        0..=5 => (Special::None, None),
        6..=7 => (stop(StopKind::StopLoss), None),
        8 => (stop(StopKind::TakeProfit), None),
        9..=10 => {
            let distance = distance(detail);
            let wrong = (trigger >= 240).then(|| price(near, far));
            (Special::Trailing { distance, by }, Some(wrong))
        }
        11..=13 => {
            let (target, trigger) = match side {
                Side::Buy => (below(near), above(trigger)),
                Side::Sell => (above(near), below(trigger)),
            };
            let limit = match detail % 4 {
                0 | 1 => None,
                2 => Some(trigger),
                _ => Some(price(detail / 4, far)),
            };
            let target = (detail < 250).then_some(target);
            (Special::Oco { trigger, limit, by }, Some(target))
        }
        _ => {
            let display = match detail {
                0..=219 => quantity.lots().div_ceil(u64::from(1 + detail % 6)),
                220..=239 => u64::from(detail - 220),
                240..=255 => quantity.lots() / 101 + u64::from(detail % 2),
            };
            let display = Quantity::new(display).unwrap_or(Quantity::MAX);
            (Special::Iceberg { display }, None)
        }
    }
}

/// Mostly a few ticks, or as much in basis points; at times more than there is.
fn distance(byte: u8) -> TrailingDistance {
    let distance = match byte {
        0..=109 => TrailingDistance::ticks(1 + u32::from(byte % 6)),
        110..=219 => TrailingDistance::basis_points(1 + u16::from(byte) * 2),
        220..=239 => TrailingDistance::ticks(u32::from(byte) - 130),
        240..=247 => TrailingDistance::ticks((1 << 31) - u32::from(byte - 239)),
        248..=255 => TrailingDistance::basis_points(5_000),
    };
    distance.expect("every arm is in range")
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
