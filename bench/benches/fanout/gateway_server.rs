//! The gateway itself, with everything on, and orders that change six levels of each pair's book
//! between two ticks.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

use engine::domain::{
    AccountId, ClientOrderId, MarginRequest, PairId, Price, Quantity, SelfTradePrevention, Side,
    Special, TimeInForce, Timestamp, UserName,
};
use engine::request::{Correlation, OrderRef, PlaceRequest, Request, RequestKind};
use engine::runtime::{Inbox, SubmitError};
use gateway::clock;
use gateway::config::Config;
use gateway::server::{Clock, Funding, Server};

use crate::server::Work;

/// How many levels of a side change at once.
const LEVELS: u32 = 3;

fn config(pairs: usize) -> Config {
    let mut text = String::from(
        r#"
        [server]
        listen = "127.0.0.1:0"
        [[auth.keys]]
        algorithm = "HS256"
        secret = "nobody logs in to this exchange, ever"
        [portfolio]
        valuation_asset = "XRP"
        [[assets]]
        symbol = "XRP"
        scale = 6
        "#,
    );
    let mut balances = String::from("XRP = \"1000000000\"");
    for pair in 0..pairs {
        write!(
            text,
            r#"
            [[assets]]
            symbol = "A{pair}"
            scale = 2
            [[pairs]]
            base = "A{pair}"
            quote = "XRP"
            tick = "0.01"
            lot = "0.01"
            min_amount = "0.01"
            max_amount = "1000000.00"
            price_band_bps = 5000
            reference_price = "1000.00"
            "#
        )
        .unwrap();
        write!(balances, ", A{pair} = \"1000000\"").unwrap();
    }
    write!(
        text,
        "[[accounts]]\nuser = \"maker\"\nbalances = {{ {balances} }}\n"
    )
    .unwrap();
    let mut config = Config::parse(&text, "bench", Path::new("")).unwrap();
    config.exchange.max_finished_per_pair = 1_000;
    let limits = &mut config.limits;
    limits.connections_per_address = 1_000_000;
    limits.handshakes_per_second_per_address = 1_000_000;
    limits.messages_per_second_per_address = 1_000_000;
    limits.bytes_per_second = 1 << 30;
    limits.bytes_per_second_per_address = 1 << 30;
    // Nothing but books is measured.
    limits.ping_interval_ms = 3_000_000;
    limits.idle_timeout_ms = 3_600_000;
    limits.stats_interval_ms = 3_600_000;
    config
}

pub(crate) fn run(work: &Work, ready: &Sender<SocketAddr>, begun: &Receiver<()>) {
    let config = config(work.pairs);
    let pace = u64::from(work.pace);
    let start = clock::now();
    let clock: Clock = Arc::new(move || {
        let now = clock::now();
        Timestamp(start.0 + now.since(start) * pace)
    });
    let (serving, server) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let server = Server::bind(&config, clock, &Funding::default()).unwrap();
            let server = server.at_pace(u32::try_from(pace).unwrap());
            let maker = server.account(&UserName::new("maker").unwrap()).unwrap();
            let inbox = server.inbox();
            serving
                .send((server.address().unwrap(), inbox, maker))
                .unwrap();
            server.run(std::future::pending()).await.unwrap();
        });
    });
    let (address, inbox, maker) = server.recv().unwrap();
    ready.send(address).unwrap();
    begun.recv().unwrap();
    let every = work.tick();
    let mut next = Instant::now();
    for round in 0_u32.. {
        change(&inbox, maker, work.pairs, round);
        next = (next + every).max(Instant::now());
        std::thread::sleep(next - Instant::now());
    }
}

/// Takes the levels of the round before out and puts others there, with other amounts.
fn change(inbox: &Inbox, account: AccountId, pairs: usize, round: u32) {
    for pair in (0..pairs).map(|pair| PairId(u16::try_from(pair).unwrap())) {
        for level in 0..LEVELS {
            for side in [Side::Buy, Side::Sell] {
                let name = |round: u32| {
                    let text = format!("{}-{side:?}-{level}-{round}", pair.0);
                    ClientOrderId::new(&text).unwrap()
                };
                if let Some(before) = round.checked_sub(1) {
                    let order = OrderRef::Client(name(before));
                    submit(inbox, RequestKind::Cancel { account, order });
                }
                let ticks = match side {
                    Side::Buy => 99_950 - 50 * level,
                    Side::Sell => 100_050 + 50 * level,
                };
                submit(
                    inbox,
                    RequestKind::Place(PlaceRequest {
                        account,
                        pair,
                        client_order_id: Some(name(round)),
                        side,
                        limit: Price::new(ticks),
                        quantity: Quantity::new(u64::from(20_000 + round % 50 * 100)).unwrap(),
                        time_in_force: TimeInForce::GoodTillCancelled,
                        post_only: false,
                        self_trade: SelfTradePrevention::CancelTaker,
                        special: Special::None,
                        expires_at: None,
                        margin: MarginRequest::None,
                    }),
                );
            }
        }
    }
}

fn submit(inbox: &Inbox, kind: RequestKind) {
    let correlation = Correlation(0);
    loop {
        match inbox.submit(Request { correlation, kind }) {
            Ok(()) => return,
            Err(SubmitError::Full) => std::thread::sleep(Duration::from_micros(50)),
            Err(SubmitError::Closed) => panic!("the exchange ended"),
        }
    }
}
