//! What a client may say, as types. Names and decimals are as they came; what they mean in this
//! exchange is for `resolve`.

use engine::domain::ClientOrderId;

use super::WireError;
use super::order::{
    AdjustMargin, AmendOrder, CancelAll, ClosePosition, GetFills, GetOrders, OrderName, PlaceOrder,
};

/// One message of a client.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    /// What its direct answer repeats.
    pub request_id: Option<RequestId>,
    /// What it says.
    pub message: ClientMessage,
}

/// What a client calls a request: a string of 1 to 64 characters, or an integer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestId {
    /// A string, repeated as a string.
    Text(Box<str>),
    /// An integer from −2^63 to 2^64 − 1, repeated as a number.
    Integer(i128),
}

/// What a client may ask, by its `type`.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    /// `authenticate`
    Authenticate(Authenticate),
    /// `subscribe`: each channel by itself, good or bad.
    Subscribe(Vec<Result<ChannelRequest, WireError>>),
    /// `unsubscribe`: likewise.
    Unsubscribe(Vec<Result<ChannelRequest, WireError>>),
    /// `ping`
    Ping,
    /// `connection_stats`
    ConnectionStats,
    /// `place_order`
    PlaceOrder(PlaceOrder),
    /// `place_orders`: each order by itself, good or bad.
    PlaceOrders(Vec<Result<PlaceOrder, WireError>>),
    /// `cancel_order`
    CancelOrder(OrderName),
    /// `cancel_orders`: likewise.
    CancelOrders(Vec<Result<OrderName, WireError>>),
    /// `amend_order`
    AmendOrder(AmendOrder),
    /// `cancel_all`
    CancelAll(CancelAll),
    /// `cancel_all_after`: cancel all when so many milliseconds pass without another of it; 0
    /// takes it back.
    CancelAllAfter {
        /// In how many milliseconds.
        timeout_ms: u64,
    },
    /// `close_position`
    ClosePosition(ClosePosition),
    /// `adjust_margin`
    AdjustMargin(AdjustMargin),
    /// `get_orders`
    GetOrders(GetOrders),
    /// `get_order`
    GetOrder(OrderName),
    /// `get_fills`
    GetFills(GetFills),
    /// `get_balances`
    GetBalances,
    /// `get_positions`
    GetPositions,
    /// `get_instruments`
    GetInstruments,
    /// `get_time`
    GetTime,
}

impl ClientMessage {
    /// The message's `type`.
    pub const fn request_type(&self) -> RequestType {
        match self {
            ClientMessage::Authenticate(_) => RequestType::Authenticate,
            ClientMessage::Subscribe(_) => RequestType::Subscribe,
            ClientMessage::Unsubscribe(_) => RequestType::Unsubscribe,
            ClientMessage::Ping => RequestType::Ping,
            ClientMessage::ConnectionStats => RequestType::ConnectionStats,
            ClientMessage::PlaceOrder(_) => RequestType::PlaceOrder,
            ClientMessage::PlaceOrders(_) => RequestType::PlaceOrders,
            ClientMessage::CancelOrder(_) => RequestType::CancelOrder,
            ClientMessage::CancelOrders(_) => RequestType::CancelOrders,
            ClientMessage::AmendOrder(_) => RequestType::AmendOrder,
            ClientMessage::CancelAll(_) => RequestType::CancelAll,
            ClientMessage::CancelAllAfter { .. } => RequestType::CancelAllAfter,
            ClientMessage::ClosePosition(_) => RequestType::ClosePosition,
            ClientMessage::AdjustMargin(_) => RequestType::AdjustMargin,
            ClientMessage::GetPositions => RequestType::GetPositions,
            ClientMessage::GetOrders(_) => RequestType::GetOrders,
            ClientMessage::GetOrder(_) => RequestType::GetOrder,
            ClientMessage::GetFills(_) => RequestType::GetFills,
            ClientMessage::GetBalances => RequestType::GetBalances,
            ClientMessage::GetInstruments => RequestType::GetInstruments,
            ClientMessage::GetTime => RequestType::GetTime,
        }
    }

    /// The order's own name that the message brings, to be repeated in its errors.
    pub fn client_order_id(&self) -> Option<ClientOrderId> {
        match self {
            ClientMessage::PlaceOrder(place) => place.client_order_id,
            ClientMessage::ClosePosition(close) => close.client_order_id,
            ClientMessage::CancelOrder(OrderName::Client(id))
            | ClientMessage::GetOrder(OrderName::Client(id))
            | ClientMessage::AmendOrder(AmendOrder {
                order: OrderName::Client(id),
                ..
            }) => Some(*id),
            _ => None,
        }
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The word on the wire.
            pub const fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }

            /// The one of this word.
            pub fn from_word(word: &str) -> Option<$name> {
                match word { $($word => Some($name::$variant),)+ _ => None }
            }
        }
    };
}

pub(super) use words;

