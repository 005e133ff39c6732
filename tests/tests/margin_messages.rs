//! Golden messages: the API reference's position and margin call, as they print there, from a
//! position's raw figures.

#![allow(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]

use engine::domain::{
    AccountId, Amount, BasisPoints, CallSeverity, Leverage, MarginRatio, PairId, PairMargin,
    PositionId, PositionSide, Price, Quantity, Timestamp,
};
use engine::report::PositionView;
use expect_test::expect;
use gateway::config::{Config, DemoOptions};
use gateway::instrument::Instrument;
use gateway::private_data::margin;
use gateway::wire::{MarginCallCleared, MarginCallMessage, PositionData, PositionUpdate};

const NOW: Timestamp = Timestamp(1_640_995_200_000);

fn instrument() -> Instrument {
    Config::demo(&DemoOptions::default()).instruments.all()[0].clone()
}

fn terms(maintenance: u32) -> PairMargin {
    PairMargin {
        max_leverage: Leverage::new(1_000).unwrap(),
        initial: MarginRatio::new(10_000).unwrap(),
        maintenance: MarginRatio::new(maintenance).unwrap(),
        grace_ms: 3_600_000,
        liquidation_fee: BasisPoints::new(50).unwrap(),
        max_position: Quantity::MAX,
        max_open_interest: Quantity::MAX,
        max_mark_age_ms: 3_600_000,
        index_band: None,
    }
}

/// 1,000.00 at 1000.00 with so much margin, in whole XRP.
fn view(side: PositionSide, collateral: u64) -> PositionView {
    PositionView {
        account: AccountId(0),
        position: PositionId(123_456_789),
        pair: PairId(0),
        side,
        size: Quantity::new(100_000).unwrap(),
        cost: Amount::new(1_000_000_000_000).unwrap(),
        collateral: Amount::new(collateral * 1_000_000).unwrap(),
        interest: Amount::ZERO,
        liquidating: false,
        opened_at: NOW,
    }
}

fn position(view: PositionView, terms: &PairMargin, mark: Option<u32>) -> String {
    let instrument = instrument();
    let mark = mark.and_then(Price::new);
    let mut out = Vec::new();
    PositionUpdate {
        position: PositionData {
            instrument: &instrument,
            view,
            mark,
            figures: mark.and_then(|mark| margin::figures(&view, &instrument.pair, terms, mark)),
            prices: margin::prices(&view, &instrument, terms),
            change: None,
        },
        user_sequence: 7,
    }
    .encode(&mut out, NOW);
    String::from_utf8(out).unwrap()
}

fn call(view: PositionView, terms: &PairMargin, mark: u32, severity: CallSeverity) -> String {
    let instrument = instrument();
    let pair = &instrument.pair;
    let mark = Price::new(mark).unwrap();
    let figures = margin::figures(&view, pair, terms, mark);
    let free = BasisPoints::ZERO;
    let mut out = Vec::new();
    MarginCallMessage {
        instrument: &instrument,
        terms,
        view,
        severity,
        since: NOW,
        deadline: NOW.plus(terms.grace_ms),
        mark,
        figures,
        prices: margin::prices(&view, &instrument, terms),
        restoring: figures
            .as_ref()
            .map(|figures| margin::restoring(figures, &view, pair, terms, mark, free)),
        user_sequence: 7,
    }
    .encode(&mut out, NOW);
    String::from_utf8(out).unwrap()
}

