//! What is asked of a node, and what it says.

use crate::arbitrage::Fixed;
use crate::arbitrage::detector::{Level, Pool, Share};
use crate::arbitrage::json::{Node, parse};

use super::{Fault, Market};

/// How many offers a side are asked for.
pub(super) const OFFERS: usize = 50;
/// The most offers that a node may answer with: some give more than they are asked for.
const MAX_OFFERS: usize = 1_000;

/// What is asked of one token in one ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Who sells the token for XRP.
    Asks,
    /// Who buys it for XRP.
    Bids,
    /// The pool of both.
    Pool,
}

impl Part {
    pub(super) const ALL: [Part; 3] = [Part::Asks, Part::Bids, Part::Pool];
}

/// What a request was about.
pub(super) enum Asked<'m> {
    /// The stream of ledgers.
    Subscription,
    /// A part of what there is of a token.
    Part(Part, &'m Market),
}

/// What a node said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// A ledger is validated: its index and close time, in seconds since 2000.
    Ledger { index: u32, closed: u64 },
    /// The answer to a request.
    Answer { id: u64, answer: Answer },
    /// Nothing that matters here.
    Other,
}

/// An answer, as far as it can be read without knowing what was asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Of a subscription: the newest validated ledger, if the node has one.
    Subscribed(Option<(u32, u64)>),
    /// Of an order book or a pool.
    Part {
        ledger: u32,
        is_validated: bool,
        part: PartAnswer,
    },
    /// A refusal and its word.
    Refused(Box<str>),
}

/// What an order book or a pool holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PartAnswer {
    Offers(Vec<Level>),
    Pool(Option<Pool>),
}

