use crate::domain::{Amount, AssetId};

use super::{Ledger, LedgerAccount};

/// One amount that moves from one account of an asset to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::clearing) struct Posting {
    /// Of what.
    pub(in crate::clearing) asset: AssetId,
    /// From where.
    pub(in crate::clearing) from: LedgerAccount,
    /// To where.
    pub(in crate::clearing) to: LedgerAccount,
    /// How much.
    pub(in crate::clearing) amount: Amount,
}

impl Ledger {
    /// Books one posting: what leaves one account arrives in the other (L-1). Whoever posts
    /// has checked that it is there.
    #[inline]
    pub(in crate::clearing) fn post(&mut self, posting: Posting) {
        let Posting {
            asset,
            from,
            to,
            amount,
        } = posting;
        match from {
            LedgerAccount::Outside => self.enter(asset, amount),
            LedgerAccount::Available(_)
            | LedgerAccount::Held(_)
            | LedgerAccount::Fees
            | LedgerAccount::Pool
            | LedgerAccount::PoolPromised
            | LedgerAccount::Insurance
            | LedgerAccount::InsurancePromised
            | LedgerAccount::Positions => {
                let cell = self.cell(asset, from);
                // L-2
                *cell = cell
                    .checked_sub(amount)
                    .expect("invariant: a posting takes no more than there is");
            }
        }
        match to {
            LedgerAccount::Outside => self.leave(asset, amount),
            LedgerAccount::Available(_)
            | LedgerAccount::Held(_)
            | LedgerAccount::Fees
            | LedgerAccount::Pool
            | LedgerAccount::PoolPromised
            | LedgerAccount::Insurance
            | LedgerAccount::InsurancePromised
            | LedgerAccount::Positions => {
                let cell = self.cell(asset, to);
                *cell = cell
                    .checked_add(amount)
                    .expect("invariant: an asset's total is at most the largest amount");
            }
        }
    }

    #[inline]
    pub(in crate::clearing) fn cell(
        &mut self,
        asset: AssetId,
        account: LedgerAccount,
    ) -> &mut Amount {
        match account {
            LedgerAccount::Available(account) => {
                let index = self.index(account, asset);
                &mut self.balances[index].available
            }
            LedgerAccount::Held(account) => {
                let index = self.index(account, asset);
                &mut self.balances[index].held
            }
            LedgerAccount::Fees => &mut self.fees[usize::from(asset.0)],
            LedgerAccount::Pool => &mut self.reserves[usize::from(asset.0)].pool,
            LedgerAccount::PoolPromised => &mut self.reserves[usize::from(asset.0)].pool_promised,
            LedgerAccount::Insurance => &mut self.reserves[usize::from(asset.0)].insurance,
            LedgerAccount::InsurancePromised => {
                &mut self.reserves[usize::from(asset.0)].insurance_promised
            }
            LedgerAccount::Positions => &mut self.reserves[usize::from(asset.0)].positions,
            LedgerAccount::Outside => &mut self.inside[usize::from(asset.0)],
        }
    }

    /// What leaves the outside is inside then: the outside's balance is `-inside`.
    fn enter(&mut self, asset: AssetId, amount: Amount) {
        let inside = self.cell(asset, LedgerAccount::Outside);
        *inside = inside
            .checked_add(amount)
            .expect("invariant: a deposit is checked against the largest amount");
    }

    fn leave(&mut self, asset: AssetId, amount: Amount) {
        let inside = self.cell(asset, LedgerAccount::Outside);
        *inside = inside
            .checked_sub(amount)
            .expect("invariant: no more leaves than came in");
    }
}
