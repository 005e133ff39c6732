//! The state of a whole exchange as bytes: little-endian, in the order of its fields; what only
//! special orders, dead-man switches and margin have stands behind, where there is any.
//!
//! Decoding is total and allocates no more than a small multiple of what it is given; that the
//! parts fit together is checked by [`Exchange::restore`](crate::exchange::Exchange::restore).

use super::input::{Input, RecordError};
use super::record::{Flags, decode_client_order_id, text};
use super::special::{self, Extension};
use crate::clearing::{
    AccountState, AssetState, Balance, ClearingState, FinishedOrderState, MarketState,
    OpenOrderState, OrderStage, OrderState, RevokedState,
};
use crate::command::Terms;
use crate::domain::{
    AccountId, AccountLimits, Amount, CommandSequence, EventSequence, Funding, OrderId, Price,
    Timestamp, TradingStatus, UserName,
};
use crate::exchange::{BookState, ExchangeState};
use crate::report::OrderStatus;

mod margin;
mod operator;
mod tail;
#[cfg(test)]
mod tests;

/// The shortest an order is, in bytes.
const ORDER: usize = 64;
/// The bit of an order's flags that says that its terms stand behind it.
const EXTENDED: u8 = 1 << 7;

/// Appends `state` to `out`.
pub(super) fn encode(state: &ExchangeState, out: &mut Vec<u8>) {
    let clearing = &state.clearing;
    number(out, clearing.last_sequence.0);
    number(out, clearing.last_time.0);
    number(out, clearing.next_order.0);
    list(out, &clearing.assets, |out, asset| {
        number(out, asset.inside.units());
        number(out, asset.fees.units());
    });
    list(out, &clearing.accounts, |out, account| {
        text(out, account.name.as_str());
        list(out, &account.balances, |out, balance| {
            number(out, balance.available.units());
            number(out, balance.held.units());
        });
    });
    list(out, &clearing.markets, encode_market);
    list(out, &state.books, |out, book| {
        list(out, &book.bids, |out, id| number(out, id.0));
        list(out, &book.asks, |out, id| number(out, id.0));
    });
    tail::encode(state, out);
}

/// Reads the state that `bytes` are, all of them.
pub(super) fn decode(bytes: &[u8]) -> Result<ExchangeState, RecordError> {
    let input = &mut Input::new(bytes);
    let mut state = ExchangeState {
        clearing: ClearingState {
            last_sequence: CommandSequence(input.u64()?),
            last_time: Timestamp(input.u64()?),
            next_order: OrderId(input.u64()?),
            assets: read_list(input, 16, |input| {
                Ok(AssetState {
                    inside: input.amount()?,
                    fees: input.amount()?,
                    pool: Amount::ZERO,
                    insurance: Amount::ZERO,
                })
            })?,
            accounts: read_list(input, 9, |input| {
                let name = UserName::new(input.text()?);
                Ok(AccountState {
                    name: name.map_err(|_| RecordError::Field("name"))?,
                    cancel_after: None,
                    limits: AccountLimits::default(),
                    balances: read_list(input, 16, |input| {
                        Ok(Balance {
                            available: input.amount()?,
                            held: input.amount()?,
                        })
                    })?,
                })
            })?,
            markets: read_list(input, 29, decode_market)?,
            transfers: Vec::new(),
            operations: Vec::new(),
            revoked: RevokedState::default(),
        },
        books: read_list(input, 16, |input| {
            let ids = |input: &mut Input<'_>| read_list(input, 8, |it| Ok(OrderId(it.u64()?)));
            Ok(BookState {
                bids: ids(input)?,
                asks: ids(input)?,
                ..BookState::default()
            })
        })?,
    };
    if input.len() > 0 {
        tail::decode(input, &mut state)?;
    }
    match input.len() {
        0 => Ok(state),
        _ => Err(RecordError::Field("end")),
    }
}

fn encode_market(out: &mut Vec<u8>, market: &MarketState) {
    out.push(market.status.number());
    // No price is zero.
    out.extend(market.last_trade.map_or(0, Price::ticks).to_le_bytes());
    number(out, market.last_event.0);
    list(out, &market.open, |out, open| {
        encode_order(out, &open.order);
        number(out, open.leaves.lots());
        number(out, open.held.units());
        if let Terms::Stop(_) = open.order.terms {
            out.push(match open.stage {
                OrderStage::Book => 0,
                OrderStage::Waiting => 1,
                OrderStage::Linked => 2,
            });
        }
    });
    list(out, &market.finished, |out, finished| {
        encode_order(out, &finished.order);
        out.push(match finished.status {
            OrderStatus::Open => 0,
            OrderStatus::PartiallyFilled => 1,
            OrderStatus::Filled => 2,
            OrderStatus::Cancelled => 3,
            OrderStatus::Expired => 4,
            OrderStatus::Pending => 5,
        });
        number(out, finished.at.0);
    });
}

