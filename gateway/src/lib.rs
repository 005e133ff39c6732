//! JSON over WebSocket for the exchange.
//!
//! Pure rooms in the middle ([`wire`], [`session`], [`market_data`], [`private_data`]), the
//! [`hub`] that holds them together, the machine around them in [`server`], which is the only
//! one that knows tokio.

pub mod alerts;
pub mod arbitrage;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod contracts;
pub mod deflate;
pub mod demo;
pub mod hub;
pub mod instrument;
pub mod market_data;
pub mod private_data;
pub mod server;
pub mod session;
pub mod telemetry;
pub mod tls;
pub mod web;
pub mod wire;
