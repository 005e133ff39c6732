//! The gateway that is soaked: limits as they are by default, but for orders; what it remembers is small,
//! so that its memory is full early.

use std::fs;
use std::path::PathBuf;

use super::market;
use super::process::{self, Process};

const OPERATOR: &str = "an-operators-token-for-the-soak-only";
const LIMITS: &str = r#"
[limits]
order_commands_per_minute = 1000
cancels_per_minute = 1000
# Answers and events only: nobody is told of himself by the way.
stats_interval_ms = 3600000
replay_events = 500
history = 200
[exchange]
max_finished_per_pair = 2000
"#;
const LENDING: &str = "[assets.lending]\nlimit = \"100000000\"\npool = \"50000000\"\n\
    insurance_fund = \"100000\"\n";
const MARGIN: &str = "[pairs.margin]\nmax_position = \"10000.00\"\n\
    max_open_interest = \"1000000.00\"\n";

/// Configuration and data of the gateway.
pub(crate) struct Place {
    pub(crate) config: PathBuf,
    pub(crate) data: PathBuf,
}

impl Place {
    pub(crate) fn new(users: &[String]) -> Place {
        let folder = process::folder("soak");
        let place = Place {
            config: folder.join("gateway.toml"),
            data: folder.join("data"),
        };
        let data = &place.data;
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n\
             admin_token = \"{OPERATOR}\"\n\
             [[auth.keys]]\nid = \"soak\"\nalgorithm = \"HS256\"\n\
             secret = \"a secret that only this test has to keep\"\n\
             [storage]\ndata_dir = {data:?}\nsegment_mib = 8\nsnapshot_every = 5000\n{LIMITS}"
        );
        // Those who flood ask for less than that, so nobody trades with them.
        let market = market::configuration(users, MARGIN, LENDING)
            .replace("price_band_bps = 5000", "price_band_bps = 500");
        fs::write(&place.config, text + &market).unwrap();
        place
    }

    pub(crate) fn token(&self, user: &str) -> String {
        process::token(&self.config, user)
    }

    /// What it logs stands in a file beside the data.
    pub(crate) fn spawn(&self) -> Process {
        Process::spawn(&self.config, &self.config.with_extension("log"))
    }

    /// Rebuilds the exchange from its files and checks every invariant; gives what that printed.
    pub(crate) fn verify(&self) -> String {
        let mut verify = process::gateway(&["verify", "--data-dir"]);
        verify.arg(&self.data).arg("--config").arg(&self.config);
        let verified = verify.output().unwrap();
        assert!(verified.status.success(), "{verified:?}");
        String::from_utf8(verified.stdout).unwrap()
    }
}

/// What the operator shows.
pub(crate) fn operator() -> String {
    format!("Authorization: Bearer {OPERATOR}\r\n")
}
