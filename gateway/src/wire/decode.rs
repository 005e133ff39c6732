//! Bytes to [`Envelope`]s.
//!
//! What can be read is read even where something else is wrong, so that the error still carries
//! the `requestId`, the `type` and the `clientOrderId` of the message it answers.

use simd_json::prelude::TypedValue as _;
use simd_json::tape::{Object, Value};
use simd_json::{Buffers, ErrorType, Tape, ValueType};

use engine::domain::{ClientOrderId, SelfTradePrevention};

use super::fields::{Field, Slot, read};
use super::{
    AmendOrder, Authenticate, BookDepth, BookUpdates, CancelAll, ChannelRequest, ChannelType,
    ClientMessage, Envelope, MAX_CHANNELS, MAX_DEPTH, MAX_MESSAGE_BYTES, OrderName, OrderType,
    PlaceOrder, Reason, Refusal, RequestId, RequestType, TimeInForceWord, WireError,
};

/// Above this many bytes a message's buffers are given back after it.
const KEPT_BYTES: usize = 4 * 1024;

/// Reads messages, one after the other, with buffers that it keeps.
pub struct Decoder {
    buffers: Buffers,
    tape: Option<Tape<'static>>,
}

impl Default for Decoder {
    fn default() -> Decoder {
        Decoder::new()
    }
}

impl Decoder {
    /// A decoder without buffers; the first message makes them.
    pub fn new() -> Decoder {
        Decoder {
            buffers: Buffers::with_max_depth(0, MAX_DEPTH),
            tape: None,
        }
    }

    /// Reads one message. Its bytes are scratch afterwards: strings are unescaped in place.
    pub fn decode(&mut self, message: &mut [u8]) -> Result<Envelope, WireError> {
        let bytes = message.len();
        if bytes > MAX_MESSAGE_BYTES {
            return Err(Refusal::new(Reason::MessageTooLarge)
                .details(format!("expected at most {MAX_MESSAGE_BYTES} bytes"))
                .number("maxBytes", 64 * 1024)
                .into());
        }
        let mut tape = self.tape.take().unwrap_or_else(Tape::null).reset();
        let result = match simd_json::fill_tape(message, &mut self.buffers, &mut tape) {
            Ok(()) => Ok(read_message(&tape.as_value())),
            Err(error) => Err(error),
        };
        let tape = tape.reset();
        if bytes > KEPT_BYTES {
            self.buffers = Buffers::with_max_depth(0, MAX_DEPTH);
        } else {
            self.tape = Some(tape);
        }
        result.unwrap_or_else(|error| Err(unreadable(&error, message).into()))
    }
}

/// Reads one message with a decoder of its own.
pub fn decode(message: &mut [u8]) -> Result<Envelope, WireError> {
    Decoder::new().decode(message)
}

fn unreadable(error: &simd_json::Error, message: &[u8]) -> Refusal {
    if matches!(error.error(), ErrorType::DepthLimitExceeded) {
        return Refusal::new(Reason::NestedTooDeeply)
            .details(format!("expected at most {MAX_DEPTH} levels"))
            .number("maxDepth", u64::try_from(MAX_DEPTH).unwrap_or(u64::MAX));
    }
    let is_number = matches!(error.error(), ErrorType::InvalidNumber);
    if is_number && is_whole_number(message, error.index()) {
        let at = u64::try_from(error.index()).unwrap_or(u64::MAX);
        return Refusal::new(Reason::NumberTooLarge)
            .details(format!(
                "expected numbers below 1.8e308; reading stopped at byte {at}"
            ))
            .number("byte", at);
    }
    let refusal = Refusal::new(Reason::MalformedJson);
    // Not every error of the parser has a place.
    match u64::try_from(error.index()) {
        Ok(at @ 1..) => refusal
            .details(format!(
                "expected a JSON object; reading stopped at byte {at}"
            ))
            .number("byte", at),
        _ => refusal.details("expected a JSON object"),
    }
}

