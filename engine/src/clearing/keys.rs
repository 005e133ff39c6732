//! What the operator asked for, by the name that it gave each request.
//!
//! Kept for [`MEMORY_MS`] after the command, and no more of it than the configuration says: one
//! more is refused, for what is forgotten before its time could be done twice. Look-up and
//! insertion are O(1).

use std::collections::{HashMap, VecDeque};

use crate::domain::{IdempotencyKey, OperationDigest, Timestamp, Transfer};

/// How long a request is remembered by its key, in milliseconds: a day.
pub const MEMORY_MS: u64 = 24 * 60 * 60 * 1_000;

/// What a key was used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::clearing) enum Content {
    Transfer(Transfer),
    Operation(OperationDigest),
}

// A million of them are kept.
const _: () = assert!(size_of::<(IdempotencyKey, (Content, Timestamp))>() <= 64);

/// Keys that are remembered.
#[derive(Clone, Debug, Default)]
pub(in crate::clearing) struct Keys {
    by_key: HashMap<IdempotencyKey, (Content, Timestamp)>,
    /// The oldest first. One whose key was used again since is of another time.
    by_age: VecDeque<(IdempotencyKey, Timestamp)>,
}

impl Keys {
    /// How many are kept.
    pub(in crate::clearing) fn len(&self) -> usize {
        self.by_age.len()
    }

    /// What this key was used for, if that is remembered at `now`, and when it was.
    pub(in crate::clearing) fn get(
        &self,
        key: IdempotencyKey,
        now: Timestamp,
    ) -> Option<(Content, Timestamp)> {
        let found = self.by_key.get(&key).copied();
        found.filter(|(_, at)| !is_forgotten(*at, now))
    }

    /// When the newest was asked for; the beginning of time where there is none.
    pub(in crate::clearing) fn last_at(&self) -> Timestamp {
        self.by_age.back().map_or(Timestamp(0), |(_, at)| *at)
    }

    /// Whether there is room for one more at `now`, where `most` may be kept.
    pub(in crate::clearing) fn has_room(&self, now: Timestamp, most: u32) -> bool {
        let oldest = self.by_age.front();
        self.len() < most as usize || oldest.is_some_and(|(_, at)| is_forgotten(*at, now))
    }

    /// Remembers one; the oldest goes where there would be more than `most`.
    pub(in crate::clearing) fn insert(
        &mut self,
        key: IdempotencyKey,
        content: Content,
        at: Timestamp,
        most: u32,
    ) {
        if self.len() >= most as usize {
            self.forget_oldest();
        }
        self.by_key.insert(key, (content, at));
        self.by_age.push_back((key, at));
    }

    /// Forgets at most `steps` that are past their time at `now`.
    #[inline]
    pub(in crate::clearing) fn prune(&mut self, now: Timestamp, steps: usize) {
        for _ in 0..steps {
            match self.by_age.front() {
                Some((_, at)) if is_forgotten(*at, now) => self.forget_oldest(),
                _ => return,
            }
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((key, at)) = self.by_age.pop_front()
            && self.by_key.get(&key).is_some_and(|(_, last)| *last == at)
        {
            self.by_key.remove(&key);
        }
    }

    /// What is remembered at `now`, the oldest first.
    pub(in crate::clearing) fn remembered(
        &self,
        now: Timestamp,
    ) -> impl Iterator<Item = (IdempotencyKey, Content, Timestamp)> {
        let known = self.by_age.iter();
        let known = known.filter(move |(_, at)| !is_forgotten(*at, now));
        known.filter_map(|(key, at)| {
            let (content, _) = *self.by_key.get(key)?;
            Some((*key, content, *at))
        })
    }

    /// Whether each key that is known has its place in time.
    pub(in crate::clearing) fn is_whole(&self) -> bool {
        let ages = self.by_age.iter();
        let found = ages.filter(|(key, at)| self.by_key.get(key).is_some_and(|it| it.1 == *at));
        let ages: Vec<Timestamp> = self.by_age.iter().map(|(_, at)| *at).collect();
        found.count() == self.by_key.len() && ages.is_sorted()
    }
}

/// Whether what was asked for at `at` is past remembering at `now`.
fn is_forgotten(at: Timestamp, now: Timestamp) -> bool {
    now.since(at) >= MEMORY_MS
}
