use engine::domain::{
    AccountId, Amount, AssetId, IdempotencyKey, Leverage, MarginRequest, Movement, OrderId, PairId,
    Party, PositionId, Price, Quantity, Reserve, SelfTradePrevention, Side, Special, StopKind,
    TimeInForce, Timestamp, TradingStatus, TrailingDistance, Transfer, TriggerBy, UserName,
};
use engine::request::{OrderRef, PlaceRequest, RequestKind};
use rand::Rng;

use super::Known;
use crate::world::World;

/// Requests to an exchange of [`World::margin`], from bytes or a seed: positions are opened,
/// grown, reduced, flipped and closed while the price walks and jumps through a thin book.
#[derive(Clone, Debug)]
pub struct MarginAsk {
    clock: u64,
    /// Around which price orders are placed.
    center: u32,
}

impl MarginAsk {
    /// How many bytes make one request.
    pub const BYTES: usize = 12;
    const START: u64 = 10_000_000;
    const USERS: u32 = 5;

    /// Before the first request.
    pub fn new() -> MarginAsk {
        MarginAsk {
            clock: MarginAsk::START,
            center: 100,
        }
    }

    /// What comes first: users with money, a pool to borrow from, a small insurance fund, an index,
    /// and a price.
    pub fn opening(world: &World) -> Vec<(RequestKind, Timestamp)> {
        let mut asks = Vec::new();
        for (number, name) in (0..MarginAsk::USERS).zip(&world.users) {
            let name = UserName::new(name).expect("it is short and printable");
            let account = AccountId(number);
            asks.push(RequestKind::OpenAccount { name });
            for asset in (0..world.config.assets).map(AssetId) {
                asks.push(RequestKind::Deposit {
                    account,
                    asset,
                    amount: amount(if asset.0 == 1 { 200_000 } else { 2_000 }),
                });
            }
        }
        for asset in (0..world.config.assets).map(AssetId) {
            asks.push(RequestKind::FundReserve {
                reserve: Reserve::LendingPool,
                asset,
                change: Movement::In(amount(if asset.0 == 1 { 1_500_000 } else { 1_500 })),
            });
        }
        asks.push(RequestKind::FundReserve {
            reserve: Reserve::InsuranceFund,
            asset: AssetId(1),
            change: Movement::In(amount(2_000)),
        });
        asks.push(RequestKind::SetIndex {
            pair: PairId(1),
            index: Price::new(100),
        });
        let now = Timestamp(MarginAsk::START);
        asks.into_iter().map(|kind| (kind, now)).collect()
    }

    /// The next request of `rng`, and when it is made.
    pub fn random(&mut self, rng: &mut impl Rng, known: &Known) -> (RequestKind, Timestamp) {
        let mut bytes = [0; MarginAsk::BYTES];
        rng.fill_bytes(&mut bytes);
        self.decode(bytes, known)
    }

    /// What `bytes` mean as the next request, and when it is made: at times hours later.
    pub fn decode(
        &mut self,
        bytes: [u8; MarginAsk::BYTES],
        known: &Known,
    ) -> (RequestKind, Timestamp) {
        let [.., walk, wait] = bytes;
        self.clock += match wait {
            0..=199 => u64::from(wait),
            200..=239 => 1_000,
            240..=249 => 61_000,
            250..=253 => 1_800_000,
            254..=255 => 3_700_000,
        };
        let moved = match walk {
            0..=159 => 0,
            160..=199 => 1,
            200..=239 => -1,
            240..=245 => 5,
            246..=251 => -5,
            252..=253 => 11,
            254..=255 => -11,
        };
        self.center = self.center.saturating_add_signed(moved).clamp(40, 190);
        (self.kind(bytes, known), Timestamp(self.clock))
    }

    /// Whether time passes before what `bytes` ask for: by how much.
    pub fn pause(bytes: [u8; MarginAsk::BYTES]) -> bool {
        bytes[MarginAsk::BYTES - 1] % 4 == 3
    }

