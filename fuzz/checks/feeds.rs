//! Any bytes as what nodes of other ledgers say.

use engine::domain::Timestamp;
use gateway::arbitrage::detector::{Chain, Detector, DetectorRules, Finding, Share, TokenRules};
use gateway::arbitrage::{Fixed, flare, xrpl};

const NOW: Timestamp = Timestamp(1_640_995_200_000);
const ISSUER: &str = "rvYAfWj5gh67oV6fW32ZzP3Aw4Eubs59B";

/// Reads `bytes`; each opportunity that comes of it gains, and its figures hold together.
pub(crate) fn run(bytes: &[u8]) -> Result<(), String> {
    for finding in findings(bytes) {
        if let Finding::Open(opportunity) = finding {
            let gain = opportunity.gain;
            let holds = !gain.total_net.is_zero()
                && !gain.min_amount.is_zero()
                && gain.min_amount <= gain.max_amount
                && !gain.total_cost.is_zero();
            if !holds {
                return Err(format!("{gain:?}"));
            }
        }
    }
    Ok(())
}

/// What comes of lines of `bytes` as messages, the first byte of each saying to which feed.
pub(crate) fn findings(bytes: &[u8]) -> Vec<Finding> {
    let mut xrpl = xrpl_feed();
    let mut flare = flare_feed();
    let mut detector = Detector::new(rules(), NOW);
    let mut findings = Vec::new();
    let mut steps = Vec::new();
    xrpl.on_connected(NOW, &mut steps);
    flare.begin(NOW);
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let now = NOW.plus(100 * index as u64);
        let Some((target, message)) = line.split_first() else {
            continue;
        };
        if target.is_multiple_of(2) {
            if xrpl
                .on_text(&mut message.to_vec(), now, &mut steps)
                .is_err()
            {
                xrpl.on_connected(now, &mut steps);
            }
            for step in steps.drain(..) {
                if let xrpl::Step::Quote(token, quote) = step {
                    detector.on_quote(token, Chain::Xrpl, quote, now, &mut findings);
                }
            }
        } else {
            match flare.on_answer(&mut message.to_vec()) {
                Ok(flare::Next::Ask(_)) => {}
                Ok(flare::Next::Done(quotes)) => {
                    for (token, quote) in quotes.into_iter().enumerate() {
                        detector.on_quote(token, Chain::Flare, quote, now, &mut findings);
                    }
                    flare.begin(now);
                }
                Err(_) => {
                    flare.begin(now);
                }
            }
        }
        detector.on_timeout(now, &mut findings);
    }
    findings
}

fn xrpl_feed() -> xrpl::Feed {
    let currency = xrpl::Currency::new("LUXURY001").expect("a name");
    let issuer = ISSUER.into();
    xrpl::Feed::new(vec![xrpl::Market { currency, issuer }], 5_000)
}

fn flare_feed() -> flare::Feed {
    let address = |digit: char| {
        let text: String = std::iter::repeat_n(digit, 40).collect();
        flare::Address::parse(&format!("0x{text}")).expect("an address")
    };
    let feed = |name| flare::FeedId::parse(name).expect("a feed");
    flare::Feed::new(flare::FlareRules {
        registry: address('1'),
        xrp_feed: feed("XRP/USD"),
        sources: vec![flare::Source::Pool {
            pool: address('3'),
            token: address('4'),
            quote: address('5'),
            quote_feed: Some(feed("FLR/USD")),
            fee: Share::from_bps(30).expect("a share"),
        }],
    })
}

fn rules() -> DetectorRules {
    DetectorRules {
        tokens: vec![TokenRules {
            symbol: "LUXURY001".into(),
            price_scale: 2,
            amount_scale: 2,
            xrpl_fee: Share::default(),
            flare_fee: Share::default(),
            deep: Fixed::ONE,
        }],
        xrpl_stale_after_ms: 15_000,
        flare_stale_after_ms: 10_000,
        network_fee: Fixed::ZERO,
    }
}
