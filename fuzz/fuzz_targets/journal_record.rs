//! Bytes as a record of the journal: decoding is total, and what decodes has one spelling.

#![no_main]

use libfuzzer_sys::fuzz_target;
use testkit::saved;

fuzz_target!(|bytes: &[u8]| {
    if let Err(what) = saved::journal_record(bytes) {
        panic!("{what}");
    }
});
