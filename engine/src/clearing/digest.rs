//! One number for a whole state, the same wherever the same commands were applied.

use std::fmt;

use crate::command::{StopTerms, Terms};
use crate::domain::{
    AccountId, Amount, AssetId, ClientOrderId, Funding, Movement, OrderId, OrderKey, PairId, Party,
    Price, Quantity, Reserve, SelfTradePrevention, Side, TimeInForce, Timestamp,
};
use crate::report::OrderStatus;

use super::market::Market;
use super::order::{Order, OrderStage};
use super::state::{OperationState, TransferState};
use super::{Clearing, is_forgotten};

/// The digest of a state: the first 128 bits of a BLAKE3 hash over its canonical form.
///
/// Two exchanges in which nothing is in flight have the same digest if and only if they say the
/// same of everything, however they came there: inline, on threads or by replay.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateDigest(pub u128);

impl fmt::Display for StateDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for StateDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StateDigest({self})")
    }
}

/// The canonical form, being hashed: fixed-width numbers in a fixed order, with no slot, no
/// hash order and no memory layout in it.
pub(crate) struct Digester(blake3::Hasher);

impl Digester {
    pub(crate) fn new() -> Digester {
        Digester(blake3::Hasher::new())
    }

    pub(crate) fn number(&mut self, number: u64) {
        self.0.update(&number.to_le_bytes());
    }

    /// A number of 128 bits, the higher half first.
    pub(crate) fn wide(&mut self, number: u128) {
        for half in [number >> 64, number & u128::from(u64::MAX)] {
            self.number(u64::try_from(half).expect("invariant: half of 128 bits are 64"));
        }
    }

    /// A time, or that there is none.
    pub(crate) fn moment(&mut self, at: Option<Timestamp>) {
        self.number(at.is_some().into());
        self.number(at.map_or(0, |at| at.0));
    }

    pub(crate) fn amount(&mut self, amount: Amount) {
        self.number(amount.units());
    }

    pub(crate) fn quantity(&mut self, quantity: Quantity) {
        self.number(quantity.lots());
    }

    pub(crate) fn price(&mut self, price: Option<Price>) {
        // No price is zero.
        self.number(price.map_or(0, |price| price.ticks().into()));
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.update(text.as_bytes());
    }

    fn client_id(&mut self, name: Option<&ClientOrderId>) {
        // No name is empty.
        self.text(name.map_or("", ClientOrderId::as_str));
    }

    pub(crate) fn finish(&self) -> StateDigest {
        let hash = self.0.finalize();
        let bytes = hash.as_bytes().first_chunk::<16>();
        let bytes = bytes.expect("invariant: a hash has 32 bytes");
        StateDigest(u128::from_be_bytes(*bytes))
    }
}

impl Clearing {
    /// The digest of all that clearing keeps and somebody can still ask for. Comparable where
    /// nothing is in flight.
    pub fn state_digest(&self) -> StateDigest {
        let mut digester = Digester::new();
        self.digest_into(&mut digester);
        digester.finish()
    }

    pub(crate) fn digest_into(&self, to: &mut Digester) {
        to.number(self.last_sequence.0);
        to.number(self.last_time.0);
        to.number(self.next_order.0);
        for asset in (0..self.config.assets).map(AssetId) {
            to.amount(self.ledger.inside(asset));
            to.amount(self.ledger.fees(asset));
            let reserves = self.ledger.reserves(asset);
            for (name, amount) in [("pool", reserves.pool), ("fund", reserves.insurance)] {
                if !amount.is_zero() {
                    to.text(name);
                    to.amount(amount);
                }
            }
        }
        to.number(self.accounts.len().into());
        for account in (0..self.accounts.len()).map(AccountId) {
            let name = self.accounts.name(account);
            to.text(name.as_ref().map_or("", |name| name.as_str()));
            for asset in (0..self.config.assets).map(AssetId) {
                let balance = self.ledger.balance(account, asset);
                to.amount(balance.available);
                to.amount(balance.held);
            }
            if let Some(at) = self.accounts.cancel_after(account) {
                to.text("cancel after");
                to.number(at.0);
            }
            let limits = self.accounts.limits(account);
            if !limits.is_default() {
                to.text("limits");
                for limit in limits.numbers() {
                    to.number(limit.into());
                }
            }
        }
        for market in &self.markets {
            self.digest_market(market, to);
        }
        for transfer in self.known_transfers() {
            to.text("transfer");
            digest_transfer(&transfer, to);
        }
        for OperationState { key, digest, at } in self.known_operations() {
            to.text("operation");
            to.wide(key.0);
            to.wide(u128::from_be_bytes(digest.0));
            to.number(at.0);
        }
        for (token, expires_at) in self.revocations.tokens() {
            to.text("revoked token");
            to.wide(token.0);
            to.moment(expires_at);
        }
        for (user, issued_up_to) in self.revocations.users() {
            to.text("revoked user");
            to.text(user.as_str());
            to.number(issued_up_to.0);
        }
    }

    /// The id of the open order of this key, for walks over a book.
    pub(crate) fn id_of_open(&self, pair: PairId, key: OrderKey) -> Option<OrderId> {
        let open = self.market(pair)?.orders.get(key)?;
        Some(open.order.id)
    }

