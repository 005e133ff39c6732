//! See the check.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../checks/wire_decode.rs"]
mod wire_decode;

fuzz_target!(|bytes: &[u8]| {
    if let Err(what) = wire_decode::run(bytes) {
        panic!("{what}");
    }
});
