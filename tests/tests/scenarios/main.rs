//! Promise: the rules of `docs/matching-rules.md` and `docs/ledger.md` are what a trader sees.
//!
//! Each test is a text: what is asked, what is said to whom, and the books and balances at the
//! end. Every step also runs on the plain model and under the auditor.
//!
//! `alice has 5 + 10 XRP` is what is available and what is held. Lines in brackets are set-up.

mod ledger;
mod margin;
mod matching;
mod types;

use expect_test::Expect;
use testkit::scenario;
use testkit::world::{Terms, World};

/// A scenario without fees: 1,000 of base and 100,000 of quote for each of three.
fn check(text: &str, expected: Expect) {
    check_on(World::of(Terms::plain()), text, expected);
}

fn check_on(world: World, text: &str, expected: Expect) {
    let mut funded = String::new();
    for user in ["alice", "bob", "carol"] {
        funded += &format!("({user} deposits 1000 GEM)\n({user} deposits 100000 XRP)\n");
    }
    check_unfunded(world, &(funded + text), expected);
}

/// A scenario in which nobody has anything yet.
fn check_unfunded(world: World, text: &str, expected: Expect) {
    match scenario::run(world, text) {
        Ok(output) => expected.assert_eq(&output),
        Err(what) => panic!("{what}"),
    }
}
