//! The life of a position as its owner sees it, on the demo's exchange without fees: 100.00 bought
//! at 1000.00 for a tenth. Figures are computed by hand beside them.

use serde_json::{Value, json};

use super::client::{Client, PAIR, order, subscribe, typed, why};
use super::folder::Folder;
use super::gateway::TestGateway;

/// Who makes the market, and who trades with it.
pub(crate) struct Market {
    pub(crate) maker: Client,
    pub(crate) taker: Client,
}

impl Market {
    pub(crate) async fn of(gateway: &TestGateway) -> Market {
        Market {
            maker: gateway.trader("bob").await,
            taker: gateway.trader("carol").await,
        }
    }

    /// Brings the mark to `price`, from above without going below: quotes of so much ten beside
    /// it, and a trade of a hundredth at it.
    pub(crate) async fn at(&mut self, price: u32, bid: &str) {
        self.maker.ask(json!({"type": "cancel_all"})).await;
        let at = |price: u32| format!("{price}.00");
        for quote in [
            order("buy", bid, &at(price - 10)),
            order("sell", "1000.00", &at(price + 10)),
            order("sell", "0.01", &at(price)),
        ] {
            let placed = self.maker.ask(quote).await;
            assert_eq!(placed["type"], "order_placed", "{placed}");
        }
        let placed = self.taker.ask(order("buy", "0.01", &at(price))).await;
        assert_eq!(placed["type"], "order_placed", "{placed}");
    }
}

/// A margin trader who listens to everything that is private, and checks the counter.
struct Trader {
    client: Client,
    sequence: u64,
}

impl Trader {
    async fn listening(gateway: &TestGateway, user: &str) -> Trader {
        let mut client = gateway.trader(user).await;
        let channels = json!([{"type": "orders"}, {"type": "positions"}, {"type": "margin_calls"}]);
        let held = client.ask(subscribe(channels.clone())).await;
        assert_eq!(held["channels"], channels);
        assert_eq!(client.next().await["type"], "orders_snapshot");
        Trader {
            client,
            sequence: 0,
        }
    }

    /// The next message. What happened is counted without a gap; what a price made of it repeats
    /// the count.
    async fn next(&mut self) -> Value {
        let message = self.client.next().await;
        let Some(sequence) = message["data"]["userSequence"].as_u64() else {
            return message;
        };
        let is_event = match message["type"].as_str().unwrap() {
            "order_update" => true,
            "position_update" => message["data"].get("reason").is_some(),
            _ => false,
        };
        self.sequence += u64::from(is_event);
        assert_eq!(sequence, self.sequence, "{message}");
        message
    }

    async fn until(&mut self, kind: &str) -> Value {
        loop {
            let message = self.next().await;
            assert_ne!(message["type"], "error", "{message}");
            if message["type"] == kind {
                return message;
            }
        }
    }

    /// The next change of a position, for this reason.
    async fn position(&mut self, reason: &str) -> Value {
        let message = self.until("position_update").await;
        assert_eq!(message["data"]["reason"], reason, "{message}");
        message["data"].clone()
    }

    async fn open(&mut self, side: &str, amount: &str, price: &str, leverage: &str) -> Value {
        let data = json!({"pair": PAIR, "side": side, "amount": amount, "price": price,
            "leverage": leverage});
        self.client.send(typed("limit", data)).await;
        self.until("order_placed").await
    }
}

fn patient() -> TestGateway {
    TestGateway::patient(|config| config.limits.order_commands_per_minute = 10_000)
}

/// `data` without what only this run knows.
fn without(mut data: Value, keys: &[&str]) -> Value {
    for key in keys {
        assert!(
            data.as_object_mut().unwrap().remove(*key).is_some(),
            "{key}"
        );
    }
    data
}

