//! What was revoked, in a file of the data directory: a line of JSON a change.
//!
//! Folded and written anew when it is opened, and whenever it has many more lines than there is
//! revoked. A change is on the disk before it is in force.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use engine::domain::{Timestamp, UserName};
use serde::{Deserialize, Serialize};

use crate::auth::{Revocation, Revocations};

const FILE: &str = "revocations";
/// How many lines more than are needed are borne with.
const SLACK: usize = 4_096;

/// A change as it is written, and as the operator asks for it.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Line {
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<u64>,
}

/// The file.
pub(super) struct RevocationFile {
    folder: PathBuf,
    file: File,
    lines: usize,
}

impl RevocationFile {
    /// Opens the file of `folder` and says what it holds.
    pub(super) fn open(folder: &Path) -> io::Result<(RevocationFile, Revocations)> {
        let before = match fs::read_to_string(folder.join(FILE)) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let revoked = fold(&before)?;
        let file = RevocationFile {
            folder: folder.to_owned(),
            file: write_anew(folder, &revoked)?,
            lines: revoked.len(),
        };
        Ok((file, revoked))
    }

    /// Writes a change down; `revoked` is what was in force before it.
    pub(super) fn append(&mut self, change: &Revocation, revoked: &Revocations) -> io::Result<()> {
        if self.lines > revoked.len() + SLACK {
            self.file = write_anew(&self.folder, revoked)?;
            self.lines = revoked.len();
        }
        self.file.write_all(line(change).as_bytes())?;
        self.file.sync_data()?;
        self.lines += 1;
        Ok(())
    }
}

fn line(change: &Revocation) -> String {
    let mut line = Line {
        jti: None,
        expires_at: None,
        sub: None,
        at: None,
    };
    match change {
        Revocation::Token { id, expires_at } => {
            line.jti = Some(id.to_string());
            line.expires_at = expires_at.map(|at| at.0);
        }
        Revocation::User { user, at } => {
            line.sub = Some(user.as_str().to_owned());
            line.at = Some(at.0);
        }
        Revocation::Lift { user } => line.sub = Some(user.as_str().to_owned()),
    }
    let mut text = serde_json::to_string(&line)
        .expect("invariant: strings and numbers can be written as JSON");
    text.push('\n');
    text
}

/// What is revoked after all lines. The last line may be cut off: whoever wrote it told nobody.
fn fold(text: &str) -> io::Result<Revocations> {
    let mut revoked = Revocations::default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    for text in whole.lines() {
        let change = change(text);
        let wrong = || {
            let what = format!("{FILE}: {text:?} is no change");
            io::Error::new(ErrorKind::InvalidData, what)
        };
        revoked.apply(&change.ok_or_else(wrong)?);
    }
    Ok(revoked)
}

fn change(text: &str) -> Option<Revocation> {
    let line: Line = serde_json::from_str(text).ok()?;
    match (line.jti, line.sub, line.at) {
        (Some(id), None, None) => Some(Revocation::Token {
            id: id.into(),
            expires_at: line.expires_at.map(Timestamp),
        }),
        (None, Some(user), Some(at)) => Some(Revocation::User {
            user: UserName::new(&user).ok()?,
            at: Timestamp(at),
        }),
        (None, Some(user), None) => Some(Revocation::Lift {
            user: UserName::new(&user).ok()?,
        }),
        _ => None,
    }
}

/// Puts a file of what is revoked in the place of the one that is there.
fn write_anew(folder: &Path, revoked: &Revocations) -> io::Result<File> {
    let unfinished = folder.join("unfinished-revocations");
    let mut file = File::create(&unfinished)?;
    let lines: String = revoked.all().map(|change| line(&change)).collect();
    file.write_all(lines.as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, folder.join(FILE))?;
    File::open(folder)?.sync_all()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

    use super::*;

    #[test]
    fn what_is_written_is_read_and_a_torn_line_is_not() {
        let folder = std::env::temp_dir().join(format!("revocations-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let changes = [
            Revocation::Token {
                id: "a \"b\"\n".into(),
                expires_at: Some(Timestamp(7)),
            },
            Revocation::Token {
                id: "c".into(),
                expires_at: None,
            },
            Revocation::User {
                user: UserName::new("bob").unwrap(),
                at: Timestamp(5),
            },
            Revocation::User {
                user: UserName::new("carol").unwrap(),
                at: Timestamp(5),
            },
            Revocation::Lift {
                user: UserName::new("carol").unwrap(),
            },
        ];
        let (mut file, mut revoked) = RevocationFile::open(&folder).unwrap();
        assert!(revoked.is_empty());
        for change in &changes {
            file.append(change, &revoked).unwrap();
            revoked.apply(change);
        }
        file.file.write_all(b"{\"sub\":\"dave\",\"a").unwrap();
        for _ in 0..2 {
            let (_, read) = RevocationFile::open(&folder).unwrap();
            assert_eq!(read, revoked);
        }
        fs::write(folder.join(FILE), "{\"sub\":5}\n").unwrap();
        assert!(
            RevocationFile::open(&folder).is_err(),
            "nothing is passed over"
        );
        fs::remove_dir_all(&folder).unwrap();
    }
}
