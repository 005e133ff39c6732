//! What margin trading stands on, for all: the mark price of each pair, what is free of each fund.

use engine::domain::{Amount, AssetId, PairId, Price, Reserve};

/// Mark prices and funds, as the exchange told of them last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MarginMarket {
    /// By pair.
    marks: Vec<Option<Price>>,
    /// By asset: what is free of the lending pool and of the insurance fund.
    free: Vec<[Amount; 2]>,
}

impl MarginMarket {
    /// Nothing is known yet.
    pub fn new(pairs: usize, assets: usize) -> MarginMarket {
        MarginMarket {
            marks: vec![None; pairs],
            free: vec![[Amount::ZERO; 2]; assets],
        }
    }

    /// The mark price of a pair changed; `None` where there is none.
    pub fn on_mark(&mut self, pair: PairId, mark: Option<Price>) {
        if let Some(place) = self.marks.get_mut(usize::from(pair.0)) {
            *place = mark;
        }
    }

    /// What is free of a fund changed.
    pub fn on_reserve(&mut self, reserve: Reserve, asset: AssetId, free: Amount) {
        if let Some(place) = self.free.get_mut(usize::from(asset.0)) {
            place[place_of(reserve)] = free;
        }
    }

    /// The mark price of a pair.
    pub fn mark(&self, pair: PairId) -> Option<Price> {
        *self.marks.get(usize::from(pair.0))?
    }

    /// What is free of a fund.
    pub fn free(&self, reserve: Reserve, asset: AssetId) -> Amount {
        let of_asset = self.free.get(usize::from(asset.0));
        of_asset.map_or(Amount::ZERO, |it| it[place_of(reserve)])
    }
}

const fn place_of(reserve: Reserve) -> usize {
    match reserve {
        Reserve::LendingPool => 0,
        Reserve::InsuranceFund => 1,
    }
}
