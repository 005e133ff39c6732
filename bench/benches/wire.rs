//! What a message costs to read and to write, beside a floor: copying the same bytes.
//!
//! `decode/*` is a client's message from bytes to a typed one, `resolve` makes it the engine's
//! request. `encode/*` writes into a buffer that is kept, as the gateway does; a book snapshot is
//! encoded once for all its subscribers.

// A bench may stop at what it did not expect.
#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use engine::domain::{
    AccountId, EventSequence, OrderId, PairId, Price, Quantity, Side, Timestamp, TradeId,
};
use gateway::config::{Config, DemoOptions};
use gateway::wire::*;

const NOW: Timestamp = Timestamp(1_700_000_000_123);

const PLACE: &str = r#"{"type":"place_order","requestId":"17","orderType":"limit","orderData":{"pair":"LUXURY001/XRP","side":"buy","amount":"100.00","price":"995.00","timeInForce":"GTC","clientOrderId":"own-17"}}"#;
const CANCEL: &str = r#"{"type":"cancel_order","orderId":"order_123456789"}"#;

fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("wire");
    let mut decoder = Decoder::new();
    for (name, message) in [("place_order", PLACE), ("cancel_order", CANCEL)] {
        group.throughput(Throughput::Bytes(message.len() as u64));
        group.bench_function(format!("floor/copy/{name}"), |bencher| {
            bencher.iter(|| black_box(message.as_bytes()).to_vec());
        });
        group.bench_function(format!("decode/{name}"), |bencher| {
            bencher.iter_batched_ref(
                || message.as_bytes().to_vec(),
                |bytes| decoder.decode(bytes).unwrap(),
                BatchSize::SmallInput,
            );
        });
    }
    let config = Config::demo(&DemoOptions::default());
    let envelope = decode(&mut PLACE.as_bytes().to_vec()).unwrap();
    let ClientMessage::PlaceOrder(order) = envelope.message else {
        unreachable!("the message is a place_order");
    };
    group.bench_function("resolve/place_order", |bencher| {
        bencher.iter(|| black_box(&order).resolve(AccountId(1), &config.instruments));
    });
    group.finish();
}

fn writing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("wire");
    let config = Config::demo(&DemoOptions::default());
    let instrument = &config.instruments.all()[0];
    let level = |ticks: u32| Level {
        price: Price::new(ticks).unwrap(),
        lots: u64::from(ticks),
    };
    let bids: Vec<Level> = (0..15).map(|step| level(100_000 - step)).collect();
    let asks: Vec<Level> = (1..16).map(|step| level(100_000 + step)).collect();
    let book = |kind, bids, asks| OrderBookUpdate {
        instrument,
        kind,
        depth: 15,
        bids,
        asks,
        sequence: EventSequence(12_345),
        previous_sequence: Some(EventSequence(12_340)),
        best: Some((Price::new(100_000).unwrap(), Price::new(100_001).unwrap())),
        checksum: 3_000_000_000,
    };
    let snapshot = book(BookKind::Snapshot, &bids, &asks);
    let delta = book(BookKind::Delta, &bids[..3], &asks[..3]);
    let mut out = Vec::with_capacity(4_096);
    for (name, update) in [("snapshot_15", &snapshot), ("delta_6", &delta)] {
        update.encode(&mut out, NOW);
        group.throughput(Throughput::Bytes(out.len() as u64));
        let bytes = std::mem::take(&mut out);
        group.bench_function(format!("floor/copy/{name}"), |bencher| {
            bencher.iter(|| {
                out.clear();
                out.extend_from_slice(black_box(&bytes));
            });
        });
        group.bench_function(format!("encode/{name}"), |bencher| {
            bencher.iter(|| {
                out.clear();
                black_box(update).encode(&mut out, NOW);
            });
        });
        out.clear();
    }
    let trade = TradeData {
        trade: TradeId::new(PairId(0), EventSequence(12_346)),
        price: Price::new(100_025).unwrap(),
        quantity: Quantity::new(5_000).unwrap(),
        taker_side: Side::Buy,
        time: NOW,
        sequence: EventSequence(12_346),
    };
    group.throughput(Throughput::Elements(1));
    group.bench_function("encode/trade", |bencher| {
        bencher.iter(|| {
            out.clear();
            black_box(&trade).encode(instrument, &mut out, NOW);
        });
    });
    let placed = OrderPlaced {
        index: None,
        order_type: OrderType::Limit,
        order: OrderId(42),
        client_order_id: None,
        duplicate: false,
        rate_limit: RateLimit {
            limit: 100,
            remaining: 97,
            reset_ms: 41_000,
        },
    };
    group.bench_function("encode/order_placed", |bencher| {
        bencher.iter(|| {
            out.clear();
            black_box(&placed).encode(&mut out, None, NOW);
        });
    });
    group.bench_function("checksum", |bencher| {
        bencher.iter(|| checksum(instrument, black_box(&bids), black_box(&asks)));
    });
    group.finish();
}

criterion_group!(benches, reading, writing);
criterion_main!(benches);
