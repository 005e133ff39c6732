//! The gateway's connections with an echo in place of the exchange, until the test ends.

use std::net::SocketAddr;

/// The suite's largest messages have 16 MiB.
const MAX_BYTES: u32 = 32 * 1024 * 1024;

/// Starts one; it ends with the process.
pub(crate) fn start() -> SocketAddr {
    let (ready, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            ready.send(listener.local_addr().unwrap()).unwrap();
            gateway::server::echo(listener, MAX_BYTES).await.unwrap();
        });
    });
    address.recv().unwrap()
}
