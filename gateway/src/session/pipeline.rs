use std::collections::VecDeque;

use super::{InFlight, Inbound, Refused};

/// Keeps a connection's messages in their order.
///
/// Order commands go to the exchange one behind the other without waiting; everything else
/// waits until the commands before it are answered, because it reads or changes what they do.
/// An answer comes before the private reports of its command, so a *fence* goes to the exchange
/// first: when it is answered, they are all here. Answers leave in the order of their requests.
#[derive(Debug, Default)]
pub struct Pipeline {
    /// Handled, but not answered before all in front are.
    ahead: VecDeque<Handled>,
    /// Whether a login or a fence is under way: nothing passes it.
    is_barred: bool,
    /// Whether a command was answered whose private reports may not all have come.
    is_unsettled: bool,
    waiting: VecDeque<Inbound>,
    next_ticket: u32,
}

/// When a message came, by a clock of the rim in nanoseconds, for who measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Its last frame.
    pub came_at: u64,
    /// To whoever handles it.
    pub taken_at: u64,
}

#[derive(Debug)]
enum Handled {
    Asked(u32, Option<Arrival>, InFlight),
    Answered(Outcome),
}

/// What a request comes to.
#[derive(Debug)]
pub enum Outcome {
    /// The exchange answered.
    Answered(InFlight, engine::report::Answer),
    /// It did not get that far.
    Refused(Refused),
}

/// What a pipeline wants done.
#[expect(
    clippy::large_enum_variant,
    reason = "it lives from the queue to its handler, which is no place for an allocation"
)]
#[derive(Debug)]
pub enum Next {
    /// Nothing, for now.
    Nothing,
    /// Ask the exchange something harmless, as [`InFlight::Fence`].
    Fence,
    /// Handle this message: it is its turn.
    Handle(Inbound),
}

/// The most messages of one connection that wait for their turn.
pub const MAX_WAITING: usize = 1_024;

impl Pipeline {
    /// Adds a message at the end; `false` where too many wait.
    pub fn push(&mut self, inbound: Inbound) -> bool {
        if self.waiting.len() + self.ahead.len() >= MAX_WAITING {
            return false;
        }
        self.waiting.push_back(inbound);
        true
    }

    /// Whether the exchange was asked something that it has not answered.
    pub fn has_asked(&self) -> bool {
        self.ahead.iter().any(|it| matches!(it, Handled::Asked(..)))
    }

    /// Drops the messages whose turn has not come: none of them will be handled.
    pub fn drop_waiting(&mut self) {
        self.waiting.clear();
    }

    /// What comes next.
    pub fn proceed(&mut self) -> Next {
        let Some(front) = self.waiting.front() else {
            return Next::Nothing;
        };
        if self.is_barred {
            return Next::Nothing;
        }
        if !front.is_pipelined() {
            if !self.ahead.is_empty() {
                return Next::Nothing;
            }
            if self.is_unsettled && front.reads_orders() {
                return Next::Fence;
            }
        }
        match self.waiting.pop_front() {
            Some(inbound) => Next::Handle(inbound),
            None => Next::Nothing,
        }
    }

    /// Notes that the exchange was asked; the ticket finds the answer's place. The arrival is that of
    /// the message, where it was handled as it came.
    pub fn asked(&mut self, context: InFlight, arrival: Option<Arrival>) -> u32 {
        let ticket = self.next_ticket;
        self.next_ticket = self.next_ticket.wrapping_add(1);
        self.is_barred |= context.is_bar();
        self.ahead
            .push_back(Handled::Asked(ticket, arrival, context));
        ticket
    }

    /// Goes on without the fence that could not be sent.
    pub fn skip_fence(&mut self) {
        self.is_unsettled = false;
    }

    /// Takes the last ask back: it never got there.
    pub fn unasked(&mut self) -> Option<InFlight> {
        match self.ahead.pop_back()? {
            Handled::Asked(_, _, context) => {
                if context.is_bar() {
                    self.is_barred = false;
                }
                Some(context)
            }
            answered @ Handled::Answered(_) => {
                self.ahead.push_back(answered);
                None
            }
        }
    }

    /// Notes a refusal at its place.
    pub fn refused(&mut self, refused: Refused) {
        let outcome = Outcome::Refused(refused);
        self.ahead.push_back(Handled::Answered(outcome));
    }

    /// Notes the exchange's answer at its place; gives back the arrival of what it answers.
    pub fn answered(&mut self, ticket: u32, answer: engine::report::Answer) -> Option<Arrival> {
        let place = self
            .ahead
            .iter_mut()
            .find(|it| matches!(it, Handled::Asked(other, ..) if *other == ticket));
        let place = place?;
        // Any outcome stands in for the moment of the swap.
        let asked = std::mem::replace(
            place,
            Handled::Answered(Outcome::Refused(Refused::placeholder())),
        );
        let Handled::Asked(_, arrival, context) = asked else {
            return None;
        };
        match context {
            InFlight::Login { .. } => self.is_barred = false,
            InFlight::Fence => (self.is_barred, self.is_unsettled) = (false, false),
            InFlight::Place { .. }
            | InFlight::Amend { .. }
            | InFlight::Close { .. }
            | InFlight::Adjust { .. }
            | InFlight::Other { .. } => {
                self.is_unsettled = true;
            }
        }
        *place = Handled::Answered(Outcome::Answered(context, answer));
        arrival
    }

    /// The next outcome that may be said.
    pub fn pop(&mut self) -> Option<Outcome> {
        match self.ahead.pop_front()? {
            Handled::Answered(outcome) => Some(outcome),
            asked @ Handled::Asked(..) => {
                self.ahead.push_front(asked);
                None
            }
        }
    }
}
