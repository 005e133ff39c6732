//! A node of a simulated XRP Ledger.

use simd_json::OwnedValue;
use simd_json::prelude::*;

use super::{DemoToken, MILLION, TOKENS};

/// How much time lies between two ledgers, in milliseconds.
pub const LEDGER_MS: u64 = 4_000;
/// The number of the ledger that the simulation begins with.
const FIRST_LEDGER: u64 = 1_000;
/// Who issues the demo's tokens.
pub const ISSUER: &str = "rvYAfWj5gh67oV6fW32ZzP3Aw4Eubs59B";
/// How many offers stand on each side of a book.
const OFFERS: u64 = 8;
const DROPS: u64 = 1_000_000;

/// The newest validated ledger so many milliseconds after the beginning.
pub const fn newest_ledger(ms: u64) -> u64 {
    FIRST_LEDGER + ms / LEDGER_MS
}

/// What the stream tells of a ledger. `now_ms` is since 1970.
pub fn ledger_closed(ledger: u64, now_ms: u64) -> String {
    format!(
        r#"{{"type":"ledgerClosed","fee_base":10,"ledger_hash":"{ledger:064X}","ledger_index":{ledger},"ledger_time":{},"reserve_base":1000000,"reserve_inc":200000,"txn_count":0,"validated_ledgers":"{FIRST_LEDGER}-{ledger}"}}"#,
        since_2000(now_ms)
    )
}

/// Seconds since 2000, as this ledger counts them.
const fn since_2000(now_ms: u64) -> u64 {
    (now_ms / 1_000).saturating_sub(946_684_800)
}

/// The answer to a request, and whether it subscribes to the stream of ledgers. `newest` is the
/// newest ledger, `now_ms` the time since 1970.
pub fn answer(request: &mut [u8], newest: u64, now_ms: u64) -> (String, bool) {
    let Ok(request) = simd_json::to_owned_value(request) else {
        return (refusal("null", "jsonInvalid"), false);
    };
    let id = request
        .get("id")
        .map_or("null".to_owned(), |id| id.encode());
    let ledger = match request.get("ledger_index") {
        None => newest,
        Some(index) => match (index.as_u64(), index.as_str()) {
            (Some(index), _) if (FIRST_LEDGER..=newest).contains(&index) => index,
            (None, Some("validated" | "closed" | "current")) => newest,
            _ => return (refusal(&id, "lgrNotFound"), false),
        },
    };
    let result = match request.get_str("command") {
        Some("subscribe") => {
            let result = format!(
                r#""fee_base":10,"ledger_hash":"{newest:064X}","ledger_index":{newest},"ledger_time":{},"validated_ledgers":"{FIRST_LEDGER}-{newest}""#,
                since_2000(now_ms)
            );
            return (success(&id, &result), true);
        }
        Some("ping") => Some(String::new()),
        Some("book_offers") => book(&request, ledger),
        Some("amm_info") => pool(&request, ledger),
        _ => return (refusal(&id, "unknownCmd"), false),
    };
    match result {
        Some(result) => (success(&id, &result), false),
        None => (refusal(&id, "actNotFound"), false),
    }
}

fn success(id: &str, result: &str) -> String {
    format!(r#"{{"id":{id},"result":{{{result}}},"status":"success","type":"response"}}"#)
}

fn refusal(id: &str, word: &str) -> String {
    format!(r#"{{"error":"{word}","id":{id},"status":"error","type":"response"}}"#)
}

/// The token that a currency code means.
fn token(asset: &OwnedValue) -> Option<&'static DemoToken> {
    let code = asset.get_str("currency")?;
    let is_ours = asset.get_str("issuer") == Some(ISSUER);
    TOKENS
        .iter()
        .find(|token| is_ours && code_of(token) == code)
}

fn code_of(token: &DemoToken) -> String {
    let mut code: String = token
        .symbol
        .bytes()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    code.extend(std::iter::repeat_n('0', 40 - code.len()));
    code
}

fn is_xrp(asset: &OwnedValue) -> bool {
    asset.get_str("currency") == Some("XRP")
}

/// The price in drops a token in this ledger: the reference, a tenth of a percent to and fro.
fn price_drops(token: &DemoToken, ledger: u64) -> u64 {
    let at = ledger % 20;
    let by = if at < 10 { at } else { 20 - at };
    token.price_xrp * (DROPS + by * 100)
}

fn amount(token: &DemoToken, value: &str) -> String {
    let code = code_of(token);
    format!(r#"{{"currency":"{code}","issuer":"{ISSUER}","value":"{value}"}}"#)
}

/// Offers on one side: a tenth of a percent away from the price and from each other. The second
/// one's owner can pay for half of it.
fn book(request: &OwnedValue, ledger: u64) -> Option<String> {
    let (gets, pays) = (request.get("taker_gets")?, request.get("taker_pays")?);
    let (token, is_ask) = if is_xrp(pays) {
        (token(gets)?, true)
    } else if is_xrp(gets) {
        (token(pays)?, false)
    } else {
        return None;
    };
    let price = price_drops(token, ledger);
    let mut offers = Vec::new();
    for place in 1..=OFFERS {
        let millionths = if is_ask {
            MILLION + place * 1_000
        } else {
            MILLION - place * 1_000
        };
        let tokens = 500 * place;
        let drops = |tokens: u64| tokens * (price / 1_000) * (millionths / 10) / 100;
        let (of_token, of_xrp) = (
            amount(token, &tokens.to_string()),
            format!("\"{}\"", drops(tokens)),
        );
        let (gets, pays) = if is_ask {
            (of_token, of_xrp)
        } else {
            (of_xrp, of_token)
        };
        let funded = if place == 2 {
            let (of_token, of_xrp) = (
                amount(token, &(tokens / 2).to_string()),
                format!("\"{}\"", drops(tokens / 2)),
            );
            let (gets, pays) = if is_ask {
                (of_token, of_xrp)
            } else {
                (of_xrp, of_token)
            };
            format!(r#","taker_gets_funded":{gets},"taker_pays_funded":{pays}"#)
        } else {
            String::new()
        };
        offers.push(format!(
            r#"{{"Account":"{ISSUER}","Flags":0,"LedgerEntryType":"Offer","Sequence":{place},"TakerGets":{gets},"TakerPays":{pays}{funded}}}"#
        ));
    }
    Some(format!(
        r#""ledger_index":{ledger},"offers":[{}],"validated":true"#,
        offers.join(",")
    ))
}

/// Two hundred thousand tokens and what they are worth, at 0.5%: deeper than the book, but dearer.
fn pool(request: &OwnedValue, ledger: u64) -> Option<String> {
    let (first, second) = (request.get("asset")?, request.get("asset2")?);
    let token = token(if is_xrp(first) { second } else { first })?;
    let tokens = 200_000;
    let drops = tokens * price_drops(token, ledger);
    Some(format!(
        r#""amm":{{"account":"{ISSUER}","amount":"{drops}","amount2":{},"asset2_frozen":false,"trading_fee":500}},"ledger_index":{ledger},"validated":true"#,
        amount(token, &tokens.to_string())
    ))
}
