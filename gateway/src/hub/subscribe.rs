//! Channels begun and ended.

use bytes::Bytes;
use engine::domain::AccountId;

use crate::instrument::Priced;
use crate::market_data::GroupKey;
use crate::private_data::UserEvent;
use crate::session::{Channel, Refused, RequestHead, Subscribed};
use crate::wire::{
    self, ChannelRequest, HeldChannel, OrderUpdate, Reason, Refusal, Subscriptions, WireError,
};

use super::positions::position_key;
use super::prices::price_key;
use super::publish::order_data;
use super::{BookSeat, ConnectionId, Hub, PORTFOLIO_KEY, Seat, book_key};

impl Hub {
    /// Good entries take effect, each bad one gets its own error; then all that is held, then
    /// each new channel's snapshot.
    pub(super) fn subscribe(
        &mut self,
        id: ConnectionId,
        channels: &[Result<ChannelRequest, WireError>],
        head: &RequestHead,
    ) {
        let mut begun = Vec::new();
        for (index, entry) in (0..).zip(channels) {
            match self.begin(id, entry) {
                Ok(channel) => begun.push(channel),
                Err(refusal) => self.refuse_channel(id, index, refusal, head),
            }
        }
        if begun.is_empty() && !channels.is_empty() {
            return;
        }
        self.say_held(id, true, head);
        self.is_replying = false;
        for (channel, since) in begun {
            self.say_snapshot(id, channel, since);
        }
    }

    pub(super) fn unsubscribe(
        &mut self,
        id: ConnectionId,
        channels: &[Result<ChannelRequest, WireError>],
        head: &RequestHead,
    ) {
        let mut is_any_good = channels.is_empty();
        for (index, entry) in (0..).zip(channels) {
            match self.resolve_channel(entry) {
                Ok((channel, _)) => {
                    is_any_good = true;
                    let Some(connection) = self.connections.get_mut(&id) else {
                        return;
                    };
                    let session = &mut connection.session;
                    let account = session.user().map(|user| user.account);
                    if let Some(held) = session.subscriptions.remove(channel) {
                        self.leave(id, account, held);
                    }
                }
                Err(refusal) => self.refuse_channel(id, index, refusal, head),
            }
        }
        if is_any_good {
            self.say_held(id, false, head);
        }
    }

    /// Takes a connection out of a channel that it no longer holds.
    pub(super) fn leave(&mut self, id: ConnectionId, account: Option<AccountId>, channel: Channel) {
        let user = account.and_then(|account| self.users.get_mut(&account));
        let is_other = |seat: &Seat| seat.connection != id;
        match channel {
            Channel::Arbitrage => self.watch.arbitrage_seats.retain(is_other),
            Channel::RiskAlerts => self.watch.alert_seats.retain(is_other),
            Channel::OrderBook {
                pair,
                depth,
                updates,
            } => {
                let group = GroupKey { depth, updates };
                for (index, shard) in self.shards.iter_mut().enumerate() {
                    let seats = &mut shard.seats[usize::from(pair.0)][group.index()];
                    if let Some(at) = seats.iter().position(|it| it.seat.connection == id) {
                        let left = seats.swap_remove(at);
                        left.seat.mailbox.withdraw(book_key(pair));
                        shard.stale -= usize::from(left.is_stale);
                        self.market.leave(index, pair, group);
                    }
                }
            }
            Channel::Trades { pair } => {
                self.trades[usize::from(pair.0)].retain(is_other);
            }
            Channel::Price { of } => self.prices.leave(of, id),
            Channel::Orders => {
                if let Some(user) = user {
                    user.order_seats.retain(is_other);
                }
            }
            Channel::Positions => {
                if let Some(user) = user {
                    let seats = &mut user.position_seats;
                    if let Some(at) = seats.iter().position(|seat| seat.connection == id) {
                        let mailbox = seats.swap_remove(at).mailbox;
                        for pair in user.told_position_marks.keys() {
                            mailbox.withdraw(position_key(*pair));
                        }
                    }
                }
            }
            Channel::MarginCalls => {
                if let Some(user) = user {
                    user.call_seats.retain(is_other);
                }
            }
            Channel::Portfolio => {
                if let Some(user) = user {
                    let seats = &mut user.portfolio_seats;
                    if let Some(at) = seats.iter().position(|seat| seat.connection == id) {
                        seats.swap_remove(at).mailbox.withdraw(PORTFOLIO_KEY);
                    }
                }
            }
        }
    }

    /// Ends the private channels of a connection and says what it holds now.
    pub(super) fn end_private_channels(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let session = &mut connection.session;
        let account = session.user().map(|user| user.account);
        let ended = session.subscriptions.remove_private();
        if ended.is_empty() {
            return;
        }
        for channel in ended {
            self.leave(id, account, channel);
        }
        self.say_held(id, false, &RequestHead::default());
    }

