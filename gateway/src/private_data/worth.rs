//! What users had and what it was worth a day ago, so that a portfolio can say how it changed.
//!
//! In: fills, balances and marks, in order, with their time. Out: of each user and asset, the
//! worth 24 hours ago, to the quarter hour before, and what was deposited less what was withdrawn
//! since, at the marks of its moment. Nothing is sampled by a timer: what stands when a quarter
//! hour is passed stood at it.
//!
//! Invariants: a balance that neither a fill nor a position explains came from outside. Complexity: O(1) a report.
//! Limits: at most 98 entries for each user's asset and for the marks.

use std::collections::{BTreeMap, VecDeque};

use bytes::{Buf, BufMut};
use engine::domain::{AccountId, AssetId, Pair, PairId, Price, Side, Timestamp};
use engine::report::{Fill, PositionChange, PositionReason, PositionView};

use super::equity::Equities;
use super::{ImageError, Valuation};

/// The grain, in milliseconds: a quarter of an hour.
const SLOT_MS: u64 = 15 * 60 * 1_000;
/// How many of them a day has.
const SLOTS: u64 = 24 * 4;

/// The last day of all users.
#[derive(Debug)]
pub struct Worths {
    valuation: Valuation,
    pairs: usize,
    /// The quarter hour that was last passed, since the epoch.
    slot: u64,
    /// By pair, the marks from this quarter hour's beginning on.
    marks: VecDeque<(u64, Vec<Option<Price>>)>,
    /// Of each user the assets that were ever theirs, by number.
    users: BTreeMap<AccountId, Vec<(AssetId, Track)>>,
    equities: Equities,
}

/// What one user had of one asset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Track {
    units: u64,
    /// What fills changed since the last balance.
    traded: i128,
    /// Whether a position explains all that changed since. Within one command alone.
    is_explained: bool,
    /// The quarter hour in which it changed last; `None` where it is not known to have.
    changed: Option<u64>,
    /// What it was before, from this quarter hour's beginning on.
    earlier: VecDeque<(u64, u64)>,
    /// By quarter hour, the worth of what came from outside less what went there.
    flows: VecDeque<(u64, i128)>,
}

/// A user's asset a day ago.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Earlier {
    /// What it was worth; `None` where no price led to the valuation asset.
    pub value: Option<i128>,
    /// The worth of what was deposited since, less what was withdrawn.
    pub net_deposits: i128,
}

impl Track {
    fn change(&mut self, slot: u64, units: u64) {
        let from = match self.changed {
            None => Some(0),
            Some(last) => (slot > last).then(|| last + 1),
        };
        if let Some(from) = from {
            self.earlier.push_back((from, self.units));
        }
        self.changed = Some(slot);
        self.units = units;
        let begin = slot.saturating_sub(SLOTS);
        trim(&mut self.earlier, begin);
    }

    fn flow(&mut self, slot: u64, worth: i128) {
        let begin = slot.saturating_sub(SLOTS);
        while self.flows.front().is_some_and(|(at, _)| *at < begin) {
            self.flows.pop_front();
        }
        match self.flows.back_mut() {
            Some((at, sum)) if *at == slot => *sum = sum.saturating_add(worth),
            _ => self.flows.push_back((slot, worth)),
        }
    }

    fn units_at(&self, slot: u64) -> u64 {
        match self.changed {
            Some(changed) if slot <= changed => {
                let before = self.earlier.iter().rev().find(|(from, _)| *from <= slot);
                before.map_or(0, |(_, units)| *units)
            }
            None | Some(_) => self.units,
        }
    }
}

impl Worths {
    /// Nobody's, of an exchange with so many pairs whose marks are those that `mark`
    /// tells, and were, as far as is known.
    pub fn new(
        valuation: Valuation,
        pairs: usize,
        mark: &impl Fn(PairId) -> Option<Price>,
    ) -> Worths {
        let mut worths = Worths {
            valuation,
            pairs,
            slot: 0,
            marks: VecDeque::new(),
            users: BTreeMap::new(),
            equities: Equities::default(),
        };
        let marks = worths.look(mark);
        worths.marks.push_back((0, marks));
        worths
    }

    /// What worths are told in.
    pub fn valuation(&self) -> &Valuation {
        &self.valuation
    }

    /// Time passes before the next report: the marks that stand stood until `time`.
    pub fn pass(&mut self, time: Timestamp, mark: &impl Fn(PairId) -> Option<Price>) {
        let slot = time.0 / SLOT_MS;
        if slot <= self.slot {
            return;
        }
        let marks = self.look(mark);
        if self.marks.back().is_none_or(|(_, last)| *last != marks) {
            self.marks.push_back((self.slot + 1, marks));
        }
        self.slot = slot;
        trim(&mut self.marks, slot.saturating_sub(SLOTS));
    }

