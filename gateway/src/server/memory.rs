//! What the gateway keeps of reports beside the exchange, so that a restart loses none of it:
//! each user's counter and window of order events, and each pair's last trades.

use std::collections::VecDeque;

use bytes::{Buf, BufMut};
use engine::domain::{EventSequence, PairId, Price, Quantity, Side, Timestamp, TradeId};
use engine::journal::Rim;
use engine::report::{Report, ReportKind};

use crate::config::Config;
use crate::private_data::{ImageError, PrivateData};
use crate::wire::TradeData;

/// The memory of a gateway, as recovery rebuilds it.
pub(super) struct Memory {
    pub(super) private: PrivateData,
    /// By pair, oldest first.
    pub(super) trades: Vec<VecDeque<TradeData>>,
    /// How many of a pair are kept.
    recent_trades: usize,
}

impl Memory {
    /// Of a gateway that heard nothing yet.
    pub(super) fn new(config: &Config) -> Memory {
        Memory {
            private: PrivateData::new(config.instruments.assets().len(), config.kept()),
            trades: config
                .instruments
                .all()
                .iter()
                .map(|_| VecDeque::new())
                .collect(),
            recent_trades: usize::try_from(config.limits.recent_trades).unwrap_or(usize::MAX),
        }
    }

    fn remember(&mut self, pair: PairId, trade: TradeData) {
        if let Some(trades) = self.trades.get_mut(usize::from(pair.0)) {
            trades.push_back(trade);
            if trades.len() > self.recent_trades {
                trades.pop_front();
            }
        }
    }
}

impl Rim for Memory {
    fn take(&mut self, report: &Report) {
        match report.kind {
            ReportKind::Accepted(ref order) => self.private.on_accepted(order),
            ReportKind::Order(ref change) => {
                self.private
                    .on_change(change, report.time)
                    .expect("invariant: an order is accepted before it changes");
            }
            ReportKind::Trade {
                pair,
                sequence,
                price,
                quantity,
                taker_side,
            } => {
                let trade = TradeData {
                    trade: TradeId::new(pair, sequence),
                    price,
                    quantity,
                    taker_side,
                    time: report.time,
                    sequence,
                };
                self.remember(pair, trade);
            }
            // Books, balances and statuses are read off the exchange itself.
            ReportKind::Answer { .. }
            | ReportKind::Balance { .. }
            | ReportKind::Book { .. }
            | ReportKind::TradingStatus { .. } => {}
        }
    }

    fn save(&self, out: &mut Vec<u8>) {
        self.private.save(out);
        out.put_u64_le(self.trades.len() as u64);
        for trades in &self.trades {
            out.put_u64_le(trades.len() as u64);
            for trade in trades {
                out.put_u64_le(trade.sequence.0);
                out.put_u32_le(trade.price.ticks());
                out.put_u64_le(trade.quantity.lots());
                out.put_u8(u8::from(trade.taker_side == Side::Sell));
                out.put_u64_le(trade.time.0);
            }
        }
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), String> {
        let mut bytes = bytes;
        let mut memory = || -> Result<(), ImageError> {
            self.private.load(&mut bytes)?;
            for pair in (0..bytes.try_get_u64_le()?).map(u16::try_from) {
                let pair = PairId(pair.map_err(|_| ImageError::Field("count of pairs"))?);
                for _ in 0..bytes.try_get_u64_le()? {
                    let trade = trade(&mut bytes, pair)?;
                    self.remember(pair, trade);
                }
            }
            Ok(())
        };
        memory().map_err(|error| format!("what the gateway kept: {error}"))
    }
}

fn trade(bytes: &mut &[u8], pair: PairId) -> Result<TradeData, ImageError> {
    let sequence = EventSequence(bytes.try_get_u64_le()?);
    let price = Price::new(bytes.try_get_u32_le()?).ok_or(ImageError::Field("price"))?;
    let quantity = Quantity::new(bytes.try_get_u64_le()?).ok_or(ImageError::Field("quantity"))?;
    let taker_side = if bytes.try_get_u8()? == 0 {
        Side::Buy
    } else {
        Side::Sell
    };
    let time = Timestamp(bytes.try_get_u64_le()?);
    Ok(TradeData {
        trade: TradeId::new(pair, sequence),
        price,
        quantity,
        taker_side,
        time,
        sequence,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

    use engine::domain::CommandSequence;

    use super::*;
    use crate::config::DemoOptions;

    fn memory(recent_trades: u32) -> Memory {
        let mut config = Config::demo(&DemoOptions::default());
        config.limits.recent_trades = recent_trades;
        Memory::new(&config)
    }

    fn kept(memory: &Memory) -> Vec<u64> {
        memory.trades[0].iter().map(|it| it.sequence.0).collect()
    }

    #[test]
    fn as_many_trades_are_kept_as_configured_and_taken_up_again() {
        let mut five = memory(5);
        for sequence in 1..=7 {
            five.take(&Report {
                after: CommandSequence(sequence),
                time: Timestamp(7),
                kind: ReportKind::Trade {
                    pair: PairId(0),
                    sequence: EventSequence(sequence),
                    price: Price::new(1_000).unwrap(),
                    quantity: Quantity::new(1).unwrap(),
                    taker_side: Side::Buy,
                },
            });
        }
        assert_eq!(kept(&five), [3, 4, 5, 6, 7]);
        let mut saved = Vec::new();
        five.save(&mut saved);
        let mut two = memory(2);
        two.load(&saved).unwrap();
        assert_eq!(kept(&two), [6, 7], "a smaller limit forgets the oldest");
    }
}
