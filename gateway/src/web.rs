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
