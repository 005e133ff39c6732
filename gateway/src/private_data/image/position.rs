//! Changes of positions.

use bytes::{Buf, BufMut};
use engine::domain::{AccountId, PairId, PositionId, PositionSide, Timestamp};
use engine::report::{PositionChange, PositionReason, PositionView};

use super::{ImageError, amount, one_of, put_one_of, quantity};
use crate::private_data::{PositionEvent, UserEvent};

const SIDES: [PositionSide; 2] = [PositionSide::Long, PositionSide::Short];
const REASONS: [PositionReason; 9] = [
    PositionReason::Opened,
    PositionReason::Grown,
    PositionReason::Reduced,
    PositionReason::Closed,
    PositionReason::Adjusted,
    PositionReason::Interest,
    PositionReason::Liquidated,
    PositionReason::Deleveraged,
    PositionReason::Liquidation,
];

/// Stops compiling where a reason is new: it needs its place at the end of [`REASONS`].
const fn has_its_place(reason: PositionReason) -> bool {
    match reason {
        PositionReason::Opened
        | PositionReason::Grown
        | PositionReason::Reduced
        | PositionReason::Closed
        | PositionReason::Adjusted
        | PositionReason::Interest
        | PositionReason::Liquidated
        | PositionReason::Deleveraged
        | PositionReason::Liquidation => true,
    }
}
const _: () = assert!(has_its_place(PositionReason::Liquidation));

pub(super) fn put_change(out: &mut Vec<u8>, change: &PositionChange) {
    put_view(out, &change.position);
    put_one_of(out, &REASONS, change.reason);
    out.put_i64_le(change.realised);
}

pub(super) fn event(
    bytes: &mut &[u8],
    account: AccountId,
    user_sequence: u64,
) -> Result<UserEvent, ImageError> {
    let change = PositionChange {
        position: view(bytes, account)?,
        reason: one_of(bytes, &REASONS, "reason of a position")?,
        realised: bytes.try_get_i64_le()?,
    };
    Ok(UserEvent::Position(PositionEvent {
        user_sequence,
        change,
    }))
}

fn put_view(out: &mut Vec<u8>, view: &PositionView) {
    out.put_u64_le(view.position.0);
    out.put_u16_le(view.pair.0);
    put_one_of(out, &SIDES, view.side);
    out.put_u64_le(view.size.lots());
    out.put_u64_le(view.cost.units());
    out.put_u64_le(view.collateral.units());
    out.put_u64_le(view.interest.units());
    out.put_u8(u8::from(view.liquidating));
    out.put_u64_le(view.opened_at.0);
}

fn view(bytes: &mut &[u8], account: AccountId) -> Result<PositionView, ImageError> {
    Ok(PositionView {
        account,
        position: PositionId(bytes.try_get_u64_le()?),
        pair: PairId(bytes.try_get_u16_le()?),
        side: one_of(bytes, &SIDES, "side of a position")?,
        size: quantity(bytes)?,
        cost: amount(bytes)?,
        collateral: amount(bytes)?,
        interest: amount(bytes)?,
        liquidating: bytes.try_get_u8()? != 0,
        opened_at: Timestamp(bytes.try_get_u64_le()?),
    })
}
