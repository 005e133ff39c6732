//! What requests come to, said in their order.

use std::collections::BTreeMap;

use engine::domain::{AccountId, MarginRequest, PairId, PositionId, Side, Special};
use engine::reject::Reject;
use engine::report::{Answer, PositionView};
use engine::request::Correlation;

use crate::private_data::{OrderRecord, margin};
use crate::session::{CloseReason, InFlight, Login, Outcome, Refused, RequestHead, Window};
use crate::wire::{
    self, Authenticated, CancelAfterSet, Known, MarginAdjusted, OrderAmended, OrderCancelled,
    OrderPlaced, OrderType, OrdersCancelled, RateLimit, Reason, Refusal, UserLimits,
};

use super::requests::is_strike;
use super::{ConnectionId, Hub, UserSeat};

impl Hub {
    /// The exchange answered.
    pub(super) fn answer(&mut self, correlation: Correlation, answer: Answer) {
        let id = u32::try_from(correlation.0 >> 32).map(ConnectionId);
        let ticket = u32::try_from(correlation.0 & u64::from(u32::MAX));
        let (Ok(id), Ok(ticket)) = (id, ticket) else {
            return;
        };
        if id == ConnectionId::TIES {
            self.parted(AccountId(ticket));
            return;
        }
        if let Some(connection) = self.connections.get_mut(&id) {
            let arrival = connection.session.pipeline.answered(ticket, answer);
            if !matches!(answer, Answer::Rejected(_)) {
                self.answered = arrival;
            }
            self.say_outcomes(id);
            self.pump(id);
            if let Some(connection) = self.connections.get(&id)
                && let Some(reason) = connection.session.ending
                && !connection.session.pipeline.has_asked()
            {
                self.end_now(id, reason);
            }
        }
    }

    /// Says all outcomes that have nothing open before them.
    pub(super) fn say_outcomes(&mut self, id: ConnectionId) {
        while let Some(connection) = self.connections.get_mut(&id) {
            match connection.session.pipeline.pop() {
                None => return,
                Some(Outcome::Refused(refused)) => self.say_refused(id, &refused),
                Some(Outcome::Answered(context, answer)) => self.say_answer(id, context, answer),
            }
        }
    }

    fn say_refused(&mut self, id: ConnectionId, refused: &Refused) {
        self.say_error(id, refused);
        // A list counts once, by its first order.
        if !is_strike(&refused.refusal) || refused.request.index.is_some_and(|at| at > 0) {
            return;
        }
        let limit = self.limits.rate_strikes;
        if let Some(connection) = self.connections.get_mut(&id)
            && connection.session.strike(limit)
        {
            self.end(id, CloseReason::RateLimit);
        }
    }

    fn say_answer(&mut self, id: ConnectionId, context: InFlight, answer: Answer) {
        match (context, answer) {
            (InFlight::Fence, _) => {}
            (InFlight::Login { request, login }, Answer::Account { account, .. }) => {
                self.seat(id, account, login, request);
            }
            (
                InFlight::Place {
                    request,
                    order_type,
                    ..
                },
                Answer::Placed { order, duplicate },
            ) => {
                let placed = OrderPlaced {
                    order_type,
                    order,
                    client_order_id: request.client_order_id,
                    index: request.index,
                    duplicate,
                    rate_limit: self.rate_limit(id),
                };
                let now = self.now;
                self.say(id, |_, out| placed.encode(out, request.id.as_ref(), now));
            }
            (InFlight::Close { request, .. }, Answer::Placed { order, duplicate }) => {
                let placed = OrderPlaced {
                    order_type: OrderType::Market,
                    order,
                    client_order_id: request.client_order_id,
                    index: None,
                    duplicate,
                    rate_limit: self.rate_limit(id),
                };
                let now = self.now;
                self.say(id, |_, out| placed.encode(out, request.id.as_ref(), now));
            }
            (context, Answer::Rejected(reject)) => {
                let refusal = self.explain(id, reject, &context);
                self.say_refused(id, &Refused::new(refusal, context.into_head()));
            }
            (context, answer) => self.say_changed(id, &context.into_head(), answer),
        }
    }

