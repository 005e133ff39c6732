//! What makes an order a margin order, and what is said about positions.

use rust_decimal::Decimal;
use simd_json::tape::Object;

use crate::wire::fields::{Field, Slot, read};
use crate::wire::{AdjustMargin, ClientMessage, ClosePosition, MarginTerms, Reason, Refusal};

use super::{Context, needed};

/// `leverage` and `reduceOnly`, of which an order has one at most.
pub(super) fn margin_terms(data: &Object<'_, '_>) -> Result<MarginTerms, Refusal> {
    let fields = [
        Field::at("leverage", "orderData.leverage"),
        Field::at("reduceOnly", "orderData.reduceOnly"),
    ];
    let [leverage, reduce_only] = read(data, fields)?;
    let reduces = reduce_only.boolean()? == Some(true);
    match leverage.decimal()? {
        Some(_) if reduces => {
            let expected = "a reduce-only order without it";
            let refusal = leverage.field.refuse(Reason::InvalidValue, expected);
            Err(refusal)
        }
        Some(leverage) => Ok(MarginTerms::Leverage(leverage)),
        None if reduces => Ok(MarginTerms::ReduceOnly),
        None => Ok(MarginTerms::None),
    }
}

pub(super) fn close_position(
    root: &Object<'_, '_>,
    context: &mut Context,
) -> Result<ClientMessage, Refusal> {
    let fields = ["positionId", "clientOrderId"].map(Field::root);
    let [position, client_id] = read(root, fields)?;
    context.client_order_id = client_id.client_order_id()?;
    Ok(ClientMessage::ClosePosition(ClosePosition {
        position: needed(position.needed(POSITION)?.position_id()?),
        client_order_id: context.client_order_id,
    }))
}

pub(super) fn adjust_margin(root: &Object<'_, '_>) -> Result<ClientMessage, Refusal> {
    let [position, amount] = read(root, ["positionId", "amount"].map(Field::root))?;
    let position = needed(position.needed(POSITION)?.position_id()?);
    let amount: Decimal = signed(&amount)?;
    Ok(ClientMessage::AdjustMargin(AdjustMargin {
        position,
        amount,
    }))
}

const POSITION: &str = "a position like \"pos_42\"";

fn signed(slot: &Slot<'_, '_>) -> Result<Decimal, Refusal> {
    let expected = "a decimal string like \"100.00\" to add, \"-100.00\" to take out";
    Ok(needed(slot.needed(expected)?.decimal()?))
}
