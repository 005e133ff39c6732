//! `/v1/revocations`: `POST` revokes a token by its `jti` or those of a user by `sub`, `DELETE` lifts
//! what was revoked of a user. Answered when it is durable and in force.

use engine::domain::{Operation, Revocation, Timestamp, UserName};
use engine::reject::Reject;
use engine::report::Answer;
use engine::request::RequestKind;
use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};
use serde::Deserialize;
use tokio::sync::oneshot;

use super::transfers::rejected;
use super::{Ask, Reply, body_of, error, json, mark_replayed, stopping};
use crate::auth::{MAX_ID_CHARACTERS, token_id};
use crate::server::Shared;
use crate::server::hub_task::ToHub;
use crate::wire::{self, KeyName};

/// What revokes, or lifts it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Revoke {
    jti: Option<String>,
    expires_at: Option<u64>,
    sub: Option<String>,
    issued_up_to: Option<u64>,
    idempotency_key: Option<KeyName>,
}

/// Serves what is asked.
pub(super) async fn serve(request: Request<Incoming>, shared: &Shared) -> Reply {
    let method = request.method().clone();
    if !matches!(method, Method::POST | Method::DELETE) {
        return error(
            StatusCode::METHOD_NOT_ALLOWED,
            "POST revokes, DELETE lifts it",
        );
    }
    let body = body_of(request.into_body()).await;
    let asked = body.and_then(|body| {
        let mut asked: Revoke = serde_json::from_slice(&body).ok()?;
        let name = asked.idempotency_key.take();
        Some((revocation(asked, &method)?, name))
    });
    let Some((revocation, name)) = asked else {
        let words = "expected an object with jti and perhaps expiresAt, or with sub and perhaps \
                     issuedUpTo, and perhaps with idempotencyKey";
        return error(StatusCode::BAD_REQUEST, words);
    };
    let (sender, answered) = oneshot::channel();
    let key = name.as_ref().map(KeyName::key);
    let kind = RequestKind::operation(Operation::Revoke(revocation), key);
    let asked = ToHub::Admin(Ask::Revoke(kind, sender));
    if shared.hub.send(asked).await.is_err() {
        return stopping();
    }
    let key = name.as_ref().map(KeyName::as_str);
    match answered.await {
        Ok((Answer::Revoked { changed }, ended)) => {
            tracing::warn!(
                ?revocation,
                key,
                changed,
                ended,
                "the operator changed what is revoked"
            );
            tell(ended)
        }
        Ok((Answer::Repeated { at }, ended)) => {
            tracing::warn!(?revocation, key, at = at.0, "the operator repeated itself");
            mark_replayed(tell(ended))
        }
        Ok((Answer::Rejected(Reject::TooManyRevocations), _)) => error(
            StatusCode::INSUFFICIENT_STORAGE,
            "as much is revoked as may be",
        ),
        Ok((Answer::Rejected(reject), _)) => rejected(reject),
        Ok(_) | Err(_) => stopping(),
    }
}

fn tell(ended: usize) -> Reply {
    let mut out = Vec::with_capacity(64);
    wire::encode_revoked(ended, &mut out);
    json(StatusCode::OK, out.into())
}

fn revocation(asked: Revoke, method: &Method) -> Option<Revocation> {
    let issued_up_to = asked.issued_up_to.map(Timestamp);
    match (asked.jti, asked.sub, asked.expires_at) {
        (Some(id), None, expires_at) if *method == Method::POST && issued_up_to.is_none() => {
            let fits = (1..=MAX_ID_CHARACTERS).contains(&id.len());
            fits.then(|| Revocation::Token {
                token: token_id(&id),
                expires_at: expires_at.map(Timestamp),
            })
        }
        (None, Some(user), None) => {
            let user = UserName::new(&user).ok()?;
            match *method == Method::POST {
                true => Some(Revocation::User { user, issued_up_to }),
                false if issued_up_to.is_none() => Some(Revocation::Lift { user }),
                false => None,
            }
        }
        _ => None,
    }
}
