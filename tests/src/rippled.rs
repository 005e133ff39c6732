//! A node of the XRP Ledger as a script tells it to be: the documented messages of rippled's
//! WebSocket API, over a real socket, and whatever a node should not do.
//!
//! Answers are made from the documentation alone and know nothing of the gateway; an independent
//! client (`xrpl-py`) checks them in `tests/tests/arbitrage/independent.rs`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;

/// One offer in a book: so many tokens for so many drops.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Tokens, as the ledger writes values.
    pub tokens: String,
    /// Drops of XRP.
    pub drops: u64,
    /// What of both its owner can pay for, where that is less.
    pub funded: Option<(String, u64)>,
    /// When it expires, in seconds since 2000.
    pub expiration: Option<u64>,
}

impl Offer {
    /// One that is funded and does not expire.
    pub fn new(tokens: &str, drops: u64) -> Offer {
        Offer {
            tokens: tokens.to_owned(),
            drops,
            funded: None,
            expiration: None,
        }
    }
}

/// A pool of XRP and the token.
#[derive(Clone, Debug)]
pub struct AmmPool {
    /// Drops of XRP in it.
    pub drops: u64,
    /// Tokens in it, as the ledger writes values.
    pub tokens: String,
    /// In hundred-thousandths.
    pub trading_fee: u64,
}

/// What stands in one ledger.
#[derive(Clone, Debug, Default)]
pub struct LedgerState {
    /// Who sells the token for XRP, best first.
    pub asks: Vec<Offer>,
    /// Who buys it for XRP, best first.
    pub bids: Vec<Offer>,
    /// The pool of both.
    pub pool: Option<AmmPool>,
}

/// What a node does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Behaviour {
    /// What it should.
    #[default]
    Good,
    /// It answers nothing.
    Mute,
    /// It answers everything with this.
    Says(String),
    /// It refuses everything with this word.
    Refuses(String),
    /// It answers about a ledger that is not validated.
    NotValidated,
    /// It answers about the ledger before.
    LedgerBefore,
    /// It hangs up when it is asked.
    HangsUp,
}

/// The node. It lives as long as this does.
#[derive(Debug)]
pub struct Rippled {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    currency: String,
    issuer: String,
    state: Mutex<State>,
    /// The newest validated ledger.
    newest: watch::Sender<u32>,
    /// Counts up when all connections are cut.
    cut: watch::Sender<u32>,
}

#[derive(Debug)]
struct State {
    behaviour: Behaviour,
    ledgers: BTreeMap<u32, LedgerState>,
    requests: Vec<String>,
    connections: usize,
}

impl Rippled {
    /// Starts a node with one ledger, `index`, in which the token of this currency code and
    /// issuer is traded. Needs a tokio runtime around it.
    pub async fn start(currency: &str, issuer: &str, index: u32, state: LedgerState) -> Rippled {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let shared = Arc::new(Shared {
            currency: currency.to_owned(),
            issuer: issuer.to_owned(),
            state: Mutex::new(State {
                behaviour: Behaviour::Good,
                ledgers: BTreeMap::from([(index, state)]),
                requests: Vec::new(),
                connections: 0,
            }),
            newest: watch::channel(index).0,
            cut: watch::channel(0).0,
        });
        let accepting = tokio::spawn({
            let shared = shared.clone();
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(stream, shared.clone()));
                }
            }
        });
        Rippled {
            address,
            shared,
            accepting,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on it does this.
    pub fn behave(&self, behaviour: Behaviour) {
        self.shared.lock().behaviour = behaviour;
    }

    /// Validates a ledger, so many after the last one, and tells subscribers of it.
    pub fn close_ledger(&self, steps: u32, state: LedgerState) -> u32 {
        let index = *self.shared.newest.borrow() + steps;
        self.shared.lock().ledgers.insert(index, state);
        self.shared.newest.send_replace(index);
        index
    }

    /// The newest ledger again, one later.
    pub fn close_same(&self) -> u32 {
        let newest = *self.shared.newest.borrow();
        let state = self.shared.lock().ledgers.get(&newest).cloned();
        self.close_ledger(1, state.unwrap_or_default())
    }

    /// Cuts all connections.
    pub fn cut(&self) {
        self.shared.cut.send_modify(|count| *count += 1);
    }

    /// How often somebody connected.
    pub fn connections(&self) -> usize {
        self.shared.lock().connections
    }

    /// The commands that came, in order.
    pub fn requests(&self) -> Vec<String> {
        self.shared.lock().requests.clone()
    }
}

