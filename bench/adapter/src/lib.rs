//! The exchange's matcher as a library that the public matching-engine benchmark
//! (`flash1-dev/matching-engine-benchmark`) loads, so that a stranger can measure it on a bench
//! that is not ours; `docs/benchmarking.md` says how.
//!
//! In: the benchmark's messages, one by one or in runs. Out: its reports, into the queue that it
//! hands over, or into our own where it takes that ([`queue`]). One book a process, driven by one
//! thread, as the interface has it.
//!
//! Of a run, the order of a message some places ahead is *prefetched* while another is matched:
//! how a consumer of a ring works. Nothing about it is decided or changed before its turn. The
//! benchmark's text asks that no later message be examined; whoever reads that strictly sets
//! `EXCHANGE_LOOK_AHEAD=0`, and both figures are in the table.

pub mod abi;
pub mod engine;
pub mod ffi;
pub mod names;
pub mod queue;
