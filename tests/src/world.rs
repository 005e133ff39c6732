//! Small exchanges to test on, and what their users, assets and pairs are called.

use engine::clearing::ExchangeConfig;
use engine::domain::{
    AccountId, Amount, AssetId, BasisPoints, CircuitBreaker, Lending, Leverage, MarginRatio, Pair,
    PairId, PairLimits, PairMargin, PairSpec, Price, Quantity,
};

/// An exchange's configuration, with names.
#[derive(Clone, Debug)]
pub struct World {
    /// What the exchange is made of.
    pub config: ExchangeConfig,
    /// What assets are called, by number.
    pub assets: Vec<String>,
    /// What users are called, by the number of their account.
    pub users: Vec<String>,
}

/// What of a pair tests vary.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// What the resting side pays, in basis points.
    pub maker_fee: u16,
    /// What the incoming side pays, in basis points.
    pub taker_fee: u16,
    /// Smallest base units in one lot.
    pub lot: u64,
    /// Smallest quote units that one lot costs at one tick.
    pub tick_lot: u64,
    /// What an order is checked against.
    pub limits: PairLimits,
}

impl Terms {
    /// No fee; a lot and a tick are one unit; hardly any limit, a band of ±50%.
    pub fn plain() -> Terms {
        Terms {
            maker_fee: 0,
            taker_fee: 0,
            lot: 1,
            tick_lot: 1,
            limits: PairLimits {
                min_quantity: lots(1),
                max_quantity: lots(1_000_000),
                min_notional: Amount::ZERO,
                price_band: 5_000,
                max_open_orders: 100,
            },
        }
    }
}

impl World {
    /// What a scenario runs on unless it says otherwise: `GEM/XRP` on `terms`, around a price
    /// of 100, and `OIL/XRP` without fees.
    pub fn of(terms: Terms) -> World {
        World {
            config: ExchangeConfig::new(
                3,
                vec![pair(0, (0, 1), terms), pair(1, (2, 1), Terms::plain())],
            ),
            assets: ["GEM", "XRP", "OIL"].map(str::to_owned).into(),
            users: ["alice", "bob", "carol", "dave"].map(str::to_owned).into(),
        }
    }

    /// Three pairs over three assets in a ring, each with a different fee and step, and every
    /// limit so low that random flow meets it.
    pub fn tight() -> World {
        World::ring(4, 7)
    }

    /// As [`World::tight`], with room for so many orders that they set each other off, and with
    /// circuit breakers that random flow trips.
    pub fn roomy() -> World {
        let mut world = World::ring(16, 36);
        for (pair, band) in world.config.pairs.iter_mut().zip([400, 600]) {
            let halt_ms = 500;
            let breaker = CircuitBreaker { band, halt_ms };
            *pair = pair.with_breaker(breaker).expect("a breaker that may be");
        }
        world
    }

    /// Two pairs that are traded on margin with one quote, in a thin book: one without an index
    /// and with a maintenance ratio of 5%, one within 5% around its index.
    pub fn margin() -> World {
        let terms = Terms {
            maker_fee: 10,
            taker_fee: 25,
            lot: 1,
            tick_lot: 7,
            limits: PairLimits {
                min_quantity: lots(2),
                max_quantity: lots(400),
                min_notional: Amount::new(2_000).expect("it is small"),
                price_band: 2_000,
                max_open_orders: 12,
            },
        };
        let margin = PairMargin {
            max_leverage: Leverage::new(1_000).expect("it is above one"),
            initial: MarginRatio::new(10_000).expect("it is below the whole"),
            maintenance: MarginRatio::new(5_000).expect("it is below the whole"),
            grace_ms: 3_600_000,
            liquidation_fee: BasisPoints::new(50).expect("it is small"),
            max_position: lots(120),
            max_open_interest: lots(260),
            max_mark_age_ms: 7_200_000,
            index_band: None,
        };
        let with_index = PairMargin {
            index_band: Some(500),
            ..margin
        };
        let pairs = [pair(0, (0, 1), terms), pair(1, (2, 1), terms)];
        let pairs = pairs.into_iter().zip([margin, with_index]);
        let pairs = pairs.map(|(pair, margin)| pair.with_margin(margin));
        let pairs: Result<Vec<_>, _> = pairs.collect();
        let mut config = ExchangeConfig::new(3, pairs.expect("these are terms that may be"));
        config.max_accounts = 6;
        config.max_transfers = 6;
        config.max_revocations = 3;
        config.retention_ms = 10_000;
        config.max_finished_per_pair = 16;
        config.lending = [(180, 2_000_000), (1_200_000, 1_000_000), (1_000, 500_000)]
            .map(|(limit, hourly_rate)| Lending {
                limit: Amount::new(limit).expect("it is small"),
                hourly_rate,
            })
            .into();
        let mut world = World::of(Terms::plain());
        world.users.push("erin".to_owned());
        World { config, ..world }
    }

