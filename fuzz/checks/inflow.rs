//! Any bytes as what a client sends behind an agreement to deflate.

use gateway::deflate::{Broken, Inflow, negotiate};

/// Small, so that the limit is often met.
const MAX_BYTES: usize = 5_000;
/// What one call may put out beside one message.
const SPARE: usize = 4 * 1_024 + 14;

/// Reads `bytes` whole, byte by byte, and cut in two at a place that the first of them names: it is
/// the same each time, and never more than the limit at once. As text they are an offer, and what is
/// agreed on can be offered in its turn.
pub(crate) fn run(bytes: &[u8]) -> Result<(), String> {
    let whole = read(bytes, [])?;
    let cut = bytes
        .first()
        .map_or(0, |first| usize::from(*first))
        .min(bytes.len());
    for (how, read) in [
        ("byte by byte", read(bytes, 0..bytes.len())?),
        ("in two", read(bytes, [cut])?),
    ] {
        if read != whole {
            return Err(format!("{how} it is {read:?}, whole {whole:?}"));
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Some(agreed) = negotiate(text.lines(), "")
    {
        let again = negotiate([&*agreed.header()], "");
        if again != Some(agreed) {
            return Err(format!("{agreed:?} offered is {again:?}"));
        }
    }
    Ok(())
}

type Read = (Vec<u8>, Option<Broken>);

fn read(bytes: &[u8], cuts: impl IntoIterator<Item = usize>) -> Result<Read, String> {
    let mut inflow = Inflow::new(MAX_BYTES);
    let (mut all, mut out, mut from) = (Vec::new(), Vec::new(), 0);
    for to in cuts.into_iter().chain([bytes.len()]) {
        let mut input = &bytes[from..to];
        from = to;
        while !input.is_empty() {
            let before = input.len();
            let fed = inflow.feed(&mut input, &mut out);
            if out.len() > MAX_BYTES + SPARE {
                return Err(format!("{} bytes at once", out.len()));
            }
            all.append(&mut out);
            if let Err(broken) = fed {
                return Ok((all, Some(broken)));
            }
            if input.len() == before {
                return Err("nothing was taken".to_owned());
            }
        }
    }
    Ok((all, None))
}
