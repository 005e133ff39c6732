//! The operator's port: what pairs do, behind a bearer token, on an address of its own.
//!
//! `GET /v1/pairs/{base}/{quote}` tells a pair's status; `POST` to `…/halt`, `…/close` and
//! `…/resume` sets it. `GET /v1/reserves` tells what the platform's funds have; `POST` to
//! `/v1/reserves/{pool|insurance}/deposits` and `…/withdrawals` brings in and takes out, and under
//! `/v1/accounts/{user}` the same for a user. What is set is a command like any other: it is answered
//! when it is durable. `/v1/revocations` revokes tokens. Not served without `server.admin_token`.

use bytes::Bytes;
use engine::domain::{
    AccountLimits, AssetId, IdempotencyKey, Movement, PairId, Timestamp, TradingStatus, Transfer,
    UserName,
};
use engine::report::Answer;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header;
use hyper::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use tokio::sync::oneshot;

use super::Shared;
use super::contract::document;
use super::hub_task::ToHub;
use super::metrics;
use crate::auth::{MAX_ID_CHARACTERS, Revocation};
use crate::hub::Figures;
use crate::wire::{self, PairNow, ReservesNow};

mod accounts;
mod port;
mod transfers;

pub(super) use port::Port;

/// The largest body of a request.
const MAX_BODY: usize = 16 * 1024;

/// What an operator asks of the hub.
pub(super) enum Ask {
    /// How a pair stands.
    Status(PairId, oneshot::Sender<PairNow>),
    /// Revoke tokens, or lift that; how many connections ended.
    Revoke(Revocation, oneshot::Sender<Result<usize, RevokeError>>),
    /// Set the status of a pair.
    SetStatus(PairId, TradingStatus, oneshot::Sender<Answer>),
    /// How the platform's funds stand, by asset.
    Reserves(oneshot::Sender<Vec<ReservesNow>>),
    /// How all stands, for metrics.
    Figures(oneshot::Sender<Figures>),
    /// Bring an amount in, or take it out.
    Transfer(IdempotencyKey, Transfer, oneshot::Sender<Answer>),
    /// Something of a user.
    User(UserName, AskOfUser),
}

/// What an operator asks of a user.
pub(super) enum AskOfUser {
    /// How the account stands, as JSON; nothing where there is none.
    Tell(oneshot::Sender<Option<Bytes>>),
    /// Open the account, or find it.
    Open(oneshot::Sender<Answer>),
    /// Bring an amount in, or take it out.
    Transfer(IdempotencyKey, AssetId, Movement, oneshot::Sender<Answer>),
    /// Set what the user may do.
    Limit(AccountLimits, oneshot::Sender<Answer>),
}

/// Why nothing was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RevokeError {
    /// As much is revoked as may be.
    TooMany,
    /// The disk did not take it.
    NotWritten,
}

/// What revokes, or lifts it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Revoke {
    jti: Option<String>,
    expires_at: Option<u64>,
    sub: Option<String>,
    issued_up_to: Option<u64>,
}

pub(super) type Reply = Response<Full<Bytes>>;

