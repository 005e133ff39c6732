//! What must hold of every stream of events and reports, whatever was asked.
//!
//! [`EventAuditor`] watches one matcher, [`ReportAuditor`] what an exchange says outside. Both
//! are told everything in order and fail at the first thing that may not be. They know the
//! contract and no rule of matching, money or risk.

mod events;
mod orders;
mod public;
mod reports;

pub use events::EventAuditor;
pub use reports::ReportAuditor;
