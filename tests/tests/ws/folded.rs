//! What a client makes of order book messages, from their description alone.

use std::collections::BTreeMap;

use serde_json::Value;

/// A book folded from messages: prices in cents.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Folded {
    pub(crate) bids: BTreeMap<u64, String>,
    pub(crate) asks: BTreeMap<u64, String>,
    pub(crate) sequence: u64,
}

impl Folded {
    pub(crate) fn take(&mut self, message: &Value) {
        let data = &message["data"];
        match data["kind"].as_str().unwrap() {
            "delta" => assert_eq!(data["previousSequence"], self.sequence, "{message}"),
            "snapshot" | "full" => *self = Folded::default(),
            other => panic!("{other}"),
        }
        for (side, levels) in [
            (&mut self.bids, &data["bids"]),
            (&mut self.asks, &data["asks"]),
        ] {
            for level in levels.as_array().unwrap() {
                let price = cents(&level["price"]);
                match level["amount"].as_str().unwrap() {
                    "0.00" => assert!(side.remove(&price).is_some(), "{message}"),
                    amount => {
                        side.insert(price, amount.to_owned());
                    }
                }
            }
        }
        self.sequence = data["sequence"].as_u64().unwrap();
        assert_eq!(data["checksum"], self.checksum(), "{message} {self:?}");
    }

    /// As `docs/protocol.md` describes it, written again from that description.
    fn checksum(&self) -> u32 {
        let text = |(price, amount): (&u64, &String)| {
            format!("{}.{:02}:{amount}", price / 100, price % 100)
        };
        let bids = self.bids.iter().rev().take(10).map(text);
        let asks = self.asks.iter().take(10).map(text);
        let all: Vec<String> = bids.chain(asks).collect();
        crc32fast::hash(all.join(":").as_bytes())
    }
}

pub(crate) fn cents(price: &Value) -> u64 {
    price.as_str().unwrap().replace('.', "").parse().unwrap()
}
