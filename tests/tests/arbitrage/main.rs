//! Promise: what is said of other ledgers is so (`docs/protocol.md`, arbitrage and risk alerts).
//! The gateway's feeds talk to a scripted node of the XRP Ledger and to contracts on a real EVM,
//! over real sockets, and to an EVM node that others wrote; what they must not believe is never
//! said.

#![allow(clippy::unwrap_used)] // a test may stop at what it did not expect

mod alerts;
#[path = "../ws/client.rs"]
#[allow(dead_code)] // the other tests of the socket use the rest
mod client;
mod contracts;
mod demo;
mod evm;
mod flare;
mod ganache;
#[path = "../ws/gateway.rs"]
#[allow(dead_code)]
mod gateway_process;
mod golden;
mod hostile;
mod independent;
mod metrics;
mod node;
#[path = "../ws/openmetrics.rs"]
#[allow(dead_code)]
mod openmetrics;
mod real_node;
mod rig;
mod xrpl;