    /// A refusal of the exchange with all that is known about it here.
    fn explain(&self, id: ConnectionId, reject: Reject, context: &InFlight) -> Refusal {
        let account = self.account_of(id).ok();
        let (request, pair) = match context {
            InFlight::Place {
                request, placed, ..
            } => (Some(request), Some(placed.pair)),
            InFlight::Amend { request, order, .. } => (Some(request), order.map(|it| it.1)),
            InFlight::Close { request, position } | InFlight::Adjust { request, position } => {
                (Some(request), Some(position.pair()))
            }
            InFlight::Other { request } | InFlight::Login { request, .. } => (Some(request), None),
            InFlight::Fence => (None, None),
        };
        let (placed, order, amended) = match context {
            InFlight::Place { placed, .. } => (Some(placed), None, None),
            InFlight::Amend {
                order,
                price,
                quantity,
                ..
            } => (None, order.map(|it| it.0), Some((*price, *quantity))),
            InFlight::Login { .. }
            | InFlight::Fence
            | InFlight::Close { .. }
            | InFlight::Adjust { .. }
            | InFlight::Other { .. } => (None, None, None),
        };
        let order = account
            .zip(order)
            .and_then(|(account, order)| self.private.order(account, order));
        let side = placed.map(|it| it.side).or(order.map(|it| it.order.side));
        let instrument = pair.and_then(|pair| self.instruments.get(pair));
        let is_margin = matches!(context, InFlight::Close { .. } | InFlight::Adjust { .. })
            || placed.is_some_and(|it| it.margin != MarginRequest::None)
            || order.is_some_and(|it| it.order.funding.is_margin());
        let paid_in = instrument.and_then(|instrument| match side {
            _ if is_margin => Some(&instrument.quote),
            Some(Side::Buy) => Some(&instrument.quote),
            Some(Side::Sell) => Some(&instrument.base),
            None => None,
        });
        let named = match context {
            InFlight::Close { position, .. } | InFlight::Adjust { position, .. } => Some(*position),
            InFlight::Login { .. }
            | InFlight::Fence
            | InFlight::Place { .. }
            | InFlight::Amend { .. }
            | InFlight::Other { .. } => None,
        };
        let position = account.and_then(|account| self.position_meant(account, named, pair));
        let funds = paid_in.zip(account).and_then(|(asset, account)| {
            let mut holdings = self.private.holdings(account);
            let (_, holding) = holdings.find(|(of, _)| *of == asset.id)?;
            Some((asset, holding.available))
        });
        let known = Known {
            request: request.and_then(|it| it.kind),
            by_client_order_id: request.is_some_and(|it| it.client_order_id.is_some()),
            placed,
            amended,
            untriggered: order
                .filter(|it| !it.is_triggered)
                .map(|it| it.order.special),
            filled: order.and_then(|it| Some(it.change?.filled)),
            instrument,
            reference: pair.and_then(|pair| self.price(pair)),
            funds,
            position: position.zip(instrument).map(|(view, instrument)| {
                let lots = view.size;
                (lots, margin::bankruptcy_price(&view, instrument))
            }),
        };
        wire::explain(reject, &known)
    }

    /// The position that a request names, or, where it names none, the user's in its pair.
    fn position_meant(
        &self,
        account: AccountId,
        named: Option<PositionId>,
        pair: Option<PairId>,
    ) -> Option<PositionView> {
        let mut open = self.private.positions(account).map(|it| it.view);
        match named {
            Some(position) => open.find(|it| it.position == position),
            None => open.find(|it| Some(it.pair) == pair),
        }
    }

    /// The answers to amends and cancels.
    fn say_changed(&mut self, id: ConnectionId, request: &RequestHead, answer: Answer) {
        let now = self.now;
        let rate_limit = self.rate_limit(id);
        let Ok(account) = self.account_of(id) else {
            return;
        };
        let head = request.id.as_ref();
        let client_order_id = request.client_order_id;
        match answer {
            Answer::Amended {
                order,
                price,
                quantity,
                leaves,
            } => {
                let known = self.private.order(account, order).copied();
                let pair = known.map(|it| it.order.pair);
                let Some((record, instrument)) =
                    known.zip(pair.and_then(|pair| self.instruments.get(pair)))
                else {
                    self.say_error(id, &Refused::new(Reason::Internal, request.clone()));
                    return;
                };
                let mut out = Vec::with_capacity(512);
                let amended = OrderAmended {
                    instrument,
                    order,
                    client_order_id,
                    price_key: if has_own_price(&record) {
                        "price"
                    } else {
                        "collarPrice"
                    },
                    price,
                    quantity,
                    leaves,
                    rate_limit,
                };
                amended.encode(&mut out, head, now);
                self.send(id, out.into());
            }
            Answer::Cancelled { order, filled } => {
                self.say(id, |hub, out| {
                    let known = hub.private.order(account, order);
                    let instrument = known.and_then(|it| hub.instruments.get(it.order.pair));
                    let cancelled = OrderCancelled {
                        order,
                        client_order_id,
                        index: request.index,
                        filled: instrument.map(|instrument| (instrument, filled)),
                    };
                    cancelled.encode(out, head, now);
                });
            }
            Answer::CancelAfterSet { deadline } => {
                self.say(id, |_, out| {
                    CancelAfterSet { deadline }.encode(out, head, now);
                });
            }
            Answer::AllCancelled { count } => {
                self.say(id, |_, out| {
                    OrdersCancelled { count }.encode(out, head, now)
                });
            }
            Answer::AlreadyFilled {
                order,
                pair,
                filled,
                notional,
            } => {
                if let Some(instrument) = self.instruments.get(pair) {
                    let refusal = wire::already_filled(instrument, order, filled, notional);
                    self.say_refused(id, &Refused::new(refusal, request.clone()));
                }
            }
            Answer::MarginAdjusted {
                position,
                collateral,
            } => {
                if let Some(instrument) = self.instruments.get(position.pair()) {
                    let mut out = Vec::with_capacity(256);
                    let adjusted = MarginAdjusted {
                        instrument,
                        position,
                        collateral,
                    };
                    adjusted.encode(&mut out, head, now);
                    self.send(id, out.into());
                }
            }
            Answer::Account { .. }
            | Answer::ReserveBooked { .. }
            | Answer::Transferred { .. }
            | Answer::AccountLimitsSet
            | Answer::Revoked { .. }
            | Answer::Repeated { .. }
            | Answer::IndexSet
            | Answer::Booked { .. }
            | Answer::TradingStatusSet
            | Answer::Placed { .. }
            | Answer::Rejected(_) => {
                // Nobody here asked for that.
                self.say_error(id, &Refused::new(Reason::Internal, request.clone()));
            }
        }
    }

