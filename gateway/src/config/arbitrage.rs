//! `[arbitrage]` and `[alerts]`.

use crate::alerts::VolatilityRules;
use crate::arbitrage::Fixed;
use crate::arbitrage::detector::{DetectorRules, Share, TokenRules};
use crate::arbitrage::flare::{Address, FeedId, FlareRules, Source};
use crate::arbitrage::xrpl::{Currency, Market, is_address};
use crate::instrument::Instruments;

use super::node::{NodeKind, NodeUrl};
use super::section::Section;
use super::{AlertsConfig, ArbitrageConfig, NodesConfig};

/// The most tokens that are looked at: each costs three requests a ledger.
const MAX_TOKENS: usize = 50;

pub(super) fn alerts(root: &mut Section<'_>, instruments: &Instruments) -> Option<AlertsConfig> {
    let section = &mut root.section("alerts");
    let default_move = section.integer("volatility_move_bps", 500, 1..=1_000_000);
    let default_window = section.integer("volatility_window_seconds", 60, 1..=86_400_u64);
    let rules = |move_bps, seconds: u64| VolatilityRules {
        move_bps,
        window_ms: seconds * 1_000,
    };
    let default = rules(default_move?, default_window?);
    let mut volatility = Some(vec![default; instruments.all().len()]);
    for (symbol, mut section) in section.named_sections("volatility") {
        let move_bps = section.integer("move_bps", default.move_bps, 1..=1_000_000);
        let seconds = default.window_ms / 1_000;
        let seconds = section.integer("window_seconds", seconds, 1..=86_400_u64);
        section.finish();
        let pair = instruments.by_symbol(symbol);
        if pair.is_none() {
            let expected = "the symbol of a pair, in quotes like \"BASE/QUOTE\"";
            let path = section.path_of("");
            let path = path.trim_end_matches('.');
            section.mistakes().add(path, "an unknown pair", expected);
        }
        volatility = volatility.zip(pair).zip(move_bps).zip(seconds).map(
            |(((mut volatility, pair), move_bps), seconds)| {
                volatility[usize::from(pair.id().0)] = rules(move_bps, seconds);
                volatility
            },
        );
    }
    section.finish();
    Some(AlertsConfig {
        volatility: volatility?,
    })
}

/// `Some(None)` where there is nothing to look at.
pub(super) fn arbitrage(
    root: &mut Section<'_>,
    instruments: &Instruments,
) -> Option<Option<ArbitrageConfig>> {
    if !root.has("arbitrage") {
        return Some(None);
    }
    let section = &mut root.section("arbitrage");
    let network_fee = fixed(section, "network_fee", Fixed::ZERO);
    let mut xrpl = section.section("xrpl");
    let xrpl_nodes = nodes(&mut xrpl, NodeKind::WebSocket);
    let xrpl_stale_after_ms = xrpl.integer("stale_after_ms", 15_000, 1_000..=600_000_u64);
    xrpl.finish();
    let mut flare = section.section("flare");
    let flare_nodes = nodes(&mut flare, NodeKind::Http);
    let flare_stale_after_ms = flare.integer("stale_after_ms", 10_000, 1_000..=600_000_u64);
    let poll_interval_ms = flare.integer("poll_interval_ms", 2_000, 10..=60_000_u64);
    let registry = address(&mut flare, "registry");
    let xrp_feed = match flare.has("xrp_feed") {
        true => feed(&mut flare, "xrp_feed"),
        false => FeedId::parse("XRP/USD"),
    };
    flare.finish();
    let tokens = tokens(section, instruments);
    section.finish();
    let (mut rules, mut markets, mut sources) = (Vec::new(), Vec::new(), Vec::new());
    for (token, market, source) in tokens? {
        rules.push(token);
        markets.push(market);
        sources.push(source);
    }
    Some(Some(ArbitrageConfig {
        detector: DetectorRules {
            tokens: rules,
            xrpl_stale_after_ms: xrpl_stale_after_ms?,
            flare_stale_after_ms: flare_stale_after_ms?,
            network_fee: network_fee?,
        },
        xrpl: xrpl_nodes?,
        markets,
        flare: flare_nodes?,
        poll_interval_ms: poll_interval_ms?,
        flare_rules: FlareRules {
            registry: registry?,
            xrp_feed: xrp_feed?,
            sources,
        },
    }))
}

fn nodes(section: &mut Section<'_>, kind: NodeKind) -> Option<NodesConfig> {
    let request_timeout_ms = section.integer("request_timeout_ms", 5_000, 10..=60_000_u64);
    let expected = match kind {
        NodeKind::WebSocket => "an URL like \"wss://host:443/\"",
        NodeKind::Http => "an URL like \"https://host:443/path\"",
    };
    let texts = section.texts("nodes");
    if texts.is_empty() {
        section.mistake("nodes", "nothing", &format!("at least one of {expected}"));
        return None;
    }
    let mut nodes = Some(Vec::new());
    for (path, text) in texts {
        let node = NodeUrl::parse(text, kind);
        if node.is_none() {
            // What stands there may hold a key.
            section.mistakes().add(&path, "something else", expected);
        }
        nodes = nodes.zip(node).map(|(mut nodes, node)| {
            nodes.push(node);
            nodes
        });
    }
    Some(NodesConfig {
        nodes: nodes?,
        request_timeout_ms: request_timeout_ms?,
    })
}

type Token = (TokenRules, Market, Source);

