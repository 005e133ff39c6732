//! The ledger: who has how much of each asset, changed by double entry only.
//!
//! Owns every balance, the fee account of each asset and the account of the outside.
//! [`Ledger::post`] is the only way in which an amount moves.
//!
//! Invariants: no balance is below zero; of each asset, what the accounts and the fee account
//! have is what came in from outside (L-1). Since that total is at most [`Amount::MAX`], no
//! balance can overflow: only a deposit has to be checked.
//!
//! A posting is O(1). Balances are a dense table, accounts × assets × 16 bytes.

mod account;
mod fee;
mod hold;
mod posting;
mod settlement;

use crate::domain::{AccountId, Amount, AssetId};

use super::state::AssetState;
use super::view::{AssetTotals, Balance, ReserveTotals};

pub(in crate::clearing) use account::LedgerAccount;
pub(in crate::clearing) use fee::FeeMeter;
pub(in crate::clearing) use hold::{
    AmendBound, Commitment, bound_of_amend, fee_of_worst_rate, hold_at_entry, promise, requirement,
};
pub(in crate::clearing) use posting::Posting;
pub(in crate::clearing) use settlement::{FillTerms, settle_fill};

/// Every balance of the exchange.
#[derive(Clone, Debug)]
pub(in crate::clearing) struct Ledger {
    assets: usize,
    /// Of account `a` and asset `s` at `a × assets + s`.
    balances: Vec<Balance>,
    fees: Vec<Amount>,
    inside: Vec<Amount>,
    reserves: Vec<ReserveTotals>,
}

impl Ledger {
    /// A ledger of so many assets, without accounts.
    pub(in crate::clearing) fn new(assets: u16) -> Ledger {
        let assets = usize::from(assets);
        Ledger {
            assets,
            balances: Vec::new(),
            fees: vec![Amount::ZERO; assets],
            inside: vec![Amount::ZERO; assets],
            reserves: vec![ReserveTotals::default(); assets],
        }
    }

    /// Gives the next account its empty balances.
    pub(in crate::clearing) fn open_account(&mut self) {
        let len = self.balances.len() + self.assets;
        self.balances.resize(len, Balance::default());
    }

    /// Takes up the platform's accounts of an existing asset as they once were.
    pub(in crate::clearing) fn restore_asset(&mut self, asset: AssetId, kept: &AssetState) {
        let index = usize::from(asset.0);
        self.inside[index] = kept.inside;
        self.fees[index] = kept.fees;
        self.reserves[index].pool = kept.pool;
        self.reserves[index].insurance = kept.insurance;
    }

    /// Takes up an existing account's balance as it once was.
    pub(in crate::clearing) fn restore_balance(
        &mut self,
        account: AccountId,
        asset: AssetId,
        balance: Balance,
    ) {
        let index = self.index(account, asset);
        self.balances[index] = balance;
    }

    /// Whether the asset exists.
    pub(in crate::clearing) fn has_asset(&self, asset: AssetId) -> bool {
        usize::from(asset.0) < self.assets
    }

    /// What an existing account has of an existing asset.
    #[inline]
    pub(in crate::clearing) fn balance(&self, account: AccountId, asset: AssetId) -> Balance {
        self.balances[self.index(account, asset)]
    }

    /// What came in of an existing asset and did not leave.
    pub(in crate::clearing) fn inside(&self, asset: AssetId) -> Amount {
        self.inside[usize::from(asset.0)]
    }

    /// What the fee account has of an existing asset.
    pub(in crate::clearing) fn fees(&self, asset: AssetId) -> Amount {
        self.fees[usize::from(asset.0)]
    }

    /// What the platform's funds and all positions have of an existing asset.
    pub(in crate::clearing) fn reserves(&self, asset: AssetId) -> ReserveTotals {
        self.reserves[usize::from(asset.0)]
    }

    /// The pool lent so much more of an existing asset.
    pub(in crate::clearing) fn lend(&mut self, asset: AssetId, amount: Amount) {
        let lent = &mut self.reserves[usize::from(asset.0)].lent;
        *lent = lent
            .checked_add(amount)
            .expect("invariant: what is lent was in the pool");
    }

    /// So much of an existing asset is owed to the pool no more.
    pub(in crate::clearing) fn forgive(&mut self, asset: AssetId, amount: Amount) {
        let lent = &mut self.reserves[usize::from(asset.0)].lent;
        *lent = lent
            .checked_sub(amount)
            .expect("invariant: no more is paid back than was lent");
    }

    /// Sums an existing asset over all accounts; O(accounts).
    pub(in crate::clearing) fn totals(&self, asset: AssetId) -> AssetTotals {
        let mut totals = AssetTotals {
            available: 0,
            held: 0,
            fees: self.fees(asset),
            inside: self.inside(asset),
            reserves: self.reserves(asset),
        };
        let of_asset = self.balances.iter().skip(usize::from(asset.0));
        for balance in of_asset.step_by(self.assets) {
            totals.available += u128::from(balance.available.units());
            totals.held += u128::from(balance.held.units());
        }
        totals
    }

    #[inline]
    fn index(&self, account: AccountId, asset: AssetId) -> usize {
        debug_assert!(self.has_asset(asset), "invariant: the asset was checked");
        account.0 as usize * self.assets + usize::from(asset.0)
    }
}
