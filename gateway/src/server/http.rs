//! HTTP/1.1: the terminal, health, and the upgrade.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

use crate::deflate::{self, Agreement};
use crate::session::{AddressRefusal, Login};

use super::connection::Arrived;
use super::contract;
use super::hub_task::ToHub;
use super::shard::{Arrival, Shard};
use super::socket::{Io, Socket};
use super::{Shared, connection, proxy, terminal};

const MAX_HEADERS: usize = 64;
const MAX_HEAD_BYTES: usize = 16 * 1024;

pub(super) type Answer = Response<Full<Bytes>>;

/// Serves one socket: HTTP requests until it is upgraded or ends.
pub(super) async fn serve(io: Io, peer: IpAddr, shared: Arc<Shared>, permit: OwnedSemaphorePermit) {
    let timeout = Duration::from_millis(shared.config.limits.handshake_timeout_ms);
    let permit = Arc::new(permit);
    let answer = |request| answer(request, peer, shared.clone(), permit.clone());
    serve_with(io, timeout, answer).await;
}

/// The same, with other answers.
pub(super) async fn serve_with<F>(
    io: Io,
    timeout: Duration,
    answer: impl Fn(Request<Incoming>) -> F,
) where
    F: Future<Output = Answer> + Send + 'static,
{
    let service = service_fn(|request| {
        let answer = answer(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(timeout)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(io), service)
        .with_upgrades();
    if let Err(error) = connection.await {
        tracing::debug!(%error, "http connection ended");
    }
}

async fn answer(
    request: Request<Incoming>,
    peer: IpAddr,
    shared: Arc<Shared>,
    permit: Arc<OwnedSemaphorePermit>,
) -> Answer {
    let wants_upgrade = request.headers().contains_key(header::UPGRADE);
    // The server leaves the body of an answer to HEAD out.
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/" | "/ws") if wants_upgrade => {
            upgrade(request, peer, shared, permit).await
        }
        (&Method::GET, "/ws") => upgrade_required("This is a WebSocket endpoint.\n"),
        (&Method::GET | &Method::HEAD, "/asyncapi.yaml") => {
            contract::document(crate::contracts::ASYNCAPI)
        }
        (&Method::GET | &Method::HEAD, path @ ("/health" | "/ready")) => {
            // A hub without work does not look at its disk by itself; one that is full does.
            let _ = shared.hub.try_send(ToHub::Look);
            let now = (shared.clock)();
            let (status, words) = match path {
                "/ready" => shared.health.ready(now),
                _ => shared.health.health(now),
            };
            text(status, words)
        }
        _ => terminal::answer(&request, &shared.config, (shared.clock)())
            .unwrap_or_else(|| text(StatusCode::NOT_FOUND, "not found\n")),
    }
}

