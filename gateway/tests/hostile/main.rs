//! Promise: nobody can spoil it for others. While each of these attacks runs, from addresses of its
//! own, a client that behaves gets its orders answered as fast as before, the process takes no more
//! memory than it may, and in the end the exchange has forgotten nothing.
//!
//! All on loopback, each for a second or two, attackers on a core of their own where there are two
//! (`apart`). What it measures is printed. With `EXCHANGE_MEASURE=1` it is a measurement: several rounds,
//! and of the orders of an attack the median and the slowest of a hundred take at most three times as long
//! as those between the rounds. Without it there is one round of each, and half of the orders have to be
//! answered within three times as long and a tenth of a second. Memory, and that nothing is forgotten,
//! count always. `EXCHANGE_ATTACK` names the only attack that is made, or a part of its name.

#![allow(clippy::unwrap_used)] // a failed unwrap fails the test

mod apart;
mod attacks;
mod client;
mod gateway;
mod measure;
#[path = "../process/mod.rs"]
mod process;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use apart::Cores;
use attacks::{ATTACKS, Attack, Target};
use client::Trader;
use gateway::Gateway;
use measure::Row;

/// How long an attack gets under way before it is looked at.
const HEAD_START: Duration = Duration::from_millis(350);
/// How long the gateway has to tidy up behind an attack before quiet is measured.
const REST: Duration = Duration::from_millis(250);
/// How long an attack lasts at most.
const LONGEST: Duration = Duration::from_secs(60);
/// How many orders are measured at a time; of a measurement, and where nobody measures.
const ORDERS: usize = 100;
const FEW_ORDERS: usize = 50;
/// How many times an attack is made for a measurement, between quiet windows.
const ROUNDS: usize = 5;
/// One test at a time.
static TURN: Mutex<()> = Mutex::new(());

#[test]
fn a_client_that_behaves_is_served_whatever_others_do() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let measures = std::env::var_os("EXCHANGE_MEASURE").is_some();
    if !measures {
        println!("******** EXCHANGE_MEASURE is not set: how fast answers are is LEFT OUT ********");
    }
    let (rounds, orders) = match measures {
        true => (ROUNDS, ORDERS),
        false => (1, FEW_ORDERS),
    };
    let (gateway, target) = start();
    let mut trader = Trader::connect(gateway.address, &gateway.token("alice"));
    trader.place_for(orders);
    let only = std::env::var("EXCHANGE_ATTACK").unwrap_or_default();
    let mut faults = Vec::new();
    println!("{}", Row::HEAD);
    for attack in ATTACKS.iter().filter(|it| it.name.contains(&only)) {
        let before = gateway.most_resident_mib();
        target.connects.store(0, Ordering::Relaxed);
        let mut quiet = vec![trader.place_for(orders)];
        let mut attacked = Vec::new();
        for _ in 0..rounds {
            attacked.push(under(attack, &target, || trader.place_for(orders)));
            std::thread::sleep(REST);
            quiet.push(trader.place_for(orders));
        }
        let row = Row {
            name: attack.name,
            quiet,
            attacked,
            connects: target.connects.load(Ordering::Relaxed),
            memory_mib: [before, gateway.most_resident_mib()],
        };
        println!("{row}");
        faults.extend(row.faults(measures));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    trader.check_that_nothing_is_forgotten();
    assert!(gateway.stop(), "it does not stop in good order");
}

/// Promise: who is not in yet takes the time of the thread at the door, which goes behind all others,
/// and not that of those who serve.
#[test]
fn who_only_knocks_keeps_nobody_busy_but_the_door() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (gateway, target) = start();
    for attack in ATTACKS.iter().filter(|it| ONLY_KNOCKS.contains(&it.name)) {
        let took = || {
            let threads = gateway.threads();
            let door = threads.iter().find(|it| it.name == "door").unwrap();
            (
                door.took,
                threads.iter().map(|it| it.took).sum::<Duration>(),
            )
        };
        let before = took();
        let after = under(attack, &target, || {
            // However little of a busy machine the attackers get.
            for _ in 0..100 {
                std::thread::sleep(HEAD_START);
                if took().0 - before.0 >= AT_THE_DOOR {
                    break;
                }
            }
            took()
        });
        let (door, all) = (after.0 - before.0, after.1 - before.1);
        println!("{}: {door:?} of {all:?} at the door", attack.name);
        assert!(door * 4 > all * 3, "{}: {door:?} of {all:?}", attack.name);
    }
    let threads = gateway.threads();
    let (door, others): (Vec<_>, Vec<_>) = threads.iter().partition(|it| it.name == "door");
    let most = others.iter().map(|it| it.niceness).max().unwrap();
    assert_eq!(door[0].niceness, (most + 5).min(19));
    assert!(gateway.stop(), "it does not stop in good order");
}

/// How much processor time of the door is enough to judge by.
const AT_THE_DOOR: Duration = Duration::from_millis(30);
/// The attacks that never get to a shard.
const ONLY_KNOCKS: [&str; 2] = ["10,000 silent sockets", "heads that drip"];

/// A gateway on its cores, and what attackers know of it.
fn start() -> (Gateway, Target) {
    Cores::divided().go_with_the_gateway();
    let gateway = Gateway::start();
    let target = Target {
        address: gateway.address,
        tokens: ["bob", "carol"].map(|user| gateway.token(user)).into(),
        connects: Arc::default(),
    };
    (gateway, target)
}

/// What `measure` sees while the attack runs.
fn under<T>(attack: &Attack, target: &Target, measure: impl FnOnce() -> T) -> T {
    let is_over = Arc::new(AtomicBool::new(false));
    let (begun, begin) = std::sync::mpsc::channel();
    let thread = {
        let (is_over, target, run) = (is_over.clone(), target.clone(), attack.run);
        std::thread::spawn(move || {
            Cores::divided().go_with_the_attackers();
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
