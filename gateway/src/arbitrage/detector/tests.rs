//! The detector beside a plain recomputation, and the life of an opportunity.

#![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

use num_bigint::{BigInt, BigUint};
use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp(1_640_995_200_000);

fn amount(text: &str) -> Fixed {
    Fixed::parse(text).unwrap()
}

fn rules(network_fee: &str) -> DetectorRules {
    DetectorRules {
        tokens: vec![TokenRules {
            symbol: "LUXURY001".into(),
            price_scale: 2,
            amount_scale: 2,
            xrpl_fee: Share::default(),
            flare_fee: Share::default(),
            deep: amount("10000"),
        }],
        xrpl_stale_after_ms: 15_000,
        flare_stale_after_ms: 10_000,
        network_fee: amount(network_fee),
    }
}

fn quote(liquidity: Liquidity, as_of: Timestamp) -> Result<Quote, Unusable> {
    Ok(Quote {
        asks: Some(liquidity.clone()),
        bids: Some(liquidity),
        as_of,
        is_depth_known: true,
    })
}

/// So many tokens at one price.
fn level(price: &str, tokens: &str) -> Liquidity {
    let base = amount(tokens);
    let quote = base.scaled_down(amount(price), Fixed::ONE).unwrap();
    Liquidity::Book(vec![Level { base, quote }])
}

fn pool(base: &str, quote: &str, fee_millionths: u32) -> Liquidity {
    Liquidity::Pool(Pool {
        base: amount(base),
        quote: amount(quote),
        fee: Share::from_millionths(fee_millionths).unwrap(),
    })
}

struct Rig {
    detector: Detector,
    now: Timestamp,
}

impl Rig {
    fn new(network_fee: &str) -> Rig {
        Rig {
            detector: Detector::new(rules(network_fee), NOW),
            now: NOW,
        }
    }

    fn tell(&mut self, chain: Chain, liquidity: Liquidity) -> Vec<Finding> {
        self.tell_of(chain, quote(liquidity, self.now))
    }

    fn tell_of(&mut self, chain: Chain, quote: Result<Quote, Unusable>) -> Vec<Finding> {
        let mut out = Vec::new();
        self.detector.on_quote(0, chain, quote, self.now, &mut out);
        out
    }

    fn wait(&mut self, ms: u64) -> Vec<Finding> {
        self.now = self.now.plus(ms);
        let mut out = Vec::new();
        self.detector.on_timeout(self.now, &mut out);
        out
    }
}

