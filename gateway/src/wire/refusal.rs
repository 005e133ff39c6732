//! One refusal: its reason, what it is about, and the figures that go with it.

use std::borrow::Cow;

use engine::domain::ClientOrderId;
use engine::reject::Reject;

use super::{Reason, RequestId, RequestType};

/// Why something was refused, ready to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The stable reason; its code and default message come with it.
    pub reason: Reason,
    /// A message that says more than the default one.
    pub message: Option<Cow<'static, str>>,
    /// The field or limit concerned and what was expected, for people.
    pub details: Cow<'static, str>,
    /// The same for machines.
    pub params: Vec<(&'static str, Param)>,
}

/// One figure of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Param {
    /// A JSON string.
    Text(Cow<'static, str>),
    /// A JSON number.
    Number(u64),
}

impl Refusal {
    /// A refusal for `reason`, its details the reason's own sentence until they are set.
    pub fn new(reason: Reason) -> Refusal {
        Refusal {
            reason,
            message: None,
            details: Cow::Borrowed(reason.message()),
            params: Vec::new(),
        }
    }

    /// The refusal of what is over a rate of `limit` of `what`, which is said in full; it may be tried
    /// again so many milliseconds later.
    pub fn over_rate(reason: Reason, limit: u32, what: &'static str, retry_ms: u64) -> Refusal {
        Refusal::new(reason)
            .details(format!(
                "at most {limit} {what}; try again in {retry_ms} ms"
            ))
            .number("limit", u64::from(limit))
            .number("retryAfterMs", retry_ms)
    }

    /// The sentence for people.
    pub fn message_text(&self) -> &str {
        self.message.as_deref().unwrap_or(self.reason.message())
    }

    /// With another message than the reason's.
    #[must_use]
    pub fn message(mut self, message: impl Into<Cow<'static, str>>) -> Refusal {
        self.message = Some(message.into());
        self
    }

    /// With these details.
    #[must_use]
    pub fn details(mut self, details: impl Into<Cow<'static, str>>) -> Refusal {
        self.details = details.into();
        self
    }

    /// With this figure as a JSON string.
    #[must_use]
    pub fn text(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Refusal {
        self.params.push((name, Param::Text(value.into())));
        self
    }

    /// With this figure as a JSON number.
    #[must_use]
    pub fn number(mut self, name: &'static str, value: u64) -> Refusal {
        self.params.push((name, Param::Number(value)));
        self
    }

    /// A refusal about one field of a message: `field` as a path (`orderData.price`) and what was
    /// expected there.
    pub fn field(reason: Reason, field: &'static str, expected: &str) -> Refusal {
        Refusal::new(reason)
            .details(format!("{field}: expected {expected}"))
            .text("field", field)
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Refusal {
        Refusal::new(reason)
    }
}

impl From<Reject> for Refusal {
    fn from(reject: Reject) -> Refusal {
        Refusal::new(reject.into())
    }
}

/// A message that cannot be taken, with all of it that could be read for the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireError {
    /// Why.
    pub refusal: Box<Refusal>,
    /// What the error repeats.
    pub request_id: Option<RequestId>,
    /// The message's `type`, where it is one that exists.
    pub request_type: Option<RequestType>,
    /// The order's own name.
    pub client_order_id: Option<ClientOrderId>,
}

impl From<Refusal> for WireError {
    fn from(refusal: Refusal) -> WireError {
        WireError {
            refusal: Box::new(refusal),
            request_id: None,
            request_type: None,
            client_order_id: None,
        }
    }
}
