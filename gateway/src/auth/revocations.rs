//! Tokens that count no longer, although nothing is wrong with them.

use std::collections::BTreeMap;

use engine::domain::{Timestamp, UserName};

use crate::session::TokenMark;

/// The most that is revoked at the same time.
pub const MAX_REVOKED: usize = 100_000;
/// The most characters of a token's id.
pub const MAX_ID_CHARACTERS: usize = 256;

/// One thing that an operator did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// The token with this id counts no longer; from `expires_at` on it would not anyway.
    Token {
        /// `jti`
        id: Box<str>,
        /// When it can be forgotten.
        expires_at: Option<Timestamp>,
    },
    /// The tokens of this user that were issued up to `at` count no longer.
    User {
        /// `sub`
        user: UserName,
        /// The last moment.
        at: Timestamp,
    },
    /// What was revoked of a user counts again.
    Lift {
        /// `sub`
        user: UserName,
    },
}

/// As many as there may be are revoked already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

/// All that is revoked. Bounded: [`MAX_REVOKED`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revocations {
    tokens: BTreeMap<Box<str>, Option<Timestamp>>,
    users: BTreeMap<UserName, Timestamp>,
}

impl Revocations {
    /// Whether there is room for one more at `now`; forgets tokens that have ended.
    ///
    /// # Errors
    /// [`TooMany`]
    pub fn make_room(&mut self, now: Timestamp) -> Result<(), TooMany> {
        if self.len() >= MAX_REVOKED {
            self.tokens
                .retain(|_, expires_at| expires_at.is_none_or(|at| at > now));
        }
        if self.len() >= MAX_REVOKED {
            return Err(TooMany);
        }
        Ok(())
    }

    /// Does it.
    pub fn apply(&mut self, revocation: &Revocation) {
        match revocation {
            Revocation::Token { id, expires_at } => {
                self.tokens.insert(id.clone(), *expires_at);
            }
            Revocation::User { user, at } => {
                let last = self.users.entry(*user).or_insert(*at);
                *last = (*last).max(*at);
            }
            Revocation::Lift { user } => {
                self.users.remove(user);
            }
        }
    }

    /// Whether a token of this user was revoked. One that does not say when it was issued may be of
    /// any time.
    pub fn covers(&self, user: &UserName, token: &TokenMark) -> bool {
        let by_id = token
            .id
            .as_ref()
            .is_some_and(|id| self.tokens.contains_key(id));
        let by_user = self.users.get(user).is_some_and(|until| {
            let issued_at = token.issued_at;
            issued_at.is_none_or(|issued_at| issued_at <= *until)
        });
        by_id || by_user
    }

    /// How much is revoked.
    pub fn len(&self) -> usize {
        self.tokens.len() + self.users.len()
    }

    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of it, as it could be done again.
    pub fn all(&self) -> impl Iterator<Item = Revocation> {
        let tokens = self
            .tokens
            .iter()
            .map(|(id, expires_at)| Revocation::Token {
                id: id.clone(),
                expires_at: *expires_at,
            });
        let users = self.users.iter().map(|(user, at)| Revocation::User {
            user: *user,
            at: *at,
        });
        tokens.chain(users)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

    use super::*;

    fn user(name: &str) -> UserName {
        UserName::new(name).unwrap()
    }

    fn mark(id: Option<&str>, issued_at: Option<u64>) -> TokenMark {
        TokenMark {
            id: id.map(Box::from),
            issued_at: issued_at.map(Timestamp),
        }
    }

    #[test]
    fn a_token_goes_by_its_id_and_a_user_s_by_when_they_were_issued() {
        let mut revoked = Revocations::default();
        revoked.apply(&Revocation::Token {
            id: "one".into(),
            expires_at: None,
        });
        revoked.apply(&Revocation::User {
            user: user("bob"),
            at: Timestamp(5_000),
        });
        for (name, token, expected) in [
            ("alice", mark(Some("one"), Some(9_000)), true),
            ("alice", mark(Some("two"), Some(9_000)), false),
            ("alice", mark(None, None), false),
            ("bob", mark(None, Some(5_000)), true),
            ("bob", mark(None, Some(5_001)), false),
            ("bob", mark(Some("two"), None), true),
        ] {
            assert_eq!(
                revoked.covers(&user(name), &token),
                expected,
                "{name} {token:?}"
            );
        }
        revoked.apply(&Revocation::User {
            user: user("bob"),
            at: Timestamp(4_000),
        });
        assert!(
            revoked.covers(&user("bob"), &mark(None, Some(5_000))),
            "the later counts"
        );
        let mut again = Revocations::default();
        revoked.all().for_each(|it| again.apply(&it));
        assert_eq!(again, revoked);
        revoked.apply(&Revocation::Lift { user: user("bob") });
        assert!(!revoked.covers(&user("bob"), &mark(None, None)));
    }

    #[test]
    fn there_is_a_limit_and_what_has_ended_makes_room() {
        let mut revoked = Revocations::default();
        for index in 0..MAX_REVOKED {
            revoked.make_room(Timestamp(0)).unwrap();
            revoked.apply(&Revocation::Token {
                id: index.to_string().into(),
                expires_at: (index == 7).then_some(Timestamp(100)),
            });
        }
        assert_eq!(revoked.make_room(Timestamp(99)), Err(TooMany));
        assert_eq!(revoked.make_room(Timestamp(100)), Ok(()));
        assert_eq!(revoked.len(), MAX_REVOKED - 1);
    }
}
