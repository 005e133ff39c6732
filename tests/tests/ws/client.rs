//! A client that says JSON and waits for JSON.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

/// Longer than anything takes, shorter than anybody waits.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<TcpStream>,
    /// The timestamp of the last message: it never falls.
    last: u64,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr, path: &str) -> Client {
        Client::connect_with(address, path, None).await
    }

    /// With room for so many bytes that were not read.
    pub(crate) async fn connect_with(
        address: SocketAddr,
        path: &str,
        receive_buffer: Option<u32>,
    ) -> Client {
        let socket = TcpSocket::new_v4().unwrap();
        if let Some(bytes) = receive_buffer {
            socket.set_recv_buffer_size(bytes).unwrap();
        }
        let stream = socket.connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let url = format!("ws://{address}{path}");
        let (socket, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
        Client { socket, last: 0 }
    }

    pub(crate) async fn log_in(&mut self, token: &str) -> Value {
        self.ask(json!({"type": "authenticate", "token": token}))
            .await
    }

    pub(crate) async fn send(&mut self, message: Value) {
        testkit::contract::sent(&message);
        self.send_text(message.to_string()).await;
    }

    /// Sends what no client should: the documents do not allow it.
    pub(crate) async fn send_bad(&mut self, message: Value) {
        testkit::contract::sent_bad(&message);
        self.send_text(message.to_string()).await;
    }

    pub(crate) async fn ask_bad(&mut self, message: Value) -> Value {
        self.send_bad(message).await;
        self.next().await
    }

    pub(crate) async fn send_text(&mut self, text: String) {
        self.send_raw(Message::text(text)).await;
    }

    pub(crate) async fn send_raw(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    /// Sends, and gives the next message: on a connection without streams the answer.
    pub(crate) async fn ask(&mut self, message: Value) -> Value {
        self.send(message).await;
        self.next().await
    }

    /// The next message.
    pub(crate) async fn next(&mut self) -> Value {
        match self.next_or_close().await {
            Ok(message) => message,
            Err(code) => panic!("closed with {code}"),
        }
    }

    /// The next message of this type; others are passed over.
    pub(crate) async fn until(&mut self, kind: &str) -> Value {
        let find = async {
            loop {
                let message = self.next().await;
                if message["type"] == kind {
                    return message;
                }
            }
        };
        let found = tokio::time::timeout(PATIENCE, find).await;
        found.unwrap_or_else(|_| panic!("no {kind} came"))
    }

    /// The close code, whatever came before. That is looked into when all is read: who is cut off
    /// has five seconds to read.
    pub(crate) async fn closed(&mut self) -> u16 {
        let mut before = Vec::new();
        let read = async {
            loop {
                match self.next_text().await {
                    Ok(text) => before.push(text),
                    Err(code) => return code,
                }
            }
        };
        let code = tokio::time::timeout(PATIENCE, read).await;
        for text in before {
            self.look_into(&text);
        }
        code.expect("the connection stays open")
    }

    pub(crate) async fn next_or_close(&mut self) -> Result<Value, u16> {
        let text = self.next_text().await?;
        Ok(self.look_into(&text))
    }

    /// The next message as it stands, or the close code.
    async fn next_text(&mut self) -> Result<Utf8Bytes, u16> {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await;
            match next.expect("nothing came") {
                Some(Ok(Message::Text(text))) => return Ok(text),
                Some(Ok(Message::Close(frame))) => {
                    return Err(frame.map_or(1005, |frame| frame.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => panic!("{error}"),
                None => return Err(1006),
            }
        }
    }

    /// A message, which is as the document says and not from before the last.
    fn look_into(&mut self, text: &str) -> Value {
        let value: Value = serde_json::from_str(text).unwrap();
        testkit::contract::received(&value);
        let timestamp = value["timestamp"].as_u64().unwrap();
        assert!(timestamp >= self.last, "time fell: {value}");
        self.last = timestamp;
        value
    }

    pub(crate) async fn place(&mut self, side: &str, amount: &str, price: &str) -> Value {
        self.send(order(side, amount, price)).await;
        self.until("order_placed").await
    }
}

pub(crate) const PAIR: &str = "LUXURY001/XRP";

pub(crate) fn order(side: &str, amount: &str, price: &str) -> Value {
    json!({"type": "place_order", "orderType": "limit", "orderData":
        {"pair": PAIR, "side": side, "amount": amount, "price": price}})
}

/// An order of any type.
pub(crate) fn typed(kind: &str, data: Value) -> Value {
    json!({"type": "place_order", "orderType": kind, "orderData": data})
}

pub(crate) fn subscribe(channels: Value) -> Value {
    json!({"type": "subscribe", "channels": channels})
}

/// Code and reason of an error.
pub(crate) fn why(error: &Value) -> (&str, &str) {
    let error = &error["error"];
    (
        error["code"].as_str().unwrap_or("no error"),
        error["reason"].as_str().unwrap_or("no reason"),
    )
}
