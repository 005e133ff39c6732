//! The command line: arguments in, an exit code out.
//!
//! 0 is success, 1 is a failure that standard error explains, 2 is a wrong command line. What a
//! command is asked for goes to standard output, alone, so that it can be piped.

mod check_config;
mod demo;
mod journal;
pub mod replay;
mod serve;
mod token;
mod verify;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::DemoOptions;
use crate::telemetry::{self, LogFormat};

/// `gateway …`
#[derive(Debug, Parser)]
#[command(
    name = "gateway",
    version,
    about = "A tokenised-asset exchange over WebSocket"
)]
pub struct Cli {
    /// How log lines look.
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    log_format: LogFormatArg,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormatArg {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Command {
    /// Run an exchange that needs nothing: pairs, funded users, tokens, simulated traders.
    Demo(DemoArgs),
    /// Run the exchange of a configuration.
    Serve(ServeArgs),
    /// Read a configuration and tell all its mistakes.
    CheckConfig {
        /// The TOML file.
        file: PathBuf,
    },
    /// Make a token for a user and print it, alone.
    Token(token::TokenArgs),
    /// Run recorded order flow through the exchange.
    Replay(replay::ReplayArgs),
    /// Rebuild the exchange from its files and check everything.
    Verify(verify::VerifyArgs),
    /// Print what the journal holds.
    Journal(journal::JournalArgs),
}

/// Arguments of `gateway demo`.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct DemoArgs {
    /// Leave the simulated traders out.
    #[arg(long)]
    pub quiet_market: bool,
    /// The port for HTTP and WebSocket; 0 for any that is free.
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// The port for metrics and administration; 0 for any that is free.
    #[arg(long, value_name = "PORT")]
    pub admin_port: Option<u16>,
    /// Where the journal is kept.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

impl DemoArgs {
    /// What of them the configuration takes.
    pub fn options(&self) -> DemoOptions {
        DemoOptions {
            port: self.port,
            admin_port: self.admin_port,
            data_dir: self.data_dir.clone(),
            nodes: None,
        }
    }
}

/// Arguments of `gateway serve`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct ServeArgs {
    /// The TOML file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// Runs the process's own command line.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let format = match cli.log_format {
        LogFormatArg::Text => LogFormat::Text,
        LogFormatArg::Json => LogFormat::Json,
    };
    telemetry::start(format, "info");
    match run(&cli.command, &mut io::stdout().lock()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Each cause on its own line, the mistakes of a configuration among them.
            eprintln!("gateway: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one command and says whether all is well.
fn run(command: &Command, out: &mut impl Write) -> anyhow::Result<bool> {
    match command {
        Command::Demo(args) => demo::run(&args.options(), args.quiet_market, out).map(|()| true),
        Command::Serve(args) => serve::run(&args.config, out).map(|()| true),
        Command::CheckConfig { file } => check_config::run(file, out).map(|()| true),
        Command::Token(args) => token::run(args, out).map(|()| true),
        Command::Replay(args) => Ok(replay::run(args, out)?),
        Command::Verify(args) => verify::run(args, out).map(|()| true),
        Command::Journal(args) => journal::run(args, out).map(|()| true),
    }
}
