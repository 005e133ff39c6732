//! The examples of `docs/clients.md`, run as they stand there.

use testkit::contract::{Recorded, recorded};

use super::javascript::{node, project};
use super::process::{Process, gateway};
use super::programs::{RECORDING, run, scratch, source};
use super::python::interpreter;

const MAX_LINES: usize = 12;

/// Each example signs in, subscribes and places an order.
const LEAST: Recorded = Recorded {
    sent: 3,
    received: 4,
    bad: 0,
};

struct Demo {
    /// Ended with it.
    _process: Process,
    url: String,
    token: String,
}

impl Demo {
    fn start(name: &str) -> Demo {
        let data = scratch(name);
        let mut demo = gateway(&["demo", "--quiet-market", "--port", "0", "--admin-port", "0"]);
        demo.arg("--data-dir").arg(&data).env("RUST_LOG", "error");
        let mut process = Process::run(&mut demo, &data.with_extension("log"));
        let welcome = process.says_until("Ctrl-C stops");
        let find = |start: &str| -> String {
            let mut lines = welcome.lines();
            let line = lines.find(|it| it.trim().starts_with(start));
            let line = line.unwrap_or_else(|| panic!("no {start:?} in {welcome}"));
            line.split_whitespace().last().unwrap().to_owned()
        };
        Demo {
            url: find("Programs connect to"),
            token: find("alice"),
            _process: process,
        }
    }
}

/// The only example in a language.
fn example(language: &str) -> String {
    let document = std::fs::read_to_string(source("../docs/clients.md")).unwrap();
    let fence = format!("```{language}\n");
    let mut parts = document.split(&fence).skip(1);
    let example = parts
        .next()
        .unwrap()
        .split("```")
        .next()
        .unwrap()
        .to_owned();
    assert!(parts.next().is_none(), "one example in {language}");
    assert!(example.lines().count() <= MAX_LINES, "ten lines or so");
    example
}

#[test]
fn javascript() {
    let Some(project) = project("document-javascript", &["ws"]) else {
        return;
    };
    std::fs::write(project.join("tests/example.mjs"), example("js")).unwrap();
    let demo = Demo::start("demo-javascript");
    let mut command = node(&project);
    command
        .arg("example.mjs")
        .envs([("EXCHANGE", &demo.url), ("TOKEN", &demo.token)]);
    assert_eq!(run(&mut command), "order_cancelled\n");
    recorded(&project.join(RECORDING), LEAST);
}

#[test]
fn python() {
    let Some((mut command, recording)) = interpreter("document-python") else {
        return;
    };
    let demo = Demo::start("demo-python");
    command
        .args(["-c", &format!("import frames\n{}", example("python"))])
        .envs([("EXCHANGE", &demo.url), ("TOKEN", &demo.token)]);
    assert_eq!(run(&mut command), "order_cancelled\n");
    recorded(&recording, LEAST);
}

#[test]
fn react_and_vue() {
    let needed = ["ws", "react", "react-dom", "vue", "happy-dom", "typescript"];
    let Some(project) = project("document-pages", &needed) else {
        return;
    };
    for (language, file) in [("jsx", "Best.jsx"), ("vue", "Best.vue")] {
        std::fs::write(project.join("tests").join(file), example(language)).unwrap();
    }
    let demo = Demo::start("demo-pages");
    let mut command = node(&project);
    command
        .arg("examples.mjs")
        .envs([("EXCHANGE", &demo.url), ("TOKEN", &demo.token)]);
    assert_eq!(run(&mut command), "Best.jsx: open\nBest.vue: open\n");
    recorded(&project.join(RECORDING), LEAST);
}
