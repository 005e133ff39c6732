//! What a trade does to the positions of its two sides.

use crate::Sink;
use crate::clearing::ledger::{LedgerAccount, Posting};
use crate::clearing::market::Market;
use crate::clearing::order::Order;
use crate::clearing::settle::{Settling, Trade, change_of, open_mut, take_excess};
use crate::clearing::state::{DebtState, PositionState};
use crate::domain::{
    AccountId, Amount, AssetId, BasisPoints, Funding, OrderKey, Pair, PositionId, PositionSide,
    Price, Quantity, Side,
};
use crate::report::{
    Fill, Liquidity, OrderChange, PositionChange, PositionReason, Report, ReportKind,
};

use super::figures::{Reduction, minus, plus, units};
use super::{Margin, Position};

/// One of the two orders of a trade, with what the trade takes off it.
struct TradeSide {
    key: OrderKey,
    order: Order,
    liquidity: Liquidity,
    /// The fee that its figures give; a position may have less.
    fee: Amount,
    /// What its hold is less by.
    share: Amount,
    /// What the pool's promise is less by.
    promised: Amount,
    /// What the insurance fund adds.
    contributed: Amount,
}

/// What is to be said of a position.
type Told = Vec<PositionChange>;

impl<S: Sink<Report>> Settling<'_, S> {
    /// Books a trade of which at least one side is a margin order, and says what it did to the
    /// orders; the figures of the two orders after it. // G-5, G-6
    #[cold]
    pub(in crate::clearing) fn trade_on_margin(
        &mut self,
        trade: &Trade,
        maker: OrderKey,
    ) -> (OrderChange, OrderChange) {
        let mut made = self.take_side(trade, maker, Liquidity::Maker);
        let mut took = self.take_side(trade, self.flight.key, Liquidity::Taker);
        for side in [&mut made, &mut took] {
            self.bring(side, trade);
        }
        let (buy, sell) = match made.order.side {
            Side::Buy => (&made, &took),
            Side::Sell => (&took, &made),
        };
        self.exchange(buy, sell, trade);
        let mut told = Told::new();
        let made = self.book_side(made, trade, &mut told);
        let took = self.book_side(took, trade, &mut told);
        for change in [made, took] {
            self.say(ReportKind::Order(change));
        }
        for change in told {
            self.say(ReportKind::Position(change));
        }
        (made, took)
    }

    /// Takes the trade off one of its orders: figures, fee, hold and promise.
    fn take_side(&mut self, trade: &Trade, key: OrderKey, liquidity: Liquidity) -> TradeSide {
        let pair = self.market.pair;
        let margin = self.market.margin.as_ref();
        let liquidation_fee = margin.map_or(BasisPoints::ZERO, |it| it.terms.liquidation_fee);
        let open = open_mut(self.market, key);
        let rate = match (open.order.funding, liquidity) {
            (Funding::Liquidation, _) => liquidation_fee,
            (Funding::Backstop, _) => BasisPoints::ZERO,
            (_, Liquidity::Maker) => pair.maker_fee(),
            (_, Liquidity::Taker) => pair.taker_fee(),
        };
        let order = &mut open.order;
        let fee = order.fees.charge(trade.notional, rate);
        let filled = order.filled.checked_add(trade.quantity);
        order.filled = filled.expect("invariant: an order fills to its amount at most");
        let notional = order.notional.checked_add(trade.notional);
        order.notional = notional.unwrap_or(Amount::MAX);
        let leaves = open.leaves.checked_sub(trade.quantity);
        open.leaves = leaves.expect("invariant: an order loses what it has at most");
        let mut share = Amount::ZERO;
        if open.order.funding == Funding::Spot {
            let captured = match open.order.side {
                Side::Buy => plus(trade.notional, fee),
                Side::Sell => trade.base,
            };
            open.held = minus(open.held, captured);
        } else {
            share = take_excess(open, &pair);
        }
        let promised = open.needed_promise(&pair);
        let promised = promised.expect("invariant: more was promised before");
        let less = minus(open.promised, promised);
        open.promised = promised;
        TradeSide {
            key,
            order: open.order,
            liquidity,
            fee,
            share,
            promised: less,
            contributed: Amount::ZERO,
        }
    }

    /// Brings what a margin order must deliver into its position. // G-5
    fn bring(&mut self, side: &mut TradeSide, trade: &Trade) {
        let (base, quote) = (self.market.pair.base(), self.market.pair.quote());
        let order = side.order;
        match (order.funding, order.side) {
            (Funding::Margin { .. }, Side::Buy) => {
                self.borrow(quote, trade.notional);
                let rest = minus(side.promised, trade.notional);
                self.move_amount(
                    quote,
                    LedgerAccount::PoolPromised,
                    LedgerAccount::Pool,
                    rest,
                );
                self.ordered(order.side, trade.quantity);
            }
            (Funding::Margin { .. }, Side::Sell) => {
                self.borrow(base, trade.base);
                self.ordered(order.side, trade.quantity);
            }
            (Funding::ReduceOnly, Side::Buy) => {
                let position = self.position_mut(order.account);
                position.set_aside = minus(position.set_aside, side.share);
            }
            (Funding::Backstop, _) => side.contributed = self.contribute(side, trade),
            (Funding::Spot | Funding::Liquidation, _) | (Funding::ReduceOnly, Side::Sell) => {}
        }
    }

    /// The pool lends what it promised.
    fn borrow(&mut self, asset: AssetId, amount: Amount) {
        let (from, to) = (LedgerAccount::PoolPromised, LedgerAccount::Positions);
        self.move_amount(asset, from, to, amount);
        self.ledger.lend(asset, amount);
    }

    /// The insurance fund adds what the trade does not bring of the lots' bankruptcy value. // G-18
    fn contribute(&mut self, side: &TradeSide, trade: &Trade) -> Amount {
        let position = self.position_mut(side.order.account);
        let value = position.state.bankruptcy_value(trade.quantity);
        let (short, long) = (
            trade.notional.checked_sub(value),
            value.checked_sub(trade.notional),
        );
        let missing = match position.state.side {
            PositionSide::Long => long,
            PositionSide::Short => short,
        };
        let missing = missing.unwrap_or(Amount::ZERO);
        position.state.collateral = plus(position.state.collateral, missing);
        let open = open_mut(self.market, side.key);
        open.held = minus(open.held, missing);
        let quote = self.market.pair.quote();
        let (from, to) = (LedgerAccount::InsurancePromised, LedgerAccount::Positions);
        self.move_amount(quote, from, to, missing);
        missing
    }

    /// Moves base and quote between the two sides, and the fees of what is no margin order.
    fn exchange(&mut self, buy: &TradeSide, sell: &TradeSide, trade: &Trade) {
        let (base, quote) = (self.market.pair.base(), self.market.pair.quote());
        let from = |side: &TradeSide| match side.order.funding {
            Funding::Spot => LedgerAccount::Held(side.order.account),
            _ => LedgerAccount::Positions,
        };
        let to = |side: &TradeSide| match side.order.funding {
            Funding::Spot => LedgerAccount::Available(side.order.account),
            _ => LedgerAccount::Positions,
        };
        self.move_amount(base, from(sell), to(buy), trade.base);
        self.move_amount(quote, from(buy), to(sell), trade.notional);
        for (side, payer) in [(buy, from(buy)), (sell, to(sell))] {
            if side.order.funding == Funding::Spot {
                self.move_amount(quote, payer, LedgerAccount::Fees, side.fee);
            }
        }
    }

    /// Books one side on its owner's position, and gives the order's figures after it.
    fn book_side(&mut self, side: TradeSide, trade: &Trade, told: &mut Told) -> OrderChange {
        let pair = self.market.pair;
        let account = side.order.account;
        self.touch(account, pair.base());
        self.touch(account, pair.quote());
        let fee = match side.order.funding {
            Funding::Spot => {
                let open = open_mut(self.market, side.key);
                let excess = take_excess(open, &pair);
                let asset = match side.order.side {
                    Side::Buy => pair.quote(),
                    Side::Sell => pair.base(),
                };
                let (from, to) = (
                    LedgerAccount::Held(account),
                    LedgerAccount::Available(account),
                );
                self.move_amount(asset, from, to, excess);
                side.fee
            }
            Funding::Margin { .. } => self.book_margin_order(&side, trade, told),
            Funding::ReduceOnly | Funding::Liquidation | Funding::Backstop => {
                let notional = trade.notional;
                self.reduce(&side, trade.quantity, notional, side.fee, told)
            }
        };
        let open = open_mut(self.market, side.key);
        if fee < side.fee {
            open.order.fees.forgo(minus(side.fee, fee));
        }
        OrderChange {
            fill: Some(Fill {
                trade: trade.id,
                price: trade.price,
                quantity: trade.quantity,
                fee,
                liquidity: side.liquidity,
            }),
            sequence: Some(trade.sequence),
            ..change_of(open, pair.id())
        }
    }

    /// A margin order's fill: what is opposite is closed first, and the rest opens (G-8). Gives the
    /// fee that was paid.
    fn book_margin_order(&mut self, side: &TradeSide, trade: &Trade, told: &mut Told) -> Amount {
        let pair = self.market.pair;
        let (account, quote) = (side.order.account, pair.quote());
        let held = LedgerAccount::Held(account);
        // From the hold first; what it does not cover comes out of the position.
        let paid = side.fee.min(side.share);
        self.move_amount(quote, held, LedgerAccount::Fees, paid);
        let mut share = minus(side.share, paid);
        let mut missing = minus(side.fee, paid);
        let mut fee = paid;
        let opposite = self.opposite(account, side.order.side);
        let closed = opposite.min(trade.quantity);
        let notional = pair.notional(trade.price, closed);
        let closed_notional = notional.expect("invariant: a part of the trade");
        if !closed.is_zero() {
            let paid = self.reduce(side, closed, closed_notional, missing, told);
            missing = minus(missing, paid);
            fee = plus(fee, paid);
        }
        let opened = trade.quantity.checked_sub(closed);
        let opened = opened.expect("invariant: no more closes than is traded");
        if !opened.is_zero() {
            let notional = minus(trade.notional, closed_notional);
            let Funding::Margin { leverage, .. } = side.order.funding else {
                unreachable!("invariant: only a margin order opens a position");
            };
            let collateral = leverage.margin(notional).min(share);
            let late = missing.min(collateral);
            self.move_amount(quote, held, LedgerAccount::Fees, late);
            fee = plus(fee, late);
            share = minus(share, collateral);
            let collateral = minus(collateral, late);
            self.move_amount(quote, held, LedgerAccount::Positions, collateral);
            let lots = (opened, notional, collateral);
            self.open_or_grow(account, side.order.side, trade, lots, told);
        }
        self.move_amount(quote, held, LedgerAccount::Available(account), share);
        fee
    }

    // G-1, G-5
    fn open_or_grow(
        &mut self,
        account: AccountId,
        side: Side,
        trade: &Trade,
        (quantity, notional, collateral): (Quantity, Amount, Amount),
        told: &mut Told,
    ) {
        let pair = self.market.pair;
        let side = PositionSide::opened_by(side);
        let at = self.flight.time;
        let margin = margin_mut(self.market);
        let open = margin.open_interest.of_mut(side);
        *open += quantity.lots();
        let opens = !margin.positions.contains_key(&account);
        let position = margin.positions.entry(account).or_insert_with(|| {
            Position::new(PositionState {
                account,
                id: PositionId::new(pair.id(), trade.sequence, side),
                side,
                size: Quantity::ZERO,
                cost: Amount::ZERO,
                collateral: Amount::ZERO,
                interest: Amount::ZERO,
                opened_at: at,
                call: None,
                liquidation: None,
            })
        });
        position.state.grow(quantity, notional, collateral);
        told.push(PositionChange {
            position: position.view(&pair),
            reason: if opens {
                PositionReason::Opened
            } else {
                PositionReason::Grown
            },
            realised: 0,
        });
        margin.changed.push(account);
        if opens {
            self.expect_interest();
        }
    }

    /// Takes lots off a position, which cost or brought `notional` in a trade or outside the book,
    /// and moves what that moves. Gives the part of `fee` that was paid. // G-6, G-7
    fn reduce(
        &mut self,
        side: &TradeSide,
        quantity: Quantity,
        notional: Amount,
        fee: Amount,
        told: &mut Told,
    ) -> Amount {
        let account = side.order.account;
        let funding = side.order.funding;
        let is_liquidation = matches!(funding, Funding::Liquidation | Funding::Backstop);
        let reason = if is_liquidation {
            PositionReason::Liquidated
        } else {
            PositionReason::Reduced
        };
        let (pair, limit) = (self.market.pair, side.order.price);
        let position = self.position_mut(account);
        let fee = fee.min(if is_liquidation {
            payable_in_liquidation(&pair, &position.state, (quantity, notional), limit)
        } else {
            payable(position, notional)
        });
        let to = if is_liquidation {
            LedgerAccount::Insurance
        } else {
            LedgerAccount::Fees
        };
        let delivers = match funding {
            Funding::Margin { .. } => Delivers::Borrowed,
            Funding::Spot | Funding::ReduceOnly | Funding::Liquidation | Funding::Backstop => {
                Delivers::Own
            }
        };
        let mut change = self.reduce_position(
            account,
            (quantity, notional, fee),
            (delivers, is_liquidation, reason),
        );
        // What the fund paid is not the owner's loss.
        let contributed = i64::try_from(side.contributed.units());
        let contributed = contributed.expect("invariant: an amount fits an i64");
        change.realised = change.realised.saturating_add(contributed);
        let quote = self.market.pair.quote();
        self.move_amount(quote, LedgerAccount::Positions, to, fee);
        if is_liquidation && !fee.is_zero() {
            self.say_insurance();
        }
        told.push(change);
        fee
    }

    /// Takes lots off a position and settles with the pool and the owner; `Positions` has what the
    /// trade brought by now, or has paid for it.
    pub(super) fn reduce_position(
        &mut self,
        account: AccountId,
        (quantity, notional, fee): (Quantity, Amount, Amount),
        (delivers, keeps_gain, reason): (Delivers, bool, PositionReason),
    ) -> PositionChange {
        let pair = self.market.pair;
        let (base, quote) = (pair.base(), pair.quote());
        let position = self.position_mut(account);
        let side = position.state.side;
        let told = position.state.reduce(quantity, notional, fee, keeps_gain);
        let view = position.view(&pair);
        let (id, closes) = (position.state.id, position.state.size.is_zero());
        let call = position.state.call.filter(|_| closes);
        let amount = pair.base_amount(quantity);
        let amount = amount.expect("invariant: a part of what the position has");
        let Reduction {
            repaid,
            interest,
            paid_out,
            debt,
            realised,
        } = told;
        match (side, delivers) {
            (PositionSide::Long, Delivers::Own) => self.repay(quote, repaid),
            (PositionSide::Long, Delivers::Borrowed) => {
                self.repay(quote, repaid);
                self.repay(base, amount);
            }
            (PositionSide::Short, Delivers::Own) => self.repay(base, amount),
            (PositionSide::Short, Delivers::Borrowed) => {
                self.repay(base, amount);
                self.repay(quote, minus(notional, debt));
            }
        }
        let (positions, owner) = (LedgerAccount::Positions, LedgerAccount::Available(account));
        self.move_amount(quote, positions, LedgerAccount::Pool, interest);
        self.move_amount(quote, positions, owner, paid_out);
        self.touch(account, quote);
        let margin = margin_mut(self.market);
        *margin.open_interest.of_mut(side) -= quantity.lots();
        if !debt.is_zero() {
            margin.debts.push_back(DebtState {
                account,
                position: id,
                amount: debt,
            });
        }
        let liquidating = view.liquidating;
        if closes {
            margin.remove(account);
        } else {
            margin.changed.push(account);
        }
        if !debt.is_zero() {
            self.wake(self.flight.time);
        }
        if let Some(call) = call {
            self.end_call(account, id, call.deadline);
        }
        if closes && liquidating {
            self.say_closed(account, id);
        }
        let reason = match reason {
            PositionReason::Reduced if closes => PositionReason::Closed,
            reason => reason,
        };
        PositionChange {
            position: view,
            reason,
            realised: i64::try_from(realised).unwrap_or(i64::MIN),
        }
    }

    /// The pool gets back what it lent.
    pub(super) fn repay(&mut self, asset: AssetId, amount: Amount) {
        let (from, to) = (LedgerAccount::Positions, LedgerAccount::Pool);
        self.move_amount(asset, from, to, amount);
        self.ledger.forgive(asset, amount);
    }

    pub(super) fn move_amount(
        &mut self,
        asset: AssetId,
        from: LedgerAccount,
        to: LedgerAccount,
        amount: Amount,
    ) {
        if !amount.is_zero() {
            self.ledger.post(Posting {
                asset,
                from,
                to,
                amount,
            });
        }
    }

    /// How much of an opposite position an order of `side` would close.
    fn opposite(&self, account: AccountId, side: Side) -> Quantity {
        let margin = self.market.margin.as_ref();
        let position = margin.and_then(|margin| margin.positions.get(&account));
        let opposite = position.filter(|it| it.state.side.closes() == side);
        opposite.map_or(Quantity::ZERO, |it| it.state.size)
    }

    /// An order of `side` may trade so much less.
    pub(in crate::clearing) fn ordered(&mut self, side: Side, less: Quantity) {
        let margin = margin_mut(self.market);
        *margin.ordered.of_mut(PositionSide::opened_by(side)) -= less.lots();
    }

    fn position_mut(&mut self, account: AccountId) -> &mut Position {
        margin_mut(self.market)
            .positions
            .get_mut(&account)
            .expect("invariant: an order that reduces has a position")
    }
}

