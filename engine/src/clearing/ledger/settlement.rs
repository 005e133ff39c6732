//! What one trade moves between the accounts of its two sides and the fee account.

use crate::domain::{AccountId, Amount, Pair};

use super::{Ledger, LedgerAccount, Posting};

/// One trade in amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::clearing) struct FillTerms {
    /// Who gets base.
    pub(in crate::clearing) buyer: AccountId,
    /// Who gets quote.
    pub(in crate::clearing) seller: AccountId,
    /// What is traded, in base.
    pub(in crate::clearing) base: Amount,
    /// What it costs, in quote.
    pub(in crate::clearing) notional: Amount,
    /// What the buyer pays on top (L-10).
    pub(in crate::clearing) buyer_fee: Amount,
    /// What the seller pays out of the proceeds (L-10).
    pub(in crate::clearing) seller_fee: Amount,
}

/// Books a trade: capture from what both sides held, at the price of the trade (L-7).
#[inline]
pub(in crate::clearing) fn settle_fill(ledger: &mut Ledger, pair: &Pair, fill: &FillTerms) {
    let FillTerms { buyer, seller, .. } = *fill;
    ledger.post(Posting {
        asset: pair.base(),
        from: LedgerAccount::Held(seller),
        to: LedgerAccount::Available(buyer),
        amount: fill.base,
    });
    ledger.post(Posting {
        asset: pair.quote(),
        from: LedgerAccount::Held(buyer),
        to: LedgerAccount::Available(seller),
        amount: fill.notional,
    });
    for (from, amount) in [
        (LedgerAccount::Held(buyer), fill.buyer_fee),
        (LedgerAccount::Available(seller), fill.seller_fee),
    ] {
        if !amount.is_zero() {
            ledger.post(Posting {
                asset: pair.quote(),
                from,
                to: LedgerAccount::Fees,
                amount,
            });
        }
    }
}
