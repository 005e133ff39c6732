//! What is said of a command, to whom, and in which order (L-23).

use super::Settling;
use crate::Sink;
use crate::clearing::market::Work;
use crate::domain::{AccountId, AssetId};
use crate::event::Event;
use crate::report::{Answer, Report, ReportKind};
use crate::request::Correlation;

impl<S: Sink<Report>> Settling<'_, S> {
    /// Ends the command (L-23): balances, then the public, then the answer of a whole cancel-all.
    #[inline]
    pub(super) fn end(&mut self) {
        if self.market.margin.is_some() {
            self.end_of_margin();
        }
        let mut touched = std::mem::take(&mut self.market.touched);
        touched.sort_unstable();
        touched.dedup();
        for (account, asset) in touched.drain(..) {
            let balance = self.ledger.balance(account, asset);
            self.say(ReportKind::Balance {
                account,
                asset,
                available: balance.available,
                held: balance.held,
            });
        }
        self.market.touched = touched;
        for report in self.market.public.drain(..) {
            self.out.push(report);
        }
        self.market.triggered = None;
        let ended = self.market.in_flight.pop_front();
        if let Some(Work::Cancel { group: Some(group) }) = ended.map(|flight| flight.work) {
            self.end_of_group(group);
        }
    }

    fn end_of_group(&mut self, index: usize) {
        let group = &mut self.groups[index];
        group.outstanding -= 1;
        if group.outstanding > 0 {
            return;
        }
        let group = self.groups.remove(index);
        self.out.push(Report {
            after: group.sequence,
            time: group.time,
            kind: ReportKind::Answer {
                correlation: group.origin,
                answer: Answer::AllCancelled {
                    count: group.cancelled,
                },
            },
        });
    }

    #[inline]
    pub(in crate::clearing) fn touch(&mut self, account: AccountId, asset: AssetId) {
        self.market.touched.push((account, asset));
    }

    #[inline]
    pub(in crate::clearing) fn say(&mut self, kind: ReportKind) {
        self.out.push(self.report(kind));
    }

    #[inline]
    pub(in crate::clearing) fn answer(&mut self, answer: Answer) {
        if let Some(correlation) = self.flight.origin {
            self.say(ReportKind::Answer {
                correlation,
                answer,
            });
        }
    }

    /// Answers those who repeated the placement while it was in flight.
    #[inline]
    pub(super) fn answer_waiting(&mut self, answer: Answer) {
        if self.market.waiting.is_empty() {
            return;
        }
        let order = self.flight.order;
        let waiting = std::mem::take(&mut self.market.waiting);
        let (ours, others): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|(id, _)| *id == order);
        self.market.waiting = others;
        for (_, correlation) in ours {
            let correlation: Correlation = correlation;
            self.say(ReportKind::Answer {
                correlation,
                answer,
            });
        }
    }

    /// Keeps the change of a level for the public.
    #[inline]
    pub(super) fn book(&mut self, event: &Event) {
        let (Some(sequence), Some((side, price, change))) =
            (event.sequence(), event.level_change())
        else {
            return;
        };
        self.publish(ReportKind::Book {
            pair: self.market.pair.id(),
            sequence,
            side,
            price,
            change,
        });
    }

    #[inline]
    pub(in crate::clearing) fn publish(&mut self, kind: ReportKind) {
        let report = self.report(kind);
        self.market.public.push(report);
    }

    #[inline]
    fn report(&self, kind: ReportKind) -> Report {
        Report {
            after: self.flight.sequence,
            time: self.flight.time,
            kind,
        }
    }
}
