//! TLS to nodes, by the certificates that this machine trusts.

use std::io;
use std::sync::{Arc, OnceLock};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use rustls_native_certs::load_native_certs;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::tls::provider;

use super::socket::Io;

/// Puts TLS around a connection to `host`.
///
/// # Errors
/// The network's, and a certificate that is not trusted or not the host's.
pub(super) async fn wrap(host: &str, stream: TcpStream) -> io::Result<Box<dyn Io>> {
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let connector = TlsConnector::from(config()?);
    Ok(Box::new(connector.connect(name, stream).await?))
}

/// Read once: to read the machine's certificates takes milliseconds.
fn config() -> io::Result<Arc<ClientConfig>> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(config.clone());
    }
    let mut roots = RootCertStore::empty();
    // Single ones that cannot be read are passed over, as browsers do.
    roots.add_parsable_certificates(load_native_certs().certs);
    if roots.is_empty() {
        return Err(io::Error::other("this machine has no trusted certificates"));
    }
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(CONFIG.get_or_init(|| Arc::new(config)).clone())
}
