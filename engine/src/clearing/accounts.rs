//! Who has an account, the names that they gave their orders, and which orders they have open.

use std::collections::HashMap;

use crate::domain::{
    AccountId, AccountLimits, ClientOrderId, OrderId, PairId, Timestamp, UserName,
};

use super::order_tracker::OpenList;

/// Everything that is kept by account, but money.
#[derive(Clone, Debug, Default)]
pub(in crate::clearing) struct Accounts {
    by_name: HashMap<UserName, AccountId>,
    accounts: Vec<Account>,
}

#[derive(Clone, Debug)]
struct Account {
    name: UserName,
    /// The pairs in which it ever had an order, by number.
    open: Vec<(PairId, OpenList)>,
    /// A map of its own: growing never pauses longer than one account's orders take, and names
    /// chosen to collide hurt only who chose them. Keyed, for the names come from outside.
    client_ids: HashMap<ClientOrderId, OrderId>,
    /// When all its open orders are cancelled.
    cancel_after: Option<Timestamp>,
    /// What the operator lets its owner do.
    limits: AccountLimits,
}

impl Accounts {
    /// How many there are.
    pub(in crate::clearing) fn len(&self) -> u32 {
        u32::try_from(self.accounts.len()).expect("invariant: the cap on accounts is a u32")
    }

    /// Whether the account exists.
    #[inline]
    pub(in crate::clearing) fn contains(&self, account: AccountId) -> bool {
        (account.0 as usize) < self.accounts.len()
    }

    /// The account of this name.
    pub(in crate::clearing) fn by_name(&self, name: &UserName) -> Option<AccountId> {
        self.by_name.get(name).copied()
    }

    /// The name of this account.
    pub(in crate::clearing) fn name(&self, account: AccountId) -> Option<UserName> {
        self.accounts.get(account.0 as usize).map(|it| it.name)
    }

    /// Opens the next account; the name is new.
    pub(in crate::clearing) fn open(&mut self, name: UserName) -> AccountId {
        let account = AccountId(self.len());
        self.by_name.insert(name, account);
        self.accounts.push(Account {
            name,
            open: Vec::new(),
            client_ids: HashMap::new(),
            cancel_after: None,
            limits: AccountLimits::default(),
        });
        account
    }

    /// When all open orders of an existing account are cancelled.
    pub(in crate::clearing) fn cancel_after(&self, account: AccountId) -> Option<Timestamp> {
        self.accounts[account.0 as usize].cancel_after
    }

    /// Sets when all open orders of an existing account are cancelled.
    pub(in crate::clearing) fn set_cancel_after(
        &mut self,
        account: AccountId,
        deadline: Option<Timestamp>,
    ) {
        self.accounts[account.0 as usize].cancel_after = deadline;
    }

    /// What the operator lets the owner of an existing account do.
    pub(in crate::clearing) fn limits(&self, account: AccountId) -> AccountLimits {
        self.accounts[account.0 as usize].limits
    }

    /// Sets what the operator lets the owner of an existing account do.
    pub(in crate::clearing) fn set_limits(&mut self, account: AccountId, limits: AccountLimits) {
        self.accounts[account.0 as usize].limits = limits;
    }

    /// The order that an existing account gave this name last.
    #[inline]
    pub(in crate::clearing) fn client_id(
        &self,
        account: AccountId,
        name: &ClientOrderId,
    ) -> Option<OrderId> {
        self.accounts[account.0 as usize]
            .client_ids
            .get(name)
            .copied()
    }

    /// Lets `name` mean `order`.
    pub(in crate::clearing) fn set_client_id(
        &mut self,
        account: AccountId,
        name: ClientOrderId,
        order: OrderId,
    ) {
        self.accounts[account.0 as usize]
            .client_ids
            .insert(name, order);
    }

    /// Frees `name`, if it still means `order`.
    pub(in crate::clearing) fn free_client_id(
        &mut self,
        account: AccountId,
        name: &ClientOrderId,
        order: OrderId,
    ) {
        let names = &mut self.accounts[account.0 as usize].client_ids;
        if names.get(name) == Some(&order) {
            names.remove(name);
        }
    }

    /// All names that an existing account's orders have, in no order that may reach an output.
    pub(in crate::clearing) fn client_ids(
        &self,
        account: AccountId,
    ) -> impl Iterator<Item = (&ClientOrderId, &OrderId)> {
        self.accounts[account.0 as usize].client_ids.iter()
    }

    /// The open orders of an existing account in `pair`.
    #[inline]
    pub(in crate::clearing) fn open_list(&self, account: AccountId, pair: PairId) -> OpenList {
        let lists = &self.accounts[account.0 as usize].open;
        match lists.binary_search_by_key(&pair, |(pair, _)| *pair) {
            Ok(index) => lists[index].1,
            Err(_) => OpenList::default(),
        }
    }

    /// The open orders of an existing account in `pair`, to be changed.
    #[inline]
    pub(in crate::clearing) fn open_list_mut(
        &mut self,
        account: AccountId,
        pair: PairId,
    ) -> &mut OpenList {
        let lists = &mut self.accounts[account.0 as usize].open;
        let index = match lists.binary_search_by_key(&pair, |(pair, _)| *pair) {
            Ok(index) => index,
            Err(index) => {
                lists.insert(index, (pair, OpenList::default()));
                index
            }
        };
        &mut lists[index].1
    }

    /// The lists of an existing account, by pair.
    pub(in crate::clearing) fn open_lists(
        &self,
        account: AccountId,
    ) -> impl Iterator<Item = (PairId, OpenList)> {
        self.accounts[account.0 as usize].open.iter().copied()
    }
}
