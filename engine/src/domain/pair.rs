use thiserror::Error;

use super::{
    Amount, AssetId, BasisPoints, Leverage, MarginRatio, PairId, PairMargin, Price, Quantity,
};

/// One market: what is traded for what, in which steps, within which limits, at which fees.
///
/// Built by [`Pair::new`] only, so a pair that exists is one whose settlement never rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    id: PairId,
    base: AssetId,
    quote: AssetId,
    base_units_per_lot: u64,
    quote_units_per_tick_lot: u64,
    limits: PairLimits,
    maker_fee: BasisPoints,
    taker_fee: BasisPoints,
    reference_price: Price,
    breaker: Option<CircuitBreaker>,
    margin: Option<PairMargin>,
}

/// When a pair stops by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitBreaker {
    /// How far from the price of five minutes ago a trade may print, in basis points of it, from
    /// 1 to 10,000.
    pub band: u16,
    /// How long the pair is halted by one that would print beyond, in milliseconds, at least 1.
    pub halt_ms: u64,
}

/// What an order of a pair is checked against before it is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairLimits {
    /// The smallest order, in lots, at least 1.
    pub min_quantity: Quantity,
    /// The largest order, in lots.
    pub max_quantity: Quantity,
    /// The smallest price × quantity, in quote units.
    pub min_notional: Amount,
    /// How far from the reference price a limit may be, and a market order may go, in basis
    /// points of the reference, from 1 to 10,000.
    pub price_band: u16,
    /// The most open orders that one account may have in this pair.
    pub max_open_orders: u32,
}

/// Whether a pair takes orders. Cancels are taken in every status; in all but
/// [`TradingStatus::Open`] nothing matches and nothing is triggered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum TradingStatus {
    /// Orders, amends and cancels.
    #[default]
    Open,
    /// Stopped for a while: by the operator, or by the circuit breaker.
    Halted,
    /// Winding down: owners may take their orders out.
    CancelOnly,
    /// Out of its trading hours, or for good.
    Closed,
}

impl TradingStatus {
    /// Whether orders are taken and matched.
    #[inline]
    pub const fn is_open(self) -> bool {
        match self {
            TradingStatus::Open => true,
            TradingStatus::Halted | TradingStatus::CancelOnly | TradingStatus::Closed => false,
        }
    }

    /// The stable number.
    pub const fn number(self) -> u8 {
        match self {
            TradingStatus::Open => 0,
            TradingStatus::Halted => 1,
            TradingStatus::CancelOnly => 2,
            TradingStatus::Closed => 3,
        }
    }

    /// The status of this number.
    pub const fn from_number(number: u8) -> Option<TradingStatus> {
        match number {
            0 => Some(TradingStatus::Open),
            1 => Some(TradingStatus::Halted),
            2 => Some(TradingStatus::CancelOnly),
            3 => Some(TradingStatus::Closed),
            _ => None,
        }
    }
}

/// A pair that may not be: which rule of it is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PairError {
    /// The number is not below [`PairId::LIMIT`].
    #[error("a pair's number must be below {}", PairId::LIMIT)]
    Number,
    /// A pair trades two different assets.
    #[error("base and quote must be two different assets")]
    SameAsset,
    /// One lot must be a whole number of base units, at least one.
    #[error("a lot must be a whole number of the base asset's smallest units, at least one")]
    Lot,
    /// One tick times one lot must be a whole number of quote units, at least one.
    #[error("tick × lot must be a whole number of the quote asset's smallest units, at least one")]
    TickLot,
    /// Minimum and maximum are crossed or zero.
    #[error("the minimum amount must be at least one lot and not above the maximum")]
    QuantityRange,
    /// The band is not 1 to 10,000 basis points.
    #[error("the price band must be 0.01% to 100%")]
    PriceBand,
    /// The breaker's band is not 1 to 10,000 basis points, or its halt takes no time.
    #[error("the circuit breaker's band must be 0.01% to 100%, its halt at least 1 ms")]
    CircuitBreaker,
    /// The ratios of margin trading do not fit together.
    #[error(
        "margin: the maintenance ratio must be below the initial ratio, the initial ratio at most \
         1, the largest leverage at most 1 / the initial ratio, the liquidation fee below the \
         initial ratio, the index band 0.01% to 100%"
    )]
    Margin,
    /// The cap on open orders is zero.
    #[error("the cap on open orders must be at least 1")]
    OpenOrders,
}

/// What [`Pair::new`] makes a pair of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairSpec {
    /// The pair's number.
    pub id: PairId,
    /// The asset that is bought and sold.
    pub base: AssetId,
    /// The asset that it is paid in.
    pub quote: AssetId,
    /// Smallest base units in one lot.
    pub base_units_per_lot: u64,
    /// Smallest quote units that one lot costs at one tick.
    pub quote_units_per_tick_lot: u64,
    /// What orders are checked against.
    pub limits: PairLimits,
    /// What the resting side of a trade pays of the notional.
    pub maker_fee: BasisPoints,
    /// What the incoming side of a trade pays of the notional.
    pub taker_fee: BasisPoints,
    /// Where bands and collars start from until the first trade.
    pub reference_price: Price,
}

