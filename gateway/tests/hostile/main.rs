//! Promise: nobody can spoil it for others. While each of these attacks runs, from addresses of its
//! own, a client that behaves gets its orders answered as fast as before, the process takes no more
//! memory than it may, and in the end the exchange has forgotten nothing.
//!
//! All on loopback, each for a second or two. What it measures is printed. That answers are as fast
//! as before is a measurement of a machine that does nothing else: it counts with
//! `EXCHANGE_MEASURE=1`, made again a few times where it fails. Without it every order must still be
//! answered, within [`BUSY`]; memory, and that nothing is forgotten, count always.

#![allow(clippy::unwrap_used)] // a failed unwrap fails the test

mod apart;
mod attacks;
mod client;
mod measure;
mod process;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use apart::Cores;
use attacks::{ATTACKS, Attack, Target};
use client::Trader;
use measure::{Row, Window};
use process::Gateway;

/// How long an attack gets under way before it is looked at.
const HEAD_START: Duration = Duration::from_millis(350);
/// How long the gateway has to tidy up behind an attack before quiet is measured.
const REST: Duration = Duration::from_millis(250);
/// How long an attack lasts at most.
const LONGEST: Duration = Duration::from_secs(20);
/// How many orders are measured at a time.
const ORDERS: usize = 100;
/// How many times an attack is made, with a quiet window before each and after the last.
const ROUNDS: usize = 5;
/// How much more memory an attack may take, in MiB: 400 connections of each of three addresses at
/// about 70 KiB each, and as much again for what the allocator keeps.
const MEMORY_MIB: u64 = 64;

#[test]
fn a_client_that_behaves_is_served_whatever_others_do() {
    let measures = std::env::var_os("EXCHANGE_MEASURE").is_some();
    let rounds = if measures { ROUNDS } else { 1 };
    let cores = measures.then(Cores::divide);
    if let Some(cores) = &cores {
        cores.go_with_the_gateway();
    }
    let gateway = Gateway::start();
    let target = Target {
        address: gateway.address,
        tokens: ["bob", "carol"].map(|user| gateway.token(user)).into(),
        connects: Arc::default(),
    };
    let mut trader = Trader::connect(gateway.address, &gateway.token("alice"));
    trader.place_for(ORDERS);
    println!("{}", Row::HEAD);
    let only = std::env::var("HOSTILE_ONLY").ok();
    for attack in ATTACKS
        .iter()
        .filter(|it| only.as_deref().is_none_or(|only| it.name.contains(only)))
    {
        let before = gateway.most_resident_mib();
        target.connects.store(0, Ordering::Relaxed);
        let mut quiet = vec![trader.place_for(ORDERS)];
        let mut attacked = Vec::new();
        for _ in 0..rounds {
            attacked.push(under(attack, &target, &cores, || trader.place_for(ORDERS)));
            std::thread::sleep(REST);
            quiet.push(trader.place_for(ORDERS));
        }
        let row = Row {
            name: attack.name,
            quiet,
            attacked,
            connects: target.connects.load(Ordering::Relaxed),
            memory_mib: [before, gateway.most_resident_mib()],
        };
        println!("{row}");
    }
    trader.check_that_nothing_is_forgotten();
    assert!(gateway.stop(), "it does not stop in good order");
}

/// What `measure` sees while the attack runs.
fn under(
    attack: &Attack,
    target: &Target,
    cores: &Option<Cores>,
    measure: impl FnOnce() -> Window,
) -> Window {
    let is_over = Arc::new(AtomicBool::new(false));
    let (begun, begin) = std::sync::mpsc::channel();
    let thread = {
        let (is_over, target, run, cores) =
            (is_over.clone(), target.clone(), attack.run, cores.clone());
        std::thread::spawn(move || {
            if let Some(cores) = cores {
                cores.go_with_the_attackers();
            }
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
                    () = tokio::time::sleep(LONGEST) => {}
                }
            });
        })
    };
    begin.recv().unwrap();
    std::thread::sleep(HEAD_START);
    let measured = measure();
    is_over.store(true, Ordering::Relaxed);
    thread.join().unwrap();
    measured
}
