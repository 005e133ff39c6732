//! What a margin order must pass before it is accepted, whatever is on its way.

use crate::clearing::Clearing;
use crate::clearing::ledger::{Commitment, FeeMeter, Ledger, LedgerAccount, Posting, promise};
use crate::clearing::ledger::{fee_of_worst_rate, requirement};
use crate::clearing::market::Market;
use crate::clearing::order::{OpenOrder, Order};
use crate::clearing::pre_trade::PlaceTerms;
use crate::command::{StopTerms, Terms};
use crate::domain::{
    AccountId, Amount, AssetId, BasisPoints, Funding, Leverage, MarginRequest, PositionSide, Price,
    Quantity, Side,
};
use crate::reject::Reject;
use crate::request::PlaceRequest;

use super::figures::units;
use super::liquidate::reduces;
use super::{Margin, Position};

/// On what terms margin takes part in an order.
#[derive(Clone, Copy, Debug)]
pub(in crate::clearing) struct MarginTerms {
    pub(in crate::clearing) funding: Funding,
    /// What is held of its owner's quote.
    pub(in crate::clearing) hold: Amount,
}

impl Clearing {
    /// Whether margin takes the order at all: the part of its type (33, 34). // G-4
    pub(in crate::clearing) fn check_margin_type(
        market: &Market,
        ask: &PlaceRequest,
    ) -> Result<(), Reject> {
        let margin = match ask.margin {
            MarginRequest::None => return Ok(()),
            MarginRequest::Leverage(_) | MarginRequest::ReduceOnly => market.margin.as_ref(),
        };
        let margin = margin.ok_or(Reject::MarginNotOffered)?;
        match ask.margin {
            MarginRequest::Leverage(leverage) if leverage > margin.terms.max_leverage => {
                Err(Reject::LeverageOutOfRange)
            }
            MarginRequest::Leverage(_) | MarginRequest::ReduceOnly | MarginRequest::None => Ok(()),
        }
    }

    /// Whether the order closes all of a position that no other order reduces: then it may be as
    /// small, or as large, as it must. // G-9
    pub(in crate::clearing) fn closes_all(&self, market: &Market, ask: &PlaceRequest) -> bool {
        let margin = market.margin.as_ref();
        let margin = margin.filter(|_| ask.margin == MarginRequest::ReduceOnly);
        let position = margin.and_then(|margin| margin.position(ask.account));
        position.is_some_and(|position| {
            let orders = self.of_side(market, ask.account, ask.side);
            reduces(&position.state, ask.side)
                && position.state.size == ask.quantity
                && orders
                    .into_iter()
                    .all(|open| !open.order.funding.is_margin())
        })
    }

    /// Checks what margin asks of an order, and moves a collar to where its position has nothing
    /// left. // G-4, G-9
    pub(in crate::clearing) fn check_margin(
        &self,
        market: &Market,
        ask: &PlaceRequest,
        terms: &mut PlaceTerms,
    ) -> Result<MarginTerms, Reject> {
        let Some(margin) = &market.margin else {
            return Err(Reject::MarginNotOffered);
        };
        let position = margin.position(ask.account);
        let reduced = position.filter(|position| reduces(&position.state, ask.side));
        if ask.margin == MarginRequest::ReduceOnly && position.is_none() {
            return Err(Reject::NoPosition);
        }
        if position.is_some_and(|it| it.state.liquidation.is_some() || is_taken(margin, it)) {
            return Err(Reject::PositionInLiquidation);
        }
        match ask.margin {
            MarginRequest::Leverage(leverage) => {
                self.check_leveraged(market, margin, ask, (leverage, reduced), terms)
            }
            MarginRequest::ReduceOnly => {
                let reduced = reduced.ok_or(Reject::ReduceOnlyExceedsPosition)?;
                self.check_reduce_only(market, reduced, ask, terms)?;
                Ok(MarginTerms {
                    funding: Funding::ReduceOnly,
                    hold: Amount::ZERO,
                })
            }
            MarginRequest::None => Err(Reject::MarginNotOffered),
        }
    }

