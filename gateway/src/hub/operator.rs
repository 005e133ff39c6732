//! What an operator asks about users: who they are, what they have, what they may do.

use std::collections::HashMap;

use bytes::Bytes;
use engine::clearing::Clearing;
use engine::domain::{AccountId, AccountLimits, AssetId, UserName};
use engine::report::{Answer, Report, ReportKind};

use crate::private_data::Holding;
use crate::wire::{self, AccountNow, BalanceData};

use super::Hub;
use super::requests::Rates;

/// Users by name, and the limits that the operator gave some of them.
#[derive(Debug, Default)]
pub(super) struct Users {
    names: HashMap<UserName, AccountId>,
    limits: HashMap<AccountId, AccountLimits>,
}

impl Users {
    /// Takes over all that an exchange knows.
    pub(super) fn load(&mut self, clearing: &Clearing) {
        for account in (0..clearing.accounts()).map(AccountId) {
            if let Some(name) = clearing.account_name(account) {
                self.names.insert(name, account);
            }
            if let Some(limits) = clearing.account_limits(account) {
                self.set_limits(account, limits);
            }
        }
    }

    /// Learns of accounts and limits from what the exchange says.
    pub(super) fn hear(&mut self, report: &Report) {
        match report.kind {
            ReportKind::Answer {
                answer: Answer::Account { account, name },
                ..
            } => {
                self.names.insert(name, account);
            }
            ReportKind::AccountLimits { account, limits } => self.set_limits(account, limits),
            _ => {}
        }
    }

    fn set_limits(&mut self, account: AccountId, limits: AccountLimits) {
        if limits.is_default() {
            self.limits.remove(&account);
        } else {
            self.limits.insert(account, limits);
        }
    }

    /// What the operator lets an account's owner do.
    pub(super) fn limits(&self, account: AccountId) -> AccountLimits {
        self.limits.get(&account).copied().unwrap_or_default()
    }
}

impl Rates<'_> {
    /// These, but for what the operator said.
    pub(super) fn limited(mut self, limits: AccountLimits) -> Self {
        let [orders, cancels, messages] = limits.numbers();
        for (rate, limit) in [
            (&mut self.orders, orders),
            (&mut self.cancels, cancels),
            (&mut self.messages, messages),
        ] {
            if limit > 0 {
                *rate = limit;
            }
        }
        self
    }
}

impl Hub {
    /// The account of this name, if it is open.
    pub fn account_named(&self, name: &UserName) -> Option<AccountId> {
        self.operated.names.get(name).copied()
    }

    /// How the account of this name stands, as JSON; `None` where there is no such account.
    pub fn account_now(&self, name: &UserName) -> Option<Bytes> {
        let account = self.account_named(name)?;
        let holdings: HashMap<AssetId, Holding> = self.private.holdings(account).collect();
        let assets = self.instruments.assets().iter();
        let balances = assets.map(|asset| {
            let holding = holdings.get(&asset.id).copied().unwrap_or_default();
            BalanceData {
                asset,
                available: holding.available,
                held: holding.held,
            }
        });
        let open = self.private.positions(account);
        let positions = open.filter_map(|open| self.position_data(open.view, None));
        let now = AccountNow {
            user: name.as_str(),
            open_orders: self.private.open_orders(account).count(),
            limits: self.operated.limits(account),
        };
        let mut out = Vec::with_capacity(1_024);
        wire::encode_account_now(&now, balances, positions, &mut out);
        Some(out.into())
    }
}