#[tokio::test]
async fn the_life_of_a_position() {
    let gateway = patient();
    let mut market = Market::of(&gateway).await;
    let mut alice = Trader::listening(&gateway, "alice").await;
    let mut watcher = gateway.client().await;
    watcher
        .ask(subscribe(json!([{"type": "risk_alerts"}])))
        .await;
    market.at(1_000, "1000.00").await;

    // Opened: 100,000 for 10,000.
    market.maker.ask(order("sell", "100.00", "1000.00")).await;
    alice.open("buy", "100.00", "1000.00", "10").await;
    let filled = alice.until("order_update").await;
    assert_eq!(filled["data"]["leverage"], "10.00");
    assert_eq!(filled["data"]["status"], "filled");
    let opened = alice.position("OPENED").await;
    let id = opened["positionId"].clone();
    assert!(id.as_str().unwrap().starts_with("pos_"));
    let expected = json!({
        "pair": PAIR, "side": "long", "size": "100.00", "entryPrice": "1000.00",
        "markPrice": "1000.00", "pnl": "+0.00", "pnlPercent": "+0.00%", "margin": "10000.00",
        "marginRatio": "0.10", "liquidationPrice": "947.37", "equity": "10000.00",
        "maintenanceMargin": "5000.00", "bankruptcyPrice": "900.00", "leverage": "10.00",
        "marginRatioPercent": "10.00%", "interest": "0.00", "liquidating": false,
        "openedAt": gateway.now().0, "reason": "OPENED", "realizedPnl": "+0.00",
        "userSequence": 2,
    });
    assert_eq!(without(opened, &["positionId"]), expected);

    warned_and_restored(&gateway, &mut market, &mut alice, &id).await;
    liquidated(&mut market, &mut alice, &id).await;
    for (message, severity, in_force) in [
        (
            "A position in LUXURY001/XRP is being liquidated",
            "warning",
            true,
        ),
        (
            "No position is being liquidated in LUXURY001/XRP",
            "warning",
            false,
        ),
    ] {
        let alert = &next_alert(&mut watcher, "liquidation").await;
        assert_eq!(alert["message"], message);
        assert_eq!(
            (&alert["severity"], &alert["inForce"]),
            (&json!(severity), &json!(in_force))
        );
        assert_eq!(alert["pair"], PAIR);
        assert!(alert.get("positionId").is_none());
    }

    // What is left is closed at the market, for 890.00: 7,423.345 and 42.10 × −110.
    let close = json!({"type": "close_position", "positionId": id, "clientOrderId": "out"});
    alice.client.send(close).await;
    let placed = alice.until("order_placed").await;
    assert_eq!(placed["orderType"], "market");
    assert_eq!(placed["result"]["clientOrderId"], "out");
    let filled = alice.until("order_update").await;
    assert_eq!(filled["data"]["reduceOnly"], true);
    let closed = alice.position("CLOSED").await;
    assert_eq!(
        (&closed["size"], &closed["entryPrice"]),
        (&json!("0.00"), &json!(null))
    );
    assert_eq!(
        (&closed["pnl"], &closed["margin"]),
        (&json!("+0.00"), &json!("0.00"))
    );
    assert_eq!(closed["realizedPnl"], "-4631.00");
    alice.client.send(json!({"type": "get_positions"})).await;
    let positions = alice.until("get_positions").await;
    assert_eq!(positions["result"]["positions"], json!([]));
    alice.client.send(json!({"type": "get_balances"})).await;
    let balances = alice.until("get_balances").await;
    // 1,000,000 − 6,369 − 257.655 − 4,631.
    assert_eq!(balances["result"]["balances"][0]["total"], "988742.345");
}

/// What all are told next under this category.
async fn next_alert(watcher: &mut Client, category: &str) -> Value {
    loop {
        let alert = watcher.until("risk_alert").await["data"].clone();
        if alert["category"] == category {
            return alert;
        }
    }
}

