//! The limit on open files: each socket is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::MAX_SOCKETS;

/// What the process holds open beside sockets: journal, snapshots, feeds, the operator's port.
const OTHER_FILES: u64 = 256;

/// Raises the process's own limit as far as the system lets it, and says so when fewer sockets
/// fit than the gateway takes. Shells start processes with 1,024.
pub(super) fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let in_force = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(error) => {
            tracing::warn!(%error, "the limit on open files stays as it is");
            limit.current
        }
    };
    if let Some(limit) = in_force.filter(|&limit| limit < wanted()) {
        tracing::warn!(
            limit,
            wanted = wanted(),
            "fewer connections fit than the gateway takes: raise the limit on open files"
        );
    }
}

/// Enough for all sockets that the gateway takes.
fn wanted() -> u64 {
    MAX_SOCKETS as u64 + OTHER_FILES
}
