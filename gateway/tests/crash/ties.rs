//! Promise: orders that are tied to a connection go with it when kill -9 ends the gateway: the next
//! one cancels them before anybody trades with them, and nobody else's.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::place::Place;
use super::{PAIRS, Socket, hear, say};

const KILLS: u32 = 12;

/// A user's connection; `tied` says whether its orders go with it.
async fn connect(address: &str, token: &str, tied: bool) -> Socket {
    let stream = TcpStream::connect(address).await.unwrap();
    let url = format!("ws://{address}/");
    let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
    let login = json!({"type": "authenticate", "token": token,
        "options": {"cancel_on_disconnect": tied}});
    say(&mut socket, &login).await.unwrap();
    let answer = hear(&mut socket).await.unwrap();
    assert_eq!(answer["type"], "authenticated", "{answer}");
    socket
}

async fn place(socket: &mut Socket, side: &str, price: &str) -> Value {
    let order = json!({"type": "place_order", "orderType": "limit", "orderData":
        {"pair": PAIRS[0], "side": side, "amount": "1.00", "price": price}});
    say(socket, &order).await.unwrap();
    hear(socket).await.unwrap()
}

async fn orders(socket: &mut Socket, status: &str) -> Vec<Value> {
    let ask = json!({"type": "get_orders", "status": status});
    say(socket, &ask).await.unwrap();
    let answer = hear(socket).await.unwrap();
    answer["result"]["orders"].as_array().unwrap().clone()
}

#[test]
fn orders_go_with_a_gateway_that_is_killed() {
    let place_of = Place::new("crash-ties");
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|user| place_of.token(user));
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(8);
    let (mut tied_orders, mut of_bob) = (0, 0);
    for kill in 0..KILLS {
        let mut process = place_of.spawn();
        let address = process.listening();
        runtime.block_on(async {
            // The first that anybody can do comes after the cancelling.
            let mut taker = connect(&address, &carol, false).await;
            let sold = place(&mut taker, "sell", "990.00").await;
            assert_eq!(sold["type"], "order_placed", "{sold}");
            let fills = json!({"type": "get_fills"});
            say(&mut taker, &fills).await.unwrap();
            let fills = hear(&mut taker).await.unwrap();
            assert_eq!(fills["result"]["fills"], json!([]), "kill {kill}: {fills}");
            let cancel = json!({"type": "cancel_all"});
            say(&mut taker, &cancel).await.unwrap();
            hear(&mut taker).await.unwrap();

            // On every other life the tie is the only thing that is asked for.
            let mut tied = connect(&address, &alice, kill % 2 == 0).await;
            assert_eq!(
                orders(&mut tied, "open").await,
                Vec::<Value>::new(),
                "kill {kill}"
            );
            let ended = orders(&mut tied, "finished").await;
            assert_eq!(ended.len(), tied_orders, "kill {kill}");
            for order in &ended {
                assert_eq!(order["status"], "cancelled");
                assert_eq!(order["reason"], "DISCONNECTED");
            }
            if kill % 2 == 1 {
                drop(tied);
                tied = connect(&address, &alice, true).await;
            }
            for _ in 0..random.random_range(1..5) {
                let placed = place(&mut tied, "buy", "1000.00").await;
                assert_eq!(placed["type"], "order_placed", "{placed}");
                tied_orders += 1;
            }
            let mut free = connect(&address, &bob, false).await;
            assert_eq!(orders(&mut free, "open").await.len(), of_bob, "kill {kill}");
            let placed = place(&mut free, "buy", "900.00").await;
            assert_eq!(placed["type"], "order_placed", "{placed}");
            of_bob += 1;
            process.kill();
        });
    }
}
