//! Recorded commands: decisions that were taken once and are applied again.

use thiserror::Error;

use crate::Sink;
use crate::command::{
    CancelOrder, Command, CommandKind, OrderCommand, PlaceOrder, PriceLimits, ReplaceOrder,
};
use crate::domain::{
    AccountId, Amount, AssetId, CommandSequence, Funding, Movement, OrderId, OrderKey, PairId,
    Quantity, Side,
};
use crate::report::{Report, ReportKind};

use super::Clearing;
use super::keys::Content;
use super::ledger::{FeeMeter, hold_at_entry};
use super::market::{Market, NO_ORDER, Work};
use super::order::Order;
use super::order_table::Location;
use super::pre_trade::bound;
use super::settle::hold_asset;

/// Why a recorded command cannot be applied: it was not taken from this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("command {}: {what} is {found}, expected {expected}", sequence.0)]
pub struct ReplayError {
    /// Which command.
    pub sequence: CommandSequence,
    /// What of it differs.
    pub what: &'static str,
    /// What the record says.
    pub found: u64,
    /// What this state says: the value itself, or the most (or least) that it may be.
    pub expected: u64,
}

impl Clearing {
    /// Applies a command that was accepted before, with its decision as it was taken.
    ///
    /// What goes to the pair's matcher comes back, with keys of this process; `None` where
    /// there is nothing to match, which is also so where the order has ended here already (when
    /// the command was taken, its end was not settled yet). Every command must be settled
    /// before the next is replayed (L-20). Answers are to nobody and left out.
    ///
    /// Sequence, time, order id and the hold of a placement are computed again and compared. A
    /// command that differs is an error and leaves the state as it was.
    pub fn replay(
        &mut self,
        command: &Command,
        out: &mut impl Sink<Report>,
    ) -> Result<Option<(PairId, OrderCommand)>, ReplayError> {
        let check = Check(command.sequence);
        check.equal("sequence", command.sequence.0, self.last_sequence.next().0)?;
        check.at_least("time", command.time.0, self.last_time.0)?;
        match command.kind {
            CommandKind::OpenAccount { account, name } => {
                let next = self.accounts.len();
                check.equal("account", account.0.into(), next.into())?;
                let taken = self.accounts.by_name(&name).is_some();
                check.equal("accounts of this name", taken.into(), 0)?;
                self.step(command.time);
                self.open_account(name);
                Ok(None)
            }
            CommandKind::Deposit {
                account,
                asset,
                amount,
            } => {
                self.replay_account(check, account, asset)?;
                let inside = self.ledger.inside(asset);
                let room = Amount::MAX.units() - inside.units();
                check.at_most("deposit", amount.units(), room)?;
                self.step(command.time);
                self.deposit(account, asset, amount);
                self.replay_balance(command, account, asset, out);
                Ok(None)
            }
            CommandKind::Withdraw {
                account,
                asset,
                amount,
            } => {
                self.replay_account(check, account, asset)?;
                let available = self.ledger.balance(account, asset).available;
                check.at_most("withdrawal", amount.units(), available.units())?;
                self.step(command.time);
                self.withdraw(account, asset, amount);
                self.replay_balance(command, account, asset, out);
                Ok(None)
            }
            CommandKind::SetTradingStatus { pair, status } => {
                self.replay_market(check, pair)?;
                let sequence = self.step(command.time);
                self.set_status(pair, status);
                self.send(pair, sequence, None, NO_ORDER, Work::Status(status));
                Ok(Some((pair, OrderCommand::SetTradingStatus(status))))
            }
            CommandKind::SetReference {
                pair,
                reference,
                limits,
            } => {
                let market = self.replay_market(check, pair)?;
                let band = market.pair.breaker().map(|breaker| breaker.band);
                check.equal("circuit breakers of the pair", band.is_some().into(), 1)?;
                let expected = PriceLimits::around(reference, band.unwrap_or_default());
                let (low, high) = (limits.low.ticks(), limits.high.ticks());
                check.equal("lowest price", low.into(), expected.low.ticks().into())?;
                check.equal("highest price", high.into(), expected.high.ticks().into())?;
                let sequence = self.step(command.time);
                let work = Work::Reference(reference);
                self.send(pair, sequence, None, NO_ORDER, work);
                Ok(Some((pair, OrderCommand::SetPriceLimits(limits))))
            }
            CommandKind::CancelAfter { account, deadline } => {
                let accounts = u64::from(self.accounts.len());
                check.below("account", account.0.into(), accounts)?;
                let latest = deadline.unwrap_or(command.time);
                check.at_least("deadline", latest.0, command.time.0)?;
                self.step(command.time);
                self.set_cancel_after(account, deadline);
                Ok(None)
            }
            CommandKind::Place { pair, .. } => {
                let order = self.replay_place(check, command, pair)?;
                Ok(Some((pair, order)))
            }
            CommandKind::Replace {
                pair, id, order, ..
            } => self.replay_replace(check, command, pair, id, order),
            CommandKind::Margin { pair, margin } => {
                self.replay_market(check, pair)?;
                self.check_margin_replay(check, pair, &margin)?;
                let sequence = self.step(command.time);
                self.begin_margin_replay(pair, &margin);
                self.send(pair, sequence, None, NO_ORDER, Work::Margin);
                Ok(Some((pair, OrderCommand::Pass)))
            }
            CommandKind::FundReserve {
                reserve,
                asset,
                change,
            } => {
                let assets = u64::from(self.config.assets);
                check.below("asset", asset.0.into(), assets)?;
                let most = match change {
                    Movement::In(_) => Amount::MAX.units() - self.ledger.inside(asset).units(),
                    Movement::Out(_) => self.free_of(reserve, asset).units(),
                };
                check.at_most("amount", change.amount().units(), most)?;
                self.step(command.time);
                self.move_reserve(reserve, asset, change);
                Ok(None)
            }
            CommandKind::Transfer { key, transfer } => {
                let told = self.replay_transfer(check, (key, transfer), command.time)?;
                out.push(report(command, told));
                Ok(None)
            }
            CommandKind::SetAccountLimits { account, limits } => {
                check.below("account", account.0.into(), self.accounts.len().into())?;
                self.step(command.time);
                self.accounts.set_limits(account, limits);
                let told = ReportKind::AccountLimits { account, limits };
                out.push(report(command, told));
                Ok(None)
            }
            CommandKind::Revoke(ref asked) => {
                let change = self.check_revoke_replay(check, asked, command.time)?;
                self.step(command.time);
                let told = self.revoke(&change);
                out.push(report(command, told));
                Ok(None)
            }
            CommandKind::Operate { key, ref operation } => {
                self.replay_operation(check, command, (key, operation), out)
            }
            CommandKind::Remember { key, digest } => {
                self.check_key_replay(check, key, command.time)?;
                self.step(command.time);
                self.remember(key, Content::Operation(digest), command.time);
                Ok(None)
            }
            CommandKind::Cancel { pair, id, order } => {
                self.replay_market(check, pair)?;
                let sequence = self.step(command.time);
                let Some(key) = self.key_of_open(pair, id) else {
                    return Ok(None);
                };
                let work = Work::Cancel { group: None };
                self.send(pair, sequence, None, (id, key), work);
                let order = CancelOrder { key, ..order };
                Ok(Some((pair, OrderCommand::Cancel(order))))
            }
        }
    }

