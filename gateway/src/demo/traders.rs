use engine::domain::{
    AccountId, Amount, AssetId, ClientOrderId, MarginRequest, PairId, Price, Quantity,
    SelfTradePrevention, Side, Special, TimeInForce, TrailingDistance, TriggerBy, UserName,
};
use engine::request::{OrderRef, PlaceRequest, RequestKind};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::instrument::Instruments;

/// How much time lies between two steps, in milliseconds.
pub const TICK_MS: u64 = 100;
const MAKERS: usize = 2;
const TAKERS: usize = 2;
/// Quotes of one maker on one side of one pair.
const LEVELS: usize = 10;
/// One quote of a pair is renewed so often, in steps.
const RENEW_EVERY: u64 = 2;
/// One in so many steps brings a taker to a pair.
const TAKE_ONE_IN: u64 = 12;
/// One in so many takers sets a trailing stop in the place of the one that he may have.
const STOP_ONE_IN: u64 = 4;
/// The outermost quotes of a side hide three quarters of themselves.
const HIDDEN_LEVELS: usize = 2;

/// Makers around fair prices that move, and takers.
///
/// Of each pair a quote is renewed every other step, and a taker comes now and then, some with a
/// trailing stop: about 25 orders a second over four pairs. The outermost quotes are icebergs. Nothing is known of answers: a quote is renewed by
/// cancelling the old one, whatever became of it.
#[derive(Debug)]
pub struct Traders {
    random: ChaCha8Rng,
    step: u64,
    orders: u64,
    run: u64,
    makers: Vec<AccountId>,
    takers: Vec<AccountId>,
    markets: Vec<Market>,
}

#[derive(Debug)]
struct Market {
    pair: PairId,
    reference: u64,
    /// Where the makers think that the price is, in ticks.
    fair: u64,
    max_lots: u64,
    /// The standing quotes, by slot.
    quotes: Vec<Option<ClientOrderId>>,
    /// The stops, by taker.
    stops: Vec<Option<ClientOrderId>>,
}

impl Traders {
    /// The traders' names, makers first.
    pub fn names() -> Vec<UserName> {
        let name = |kind: &str, index| UserName::new(&format!("sim-{kind}-{index}")).ok();
        let makers = (1..=MAKERS).filter_map(|index| name("maker", index));
        let takers = (1..=TAKERS).filter_map(|index| name("taker", index));
        makers.chain(takers).collect()
    }

    /// What each of them starts with: a tenth of a percent of all that an asset can have.
    pub fn funds(instruments: &Instruments) -> Vec<(AssetId, Amount)> {
        let share = Amount::new(Amount::MAX.units() / 1_000).unwrap_or(Amount::ZERO);
        let assets = instruments.assets().iter();
        assets.map(|asset| (asset.id, share)).collect()
    }

    /// The traders of `accounts`, in the order of [`Traders::names`]. `run` tells the client
    /// order ids of one process from those of another over the same journal.
    pub fn new(seed: u64, run: u64, accounts: &[AccountId], instruments: &Instruments) -> Traders {
        let (makers, takers) = accounts.split_at(MAKERS.min(accounts.len()));
        let market = |instrument: &crate::instrument::Instrument| {
            let reference = u64::from(instrument.pair.reference_price().ticks());
            Market {
                pair: instrument.id(),
                reference,
                fair: reference,
                max_lots: instrument.pair.limits().max_quantity.lots().min(5_000),
                quotes: vec![None; makers.len() * 2 * LEVELS],
                stops: vec![None; takers.len()],
            }
        };
        Traders {
            random: ChaCha8Rng::seed_from_u64(seed),
            step: 0,
            orders: 0,
            run,
            makers: makers.to_vec(),
            takers: takers.to_vec(),
            markets: instruments.all().iter().map(market).collect(),
        }
    }

    /// What the traders ask for in one step. The first step fills the books.
    pub fn step(&mut self, out: &mut Vec<RequestKind>) {
        for index in 0..self.markets.len() {
            self.drift(index);
            let slots = self.markets[index].quotes.len();
            if self.step == 0 {
                for slot in 0..slots {
                    self.quote(index, slot, out);
                }
            } else if (self.step + index as u64).is_multiple_of(RENEW_EVERY) && slots > 0 {
                let slot = self.below(slots as u64);
                self.quote(index, usize::try_from(slot).unwrap_or(0), out);
            }
            if self.step > 0 && self.below(TAKE_ONE_IN) == 0 {
                self.take(index, out);
            }
        }
        self.step += 1;
    }

