//! What there is at the end, held against what the server says.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::Tasks;
use super::folded::Folded;
use super::gauges::{quantile, scrape, sum};
use super::margin::MarginTrader;
use super::openmetrics::Scrape;
use super::trades::Trades;
use super::user::{PATIENCE, Socket, User};
use super::watchers::{Follower, View, Watcher, next, say, upgrade};

/// All who behave, and what they know.
pub(crate) struct Live {
    pub(crate) address: Rc<str>,
    /// Where the operator looks.
    pub(crate) operator: String,
    pub(crate) tasks: Tasks,
    pub(crate) watchers: Vec<Rc<Watcher>>,
    pub(crate) followers: Vec<Rc<Follower>>,
    pub(crate) users: Vec<(User, Socket)>,
    pub(crate) margin: Vec<(MarginTrader, Socket)>,
}

impl Live {
    pub(crate) fn new(address: &str, operator: &str) -> Live {
        Live {
            address: address.into(),
            operator: operator.to_owned(),
            tasks: Tasks::new(),
            watchers: Vec::new(),
            followers: Vec::new(),
            users: Vec::new(),
            margin: Vec::new(),
        }
    }

    /// A watcher whose task ended has found something.
    pub(crate) fn nobody_failed(&mut self) {
        if let Some(ended) = self.tasks.try_join_next() {
            ended.unwrap();
            panic!("one who watches ended");
        }
    }

