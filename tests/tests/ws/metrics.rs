//! What is told on `GET /metrics`: it moves by exactly what was done, and says nothing of anybody.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use super::openmetrics::Scrape;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::{Client, PAIR, order, subscribe, typed, why};
use super::gateway::TestGateway;
use super::margin::Market;
use super::programs::{left_out, python, run};
use super::raw::Raw;

const TOKEN: &str = "an-operators-token-for-metrics-only";

/// With the operator's port open for who knows the token.
pub(crate) fn shown(config: &mut gateway::config::Config) {
    config.server.admin_token = gateway::config::AdminToken::new(TOKEN);
    config.limits.order_commands_per_minute = 10_000;
    // All on one thread: what was sent was counted before whoever got it can ask.
    config.runtime.shards = Some(1);
}

/// One on a clock that stands still, so that nothing comes by itself.
fn gateway() -> TestGateway {
    TestGateway::patient(shown)
}

/// Head and body of the answer to `GET /metrics` with these headers.
async fn get(gateway: &TestGateway, headers: &str) -> (String, String) {
    let address = gateway.admin.unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /metrics HTTP/1.1\r\nHost: x\r\n{headers}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

async fn text(gateway: &TestGateway) -> String {
    let (head, body) = get(gateway, &format!("Authorization: Bearer {TOKEN}\r\n")).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(head.contains("content-type: application/openmetrics-text; version=1.0.0"));
    body
}

pub(crate) async fn scrape(gateway: &TestGateway) -> Scrape {
    Scrape::read(&text(gateway).await).unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// What moved, without what moves with time or with the machine: buckets and sums of latencies,
/// bytes, memory.
fn moved(now: &Scrape, before: &Scrape) -> BTreeMap<String, f64> {
    let mut moved = now.since(before);
    moved.retain(|series, _| {
        let with_time = [
            "_bucket{",
            "_sum",
            "uptime",
            "resident",
            "_bytes",
            "ring_depth",
        ];
        !with_time.iter().any(|part| series.contains(part))
    });
    moved
}

fn expected(of: &[(&str, f64)]) -> BTreeMap<String, f64> {
    let of = of.iter();
    of.map(|(series, by)| (format!("nexvestxr_{series}"), *by))
        .collect()
}

#[tokio::test]
async fn each_series_moves_by_what_was_done_and_no_other() {
    let gateway = gateway();
    let mut alice = gateway.trader("alice").await;
    let mut bob = gateway.trader("bob").await;
    let start = scrape(&gateway).await;
    assert_eq!(start.get("nexvestxr_connections_open"), 2.0);
    assert_eq!(start.get("nexvestxr_users_connected"), 2.0);
    assert_eq!(start.get("nexvestxr_ring_depth{ring=\"inbox\"}"), 0.0);
    assert_eq!(
        start.get("nexvestxr_ring_capacity{ring=\"inbox\"}"),
        8_192.0
    );
    assert_eq!(start.get("nexvestxr_pairs{status=\"open\"}"), 4.0);
    assert_eq!(start.get("nexvestxr_build_info{version=\"0.1.0\"}"), 1.0);
    assert!(start.get("nexvestxr_process_resident_bytes") > 1e6);
    assert_eq!(
        moved(&scrape(&gateway).await, &start),
        expected(&[]),
        "looking is nothing"
    );

    // Three orders that rest, then one that trades with two of them.
    for price in ["1000.00", "1001.00", "1002.00"] {
        bob.place("sell", "1.00", price).await;
    }
    let placed = scrape(&gateway).await;
    let stages = |by: f64| {
        ["answer", "decide", "persist", "receive"].map(|stage| {
            (
                format!("stage_latency_seconds_count{{stage=\"{stage}\"}}"),
                by,
            )
        })
    };
    let three = stages(3.0);
    let mut known = expected(&[
        ("orders_accepted_total", 3.0),
        ("messages_received_total", 3.0),
        ("messages_sent_total", 3.0),
        ("commands_decided_total", 3.0),
        ("commands_persisted_total", 3.0),
        ("order_latency_seconds_count", 3.0),
        ("journal_batch_commands_count", 3.0),
        ("journal_sync_seconds_count", 3.0),
        (
            "stage_latency_seconds_count{shard=\"0\",stage=\"write\"}",
            3.0,
        ),
    ]);
    known.extend(three.map(|(series, by)| (format!("nexvestxr_{series}"), by)));
    assert_eq!(moved(&placed, &start), known);

    alice.place("buy", "1.50", "1001.00").await;
    let traded = scrape(&gateway).await;
    let by = |series: &str| {
        let series = format!("nexvestxr_{series}");
        traded.get(&series) - placed.get(&series)
    };
    assert_eq!(by("trades_printed_total"), 2.0);
    assert_eq!(by("orders_accepted_total"), 1.0);

    // One refused by the gateway, one by the exchange, one that is no message at all.
    let before = traded;
    for (order, reason) in [
        (order("buy", "1.00", "1000.001"), "PRICE_NOT_ON_TICK"),
        (order("buy", "1000.00", "1001.00"), "INSUFFICIENT_AVAILABLE"),
    ] {
        assert_eq!(why(&alice.ask(order).await).1, reason);
    }
    let unknown = alice.ask_bad(json!({"type": "dance"})).await;
    assert_eq!(why(&unknown).1, "UNKNOWN_TYPE");
    let refused = moved(&scrape(&gateway).await, &before);
    let refusal = |code: &str, reason: &str| {
        refused[&format!("nexvestxr_requests_refused_total{{code=\"{code}\",reason=\"{reason}\"}}")]
    };
    assert_eq!(refusal("ORDER_FAILED", "PRICE_NOT_ON_TICK"), 1.0);
    assert_eq!(
        refusal("INSUFFICIENT_BALANCE", "INSUFFICIENT_AVAILABLE"),
        1.0
    );
    assert_eq!(refusal("INVALID_MESSAGE", "UNKNOWN_TYPE"), 1.0);
    let refusals = refused.keys().filter(|it| it.contains("refused"));
    assert_eq!(refusals.count(), 3, "{refused:?}");
    assert!(!refused.contains_key("nexvestxr_orders_accepted_total"));
}

#[tokio::test]
async fn who_is_there_and_what_they_hold_is_told() {
    let gateway = gateway();
    let start = scrape(&gateway).await;
    let mut alice = gateway.trader("alice").await;
    let book = json!({"type": "orderbook", "pair": PAIR});
    let all = json!([book, {"type": "trades", "pair": PAIR},
        {"type": "price", "symbol": "LUXURY001"}, {"type": "orders"}, {"type": "portfolio"},
        {"type": "positions"}, {"type": "margin_calls"}, {"type": "arbitrage"},
        {"type": "risk_alerts"}]);
    let held = alice.ask(subscribe(all)).await;
    assert_eq!(held["data"]["subscriptions"], 9);
    let mut other = gateway.client().await;
    other.ask(subscribe(json!([book]))).await;
    let now = scrape(&gateway).await;
    for (channel, count) in [
        ("orderbook", 2.0),
        ("trades", 1.0),
        ("price", 1.0),
        ("orders", 1.0),
        ("portfolio", 1.0),
        ("positions", 1.0),
        ("margin_calls", 1.0),
        ("arbitrage", 1.0),
        ("risk_alerts", 1.0),
    ] {
        let series = format!("nexvestxr_subscriptions_open{{channel=\"{channel}\"}}");
        assert_eq!(now.get(&series) - start.get(&series), count, "{channel}");
    }
    let by = moved(&now, &start);
    assert_eq!(by["nexvestxr_connections_open"], 2.0);
    assert_eq!(by["nexvestxr_connections_opened_total"], 2.0);
    assert_eq!(by["nexvestxr_users_connected"], 1.0);
    assert!(by["nexvestxr_sockets_open"] >= 2.0);

    // One leaves by itself, one is ended.
    let mut ended = gateway.client().await;
    ended
        .send_raw(tokio_tungstenite::tungstenite::Message::binary(vec![1]))
        .await;
    assert_eq!(ended.closed().await, 1003);
    drop(other);
    // The hub hears of the end a moment later.
    let now = loop {
        let now = scrape(&gateway).await;
        if now.get("nexvestxr_connections_open") == 1.0 {
            break now;
        }
    };
    assert_eq!(now.get("nexvestxr_connections_closed_total"), 2.0);
    let of = |reason: &str| {
        now.get(&format!(
            "nexvestxr_connections_ended_total{{reason=\"{reason}\"}}"
        ))
    };
    assert_eq!(
        (of("binary_frame"), of("too_slow"), of("rate_limit")),
        (1.0, 0.0, 0.0)
    );
    let books = now.get("nexvestxr_subscriptions_open{channel=\"orderbook\"}");
    assert_eq!(books, 1.0);
}

#[tokio::test]
async fn bytes_are_counted_before_and_after_deflating() {
    let gateway = gateway();
    let before = scrape(&gateway).await;
    let sent = |scrape: &Scrape, form: &str| {
        scrape.get(&format!(
            "nexvestxr_messages_sent_bytes_total{{form=\"{form}\"}}"
        ))
    };
    let received = |scrape: &Scrape, form: &str| {
        scrape.get(&format!(
            "nexvestxr_messages_received_bytes_total{{form=\"{form}\"}}"
        ))
    };
    let mut plain = Raw::connect(gateway.address, "").await;
    let ask = br#"{"type":"get_instruments"}"#;
    plain.send(0x81, ask).await;
    let (told, _) = plain.until("get_instruments").await;
    let length = told.to_string().len() as f64;
    let now = scrape(&gateway).await;
    assert_eq!(sent(&now, "message") - sent(&before, "message"), length);
    assert_eq!(sent(&now, "wire") - sent(&before, "wire"), length);
    // A head of two bytes and a mask of four.
    assert_eq!(
        received(&now, "message") - received(&before, "message"),
        26.0
    );
    assert_eq!(received(&now, "wire") - received(&before, "wire"), 32.0);

    let offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    let mut deflated = Raw::connect(gateway.address, offer).await;
    deflated.send(0x81, ask).await;
    deflated.until("get_instruments").await;
    let after = scrape(&gateway).await;
    assert_eq!(sent(&after, "message") - sent(&now, "message"), length);
    let wire = sent(&after, "wire") - sent(&now, "wire");
    assert!(wire > 100.0 && wire < length / 2.0, "{wire} of {length}");
}

#[tokio::test]
async fn who_does_not_read_and_what_was_conflated_is_counted() {
    let gateway = TestGateway::with(|config| {
        shown(config);
        config.limits.outbox_bytes = 65_536;
        config.limits.messages_per_second = 1_000_000;
        config.limits.order_commands_per_minute = 1_000_000;
    });
    let mut lazy = Client::connect_with(gateway.address, "/", Some(8_192)).await;
    let channels = json!([{"type": "orderbook", "pair": PAIR, "depth": 200, "updates": "full"}]);
    lazy.send(subscribe(channels)).await;
    let mut bob = gateway.trader("bob").await;
    let conflated = "nexvestxr_messages_conflated_total";
    let mut step = 0;
    // Kernels keep some hundred kilobytes for a socket.
    while scrape(&gateway).await.get(conflated) == 0.0 {
        for _ in 0..50 {
            step += 1;
            let price = format!("{}.{:02}", 1_000 + step % 400, step % 100);
            bob.send(order("sell", "0.01", &price)).await;
            bob.next().await;
        }
        assert!(
            step < 20_000,
            "a book that nobody reads is told again and again"
        );
        if step % 1_000 == 0 {
            bob.send(json!({"type": "cancel_all"})).await;
            bob.next().await;
        }
    }
    let too_slow = "nexvestxr_connections_ended_total{reason=\"too_slow\"}";
    assert_eq!(scrape(&gateway).await.get(too_slow), 0.0);
    lazy.send(subscribe(json!([{"type": "trades", "pair": PAIR}])))
        .await;
    let mut alice = gateway.trader("alice").await;
    bob.ask(json!({"type": "cancel_all"})).await;
    while scrape(&gateway).await.get(too_slow) == 0.0 {
        alice.place("buy", "0.25", "1000.00").await;
        for _ in 0..25 {
            bob.send(order("sell", "0.01", "1000.00")).await;
        }
        for _ in 0..25 {
            assert_eq!(bob.next().await["type"], "order_placed");
        }
    }
    // While there is time to read it.
    assert_eq!(lazy.closed().await, 1013);
    assert_eq!(scrape(&gateway).await.get(too_slow), 1.0);
}

#[tokio::test]
async fn positions_calls_liquidations_and_funds_are_told() {
    let gateway = gateway();
    let mut market = Market::of(&gateway).await;
    let mut alice = gateway.trader("alice").await;
    market.at(1_000, "1000.00").await;
    market.maker.ask(order("sell", "100.00", "1000.00")).await;
    let long = json!({"pair": PAIR, "side": "buy", "amount": "100.00", "price": "1000.00",
        "leverage": "10"});
    alice.ask(typed("limit", long)).await;
    let opened = scrape(&gateway).await;
    let figures = |scrape: &Scrape| {
        [
            "positions_open",
            "margin_calls_open{severity=\"warning\"}",
            "margin_calls_open{severity=\"critical\"}",
            "margin_calls_issued_total",
            "liquidations_begun_total",
            "liquidations_open",
        ]
        .map(|it| scrape.get(&format!("nexvestxr_{it}")))
    };
    assert_eq!(figures(&opened), [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    // The demo's fund has 100,000 XRP, and its pool paid for all of it.
    let fund = "nexvestxr_insurance_fund_balance{asset=\"XRP\"}";
    assert_eq!(opened.get(fund), 100_000.0);
    let lent = "nexvestxr_lending_pool_lent{asset=\"XRP\"}";
    assert_eq!(opened.get(lent), 100_000.0);
    market.at(970, "1000.00").await;
    assert_eq!(
        figures(&scrape(&gateway).await),
        [1.0, 1.0, 0.0, 1.0, 0.0, 0.0]
    );
    market.at(955, "1000.00").await;
    assert_eq!(
        figures(&scrape(&gateway).await),
        [1.0, 0.0, 1.0, 2.0, 0.0, 0.0]
    );
    market.at(940, "1000.00").await;
    let liquidated = scrape(&gateway).await;
    let [_, _, _, _, begun, open] = figures(&liquidated);
    assert_eq!((begun, open), (1.0, 0.0));
    assert!(liquidated.get(fund) > 100_000.0, "it got the fee");
}

/// The dashboard and the table of what to watch name nothing that is not told, and each series that is
/// told stands in both.
#[tokio::test]
async fn the_dashboard_shows_what_is_told_and_nothing_else() {
    let gateway = gateway();
    let told = scrape(&gateway).await;
    let dashboard = include_str!("../../../docs/grafana.json");
    let operations = include_str!("../../../docs/operations.md");
    let dashboard: serde_json::Value = serde_json::from_str(dashboard).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels
        .iter()
        .filter_map(|it| it["targets"].as_array())
        .flatten();
    let queries: Vec<&str> = targets.map(|it| it["expr"].as_str().unwrap()).collect();
    assert!(queries.len() > 40);
    let mut shown = std::collections::BTreeSet::new();
    for query in &queries {
        for (at, _) in query.match_indices("nexvestxr_") {
            let name = query[at..].split(|it: char| !(it.is_ascii_alphanumeric() || it == '_'));
            shown.insert(name.into_iter().next().unwrap());
        }
    }
    // Of a feed there is nothing here to tell.
    let of_feeds = ["nexvestxr_feed_age_seconds", "nexvestxr_feed_usable"];
    for name in &shown {
        let is_told = told
            .series
            .keys()
            .any(|it| it.split('{').next() == Some(name));
        assert!(is_told || of_feeds.contains(name), "{name} is not told");
    }
    for (family, kind) in &told.families {
        let shown_as = match kind.as_str() {
            "counter" => format!("{family}_total"),
            "histogram" => format!("{family}_bucket"),
            "info" => format!("{family}_info"),
            _ => family.clone(),
        };
        assert!(
            shown.contains(shown_as.as_str()),
            "{shown_as} is in no panel"
        );
        let written = shown_as.strip_suffix("_bucket").unwrap_or(&shown_as);
        let written = written.strip_prefix("nexvestxr_").unwrap();
        assert!(
            operations.contains(&format!("`{written}`")),
            "{written} is not in operations.md"
        );
    }
    let ids: Vec<u64> = panels.iter().map(|it| it["id"].as_u64().unwrap()).collect();
    let distinct: std::collections::BTreeSet<&u64> = ids.iter().collect();
    assert_eq!(ids.len(), distinct.len());
}

#[tokio::test]
async fn handshakes_that_were_refused_are_counted() {
    let gateway = TestGateway::patient(|config| {
        shown(config);
        config.limits.connections_per_address = 2;
    });
    let refused = |scrape: &Scrape, reason: &str| {
        scrape.get(&format!(
            "nexvestxr_handshakes_refused_total{{reason=\"{reason}\"}}"
        ))
    };
    let _two = (gateway.client().await, gateway.client().await);
    assert_eq!(refused(&scrape(&gateway).await, "connections"), 0.0);
    let third = Raw::connect(gateway.address, "").await;
    assert!(
        third.answer.starts_with("HTTP/1.1 429 "),
        "{}",
        third.answer
    );
    let now = scrape(&gateway).await;
    assert_eq!(refused(&now, "connections"), 1.0);
    assert_eq!(refused(&now, "handshakes"), 0.0);
}

/// Check 24 of the security checks: no secret and nobody's data.
#[tokio::test]
async fn nothing_of_anybody_is_told() {
    let gateway = gateway();
    let token = gateway.token("alice", 1_000);
    let mut alice = gateway.trader("alice").await;
    let mut data = order("buy", "1.23", "987.65");
    data["orderData"]["clientOrderId"] = json!("my-own-name");
    let placed = alice.ask(data).await;
    assert_eq!(placed["type"], "order_placed", "{placed}");
    let text = text(&gateway).await;
    for private in [
        "alice",
        "bob",
        "carol",
        &token,
        TOKEN,
        "Bearer",
        "127.0.0.1",
        "order_1",
        "pos_1",
        "my-own",
        "987.65",
        "/",
    ] {
        assert!(!text.contains(private), "{private} in\n{text}");
    }
    // Label values are words of ours and names of assets: nothing that anybody could choose.
    let labels = text.split('"').skip(1).step_by(2);
    for value in labels {
        let is_word = |it: char| it.is_ascii_alphanumeric() || "_-.+".contains(it);
        assert!(value.chars().all(is_word), "{value}");
    }
}

#[tokio::test]
async fn only_who_has_the_token_is_told() {
    let gateway = gateway();
    for headers in [
        String::new(),
        "Authorization: Bearer \r\n".to_owned(),
        format!("Authorization: Bearer {}\r\n", &TOKEN[1..]),
        format!("Authorization: Bearer {TOKEN}x\r\n"),
        format!("Authorization: Basic {TOKEN}\r\n"),
    ] {
        let (head, body) = get(&gateway, &headers).await;
        assert!(head.starts_with("HTTP/1.1 401 "), "{headers}: {head}");
        assert!(head.contains("www-authenticate: Bearer"), "{head}");
        assert!(!body.contains("nexvestxr"), "{body}");
    }
    // Nor is it told where clients come.
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    let request = format!(
        "GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
}

/// By the reader of Prometheus' own client for Python.
#[tokio::test]
async fn others_read_it_too() {
    let Some(python) = python("python") else {
        return left_out("Prometheus' client for Python");
    };
    let is_there = Command::new(&python)
        .args(["-c", "import prometheus_client"])
        .stderr(Stdio::null())
        .status();
    if !is_there.is_ok_and(|status| status.success()) {
        return left_out("Prometheus' client for Python");
    }
    let gateway = gateway();
    let mut alice = gateway.trader("alice").await;
    alice.place("buy", "1.00", "900.00").await;
    let text = text(&gateway).await;
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("metrics.txt");
    std::fs::write(&file, &text).unwrap();
    let script = "import sys\n\
        from prometheus_client.openmetrics.parser import text_string_to_metric_families as read\n\
        for family in read(open(sys.argv[1]).read()):\n\
        \x20   for it in family.samples:\n\
        \x20       labels = ','.join(f'{k}=\"{v}\"' for k, v in sorted(it.labels.items()))\n\
        \x20       print(it.name + ('{' + labels + '}' if labels else ''), repr(float(it.value)))\n";
    let told = run(Command::new(python).args(["-c", script]).arg(&file));
    let ours = Scrape::read(&text).unwrap();
    let theirs: BTreeMap<String, f64> = told
        .lines()
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            (series.to_owned(), value.parse().unwrap())
        })
        .collect();
    assert_eq!(theirs.len(), ours.series.len());
    for (series, value) in &ours.series {
        assert_eq!(theirs.get(series), Some(value), "{series}");
    }
}
