//! The exchange as one binary: see `gateway --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gateway::cli::main()
}