    fn kind(&self, bytes: [u8; MarginAsk::BYTES], known: &Known) -> RequestKind {
        let [kind, who, how, near, size, far, more, special, ..] = bytes;
        let account = AccountId(u32::from(who) % MarginAsk::USERS);
        let pair = PairId(u16::from(who >= 200));
        match kind % 64 {
            0..=17 => self.place(bytes, (account, pair), MarginRequest::None),
            18..=39 => {
                let leverage = [200, 300, 333, 500, 1_000, 1_000, 1_000, 1_001];
                let leverage = Leverage::new(leverage[usize::from(more) % 8]);
                let leverage = leverage.expect("it is above one");
                self.place(bytes, (account, pair), MarginRequest::Leverage(leverage))
            }
            40..=44 => {
                let (account, pair) = match position(known, near) {
                    Some((account, position)) if far < 240 => (account, position.pair()),
                    _ => (account, pair),
                };
                self.place(bytes, (account, pair), MarginRequest::ReduceOnly)
            }
            45..=47 => {
                let found = position(known, near).filter(|_| far < 250);
                let (account, position) = found.unwrap_or((account, PositionId(u64::from(far))));
                RequestKind::ClosePosition {
                    account,
                    position,
                    client_order_id: None,
                }
            }
            48..=51 => {
                let found = position(known, near).filter(|_| far < 250);
                let (account, position) = found.unwrap_or((account, PositionId(u64::from(far))));
                let units = amount(u64::from(size) * u64::from(far));
                RequestKind::AdjustMargin {
                    account,
                    position,
                    change: match how % 2 {
                        0 => Movement::In(units),
                        _ => Movement::Out(units),
                    },
                }
            }
            52..=53 => {
                let reserve = match how % 2 {
                    0 => Reserve::LendingPool,
                    _ => Reserve::InsuranceFund,
                };
                let units = amount(match reserve {
                    Reserve::LendingPool => u64::from(size) * 300,
                    Reserve::InsuranceFund => u64::from(size) * 8,
                });
                let asset = AssetId(if far >= 250 {
                    7
                } else {
                    1 - u16::from(far >= 200)
                });
                let change = match how / 2 % 3 {
                    0 => Movement::In(units),
                    _ => Movement::Out(units),
                };
                match special {
                    0..=127 => RequestKind::FundReserve {
                        reserve,
                        asset,
                        change,
                    },
                    _ => RequestKind::Transfer {
                        key: IdempotencyKey(u128::from(special)),
                        transfer: Transfer {
                            party: match how / 8 % 4 {
                                0 => Party::Account(account),
                                _ => Party::Reserve(reserve),
                            },
                            asset,
                            change,
                        },
                    },
                }
            }
            54..=55 => RequestKind::SetIndex {
                pair: PairId(u16::from(far < 240)),
                index: (special < 200).then(|| self.price(near, far)),
            },
            56..=59 => self.cancel(account, bytes, known),
            60 => RequestKind::Deposit {
                account,
                asset: AssetId(u16::from(near) % 3),
                amount: amount(u64::from(size) * 20),
            },
            61 => RequestKind::Withdraw {
                account,
                asset: AssetId(u16::from(near) % 3),
                amount: amount(u64::from(size) * 20),
            },
            62 if special < 60 => RequestKind::CancelAfter {
                account,
                timeout_ms: u64::from(size) * 10,
            },
            _ => RequestKind::SetTradingStatus {
                pair,
                status: match near % 8 {
                    6 => TradingStatus::CancelOnly,
                    7 => TradingStatus::Halted,
                    _ => TradingStatus::Open,
                },
            },
        }
    }

    fn cancel(
        &self,
        account: AccountId,
        bytes: [u8; MarginAsk::BYTES],
        known: &Known,
    ) -> RequestKind {
        let [_, _, how, near, _, far, ..] = bytes;
        if far < 60 {
            return RequestKind::CancelAll {
                account,
                pair: None,
                side: None,
                disconnected: false,
            };
        }
        let open = &known.open;
        let (account, order) = match open.get(usize::from(near) % open.len().max(1)) {
            Some(found) => *found,
            None => (account, OrderId(1)),
        };
        if how < 40 {
            return RequestKind::Amend {
                account,
                order: OrderRef::Id(order),
                price: Some(self.price(near, far)),
                quantity: None,
            };
        }
        RequestKind::Cancel {
            account,
            order: OrderRef::Id(order),
        }
    }