/// A call, a worse one, a deposit that restores, in every field.
async fn warned_and_restored(
    gateway: &TestGateway,
    market: &mut Market,
    alice: &mut Trader,
    id: &Value,
) {
    // 100 × 970 − 90,000 = 7,000 of 97,000.
    market.at(970, "1000.00").await;
    let call = alice.until("margin_call").await;
    let expected = json!({
        "positionId": id, "severity": "warning", "currentMarginRatio": "0.07",
        "requiredMarginRatio": "0.10", "requiredDeposit": "2700.00",
        "liquidationPrice": "947.37", "timeToLiquidation": "3600",
        "message": "Margin call: Please deposit additional funds or reduce position size",
        "pair": PAIR, "side": "long", "size": "100.00", "markPrice": "970.00",
        "margin": "10000.00", "equity": "7000.00", "maintenanceMargin": "4850.00",
        "bankruptcyPrice": "900.00", "leverage": "13.86", "marginRatioPercent": "7.21%",
        "requiredReduction": "27.84", "calledAt": gateway.now().0,
        "reducedAt": gateway.now().0 + 3_600_000, "userSequence": 2,
    });
    assert_eq!(call["data"], expected);
    assert_eq!(call["channel"], "margin_calls");

    // The price is told within a second, under the same count.
    gateway.advance(1_000);
    let told = alice.until("position_update").await;
    assert_eq!(told["data"]["markPrice"], "970.00");
    assert_eq!(told["data"]["pnl"], "-3000.00");
    assert!(told["data"].get("reason").is_none());

    // 5,500 of 95,500; the grace counts from the first call.
    market.at(955, "1000.00").await;
    let call = &alice.until("margin_call").await["data"];
    assert_eq!(call["severity"], "critical");
    assert_eq!(call["currentMarginRatio"], "0.05");
    assert_eq!(call["requiredDeposit"], "4050.00");
    assert_eq!(call["timeToLiquidation"], "3599");
    // Who comes now is told of it.
    let mut second = gateway.trader("alice").await;
    second
        .ask(subscribe(
            json!([{"type": "margin_calls"}, {"type": "positions"}]),
        ))
        .await;
    let again = second.next().await;
    assert_eq!(&again["data"], call);
    let snapshot = second.next().await;
    assert_eq!(snapshot["type"], "position_update");
    assert_eq!(snapshot["data"]["marginRatioPercent"], "5.75%");

    let deposit = json!({"type": "adjust_margin", "positionId": id, "amount": "4050.00"});
    alice.client.send(deposit).await;
    let adjusted = alice.until("margin_adjusted").await;
    assert_eq!(adjusted["result"]["margin"], "14050.00");
    assert_eq!(adjusted["result"]["positionId"], *id);
    let position = alice.position("MARGIN_ADJUSTED").await;
    assert_eq!(position["marginRatio"], "0.10");
    assert_eq!(position["liquidationPrice"], "904.74");
    let cleared = alice.until("margin_call_cleared").await;
    assert_eq!(cleared["channel"], "margin_calls");
    let expected = json!({"positionId": id, "pair": PAIR, "message": "The margin call is over",
        "userSequence": 3});
    assert_eq!(cleared["data"], expected);
    // No more than that may leave again.
    let take = json!({"type": "adjust_margin", "positionId": id, "amount": "-0.01"});
    alice.client.send(take).await;
    let refused = alice.client.next().await;
    assert_eq!(why(&refused), ("ORDER_FAILED", "BELOW_INITIAL_MARGIN"));
    assert_eq!(refused["error"]["params"]["requiredMarginRatio"], "0.10");
}

