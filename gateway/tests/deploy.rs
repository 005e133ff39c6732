//! What `docs/deploy` starts the gateway with is what the gateway takes.

#![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const GATEWAY: &str = env!("CARGO_BIN_EXE_gateway");
const UNIT: &str = "nexvestxr-gateway.service";

fn deploy(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/deploy");
    std::fs::read_to_string(folder.join(file)).unwrap()
}

/// The unit with this build's gateway in the place of the installed one.
fn unit_of_this_build() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("deploy");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(UNIT);
    std::fs::write(&path, deploy(UNIT).replace("/usr/bin/gateway", GATEWAY)).unwrap();
    path
}

/// What the gateway says to a command line whose configuration is not there.
fn says_that_the_file_is_missing(arguments: &[&str]) {
    let told = Command::new(GATEWAY).args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&told.stderr).into_owned();
    // 2 would be a command line that it does not know.
    assert_eq!(told.status.code(), Some(1), "{arguments:?}: {text}");
    assert!(text.contains("exchange.toml"), "{arguments:?}: {text}");
}

#[test]
fn the_unit_s_commands_are_known() {
    let unit = deploy(UNIT);
    let mut commands = unit.lines().filter_map(|line| {
        let (key, command) = line.split_once('=')?;
        key.starts_with("ExecStart").then_some(command)
    });
    let mut arguments = |expected: &str| {
        let command = commands.next().unwrap();
        assert!(command.contains(expected), "{command}");
        let words: Vec<_> = command.split(' ').skip(1).collect();
        says_that_the_file_is_missing(&words);
    };
    arguments("check-config");
    arguments("serve");
}

#[test]
fn systemd_takes_the_unit_and_finds_it_closed() {
    let unit = unit_of_this_build();
    let ask = |arguments: &[&str]| -> Option<Output> {
        let mut systemd = Command::new("systemd-analyze");
        systemd.args(arguments).arg(&unit).output().ok()
    };
    let Some(verified) = ask(&["verify"]) else {
        eprintln!("\n******** LEFT OUT: no systemd-analyze (Debian: systemd) ********\n");
        return;
    };
    // What it says of other units of this machine is not about ours.
    let text = String::from_utf8_lossy(&verified.stderr).into_owned();
    let ours: Vec<_> = text.lines().filter(|it| it.contains(UNIT)).collect();
    assert!(ours.is_empty(), "{text}");
    // 2.0 of 10.
    let secure = ask(&["security", "--offline=true", "--threshold=20"]).unwrap();
    assert!(secure.status.success(), "{secure:?}");
}

#[test]
fn the_container_starts_what_is_built_and_what_is_known() {
    let file = deploy("Containerfile");
    let row = |instruction: &str| {
        let line = file.lines().find(|line| line.starts_with(instruction));
        let list = line.unwrap().split_once(' ').unwrap().1;
        serde_json::from_str::<Vec<String>>(list).unwrap()
    };
    let words = [row("ENTRYPOINT"), row("CMD")].concat();
    assert_eq!(words[0], "gateway");
    let words: Vec<_> = words[1..].iter().map(String::as_str).collect();
    says_that_the_file_is_missing(&words);
    assert!(file.contains("COPY --from=build /build/target/release/gateway /usr/bin/gateway"));
}
