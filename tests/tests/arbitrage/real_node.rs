//! Flare's side on a node that others wrote, with contracts in Solidity: what the gateway reads
//! is what a chain says, not what our own assembler makes of it. Runs where npm's `ganache` and
//! `solc` are installed, and says so where not.

use std::sync::Arc;
use std::time::Duration;

use gateway::arbitrage::flare::{Address, Source};
use testkit::rippled::Rippled;
use tokio::task::JoinHandle;

use super::client::{Client, subscribe};
use super::ganache::{Compiled, Ganache, Word, call, is_installed};
use super::gateway_process::TestGateway;
use super::rig::{CURRENCY, ISSUER, books, config, expect, feed_alert};

const WEI: i128 = 1_000_000_000_000_000_000;

/// Flare's contracts on a node.
struct Flare {
    node: Ganache,
    compiled: Compiled,
    registry: String,
    pool: String,
    token: String,
    quote: String,
}

impl Flare {
    /// A pool of a million tokens at 2,030 FLR; an XRP is worth $2, a FLR $1.
    async fn start() -> Flare {
        let (node, compiled) = tokio::join!(Ganache::start(), Compiled::compile());
        let make =
            async |contract, words: &[Word]| node.deploy(&compiled.creation(contract, words)).await;
        let registry = make("Registry", &[]).await;
        let token = make("Token", &[]).await;
        let quote = make("Token", &[]).await;
        let pair = [Word::address(&token), Word::address(&quote)];
        let pool = make("Pool", &pair).await;
        let flare = Flare {
            node,
            compiled,
            registry,
            pool,
            token,
            quote,
        };
        flare.move_ftso(100_000, 5).await;
        flare.set_reserves(1_000_000, 2_030_000_000).await;
        flare
    }

    /// FTSOv2 is somewhere new, with this price of a FLR. Gives where.
    async fn move_ftso(&self, flr: i128, decimals: i128) -> String {
        let ftso = self.node.deploy(&self.compiled.creation("Ftso", &[])).await;
        self.set_price(&ftso, "XRP/USD", 2_000_000, 6).await;
        self.set_price(&ftso, "FLR/USD", flr, decimals).await;
        // A string stands behind the other arguments.
        let words = [
            Word::number(64),
            Word::address(&ftso),
            Word::number(6),
            Word::bytes(b"FtsoV2"),
        ];
        let put = call("put(string,address)", &words);
        self.node.send(&self.registry, &put).await;
        ftso
    }

    async fn set_price(&self, ftso: &str, name: &str, value: i128, decimals: i128) {
        let words = [feed(name), Word::number(value), Word::number(decimals)];
        let set = call("set(bytes21,uint256,int8)", &words);
        self.node.send(ftso, &set).await;
    }

    /// Whole tokens and FLR of 18 decimals.
    async fn set_reserves(&self, tokens: i128, flr: i128) {
        let words = [
            Word::address(&self.token),
            Word::number(tokens * WEI),
            Word::number(flr * WEI),
        ];
        let set = call("setReserves(address,uint112,uint112)", &words);
        self.node.send(&self.pool, &set).await;
    }

    async fn set_decimals(&self, token: &str, decimals: i128) {
        let set = call("setDecimals(uint8)", &[Word::number(decimals)]);
        self.node.send(token, &set).await;
    }
}

fn feed(name: &str) -> Word {
    Word::bytes(&[&[1], name.as_bytes()].concat())
}

/// A gateway between a scripted XRP Ledger and that node.
struct RealRig {
    flare: Arc<Flare>,
    gateway: TestGateway,
    hearts: Vec<JoinHandle<()>>,
}

impl RealRig {
    async fn start() -> RealRig {
        let flare = Arc::new(Flare::start().await);
        let rippled = Arc::new(Rippled::start(CURRENCY, ISSUER, 100, books()).await);
        let mut config = config(&[rippled.address()], &[flare.node.address]);
        let address = |text: &str| Address::parse(text).unwrap();
        config.flare_rules.registry = address(&flare.registry);
        let [
            Source::Pool {
                pool, token, quote, ..
            },
        ] = &mut config.flare_rules.sources[..]
        else {
            panic!("one pool is configured");
        };
        *pool = address(&flare.pool);
        *token = address(&flare.token);
        *quote = address(&flare.quote);
        let gateway = TestGateway::with(|it| it.arbitrage = Some(config));
        let ledgers = tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(100)).await;
                rippled.close_same();
            }
        });
        RealRig {
            flare,
            gateway,
            hearts: vec![ledgers],
        }
    }

    /// Goes on saying the same prices: a block every half second or so.
    fn renew(&mut self, ftso: &str) {
        let (flare, ftso) = (self.flare.clone(), ftso.to_owned());
        self.hearts.push(tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(250)).await;
                for name in ["XRP/USD", "FLR/USD"] {
                    let renew = call("renew(bytes21)", &[feed(name)]);
                    // A node that is stuck or gone is what a test is about.
                    let _ = flare.node.try_send(&ftso, &renew).await;
                }
            }
        }));
    }

    async fn watcher(&self) -> Client {
        let mut client = self.gateway.client().await;
        let channels = serde_json::json!([{"type": "arbitrage"}, {"type": "risk_alerts"}]);
        client.ask(subscribe(channels)).await;
        client
    }
}

