//! Positions and margin calls as their owners see them.

use crate::wire::MessageType;
use engine::domain::{
    CallSeverity, MarginRatio, PairMargin, PositionId, PositionSide, Price, Timestamp,
};
use engine::report::{PositionChange, PositionReason, PositionView};

use crate::instrument::{Instrument, pow10};
use crate::wire::answer::{amount, price};
use crate::wire::json::Json;

use super::{Percent, stream};

/// A position's figures at a mark price, in quote units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PositionFigures {
    /// What it gained or lost and has not taken.
    pub pnl: i128,
    /// The same, of its cost.
    pub pnl_percent: Percent,
    /// What is left of it for its owner.
    pub equity: i128,
    /// What it is worth.
    pub notional: i128,
    /// Equity ÷ worth in hundred-thousandths, rounded down.
    pub ratio: i128,
    /// The equity at which it is liquidated, rounded up.
    pub maintenance: i128,
    /// Worth ÷ equity in hundredths; `None` without equity.
    pub leverage: Option<i128>,
}

/// A position's prices, whatever the mark price is; `None` where there is none above zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PositionPrices {
    /// What a lot cost or brought, in units of the price scale plus two digits.
    pub entry: Option<u128>,
    /// Where it is liquidated, in units of the price scale.
    pub liquidation: Option<u128>,
    /// Where nothing is left of it, in units of the price scale.
    pub bankruptcy: Option<u128>,
}

/// What would restore a position's initial ratio.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restoring {
    /// How much collateral, in quote units, rounded up; zero where it is restored.
    pub deposit: i128,
    /// Or how many lots to close at the mark price, rounded up; all of them where no part is
    /// enough.
    pub lots: u64,
}

/// One position as its owner sees it, in `position_update` and `get_positions`.
#[derive(Clone, Copy, Debug)]
pub struct PositionData<'a> {
    /// In which pair.
    pub instrument: &'a Instrument,
    /// What it is made of.
    pub view: PositionView,
    /// The mark price of its pair; `None` where there is none.
    pub mark: Option<Price>,
    /// What it comes to at that; `None` without one, and where it is closed.
    pub figures: Option<PositionFigures>,
    /// Its prices.
    pub prices: PositionPrices,
    /// What changed, where a change is told.
    pub change: Option<&'a PositionChange>,
}

impl PositionData<'_> {
    pub(in crate::wire) fn write(&self, json: &mut Json<'_>) {
        let (view, instrument) = (&self.view, self.instrument);
        let figures = self.figures.as_ref();
        json.id("positionId", "pos_", view.position.0);
        json.word("pair", &instrument.symbol);
        json.word("side", position_side_word(view.side));
        amount(json, "size", instrument, view.size);
        match self.prices.entry {
            Some(entry) => {
                let scale = instrument.price_scale;
                json.exact("entryPrice", entry, scale + 2, scale);
            }
            None => json.null("entryPrice"),
        }
        match self.mark {
            Some(mark) => price(json, "markPrice", instrument, mark),
            None => json.null("markPrice"),
        }
        self.write_pnl(json, figures);
        exact(json, "margin", view.collateral.units(), instrument);
        json_ratio(json, "marginRatio", figures.map(|it| it.ratio));
        let scale = instrument.price_scale;
        json.optional_decimal("liquidationPrice", self.prices.liquidation, scale);
        write_more(json, instrument, self.prices, figures);
        exact(json, "interest", view.interest.units(), instrument);
        json.boolean("liquidating", view.liquidating);
        json.number("openedAt", view.opened_at.0);
        if let Some(change) = self.change {
            json.word("reason", position_reason_word(change.reason));
            let realised = i128::from(change.realised);
            let shown = instrument.quote.display_units(realised);
            let scale = instrument.quote.display_scale;
            json.signed("realizedPnl", shown, scale, true, "");
        }
    }

    /// What it gained; nothing of one that is closed, unknown without a mark price.
    fn write_pnl(&self, json: &mut Json<'_>, figures: Option<&PositionFigures>) {
        let quote = &self.instrument.quote;
        let (pnl, percent) = match figures {
            Some(figures) => (figures.pnl, figures.pnl_percent.0),
            None if self.view.size.is_zero() => (0, 0),
            None => {
                json.null("pnl");
                json.null("pnlPercent");
                return;
            }
        };
        let shown = quote.display_units(pnl);
        json.signed("pnl", shown, quote.display_scale, true, "");
        json.signed("pnlPercent", percent, 2, true, "%");
    }
}

