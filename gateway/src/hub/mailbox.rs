use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use crate::deflate::Payload;
use crate::session::{ChannelKey, CloseReason, Frame, Outbox, Overflow};

/// An outbox between the hub, which fills it, and the shard that writes from it.
///
/// Locked for moments only, by these two.
#[derive(Clone, Debug)]
pub struct Mailbox(Arc<Shared>);

/// A tick goes through thousands of these, and each line of the processor's cache has to be fetched
/// anew: what it touches stands together, in the first two.
#[derive(Debug)]
#[repr(C, align(64))]
struct Shared {
    /// Whom to tell that something waits; nobody in tests.
    bell: Option<Arc<Bell>>,
    /// Under which number.
    number: u32,
    shard: u32,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
#[repr(C)]
struct Inner {
    /// Whether the bell has its number.
    is_listed: bool,
    outbox: Outbox,
    /// Who waits for its end to be decided.
    waiter: Option<Waker>,
}

/// Tells a shard which of its mailboxes have something to write.
///
/// What is put into mailboxes is listed at once, and told with the next [`Bell::ring`]: the hub
/// rings when it has done all of one step, so that all that a tick made for a connection leaves
/// in one write.
#[derive(Debug, Default)]
pub struct Bell(Mutex<Listed>);

#[derive(Debug, Default)]
struct Listed {
    /// Since the last ring.
    quiet: Vec<u32>,
    /// To be looked at.
    rung: Vec<u32>,
    /// When it rang first for those of `rung`, where whoever rang said so.
    rung_at: Option<u64>,
    waker: Option<Waker>,
}

impl Bell {
    /// Tells of all that was listed.
    pub fn ring(&self) {
        self.ring_at(None);
    }

