//! The fast and the plain, step by step: the same commands to both, and after each the same
//! answers, the same events and the same state, whole.

mod exchange;
mod matcher;

pub use exchange::ExchangeLockstep;
pub use matcher::Lockstep;
