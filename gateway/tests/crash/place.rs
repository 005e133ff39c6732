//! A gateway as a process of its own, with a configuration and a data directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::{self, Process};
use super::{USERS, market};

/// Configuration and data of the gateway.
pub(crate) struct Place {
    pub(crate) config: PathBuf,
    pub(crate) data: PathBuf,
}

impl Place {
    pub(crate) fn new(folder: &str) -> Place {
        let folder = process::folder(folder);
        let place = Place {
            config: folder.join("gateway.toml"),
            data: folder.join("data"),
        };
        fs::write(&place.config, configuration(&place.data)).unwrap();
        place
    }

    pub(crate) fn gateway(&self, arguments: &[&str]) -> Command {
        process::gateway(arguments)
    }

    pub(crate) fn token(&self, user: &str) -> String {
        process::token(&self.config, user)
    }

    /// What it logs stands in a file beside the data, of its last life.
    pub(crate) fn spawn(&self) -> Process {
        Process::spawn(&self.config, &self.config.with_extension("log"))
    }

    /// What it logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.config.with_extension("log")).unwrap()
    }
}

fn configuration(data: &Path) -> String {
    let mut text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n\
         [[auth.keys]]\nid = \"crash\"\nalgorithm = \"HS256\"\n\
         secret = \"a secret that only this test has to keep\"\n\
         [storage]\ndata_dir = {data:?}\nsegment_mib = 1\nsnapshot_every = 1000\n\
         [limits]\nmessages_per_second = 1000000\norder_commands_per_minute = 10000000\n\
         cancels_per_minute = 10000000\nhandshakes_per_second_per_address = 100000\n\
         messages_per_second_per_address = 1000000\n\
         bytes_per_second = 1073741824\nbytes_per_second_per_address = 1073741824\n\
         "
    );
    text += &market::configuration(USERS, "", "");
    text
}