    fn digest_market(&self, market: &Market, to: &mut Digester) {
        to.number(market.id().0.into());
        to.number(market.status.number().into());
        to.price(market.last_trade);
        if market.pair.breaker().is_some() {
            to.text("reference");
            to.price(Some(market.reference.price()));
            for (minute, close) in market.reference.closes() {
                to.number(minute);
                to.price(Some(close));
            }
            to.number(market.reopens_at.map_or(0, |at| at.0));
        }
        to.number(market.last_event.0);
        if let Some(margin) = &market.margin {
            margin.digest_into(to);
        }
        to.number(market.in_flight.len() as u64);
        let mut open: Vec<_> = market.orders.iter().map(|(_, open)| open).collect();
        open.sort_unstable_by_key(|open| open.order.id);
        to.number(open.len() as u64);
        for open in open {
            digest_order(&open.order, to);
            to.quantity(open.leaves);
            to.amount(open.held);
            match open.stage {
                OrderStage::Book => {}
                OrderStage::Waiting => to.text("waiting"),
                OrderStage::Linked => to.text("linked"),
            }
        }
        // What is kept beyond its time is known to nobody, and when it goes is no matter.
        let remembered = market
            .finished
            .iter()
            .filter(|ended| !is_forgotten(ended.at, self.last_time, &self.config));
        for ended in remembered {
            digest_order(&ended.order, to);
            to.number(match ended.status {
                OrderStatus::Open => 0,
                OrderStatus::PartiallyFilled => 1,
                OrderStatus::Filled => 2,
                OrderStatus::Cancelled => 3,
                OrderStatus::Expired => 4,
                OrderStatus::Pending => 5,
            });
            to.number(ended.at.0);
        }
    }
}

fn digest_transfer(transfer: &TransferState, to: &mut Digester) {
    let TransferState { key, transfer, at } = *transfer;
    to.wide(key.0);
    match transfer.party {
        Party::Account(account) => to.number(account.0.into()),
        Party::Reserve(Reserve::LendingPool) => to.text("pool"),
        Party::Reserve(Reserve::InsuranceFund) => to.text("fund"),
    }
    to.number(transfer.asset.0.into());
    to.text(match transfer.change {
        Movement::In(_) => "in",
        Movement::Out(_) => "out",
    });
    to.amount(transfer.change.amount());
    to.number(at.0);
}

fn digest_order(order: &Order, to: &mut Digester) {
    to.number(order.id.0);
    to.number(order.account.0.into());
    to.price(Some(order.price));
    to.quantity(order.quantity);
    to.quantity(order.filled);
    to.amount(order.notional);
    to.amount(order.fees.paid());
    to.number(order.fees.credit().into());
    to.price(Some(order.first_price));
    to.quantity(order.first_quantity);
    to.number(match order.side {
        Side::Buy => 0,
        Side::Sell => 1,
    });
    to.number(order.market.into());
    to.number(match order.time_in_force {
        TimeInForce::GoodTillCancelled => 0,
        TimeInForce::ImmediateOrCancel => 1,
        TimeInForce::FillOrKill => 2,
    });
    to.number(order.post_only.into());
    to.number(match order.self_trade {
        SelfTradePrevention::CancelTaker => 0,
        SelfTradePrevention::CancelMaker => 1,
        SelfTradePrevention::CancelBoth => 2,
        SelfTradePrevention::Decrement => 3,
    });
    to.client_id(order.client_order_id.as_ref());
    // What plain orders have none of stands behind, so that they are as they always were.
    if let Some(at) = order.expires_at {
        to.text("expires");
        to.number(at.0);
    }
    digest_terms(&order.terms, to);
    digest_funding(order.funding, to);
}

fn digest_funding(funding: Funding, to: &mut Digester) {
    match funding {
        Funding::Spot => {}
        Funding::Margin { leverage, floor } => {
            to.text("margin");
            to.number(leverage.hundredths().into());
            to.price(Some(floor));
        }
        Funding::ReduceOnly => to.text("reduce only"),
        Funding::Liquidation => to.text("liquidation"),
        Funding::Backstop => to.text("backstop"),
    }
}

fn digest_terms(terms: &Terms, to: &mut Digester) {
    match *terms {
        Terms::Plain => {}
        Terms::Iceberg { display } => {
            to.text("iceberg");
            to.quantity(display);
        }
        Terms::Stop(StopTerms::Fixed {
            trigger,
            crossing,
            by,
        }) => {
            to.text("stop");
            to.price(Some(trigger));
            to.number(crossing as u64);
            to.number(by as u64);
        }
        Terms::Stop(StopTerms::Trailing {
            anchor,
            distance,
            collar,
            by,
        }) => {
            to.text("trailing");
            to.price(Some(anchor));
            to.number(distance.raw().into());
            to.number(collar.into());
            to.number(by as u64);
        }
        Terms::Stop(StopTerms::Oco {
            trigger,
            limit,
            market,
            by,
        }) => {
            to.text("oco");
            to.price(Some(trigger));
            to.price(Some(limit));
            to.number(market.into());
            to.number(by as u64);
        }
    }
}
