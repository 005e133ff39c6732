//! A user's positions and the calls on them, as the exchange tells of them.

use engine::domain::{AccountId, CallSeverity, PositionId, Price, Timestamp};
use engine::report::{MarginCall, PositionChange, PositionView};

use super::{PrivateData, UserEvent};

/// One open position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenPosition {
    /// Its figures.
    pub view: PositionView,
    /// The call on it, as long as that is in force.
    pub call: Option<Call>,
}

/// A margin call in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// How bad.
    pub severity: CallSeverity,
    /// The mark price that it was called at.
    pub mark: Price,
    /// When it began.
    pub since: Timestamp,
    /// When the position is reduced, if nothing is done.
    pub deadline: Timestamp,
}

/// One change of a position, at its place in its user's counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PositionEvent {
    /// The place.
    pub user_sequence: u64,
    /// What changed.
    pub change: PositionChange,
}

impl PrivateData {
    /// Takes an open position as it stands, where the exchange did not begin empty.
    pub fn load_position(&mut self, view: PositionView) {
        let open = OpenPosition { view, call: None };
        let positions = &mut self.user_mut(view.account).positions;
        positions.insert(view.position, open);
    }

    /// Takes the change of a position; one that is closed is open no more.
    pub fn on_position(&mut self, change: &PositionChange) -> PositionEvent {
        let kept = self.kept;
        let view = change.position;
        let user = self.user_mut(view.account);
        if view.size.is_zero() {
            user.positions.remove(&view.position);
        } else {
            let open = user.positions.entry(view.position);
            let open = open.or_insert(OpenPosition { view, call: None });
            open.view = view;
        }
        user.user_sequence += 1;
        let event = PositionEvent {
            user_sequence: user.user_sequence,
            change: *change,
        };
        user.keep(kept, UserEvent::Position(event));
        event
    }

    /// Takes a call that began, or changed its severity.
    pub fn on_call(&mut self, call: &MarginCall) {
        let MarginCall {
            position: view,
            severity,
            mark,
            since,
            deadline,
        } = *call;
        let call = Some(Call {
            severity,
            mark,
            since,
            deadline,
        });
        let user = self.user_mut(view.account);
        user.positions
            .insert(view.position, OpenPosition { view, call });
    }

    /// Takes the end of a call.
    pub fn on_call_cleared(&mut self, account: AccountId, position: PositionId) {
        let user = self.user_mut(account);
        if let Some(open) = user.positions.get_mut(&position) {
            open.call = None;
        }
    }

    /// The open positions of a user, by name.
    pub fn positions(&self, account: AccountId) -> impl Iterator<Item = &OpenPosition> {
        let user = self.users.get(&account).into_iter();
        user.flat_map(|user| user.positions.values())
    }

    /// All open positions.
    pub fn all_positions(&self) -> impl Iterator<Item = &OpenPosition> {
        self.users.values().flat_map(|it| it.positions.values())
    }

    /// The open position of this name, if it is the user's.
    pub fn position(&self, account: AccountId, position: PositionId) -> Option<&OpenPosition> {
        self.users.get(&account)?.positions.get(&position)
    }
}