    fn replay_place(
        &mut self,
        check: Check,
        command: &Command,
        pair: PairId,
    ) -> Result<OrderCommand, ReplayError> {
        let CommandKind::Place {
            id,
            client_order_id,
            market: is_market,
            expires_at,
            hold,
            funding,
            order: placed,
            terms,
            ..
        } = command.kind
        else {
            unreachable!("invariant: only a placement is replayed as one");
        };
        let market = self.replay_market(check, pair)?;
        let PlaceOrder {
            account,
            side,
            price,
            quantity,
            ..
        } = placed;
        self.replay_account(check, account, market.pair.base())?;
        check.equal("order id", id.0, self.next_order.0)?;
        check.at_least("amount", quantity.lots(), 1)?;
        let worst = terms.worst_price(side, price);
        if funding == Funding::Spot {
            let needed = hold_at_entry(&market.pair, side, worst, quantity, funding);
            let needed = needed.unwrap_or(Amount::MAX);
            check.equal("hold", hold.units(), needed.units())?;
            self.replay_funds(check, market, account, side, hold)?;
        } else {
            self.check_funding_replay(check, market, &placed, (funding, worst, hold))?;
        }
        let room = u64::from(self.config.max_orders_per_pair);
        check.at_most("open orders", market.orders.len() as u64 + 1, room)?;
        if let Some(name) = &client_order_id
            && let Some(first) = self.accounts.client_id(account, name)
        {
            let open = matches!(self.orders.get(first), Location::Open { .. });
            check.equal("open orders of this client id", open.into(), 0)?;
        }
        let sequence = self.step(command.time);
        let order = Order {
            id,
            account,
            price,
            quantity,
            filled: Quantity::ZERO,
            notional: Amount::ZERO,
            fees: FeeMeter::default(),
            first_price: price,
            first_quantity: quantity,
            side,
            market: is_market,
            time_in_force: placed.time_in_force,
            post_only: placed.post_only,
            self_trade: placed.self_trade,
            client_order_id,
            terms,
            expires_at,
            funding,
        };
        let key = self.open_order(pair, order, hold);
        self.send(pair, sequence, None, (id, key), Work::Place);
        Ok(OrderCommand::place(PlaceOrder { key, ..placed }, terms))
    }

