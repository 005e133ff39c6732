use engine::command::{
    CancelOrder, Command, CommandKind, PlaceOrder, ReplaceOrder, StopTerms, Terms,
};
use engine::domain::{
    AccountId, Amount, AssetId, ClientOrderId, CommandSequence, Crossing, Funding, IdempotencyKey,
    Operation, OrderId, OrderKey, PairId, Price, Quantity, Revocation, SelfTradePrevention, Side,
    TimeInForce, Timestamp, TokenId, TradingStatus, TrailingDistance, TriggerBy, UserName,
};
use engine::event::CancelReason;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Commands of every kind, in order, without end. Each is well-formed by itself; together they
/// are no history that an exchange would accept. For logs, which do not look inside.
#[derive(Clone, Debug)]
pub struct Commands {
    random: ChaCha8Rng,
    last: CommandSequence,
    time: Timestamp,
}

impl Commands {
    /// Begins with command 1.
    pub fn new(seed: u64) -> Commands {
        Commands {
            random: ChaCha8Rng::seed_from_u64(seed),
            last: CommandSequence(0),
            time: Timestamp(1_700_000_000_000),
        }
    }

    /// The next `count`.
    pub fn batch(&mut self, count: usize) -> Vec<Command> {
        self.take(count).collect()
    }

    fn amount(&mut self) -> Amount {
        Amount::new(self.random.next_u64() >> 1).unwrap_or(Amount::MAX)
    }

    fn price(&mut self) -> Price {
        Price::new(self.random.random_range(1..=u32::MAX)).unwrap_or(Price::MAX)
    }

    fn place(&mut self) -> CommandKind {
        let named = self.random.random_bool(0.6);
        CommandKind::Place {
            pair: PairId(self.random.random_range(0..4)),
            id: OrderId(self.random.next_u64()),
            client_order_id: named.then(|| self.client_order_id()),
            market: self.random.random_bool(0.1),
            expires_at: self
                .random
                .random_bool(0.1)
                .then_some(self.time.plus(60_000)),
            hold: self.amount(),
            funding: Funding::Spot,
            terms: self.terms(),
            order: PlaceOrder {
                key: OrderKey::NONE,
                account: AccountId(self.random.next_u32()),
                side: [Side::Buy, Side::Sell][self.random.random_range(0..2)],
                price: self.price(),
                quantity: Quantity::new(self.random.random_range(1..=1 << 40))
                    .unwrap_or(Quantity::MAX),
                time_in_force: [
                    TimeInForce::GoodTillCancelled,
                    TimeInForce::ImmediateOrCancel,
                    TimeInForce::FillOrKill,
                ][self.random.random_range(0..3)],
                post_only: self.random.random_bool(0.2),
                self_trade: [
                    SelfTradePrevention::CancelTaker,
                    SelfTradePrevention::CancelMaker,
                    SelfTradePrevention::CancelBoth,
                    SelfTradePrevention::Decrement,
                ][self.random.random_range(0..4)],
            },
        }
    }

    fn terms(&mut self) -> Terms {
        let by = [TriggerBy::Last, TriggerBy::Mark][self.random.random_range(0..2)];
        let trigger = self.price();
        let stop = match self.random.random_range(0..12) {
            0 => StopTerms::Fixed {
                trigger,
                crossing: [Crossing::Falling, Crossing::Rising][self.random.random_range(0..2)],
                by,
            },
            1 => StopTerms::Trailing {
                anchor: trigger,
                distance: TrailingDistance::from_raw(self.random.random_range(1..9_999))
                    .expect("invariant: a small number of ticks is a distance"),
                collar: self.random.random_range(1..=10_000),
                by,
            },
            2 => StopTerms::Oco {
                trigger,
                limit: self.price(),
                market: self.random.random_bool(0.5),
                by,
            },
            3 => {
                let display = Quantity::new(self.random.random_range(1..=1_000));
                return Terms::Iceberg {
                    display: display.unwrap_or(Quantity::MAX),
                };
            }
            _ => return Terms::Plain,
        };
        Terms::Stop(stop)
    }

    fn client_order_id(&mut self) -> ClientOrderId {
        let text = format!("order-{:08}", self.random.random_range(0..1_000_000));
        ClientOrderId::new(&text).expect("invariant: 14 printable characters")
    }

    fn kind(&mut self) -> CommandKind {
        let (pair, id) = (
            PairId(self.random.random_range(0..4)),
            OrderId(self.random.next_u64()),
        );
        let (account, asset) = (AccountId(self.random.random_range(0..99)), AssetId(1));
        match self.random.random_range(0..20) {
            0 => CommandKind::OpenAccount {
                account,
                name: UserName::new(&format!("user-{}", id.0))
                    .expect("invariant: at most 25 printable characters"),
            },
            1 => CommandKind::Deposit {
                account,
                asset,
                amount: self.amount(),
            },
            2 => CommandKind::Withdraw {
                account,
                asset,
                amount: self.amount(),
            },
            3 => CommandKind::SetTradingStatus {
                pair,
                status: [
                    TradingStatus::Open,
                    TradingStatus::Halted,
                    TradingStatus::CancelOnly,
                    TradingStatus::Closed,
                ][self.random.random_range(0..4)],
            },
            10 => CommandKind::CancelAfter {
                account,
                deadline: self
                    .random
                    .random_bool(0.7)
                    .then_some(self.time.plus(5_000)),
            },
            4..8 => CommandKind::Cancel {
                pair,
                id,
                order: CancelOrder {
                    key: OrderKey::NONE,
                    reason: [
                        CancelReason::Requested,
                        CancelReason::Expired,
                        CancelReason::CancelAfter,
                        CancelReason::Disconnected,
                    ][self.random.random_range(0..4)],
                },
            },
            11 => CommandKind::Revoke(Revocation::Token {
                token: TokenId(self.random.next_u64().into()),
                expires_at: self.random.random_bool(0.5).then_some(self.time),
            }),
            12 => CommandKind::Operate {
                key: IdempotencyKey(self.random.next_u64().into()),
                operation: Operation::SetTradingStatus {
                    pair,
                    status: TradingStatus::Halted,
                },
            },
            8..10 => CommandKind::Replace {
                pair,
                id,
                hold: self.amount(),
                order: ReplaceOrder {
                    key: OrderKey::NONE,
                    price: self.price(),
                    quantity_change: self.random.random_range(-1_000..1_000),
                    linked: self.random.random_bool(0.1),
                },
            },
            _ => self.place(),
        }
    }
}

impl Iterator for Commands {
    type Item = Command;

    fn next(&mut self) -> Option<Command> {
        self.last = self.last.next();
        self.time = self.time.plus(self.random.random_range(0..5));
        Some(Command {
            sequence: self.last,
            time: self.time,
            kind: self.kind(),
        })
    }
}
