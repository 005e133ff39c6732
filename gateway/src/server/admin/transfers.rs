//! What comes in from outside and leaves: of users and of the platform's funds, once for each key.

use engine::domain::{Movement, Party, Reserve, Transfer, UserName};
use engine::reject::Reject;
use engine::report::Answer;
use engine::request::RequestKind;
use hyper::StatusCode;
use hyper::body::Incoming;
use tokio::sync::oneshot;

use super::{Ask, AskOfUser, Reply, body_of, error, json, mark_replayed, refuse, stopping};
use crate::server::Shared;
use crate::server::hub_task::ToHub;
use crate::wire::{self, Booked, Holder};

/// Whose a transfer is.
#[derive(Clone, Copy)]
pub(super) enum Whose {
    /// A user's.
    User(UserName),
    /// The platform's.
    Reserve(Reserve),
}

/// Books what `body` asks for: into `whose` for `deposits`, out of it otherwise.
pub(super) async fn book(whose: Whose, deed: &str, body: Incoming, shared: &Shared) -> Reply {
    let Some(mut body) = body_of(body).await else {
        return error(StatusCode::PAYLOAD_TOO_LARGE, "the body cannot be read");
    };
    let asked = match wire::decode_transfer(&mut body) {
        Ok(asked) => asked,
        Err(refusal) => {
            let word = refusal.reason.word();
            return refuse(StatusCode::BAD_REQUEST, word, &refusal.details);
        }
    };
    let Some(asset) = shared.config.instruments.asset_by_symbol(&asked.asset) else {
        let words = "asset: no such asset";
        return refuse(StatusCode::BAD_REQUEST, "UNKNOWN_ASSET", words);
    };
    let Ok(amount) = asset.amount(asked.amount) else {
        let words = "amount: expected zero or more, with no more decimals than the asset has";
        return refuse(StatusCode::BAD_REQUEST, "INVALID_VALUE", words);
    };
    let change = match deed {
        "deposits" => Movement::In(amount),
        _ => Movement::Out(amount),
    };
    let (sender, answered) = oneshot::channel();
    let key = asked.key.key();
    let ask = match whose {
        Whose::User(user) => Ask::User(user, AskOfUser::Transfer(key, asset.id, change, sender)),
        Whose::Reserve(reserve) => {
            let transfer = Transfer {
                party: Party::Reserve(reserve),
                asset: asset.id,
                change,
            };
            Ask::Submit(RequestKind::Transfer { key, transfer }, sender)
        }
    };
    if shared.hub.send(ToHub::Admin(ask)).await.is_err() {
        return stopping();
    }
    let holder = match &whose {
        Whose::User(user) => Holder::User(user.as_str()),
        Whose::Reserve(reserve) => Holder::Reserve(*reserve),
    };
    match answered.await {
        Ok(Answer::Transferred { at, duplicate }) => {
            let (key, symbol) = (asked.key.as_str(), &*asset.symbol);
            tracing::warn!(
                ?holder,
                asset = symbol,
                ?change,
                key,
                duplicate,
                "the operator moved money"
            );
            let booked = Booked {
                key,
                holder,
                asset,
                change,
                at,
            };
            let mut out = Vec::with_capacity(256);
            booked.encode(&mut out);
            let reply = json(StatusCode::OK, out.into());
            match duplicate {
                true => mark_replayed(reply),
                false => reply,
            }
        }
        Ok(Answer::Rejected(reject)) => {
            tracing::warn!(?holder, asset = %asset.symbol, ?change, ?reject, "the operator was refused");
            rejected(reject)
        }
        Ok(_) | Err(_) => stopping(),
    }
}

/// What the exchange refused, under its word.
pub(super) fn rejected(reject: Reject) -> Reply {
    match reject {
        Reject::Unavailable => stopping(),
        Reject::UnknownAccount => {
            let words = "no such account: PUT opens it";
            refuse(StatusCode::NOT_FOUND, "UNKNOWN_ACCOUNT", words)
        }
        Reject::TransferKeyReused => {
            let words = "idempotencyKey: another request has it";
            refuse(StatusCode::CONFLICT, "IDEMPOTENCY_KEY_REUSED", words)
        }
        Reject::TooManyTransfers => {
            let words = "as many keys are remembered as may be: try again later";
            refuse(
                StatusCode::INSUFFICIENT_STORAGE,
                "TOO_MANY_TRANSFERS",
                words,
            )
        }
        Reject::TooManyAccounts => {
            let words = "as many accounts are open as may be";
            refuse(StatusCode::INSUFFICIENT_STORAGE, "TOO_MANY_ACCOUNTS", words)
        }
        reject => {
            let reason = wire::Reason::from(reject);
            refuse(StatusCode::CONFLICT, reason.word(), reason.message())
        }
    }
}
