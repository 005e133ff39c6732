//! The whole, wired without threads: clearing and one matcher a pair.
//!
//! In: requests, or recorded commands. Out: reports and, to whoever keeps a journal, the
//! commands that were accepted. Every command is matched and settled before the next is
//! decided. What tests, simulation, replay and recovery run; `runtime` wires the same parts
//! with threads.
//!
//! Invariants: those of clearing and of each book, and that both know the same orders, with the
//! same owner, price and quantity left ([`Exchange::verify`]).

#[cfg(test)]
pub(crate) mod tests;

use thiserror::Error;

use crate::Sink;
use crate::book::{BookConfig, OrderView};
use crate::clearing::{
    Clearing, ClearingState, ConfigError, Decision, Digester, ExchangeConfig, MarketState,
    OpenOrderState, OrderStage, Quote, ReplayError, RestoreError, StateDigest, Violation,
};
use crate::command::{Command, OrderCommand, PlaceOrder, StopTerms, Terms};
use crate::domain::{
    AccountId, OrderId, OrderKey, Pair, PairId, Price, Quantity, Side, TimeInForce, Timestamp,
};
use crate::event::Event;
use crate::matching::{Matcher, TriggerView};
use crate::report::Report;
use crate::request::Request;

/// What [`StopState`] is made of.
pub use crate::matching::RestoredTrigger;

/// An exchange without threads.
#[derive(Debug)]
pub struct Exchange {
    clearing: Clearing,
    matchers: Vec<Matcher>,
    /// Kept for their memory.
    decisions: Vec<Decision>,
    events: Vec<Event>,
}

/// All that an exchange keeps, as plain data. See [`ClearingState`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeState {
    /// Accounts, balances and orders.
    pub clearing: ClearingState,
    /// The place of each open order, by pair.
    pub books: Vec<BookState>,
}

/// The orders that rest in one book.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BookState {
    /// The bids, in the order in which they would trade.
    pub bids: Vec<OrderId>,
    /// The asks, in the order in which they would trade.
    pub asks: Vec<OrderId>,
    /// The orders whose stop is watched, in the order of arrival.
    pub stops: Vec<StopState>,
    /// What shows of each iceberg order, by number.
    pub slices: Vec<(OrderId, Quantity)>,
}

/// One order whose stop is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopState {
    /// Which.
    pub id: OrderId,
    /// What it waits for.
    pub until: RestoredTrigger,
}

/// A sink for what nobody wants.
#[derive(Clone, Copy, Debug, Default)]
pub struct Discard;

impl<T> Sink<T> for Discard {
    #[inline]
    fn push(&mut self, _: T) {}
}

/// The parts of an exchange do not fit together: so many matchers for so many pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{matchers} matchers for {pairs} pairs")]
pub struct PartsError {
    /// How many pairs clearing has.
    pub pairs: usize,
    /// How many matchers were given.
    pub matchers: usize,
}

impl Exchange {
    /// An exchange without accounts, all pairs open, all books empty.
    pub fn new(config: ExchangeConfig) -> Result<Exchange, ConfigError> {
        let clearing = Clearing::new(config)?;
        let book = book_config(clearing.config());
        let limits = |pair: &Pair| clearing.price_limits(pair.id()).unwrap_or_default();
        let pairs = clearing.config().pairs.iter();
        let matcher = |pair: &Pair| {
            let matcher = Matcher::new(book).limited(limits(pair));
            quoting(pair, matcher)
        };
        let matchers = pairs.map(matcher);
        Ok(Exchange {
            matchers: matchers.collect(),
            clearing,
            decisions: Vec::new(),
            events: Vec::new(),
        })
    }

    /// Puts an exchange together from its parts, each pair's matcher at the pair's number, with
    /// nothing in flight between them.
    pub fn from_parts(clearing: Clearing, matchers: Vec<Matcher>) -> Result<Exchange, PartsError> {
        let pairs = clearing.config().pairs.len();
        if matchers.len() != pairs {
            return Err(PartsError {
                pairs,
                matchers: matchers.len(),
            });
        }
        Ok(Exchange {
            clearing,
            matchers,
            decisions: Vec::new(),
            events: Vec::new(),
        })
    }

