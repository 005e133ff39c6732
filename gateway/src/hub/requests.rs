//! What each request of a client does.

use engine::domain::{AccountId, ClientOrderId, PositionId, Timestamp};
use engine::request::{OrderRef, Request, RequestKind};
use engine::runtime::SubmitError;

use crate::instrument::Instrument;
use crate::session::{CloseReason, InFlight, Inbound, Login, Refused, RequestHead};
use crate::wire::{
    self, AdjustMargin, AmendOrder, CancelAll, ClientMessage, ClosePosition, Envelope, ErrorCode,
    OrderName, PlaceOrder, Pong, Reason, Refusal, WireError,
};

use super::{ConnectionId, Hub, correlation};

/// The two budgets of order commands.
#[derive(Clone, Copy)]
enum Budget {
    Orders,
    Cancels,
}

impl Hub {
    /// Handles a message whose turn it is.
    pub(super) fn handle(&mut self, id: ConnectionId, inbound: Inbound) {
        self.check_token(id);
        let head = inbound.head();
        let handled = match inbound {
            Inbound::Request(envelope) => self.request(id, &envelope, &head),
            Inbound::Login { login, .. } => {
                match login {
                    Ok(login) => self.log_in(id, head, login),
                    Err(refusal) => {
                        self.say_error(id, &Refused::new(refusal, head));
                        self.end(id, CloseReason::AuthFailed);
                    }
                }
                return;
            }
            Inbound::Refused(refused) => {
                self.refuse(id, refused);
                return;
            }
        };
        if let Err(refusal) = handled {
            self.refuse(id, Refused::new(refusal, head));
        }
    }