    fn resolve_channel(
        &self,
        entry: &Result<ChannelRequest, WireError>,
    ) -> Result<(Channel, Option<u64>), Refusal> {
        let request = entry.as_ref().map_err(|error| (*error.refusal).clone())?;
        let instrument = request.resolve_pair(&self.instruments)?;
        let pair = || {
            let instrument = instrument.ok_or(Reason::UnknownChannelPair)?;
            Ok::<_, Refusal>(instrument.id())
        };
        Ok(match request {
            ChannelRequest::OrderBook { depth, updates, .. } => {
                let (pair, depth, updates) = (pair()?, *depth, *updates);
                let channel = Channel::OrderBook {
                    pair,
                    depth,
                    updates,
                };
                (channel, None)
            }
            ChannelRequest::Trades { .. } => (Channel::Trades { pair: pair()? }, None),
            ChannelRequest::Price { symbol } => {
                let of = wire::priced(symbol, &self.instruments)?;
                (Channel::Price { of }, None)
            }
            ChannelRequest::Orders { since } => (Channel::Orders, *since),
            ChannelRequest::Portfolio => (Channel::Portfolio, None),
            ChannelRequest::Positions { since } => (Channel::Positions, *since),
            ChannelRequest::MarginCalls => (Channel::MarginCalls, None),
            ChannelRequest::Arbitrage => (Channel::Arbitrage, None),
            ChannelRequest::RiskAlerts => (Channel::RiskAlerts, None),
        })
    }

    fn begin(
        &mut self,
        id: ConnectionId,
        entry: &Result<ChannelRequest, WireError>,
    ) -> Result<(Channel, Option<u64>), Refusal> {
        let (channel, since) = self.resolve_channel(entry)?;
        let account = match self.account(id) {
            Ok(account) => Some(account),
            Err(refusal) if channel.is_private() => return Err(refusal),
            Err(_) => None,
        };
        let limit = self.limits.subscriptions_per_connection;
        let Some(connection) = self.connections.get_mut(&id) else {
            return Err(Reason::Internal.into());
        };
        let seat = Seat {
            connection: id,
            mailbox: connection.mailbox.clone(),
        };
        match connection.session.subscriptions.add(channel, limit) {
            None => {
                return Err(Refusal::new(Reason::SubscriptionLimit)
                    .details(format!("at most {limit} subscriptions on one connection"))
                    .number("limit", u64::from(limit)));
            }
            Some(Subscribed::Again(held)) if held == channel => return Ok((channel, since)),
            Some(Subscribed::Again(held)) => self.leave(id, account, held),
            Some(Subscribed::New) => {}
        }
        let user = account.and_then(|account| self.users.get_mut(&account));
        match channel {
            Channel::OrderBook {
                pair,
                depth,
                updates,
            } => {
                let group = GroupKey { depth, updates };
                let index = seat.mailbox.shard();
                self.market.join(index, pair, group);
                let is_stale = false;
                let seats = &mut self.shards[index].seats[usize::from(pair.0)];
                seats[group.index()].push(BookSeat { seat, is_stale });
            }
            Channel::Trades { pair } => self.trades[usize::from(pair.0)].push(seat),
            Channel::Arbitrage => self.watch.arbitrage_seats.push(seat),
            Channel::RiskAlerts => self.watch.alert_seats.push(seat),
            Channel::Price { of } => self.prices.join(of, seat, self.now),
            Channel::Orders => {
                if let Some(user) = user {
                    user.order_seats.push(seat);
                }
            }
            Channel::Portfolio => {
                if let Some(user) = user {
                    user.portfolio_seats.push(seat);
                }
            }
            Channel::Positions => {
                if let Some(user) = user {
                    user.position_seats.push(seat);
                }
            }
            Channel::MarginCalls => {
                if let Some(user) = user {
                    user.call_seats.push(seat);
                }
            }
        }
        Ok((channel, since))
    }

    /// The entry at `index` of the list is refused; the decoder's refusals name it already.
    fn refuse_channel(
        &mut self,
        id: ConnectionId,
        index: u64,
        refusal: Refusal,
        head: &RequestHead,
    ) {
        let is_named = refusal.params.iter().any(|(name, _)| *name == "index");
        let refusal = if is_named {
            refusal
        } else {
            refusal.number("index", index)
        };
        self.say_error(id, &Refused::new(refusal, head.clone()));
    }

