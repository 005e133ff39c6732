use std::collections::VecDeque;

use crate::deflate::Payload;

use super::CloseReason;

/// What waits to be written to one client, in order, within limits.
///
/// Two classes. Answers, trades and order updates are never dropped: when their share is full
/// the client is too slow and the connection must end. Of conflated messages (books,
/// portfolios) at most one of each channel waits: while it does, no other is taken, and the
/// sender comes back later with something newer.
///
/// Most of the time at most one waits, so that one is kept here and not in the queue: filling and
/// emptying thousands of outboxes in turn costs what they reach for in memory. So what every
/// message touches comes first.
#[derive(Debug)]
#[repr(C)]
pub struct Outbox {
    /// The next one out; none only where the queue is empty.
    first: Option<Queued>,
    messages: u64,
    closing: bool,
    queue: VecDeque<Queued>,
    /// Bytes of those that are never dropped, but for replies.
    bytes: usize,
    /// How many of the last large reply wait. While any does, no other is taken.
    replying: usize,
    max_bytes: usize,
    /// The conflated channels with a message in `queue`: as many as subscriptions at most. That of
    /// `first` is not among them.
    conflated: Vec<ChannelKey>,
}

/// What tells the conflated channels of one connection apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelKey(pub u32);

/// One thing to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A message.
    Text(Payload),
    /// A ping with its number.
    Ping(u64),
    /// The end: nothing comes after it.
    Close(CloseReason),
}

/// The client does not read fast enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;

#[derive(Debug)]
struct Queued {
    frame: Frame,
    class: Class,
}

/// What a thing to write counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// Never dropped, within the limit.
    Kept,
    /// Never dropped, part of one large reply.
    Reply,
    Conflated(ChannelKey),
    Control,
}

/// The most messages that wait, whatever their size.
pub const MAX_QUEUED: usize = 16_384;

impl Outbox {
    /// Empty, with room for `max_bytes` of what is never dropped.
    pub fn new(max_bytes: usize) -> Outbox {
        Outbox {
            first: None,
            messages: 0,
            closing: false,
            queue: VecDeque::new(),
            bytes: 0,
            replying: 0,
            max_bytes,
            conflated: Vec::new(),
        }
    }

    /// Adds a message that is never dropped.
    pub fn push(&mut self, message: impl Into<Payload>) -> Result<(), Overflow> {
        if self.closing {
            return Ok(());
        }
        let message = message.into();
        let bytes = self.bytes + message.len();
        if bytes > self.max_bytes || self.len() - self.replying >= MAX_QUEUED {
            return Err(Overflow);
        }
        self.bytes = bytes;
        self.add(Frame::Text(message), Class::Kept);
        Ok(())
    }

    /// Adds what answers one request of the client, however much that is: the client asked for
    /// it, so only what waited before counts against the limit.
    pub fn push_reply(
        &mut self,
        messages: impl IntoIterator<Item: Into<Payload>>,
    ) -> Result<(), Overflow> {
        if self.closing {
            return Ok(());
        }
        if self.replying > 0 || self.bytes > self.max_bytes || self.len() >= MAX_QUEUED {
            return Err(Overflow);
        }
        self.push_more(messages);
        Ok(())
    }

    /// Adds more to the reply of the same request, whatever of it waits.
    pub fn push_more(&mut self, messages: impl IntoIterator<Item: Into<Payload>>) {
        if self.closing {
            return;
        }
        for message in messages {
            self.replying += 1;
            self.add(Frame::Text(message.into()), Class::Reply);
        }
    }

    /// Adds a message of a conflated channel and says whether it was taken: not while another
    /// of the channel waits.
    pub fn push_conflated(&mut self, channel: ChannelKey, message: impl Into<Payload>) -> bool {
        if self.closing || self.waits(channel) {
            return false;
        }
        self.add(Frame::Text(message.into()), Class::Conflated(channel));
        true
    }

    /// Whether a message of this conflated channel waits.
    pub fn waits(&self, channel: ChannelKey) -> bool {
        let is_it = |first: &Queued| first.class == Class::Conflated(channel);
        let first = self.first.as_ref();
        first.is_some_and(|first| is_it(first) || self.conflated.contains(&channel))
    }

    /// Takes back what waits of a conflated channel, because its subscription ended.
    pub fn withdraw(&mut self, channel: ChannelKey) {
        if !self.waits(channel) {
            return;
        }
        let is_its = |queued: &Queued| queued.class == Class::Conflated(channel);
        if self.first.as_ref().is_some_and(is_its) {
            self.first = None;
            self.move_up();
        } else {
            self.conflated.retain(|other| *other != channel);
            self.queue.retain(|queued| !is_its(queued));
        }
    }

    /// Adds a ping.
    pub fn ping(&mut self, number: u64) {
        if !self.closing {
            self.add(Frame::Ping(number), Class::Control);
        }
    }

    /// Ends the connection after what waits.
    pub fn close(&mut self, reason: CloseReason) {
        if !self.closing {
            self.add(Frame::Close(reason), Class::Control);
            self.closing = true;
        }
    }

    /// Ends the connection at once: what waits is dropped.
    pub fn abort(&mut self, reason: CloseReason) {
        self.first = None;
        self.queue.clear();
        self.conflated.clear();
        self.bytes = 0;
        self.replying = 0;
        self.closing = false;
        self.close(reason);
    }

