//! Positions and margin calls, told to their owners: what changed at once and never dropped, what
//! a mark price made of it at most once a second.

use bytes::Bytes;
use engine::domain::{AccountId, PairId, PositionId, Price};
use engine::report::{MarginCall, PositionChange, PositionView};

use crate::instrument::Instrument;
use crate::private_data::{OpenPosition, UserEvent, margin};
use crate::session::{ChannelKey, RequestHead};
use crate::wire::{
    self, MarginCallCleared, MarginCallMessage, PositionData, PositionUpdate, PositionsSnapshot,
    Refusal,
};

use super::{ConnectionId, Hub};

impl Hub {
    /// The exchange says that a position changed.
    pub(super) fn tell_position(&mut self, change: &PositionChange) {
        let view = change.position;
        let event = self.private.on_position(change);
        if let Some(instrument) = self.instruments.get(view.pair) {
            self.worths.on_position(&instrument.pair, change);
        }
        self.watch_recovery(view.pair);
        let mark = self.margin.mark(view.pair);
        let message = self.encode_position(view, Some(change), event.user_sequence);
        let Some(user) = self.users.get_mut(&view.account) else {
            return;
        };
        user.is_portfolio_changed = true;
        user.told_position_marks.insert(view.pair, mark);
        let Some(message) = message else { return };
        for seat in &user.position_seats {
            // Older than this one: what it would say is said.
            seat.mailbox.withdraw(position_key(view.pair));
            if seat.mailbox.push(message.clone()).is_err() {
                self.overflowed.push(seat.connection);
            }
        }
    }

    /// The exchange says that a call began, or is another one.
    pub(super) fn tell_call(&mut self, call: &MarginCall) {
        let account = call.position.account;
        self.private.on_call(call);
        // Said before the mark itself is.
        self.margin.on_mark(call.position.pair, Some(call.mark));
        if let Some(open) = self.private.position(account, call.position.position) {
            let message = self.encode_call(&open.clone());
            self.say_of_calls(account, message);
        }
    }

    /// The exchange says that a call is over.
    pub(super) fn tell_call_cleared(&mut self, account: AccountId, position: PositionId) {
        self.private.on_call_cleared(account, position);
        let message = self.instruments.get(position.pair()).map(|instrument| {
            let mut out = Vec::with_capacity(256);
            MarginCallCleared {
                position,
                instrument,
                user_sequence: self.private.user_sequence(account),
            }
            .encode(&mut out, self.now);
            Bytes::from(out)
        });
        self.say_of_calls(account, message);
    }

    /// Tells the positions whose mark price is another one than they were last told with.
    pub(super) fn publish_positions(&mut self) {
        let mut due = Vec::new();
        for (account, user) in &mut self.users {
            if user.position_seats.is_empty() {
                continue;
            }
            for open in self.private.positions(*account) {
                let mark = self.margin.mark(open.view.pair);
                let told = user.told_position_marks.insert(open.view.pair, mark);
                if told != Some(mark) {
                    due.push(open.view);
                }
            }
        }
        for view in due {
            let account = view.account;
            let sequence = self.private.user_sequence(account);
            let message = self.encode_position(view, None, sequence);
            let user = self.users.get(&account);
            for seat in user.into_iter().flat_map(|user| &user.position_seats) {
                if let Some(message) = &message {
                    let key = position_key(view.pair);
                    let was_waiting = seat.mailbox.replace_conflated(key, message.clone());
                    self.counts.conflated(was_waiting);
                }
            }
        }
    }

    /// What the user missed since `since`, if it is still known; then the open positions.
    pub(super) fn say_positions_channel(&mut self, id: ConnectionId, since: Option<u64>) {
        let Ok(account) = self.account(id) else {
            return;
        };
        let missed = since.map(|since| self.missed_positions(account, since));
        let resumed = missed.as_ref().map(Option::is_some);
        let mut messages = missed.flatten().unwrap_or_default();
        let sequence = self.private.user_sequence(account);
        let open: Vec<PositionView> = self.private.positions(account).map(|it| it.view).collect();
        let encoded = open
            .iter()
            .filter_map(|view| self.encode_position(*view, None, sequence));
        messages.extend(encoded);
        if let Some(resumed) = resumed {
            let mut out = Vec::with_capacity(192);
            PositionsSnapshot {
                count: u64::try_from(open.len()).unwrap_or(u64::MAX),
                resumed,
                user_sequence: sequence,
            }
            .encode(&mut out, self.now);
            messages.push(out.into());
        }
        let user = self.users.get_mut(&account);
        for told in user.into_iter().map(|user| &mut user.told_position_marks) {
            for view in &open {
                // Who listens already was told of the mark before this one.
                let mark = self.margin.mark(view.pair);
                told.entry(view.pair).or_insert(mark);
            }
        }
        self.say_missed(id, messages);
    }

