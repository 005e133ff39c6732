//! Between the clients, the market and the exchange: the one writer of all the gateway knows.
//!
//! In: what connections bring, the exchange's reports, the time. Out: requests to the exchange,
//! and messages in the connections' [`Mailbox`]es. It does no I/O and reads no clock, so that
//! tests drive it with an exchange without threads and a time of their own; `server` runs it in
//! one task.
//!
//! Invariants: every request of a client gets one direct answer, in order; nothing private
//! leaves for a connection without a valid token of its owner; timestamps never fall; a pair
//! without changes and a gateway without connections set no timer.
//!
//! Complexity: a public message costs one encoding a group and a push of shared bytes a
//! subscriber.

mod answers;
mod books;
mod figures;
mod index;
mod liquidations;
mod load;
mod mailbox;
mod operator;
mod portfolios;
mod positions;
mod prices;
mod publish;
mod queries;
mod rates;
mod remembered;
mod requests;
mod revoke;
mod subscribe;
#[cfg(test)]
mod tests;
mod ties;
mod timers;
mod watch;

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use engine::domain::{AccountId, AssetId, Lending, PairId, Price, Timestamp};
use engine::exchange::Exchange;
use engine::request::{Correlation, Request, RequestKind};
use engine::runtime::SubmitError;

use crate::config::{Config, Limits};
use crate::instrument::Instruments;
use crate::market_data::{MarginMarket, MarketData};
use crate::private_data::{Portfolio, PrivateData, Valuation, Worths};
use crate::session::{
    Addresses, Arrival, ChannelKey, CloseReason, InFlight, Inbound, Next, Refused, Session, Window,
};
use crate::wire::{ErrorMessage, Reason};

use self::books::{BookSeat, BookShard};
use self::index::Indices;
use self::prices::Prices;
use self::ties::Ties;

pub use self::figures::{Counts, Figures};
pub use self::mailbox::{Bell, Mailbox};
pub use self::prices::{PRICE_INTERVAL_MS, PRICE_REPEAT_MS};
pub use self::remembered::Remembered;
pub use self::ties::{Forgetful, TieLog};

/// How often a changed book is told, in milliseconds.
pub const BOOK_INTERVAL_MS: u64 = 100;
/// How often a book is told at most in any second.
pub const BOOK_MESSAGES_PER_SECOND: u32 = 10;
/// How often pulses, tokens and portfolios are looked at, in milliseconds.
pub const HOUSEKEEPING_INTERVAL_MS: u64 = 1_000;
/// How often a portfolio is told at least, in milliseconds.
pub const PORTFOLIO_INTERVAL_MS: u64 = 10_000;

/// One connection, numbered from 1, never twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u32);

impl ConnectionId {
    /// Nobody: what asks in its name wants no answer.
    pub const NOBODY: ConnectionId = ConnectionId(0);
    /// The operator: answers go to whoever asked in its name, not to the hub.
    const ADMIN: ConnectionId = ConnectionId(u32::MAX - 1);
    /// The hub itself, for those whose connections ended: the ticket is their account.
    const TIES: ConnectionId = ConnectionId(u32::MAX);
}

/// What a request of the operator is called.
pub fn admin_correlation(ticket: u32) -> Correlation {
    correlation(ConnectionId::ADMIN, ticket)
}

/// Which request of the operator this is the answer to, if it is one.
pub fn admin_ticket(correlation: Correlation) -> Option<u32> {
    let is_admin = correlation.0 >> 32 == u64::from(ConnectionId::ADMIN.0);
    is_admin.then(|| u32::try_from(correlation.0 & u64::from(u32::MAX)).unwrap_or_default())
}

/// Where requests to the exchange go.
pub trait Submit {
    /// Sends a request in.
    ///
    /// # Errors
    /// See [`SubmitError`]: the request had no effect.
    fn submit(&mut self, request: Request) -> Result<(), SubmitError>;
}

impl Submit for engine::runtime::Inbox {
    fn submit(&mut self, request: Request) -> Result<(), SubmitError> {
        engine::runtime::Inbox::submit(self, request)
    }
}