    /// All that is kept, to be written down. Time and memory grow with it.
    pub fn state(&self) -> ExchangeState {
        let clearing = self.clearing.state();
        let books = self.by_pair().map(|(pair, matcher)| {
            let side = |side| self.ids_of(pair, matcher, side).collect();
            BookState {
                bids: side(Side::Buy),
                asks: side(Side::Sell),
                stops: self.stops_of(pair, matcher).collect(),
                slices: self.slices_of(pair, matcher),
            }
        });
        ExchangeState {
            books: books.collect(),
            clearing: clearing.expect("invariant: nothing is in flight between two requests"),
        }
    }

    /// Takes up a state that [`Exchange::state`] gave, after checking all of it: one that is
    /// not whole is an error that says what is wrong.
    pub fn restore(
        config: ExchangeConfig,
        state: &ExchangeState,
    ) -> Result<Exchange, RestoreError> {
        let mut exchange = Exchange::new(config.clone())?;
        exchange.clearing = Clearing::restore(config, &state.clearing)?;
        if state.books.len() != exchange.matchers.len() {
            let what = format!("it has {} books", state.books.len());
            return Err(RestoreError::State(what));
        }
        for index in 0..exchange.matchers.len() {
            let (market, book) = (&state.clearing.markets[index], &state.books[index]);
            exchange.restore_book(index, market, book)?;
        }
        exchange
            .verify()
            .map_err(|Violation(what)| RestoreError::State(what))?;
        Ok(exchange)
    }

    /// Takes it apart, for threads to run: clearing, and each pair's matcher by number.
    pub fn into_parts(self) -> (Clearing, Vec<Matcher>) {
        (self.clearing, self.matchers)
    }

