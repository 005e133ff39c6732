//! Order flow from a seed, shared by tests, fuzz targets and benches.
//!
//! [`Op`] is one command to a matcher, made of twelve bytes whatever they are: the same decoder
//! serves random numbers, `proptest` and a fuzzer. [`Ask`] is the same for requests to an
//! exchange. [`Flow`] is the plain add-and-cancel flow that books are measured with.

mod ask;
mod flow;
mod margin;
mod op;

pub use ask::{Ask, Known};
pub use flow::{Flow, FlowShape};
pub use margin::MarginAsk;
pub use op::Op;
