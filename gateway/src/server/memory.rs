//! What the gateway keeps of reports beside the exchange, so that a restart loses none of it:
//! each user's counter and window of order events, each pair's last trades and last 24
//! hours, and what users' holdings were worth.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::{Buf, BufMut};
use engine::domain::{EventSequence, PairId, Price, Quantity, Side, Timestamp, TradeId};
use engine::journal::Rim;
use engine::report::{Report, ReportKind};

use crate::config::Config;
use crate::hub::Remembered;
use crate::instrument::Instruments;
use crate::market_data::Day;
use crate::private_data::{ImageError, PrivateData, Valuation, Worths};
use crate::wire::TradeData;

/// The memory of a gateway, as recovery rebuilds it.
pub(super) struct Memory {
    pub(super) private: PrivateData,
    /// By pair, oldest first.
    pub(super) trades: Vec<VecDeque<TradeData>>,
    /// By pair.
    pub(super) days: Vec<Day>,
    pub(super) worths: Worths,
    instruments: Arc<Instruments>,
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
            days: vec![Day::default(); config.instruments.all().len()],
            worths: Worths::new(
                Valuation::new(&config.instruments, config.valuation),
                config.instruments.all().len(),
                &|pair| Some(config.instruments.get(pair)?.pair.reference_price()),
            ),
            instruments: config.instruments.clone(),
            recent_trades: usize::try_from(config.limits.recent_trades).unwrap_or(usize::MAX),
        }
    }

    /// What of it a hub takes up.
    pub(super) fn into_remembered(self) -> Remembered {
        Remembered {
            private: self.private,
            trades: self.trades,
            days: self.days,
            worths: self.worths,
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
        // Books are not followed here, so the last trades stand for the marks.
        let (trades, instruments) = (&self.trades, &self.instruments);
        let mark = |pair: PairId| {
            let last = trades.get(usize::from(pair.0))?.back().map(|it| it.price);
            last.or_else(|| Some(instruments.get(pair)?.pair.reference_price()))
        };
        self.worths.pass(report.time, &mark);
        match report.kind {
            ReportKind::AccountLimits { .. } | ReportKind::Revoked(_) => {}
            ReportKind::Accepted(ref order) => self.private.on_accepted(order),
            ReportKind::Order(ref change) => {
                let event = self
                    .private
                    .on_change(change, report.time)
                    .expect("invariant: an order is accepted before it changes");
                let is_spot = !event.record.order.funding.is_margin();
                let instrument = instruments.get(change.pair).filter(|_| is_spot);
                if let (Some(fill), Some(it)) = (&change.fill, instrument) {
                    let side = event.record.order.side;
                    self.worths.on_fill(change.account, &it.pair, side, fill);
                }
            }
            ReportKind::Balance {
                account,
                asset,
                available,
                held,
            } => {
                let units = available.units().saturating_add(held.units());
                self.worths.on_balance(account, asset, units, &mark);
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
                if let Some(day) = self.days.get_mut(usize::from(pair.0)) {
                    day.trade(report.time, price, quantity);
                }
            }
            ReportKind::Position(ref change) => {
                self.private.on_position(change);
                if let Some(it) = instruments.get(change.position.pair) {
                    self.worths.on_position(&it.pair, change);
                }
            }
            // Books, what is held, calls, marks, statuses and funds are read off the exchange itself;
            // how far a liquidation is, it says again.
            ReportKind::Answer { .. }
            | ReportKind::MarginCall(_)
            | ReportKind::MarginCallCleared { .. }
            | ReportKind::Mark { .. }
            | ReportKind::Liquidation { .. }
            | ReportKind::Deleveraged { .. }
            | ReportKind::Reserve { .. }
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
        out.put_u64_le(self.days.len() as u64);
        self.days.iter().for_each(|day| day.save(out));
        self.worths.save(out);
        self.worths.save_positions(out);
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
            if bytes.is_empty() {
                // Of a version that kept no days: they begin with what is replayed.
                return Ok(());
            }
            for pair in 0..bytes.try_get_u64_le()? {
                let day = Day::load(&mut bytes).ok_or(ImageError::Field("day"))?;
                let pair = usize::try_from(pair).ok();
                if let Some(place) = pair.and_then(|pair| self.days.get_mut(pair)) {
                    *place = day;
                }
            }
            self.worths.load(&mut bytes)?;
            if bytes.is_empty() {
                // Of a version without margin.
                return Ok(());
            }
            self.worths.load_positions(&mut bytes)
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
