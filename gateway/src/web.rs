//! The trading terminal's files, inside the binary.
//!
//! In: the path of a request. Out: the file's bytes, packed or not, their type, and a tag that
//! changes with them.
//! Nothing is read from a disk at run time, so there is no path to climb out of. The terminal is
//! plain ES modules over the client core of `gateway/clients/javascript`, served as they stand.

use std::io::Write as _;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The page.
    Html,
    /// A style sheet.
    Css,
    /// An ES module.
    JavaScript,
    /// The icon.
    Svg,
}

impl Kind {
    /// Its `Content-Type`.
    pub const fn content_type(self) -> &'static str {
        match self {
            Kind::Html => "text/html; charset=utf-8",
            Kind::Css => "text/css; charset=utf-8",
            Kind::JavaScript => "text/javascript; charset=utf-8",
            Kind::Svg => "image/svg+xml",
        }
    }
}

/// One file.
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// Where it is served.
    pub path: &'static str,
    /// What it is.
    pub kind: Kind,
    /// All of it.
    pub body: &'static [u8],
}

/// Each path beside the file that stands for it.
macro_rules! files {
    ($($kind:ident $path:literal $file:literal)*) => {
        &[$(File { path: $path, kind: Kind::$kind, body: include_bytes!($file) }),*]
    };
}

/// All of them.
pub const FILES: &[File] = files! {
    Html "/" "../web/index.html"
    Svg "/terminal/icon.svg" "../web/icon.svg"
    Css "/terminal/layout.css" "../web/layout.css"
    Css "/terminal/panels.css" "../web/panels.css"
    Css "/terminal/theme.css" "../web/theme.css"
    Css "/terminal/ticket.css" "../web/ticket.css"
    JavaScript "/terminal/candles.js" "../web/candles.js"
    JavaScript "/terminal/chart.js" "../web/chart.js"
    JavaScript "/terminal/depth.js" "../web/depth.js"
    JavaScript "/terminal/dom.js" "../web/dom.js"
    JavaScript "/terminal/errors.js" "../web/errors.js"
    JavaScript "/terminal/figures.js" "../web/figures.js"
    JavaScript "/terminal/fills.js" "../web/fills.js"
    JavaScript "/terminal/frame.js" "../web/frame.js"
    JavaScript "/terminal/keys.js" "../web/keys.js"
    JavaScript "/terminal/ladder.js" "../web/ladder.js"
    JavaScript "/terminal/line.js" "../web/line.js"
    JavaScript "/terminal/main.js" "../web/main.js"
    JavaScript "/terminal/market.js" "../web/market.js"
    JavaScript "/terminal/news.js" "../web/news.js"
    JavaScript "/terminal/notices.js" "../web/notices.js"
    JavaScript "/terminal/orders.js" "../web/orders.js"
    JavaScript "/terminal/pairs.js" "../web/pairs.js"
    JavaScript "/terminal/portfolio.js" "../web/portfolio.js"
    JavaScript "/terminal/positions.js" "../web/positions.js"
    JavaScript "/terminal/rules.js" "../web/rules.js"
    JavaScript "/terminal/session.js" "../web/session.js"
    JavaScript "/terminal/surface.js" "../web/surface.js"
    JavaScript "/terminal/table.js" "../web/table.js"
    JavaScript "/terminal/tape.js" "../web/tape.js"
    JavaScript "/terminal/theme.js" "../web/theme.js"
    JavaScript "/terminal/ticket.js" "../web/ticket.js"
    JavaScript "/client/book.js" "../clients/javascript/src/book.js"
    JavaScript "/client/client.js" "../clients/javascript/src/client.js"
    JavaScript "/client/crc32.js" "../clients/javascript/src/crc32.js"
    JavaScript "/client/decimal.js" "../clients/javascript/src/decimal.js"
    JavaScript "/client/error.js" "../clients/javascript/src/error.js"
    JavaScript "/client/index.js" "../clients/javascript/src/index.js"
    JavaScript "/client/link.js" "../clients/javascript/src/link.js"
    JavaScript "/client/newest.js" "../clients/javascript/src/newest.js"
    JavaScript "/client/requests.js" "../clients/javascript/src/requests.js"
    JavaScript "/client/stream.js" "../clients/javascript/src/stream.js"
    JavaScript "/client/view.js" "../clients/javascript/src/view.js"
};

/// A file as it is sent.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// Its `Content-Type`.
    pub content_type: &'static str,
    /// Its entity tag, quotes included: another one for what is packed.
    pub tag: &'static str,
    /// Its bytes.
    pub body: &'static [u8],
    /// Whether they are packed by gzip.
    pub is_packed: bool,
}