    // G-3, G-4
    fn check_leveraged(
        &self,
        market: &Market,
        margin: &Margin,
        ask: &PlaceRequest,
        (leverage, reduced): (Leverage, Option<&Position>),
        terms: &mut PlaceTerms,
    ) -> Result<MarginTerms, Reject> {
        let pair = &market.pair;
        let orders = self.of_side(market, ask.account, ask.side);
        let of_funding = |wanted: fn(&Funding) -> bool| {
            orders
                .iter()
                .filter(move |open| wanted(&open.order.funding))
        };
        if of_funding(|funding| *funding == Funding::ReduceOnly)
            .next()
            .is_some()
        {
            return Err(Reject::OrdersConflict);
        }
        if let Some(position) = reduced {
            not_beyond_bankruptcy(market, position, ask.side, terms)?;
        }
        // What its open orders may still make of the position, at most.
        let side = PositionSide::opened_by(ask.side);
        let open = of_funding(|funding| matches!(funding, Funding::Margin { .. }));
        let ordered: u64 = open.map(|open| open.leaves.lots()).sum();
        let position = margin.position(ask.account);
        let has = position.filter(|it| it.state.side == side);
        let has = has.map_or(0, |it| it.state.size.lots());
        let lots = ask.quantity.lots();
        let all = margin.open_interest.of(side) + margin.ordered.of(side) + lots;
        if has + ordered + lots > margin.terms.max_position.lots()
            || all > margin.terms.max_open_interest.lots()
        {
            return Err(Reject::PositionLimit);
        }
        let worst = terms.terms.worst_price(ask.side, terms.price);
        let best = margin.best_bid();
        let floor = market.reference_price().max(terms.price).max(worst);
        let floor = best.map_or(floor, |bid| bid.max(floor));
        let funding = Funding::Margin { leverage, floor };
        let promised = promise(pair, funding, ask.side, worst, ask.quantity);
        let promised = promised.ok_or(Reject::NotionalTooLarge)?;
        let asset = match ask.side {
            Side::Buy => pair.quote(),
            Side::Sell => pair.base(),
        };
        self.check_pool(asset, promised)?;
        let commitment = Commitment {
            side: ask.side,
            price: worst,
            leaves: ask.quantity,
            fees: FeeMeter::default(),
            funding,
        };
        let hold = requirement(pair, &commitment).ok_or(Reject::NotionalTooLarge)?;
        Ok(MarginTerms { funding, hold })
    }

    // G-4
    fn check_pool(&self, asset: AssetId, promised: Amount) -> Result<(), Reject> {
        let totals = self.ledger.reserves(asset);
        let lending = self.config.lending.get(usize::from(asset.0));
        let limit = lending.map_or(Amount::ZERO, |lending| lending.limit);
        let out = totals.lent.checked_add(totals.pool_promised);
        let out = out.and_then(|out| out.checked_add(promised));
        let fits = promised <= totals.pool && out.is_some_and(|out| out <= limit);
        fits.then_some(()).ok_or(Reject::PoolExhausted)
    }

    // G-9
    fn check_reduce_only(
        &self,
        market: &Market,
        position: &Position,
        ask: &PlaceRequest,
        terms: &mut PlaceTerms,
    ) -> Result<(), Reject> {
        let orders = self.of_side(market, ask.account, ask.side);
        let on_margin = orders.iter().filter(|open| open.order.funding.is_margin());
        let (mut lots, mut conflicts) = (ask.quantity.lots(), false);
        for open in on_margin {
            lots += open.leaves.lots();
            conflicts |= open.order.funding != Funding::ReduceOnly;
        }
        if lots > position.state.size.lots() {
            return Err(Reject::ReduceOnlyExceedsPosition);
        }
        if conflicts {
            return Err(Reject::OrdersConflict);
        }
        not_beyond_bankruptcy(market, position, ask.side, terms)?;
        if ask.side == Side::Buy {
            let worst = terms.terms.worst_price(ask.side, terms.price);
            let needed = set_aside_at(market, worst, ask.quantity);
            let needed = needed.ok_or(Reject::NotionalTooLarge)?;
            let share = position.state.share_of_cost(ask.quantity);
            let spare = self.spare(market, ask.account, Some((needed, share)));
            if spare < 0 {
                return Err(Reject::OrdersConflict);
            }
        }
        Ok(())
    }

    /// What of a position's quote no order can come to need, in quote units: with one more
    /// reduce-only buy where its needs and its share of the cost are given. Below zero where there
    /// is not enough. // G-9
    pub(super) fn spare(
        &self,
        market: &Market,
        account: AccountId,
        more: Option<(Amount, Amount)>,
    ) -> i128 {
        let margin = market.margin.as_ref();
        let Some(position) = margin.and_then(|margin| margin.position(account)) else {
            return -1;
        };
        let state = &position.state;
        let mut spare = units(position.free_quote()) - units(position.leaving);
        if let Some((needed, share)) = more {
            spare -= units(needed) + (units(share) - units(needed)).max(0);
        }
        for open in self.of_side(market, account, state.side.closes()) {
            let order = &open.order;
            let worst = open.worst_price(order.price);
            let share = units(state.share_of_cost(open.leaves.min(state.size)));
            match (order.funding, state.side) {
                (Funding::Spot, _) => {}
                (Funding::ReduceOnly, PositionSide::Short) => {
                    let needed = set_aside_at(market, worst, open.leaves);
                    let needed = needed.map_or(i128::MAX / 4, units);
                    if !open.announced {
                        spare -= needed;
                    }
                    spare -= (share - needed).max(0);
                }
                (Funding::ReduceOnly, PositionSide::Long) => {
                    // One more for the rounding of the share.
                    let brings = market.pair.notional(worst, open.leaves);
                    let brings = brings.unwrap_or(Amount::ZERO);
                    let fee = fee_of_worst_rate(&market.pair, brings);
                    spare -= (share + 1 + units(fee) - units(brings)).max(0);
                }
                // It may need all.
                (Funding::Margin { .. } | Funding::Liquidation | Funding::Backstop, _) => {
                    return -1;
                }
            }
        }
        spare
    }