/// The figures beyond the reference's, which `position_update` and `margin_call` share.
fn write_more(
    json: &mut Json<'_>,
    instrument: &Instrument,
    prices: PositionPrices,
    figures: Option<&PositionFigures>,
) {
    let scale = instrument.quote.display_scale;
    match figures {
        Some(figures) => {
            let equity = down(figures.equity, instrument);
            json.signed("equity", equity, scale, false, "");
            let maintenance = up(figures.maintenance, instrument);
            json.signed("maintenanceMargin", maintenance, scale, false, "");
        }
        None => {
            json.null("equity");
            json.null("maintenanceMargin");
        }
    }
    json.optional_decimal("bankruptcyPrice", prices.bankruptcy, instrument.price_scale);
    match figures.and_then(|it| it.leverage) {
        Some(leverage) => json.signed("leverage", leverage, 2, false, ""),
        None => json.null("leverage"),
    }
    match figures {
        // Thousandths of a percent, of which two decimals are shown.
        Some(figures) => {
            let percent = figures.ratio.div_euclid(10);
            json.signed("marginRatioPercent", percent, 2, false, "%");
        }
        None => json.null("marginRatioPercent"),
    }
}

/// A ratio in hundred-thousandths, of which two decimals are shown, rounded down.
fn json_ratio(json: &mut Json<'_>, key: &str, ratio: Option<i128>) {
    match ratio {
        Some(ratio) => json.signed(key, ratio.div_euclid(1_000), 2, false, ""),
        None => json.null(key),
    }
}

fn exact(json: &mut Json<'_>, key: &str, units: u64, instrument: &Instrument) {
    let quote = &instrument.quote;
    json.exact(key, u128::from(units), quote.scale, quote.display_scale);
}

/// Quote units in units of the display scale, rounded down.
fn down(units: i128, instrument: &Instrument) -> i128 {
    let quote = &instrument.quote;
    units.div_euclid(pow10(quote.scale - quote.display_scale))
}

/// The same, rounded up.
fn up(units: i128, instrument: &Instrument) -> i128 {
    -down(-units, instrument)
}

/// `position_update`
#[derive(Clone, Copy, Debug)]
pub struct PositionUpdate<'a> {
    /// The position after the change, or at another mark price.
    pub position: PositionData<'a>,
    /// The user's own counter: a step of it for a change, the last one for a mark price.
    pub user_sequence: u64,
}

impl PositionUpdate<'_> {
    /// Writes the message.
    pub fn encode(&self, out: &mut Vec<u8>, now: Timestamp) {
        stream(
            out,
            MessageType::PositionUpdate,
            &["positions"],
            now,
            |json| {
                self.position.write(json);
                json.number("userSequence", self.user_sequence);
            },
        );
    }
}

/// `positions_snapshot`: behind the positions of a client that asked to go on after a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PositionsSnapshot {
    /// How many positions are open.
    pub count: u64,
    /// Whether all that came since was told.
    pub resumed: bool,
    /// The user's own counter.
    pub user_sequence: u64,
}

impl PositionsSnapshot {
    /// Writes the message.
    pub fn encode(&self, out: &mut Vec<u8>, now: Timestamp) {
        stream(
            out,
            MessageType::PositionsSnapshot,
            &["positions"],
            now,
            |json| {
                json.number("count", self.count);
                json.boolean("resumed", self.resumed);
                json.number("userSequence", self.user_sequence);
            },
        );
    }
}

/// `margin_call`
#[derive(Clone, Copy, Debug)]
pub struct MarginCallMessage<'a> {
    /// In which pair.
    pub instrument: &'a Instrument,
    /// On what terms.
    pub terms: &'a PairMargin,
    /// The position as it is.
    pub view: PositionView,
    /// How bad.
    pub severity: CallSeverity,
    /// When it began.
    pub since: Timestamp,
    /// When the position is reduced, if nothing is done.
    pub deadline: Timestamp,
    /// The mark price of its pair; the one of the call where there is none.
    pub mark: Price,
    /// What it comes to at that.
    pub figures: Option<PositionFigures>,
    /// Its prices.
    pub prices: PositionPrices,
    /// What would restore its initial ratio.
    pub restoring: Option<Restoring>,
    /// The user's own counter.
    pub user_sequence: u64,
}

