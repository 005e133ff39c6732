//! Flare's side, with the XRP Ledger in good order.

use super::contracts::{Flare, POOL, QUOTE, TOKEN};
use super::evm;
use super::node::{Behaviour, FlareNode};
use super::rig::{Rig, amm, books, expect, feed_alert, flare_at};

#[tokio::test]
async fn two_pools_pay_as_their_fees_say() {
    let rig = Rig::start(amm(), flare_at(2_030)).await;
    let mut watcher = rig.watcher().await;
    let said = expect(&mut watcher, "arbitrage_opportunity").await;
    for (key, expected) in [
        ("xrplPrice", "1000.00"),
        ("flarePrice", "1015.00"),
        ("spreadPercent", "1.50%"),
        // 1,011.955 ÷ 1,006.036…
        ("netSpreadPercent", "0.58%"),
        ("netProfit", "5.91"),
    ] {
        assert_eq!(said[key], expected, "{said}");
    }
    rig.flare
        .change(|flare| flare.set_reserves(1_000_000, 1_000_000 * 1_970));
    let closed = expect(&mut watcher, "arbitrage_closed").await;
    assert_eq!(closed["reason"], "gone");
    let turned = expect(&mut watcher, "arbitrage_opportunity").await;
    assert_eq!(turned["direction"], "flare_to_xrpl");
    assert_eq!(turned["flarePrice"], "985.00");
}

#[tokio::test]
async fn decimals_that_change_change_no_price() {
    let rig = Rig::start(books(), flare_at(2_030)).await;
    let mut watcher = rig.watcher().await;
    expect(&mut watcher, "arbitrage_opportunity").await;
    // The same prices, written otherwise.
    for (value, decimals) in [(1_000, 3), (10_000_000, 7), (1, 0)] {
        rig.flare.change(|flare| {
            flare.flr = (value, decimals);
            flare.refresh_prices();
        });
        polls(&rig).await;
    }
    // Another price: 1,025 XRP.
    rig.flare
        .change(|flare| flare.set_reserves(1_000_000, 1_000_000 * 2_050));
    let said = expect(&mut watcher, "arbitrage_opportunity").await;
    assert_eq!(
        said["flarePrice"], "1025.00",
        "nothing was said in between: {said}"
    );
    // A token that suddenly counts otherwise is another price, not an old one.
    rig.flare.change(|flare| flare.set_decimals(TOKEN, 17));
    expect(&mut watcher, "arbitrage_closed").await;
    let said = expect(&mut watcher, "arbitrage_opportunity").await;
    assert_eq!(said["flarePrice"], "102.50", "{said}");
    rig.flare.change(|flare| {
        flare.set_decimals(TOKEN, 18);
        flare.set_decimals(QUOTE, 255);
    });
    feed_alert(&mut watcher, true, "a figure came that cannot be").await;
    assert_eq!(
        expect(&mut watcher, "arbitrage_closed").await["reason"],
        "stale"
    );
}

#[tokio::test]
async fn a_pool_that_is_emptied_or_gone_is_said() {
    let rig = Rig::start(books(), flare_at(2_030)).await;
    let mut watcher = rig.watcher().await;
    expect(&mut watcher, "arbitrage_opportunity").await;
    rig.flare.change(|flare| flare.set_reserves(0, 0));
    let alert = feed_alert(
        &mut watcher,
        true,
        "on Flare: there is nothing to trade with",
    )
    .await;
    assert_eq!(
        expect(&mut watcher, "arbitrage_closed").await["reason"],
        "stale"
    );
    rig.flare.change(|flare| flare.chain.destroy(POOL));
    let other = feed_alert(&mut watcher, true, "something else").await;
    assert_eq!(
        other["alertId"], alert["alertId"],
        "the same alert, for another reason"
    );
}

#[tokio::test]
async fn ftso_is_found_where_the_registry_says() {
    let rig = Rig::start(books(), flare_at(2_030)).await;
    let mut watcher = rig.watcher().await;
    expect(&mut watcher, "arbitrage_opportunity").await;
    rig.flare.change(|flare| {
        flare.flr = (125_000, 5);
        flare.move_ftso(evm::Address::repeat_byte(0xf2));
    });
    let said = expect(&mut watcher, "arbitrage_opportunity").await;
    assert_eq!(said["flarePrice"], "1268.75", "{said}");
}

#[tokio::test]
async fn prices_that_stop_go_stale() {
    let rig = Rig::start(books(), flare_at(2_030)).await;
    let mut watcher = rig.watcher().await;
    expect(&mut watcher, "arbitrage_opportunity").await;
    // The node answers on, about a block that gets old.
    rig.blocks(false);
    feed_alert(&mut watcher, true, "on Flare: nothing new came in time").await;
    assert_eq!(
        expect(&mut watcher, "arbitrage_closed").await["reason"],
        "stale"
    );
    rig.blocks(true);
    feed_alert(&mut watcher, false, "is back").await;
    expect(&mut watcher, "arbitrage_opportunity").await;
}

#[tokio::test]
async fn nodes_that_fail_in_any_way_are_left_for_one_that_does_not() {
    let error = r#"{"jsonrpc":"2.0","id":0,"error":{"code":-32005,"message":"too many"}}"#;
    for behaviour in [
        Behaviour::Mute,
        Behaviour::Says(200, "no JSON".to_owned()),
        Behaviour::Says(200, "[]".to_owned()),
        Behaviour::Says(200, error.to_owned()),
        Behaviour::Says(429, String::new()),
        Behaviour::Says(503, "<html>".to_owned()),
    ] {
        let bad = FlareNode::start(flare_at(20_000)).await;
        bad.behave(behaviour.clone());
        let rig = Rig::with_nodes(books(), flare_at(2_030), &[], &[bad.address]).await;
        let mut watcher = rig.watcher().await;
        let said = expect(&mut watcher, "arbitrage_opportunity").await;
        assert_eq!(said["flarePrice"], "1015.00", "{behaviour:?}: {said}");
    }
}

/// A node closes its connections between requests: it is asked on, over others, and not left.
#[tokio::test]
async fn a_connection_that_ends_between_two_requests_is_opened_again() {
    let first = FlareNode::start(flare_at(2_030)).await;
    first.behave(Behaviour::HangsUpAfter);
    let rig = Rig::with_nodes(books(), flare_at(20_000), &[], &[first.address]).await;
    let mut watcher = rig.watcher().await;
    let said = expect(&mut watcher, "arbitrage_opportunity").await;
    assert_eq!(said["flarePrice"], "1015.00", "{said}");
    for _ in 0..20 {
        first.change(Flare::refresh_prices);
        let polls = first.polls();
        while first.polls() == polls {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
    assert_eq!(rig.flare.polls(), 0, "the second node was never asked");
}

/// Waits until the chain as it now is has been read.
async fn polls(rig: &Rig) {
    let polls = rig.flare.polls();
    while rig.flare.polls() < polls + 3 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}
