//! Placeholder.
pub mod order_flow;
