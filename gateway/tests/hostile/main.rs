//! Promise: nobody can spoil it for others. While each of these attacks runs, from addresses of its
//! own, a client that behaves gets its orders answered as fast as before, the process takes no more
//! memory than it may, and in the end the exchange has forgotten nothing.
//!
//! All on loopback, each for a second or two. What it measures is printed. That answers are as fast
//! as before is a measurement of a machine that does nothing else: it counts with
//! `EXCHANGE_MEASURE=1`, made again a few times where it fails. Without it every order must still be
//! answered, within [`BUSY`]; memory, and that nothing is forgotten, count always.

#![allow(clippy::unwrap_used)] // a failed unwrap fails the test

mod attacks;
mod client;
mod process;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use attacks::{ATTACKS, Attack, Target};
use client::Trader;
use process::Gateway;

const ATTACK_TIME: Duration = Duration::from_millis(1_000);
/// How many orders are measured at a time.
const ORDERS: usize = 40;
/// How often a measurement is made before it counts as failed.
const ATTEMPTS: usize = 6;
/// How many times as long as before the slowest orders may take.
const SLOWER: u32 = 3;
/// What an order may take while nobody measures.
const BUSY: Duration = Duration::from_secs(10);
/// What a debug build on a busy machine takes anyway.
const NOISE: Duration = Duration::from_millis(8);
/// How much more memory an attack may take, in MiB: 400 connections of each of three addresses at
/// about 70 KiB each, and as much again for what the allocator keeps.
const MEMORY_MIB: u64 = 64;

#[test]
fn a_client_that_behaves_is_served_whatever_others_do() {
    let measures = std::env::var_os("EXCHANGE_MEASURE").is_some();
    if !measures {
        println!("******** EXCHANGE_MEASURE is not set: how fast answers are is LEFT OUT ********");
    }
    let attempts = if measures { ATTEMPTS } else { 1 };
    let gateway = Gateway::start();
    let target = Target {
        address: gateway.address,
        tokens: ["bob", "carol"].map(|user| gateway.token(user)).into(),
    };
    let mut trader = Trader::connect(gateway.address, &gateway.token("alice"));
    trader.place_for(ORDERS);
    let mut before = gateway.resident_mib();
    let mut failures = Vec::new();
    for attack in ATTACKS {
        let measured = (0..attempts).find_map(|attempt| {
            let quiet = trader.place_for(ORDERS);
            let slow = under(attack, &target, || trader.place_for(ORDERS));
            println!(
                "{:<28} quiet {quiet:>9.1?}  attacked {slow:>9.1?}",
                attack.name
            );
            let is_last = attempt + 1 == attempts;
            let is_within = match measures {
                true => slow <= quiet.max(NOISE) * SLOWER,
                false => slow <= BUSY,
            };
            (is_within || is_last).then_some((is_within, quiet, slow))
        });
        let after = gateway.resident_mib();
        if let Some((false, quiet, slow)) = measured {
            failures.push(format!("{}: {slow:?} instead of {quiet:?}", attack.name));
        }
        if after > before + MEMORY_MIB {
            failures.push(format!("{}: {before} MiB became {after}", attack.name));
        }
        before = before.max(after);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    trader.check_that_nothing_is_forgotten();
    assert!(gateway.stop(), "it does not stop in good order");
}

/// The slowest that `measure` sees while the attack runs.
fn under(attack: &Attack, target: &Target, measure: impl FnOnce() -> Duration) -> Duration {
    let is_over = Arc::new(AtomicBool::new(false));
    let (begun, begin) = std::sync::mpsc::channel();
    let thread = {
        let (is_over, target, run) = (is_over.clone(), target.clone(), attack.run);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let attack = run(target);
                begun.send(()).unwrap();
                let over = async {
                    while !is_over.load(Ordering::Relaxed) {
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                };
                tokio::select! {
                    () = attack => panic!("an attack ended by itself"),
                    () = over => {}
                    () = tokio::time::sleep(ATTACK_TIME * 20) => {}
                }
            });
        })
    };
    begin.recv().unwrap();
    // Let it get under way.
    std::thread::sleep(ATTACK_TIME / 3);
    let measured = measure();
    is_over.store(true, Ordering::Relaxed);
    thread.join().unwrap();
    measured
}
