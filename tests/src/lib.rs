//! What the exchange is proven with: the plain model, seeded order flow, the auditor, scenarios.
//!
//! Each test under `tests/` is one promise; what several of them need is here, and so is what
//! benches and fuzz targets share with them.

pub mod auditor;
pub mod contract;
pub mod lockstep;
pub mod model;
pub mod order_flow;
pub mod rippled;
pub mod saved;
pub mod scenario;
pub mod sim;
pub mod workload;
pub mod world;