    fn say_held(&mut self, id: ConnectionId, subscribed: bool, head: &RequestHead) {
        let now = self.now;
        self.say(id, |hub, out| {
            let Some(connection) = hub.connections.get(&id) else {
                return;
            };
            let symbol = |pair| hub.instruments.get(pair).map_or("", |it| &it.symbol);
            let held = connection.session.subscriptions.held().iter();
            let channels: Vec<HeldChannel<'_>> = held
                .map(|channel| match *channel {
                    Channel::OrderBook {
                        pair,
                        depth,
                        updates,
                    } => HeldChannel::OrderBook {
                        pair: symbol(pair),
                        depth,
                        updates,
                    },
                    Channel::Trades { pair } => HeldChannel::Trades { pair: symbol(pair) },
                    Channel::Price {
                        of: Priced::Symbol(asset),
                    } => {
                        let asset = hub.instruments.asset(asset);
                        let symbol = asset.map_or("", |it| &it.symbol);
                        HeldChannel::Price { symbol }
                    }
                    Channel::Price {
                        of: Priced::Pair(pair),
                    } => HeldChannel::Price {
                        symbol: symbol(pair),
                    },
                    Channel::Orders => HeldChannel::Orders,
                    Channel::Portfolio => HeldChannel::Portfolio,
                    Channel::Positions => HeldChannel::Positions,
                    Channel::MarginCalls => HeldChannel::MarginCalls,
                    Channel::Arbitrage => HeldChannel::Arbitrage,
                    Channel::RiskAlerts => HeldChannel::RiskAlerts,
                })
                .collect();
            let channels = &channels;
            Subscriptions {
                subscribed,
                channels,
            }
            .encode(out, head.id.as_ref(), now);
        });
    }

    fn say_snapshot(&mut self, id: ConnectionId, channel: Channel, since: Option<u64>) {
        let now = self.now;
        match channel {
            Channel::OrderBook {
                pair,
                depth,
                updates,
            } => {
                let group = GroupKey { depth, updates };
                let Some(connection) = self.connections.get(&id) else {
                    return;
                };
                let mailbox = &connection.mailbox;
                let (index, instruments) = (mailbox.shard(), &self.instruments);
                let snapshot = self.market.snapshot(index, pair, group, instruments, now);
                if let Some(snapshot) = snapshot {
                    mailbox.replace_conflated(book_key(pair), snapshot);
                }
                let shard = &mut self.shards[index];
                let mut seats = shard.seats[usize::from(pair.0)][group.index()].iter_mut();
                if let Some(seat) = seats.find(|it| it.seat.connection == id) {
                    shard.stale -= usize::from(std::mem::take(&mut seat.is_stale));
                }
            }
            Channel::Trades { pair } => {
                let snapshot = self.market.trades_snapshot(pair, &self.instruments, now);
                if let Some(snapshot) = snapshot {
                    self.send(id, snapshot);
                }
            }
            Channel::Arbitrage => self.say_open_opportunities(id),
            Channel::RiskAlerts => self.say_alerts_in_force(id),
            Channel::Price { of } => {
                let message = self.encode_price(of);
                let connection = self.connections.get(&id);
                if let Some((message, connection)) = message.zip(connection) {
                    let mailbox = &connection.mailbox;
                    mailbox.replace_conflated(price_key(of), message);
                }
            }
            Channel::Orders => self.say_orders(id, since),
            Channel::Positions => self.say_positions_channel(id, since),
            Channel::MarginCalls => self.say_calls(id),
            Channel::Portfolio => {
                let Ok(account) = self.account(id) else {
                    return;
                };
                let portfolio = self.portfolio_snapshot(account);
                if let Some(connection) = self.connections.get(&id) {
                    let mailbox = &connection.mailbox;
                    mailbox.replace_conflated(PORTFOLIO_KEY, portfolio);
                }
            }
        }
    }

    /// What the user missed since `since`, if it is still known; then the open orders.
    fn say_orders(&mut self, id: ConnectionId, since: Option<u64>) {
        let now = self.now;
        let Ok(account) = self.account(id) else {
            return;
        };
        let missed = since.and_then(|since| self.private.events_after(account, since));
        let resumed = since.map(|_| missed.is_some());
        let mut messages: Vec<Bytes> = Vec::new();
        for event in missed.into_iter().flatten() {
            // A position's changes are told on its own channel.
            let UserEvent::Order(event) = event else {
                continue;
            };
            let Some(instrument) = self.instruments.get(event.record.order.pair) else {
                continue;
            };
            let order = order_data(instrument, &event.record);
            let user_sequence = event.user_sequence;
            let mut out = Vec::with_capacity(640);
            OrderUpdate {
                order,
                user_sequence,
            }
            .encode(&mut out, now);
            messages.push(out.into());
        }
        self.say_missed(id, messages);
        self.say_reply(id, |hub, out| {
            let orders = hub.private.open_orders(account);
            let orders = orders.filter_map(|it| hub.order_data(it));
            let sequence = hub.private.user_sequence(account);
            wire::encode_orders_snapshot(orders, sequence, resumed, out, now);
        });
    }
}
