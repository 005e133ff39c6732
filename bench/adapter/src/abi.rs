//! What crosses the benchmark's interface, laid out as C would: messages in, reports out.
//!
//! Written from the interface's description, not from its header; the sizes are its own
//! assertions. A report is eight words, so that it is made in registers and stored whole.

use std::ffi::c_void;

/// A new order.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct NewOrder {
    /// The order's name, chosen by who sends it.
    pub order: u64,
    /// The message's place in the flow, repeated in every report about it.
    pub sequence: u64,
    /// Its limit.
    pub price: i64,
    /// How much.
    pub quantity: u32,
    /// 0 buys, 1 sells.
    pub side: u8,
    /// Whether what does not trade at once is dropped.
    pub immediate_or_cancel: u8,
    /// Nothing.
    pub reserved: [u8; 2],
}

/// A resting order leaves.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Cancel {
    /// Which order.
    pub order: u64,
    /// The message's place in the flow.
    pub sequence: u64,
}

/// A resting order leaves and comes in again with another price and quantity.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Modify {
    /// Which order.
    pub order: u64,
    /// The message's place in the flow.
    pub sequence: u64,
    /// Its new limit.
    pub price: i64,
    /// What it shall have.
    pub quantity: u32,
    /// Its side, as the sender remembers it.
    pub side: u8,
    /// Nothing.
    pub reserved: [u8; 3],
}

/// One of the three; [`Message::kind`] says which.
#[derive(Clone, Copy)]
#[repr(C)]
pub union Body {
    /// Kind 0.
    pub new: NewOrder,
    /// Kind 1; every kind begins like it.
    pub cancel: Cancel,
    /// Kind 2.
    pub modify: Modify,
}

/// One message of a run.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Message {
    /// 0 new, 1 cancel, 2 modify.
    pub kind: u8,
    /// Nothing.
    pub reserved: [u8; 7],
    /// What it asks.
    pub body: Body,
}

/// The kind of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ReportKind {
    /// A new order was accepted.
    OrderAck = 0,
    /// A fill.
    Trade = 1,
    /// An order left, or the rest of one that does not rest.
    CancelAck = 2,
    /// An order was modified.
    ModifyAck = 3,
    /// There was no such order to cancel.
    CancelReject = 4,
    /// There was no such order to modify.
    ModifyReject = 5,
}

/// One report: kind and side, sequence, order, price, quantity, maker, taker, nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(transparent)]
pub struct Report(pub [u64; 8]);

impl Report {
    /// A report of an order.
    #[inline]
    pub const fn of_order(
        kind: ReportKind,
        side: u8,
        sequence: u64,
        order: u64,
        price: u64,
        quantity: u64,
    ) -> Report {
        let head = kind as u64 | (side as u64) << 8;
        Report([head, sequence, order, price, quantity, 0, 0, 0])
    }

    /// A fill of the order `taker`, which came in, with `maker`, at the price of that one.
    #[inline]
    pub const fn trade(sequence: u64, maker: u64, taker: u64, price: u64, quantity: u64) -> Report {
        let head = ReportKind::Trade as u64;
        Report([head, sequence, taker, price, quantity, maker, taker, 0])
    }

    /// The number of its kind.
    #[inline]
    pub const fn kind(&self) -> u8 {
        self.0[0].to_le_bytes()[0]
    }
}

/// How reports travel, as five functions over a handle.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Transport {
    /// Makes one with room for so many reports; null where that fails.
    pub create: unsafe extern "C" fn(capacity: u32) -> *mut c_void,
    /// Takes one report; 0 where it is full.
    pub push: unsafe extern "C" fn(handle: *mut c_void, report: *const Report) -> i32,
    /// Moves up to `max` reports out and says how many.
    pub drain: unsafe extern "C" fn(handle: *mut c_void, out: *mut Report, max: u32) -> u32,
    /// Lets the other side see all that was pushed.
    pub flush: unsafe extern "C" fn(handle: *mut c_void),
    /// Ends it.
    pub destroy: unsafe extern "C" fn(handle: *mut c_void),
}

const _: () = assert!(size_of::<NewOrder>() == 32);
const _: () = assert!(size_of::<Cancel>() == 16);
const _: () = assert!(size_of::<Modify>() == 32);
const _: () = assert!(size_of::<Message>() == 40);
const _: () = assert!(size_of::<Report>() == 64);
// The words of a report are the fields of a C struct only this way round.
const _: () = assert!(cfg!(target_endian = "little"));
