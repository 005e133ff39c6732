//! One client, without I/O: who it is, what it holds, what waits for it, what it may do.
//!
//! In: decoded messages, answers of the exchange, the time. Out: what is to be handled next, in
//! order ([`Pipeline`]), and what is to be written, within limits ([`Outbox`]). The hub between
//! the sessions, the market and the exchange does what they say.
//!
//! Invariants: every request gets one direct answer, in the order of the requests; nothing
//! private reaches a session without a valid token; no queue grows without a limit.

mod address;
mod byte_rate;
mod heartbeat;
mod outbox;
mod pipeline;
mod subscriptions;
mod window;

use engine::domain::{
    AccountId, ClientOrderId, OrderId, PairId, PositionId, Price, Quantity, Timestamp, TokenId,
    UserName,
};
use engine::request::PlaceRequest;

use crate::wire::{
    ClientMessage, Envelope, OrderType, Reason, Refusal, RequestId, RequestType, WireError,
};

pub use self::address::{AddressLimits, AddressRefusal, Addresses, prefix as address_prefix};
pub use self::byte_rate::ByteRate;
pub use self::heartbeat::{Heartbeat, Pulse};
pub use self::outbox::{ChannelKey, Frame, MAX_QUEUED, Outbox, Overflow};
pub use self::pipeline::{Arrival, MAX_WAITING, Next, Outcome, Pipeline};
pub use self::subscriptions::{Channel, Subscribed, Subscriptions};
pub use self::window::Window;

/// How long before a token ends its owner is told, in milliseconds.
pub const EXPIRY_NOTICE_MS: u64 = 60_000;

/// One client.
#[derive(Debug)]
pub struct Session {
    /// When the connection was opened.
    pub opened_at: Timestamp,
    /// What it holds.
    pub subscriptions: Subscriptions,
    /// Its messages in their order.
    pub pipeline: Pipeline,
    /// Whether it is still there.
    pub heartbeat: Heartbeat,
    /// Its messages of the last second.
    pub messages: Window,
    /// How many messages came.
    pub messages_received: u64,
    /// When `connection_stats` comes next by itself.
    pub next_stats: Timestamp,
    /// Why it ends as soon as the commands under way are answered.
    pub ending: Option<CloseReason>,
    user: Option<User>,
    strikes: u32,
}

/// Whose a session is, since its first login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The token's `sub`.
    pub name: UserName,
    /// Its number in the exchange.
    pub account: AccountId,
    /// When the token ends.
    pub expires_at: Timestamp,
    /// The tier that the token named.
    pub tier: Option<Box<str>>,
    /// Cancel all open orders when the connection ends.
    pub cancel_on_disconnect: bool,
    /// By what the token would be revoked.
    pub mark: TokenMark,
    /// Whether the token is still good.
    is_valid: bool,
    /// Whether its end was announced.
    is_warned: bool,
}

/// What of a token tells whether it was revoked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenMark {
    /// What stands for its `jti`.
    pub id: Option<TokenId>,
    /// `iat`, where it is a whole number.
    pub issued_at: Option<Timestamp>,
}

/// What a verified token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// `sub`
    pub name: UserName,
    /// `exp`
    pub expires_at: Timestamp,
    /// `tier`
    pub tier: Option<Box<str>>,
    /// From the message's options; `None` leaves it as it was.
    pub cancel_on_disconnect: Option<bool>,
    /// By what the token would be revoked.
    pub mark: TokenMark,
}

/// One message of a client, read and, where it brought a token, verified.
#[derive(Clone, Debug, PartialEq)]
pub enum Inbound {
    /// A request.
    Request(Envelope),
    /// `authenticate`, with what its token says.
    Login {
        /// What the answer repeats.
        request_id: Option<RequestId>,
        /// What the token says, or why it is no good.
        login: Result<Login, Refusal>,
    },
    /// Something that cannot be taken.
    Refused(Refused),
}

/// A refusal with all that its error repeats.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// Why.
    pub refusal: Box<Refusal>,
    /// What of the request is repeated.
    pub request: RequestHead,
}

/// What of a request its answer repeats.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestHead {
    /// `requestId`
    pub id: Option<RequestId>,
    /// `type`
    pub kind: Option<RequestType>,
    /// `clientOrderId`
    pub client_order_id: Option<ClientOrderId>,
    /// Its place in the list, where it came in one.
    pub index: Option<u16>,
}

