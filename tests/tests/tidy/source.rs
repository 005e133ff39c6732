//! The text of the repository: which files there are, and Rust code without its comments,
//! its literals and its tests.
//!
//! Blanked text keeps its length and its lines, so that places in it are places in the file.

use std::path::{Path, PathBuf};
use std::process::Command;

/// One text file of the repository.
pub(crate) struct File {
    /// From the repository's root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    /// Whether this is Rust code under one of `folders`.
    pub(crate) fn is_rust_under(&self, folders: &[&str]) -> bool {
        let inside = folders.iter().any(|folder| self.path.starts_with(folder));
        inside && self.path.ends_with(".rs")
    }

    /// Whether the whole file is a test module of its crate.
    pub(crate) fn is_test_module(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// The code that ships: comments, literals and test modules are blank.
    pub(crate) fn shipped_code(&self) -> String {
        if self.is_test_module() {
            return String::new();
        }
        let code = blank_comments_and_literals(&self.text);
        let tests = test_modules(&code);
        blank(&code, &tests)
    }

    /// The text that ships, comments included, and the text of the test modules.
    pub(crate) fn split_tests(&self) -> (String, String) {
        if self.is_test_module() {
            return (String::new(), self.text.clone());
        }
        let tests = test_modules(&blank_comments_and_literals(&self.text));
        let test_text = tests.iter().map(|&(from, to)| &self.text[from..to]);
        (blank(&self.text, &tests), test_text.collect())
    }
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Paths of all files that git knows or would add.
pub(crate) fn paths() -> Vec<String> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root())
        .output()
        .expect("the tidy test asks git which files belong to the repository");
    assert!(output.status.success(), "git ls-files failed: {output:?}");
    let mut paths: Vec<String> = output
        .stdout
        .split(|&byte| byte == 0)
        .filter(|path| !path.is_empty())
        .map(|path| String::from_utf8(path.to_vec()).expect("paths here are ASCII"))
        .filter(|path| root().join(path).is_file())
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "git lists no file");
    paths
}

/// All text files. What is not UTF-8 is left out.
pub(crate) fn files() -> Vec<File> {
    let read = |path: String| {
        let text = String::from_utf8(std::fs::read(root().join(&path)).ok()?).ok()?;
        Some(File { path, text })
    };
    paths().into_iter().filter_map(read).collect()
}

/// The file at `path`; panics when there is none.
pub(crate) fn file(path: &str) -> String {
    let read = std::fs::read_to_string(root().join(path));
    read.unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// `path:line` of the byte at `at`.
pub(crate) fn place(path: &str, text: &str, at: usize) -> String {
    format!("{path}:{}", 1 + text[..at].matches('\n').count())
}

/// Where `word` stands in `code`, not as a part of a longer word.
pub(crate) fn find_word(code: &str, word: &str) -> Vec<usize> {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|&byte| is_word(byte));
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(|&at| {
            let before = at.checked_sub(1).and_then(|at| code.as_bytes().get(at));
            let after = code.as_bytes().get(at + word.len());
            !is_part(before) && !is_part(after)
        })
        .collect()
}

/// Whether `byte` can stand in an identifier.
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn blank(text: &str, ranges: &[(usize, usize)]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for &(from, to) in ranges {
        for byte in &mut bytes[from..to] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    }
    String::from_utf8(bytes).expect("ranges end at character boundaries")
}

/// Blanks comments, strings and character literals. Quotes and markers go with them.
fn blank_comments_and_literals(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let after_word = at > 0 && is_word(bytes[at - 1]);
        let end = match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => line_end(bytes, at),
            b'/' if bytes.get(at + 1) == Some(&b'*') => block_comment_end(bytes, at),
            b'"' => string_end(bytes, at),
            b'r' | b'b' | b'c' if !after_word => raw_string_end(bytes, at),
            b'\'' => char_end(text, at),
            _ => at,
        };
        if end > at {
            ranges.push((at, end));
            at = end;
        } else {
            at += 1;
        }
    }
    blank(text, &ranges)
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    let length = bytes[at..].iter().position(|&byte| byte == b'\n');
    length.map_or(bytes.len(), |length| at + length)
}

fn block_comment_end(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    at
}

fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while end < bytes.len() && bytes[end] != b'"' {
        end += if bytes[end] == b'\\' { 2 } else { 1 };
    }
    (end + 1).min(bytes.len())
}

/// The end of `r"…"`, `br#"…"#` and the like; `at` itself where none begins.
fn raw_string_end(bytes: &[u8], at: usize) -> usize {
    let letters = bytes[at..]
        .iter()
        .take(2)
        .take_while(|byte| b"rbc".contains(byte));
    let letters = letters.count();
    let hashes = bytes[at + letters..]
        .iter()
        .take_while(|&&byte| byte == b'#')
        .count();
    let is_raw = bytes[at + letters - 1] == b'r';
    if !is_raw || bytes.get(at + letters + hashes) != Some(&b'"') {
        return at;
    }
    let mut end = at + letters + hashes + 1;
    while end < bytes.len() {
        let closing = &bytes[end + 1..bytes.len().min(end + 1 + hashes)];
        if bytes[end] == b'"' && closing.len() == hashes && closing.iter().all(|&b| b == b'#') {
            return end + 1 + hashes;
        }
        end += 1;
    }
    end
}

/// The end of a character literal; `at` itself for a lifetime.
fn char_end(text: &str, at: usize) -> usize {
    let mut characters = text[at + 1..].char_indices();
    match characters.next() {
        Some((_, '\\')) => {
            let rest = &text.as_bytes()[at + 3..];
            let length = rest.iter().position(|&byte| byte == b'\'');
            length.map_or(at, |length| at + 3 + length + 1)
        }
        Some(_) => match characters.next() {
            Some((offset, '\'')) => at + 1 + offset + 1,
            _ => at,
        },
        None => at,
    }
}

/// Where `#[cfg(test)] mod … { … }` stand in blanked code.
fn test_modules(code: &str) -> Vec<(usize, usize)> {
    let mut ranges = Vec::new();
    for (at, mark) in code.match_indices("#[cfg(test)]") {
        let rest = &code[at + mark.len()..];
        let item = rest.trim_start();
        let open = item.find(['{', ';']).unwrap_or(item.len());
        let is_module = !find_word(&item[..open], "mod").is_empty();
        if is_module && item[open..].starts_with('{') {
            let from = code.len() - item.len() + open;
            ranges.push((at, block_end(code.as_bytes(), from)));
        }
    }
    ranges
}

fn block_end(bytes: &[u8], from: usize) -> usize {
    let mut depth = 0usize;
    for (at, byte) in bytes.iter().enumerate().skip(from) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return at + 1,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    bytes.len()
}

#[test]
fn blanking_keeps_code_and_places() {
    let text = "let a = \"f64 \\\" //\"; // f64\nlet b: &'static u8 = b'\\''; /* f64 /* */ */ c\n\
                let d = r#\"f64 \" \"#;\n#[cfg(test)]\nmod tests {\n  fn x() { f64 }\n}\nf32";
    let file = File {
        path: "engine/src/x.rs".to_owned(),
        text: text.to_owned(),
    };
    let code = file.shipped_code();
    assert_eq!(code.len(), text.len());
    assert!(find_word(&code, "f64").is_empty(), "{code}");
    assert_eq!(place("x", &code, find_word(&code, "f32")[0]), "x:8");
    assert!(code.contains("&'static u8"), "{code}");
    assert_eq!(code.lines().nth(1).unwrap().chars().last(), Some('c'));
    assert!(file.split_tests().1.contains("fn x()"));
}
