use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use crate::session::{ChannelKey, CloseReason, Frame, Outbox, Overflow};

/// An outbox between the hub, which fills it, and the connection, which empties it.
///
/// Locked for moments only, by these two.
#[derive(Clone, Debug)]
pub struct Mailbox(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    outbox: Outbox,
    /// Who waits for something to write.
    waker: Option<Waker>,
}

impl Inner {
    fn register(&mut self, context: &Context<'_>) {
        match &mut self.waker {
            Some(waker) => waker.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
    }
}

impl Mailbox {
    /// An empty one, with room for `max_bytes` of what is never dropped.
    pub fn new(max_bytes: usize) -> Mailbox {
        Mailbox(Arc::new(Mutex::new(Inner {
            outbox: Outbox::new(max_bytes),
            waker: None,
        })))
    }

    /// See [`Outbox::push`].
    pub fn push(&self, message: Bytes) -> Result<(), Overflow> {
        self.fill(|outbox| outbox.push(message))
    }

    /// See [`Outbox::push_reply`].
    pub fn push_reply(&self, messages: Vec<Bytes>) -> Result<(), Overflow> {
        self.fill(|outbox| outbox.push_reply(messages))
    }

    /// See [`Outbox::push_conflated`].
    pub fn push_conflated(&self, channel: ChannelKey, message: Bytes) -> bool {
        self.fill(|outbox| outbox.push_conflated(channel, message))
    }

    /// Puts a snapshot in place of what waits of its channel.
    pub fn replace_conflated(&self, channel: ChannelKey, message: Bytes) {
        self.fill(|outbox| {
            outbox.withdraw(channel);
            outbox.push_conflated(channel, message)
        });
    }

    /// See [`Outbox::withdraw`].
    pub fn withdraw(&self, channel: ChannelKey) {
        self.lock().outbox.withdraw(channel);
    }

    /// See [`Outbox::waits`].
    pub fn waits(&self, channel: ChannelKey) -> bool {
        self.lock().outbox.waits(channel)
    }

    /// See [`Outbox::ping`].
    pub fn ping(&self, number: u64) {
        self.fill(|outbox| outbox.ping(number));
    }

    /// See [`Outbox::close`].
    pub fn close(&self, reason: CloseReason) {
        self.fill(|outbox| outbox.close(reason));
    }

    /// See [`Outbox::abort`].
    pub fn abort(&self, reason: CloseReason) {
        self.fill(|outbox| outbox.abort(reason));
    }

    /// See [`Outbox::messages`].
    pub fn messages(&self) -> u64 {
        self.lock().outbox.messages()
    }

    /// The next to write; without one, the task is woken when there is.
    pub fn poll_pop(&self, context: &Context<'_>) -> Poll<Frame> {
        let mut inner = self.lock();
        if let Some(frame) = inner.outbox.pop() {
            return Poll::Ready(frame);
        }
        inner.register(context);
        Poll::Pending
    }

    /// Whether the end of the connection is decided; if not, the task is woken when something
    /// waits.
    pub fn is_ending(&self, context: &Context<'_>) -> bool {
        let mut inner = self.lock();
        if inner.outbox.is_closing() {
            return true;
        }
        inner.register(context);
        false
    }

    /// The next to write, if there is any.
    pub fn pop(&self) -> Option<Frame> {
        self.lock().outbox.pop()
    }

    fn fill<T>(&self, fill: impl FnOnce(&mut Outbox) -> T) -> T {
        let mut inner = self.lock();
        let result = fill(&mut inner.outbox);
        let waker = inner.waker.take();
        drop(inner);
        if let Some(waker) = waker {
            waker.wake();
        }
        result
    }

    /// Nothing that can panic runs under the lock but an assertion, after which the state of an
    /// outbox is still one to write from.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