/// Whether a number that JSON allows stands at `at`. The parser points there only where it is too
/// large to be held; where one is written wrongly it points into it.
fn is_whole_number(message: &[u8], at: usize) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let (before, number) = message.split_at(at.min(message.len()));
    if before.last().is_some_and(is_part) {
        return false;
    }
    let end = number.iter().position(|byte| !is_part(byte));
    let number = &number[..end.unwrap_or(number.len())];
    let number = number.strip_prefix(b"-").unwrap_or(number);
    let (number, exponent) = match number.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (&number[..at], Some(&number[at + 1..])),
        None => (number, None),
    };
    let (whole, fraction) = match number.iter().position(|byte| *byte == b'.') {
        Some(at) => (&number[..at], Some(&number[at + 1..])),
        None => (number, None),
    };
    let exponent = exponent.map(|digits| match digits {
        [b'+' | b'-', digits @ ..] | digits => digits,
    });
    let are_digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    are_digits(whole)
        && (whole == b"0" || whole[0] != b'0')
        && fraction.is_none_or(are_digits)
        && exponent.is_none_or(are_digits)
}

/// What an error repeats, as far as it was read.
#[derive(Default)]
struct Context {
    request_id: Option<RequestId>,
    request_type: Option<RequestType>,
    client_order_id: Option<ClientOrderId>,
}

fn read_message(root: &Value<'_, '_>) -> Result<Envelope, WireError> {
    let mut context = Context::default();
    match read_root(root, &mut context) {
        Ok(message) => Ok(Envelope {
            request_id: context.request_id,
            message,
        }),
        Err(refusal) => Err(WireError {
            refusal: Box::new(refusal),
            request_id: context.request_id,
            request_type: context.request_type,
            client_order_id: context.client_order_id,
        }),
    }
}

fn read_root(root: &Value<'_, '_>, context: &mut Context) -> Result<ClientMessage, Refusal> {
    let object = root.as_object().ok_or_else(|| {
        Refusal::new(Reason::NotAnObject)
            .details(format!("expected an object, found {}", kind_of(root)))
    })?;
    let [request_id] = read(&object, [Field::root("requestId")])?;
    context.request_id = request_id.request_id()?;
    let [kind] = read(&object, [Field::root("type")])?;
    let word = kind.needed("a string")?.text()?.unwrap_or_default();
    let kind = RequestType::from_word(word).ok_or_else(|| unknown_type(word))?;
    context.request_type = Some(kind);
    match kind {
        RequestType::Authenticate => authenticate(&object),
        RequestType::Subscribe => channels(&object, kind).map(ClientMessage::Subscribe),
        RequestType::Unsubscribe => channels(&object, kind).map(ClientMessage::Unsubscribe),
        RequestType::Ping => Ok(ClientMessage::Ping),
        RequestType::ConnectionStats => Ok(ClientMessage::ConnectionStats),
        RequestType::PlaceOrder => place_order(&object, context),
        RequestType::CancelOrder => order_name(&object, context).map(ClientMessage::CancelOrder),
        RequestType::AmendOrder => amend_order(&object, context),
        RequestType::CancelAll => {
            let [pair, side] = read(&object, [Field::root("pair"), Field::root("side")])?;
            Ok(ClientMessage::CancelAll(CancelAll {
                pair: pair.pair()?,
                side: side.side()?,
            }))
        }
        RequestType::GetOrders => {
            let [pair] = read(&object, [Field::root("pair")])?;
            Ok(ClientMessage::GetOrders { pair: pair.pair()? })
        }
        RequestType::GetBalances => Ok(ClientMessage::GetBalances),
        RequestType::GetInstruments => Ok(ClientMessage::GetInstruments),
        RequestType::GetTime => Ok(ClientMessage::GetTime),
    }
}

/// The kind of a value in JSON's own words.
fn kind_of(value: &Value<'_, '_>) -> &'static str {
    match value.value_type() {
        ValueType::Null => "null",
        ValueType::Bool => "a boolean",
        ValueType::String => "a string",
        ValueType::Array => "an array",
        ValueType::Object => "an object",
        _ => "a number",
    }
}

