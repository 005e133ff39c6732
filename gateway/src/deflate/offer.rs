//! `Sec-WebSocket-Extensions`, as far as it is about permessage-deflate (RFC 7692, 5 and 7.1).

use super::MAX_WINDOW_BITS;

/// What both sides keep to, beside that neither keeps a window between messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// How far the server's messages may refer back, as a power of two.
    pub window_bits: u8,
    /// Whether the client asked for such a limit, so that the answer repeats it.
    server_window: Option<u8>,
    /// The client's own limit, where it named one.
    client_window: Option<u8>,
}

impl Agreement {
    /// The answer's header.
    pub fn header(&self) -> String {
        let mut header =
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover".to_owned();
        for (name, bits) in [
            ("server", self.server_window),
            ("client", self.client_window),
        ] {
            if let Some(bits) = bits {
                header += &format!("; {name}_max_window_bits={bits}");
            }
        }
        header
    }
}

/// Takes the first offer that can be kept to, of all headers in their order; `None` leaves the
/// connection without compression, and so does a client whose inflater is known to be broken.
pub fn negotiate<'a>(
    headers: impl IntoIterator<Item = &'a str>,
    user_agent: &str,
) -> Option<Agreement> {
    if is_broken(user_agent) {
        return None;
    }
    headers.into_iter().find_map(|header| {
        let mut lexer = Lexer(header);
        while !lexer.is_done() {
            if let Some(agreement) = lexer.offer() {
                return Some(agreement);
            }
            lexer.skip_offer();
        }
        None
    })
}

/// Safari 15.0 to 15.3, and all browsers of the iOS of those days, which are that Safari
/// underneath: they keep the window although they agreed not to.
fn is_broken(user_agent: &str) -> bool {
    let is_early = |name: &str, dot: char| {
        let mut parts = user_agent.split(name).skip(1);
        parts.any(|rest| {
            let minor = rest
                .strip_prefix("15")
                .and_then(|rest| rest.strip_prefix(dot));
            let mut digits = minor.unwrap_or_default().chars();
            digits
                .next()
                .is_some_and(|minor| ('0'..='3').contains(&minor))
                && !digits.next().is_some_and(|more| more.is_ascii_digit())
        })
    };
    let is_webkit = user_agent.contains("Safari/") && !user_agent.contains("Chrome/");
    let is_ios = user_agent.contains("like Mac OS X");
    (is_webkit && is_early("Version/", '.')) || (is_ios && is_early(" OS ", '_'))
}

/// Reads a list of extensions from the front (RFC 6455, 9.1).
struct Lexer<'a>(&'a str);

impl<'a> Lexer<'a> {
    fn is_done(&mut self) -> bool {
        self.spaces();
        self.0.is_empty()
    }

    fn spaces(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    fn take(&mut self, byte: char) -> bool {
        self.spaces();
        match self.0.strip_prefix(byte) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn token(&mut self) -> Option<&'a str> {
        self.spaces();
        let is_token =
            |byte: char| byte.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(byte);
        let end = self.0.find(|byte| !is_token(byte)).unwrap_or(self.0.len());
        let (token, rest) = self.0.split_at(end);
        self.0 = rest;
        (!token.is_empty()).then_some(token)
    }

    /// A token, quoted or not: a quoted value must be one too.
    fn value(&mut self) -> Option<&'a str> {
        if !self.take('"') {
            return self.token();
        }
        let token = self.token()?;
        self.0 = self.0.strip_prefix('"')?;
        Some(token)
    }

    /// The next offer, if it is one that can be kept to; up to its end, or to where it went wrong.
    fn offer(&mut self) -> Option<Agreement> {
        if !self.token()?.eq_ignore_ascii_case("permessage-deflate") {
            return None;
        }
        let (mut server_window, mut client_window) = (None, None);
        let (mut is_server_alone, mut is_client_alone) = (false, false);
        let mut has_client_window = false;
        while self.take(';') {
            let name = self.token()?;
            let value = match self.take('=') {
                true => Some(self.value()?),
                false => None,
            };
            // Each at most once.
            let is_first = match (name, value) {
                ("server_no_context_takeover", None) => {
                    !std::mem::replace(&mut is_server_alone, true)
                }
                ("client_no_context_takeover", None) => {
                    !std::mem::replace(&mut is_client_alone, true)
                }
                ("server_max_window_bits", Some(value)) => {
                    server_window.replace(window(value)?).is_none()
                }
                ("client_max_window_bits", value) => {
                    client_window = match value {
                        Some(value) => Some(window(value)?),
                        None => None,
                    };
                    !std::mem::replace(&mut has_client_window, true)
                }
                _ => false,
            };
            if !is_first {
                return None;
            }
        }
        (self.is_done() || self.0.starts_with(',')).then_some(Agreement {
            window_bits: server_window.unwrap_or(MAX_WINDOW_BITS),
            server_window,
            client_window,
        })
    }