/// The reference's messages, field for field; what is added stands behind.
#[test]
fn the_examples_of_the_reference_print_as_they_stand_there() {
    let message = position(view(PositionSide::Long, 100_000), &terms(0), Some(100_500));
    let printed = r#"{"type":"position_update","channel":"positions","data":{"positionId":"pos_123456789","pair":"LUXURY001/XRP","side":"long","size":"1000.00","entryPrice":"1000.00","markPrice":"1005.00","pnl":"+5000.00","pnlPercent":"+0.50%","margin":"100000.00","marginRatio":"0.10","liquidationPrice":"900.00","#;
    assert!(message.starts_with(printed), "{message}");
    assert!(message.ends_with(r#"},"timestamp":1640995200000}"#));
    let long = view(PositionSide::Long, 50_000);
    let message = call(long, &terms(0), 100_000, CallSeverity::Warning);
    let printed = r#"{"type":"margin_call","channel":"margin_calls","data":{"positionId":"pos_123456789","severity":"warning","currentMarginRatio":"0.05","requiredMarginRatio":"0.10","requiredDeposit":"50000.00","liquidationPrice":"950.00","timeToLiquidation":"3600","message":"Margin call: Please deposit additional funds or reduce position size","#;
    assert!(message.starts_with(printed), "{message}");
}

#[test]
fn what_is_added_stands_behind() {
    let five = terms(5_000);
    let closed = PositionView {
        size: Quantity::ZERO,
        cost: Amount::ZERO,
        collateral: Amount::ZERO,
        ..view(PositionSide::Short, 0)
    };
    let odd = PositionView {
        cost: Amount::new(1_000_000_000_001).unwrap(),
        interest: Amount::new(1).unwrap(),
        ..view(PositionSide::Short, 100_000)
    };
    let said = [
        position(view(PositionSide::Long, 100_000), &five, Some(94_000)),
        position(odd, &five, Some(104_761)),
        position(view(PositionSide::Long, 100_000), &five, None),
        position(closed, &five, Some(100_000)),
        call(
            view(PositionSide::Long, 100_000),
            &five,
            94_000,
            CallSeverity::Critical,
        ),
    ];
    let mut out = Vec::new();
    MarginCallCleared {
        position: PositionId(123_456_789),
        instrument: &instrument(),
        user_sequence: 8,
    }
    .encode(&mut out, NOW);
    let said = format!("{}\n{}\n", said.join("\n"), String::from_utf8(out).unwrap());
    expect![[r#"
        {"type":"position_update","channel":"positions","data":{"positionId":"pos_123456789","pair":"LUXURY001/XRP","side":"long","size":"1000.00","entryPrice":"1000.00","markPrice":"940.00","pnl":"-60000.00","pnlPercent":"-6.00%","margin":"100000.00","marginRatio":"0.04","liquidationPrice":"947.37","equity":"40000.00","maintenanceMargin":"47000.00","bankruptcyPrice":"900.00","leverage":"23.50","marginRatioPercent":"4.25%","interest":"0.00","liquidating":false,"openedAt":1640995200000,"userSequence":7},"timestamp":1640995200000}
        {"type":"position_update","channel":"positions","data":{"positionId":"pos_123456789","pair":"LUXURY001/XRP","side":"short","size":"1000.00","entryPrice":"1000.00","markPrice":"1047.61","pnl":"-47610.00","pnlPercent":"-4.76%","margin":"100000.00","marginRatio":"0.05","liquidationPrice":"1047.62","equity":"52390.00","maintenanceMargin":"52380.50","bankruptcyPrice":"1100.00","leverage":"20.00","marginRatioPercent":"5.00%","interest":"0.000001","liquidating":false,"openedAt":1640995200000,"userSequence":7},"timestamp":1640995200000}
        {"type":"position_update","channel":"positions","data":{"positionId":"pos_123456789","pair":"LUXURY001/XRP","side":"long","size":"1000.00","entryPrice":"1000.00","markPrice":null,"pnl":null,"pnlPercent":null,"margin":"100000.00","marginRatio":null,"liquidationPrice":"947.37","equity":null,"maintenanceMargin":null,"bankruptcyPrice":"900.00","leverage":null,"marginRatioPercent":null,"interest":"0.00","liquidating":false,"openedAt":1640995200000,"userSequence":7},"timestamp":1640995200000}
        {"type":"position_update","channel":"positions","data":{"positionId":"pos_123456789","pair":"LUXURY001/XRP","side":"short","size":"0.00","entryPrice":null,"markPrice":"1000.00","pnl":"+0.00","pnlPercent":"+0.00%","margin":"0.00","marginRatio":null,"liquidationPrice":null,"equity":null,"maintenanceMargin":null,"bankruptcyPrice":null,"leverage":null,"marginRatioPercent":null,"interest":"0.00","liquidating":false,"openedAt":1640995200000,"userSequence":7},"timestamp":1640995200000}
        {"type":"margin_call","channel":"margin_calls","data":{"positionId":"pos_123456789","severity":"critical","currentMarginRatio":"0.04","requiredMarginRatio":"0.10","requiredDeposit":"54000.00","liquidationPrice":"947.37","timeToLiquidation":"3600","message":"Margin call: Liquidation is close. Please deposit additional funds or reduce position size","pair":"LUXURY001/XRP","side":"long","size":"1000.00","markPrice":"940.00","margin":"100000.00","equity":"40000.00","maintenanceMargin":"47000.00","bankruptcyPrice":"900.00","leverage":"23.50","marginRatioPercent":"4.25%","requiredReduction":"574.47","calledAt":1640995200000,"reducedAt":1640998800000,"userSequence":7},"timestamp":1640995200000}
        {"type":"margin_call_cleared","channel":"margin_calls","data":{"positionId":"pos_123456789","pair":"LUXURY001/XRP","message":"The margin call is over","userSequence":8},"timestamp":1640995200000}
    "#]].assert_eq(&said);
}