    /// Moves the fair price a little, more often towards the reference than away from it.
    fn drift(&mut self, index: usize) {
        let (fair, reference) = (self.markets[index].fair, self.markets[index].reference);
        let most = (fair / 5_000).max(1);
        // Prices in few ticks move in the steps of other prices, but more rarely.
        if fair < 5_000 && self.below(10) > 0 {
            return;
        }
        let by = self.below(most + 1);
        let towards = self.below(100) < 52;
        let is_up = (fair < reference) == towards;
        let moved = if is_up {
            fair + by
        } else {
            fair.saturating_sub(by)
        };
        let (low, high) = (reference - reference / 10, reference + reference / 10);
        self.markets[index].fair = moved.clamp(low.max(1), high);
    }

    /// Takes a quote away and puts a new one in its place.
    fn quote(&mut self, index: usize, slot: usize, out: &mut Vec<RequestKind>) {
        let account = self.makers[slot / (2 * LEVELS)];
        let side = if (slot / LEVELS).is_multiple_of(2) {
            Side::Buy
        } else {
            Side::Sell
        };
        if let Some(id) = self.markets[index].quotes[slot].take() {
            out.push(RequestKind::Cancel {
                account,
                order: OrderRef::Client(id),
            });
        }
        let gap = (self.markets[index].fair / 4_000).max(1);
        let away = gap * (slot % LEVELS + 1) as u64 + self.below(gap);
        let id = self.next_id();
        let place = self.order(index, account, side, side == Side::Sell, away);
        if let Some(mut place) = place {
            place.client_order_id = id;
            place.post_only = true;
            let display = Quantity::new(place.quantity.lots().div_ceil(4));
            if slot % LEVELS >= LEVELS - HIDDEN_LEVELS
                && let Some(display) = display
            {
                place.special = Special::Iceberg { display };
            }
            self.markets[index].quotes[slot] = id;
            out.push(RequestKind::Place(place));
        }
    }

    /// A taker goes through the spread and a few levels.
    fn take(&mut self, index: usize, out: &mut Vec<RequestKind>) {
        if self.takers.is_empty() {
            return;
        }
        let taker = self.below(self.takers.len() as u64);
        let account = self.takers[usize::try_from(taker).unwrap_or(0)];
        let side = if self.below(2) == 0 {
            Side::Buy
        } else {
            Side::Sell
        };
        let away = (self.markets[index].fair / 4_000).max(1) * 4;
        let place = self.order(index, account, side, side == Side::Buy, away);
        if let Some(mut place) = place {
            place.time_in_force = TimeInForce::ImmediateOrCancel;
            out.push(RequestKind::Place(place));
        }
        if self.below(STOP_ONE_IN) == 0 {
            self.protect(index, usize::try_from(taker).unwrap_or(0), side, out);
        }
    }

    /// A taker who went one way sets a stop the other way, behind the price.
    fn protect(&mut self, index: usize, taker: usize, side: Side, out: &mut Vec<RequestKind>) {
        let account = self.takers[taker];
        if let Some(id) = self.markets[index].stops[taker].take() {
            out.push(RequestKind::Cancel {
                account,
                order: OrderRef::Client(id),
            });
        }
        let id = self.next_id();
        let points = u16::try_from(50 + self.below(100)).ok();
        let distance = points.and_then(TrailingDistance::basis_points);
        let place = self.order(index, account, side.opposite(), false, 0);
        if let (Some(mut place), Some(distance)) = (place, distance) {
            place.client_order_id = id;
            place.limit = None;
            place.special = Special::Trailing {
                distance,
                by: TriggerBy::Last,
            };
            self.markets[index].stops[taker] = id;
            out.push(RequestKind::Place(place));
        }
    }

    fn order(
        &mut self,
        index: usize,
        account: AccountId,
        side: Side,
        is_above: bool,
        away: u64,
    ) -> Option<PlaceRequest> {
        let lots = 1 + self.below(self.markets[index].max_lots);
        let market = &self.markets[index];
        let ticks = if is_above {
            market.fair + away
        } else {
            market.fair.saturating_sub(away)
        };
        Some(PlaceRequest {
            account,
            pair: market.pair,
            client_order_id: None,
            side,
            limit: Some(Price::from_u64(ticks)?),
            quantity: Quantity::new(lots)?,
            time_in_force: TimeInForce::GoodTillCancelled,
            post_only: false,
            self_trade: SelfTradePrevention::CancelTaker,
            special: Special::None,
            expires_at: None,
            margin: MarginRequest::None,
        })
    }

    fn next_id(&mut self) -> Option<ClientOrderId> {
        self.orders += 1;
        ClientOrderId::new(&format!("{:x}-{}", self.run, self.orders)).ok()
    }

    /// A number below `end`, which is above zero. The bias of the remainder does no harm here.
    fn below(&mut self, end: u64) -> u64 {
        self.random.next_u64() % end
    }
}
