//! The XRP Ledger's side, with Flare in good order.

use serde_json::json;
use testkit::rippled::{Behaviour, LedgerState, Offer, Rippled};

use super::rig::{CURRENCY, ISSUER, Rig, amm, books, expect, feed_alert, flare_at};

#[tokio::test]
async fn an_opportunity_is_said_kept_and_closed() {
    // 1,015 XRP on Flare, of which 0.3% go to the pool.
    let rig = Rig::start(books(), flare_at(2_030)).await;
    let mut watcher = rig.watcher().await;
    let said = expect(&mut watcher, "arbitrage_opportunity").await;
    for (key, expected) in [
        ("tokenPair", "LUXURY001"),
        ("xrplPrice", "1000.00"),
        ("flarePrice", "1015.00"),
        ("spreadPercent", "1.50%"),
        ("estimatedProfit", "15.00"),
        ("direction", "xrpl_to_flare"),
        ("netSpreadPercent", "1.19%"),
        ("netProfit", "11.95"),
        ("minAmount", "0.01"),
    ] {
        assert_eq!(said[key], expected, "{said}");
    }
    // (√(0.997 × 1.015) − 1) × 1,000,000 ÷ 0.997
    assert_eq!(said["maxAmount"], "5977.67", "{said}");
    assert!(
        said["confidence"] == "high" || said["confidence"] == "medium",
        "{said}"
    );
    // Who comes later gets it as it was said.
    let mut later = rig.watcher().await;
    assert_eq!(expect(&mut later, "arbitrage_opportunity").await, said);
    // The asks rise above what Flare pays.
    rig.ledgers(false);
    let dear = LedgerState {
        asks: vec![Offer::new("10", 10_500_000_000)],
        ..LedgerState::default()
    };
    rig.rippled.close_ledger(1, dear);
    for client in [&mut watcher, &mut later] {
        let closed = expect(client, "arbitrage_closed").await;
        assert_eq!(closed["opportunityId"], said["opportunityId"]);
        assert_eq!(closed["reason"], "gone");
        assert_eq!(closed["tokenPair"], "LUXURY001");
    }
}

#[tokio::test]
async fn book_and_pool_are_asked_and_the_better_counts() {
    let mut both = amm();
    // Cheaper than the pool with its fee, which is 1,006.04.
    both.asks = vec![Offer::new("5", 5_025_000_000)];
    let rig = Rig::start(both, flare_at(2_030)).await;
    let mut watcher = rig.watcher().await;
    let said = expect(&mut watcher, "arbitrage_opportunity").await;
    assert_eq!(said["xrplPrice"], "1005.00", "{said}");
    assert_eq!(said["maxAmount"], "5.00", "{said}");
    rig.ledgers(false);
    rig.rippled.close_ledger(1, amm());
    let said = expect(&mut watcher, "arbitrage_opportunity").await;
    assert_eq!(said["xrplPrice"], "1000.00", "{said}");
    assert_eq!(said["netSpreadPercent"], "0.58%", "{said}");
    let asked = rig.rippled.requests();
    assert_eq!(
        asked[..4],
        ["subscribe", "book_offers", "book_offers", "amm_info"]
    );
}

#[tokio::test]
async fn nodes_that_fail_in_any_way_are_left_for_one_that_does_not() {
    for behaviour in [
        Behaviour::HangsUp,
        Behaviour::Mute,
        Behaviour::Says("no JSON".to_owned()),
        Behaviour::Says(json!({"type": "response"}).to_string()),
        Behaviour::Refuses("noNetwork".to_owned()),
        Behaviour::NotValidated,
        Behaviour::LedgerBefore,
    ] {
        // What the bad node has would be the better deal.
        let tempting = LedgerState {
            asks: vec![Offer::new("10000", 1_000_000_000_000)],
            ..books()
        };
        let bad = Rippled::start(CURRENCY, ISSUER, 100, tempting).await;
        bad.behave(behaviour.clone());
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let nobody = closed.local_addr().unwrap();
        drop(closed);
        let before = [bad.address(), nobody];
        let rig = Rig::with_nodes(books(), flare_at(2_030), &before, &[]).await;
        let mut watcher = rig.watcher().await;
        let said = expect(&mut watcher, "arbitrage_opportunity").await;
        assert_eq!(said["xrplPrice"], "1000.00", "{behaviour:?}: {said}");
        assert!(bad.connections() > 0, "{behaviour:?}: it was asked first");
    }
}