    fn missed_positions(&self, account: AccountId, since: u64) -> Option<Vec<Bytes>> {
        let missed = self.private.events_after(account, since)?;
        let messages = missed.filter_map(|event| match event {
            UserEvent::Order(_) => None,
            UserEvent::Position(event) => {
                let view = event.change.position;
                self.encode_position(view, Some(&event.change), event.user_sequence)
            }
        });
        Some(messages.collect())
    }

    /// The calls in force.
    pub(super) fn say_calls(&mut self, id: ConnectionId) {
        let Ok(account) = self.account(id) else {
            return;
        };
        let calls = self.private.positions(account);
        let messages = calls.filter_map(|open| self.encode_call(open));
        let messages: Vec<Bytes> = messages.collect();
        self.say_missed(id, messages);
    }

    /// `get_positions`
    pub(super) fn say_positions(
        &mut self,
        id: ConnectionId,
        head: &RequestHead,
    ) -> Result<(), Refusal> {
        let (account, now) = (self.account(id)?, self.now);
        self.say_reply(id, |hub, out| {
            let open = hub.private.positions(account);
            let positions = open.filter_map(|open| hub.position_data(open.view, None));
            let sequence = hub.private.user_sequence(account);
            wire::encode_positions(positions, sequence, out, head.id.as_ref(), now);
        });
        Ok(())
    }

    pub(super) fn position_data<'a>(
        &'a self,
        view: PositionView,
        change: Option<&'a PositionChange>,
    ) -> Option<PositionData<'a>> {
        let instrument = self.instruments.get(view.pair)?;
        let terms = instrument.pair.margin()?;
        let mark = self.margin.mark(view.pair);
        Some(PositionData {
            instrument,
            view,
            mark,
            figures: mark.and_then(|mark| margin::figures(&view, &instrument.pair, terms, mark)),
            prices: margin::prices(&view, instrument, terms),
            change,
        })
    }

    fn encode_position(
        &self,
        view: PositionView,
        change: Option<&PositionChange>,
        user_sequence: u64,
    ) -> Option<Bytes> {
        let position = self.position_data(view, change)?;
        let mut out = Vec::with_capacity(640);
        PositionUpdate {
            position,
            user_sequence,
        }
        .encode(&mut out, self.now);
        Some(out.into())
    }

    fn encode_call(&self, open: &OpenPosition) -> Option<Bytes> {
        let (view, call) = (open.view, open.call?);
        let instrument: &Instrument = self.instruments.get(view.pair)?;
        let pair = &instrument.pair;
        let terms = pair.margin()?;
        let mark: Price = self.margin.mark(view.pair).unwrap_or(call.mark);
        let figures = margin::figures(&view, pair, terms, mark);
        let fee = pair.taker_fee();
        let mut out = Vec::with_capacity(640);
        MarginCallMessage {
            instrument,
            terms,
            view,
            severity: call.severity,
            since: call.since,
            deadline: call.deadline,
            mark,
            restoring: figures
                .as_ref()
                .map(|figures| margin::restoring(figures, &view, pair, terms, mark, fee)),
            figures,
            prices: margin::prices(&view, instrument, terms),
            user_sequence: self.private.user_sequence(view.account),
        }
        .encode(&mut out, self.now);
        Some(out.into())
    }

    fn say_of_calls(&mut self, account: AccountId, message: Option<Bytes>) {
        let user = self.users.get(&account);
        let seats = user.into_iter().flat_map(|user| &user.call_seats);
        for (seat, message) in seats.zip(std::iter::repeat(message).flatten()) {
            if seat.mailbox.push(message).is_err() {
                self.overflowed.push(seat.connection);
            }
        }
    }

    /// Puts many messages into a connection's outbox that one `subscribe` asked for. What several
    /// of its channels missed is one reply: together no more than is kept of the user.
    pub(super) fn say_missed(&mut self, id: ConnectionId, messages: Vec<Bytes>) {
        let Some(connection) = self.connections.get(&id) else {
            return;
        };
        if messages.is_empty() {
            return;
        }
        if std::mem::replace(&mut self.is_replying, true) {
            connection.mailbox.push_more(messages);
        } else if connection.mailbox.push_reply(messages).is_err() {
            self.overflowed.push(id);
        }
    }
}

/// The position's channel in an outbox: a user has one in a pair. Books and prices have other
/// keys.
pub(super) fn position_key(pair: PairId) -> ChannelKey {
    ChannelKey(1 << 30 | u32::from(pair.0))
}
