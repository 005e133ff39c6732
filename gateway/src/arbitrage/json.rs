//! Reads what nodes say: one pass over a flat tape, no recursion, bounded depth, exact text.

use simd_json::prelude::{TypedValue as _, ValueAsScalar as _, ValueIntoString as _};
use simd_json::tape::Value;
use simd_json::{Buffers, Tape, ValueType};

/// How deep a node's message may nest.
const MAX_DEPTH: usize = 32;

/// Parses one message; its bytes are scratch afterwards. `None` where it is no JSON.
pub(super) fn parse(message: &mut [u8]) -> Option<Tape<'_>> {
    let mut buffers = Buffers::with_max_depth(message.len(), MAX_DEPTH);
    simd_json::to_tape_with_buffers(message, &mut buffers).ok()
}

/// One value of a message.
#[derive(Clone, Copy)]
pub(super) struct Node<'t, 'i>(Value<'t, 'i>);

impl<'t, 'i> Node<'t, 'i> {
    pub(super) fn root(tape: &'t Tape<'i>) -> Node<'t, 'i> {
        Node(tape.as_value())
    }

    /// The member of this name, the first where there are two; `None` where there is none, it is
    /// `null`, or this is no object.
    pub(super) fn get(self, key: &str) -> Option<Node<'t, 'i>> {
        let object = self.0.as_object()?;
        let (_, value) = object.iter().find(|(name, _)| *name == key)?;
        (value.value_type() != ValueType::Null).then_some(Node(value))
    }

    pub(super) fn text(self) -> Option<&'i str> {
        self.0.into_string()
    }

    pub(super) fn unsigned(self) -> Option<u64> {
        self.0.as_u64()
    }

    pub(super) fn boolean(self) -> Option<bool> {
        self.0.as_bool()
    }

    pub(super) fn items(self) -> Option<Vec<Node<'t, 'i>>> {
        Some(self.0.as_array()?.iter().map(Node).collect())
    }
}
