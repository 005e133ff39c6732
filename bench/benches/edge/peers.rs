//! Servers under measurement, each a process of its own on the first core.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::server;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The gateway, to clients that do not offer to inflate.
    Plain,
    /// The gateway, to clients that do.
    Deflated,
    Node,
    Nchan,
}

/// Says a message to everybody ten times a second, with other figures each time, as books have. Its
/// own threshold would leave one of 500 bytes plain.
const NODE: &str = r#"
const { WebSocketServer } = require('ws');
const message = process.argv[1];
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: { threshold: 0 } });
server.on('listening', () => console.log('127.0.0.1:' + server.address().port));
require('readline').createInterface({ input: process.stdin }).on('line', () => {
  setInterval(() => {
    const text = message.replace(/\d/g, () => Math.floor(Math.random() * 10));
    for (const client of server.clients) client.send(text);
  }, 100);
});
"#;

const NGINX: &str = r#"
load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
daemon off; master_process off; worker_processes 1; pid FOLDER/pid; error_log FOLDER/error.log;
events { worker_connections 8192; }
http {
  access_log off; client_body_temp_path FOLDER/body; proxy_temp_path FOLDER/proxy;
  fastcgi_temp_path FOLDER/fastcgi; uwsgi_temp_path FOLDER/uwsgi; scgi_temp_path FOLDER/scgi;
  server {
    listen 127.0.0.1:PORT backlog=1024;
    nchan_deflate_message_for_websocket on;
    location = / { nchan_subscriber websocket; nchan_channel_id a; nchan_subscriber_first_message newest; }
    location = /say { nchan_publisher http; nchan_channel_id a; nchan_message_buffer_length 1; }
  }
}
"#;

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Plain => "gateway, plain",
            Kind::Deflated => "gateway, deflated",
            Kind::Node => "node ws",
            Kind::Nchan => "nginx, nchan",
        }
    }

    pub(crate) fn is_installed(self) -> bool {
        match self {
            Kind::Plain | Kind::Deflated => true,
            Kind::Node => node_folder().join("node_modules/ws").exists(),
            Kind::Nchan => Path::new("/usr/lib/nginx/modules/ngx_nchan_module.so").exists(),
        }
    }
}

/// Where `.ci/run prepare` puts node's packages.
fn node_folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("../peers/node")
}

pub(crate) struct Peer {
    child: Child,
    address: SocketAddr,
    /// For the one that has to be told each message: the next one, and when.
    publisher: Option<(TcpStream, String, Instant)>,
}

impl Peer {
    pub(crate) fn start(kind: Kind, message: &str) -> Peer {
        let mut command = match kind {
            Kind::Plain | Kind::Deflated => {
                let mut command = Command::new(std::env::current_exe().unwrap());
                command.arg(server::ROLE);
                command
            }
            Kind::Node => {
                let mut command = Command::new("taskset");
                command.current_dir(node_folder());
                command.args(["-c", "0", "node", "-e", NODE, "--", message]);
                command
            }
            Kind::Nchan => return Peer::nginx(message),
        };
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        Peer {
            child,
            address: line.trim().parse().expect("the address of a server"),
            publisher: None,
        }
    }

    fn nginx(message: &str) -> Peer {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("nchan");
        std::fs::create_dir_all(&folder).unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let config = NGINX.replace("FOLDER", folder.to_str().unwrap());
        let config = config.replace("PORT", &port.to_string());
        let file = folder.join("nginx.conf");
        std::fs::write(&file, config).unwrap();
        let child = Command::new("taskset")
            .args(["-c", "0", "nginx", "-p"])
            .arg(&folder)
            .arg("-c")
            .arg(&file)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let publisher = loop {
            match TcpStream::connect(address) {
                Ok(stream) => break stream,
                Err(_) => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        let publisher = Some((publisher, message.to_owned(), Instant::now()));
        Peer {
            child,
            address,
            publisher,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn begin(&mut self) {
        if self.publisher.is_none() {
            let input = self.child.stdin.as_mut().unwrap();
            writeln!(input, "begin").unwrap();
        }
    }

    /// Publishes what is due.
    pub(crate) fn tick(&mut self) {
        let Some((stream, message, next)) = &mut self.publisher else {
            return;
        };
        if *next > Instant::now() {
            return;
        }
        *next += Duration::from_millis(100);
        let length = message.len();
        write!(
            stream,
            "POST /say HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{message}"
        )
        .unwrap();
        // What it answers does not matter, as long as it does not fill the socket.
        stream.set_nonblocking(true).unwrap();
        let _ = stream.read(&mut [0; 4_096]);
        stream.set_nonblocking(false).unwrap();
    }

    /// What all of its threads ran so far.
    pub(crate) fn cpu(&self) -> Duration {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let ran = tasks.map(|task| {
            let path = task.unwrap().path().join("schedstat");
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let nanos = text.split(' ').next().and_then(|it| it.parse().ok());
            nanos.unwrap_or(0)
        });
        Duration::from_nanos(ran.sum())
    }

    pub(crate) fn resident_bytes(&self) -> u64 {
        resident_bytes(self.child.id())
    }
}

pub(crate) fn resident_bytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|it| it.starts_with("VmRSS:")).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1_024
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
