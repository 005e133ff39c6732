//! An echo on the gateway's own connections, for `docs/testing.md`'s conformance suite: prints
//! where it listens, and serves until it is ended.

use std::io::Write;

/// The suite's largest messages have 16 MiB.
const MAX_BYTES: u32 = 32 * 1024 * 1024;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", listener.local_addr()?)?;
    out.flush()?;
    gateway::server::echo(listener, MAX_BYTES).await?;
    Ok(())
}
