//! What a journal was written under and does not give up.

use std::path::Path;
use std::sync::Arc;

use expect_test::expect;
use gateway::config::Config;
use gateway::server::{Funding, Server};

use super::{changed, example};

/// What the start says over the journal in `folder`, under the example with `changes`.
async fn start(folder: &Path, changes: &[(&str, &str)]) -> String {
    let mut config = Config::parse(&changed(changes), "gateway.toml", Path::new("")).unwrap();
    config.server.listen = ([127, 0, 0, 1], 0).into();
    config.server.admin_token = None;
    config.storage.data_dir = Some(folder.to_owned());
    config.storage.segment_mib = 1;
    config.storage.min_free_mib = 0;
    let clock = Arc::new(gateway::clock::now);
    match Server::bind(&config, clock, &Funding::default()) {
        Ok(server) => {
            server.run(std::future::ready(())).await.unwrap();
            "starts".to_owned()
        }
        Err(error) => {
            let text = format!("{error:#}");
            text.replace(&folder.display().to_string(), "DIR")
        }
    }
}

#[tokio::test]
async fn a_journal_keeps_the_circuit_breaker_that_it_was_written_under() {
    let name = format!("exchange-breaker-{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    let none = ("circuit_breaker_bps = 1500", "circuit_breaker_bps = 0");
    assert_eq!(start(&folder, &[]).await, "starts");
    assert_eq!(start(&folder, &[]).await, "starts");
    let without = start(&folder, &[none]).await;
    let narrower = start(
        &folder,
        &[("circuit_breaker_bps = 1500", "circuit_breaker_bps = 500")],
    )
    .await;
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(start(&folder, &[none]).await, "starts");
    let given = start(&folder, &[]).await;
    assert_eq!(start(&folder, &[none]).await, "starts");
    std::fs::remove_dir_all(&folder).unwrap();
    expect![[r#"
        DIR/markets: the journal was written with "breaker 0 LUXURY001/XRP band 1500 halt 300000 from 100000", which the configuration does not have: start with the configuration that it was written under, or another data_dir
        DIR/markets: the journal was written with "breaker 0 LUXURY001/XRP band 1500 halt 300000 from 100000", which the configuration does not have: start with the configuration that it was written under, or another data_dir
        DIR/markets: the journal was written without "breaker 0 LUXURY001/XRP band 1500 halt 300000 from 100000", which the configuration has: a circuit breaker cannot be given to a pair that has traded without it; start without, or with another data_dir
    "#]].assert_eq(&format!("{without}\n{narrower}\n{given}\n"));
}

#[tokio::test]
async fn a_journal_keeps_the_margin_terms_that_it_was_written_under() {
    let name = format!("exchange-margin-terms-{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    assert_eq!(start(&folder, &[]).await, "starts");
    // What only decides what is taken from now on may change.
    let limits = [
        ("max_leverage = \"10\"", "max_leverage = \"5\""),
        ("max_position = \"100.00\"", "max_position = \"50.00\""),
        ("max_mark_age_seconds = 300", "max_mark_age_seconds = 60"),
        ("limit = \"1000000.00\"", "limit = \"2000000.00\""),
        ("pool = \"500000.00\"", "pool = \"1.00\""),
    ];
    assert_eq!(start(&folder, &limits).await, "starts");
    let lower = (
        "maintenance_ratio = \"0.05\"",
        "maintenance_ratio = \"0.04\"",
    );
    let dearer = ("hourly_rate = \"0.00001\"", "hourly_rate = \"0.00002\"");
    let (lower, dearer) = (
        start(&folder, &[lower]).await,
        start(&folder, &[dearer]).await,
    );
    std::fs::remove_dir_all(&folder).unwrap();
    let text = example();
    let from = text.find("[pairs.margin]").unwrap();
    let to = text[from..].find("[[pairs]]").unwrap() + from;
    let none = (&text[from..to], "");
    assert_eq!(start(&folder, &[none]).await, "starts");
    let given = start(&folder, &[]).await;
    std::fs::remove_dir_all(&folder).unwrap();
    expect![[r#"
        DIR/markets: the journal was written with "margin 0 LUXURY001/XRP initial 10000 maintenance 5000 grace 3600000 fee 50 index 0 rates 0 10000", which the configuration does not have: start with the configuration that it was written under, or another data_dir
        DIR/markets: the journal was written with "margin 0 LUXURY001/XRP initial 10000 maintenance 5000 grace 3600000 fee 50 index 0 rates 0 10000", which the configuration does not have: start with the configuration that it was written under, or another data_dir
        DIR/markets: the journal was written without "margin 0 LUXURY001/XRP initial 10000 maintenance 5000 grace 3600000 fee 50 index 0 rates 0 10000", which the configuration has: margin trading cannot be given to a pair that has traded without it; start without, or with another data_dir
    "#]].assert_eq(&format!("{lower}\n{dearer}\n{given}\n"));
}