/// A second call, and then the price falls too far: 57.90 are sold at 890.00 for the initial ratio.
async fn liquidated(market: &mut Market, alice: &mut Trader, id: &Value) {
    market.at(925, "1000.00").await;
    let call = &alice.until("margin_call").await["data"];
    assert_eq!(
        (&call["severity"], &call["positionId"]),
        (&json!("warning"), id)
    );
    assert_eq!(call["timeToLiquidation"], "3600");
    market.at(900, "1000.00").await;
    let call = &alice.until("margin_call").await["data"];
    assert_eq!(call["severity"], "critical");
    let begun = alice.position("LIQUIDATION").await;
    assert_eq!(
        (&begun["liquidating"], &begun["size"]),
        (&json!(true), &json!("100.00"))
    );
    // 4,950 missing, of 900 × (0.10 − 0.005) each.
    let order = &alice.until("order_update").await["data"];
    assert_eq!(
        (&order["side"], &order["amount"]),
        (&json!("sell"), &json!("57.90"))
    );
    assert_eq!(
        (&order["reduceOnly"], &order["liquidation"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(order["averagePrice"], "890.00");
    // 14,050 − 57.90 × 110 − 257.655.
    let reduced = alice.position("LIQUIDATED").await;
    assert_eq!(
        (&reduced["size"], &reduced["margin"]),
        (&json!("42.10"), &json!("7423.345"))
    );
    assert_eq!(reduced["entryPrice"], "1000.00");
    assert_eq!(reduced["realizedPnl"], "-6626.66");
    let ended = alice.position("LIQUIDATION").await;
    assert_eq!(ended["liquidating"], false);
    // 3,213.345 of 37,890: what the sale made of the mark counts from here on. 2,792.345 of 37,469.
    assert_eq!(ended["marginRatioPercent"], "8.48%");
    let call = &alice.until("margin_call").await["data"];
    assert_eq!(call["severity"], "warning");
    assert_eq!(call["marginRatioPercent"], "7.45%");
}

/// A reduce-only order can only shrink a position, and a stop of one goes by the mark.
#[tokio::test]
async fn what_reduces_is_at_most_the_position() {
    let gateway = patient();
    let mut market = Market::of(&gateway).await;
    market.at(1_000, "1000.00").await;
    let mut alice = gateway.trader("alice").await;
    let reduce = |kind: &str, fields: Value| {
        let mut data = json!({"pair": PAIR, "side": "buy", "amount": "10.00", "reduceOnly": true});
        for (field, value) in fields.as_object().unwrap() {
            data[field] = value.clone();
        }
        typed(kind, data)
    };
    let early = alice.ask(reduce("limit", json!({"price": "990.00"}))).await;
    assert_eq!(why(&early), ("ORDER_FAILED", "NO_POSITION"));
    assert_eq!(early["error"]["params"]["field"], "orderData.reduceOnly");
    let short = json!({"pair": PAIR, "side": "sell", "amount": "10.00", "leverage": "4"});
    assert_eq!(
        alice.ask(typed("market", short)).await["type"],
        "order_placed"
    );
    let more = json!({"price": "990.00", "amount": "10.01"});
    let refused = alice.ask(reduce("limit", more)).await;
    assert_eq!(why(&refused).1, "REDUCE_ONLY_EXCEEDS_POSITION");
    assert_eq!(refused["error"]["params"]["positionSize"], "10.00");
    let both = json!({"price": "990.00", "leverage": "2"});
    assert_eq!(
        why(&alice.ask(reduce("limit", both)).await).1,
        "INVALID_VALUE"
    );
    let stop = reduce("stop_loss", json!({"stopPrice": "1100.00"}));
    assert_eq!(alice.ask(stop).await["type"], "order_placed");
    let orders = alice.ask(json!({"type": "get_orders"})).await;
    let stop = &orders["result"]["orders"][0];
    assert_eq!(
        (&stop["reduceOnly"], &stop["triggerBy"]),
        (&json!(true), &json!("mark"))
    );

    // The stop waits, so nothing is left to reduce; closing takes its place.
    let other = reduce("limit", json!({"price": "990.00", "amount": "0.01"}));
    assert_eq!(
        why(&alice.ask(other).await).1,
        "REDUCE_ONLY_EXCEEDS_POSITION"
    );
    let positions = alice.ask(json!({"type": "get_positions"})).await;
    let position = &positions["result"]["positions"][0];
    assert_eq!(
        (&position["side"], &position["size"]),
        (&json!("short"), &json!("10.00"))
    );
    let close = json!({"type": "close_position", "positionId": position["positionId"]});
    assert_eq!(alice.ask(close.clone()).await["type"], "order_placed");
    let orders = json!({"type": "get_orders", "status": "finished"});
    let orders = alice.ask(orders).await;
    let stop = &orders["result"]["orders"][1];
    assert_eq!(
        (&stop["status"], &stop["reason"]),
        (&json!("cancelled"), &json!("CLOSING"))
    );
    let again = alice.ask(close).await;
    assert_eq!(why(&again), ("ORDER_FAILED", "NO_POSITION"));
    assert_eq!(again["error"]["params"]["field"], "positionId");
}

/// What the book does not take above the bankruptcy price the insurance fund pays for: all are
/// told that it does, and nobody whose position it is.
#[tokio::test]
async fn the_insurance_fund_pays_for_what_the_book_does_not() {
    let gateway = patient();
    let mut market = Market::of(&gateway).await;
    let mut watcher = gateway.client().await;
    watcher
        .ask(subscribe(json!([{"type": "risk_alerts"}])))
        .await;
    market.at(1_000, "1000.00").await;
    market.maker.ask(order("sell", "100.00", "1000.00")).await;
    let mut alice = Trader::listening(&gateway, "alice").await;
    alice.open("buy", "100.00", "1000.00", "10").await;
    alice.position("OPENED").await;
    // Nothing is left at 900.00, and nobody bids that.
    market.at(905, "1000.00").await;
    alice.position("LIQUIDATION").await;
    let closed = alice.position("LIQUIDATED").await;
    assert_eq!(closed["size"], "0.00");
    let pays = next_alert(&mut watcher, "insurance_fund").await;
    assert_eq!(
        (&pays["pair"], &pays["severity"]),
        (&json!(PAIR), &json!("warning"))
    );
    assert_eq!(
        pays["message"],
        "The insurance fund pays for a liquidation in LUXURY001/XRP"
    );
    let over = next_alert(&mut watcher, "insurance_fund").await;
    assert_eq!(
        (&over["alertId"], &over["inForce"]),
        (&pays["alertId"], &json!(false))
    );
    let over = next_alert(&mut watcher, "liquidation").await;
    assert_eq!(over["inForce"], false);
    alice.client.send(json!({"type": "get_balances"})).await;
    let balances = alice.until("get_balances").await;
    // Her margin is gone, and nothing but that.
    assert_eq!(balances["result"]["balances"][0]["total"], "990000.00");
}

/// Without a fund the one who gained from the fall closes what the book does not take, at the
/// bankruptcy price.
#[tokio::test]
async fn positions_are_reduced_where_the_fund_is_empty() {
    let gateway = TestGateway::patient(|config| {
        config.limits.order_commands_per_minute = 10_000;
        config
            .reserves
            .retain(|it| it.reserve == engine::domain::Reserve::LendingPool);
    });
    let mut market = Market::of(&gateway).await;
    let mut watcher = gateway.client().await;
    watcher
        .send(subscribe(json!([{"type": "risk_alerts"}])))
        .await;
    let empty = next_alert(&mut watcher, "insurance_fund").await;
    assert_eq!(
        (&empty["symbol"], &empty["severity"]),
        (&json!("XRP"), &json!("critical"))
    );
    assert_eq!(empty["message"], "The insurance fund has no XRP free");
    market.at(1_000, "1000.00").await;
    let short = json!({"pair": PAIR, "side": "sell", "amount": "100.00", "price": "1000.00",
        "leverage": "5"});
    let placed = market.taker.ask(typed("limit", short)).await;
    assert_eq!(placed["type"], "order_placed", "{placed}");
    let mut alice = Trader::listening(&gateway, "alice").await;
    alice.open("buy", "100.00", "1000.00", "10").await;
    alice.position("OPENED").await;
    let mut carol = gateway.trader("carol").await;
    carol.ask(subscribe(json!([{"type": "positions"}]))).await;
    assert_eq!(carol.next().await["data"]["side"], "short");
    market.at(905, "1000.00").await;
    alice.position("LIQUIDATION").await;
    let closed = alice.position("LIQUIDATED").await;
    assert_eq!(closed["size"], "0.00");
    let reduced = carol.until("position_update").await["data"].clone();
    assert_eq!(
        (&reduced["reason"], &reduced["size"]),
        (&json!("DELEVERAGED"), &json!("0.00"))
    );
    assert_eq!(reduced["realizedPnl"], "+10000.00");
    let begun = next_alert(&mut watcher, "auto_deleveraging").await;
    assert_eq!(
        (&begun["pair"], &begun["severity"]),
        (&json!(PAIR), &json!("critical"))
    );
    let over = next_alert(&mut watcher, "auto_deleveraging").await;
    assert_eq!(
        (&over["alertId"], &over["inForce"]),
        (&begun["alertId"], &json!(false))
    );
}

/// What is in a position counts in the portfolio, and moving it there is no loss.
#[tokio::test]
async fn a_portfolio_counts_what_is_in_positions() {
    let gateway = patient();
    let mut market = Market::of(&gateway).await;
    market.at(1_000, "1000.00").await;
    let mut alice = gateway.trader("alice").await;
    let portfolio = json!([{"type": "portfolio"}]);
    alice.send(subscribe(portfolio.clone())).await;
    let before = alice.until("portfolio_update").await["data"].clone();
    assert!(before.get("marginEquity").is_none());
    market.maker.ask(order("sell", "100.00", "1000.00")).await;
    let long = json!({"pair": PAIR, "side": "buy", "amount": "100.00", "price": "1000.00",
        "leverage": "10"});
    alice.send(typed("limit", long)).await;
    alice.until("order_placed").await;
    market.at(1_050, "1000.00").await;
    alice.send(subscribe(portfolio)).await;
    let after = alice.until("portfolio_update").await["data"].clone();
    // 10,000 and 100 × 50; her own 10,000 of the base gained 50 each.
    assert_eq!(after["marginEquity"], "15000.00");
    assert_eq!(after["marginChange"], "+15000.00");
    assert_eq!(after["change"], "+505000.00");
    let xrp = &after["positions"][0];
    assert_eq!(
        (&xrp["balance"], &xrp["change"]),
        (&json!("990000.00"), &json!("-10000.00"))
    );
}

/// Positions, calls, the counter and the private window go on, from the journal alone and from a
/// snapshot with what came after it.
#[tokio::test]
async fn a_restart_keeps_positions_and_calls() {
    for snapshot_every in [1_000_000, 5] {
        let folder = Folder::new("margin-restart");
        let (before, call) = {
            let gateway = folder.gateway(1, snapshot_every);
            let mut market = Market::of(&gateway).await;
            market.at(1_000, "1000.00").await;
            market.maker.ask(order("sell", "100.00", "1000.00")).await;
            let mut alice = Trader::listening(&gateway, "alice").await;
            alice.open("buy", "100.00", "1000.00", "10").await;
            alice.position("OPENED").await;
            market.at(970, "1000.00").await;
            let call = alice.until("margin_call").await;
            alice.client.send(json!({"type": "get_positions"})).await;
            let positions = alice.until("get_positions").await;
            (positions["result"].clone(), call["data"].clone())
        };
        let gateway = folder.gateway(1, snapshot_every);
        let mut alice = gateway.trader("alice").await;
        let after = alice.ask(json!({"type": "get_positions"})).await;
        assert_eq!(after["result"], before);
        assert_eq!(before["userSequence"], 2);
        let channels = json!([{"type": "positions", "since": 1}, {"type": "margin_calls"}]);
        alice.ask(subscribe(channels)).await;
        let missed = &alice.next().await["data"];
        assert_eq!(
            (&missed["reason"], &missed["userSequence"]),
            (&json!("OPENED"), &json!(2))
        );
        let open = &alice.next().await["data"];
        assert_eq!(
            open,
            &without(before["positions"][0].clone(), &[]).with("userSequence", 2)
        );
        let snapshot = &alice.next().await["data"];
        let expected = json!({"count": 1, "resumed": true, "userSequence": 2});
        assert_eq!(snapshot, &expected);
        let again = alice.next().await["data"].clone();
        let time = ["timeToLiquidation"];
        assert_eq!(without(again, &time), without(call, &time));
        // The events of orders and of positions are one row.
        alice
            .send(subscribe(json!([{"type": "orders", "since": 0}])))
            .await;
        alice.until("subscribed").await;
        let order = alice.next().await;
        assert_eq!(order["data"]["userSequence"], 1);
        assert_eq!(alice.next().await["type"], "orders_snapshot");
    }
}

trait With {
    fn with(self, key: &str, value: u64) -> Value;
}

impl With for Value {
    fn with(mut self, key: &str, value: u64) -> Value {
        self[key] = value.into();
        self
    }
}