fn tokens(section: &mut Section<'_>, instruments: &Instruments) -> Option<Vec<Token>> {
    let mut tokens = Some(Vec::<Token>::new());
    let mut sections = section.sections("tokens");
    if sections.is_empty() || sections.len() > MAX_TOKENS {
        let expected = format!("one to {MAX_TOKENS} [[arbitrage.tokens]]");
        section.mistake("tokens", &sections.len().to_string(), &expected);
        return None;
    }
    for section in &mut sections {
        let token = token(section, instruments);
        section.finish();
        let is_double = |token: &Token| {
            let mut before = tokens.iter().flatten();
            before.any(|it| it.0.symbol == token.0.symbol)
        };
        if let Some(double) = token.as_ref().filter(|token| is_double(token)) {
            section.wrong_text(
                "symbol",
                &double.0.symbol,
                "a token that was not named before",
            );
        }
        tokens = tokens.zip(token).map(|(mut tokens, token)| {
            tokens.push(token);
            tokens
        });
    }
    tokens
}

fn token(section: &mut Section<'_>, instruments: &Instruments) -> Option<Token> {
    let symbol = section.needed_text("symbol", "the symbol of an asset");
    if let Some(symbol) = symbol
        && instruments.asset_by_symbol(symbol).is_none()
    {
        section.wrong_text("symbol", symbol, "the symbol of an asset");
    }
    let most = Fixed::SCALE;
    let price_scale = section.integer("price_scale", 2, 0..=most);
    let amount_scale = section.integer("amount_scale", 2, 0..=most);
    let deep = fixed(section, "deep_value", Fixed::from_drops(10_000_000_000));
    let mut xrpl = section.section("xrpl");
    let market = market(&mut xrpl, symbol.unwrap_or_default());
    let xrpl_fee = share(&mut xrpl, "fee_bps", 0);
    xrpl.finish();
    let mut flare = section.section("flare");
    let source = source(&mut flare);
    let flare_fee = share(&mut flare, "fee_bps", 0);
    flare.finish();
    let rules = TokenRules {
        symbol: symbol?.into(),
        price_scale: price_scale?,
        amount_scale: amount_scale?,
        xrpl_fee: xrpl_fee?,
        flare_fee: flare_fee?,
        deep: deep?,
    };
    Some((rules, market?, source?))
}

fn market(section: &mut Section<'_>, symbol: &str) -> Option<Market> {
    let text = match section.has("currency") {
        true => section.text("currency")?,
        false => symbol,
    };
    let currency = Currency::new(text);
    if let Err(error) = currency {
        let expected = "three characters, a longer name, or 40 hex digits, and not XRP";
        section.mistake("currency", &format!("{text:?}, which {error}"), expected);
    }
    let expected = "an address of the XRP Ledger like \"rvYAfWj5gh67oV6fW32ZzP3Aw4Eubs59B\"";
    let issuer = section.needed_text("issuer", expected)?;
    if !is_address(issuer) {
        section.wrong_text("issuer", issuer, expected);
        return None;
    }
    Some(Market {
        currency: currency.ok()?,
        issuer: issuer.into(),
    })
}

fn source(section: &mut Section<'_>) -> Option<Source> {
    if section.has("feed") {
        let feed = feed(section, "feed");
        if !section.has("depth") {
            section.mistake(
                "depth",
                "nothing",
                "how many tokens can be traded at the feed's price",
            );
            return None;
        }
        let depth = fixed(section, "depth", Fixed::ZERO)?;
        if depth.is_zero() {
            section.mistake("depth", "zero", "above zero");
            return None;
        }
        return Some(Source::Feed { feed: feed?, depth });
    }
    let pool = address(section, "pool");
    let token = address(section, "token");
    let quote = address(section, "quote");
    if token.is_some() && token == quote {
        section.mistake("quote", "the token", "another token");
        return None;
    }
    let quote_feed = match section.has("quote_feed") {
        true => Some(feed(section, "quote_feed")?),
        false => None,
    };
    let fee = share(section, "pool_fee_bps", 30);
    Some(Source::Pool {
        pool: pool?,
        token: token?,
        quote: quote?,
        quote_feed,
        fee: fee?,
    })
}

fn address(section: &mut Section<'_>, key: &'static str) -> Option<Address> {
    let expected = "an address, 0x and 40 hex digits";
    let text = section.needed_text(key, expected)?;
    let address = Address::parse(text);
    if address.is_none() {
        section.wrong_text(key, text, expected);
    }
    address
}

fn feed(section: &mut Section<'_>, key: &'static str) -> Option<FeedId> {
    let text = section.text(key)?;
    let feed = FeedId::parse(text);
    if feed.is_none() {
        section.wrong_text(
            key,
            text,
            "a feed like \"XRP/USD\", or 0x and 42 hex digits",
        );
    }
    feed
}

fn share(section: &mut Section<'_>, key: &'static str, default: u32) -> Option<Share> {
    // All of it would leave nothing to trade with.
    let bps = section.integer(key, default, 0..=9_999)?;
    Share::from_bps(bps)
}

/// A decimal string of zero or more.
fn fixed(section: &mut Section<'_>, key: &'static str, default: Fixed) -> Option<Fixed> {
    if !section.has(key) {
        return Some(default);
    }
    let decimal = section.decimal(key)?;
    let fixed = Fixed::parse(&decimal.to_string());
    if fixed.is_none() {
        section.mistake(key, &decimal.to_string(), "zero or more");
    }
    fixed
}
