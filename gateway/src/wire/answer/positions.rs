//! What requests about positions come to.

use crate::wire::MessageType;
use engine::domain::{Amount, PositionId, Timestamp};

use crate::instrument::Instrument;
use crate::wire::{PositionData, RequestId};

use super::answer;

/// `get_positions`: every open position, by its name.
pub fn encode_positions<'a>(
    positions: impl Iterator<Item = PositionData<'a>>,
    user_sequence: u64,
    out: &mut Vec<u8>,
    request: Option<&RequestId>,
    now: Timestamp,
) {
    answer(out, MessageType::GetPositions, request, now, |json| {
        json.object("result");
        json.list("positions");
        for position in positions {
            json.item();
            json.open();
            position.write(json);
            json.close();
        }
        json.close_list();
        json.number("userSequence", user_sequence);
        json.close();
    });
}

/// `margin_adjusted`
#[derive(Clone, Copy, Debug)]
pub struct MarginAdjusted<'a> {
    /// In which pair.
    pub instrument: &'a Instrument,
    /// Of which position.
    pub position: PositionId,
    /// Its collateral now.
    pub collateral: Amount,
}

impl MarginAdjusted<'_> {
    /// Writes the message.
    pub fn encode(&self, out: &mut Vec<u8>, request: Option<&RequestId>, now: Timestamp) {
        answer(out, MessageType::MarginAdjusted, request, now, |json| {
            let quote = &self.instrument.quote;
            json.object("result");
            json.id("positionId", "pos_", self.position.0);
            json.word("pair", &self.instrument.symbol);
            let units = u128::from(self.collateral.units());
            json.exact("margin", units, quote.scale, quote.display_scale);
            json.word("asset", &quote.symbol);
            json.word("message", "Margin adjusted successfully");
            json.close();
        });
    }
}
