//! The functions that the benchmark calls: the only place here that is not safe Rust.
//!
//! Two promises of the caller carry it, both the interface's: every call but the consumer side of
//! the queue comes from one thread at a time, and pointers point to what their types say.

#![allow(
    unsafe_code,
    reason = "C functions take pointers, and a library has no owner for its state"
)]

use std::cell::UnsafeCell;
use std::ffi::c_void;

use crate::abi::{Cancel, Message, Modify, NewOrder, Report, Transport};
use crate::engine::Engine;
use crate::queue::ReportQueue;
use ::engine::Sink;
use ::engine::domain::Side;

/// How many messages ahead of its turn the place of a message's name is fetched …
const NAME_AHEAD: usize = 16;
/// … and its order, by way of that.
const ORDER_AHEAD: usize = 8;
/// … and what stands around it, or the level that it joins.
const LEVEL_AHEAD: usize = 4;
/// Of so many messages one is looked at to see how far apart prices are, …
const SAMPLE: usize = 8;
/// … and this far their levels, 16 bytes each and a side, are in a first-level cache.
const NEAR_TICKS: i64 = 1024;

impl Message {
    /// The name of its order.
    #[inline(always)]
    fn order(&self) -> u64 {
        // SAFETY: every kind of body begins with the two words of a cancel.
        unsafe { self.body.cancel.order }
    }
}

struct State {
    engine: Engine,
    out: Out,
    looks_ahead: bool,
}

/// Where reports go.
#[derive(Clone, Copy)]
enum Out {
    /// Into our own queue, without a call.
    Own(Own),
    /// Into what the benchmark handed over.
    Foreign(Foreign),
}

#[derive(Clone, Copy)]
struct Own(*const ReportQueue);

#[derive(Clone, Copy)]
struct Foreign {
    push: unsafe extern "C" fn(handle: *mut c_void, report: *const Report) -> i32,
    handle: *mut c_void,
}

impl Sink<Report> for Own {
    #[inline(always)]
    fn push(&mut self, report: Report) {
        // SAFETY: the handle came from `create`, and is destroyed after the engine's last call.
        let queue = unsafe { &*self.0 };
        while !queue.push(&report) {
            std::hint::spin_loop();
        }
    }
}

impl Sink<Report> for Foreign {
    #[inline(always)]
    fn push(&mut self, report: Report) {
        // SAFETY: function and handle came together with `engine_init` and belong together.
        while unsafe { (self.push)(self.handle, &raw const report) } == 0 {
            std::hint::spin_loop();
        }
    }
}

struct Global(UnsafeCell<Option<State>>);

// SAFETY: the interface's caller uses one thread at a time.
unsafe impl Sync for Global {}

static STATE: Global = Global(UnsafeCell::new(None));

/// The state, while one call runs.
fn with<T>(run: impl FnOnce(&mut State) -> T) -> T {
    // SAFETY: calls come one at a time, and no function given here calls another exported one.
    let state = unsafe { &mut *STATE.0.get() };
    run(state
        .as_mut()
        .expect("the benchmark begins with engine_init"))
}

impl State {
    /// Runs `run` with the way out as a type of its own, so that it is asked for once.
    #[inline(always)]
    fn each(&mut self, run: impl Each) {
        match self.out {
            Out::Own(mut out) => run.run(&mut self.engine, &mut out, self.looks_ahead),
            Out::Foreign(mut out) => run.run(&mut self.engine, &mut out, self.looks_ahead),
        }
    }
}

/// What is done with one way out or another.
trait Each {
    fn run(self, engine: &mut Engine, out: &mut impl Sink<Report>, looks_ahead: bool);
}

impl Each for &NewOrder {
    #[inline(always)]
    fn run(self, engine: &mut Engine, out: &mut impl Sink<Report>, _: bool) {
        engine.new_order(self, out);
    }
}

impl Each for &Cancel {
    #[inline(always)]
    fn run(self, engine: &mut Engine, out: &mut impl Sink<Report>, _: bool) {
        engine.cancel(self, out);
    }
}