fn unknown_type(word: &str) -> Refusal {
    let names: Vec<&str> = RequestType::ALL.iter().map(|kind| kind.word()).collect();
    Refusal::new(Reason::UnknownType)
        .message(format!("Message type '{}' is not supported", short(word)))
        .details(format!("type: expected one of {}", names.join(", ")))
        .text("field", "type")
}

fn authenticate(object: &Object<'_, '_>) -> Result<ClientMessage, Refusal> {
    let [token, options] = read(object, [Field::root("token"), Field::root("options")])?;
    let token = token
        .needed("a JWT in a string")?
        .text()?
        .unwrap_or_default();
    let cancel_on_disconnect = match options.object()? {
        None => None,
        Some(options) => {
            let field = Field::at("cancel_on_disconnect", "options.cancel_on_disconnect");
            let [cancel] = read(&options, [field])?;
            cancel.boolean()?
        }
    };
    Ok(ClientMessage::Authenticate(Authenticate {
        token: Box::from(token),
        cancel_on_disconnect,
    }))
}

type Channels = Vec<Result<ChannelRequest, WireError>>;

fn channels(object: &Object<'_, '_>, kind: RequestType) -> Result<Channels, Refusal> {
    let field = Field::root("channels");
    let [channels] = read(object, [field])?;
    let channels = channels.needed("a list of channels")?;
    let Some(channels) = channels.array()? else {
        return Ok(Vec::new());
    };
    if channels.len() > MAX_CHANNELS {
        let most = u64::try_from(MAX_CHANNELS).unwrap_or(u64::MAX);
        return Err(field
            .refuse(Reason::TooManyItems, &format!("at most {most} entries"))
            .number("maxItems", most));
    }
    let entries = channels.iter().zip(0_u64..);
    Ok(entries
        .map(|(entry, index)| {
            channel(&entry).map_err(|refusal| {
                // Whatever is wrong with an entry, the subscription is what fails.
                let refusal = match refusal.reason {
                    Reason::UnknownChannel
                    | Reason::ChannelNotAvailable
                    | Reason::InvalidChannel => refusal,
                    _ => Refusal {
                        reason: Reason::InvalidChannel,
                        ..refusal
                    },
                };
                WireError {
                    request_type: Some(kind),
                    ..refusal.number("index", index).into()
                }
            })
        })
        .collect())
}

fn channel(entry: &Value<'_, '_>) -> Result<ChannelRequest, Refusal> {
    let object = entry.as_object().ok_or_else(|| {
        let field = Field::root("channels[]");
        field.refuse(
            Reason::InvalidChannel,
            "an object like {\"type\": \"orderbook\"}",
        )
    })?;
    let fields = [
        Field::at("type", "channels[].type"),
        Field::at("pair", "channels[].pair"),
        Field::at("symbol", "channels[].symbol"),
        Field::at("depth", "channels[].depth"),
        Field::at("updates", "channels[].updates"),
        Field::at("since", "channels[].since"),
    ];
    let [kind, pair, symbol, depth, updates, since] = read(&object, fields)?;
    let word = kind
        .needed("the name of a channel")?
        .text()?
        .unwrap_or_default();
    let kind = ChannelType::from_word(word).ok_or_else(|| {
        Refusal::new(Reason::UnknownChannel)
            .message(format!("Channel '{}' is not supported", short(word)))
            .details(SERVED)
            .text("channel", short(word))
    })?;
    let needed_pair = || -> Result<Box<str>, Refusal> {
        let pair = pair.needed("a pair like \"BASE/QUOTE\"")?;
        Ok(pair.pair()?.unwrap_or_default())
    };
    match kind {
        ChannelType::OrderBook => Ok(ChannelRequest::OrderBook {
            pair: needed_pair()?,
            depth: book_depth(&depth)?,
            updates: updates
                .word("\"delta\" or \"full\"", BookUpdates::from_word)?
                .unwrap_or(BookUpdates::Delta),
        }),
        ChannelType::Trades => Ok(ChannelRequest::Trades {
            pair: needed_pair()?,
        }),
        ChannelType::Price => {
            let symbol = symbol.needed("a symbol like \"XRP\"")?.symbol()?;
            Ok(ChannelRequest::Price { symbol })
        }
        ChannelType::Orders => Ok(ChannelRequest::Orders {
            since: since.unsigned("a userSequence, a whole number")?,
        }),
        ChannelType::Portfolio => Ok(ChannelRequest::Portfolio),
        ChannelType::Arbitrage
        | ChannelType::RiskAlerts
        | ChannelType::Positions
        | ChannelType::MarginCalls => Err(Refusal::new(Reason::ChannelNotAvailable)
            .message(format!("Channel '{word}' is not available yet"))
            .details(SERVED)
            .text("channel", kind.word())),
    }
}