    fn place(
        &self,
        bytes: [u8; MarginAsk::BYTES],
        (account, pair): (AccountId, PairId),
        margin: MarginRequest,
    ) -> RequestKind {
        let [
            _,
            _,
            how,
            near,
            size,
            far,
            more,
            special,
            detail,
            ending,
            ..,
        ] = bytes;
        let side = [Side::Buy, Side::Sell][usize::from(how) % 2];
        let is_market = how / 2 % 4 == 3;
        let (special, ties) = self.special(side, special, detail, size);
        RequestKind::Place(PlaceRequest {
            account,
            pair,
            client_order_id: None,
            side,
            limit: match ties {
                Some(limit) => limit,
                None => (!is_market).then(|| self.price(near, far)),
            },
            quantity: quantity(size),
            time_in_force: match (more / 8 % 8, special) {
                (6, Special::None) => TimeInForce::ImmediateOrCancel,
                (7, Special::None) => TimeInForce::FillOrKill,
                _ => TimeInForce::GoodTillCancelled,
            },
            post_only: false,
            self_trade: [
                SelfTradePrevention::CancelTaker,
                SelfTradePrevention::CancelMaker,
                SelfTradePrevention::CancelBoth,
                SelfTradePrevention::Decrement,
            ][usize::from(how / 8) % 4],
            special,
            expires_at: (ending >= 250 && !is_market && special == Special::None)
                .then(|| Timestamp(self.clock + u64::from(ending) * 10)),
            margin,
        })
    }

    /// What type an order is of: mostly plain; and its limit where that depends on it.
    fn special(
        &self,
        side: Side,
        byte: u8,
        detail: u8,
        size: u8,
    ) -> (Special, Option<Option<Price>>) {
        let by = TriggerBy::Last;
        let away = u32::from(detail % 6) + 1;
        let worse = match side {
            Side::Buy => self.center + away,
            Side::Sell => self.center.saturating_sub(away).max(1),
        };
        let trigger = Price::new(worse).expect("it is above zero");
        match byte {
            0..=207 => (Special::None, None),
            208..=223 => {
                let kind = StopKind::StopLoss;
                (Special::Stop { kind, trigger, by }, None)
            }
            224..=231 => {
                let distance = TrailingDistance::ticks(away).expect("it is above zero");
                (Special::Trailing { distance, by }, Some(None))
            }
            232..=243 => {
                let target = match side {
                    Side::Buy => self.center.saturating_sub(away).max(1),
                    Side::Sell => self.center + away,
                };
                let limit = (detail >= 128).then_some(trigger);
                (
                    Special::Oco { trigger, limit, by },
                    Some(Price::new(target)),
                )
            }
            244..=255 => {
                let display = quantity(size).lots().div_ceil(3).max(1);
                let display = Quantity::new(display).expect("it is small");
                (Special::Iceberg { display }, None)
            }
        }
    }

    /// Mostly within three ticks of the center, at times farther away.
    fn price(&self, near: u8, far: u8) -> Price {
        let center = self.center;
        let ticks = match far {
            0..=223 => center - 3 + u32::from(near % 7),
            224..=247 => center - 12 + u32::from(near % 25),
            248..=255 => center - 30 + u32::from(near % 61),
        };
        Price::new(ticks).expect("the center is far from zero")
    }
}

impl Default for MarginAsk {
    fn default() -> MarginAsk {
        MarginAsk::new()
    }
}

/// One of the open positions.
fn position(known: &Known, byte: u8) -> Option<(AccountId, PositionId)> {
    let count = known.positions.len().max(1);
    known.positions.get(usize::from(byte) % count).copied()
}

fn quantity(size: u8) -> Quantity {
    let lots = match size {
        0..=199 => u64::from(size % 20) + 1,
        200..=251 => u64::from(size - 199) * 2,
        252..=255 => u64::from(size) * 2,
    };
    Quantity::new(lots).expect("it is small")
}

fn amount(units: u64) -> Amount {
    Amount::new(units).expect("a test's amount is in range")
}
