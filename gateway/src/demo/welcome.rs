use std::io::{self, Write};
use std::net::SocketAddr;

use crate::instrument::Instruments;

/// What the demo says when it runs.
#[derive(Clone, Copy, Debug)]
pub struct Welcome<'a> {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where the operator connects, with which token.
    pub operator: Option<(SocketAddr, &'a str)>,
    /// What is traded.
    pub instruments: &'a Instruments,
    /// Users with their tokens.
    pub tokens: &'a [(String, String)],
    /// Whether simulated traders keep the books alive.
    pub has_traders: bool,
}

/// How it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// For a terminal.
    Colour,
    /// For files and pipes.
    Plain,
}

impl Style {
    fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        match self {
            Style::Colour => format!("\x1b[{code}m{text}\x1b[0m"),
            Style::Plain => text.to_owned(),
        }
    }
}

impl Welcome<'_> {
    /// Writes it.
    ///
    /// # Errors
    /// The writer's.
    pub fn write(&self, out: &mut impl Write, style: Style) -> io::Result<()> {
        let url = format!("ws://{}", self.address);
        let page = format!("http://{}/", self.address);
        writeln!(
            out,
            "{}  {page}",
            style.bold("Open this in a browser to watch and trade:")
        )?;
        writeln!(
            out,
            "You are signed in there as {}; the switch at the top makes you somebody else. Two\n\
             windows are two users.",
            self.tokens.first().map_or("", |(user, _)| user)
        )?;
        writeln!(out, "\n{}  {url}", style.bold("Programs connect to"))?;
        writeln!(out, "{}", style.bold("\nPairs"))?;
        for instrument in self.instruments.all() {
            let reference = u64::from(instrument.pair.reference_price().ticks());
            let price = decimal(instrument.price_units(reference), instrument.price_scale);
            writeln!(out, "  {:<16} around {price}", instrument.symbol)?;
        }
        writeln!(out, "{}", style.bold("\nUsers and their tokens"))?;
        for (user, token) in self.tokens {
            writeln!(out, "  {user:<6} {}", style.dim(token))?;
        }
        let pair = self.instruments.all().first().map_or("", |it| &it.symbol);
        let token = self.tokens.first().map_or("", |(_, token)| token);
        writeln!(
            out,
            "{}",
            style.bold("\nTo watch and trade from a shell, paste one of these")
        )?;
        writeln!(out, "{}", websocat(&url, pair, token))?;
        writeln!(out)?;
        writeln!(out, "{}", python(&url, pair, token))?;
        let heading = style.bold(
            "\nTo trade on margin: a position of ten for a fifth of its worth, and what becomes of it",
        );
        writeln!(out, "{heading}")?;
        writeln!(out, "{}", on_margin(&url, pair, token))?;
        writeln!(
            out,
            "Close it with {{\"type\":\"close_position\",\"positionId\":\"pos_…\"}}, add to it with\n\
             {{\"type\":\"adjust_margin\",\"positionId\":\"pos_…\",\"amount\":\"100.00\"}}."
        )?;
        if let Some((address, token)) = self.operator {
            let heading =
                style.bold("\nTo halt the pair as its operator would, and open it with resume");
            writeln!(out, "{heading}")?;
            writeln!(
                out,
                "curl -X POST -H 'Authorization: Bearer {token}' \
                 http://{address}/v1/pairs/{pair}/halt"
            )?;
        }
        writeln!(
            out,
            "\nOther ledgers are simulated: nodes of an XRP Ledger and of a Flare run inside this\n\
             process, on ports of this machine, and the feeds read them as they would real ones.\n\
             Subscribe to \"arbitrage\" and \"risk_alerts\": an opportunity comes within seconds."
        )?;
        let market = if self.has_traders {
            "Simulated traders keep the books alive; --quiet-market leaves them out."
        } else {
            "No simulated traders: the books are yours."
        };
        writeln!(out, "\n{market} Ctrl-C stops.")?;
        out.flush()
    }
}

const ORDER: &str = r#""side":"buy","amount":"1.00","price":"1001.00""#;

fn websocat(url: &str, pair: &str, token: &str) -> String {
    format!(
        r#"(echo '{{"type":"authenticate","token":"{token}"}}'; echo '{{"type":"subscribe","channels":[{{"type":"orderbook","pair":"{pair}"}},{{"type":"trades","pair":"{pair}"}},{{"type":"orders"}}]}}'; echo '{{"type":"place_order","orderType":"limit","orderData":{{"pair":"{pair}",{ORDER}}}}}'; cat) | websocat {url}"#
    )
}

fn on_margin(url: &str, pair: &str, token: &str) -> String {
    format!(
        r#"(echo '{{"type":"authenticate","token":"{token}"}}'; echo '{{"type":"subscribe","channels":[{{"type":"positions"}},{{"type":"margin_calls"}},{{"type":"orders"}}]}}'; echo '{{"type":"place_order","orderType":"market","orderData":{{"pair":"{pair}","side":"buy","amount":"10.00","leverage":"5"}}}}'; cat) | websocat {url}"#
    )
}

fn python(url: &str, pair: &str, token: &str) -> String {
    format!(
        r#"python3 -c 'import json; from websockets.sync.client import connect; ws = connect("{url}").__enter__(); [ws.send(json.dumps(m)) for m in [{{"type":"authenticate","token":"{token}"}}, {{"type":"subscribe","channels":[{{"type":"orderbook","pair":"{pair}"}},{{"type":"portfolio"}},{{"type":"orders"}}]}}, {{"type":"place_order","orderType":"limit","orderData":{{"pair":"{pair}",{ORDER}}}}}]]; [print(m) for m in ws]'"#
    )
}

fn decimal(units: u128, scale: u8) -> String {
    let digits = format!("{units:0>width$}", width = usize::from(scale) + 1);
    let (whole, rest) = digits.split_at(digits.len() - usize::from(scale));
    if rest.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{rest}")
    }
}