impl MarginCallMessage<'_> {
    /// Writes the message.
    pub fn encode(&self, out: &mut Vec<u8>, now: Timestamp) {
        stream(
            out,
            MessageType::MarginCall,
            &["margin_calls"],
            now,
            |json| {
                self.write(json, now);
            },
        );
    }

    fn write(&self, json: &mut Json<'_>, now: Timestamp) {
        let (view, instrument, terms) = (&self.view, self.instrument, self.terms);
        let figures = self.figures.as_ref();
        let scale = instrument.quote.display_scale;
        json.id("positionId", "pos_", view.position.0);
        json.word("severity", severity_word(self.severity));
        json_ratio(json, "currentMarginRatio", figures.map(|it| it.ratio));
        let required = u128::from(terms.initial.get());
        json.exact("requiredMarginRatio", required, RATIO_SCALE, 2);
        match self.restoring {
            Some(restoring) => {
                let deposit = up(restoring.deposit, instrument);
                json.signed("requiredDeposit", deposit, scale, false, "");
            }
            None => json.null("requiredDeposit"),
        }
        let liquidation = self.prices.liquidation;
        json.optional_decimal("liquidationPrice", liquidation, instrument.price_scale);
        // A second that has begun is one that is left.
        let left = self.deadline.since(now).div_ceil(1_000);
        json.word("timeToLiquidation", itoa::Buffer::new().format(left));
        json.word("message", call_words(self.severity));
        json.word("pair", &instrument.symbol);
        json.word("side", position_side_word(view.side));
        amount(json, "size", instrument, view.size);
        price(json, "markPrice", instrument, self.mark);
        exact(json, "margin", view.collateral.units(), instrument);
        write_more(json, instrument, self.prices, figures);
        match self.restoring {
            Some(restoring) => {
                let units = instrument.amount_units(restoring.lots);
                json.decimal("requiredReduction", units, instrument.amount_scale);
            }
            None => json.null("requiredReduction"),
        }
        json.number("calledAt", self.since.0);
        json.number("reducedAt", self.deadline.0);
        json.number("userSequence", self.user_sequence);
    }
}

/// How many decimals a [`MarginRatio`] has.
pub const RATIO_SCALE: u8 = 5;
const _: () = assert!(10_u32.pow(RATIO_SCALE as u32) == MarginRatio::WHOLE);

/// `margin_call_cleared`
#[derive(Clone, Copy, Debug)]
pub struct MarginCallCleared<'a> {
    /// Of which position.
    pub position: PositionId,
    /// In which pair.
    pub instrument: &'a Instrument,
    /// The user's own counter.
    pub user_sequence: u64,
}

impl MarginCallCleared<'_> {
    /// Writes the message.
    pub fn encode(&self, out: &mut Vec<u8>, now: Timestamp) {
        stream(
            out,
            MessageType::MarginCallCleared,
            &["margin_calls"],
            now,
            |json| {
                json.id("positionId", "pos_", self.position.0);
                json.word("pair", &self.instrument.symbol);
                json.word("message", "The margin call is over");
                json.number("userSequence", self.user_sequence);
            },
        );
    }
}

/// The word of which way a position profits.
pub const fn position_side_word(side: PositionSide) -> &'static str {
    match side {
        PositionSide::Long => "long",
        PositionSide::Short => "short",
    }
}

/// The word of why a position changed, as `position_update` tells it.
pub const fn position_reason_word(reason: PositionReason) -> &'static str {
    match reason {
        PositionReason::Opened => "OPENED",
        PositionReason::Grown => "GROWN",
        PositionReason::Reduced => "REDUCED",
        PositionReason::Closed => "CLOSED",
        PositionReason::Adjusted => "MARGIN_ADJUSTED",
        PositionReason::Interest => "INTEREST",
        PositionReason::Liquidated => "LIQUIDATED",
        PositionReason::Deleveraged => "DELEVERAGED",
        PositionReason::Liquidation => "LIQUIDATION",
    }
}

const fn severity_word(severity: CallSeverity) -> &'static str {
    match severity {
        CallSeverity::Warning => "warning",
        CallSeverity::Critical => "critical",
    }
}

const fn call_words(severity: CallSeverity) -> &'static str {
    match severity {
        CallSeverity::Warning => {
            "Margin call: Please deposit additional funds or reduce position size"
        }
        CallSeverity::Critical => {
            "Margin call: Liquidation is close. Please deposit additional funds or reduce position \
             size"
        }
    }
}
