use engine::domain::Timestamp;

/// What one byte fills of a bucket: as much as leaves it in a millisecond for each byte a second.
const BYTE: u64 = 1_000;

/// At most so many bytes a second, and a second's worth at once: a bucket that empties steadily.
///
/// O(1), whatever comes: messages of very different sizes need no memory of each. What is refused
/// takes nothing from what is left.
#[derive(Clone, Debug)]
pub struct ByteRate {
    /// Bytes a second.
    limit: u64,
    /// What has not left yet, in thousandths of a byte.
    level: u64,
    /// When that was so.
    at: Timestamp,
}

impl ByteRate {
    /// Allows so many a second, at least one.
    pub fn new(bytes_per_second: u32) -> ByteRate {
        ByteRate {
            limit: u64::from(bytes_per_second.max(1)),
            level: 0,
            at: Timestamp(0),
        }
    }

    /// Takes so many; if there is no room for them, says in how many milliseconds there will be.
    /// More than a second's worth never fits.
    pub fn take(&mut self, bytes: usize, now: Timestamp) -> Result<(), u64> {
        self.leak(now);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let level = self.level.saturating_add(bytes.saturating_mul(BYTE));
        let room = self.limit * BYTE;
        if level <= room {
            self.level = level;
            return Ok(());
        }
        Err((level - room).div_ceil(self.limit))
    }

    /// Whether all is back, so that it can be forgotten.
    pub fn is_idle(&mut self, now: Timestamp) -> bool {
        self.leak(now);
        self.level == 0
    }

    fn leak(&mut self, now: Timestamp) {
        let left = now.since(self.at).saturating_mul(self.limit);
        self.level = self.level.saturating_sub(left);
        self.at = self.at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_s_worth_fits_and_comes_back_steadily() {
        let mut rate = ByteRate::new(1_000);
        let at = Timestamp;
        assert_eq!(rate.take(1_001, at(5_000)), Err(1), "never, but close");
        assert_eq!(rate.take(400, at(5_000)), Ok(()));
        assert_eq!(rate.take(600, at(5_000)), Ok(()));
        assert_eq!(rate.take(1, at(5_000)), Err(1));
        assert_eq!(rate.take(300, at(5_000)), Err(300));
        assert_eq!(rate.take(300, at(5_299)), Err(1), "refusals take nothing");
        assert_eq!(rate.take(300, at(5_300)), Ok(()));
        assert!(!rate.is_idle(at(6_299)));
        assert!(rate.is_idle(at(6_300)));
        assert_eq!(rate.take(1_000, at(6_300)), Ok(()));
        assert_eq!(rate.take(1, at(6_299)), Err(1), "a time that fell");
        assert_eq!(rate.take(1, at(6_301)), Ok(()));
        assert_eq!(
            rate.take(usize::MAX, at(u64::MAX)),
            Err(u64::MAX / 1_000 - 999)
        );
    }
}
