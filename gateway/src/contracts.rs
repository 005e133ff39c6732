//! The machine-readable contracts that the gateway serves. Tests hold every frame and every answer
//! against them, and their words against those of the code.

/// The WebSocket, as AsyncAPI 3: `GET /asyncapi.yaml` on the public port.
pub const ASYNCAPI: &str = include_str!("contracts/asyncapi.yaml");
/// The operator's port, as OpenAPI 3.1: `GET /openapi.yaml` there.
pub const OPENAPI: &str = include_str!("contracts/openapi.yaml");
