//! Little-endian fields into room for one record: what [`Input`](super::input::Input) reads.

use super::record::MAX;

/// Where fields go that stand in records and in snapshots.
pub(super) trait Fields {
    /// Appends a byte.
    fn byte(&mut self, byte: u8);
    /// Appends a number's bytes.
    fn bytes<const N: usize>(&mut self, bytes: [u8; N]);
}

impl Fields for Vec<u8> {
    fn byte(&mut self, byte: u8) {
        self.push(byte);
    }

    fn bytes<const N: usize>(&mut self, bytes: [u8; N]) {
        self.extend(bytes);
    }
}

impl Fields for Output<'_> {
    #[inline]
    fn byte(&mut self, byte: u8) {
        self.push(byte);
    }

    #[inline]
    fn bytes<const N: usize>(&mut self, bytes: [u8; N]) {
        self.extend(bytes);
    }
}

/// A record being put together.
///
/// Fixed room, so that nothing is asked or moved between two fields: a record costs a few stores.
pub(super) struct Output<'a> {
    room: &'a mut [u8; MAX],
    len: usize,
}

impl<'a> Output<'a> {
    /// Begins at the start of `room`.
    #[inline]
    pub(super) fn new(room: &'a mut [u8; MAX]) -> Output<'a> {
        Output { room, len: 0 }
    }

    /// How long it is by now, in bytes.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn push(&mut self, byte: u8) {
        self.room[self.len] = byte;
        self.len += 1;
    }

    /// Appends a number's bytes.
    #[inline]
    pub(super) fn extend<const N: usize>(&mut self, bytes: [u8; N]) {
        self.room[self.len..self.len + N].copy_from_slice(&bytes);
        self.len += N;
    }

    /// Appends a text after its length. What fills it up is copied with it, for that is quicker,
    /// and is no part of the record.
    #[inline]
    pub(super) fn text<const N: usize>(&mut self, (text, len): (&[u8; N], u8)) {
        self.push(len);
        self.room[self.len..self.len + N].copy_from_slice(text);
        self.len += usize::from(len);
    }
}
