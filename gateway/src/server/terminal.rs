//! The trading terminal over HTTP, and in the demo the tokens that it signs in with.
//!
//! `/` is the page for whoever accepts HTML and a text for everybody else, so that `curl` still
//! tells how to talk to this port. The page may run nothing but its own files: see [`policy`].

use bytes::Bytes;
use engine::domain::Timestamp;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Uri};

use crate::auth;
use crate::config::Config;
use crate::web::{self, Sent};

use super::http::{Answer, text};

/// How to talk to this port, for those who do not come with a browser.
const HELP: &str = include_str!("page.txt");
/// Where the demo's users and their tokens are.
const DEMO_USERS: &str = "/demo/users";
/// How long such a token is good, in seconds. The page asks for a new one in time.
const TOKEN_SECONDS: u64 = 60 * 60;

/// The answer, where the path is one of the terminal's.
pub(super) fn answer(
    request: &Request<Incoming>,
    config: &Config,
    now: Timestamp,
) -> Option<Answer> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    let headers = request.headers();
    match request.uri().path() {
        "/" if !accepts_html(headers) => Some(help()),
        DEMO_USERS if config.demo_sign_in => Some(demo_users(request, config, now)),
        path => {
            let file = web::find(path, takes_gzip(headers))?;
            Some(serve(file, headers))
        }
    }
}

fn help() -> Answer {
    let mut answer = text(StatusCode::OK, HELP);
    let accept = HeaderValue::from_static("Accept");
    answer.headers_mut().insert(header::VARY, accept);
    answer
}

/// A file, or that the one which the browser has is still it.
fn serve(file: Sent, headers: &HeaderMap) -> Answer {
    let mut tags = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut answer = Response::new(Full::default());
    let sent = answer.headers_mut();
    let mut say = |name, value| drop(sent.insert(name, HeaderValue::from_static(value)));
    // Kept, but asked about each time: a gateway that was replaced is never shown an old page.
    say(header::CACHE_CONTROL, "no-cache");
    say(header::ETAG, file.tag);
    say(header::VARY, "Accept, Accept-Encoding");
    if tags.any(|tags| names(tags, file.tag)) {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        say(header::CONTENT_TYPE, file.content_type);
        if file.is_packed {
            say(header::CONTENT_ENCODING, "gzip");
        }
        *answer.body_mut() = Full::new(Bytes::from_static(file.body));
    }
    protect(&mut answer);
    answer
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy(headers));
    answer
}

/// What holds for all that a browser may load from here.
fn protect(answer: &mut Answer) {
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ] {
        let value = HeaderValue::from_static(value);
        answer.headers_mut().insert(name, value);
    }
}

/// Scripts and styles from files of this port alone, connections to this port alone, no frame
/// around the page, and no text that becomes markup.
///
/// Not every browser counts `ws:` of the same host as `'self'`, so that is named where `Host` is
/// written like one.
fn policy(headers: &HeaderMap) -> HeaderValue {
    let host = host(headers).filter(|host| is_plain_host(host));
    let sockets = host.map_or_else(String::new, |host| format!(" ws://{host} wss://{host}"));
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         connect-src 'self'{sockets}; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    );
    HeaderValue::try_from(policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}

/// Users with fresh tokens, for a page of this machine and nobody else.
fn demo_users(request: &Request<Incoming>, config: &Config, now: Timestamp) -> Answer {
    if !is_own_page(request.headers()) {
        return text(
            StatusCode::FORBIDDEN,
            "only the demo's own page on this machine may ask\n",
        );
    }
    let Some(body) = tokens(config, now) else {
        return text(StatusCode::INTERNAL_SERVER_ERROR, "no token can be made\n");
    };
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    protect(&mut answer);
    let headers = answer.headers_mut();
    let kind = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

fn tokens(config: &Config, now: Timestamp) -> Option<String> {
    let key = config.auth.keys.first()?;
    let mut users = Vec::new();
    for account in &config.accounts {
        let (rules, user) = (&config.auth.rules, &account.user);
        let token = auth::mint(key, rules, user, None, now, TOKEN_SECONDS).ok()?;
        users.push(serde_json::json!({ "user": user.as_str(), "token": token }));
    }
    Some(serde_json::json!({ "users": users }).to_string())
}

/// Whether the request comes from a page of this port, or from no page at all.
///
/// A page of elsewhere shows its `Origin` or is named by `Sec-Fetch-Site`; one whose name was made
/// to lead to this machine shows that name in `Host`. What comes through a proxy is refused: its
/// client may be anywhere.
fn is_own_page(headers: &HeaderMap) -> bool {
    let Some(host) = host(headers).filter(|host| is_this_machine(host)) else {
        return false;
    };
    let is_own = |origin: &HeaderValue| {
        let origin = origin.to_str().ok().and_then(|it| it.parse::<Uri>().ok());
        let authority = origin.as_ref().and_then(Uri::authority);
        authority.is_some_and(|it| it.as_str().eq_ignore_ascii_case(host))
    };
    let is_direct = !["forwarded", "x-forwarded-for", "x-forwarded-host", "via"]
        .iter()
        .any(|name| headers.contains_key(*name));
    let site = headers.get_all("sec-fetch-site").iter();
    let is_same_site = |site: &HeaderValue| matches!(site.as_bytes(), b"same-origin" | b"none");
    is_direct
        && headers.get_all(header::ORIGIN).iter().all(is_own)
        && site.into_iter().all(is_same_site)
}

/// The one `Host` that was sent.
fn host(headers: &HeaderMap) -> Option<&str> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    hosts.next().is_none().then_some(host)
}