/// A file's tag, and the same packed where that is shorter.
struct Made {
    tag: String,
    packed: Option<(String, Vec<u8>)>,
}

static MADE: LazyLock<Vec<Made>> = LazyLock::new(|| FILES.iter().map(make).collect());

/// The file at `path`, packed where `takes_gzip` and that is shorter.
pub fn find(path: &str, takes_gzip: bool) -> Option<Sent> {
    let index = FILES.iter().position(|file| file.path == path)?;
    let (file, made) = (&FILES[index], MADE.get(index)?);
    let packed = made.packed.as_ref().filter(|_| takes_gzip);
    let (tag, body) = packed.map_or((&made.tag, file.body), |(tag, body)| (tag, body));
    Some(Sent {
        content_type: file.kind.content_type(),
        tag,
        body,
        is_packed: packed.is_some(),
    })
}

fn make(file: &File) -> Made {
    let hash = blake3::hash(file.body).to_hex();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let packed = encoder.write_all(file.body).and_then(|()| encoder.finish());
    let packed = packed.ok().filter(|packed| packed.len() < file.body.len());
    Made {
        tag: format!("\"{}\"", &hash[..32]),
        packed: packed.map(|packed| (format!("\"{}-gz\"", &hash[..32]), packed)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "a test may stop at what it did not expect"
    )]

    use std::io::Read;
    use std::path::Path;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn what_is_packed_is_the_same() {
        for file in FILES {
            let plain = find(file.path, false).unwrap();
            assert_eq!((plain.body, plain.is_packed), (file.body, false));
            let packed = find(file.path, true).unwrap();
            assert_ne!(plain.tag == packed.tag, packed.is_packed, "{}", file.path);
            if packed.is_packed {
                let mut body = Vec::new();
                let mut decoder = GzDecoder::new(packed.body);
                decoder.read_to_end(&mut body).unwrap();
                assert_eq!(body, file.body, "{}", file.path);
            }
        }
        assert!(find("/terminal/../Cargo.toml", false).is_none());
    }

    /// 150 KB: the terminal as it is written, and it with the client core as it is sent.
    #[test]
    fn all_of_it_is_small() {
        const MOST: usize = 150 * 1_024;
        let own = FILES
            .iter()
            .filter(|file| !file.path.starts_with("/client/"));
        let own: usize = own.map(|file| file.body.len()).sum();
        let sent = FILES.iter().filter_map(|file| find(file.path, true));
        let sent: usize = sent.map(|file| file.body.len()).sum();
        assert!(own < MOST && sent < MOST, "{own} bytes, {sent} sent");
    }

    #[test]
    fn every_file_is_served_and_every_link_leads_to_one() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for (folder, prefix) in [
            ("web", "/terminal/"),
            ("clients/javascript/src", "/client/"),
        ] {
            for entry in std::fs::read_dir(root.join(folder)).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                let path = match &*name {
                    "index.html" => "/".to_owned(),
                    // Types alone: nothing loads it.
                    "types.js" => continue,
                    name => format!("{prefix}{name}"),
                };
                assert!(
                    find(&path, false).is_some(),
                    "{folder}/{name} is not served"
                );
            }
        }
        for file in FILES {
            let text = std::str::from_utf8(file.body).unwrap();
            let folder = file.path.rsplit_once('/').unwrap().0;
            let marks = ["from '", "src=\"", "href=\""];
            let links = marks.iter().flat_map(|mark| text.split(mark).skip(1));
            let links = links.map(|rest| rest.split(['\'', '"']).next().unwrap());
            // Only comments name the types.
            let links = links.filter(|link| !link.starts_with('#') && *link != "./types.js");
            for link in links {
                let path = match link.strip_prefix("./") {
                    Some(name) => format!("{folder}/{name}"),
                    None => link.to_owned(),
                };
                assert!(find(&path, false).is_some(), "{}: {link}", file.path);
            }
        }
    }

    /// What the policy forbids does not stand in the files either.
    #[test]
    fn nothing_is_inline_and_nothing_comes_from_elsewhere() {
        for file in FILES {
            let text = std::str::from_utf8(file.body).unwrap();
            for bad in [
                "innerHTML",
                "outerHTML",
                "insertAdjacent",
                "eval(",
                "new Function",
                "https://",
            ] {
                assert!(!text.contains(bad), "{}: {bad}", file.path);
            }
            if file.kind == Kind::Html {
                for bad in [" style=", "<style", " onclick", "javascript:"] {
                    assert!(!text.contains(bad), "{}: {bad}", file.path);
                }
            }
        }
    }
}
