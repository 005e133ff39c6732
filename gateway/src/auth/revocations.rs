//! Tokens that count no longer, although nothing is wrong with them. The exchange keeps which.

use engine::domain::{Revocations, TokenId, UserName};

use crate::session::TokenMark;

/// The most characters of a token's id.
pub const MAX_ID_CHARACTERS: usize = 256;

/// What the exchange knows a `jti` as: the first 128 bits of its BLAKE3 hash.
pub fn token_id(jti: &str) -> TokenId {
    let hash = blake3::hash(jti.as_bytes());
    let (bytes, _) = hash
        .as_bytes()
        .split_first_chunk()
        .expect("a hash is longer");
    TokenId(u128::from_be_bytes(*bytes))
}

/// Whether a token of this user was revoked. One that does not say when it was issued may be of any
/// time.
pub fn is_revoked(revoked: &Revocations, user: &UserName, token: &TokenMark) -> bool {
    let by_id = token.id.is_some_and(|id| revoked.has_token(id));
    let by_user = revoked.issued_up_to(user).is_some_and(|until| {
        let issued_at = token.issued_at;
        issued_at.is_none_or(|issued_at| issued_at <= until)
    });
    by_id || by_user
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

    use engine::domain::{RevocationChange, Timestamp};

    use super::*;

    fn user(name: &str) -> UserName {
        UserName::new(name).unwrap()
    }

    fn mark(id: Option<&str>, issued_at: Option<u64>) -> TokenMark {
        TokenMark {
            id: id.map(token_id),
            issued_at: issued_at.map(Timestamp),
        }
    }

    #[test]
    fn a_token_goes_by_its_id_and_a_user_s_by_when_they_were_issued() {
        let mut revoked = Revocations::default();
        let token = RevocationChange::Token {
            token: token_id("one"),
            expires_at: None,
        };
        let barred = RevocationChange::User {
            user: user("bob"),
            issued_up_to: Timestamp(5_000),
        };
        revoked.apply(&token, 2);
        revoked.apply(&barred, 2);
        for (name, token, expected) in [
            ("alice", mark(Some("one"), Some(9_000)), true),
            ("alice", mark(Some("two"), Some(9_000)), false),
            ("alice", mark(None, None), false),
            ("bob", mark(None, Some(5_000)), true),
            ("bob", mark(None, Some(5_001)), false),
            ("bob", mark(Some("two"), None), true),
        ] {
            assert_eq!(
                is_revoked(&revoked, &user(name), &token),
                expected,
                "{name} {token:?}"
            );
        }
        revoked.apply(&RevocationChange::Lifted { user: user("bob") }, 2);
        assert!(!is_revoked(&revoked, &user("bob"), &mark(None, None)));
    }
}