/// A name of this machine, with or without a port.
fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        _ => host,
    };
    ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|own| name.eq_ignore_ascii_case(own))
}

/// Whether nothing in it could end a source in a policy and begin another.
fn is_plain_host(host: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:".contains(&byte);
    !host.is_empty() && host.bytes().all(is_plain)
}

fn accepts_html(headers: &HeaderMap) -> bool {
    lists(headers, &header::ACCEPT, "text/html")
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    lists(headers, &header::ACCEPT_ENCODING, "gzip")
}

/// Whether the word is listed by name, and not with a weight of zero.
fn lists(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let lists = |value: &HeaderValue| {
        let mut entries = value.to_str().unwrap_or_default().split(',');
        entries.any(|entry| {
            let mut parts = entry.split(';').map(str::trim);
            let is_it = parts.next().is_some_and(|it| it.eq_ignore_ascii_case(word));
            let mut weights = parts.filter_map(|it| it.strip_prefix("q="));
            is_it && !weights.any(|it| it.trim_matches(['0', '.']).is_empty())
        })
    };
    headers.get_all(name).iter().any(lists)
}

/// Whether `If-None-Match` names this tag, weakly or not, or all there are.
fn names(tags: &HeaderValue, tag: &str) -> bool {
    let mut tags = tags.to_str().unwrap_or_default().split(',').map(str::trim);
    tags.any(|it| it == "*" || it.strip_prefix("W/").unwrap_or(it) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let line = |&(name, value): &(&str, &str)| {
            let name = HeaderName::try_from(name).expect("a name");
            (name, HeaderValue::try_from(value).expect("a value"))
        };
        lines.iter().map(line).collect()
    }

    #[test]
    fn tokens_are_for_pages_of_this_port() {
        const HOST: (&str, &str) = ("host", "127.0.0.1:8080");
        for (lines, expected) in [
            (&[HOST][..], true),
            (&[("host", "localhost:8080")], true),
            (&[("host", "LOCALHOST")], true),
            (&[("host", "[::1]:8080")], true),
            (&[HOST, ("origin", "http://127.0.0.1:8080")], true),
            (&[HOST, ("sec-fetch-site", "same-origin")], true),
            (&[HOST, ("sec-fetch-site", "none")], true),
            (&[], false),
            (&[HOST, HOST], false),
            (&[("host", "rebound.example:8080")], false),
            (&[("host", "127.0.0.1.example")], false),
            (&[("host", "127.0.0.1:8080:1")], false),
            (&[HOST, ("origin", "http://127.0.0.1:8081")], false),
            (&[HOST, ("origin", "http://localhost:8080")], false),
            (&[HOST, ("origin", "https://evil.example")], false),
            (&[HOST, ("origin", "null")], false),
            (&[HOST, ("sec-fetch-site", "same-site")], false),
            (&[HOST, ("sec-fetch-site", "cross-site")], false),
            (&[HOST, ("x-forwarded-for", "10.0.0.1")], false),
        ] {
            assert_eq!(is_own_page(&headers(lines)), expected, "{lines:?}");
        }
    }

    #[test]
    fn a_policy_names_the_host_only_where_that_is_one() {
        let of = |host| policy(&headers(&[("host", host)]));
        let named = of("trade.example:443");
        assert!(
            named
                .to_str()
                .expect("ASCII")
                .contains("connect-src 'self' ws://trade.example:443 wss://trade.example:443;")
        );
        for host in ["a;script-src *", "a *", "[::1]:8080", ""] {
            let policy = of(host);
            let policy = policy.to_str().expect("ASCII");
            assert!(policy.contains("connect-src 'self';"), "{policy}");
        }
    }

    #[test]
    fn browsers_accept_html_and_others_anything() {
        for (accept, expected) in [
            ("text/html,application/xhtml+xml,*/*;q=0.8", true),
            ("application/json, TEXT/HTML;q=0.5", true),
            ("text/html;q=0", false),
            ("text/html;q=0.0, */*", false),
            ("*/*", false),
            ("text/*", false),
            ("", false),
        ] {
            assert_eq!(accepts_html(&headers(&[("accept", accept)])), expected);
        }
    }

    #[test]
    fn tags_are_compared_weakly() {
        let value = |text| HeaderValue::from_static(text);
        assert!(names(&value("\"a\""), "\"a\""));
        assert!(names(&value("\"b\", W/\"a\""), "\"a\""));
        assert!(names(&value("*"), "\"a\""));
        assert!(!names(&value("\"b\""), "\"a\""));
        assert!(!names(&value("a"), "\"a\""));
    }
}