/// Whose base or quote a reducing trade delivered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivers {
    /// The position's.
    Own,
    /// The pool's, which gets it back at once.
    Borrowed,
}

/// The most that a position can pay as a fee for a reduction: out of what it brings, or has.
fn payable(position: &Position, notional: Amount) -> Amount {
    most(match position.state.side {
        PositionSide::Long => units(notional),
        PositionSide::Short => units(position.free_quote()) - units(notional),
    })
}

/// The most that a liquidated position can pay for a fill: what is left must close at the order's
/// limit. // G-17
fn payable_in_liquidation(
    pair: &Pair,
    state: &PositionState,
    (quantity, notional): (Quantity, Amount),
    limit: Price,
) -> Amount {
    let rest = state.size.checked_sub(quantity).unwrap_or(Quantity::ZERO);
    let (cost, collateral) = (units(state.cost), units(state.collateral));
    let at_limit = pair.notional(limit, rest).map_or(i128::MAX / 4, units);
    most(match state.side {
        PositionSide::Long => collateral + units(notional) + at_limit - cost,
        PositionSide::Short => cost + collateral - units(notional) - at_limit,
    })
}

fn most(units: i128) -> Amount {
    let units = u128::try_from(units.max(0)).ok();
    units.and_then(Amount::from_u128).unwrap_or(Amount::MAX)
}

pub(super) fn margin_mut(market: &mut Market) -> &mut Margin {
    market
        .margin
        .as_mut()
        .expect("invariant: only a pair on margin has margin orders")
}
