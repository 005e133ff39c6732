//! What the operator sees of the feeds: how old their quotes are, and whether they can be used.

use super::openmetrics::Scrape;
use super::rig::{OPERATOR, Rig, books, expect, feed_alert, flare_at};

async fn scrape(rig: &Rig) -> Scrape {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let address = rig.gateway.admin.unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {OPERATOR}\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    Scrape::read(body).unwrap()
}

#[tokio::test]
async fn the_age_of_quotes_is_told_and_whether_they_can_be_used() {
    let rig = Rig::start(books(), flare_at(2_030)).await;
    let mut watcher = rig.watcher().await;
    // An opportunity takes a quote of each ledger.
    expect(&mut watcher, "arbitrage_opportunity").await;
    let both = scrape(&rig).await;
    let series = |name: &str, chain: &str| {
        format!("nexvestxr_feed_{name}{{chain=\"{chain}\",symbol=\"LUXURY001\"}}")
    };
    for chain in ["xrpl", "flare"] {
        assert_eq!(both.get(&series("usable", chain)), 1.0, "{chain}");
        let age = both.get(&series("age_seconds", chain));
        assert!((0.0..6.0).contains(&age), "{chain}: {age}");
    }
    // No ledger closes any more: the quote gets older, and then there is none.
    rig.ledgers(false);
    feed_alert(&mut watcher, true, "on the XRP Ledger").await;
    expect(&mut watcher, "arbitrage_closed").await;
    let one = scrape(&rig).await;
    assert_eq!(one.get(&series("usable", "xrpl")), 0.0);
    assert_eq!(one.get(&series("usable", "flare")), 1.0);
    assert!(!one.series.contains_key(&series("age_seconds", "xrpl")));
}