    /// Says a refusal in its turn.
    pub(super) fn refuse(&mut self, id: ConnectionId, refused: Refused) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.session.pipeline.refused(refused);
            self.say_outcomes(id);
        }
    }

    fn request(
        &mut self,
        id: ConnectionId,
        envelope: &Envelope,
        head: &RequestHead,
    ) -> Result<(), Refusal> {
        let now = self.now;
        let request = head.id.as_ref();
        match &envelope.message {
            ClientMessage::PlaceOrder(place) => self.place(id, place, head)?,
            ClientMessage::PlaceOrders(orders) => {
                self.each(id, orders, head, |hub, place, head| {
                    hub.place(id, place, head)
                });
            }
            ClientMessage::CancelOrder(order) => self.cancel(id, *order, head)?,
            ClientMessage::CancelOrders(orders) => {
                self.each(id, orders, head, |hub, order, head| {
                    hub.cancel(id, *order, head)
                });
            }
            ClientMessage::AmendOrder(amend) => self.amend(id, amend, head)?,
            ClientMessage::CancelAll(all) => self.cancel_all(id, all, head)?,
            ClientMessage::CancelAllAfter { timeout_ms } => {
                self.cancel_all_after(id, *timeout_ms, head)?;
            }
            ClientMessage::ClosePosition(close) => self.close_position(id, close, head)?,
            ClientMessage::AdjustMargin(adjust) => self.adjust_margin(id, adjust, head)?,
            ClientMessage::GetPositions => self.say_positions(id, head)?,
            ClientMessage::Subscribe(channels) => self.subscribe(id, channels, head),
            ClientMessage::Unsubscribe(channels) => self.unsubscribe(id, channels, head),
            ClientMessage::Ping => self.say(id, |_, out| Pong.encode(out, request, now)),
            ClientMessage::ConnectionStats => self.say_stats(id, head),
            ClientMessage::GetTime => {
                self.say(id, |_, out| wire::Time.encode(out, request, now));
            }
            ClientMessage::GetInstruments => self.say_instruments(id, head),
            ClientMessage::GetOrders(query) => self.say_orders_page(id, query, head)?,
            ClientMessage::GetOrder(order) => self.say_order(id, *order, head)?,
            ClientMessage::GetFills(query) => self.say_fills_page(id, query, head)?,
            ClientMessage::GetBalances => self.say_balances(id, head)?,
            // The connection makes a login of it before it gets here.
            ClientMessage::Authenticate(_) => return Err(Reason::Internal.into()),
        }
        Ok(())
    }

    /// Handles each order of a list by itself, in order, each with an answer of its own.
    fn each<T>(
        &mut self,
        id: ConnectionId,
        orders: &[Result<T, WireError>],
        head: &RequestHead,
        mut handle: impl FnMut(&mut Hub, &T, &RequestHead) -> Result<(), Refusal>,
    ) where
        T: Named,
    {
        for (index, entry) in (0_u16..).zip(orders) {
            let mut head = RequestHead {
                index: Some(index),
                ..head.clone()
            };
            let handled = match entry {
                Ok(order) => {
                    head.client_order_id = order.client_order_id();
                    handle(self, order, &head)
                }
                Err(error) => {
                    head.client_order_id = error.client_order_id;
                    Err((*error.refusal).clone())
                }
            };
            if let Err(refusal) = handled {
                self.refuse(id, Refused::new(refusal, head));
            }
        }
    }

    fn log_in(&mut self, id: ConnectionId, head: RequestHead, login: Login) {
        if self.refuse_revoked(id, &login, &head) {
            return;
        }
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let session = &mut connection.session;
        match session.user().map(|user| (user.name, user.account)) {
            Some((name, _)) if name != login.name => {
                self.say_error(id, &Refused::new(Reason::OtherUser, head));
                self.end(id, CloseReason::AuthFailed);
            }
            Some((_, account)) => {
                let expires_at = login.expires_at;
                if !self.tie_again(id, account, login.cancel_on_disconnect) {
                    self.refuse(id, Refused::new(Reason::Internal, head));
                    return;
                }
                if let Some(connection) = self.connections.get_mut(&id) {
                    connection.session.log_in(login, account);
                }
                self.watch_token(expires_at);
                self.say_authenticated(id, &head);
            }
            None => {
                let name = login.name;
                let context = InFlight::Login {
                    request: head.clone(),
                    login,
                };
                let asked = self.ask(id, RequestKind::OpenAccount { name }, context);
                if let Err(refusal) = asked {
                    self.refuse(id, Refused::new(refusal, head));
                }
            }
        }
    }

    fn place(
        &mut self,
        id: ConnectionId,
        place: &PlaceOrder,
        head: &RequestHead,
    ) -> Result<(), Refusal> {
        let account = self.account(id)?;
        self.take_budget(id, account, Budget::Orders)?;
        let request = place.resolve(account, &self.instruments)?;
        let context = InFlight::Place {
            request: head.clone(),
            order_type: place.order_type(),
            placed: request,
        };
        self.ask(id, RequestKind::Place(request), context)
    }

    fn amend(
        &mut self,
        id: ConnectionId,
        amend: &AmendOrder,
        head: &RequestHead,
    ) -> Result<(), Refusal> {
        let account = self.account(id)?;
        self.take_budget(id, account, Budget::Orders)?;
        let known = match amend.order {
            OrderName::Id(order) => self.private.order(account, order),
            OrderName::Client(name) => self.private.order_by_name(account, name),
        };
        let order = known.map(|it| (it.order.order, it.order.pair));
        // Without a pair the decimals mean nothing; the exchange still says what became of the
        // order, before it looks at what was to change.
        let instrument = order.and_then(|(_, pair)| self.instruments.get(pair));
        let (price, quantity) = match instrument {
            Some(instrument) => amend.resolve(instrument)?,
            None => (None, None),
        };
        let kind = RequestKind::Amend {
            account,
            order: OrderRef::from(amend.order),
            price,
            quantity,
        };
        let context = InFlight::Amend {
            request: head.clone(),
            order,
            price,
            quantity,
        };
        self.ask(id, kind, context)
    }

    fn cancel(
        &mut self,
        id: ConnectionId,
        order: OrderName,
        head: &RequestHead,
    ) -> Result<(), Refusal> {
        let account = self.account(id)?;
        self.take_budget(id, account, Budget::Cancels)?;
        let kind = RequestKind::Cancel {
            account,
            order: OrderRef::from(order),
        };
        let request = head.clone();
        self.ask(id, kind, InFlight::Other { request })
    }

    fn cancel_all(
        &mut self,
        id: ConnectionId,
        all: &CancelAll,
        head: &RequestHead,
    ) -> Result<(), Refusal> {
        let account = self.account(id)?;
        self.take_budget(id, account, Budget::Cancels)?;
        let (pair, side) = all.resolve(&self.instruments)?;
        let kind = RequestKind::CancelAll {
            account,
            pair,
            side,
            disconnected: false,
        };
        let request = head.clone();
        self.ask(id, kind, InFlight::Other { request })
    }

    /// Takes from the budget of cancels: who ran out of orders can still leave the market.
    fn close_position(
        &mut self,
        id: ConnectionId,
        close: &ClosePosition,
        head: &RequestHead,
    ) -> Result<(), Refusal> {
        let account = self.account(id)?;
        self.take_budget(id, account, Budget::Cancels)?;
        let ClosePosition {
            position,
            client_order_id,
        } = *close;
        self.pair_of(position)?;
        let kind = RequestKind::ClosePosition {
            account,
            position,
            client_order_id,
        };
        let request = head.clone();
        self.ask(id, kind, InFlight::Close { request, position })
    }

    /// Takes from the budget of cancels: who ran out of orders can still answer a margin call.
    fn adjust_margin(
        &mut self,
        id: ConnectionId,
        adjust: &AdjustMargin,
        head: &RequestHead,
    ) -> Result<(), Refusal> {
        let account = self.account(id)?;
        self.take_budget(id, account, Budget::Cancels)?;
        let position = adjust.position;
        let change = adjust.resolve(self.pair_of(position)?)?;
        let kind = RequestKind::AdjustMargin {
            account,
            position,
            change,
        };
        let request = head.clone();
        self.ask(id, kind, InFlight::Adjust { request, position })
    }

    /// The pair of a position, whose name says it.
    fn pair_of(&self, position: PositionId) -> Result<&Instrument, Refusal> {
        self.instruments.get(position.pair()).ok_or_else(|| {
            let expected = "a position of this user";
            Refusal::field(Reason::NoPosition, "positionId", expected)
        })
    }

    fn cancel_all_after(
        &mut self,
        id: ConnectionId,
        timeout_ms: u64,
        head: &RequestHead,
    ) -> Result<(), Refusal> {
        let account = self.account(id)?;
        self.take_budget(id, account, Budget::Cancels)?;
        let kind = RequestKind::CancelAfter {
            account,
            timeout_ms,
        };
        let request = head.clone();
        self.ask(id, kind, InFlight::Other { request })
    }

    /// Sends a request to the exchange and keeps its place for the answer.
    fn ask(
        &mut self,
        id: ConnectionId,
        kind: RequestKind,
        context: InFlight,
    ) -> Result<(), Refusal> {
        let Some(connection) = self.connections.get_mut(&id) else {
            return Ok(());
        };
        let ticket = connection.session.pipeline.asked(context, self.arrival);
        let request = Request {
            correlation: correlation(id, ticket),
            kind,
        };
        let error = match self.exchange.submit(request) {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        connection.session.pipeline.unasked();
        Err(match error {
            SubmitError::Full => Reason::Busy,
            SubmitError::Closed => Reason::ShuttingDown,
        }
        .into())
    }

    /// Whose account acts.
    pub(super) fn account(&self, id: ConnectionId) -> Result<AccountId, Refusal> {
        let connection = self.connections.get(&id);
        let user = connection.and_then(|connection| connection.session.authenticated());
        user.map(|user| user.account)
            .ok_or_else(|| Refusal::new(Reason::NotAuthenticated))
    }

    fn take_budget(
        &mut self,
        id: ConnectionId,
        account: AccountId,
        budget: Budget,
    ) -> Result<(), Refusal> {
        let now: Timestamp = self.now;
        let Rates {
            orders, cancels, ..
        } = self.rates(id);
        let Some(seat) = self.users.get_mut(&account) else {
            return Ok(());
        };
        let (window, limit, reason, what) = match budget {
            Budget::Orders => (
                &mut seat.orders,
                orders,
                Reason::OrderRate,
                "placements and amends a minute of one user",
            ),
            Budget::Cancels => (
                &mut seat.cancels,
                cancels,
                Reason::CancelRate,
                "cancels a minute of one user",
            ),
        };
        window.set_limit(limit);
        window
            .take(now)
            .map_err(|retry| Refusal::over_rate(reason, limit, what, retry))?;
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.session.forgive();
        }
        Ok(())
    }

    /// The rates of the connection's user, by the tier of its token.
    pub(super) fn rates(&self, id: ConnectionId) -> Rates<'_> {
        let limits = &self.limits;
        let connection = self.connections.get(&id);
        let user = connection.and_then(|connection| connection.session.user());
        let rates = match user.and_then(|user| limits.tier(user.tier.as_deref()?)) {
            Some(tier) => Rates {
                tier: &tier.name,
                messages: tier.messages_per_second,
                orders: tier.order_commands_per_minute,
                cancels: tier.cancels_per_minute,
            },
            None => Rates {
                tier: "default",
                messages: limits.messages_per_second,
                orders: limits.order_commands_per_minute,
                cancels: limits.cancels_per_minute,
            },
        };
        match user {
            Some(user) => rates.limited(self.operated.limits(user.account)),
            None => rates,
        }
    }
}

/// What may have a name of its owner's.
trait Named {
    fn client_order_id(&self) -> Option<ClientOrderId>;
}

impl Named for PlaceOrder {
    fn client_order_id(&self) -> Option<ClientOrderId> {
        self.client_order_id
    }
}

impl Named for OrderName {
    fn client_order_id(&self) -> Option<ClientOrderId> {
        match self {
            OrderName::Id(_) => None,
            OrderName::Client(name) => Some(*name),
        }
    }
}

/// What a user may do in a time.
#[derive(Clone, Copy)]
pub(super) struct Rates<'a> {
    pub(super) tier: &'a str,
    pub(super) messages: u32,
    pub(super) orders: u32,
    pub(super) cancels: u32,
}

/// Whether a refusal counts towards the end of a connection.
pub(super) fn is_strike(refusal: &Refusal) -> bool {
    refusal.reason.code() == ErrorCode::RateLimitExceeded
        && !matches!(
            refusal.reason,
            Reason::SubscriptionLimit | Reason::ConnectionLimit
        )
}
