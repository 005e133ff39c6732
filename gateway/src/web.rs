//! The trading terminal's files, inside the binary.
//!
//! In: the path of a request. Out: the file's bytes, their type, and a tag that changes with them.
//! Nothing is read from a disk at run time, so there is no path to climb out of. The terminal is
//! plain ES modules over the client core of `gateway/clients/javascript`, served as they stand.

use std::sync::LazyLock;

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
    JavaScript "/client/requests.js" "../clients/javascript/src/requests.js"
    JavaScript "/client/stream.js" "../clients/javascript/src/stream.js"
    JavaScript "/client/view.js" "../clients/javascript/src/view.js"
};

static TAGS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let tag = |file: &File| {
        let hash = blake3::hash(file.body).to_hex();
        format!("\"{}\"", &hash[..32])
    };
    FILES.iter().map(tag).collect()
});

/// The file at `path` and its entity tag, quotes included.
pub fn find(path: &str) -> Option<(File, &'static str)> {
    let index = FILES.iter().position(|file| file.path == path)?;
    Some((FILES[index], &TAGS[index]))
}
