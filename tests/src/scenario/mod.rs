//! Scenarios: what happens on an exchange, as text that a trader can read.
//!
//! In: lines as [`Line`] reads them, run in lockstep with the plain model and under the auditor.
//! Out: each line with all that was said, then the books and the balances.

mod line;
mod margin;
mod say;
mod special;

pub use line::Line;

use std::fmt::Write as _;

use engine::domain::Timestamp;
use engine::request::RequestKind;

use crate::lockstep::ExchangeLockstep;
use crate::world::World;
use say::{say, say_state};

/// Runs `text` on an exchange of `world` and returns what happened.
///
/// Lines that begin with `#` are for the reader, and of lines in brackets only refusals are
/// shown. `time passes` asks nothing; what is due happens. A line without a time comes a second after the one before it.
///
/// # Errors
/// What cannot be read, and where exchange, model and auditor do not agree.
pub fn run(world: World, text: &str) -> Result<String, String> {
    let mut both = ExchangeLockstep::new(world);
    let mut output = String::new();
    let mut now = Timestamp(0);
    for user in both.world().users.clone() {
        let name = engine::domain::UserName::new(&user).map_err(|what| what.to_string())?;
        both.apply(RequestKind::OpenAccount { name }, now)?;
    }
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let is_quiet = line.starts_with('(') && line.ends_with(')');
        let line = line.trim_start_matches('(').trim_end_matches(')');
        let reports = match Line::parse_pause(line)? {
            Some(at) => {
                now = at;
                both.tick(now)?
            }
            None => {
                let (kind, at) = Line::parse(both.world(), line)?;
                now = at.unwrap_or(now.plus(1_000));
                both.apply(kind, now)?
            }
        };
        let lines: Vec<_> = reports.iter().map(|it| say(both.world(), it)).collect();
        let is_refused = lines.iter().any(|it| it.starts_with("-> refused"));
        if is_quiet && !is_refused {
            continue;
        }
        let _ = writeln!(output, "> {line}");
        for line in lines {
            let _ = writeln!(output, "  {line}");
        }
    }
    output.push_str(&say_state(both.world(), both.fast()));
    Ok(output)
}
