//! A node of a simulated Flare: a contract registry, FTSOv2, and a pool a token against FLR.

use simd_json::OwnedValue;
use simd_json::prelude::*;

use super::{DemoToken, MILLION, TOKENS, flare_millionths};

/// How much time lies between two blocks, in milliseconds.
const BLOCK_MS: u64 = 1_800;
/// The number of the block that the simulation begins with.
const FIRST_BLOCK: u64 = 50_000;
/// Tokens in each pool.
const POOL_TOKENS: u128 = 150_000;
/// What an XRP and a FLR are worth, in hundred-thousandths of a dollar.
const XRP_USD: u128 = 200_000;
const FLR_USD: u128 = 100_000;
const WEI: u128 = 1_000_000_000_000_000_000;

/// Flare's contract registry.
pub const REGISTRY: &str = "0x00000000000000000000000000000000000000f0";
/// FTSOv2.
const FTSO: &str = "0x00000000000000000000000000000000000000f1";
/// FLR as a token.
pub const WRAPPED_FLR: &str = "0x00000000000000000000000000000000000000f2";

/// The address of a token, by its number.
pub fn token_address(index: usize) -> String {
    format!("0x{:040x}", 0x1_0000 + index)
}

/// The address of a token's pool, by its number.
pub fn pool_address(index: usize) -> String {
    format!("0x{:040x}", 0x2_0000 + index)
}

/// The answer to a request or a batch. `ms` is the time since the beginning, `began_ms` that of
/// the beginning since 1970.
pub fn answer(body: &mut [u8], ms: u64, began_ms: u64) -> String {
    let node = Node {
        began_ms,
        newest: FIRST_BLOCK + ms / BLOCK_MS,
    };
    match simd_json::to_owned_value(body) {
        Ok(OwnedValue::Array(calls)) => {
            let answers: Vec<String> = calls.iter().map(|call| node.answer(call)).collect();
            format!("[{}]", answers.join(","))
        }
        Ok(call) => node.answer(&call),
        Err(_) => failure("null", -32_700, "parse error"),
    }
}

fn failure(id: &str, code: i32, message: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":"{message}"}}}}"#)
}

struct Node {
    began_ms: u64,
    newest: u64,
}

impl Node {
    fn answer(&self, call: &OwnedValue) -> String {
        let id = call.get("id").map_or("null".to_owned(), |id| id.encode());
        let result = match call.get_str("method") {
            Some("eth_chainId") => Ok(r#""0x72""#.to_owned()),
            Some("eth_blockNumber") => Ok(format!(r#""0x{:x}""#, self.newest)),
            Some("eth_getBlockByNumber") => Ok(format!(
                r#"{{"number":"0x{:x}","timestamp":"0x{:x}","hash":"0x{:064x}"}}"#,
                self.newest,
                self.time_of(self.newest),
                self.newest
            )),
            Some("eth_call") => self.call(call),
            _ => Err((-32_601, "the method does not exist")),
        };
        match result {
            Ok(result) => format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#),
            Err((code, message)) => failure(&id, code, message),
        }
    }

    /// Seconds since 1970.
    const fn time_of(&self, block: u64) -> u64 {
        (self.began_ms + (block - FIRST_BLOCK) * BLOCK_MS) / 1_000
    }

    fn call(&self, call: &OwnedValue) -> Result<String, (i32, &'static str)> {
        let wrong = (-32_602, "invalid params");
        let params = call.get_array("params").ok_or(wrong)?;
        let [to, block] = &params[..] else {
            return Err(wrong);
        };
        let block = match block.as_str().ok_or(wrong)? {
            "latest" => self.newest,
            text => {
                let digits = text.strip_prefix("0x").ok_or(wrong)?;
                u64::from_str_radix(digits, 16).map_err(|_| wrong)?
            }
        };
        if !(FIRST_BLOCK..=self.newest).contains(&block) {
            return Err((-32_000, "header not found"));
        }
        let to_text = |key| to.get_str(key).map(str::to_ascii_lowercase).ok_or(wrong);
        let (address, data) = (to_text("to")?, to_text("data")?);
        let data = data.strip_prefix("0x").ok_or(wrong)?;
        let words = self.contract(&address, data, block);
        let words = words.ok_or((3, "execution reverted"))?;
        Ok(format!("\"0x{words}\""))
    }

    /// What a contract gives back, in hex without a prefix.
    fn contract(&self, to: &str, data: &str, block: u64) -> Option<String> {
        let (selector, argument) = data.split_at_checked(8)?;
        match (to, selector) {
            // getContractAddressByName("FtsoV2")
            (REGISTRY, "82760fca") => {
                let is_known = argument.get(128..140) == Some("4674736f5632");
                Some(if is_known {
                    address_word(FTSO)
                } else {
                    word(0)
                })
            }
            // getFeedById
            (FTSO, "93e9f806") => {
                let name: String = argument.chars().skip(2).take(14).collect();
                let value = match &*name {
                    "5852502f555344" => XRP_USD,
                    "464c522f555344" => FLR_USD,
                    _ => return None,
                };
                let time = u128::from(self.time_of(block));
                Some(format!("{}{}{}", word(value), word(5), word(time)))
            }
            // decimals
            (WRAPPED_FLR, "313ce567") => Some(word(18)),
            _ => {
                let tokens = TOKENS.iter().enumerate();
                let mut answers = tokens.filter_map(|(index, token)| {
                    self.token_or_pool(index, token, to, selector, block)
                });
                answers.next()
            }
        }
    }

    fn token_or_pool(
        &self,
        index: usize,
        token: &DemoToken,
        to: &str,
        selector: &str,
        block: u64,
    ) -> Option<String> {
        if to == token_address(index) {
            return (selector == "313ce567").then(|| word(18));
        }
        if to != pool_address(index) {
            return None;
        }
        match selector {
            // token0, token1
            "0dfe1681" => Some(address_word(&token_address(index))),
            "d21220a7" => Some(address_word(WRAPPED_FLR)),
            // getReserves
            "0902f1ac" => {
                let ms = (block - FIRST_BLOCK) * BLOCK_MS;
                let price = u128::from(token.price_xrp * flare_millionths(token, ms));
                let flr = POOL_TOKENS * price * (XRP_USD / FLR_USD) * (WEI / u128::from(MILLION));
                let time = u128::from(self.time_of(block));
                Some(format!(
                    "{}{}{}",
                    word(POOL_TOKENS * WEI),
                    word(flr),
                    word(time)
                ))
            }
            _ => None,
        }
    }
}

fn word(number: u128) -> String {
    format!("{number:064x}")
}

fn address_word(address: &str) -> String {
    format!("{:0>64}", address.trim_start_matches("0x"))
}
