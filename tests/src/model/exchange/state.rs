use engine::clearing::{
    AccountState, AssetState, Balance, BreakerState, ClearingState, FinishedOrderState,
    MarketState, OpenOrderState, OrderStage, OrderState,
};
use engine::domain::{AccountId, AssetId, BasisPoints, CommandSequence, OrderId, PairId, Side};
use engine::exchange::{BookState, ExchangeState, StopState};
use engine::matching::RestoredTrigger;

use super::{PlainExchange, PlainRecord, Stage, amount, id, lots, time_in_force};
use crate::model::ledger::owed;
use crate::model::{PlainOrder, PlainStop};

impl PlainExchange {
    /// All that an exchange keeps which did the same, after `commands` commands.
    pub fn state(&self, commands: u64) -> ExchangeState {
        let assets = (0..self.config.assets).map(AssetId);
        let asset = |asset| AssetState {
            inside: whole(self.inside(asset)),
            fees: amount(self.fees(asset)),
            pool: whole(self.reserves(asset).pool.0),
            insurance: whole(self.reserves(asset).insurance),
        };
        let account = |account: AccountId| AccountState {
            name: self.users[account.0 as usize],
            balances: assets
                .clone()
                .map(|asset| self.kept(account, asset))
                .collect(),
            cancel_after: self.cancel_after[account.0 as usize],
            limits: self.limits[account.0 as usize],
        };
        let pairs = || (0..self.books.len()).map(|pair| PairId(u16::try_from(pair).unwrap_or(0)));
        ExchangeState {
            clearing: ClearingState {
                last_sequence: CommandSequence(commands),
                last_time: self.time,
                next_order: OrderId(self.numbers + 1),
                assets: assets.clone().map(asset).collect(),
                accounts: (0..self.accounts()).map(AccountId).map(account).collect(),
                markets: pairs().map(|pair| self.market(pair)).collect(),
                transfers: self.known_transfers(self.time).copied().collect(),
                operations: self.known_operations(self.time).collect(),
                revoked: self.revoked.state(),
            },
            books: pairs().map(|pair| self.book_of(pair)).collect(),
        }
    }

    fn kept(&self, account: AccountId, asset: AssetId) -> Balance {
        let (available, held) = self.balance(account, asset);
        Balance {
            available: amount(available),
            held: amount(held),
        }
    }

    fn market(&self, pair: PairId) -> MarketState {
        let index = usize::from(pair.0);
        let here = || self.orders.iter().filter(|order| order.pair() == pair);
        let open = here()
            .filter(|order| order.is_open())
            .map(|order| OpenOrderState {
                order: self.order(order),
                leaves: lots(order.leaves),
                held: amount(self.held_for(order)),
                stage: match order.stage {
                    Stage::Book => OrderStage::Book,
                    Stage::Waiting => OrderStage::Waiting,
                    Stage::Linked(_) => OrderStage::Linked,
                },
            });
        let ended = here().filter(|order| self.is_known(order, self.time));
        let mut ended: Vec<_> = ended
            .filter_map(|order| Some((order.end?, order)))
            .collect();
        ended.sort_by_key(|(end, _)| end.number);
        let finished = ended.into_iter().map(|(end, order)| FinishedOrderState {
            order: self.order(order),
            status: end.status,
            at: end.at,
        });
        MarketState {
            status: self.statuses[index],
            last_trade: self.last_trades[index],
            last_event: self.books[index].sequence(),
            breaker: self.config.pairs[index].breaker().map(|_| {
                let breaker = &self.breakers[index];
                BreakerState {
                    reference: breaker.reference,
                    closes: breaker.closes(),
                    reopens_at: breaker.reopens_at,
                }
            }),
            margin: self.margin_state(pair),
            open: open.collect(),
            finished: finished.collect(),
        }
    }

    fn order(&self, record: &PlainRecord) -> OrderState {
        let first = &record.first;
        let paid = self.ledger.fees_of(record.id);
        let exact = self.ledger.exact_fees(record.id);
        let credit = owed(exact) * u128::from(BasisPoints::WHOLE) - exact;
        OrderState {
            id: record.id,
            account: first.account,
            client_order_id: first.client_order_id,
            side: first.side,
            market: first.limit.is_none(),
            time_in_force: time_in_force(first),
            post_only: first.post_only,
            self_trade: first.self_trade,
            first_price: record.first_price,
            first_quantity: first.quantity,
            price: record.price,
            quantity: lots(record.quantity),
            filled: lots(self.ledger.filled(record.id)),
            notional: amount(self.ledger.notional(record.id)),
            fees: amount(paid),
            fee_credit: u16::try_from(credit).expect("fees round up by less than a unit"),
            terms: record.terms,
            expires_at: first.expires_at,
            funding: record.funding,
        }
    }

    fn book_of(&self, pair: PairId) -> BookState {
        let book = &self.books[usize::from(pair.0)];
        let sides = [Side::Buy, Side::Sell].map(|side| book.orders(side).iter());
        let orders = sides.into_iter().flatten();
        let icebergs = orders.filter(|order| order.display.is_some());
        let slice = |order: &PlainOrder| (id(order.key), lots(order.leaves));
        let mut slices: Vec<_> = icebergs.map(slice).collect();
        slices.sort_unstable();
        let ids = |side| {
            book.orders(side)
                .iter()
                .map(|order| id(order.key))
                .collect()
        };
        BookState {
            bids: ids(Side::Buy),
            asks: ids(Side::Sell),
            stops: book.stops().iter().map(stop_state).collect(),
            slices,
        }
    }
}

fn stop_state(stop: &PlainStop) -> StopState {
    StopState {
        id: id(stop.key),
        until: match stop.trigger.trailing {
            _ if stop.trigger.is_held => RestoredTrigger::Opening,
            Some((best, _)) => RestoredTrigger::Trailing(best),
            None => RestoredTrigger::Fixed,
        },
    }
}

fn whole(units: i128) -> engine::domain::Amount {
    amount(u128::try_from(units).expect("no more leaves than came in"))
}
