//! Bytes as a segment of the journal and as changes of a valid one: nothing is read but what was
//! written.

#![no_main]

use libfuzzer_sys::fuzz_target;
use testkit::saved;

fuzz_target!(|bytes: &[u8]| {
    if let Err(what) = saved::journal_log(bytes) {
        panic!("{what}");
    }
});