    /// `GEM/XRP` on margin around a price of 100,000 ticks, without trading fees: leverage up to
    /// 20, of a maintenance ratio in hundred-thousandths, and a liquidation fee in basis points.
    pub fn positions(maintenance: u32, fee: u16) -> World {
        let mut terms = Terms::plain();
        terms.limits.price_band = 3_000;
        let spec = PairSpec {
            reference_price: Price::new(100_000).expect("it is above zero"),
            ..spec(0, (0, 1), terms)
        };
        let margin = PairMargin {
            max_leverage: Leverage::new(1_000).expect("it is above one"),
            initial: MarginRatio::new(10_000).expect("it is below the whole"),
            maintenance: MarginRatio::new(maintenance).expect("it is below the whole"),
            grace_ms: 3_600_000,
            liquidation_fee: BasisPoints::new(fee).expect("it is small"),
            max_position: lots(500_000),
            max_open_interest: lots(800_000),
            max_mark_age_ms: 7_200_000,
            index_band: None,
        };
        let pair = Pair::new(spec).and_then(|pair| pair.with_margin(margin));
        let pair = pair.expect("a test's pair is one that may be");
        let mut config = ExchangeConfig::new(2, vec![pair]);
        config.lending = [1_000_000, 1_000_000_000_000]
            .map(|limit| Lending {
                limit: Amount::new(limit).expect("it is in range"),
                hourly_rate: 0,
            })
            .into();
        World {
            config,
            ..World::of(terms)
        }
    }

    fn ring(max_open_orders: u32, max_orders_per_pair: u32) -> World {
        let limits = PairLimits {
            min_quantity: lots(2),
            max_quantity: lots(1_000),
            min_notional: Amount::new(300).expect("it is small"),
            price_band: 2_000,
            max_open_orders,
        };
        let terms = |maker_fee, taker_fee, lot, tick_lot| Terms {
            maker_fee,
            taker_fee,
            lot,
            tick_lot,
            limits,
        };
        let mut config = ExchangeConfig::new(
            3,
            vec![
                pair(0, (0, 1), terms(10, 25, 1, 1)),
                pair(1, (2, 1), terms(1_000, 0, 7, 3)),
                pair(2, (0, 2), terms(0, 333, 1, 10)),
            ],
        );
        config.max_accounts = 4;
        config.max_transfers = 6;
        config.max_revocations = 3;
        config.max_orders_per_pair = max_orders_per_pair;
        config.retention_ms = 10_000;
        config.max_finished_per_pair = 16;
        World {
            config,
            ..World::of(Terms::plain())
        }
    }

    /// What an account is called.
    pub fn user(&self, account: AccountId) -> String {
        let known = self.users.get(account.0 as usize);
        known
            .cloned()
            .unwrap_or_else(|| format!("user{}", account.0))
    }

    /// What an asset is called.
    pub fn asset(&self, asset: AssetId) -> String {
        let known = self.assets.get(usize::from(asset.0));
        known
            .cloned()
            .unwrap_or_else(|| format!("asset{}", asset.0))
    }

    /// What a pair is called: its base and its quote.
    pub fn pair(&self, pair: PairId) -> String {
        match self.config.pairs.get(usize::from(pair.0)) {
            Some(pair) => format!("{}/{}", self.asset(pair.base()), self.asset(pair.quote())),
            None => format!("pair{}", pair.0),
        }
    }
}

/// A pair on `terms`, whose reference price is 100 ticks.
///
/// # Panics
/// If no pair may be so.
pub fn pair(id: u16, assets: (u16, u16), terms: Terms) -> Pair {
    Pair::new(spec(id, assets, terms)).expect("a test's pair is one that may be")
}

/// What such a pair is made of.
pub fn spec(id: u16, (base, quote): (u16, u16), terms: Terms) -> PairSpec {
    PairSpec {
        id: PairId(id),
        base: AssetId(base),
        quote: AssetId(quote),
        base_units_per_lot: terms.lot,
        quote_units_per_tick_lot: terms.tick_lot,
        limits: terms.limits,
        maker_fee: BasisPoints::new(terms.maker_fee).expect("a fee is at most 10%"),
        taker_fee: BasisPoints::new(terms.taker_fee).expect("a fee is at most 10%"),
        reference_price: Price::new(100).expect("it is above zero"),
    }
}

fn lots(lots: u64) -> Quantity {
    Quantity::new(lots).expect("a test's quantity is in range")
}
