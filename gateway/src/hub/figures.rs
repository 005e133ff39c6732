//! What the hub counts as it goes, and what it has at some moment, for whoever looks after it.
//!
//! Counting is adding to a number; what can be seen from what is there anyway is counted when
//! somebody asks. Nothing here names a user, an order or an address.

use engine::domain::{CallSeverity, Timestamp, TradingStatus};
use engine::report::LiquidationStage;

use crate::arbitrage::detector::Chain;
use crate::session::{AddressRefusal, CloseReason};
use crate::wire::{Reason, ReservesNow};

use super::Hub;

/// What happened since the hub began.
#[derive(Clone, Debug)]
pub struct Counts {
    /// Connections that came.
    pub opened: u64,
    /// Connections that left, by themselves or after an end of ours.
    pub closed: u64,
    /// Ends that the hub decided, by [`CloseReason::ALL`].
    pub ended: [u64; CloseReason::ALL.len()],
    /// Handshakes refused because an address had too many connections.
    pub refused_connections: u64,
    /// Handshakes refused because an address made too many of them.
    pub refused_handshakes: u64,
    /// Errors said to clients, by [`Reason::ALL`].
    pub refusals: Box<[u64]>,
    /// Messages that were not sent because one of their channel still waited: a book's subscriber
    /// fell behind, or a price, portfolio or position took the place of an older one.
    pub conflated: u64,
    /// Orders that the exchange accepted, whoever placed them.
    pub orders: u64,
    /// Trades.
    pub trades: u64,
    /// Margin calls that began or changed their severity.
    pub margin_calls: u64,
    /// Liquidations that began.
    pub liquidations: u64,
    /// Positions reduced against one that was liquidated.
    pub deleveragings: u64,
}

/// What there is at some moment.
#[derive(Clone, Debug)]
pub struct Figures {
    /// What happened so far.
    pub counts: Counts,
    /// Connections.
    pub connections: usize,
    /// Users with a connection.
    pub users: usize,
    /// Pairs by status.
    pub pairs: [(&'static str, usize); 4],
    /// Subscriptions by channel.
    pub subscriptions: [(&'static str, usize); 9],
    /// Open positions.
    pub positions: usize,
    /// Margin calls in force: warnings, and critical ones.
    pub calls: (usize, usize),
    /// Liquidations under way or waiting.
    pub liquidating: usize,
    /// What the platform's funds have, by asset.
    pub reserves: Vec<ReservesNow>,
    /// How old the last usable quote of a token on a ledger is, in milliseconds; `None` where there
    /// is none.
    pub feeds: Vec<(Chain, Box<str>, Option<u64>)>,
}

impl Default for Counts {
    fn default() -> Counts {
        Counts {
            opened: 0,
            closed: 0,
            ended: Default::default(),
            refused_connections: 0,
            refused_handshakes: 0,
            refusals: vec![0; Reason::ALL.len()].into(),
            conflated: 0,
            orders: 0,
            trades: 0,
            margin_calls: 0,
            liquidations: 0,
            deleveragings: 0,
        }
    }
}

impl Counts {
    pub(super) fn refused(&mut self, reason: Reason) {
        if let Some(count) = self.refusals.get_mut(reason.index()) {
            *count += 1;
        }
    }

    pub(super) fn ended(&mut self, reason: CloseReason) {
        if let Some(count) = self.ended.get_mut(reason.index()) {
            *count += 1;
        }
    }

    pub(super) fn conflated(&mut self, was_replaced: bool) {
        self.conflated += u64::from(was_replaced);
    }

    pub(super) fn liquidation(&mut self, stage: LiquidationStage) {
        self.liquidations += u64::from(matches!(stage, LiquidationStage::Began(_)));
    }

    /// A handshake was refused for its address.
    pub fn turned_away(&mut self, refusal: AddressRefusal) {
        match refusal {
            AddressRefusal::Connections => self.refused_connections += 1,
            AddressRefusal::Handshakes(_) => self.refused_handshakes += 1,
        }
    }
}

impl Hub {
    /// What is counted, to count more.
    pub fn counts(&mut self) -> &mut Counts {
        &mut self.counts
    }

    /// How all stands at `now`. Linear in users, pairs and positions.
    pub fn figures(&self, now: Timestamp) -> Figures {
        let mut calls = (0, 0);
        for open in self.private.all_positions() {
            match open.call.map(|call| call.severity) {
                None => {}
                Some(CallSeverity::Warning) => calls.0 += 1,
                Some(CallSeverity::Critical) => calls.1 += 1,
            }
        }
        let with_connection = |it: &&super::UserSeat| !it.connections.is_empty();
        let mut counts = self.counts.clone();
        counts.conflated += self.shards.iter().map(|it| it.conflated).sum::<u64>();
        Figures {
            counts,
            connections: self.connections.len(),
            users: self.users.values().filter(with_connection).count(),
            pairs: self.pairs_by_status(),
            subscriptions: self.subscriptions(),
            positions: self.private.all_positions().count(),
            calls,
            liquidating: self.watch.liquidating.len(),
            reserves: self.reserves(),
            feeds: self.watch.feed_ages(now),
        }
    }

    fn pairs_by_status(&self) -> [(&'static str, usize); 4] {
        [
            ("open", TradingStatus::Open),
            ("halted", TradingStatus::Halted),
            ("cancel_only", TradingStatus::CancelOnly),
            ("closed", TradingStatus::Closed),
        ]
        .map(|(word, status)| {
            let pairs = self.instruments.all().iter();
            let pairs = pairs.filter(|it| self.market.status(it.id()) == status);
            (word, pairs.count())
        })
    }

    fn subscriptions(&self) -> [(&'static str, usize); 9] {
        let books = self
            .shards
            .iter()
            .flat_map(|shard| shard.seats.iter().flatten());
        let of_users = |seats: fn(&super::UserSeat) -> usize| self.users.values().map(seats).sum();
        [
            ("orderbook", books.map(Vec::len).sum()),
            ("trades", self.trades.iter().map(Vec::len).sum()),
            ("price", self.prices.subscribers()),
            ("orders", of_users(|it| it.order_seats.len())),
            ("portfolio", of_users(|it| it.portfolio_seats.len())),
            ("positions", of_users(|it| it.position_seats.len())),
            ("margin_calls", of_users(|it| it.call_seats.len())),
            ("arbitrage", self.watch.arbitrage_seats.len()),
            ("risk_alerts", self.watch.alert_seats.len()),
        ]
    }
}
