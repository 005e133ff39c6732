//! What users had in positions a day ago.
//!
//! In: changes of positions, in order, with the quarter hour they happened in. Out: a position as it
//! stood at a quarter hour. Limits: at most 98 entries for each user and pair.

use std::collections::{BTreeMap, VecDeque};

use bytes::{Buf, BufMut};
use engine::domain::{AccountId, Amount, Pair, PairId, PositionSide, Price, Quantity};
use engine::report::PositionView;

use super::ImageError;

/// The positions of all users, by pair, as they are and were.
#[derive(Debug, Default)]
pub(super) struct Equities {
    users: BTreeMap<AccountId, BTreeMap<PairId, Track>>,
}

/// What of a position its worth is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stake {
    side: PositionSide,
    size: Quantity,
    cost: Amount,
    collateral: Amount,
    interest: Amount,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Track {
    now: Option<Stake>,
    /// The quarter hour in which it changed last; zero where it is not known to have.
    changed: u64,
    /// What it was before, from this quarter hour's beginning on.
    earlier: VecDeque<(u64, Option<Stake>)>,
}

impl Stake {
    fn of(view: &PositionView) -> Option<Stake> {
        (!view.size.is_zero()).then_some(Stake {
            side: view.side,
            size: view.size,
            cost: view.cost,
            collateral: view.collateral,
            interest: view.interest,
        })
    }

    /// M − I + d·(n(P, Q) − C), in quote units.
    pub(super) fn equity(&self, pair: &Pair, mark: Price) -> Option<i128> {
        let notional = i128::from(pair.notional(mark, self.size)?.units());
        let gain = notional - i128::from(self.cost.units());
        let gain = match self.side {
            PositionSide::Long => gain,
            PositionSide::Short => -gain,
        };
        Some(i128::from(self.collateral.units()) - i128::from(self.interest.units()) + gain)
    }
}

impl Equities {
    /// Takes a position as it now is; what was is kept for so many quarter hours.
    pub(super) fn on_position(&mut self, view: &PositionView, slot: u64, kept: u64) {
        let user = self.users.entry(view.account).or_default();
        let is_new = !user.contains_key(&view.pair);
        let track = user.entry(view.pair).or_default();
        if is_new || slot > track.changed {
            let from = if is_new { 0 } else { track.changed + 1 };
            track.earlier.push_back((from, track.now));
        }
        track.changed = slot;
        super::worth::trim(&mut track.earlier, slot.saturating_sub(kept));
        track.now = Stake::of(view);
    }

    /// Takes a position whose past is not known; one that is known already stays.
    pub(super) fn assume(&mut self, view: &PositionView) {
        let user = self.users.entry(view.account).or_default();
        let track = user.entry(view.pair).or_default();
        if track.now != Stake::of(view) {
            *track = Track {
                now: Stake::of(view),
                ..Track::default()
            };
        }
    }

    /// What a user has in positions.
    pub(super) fn now(&self, account: AccountId) -> impl Iterator<Item = (PairId, Stake)> {
        let user = self.users.get(&account).into_iter().flatten();
        user.filter_map(|(pair, track)| Some((*pair, track.now?)))
    }

    /// What a user had in positions when a quarter hour began.
    pub(super) fn at(
        &self,
        account: AccountId,
        slot: u64,
    ) -> impl Iterator<Item = (PairId, Stake)> {
        let user = self.users.get(&account).into_iter().flatten();
        user.filter_map(move |(pair, track)| {
            let stake = if slot > track.changed {
                track.now
            } else {
                let before = track.earlier.iter().rev().find(|(from, _)| *from <= slot);
                before.and_then(|(_, stake)| *stake)
            };
            Some((*pair, stake?))
        })
    }

    /// Whether a user ever had a position.
    pub(super) fn knows(&self, account: AccountId) -> bool {
        self.users.contains_key(&account)
    }

    /// Takes up what an earlier gateway knew.
    pub(super) fn take_up(&mut self, earlier: Equities) {
        self.users.extend(earlier.users);
    }

    /// Appends all of it to `out`.
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        out.put_u64_le(self.users.len() as u64);
        for (account, tracks) in &self.users {
            out.put_u32_le(account.0);
            out.put_u64_le(tracks.len() as u64);
            for (pair, track) in tracks {
                out.put_u16_le(pair.0);
                out.put_u64_le(track.changed);
                put_stake(out, track.now.as_ref());
                out.put_u64_le(track.earlier.len() as u64);
                for (from, stake) in &track.earlier {
                    out.put_u64_le(*from);
                    put_stake(out, stake.as_ref());
                }
            }
        }
    }

    /// Takes up what [`Equities::save`] wrote, from the front of `bytes`, and leaves the rest.
    pub(super) fn load(&mut self, bytes: &mut &[u8]) -> Result<(), ImageError> {
        for _ in 0..bytes.try_get_u64_le()? {
            let account = AccountId(bytes.try_get_u32_le()?);
            let mut tracks = BTreeMap::new();
            for _ in 0..bytes.try_get_u64_le()? {
                let pair = PairId(bytes.try_get_u16_le()?);
                let mut track = Track {
                    changed: bytes.try_get_u64_le()?,
                    now: stake(bytes)?,
                    earlier: VecDeque::new(),
                };
                for _ in 0..bytes.try_get_u64_le()? {
                    let from = bytes.try_get_u64_le()?;
                    track.earlier.push_back((from, stake(bytes)?));
                }
                tracks.insert(pair, track);
            }
            self.users.insert(account, tracks);
        }
        Ok(())
    }
}

fn put_stake(out: &mut Vec<u8>, stake: Option<&Stake>) {
    let Some(stake) = stake else {
        out.put_u8(0);
        return;
    };
    out.put_u8(match stake.side {
        PositionSide::Long => 1,
        PositionSide::Short => 2,
    });
    out.put_u64_le(stake.size.lots());
    for amount in [stake.cost, stake.collateral, stake.interest] {
        out.put_u64_le(amount.units());
    }
}

fn stake(bytes: &mut &[u8]) -> Result<Option<Stake>, ImageError> {
    let side = match bytes.try_get_u8()? {
        0 => return Ok(None),
        1 => PositionSide::Long,
        2 => PositionSide::Short,
        _ => return Err(ImageError::Field("side of a position")),
    };
    let size = Quantity::new(bytes.try_get_u64_le()?).ok_or(ImageError::Field("quantity"))?;
    let mut amount = || -> Result<Amount, ImageError> {
        Amount::new(bytes.try_get_u64_le()?).ok_or(ImageError::Field("amount"))
    };
    Ok(Some(Stake {
        side,
        size,
        cost: amount()?,
        collateral: amount()?,
        interest: amount()?,
    }))
}