impl Drop for RealRig {
    fn drop(&mut self) {
        for heart in &self.hearts {
            heart.abort();
        }
    }
}

/// The next message, which is an opportunity with this price on Flare.
async fn expect_price(watcher: &mut Client, price: &str) {
    let said = expect(watcher, "arbitrage_opportunity").await;
    assert_eq!(said["xrplPrice"], "1000.00", "{said}");
    assert_eq!(said["flarePrice"], price, "{said}");
}

#[tokio::test]
async fn a_node_that_others_wrote_is_read_right() {
    if !is_installed().await {
        return;
    }
    let mut rig = RealRig::start().await;
    let ftso = rig.flare.move_ftso(100_000, 5).await;
    rig.renew(&ftso);
    let mut watcher = rig.watcher().await;
    expect_price(&mut watcher, "1015.00").await;

    // The same price written otherwise, then another one: nothing is said in between.
    let flare = rig.flare.clone();
    for (value, decimals, price) in [(1_010, 3, "1025.15"), (10_200_000, 7, "1035.30")] {
        flare
            .set_price(&ftso, "FLR/USD", value * 1_000, decimals + 3)
            .await;
        expect_price(&mut watcher, price).await;
        flare.set_price(&ftso, "FLR/USD", value, decimals).await;
    }
    // Decimals below nothing: a FLR is worth ten dollars.
    flare.set_price(&ftso, "FLR/USD", 1, -1).await;
    expect_price(&mut watcher, "10150.00").await;
    flare.set_price(&ftso, "FLR/USD", 1, 0).await;
    expect_price(&mut watcher, "1015.00").await;

    // A token that counts otherwise, and back.
    let token = flare.token.clone();
    flare.set_decimals(&token, 19).await;
    expect_price(&mut watcher, "10150.00").await;
    flare.set_decimals(&token, 18).await;
    expect_price(&mut watcher, "1015.00").await;

    // FTSOv2 is elsewhere, as the registry says; nobody renews the old one's price.
    let ftso = flare.move_ftso(125_000, 5).await;
    rig.renew(&ftso);
    expect_price(&mut watcher, "1268.75").await;

    // A pool that is emptied has no price, until it is filled again.
    flare.set_reserves(0, 0).await;
    let says = "on Flare: there is nothing to trade with";
    feed_alert(&mut watcher, true, says).await;
    let closed = expect(&mut watcher, "arbitrage_closed").await;
    assert_eq!(closed["reason"], "stale");
    flare.set_reserves(1_000_000, 2_000_000_000).await;
    feed_alert(&mut watcher, false, "is back").await;
    expect_price(&mut watcher, "1250.00").await;
}

#[tokio::test]
async fn a_node_that_is_stuck_or_killed_makes_prices_stale() {
    if !is_installed().await {
        return;
    }
    let mut rig = RealRig::start().await;
    let ftso = rig.flare.move_ftso(100_000, 5).await;
    rig.renew(&ftso);
    let mut watcher = rig.watcher().await;
    expect_price(&mut watcher, "1015.00").await;
    for (signal, is_back) in [("STOP", true), ("KILL", false)] {
        // Connections are taken, and nothing is answered; then nobody is there.
        rig.flare.node.signal(signal).await;
        feed_alert(&mut watcher, true, "on Flare: nothing new came in time").await;
        let closed = expect(&mut watcher, "arbitrage_closed").await;
        assert_eq!(closed["reason"], "stale");
        if is_back {
            rig.flare.node.signal("CONT").await;
            feed_alert(&mut watcher, false, "is back").await;
            expect_price(&mut watcher, "1015.00").await;
        }
    }
}
