//! Faults that a build can be given on purpose, to see that the tests notice them.
//!
//! Only a build with the feature `canary` has them, which no build with optimisations takes; in
//! every other build each question here is answered `false` by the compiler. The variable
//! `EXCHANGE_CANARY` names the one fault that a process has; without it there is none. Which test
//! must fail of which fault is asserted in `tests/canary`.

/// The environment variable that names the fault of this process.
#[cfg(feature = "canary")]
const VARIABLE: &str = "EXCHANGE_CANARY";

#[cfg(all(feature = "canary", not(debug_assertions)))]
compile_error!("the feature `canary` breaks the exchange on purpose: it is for tests only");

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Canary {
    /// A batch is written and not synced.
    SyncSkipped,
    /// A batch counts as durable before it is appended.
    AnsweredEarly,
    /// What an order holds and needs no more is kept from its owner.
    HoldKept,
    /// A frame is taken whose checksum does not hold.
    FrameUnchecked,
}

/// Whether this process has the fault.
#[cfg(not(feature = "canary"))]
#[inline]
pub(crate) const fn has(_: Canary) -> bool {
    false
}

/// Whether this process has the fault.
#[cfg(feature = "canary")]
pub(crate) fn has(fault: Canary) -> bool {
    static FAULT: std::sync::OnceLock<Option<Canary>> = std::sync::OnceLock::new();
    *FAULT.get_or_init(|| {
        let name = std::env::var(VARIABLE).ok()?;
        Some(match name.as_str() {
            "sync-skipped" => Canary::SyncSkipped,
            "answered-early" => Canary::AnsweredEarly,
            "hold-kept" => Canary::HoldKept,
            "frame-unchecked" => Canary::FrameUnchecked,
            // A name that is none would prove nothing, unseen.
            _ => panic!("{VARIABLE}: no fault is called {name:?}"),
        })
    }) == Some(fault)
}