fn opened(findings: &[Finding]) -> Opportunity {
    match findings {
        [Finding::Open(opportunity)] => *opportunity,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_reference_s_example_comes_out() {
    let mut rig = Rig::new("1500");
    assert_eq!(rig.tell(Chain::Xrpl, level("1000.00", "10000.00")), []);
    let opportunity = opened(&rig.tell(Chain::Flare, level("1015.00", "10000.00")));
    let gain = opportunity.gain;
    assert_eq!(gain.direction, Direction::XrplToFlare);
    assert_eq!(
        (gain.xrpl_price, gain.flare_price),
        (amount("1000"), amount("1015"))
    );
    assert_eq!(gain.spread_millionths, 15_000);
    assert_eq!(gain.gross, amount("15"));
    assert_eq!(
        (gain.min_amount, gain.max_amount),
        (amount("100"), amount("10000"))
    );
    assert_eq!(gain.confidence, Confidence::High);
    assert_eq!(opportunity.expires_at, Timestamp(1_640_995_800_000));
    // 15 a token, of which 1500 ÷ 10000 go to the networks.
    assert_eq!(gain.net, amount("14.85"));
    assert_eq!(gain.total_net, amount("148500"));
    assert_eq!(gain.as_of, NOW);
}

/// The notes' example: 0.6% and 0.3% of fees leave 0.588% of 1.50%.
#[test]
fn pools_fees_come_off_the_spread() {
    let mut rig = Rig::new("0");
    rig.tell(Chain::Xrpl, pool("1000", "1000000", 6_000));
    let gain = opened(&rig.tell(Chain::Flare, pool("1000", "1015000", 3_000))).gain;
    assert_eq!(gain.spread_millionths, 15_000);
    assert_eq!(gain.net_spread_millionths, 5_883);
    assert_eq!(gain.net.display_units(2), 592);
    let cost = amount("1006.036217303822937626");
    let brings = amount("1011.955");
    assert_eq!(gain.net, brings.minus(cost).unwrap());
}

#[test]
fn only_a_net_gain_is_said() {
    let mut rig = Rig::new("0");
    rig.tell(Chain::Xrpl, pool("1000", "1000000", 10_000));
    assert_eq!(rig.tell(Chain::Flare, pool("1000", "1012000", 3_000)), []);
    // The networks' fees are as much as all that can be gained.
    let mut rig = Rig::new("150");
    rig.tell(Chain::Xrpl, level("1000", "10"));
    assert_eq!(rig.tell(Chain::Flare, level("1015", "10")), []);
    let gain = opened(&rig.tell(Chain::Flare, level("1015.01", "10"))).gain;
    assert_eq!(gain.total_net, amount("0.1"));
    assert_eq!(gain.min_amount, amount("10"));
}

#[test]
fn an_opportunity_is_said_once_again_on_ten_basis_points_and_closed_once() {
    let mut rig = Rig::new("0");
    rig.tell(Chain::Xrpl, level("1000", "100"));
    let first = opened(&rig.tell(Chain::Flare, level("1015", "100")));
    assert_eq!(rig.tell(Chain::Flare, level("1015.99", "100")), []);
    assert_eq!(
        rig.detector.open().collect::<Vec<_>>(),
        [&first],
        "as it was said"
    );
    let second = opened(&rig.tell(Chain::Flare, level("1016", "100")));
    assert_eq!((second.id, second.expires_at), (first.id, first.expires_at));
    assert_eq!(second.gain.spread_millionths, 16_000);
    let gone = rig.tell(Chain::Flare, level("1000", "100"));
    assert_eq!(gone, [Finding::Closed(second, Closed::Gone)]);
    assert_eq!(rig.tell(Chain::Flare, level("1000", "100")), []);
    let third = opened(&rig.tell(Chain::Flare, level("1015", "100")));
    assert_eq!(third.id, first.id + 1);
    let turned = rig.tell(Chain::Flare, level("985", "100"));
    let [Finding::Closed(_, Closed::Gone), Finding::Open(fourth)] = turned[..] else {
        panic!("{turned:?}");
    };
    assert_eq!(fourth.gain.direction, Direction::FlareToXrpl);
    assert_eq!(
        fourth.gain.spread_millionths, 15_228,
        "of the lower price, half to even"
    );
    assert_eq!(fourth.gain.gross, amount("15"));
}

#[test]
fn what_lasts_is_detected_again_after_ten_minutes() {
    let mut rig = Rig::new("0");
    rig.tell(Chain::Xrpl, level("1000", "100"));
    let first = opened(&rig.tell(Chain::Flare, level("1015", "100")));
    for _ in 0..119 {
        assert_eq!(rig.wait(5_000), []);
        assert_eq!(rig.tell(Chain::Xrpl, level("1000", "100")), []);
        assert_eq!(rig.tell(Chain::Flare, level("1015", "100")), []);
    }
    assert_eq!(rig.wait(4_999), []);
    let again = opened(&rig.wait(1));
    assert_eq!(again.id, first.id);
    assert_eq!(again.expires_at, first.expires_at.plus(OPPORTUNITY_MS));
}

#[test]
fn a_stale_quote_closes_and_is_said_once() {
    let mut rig = Rig::new("0");
    rig.tell(Chain::Xrpl, level("1000", "100"));
    let open = opened(&rig.tell(Chain::Flare, level("1015", "100")));
    assert_eq!(rig.detector.deadline(), Some(NOW.plus(10_000)));
    assert_eq!(rig.wait(9_999), []);
    let lost = Finding::Lost(0, Chain::Flare, Unusable::Stale);
    assert_eq!(rig.wait(1), [lost, Finding::Closed(open, Closed::Stale)]);
    assert_eq!(rig.detector.deadline(), Some(NOW.plus(15_000)));
    assert_eq!(
        rig.wait(5_000),
        [Finding::Lost(0, Chain::Xrpl, Unusable::Stale)]
    );
    assert_eq!(rig.detector.deadline(), None, "nothing is waited for twice");
    let old = quote(level("1015", "100"), NOW);
    assert_eq!(
        rig.tell_of(Chain::Flare, old),
        [],
        "an old quote helps nobody"
    );
    let found = rig.tell(Chain::Flare, level("1015", "100"));
    assert_eq!(found, [Finding::Found(0, Chain::Flare)]);
    let all = rig.tell(Chain::Xrpl, level("1000", "100"));
    assert!(
        matches!(all[..], [Finding::Found(0, Chain::Xrpl), Finding::Open(_)]),
        "{all:?}"
    );
}

#[test]
fn what_never_comes_and_what_cannot_be_used_is_said_too() {
    let mut rig = Rig::new("0");
    assert_eq!(rig.wait(9_999), []);
    assert_eq!(
        rig.wait(1),
        [Finding::Lost(0, Chain::Flare, Unusable::Stale)]
    );
    let empty = Finding::Lost(0, Chain::Flare, Unusable::Empty);
    assert_eq!(rig.tell_of(Chain::Flare, Err(Unusable::Empty)), [empty]);
    assert_eq!(rig.tell_of(Chain::Flare, Err(Unusable::Empty)), []);
    let nothing = Quote {
        asks: None,
        bids: None,
        as_of: rig.now,
        is_depth_known: true,
    };
    assert_eq!(rig.tell_of(Chain::Flare, Ok(nothing)), []);
    rig.tell(Chain::Xrpl, level("1000", "100"));
    let found = rig.tell(Chain::Flare, level("1015", "100"));
    let [Finding::Found(0, Chain::Flare), Finding::Open(open)] = found[..] else {
        panic!("{found:?}");
    };
    let lost = Finding::Lost(0, Chain::Xrpl, Unusable::LedgerGap);
    assert_eq!(
        rig.tell_of(Chain::Xrpl, Err(Unusable::LedgerGap)),
        [lost, Finding::Closed(open, Closed::Stale)]
    );
}

#[test]
fn confidence_falls_with_age_and_with_depth() {
    for (age, tokens, expected) in [
        (3_333, "10", Confidence::High),
        (3_334, "10", Confidence::Medium),
        (6_666, "10", Confidence::Medium),
        (6_667, "10", Confidence::Low),
        (0, "9.99", Confidence::Medium),
        (0, "1", Confidence::Medium),
        (0, "0.99", Confidence::Low),
    ] {
        let mut rig = Rig::new("0");
        let old = quote(level("1015", tokens), NOW);
        rig.now = NOW.plus(age);
        rig.tell(Chain::Xrpl, level("1000", tokens));
        let gain = opened(&rig.tell_of(Chain::Flare, old)).gain;
        assert_eq!(gain.confidence, expected, "{age} ms, {tokens}");
        assert_eq!(gain.as_of, NOW);
    }
}

/// What an amount costs or brings, from the definition of each kind of liquidity, as a fraction.
fn plain(liquidity: &Liquidity, amount: &BigInt, buys: bool) -> Option<(BigInt, BigInt)> {
    let big = |it: Fixed| BigInt::from(it.big());
    match liquidity {
        Liquidity::Pool(pool) => {
            let (b, q) = (big(pool.base), big(pool.quote));
            let left = BigInt::from(1_000_000 - fee_of(pool));
            if buys {
                // (Q + φ·x)·(B − a) = Q·B
                let rest = &b - amount;
                (rest > BigInt::ZERO).then(|| (q * amount * 1_000_000, left * rest))
            } else {
                Some((&q * &left * amount, b * 1_000_000 + left * amount))
            }
        }
        Liquidity::Book(levels) => {
            let (mut above, mut below) = (BigInt::ZERO, BigInt::from(1));
            let mut rest = amount.clone();
            for level in levels {
                let part = rest.clone().min(big(level.base));
                above = above * big(level.base) + big(level.quote) * &part * &below;
                below *= big(level.base);
                rest -= part;
            }
            (rest == BigInt::ZERO).then_some((above, below))
        }
    }
}

fn fee_of(pool: &Pool) -> u32 {
    Share::ALL - pool.fee.rest()
}

/// The gain of an amount, in units of the last digit rounded down.
fn plain_gain(buy: (&Liquidity, u32), sell: (&Liquidity, u32), amount: &BigInt) -> Option<BigInt> {
    let (cost, cost_below) = plain(buy.0, amount, true)?;
    let (brings, brings_below) = plain(sell.0, amount, false)?;
    let above =
        brings * (1_000_000 - sell.1) * &cost_below - cost * (1_000_000 + buy.1) * &brings_below;
    let below = cost_below * brings_below * 1_000_000_u32;
    // A hundred digits more than the figures have, so that neighbours can be told apart.
    Some(above * BigInt::from(10).pow(100) / below)
}

/// Where the gain is highest, by a search that knows nothing but that it has one peak.
fn search(buy: (&Liquidity, u32), sell: (&Liquidity, u32)) -> BigInt {
    let gain = |amount: &BigInt| plain_gain(buy, sell, amount);
    let (mut low, mut high) = (BigInt::ZERO, BigInt::from(10).pow(30));
    while &high - &low > BigInt::from(2) {
        let third = (&high - &low) / 3;
        let (left, right) = (&low + &third, &high - &third);
        match (gain(&left), gain(&right)) {
            (Some(a), Some(b)) if a < b => low = left,
            (None, Some(_)) => unreachable!("what is there for more is there for less"),
            _ => high = right,
        }
    }
    low + 1
}

fn any_liquidity(buys: bool) -> impl Strategy<Value = Liquidity> {
    let units = 10_u128.pow(12);
    let pool = (1_000_u128..1_000_000_000, 900_u128..1_120, 0_u32..12_000).prop_map(
        move |(base, price, fee)| {
            Liquidity::Pool(Pool {
                base: Fixed::from_units(base * units),
                quote: Fixed::from_units(base * price * units / 1_000),
                fee: Share::from_millionths(fee).unwrap(),
            })
        },
    );
    let book = prop::collection::vec((1_000_u128..100_000_000, 900_u128..1_120), 1..6).prop_map(
        move |mut offers| {
            offers.sort_by_key(|(_, price)| *price);
            if !buys {
                offers.reverse();
            }
            let level = |(base, price): (u128, u128)| Level {
                base: Fixed::from_units(base * units),
                quote: Fixed::from_units(base * price * units / 1_000),
            };
            Liquidity::Book(offers.into_iter().map(level).collect())
        },
    );
    prop_oneof![pool, book]
}

proptest! {
    /// Closed forms and walks find what a search finds, and nothing more is gained by any other
    /// amount.
    #[test]
    fn the_best_amount_is_where_a_plain_search_finds_it(
        from in any_liquidity(true),
        to in any_liquidity(false),
        buy_fee in 0_u32..3_000,
        sell_fee in 0_u32..3_000,
    ) {
        let share = |fee| Share::from_millionths(fee).unwrap();
        let best = most_profitable((&from, share(buy_fee)), (&to, share(sell_fee)));
        let (buy, sell) = ((&from, buy_fee), (&to, sell_fee));
        let gain = |amount: &BigInt| plain_gain(buy, sell, amount);
        let found = search(buy, sell);
        let best_gain = gain(&BigInt::from(best.big())).unwrap();
        let found_gain = gain(&found).unwrap_or(BigInt::ZERO).max(BigInt::ZERO);
        prop_assert!(best_gain >= BigInt::ZERO);
        // Roots are rounded so that never too much is traded: the last units bring next to nothing.
        let missing = &found_gain - &best_gain;
        let unit = BigInt::from(10).pow(100);
        prop_assert!(missing <= unit, "{best:?} is {missing} behind {found}");
        // A hair's breadth less or more brings no more.
        let step = BigInt::from(10).pow(9);
        for other in [BigInt::from(best.big()) - &step, BigInt::from(best.big()) + &step] {
            if other > BigInt::ZERO {
                let other_gain = gain(&other).unwrap_or(BigInt::ZERO);
                prop_assert!(other_gain <= &best_gain + &unit, "{other}");
            }
        }
    }

    /// Costs are never told too low, proceeds never too high, and neither by more than a unit a
    /// level.
    #[test]
    fn figures_are_rounded_to_the_safe_side(
        from in any_liquidity(true),
        to in any_liquidity(false),
        part in 1_u128..1_000_000,
    ) {
        let amount = Fixed::from_units(part * 10_u128.pow(12));
        let big = BigInt::from(amount.big());
        for (told, exact, is_cost) in [
            (from.cost(amount), plain(&from, &big, true), true),
            (to.proceeds(amount), plain(&to, &big, false), false),
        ] {
            prop_assert_eq!(told.is_some(), exact.is_some());
            let Some((told, (above, below))) = told.zip(exact) else { continue };
            let told = BigInt::from(told.big()) * &below;
            let (more, less) = if is_cost { (told, above) } else { (above, told) };
            prop_assert!(more >= less);
            prop_assert!(more - less <= below * 6);
        }
    }

    /// What is said adds up again from the quotes, whatever they are.
    #[test]
    fn what_is_said_is_gained(
        xrpl in (any_liquidity(true), any_liquidity(false)),
        flare in (any_liquidity(true), any_liquidity(false)),
        network_fee in 0_u64..50_000_000,
    ) {
        let mut rules = rules("0");
        rules.network_fee = Fixed::from_drops(network_fee);
        let mut detector = Detector::new(rules, NOW);
        let mut out = Vec::new();
        let quote = |(asks, bids): &(Liquidity, Liquidity)| Ok(Quote {
            asks: Some(asks.clone()),
            bids: Some(bids.clone()),
            as_of: NOW,
            is_depth_known: true,
        });
        detector.on_quote(0, Chain::Xrpl, quote(&xrpl), NOW, &mut out);
        detector.on_quote(0, Chain::Flare, quote(&flare), NOW, &mut out);
        for finding in out {
            let Finding::Open(Opportunity { gain, .. }) = finding else { continue };
            let (buy, sell) = match gain.direction {
                Direction::XrplToFlare => (&xrpl.0, &flare.1),
                Direction::FlareToXrpl => (&flare.0, &xrpl.1),
            };
            let fee = Fixed::from_drops(network_fee);
            let net = |amount: Fixed| {
                sell.proceeds(amount)?.minus(buy.cost(amount)?)?.minus(fee)
            };
            prop_assert_eq!(net(gain.max_amount), Some(gain.total_net));
            prop_assert!(!gain.total_net.is_zero());
            prop_assert!(net(gain.min_amount).is_some());
            let grain = Fixed::grain(2);
            if let Some(less) = gain.min_amount.minus(grain).filter(|it| !it.is_zero()) {
                prop_assert_eq!(net(less), None);
            }
            prop_assert!(gain.min_amount <= gain.max_amount);
            prop_assert_eq!(BigUint::from(gain.max_amount.units()) % grain.big(), BigUint::ZERO);
            prop_assert!(gain.xrpl_price != gain.flare_price);
        }
    }
}
