//! The floor under the benchmark's messages: the same reports, from the least book.

use std::hint::black_box;

use adapter::abi::{Message, Report, ReportKind};

use super::reports::Reports;
use super::{Pass, Purpose, RUN, thread_time};
use crate::floor::{Changes, FloorBook};

/// How many messages ahead of its turn an order is fetched …
const LOOK_AHEAD: usize = 8;
/// … and what stands around it, or the level that it joins.
const NEAR: usize = 4;

/// Sends `flow` through the floor, and times what comes after `warm_up` messages.
#[allow(unsafe_code, reason = "the kind says which body a message has")]
pub fn run_floor(flow: &[Message], looks_ahead: bool, warm_up: usize, purpose: Purpose) -> Pass {
    let mut book = FloorBook::new();
    let mut reports = Reports::new(purpose);
    let (before, timed) = flow.split_at(warm_up);
    for message in before {
        apply(&mut book, message, &mut reports);
    }
    let began = thread_time(purpose);
    for run in timed.chunks(RUN) {
        for (index, message) in run.iter().enumerate() {
            if looks_ahead && let Some(later) = run.get(index + LOOK_AHEAD) {
                // SAFETY: every body begins like a cancel.
                book.prefetch(unsafe { later.body.cancel.order } as u32);
                fetch_around(&book, &run[index + NEAR]);
            }
            apply(&mut book, message, &mut reports);
        }
    }
    let took = thread_time(purpose) - began;
    black_box(book.trades());
    Pass {
        took,
        reports: reports.count,
        digest: reports.digest(),
    }
}

#[inline(always)]
#[allow(unsafe_code, reason = "the kind says which body a message has")]
fn fetch_around(book: &FloorBook, message: &Message) {
    if message.kind == 0 {
        // SAFETY: it is a new order.
        let new = unsafe { &message.body.new };
        book.prefetch_level(u32::from(new.side), new.price as u32);
    } else {
        // SAFETY: every body begins like a cancel.
        book.prefetch_around(unsafe { message.body.cancel.order } as u32);
    }
}

#[inline(always)]
#[allow(unsafe_code, reason = "the kind says which body a message has")]
fn apply(book: &mut FloorBook, message: &Message, reports: &mut Reports) {
    match message.kind {
        0 => {
            // SAFETY: it is a new order.
            let new = unsafe { &message.body.new };
            let (side, sequence, order) = (new.side, new.sequence, new.order);
            let (price, lots) = (new.price as u32, new.quantity);
            reports.push_made(&Report::of_order(
                ReportKind::OrderAck,
                side,
                sequence,
                order,
                u64::from(price),
                u64::from(lots),
            ));
            let mut trades = Trades {
                sequence,
                order,
                reports,
            };
            let rests = new.immediate_or_cancel == 0;
            let left = book.add(
                order as u32,
                u32::from(side),
                price,
                lots,
                rests,
                &mut trades,
            );
            if !rests && left > 0 {
                let kind = ReportKind::CancelAck;
                let report = Report::of_order(kind, side, sequence, order, u64::from(price), 0);
                reports.push_made(&report);
            }
        }
        1 => {
            // SAFETY: it is a cancel.
            let cancel = unsafe { &message.body.cancel };
            let (sequence, order) = (cancel.sequence, cancel.order);
            let report = match book.cancel(order as u32, &mut crate::floor::Unheard) {
                Some((side, price, _)) => Report::of_order(
                    ReportKind::CancelAck,
                    side as u8,
                    sequence,
                    order,
                    u64::from(price),
                    0,
                ),
                None => Report::of_order(ReportKind::CancelReject, 0, sequence, order, 0, 0),
            };
            reports.push_made(&report);
        }
        _ => {
            // SAFETY: it is a modify.
            let modify = unsafe { &message.body.modify };
            let (sequence, order) = (modify.sequence, modify.order);
            let (price, lots) = (modify.price as u32, modify.quantity);
            let Some((side, ..)) = book.cancel(order as u32, &mut crate::floor::Unheard) else {
                let kind = ReportKind::ModifyReject;
                reports.push_made(&Report::of_order(kind, 0, sequence, order, 0, 0));
                return;
            };
            let mut trades = Trades {
                sequence,
                order,
                reports,
            };
            book.add(order as u32, side, price, lots, true, &mut trades);
            reports.push_made(&Report::of_order(
                ReportKind::ModifyAck,
                side as u8,
                sequence,
                order,
                u64::from(price),
                u64::from(lots),
            ));
        }
    }
}

struct Trades<'a> {
    sequence: u64,
    order: u64,
    reports: &'a mut Reports,
}

impl Changes for Trades<'_> {
    #[inline(always)]
    fn traded(&mut self, maker: u32, _: u32, price: u32, lots: u32) {
        self.reports.push_made(&Report::trade(
            self.sequence,
            u64::from(maker),
            self.order,
            u64::from(price),
            u64::from(lots),
        ));
    }
    #[inline(always)]
    fn rested(&mut self, _: u32, _: u32, _: u32, _: u32) {}
    #[inline(always)]
    fn left(&mut self, _: u32, _: u32, _: u32, _: u32) {}
}
