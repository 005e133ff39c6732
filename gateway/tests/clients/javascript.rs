//! The JavaScript core, the React hook and the Vue composable, as packages of a project that has
//! installed them.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::contract::{Recorded, recorded};

use super::process::program;
use super::programs::{RECORDING, copy, node_packages, run, scratch, source};

const PACKAGES: [(&str, &str); 3] = [("javascript", "client"), ("react", "react"), ("vue", "vue")];

/// What is loaded at run time is small enough to be embedded in a page.
const MAX_CORE_BYTES: u64 = 56_000;

/// A project with the packages that others wrote and ours beside them.
pub(crate) fn project(name: &str, needed: &[&str]) -> Option<PathBuf> {
    let packages = node_packages(needed)?;
    let project = scratch(name);
    let modules = project.join("node_modules");
    std::fs::create_dir_all(modules.join("@nexvestxr")).unwrap();
    for entry in std::fs::read_dir(&packages).unwrap() {
        let entry = entry.unwrap();
        let path = entry.path().canonicalize().unwrap();
        symlink(path, modules.join(entry.file_name())).unwrap();
    }
    for (folder, package) in PACKAGES {
        copy(&source("clients").join(folder), &project.join(folder));
        let link = modules.join("@nexvestxr").join(package);
        symlink(project.join(folder), link).unwrap();
    }
    copy(&source("tests/clients/javascript"), &project.join("tests"));
    copy(&source("tests/recorder"), &project.join("recorder"));
    Some(project)
}

/// `node` in a project, which knows where the gateway is, and writes the frames of all clients into
/// the project's recording.
pub(crate) fn node(project: &Path) -> Command {
    let mut command = Command::new("node");
    command
        .current_dir(project.join("tests"))
        .env("GATEWAY", program())
        .env("CONFIG", source("tests/clients/exchange.toml"))
        .env("SCRATCH", project.join("scratch"))
        .env("NODE_OPTIONS", "--import=../recorder/node_ws.mjs")
        .env("FRAMES", project.join(RECORDING));
    command
}

/// Runs a file of tests; `least` is how many frames there are, where it has connections.
fn test(file: &str, needed: &[&str], least: Option<Recorded>) {
    let Some(project) = project(file, needed) else {
        return;
    };
    let out = run(node(&project).args(["--test", &format!("{file}.test.mjs")]));
    // A file without a test would pass too.
    assert!(out.contains("# fail 0"), "{out}");
    assert!(!out.contains("# pass 0"), "{out}");
    if let Some(least) = least {
        recorded(&project.join(RECORDING), least);
    }
}

#[test]
fn parts() {
    test("parts", &["ws"], None);
}

#[test]
fn sessions() {
    let least = Recorded {
        sent: 200,
        received: 400,
        bad: 2,
    };
    test("sessions", &["ws"], Some(least));
}

#[test]
fn folded_views_over_cuts_and_crashes() {
    let least = Recorded {
        sent: 300,
        received: 500,
        bad: 0,
    };
    test("property", &["ws"], Some(least));
}

#[test]
fn react_and_vue() {
    let needed = ["ws", "react", "react-dom", "vue", "happy-dom"];
    let least = Recorded {
        sent: 30,
        received: 45,
        bad: 0,
    };
    test("wrappers", &needed, Some(least));
}

/// `tsc --checkJs --strict`, and the declarations that are in the repository are those that it
/// makes.
#[test]
fn types() {
    let needed = ["typescript", "@types/react", "react", "vue"];
    let Some(project) = project("types", &needed) else {
        return;
    };
    let compiler = project.join("node_modules/typescript/bin/tsc");
    for (folder, _) in PACKAGES {
        let made = project.join(folder).join("made");
        let mut command = Command::new("node");
        command
            .arg(&compiler)
            .arg("--project")
            .arg(project.join(folder))
            .arg("--outDir")
            .arg(&made);
        run(&mut command);
        let names = |folder: &Path| -> Vec<String> {
            let entries = std::fs::read_dir(folder).unwrap();
            let names = entries.map(|it| it.unwrap().file_name().into_string().unwrap());
            let mut names: Vec<String> = names.collect();
            names.sort();
            names
        };
        let kept = source("clients").join(folder).join("types");
        assert_eq!(names(&kept), names(&made), "npm run types in {folder}");
        for name in names(&made) {
            let [kept, made] =
                [&kept, &made].map(|it| std::fs::read_to_string(it.join(&name)).unwrap());
            assert_eq!(kept, made, "npm run types in {folder}: {name}");
        }
    }
}

#[test]
fn the_core_is_small() {
    let folder = source("clients/javascript/src");
    let bytes: u64 = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| !["types.js", "newest.js"].contains(&&*entry.file_name().to_string_lossy()))
        .map(|entry| entry.metadata().unwrap().len())
        .sum();
    assert!(bytes <= MAX_CORE_BYTES, "{bytes} bytes");
}
