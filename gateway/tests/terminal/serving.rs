//! What is served, to whom, under which headers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use gateway::web;

use super::gateway::Gateway;

/// An answer: its status, its head in lower case but for the values, its body.
struct Answer {
    status: u16,
    head: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        let found = self.head.iter().find(|(it, _)| it == name);
        found.map_or("", |(_, value)| value)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// One connection: who opens one for each request is soon told to wait.
struct Asking {
    address: String,
    socket: BufReader<TcpStream>,
}

impl Asking {
    fn of(gateway: &Gateway) -> Asking {
        let socket = TcpStream::connect(&gateway.address).unwrap();
        Asking {
            address: gateway.address.clone(),
            socket: BufReader::new(socket),
        }
    }

    fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut lines = format!("{method} {path} HTTP/1.1\r\n");
        if !headers.iter().any(|(name, _)| *name == "Host") {
            lines += &format!("Host: {}\r\n", self.address);
        }
        for (name, value) in headers {
            lines += &format!("{name}: {value}\r\n");
        }
        lines += "\r\n";
        self.socket.get_mut().write_all(lines.as_bytes()).unwrap();
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            self.socket.read_line(&mut line).unwrap();
            match line.trim_end() {
                "" => break,
                line => head.push(line.to_owned()),
            }
        }
        let status = head[0].split(' ').nth(1).unwrap().parse().unwrap();
        let pairs = head.iter().filter_map(|line| line.split_once(": "));
        let mut answer = Answer {
            status,
            head: pairs
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect(),
            body: Vec::new(),
        };
        let length = answer.header("content-length").parse().unwrap_or(0);
        if method != "HEAD" && status != 304 {
            answer.body.resize(length, 0);
            self.socket.read_exact(&mut answer.body).unwrap();
        }
        answer
    }
}

const HTML: (&str, &str) = ("Accept", "text/html,*/*;q=0.8");

#[test]
fn every_file_has_its_type_its_tag_and_its_guards() {
    let gateway = Gateway::demo("files", true);
    let mut asking = Asking::of(&gateway);
    for file in web::FILES {
        let answer = asking.ask("GET", file.path, &[HTML]);
        let path = file.path;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.body, file.body, "{path}");
        assert_eq!(answer.header("content-type"), file.kind.content_type());
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cache-control"), "no-cache");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
        assert_eq!(answer.header("content-encoding"), "");

        let tag = answer.header("etag").to_owned();
        assert!(tag.starts_with('"') && tag.ends_with('"'), "{path}: {tag}");
        let again = asking.ask("GET", path, &[HTML, ("If-None-Match", &tag)]);
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        assert_eq!(again.header("etag"), tag);
        let other = asking.ask("GET", path, &[HTML, ("If-None-Match", "\"x\"")]);
        assert_eq!(other.status, 200, "{path}");

        let head = asking.ask("HEAD", path, &[HTML]);
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        let packed = asking.ask("GET", path, &[HTML, ("Accept-Encoding", "gzip, br")]);
        assert_eq!(packed.header("content-encoding"), "gzip", "{path}");
        assert_ne!(packed.header("etag"), tag, "{path}");
        assert!(packed.body.len() < file.body.len(), "{path}");
        assert_eq!(packed.header("vary"), "Accept, Accept-Encoding");
    }
    let page = asking.ask("GET", "/", &[HTML]);
    let policy = page.header("content-security-policy");
    let address = &gateway.address;
    for part in [
        "default-src 'none'",
        "script-src 'self';",
        "style-src 'self';",
        &format!("connect-src 'self' ws://{address} wss://{address};"),
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    ] {
        assert!(policy.contains(part), "{part} is missing in {policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
}

#[test]
fn who_does_not_come_with_a_browser_gets_a_text() {
    let gateway = Gateway::demo("text", true);
    let mut asking = Asking::of(&gateway);
    for headers in [&[][..], &[("Accept", "*/*")]] {
        let answer = asking.ask("GET", "/", headers);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        assert!(answer.text().contains("This port speaks WebSocket"));
        assert_eq!(answer.header("vary"), "Accept");
    }
    assert!(
        asking
            .ask("GET", "/", &[HTML])
            .text()
            .contains("<!doctype html>")
    );
    for path in [
        "/terminal/",
        "/terminal/no.js",
        "/client/../web/main.js",
        "/main.js",
        "/favicon.ico",
    ] {
        assert_eq!(asking.ask("GET", path, &[HTML]).status, 404, "{path}");
    }
    assert_eq!(asking.ask("POST", "/", &[HTML]).status, 404);
    assert_eq!(asking.ask("GET", "/health", &[]).status, 200);
    assert_eq!(asking.ask("GET", "/ws", &[HTML]).status, 426);
}

#[test]
fn the_demo_gives_its_tokens_to_its_own_page_only() {
    let gateway = Gateway::demo("tokens", true);
    let mut asking = Asking::of(&gateway);
    let own = format!("http://{}", gateway.address);
    for headers in [
        &[][..],
        &[("Origin", &*own), ("Sec-Fetch-Site", "same-origin")],
    ] {
        let answer = asking.ask("GET", "/demo/users", headers);
        assert_eq!(answer.status, 200, "{headers:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("access-control-allow-origin"), "");
        for user in ["alice", "bob", "carol"] {
            assert!(answer.text().contains("\"token\":\"ey") && answer.text().contains(user));
        }
    }
    for headers in [
        ("Host", "evil.example"),
        ("Host", "127.0.0.1.evil.example"),
        ("Origin", "https://evil.example"),
        ("Origin", "http://127.0.0.1:1"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
        ("X-Forwarded-For", "203.0.113.7"),
    ] {
        let answer = asking.ask("GET", "/demo/users", &[headers]);
        assert_eq!(answer.status, 403, "{headers:?}");
        assert!(!answer.text().contains("ey"), "{headers:?}");
    }
    let serve = Gateway::serve("no-tokens");
    let mut asking_serve = Asking::of(&serve);
    let answer = asking_serve.ask("GET", "/demo/users", &[]);
    assert_eq!(answer.status, 404);
    assert!(!answer.text().contains("ey"));
    assert_eq!(asking_serve.ask("GET", "/", &[HTML]).status, 200);
}
