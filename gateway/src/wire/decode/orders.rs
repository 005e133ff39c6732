//! What is said about orders beside placing one.

use simd_json::tape::{Object, Value};

use crate::wire::fields::{Field, Slot, read};
use crate::wire::{
    AmendOrder, CancelAll, ClientMessage, GetFills, GetOrders, MAX_BATCH, MAX_CANCEL_AFTER_MS,
    MAX_PAGE, MIN_CANCEL_AFTER_MS, OrderName, Reason, Refusal, RequestType, WireError,
};

use super::{Context, kind_of, needed};

/// Each entry of `orders` by itself, read by `read_entry`; what is wrong with one says nothing of
/// the others.
pub(super) fn entries<T>(
    root: &Object<'_, '_>,
    kind: RequestType,
    read_entry: impl Fn(&Object<'_, '_>, &mut Context) -> Result<T, Refusal>,
) -> Result<Vec<Result<T, WireError>>, Refusal> {
    let field = Field::root("orders");
    let [orders] = read(root, [field])?;
    let most = u64::try_from(MAX_BATCH).unwrap_or(u64::MAX);
    let expected = format!("a list of 1 to {most} orders");
    let orders = needed(orders.needed(&expected)?.array()?);
    if orders.is_empty() {
        return Err(field.refuse(Reason::EmptyList, &expected));
    }
    if orders.len() > MAX_BATCH {
        let refusal = field.refuse(Reason::TooManyItems, &expected);
        return Err(refusal.number("maxItems", most));
    }
    let read_one = |entry: Value<'_, '_>| {
        let mut context = Context::default();
        let result = match entry.as_object() {
            Some(object) => read_entry(&object, &mut context),
            None => {
                let found = format!("an object, not {}", kind_of(&entry));
                Err(Field::root("orders[]").refuse(Reason::WrongKind, &found))
            }
        };
        result.map_err(|refusal| WireError {
            refusal: Box::new(refusal),
            request_id: None,
            request_type: Some(kind),
            client_order_id: context.client_order_id,
        })
    };
    Ok(orders.iter().map(read_one).collect())
}

/// Either name of an order; `orderId` counts where both are given.
pub(super) fn order_name(
    root: &Object<'_, '_>,
    context: &mut Context,
) -> Result<OrderName, Refusal> {
    let fields = [Field::root("orderId"), Field::root("clientOrderId")];
    let [order_id, client_id] = read(root, fields)?;
    match either_name(&order_id, &client_id, context)? {
        Some(name) => Ok(name),
        None => {
            let expected = "orderId or clientOrderId, a string";
            Err(order_id.field.refuse(Reason::MissingField, expected))
        }
    }
}

fn either_name(
    order_id: &Slot<'_, '_>,
    client_id: &Slot<'_, '_>,
    context: &mut Context,
) -> Result<Option<OrderName>, Refusal> {
    context.client_order_id = client_id.client_order_id()?;
    let by_id = order_id.order_id()?.map(OrderName::Id);
    Ok(by_id.or(context.client_order_id.map(OrderName::Client)))
}

pub(super) fn amend_order(
    root: &Object<'_, '_>,
    context: &mut Context,
) -> Result<ClientMessage, Refusal> {
    let order = order_name(root, context)?;
    let [price, amount] = read(root, [Field::root("price"), Field::root("amount")])?;
    Ok(ClientMessage::AmendOrder(AmendOrder {
        order,
        price: price.decimal()?,
        amount: amount.decimal()?,
    }))
}

pub(super) fn cancel_all(root: &Object<'_, '_>) -> Result<ClientMessage, Refusal> {
    let [pair, side] = read(root, [Field::root("pair"), Field::root("side")])?;
    Ok(ClientMessage::CancelAll(CancelAll {
        pair: pair.pair()?,
        side: side.side()?,
    }))
}

pub(super) fn cancel_all_after(root: &Object<'_, '_>) -> Result<ClientMessage, Refusal> {
    let [timeout] = read(root, [Field::root("timeoutMs")])?;
    let (least, most) = (MIN_CANCEL_AFTER_MS, MAX_CANCEL_AFTER_MS);
    let expected = format!("0, or a whole number from {least} to {most}");
    let timeout_ms = needed(timeout.needed(&expected)?.unsigned(&expected)?);
    if timeout_ms != 0 && !(least..=most).contains(&timeout_ms) {
        let refusal = timeout.field.refuse(Reason::InvalidValue, &expected);
        return Err(refusal
            .number("minTimeoutMs", least)
            .number("maxTimeoutMs", most));
    }
    Ok(ClientMessage::CancelAllAfter { timeout_ms })
}

pub(super) fn get_orders(root: &Object<'_, '_>) -> Result<ClientMessage, Refusal> {
    let fields = ["pair", "status", "after", "limit"].map(Field::root);
    let [pair, status, after, limit] = read(root, fields)?;
    let finished = status.word("\"open\" or \"finished\"", |word| match word {
        "open" => Some(false),
        "finished" => Some(true),
        _ => None,
    })?;
    Ok(ClientMessage::GetOrders(GetOrders {
        pair: pair.pair()?,
        finished: finished.unwrap_or(false),
        after: after.order_id()?,
        limit: page(&limit)?,
    }))
}

pub(super) fn get_fills(
    root: &Object<'_, '_>,
    context: &mut Context,
) -> Result<ClientMessage, Refusal> {
    let fields = ["pair", "orderId", "clientOrderId", "after", "limit"].map(Field::root);
    let [pair, order_id, client_id, after, limit] = read(root, fields)?;
    Ok(ClientMessage::GetFills(GetFills {
        pair: pair.pair()?,
        order: either_name(&order_id, &client_id, context)?,
        after: after
            .unsigned("a userSequence, a whole number")?
            .unwrap_or(0),
        limit: page(&limit)?,
    }))
}

/// How many entries a page has at most.
fn page(limit: &Slot<'_, '_>) -> Result<usize, Refusal> {
    let most = u64::try_from(MAX_PAGE).unwrap_or(u64::MAX);
    let expected = format!("a whole number from 1 to {most}");
    let asked = limit.unsigned(&expected)?.unwrap_or(most);
    let size = usize::try_from(asked)
        .ok()
        .filter(|size| (1..=MAX_PAGE).contains(size));
    size.ok_or_else(|| {
        let refusal = limit.field.refuse(Reason::InvalidValue, &expected);
        refusal.number("maxLimit", most)
    })
}