    /// The open orders of an account on one side of a pair, those in flight included.
    fn of_side<'a>(
        &'a self,
        market: &'a Market,
        account: AccountId,
        side: Side,
    ) -> Vec<&'a OpenOrder> {
        let list = self.accounts.open_list(account, market.id());
        let orders = market.orders.of_list(&list);
        let orders = orders.map(|(_, open)| open);
        orders.filter(|open| open.order.side == side).collect()
    }
}

/// Whether a position is just being deleveraged, or begins to be liquidated.
fn is_taken(margin: &Margin, position: &Position) -> bool {
    use crate::command::MarginCommand::{BeginLiquidation, Deleverage};
    position.asked > 0
        && margin.commands.iter().any(|command| match *command {
            BeginLiquidation { position: id, .. } => id == position.state.id,
            Deleverage {
                position: id,
                against,
                ..
            } => id == position.state.id || against == position.state.id,
            _ => false,
        })
}

/// What a reduce-only buy of `quantity` at `price` sets aside. // G-9
fn set_aside_at(market: &Market, price: Price, quantity: Quantity) -> Option<Amount> {
    let commitment = Commitment {
        side: Side::Buy,
        price,
        leaves: quantity,
        fees: FeeMeter::default(),
        funding: Funding::ReduceOnly,
    };
    requirement(&market.pair, &commitment)
}

/// Refuses a limit that is worse than the price at which the position has nothing left; moves a
/// collar there. // G-9
fn not_beyond_bankruptcy(
    market: &Market,
    position: &Position,
    side: Side,
    terms: &mut PlaceTerms,
) -> Result<(), Reject> {
    let state = &position.state;
    let Some(limit) = state.bankruptcy(&market.pair) else {
        // A long that owes nothing may sell at any price.
        let any = state.side == PositionSide::Long && state.cost <= state.collateral;
        return any.then_some(()).ok_or(Reject::BeyondBankruptcy);
    };
    let worse = |price: Price| match side {
        Side::Buy => price > limit,
        Side::Sell => price < limit,
    };
    match &mut terms.terms {
        Terms::Plain | Terms::Iceberg { .. } | Terms::Stop(StopTerms::Fixed { .. }) => {
            if worse(terms.price) && terms.is_collar {
                terms.price = limit;
            }
        }
        Terms::Stop(StopTerms::Trailing { anchor, collar, .. }) => {
            if worse(terms.price) {
                // The band that ends there, as seen from where it starts.
                *collar = narrower(terms.trigger.unwrap_or(*anchor), limit, side);
                let trigger = terms.trigger.unwrap_or(*anchor);
                terms.price = trigger.collar(side, *collar);
            }
        }
        Terms::Stop(StopTerms::Oco {
            limit: second,
            market: is_market,
            ..
        }) => {
            if worse(*second) && *is_market {
                *second = limit;
            }
        }
    }
    let worst = terms.terms.worst_price(side, terms.price);
    if worse(worst) {
        return Err(Reject::BeyondBankruptcy);
    }
    Ok(())
}

/// The widest band around `trigger` whose far end is not worse than `limit`, in basis points; the
/// smallest where there is none.
fn narrower(trigger: Price, limit: Price, side: Side) -> u16 {
    let (trigger, limit) = (u64::from(trigger.ticks()), u64::from(limit.ticks()));
    let room = match side {
        Side::Sell => trigger.saturating_sub(limit),
        Side::Buy => limit.saturating_sub(trigger),
    };
    let band = room * u64::from(BasisPoints::WHOLE) / trigger;
    u16::try_from(band).unwrap_or(BasisPoints::WHOLE).max(1)
}

/// Takes what a margin order needs from where it comes, and says what the pool promised. // G-3
pub(in crate::clearing) fn fund_order(
    market: &mut Market,
    ledger: &mut Ledger,
    order: &Order,
    held: Amount,
) -> Amount {
    let pair = market.pair;
    let (asset, from, to) = match order.funding {
        Funding::Margin { .. } => (
            pair.quote(),
            LedgerAccount::Available(order.account),
            LedgerAccount::Held(order.account),
        ),
        Funding::Backstop => (
            pair.quote(),
            LedgerAccount::Insurance,
            LedgerAccount::InsurancePromised,
        ),
        Funding::Spot | Funding::ReduceOnly | Funding::Liquidation => return Amount::ZERO,
    };
    ledger.post(Posting {
        asset,
        from,
        to,
        amount: held,
    });
    if order.funding == Funding::Backstop {
        return Amount::ZERO;
    }
    let worst = order.terms.worst_price(order.side, order.price);
    let promised = promise(&pair, order.funding, order.side, worst, order.quantity);
    let promised = promised.expect("invariant: what is promised was computed before");
    ledger.post(Posting {
        asset: match order.side {
            Side::Buy => pair.quote(),
            Side::Sell => pair.base(),
        },
        from: LedgerAccount::Pool,
        to: LedgerAccount::PoolPromised,
        amount: promised,
    });
    if let Some(margin) = &mut market.margin {
        let side = PositionSide::opened_by(order.side);
        *margin.ordered.of_mut(side) += order.quantity.lots();
    }
    promised
}
