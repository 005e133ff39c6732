//! Tokens that count no longer, although nothing is wrong with them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Timestamp, UserName};

/// What a token is known by: 128 bits of a hash of its id, so that any id fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId(pub u128);

/// What an operator revokes, or counts again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Revocation {
    /// The token with this id counts no longer.
    Token {
        /// Which.
        token: TokenId,
        /// When it would not anyway, so that it can be forgotten; `None` for never.
        expires_at: Option<Timestamp>,
    },
    /// The tokens of this user that were issued up to a moment count no longer.
    User {
        /// Whose.
        user: UserName,
        /// The last moment, never after the time of the command; `None` for that time.
        issued_up_to: Option<Timestamp>,
    },
    /// What was revoked of a user counts again.
    Lift {
        /// Whose.
        user: UserName,
    },
}

/// How a token or a user stands after a change of what is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RevocationChange {
    /// The token is revoked.
    Token {
        /// Which.
        token: TokenId,
        /// When it can be forgotten; `None` for never.
        expires_at: Option<Timestamp>,
    },
    /// What was issued to the user up to a moment is revoked.
    User {
        /// Whose.
        user: UserName,
        /// The last moment.
        issued_up_to: Timestamp,
    },
    /// Nothing is revoked of the user.
    Lifted {
        /// Whose.
        user: UserName,
    },
}

/// All that is revoked. Each look-up and each change is O(log n).
///
/// One more than may stand takes the place of the token that ended first; a token is not forgotten
/// as long as there is room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revocations {
    tokens: BTreeMap<TokenId, Option<Timestamp>>,
    users: BTreeMap<UserName, Timestamp>,
    /// The tokens that end, the first to end first.
    ends: BTreeSet<(Timestamp, TokenId)>,
}

impl Revocations {
    /// How much is revoked.
    pub fn len(&self) -> usize {
        self.tokens.len() + self.users.len()
    }

    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the token of this id is revoked.
    pub fn has_token(&self, token: TokenId) -> bool {
        self.tokens.contains_key(&token)
    }

    /// Up to which moment what was issued to a user is revoked.
    pub fn issued_up_to(&self, user: &UserName) -> Option<Timestamp> {
        self.users.get(user).copied()
    }

    /// The tokens that are revoked, by id, and when each can be forgotten.
    pub fn tokens(&self) -> impl Iterator<Item = (TokenId, Option<Timestamp>)> {
        self.tokens.iter().map(|(token, ends)| (*token, *ends))
    }

    /// The users of whom something is revoked, by name, each with the last moment.
    pub fn users(&self) -> impl Iterator<Item = (UserName, Timestamp)> {
        self.users.iter().map(|(user, at)| (*user, *at))
    }

    /// What a revocation at `now` would change; `None` where all is as it asks for.
    pub fn change_of(&self, asked: &Revocation, now: Timestamp) -> Option<RevocationChange> {
        match *asked {
            Revocation::Token { token, expires_at } => {
                let is_other = self.tokens.get(&token) != Some(&expires_at);
                is_other.then_some(RevocationChange::Token { token, expires_at })
            }
            Revocation::User { user, issued_up_to } => {
                // What is to come is nobody's yet.
                let last = issued_up_to.map_or(now, |at| at.min(now));
                let is_later = self.issued_up_to(&user).is_none_or(|before| before < last);
                is_later.then_some(RevocationChange::User {
                    user,
                    issued_up_to: last,
                })
            }
            Revocation::Lift { user } => {
                let is_known = self.users.contains_key(&user);
                is_known.then_some(RevocationChange::Lifted { user })
            }
        }
    }

    /// Whether there is room for a change at `now`, where `most` may stand.
    pub fn has_room(&self, change: &RevocationChange, now: Timestamp, most: u32) -> bool {
        let first = self.ends.first();
        self.len() < most as usize
            || !self.is_one_more(change)
            || first.is_some_and(|(at, _)| *at <= now)
    }

    /// Does it. Where it is one more than `most`, the token that ends first is forgotten.
    pub fn apply(&mut self, change: &RevocationChange, most: u32) {
        if self.len() >= most as usize && self.is_one_more(change) {
            self.forget_first();
        }
        match *change {
            RevocationChange::Token { token, expires_at } => {
                let before = self.tokens.insert(token, expires_at);
                if let Some(at) = before.flatten() {
                    self.ends.remove(&(at, token));
                }
                if let Some(at) = expires_at {
                    self.ends.insert((at, token));
                }
            }
            RevocationChange::User { user, issued_up_to } => {
                self.users.insert(user, issued_up_to);
            }
            RevocationChange::Lifted { user } => {
                self.users.remove(&user);
            }
        }
    }

    fn is_one_more(&self, change: &RevocationChange) -> bool {
        match change {
            RevocationChange::Token { token, .. } => !self.tokens.contains_key(token),
            RevocationChange::User { user, .. } => !self.users.contains_key(user),
            RevocationChange::Lifted { .. } => false,
        }
    }

    fn forget_first(&mut self) {
        if let Some((_, token)) = self.ends.pop_first() {
            self.tokens.remove(&token);
        }
    }

    /// Whether the tokens that end are those that are kept.
    pub(crate) fn is_whole(&self) -> bool {
        let ends = self.tokens().filter_map(|(token, at)| Some((at?, token)));
        ends.collect::<BTreeSet<_>>() == self.ends
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

    use super::*;

    fn token(id: u128, expires_at: Option<u64>) -> RevocationChange {
        RevocationChange::Token {
            token: TokenId(id),
            expires_at: expires_at.map(Timestamp),
        }
    }

    fn ids(revoked: &Revocations) -> Vec<u128> {
        revoked.tokens().map(|(token, _)| token.0).collect()
    }

    #[test]
    fn what_ended_first_makes_room() {
        let mut revoked = Revocations::default();
        for change in [token(1, None), token(2, Some(20)), token(3, Some(10))] {
            assert!(revoked.has_room(&change, Timestamp(0), 3));
            revoked.apply(&change, 3);
        }
        let more = token(4, None);
        assert!(!revoked.has_room(&more, Timestamp(9), 3));
        assert!(revoked.has_room(&more, Timestamp(10), 3));
        // What stands already, with another end, is not one more.
        let other = token(3, Some(30));
        assert!(revoked.has_room(&other, Timestamp(9), 3));
        revoked.apply(&other, 3);
        assert_eq!(ids(&revoked), [1, 2, 3]);
        assert!(!revoked.has_room(&more, Timestamp(10), 3));
        assert!(revoked.has_room(&more, Timestamp(20), 3));
        revoked.apply(&more, 3);
        assert_eq!(ids(&revoked), [1, 3, 4]);
        assert!(revoked.is_whole());
    }
}