#[tokio::test]
async fn a_node_that_goes_bad_is_left_and_nothing_it_says_then_is_believed() {
    let tempting = LedgerState {
        asks: vec![Offer::new("10000", 1_000_000_000_000)],
        ..books()
    };
    let first = Rippled::start(CURRENCY, ISSUER, 100, books()).await;
    let rig = Rig::with_nodes(books(), flare_at(2_030), &[first.address()], &[]).await;
    let mut watcher = rig.watcher().await;
    expect(&mut watcher, "arbitrage_opportunity").await;
    rig.ledgers(false);
    first.behave(Behaviour::NotValidated);
    first.close_ledger(1, tempting);
    // The second node goes on, and after that something else is said, and nothing in between.
    let dear = LedgerState {
        asks: vec![Offer::new("10000", 10_050_000_000_000)],
        ..LedgerState::default()
    };
    rig.rippled.close_ledger(1_000, dear);
    let said = expect(&mut watcher, "arbitrage_opportunity").await;
    assert_eq!(said["xrplPrice"], "1005.00", "{said}");
}

#[tokio::test]
async fn when_ledgers_stop_it_is_said_and_when_they_come_again_too() {
    let rig = Rig::start(books(), flare_at(2_030)).await;
    let mut watcher = rig.watcher().await;
    let first = expect(&mut watcher, "arbitrage_opportunity").await;
    rig.ledgers(false);
    let alert = feed_alert(&mut watcher, true, "nothing new came in time").await;
    assert_eq!(alert["severity"], "warning");
    assert!(
        alert["message"]
            .as_str()
            .unwrap()
            .contains("the XRP Ledger")
    );
    let closed = expect(&mut watcher, "arbitrage_closed").await;
    assert_eq!(
        (&closed["opportunityId"], &closed["reason"]),
        (&first["opportunityId"], &json!("stale"))
    );
    // Who comes now is told what is in force, and of no opportunity.
    let mut later = rig.watcher().await;
    assert_eq!(feed_alert(&mut later, true, "the XRP Ledger").await, alert);
    rig.ledgers(true);
    for client in [&mut watcher, &mut later] {
        let ended = feed_alert(client, false, "is back").await;
        assert_eq!(ended["alertId"], alert["alertId"]);
        assert_eq!(ended["startedAt"], alert["startedAt"]);
        assert!(ended["endsAt"].as_u64() >= ended["startedAt"].as_u64());
        let again = expect(client, "arbitrage_opportunity").await;
        assert_ne!(again["opportunityId"], first["opportunityId"]);
    }
}

#[tokio::test]
async fn a_gap_between_ledgers_is_said() {
    let rig = Rig::start(books(), flare_at(2_030)).await;
    let mut watcher = rig.watcher().await;
    expect(&mut watcher, "arbitrage_opportunity").await;
    rig.ledgers(false);
    rig.rippled.close_ledger(2, books());
    feed_alert(&mut watcher, true, "ledgers are missing").await;
    assert_eq!(
        expect(&mut watcher, "arbitrage_closed").await["reason"],
        "stale"
    );
    feed_alert(&mut watcher, false, "is back").await;
    expect(&mut watcher, "arbitrage_opportunity").await;
}

#[tokio::test]
async fn a_market_that_is_empty_is_said() {
    let rig = Rig::start(LedgerState::default(), flare_at(2_030)).await;
    let mut watcher = rig.watcher().await;
    feed_alert(&mut watcher, true, "nothing to trade with").await;
    rig.ledgers(false);
    rig.rippled.close_ledger(1, books());
    feed_alert(&mut watcher, false, "is back").await;
    expect(&mut watcher, "arbitrage_opportunity").await;
}
