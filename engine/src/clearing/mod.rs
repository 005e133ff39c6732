//! Money and risk: who may do what, what is held for it, and who has what after each event.

mod config;
mod view;

use thiserror::Error;

use crate::Sink;
use crate::command::{Command, OrderCommand};
use crate::domain::{
    AccountId, AssetId, CommandSequence, OrderId, Pair, PairId, Timestamp, TradingStatus, UserName,
};
use crate::event::Event;
use crate::report::Report;
use crate::request::{OrderRef, Request};

pub use config::{ConfigError, ExchangeConfig};
pub use view::{AssetTotals, Balance, OrderView, Violation};

/// What clearing made of a request, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Accepted: goes to the journal, and to its pair's matcher where it is an order command.
    Command(Command),
    /// To be said, as soon as `after` is durable and all before it is said.
    Report(Report),
}

/// Why a recorded command cannot be applied: it was not taken from this state.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("command {} cannot be applied: {what} is {found}, expected {expected}", sequence.0)]
pub struct ReplayError {
    /// Which command.
    pub sequence: CommandSequence,
    /// What of it differs.
    pub what: &'static str,
    /// What the record says.
    pub found: u64,
    /// What this state says.
    pub expected: u64,
}

/// Money and risk, the single writer of both.
pub struct Clearing {
    config: ExchangeConfig,
}

impl Clearing {
    /// An exchange without accounts, all pairs open.
    pub fn new(config: ExchangeConfig) -> Result<Clearing, ConfigError> {
        config.check()?;
        Ok(Clearing { config })
    }

    /// Decides `request` at `now`: its commands and what can be said at once, in order.
    ///
    /// `now` is taken as not before the time of the last accepted command.
    pub fn decide(&mut self, request: &Request, now: Timestamp, out: &mut impl Sink<Decision>) {
        let _ = (request, now, out);
        unimplemented!("lands within the hour")
    }

    /// Books what the matcher of `pair` did: its next event, in its order.
    pub fn settle(&mut self, pair: PairId, event: &Event, out: &mut impl Sink<Report>) {
        let _ = (pair, event, out);
        unimplemented!("lands within the hour")
    }

    /// Applies a command that was accepted before, its decision already taken. What goes to
    /// the pair's matcher comes back (with keys of this process); answers are to nobody and
    /// left out. The state is untouched by an error.
    pub fn replay(
        &mut self,
        command: &Command,
        out: &mut impl Sink<Report>,
    ) -> Result<Option<(PairId, OrderCommand)>, ReplayError> {
        let _ = (command, out);
        unimplemented!("lands within the hour")
    }

    /// The configuration.
    pub fn config(&self) -> &ExchangeConfig {
        &self.config
    }

    /// The pair of this number.
    pub fn pair(&self, pair: PairId) -> Option<&Pair> {
        self.config.pairs.get(usize::from(pair.0))
    }

    /// Whether the pair takes orders; `None` for an unknown one.
    pub fn trading_status(&self, pair: PairId) -> Option<TradingStatus> {
        let _ = pair;
        unimplemented!("lands within the hour")
    }

    /// The sequence of the last accepted command; 0 before the first.
    pub fn last_sequence(&self) -> CommandSequence {
        unimplemented!("lands within the hour")
    }

    /// The time of the last accepted command.
    pub fn last_time(&self) -> Timestamp {
        unimplemented!("lands within the hour")
    }

    /// How many accounts are open: their numbers are those below it.
    pub fn accounts(&self) -> u32 {
        unimplemented!("lands within the hour")
    }

    /// The account of this name.
    pub fn account(&self, name: &UserName) -> Option<AccountId> {
        let _ = name;
        unimplemented!("lands within the hour")
    }

    /// The name of this account.
    pub fn account_name(&self, account: AccountId) -> Option<UserName> {
        let _ = account;
        unimplemented!("lands within the hour")
    }

    /// What `account` has of `asset`; `None` if either is unknown.
    pub fn balance(&self, account: AccountId, asset: AssetId) -> Option<Balance> {
        let _ = (account, asset);
        unimplemented!("lands within the hour")
    }

    /// The open orders of `account`, by ascending id; with those in flight.
    pub fn open_orders(&self, account: AccountId) -> Vec<OrderView> {
        let _ = account;
        unimplemented!("lands within the hour")
    }

    /// An order of `account`, open or remembered.
    pub fn order(&self, account: AccountId, order: OrderRef) -> Option<OrderView> {
        let _ = (account, order);
        unimplemented!("lands within the hour")
    }

    /// Where all units of `asset` are; `None` if it is unknown.
    pub fn totals(&self, asset: AssetId) -> Option<AssetTotals> {
        let _ = asset;
        unimplemented!("lands within the hour")
    }

    /// How many order commands wait for their matchers' events.
    pub fn in_flight(&self) -> usize {
        unimplemented!("lands within the hour")
    }

    /// The id that the next accepted order gets.
    pub fn next_order_id(&self) -> OrderId {
        unimplemented!("lands within the hour")
    }

    /// Walks everything: each asset sums to what came in, holds are what open orders need,
    /// indexes agree. For tests and `gateway verify`: time grows with all that is kept.
    pub fn verify(&self) -> Result<(), Violation> {
        unimplemented!("lands within the hour")
    }
}
