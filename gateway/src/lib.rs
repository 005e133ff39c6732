//! JSON over WebSocket for the exchange.
//!
//! Pure rooms in the middle ([`wire`], session, market data, private data), the machine around
//! them in `server`, which is the only one that knows tokio.

pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod instrument;
pub mod telemetry;
pub mod wire;
