//! A data directory of a test's own.

use std::path::PathBuf;

use super::gateway::TestGateway;

/// A data directory, gone with the test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Folder {
        let name = format!("exchange-{name}-{}", std::process::id());
        Folder(std::env::temp_dir().join(name))
    }

    /// A gateway over it without rates to speak of.
    pub(crate) fn gateway(&self, min_free_mib: u32, snapshot_every: u64) -> TestGateway {
        TestGateway::with(|config| {
            config.storage.data_dir = Some(self.0.clone());
            config.storage.segment_mib = 1;
            config.storage.min_free_mib = min_free_mib;
            config.storage.snapshot_every = snapshot_every;
            config.limits.messages_per_second = 1_000_000;
            config.limits.order_commands_per_minute = 1_000_000;
            config.limits.cancels_per_minute = 1_000_000;
        })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
