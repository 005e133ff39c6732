use std::collections::VecDeque;

use bytes::Bytes;

use super::CloseReason;

/// What waits to be written to one client, in order, within limits.
///
/// Two classes. Answers, trades and order updates are never dropped: when their share is full
/// the client is too slow and the connection must end. Of conflated messages (books,
/// portfolios) at most one of each channel waits: while it does, no other is taken, and the
/// sender comes back later with something newer.
#[derive(Debug)]
pub struct Outbox {
    queue: VecDeque<Queued>,
    /// Bytes of those that are never dropped, but for replies.
    bytes: usize,
    /// How many of the last large reply wait. While any does, no other is taken.
    replying: usize,
    max_bytes: usize,
    /// The conflated channels with a message in `queue`: as many as subscriptions at most.
    conflated: Vec<ChannelKey>,
    closing: bool,
    messages: u64,
}

/// What tells the conflated channels of one connection apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelKey(pub u32);

/// One thing to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A message.
    Text(Bytes),
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
            queue: VecDeque::new(),
            bytes: 0,
            replying: 0,
            max_bytes,
            conflated: Vec::new(),
            closing: false,
            messages: 0,
        }
    }

    /// Adds a message that is never dropped.
    pub fn push(&mut self, message: Bytes) -> Result<(), Overflow> {
        if self.closing {
            return Ok(());
        }
        let bytes = self.bytes + message.len();
        if bytes > self.max_bytes || self.queue.len() - self.replying >= MAX_QUEUED {
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
        messages: impl IntoIterator<Item = Bytes>,
    ) -> Result<(), Overflow> {
        if self.closing {
            return Ok(());
        }
        if self.replying > 0 || self.bytes > self.max_bytes || self.queue.len() >= MAX_QUEUED {
            return Err(Overflow);
        }
        for message in messages {
            self.replying += 1;
            self.messages += 1;
            self.queue.push_back(Queued {
                frame: Frame::Text(message),
                class: Class::Reply,
            });
        }
        Ok(())
    }

    /// Adds a message of a conflated channel and says whether it was taken: not while another
    /// of the channel waits.
    pub fn push_conflated(&mut self, channel: ChannelKey, message: Bytes) -> bool {
        if self.closing || self.waits(channel) {
            return false;
        }
        self.conflated.push(channel);
        self.add(Frame::Text(message), Class::Conflated(channel));
        true
    }

    /// Whether a message of this conflated channel waits.
    pub fn waits(&self, channel: ChannelKey) -> bool {
        self.conflated.contains(&channel)
    }

    /// Takes back what waits of a conflated channel, because its subscription ended.
    pub fn withdraw(&mut self, channel: ChannelKey) {
        if self.waits(channel) {
            self.conflated.retain(|other| *other != channel);
            self.queue
                .retain(|queued| queued.class != Class::Conflated(channel));
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
        self.queue.clear();
        self.conflated.clear();
        self.bytes = 0;
        self.replying = 0;
        self.closing = false;
        self.close(reason);
    }

    /// The next to write.
    pub fn pop(&mut self) -> Option<Frame> {
        let Queued { frame, class } = self.queue.pop_front()?;
        match (class, &frame) {
            (Class::Conflated(channel), _) => self.conflated.retain(|other| *other != channel),
            (Class::Reply, _) => self.replying -= 1,
            (Class::Kept, Frame::Text(message)) => self.bytes -= message.len(),
            (Class::Kept | Class::Control, _) => {}
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
        self.queue.is_empty()
    }

    fn add(&mut self, frame: Frame, class: Class) {
        self.messages += u64::from(matches!(frame, Frame::Text(_)));
        self.queue.push_back(Queued { frame, class });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

    use super::*;

    fn text(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
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
