//! What a connection costs that says nothing: plain, agreed to deflate, over TLS. Each kind to a
//! gateway of its own, from processes of their own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use gateway::clock;
use gateway::config::{Config, DemoOptions};
use gateway::server::{Clock, Funding, Server};
use gateway::tls::{TlsFiles, provider};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::clients::{OFFER, shake_hands};
use crate::peers::resident_bytes;
use crate::server::raise_open_files;

/// The first argument of a process that serves or holds connections.
pub(crate) const ROLE: &str = "--idle";
/// How many one process holds.
const HELD: usize = 5_000;
const KINDS: [&str; 3] = ["plain", "deflated", "tls"];

/// Measures so many of each kind.
pub(crate) fn measure(count: usize) {
    println!(
        "\n{:>22} {:>9} {:>9} {:>9}",
        "idle connections", "count", "B/conn", "MiB in all"
    );
    for kind in KINDS {
        let mut server = Process::start(&["serve", kind]);
        let address = server.line();
        let before = resident_bytes(server.child.id());
        let mut left = count;
        let mut holders = Vec::new();
        while left > 0 {
            let some = left.min(HELD);
            left -= some;
            let mut holder = Process::start(&["hold", kind, &address, &some.to_string()]);
            assert_eq!(holder.line(), "held");
            holders.push(holder);
        }
        // What handshakes needed for moments is given back, or not.
        std::thread::sleep(Duration::from_millis(500));
        let after = resident_bytes(server.child.id());
        let each = (after - before) as f64 / count as f64;
        let all = after as f64 / f64::from(1 << 20);
        println!("{kind:>22} {count:>9} {each:>9.0} {all:>9.1}");
    }
}

struct Process {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Process {
    fn start(arguments: &[&str]) -> Process {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg(ROLE)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Process { child, output }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The process itself.
pub(crate) fn hold(arguments: &[String]) {
    raise_open_files();
    match arguments {
        [role, kind] if role == "serve" => serve(kind),
        [role, kind, address, count] if role == "hold" => {
            let count: usize = count.parse().unwrap();
            match kind.as_str() {
                "tls" => wait(&tls(address.parse().unwrap(), count)),
                kind => {
                    let offer = if kind == "deflated" { OFFER } else { "" };
                    wait(&plain(address.parse().unwrap(), count, offer));
                }
            }
        }
        other => panic!("{other:?}"),
    }
}

fn wait<T>(_held: &[T]) {
    println!("held");
    let _ = std::io::stdin().lock().lines().next();
}

fn plain(address: SocketAddr, count: usize, offer: &str) -> Vec<TcpStream> {
    let connect = |_| {
        let mut socket = TcpStream::connect(address).unwrap();
        shake_hands(&mut socket, offer);
        socket
    };
    (0..count).map(connect).collect()
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("edge")
}

fn tls(address: SocketAddr, count: usize) -> Vec<StreamOwned<ClientConnection, TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(folder().join("server.pem")).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let config = Arc::new(config);
    let connect = |_| {
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(config.clone(), name).unwrap();
        let mut stream = StreamOwned::new(connection, TcpStream::connect(address).unwrap());
        shake_hands(&mut stream, "");
        stream
    };
    (0..count).map(connect).collect()
}

fn serve(kind: &str) {
    let mut config = Config::demo(&DemoOptions {
        port: Some(0),
        admin_port: Some(0),
        ..DemoOptions::default()
    });
    config.storage.data_dir = None;
    let limits = &mut config.limits;
    limits.connections_per_address = 1_000_000;
    limits.handshakes_per_second_per_address = 1_000_000;
    // Nobody answers pings.
    limits.ping_interval_ms = 3_000_000;
    limits.idle_timeout_ms = 3_600_000;
    limits.stats_interval_ms = 3_600_000;
    if kind == "tls" {
        config.server.tls = Some(certify());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let clock: Clock = Arc::new(clock::now);
        let server = Server::bind(&config, clock, &Funding::default()).unwrap();
        println!("{}", server.address().unwrap());
        std::io::stdout().flush().unwrap();
        server.run(std::future::pending()).await.unwrap();
    });
}

fn certify() -> TlsFiles {
    std::fs::create_dir_all(folder()).unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let files = TlsFiles {
        certificate: folder().join("server.pem"),
        key: folder().join("server.key"),
    };
    std::fs::write(&files.certificate, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    files
}
