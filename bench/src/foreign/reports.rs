//! Where reports go: a ring that is never read, or a sum that says whether they are right.

use adapter::abi::Report;

use super::Purpose;

/// What a library pushes into.
#[derive(Debug)]
pub(super) struct Reports {
    ring: Box<[[u64; 8]; 1024]>,
    pub(super) count: u64,
    /// Over fills, in their order.
    fills: u64,
    /// Over the rest, whose order within a message is the engine's business.
    others: u64,
    checks: bool,
}

impl Reports {
    pub(super) fn new(purpose: Purpose) -> Reports {
        Reports {
            ring: Box::new([[0; 8]; 1024]),
            count: 0,
            fills: 0,
            others: 0,
            checks: purpose == Purpose::Check,
        }
    }

    /// What the benchmark compares, in one number; zero where it was not asked for.
    pub(super) fn digest(&self) -> u64 {
        self.fills ^ self.others.rotate_left(32)
    }

    /// Takes a report, field by field as the interface has them: it has just been written so, or by wider
    /// words, and a read of more than was written at once would wait until all of it is in the cache.
    #[inline(always)]
    #[allow(unsafe_code, reason = "a compiler joins plain reads to wide ones")]
    pub(super) fn push(&mut self, report: &Report) {
        let slot = &mut self.ring[self.count as usize & 1023];
        let words = &report.0;
        let head = words.as_ptr().cast::<u8>();
        // SAFETY: what is read are bytes of the words that `report` refers to.
        unsafe {
            let (kind, side) = (head.read_volatile(), head.add(1).read_volatile());
            slot[0] = u64::from(kind) | u64::from(side) << 8;
            for word in [1, 2, 3, 5, 6] {
                slot[word] = (&raw const words[word]).read_volatile();
            }
            slot[4] = u64::from((&raw const words[4]).cast::<u32>().read_volatile());
        }
        self.took(report);
    }

    /// Takes a report that was made here, and is nowhere in memory yet.
    #[inline(always)]
    pub(super) fn push_made(&mut self, report: &Report) {
        self.ring[self.count as usize & 1023] = report.0;
        self.took(report);
    }

    #[inline(always)]
    fn took(&mut self, report: &Report) {
        self.count += 1;
        if self.checks {
            self.check(report);
        }
    }

    /// Adds what the benchmark compares of a report.
    #[cold]
    fn check(&mut self, report: &Report) {
        let [head, sequence, order, price, quantity, maker, taker, _] = report.0;
        let (kind, side) = (head & 0xff, head >> 8 & 0xff);
        let quantity = quantity & 0xffff_ffff;
        let compared = match kind {
            0 | 3 => [side, order, price, quantity],
            1 => [price, quantity, maker, taker],
            2 => [side, order, price, 0],
            _ => [order, 0, 0, 0],
        };
        let mut hash = kind.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ sequence;
        for word in compared {
            hash = (hash ^ word).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            hash ^= hash >> 29;
        }
        if kind == 1 {
            self.fills = self.fills.rotate_left(1).wrapping_add(hash);
        } else {
            self.others = self.others.wrapping_add(hash);
        }
    }
}
