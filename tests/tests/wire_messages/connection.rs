//! Answers about the connection itself, and notices.

use engine::domain::Timestamp;
use expect_test::expect;
use gateway::wire::*;

use super::{NOW, check};

#[test]
fn answers_about_the_connection() {
    let id = RequestId::Text("r \"1\"".into());
    let limits = UserLimits {
        tier: "default",
        connections: 5,
        messages_per_second: 50,
        subscriptions: 20,
        order_commands_per_minute: 100,
        cancels_per_minute: 300,
        open_orders_per_pair: 200,
        message_bytes: 65_536,
        bytes_per_second: 524_288,
    };
    let authenticated = Authenticated {
        user: "alice",
        expires_at: Timestamp(1_700_000_060_000),
        limits,
    };
    check(
        |out| authenticated.encode(out, Some(&id), NOW),
        &expect![[
            r#"{"type":"authenticated","data":{"userId":"alice","expiresAt":1700000060000,"limits":{"tier":"default","connectionsPerUser":5,"messagesPerSecond":50,"subscriptionsPerConnection":20,"orderCommandsPerMinute":100,"cancelsPerMinute":300,"openOrdersPerPair":200,"messageBytes":65536,"bytesPerSecond":524288}},"requestId":"r \"1\"","timestamp":1700000000123}"#
        ]],
    );
    let held = [
        HeldChannel::OrderBook {
            pair: "LUXURY001/XRP",
            depth: BookDepth::Fifteen,
            updates: BookUpdates::Delta,
        },
        HeldChannel::Trades {
            pair: "LUXURY001/XRP",
        },
        HeldChannel::Price {
            symbol: "LUXURY001",
        },
        HeldChannel::Orders,
        HeldChannel::Portfolio,
    ];
    for (subscribed, channels, expected) in [
        (
            true,
            held.as_slice(),
            expect![[
                r#"{"type":"subscribed","channels":[{"type":"orderbook","pair":"LUXURY001/XRP","depth":15,"updates":"delta"},{"type":"trades","pair":"LUXURY001/XRP"},{"type":"price","symbol":"LUXURY001"},{"type":"orders"},{"type":"portfolio"}],"data":{"subscriptions":5},"requestId":-7,"timestamp":1700000000123}"#
            ]],
        ),
        (
            false,
            &[],
            expect![[
                r#"{"type":"unsubscribed","channels":[],"data":{"subscriptions":0},"requestId":-7,"timestamp":1700000000123}"#
            ]],
        ),
    ] {
        let answer = Subscriptions {
            subscribed,
            channels,
        };
        check(
            |out| answer.encode(out, Some(&RequestId::Integer(-7)), NOW),
            &expected,
        );
    }
    check(
        |out| Pong.encode(out, None, NOW),
        &expect![[r#"{"type":"pong","timestamp":1700000000123}"#]],
    );
    check(
        |out| Time.encode(out, None, NOW),
        &expect![[
            r#"{"type":"get_time","result":{"time":1700000000123},"timestamp":1700000000123}"#
        ]],
    );
    for (latency_ms, expected) in [
        (
            Some(45),
            expect![[
                r#"{"type":"connection_stats","data":{"connectedAt":1700000000000,"messagesReceived":1250,"messagesSent":850,"subscriptions":5,"latency":45},"timestamp":1700000000123}"#
            ]],
        ),
        (
            None,
            expect![[
                r#"{"type":"connection_stats","data":{"connectedAt":1700000000000,"messagesReceived":1250,"messagesSent":850,"subscriptions":5,"latency":null},"timestamp":1700000000123}"#
            ]],
        ),
    ] {
        let stats = ConnectionStats {
            connected_at: Timestamp(1_700_000_000_000),
            messages_received: 1_250,
            messages_sent: 850,
            subscriptions: 5,
            latency_ms,
        };
        check(|out| stats.encode(out, None, NOW), &expected);
    }
    check(
        |out| Notice::Maintenance.encode(out, NOW),
        &expect![[
            r#"{"type":"notice","data":{"category":"maintenance","message":"The exchange is stopping; please connect again"},"timestamp":1700000000123}"#
        ]],
    );
    let expiring = Notice::TokenExpiring {
        expires_at: Timestamp(1_700_000_060_000),
    };
    check(
        |out| expiring.encode(out, NOW),
        &expect![[
            r#"{"type":"notice","data":{"category":"token_expiring","message":"The token is about to expire; please authenticate again","expiresAt":1700000060000},"timestamp":1700000000123}"#
        ]],
    );
}