    /// Takes one user's side of a spot trade, before the balances that come of it.
    pub fn on_fill(&mut self, account: AccountId, pair: &Pair, side: Side, fill: &Fill) {
        let base = pair.base_amount(fill.quantity).unwrap_or_default();
        let quote = pair.notional(fill.price, fill.quantity).unwrap_or_default();
        let (base, quote) = (i128::from(base.units()), i128::from(quote.units()));
        let sign = match side {
            Side::Buy => 1,
            Side::Sell => -1,
        };
        self.track(account, pair.base()).traded += sign * base;
        self.track(account, pair.quote()).traded -= sign * quote + i128::from(fill.fee.units());
    }

    /// Takes the change of a position, before the balances that come of it: what is no longer
    /// available is in the position, or the other way round, or was gained or lost.
    pub fn on_position(&mut self, pair: &Pair, change: &PositionChange) {
        let (view, slot) = (&change.position, self.slot);
        self.equities.on_position(view, slot, SLOTS);
        let moves_balance = match change.reason {
            PositionReason::Opened
            | PositionReason::Grown
            | PositionReason::Reduced
            | PositionReason::Closed
            | PositionReason::Adjusted
            | PositionReason::Liquidated
            | PositionReason::Deleveraged => true,
            PositionReason::Interest | PositionReason::Liquidation => false,
        };
        let track = self.track(view.account, pair.quote());
        track.is_explained |= moves_balance;
    }

    /// Takes a position whose past is not known: as far as that goes it was always so.
    pub fn assume_position(&mut self, view: &PositionView) {
        self.equities.assume(view);
    }

    /// What a user has in positions, in the valuation asset, and what that was a day before the
    /// last time that passed; `None` for who never had one.
    pub fn equities(
        &self,
        account: AccountId,
        pairs: &impl Fn(PairId) -> Option<Pair>,
        mark: &impl Fn(PairId) -> Option<Price>,
    ) -> Option<(i128, i128)> {
        if !self.equities.knows(account) {
            return None;
        }
        let slot = self.slot.saturating_sub(SLOTS);
        let earlier = |pair: PairId| self.marks_at(slot)?.get(usize::from(pair.0)).copied()?;
        let now = self.equities.now(account).map(|(pair, stake)| {
            let equity = stake.equity(&pairs(pair)?, mark(pair)?)?;
            self.worth_of(pairs(pair)?.quote(), equity, mark)
        });
        let before = self.equities.at(account, slot).map(|(pair, stake)| {
            let equity = stake.equity(&pairs(pair)?, earlier(pair)?)?;
            self.worth_of(pairs(pair)?.quote(), equity, &earlier)
        });
        Some((now.flatten().sum(), before.flatten().sum()))
    }

    fn worth_of(
        &self,
        asset: AssetId,
        units: i128,
        mark: &impl Fn(PairId) -> Option<Price>,
    ) -> Option<i128> {
        let worth = self.valuation.value(asset, units.unsigned_abs(), mark)?;
        Some(worth * units.signum())
    }

    fn marks_at(&self, slot: u64) -> Option<&Vec<Option<Price>>> {
        let known = self.marks.iter().rev().find(|(from, _)| *from <= slot);
        known.or(self.marks.front()).map(|(_, marks)| marks)
    }

    /// Takes a balance as it now is. What fills do not explain of its change was deposited or
    /// withdrawn, and is worth what the marks make of it now.
    pub fn on_balance(
        &mut self,
        account: AccountId,
        asset: AssetId,
        units: u64,
        mark: &impl Fn(PairId) -> Option<Price>,
    ) {
        let slot = self.slot;
        let track = self.track(account, asset);
        let change = i128::from(units) - i128::from(track.units);
        let is_explained = std::mem::take(&mut track.is_explained);
        let outside = if is_explained {
            0
        } else {
            change - track.traded
        };
        track.traded = 0;
        if track.units != units {
            track.change(slot, units);
        }
        if outside != 0 {
            let worth = self.valuation.value(asset, outside.unsigned_abs(), mark);
            let worth = worth.unwrap_or(0) * outside.signum();
            self.track(account, asset).flow(slot, worth);
        }
    }

    /// Takes a balance whose past is not known: as far as that goes it was always so. One that is
    /// known already stays.
    pub fn assume(&mut self, account: AccountId, asset: AssetId, units: u64) {
        let track = self.track(account, asset);
        if track.units != units {
            *track = Track {
                units,
                ..Track::default()
            };
        }
    }

    /// A user's asset a day before the last time that passed.
    pub fn day_ago(&self, account: AccountId, asset: AssetId) -> Earlier {
        let slot = self.slot.saturating_sub(SLOTS);
        let tracks = self.users.get(&account).map_or(&[][..], Vec::as_slice);
        let Ok(place) = tracks.binary_search_by_key(&asset, |(of, _)| *of) else {
            return Earlier::default();
        };
        let track = &tracks[place].1;
        let marks = self.marks_at(slot);
        let mark = |pair: PairId| *marks?.get(usize::from(pair.0))?;
        let units = u128::from(track.units_at(slot));
        let flows = track.flows.iter().filter(|(at, _)| *at >= slot);
        Earlier {
            value: self.valuation.value(asset, units, &mark),
            net_deposits: flows.map(|(_, worth)| *worth).sum(),
        }
    }

