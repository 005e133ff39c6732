//! The codes and reasons of errors: the one table that `docs/protocol.md` repeats.
//!
//! A reason stands under exactly one code, and its word is stable: clients branch on it.

use engine::reject::Reject;
use engine::report::OrderReason;

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $code:ident, $message:literal;)+) => {
        /// Why a message was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason { $($(#[$doc])* $variant,)+ }

        impl Reason {
            /// Every reason, by code.
            pub const ALL: &'static [Reason] = &[$(Reason::$variant,)+];

            /// Its place in [`Reason::ALL`].
            pub const fn index(self) -> usize {
                self as usize
            }

            /// The word on the wire.
            pub const fn word(self) -> &'static str {
                match self { $(Reason::$variant => $word,)+ }
            }

            /// The code that it stands under.
            pub const fn code(self) -> ErrorCode {
                match self { $(Reason::$variant => ErrorCode::$code,)+ }
            }

            /// The sentence for people.
            pub const fn message(self) -> &'static str {
                match self { $(Reason::$variant => $message,)+ }
            }
        }
    };
}

/// The class of an error: what the client has to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorCode {
    /// Authenticate first.
    AuthRequired,
    /// The token is no good.
    AuthFailed,
    /// No such channel, or not for these parameters.
    InvalidSubscription,
    /// Slower.
    RateLimitExceeded,
    /// The order cannot be taken, changed or cancelled.
    OrderFailed,
    /// Not enough funds.
    InsufficientBalance,
    /// The message is malformed.
    InvalidMessage,
    /// No such order.
    OrderNotFound,
    /// Try again later.
    ServiceUnavailable,
    /// Our fault.
    InternalError,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [ErrorCode; 10] = [
        ErrorCode::AuthRequired,
        ErrorCode::AuthFailed,
        ErrorCode::InvalidSubscription,
        ErrorCode::RateLimitExceeded,
        ErrorCode::OrderFailed,
        ErrorCode::InsufficientBalance,
        ErrorCode::InvalidMessage,
        ErrorCode::OrderNotFound,
        ErrorCode::ServiceUnavailable,
        ErrorCode::InternalError,
    ];

    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            ErrorCode::AuthRequired => "AUTH_REQUIRED",
            ErrorCode::AuthFailed => "AUTH_FAILED",
            ErrorCode::InvalidSubscription => "INVALID_SUBSCRIPTION",
            ErrorCode::RateLimitExceeded => "RATE_LIMIT_EXCEEDED",
            ErrorCode::OrderFailed => "ORDER_FAILED",
            ErrorCode::InsufficientBalance => "INSUFFICIENT_BALANCE",
            ErrorCode::InvalidMessage => "INVALID_MESSAGE",
            ErrorCode::OrderNotFound => "ORDER_NOT_FOUND",
            ErrorCode::ServiceUnavailable => "SERVICE_UNAVAILABLE",
            ErrorCode::InternalError => "INTERNAL_ERROR",
        }
    }
}

