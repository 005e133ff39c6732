//! Addresses of other ledgers' nodes.

use std::fmt;

/// Where a node is. Its path may hold a key, so it is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct NodeUrl {
    /// `wss` or `https`.
    pub is_secure: bool,
    /// A name or an address, without brackets.
    pub host: Box<str>,
    /// Its port.
    pub port: u16,
    /// From the first `/` on.
    pub path: Box<str>,
}

/// What a node speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// `ws://` and `wss://`
    WebSocket,
    /// `http://` and `https://`
    Http,
}

impl NodeKind {
    const fn schemes(self) -> (&'static str, &'static str) {
        match self {
            NodeKind::WebSocket => ("ws://", "wss://"),
            NodeKind::Http => ("http://", "https://"),
        }
    }
}

impl NodeUrl {
    /// Reads an URL of this kind; `None` for anything else, and for one with a user's name.
    pub fn parse(text: &str, kind: NodeKind) -> Option<NodeUrl> {
        let (plain, secure) = kind.schemes();
        let (is_secure, rest) = match (text.strip_prefix(secure), text.strip_prefix(plain)) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return None,
        };
        let (authority, path) = match rest.find(['/', '?']) {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        let is_visible = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        if authority.contains('@') || !is_visible(path) || path.contains('#') {
            return None;
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => {
                let (host, after) = rest.split_once(']')?;
                host.parse::<std::net::Ipv6Addr>().ok()?;
                (host, after)
            }
            None => {
                let end = authority.find(':').unwrap_or(authority.len());
                authority.split_at(end)
            }
        };
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-:".contains(&byte);
        if host.is_empty() || host.len() > 253 || !host.bytes().all(is_host) {
            return None;
        }
        let port = match port.strip_prefix(':') {
            Some(port) => port.parse().ok().filter(|port| *port != 0)?,
            None if port.is_empty() && is_secure => 443,
            None if port.is_empty() => 80,
            None => return None,
        };
        let slash = if path.starts_with('/') { "" } else { "/" };
        Some(NodeUrl {
            is_secure,
            host: host.into(),
            port,
            path: format!("{slash}{path}").into(),
        })
    }

    /// Host and port, as a `Host` header has them.
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for NodeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.authority())
    }
}

impl fmt::Debug for NodeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeUrl")
            .field("is_secure", &self.is_secure)
            .field("authority", &self.authority())
            .field("path", &"hidden")
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_or_refused() {
        let read = |text| {
            let url = NodeUrl::parse(text, NodeKind::WebSocket)?;
            Some(format!(
                "{} {} {}",
                url.is_secure,
                url.authority(),
                url.path
            ))
        };
        for (text, expected) in [
            ("ws://127.0.0.1:6006", "false 127.0.0.1:6006 /"),
            ("wss://xrplcluster.com/", "true xrplcluster.com:443 /"),
            ("ws://node/key?a=b", "false node:80 /key?a=b"),
            ("wss://node?a=b", "true node:443 /?a=b"),
            ("ws://[::1]:51233/", "false [::1]:51233 /"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "ws://",
            "http://node",
            "node:80",
            "ws://:80",
            "ws://a:b",
            "ws://a:0",
            "ws://a:70000",
            "ws://user@node",
            "ws://no de",
            "ws://node/a b",
            "ws://[::1",
            "ws://é",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        let url = NodeUrl::parse("https://node/secret-key", NodeKind::Http);
        assert!(!format!("{url:?}").contains("secret-key"), "{url:?}");
    }
}
