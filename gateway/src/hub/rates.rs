//! The rates of messages: of a connection, and of an address over all of its connections.

use crate::session::Inbound;
use crate::wire::{ClientMessage, Reason, Refusal};

use super::requests::is_strike;
use super::{ConnectionId, Hub};

impl Hub {
    /// Whether a message is within its rates; ten that are not, in a row, end the connection.
    pub(super) fn check_rates(
        &mut self,
        id: ConnectionId,
        inbound: &Inbound,
    ) -> Result<(), Refusal> {
        let now = self.now;
        let limit = self.rates(id).messages;
        let Some(connection) = self.connections.get_mut(&id) else {
            return Ok(());
        };
        let session = &mut connection.session;
        session.messages.set_limit(limit);
        if let Err(retry) = session.messages.take(now) {
            return Err(Refusal::over_rate(
                Reason::MessageRate,
                limit,
                "messages a second on one connection",
                retry,
            ));
        }
        let taken = self.addresses.message(connection.address, now);
        if let Err(retry) = taken {
            return Err(Refusal::over_rate(
                Reason::AddressRate,
                self.limits.messages_per_second_per_address,
                "messages a second from one address",
                retry,
            ));
        }
        if !is_order_command(inbound) && !is_over_rate(inbound) {
            session.forgive();
        }
        Ok(())
    }
}

/// Whether a message has a budget of its own beside the rate of messages.
fn is_order_command(inbound: &Inbound) -> bool {
    match inbound {
        Inbound::Request(envelope) => matches!(
            envelope.message,
            ClientMessage::PlaceOrder(_)
                | ClientMessage::PlaceOrders(_)
                | ClientMessage::AmendOrder(_)
                | ClientMessage::CancelOrder(_)
                | ClientMessage::CancelOrders(_)
                | ClientMessage::CancelAll(_)
                | ClientMessage::CancelAllAfter { .. }
                | ClientMessage::ClosePosition(_)
                | ClientMessage::AdjustMargin(_)
        ),
        Inbound::Login { .. } | Inbound::Refused(_) => false,
    }
}

/// Whether a message was refused for a rate before it came here.
fn is_over_rate(inbound: &Inbound) -> bool {
    matches!(inbound, Inbound::Refused(refused) if is_strike(&refused.refusal))
}