fn decode_market(input: &mut Input<'_>) -> Result<MarketState, RecordError> {
    Ok(MarketState {
        status: TradingStatus::from_number(input.u8()?).ok_or(RecordError::Field("status"))?,
        last_trade: Price::new(input.u32()?),
        last_event: EventSequence(input.u64()?),
        breaker: None,
        margin: None,
        open: read_list(input, ORDER + 16, |input| {
            let order = decode_order(input)?;
            Ok(OpenOrderState {
                order,
                leaves: input.quantity()?,
                held: input.amount()?,
                stage: match order.terms {
                    Terms::Plain | Terms::Iceberg { .. } => OrderStage::Book,
                    Terms::Stop(_) => match input.u8()? {
                        0 => OrderStage::Book,
                        1 => OrderStage::Waiting,
                        2 => OrderStage::Linked,
                        _ => return Err(RecordError::Field("stage")),
                    },
                },
            })
        })?,
        finished: read_list(input, ORDER + 9, |input| {
            Ok(FinishedOrderState {
                order: decode_order(input)?,
                status: match input.u8()? {
                    0 => OrderStatus::Open,
                    1 => OrderStatus::PartiallyFilled,
                    2 => OrderStatus::Filled,
                    3 => OrderStatus::Cancelled,
                    4 => OrderStatus::Expired,
                    5 => OrderStatus::Pending,
                    _ => return Err(RecordError::Field("order status")),
                },
                at: Timestamp(input.u64()?),
            })
        })?,
    })
}

fn encode_order(out: &mut Vec<u8>, order: &OrderState) {
    number(out, order.id.0);
    out.extend(order.account.0.to_le_bytes());
    let flags = Flags {
        side: order.side,
        market: order.market,
        post_only: order.post_only,
        time_in_force: order.time_in_force,
        self_trade: order.self_trade,
    };
    let extension = Extension {
        expires_at: order.expires_at,
        terms: order.terms,
        funding: order.funding,
    };
    let plain = extension.is_empty();
    out.push(flags.encode() | if plain { 0 } else { EXTENDED });
    out.extend(order.first_price.ticks().to_le_bytes());
    number(out, order.first_quantity.lots());
    out.extend(order.price.ticks().to_le_bytes());
    number(out, order.quantity.lots());
    number(out, order.filled.lots());
    number(out, order.notional.units());
    number(out, order.fees.units());
    out.extend(order.fee_credit.to_le_bytes());
    text(
        out,
        order.client_order_id.as_ref().map_or("", |id| id.as_str()),
    );
    if !plain {
        special::encode(&extension, out);
    }
}

fn decode_order(input: &mut Input<'_>) -> Result<OrderState, RecordError> {
    let id = OrderId(input.u64()?);
    let account = AccountId(input.u32()?);
    let flags = input.u8()?;
    let is_extended = flags & EXTENDED != 0;
    let flags = Flags::decode(flags & !EXTENDED)?;
    let mut order = OrderState {
        id,
        account,
        side: flags.side,
        market: flags.market,
        time_in_force: flags.time_in_force,
        post_only: flags.post_only,
        self_trade: flags.self_trade,
        first_price: input.price()?,
        first_quantity: input.quantity()?,
        price: input.price()?,
        quantity: input.quantity()?,
        filled: input.quantity()?,
        notional: input.amount()?,
        fees: input.amount()?,
        fee_credit: input.u16()?,
        client_order_id: decode_client_order_id(input)?,
        terms: Terms::Plain,
        expires_at: None,
        funding: Funding::Spot,
    };
    if is_extended {
        let extension = special::decode(input)?;
        order.expires_at = extension.expires_at;
        order.terms = extension.terms;
        order.funding = extension.funding;
    }
    Ok(order)
}

fn number(out: &mut Vec<u8>, number: u64) {
    out.extend(number.to_le_bytes());
}

fn list<T>(out: &mut Vec<u8>, items: &[T], mut each: impl FnMut(&mut Vec<u8>, &T)) {
    number(out, items.len() as u64);
    for item in items {
        each(out, item);
    }
}

/// Reads a list of things that are at least `size` bytes long each.
fn read_list<'a, T>(
    input: &mut Input<'a>,
    size: usize,
    mut each: impl FnMut(&mut Input<'a>) -> Result<T, RecordError>,
) -> Result<Vec<T>, RecordError> {
    let count = input.count(size)?;
    let mut items = Vec::with_capacity(count);
    for _ in 0..count {
        items.push(each(input)?);
    }
    Ok(items)
}
