//! See the check.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../checks/session_input.rs"]
mod session_input;

fuzz_target!(|bytes: &[u8]| {
    if let Err(what) = session_input::run(bytes) {
        panic!("{what}");
    }
});