/// A request that the exchange was asked.
#[derive(Clone, Debug, PartialEq)]
pub enum InFlight {
    /// Who is this user?
    Login {
        /// What the answer repeats.
        request: RequestHead,
        /// What the token said.
        login: Login,
    },
    /// Nothing: everything said before is here when it is answered.
    Fence,
    /// Place an order.
    Place {
        /// What the answer repeats.
        request: RequestHead,
        /// As it was asked.
        order_type: OrderType,
        /// What the exchange was asked.
        placed: PlaceRequest,
    },
    /// Change an order.
    Amend {
        /// What the answer repeats.
        request: RequestHead,
        /// Which, and in which pair, where it is known.
        order: Option<(OrderId, PairId)>,
        /// Its new price.
        price: Option<Price>,
        /// Its new amount.
        quantity: Option<Quantity>,
    },
    /// Close a position.
    Close {
        /// What the answer repeats.
        request: RequestHead,
        /// Which.
        position: PositionId,
    },
    /// Put collateral in, or take it out.
    Adjust {
        /// What the answer repeats.
        request: RequestHead,
        /// Of which position.
        position: PositionId,
    },
    /// Cancel, cancel all, cancel all later.
    Other {
        /// What the answer repeats.
        request: RequestHead,
    },
}

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The token is no good, or another user's.
    AuthFailed,
    /// Over a rate again and again, or one connection too many.
    RateLimit,
    /// A binary frame.
    BinaryFrame,
    /// A frame that breaks the protocol of WebSocket.
    Protocol,
    /// Text that is no UTF-8, or a message that does not inflate.
    InvalidText,
    /// A message over the limit.
    TooBig,
    /// The client does not read fast enough.
    TooSlow,
    /// Nothing came for too long.
    Silent,
    /// The exchange stops.
    Maintenance,
}

impl CloseReason {
    /// Every reason.
    pub const ALL: [CloseReason; 9] = [
        CloseReason::AuthFailed,
        CloseReason::RateLimit,
        CloseReason::BinaryFrame,
        CloseReason::Protocol,
        CloseReason::InvalidText,
        CloseReason::TooBig,
        CloseReason::TooSlow,
        CloseReason::Silent,
        CloseReason::Maintenance,
    ];

    /// Its place in [`CloseReason::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// A word for machines.
    pub const fn word(self) -> &'static str {
        match self {
            CloseReason::AuthFailed => "auth_failed",
            CloseReason::RateLimit => "rate_limit",
            CloseReason::BinaryFrame => "binary_frame",
            CloseReason::Protocol => "protocol",
            CloseReason::InvalidText => "invalid_text",
            CloseReason::TooBig => "too_big",
            CloseReason::TooSlow => "too_slow",
            CloseReason::Silent => "silent",
            CloseReason::Maintenance => "maintenance",
        }
    }

    /// The close code, as RFC 6455 and its registry name them.
    pub const fn code(self) -> u16 {
        match self {
            CloseReason::Protocol => 1002,
            CloseReason::BinaryFrame => 1003,
            CloseReason::InvalidText => 1007,
            CloseReason::AuthFailed | CloseReason::RateLimit | CloseReason::Silent => 1008,
            CloseReason::TooBig => 1009,
            CloseReason::Maintenance => 1012,
            CloseReason::TooSlow => 1013,
        }
    }

    /// The close reason's text.
    pub const fn text(self) -> &'static str {
        match self {
            CloseReason::AuthFailed => "authentication failed",
            CloseReason::RateLimit => "rate limit exceeded",
            CloseReason::BinaryFrame => "messages are text frames",
            CloseReason::Protocol => "protocol error",
            CloseReason::InvalidText => "not UTF-8, or not deflated",
            CloseReason::TooBig => "message too large",
            CloseReason::TooSlow => "client reads too slowly",
            CloseReason::Silent => "nothing heard for too long",
            CloseReason::Maintenance => "the exchange is stopping",
        }
    }
}

/// What became of a token with time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenAge {
    /// Nothing new.
    Fresh,
    /// It ends within [`EXPIRY_NOTICE_MS`]: said once.
    Ending(Timestamp),
    /// It ended just now: said once.
    Ended,
}

impl Session {
    /// A client that just came.
    pub fn new(
        now: Timestamp,
        messages_per_second: u32,
        ping_interval_ms: u64,
        stats_interval_ms: u64,
    ) -> Session {
        Session {
            opened_at: now,
            subscriptions: Subscriptions::default(),
            pipeline: Pipeline::default(),
            heartbeat: Heartbeat::new(now, ping_interval_ms),
            messages: Window::new(messages_per_second, 1_000),
            messages_received: 0,
            next_stats: now.plus(stats_interval_ms),
            user: None,
            strikes: 0,
            ending: None,
        }
    }

    /// Whose it is, token or no token.
    pub fn user(&self) -> Option<&User> {
        self.user.as_ref()
    }

    /// Who may act: a user whose token is good.
    pub fn authenticated(&self) -> Option<&User> {
        self.user.as_ref().filter(|user| user.is_valid)
    }

