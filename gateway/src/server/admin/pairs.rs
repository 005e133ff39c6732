//! `/v1/pairs/{base}/{quote}`: `GET` tells a pair's status; `POST` to `halt`, `close` and `resume`
//! sets it, once for each key where there is one.

use engine::domain::{Operation, PairId, TradingStatus};
use engine::report::Answer;
use engine::request::RequestKind;
use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};
use tokio::sync::oneshot;

use super::transfers::rejected;
use super::{Ask, Reply, body_of, error, json, mark_replayed, refuse, stopping};
use crate::server::Shared;
use crate::server::hub_task::ToHub;
use crate::wire;

/// Serves what is asked of the pair `symbol`.
pub(super) async fn serve(
    symbol: &str,
    deed: &[&str],
    request: Request<Incoming>,
    shared: &Shared,
) -> Reply {
    let Some(instrument) = shared.config.instruments.by_symbol(symbol) else {
        return error(StatusCode::NOT_FOUND, "no such pair");
    };
    let pair = instrument.id();
    let status = match deed {
        [] => None,
        ["halt"] => Some(TradingStatus::Halted),
        ["close"] => Some(TradingStatus::Closed),
        ["resume"] => Some(TradingStatus::Open),
        _ => return error(StatusCode::NOT_FOUND, "no such resource"),
    };
    match (status, request.method()) {
        (None, &Method::GET) => tell(pair, symbol, shared).await,
        (Some(status), &Method::POST) => {
            set((pair, status), symbol, request.into_body(), shared).await
        }
        _ => error(
            StatusCode::METHOD_NOT_ALLOWED,
            "GET tells, POST to halt, close or resume sets",
        ),
    }
}

async fn set(
    (pair, status): (PairId, TradingStatus),
    symbol: &str,
    body: Incoming,
    shared: &Shared,
) -> Reply {
    let Some(body) = body_of(body).await else {
        return error(StatusCode::PAYLOAD_TOO_LARGE, "the body cannot be read");
    };
    let Some(name) = wire::decode_key(&body) else {
        let words = "expected no body, or an object with idempotencyKey, of 1 to 128 visible ASCII \
                     characters";
        return refuse(StatusCode::BAD_REQUEST, "INVALID_VALUE", words);
    };
    let (sender, answered) = oneshot::channel();
    let operation = Operation::SetTradingStatus { pair, status };
    let key = name.as_ref().map(wire::KeyName::key);
    let asked = Ask::Submit(RequestKind::operation(operation, key), sender);
    if shared.hub.send(ToHub::Admin(asked)).await.is_err() {
        return stopping();
    }
    let key = name.as_ref().map(wire::KeyName::as_str);
    match answered.await {
        Ok(Answer::TradingStatusSet) => {
            tracing::warn!(
                pair = symbol,
                ?status,
                key,
                "the operator set a pair's status"
            );
            tell(pair, symbol, shared).await
        }
        Ok(Answer::Repeated { at }) => {
            tracing::warn!(
                pair = symbol,
                ?status,
                key,
                at = at.0,
                "the operator repeated itself"
            );
            mark_replayed(tell(pair, symbol, shared).await)
        }
        Ok(Answer::Rejected(reject)) => rejected(reject),
        Ok(_) | Err(_) => stopping(),
    }
}

async fn tell(pair: PairId, symbol: &str, shared: &Shared) -> Reply {
    let (sender, told) = oneshot::channel();
    let asked = Ask::Status(pair, sender);
    if shared.hub.send(ToHub::Admin(asked)).await.is_err() {
        return stopping();
    }
    match told.await {
        Ok(now) => {
            let mut out = Vec::with_capacity(128);
            wire::encode_pair_now(symbol, &now, &mut out);
            json(StatusCode::OK, out.into())
        }
        Err(_) => stopping(),
    }
}