    /// Looks again and again until there is something.
    pub(crate) async fn until<T>(
        &mut self,
        what: &str,
        mut look: impl FnMut(&Live) -> Option<T>,
    ) -> T {
        let begun = Instant::now();
        loop {
            self.nobody_failed();
            if let Some(found) = look(self) {
                return found;
            }
            assert!(begun.elapsed() < PATIENCE * 3, "not in time: {what}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Everything.
    pub(crate) async fn check(&mut self, is_whole: bool) {
        let mine = self.watchers.len() + self.followers.len();
        let mine = mine + self.users.len() + self.margin.len();
        let metrics = self
            .until(
                "only those who behave are left, and nothing is under way",
                |live| {
                    let now = scrape(&live.operator);
                    let is_quiet = now.get("nexvestxr_connections_open") == mine as f64
                        && sum(&now, "nexvestxr_ring_depth") == 0.0
                        && now.get("nexvestxr_commands_decided_total")
                            == now.get("nexvestxr_commands_persisted_total");
                    is_quiet.then_some(now)
                },
            )
            .await;
        let (trades, orders, positions) = self.check_traders().await;
        self.check_books().await;
        self.check_trades(&trades).await;
        self.check_metrics(&metrics, &trades, orders, positions, is_whole);
    }

    /// Each trader's orders, balances and positions; gives all trades, and how many orders and
    /// positions there are.
    async fn check_traders(&mut self) -> (Trades, usize, usize) {
        let (mut trades, mut orders, mut positions) = (Trades::default(), 0, 0);
        let (mut placed, mut retried, mut turned_away) = (0, 0, 0);
        for (user, socket) in &mut self.users {
            user.compare(socket).await;
            trades.take(user);
            orders += user.open.len() + user.ended.len();
            placed += user.placed.len();
            retried += user.retried;
            turned_away += user.turned_away;
        }
        let mut opened = 0;
        for (trader, socket) in &mut self.margin {
            positions += trader.compare(socket).await;
            orders += trader.orders.len();
            opened += trader.opened;
            for fill in trader.fills.drain(..) {
                trades.take_fill(fill);
            }
        }
        trades.check();
        println!(
            "{placed} orders acknowledged without margin, {retried} asked again after a lost \
             connection, {turned_away} handshakes made again; {opened} positions opened, {positions} \
             left; {} trades",
            trades.whole.len()
        );
        assert!(placed > 0 && opened > 0 && !trades.whole.is_empty());
        (trades, orders, positions)
    }

    /// Each watcher's book is the one that somebody gets who comes now.
    async fn check_books(&mut self) {
        let mut now: BTreeMap<View, Folded> = BTreeMap::new();
        for view in self.watchers.iter().map(|it| it.view) {
            if now.contains_key(&view) {
                continue;
            }
            let mut socket = upgrade(&self.address, [127, 6, 0, 2].into(), "").await;
            let ask = json!({"type": "subscribe", "channels": [view.channel()]});
            say(&mut socket, &ask).await;
            let book = loop {
                let (message, _) = next(&mut socket).await;
                if message["type"] == "orderbook_update" {
                    let mut book = Folded::default();
                    book.take(&message);
                    break book;
                }
            };
            now.insert(view, book);
        }
        self.until("each book is the server's", |live| {
            let is_equal = |watcher: &Rc<Watcher>| {
                let (book, now) = (watcher.book.borrow(), &now[&watcher.view]);
                book.bids == now.bids && book.asks == now.asks
            };
            live.watchers.iter().all(is_equal).then_some(())
        })
        .await;
        let total =
            |count: fn(&Watcher) -> u64| self.watchers.iter().map(|it| count(it)).sum::<u64>();
        let (messages, deflated) = (total(|it| it.messages.get()), total(|it| it.deflated.get()));
        println!(
            "{} books are the server's, after {messages} messages, {deflated} of them deflated",
            self.watchers.len()
        );
        assert!(deflated > 0);
    }

    /// Each follower saw every trade of its pair.
    async fn check_trades(&mut self, trades: &Trades) {
        let of = |pair: usize| {
            let pair = super::market::PAIRS[pair];
            trades.by_pair.get(pair).copied().unwrap_or_default()
        };
        self.until("each follower saw every trade", |live| {
            let saw_all = |it: &Rc<Follower>| it.trades.get() == of(it.pair);
            live.followers.iter().all(saw_all).then_some(())
        })
        .await;
    }

    /// What the server counted is what they did.
    fn check_metrics(
        &self,
        metrics: &Scrape,
        trades: &Trades,
        orders: usize,
        positions: usize,
        is_whole: bool,
    ) {
        let get = |name: &str| metrics.get(&format!("nexvestxr_{name}"));
        assert_eq!(get("orders_accepted_total"), orders as f64);
        assert_eq!(get("trades_printed_total"), trades.whole.len() as f64);
        assert_eq!(get("positions_open"), positions as f64);
        let held = |channel: &str| get(&format!("subscriptions_open{{channel=\"{channel}\"}}"));
        assert_eq!(held("orderbook"), self.watchers.len() as f64);
        assert_eq!(held("trades"), self.followers.len() as f64);
        let traders = self.users.len() + self.margin.len();
        assert_eq!(held("orders"), traders as f64);
        assert_eq!(held("positions"), self.margin.len() as f64);
        let heard = self
            .watchers
            .iter()
            .map(|it| it.messages.get())
            .sum::<u64>();
        assert!(get("messages_sent_total") > heard as f64);
        assert!(sum(metrics, "nexvestxr_requests_refused_total") > 0.0);
        let ended = |reason: &str| get(&format!("connections_ended_total{{reason=\"{reason}\"}}"));
        assert_eq!(
            get("requests_refused_total{code=\"INTERNAL_ERROR\",reason=\"INTERNAL\"}"),
            0.0
        );
        if is_whole {
            assert!(ended("rate_limit") > 0.0 && ended("too_big") > 0.0);
            assert!(get("messages_conflated_total") > 0.0);
            let outside =
                "requests_refused_total{code=\"ORDER_FAILED\",reason=\"PRICE_OUTSIDE_BAND\"}";
            assert!(get(outside) > 0.0, "those who flood with orders");
        }
        println!(
            "metrics agree: {orders} orders, {} refused, {} connections came, {} ended by us; orders \
             answered within {} s (half) and {} s (99 of 100)",
            sum(metrics, "nexvestxr_requests_refused_total"),
            get("connections_opened_total"),
            sum(metrics, "nexvestxr_connections_ended_total"),
            quantile(metrics, "nexvestxr_order_latency_seconds", 50.0),
            quantile(metrics, "nexvestxr_order_latency_seconds", 99.0),
        );
    }
}