async fn upgrade(
    request: Request<Incoming>,
    peer: IpAddr,
    shared: Arc<Shared>,
    permit: Arc<OwnedSemaphorePermit>,
) -> Answer {
    if !is_allowed_origin(request.headers(), &shared.config.server.allowed_origins) {
        return text(StatusCode::FORBIDDEN, "origin not allowed\n");
    }
    let compression = shared.config.server.compression;
    let (response, deflate) = match handshake(&request, compression) {
        Ok(agreed) => agreed,
        Err(refusal) => return *refusal,
    };
    let login = match shown_login(request.headers(), &shared).await {
        Ok(login) => login,
        Err(refusal) => return *refusal,
    };
    let proxies = &shared.config.server.trusted_proxies;
    let address = proxy::client_address(request.headers(), peer, proxies);
    match knock(address, &shared).await {
        Some(Ok(())) => {}
        Some(Err(refusal)) => return too_many(refusal),
        None => return text(StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
    }
    tokio::spawn(async move {
        let limit = Duration::from_millis(shared.config.limits.handshake_timeout_ms);
        match upgraded(request, limit).await {
            Some((socket, early)) => {
                let arrived = Arrived {
                    address,
                    deflate,
                    login,
                };
                seat(socket, early, arrived, shared, permit).await;
            }
            // The knock is taken back; a hub that is gone needs no telling.
            None => drop(shared.hub.send(ToHub::Left(address)).await),
        }
    });
    response
}

/// The answer that upgrades, and what it agrees to; or what it is instead.
pub(super) fn handshake(
    request: &Request<Incoming>,
    compression: bool,
) -> Result<(Answer, Option<Agreement>), Box<Answer>> {
    let mut response = create_response_with_body(request, Full::default).map_err(|error| {
        tracing::debug!(%error, "bad handshake");
        let is_version = matches!(
            error,
            Error::Protocol(ProtocolError::MissingSecWebSocketVersionHeader)
        );
        Box::new(match is_version {
            true => upgrade_required("only version 13 of WebSocket is spoken here\n"),
            false => text(StatusCode::BAD_REQUEST, "not a WebSocket handshake\n"),
        })
    })?;
    let headers = request.headers();
    let offers = headers.get_all(header::SEC_WEBSOCKET_EXTENSIONS).iter();
    let offers = offers.filter_map(|offer| offer.to_str().ok());
    let agent = headers.get(header::USER_AGENT);
    let agent = agent.and_then(|agent| agent.to_str().ok());
    let agreed = compression.then(|| deflate::negotiate(offers, agent.unwrap_or_default()));
    let agreed = agreed.flatten();
    if let Some(agreed) = &agreed
        && let Ok(header) = HeaderValue::try_from(agreed.header())
    {
        let headers = response.headers_mut();
        headers.insert(header::SEC_WEBSOCKET_EXTENSIONS, header);
    }
    Ok((response, agreed))
}

/// The socket of an upgraded request, and what came right behind it.
pub(super) async fn upgraded(
    request: Request<Incoming>,
    limit: Duration,
) -> Option<(Socket, Bytes)> {
    let upgraded = tokio::time::timeout(limit, hyper::upgrade::on(request)).await;
    let upgraded = upgraded.ok()?.ok()?;
    let parts = upgraded.downcast::<TokioIo<Io>>().ok()?;
    Some((parts.io.into_inner().into(), parts.read_buf))
}

/// Sends an upgraded socket to its shard, on whose thread it is served to its end.
async fn seat(
    socket: Socket,
    early: Bytes,
    arrived: Arrived,
    shared: Arc<Shared>,
    permit: Arc<OwnedSemaphorePermit>,
) {
    let Some(shard) = Shard::pick(&shared.shards) else {
        return;
    };
    let address = arrived.address;
    let moved = match socket.unbind() {
        Ok(socket) => {
            let arrival = Arrival {
                socket,
                early,
                arrived,
                permit,
            };
            shard.send(arrival).await.is_ok()
        }
        Err(_) => false,
    };
    if !moved {
        shard.left();
        // The knock is taken back, as above.
        let _ = shared.hub.send(ToHub::Left(address)).await;
    }
}

/// What the token of the request says, where it shows one: in the header that is for it, and
/// nowhere else. Addresses are logged by everybody on the way.
async fn shown_login(headers: &HeaderMap, shared: &Shared) -> Result<Option<Login>, Box<Answer>> {
    let mut shown = headers.get_all(header::AUTHORIZATION).iter();
    let Some(first) = shown.next() else {
        return Ok(None);
    };
    let token = first
        .to_str()
        .ok()
        .and_then(|it| it.strip_prefix("Bearer "));
    let verified = match (token, shown.next()) {
        (Some(token), None) => connection::verify(token, shared).await.ok(),
        _ => None,
    };
    verified.map(Some).ok_or_else(|| {
        let mut answer = text(StatusCode::UNAUTHORIZED, "the token is not valid\n");
        let scheme = HeaderValue::from_static("Bearer error=\"invalid_token\"");
        answer
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, scheme);
        Box::new(answer)
    })
}

/// Whether the address may connect; `None` while stopping.
async fn knock(address: IpAddr, shared: &Shared) -> Option<Result<(), AddressRefusal>> {
    let (reply, answer) = oneshot::channel();
    shared.hub.send(ToHub::Knock(address, reply)).await.ok()?;
    answer.await.ok()
}

fn too_many(refusal: AddressRefusal) -> Answer {
    let (seconds, words) = match refusal {
        AddressRefusal::Connections => (60, "too many connections from this address\n"),
        AddressRefusal::Handshakes(ms) => (
            ms.div_ceil(1_000),
            "too many handshakes from this address\n",
        ),
    };
    let mut answer = text(StatusCode::TOO_MANY_REQUESTS, words);
    answer
        .headers_mut()
        .insert(header::RETRY_AFTER, seconds.into());
    answer
}

fn is_allowed_origin(headers: &HeaderMap, allowed: &[String]) -> bool {
    // Only browsers send one, and only they can be led here by somebody else's page.
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let is_listed =
        |origin: &HeaderValue| allowed.iter().any(|it| it.as_bytes() == origin.as_bytes());
    allowed.is_empty() || origins.all(is_listed)
}

/// What is to be spoken here, and in which version (RFC 9110, 15.5.22 and RFC 6455, 4.4).
fn upgrade_required(words: &'static str) -> Answer {
    let mut answer = text(StatusCode::UPGRADE_REQUIRED, words);
    let headers = answer.headers_mut();
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(
        header::SEC_WEBSOCKET_VERSION,
        HeaderValue::from_static("13"),
    );
    answer
}

pub(super) fn text(status: StatusCode, words: &'static str) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from_static(words.as_bytes())));
    *answer.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, plain);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_come_from_allowed_origins() {
        let allowed = ["https://trade.example".to_owned()];
        let mut headers = HeaderMap::new();
        assert!(is_allowed_origin(&headers, &allowed), "not a browser");
        headers.insert(
            header::ORIGIN,
            "https://trade.example".parse().expect("a header"),
        );
        assert!(is_allowed_origin(&headers, &allowed));
        headers.insert(
            header::ORIGIN,
            "https://evil.example".parse().expect("a header"),
        );
        assert!(!is_allowed_origin(&headers, &allowed));
        assert!(is_allowed_origin(&headers, &[]), "empty means any");
    }
}