    /// The same, at a moment that whoever hears it is told: the first, where several rang.
    pub fn ring_at(&self, now: Option<u64>) {
        let mut listed = self.lock();
        if listed.quiet.is_empty() {
            return;
        }
        let Listed {
            quiet,
            rung,
            rung_at,
            ..
        } = &mut *listed;
        *rung_at = rung_at.or(now);
        if rung.is_empty() {
            std::mem::swap(quiet, rung);
        } else {
            rung.append(quiet);
        }
        let waker = listed.waker.take();
        drop(listed);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Takes the numbers of those with something to write into `out`, which is empty; without
    /// any, the task is woken when there are. Gives the moment that it rang at, where that was said.
    pub fn poll_take(&self, context: &Context<'_>, out: &mut Vec<u32>) -> Poll<Option<u64>> {
        let mut listed = self.lock();
        if listed.rung.is_empty() {
            register(&mut listed.waker, context);
            return Poll::Pending;
        }
        std::mem::swap(&mut listed.rung, out);
        Poll::Ready(listed.rung_at.take())
    }

    /// Lists one and rings.
    pub fn knock(&self, number: u32) {
        self.list(number);
        self.ring();
    }

    fn list(&self, number: u32) {
        self.lock().quiet.push(number);
    }

    /// See [`Mailbox::lock`].
    fn lock(&self) -> MutexGuard<'_, Listed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mailbox {
    /// An empty one that nobody is told of, with room for `max_bytes` of what is never dropped.
    pub fn new(max_bytes: usize) -> Mailbox {
        Mailbox::of(max_bytes, 0, None, 0)
    }

    /// The same on a shard, whose bell is told `number` when something waits.
    pub fn on_shard(max_bytes: usize, shard: usize, bell: Arc<Bell>, number: u32) -> Mailbox {
        Mailbox::of(max_bytes, shard, Some(bell), number)
    }

    fn of(max_bytes: usize, shard: usize, bell: Option<Arc<Bell>>, number: u32) -> Mailbox {
        Mailbox(Arc::new(Shared {
            bell,
            number,
            // There are fewer cores than that.
            shard: u32::try_from(shard).unwrap_or(u32::MAX),
            inner: Mutex::new(Inner {
                is_listed: false,
                outbox: Outbox::new(max_bytes),
                waiter: None,
            }),
        }))
    }

    /// Which shard its connection lives on.
    pub fn shard(&self) -> usize {
        usize::try_from(self.0.shard).unwrap_or(usize::MAX)
    }

    /// Asks the memory for what is touched first: called for several one after the other, they
    /// wait for it together.
    pub(crate) fn prefetch(&self) {
        std::hint::black_box(self.0.inner.is_poisoned());
    }

    /// See [`Outbox::push`].
    pub fn push(&self, message: impl Into<Payload>) -> Result<(), Overflow> {
        self.fill(|outbox| outbox.push(message))
    }

    /// See [`Outbox::push_reply`].
    pub fn push_reply(&self, messages: Vec<Bytes>) -> Result<(), Overflow> {
        self.fill(|outbox| outbox.push_reply(messages))
    }

    /// See [`Outbox::push_more`].
    pub fn push_more(&self, messages: Vec<Bytes>) {
        self.fill(|outbox| outbox.push_more(messages));
    }

    /// See [`Outbox::push_conflated`].
    pub fn push_conflated(&self, channel: ChannelKey, message: impl Into<Payload>) -> bool {
        self.fill(|outbox| outbox.push_conflated(channel, message))
    }

    /// Puts a message that says all there is in place of what waits of its channel; says whether
    /// anything waited.
    pub fn replace_conflated(&self, channel: ChannelKey, message: impl Into<Payload>) -> bool {
        self.fill(|outbox| {
            let was_waiting = outbox.waits(channel);
            outbox.withdraw(channel);
            outbox.push_conflated(channel, message);
            was_waiting
        })
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
        self.wake_waiter();
    }

    /// See [`Outbox::abort`].
    pub fn abort(&self, reason: CloseReason) {
        self.fill(|outbox| outbox.abort(reason));
        self.wake_waiter();
    }

    /// See [`Outbox::messages`].
    pub fn messages(&self) -> u64 {
        self.lock().outbox.messages()
    }

    /// Takes out what is to be written next, up to `frames` and about `bytes`, and says whether
    /// more waits.
    pub fn take(&self, frames: usize, bytes: usize, mut each: impl FnMut(Frame)) -> bool {
        let mut inner = self.lock();
        inner.is_listed = false;
        let (mut count, mut taken) = (0, 0);
        while let Some(frame) = inner.outbox.pop() {
            count += 1;
            taken += match &frame {
                Frame::Text(text) => text.len(),
                Frame::Ping(_) | Frame::Close(_) => 0,
            };
            each(frame);
            if count >= frames || taken >= bytes {
                break;
            }
        }
        !inner.outbox.is_empty()
    }

    /// Whether the end of the connection is decided; if not, the task is woken when it is.
    pub fn is_ending(&self, context: &Context<'_>) -> bool {
        let mut inner = self.lock();
        if inner.outbox.is_closing() {
            return true;
        }
        register(&mut inner.waiter, context);
        false
    }

    /// The next to write, if there is any.
    pub fn pop(&self) -> Option<Frame> {
        self.lock().outbox.pop()
    }

    fn fill<T>(&self, fill: impl FnOnce(&mut Outbox) -> T) -> T {
        let mut inner = self.lock();
        let result = fill(&mut inner.outbox);
        let is_new = !std::mem::replace(&mut inner.is_listed, true);
        drop(inner);
        if let Some(bell) = self.0.bell.as_ref().filter(|_| is_new) {
            bell.list(self.0.number);
        }
        result
    }

    fn wake_waiter(&self) {
        let waiter = self.lock().waiter.take();
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    }

    /// Nothing that can panic runs under the lock but an assertion, after which the state of an
    /// outbox is still one to write from.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn register(waker: &mut Option<Waker>, context: &Context<'_>) {
    match waker {
        Some(waker) => waker.clone_from(context.waker()),
        none => *none = Some(context.waker().clone()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_shard_is_woken_once_a_ring_and_told_of_each_mailbox_once() {
        let bell = Arc::new(Bell::default());
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(woken.clone());
        let context = Context::from_waker(&waker);
        let times = || woken.0.load(Ordering::Relaxed);
        let mailboxes = [7, 8].map(|number| Mailbox::on_shard(99, 0, bell.clone(), number));
        let mut out = Vec::new();
        assert!(bell.poll_take(&context, &mut out).is_pending());
        for message in ["a", "b"] {
            for mailbox in &mailboxes {
                mailbox
                    .push(Bytes::from_static(message.as_bytes()))
                    .unwrap();
            }
        }
        assert!(bell.poll_take(&context, &mut out).is_pending());
        assert_eq!(times(), 0, "nothing leaves before the step is done");
        bell.ring();
        bell.ring();
        assert_eq!(times(), 1);
        assert!(bell.poll_take(&context, &mut out).is_ready());
        assert_eq!(out, [7, 8]);
        out.clear();
        let mut frames = Vec::new();
        assert!(!mailboxes[0].take(8, 1_000, |frame| frames.push(frame)));
        assert_eq!(frames.len(), 2, "all that waited");
        for mailbox in &mailboxes {
            mailbox.push(Bytes::from_static(b"c")).unwrap();
        }
        bell.ring();
        assert!(bell.poll_take(&context, &mut out).is_ready());
        assert_eq!(out, [7], "the other is known already");
        out.clear();
        assert!(bell.poll_take(&context, &mut out).is_pending());
    }

    #[test]
    fn what_is_taken_at_once_has_a_limit() {
        let mailbox = Mailbox::new(99);
        for _ in 0..6 {
            mailbox.push(Bytes::from_static(b"12345")).unwrap();
        }
        let mut frames = Vec::new();
        assert!(mailbox.take(2, 1_000, |frame| frames.push(frame)));
        assert_eq!(frames.len(), 2);
        assert!(mailbox.take(8, 6, |frame| frames.push(frame)));
        assert_eq!(
            frames.len(),
            4,
            "the one that reaches the limit is the last"
        );
        assert!(!mailbox.take(2, 1_000, |frame| frames.push(frame)));
    }
}
