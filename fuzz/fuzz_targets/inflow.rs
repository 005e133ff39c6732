//! See the check.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../checks/inflow.rs"]
mod inflow;

fuzz_target!(|bytes: &[u8]| {
    if let Err(what) = inflow::run(bytes) {
        panic!("{what}");
    }
});