impl Drop for Rippled {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else {
        return;
    };
    shared.lock().connections += 1;
    let mut cut = shared.cut.subscribe();
    let mut newest = shared.newest.subscribe();
    let mut is_subscribed = false;
    loop {
        let message = tokio::select! {
            _ = cut.changed() => return,
            changed = newest.changed() => {
                if changed.is_err() {
                    return;
                }
                let index = *newest.borrow_and_update();
                if is_subscribed && shared.lock().behaviour != Behaviour::Mute {
                    let told = shared.closed(index).to_string();
                    if socket.send(Message::text(told)).await.is_err() {
                        return;
                    }
                }
                continue;
            }
            message = socket.next() => message,
        };
        let Some(Ok(message)) = message else { return };
        let Message::Text(text) = message else {
            continue;
        };
        let request: Value = match serde_json::from_str(&text) {
            Ok(request) => request,
            Err(_) => return,
        };
        let command = request["command"].as_str().unwrap_or_default().to_owned();
        shared.lock().requests.push(command.clone());
        let Some(answer) = shared.answer(&command, &request) else {
            return;
        };
        is_subscribed |= command == "subscribe";
        if !answer.is_empty() && socket.send(Message::text(answer)).await.is_err() {
            return;
        }
    }
}

impl Shared {
    /// `None` to hang up, an empty text to say nothing.
    fn answer(&self, command: &str, request: &Value) -> Option<String> {
        let newest = *self.newest.borrow();
        let state = self.lock();
        match &state.behaviour {
            Behaviour::HangsUp => return None,
            Behaviour::Mute => return Some(String::new()),
            Behaviour::Says(text) => return Some(text.clone()),
            Behaviour::Refuses(word) => return Some(refusal(request, word)),
            Behaviour::Good | Behaviour::NotValidated | Behaviour::LedgerBefore => {}
        }
        let index = match &request["ledger_index"] {
            Value::Number(index) => index.as_u64().and_then(|index| u32::try_from(index).ok()),
            Value::String(word) if word == "validated" => Some(newest),
            Value::Null => Some(newest),
            _ => None,
        };
        let ledger = index.and_then(|index| Some((index, state.ledgers.get(&index)?)));
        let result = match command {
            "subscribe" => Some(json!({
                "fee_base": 10, "ledger_hash": hash(newest), "ledger_index": newest,
                "ledger_time": self.time(newest), "reserve_base": 1_000_000, "reserve_inc": 200_000,
                "validated_ledgers": format!("1-{newest}")})),
            "ping" => Some(json!({})),
            "server_info" => Some(json!({"info": {"build_version": "2.5.0", "network_id": 0,
                "complete_ledgers": format!("1-{newest}"), "server_state": "full",
                "validated_ledger": {"seq": newest, "hash": hash(newest), "age": 1,
                    "base_fee_xrp": 0.000_01, "reserve_base_xrp": 1, "reserve_inc_xrp": 0.2}}})),
            "book_offers" | "amm_info" => {
                let Some((_, ledger)) = ledger else {
                    return Some(refusal(request, "lgrNotFound"));
                };
                if command == "book_offers" {
                    self.book(request, ledger)
                } else {
                    self.amm(request, ledger)
                }
            }
            _ => return Some(refusal(request, "unknownCmd")),
        };
        let Some(mut result) = result else {
            return Some(refusal(request, "actNotFound"));
        };
        if let Some(index) = index.filter(|_| command != "subscribe") {
            let is_before = state.behaviour == Behaviour::LedgerBefore;
            result["ledger_index"] = json!(index - u32::from(is_before));
            result["ledger_hash"] = json!(hash(index));
            result["validated"] = json!(state.behaviour != Behaviour::NotValidated);
        }
        let answer = json!({"id": request["id"], "result": result, "status": "success",
            "type": "response"});
        Some(answer.to_string())
    }