words! {
    /// The `type` of a client's message.
    RequestType {
        /// `authenticate`
        Authenticate = "authenticate",
        /// `subscribe`
        Subscribe = "subscribe",
        /// `unsubscribe`
        Unsubscribe = "unsubscribe",
        /// `ping`
        Ping = "ping",
        /// `connection_stats`
        ConnectionStats = "connection_stats",
        /// `place_order`
        PlaceOrder = "place_order",
        /// `place_orders`
        PlaceOrders = "place_orders",
        /// `cancel_order`
        CancelOrder = "cancel_order",
        /// `cancel_orders`
        CancelOrders = "cancel_orders",
        /// `amend_order`
        AmendOrder = "amend_order",
        /// `cancel_all`
        CancelAll = "cancel_all",
        /// `cancel_all_after`
        CancelAllAfter = "cancel_all_after",
        /// `close_position`
        ClosePosition = "close_position",
        /// `adjust_margin`
        AdjustMargin = "adjust_margin",
        /// `get_orders`
        GetOrders = "get_orders",
        /// `get_order`
        GetOrder = "get_order",
        /// `get_fills`
        GetFills = "get_fills",
        /// `get_balances`
        GetBalances = "get_balances",
        /// `get_positions`
        GetPositions = "get_positions",
        /// `get_instruments`
        GetInstruments = "get_instruments",
        /// `get_time`
        GetTime = "get_time",
    }
}

words! {
    /// The channels that exist.
    ChannelType {
        /// `orderbook`
        OrderBook = "orderbook",
        /// `trades`
        Trades = "trades",
        /// `price`
        Price = "price",
        /// `arbitrage`
        Arbitrage = "arbitrage",
        /// `risk_alerts`
        RiskAlerts = "risk_alerts",
        /// `portfolio`
        Portfolio = "portfolio",
        /// `orders`
        Orders = "orders",
        /// `positions`
        Positions = "positions",
        /// `margin_calls`
        MarginCalls = "margin_calls",
    }
}

words! {
    /// What an order may be.
    OrderType {
        /// `limit`
        Limit = "limit",
        /// `market`
        Market = "market",
        /// `stop_loss`
        StopLoss = "stop_loss",
        /// `take_profit`
        TakeProfit = "take_profit",
        /// `oco`
        Oco = "oco",
        /// `trailing_stop`
        TrailingStop = "trailing_stop",
        /// `iceberg`
        Iceberg = "iceberg",
    }
}

words! {
    /// How long an order may stay.
    TimeInForceWord {
        /// Good till cancelled.
        Gtc = "GTC",
        /// Immediate or cancel.
        Ioc = "IOC",
        /// Fill or kill.
        Fok = "FOK",
        /// Good till date.
        Gtd = "GTD",
    }
}

words! {
    /// How an order book subscription goes on after its snapshot.
    BookUpdates {
        /// What changed.
        Delta = "delta",
        /// All levels, each time.
        Full = "full",
    }
}

/// Who the client is.
#[derive(Clone, PartialEq, Eq)]
pub struct Authenticate {
    /// A JWT. Never logged: this type prints without it.
    pub token: Box<str>,
    /// `options.cancel_on_disconnect`: cancel all open orders when this connection ends. Absent,
    /// it stays as it was; at first that is `false`.
    pub cancel_on_disconnect: Option<bool>,
}

impl std::fmt::Debug for Authenticate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authenticate")
            .field("token", &"hidden")
            .field("cancel_on_disconnect", &self.cancel_on_disconnect)
            .finish()
    }
}

/// A pair's symbol as it came, at most 64 bytes.
pub type PairName = Box<str>;

/// One channel that is asked for, its pair not yet looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChannelRequest {
    /// `orderbook`
    OrderBook {
        /// Which pair.
        pair: PairName,
        /// How many levels a side.
        depth: BookDepth,
        /// What comes after the snapshot.
        updates: BookUpdates,
    },
    /// `trades`
    Trades {
        /// Which pair.
        pair: PairName,
    },
    /// `price`
    Price {
        /// Of which symbol.
        symbol: Box<str>,
    },
    /// `orders`
    Orders {
        /// The last `userSequence` that the client has, to go on after it.
        since: Option<u64>,
    },
    /// `portfolio`
    Portfolio,
    /// `positions`
    Positions {
        /// The last `userSequence` that the client has, to go on after it.
        since: Option<u64>,
    },
    /// `margin_calls`
    MarginCalls,
    /// `arbitrage`
    Arbitrage,
    /// `risk_alerts`
    RiskAlerts,
}

/// How many levels a side an order book subscription shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum BookDepth {
    /// 5
    Five,
    /// 15
    #[default]
    Fifteen,
    /// 50
    Fifty,
    /// 200
    TwoHundred,
}

impl BookDepth {
    /// All of them, smallest first.
    pub const ALL: [BookDepth; 4] = [
        BookDepth::Five,
        BookDepth::Fifteen,
        BookDepth::Fifty,
        BookDepth::TwoHundred,
    ];

    /// The number of levels.
    pub const fn levels(self) -> u16 {
        match self {
            BookDepth::Five => 5,
            BookDepth::Fifteen => 15,
            BookDepth::Fifty => 50,
            BookDepth::TwoHundred => 200,
        }
    }

    /// The depth of this many levels.
    pub fn from_levels(levels: u64) -> Option<BookDepth> {
        Self::ALL
            .into_iter()
            .find(|depth| u64::from(depth.levels()) == levels)
    }
}
