//! The library as the benchmark calls it: by its C functions, over its own queue, one by one and
//! in runs, with and without looking ahead.

#![allow(unsafe_code, reason = "the functions are C's")]

use std::ffi::c_void;

use adapter::abi::{Body, Cancel, Message, Modify, NewOrder, Report};
use adapter::ffi::{
    engine_flush, engine_get_transport, engine_init, engine_on_batch, engine_on_cancel,
    engine_on_modify, engine_on_new_order, engine_query_best_ask, engine_query_best_bid,
    engine_query_depth_at, engine_shutdown,
};

const BUY: u8 = 0;
const SELL: u8 = 1;
/// How many messages come at once: more than are looked ahead.
const RUN: usize = 22;

fn new(order: u64, side: u8, quantity: u32, price: i64, immediate_or_cancel: u8) -> (u8, Body) {
    let new = NewOrder {
        order,
        sequence: 0,
        price,
        quantity,
        side,
        immediate_or_cancel,
        reserved: [0; 2],
    };
    (0, Body { new })
}

fn cancel(order: u64) -> (u8, Body) {
    let cancel = Cancel { order, sequence: 0 };
    (1, Body { cancel })
}

fn modify(order: u64, side: u8, quantity: u32, price: i64) -> (u8, Body) {
    let modify = Modify {
        order,
        sequence: 0,
        price,
        quantity,
        side,
        reserved: [0; 3],
    };
    (2, Body { modify })
}

/// The messages, numbered from 0.
fn flow(bodies: &[(u8, Body)]) -> Vec<Message> {
    (0..)
        .zip(bodies)
        .map(|(sequence, &(kind, mut body))| {
            body.cancel.sequence = sequence;
            Message {
                kind,
                reserved: [0; 7],
                body,
            }
        })
        .collect()
}

/// Runs `messages` on an empty book; reports as the benchmark writes them down, and the tops.
fn run(messages: &[Message], in_runs: bool) -> (Vec<String>, i64, i64) {
    let mut reports = vec![Report::default(); 64];
    // SAFETY: one thread, in the order of the interface, and all pointers are to what they say.
    unsafe {
        let transport = &*engine_get_transport();
        let queue: *mut c_void = (transport.create)(64);
        engine_init(1, transport, queue);
        assert_eq!(
            (engine_query_best_bid(), engine_query_best_ask()),
            (i64::MIN, i64::MAX)
        );
        if in_runs {
            for run in messages.chunks(RUN) {
                let count = u32::try_from(run.len()).expect("it is short");
                engine_on_batch(run.as_ptr(), count);
            }
        } else {
            for message in messages {
                match message.kind {
                    0 => engine_on_new_order(&raw const message.body.new),
                    1 => engine_on_cancel(&raw const message.body.cancel),
                    _ => engine_on_modify(&raw const message.body.modify),
                }
            }
        }
        engine_flush();
        let count = (transport.drain)(queue, reports.as_mut_ptr(), 64);
        reports.truncate(count as usize);
        let tops = (engine_query_best_bid(), engine_query_best_ask());
        assert_eq!(engine_query_depth_at(-7, BUY), 0);
        engine_shutdown();
        (transport.destroy)(queue);
        (reports.iter().map(line).collect(), tops.0, tops.1)
    }
}

fn line(report: &Report) -> String {
    let [head, sequence, order, price, quantity, maker, taker, _] = report.0;
    let side = head >> 8;
    match report.kind() {
        kind @ (0 | 3) => format!("{kind},{sequence},{side},{order},{price},{quantity}"),
        1 => format!("1,{sequence},{price},{quantity},{maker},{taker}"),
        2 => format!("2,{sequence},{side},{order},{price}"),
        kind => format!("{kind},{sequence},{order}"),
    }
}

#[test]
fn messages_are_answered_as_the_benchmark_has_it_one_by_one_and_in_runs() {
    let large = 1_u64 << 40;
    let mut bodies = vec![
        new(1, SELL, 10, 100, 0),
        new(large, SELL, 5, 100, 0),
        new(3, BUY, 12, 105, 0),
        cancel(1),
        cancel(large),
        cancel(large),
        modify(9, BUY, 1, 1),
        new(4, BUY, 7, 99, 0),
        new(4, SELL, 7, 200, 0),
        modify(4, BUY, 7, 99),
        new(5, SELL, 9, 98, 1),
        new(6, SELL, 1, 0, 0),
        new(1, BUY, 2, 90, 0),
        new(7, SELL, 4, 95, 0),
        modify(1, BUY, 3, 96),
    ];
    let expected = [
        "0,0,1,1,100,10",
        "0,1,1,1099511627776,100,5",
        "0,2,0,3,105,12",
        "1,2,100,10,1,3",
        "1,2,100,2,1099511627776,3",
        "4,3,1",
        "2,4,1,1099511627776,100",
        "4,5,1099511627776",
        "5,6,9",
        "0,7,0,4,99,7",
        // The name of a live order gets no second order, and the interface has no word for it.
        "3,9,0,4,99,7",
        "0,10,1,5,98,9",
        "1,10,99,7,4,5",
        "2,10,1,5,98",
        "0,12,0,1,90,2",
        "0,13,1,7,95,4",
        "1,14,95,3,7,1",
        "3,14,0,1,96,3",
    ];
    for in_runs in [false, true] {
        let (lines, bid, ask) = run(&flow(&bodies), in_runs);
        assert_eq!(lines, expected, "in runs: {in_runs}");
        assert_eq!((bid, ask), (i64::MIN, 95));
    }
    // A run long enough to look ahead in.
    bodies.extend((10..40).map(|name| new(name, BUY, 1, 50, 0)));
    bodies.extend((10..40).rev().map(cancel));
    let messages = flow(&bodies);
    let expected = run(&messages[..45], false);
    assert_eq!(run(&messages[..45], true), expected);
    assert_eq!(expected.1, 50);
    // Prices so far apart that levels are fetched from the second run on.
    let sells = (1..30_i64).map(|name| new(name.unsigned_abs(), SELL, 1, 2_000 * (30 - name), 0));
    let mut bodies: Vec<_> = sells.collect();
    bodies.extend((2..30).map(cancel));
    let messages = flow(&bodies);
    let expected = run(&messages, false);
    assert_eq!(run(&messages, true), expected);
    assert_eq!((expected.0.len(), expected.2), (57, 58_000));
}