    /// Takes a login. The account of a user who is known stays.
    pub fn log_in(&mut self, login: Login, account: AccountId) {
        let before = self.user.as_ref().map(|user| user.cancel_on_disconnect);
        let cancel_on_disconnect = login.cancel_on_disconnect.or(before);
        self.user = Some(User {
            name: login.name,
            account,
            expires_at: login.expires_at,
            tier: login.tier,
            cancel_on_disconnect: cancel_on_disconnect.unwrap_or(false),
            mark: login.mark,
            is_valid: true,
            is_warned: false,
        });
    }

    /// Looks at the token's clock.
    pub fn age_token(&mut self, now: Timestamp) -> TokenAge {
        let Some(user) = self.user.as_mut().filter(|user| user.is_valid) else {
            return TokenAge::Fresh;
        };
        if now >= user.expires_at {
            user.is_valid = false;
            return TokenAge::Ended;
        }
        if !user.is_warned && now.plus(EXPIRY_NOTICE_MS) >= user.expires_at {
            user.is_warned = true;
            return TokenAge::Ending(user.expires_at);
        }
        TokenAge::Fresh
    }

    /// Notes a refusal for a rate, and says whether there were `limit` in a row.
    pub fn strike(&mut self, limit: u32) -> bool {
        self.strikes += 1;
        self.strikes >= limit
    }

    /// Notes that a message was within its rates.
    pub fn forgive(&mut self) {
        self.strikes = 0;
    }
}

impl Inbound {
    /// What of it an answer repeats.
    pub fn head(&self) -> RequestHead {
        match self {
            Inbound::Request(envelope) => RequestHead {
                id: envelope.request_id.clone(),
                kind: Some(envelope.message.request_type()),
                client_order_id: envelope.message.client_order_id(),
                index: None,
            },
            Inbound::Login { request_id, .. } => RequestHead {
                id: request_id.clone(),
                kind: Some(RequestType::Authenticate),
                ..RequestHead::default()
            },
            Inbound::Refused(refused) => refused.request.clone(),
        }
    }

    /// Whether it need not wait for the answers of the commands before it.
    fn is_pipelined(&self) -> bool {
        match self {
            Inbound::Request(envelope) => matches!(
                envelope.message,
                ClientMessage::PlaceOrder(_)
                    | ClientMessage::PlaceOrders(_)
                    | ClientMessage::CancelOrder(_)
                    | ClientMessage::CancelOrders(_)
                    | ClientMessage::CancelAll(_)
                    | ClientMessage::CancelAllAfter { .. }
                    | ClientMessage::ClosePosition(_)
                    | ClientMessage::AdjustMargin(_)
            ),
            Inbound::Login { .. } => false,
            Inbound::Refused(_) => true,
        }
    }

    /// Whether it reads what order commands change. An amend does: the order's pair says what
    /// its decimals mean.
    fn reads_orders(&self) -> bool {
        match self {
            Inbound::Request(envelope) => matches!(
                envelope.message,
                ClientMessage::AmendOrder(_)
                    | ClientMessage::GetOrders(_)
                    | ClientMessage::GetOrder(_)
                    | ClientMessage::GetFills(_)
                    | ClientMessage::GetBalances
                    | ClientMessage::GetPositions
                    | ClientMessage::Subscribe(_)
            ),
            Inbound::Login { .. } | Inbound::Refused(_) => false,
        }
    }
}

impl InFlight {
    /// What of the request its answer repeats; a fence is nobody's request.
    pub fn into_head(self) -> RequestHead {
        match self {
            InFlight::Login { request, .. }
            | InFlight::Place { request, .. }
            | InFlight::Amend { request, .. }
            | InFlight::Close { request, .. }
            | InFlight::Adjust { request, .. }
            | InFlight::Other { request } => request,
            InFlight::Fence => RequestHead::default(),
        }
    }

    /// Whether nothing may pass it.
    fn is_bar(&self) -> bool {
        matches!(self, InFlight::Login { .. } | InFlight::Fence)
    }
}

impl Refused {
    /// A refusal of `request`.
    pub fn new(refusal: impl Into<Refusal>, request: RequestHead) -> Refused {
        Refused {
            refusal: Box::new(refusal.into()),
            request,
        }
    }

    fn placeholder() -> Refused {
        Refused::new(Reason::Internal, RequestHead::default())
    }
}

impl From<WireError> for Refused {
    fn from(error: WireError) -> Refused {
        Refused {
            refusal: error.refusal,
            request: RequestHead {
                id: error.request_id,
                kind: error.request_type,
                client_order_id: error.client_order_id,
                index: None,
            },
        }
    }
}
