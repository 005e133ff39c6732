//! Commands to a matcher, twelve bytes each whatever they are: the matcher and the plain model say
//! the same and have the same book after each.

#![no_main]

use libfuzzer_sys::fuzz_target;
use testkit::saved;

fuzz_target!(|bytes: &[u8]| {
    if let Err(what) = saved::matcher_ops(bytes) {
        panic!("{what}");
    }
});
