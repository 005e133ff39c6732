use thiserror::Error;

use super::arena::Arena;
use super::bitmap::Bitmap;

/// How large a book may be, and how much of it is in reach at full speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookConfig {
    window_levels: u32,
    max_orders: u32,
}

/// A size that no book may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BookConfigError {
    /// The window is out of range.
    #[error("a book's window must have 64 to {} levels a side", Bitmap::MAX_BITS)]
    WindowLevels,
    /// The bound on orders is out of range.
    #[error("a book must hold 1 to {} orders", Arena::LIMIT)]
    MaxOrders,
}

impl BookConfig {
    /// Checks the sizes. A side of the book has `window_levels` price levels, 64 to 262,144,
    /// rounded up to a power of two, at 16 bytes each in its fast window around the market; the
    /// book holds at most `max_orders`, 1 to 2^24 - 1, at 32 bytes each as they come.
    ///
    /// Prices outside the window are as good, and slower.
    pub const fn new(window_levels: u32, max_orders: u32) -> Result<BookConfig, BookConfigError> {
        if window_levels < 64 || window_levels as usize > Bitmap::MAX_BITS {
            return Err(BookConfigError::WindowLevels);
        }
        if max_orders == 0 || max_orders > Arena::LIMIT {
            return Err(BookConfigError::MaxOrders);
        }
        Ok(BookConfig {
            window_levels: window_levels.next_power_of_two(),
            max_orders,
        })
    }

    /// Levels of one side's window, a power of two.
    pub const fn window_levels(&self) -> u32 {
        self.window_levels
    }

    /// The most orders that the book holds.
    pub const fn max_orders(&self) -> u32 {
        self.max_orders
    }
}

impl Default for BookConfig {
    /// 8,192 levels a side (256 KiB a book) and 2^20 orders.
    fn default() -> BookConfig {
        BookConfig {
            window_levels: 8192,
            max_orders: 1 << 20,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_checked_just_inside_and_just_outside() {
        let levels =
            |window_levels| BookConfig::new(window_levels, 1).map(|config| config.window_levels());
        assert_eq!(levels(63), Err(BookConfigError::WindowLevels));
        assert_eq!(levels(64), Ok(64));
        assert_eq!(levels(65), Ok(128));
        assert_eq!(levels(262_144), Ok(262_144));
        assert_eq!(levels(262_145), Err(BookConfigError::WindowLevels));
        let orders = |max_orders| BookConfig::new(64, max_orders).map(|config| config.max_orders());
        assert_eq!(orders(0), Err(BookConfigError::MaxOrders));
        assert_eq!(orders(1), Ok(1));
        assert_eq!(orders((1 << 24) - 1), Ok((1 << 24) - 1));
        assert_eq!(orders(1 << 24), Err(BookConfigError::MaxOrders));
    }
}