    fn is_token(&self, asset: &Value) -> bool {
        asset["currency"] == *self.currency && asset["issuer"] == *self.issuer
    }

    fn amount(&self, tokens: &str) -> Value {
        json!({"currency": self.currency, "issuer": self.issuer, "value": tokens})
    }

    fn book(&self, request: &Value, ledger: &LedgerState) -> Option<Value> {
        let (gets, pays) = (&request["taker_gets"], &request["taker_pays"]);
        let is_xrp = |asset: &Value| asset["currency"] == "XRP" && asset["issuer"].is_null();
        let (offers, is_ask) = if self.is_token(gets) && is_xrp(pays) {
            (&ledger.asks, true)
        } else if is_xrp(gets) && self.is_token(pays) {
            (&ledger.bids, false)
        } else {
            return Some(json!({"offers": []}));
        };
        let both = |tokens: &str, drops: u64| {
            let (tokens, drops) = (self.amount(tokens), json!(drops.to_string()));
            if is_ask {
                (tokens, drops)
            } else {
                (drops, tokens)
            }
        };
        let limit = request["limit"]
            .as_u64()
            .and_then(|limit| usize::try_from(limit).ok());
        let offers = offers.iter().take(limit.unwrap_or(60)).enumerate().map(|(place, offer)| {
            let (gets, pays) = both(&offer.tokens, offer.drops);
            let mut entry = json!({"Account": self.issuer, "BookDirectory": "00", "BookNode": "0",
                "Flags": 0, "LedgerEntryType": "Offer", "OwnerNode": "0",
                "PreviousTxnID": hash(1), "PreviousTxnLgrSeq": 1, "Sequence": place + 1,
                "TakerGets": gets, "TakerPays": pays, "index": hash(7), "quality": "1"});
            if let Some((tokens, drops)) = &offer.funded {
                let (gets, pays) = both(tokens, *drops);
                entry["taker_gets_funded"] = gets;
                entry["taker_pays_funded"] = pays;
                entry["owner_funds"] = json!(drops.to_string());
            }
            if let Some(expiration) = offer.expiration {
                entry["Expiration"] = json!(expiration);
            }
            entry
        });
        Some(json!({"offers": offers.collect::<Vec<Value>>()}))
    }

    fn amm(&self, request: &Value, ledger: &LedgerState) -> Option<Value> {
        let assets = [&request["asset"], &request["asset2"]];
        let pool = ledger.pool.as_ref()?;
        assets.iter().any(|asset| self.is_token(asset)).then(|| {
            json!({"amm": {"account": self.issuer, "amount": pool.drops.to_string(),
                "amount2": self.amount(&pool.tokens), "asset2_frozen": false,
                "lp_token": {"currency": "03", "issuer": self.issuer, "value": "1"},
                "trading_fee": pool.trading_fee, "vote_slots": []}})
        })
    }

    fn closed(&self, index: u32) -> Value {
        json!({"type": "ledgerClosed", "fee_base": 10, "ledger_hash": hash(index),
            "ledger_index": index, "ledger_time": self.time(index), "reserve_base": 1_000_000,
            "reserve_inc": 200_000, "txn_count": 16, "validated_ledgers": format!("1-{index}")})
    }

    /// Seconds since 2000: a ledger every four of them.
    fn time(&self, index: u32) -> u64 {
        700_000_000 + 4 * u64::from(index)
    }
}

fn refusal(request: &Value, word: &str) -> String {
    json!({"error": word, "error_code": 19, "error_message": "refused", "id": request["id"],
        "request": request, "status": "error", "type": "response"})
    .to_string()
}

fn hash(index: u32) -> String {
    format!("{index:064X}")
}
