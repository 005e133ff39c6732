//! What was revoked before revocations were commands: a file of the data directory, a line of JSON a
//! change. Read once, taken into the journal, and put aside.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use engine::domain::{Revocation, RevocationChange, Revocations, Timestamp, UserName};
use serde::Deserialize;

use crate::auth::token_id;
use crate::config::{Config, Durability};

const FILE: &str = "revocations";
/// What the file is called when all of it is in the journal.
const MIGRATED: &str = "revocations.migrated";

/// A change as it was written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Line {
    jti: Option<String>,
    expires_at: Option<u64>,
    sub: Option<String>,
    at: Option<u64>,
}

/// A file that is not in the journal yet, and what stood in it.
pub(super) struct OldRevocations {
    folder: PathBuf,
    standing: Revocations,
}

impl OldRevocations {
    /// Reads the file, if there is one and what is done outlives this process.
    ///
    /// # Errors
    /// What the system says; a line that is no change.
    pub(super) fn find(config: &Config) -> io::Result<Option<OldRevocations>> {
        match (&config.storage.data_dir, config.storage.durability) {
            (Some(folder), Durability::Sync | Durability::Os) => OldRevocations::read(folder),
            (None, _) | (_, Durability::None) => Ok(None),
        }
    }

    fn read(folder: &Path) -> io::Result<Option<OldRevocations>> {
        let text = match fs::read_to_string(folder.join(FILE)) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Some(OldRevocations {
            folder: folder.to_owned(),
            standing: fold(&text)?,
        }))
    }

    /// What stands, as it can be asked for.
    pub(super) fn asked(&self) -> impl Iterator<Item = Revocation> {
        let tokens = self.standing.tokens();
        let tokens = tokens.map(|(token, expires_at)| Revocation::Token { token, expires_at });
        let users = self.standing.users();
        tokens.chain(users.map(|(user, at)| Revocation::User {
            user,
            issued_up_to: Some(at),
        }))
    }

    /// Puts the file aside: all that stood in it is durable elsewhere.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn put_aside(self) -> io::Result<()> {
        let OldRevocations { folder, .. } = self;
        fs::rename(folder.join(FILE), folder.join(MIGRATED))?;
        File::open(folder)?.sync_all()
    }
}

/// What is revoked after all lines. The last line may be cut off: whoever wrote it told nobody.
fn fold(text: &str) -> io::Result<Revocations> {
    let mut standing = Revocations::default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    for text in whole.lines() {
        let wrong = || {
            let what = format!("{FILE}: {text:?} is no change");
            io::Error::new(ErrorKind::InvalidData, what)
        };
        let change = change(text).ok_or_else(wrong)?;
        if !is_earlier(&standing, &change) {
            standing.apply(&change, u32::MAX);
        }
    }
    Ok(standing)
}

/// Whether as much was revoked of a user already.
fn is_earlier(standing: &Revocations, change: &RevocationChange) -> bool {
    match change {
        RevocationChange::User { user, issued_up_to } => {
            standing.issued_up_to(user) >= Some(*issued_up_to)
        }
        RevocationChange::Token { .. } | RevocationChange::Lifted { .. } => false,
    }
}

fn change(text: &str) -> Option<RevocationChange> {
    let line: Line = serde_json::from_str(text).ok()?;
    match (line.jti, line.sub, line.at) {
        (Some(id), None, None) => Some(RevocationChange::Token {
            token: token_id(&id),
            expires_at: line.expires_at.map(Timestamp),
        }),
        (None, Some(user), Some(at)) => Some(RevocationChange::User {
            user: UserName::new(&user).ok()?,
            issued_up_to: Timestamp(at),
        }),
        (None, Some(user), None) => Some(RevocationChange::Lifted {
            user: UserName::new(&user).ok()?,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

    use super::*;

    #[test]
    fn all_lines_but_a_torn_one_are_read_and_nothing_is_passed_over() {
        let text = "{\"jti\":\"a \\\"b\\\"\\n\",\"expiresAt\":7}\n{\"jti\":\"c\"}\n\
                    {\"sub\":\"bob\",\"at\":5}\n{\"sub\":\"bob\",\"at\":4}\n\
                    {\"sub\":\"carol\",\"at\":5}\n{\"sub\":\"carol\"}\n{\"sub\":\"dave\",\"a";
        let standing = fold(text).unwrap();
        let bob = UserName::new("bob").unwrap();
        assert_eq!(
            standing.users().collect::<Vec<_>>(),
            [(bob, Timestamp(5))],
            "the later counts, and what was lifted does not"
        );
        let mut tokens: Vec<_> = standing.tokens().collect();
        tokens.sort_unstable_by_key(|(_, at)| *at);
        let expected = [
            (token_id("c"), None),
            (token_id("a \"b\"\n"), Some(Timestamp(7))),
        ];
        assert_eq!(tokens, expected);
        assert!(fold("").unwrap().is_empty());
        for wrong in ["{\"sub\":5}\n", "\n\n", "{\"jti\":\"a\"}\n{}\n"] {
            assert!(fold(wrong).is_err(), "{wrong:?}");
        }
    }
}