    /// When [`Exchange::tick`] has something to do next; `None` for never.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.clearing.next_deadline()
    }

    /// Does what is due by `now`, and what that leads to: see [`Clearing::tick`].
    pub fn tick(&mut self, now: Timestamp, out: &mut impl Sink<Report>) {
        self.tick_logged(now, out, &mut Discard);
    }

    /// As [`Exchange::tick`], and pushes each command to `log`, before it is matched.
    pub fn tick_logged(
        &mut self,
        now: Timestamp,
        out: &mut impl Sink<Report>,
        log: &mut impl Sink<Command>,
    ) {
        while self.next_deadline().is_some_and(|due| due <= now) {
            let mut decisions = std::mem::take(&mut self.decisions);
            self.clearing.tick(now, &mut decisions);
            let is_idle = decisions.is_empty();
            self.decisions = decisions;
            if is_idle {
                break;
            }
            self.carry_out(out, log);
        }
    }

    /// Decides `request` at `now`, matches and settles what it leads to.
    #[inline]
    pub fn apply(&mut self, request: &Request, now: Timestamp, out: &mut impl Sink<Report>) {
        self.apply_logged(request, now, out, &mut Discard);
    }

    /// As [`Exchange::apply`], and pushes each accepted command to `log`, before it is matched.
    pub fn apply_logged(
        &mut self,
        request: &Request,
        now: Timestamp,
        out: &mut impl Sink<Report>,
        log: &mut impl Sink<Command>,
    ) {
        // What is due is settled before the request is decided, as everything before it is.
        self.tick_logged(now, out, log);
        let mut decisions = std::mem::take(&mut self.decisions);
        self.clearing.decide(request, now, &mut decisions);
        self.decisions = decisions;
        self.carry_out(out, log);
        // What it led to may be due at once: a liquidation.
        self.tick_logged(now, out, log);
    }

    /// Matches and settles what was decided.
    #[inline]
    fn carry_out(&mut self, out: &mut impl Sink<Report>, log: &mut impl Sink<Command>) {
        let mut decisions = std::mem::take(&mut self.decisions);
        for decision in &decisions {
            match decision {
                Decision::Report(report) => out.push(*report),
                Decision::Command(command) => {
                    log.push(*command);
                    if let Some((pair, order)) = command.kind.order_command() {
                        self.match_and_settle(pair, &order, out);
                    }
                }
            }
        }
        decisions.clear();
        self.decisions = decisions;
    }

    /// Applies a command that was accepted before. See [`Clearing::replay`].
    pub fn replay(
        &mut self,
        command: &Command,
        out: &mut impl Sink<Report>,
    ) -> Result<(), ReplayError> {
        if let Some((pair, order)) = self.clearing.replay(command, out)? {
            self.match_and_settle(pair, &order, out);
        }
        Ok(())
    }

    /// Money and risk, to be read.
    pub fn clearing(&self) -> &Clearing {
        &self.clearing
    }

    /// The matcher of a pair, to be read; `None` for an unknown pair.
    pub fn matcher(&self, pair: PairId) -> Option<&Matcher> {
        self.matchers.get(usize::from(pair.0))
    }

    /// The digest of everything: what clearing keeps, and each book by side, price and place.
    pub fn state_digest(&self) -> StateDigest {
        let mut digester = Digester::new();
        self.clearing.digest_into(&mut digester);
        for (pair, matcher) in self.by_pair() {
            digester.number(matcher.sequence().0);
            self.digest_specials(pair, matcher, &mut digester);
            for side in [Side::Buy, Side::Sell] {
                digester.number(matcher.depth(side).count() as u64);
                for level in matcher.depth(side) {
                    digester.price(Some(level.price));
                    digester.number(level.total);
                    for order in matcher.queue(side, level.price) {
                        let id = self.clearing.id_of_open(pair, order.key);
                        digester.number(id.map_or(0, |id| id.0));
                        digester.quantity(order.leaves);
                    }
                }
            }
        }
        digester.finish()
    }

    /// Walks everything and says the first thing that is wrong. Time grows with all that is
    /// kept.
    pub fn verify(&self) -> Result<(), Violation> {
        self.clearing.verify()?;
        if self.clearing.in_flight() > 0 {
            return violated(format!(
                "{} commands are in flight between two requests",
                self.clearing.in_flight()
            ));
        }
        for (pair, matcher) in self.by_pair() {
            matcher
                .verify()
                .map_err(|what| Violation(format!("the book of {pair:?}: {what}")))?;
            self.verify_agreement(pair, matcher)?;
        }
        Ok(())
    }

    #[inline]
    fn match_and_settle(
        &mut self,
        pair: PairId,
        order: &OrderCommand,
        out: &mut impl Sink<Report>,
    ) {
        self.matchers[usize::from(pair.0)].run(order, &mut self.events);
        for event in self.events.drain(..) {
            self.clearing.settle(pair, &event, out);
        }
    }

    /// Puts the orders of a book back, in the order of their places, and watches their stops.
    fn restore_book(
        &mut self,
        index: usize,
        market: &MarketState,
        book: &BookState,
    ) -> Result<(), RestoreError> {
        let pair = self.clearing.config().pairs[index].id();
        let wrong = |what: &str| Err(RestoreError::State(format!("{what} in {pair:?}")));
        let config = book_config(self.clearing.config());
        let (last_trade, status) = (market.last_trade, market.status);
        let limits = self.clearing.price_limits(pair).unwrap_or_default();
        let mut matcher = Matcher::resuming(config, market.last_event, last_trade, status);
        matcher = matcher.limited(limits);
        let open_of = |id: &OrderId| {
            let found = market.open.binary_search_by_key(id, |open| open.order.id);
            found.ok().map(|at| &market.open[at])
        };
        for id in book.bids.iter().chain(&book.asks) {
            let open = open_of(id);
            let Some((open, place)) = open.and_then(|it| Some((it, self.place_again(pair, it)?)))
            else {
                return wrong("an order rests that is not open");
            };
            let display = match open.order.terms {
                Terms::Iceberg { display } => Some(display),
                Terms::Plain | Terms::Stop(_) => None,
            };
            let slice = book.slices.binary_search_by_key(id, |(of, _)| *of);
            let shown = slice.map_or(open.leaves, |at| book.slices[at].1);
            if !matcher.restore_resting(&place, shown, display) {
                return wrong("an order does not rest where it did");
            }
        }
        for stop in &book.stops {
            let place = open_of(&stop.id).and_then(|it| Some((it, self.place_again(pair, it)?)));
            let Some((open, place)) = place else {
                return wrong("a stop is watched of an order that is not open");
            };
            let Terms::Stop(terms) = open.order.terms else {
                return wrong("a stop is watched of an order that has none");
            };
            if !matcher.restore_stop(&place, &terms, stop.until) {
                return wrong("a stop does not wait where it did");
            }
        }
        let side = |side| self.ids_of(pair, &matcher, side);
        let again = side(Side::Buy).eq(book.bids.iter().copied())
            && side(Side::Sell).eq(book.asks.iter().copied())
            && self.slices_of(pair, &matcher) == book.slices;
        if !again {
            return wrong("an order is out of its place");
        }
        if let Some(margin) = &market.margin {
            let best = |side| matcher.best(side).map(|level| level.price);
            let quote = Quote {
                bid: best(Side::Buy),
                ask: best(Side::Sell),
                last: matcher.last_trade(),
            };
            if margin.quote != quote {
                return wrong("the quote is not that of the book");
            }
        }
        self.matchers[index] = quoting(&self.clearing.config().pairs[index], matcher);
        Ok(())
    }

    /// What its matcher is told of an order that was there before.
    fn place_again(&self, pair: PairId, open: &OpenOrderState) -> Option<PlaceOrder> {
        let order = &open.order;
        Some(PlaceOrder {
            key: self.clearing.key_of_open(pair, order.id)?,
            account: order.account,
            side: order.side,
            price: order.price,
            quantity: open.leaves,
            time_in_force: match (open.stage, order.terms) {
                // It was set off and comes in at the market when the pair opens.
                (OrderStage::Waiting, Terms::Stop(StopTerms::Oco { market: true, .. })) => {
                    TimeInForce::ImmediateOrCancel
                }
                _ => order.time_in_force,
            },
            post_only: order.post_only,
            self_trade: order.self_trade,
        })
    }

    /// The orders of a pair whose stop is watched, in the order of arrival.
    fn stops_of(&self, pair: PairId, matcher: &Matcher) -> impl Iterator<Item = StopState> {
        let stops = matcher.stops().into_iter();
        stops.filter_map(move |stop| {
            Some(StopState {
                id: self.clearing.id_of_open(pair, stop.key)?,
                until: match stop.trigger {
                    TriggerView::Fixed(_) => RestoredTrigger::Fixed,
                    TriggerView::Trailing(anchor) => RestoredTrigger::Trailing(anchor),
                    TriggerView::Opening => RestoredTrigger::Opening,
                },
            })
        })
    }

    /// What shows of each iceberg order of a pair, by number.
    fn slices_of(&self, pair: PairId, matcher: &Matcher) -> Vec<(OrderId, Quantity)> {
        let mut slices = Vec::new();
        for side in [Side::Buy, Side::Sell] {
            for level in matcher.depth(side) {
                let queue = matcher.queue(side, level.price);
                let slice = |order: OrderView| {
                    Some((self.clearing.id_of_open(pair, order.key)?, order.leaves))
                };
                slices.extend(queue.filter(|order| order.iceberg).filter_map(slice));
            }
        }
        slices.sort_unstable();
        slices
    }

    /// What waits and what hides. Nothing where all orders are plain, so that these are as they
    /// always were.
    fn digest_specials(&self, pair: PairId, matcher: &Matcher, to: &mut Digester) {
        for stop in self.stops_of(pair, matcher) {
            to.text("stop");
            to.number(stop.id.0);
            match stop.until {
                RestoredTrigger::Fixed => {}
                RestoredTrigger::Trailing(anchor) => to.price(Some(anchor)),
                RestoredTrigger::Opening => to.text("opening"),
            }
        }
        for (id, shown) in self.slices_of(pair, matcher) {
            to.text("slice");
            to.number(id.0);
            to.quantity(shown);
        }
    }

    /// The ids of one side, in the order in which they would trade.
    fn ids_of<'a>(
        &'a self,
        pair: PairId,
        matcher: &'a Matcher,
        side: Side,
    ) -> impl Iterator<Item = OrderId> + 'a {
        let orders = matcher
            .depth(side)
            .flat_map(move |level| matcher.queue(side, level.price));
        orders.filter_map(move |order| self.clearing.id_of_open(pair, order.key))
    }

    fn by_pair(&self) -> impl Iterator<Item = (PairId, &Matcher)> {
        let pairs = self.clearing.config().pairs.iter().map(|pair| pair.id());
        pairs.zip(&self.matchers)
    }

    fn verify_figures(&self, pair: PairId, key: OrderKey, seen: Figures) -> Result<(), Violation> {
        let known = self.clearing.figures_of_open(pair, key);
        if known != Some(seen) {
            return violated(format!(
                "the matcher of {pair:?} has {seen:?}, clearing knows {known:?}"
            ));
        }
        Ok(())
    }

    /// Whether the book and clearing know the same orders.
    fn verify_agreement(&self, pair: PairId, matcher: &Matcher) -> Result<(), Violation> {
        if self.clearing.last_event(pair) != Some(matcher.sequence()) {
            return violated(format!(
                "{pair:?} is at {:?}, clearing has settled {:?}",
                matcher.sequence(),
                self.clearing.last_event(pair)
            ));
        }
        if Some(matcher.status()) != self.clearing.trading_status(pair)
            || matcher.last_trade() != self.clearing.last_trade(pair)
            || Some(matcher.limits()) != self.clearing.price_limits(pair)
        {
            return violated(format!(
                "{pair:?} is {:?} after {:?}, clearing says otherwise",
                matcher.status(),
                matcher.last_trade()
            ));
        }
        let mut resting = 0;
        for stop in matcher.stops() {
            if let Some(order) = stop.waiting {
                resting += 1;
                let figures = (order.account, order.side, order.price, order.quantity);
                let seen = (figures, OrderStage::Waiting);
                self.verify_figures(pair, stop.key, seen)?;
            }
        }
        for side in [Side::Buy, Side::Sell] {
            for level in matcher.depth(side) {
                for order in matcher.queue(side, level.price) {
                    resting += 1;
                    let leaves = order.leaves.checked_add(matcher.hidden(order.key));
                    let leaves = leaves.unwrap_or(Quantity::MAX);
                    let stage = if order.linked {
                        OrderStage::Linked
                    } else {
                        OrderStage::Book
                    };
                    let seen = ((order.account, order.side, order.price, leaves), stage);
                    self.verify_figures(pair, order.key, seen)?;
                }
            }
        }
        let open = self.clearing.open_count(pair);
        if resting != open {
            return violated(format!(
                "{resting} orders rest in {pair:?}, clearing knows {open}"
            ));
        }
        Ok(())
    }
}

/// Owner, side, price and rest of an order, and where it is.
type Figures = ((AccountId, Side, Price, Quantity), OrderStage);

/// The matcher of `pair`, its book filled: says its quotes where the pair is traded on margin, for
/// the mark price is made of them. // G-12
fn quoting(pair: &Pair, matcher: Matcher) -> Matcher {
    match pair.margin() {
        Some(_) => matcher.quoting(),
        None => matcher,
    }
}

/// The size of each book of a configuration that was checked.
fn book_config(config: &ExchangeConfig) -> BookConfig {
    let window = BookConfig::default().window_levels();
    BookConfig::new(window, config.max_orders_per_pair)
        .expect("invariant: the configuration was checked")
}

fn violated(what: String) -> Result<(), Violation> {
    Err(Violation(what))
}