reasons! {
    /// The bytes are no JSON.
    MalformedJson = "MALFORMED_JSON", InvalidMessage, "The message is not valid JSON";
    /// JSON with a number that the parser cannot hold.
    NumberTooLarge = "NUMBER_TOO_LARGE", InvalidMessage, "A number in the message is too large";
    /// JSON, but no object.
    NotAnObject = "NOT_AN_OBJECT", InvalidMessage, "The message is not a JSON object";
    /// Brackets within brackets within brackets.
    NestedTooDeeply = "NESTED_TOO_DEEPLY", InvalidMessage, "The message is nested too deeply";
    /// More bytes than a message may have.
    MessageTooLarge = "MESSAGE_TOO_LARGE", InvalidMessage, "The message is too large";
    /// A binary frame.
    BinaryFrame = "BINARY_FRAME", InvalidMessage, "Messages are text frames";
    /// A field that is read stands twice in one object.
    DuplicateField = "DUPLICATE_FIELD", InvalidMessage, "A field stands twice in one object";
    /// A field that must be there is not.
    MissingField = "MISSING_FIELD", InvalidMessage, "A required field is missing";
    /// A field is of another JSON kind.
    WrongKind = "WRONG_KIND", InvalidMessage, "A field is of the wrong JSON kind";
    /// A field's value is none of those that it may have.
    InvalidValue = "INVALID_VALUE", InvalidMessage, "A field has a value that it may not have";
    /// The `type` is none that a client may send.
    UnknownType = "UNKNOWN_TYPE", InvalidMessage, "The message type is not supported";
    /// The `requestId` is neither.
    InvalidRequestId = "INVALID_REQUEST_ID", InvalidMessage, "The requestId is not valid";
    /// The `clientOrderId` is too long or not printable.
    InvalidClientOrderId = "INVALID_CLIENT_ORDER_ID", InvalidMessage, "The clientOrderId is not valid";
    /// A decimal came as a JSON number.
    DecimalNotAString = "DECIMAL_NOT_A_STRING", InvalidMessage, "Decimals are sent as strings";
    /// A string that is no plain decimal.
    InvalidDecimal = "INVALID_DECIMAL", InvalidMessage, "A decimal is not written as one";
    /// More digits than any market needs.
    DecimalTooLong = "DECIMAL_TOO_LONG", InvalidMessage, "A decimal has too many digits";
    /// A list without entries where one is needed.
    EmptyList = "EMPTY_LIST", InvalidMessage, "A list has no entries";
    /// A list with more entries than one message may bring.
    TooManyItems = "TOO_MANY_ITEMS", InvalidMessage, "A list has too many entries";
    /// Nothing is deposited or withdrawn.
    ZeroAmount = "ZERO_AMOUNT", InvalidMessage, "The amount must be above zero";
    /// No asset of this name.
    UnknownAsset = "UNKNOWN_ASSET", InvalidMessage, "The asset does not exist";
    /// The balance would pass the largest amount.
    BalanceTooLarge = "BALANCE_TOO_LARGE", InvalidMessage, "The balance would be too large";

    /// A private channel or a command without a valid token.
    NotAuthenticated = "NOT_AUTHENTICATED", AuthRequired, "Authentication is required";

    /// The token cannot be trusted: its form, key, algorithm or signature.
    TokenInvalid = "TOKEN_INVALID", AuthFailed, "The token is not valid";
    /// The token's time is over.
    TokenExpired = "TOKEN_EXPIRED", AuthFailed, "The token has expired";
    /// The token, or all of its user's, were revoked.
    TokenRevoked = "TOKEN_REVOKED", AuthFailed, "The token was revoked";
    /// The token's time has not come.
    TokenNotYetValid = "TOKEN_NOT_YET_VALID", AuthFailed, "The token is not valid yet";
    /// The token is genuine, but a claim is missing or not for this exchange.
    TokenClaims = "TOKEN_CLAIMS", AuthFailed, "A claim of the token is missing or not accepted";
    /// The connection belongs to another user already.
    OtherUser = "OTHER_USER", AuthFailed, "The connection belongs to another user";

    /// No channel of this name.
    UnknownChannel = "UNKNOWN_CHANNEL", InvalidSubscription, "The channel is not supported";
    /// The entry of the list cannot be read.
    InvalidChannel = "INVALID_CHANNEL", InvalidSubscription, "The channel entry is not valid";
    /// The channel's pair does not exist.
    UnknownChannelPair = "UNKNOWN_CHANNEL_PAIR", InvalidSubscription, "The pair does not exist";
    /// The channel's symbol does not exist, or no pair gives it a price.
    UnknownSymbol = "UNKNOWN_SYMBOL", InvalidSubscription, "The symbol has no price here";

    /// Too many messages a second.
    MessageRate = "MESSAGE_RATE", RateLimitExceeded, "Too many messages";
    /// Too many order commands a minute.
    OrderRate = "ORDER_RATE", RateLimitExceeded, "Too many order commands";
    /// Too many cancels a minute.
    CancelRate = "CANCEL_RATE", RateLimitExceeded, "Too many cancels";
    /// Too many subscriptions on one connection.
    SubscriptionLimit = "SUBSCRIPTION_LIMIT", RateLimitExceeded, "Too many subscriptions";
    /// Too many connections of one user.
    ConnectionLimit = "CONNECTION_LIMIT", RateLimitExceeded, "Too many connections";
    /// Too many bytes of messages on one connection.
    ByteRate = "BYTE_RATE", RateLimitExceeded, "Too many bytes";
    /// Too much from one address.
    AddressRate = "ADDRESS_RATE", RateLimitExceeded, "Too much from this address";

    /// The order's pair does not exist.
    UnknownPair = "UNKNOWN_PAIR", OrderFailed, "The pair does not exist";
    /// The pair takes cancels only.
    PairHalted = "PAIR_HALTED", OrderFailed, "The pair is halted; only cancels are taken";
    /// The order would be a margin order, in a pair without margin.
    MarginNotAvailable = "MARGIN_NOT_AVAILABLE", OrderFailed, "The pair is not traded on margin";
    /// The leverage is not above one, or above the pair's.
    LeverageOutOfRange = "LEVERAGE_OUT_OF_RANGE", OrderFailed, "The leverage is out of range";
    /// There is no such position of this user.
    NoPosition = "NO_POSITION", OrderFailed, "There is no such position";
    /// The position is being liquidated.
    PositionInLiquidation = "POSITION_IN_LIQUIDATION", OrderFailed, "The position is being liquidated";
    /// It would reduce more than there is to reduce.
    ReduceOnlyExceedsPosition = "REDUCE_ONLY_EXCEEDS_POSITION", OrderFailed, "Reduce-only orders would be larger than the position";
    /// Reduce-only and other margin orders on one side.
    OrdersConflict = "ORDERS_CONFLICT", OrderFailed, "The order does not go with the open margin orders";
    /// It could trade where the position has nothing left.
    BeyondBankruptcy = "BEYOND_BANKRUPTCY", OrderFailed, "The order could trade beyond the bankruptcy price";
    /// The position, or that of all users, would be too large.
    PositionLimit = "POSITION_LIMIT", OrderFailed, "The position would be too large";
    /// The lending pool has not enough left.
    PoolExhausted = "POOL_EXHAUSTED", OrderFailed, "The lending pool has not enough left";
    /// The margin may not be taken out.
    BelowInitialMargin = "BELOW_INITIAL_MARGIN", OrderFailed, "The position needs its margin";
    /// The position's worth is unknown.
    NoMarkPrice = "NO_MARK_PRICE", OrderFailed, "There is no mark price";
    /// A margin order stays as it is.
    MarginNotAmendable = "MARGIN_NOT_AMENDABLE", OrderFailed, "A margin order cannot be amended; cancel it and place another";
    /// The platform's fund has less than is to leave.
    InsufficientReserve = "INSUFFICIENT_RESERVE", OrderFailed, "The fund has not enough free";
    /// The option does not go with the order's type.
    OptionNotForOrderType = "OPTION_NOT_FOR_ORDER_TYPE", OrderFailed, "The option does not go with this order type";
    /// `expiresAt` goes with `GTD` only.
    ExpiryNeedsGtd = "EXPIRY_NEEDS_GTD", OrderFailed, "expiresAt needs timeInForce GTD";
    /// The time that the order is good till has come.
    ExpiryInPast = "EXPIRY_IN_PAST", OrderFailed, "The expiry is not in the future";
    /// The market has reached the stop.
    WouldTriggerImmediately = "WOULD_TRIGGER_IMMEDIATELY", OrderFailed, "The stop would be set off at once";
    /// The prices of an OCO are not on their sides of the market.
    OcoPriceRelation = "OCO_PRICE_RELATION", OrderFailed, "The prices are not on their sides of the market";
    /// The trailing distance leaves no price for the stop.
    TrailingOutOfRange = "TRAILING_OUT_OF_RANGE", OrderFailed, "The trailing distance is out of range";
    /// An iceberg order's slice is too small or too large.
    InvalidDisplayAmount = "INVALID_DISPLAY_AMOUNT", OrderFailed, "The display amount is out of range";
    /// A market order has none.
    PriceOnMarketOrder = "PRICE_ON_MARKET_ORDER", OrderFailed, "A market order has no price";
    /// The price is zero or less.
    PriceNotPositive = "PRICE_NOT_POSITIVE", OrderFailed, "The price must be above zero";
    /// The price is no multiple of the tick.
    PriceNotOnTick = "PRICE_NOT_ON_TICK", OrderFailed, "The price is not a multiple of the tick";
    /// The price is more than the engine can hold.
    PriceTooLarge = "PRICE_TOO_LARGE", OrderFailed, "The price is too large";
    /// The amount is zero or less.
    AmountNotPositive = "AMOUNT_NOT_POSITIVE", OrderFailed, "The amount must be above zero";
    /// The amount is no multiple of the lot.
    AmountNotOnLot = "AMOUNT_NOT_ON_LOT", OrderFailed, "The amount is not a multiple of the lot";
    /// The amount is below the pair's minimum.
    BelowMinAmount = "BELOW_MIN_AMOUNT", OrderFailed, "The amount is below the minimum";
    /// The amount is above the pair's maximum.
    AboveMaxAmount = "ABOVE_MAX_AMOUNT", OrderFailed, "The amount is above the maximum";
    /// The new amount is not above what is filled already.
    AmountBelowFilled = "AMOUNT_BELOW_FILLED", OrderFailed, "The new amount is not above what is filled";
    /// The amend changes nothing.
    NothingToAmend = "NOTHING_TO_AMEND", OrderFailed, "The amend names neither a new price nor a new amount";
    /// Price × amount is below the pair's minimum.
    BelowMinNotional = "BELOW_MIN_NOTIONAL", OrderFailed, "Price times amount is below the minimum";
    /// Price × amount is more than any account can hold.
    NotionalTooLarge = "NOTIONAL_TOO_LARGE", OrderFailed, "Price times amount is too large";
    /// The price is outside the band around the reference price.
    PriceOutsideBand = "PRICE_OUTSIDE_BAND", OrderFailed, "The price is outside the price band";
    /// Post-only goes with orders that stay.
    PostOnlyNeedsGtc = "POST_ONLY_NEEDS_GTC", OrderFailed, "Post-only needs timeInForce GTC or GTD";
    /// The order would trade at once.
    PostOnlyWouldTake = "POST_ONLY_WOULD_TAKE", OrderFailed, "The post-only order would trade at once";
    /// The user has as many open orders in the pair as it may have.
    TooManyOpenOrders = "TOO_MANY_OPEN_ORDERS", OrderFailed, "Too many open orders in this pair";
    /// The book holds as many orders as it may.
    BookFull = "BOOK_FULL", OrderFailed, "The book is full";
    /// Another order has this client order id.
    DuplicateClientOrderId = "DUPLICATE_CLIENT_ORDER_ID", OrderFailed, "The clientOrderId was used for another order";
    /// The order is filled.
    AlreadyFilled = "ALREADY_FILLED", OrderFailed, "The order is already filled";
    /// The order is cancelled or expired.
    AlreadyClosed = "ALREADY_CLOSED", OrderFailed, "The order is already cancelled or expired";
    /// The amend was for the order before its stop was reached.
    AlreadyTriggered = "ALREADY_TRIGGERED", OrderFailed, "The stop was reached before the amend";
    /// The order has no price that its owner may change.
    PriceNotAmendable = "PRICE_NOT_AMENDABLE", OrderFailed, "The order has no price that can be amended";

    /// Less is available than must be held.
    InsufficientAvailable = "INSUFFICIENT_AVAILABLE", InsufficientBalance, "Not enough funds are available";

    /// No such order of this user.
    UnknownOrder = "UNKNOWN_ORDER", OrderNotFound, "The order does not exist";

    /// The exchange's queue is full.
    Busy = "BUSY", ServiceUnavailable, "The exchange is busy; nothing was done";
    /// The exchange is stopping.
    ShuttingDown = "SHUTTING_DOWN", ServiceUnavailable, "The exchange is stopping; nothing was done";
    /// As many accounts are open as may be.
    TooManyAccounts = "TOO_MANY_ACCOUNTS", ServiceUnavailable, "No more accounts can be opened";

    /// Our fault; the log knows more.
    Internal = "INTERNAL", InternalError, "Something went wrong on our side";
}

