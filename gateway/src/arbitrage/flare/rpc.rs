//! JSON-RPC, as far as a poll needs it.

use crate::arbitrage::json::{Node, parse};

use super::Fault;
use super::abi::Address;

/// One `eth_call`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) to: Address,
    pub(super) data: String,
}

/// A block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) number: u64,
    /// Seconds since 1970.
    pub(super) time: u64,
}

/// Asks for the newest block.
pub(super) fn newest_block() -> String {
    r#"{"jsonrpc":"2.0","id":0,"method":"eth_getBlockByNumber","params":["latest",false]}"#
        .to_owned()
}

/// Asks for all calls at one block, in one batch; their index is their id.
pub(super) fn batch(calls: &[Call], block: u64) -> String {
    let calls: Vec<String> = calls
        .iter()
        .enumerate()
        .map(|(id, Call { to, data })| {
            let to = to.text();
            format!(
                r#"{{"jsonrpc":"2.0","id":{id},"method":"eth_call","params":[{{"to":"{to}","data":"{data}"}},"0x{block:x}"]}}"#
            )
        })
        .collect();
    format!("[{}]", calls.join(","))
}

/// Reads the answer to [`newest_block`].
pub(super) fn read_block(body: &mut [u8]) -> Result<Block, Fault> {
    let tape = parse(body).ok_or(Fault::Unreadable)?;
    let root = Node::root(&tape);
    if let Some(error) = root.get("error") {
        return Err(refusal(error));
    }
    let result = root.get("result").ok_or(Fault::Unreadable)?;
    let number = |key| {
        let text = result.get(key).and_then(Node::text)?.strip_prefix("0x")?;
        u64::from_str_radix(text, 16).ok()
    };
    let block = number("number").zip(number("timestamp"));
    block
        .map(|(number, time)| Block { number, time })
        .ok_or(Fault::Unreadable)
}

/// Reads the answer to a [`batch`] of `count` calls: what each gave back, `None` where the
/// contract itself refused.
pub(super) fn read_batch(body: &mut [u8], count: usize) -> Result<Vec<Option<String>>, Fault> {
    let tape = parse(body).ok_or(Fault::Unreadable)?;
    let root = Node::root(&tape);
    // A node that takes no batches answers with one error.
    if let Some(error) = root.get("error") {
        return Err(refusal(error));
    }
    let items = root.items().filter(|items| items.len() == count);
    let mut results = vec![None; count];
    for item in items.ok_or(Fault::Unreadable)? {
        let id = item.get("id").and_then(Node::unsigned);
        let id = id.and_then(|id| usize::try_from(id).ok());
        let slot = id
            .and_then(|id| results.get_mut(id))
            .ok_or(Fault::Unreadable)?;
        if slot.is_some() {
            return Err(Fault::Unreadable);
        }
        *slot = Some(match item.get("error") {
            Some(error) if is_of_contract(error) => None,
            Some(error) => return Err(refusal(error)),
            None => {
                let text = item.get("result").and_then(Node::text);
                Some(text.ok_or(Fault::Unreadable)?.to_owned())
            }
        });
    }
    // As many as asked, each once: so all are there.
    Ok(results.into_iter().map(Option::flatten).collect())
}

/// Whether the contract refused, and not the node.
fn is_of_contract(error: Node<'_, '_>) -> bool {
    let message = error
        .get("message")
        .and_then(Node::text)
        .unwrap_or_default();
    error.get("code").and_then(Node::unsigned) == Some(3)
        || message.contains("revert")
        || message.contains("invalid opcode")
}

fn refusal(error: Node<'_, '_>) -> Fault {
    let message = error.get("message").and_then(Node::text);
    let message: String = message.unwrap_or("unknown").chars().take(80).collect();
    Fault::Refused(message.into())
}