impl Each for &Modify {
    #[inline(always)]
    fn run(self, engine: &mut Engine, out: &mut impl Sink<Report>, _: bool) {
        engine.modify(self, out);
    }
}

impl Each for &[Message] {
    #[inline(always)]
    fn run(self, engine: &mut Engine, out: &mut impl Sink<Report>, looks_ahead: bool) {
        let looks_around = looks_ahead && engine.is_far();
        for (index, message) in self.iter().enumerate() {
            if looks_ahead && let Some(later) = self.get(index + NAME_AHEAD) {
                engine.fetch_name(later.order());
                engine.fetch_order(self[index + ORDER_AHEAD].order());
                if looks_around {
                    fetch_around(engine, &self[index + LEVEL_AHEAD]);
                }
            }
            // SAFETY: the kind says which body it is.
            match message.kind {
                0 => engine.new_order(unsafe { &message.body.new }, out),
                1 => engine.cancel(unsafe { &message.body.cancel }, out),
                _ => engine.modify(unsafe { &message.body.modify }, out),
            }
        }
        // Now that they are near.
        engine.is_wide = is_wide(self);
    }
}

/// Fetches what stands around the order of `message`, or the level that it joins.
#[inline(always)]
fn fetch_around(engine: &Engine, message: &Message) {
    // The one question asked ahead: its answer helps to guess the same one in its turn.
    if message.kind == 0 {
        // SAFETY: the kind says that it is a new order.
        let new = unsafe { &message.body.new };
        engine.fetch_level(new.side, new.price);
    } else {
        engine.fetch_beside(message.order());
    }
}

/// Whether the orders of `run` go to prices so far apart that their levels are not likely to be near:
/// judged by some of them.
fn is_wide(run: &[Message]) -> bool {
    let some = run.iter().step_by(SAMPLE).filter(|it| it.kind == 0);
    // SAFETY: the kind says that it is a new order.
    let prices = some.map(|it| unsafe { it.body.new.price });
    let (low, high) = prices.fold((i64::MAX, i64::MIN), |(low, high), price| {
        (low.min(price), high.max(price))
    });
    high.saturating_sub(low) > NEAR_TICKS
}

/// Begins with an empty book.
///
/// # Safety
/// `transport` points to a transport that `sink` belongs to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_init(_: u64, transport: *const Transport, sink: *mut c_void) {
    // SAFETY: by this function's contract.
    let transport = unsafe { &*transport };
    let is_own = std::ptr::fn_addr_eq(transport.create, OWN.create);
    let out = match is_own {
        true => Out::Own(Own(sink.cast())),
        false => Out::Foreign(Foreign {
            push: transport.push,
            handle: sink,
        }),
    };
    let looks_ahead = std::env::var_os("EXCHANGE_LOOK_AHEAD").is_none_or(|value| value != "0");
    let state = State {
        engine: Engine::new(),
        out,
        looks_ahead,
    };
    // SAFETY: calls come one at a time.
    unsafe { *STATE.0.get() = Some(state) };
}

/// Ends.
#[unsafe(no_mangle)]
pub extern "C" fn engine_shutdown() {
    // SAFETY: calls come one at a time.
    unsafe { *STATE.0.get() = None };
}

/// An order comes in.
///
/// # Safety
/// `order` points to one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_on_new_order(order: *const NewOrder) {
    // SAFETY: by this function's contract.
    with(|state| state.each(unsafe { &*order }));
}

/// An order leaves.
///
/// # Safety
/// `cancel` points to one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_on_cancel(cancel: *const Cancel) {
    // SAFETY: by this function's contract.
    with(|state| state.each(unsafe { &*cancel }));
}

/// An order leaves and comes in again.
///
/// # Safety
/// `modify` points to one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_on_modify(modify: *const Modify) {
    // SAFETY: by this function's contract.
    with(|state| state.each(unsafe { &*modify }));
}

/// A run of messages.
///
/// # Safety
/// `messages` points to `count` of them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_on_batch(messages: *const Message, count: u32) {
    // SAFETY: by this function's contract.
    let messages = unsafe { std::slice::from_raw_parts(messages, count as usize) };
    with(|state| state.each(messages));
}

