use std::num::NonZeroU32;

use super::{AccountId, AssetId, Movement, Reserve};

/// An amount that comes in from outside, or leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Transfer {
    /// Whose.
    pub party: Party,
    /// Of what.
    pub asset: AssetId,
    /// How much, and which way.
    pub change: Movement,
}

/// Who has something inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    /// A user.
    Account(AccountId),
    /// The platform.
    Reserve(Reserve),
}

/// What the operator lets one user do instead of what the configuration says. The engine keeps it,
/// and counts nothing itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AccountLimits {
    /// Placements and amends a minute; `None` for what the configuration says.
    pub order_commands_per_minute: Option<NonZeroU32>,
    /// Cancels a minute; `None` for what the configuration says.
    pub cancels_per_minute: Option<NonZeroU32>,
    /// Messages a second of one connection; `None` for what the configuration says.
    pub messages_per_second: Option<NonZeroU32>,
}

impl AccountLimits {
    /// Whether all is as the configuration says.
    pub fn is_default(&self) -> bool {
        *self == AccountLimits::default()
    }

    /// The three as numbers, in the order of the fields; 0 where there is none.
    pub fn numbers(&self) -> [u32; 3] {
        [
            self.order_commands_per_minute,
            self.cancels_per_minute,
            self.messages_per_second,
        ]
        .map(|limit| limit.map_or(0, NonZeroU32::get))
    }

    /// The limits with these numbers.
    pub fn of_numbers([orders, cancels, messages]: [u32; 3]) -> AccountLimits {
        AccountLimits {
            order_commands_per_minute: NonZeroU32::new(orders),
            cancels_per_minute: NonZeroU32::new(cancels),
            messages_per_second: NonZeroU32::new(messages),
        }
    }
}
