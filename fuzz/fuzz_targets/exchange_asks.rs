//! Requests to an exchange, sixteen bytes each whatever they are: the exchange and the plain model
//! answer the same and have the same balances, orders and books after each.

#![no_main]

use libfuzzer_sys::fuzz_target;
use testkit::saved;

fuzz_target!(|bytes: &[u8]| {
    if let Err(what) = saved::exchange_asks(bytes) {
        panic!("{what}");
    }
});
