//! Bytes as a snapshot and as changes of a valid one: no state is taken up but what was written.

#![no_main]

use libfuzzer_sys::fuzz_target;
use testkit::saved;

fuzz_target!(|bytes: &[u8]| {
    if let Err(what) = saved::journal_snapshot(bytes) {
        panic!("{what}");
    }
});