/// The channels that are served.
const SERVED: &str = "Supported channels: orderbook, trades, price, portfolio, orders";

fn book_depth(depth: &Slot<'_, '_>) -> Result<BookDepth, Refusal> {
    let expected = "5, 15, 50 or 200";
    match depth.unsigned(expected)? {
        None => Ok(BookDepth::default()),
        Some(levels) => BookDepth::from_levels(levels)
            .ok_or_else(|| depth.field.refuse(Reason::InvalidValue, expected)),
    }
}

/// Options of an order that change what it means, and that are not taken yet: to ignore one would
/// be to place another order than was asked for.
const NOT_YET: [Field; 10] = [
    Field::at("leverage", "orderData.leverage"),
    Field::at("reduceOnly", "orderData.reduceOnly"),
    Field::at("stopPrice", "orderData.stopPrice"),
    Field::at("expiresAt", "orderData.expiresAt"),
    Field::at("displayAmount", "orderData.displayAmount"),
    Field::at("trailingDelta", "orderData.trailingDelta"),
    Field::at("trailingPercent", "orderData.trailingPercent"),
    Field::at("limitPrice", "orderData.limitPrice"),
    Field::at("targetPrice", "orderData.targetPrice"),
    Field::at("triggerBy", "orderData.triggerBy"),
];

fn place_order(root: &Object<'_, '_>, context: &mut Context) -> Result<ClientMessage, Refusal> {
    let fields = [
        Field::root("orderType"),
        Field::root("orderData"),
        Field::root("clientOrderId"),
    ];
    let [order_type, data, outer_id] = read(root, fields)?;
    let data = data.needed("an object")?.object()?;
    let Some(data) = data else {
        return Err(Refusal::field(
            Reason::MissingField,
            "orderData",
            "an object",
        ));
    };
    // The id first, so that every error about the rest repeats it.
    let [inner_id] = read(
        &data,
        [Field::at("clientOrderId", "orderData.clientOrderId")],
    )?;
    if !inner_id.is_absent() && !outer_id.is_absent() {
        return Err(outer_id
            .field
            .refuse(Reason::DuplicateField, "it once, in orderData"));
    }
    let id = if inner_id.is_absent() {
        outer_id
    } else {
        inner_id
    };
    context.client_order_id = id.client_order_id()?;
    let fields = [
        Field::at("pair", "orderData.pair"),
        Field::at("side", "orderData.side"),
        Field::at("amount", "orderData.amount"),
        Field::at("price", "orderData.price"),
        Field::at("timeInForce", "orderData.timeInForce"),
        Field::at("postOnly", "orderData.postOnly"),
        Field::at("selfTradePrevention", "orderData.selfTradePrevention"),
    ];
    let [
        pair,
        side,
        amount,
        price,
        time_in_force,
        post_only,
        self_trade,
    ] = read(&data, fields)?;
    let is_market = is_market(&order_type)?;
    for option in read(&data, NOT_YET)? {
        if !option.is_absent() && !matches!(option.boolean(), Ok(Some(false))) {
            return Err(option
                .field
                .refuse(Reason::OptionNotSupported, "an order without it"));
        }
    }
    Ok(ClientMessage::PlaceOrder(PlaceOrder {
        pair: pair
            .needed("a pair like \"BASE/QUOTE\"")?
            .pair()?
            .unwrap_or_default(),
        client_order_id: context.client_order_id,
        side: needed(side.needed("\"buy\" or \"sell\"")?.side()?),
        amount: needed(
            amount
                .needed("a decimal string like \"100.00\"")?
                .decimal()?,
        ),
        price: limit_price(price, is_market)?,
        time_in_force: time_in_force.word("GTC, IOC or FOK", TimeInForceWord::from_word)?,
        post_only: post_only.boolean()?.unwrap_or(false),
        self_trade: self_trade_mode(&self_trade)?,
    }))
}

