//! JSON over WebSocket for the exchange.
//!
//! Pure rooms in the middle ([`wire`], session, market data, private data), the machine around
//! them in `server`, which is the only one that knows tokio.

pub mod cli;
pub mod instrument;
pub mod wire;