/// All that the gateway knows.
pub struct Hub {
    instruments: Arc<Instruments>,
    limits: Limits,
    open_orders_per_pair: u32,
    exchange: Box<dyn Submit + Send>,
    now: Timestamp,
    last_connection: u32,
    connections: HashMap<ConnectionId, Connection>,
    users: BTreeMap<AccountId, UserSeat>,
    revoked: revoke::Revoked,
    addresses: Addresses,
    market: MarketData,
    margin: MarginMarket,
    /// How each asset is lent, by asset.
    lending: Vec<Lending>,
    indices: Indices,
    private: PrivateData,
    operated: operator::Users,
    ties: Ties,
    worths: Worths,
    /// By shard.
    shards: Vec<BookShard>,
    /// By pair.
    trades: Vec<Vec<Seat>>,
    prices: Prices,
    /// By pair, when portfolios were last looked at.
    told_marks: Vec<Option<Price>>,
    housekeeping: Option<Timestamp>,
    /// When the first token ends.
    next_expiry: Option<Timestamp>,
    watch: watch::Watch,
    counts: Counts,
    /// Of the message that is handled, while it is handled as it came.
    arrival: Option<Arrival>,
    /// Of the accepted command that was answered last.
    answered: Option<Arrival>,
    /// Connections whose outbox overflowed, to be ended.
    overflowed: Vec<ConnectionId>,
    /// Whether the `subscribe` that is handled has begun a reply.
    is_replying: bool,
    /// Kept for its memory.
    buffer: Vec<u8>,
}

struct Connection {
    address: IpAddr,
    mailbox: Mailbox,
    session: Session,
}

/// One subscriber.
#[derive(Clone)]
struct Seat {
    connection: ConnectionId,
    mailbox: Mailbox,
}

/// What all connections of one user share.
struct UserSeat {
    connections: Vec<ConnectionId>,
    orders: Window,
    cancels: Window,
    order_seats: Vec<Seat>,
    portfolio_seats: Vec<Seat>,
    position_seats: Vec<Seat>,
    call_seats: Vec<Seat>,
    /// By pair, the mark price that positions were last told with.
    told_position_marks: BTreeMap<PairId, Option<Price>>,
    is_portfolio_changed: bool,
    portfolio_told_at: Timestamp,
    told_portfolio: Option<Portfolio>,
}

/// An exchange that does not run yet.
struct NotConnected;

impl Submit for NotConnected {
    fn submit(&mut self, _: Request) -> Result<(), SubmitError> {
        Err(SubmitError::Closed)
    }
}

impl Hub {
    /// A gateway to an exchange that stands where `state` does. Until [`Hub::connect`] it takes
    /// no commands.
    pub fn new(config: &Config, state: &Exchange) -> Hub {
        Hub::with_shards(config, state, 1)
    }

    /// The same, for connections that live on so many shards, at least one.
    pub fn with_shards(config: &Config, state: &Exchange, shards: usize) -> Hub {
        let shards = shards.max(1);
        let instruments = config.instruments.clone();
        let limits = config.limits.clone();
        let pairs = instruments.all().len();
        let open_orders = instruments.all().iter();
        let mut hub = Hub {
            open_orders_per_pair: open_orders
                .map(|it| it.pair.limits().max_open_orders)
                .min()
                .unwrap_or(0),
            exchange: Box::new(NotConnected),
            now: Timestamp(0),
            last_connection: 0,
            connections: HashMap::new(),
            users: BTreeMap::new(),
            revoked: revoke::Revoked::new(config.exchange.max_revocations),
            addresses: Addresses::new(crate::session::AddressLimits {
                connections: limits.connections_per_address,
                handshakes_per_second: limits.handshakes_per_second_per_address,
                messages_per_second: limits.messages_per_second_per_address,
            }),
            market: MarketData::new(&instruments, limits.recent_trades, shards),
            margin: MarginMarket::new(pairs, instruments.assets().len()),
            lending: config.exchange.lending.clone(),
            indices: Indices::new(config),
            private: PrivateData::new(instruments.assets().len(), config.kept()),
            operated: operator::Users::default(),
            ties: Ties::default(),
            worths: Worths::new(
                Valuation::new(&instruments, config.valuation),
                pairs,
                &|pair| Some(instruments.get(pair)?.pair.reference_price()),
            ),
            shards: (0..shards).map(|_| BookShard::new(pairs)).collect(),
            trades: (0..pairs).map(|_| Vec::new()).collect(),
            prices: Prices::new(&instruments),
            told_marks: Vec::new(),
            housekeeping: None,
            next_expiry: None,
            watch: watch::Watch::new(config),
            counts: Counts::default(),
            arrival: None,
            answered: None,
            overflowed: Vec::new(),
            is_replying: false,
            buffer: Vec::with_capacity(4_096),
            instruments,
            limits,
        };
        hub.load(state);
        hub
    }

    /// Sends requests there from now on.
    pub fn connect(&mut self, exchange: Box<dyn Submit + Send>) {
        self.exchange = exchange;
        self.submit_owed();
    }

    /// The public view, to be read.
    pub fn market(&self) -> &MarketData {
        &self.market
    }

    /// How many connections there are.
    pub fn connection_count(&self) -> usize {
        self.connections.len()
    }

    /// The counts of addresses, for handshakes.
    pub fn addresses(&mut self) -> &mut Addresses {
        &mut self.addresses
    }