    /// Takes up what an earlier gateway knew of marks and users.
    pub fn take_up(&mut self, earlier: Worths) {
        self.slot = earlier.slot;
        self.marks = earlier.marks;
        self.users.extend(earlier.users);
        self.equities.take_up(earlier.equities);
    }

    fn look(&self, mark: &impl Fn(PairId) -> Option<Price>) -> Vec<Option<Price>> {
        let pairs = (0..self.pairs).map(|pair| u16::try_from(pair).ok().map(PairId));
        pairs.map(|pair| mark(pair?)).collect()
    }

    fn track(&mut self, account: AccountId, asset: AssetId) -> &mut Track {
        let tracks = self.users.entry(account).or_default();
        let place = tracks.binary_search_by_key(&asset, |(of, _)| *of);
        let place = place.unwrap_or_else(|place| {
            tracks.insert(place, (asset, Track::default()));
            place
        });
        &mut tracks[place].1
    }

    /// Appends all of it to `out`.
    pub fn save(&self, out: &mut Vec<u8>) {
        out.put_u64_le(self.slot);
        out.put_u64_le(self.marks.len() as u64);
        for (from, marks) in &self.marks {
            out.put_u64_le(*from);
            out.put_u64_le(marks.len() as u64);
            for mark in marks {
                out.put_u32_le(mark.map_or(0, Price::ticks));
            }
        }
        out.put_u64_le(self.users.len() as u64);
        for (account, tracks) in &self.users {
            out.put_u32_le(account.0);
            out.put_u64_le(tracks.len() as u64);
            for (asset, track) in tracks {
                out.put_u16_le(asset.0);
                track.save(out);
            }
        }
    }

    /// Appends what users have in positions.
    pub fn save_positions(&self, out: &mut Vec<u8>) {
        self.equities.save(out);
    }

    /// Takes up what [`Worths::save_positions`] wrote, from the front of `bytes`, and leaves the
    /// rest.
    ///
    /// # Errors
    /// [`ImageError`]; what was taken up until then stays.
    pub fn load_positions(&mut self, bytes: &mut &[u8]) -> Result<(), ImageError> {
        self.equities.load(bytes)
    }

    /// Takes up what [`Worths::save`] wrote, from the front of `bytes`, and leaves the rest.
    ///
    /// # Errors
    /// [`ImageError`]; what was taken up until then stays.
    pub fn load(&mut self, bytes: &mut &[u8]) -> Result<(), ImageError> {
        self.slot = bytes.try_get_u64_le()?;
        self.marks.clear();
        for _ in 0..bytes.try_get_u64_le()? {
            let from = bytes.try_get_u64_le()?;
            let mut marks = Vec::new();
            for _ in 0..bytes.try_get_u64_le()? {
                marks.push(Price::new(bytes.try_get_u32_le()?));
            }
            self.marks.push_back((from, marks));
        }
        for _ in 0..bytes.try_get_u64_le()? {
            let account = AccountId(bytes.try_get_u32_le()?);
            let mut tracks = Vec::new();
            for _ in 0..bytes.try_get_u64_le()? {
                let asset = AssetId(bytes.try_get_u16_le()?);
                if tracks.last().is_some_and(|(before, _)| *before >= asset) {
                    return Err(ImageError::Field("asset"));
                }
                tracks.push((asset, Track::load(bytes)?));
            }
            self.users.insert(account, tracks);
        }
        Ok(())
    }
}

impl Track {
    fn save(&self, out: &mut Vec<u8>) {
        out.put_u64_le(self.units);
        out.put_i128_le(self.traded);
        out.put_u64_le(self.changed.map_or(0, |slot| slot.saturating_add(1)));
        out.put_u64_le(self.earlier.len() as u64);
        for (from, units) in &self.earlier {
            out.put_u64_le(*from);
            out.put_u64_le(*units);
        }
        out.put_u64_le(self.flows.len() as u64);
        for (at, worth) in &self.flows {
            out.put_u64_le(*at);
            out.put_i128_le(*worth);
        }
    }

    fn load(bytes: &mut &[u8]) -> Result<Track, ImageError> {
        let mut track = Track {
            units: bytes.try_get_u64_le()?,
            traded: bytes.try_get_i128_le()?,
            changed: bytes.try_get_u64_le()?.checked_sub(1),
            ..Track::default()
        };
        for _ in 0..bytes.try_get_u64_le()? {
            let entry = (bytes.try_get_u64_le()?, bytes.try_get_u64_le()?);
            track.earlier.push_back(entry);
        }
        for _ in 0..bytes.try_get_u64_le()? {
            let entry = (bytes.try_get_u64_le()?, bytes.try_get_i128_le()?);
            track.flows.push_back(entry);
        }
        Ok(track)
    }
}

/// Drops what no longer tells how it was at `begin`.
pub(super) fn trim<T>(entries: &mut VecDeque<(u64, T)>, begin: u64) {
    while entries.get(1).is_some_and(|(from, _)| *from <= begin) {
        entries.pop_front();
    }
}