    /// Goes on behind the next comma that is not quoted.
    fn skip_offer(&mut self) {
        let mut is_quoted = false;
        let mut is_escaped = false;
        for (at, byte) in self.0.char_indices() {
            match byte {
                _ if is_escaped => is_escaped = false,
                '\\' if is_quoted => is_escaped = true,
                '"' => is_quoted = !is_quoted,
                ',' if !is_quoted => {
                    self.0 = &self.0[at + 1..];
                    return;
                }
                _ => {}
            }
        }
        self.0 = "";
    }
}

/// 8 to 15, without zeros in front.
fn window(value: &str) -> Option<u8> {
    let bits = value.parse().ok()?;
    let is_plain = value.bytes().all(|it| it.is_ascii_digit()) && !value.starts_with('0');
    (is_plain && (8..=MAX_WINDOW_BITS).contains(&bits)).then_some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str =
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

    fn check(offer: &[&str], answer: Option<&str>) {
        let agreed = negotiate(offer.iter().copied(), "node");
        let header = agreed.as_ref().map(Agreement::header);
        let rest = header
            .as_deref()
            .map(|it| it.strip_prefix(PLAIN).unwrap_or(it));
        assert_eq!(rest, answer, "{offer:?}");
    }

    #[test]
    fn offers_are_tried_in_order() {
        check(&[], None);
        check(&[""], None);
        check(&["x-webkit-deflate-frame"], None);
        check(&["permessage-deflate"], Some(""));
        check(&["PerMessage-Deflate"], Some(""));
        check(&["permessage-deflate; client_max_window_bits"], Some(""));
        check(
            &["permessage-deflate;client_no_context_takeover;server_no_context_takeover"],
            Some(""),
        );
        check(
            &["permessage-deflate; server_max_window_bits=10"],
            Some("; server_max_window_bits=10"),
        );
        check(
            &["permessage-deflate; server_max_window_bits=\"9\" ; client_max_window_bits=8"],
            Some("; server_max_window_bits=9; client_max_window_bits=8"),
        );
        check(
            &["permessage-deflate; mystery, permessage-deflate; server_max_window_bits=8"],
            Some("; server_max_window_bits=8"),
        );
        check(
            &["foo; bar=\"a,b\\\"; permessage-deflate\", permessage-deflate"],
            Some(""),
        );
        check(&["foo", "permessage-deflate"], Some(""));
        check(&["@, permessage-deflate"], Some(""));
    }

    #[test]
    fn what_cannot_be_kept_to_is_declined() {
        for parameter in [
            "server_max_window_bits",
            "server_max_window_bits=7",
            "server_max_window_bits=16",
            "server_max_window_bits=010",
            "server_max_window_bits=+9",
            "server_max_window_bits=\"9",
            "server_max_window_bits=",
            "server_max_window_bits=9; server_max_window_bits=9",
            "client_max_window_bits=7",
            "client_max_window_bits; client_max_window_bits",
            "client_max_window_bits=10; client_max_window_bits",
            "server_no_context_takeover=1",
            "server_no_context_takeover; server_no_context_takeover",
            "client_no_context_takeover; client_no_context_takeover",
            "Server_no_context_takeover",
            "",
            "server_max_window_bits=9 10",
        ] {
            let offer = format!("permessage-deflate; {parameter}");
            check(&[&offer], None);
            check(&[&format!("{offer}, permessage-deflate")], Some(""));
        }
    }

    #[test]
    fn the_safaris_that_cannot_do_it_are_left_out() {
        let mac = |version: &str| {
            format!(
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like \
                 Gecko) Version/{version} Safari/605.1.15"
            )
        };
        let phone = |system: &str| {
            format!(
                "Mozilla/5.0 (iPhone; CPU iPhone OS {system} like Mac OS X) AppleWebKit/605.1.15 \
                 (KHTML, like Gecko) CriOS/97.0.4692.72 Mobile/15E148 Safari/604.1"
            )
        };
        let chrome = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_3) AppleWebKit/537.36 (KHTML, \
                      like Gecko) Chrome/120.0.0.0 Safari/537.36";
        for (agent, broken) in [
            (mac("14.1.2"), false),
            (mac("15.0"), true),
            (mac("15.3"), true),
            (mac("15.3.1"), true),
            (mac("15.4"), false),
            (mac("15.30"), false),
            (mac("16.1"), false),
            (phone("15_1"), true),
            (phone("15_3_1"), true),
            (phone("15_4"), false),
            (phone("16_0"), false),
            (chrome.to_owned(), false),
            (String::new(), false),
        ] {
            let agreed = negotiate(["permessage-deflate"], &agent);
            assert_eq!(agreed.is_none(), broken, "{agent}");
        }
    }
}
