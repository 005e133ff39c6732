//! `/v1/accounts/{user}`: `PUT` opens it, `GET` tells how it stands; `POST` to `deposits` and
//! `withdrawals` moves money, `PUT` to `limits` says what the user may do.

use engine::domain::UserName;
use engine::report::Answer;
use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};
use tokio::sync::oneshot;

use super::transfers::{Whose, book, rejected};
use super::{Ask, AskOfUser, Reply, body_of, error, json, mark_replayed, refuse, stopping};
use crate::server::Shared;
use crate::server::hub_task::ToHub;
use crate::wire::{self, KeyName};

/// Serves what is asked of the user whose name stands, percent-encoded, in the path.
pub(super) async fn serve(
    user: &str,
    deed: &[&str],
    request: Request<Incoming>,
    shared: &Shared,
) -> Reply {
    let decoded = percent_decoded(user);
    let Some(user) = decoded.and_then(|name| UserName::new(&name).ok()) else {
        let words = "user: expected 1 to 64 printable ASCII characters, percent-encoded";
        return refuse(StatusCode::BAD_REQUEST, "INVALID_VALUE", words);
    };
    let method = request.method().clone();
    match (deed, method) {
        ([], Method::GET) => tell(user, shared).await,
        ([], Method::PUT) => open(user, request.into_body(), shared).await,
        ([deed @ ("deposits" | "withdrawals")], Method::POST) => {
            book(Whose::User(user), deed, request.into_body(), shared).await
        }
        (["limits"], Method::PUT) => limit(user, request.into_body(), shared).await,
        ([] | ["deposits" | "withdrawals" | "limits"], _) => error(
            StatusCode::METHOD_NOT_ALLOWED,
            "GET tells, PUT opens or sets limits, POST to deposits or withdrawals moves",
        ),
        _ => error(StatusCode::NOT_FOUND, "no such resource"),
    }
}

async fn tell(user: UserName, shared: &Shared) -> Reply {
    let (sender, told) = oneshot::channel();
    let ask = Ask::User(user, AskOfUser::Tell(sender));
    if shared.hub.send(ToHub::Admin(ask)).await.is_err() {
        return stopping();
    }
    match told.await {
        Ok(Some(account)) => json(StatusCode::OK, account),
        Ok(None) => rejected(engine::reject::Reject::UnknownAccount),
        Err(_) => stopping(),
    }
}

async fn open(user: UserName, body: Incoming, shared: &Shared) -> Reply {
    let Some(body) = body_of(body).await else {
        return error(StatusCode::PAYLOAD_TOO_LARGE, "the body cannot be read");
    };
    let Some(name) = wire::decode_key(&body) else {
        let words = "expected no body, or an object with idempotencyKey, of 1 to 128 visible ASCII \
                     characters";
        return refuse(StatusCode::BAD_REQUEST, "INVALID_VALUE", words);
    };
    let (sender, answered) = oneshot::channel();
    let key = name.as_ref().map(KeyName::key);
    let ask = Ask::User(user, AskOfUser::Open(key, sender));
    if shared.hub.send(ToHub::Admin(ask)).await.is_err() {
        return stopping();
    }
    match answered.await {
        Ok(Answer::Account { .. }) => {
            tracing::warn!(user = user.as_str(), "the operator opened an account");
            tell(user, shared).await
        }
        Ok(Answer::Repeated { .. }) => repeated(user, name.as_ref(), shared).await,
        Ok(Answer::Rejected(reject)) => rejected(reject),
        Ok(_) | Err(_) => stopping(),
    }
}

async fn limit(user: UserName, body: Incoming, shared: &Shared) -> Reply {
    let Some(body) = body_of(body).await else {
        return error(StatusCode::PAYLOAD_TOO_LARGE, "the body cannot be read");
    };
    let Some((limits, name)) = wire::decode_account_limits(&body) else {
        let words = "expected an object with orderCommandsPerMinute, cancelsPerMinute and \
                     messagesPerSecond, each a whole number from 1 to 10000000, null or left out; and \
                     perhaps with idempotencyKey, of 1 to 128 visible ASCII characters";
        return refuse(StatusCode::BAD_REQUEST, "INVALID_VALUE", words);
    };
    let (sender, answered) = oneshot::channel();
    let key = name.as_ref().map(KeyName::key);
    let ask = Ask::User(user, AskOfUser::Limit(limits, key, sender));
    if shared.hub.send(ToHub::Admin(ask)).await.is_err() {
        return stopping();
    }
    match answered.await {
        Ok(Answer::AccountLimitsSet) => {
            tracing::warn!(user = user.as_str(), ?limits, "the operator set limits");
            tell(user, shared).await
        }
        Ok(Answer::Repeated { .. }) => repeated(user, name.as_ref(), shared).await,
        Ok(Answer::Rejected(reject)) => rejected(reject),
        Ok(_) | Err(_) => stopping(),
    }
}

/// What was done before is told as it stands now.
async fn repeated(user: UserName, name: Option<&KeyName>, shared: &Shared) -> Reply {
    let key = name.map(KeyName::as_str);
    tracing::warn!(user = user.as_str(), key, "the operator repeated itself");
    mark_replayed(tell(user, shared).await)
}

/// A segment of a path without its percent-encoding; `None` where that is broken.
fn percent_decoded(segment: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                let digits = std::str::from_utf8(&digits).ok()?;
                let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
                u8::from_str_radix(digits, 16).ok().filter(|_| is_hex)?
            }
            byte => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::percent_decoded;

    #[test]
    fn names_come_out_of_paths_as_they_are() {
        for (segment, name) in [
            ("alice", Some("alice")),
            ("a%20b%2Fc%2f", Some("a b/c/")),
            ("%", None),
            ("%4", None),
            ("%+4", None),
            ("%zz", None),
            ("%ff", None),
            ("", Some("")),
        ] {
            assert_eq!(percent_decoded(segment).as_deref(), name, "{segment}");
        }
    }
}