impl Pair {
    /// Checks `spec` and makes the pair of it.
    pub fn new(spec: PairSpec) -> Result<Pair, PairError> {
        let limits = spec.limits;
        if spec.id.0 >= PairId::LIMIT {
            return Err(PairError::Number);
        }
        if spec.base == spec.quote {
            return Err(PairError::SameAsset);
        }
        if spec.base_units_per_lot == 0 {
            return Err(PairError::Lot);
        }
        if spec.quote_units_per_tick_lot == 0 {
            return Err(PairError::TickLot);
        }
        if limits.min_quantity.is_zero() || limits.min_quantity > limits.max_quantity {
            return Err(PairError::QuantityRange);
        }
        if !(1..=BasisPoints::WHOLE).contains(&limits.price_band) {
            return Err(PairError::PriceBand);
        }
        if limits.max_open_orders == 0 {
            return Err(PairError::OpenOrders);
        }
        Ok(Pair {
            id: spec.id,
            base: spec.base,
            quote: spec.quote,
            base_units_per_lot: spec.base_units_per_lot,
            quote_units_per_tick_lot: spec.quote_units_per_tick_lot,
            limits,
            maker_fee: spec.maker_fee,
            taker_fee: spec.taker_fee,
            reference_price: spec.reference_price,
            breaker: None,
            margin: None,
        })
    }

    /// The same pair with a circuit breaker.
    pub fn with_breaker(self, breaker: CircuitBreaker) -> Result<Pair, PairError> {
        if !(1..=BasisPoints::WHOLE).contains(&breaker.band) || breaker.halt_ms == 0 {
            return Err(PairError::CircuitBreaker);
        }
        Ok(Pair {
            breaker: Some(breaker),
            ..self
        })
    }

    /// The same pair, traded on margin too.
    ///
    /// The maintenance ratio may be zero: a position is then liquidated where nothing is left.
    pub fn with_margin(self, margin: PairMargin) -> Result<Pair, PairError> {
        let initial = u64::from(margin.initial.get());
        let leverage = u64::from(margin.max_leverage.hundredths());
        let whole = u64::from(MarginRatio::WHOLE);
        // A basis point is ten hundred-thousandths.
        let fee = u64::from(margin.liquidation_fee.get()) * 10;
        let band = margin.index_band.unwrap_or(1);
        let fits = margin.maintenance < margin.initial
            && leverage * initial <= whole * u64::from(Leverage::WHOLE)
            && fee < initial
            && (1..=BasisPoints::WHOLE).contains(&band);
        if !fits {
            return Err(PairError::Margin);
        }
        Ok(Pair {
            margin: Some(margin),
            ..self
        })
    }

    /// On what terms the pair is traded on margin, if it is.
    #[inline]
    pub const fn margin(&self) -> Option<&PairMargin> {
        self.margin.as_ref()
    }

    /// When the pair stops by itself, if it does.
    pub const fn breaker(&self) -> Option<CircuitBreaker> {
        self.breaker
    }

    /// The pair's number.
    pub const fn id(&self) -> PairId {
        self.id
    }

    /// The asset that is bought and sold.
    pub const fn base(&self) -> AssetId {
        self.base
    }

    /// The asset that it is paid in.
    pub const fn quote(&self) -> AssetId {
        self.quote
    }

    /// What orders are checked against.
    pub const fn limits(&self) -> &PairLimits {
        &self.limits
    }

    /// What the resting side of a trade pays of the notional.
    pub const fn maker_fee(&self) -> BasisPoints {
        self.maker_fee
    }

    /// What the incoming side of a trade pays of the notional.
    pub const fn taker_fee(&self) -> BasisPoints {
        self.taker_fee
    }

    /// Where bands and collars start from until the first trade.
    pub const fn reference_price(&self) -> Price {
        self.reference_price
    }

    /// What `quantity` costs at `price`, in quote units; `None` where no [`Amount`] holds it.
    #[inline]
    pub fn notional(&self, price: Price, quantity: Quantity) -> Option<Amount> {
        Amount::notional(price, quantity, self.quote_units_per_tick_lot)
    }

    /// What `quantity` is in base units; `None` where no [`Amount`] holds it.
    #[inline]
    pub fn base_amount(&self, quantity: Quantity) -> Option<Amount> {
        Amount::of_lots(quantity, self.base_units_per_lot)
    }

    /// The lowest and the highest price within the band around `reference`, both allowed:
    /// rounded inward to ticks, never beyond the range of prices.
    pub fn band(&self, reference: Price) -> (Price, Price) {
        reference.band(self.limits.price_band)
    }
}