/// `subscribe` to the stream of ledgers.
pub(super) fn subscribe(id: u64) -> String {
    format!(r#"{{"id":{id},"command":"subscribe","streams":["ledger"]}}"#)
}

/// `book_offers` or `amm_info` in one ledger.
pub(super) fn ask(id: u64, market: &Market, part: Part, ledger: u32) -> String {
    let token = format!(
        r#"{{"currency":"{}","issuer":"{}"}}"#,
        market.currency.code(),
        market.issuer
    );
    let xrp = r#"{"currency":"XRP"}"#;
    let (command, rest) = match part {
        Part::Asks => (
            "book_offers",
            format!(r#""taker_gets":{token},"taker_pays":{xrp},"limit":{OFFERS}"#),
        ),
        Part::Bids => (
            "book_offers",
            format!(r#""taker_gets":{xrp},"taker_pays":{token},"limit":{OFFERS}"#),
        ),
        Part::Pool => ("amm_info", format!(r#""asset":{token},"asset2":{xrp}"#)),
    };
    format!(r#"{{"id":{id},"command":"{command}","ledger_index":{ledger},{rest}}}"#)
}

/// Reads a message. `asked` says what a request was about, `None` for one that nobody waits for
/// any more; `closed` is the close time of the ledger that was asked about, by which offers may
/// have expired.
pub(super) fn read<'m>(
    message: &mut [u8],
    closed: u64,
    asked: impl FnOnce(u64) -> Option<Asked<'m>>,
) -> Result<Said, Fault> {
    let tape = parse(message).ok_or(Fault::Unreadable)?;
    let root = Node::root(&tape);
    let kind = root
        .get("type")
        .and_then(Node::text)
        .ok_or(Fault::Unreadable)?;
    match kind {
        "ledgerClosed" => {
            let (index, closed) = ledger(root)?.ok_or(Fault::Unreadable)?;
            Ok(Said::Ledger { index, closed })
        }
        "response" => {
            let id = root.get("id").and_then(Node::unsigned);
            let id = id.ok_or(Fault::Unreadable)?;
            let Some(asked) = asked(id) else {
                return Ok(Said::Other);
            };
            let answer = read_answer(root, closed, asked)?;
            Ok(Said::Answer { id, answer })
        }
        _ => Ok(Said::Other),
    }
}

fn read_answer(root: Node<'_, '_>, closed: u64, asked: Asked<'_>) -> Result<Answer, Fault> {
    if root.get("status").and_then(Node::text) != Some("success") {
        let word = root.get("error").and_then(Node::text);
        let word: String = word.unwrap_or("unknown").chars().take(40).collect();
        return Ok(Answer::Refused(word.into()));
    }
    let result = root.get("result").ok_or(Fault::Unreadable)?;
    let Asked::Part(part, market) = asked else {
        return Ok(Answer::Subscribed(ledger(result)?));
    };
    let (index, is_validated) = (
        result.get("ledger_index").and_then(Node::unsigned),
        result.get("validated").and_then(Node::boolean),
    );
    let index = index.and_then(|it| u32::try_from(it).ok());
    let part = match part {
        Part::Asks | Part::Bids => {
            let offers = result.get("offers").and_then(Node::items);
            let offers = offers.filter(|it| it.len() <= MAX_OFFERS);
            PartAnswer::Offers(levels(
                &offers.ok_or(Fault::Unreadable)?,
                part,
                market,
                closed,
            )?)
        }
        Part::Pool => {
            let pool = result.get("amm").ok_or(Fault::Unreadable)?;
            PartAnswer::Pool(read_pool(pool, market)?)
        }
    };
    Ok(Answer::Part {
        ledger: index.ok_or(Fault::Unreadable)?,
        is_validated: is_validated.unwrap_or(false),
        part,
    })
}

/// Index and close time of a ledger; `None` where there is none.
fn ledger(node: Node<'_, '_>) -> Result<Option<(u32, u64)>, Fault> {
    let Some(index) = node.get("ledger_index") else {
        return Ok(None);
    };
    let index = index.unsigned().and_then(|it| u32::try_from(it).ok());
    let closed = node.get("ledger_time").and_then(Node::unsigned);
    match index.zip(closed) {
        Some(ledger) => Ok(Some(ledger)),
        None => Err(Fault::Unreadable),
    }
}

/// The offers that can be taken, best first as the node has them.
fn levels(
    offers: &[Node<'_, '_>],
    part: Part,
    market: &Market,
    closed: u64,
) -> Result<Vec<Level>, Fault> {
    let mut levels = Vec::with_capacity(offers.len());
    for offer in offers {
        let expires = offer.get("Expiration");
        if let Some(expires) = expires
            && expires.unsigned().ok_or(Fault::Unreadable)? <= closed
        {
            continue;
        }
        // What its owner can pay for, where that is less than what is offered.
        let figure = |funded, whole| {
            let amount = offer.get(funded).or_else(|| offer.get(whole));
            amount.ok_or(Fault::Unreadable)
        };
        let gets = figure("taker_gets_funded", "TakerGets")?;
        let pays = figure("taker_pays_funded", "TakerPays")?;
        let (base, quote) = match part {
            Part::Asks | Part::Pool => (token(gets, market)?, xrp(pays)?),
            Part::Bids => (token(pays, market)?, xrp(gets)?),
        };
        if !base.is_zero() && !quote.is_zero() {
            levels.push(Level { base, quote });
        }
    }
    // The node has them in order, but rounds what is partly funded: neighbours may change places.
    levels.sort_by(|first, second| {
        let (a, b) = (
            first.quote.big() * second.base.big(),
            second.quote.big() * first.base.big(),
        );
        match part {
            Part::Bids => b.cmp(&a),
            Part::Asks | Part::Pool => a.cmp(&b),
        }
    });
    Ok(levels)
}

/// The pool, where there is something in it and both assets can move.
fn read_pool(pool: Node<'_, '_>, market: &Market) -> Result<Option<Pool>, Fault> {
    let frozen = |key| pool.get(key).and_then(Node::boolean).unwrap_or(false);
    let amounts = pool.get("amount").zip(pool.get("amount2"));
    let (first, second) = amounts.ok_or(Fault::Unreadable)?;
    let (base, quote) = if first.text().is_some() {
        (token(second, market)?, xrp(first)?)
    } else {
        (token(first, market)?, xrp(second)?)
    };
    // In hundred-thousandths, at most a thousand of them.
    let fee = pool.get("trading_fee").and_then(Node::unsigned);
    let fee = fee
        .and_then(|fee| u32::try_from(fee).ok())
        .filter(|fee| *fee <= 1_000);
    let fee = fee
        .and_then(|fee| Share::from_millionths(fee * 10))
        .ok_or(Fault::Unreadable)?;
    let is_usable =
        !base.is_zero() && !quote.is_zero() && !frozen("asset_frozen") && !frozen("asset2_frozen");
    Ok(is_usable.then_some(Pool { base, quote, fee }))
}

/// An amount of XRP: drops, as a string.
fn xrp(node: Node<'_, '_>) -> Result<Fixed, Fault> {
    let text = node.text().ok_or(Fault::Unreadable)?;
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let drops = text.parse().ok().filter(|_| is_digits);
    drops.map(Fixed::from_drops).ok_or(Fault::Unreadable)
}

/// An amount of the token: value, currency and issuer.
fn token(node: Node<'_, '_>, market: &Market) -> Result<Fixed, Fault> {
    let text = |key| node.get(key).and_then(Node::text).ok_or(Fault::Unreadable);
    if !market.currency.is(text("currency")?) || *market.issuer != *text("issuer")? {
        return Err(Fault::OtherToken);
    }
    Fixed::parse(text("value")?).ok_or(Fault::Unreadable)
}