    /// Gives a user's connection its place among the user's others, if there is one left.
    fn seat(&mut self, id: ConnectionId, account: AccountId, login: Login, request: RequestHead) {
        // While the exchange was asked it may have been revoked.
        if self.refuse_revoked(id, &login, &request) {
            return;
        }
        let limits = &self.limits;
        let most = limits.connections_per_user;
        let (orders, cancels) = (limits.order_commands_per_minute, limits.cancels_per_minute);
        let seat = self.users.entry(account).or_insert_with(|| UserSeat {
            connections: Vec::new(),
            orders: Window::new(orders, 60_000),
            cancels: Window::new(cancels, 60_000),
            order_seats: Vec::new(),
            portfolio_seats: Vec::new(),
            position_seats: Vec::new(),
            call_seats: Vec::new(),
            told_position_marks: BTreeMap::new(),
            is_portfolio_changed: false,
            portfolio_told_at: self.now,
            told_portfolio: None,
        });
        if seat.connections.len() >= usize::try_from(most).unwrap_or(usize::MAX) {
            // Waiting does not help: another connection must end.
            let refusal = Refusal::new(Reason::ConnectionLimit)
                .details(format!(
                    "at most {most} connections of one user at the same time"
                ))
                .number("limit", u64::from(most));
            self.say_error(id, &Refused::new(refusal, request));
            self.end(id, CloseReason::RateLimit);
            return;
        }
        if !self.tie_again(id, account, login.cancel_on_disconnect) {
            self.say_error(id, &Refused::new(Reason::Internal, request));
            return;
        }
        let Some((connection, seat)) = self
            .connections
            .get_mut(&id)
            .zip(self.users.get_mut(&account))
        else {
            return;
        };
        seat.connections.push(id);
        let expires_at = login.expires_at;
        connection.session.log_in(login, account);
        self.watch_token(expires_at);
        self.say_authenticated(id, &request);
    }

    pub(super) fn say_authenticated(&mut self, id: ConnectionId, request: &RequestHead) {
        let now = self.now;
        self.say(id, |hub, out| {
            let connection = hub.connections.get(&id);
            let Some(user) = connection.and_then(|it| it.session.user()) else {
                return;
            };
            let (rates, limits) = (hub.rates(id), &hub.limits);
            let authenticated = Authenticated {
                user: user.name.as_str(),
                expires_at: user.expires_at,
                limits: UserLimits {
                    tier: rates.tier,
                    connections: limits.connections_per_user,
                    messages_per_second: rates.messages,
                    subscriptions: limits.subscriptions_per_connection,
                    order_commands_per_minute: rates.orders,
                    cancels_per_minute: rates.cancels,
                    open_orders_per_pair: hub.open_orders_per_pair,
                    message_bytes: limits.message_bytes,
                    bytes_per_second: limits.bytes_per_second,
                },
            };
            authenticated.encode(out, request.id.as_ref(), now);
        });
    }

    /// Whose connection it is, token or no token: answers come after a token's end, too.
    fn account_of(&self, id: ConnectionId) -> Result<AccountId, ()> {
        let user = self.connections.get(&id).and_then(|it| it.session.user());
        user.map(|user| user.account).ok_or(())
    }

    fn rate_limit(&mut self, id: ConnectionId) -> RateLimit {
        let (now, limit) = (self.now, self.rates(id).orders);
        let seat = self
            .account_of(id)
            .ok()
            .and_then(|it| self.users.get_mut(&it));
        let (remaining, reset_ms) = seat.map_or((limit, 0), |seat| {
            (seat.orders.remaining(now), seat.orders.reset_ms(now))
        });
        RateLimit {
            limit,
            remaining,
            reset_ms,
        }
    }
}

/// Whether an order has a price that its owner chose, and no collar in its place.
fn has_own_price(record: &OrderRecord) -> bool {
    let is_market_now = match record.order.special {
        Special::Oco { limit, .. } => record.is_triggered && limit.is_none(),
        Special::None | Special::Stop { .. } | Special::Trailing { .. } => record.order.market,
        Special::Iceberg { .. } => false,
    };
    !is_market_now
}