    /// A client came. `mailbox` is what its connection writes from.
    pub fn open(&mut self, address: IpAddr, mailbox: Mailbox, now: Timestamp) -> ConnectionId {
        self.advance(now);
        self.last_connection += 1;
        let id = ConnectionId(self.last_connection);
        let limits = &self.limits;
        let session = Session::new(
            self.now,
            limits.messages_per_second,
            limits.ping_interval_ms,
            limits.stats_interval_ms,
        );
        let connection = Connection {
            address,
            mailbox,
            session,
        };
        self.connections.insert(id, connection);
        self.counts.opened += 1;
        self.arm_housekeeping();
        id
    }

    /// A client's message came at a moment that is measured.
    pub fn receive_at(
        &mut self,
        id: ConnectionId,
        inbound: Inbound,
        arrival: Arrival,
        now: Timestamp,
    ) {
        self.arrival = Some(arrival);
        self.receive(id, inbound, now);
        self.arrival = None;
    }

    /// The arrival of the accepted command that the last report answered, if it was measured and
    /// nobody asked yet.
    pub fn take_answered(&mut self) -> Option<Arrival> {
        self.answered.take()
    }

    /// A client's message came.
    pub fn receive(&mut self, id: ConnectionId, inbound: Inbound, now: Timestamp) {
        self.advance(now);
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let session = &mut connection.session;
        session.heartbeat.heard(self.now);
        if session.ending.is_some() {
            return;
        }
        session.messages_received += 1;
        let inbound = match self.check_rates(id, &inbound) {
            Ok(()) => inbound,
            Err(refusal) => Inbound::Refused(Refused::new(refusal, inbound.head())),
        };
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let head = inbound.head();
        if connection.session.pipeline.push(inbound) {
            self.pump(id);
        } else {
            // A client that does not wait for a thousand answers: it is told, and ended.
            self.say_error(id, &Refused::new(Reason::Busy, head));
            self.end(id, CloseReason::RateLimit);
        }
        self.settle_overflow();
    }