    /// The next to write.
    pub fn pop(&mut self) -> Option<Frame> {
        let Queued { frame, class } = self.first.take()?;
        self.move_up();
        match (class, &frame) {
            (Class::Reply, _) => self.replying -= 1,
            (Class::Kept, Frame::Text(message)) => self.bytes -= message.len(),
            (Class::Kept | Class::Control | Class::Conflated(_), _) => {}
        }
        Some(frame)
    }

    /// How many messages were taken so far.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// Whether its end was decided.
    pub fn is_closing(&self) -> bool {
        self.closing
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.queue.len()
    }

    fn add(&mut self, frame: Frame, class: Class) {
        self.messages += u64::from(matches!(frame, Frame::Text(_)));
        let queued = Queued { frame, class };
        if self.first.is_none() {
            self.first = Some(queued);
            return;
        }
        if let Class::Conflated(channel) = class {
            self.conflated.push(channel);
        }
        self.queue.push_back(queued);
    }

    /// The first one left.
    fn move_up(&mut self) {
        self.first = self.queue.pop_front();
        if let Some(Queued {
            class: Class::Conflated(channel),
            ..
        }) = self.first
        {
            self.conflated.retain(|other| *other != channel);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

    use bytes::Bytes;

    use super::*;

    fn text(text: &'static str) -> Payload {
        Payload::from(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn what_is_never_dropped_has_a_limit_in_bytes() {
        let mut outbox = Outbox::new(6);
        assert_eq!(outbox.push(text("abc")), Ok(()));
        assert_eq!(outbox.push(text("def")), Ok(()));
        assert_eq!(outbox.push(text("g")), Err(Overflow));
        assert_eq!(outbox.pop(), Some(Frame::Text(text("abc"))));
        assert_eq!(outbox.push(text("g")), Ok(()));
    }

    #[test]
    fn one_message_of_a_conflated_channel_waits() {
        let mut outbox = Outbox::new(0);
        let (book, other) = (ChannelKey(1), ChannelKey(2));
        assert!(outbox.push_conflated(book, text("1")));
        assert!(!outbox.push_conflated(book, text("2")));
        assert!(outbox.push_conflated(other, text("3")));
        assert_eq!(outbox.pop(), Some(Frame::Text(text("1"))));
        assert!(!outbox.waits(book));
        assert!(outbox.push_conflated(book, text("4")));
        outbox.withdraw(book);
        assert_eq!(outbox.pop(), Some(Frame::Text(text("3"))));
        assert!(outbox.is_empty());
    }

    /// Against a plain list, whatever is put in, withdrawn and taken out.
    #[test]
    fn what_comes_out_is_what_went_in_in_order() {
        let mut state = 1_u64;
        let mut random = |end: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) % end
        };
        let mut outbox = Outbox::new(1 << 20);
        let mut plain: Vec<(Option<u32>, Payload)> = Vec::new();
        for step in 0..20_000_u32 {
            let message = Payload::from(step.to_string().into_bytes());
            match random(6) {
                0 => {
                    outbox.push(message.clone()).unwrap();
                    plain.push((None, message));
                }
                1 | 2 => {
                    let key = u32::try_from(random(3)).unwrap();
                    let waits = plain.iter().any(|(of, _)| *of == Some(key));
                    assert_eq!(outbox.waits(ChannelKey(key)), waits);
                    let taken = outbox.push_conflated(ChannelKey(key), message.clone());
                    assert_eq!(taken, !waits);
                    if taken {
                        plain.push((Some(key), message));
                    }
                }
                3 => {
                    let key = u32::try_from(random(3)).unwrap();
                    outbox.withdraw(ChannelKey(key));
                    plain.retain(|(of, _)| *of != Some(key));
                }
                _ => {
                    let next = (!plain.is_empty()).then(|| Frame::Text(plain.remove(0).1));
                    assert_eq!(outbox.pop(), next);
                }
            }
            assert_eq!(outbox.len(), plain.len());
            assert_eq!(outbox.is_empty(), plain.is_empty());
        }
    }

    #[test]
    fn a_reply_may_pass_the_limit_but_no_second_while_it_waits() {
        let mut outbox = Outbox::new(4);
        outbox.push(text("abc")).unwrap();
        assert_eq!(outbox.push_reply([text("12345"), text("67890")]), Ok(()));
        assert_eq!(
            outbox.push(text("d")),
            Ok(()),
            "a reply takes nothing from the limit"
        );
        assert_eq!(outbox.push(text("e")), Err(Overflow));
        assert_eq!(outbox.push_reply([text("x")]), Err(Overflow));
        let waiting: Vec<_> = std::iter::from_fn(|| outbox.pop()).collect();
        let expected = ["abc", "12345", "67890", "d"].map(|it| Frame::Text(text(it)));
        assert_eq!(waiting, expected);
        assert_eq!(outbox.push_reply([text("x")]), Ok(()));
    }

    #[test]
    fn nothing_comes_after_the_end() {
        let mut outbox = Outbox::new(100);
        outbox.push(text("a")).unwrap();
        outbox.close(CloseReason::Maintenance);
        outbox.push(text("b")).unwrap();
        outbox.ping(1);
        assert_eq!(outbox.pop(), Some(Frame::Text(text("a"))));
        assert_eq!(outbox.pop(), Some(Frame::Close(CloseReason::Maintenance)));
        assert_eq!(outbox.pop(), None);

        let mut outbox = Outbox::new(100);
        outbox.push(text("a")).unwrap();
        outbox.abort(CloseReason::TooSlow);
        assert_eq!(outbox.pop(), Some(Frame::Close(CloseReason::TooSlow)));
        assert_eq!(outbox.pop(), None);
    }
}
