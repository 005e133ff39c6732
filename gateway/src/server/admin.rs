//! The operator's port: what pairs do, behind a bearer token, on an address of its own.
//!
//! `GET /v1/pairs/{base}/{quote}` tells a pair's status; `POST` to `…/halt`, `…/close` and
//! `…/resume` sets it. `GET /v1/reserves` tells what the platform's funds have; `POST` to
//! `/v1/reserves/{pool|insurance}/deposits` and `…/withdrawals` brings in and takes out, and under
//! `/v1/accounts/{user}` the same for a user. What is set is a command like any other: it is answered
//! when it is durable. `/v1/revocations` revokes tokens. Not served without `server.admin_token`.

use bytes::Bytes;
use engine::domain::{AccountLimits, AssetId, IdempotencyKey, Movement, PairId, UserName};
use engine::report::Answer;
use engine::request::RequestKind;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{self, HeaderName};
use hyper::{Method, Request, Response, StatusCode};
use tokio::sync::oneshot;

use super::Shared;
use super::contract::document;
use super::hub_task::ToHub;
use super::metrics;
use crate::hub::Figures;
use crate::wire::{self, PairNow, ReservesNow};

mod accounts;
mod pairs;
mod port;
mod revocations;
mod transfers;

pub(super) use port::Port;

/// Says that a request was done the first time its key came.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The largest body of a request.
const MAX_BODY: usize = 16 * 1024;

/// What an operator asks of the hub.
pub(super) enum Ask {
    /// How a pair stands.
    Status(PairId, oneshot::Sender<PairNow>),
    /// Something of the exchange.
    Submit(RequestKind, oneshot::Sender<Answer>),
    /// The same, of what is revoked; with the answer how many connections ended.
    Revoke(RequestKind, oneshot::Sender<(Answer, usize)>),
    /// How the platform's funds stand, by asset.
    Reserves(oneshot::Sender<Vec<ReservesNow>>),
    /// How all stands, for metrics.
    Figures(oneshot::Sender<Figures>),
    /// Something of a user.
    User(UserName, AskOfUser),
}

/// What an operator asks of a user.
pub(super) enum AskOfUser {
    /// How the account stands, as JSON; nothing where there is none.
    Tell(oneshot::Sender<Option<Bytes>>),
    /// Open the account, or find it.
    Open(Option<IdempotencyKey>, oneshot::Sender<Answer>),
    /// Bring an amount in, or take it out.
    Transfer(IdempotencyKey, AssetId, Movement, oneshot::Sender<Answer>),
    /// Set what the user may do.
    Limit(
        AccountLimits,
        Option<IdempotencyKey>,
        oneshot::Sender<Answer>,
    ),
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
            pairs::serve(&format!("{base}/{quote}"), deed, request, shared).await
        }
        ["", "metrics"] if method == Method::GET => metrics::tell(shared).await,
        ["", "metrics"] => error(StatusCode::METHOD_NOT_ALLOWED, "GET tells"),
        ["", "openapi.yaml"] if method == Method::GET => document(crate::contracts::OPENAPI),
        ["", "v1", "revocations"] => revocations::serve(request, shared).await,
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

/// Whether the request has the token. Compared by hashes, which takes the same time wherever
/// they differ.
fn knows_token<B>(request: &Request<B>, token: &str) -> bool {
    let given = request.headers().get(header::AUTHORIZATION);
    let given = given.and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    given.is_some_and(|given| blake3::hash(given) == blake3::hash(token.as_bytes()))
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

/// An answer to a key that came before.
fn mark_replayed(mut reply: Reply) -> Reply {
    if reply.status() == StatusCode::OK {
        let yes = header::HeaderValue::from_static("true");
        reply.headers_mut().insert(REPLAYED, yes);
    }
    reply
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