/// Everything given is matched and reported when this returns. The matcher does that at once.
#[unsafe(no_mangle)]
pub extern "C" fn engine_flush() {
    with(|state| {
        if let Out::Own(own) = state.out {
            // SAFETY: as in its `push`.
            unsafe { &*own.0 }.flush();
        }
    });
}

/// The highest bid, or the lowest number.
#[unsafe(no_mangle)]
pub extern "C" fn engine_query_best_bid() -> i64 {
    with(|state| state.engine.best(Side::Buy).map_or(i64::MIN, i64::from))
}

/// The lowest ask, or the highest number.
#[unsafe(no_mangle)]
pub extern "C" fn engine_query_best_ask() -> i64 {
    with(|state| state.engine.best(Side::Sell).map_or(i64::MAX, i64::from))
}

/// What rests at a price of a side.
#[unsafe(no_mangle)]
pub extern "C" fn engine_query_depth_at(price: i64, side: u8) -> u64 {
    with(|state| state.engine.depth_at(price, side))
}

/// Our own queue.
#[unsafe(no_mangle)]
pub extern "C" fn engine_get_transport() -> *const Transport {
    &raw const OWN
}

static OWN: Transport = Transport {
    create,
    push,
    drain,
    flush,
    destroy,
};

extern "C" fn create(capacity: u32) -> *mut c_void {
    Box::into_raw(Box::new(ReportQueue::new(capacity as usize))).cast()
}

/// # Safety
/// `handle` came from `create`, `report` points to one.
unsafe extern "C" fn push(handle: *mut c_void, report: *const Report) -> i32 {
    // SAFETY: by this function's contract.
    let (queue, report) = unsafe { (&*handle.cast::<ReportQueue>(), &*report) };
    i32::from(queue.push(report))
}

/// # Safety
/// `handle` came from `create`, `out` has room for `max`.
unsafe extern "C" fn drain(handle: *mut c_void, out: *mut Report, max: u32) -> u32 {
    // SAFETY: by this function's contract.
    let queue = unsafe { &*handle.cast::<ReportQueue>() };
    let count = queue.drain(max as usize, |index, report| {
        // SAFETY: the queue counts `index` up from 0 and stays below `max`.
        unsafe { out.add(index).write(report) };
    });
    u32::try_from(count).expect("invariant: at most as many as were asked for")
}

/// # Safety
/// `handle` came from `create`.
unsafe extern "C" fn flush(handle: *mut c_void) {
    // SAFETY: by this function's contract.
    unsafe { &*handle.cast::<ReportQueue>() }.flush();
}

/// # Safety
/// `handle` came from `create`, and nothing uses it any more.
unsafe extern "C" fn destroy(handle: *mut c_void) {
    // SAFETY: by this function's contract.
    drop(unsafe { Box::from_raw(handle.cast::<ReportQueue>()) });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::Body;

    fn run_of(prices: impl Iterator<Item = i64>) -> Vec<Message> {
        let message = |price| {
            let new = NewOrder {
                order: 1,
                sequence: 0,
                price,
                quantity: 1,
                side: 0,
                immediate_or_cancel: 0,
                reserved: [0; 2],
            };
            Message {
                kind: 0,
                reserved: [0; 7],
                body: Body { new },
            }
        };
        prices.map(message).collect()
    }

    #[test]
    fn prices_are_wide_just_beyond_what_a_first_level_cache_holds() {
        let apart = |ticks: i64| {
            let place = |number| {
                if number == 5 * SAMPLE {
                    100 + ticks
                } else {
                    100
                }
            };
            is_wide(&run_of((0..64).map(place)))
        };
        assert!(!apart(NEAR_TICKS) && !apart(-NEAR_TICKS));
        assert!(apart(NEAR_TICKS + 1) && apart(-NEAR_TICKS - 1));
        assert!(!is_wide(&[]) && !is_wide(&run_of([i64::MAX].into_iter())));
        assert!(is_wide(&run_of((0..64).map(|number| if number < 9 {
            i64::MIN
        } else {
            i64::MAX
        }))));
    }
}
