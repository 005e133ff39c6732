/// A fee rate in basis points, hundredths of a percent, from 0 to 1,000 (10%).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct BasisPoints(u16);

impl BasisPoints {
    /// No fee.
    pub const ZERO: BasisPoints = BasisPoints(0);
    /// The highest rate that a pair may be configured with, 10%.
    pub const MAX: BasisPoints = BasisPoints(1_000);
    /// The whole, in basis points: what a rate is divided by.
    pub const WHOLE: u16 = 10_000;

    /// Makes a rate; `None` above [`BasisPoints::MAX`].
    pub const fn new(basis_points: u16) -> Option<BasisPoints> {
        if basis_points <= BasisPoints::MAX.0 {
            Some(BasisPoints(basis_points))
        } else {
            None
        }
    }

    /// The rate in basis points.
    pub const fn get(self) -> u16 {
        self.0
    }
}