fn is_market(order_type: &Slot<'_, '_>) -> Result<bool, Refusal> {
    let expected = "limit or market";
    let kind = order_type
        .needed(expected)?
        .word(expected, OrderType::from_word)?;
    match needed(kind) {
        OrderType::Limit => Ok(false),
        OrderType::Market => Ok(true),
        kind @ (OrderType::StopLoss
        | OrderType::TakeProfit
        | OrderType::Oco
        | OrderType::TrailingStop
        | OrderType::Iceberg) => Err(order_type
            .field
            .refuse(Reason::OrderTypeNotSupported, expected)
            .message(format!("Order type '{}' is not supported yet", kind.word()))
            .text("orderType", kind.word())),
    }
}

fn limit_price(
    price: Slot<'_, '_>,
    is_market: bool,
) -> Result<Option<rust_decimal::Decimal>, Refusal> {
    if !is_market {
        return price.needed("a decimal string like \"995.00\"")?.decimal();
    }
    if !price.is_absent() {
        return Err(price
            .field
            .refuse(Reason::PriceOnMarketOrder, "a market order without it"));
    }
    Ok(None)
}

fn self_trade_mode(slot: &Slot<'_, '_>) -> Result<SelfTradePrevention, Refusal> {
    let expected = "cancel_taker, cancel_maker, cancel_both or decrement";
    let mode = slot.word(expected, |word| match word {
        "cancel_taker" => Some(SelfTradePrevention::CancelTaker),
        "cancel_maker" => Some(SelfTradePrevention::CancelMaker),
        "cancel_both" => Some(SelfTradePrevention::CancelBoth),
        "decrement" => Some(SelfTradePrevention::Decrement),
        _ => None,
    })?;
    Ok(mode.unwrap_or_default())
}

/// Either name of an order; `orderId` counts where both are given.
fn order_name(root: &Object<'_, '_>, context: &mut Context) -> Result<OrderName, Refusal> {
    let fields = [Field::root("orderId"), Field::root("clientOrderId")];
    let [order_id, client_id] = read(root, fields)?;
    context.client_order_id = client_id.client_order_id()?;
    match (order_id.order_id()?, context.client_order_id) {
        (Some(id), _) => Ok(OrderName::Id(id)),
        (None, Some(id)) => Ok(OrderName::Client(id)),
        (None, None) => {
            let expected = "orderId or clientOrderId, a string";
            Err(order_id.field.refuse(Reason::MissingField, expected))
        }
    }
}

fn amend_order(root: &Object<'_, '_>, context: &mut Context) -> Result<ClientMessage, Refusal> {
    let order = order_name(root, context)?;
    let [price, amount] = read(root, [Field::root("price"), Field::root("amount")])?;
    Ok(ClientMessage::AmendOrder(AmendOrder {
        order,
        price: price.decimal()?,
        amount: amount.decimal()?,
    }))
}

/// A field that was checked to be there.
fn needed<T>(value: Option<T>) -> T {
    value.expect("invariant: the field was asked for with `needed`")
}

/// What a client wrote, short enough to be repeated.
fn short(text: &str) -> String {
    text.chars().take(64).collect()
}
