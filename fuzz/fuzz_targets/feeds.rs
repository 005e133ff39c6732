//! See the check.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../checks/feeds.rs"]
mod feeds;

fuzz_target!(|bytes: &[u8]| {
    if let Err(what) = feeds::run(bytes) {
        panic!("{what}");
    }
});