async fn answer(request: Request<Incoming>, token: &str, shared: &Shared) -> Reply {
    if !knows_token(&request, token) {
        let mut reply = error(StatusCode::UNAUTHORIZED, "a bearer token is needed");
        let scheme = header::HeaderValue::from_static("Bearer");
        reply.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        return reply;
    }
    let (uri, method) = (request.uri().clone(), request.method().clone());
    let path: Vec<&str> = uri.path().split('/').collect();
    match &path[..] {
        ["", "v1", "pairs", base, quote, deed @ ..] => {
            of_pair(&format!("{base}/{quote}"), deed, &method, shared).await
        }
        ["", "metrics"] if method == Method::GET => metrics::tell(shared).await,
        ["", "metrics"] => error(StatusCode::METHOD_NOT_ALLOWED, "GET tells"),
        ["", "openapi.yaml"] if method == Method::GET => document(crate::contracts::OPENAPI),
        ["", "v1", "revocations"] => revoke(request, shared).await,
        ["", "v1", "reserves"] if method == Method::GET => tell_reserves(shared).await,
        [
            "",
            "v1",
            "reserves",
            fund,
            deed @ ("deposits" | "withdrawals"),
        ] if method == Method::POST => {
            let Some(reserve) = wire::reserve_of_word(fund) else {
                return error(StatusCode::NOT_FOUND, "the funds are pool and insurance");
            };
            let whose = transfers::Whose::Reserve(reserve);
            transfers::book(whose, deed, request.into_body(), shared).await
        }
        ["", "v1", "accounts", user, deed @ ..] => {
            accounts::serve(user, deed, request, shared).await
        }
        ["", "v1", "reserves"] | ["", "v1", "reserves", _, "deposits" | "withdrawals"] => error(
            StatusCode::METHOD_NOT_ALLOWED,
            "GET tells, POST to deposits or withdrawals moves",
        ),
        _ => error(StatusCode::NOT_FOUND, "no such resource"),
    }
}

async fn of_pair(symbol: &str, deed: &[&str], method: &Method, shared: &Shared) -> Reply {
    let Some(instrument) = shared.config.instruments.by_symbol(symbol) else {
        return error(StatusCode::NOT_FOUND, "no such pair");
    };
    let pair = instrument.id();
    match (deed, method) {
        ([], &Method::GET) => tell(pair, symbol, shared).await,
        (["halt"], &Method::POST) => set(pair, TradingStatus::Halted, symbol, shared).await,
        (["close"], &Method::POST) => set(pair, TradingStatus::Closed, symbol, shared).await,
        (["resume"], &Method::POST) => set(pair, TradingStatus::Open, symbol, shared).await,
        ([] | ["halt" | "close" | "resume"], _) => error(
            StatusCode::METHOD_NOT_ALLOWED,
            "GET tells, POST to halt, close or resume sets",
        ),
        _ => error(StatusCode::NOT_FOUND, "no such resource"),
    }
}

/// Whether the request has the token. Compared by hashes, which takes the same time wherever
/// they differ.
fn knows_token<B>(request: &Request<B>, token: &str) -> bool {
    let given = request.headers().get(header::AUTHORIZATION);
    let given = given.and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    given.is_some_and(|given| blake3::hash(given) == blake3::hash(token.as_bytes()))
}

/// `POST` revokes a token by its `jti` or those of a user by `sub`, `DELETE` lifts what was revoked of
/// a user.
async fn revoke(request: Request<Incoming>, shared: &Shared) -> Reply {
    let method = request.method().clone();
    if !matches!(method, Method::POST | Method::DELETE) {
        return error(
            StatusCode::METHOD_NOT_ALLOWED,
            "POST revokes, DELETE lifts it",
        );
    }
    let body = Limited::new(request.into_body(), MAX_BODY).collect().await;
    let asked = body.ok().and_then(|body| {
        let asked = serde_json::from_slice(&body.to_bytes()).ok()?;
        revocation(asked, &method, (shared.clock)())
    });
    let Some(change) = asked else {
        let words = "expected an object with jti and perhaps expiresAt, or with sub alone";
        return error(StatusCode::BAD_REQUEST, words);
    };
    let (sender, answered) = oneshot::channel();
    let asked = Ask::Revoke(change.clone(), sender);
    if shared.hub.send(ToHub::Admin(asked)).await.is_err() {
        return stopping();
    }
    match answered.await {
        Ok(Ok(ended)) => {
            tracing::warn!(?change, ended, "the operator changed what is revoked");
            let mut out = Vec::with_capacity(64);
            wire::encode_revoked(ended, &mut out);
            json(StatusCode::OK, out.into())
        }
        Ok(Err(RevokeError::TooMany)) => error(
            StatusCode::INSUFFICIENT_STORAGE,
            "as much is revoked as may be",
        ),
        Ok(Err(RevokeError::NotWritten)) => error(
            StatusCode::INSUFFICIENT_STORAGE,
            "the disk did not take it: nothing was revoked",
        ),
        Err(_) => stopping(),
    }
}