impl From<Reject> for Reason {
    fn from(reject: Reject) -> Reason {
        match reject {
            Reject::Unavailable => Reason::Busy,
            // An account is opened before anything is asked for it.
            Reject::UnknownAccount => Reason::Internal,
            // Only an operator meets these, under words of that port.
            Reject::TransferKeyReused | Reject::TooManyTransfers | Reject::TooManyRevocations => {
                Reason::Internal
            }
            Reject::UnknownAsset => Reason::UnknownAsset,
            Reject::UnknownPair => Reason::UnknownPair,
            Reject::PairHalted => Reason::PairHalted,
            Reject::DuplicateClientOrderId => Reason::DuplicateClientOrderId,
            Reject::UnknownOrder => Reason::UnknownOrder,
            Reject::AlreadyFilled => Reason::AlreadyFilled,
            Reject::AlreadyClosed => Reason::AlreadyClosed,
            Reject::BelowMinAmount => Reason::BelowMinAmount,
            Reject::AboveMaxAmount => Reason::AboveMaxAmount,
            Reject::AmountBelowFilled => Reason::AmountBelowFilled,
            Reject::NothingToAmend => Reason::NothingToAmend,
            Reject::BelowMinNotional => Reason::BelowMinNotional,
            Reject::NotionalTooLarge => Reason::NotionalTooLarge,
            Reject::PriceOutsideBand => Reason::PriceOutsideBand,
            Reject::PostOnlyNeedsGoodTillCancelled => Reason::PostOnlyNeedsGtc,
            Reject::TooManyOpenOrders => Reason::TooManyOpenOrders,
            Reject::InsufficientBalance => Reason::InsufficientAvailable,
            Reject::ZeroAmount => Reason::ZeroAmount,
            Reject::BalanceTooLarge => Reason::BalanceTooLarge,
            Reject::PostOnlyWouldTake => Reason::PostOnlyWouldTake,
            Reject::BookFull => Reason::BookFull,
            Reject::TooManyAccounts => Reason::TooManyAccounts,
            Reject::WouldTriggerImmediately => Reason::WouldTriggerImmediately,
            Reject::OcoPriceRelation => Reason::OcoPriceRelation,
            Reject::InvalidDisplayAmount => Reason::InvalidDisplayAmount,
            Reject::TrailingOutOfRange => Reason::TrailingOutOfRange,
            Reject::ExpiryInPast => Reason::ExpiryInPast,
            Reject::OptionNotForOrderType => Reason::OptionNotForOrderType,
            Reject::AlreadyTriggered => Reason::AlreadyTriggered,
            Reject::PriceNotAmendable => Reason::PriceNotAmendable,
            Reject::MarginNotOffered => Reason::MarginNotAvailable,
            Reject::LeverageOutOfRange => Reason::LeverageOutOfRange,
            Reject::NoPosition => Reason::NoPosition,
            Reject::PositionInLiquidation => Reason::PositionInLiquidation,
            Reject::ReduceOnlyExceedsPosition => Reason::ReduceOnlyExceedsPosition,
            Reject::OrdersConflict => Reason::OrdersConflict,
            Reject::BeyondBankruptcy => Reason::BeyondBankruptcy,
            Reject::PositionLimit => Reason::PositionLimit,
            Reject::PoolExhausted => Reason::PoolExhausted,
            Reject::BelowInitialMargin => Reason::BelowInitialMargin,
            Reject::NoMarkPrice => Reason::NoMarkPrice,
            Reject::InsufficientReserve => Reason::InsufficientReserve,
            Reject::MarginNotAmendable => Reason::MarginNotAmendable,
        }
    }
}

/// The word of why an order changed, as `order_update` tells it.
pub const fn order_reason_word(reason: OrderReason) -> &'static str {
    match reason {
        OrderReason::Amended => "AMENDED",
        OrderReason::CancelRequested => "CANCEL_REQUESTED",
        OrderReason::SelfTradePrevention => "SELF_TRADE_PREVENTION",
        OrderReason::ImmediateOrCancel => "IMMEDIATE_OR_CANCEL",
        OrderReason::CollarReached => "COLLAR_REACHED",
        OrderReason::FillOrKill => "FILL_OR_KILL",
        OrderReason::Triggered => "TRIGGERED",
        OrderReason::Expired => "EXPIRED",
        OrderReason::CancelAfter => "CANCEL_AFTER",
        OrderReason::Disconnected => "DISCONNECTED",
        OrderReason::CircuitBreaker => "CIRCUIT_BREAKER",
        OrderReason::Liquidation => "LIQUIDATION",
        OrderReason::AutoDeleveraging => "AUTO_DELEVERAGING",
        OrderReason::Closing => "CLOSING",
    }
}
