//! Books, their checksums, and trades.

use engine::domain::{EventSequence, PairId, Side, Timestamp, TradeId};
use expect_test::expect;
use gateway::wire::*;

use super::{NOW, check, level, lots, luxury, price, written};

#[test]
fn market_data() {
    let instrument = luxury();
    let bids = [level(100_000, 50_000), level(99_950, 30_000)];
    let asks = [level(100_050, 20_000), level(100_100, 40_000)];
    let snapshot = OrderBookUpdate {
        instrument: &instrument,
        kind: BookKind::Snapshot,
        depth: 15,
        bids: &bids,
        asks: &asks,
        sequence: EventSequence(12_345),
        previous_sequence: None,
        best: Some((price(100_000), price(100_050))),
        checksum: checksum(&instrument, &bids, &asks),
    };
    check(
        |out| snapshot.encode(out, NOW),
        &expect![[
            r#"{"type":"orderbook_update","channel":"orderbook_LUXURY001/XRP","data":{"pair":"LUXURY001/XRP","bids":[{"price":"1000.00","amount":"500.00","total":"500000.00"},{"price":"999.50","amount":"300.00","total":"299850.00"}],"asks":[{"price":"1000.50","amount":"200.00","total":"200100.00"},{"price":"1001.00","amount":"400.00","total":"400400.00"}],"sequence":12345,"spread":"0.50","kind":"snapshot","depth":15,"checksum":3274522511},"timestamp":1700000000123}"#
        ]],
    );
    let delta = OrderBookUpdate {
        kind: BookKind::Delta,
        bids: &[level(100_000, 0)],
        asks: &[],
        sequence: EventSequence(12_347),
        previous_sequence: Some(EventSequence(12_345)),
        best: None,
        checksum: 0,
        ..snapshot
    };
    check(
        |out| delta.encode(out, NOW),
        &expect![[
            r#"{"type":"orderbook_update","channel":"orderbook_LUXURY001/XRP","data":{"pair":"LUXURY001/XRP","bids":[{"price":"1000.00","amount":"0.00","total":"0.00"}],"asks":[],"sequence":12347,"spread":null,"kind":"delta","depth":15,"previousSequence":12345,"checksum":0},"timestamp":1700000000123}"#
        ]],
    );
    let trade = TradeData {
        trade: TradeId::new(PairId(0), EventSequence(12_346)),
        price: price(100_025),
        quantity: lots(5_000),
        taker_side: Side::Buy,
        time: Timestamp(1_700_000_000_100),
        sequence: EventSequence(12_346),
    };
    check(
        |out| trade.encode(&instrument, out, NOW),
        &expect![[
            r#"{"type":"trade","channel":"trades_LUXURY001/XRP","data":{"pair":"LUXURY001/XRP","tradeId":"trade_50569216","price":"1000.25","amount":"50.00","side":"buy","timestamp":1700000000100,"sequence":12346},"timestamp":1700000000123}"#
        ]],
    );
    check(
        |out| {
            let sequence = EventSequence(12_347);
            encode_trades_snapshot(&instrument, [trade].iter(), sequence, out, NOW);
        },
        &expect![[
            r#"{"type":"trades_snapshot","channel":"trades_LUXURY001/XRP","data":{"pair":"LUXURY001/XRP","trades":[{"pair":"LUXURY001/XRP","tradeId":"trade_50569216","price":"1000.25","amount":"50.00","side":"buy","timestamp":1700000000100,"sequence":12346}],"sequence":12347},"timestamp":1700000000123}"#
        ]],
    );
}

/// How large the messages may be that the reference gives a size for.
#[test]
fn sizes_are_the_reference_s() {
    let instrument = luxury();
    let bids: Vec<Level> = (0..15).map(|i| level(100_000 - i, 50_000)).collect();
    let asks: Vec<Level> = (1..16).map(|i| level(100_000 + i, 50_000)).collect();
    let book = |kind, bids, asks| OrderBookUpdate {
        instrument: &instrument,
        kind,
        depth: 15,
        bids,
        asks,
        sequence: EventSequence(12_345),
        previous_sequence: Some(EventSequence(12_340)),
        best: Some((price(100_000), price(100_001))),
        checksum: 3_000_000_000,
    };
    let snapshot = book(BookKind::Snapshot, &bids, &asks);
    let delta = book(BookKind::Delta, &bids[..3], &asks[..3]);
    let sizes = [
        written(|out| snapshot.encode(out, NOW)).len(),
        written(|out| delta.encode(out, NOW)).len(),
    ];
    assert!(sizes[0] < 2_200 && sizes[1] < 650, "{sizes:?}");
}

#[test]
fn checksums_are_the_documented_vectors() {
    let document = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/protocol.md");
    let document = std::fs::read_to_string(document).unwrap();
    let instrument = luxury();
    let deep: Vec<Level> = (1..=12)
        .map(|i| level(100_000 - i, u64::from(i) * 100))
        .collect();
    let both = [level(100_000, 50_000), level(99_950, 30_000)];
    let asks = [level(100_050, 20_000), level(100_100, 40_000)];
    for (bids, asks, text) in [
        (&[] as &[Level], &[] as &[Level], ""),
        (
            &both,
            &asks,
            "1000.00:500.00:999.50:300.00:1000.50:200.00:1001.00:400.00",
        ),
        (&[], &asks[..1], "1000.50:200.00"),
        (
            &deep,
            &[],
            "999.99:1.00:999.98:2.00:999.97:3.00:999.96:4.00:999.95:5.00:999.94:6.00:999.93:7.00:\
             999.92:8.00:999.91:9.00:999.90:10.00",
        ),
    ] {
        let sum = checksum(&instrument, bids, asks);
        assert_eq!(sum, crc32fast::hash(text.as_bytes()), "{text}");
        let row = format!("| `{text}` | {sum} |");
        assert!(document.contains(&row), "docs/protocol.md lacks: {row}");
    }
}