    /// Something else came from a client: it is alive.
    pub fn heard(&mut self, id: ConnectionId, now: Timestamp) {
        self.advance(now);
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.session.heartbeat.heard(self.now);
        }
    }

    /// The answer to a ping came.
    pub fn pong(&mut self, id: ConnectionId, number: u64, now: Timestamp) {
        self.heard(id, now);
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.session.heartbeat.pong(number, self.now);
        }
    }

    /// A client broke the rules of the transport: the connection ends.
    pub fn violate(&mut self, id: ConnectionId, reason: CloseReason, now: Timestamp) {
        self.advance(now);
        if reason == CloseReason::BinaryFrame {
            self.say_error(id, &Refused::new(Reason::BinaryFrame, Default::default()));
        }
        self.end(id, reason);
        self.settle_overflow();
    }

    /// A connection is gone.
    pub fn closed(&mut self, id: ConnectionId, now: Timestamp) {
        self.advance(now);
        self.forget(id);
    }

    /// Says to everybody that the exchange stops, and ends all connections.
    pub fn shut_down(&mut self, now: Timestamp) {
        self.advance(now);
        self.buffer.clear();
        crate::wire::Notice::Maintenance.encode(&mut self.buffer, self.now);
        let notice = Bytes::copy_from_slice(&self.buffer);
        let mut ids: Vec<ConnectionId> = self.connections.keys().copied().collect();
        ids.sort_unstable();
        for id in ids {
            self.send(id, notice.clone());
            self.end_now(id, CloseReason::Maintenance);
        }
        self.settle_overflow();
    }

    /// Time never falls, and nothing is done in the name of a token that it ended.
    fn advance(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        if self.next_expiry.is_some_and(|at| at <= self.now) {
            let mut ids: Vec<ConnectionId> = self.connections.keys().copied().collect();
            ids.sort_unstable();
            for id in ids {
                self.check_token(id);
            }
            let users = self
                .connections
                .values()
                .filter_map(|it| it.session.authenticated());
            self.next_expiry = users.map(|user| user.expires_at).min();
        }
    }

    /// Handles all of a connection's messages whose turn it is.
    fn pump(&mut self, id: ConnectionId) {
        loop {
            let Some(connection) = self.connections.get_mut(&id) else {
                return;
            };
            match connection.session.pipeline.proceed() {
                Next::Nothing => return,
                Next::Fence => self.fence(id),
                Next::Handle(inbound) => self.handle(id, inbound),
            }
        }
    }

    /// Asks the exchange something harmless, to know that all it said before is here.
    fn fence(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let session = &mut connection.session;
        let Some(name) = session.user().map(|user| user.name) else {
            session.pipeline.skip_fence();
            return;
        };
        let ticket = session.pipeline.asked(InFlight::Fence, None);
        let request = Request {
            correlation: correlation(id, ticket),
            kind: RequestKind::OpenAccount { name },
        };
        if self.exchange.submit(request).is_err()
            && let Some(connection) = self.connections.get_mut(&id)
        {
            connection.session.pipeline.unasked();
            connection.session.pipeline.skip_fence();
        }
    }

    /// Puts a message into a connection's outbox.
    fn send(&mut self, id: ConnectionId, message: Bytes) {
        if let Some(connection) = self.connections.get(&id)
            && connection.mailbox.push(message).is_err()
        {
            self.overflowed.push(id);
        }
    }

    /// Encodes the answer to a query and puts it into a connection's outbox, once beyond what
    /// fits there: the client asked for it.
    fn say_reply(&mut self, id: ConnectionId, encode: impl FnOnce(&Hub, &mut Vec<u8>)) {
        let mut out = Vec::with_capacity(1_024);
        encode(self, &mut out);
        let message = Bytes::from(out);
        if let Some(connection) = self.connections.get(&id)
            && connection.mailbox.push(message.clone()).is_err()
            && connection.mailbox.push_reply(vec![message]).is_err()
        {
            self.overflowed.push(id);
        }
    }

    /// Encodes a message and puts it into a connection's outbox.
    fn say(&mut self, id: ConnectionId, encode: impl FnOnce(&Hub, &mut Vec<u8>)) {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        encode(self, &mut buffer);
        let message = Bytes::copy_from_slice(&buffer);
        self.buffer = buffer;
        self.send(id, message);
    }

    fn say_error(&mut self, id: ConnectionId, refused: &Refused) {
        let now = self.now;
        self.counts.refused(refused.refusal.reason);
        self.say(id, |_, out| {
            let error = ErrorMessage {
                refusal: &refused.refusal,
                request_type: refused.request.kind,
                client_order_id: refused.request.client_order_id,
                index: refused.request.index,
            };
            error.encode(out, refused.request.id.as_ref(), now);
        });
    }

    /// Ends connections that could not keep up.
    fn settle_overflow(&mut self) {
        while let Some(id) = self.overflowed.pop() {
            if let Some(connection) = self.connections.get(&id) {
                connection.mailbox.abort(CloseReason::TooSlow);
                self.counts.ended(CloseReason::TooSlow);
                self.forget(id);
            }
        }
    }

    /// Ends a connection once the commands under way are answered, after what waits for it.
    /// Messages whose turn has not come are not handled.
    fn end(&mut self, id: ConnectionId, reason: CloseReason) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let session = &mut connection.session;
        if session.pipeline.has_asked() {
            session.pipeline.drop_waiting();
            session.ending.get_or_insert(reason);
        } else {
            self.end_now(id, reason);
        }
    }

    /// Ends a connection after what waits for it.
    fn end_now(&mut self, id: ConnectionId, reason: CloseReason) {
        if let Some(connection) = self.connections.get(&id) {
            connection.mailbox.close(reason);
            self.counts.ended(reason);
            self.forget(id);
        }
    }

    /// Takes a connection out of everything.
    fn forget(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.remove(&id) else {
            return;
        };
        self.counts.closed += 1;
        self.addresses.close(connection.address, self.now);
        let session = &connection.session;
        let account = session.user().map(|user| user.account);
        for channel in session.subscriptions.held() {
            self.leave(id, account, *channel);
        }
        let Some(user) = session.user() else { return };
        let account = user.account;
        if let Some(seat) = self.users.get_mut(&account) {
            seat.connections.retain(|other| *other != id);
        }
        if user.cancel_on_disconnect {
            self.part(account);
        }
    }

    fn price(&self, pair: PairId) -> Option<Price> {
        price_in_force(&self.market, &self.instruments, pair)
    }

    fn valuation_asset(&self) -> AssetId {
        self.worths.valuation().asset()
    }
}

/// The last trade's price; before the first, the one that is configured.
fn price_in_force(market: &MarketData, instruments: &Instruments, pair: PairId) -> Option<Price> {
    let last = market.last_trade(pair);
    last.or_else(|| Some(instruments.get(pair)?.pair.reference_price()))
}

/// What finds an answer's place again.
fn correlation(id: ConnectionId, ticket: u32) -> Correlation {
    Correlation(u64::from(id.0) << 32 | u64::from(ticket))
}

/// The book's channel in an outbox; portfolios have their own.
fn book_key(pair: PairId) -> ChannelKey {
    ChannelKey(u32::from(pair.0))
}

const PORTFOLIO_KEY: ChannelKey = ChannelKey(u32::MAX);
