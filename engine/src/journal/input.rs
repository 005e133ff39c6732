//! Little-endian fields out of bytes that anybody may have written: every read is checked.

use thiserror::Error;

use crate::domain::{Amount, Price, Quantity};

/// Bytes that are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RecordError {
    /// They end within a record.
    #[error("the record is cut short")]
    Short,
    /// No layout has this tag.
    #[error("no record has the tag {0}")]
    Tag(u8),
    /// A field holds what its type does not.
    #[error("the record's {0} is out of range")]
    Field(&'static str),
}

/// What is not read yet.
pub(super) struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    #[inline]
    pub(super) fn new(bytes: &'a [u8]) -> Input<'a> {
        Input { rest: bytes }
    }

    /// How many bytes are left.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.rest.len()
    }

    /// All that is left.
    pub(super) fn rest(self) -> &'a [u8] {
        self.rest
    }

    /// The next `len` bytes.
    pub(super) fn bytes(&mut self, len: u64) -> Result<&'a [u8], RecordError> {
        let len = usize::try_from(len).map_err(|_| RecordError::Short)?;
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or(RecordError::Short)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// How many things follow, each at least `size` bytes long: never more than are there.
    pub(super) fn count(&mut self, size: usize) -> Result<usize, RecordError> {
        let count = usize::try_from(self.u64()?).map_err(|_| RecordError::Short)?;
        let fits = count.checked_mul(size).is_some_and(|all| all <= self.len());
        fits.then_some(count).ok_or(RecordError::Short)
    }

    #[inline]
    pub(super) fn i64(&mut self) -> Result<i64, RecordError> {
        self.take().map(i64::from_le_bytes)
    }

    #[inline]
    pub(super) fn quantity(&mut self) -> Result<Quantity, RecordError> {
        Quantity::new(self.u64()?).ok_or(RecordError::Field("quantity"))
    }

    #[inline]
    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N], RecordError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(RecordError::Short)?;
        self.rest = rest;
        Ok(*taken)
    }

    #[inline]
    pub(super) fn u8(&mut self) -> Result<u8, RecordError> {
        self.take::<1>().map(|[byte]| byte)
    }

    #[inline]
    pub(super) fn u16(&mut self) -> Result<u16, RecordError> {
        self.take().map(u16::from_le_bytes)
    }

    #[inline]
    pub(super) fn u32(&mut self) -> Result<u32, RecordError> {
        self.take().map(u32::from_le_bytes)
    }

    #[inline]
    pub(super) fn u64(&mut self) -> Result<u64, RecordError> {
        self.take().map(u64::from_le_bytes)
    }

    #[inline]
    pub(super) fn amount(&mut self) -> Result<Amount, RecordError> {
        Amount::new(self.u64()?).ok_or(RecordError::Field("amount"))
    }

    #[inline]
    pub(super) fn price(&mut self) -> Result<Price, RecordError> {
        Price::new(self.u32()?).ok_or(RecordError::Field("price"))
    }

    #[inline]
    pub(super) fn text(&mut self) -> Result<&'a str, RecordError> {
        let len = usize::from(self.u8()?);
        let (text, rest) = self.rest.split_at_checked(len).ok_or(RecordError::Short)?;
        self.rest = rest;
        std::str::from_utf8(text).map_err(|_| RecordError::Field("text"))
    }
}
