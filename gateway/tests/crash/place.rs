//! A gateway as a process of its own, with a configuration and a data directory.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::{ASSETS, FUNDS, ONE, PAIRS, PATIENCE, USERS};

/// Configuration and data of the gateway.
pub(crate) struct Place {
    pub(crate) config: PathBuf,
    pub(crate) data: PathBuf,
}

impl Place {
    pub(crate) fn new(folder: &str) -> Place {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::create_dir_all(&folder).unwrap();
        let place = Place {
            config: folder.join("gateway.toml"),
            data: folder.join("data"),
        };
        fs::write(&place.config, configuration(&place.data)).unwrap();
        place
    }

    pub(crate) fn gateway(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gateway"));
        command.args(arguments);
        command
    }

    pub(crate) fn token(&self, user: &str) -> String {
        let mut command = self.gateway(&["token", "--user", user, "--ttl", "1d", "--config"]);
        let output = command.arg(&self.config).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// What it logs stands in a file beside the data, of its last life.
    pub(crate) fn spawn(&self) -> Process {
        let log = fs::File::create(self.config.with_extension("log")).unwrap();
        let mut command = self.gateway(&["serve", "--config"]);
        command.arg(&self.config).stdout(Stdio::piped()).stderr(log);
        self.run(command)
    }

    /// A gateway as `command` says.
    pub(crate) fn run(&self, mut command: Command) -> Process {
        Process(command.spawn().unwrap())
    }
}

/// A gateway that dies without notice when it is dropped.
pub(crate) struct Process(Child);

impl Process {
    /// As kill -9 does.
    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Asks it to stop in good order.
    pub(crate) fn terminate(&self) {
        let id = self.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status();
        assert!(asked.unwrap().success());
    }

    /// Waits for its end by itself.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What it logged.
    pub(crate) fn log(&self, place: &Place) -> String {
        fs::read_to_string(place.config.with_extension("log")).unwrap()
    }

    /// Waits until it serves, and says where.
    pub(crate) fn listening(&mut self) -> String {
        let mut line = String::new();
        let mut out = BufReader::new(self.0.stdout.as_mut().unwrap());
        out.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ws://");
        let address = address.unwrap_or_else(|| panic!("the gateway does not start: {line:?}"));
        address.to_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.0.kill();
        let _ = self.0.wait();
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
         [portfolio]\nvaluation_asset = \"XRP\"\n"
    );
    for asset in ASSETS {
        text += &format!("[[assets]]\nsymbol = \"{asset}\"\nscale = 6\ndisplay_scale = 2\n");
    }
    for pair in PAIRS {
        let (base, quote) = pair.split_once('/').unwrap();
        text += &format!(
            "[[pairs]]\nbase = \"{base}\"\nquote = \"{quote}\"\ntick = \"0.01\"\nlot = \"0.01\"\n\
             min_amount = \"0.01\"\nmax_amount = \"1000000.00\"\nprice_band_bps = 5000\n\
             reference_price = \"1000.00\"\nmaker_fee_bps = 5\ntaker_fee_bps = 10\n"
        );
    }
    for user in USERS {
        let funds = FUNDS / ONE;
        let funds = ASSETS
            .map(|asset| format!("{asset} = \"{funds}\""))
            .join(", ");
        text += &format!("[[accounts]]\nuser = \"{user}\"\nbalances = {{ {funds} }}\n");
    }
    text
}