    /// The hold is computed anew, for it depends on what was settled when the amend was
    /// decided; here at least as much is, so at least as much is available (L-20).
    fn replay_replace(
        &mut self,
        check: Check,
        command: &Command,
        pair: PairId,
        id: OrderId,
        replace: ReplaceOrder,
    ) -> Result<Option<(PairId, OrderCommand)>, ReplayError> {
        let market = self.replay_market(check, pair)?;
        let (price, change) = (replace.price, replace.quantity_change);
        let magnitude = change.unsigned_abs();
        check.at_most("change of amount", magnitude, Quantity::MAX.lots())?;
        let Some(key) = self.key_of_open(pair, id) else {
            self.step(command.time);
            return Ok(None);
        };
        let open = market.orders.get(key);
        let open = open.expect("invariant: it was found open");
        let on_margin = open.order.funding.is_margin();
        check.equal("amends of a margin order", on_margin.into(), 0)?;
        let needed = bound(market, open, price, change).unwrap_or(Amount::MAX);
        let hold = needed.checked_sub(open.held).unwrap_or(Amount::ZERO);
        self.replay_funds(check, market, open.order.account, open.order.side, hold)?;
        let sequence = self.step(command.time);
        self.begin_amend(pair, key, price, change, hold);
        let work = Work::Replace { price, change };
        self.send(pair, sequence, None, (id, key), work);
        let order = ReplaceOrder { key, ..replace };
        Ok(Some((pair, OrderCommand::Replace(order))))
    }

    /// The key of an order that is still open here.
    pub(crate) fn key_of_open(&self, pair: PairId, id: OrderId) -> Option<OrderKey> {
        let Location::Open { pair: of, slot } = self.orders.get(id) else {
            return None;
        };
        let market = self.market(pair).filter(|_| of == pair)?;
        market.orders.in_slot(slot).map(|(key, _)| key)
    }

    pub(in crate::clearing) fn replay_market(
        &self,
        check: Check,
        pair: PairId,
    ) -> Result<&Market, ReplayError> {
        let pairs = self.markets.len() as u64;
        check.below("pair", pair.0.into(), pairs)?;
        Ok(&self.markets[usize::from(pair.0)])
    }

    fn replay_account(
        &self,
        check: Check,
        account: AccountId,
        asset: AssetId,
    ) -> Result<(), ReplayError> {
        check.below("account", account.0.into(), self.accounts.len().into())?;
        check.below("asset", asset.0.into(), self.config.assets.into())
    }

    fn replay_funds(
        &self,
        check: Check,
        market: &Market,
        account: AccountId,
        side: Side,
        hold: Amount,
    ) -> Result<(), ReplayError> {
        let balance = self.ledger.balance(account, hold_asset(market, side));
        check.at_most("hold", hold.units(), balance.available.units())
    }

    fn replay_balance(
        &self,
        command: &Command,
        account: AccountId,
        asset: AssetId,
        out: &mut impl Sink<Report>,
    ) {
        let balance = self.ledger.balance(account, asset);
        let told = ReportKind::Balance {
            account,
            asset,
            available: balance.available,
            held: balance.held,
        };
        out.push(report(command, told));
    }
}

pub(in crate::clearing) fn report(command: &Command, kind: ReportKind) -> Report {
    Report {
        after: command.sequence,
        time: command.time,
        kind,
    }
}

/// Compares what a record says with what this state says.
#[derive(Clone, Copy)]
pub(in crate::clearing) struct Check(CommandSequence);

impl Check {
    pub(in crate::clearing) fn equal(
        self,
        what: &'static str,
        found: u64,
        expected: u64,
    ) -> Result<(), ReplayError> {
        self.that(found == expected, what, found, expected)
    }

    pub(in crate::clearing) fn at_least(
        self,
        what: &'static str,
        found: u64,
        least: u64,
    ) -> Result<(), ReplayError> {
        self.that(found >= least, what, found, least)
    }

    pub(in crate::clearing) fn at_most(
        self,
        what: &'static str,
        found: u64,
        most: u64,
    ) -> Result<(), ReplayError> {
        self.that(found <= most, what, found, most)
    }

    pub(in crate::clearing) fn below(
        self,
        what: &'static str,
        found: u64,
        limit: u64,
    ) -> Result<(), ReplayError> {
        self.that(found < limit, what, found, limit)
    }

    fn that(
        self,
        holds: bool,
        what: &'static str,
        found: u64,
        expected: u64,
    ) -> Result<(), ReplayError> {
        holds
            .then_some(())
            .ok_or(self.differs(what, found, expected))
    }

    pub(in crate::clearing) fn differs(
        self,
        what: &'static str,
        found: u64,
        expected: u64,
    ) -> ReplayError {
        ReplayError {
            sequence: self.0,
            what,
            found,
            expected,
        }
    }
}
