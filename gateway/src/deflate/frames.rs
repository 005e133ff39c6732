//! How many frames a client has sent, whatever is in them. A control frame counts as five: it is
//! answered, or told of.

use super::inflow::Head;

/// The longest head of a frame: opcode, length, mask.
const HEAD: usize = 14;
/// What a ping or a pong counts.
const CONTROL: u64 = 5;

/// Counts the frames of one connection by their heads. Bytes may be cut anywhere.
#[derive(Debug, Default)]
pub struct FrameCount {
    frames: u64,
    /// What came of the next head.
    head: [u8; HEAD],
    head_bytes: usize,
    /// So many bytes of a frame's payload are to come.
    left: u64,
}

impl FrameCount {
    /// Looks at what came.
    pub fn feed(&mut self, mut bytes: &[u8]) {
        while let Some((&first, rest)) = bytes.split_first() {
            if self.left > 0 {
                let skipped = usize::try_from(self.left)
                    .unwrap_or(usize::MAX)
                    .min(bytes.len());
                self.left -= skipped as u64;
                bytes = &bytes[skipped..];
                continue;
            }
            self.head[self.head_bytes] = first;
            self.head_bytes += 1;
            bytes = rest;
            if let Some(head) = Head::read(&self.head[..self.head_bytes]) {
                self.frames += if head.opcode() < 8 { 1 } else { CONTROL };
                self.head_bytes = 0;
                self.left = head.length;
            }
        }
    }

    /// How many began, control frames as five.
    pub fn frames(&self) -> u64 {
        self.frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_however_they_are_cut() {
        let mut bytes = Vec::new();
        for _ in 0..3 {
            // Nothing, five bytes, 300 bytes, 70,000 bytes, unmasked.
            bytes.extend([0x80, 0x80, 1, 2, 3, 4]);
            bytes.extend([0x81, 0x85, 1, 2, 3, 4, 0x81, 0x85, 0, 0, 0]);
            bytes.extend([0x02, 0x80 | 126, 1, 44, 1, 2, 3, 4]);
            bytes.extend([0x81; 300]);
            bytes.extend([0x02, 0x80 | 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70, 1, 2, 3, 4]);
            bytes.extend([0x81; 70_000]);
            bytes.extend([0x81, 2, 0x81, 0x81]);
            bytes.extend([0x89, 0x81, 1, 2, 3, 4, 0x81]);
        }
        for size in [1, 2, 3, 7, 4_096, bytes.len()] {
            let mut count = FrameCount::default();
            bytes.chunks(size).for_each(|piece| count.feed(piece));
            assert_eq!(count.frames(), 30, "{size}");
        }
    }
}