fn revocation(asked: Revoke, method: &Method, now: Timestamp) -> Option<Revocation> {
    let up_to = asked.issued_up_to;
    match (asked.jti, asked.sub, asked.expires_at) {
        (Some(id), None, expires_at) if *method == Method::POST && up_to.is_none() => {
            let fits = (1..=MAX_ID_CHARACTERS).contains(&id.len());
            fits.then(|| Revocation::Token {
                id: id.into(),
                expires_at: expires_at.map(Timestamp),
            })
        }
        (None, Some(user), None) => {
            let user = UserName::new(&user).ok()?;
            Some(match *method == Method::POST {
                // Asked again with the moment it is the same; what is to come is nobody's yet.
                true => Revocation::User {
                    user,
                    at: up_to.map_or(now, |at| now.min(Timestamp(at))),
                },
                false if up_to.is_none() => Revocation::Lift { user },
                false => return None,
            })
        }
        _ => None,
    }
}

async fn set(pair: PairId, status: TradingStatus, symbol: &str, shared: &Shared) -> Reply {
    let (sender, answered) = oneshot::channel();
    let asked = Ask::SetStatus(pair, status, sender);
    if shared.hub.send(ToHub::Admin(asked)).await.is_err() {
        return stopping();
    }
    match answered.await {
        Ok(Answer::TradingStatusSet) => {
            tracing::warn!(pair = symbol, ?status, "the operator set a pair's status");
            tell(pair, symbol, shared).await
        }
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

async fn tell_reserves(shared: &Shared) -> Reply {
    let (sender, told) = oneshot::channel();
    let asked = Ask::Reserves(sender);
    if shared.hub.send(ToHub::Admin(asked)).await.is_err() {
        return stopping();
    }
    match told.await {
        Ok(reserves) => {
            let mut out = Vec::with_capacity(1_024);
            let assets = shared.config.instruments.assets().iter();
            wire::encode_reserves(assets.zip(reserves), &mut out);
            json(StatusCode::OK, out.into())
        }
        Err(_) => stopping(),
    }
}

pub(super) fn stopping() -> Reply {
    error(
        StatusCode::SERVICE_UNAVAILABLE,
        "the exchange is busy or stopping",
    )
}

pub(super) fn error(status: StatusCode, words: &str) -> Reply {
    let reason = match status {
        StatusCode::UNAUTHORIZED => "UNAUTHORIZED",
        StatusCode::NOT_FOUND => "NOT_FOUND",
        StatusCode::METHOD_NOT_ALLOWED => "METHOD_NOT_ALLOWED",
        StatusCode::PAYLOAD_TOO_LARGE => "BODY_TOO_LARGE",
        StatusCode::INSUFFICIENT_STORAGE => "NO_ROOM",
        StatusCode::SERVICE_UNAVAILABLE => "UNAVAILABLE",
        _ => "INVALID_REQUEST",
    };
    refuse(status, reason, words)
}

/// A refusal under a word of its own.
fn refuse(status: StatusCode, reason: &str, words: &str) -> Reply {
    let mut out = Vec::with_capacity(128);
    wire::encode_admin_error(reason, words, &mut out);
    json(status, out.into())
}

/// The whole body of a request, unless it is too large or breaks off.
async fn body_of(body: Incoming) -> Option<Vec<u8>> {
    let body = Limited::new(body, MAX_BODY).collect().await.ok()?;
    Some(body.to_bytes().to_vec())
}

fn json(status: StatusCode, body: Bytes) -> Reply {
    let mut reply = Response::new(Full::new(body));
    *reply.status_mut() = status;
    let json = header::HeaderValue::from_static("application/json");
    reply.headers_mut().insert(header::CONTENT_TYPE, json);
    reply
}
