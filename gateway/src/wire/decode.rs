//! Bytes to [`Envelope`]s.
//!
//! What can be read is read even where something else is wrong, so that the error still carries
//! the `requestId`, the `type` and the `clientOrderId` of the message it answers.

use simd_json::prelude::TypedValue as _;
use simd_json::tape::{Object, Value};
use simd_json::{Buffers, ErrorType, Tape, ValueType};

use engine::domain::ClientOrderId;

use super::fields::{Field, Slot, read};
use super::{
    Authenticate, BookDepth, BookUpdates, ChannelRequest, ChannelType, ClientMessage, Envelope,
    MAX_CHANNELS, MAX_DEPTH, MAX_MESSAGE_BYTES, Param, Reason, Refusal, RequestId, RequestType,
    WireError,
};

mod margin;
mod orders;
mod place;

use self::margin::{adjust_margin, close_position};
use self::orders::{
    amend_order, cancel_all, cancel_all_after, entries, get_fills, get_orders, order_name,
};
use self::place::place_order;

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

    /// As [`Decoder::decode`], of bytes that stay as they are. An error for a number that is too
    /// large carries what the rest of the message says of itself.
    pub fn read(&mut self, message: &[u8]) -> Result<Envelope, WireError> {
        let mut read = self.decode(&mut message.to_vec());
        let Some(first) = too_large(&read).cloned() else {
            return read;
        };
        // The parser stops at such a number, so it is read again without them.
        let mut without = message.to_vec();
        for _ in 0..MAX_NUMBERS_LEFT_OUT {
            let Some(error) = too_large(&read) else {
                break;
            };
            leave_out(&mut without, error);
            read = self.decode(&mut without.clone());
        }
        let (request_id, request_type, client_order_id) = match read {
            Ok(envelope) => {
                let message = envelope.message;
                let own = message.client_order_id();
                (envelope.request_id, Some(message.request_type()), own)
            }
            Err(error) => (error.request_id, error.request_type, error.client_order_id),
        };
        Err(WireError {
            request_id,
            request_type,
            client_order_id,
            ..first
        })
    }
}

/// How many numbers too large to be held are left out of a message to read the rest of it.
const MAX_NUMBERS_LEFT_OUT: usize = 8;

/// The error of a number that is too large, if that is what a message came to.
fn too_large(read: &Result<Envelope, WireError>) -> Option<&WireError> {
    let error = read.as_ref().err()?;
    (error.refusal.reason == Reason::NumberTooLarge).then_some(error)
}

/// Writes `null`, which is as good as nothing, over the number at which `error` stopped: one that
/// is too large has more than four characters.
fn leave_out(message: &mut [u8], error: &WireError) {
    let byte = error.refusal.params.iter().find_map(|(name, param)| {
        let at = match param {
            Param::Number(at) if *name == "byte" => *at,
            _ => return None,
        };
        usize::try_from(at).ok()
    });
    let Some(number) = byte.and_then(|at| message.get_mut(at..)) else {
        return;
    };
    let end = number.iter().position(|byte| !is_part_of_number(*byte));
    let end = end.unwrap_or(number.len());
    number[..end].fill(b' ');
    if let Some(null) = number.get_mut(..4).filter(|_| end >= 4) {
        null.copy_from_slice(b"null");
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
    let is_part = |byte: &u8| is_part_of_number(*byte);
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

/// Whether `byte` is of what a number is written with, rightly or wrongly.
fn is_part_of_number(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
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
        RequestType::PlaceOrder => place_order(&object, context).map(ClientMessage::PlaceOrder),
        RequestType::PlaceOrders => {
            entries(&object, kind, place_order).map(ClientMessage::PlaceOrders)
        }
        RequestType::CancelOrder => order_name(&object, context).map(ClientMessage::CancelOrder),
        RequestType::CancelOrders => {
            entries(&object, kind, order_name).map(ClientMessage::CancelOrders)
        }
        RequestType::AmendOrder => amend_order(&object, context),
        RequestType::CancelAll => cancel_all(&object),
        RequestType::CancelAllAfter => cancel_all_after(&object),
        RequestType::ClosePosition => close_position(&object, context),
        RequestType::AdjustMargin => adjust_margin(&object),
        RequestType::GetPositions => Ok(ClientMessage::GetPositions),
        RequestType::GetOrders => get_orders(&object),
        RequestType::GetOrder => order_name(&object, context).map(ClientMessage::GetOrder),
        RequestType::GetFills => get_fills(&object, context),
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
                    Reason::UnknownChannel | Reason::InvalidChannel => refusal,
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
            since: since.unsigned(SINCE)?,
        }),
        ChannelType::Portfolio => Ok(ChannelRequest::Portfolio),
        ChannelType::Arbitrage => Ok(ChannelRequest::Arbitrage),
        ChannelType::RiskAlerts => Ok(ChannelRequest::RiskAlerts),
        ChannelType::Positions => Ok(ChannelRequest::Positions {
            since: since.unsigned(SINCE)?,
        }),
        ChannelType::MarginCalls => Ok(ChannelRequest::MarginCalls),
    }
}

/// The channels that are served.
const SERVED: &str = "Supported channels: orderbook, trades, price, arbitrage, risk_alerts, \
                      portfolio, orders, positions, margin_calls";
const SINCE: &str = "a userSequence, a whole number";

fn book_depth(depth: &Slot<'_, '_>) -> Result<BookDepth, Refusal> {
    let expected = "5, 15, 50 or 200";
    match depth.unsigned(expected)? {
        None => Ok(BookDepth::default()),
        Some(levels) => BookDepth::from_levels(levels)
            .ok_or_else(|| depth.field.refuse(Reason::InvalidValue, expected)),
    }
}

/// A field that was checked to be there.
fn needed<T>(value: Option<T>) -> T {
    value.expect("invariant: the field was asked for with `needed`")
}

/// What a client wrote, short enough to be repeated.
fn short(text: &str) -> String {
    text.chars().take(64).collect()
}
