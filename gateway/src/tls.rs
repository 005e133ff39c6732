//! Certificates: read, checked, and read again when their files change.
//!
//! One crypto library serves TLS, tokens and the feeds' TLS (`docs/decisions/0014-crypto.md`).
//! Reading is done by whoever asks for a handshake's certificate, at most once a second and only
//! where a file changed, so that nothing is scheduled; a file that cannot be used is said in the
//! log once and what is in force stays.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use engine::domain::Timestamp;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ConfigBuilder, ServerConfig, WantsVerifier};
use thiserror::Error;

/// How often the files are looked at, at most.
const LOOK_EVERY_MS: u64 = 1_000;

/// What all of the gateway's cryptography is done by.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// Where a certificate and its key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain in PEM, the server's own first.
    pub certificate: PathBuf,
    /// Its private key in PEM.
    pub key: PathBuf,
}

/// Files that make no server.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TlsError {
    /// The certificate's file.
    #[error("{0}")]
    Certificate(String),
    /// The key's file.
    #[error("{0}")]
    Key(String),
}

impl TlsFiles {
    /// Reads and checks both.
    ///
    /// # Errors
    /// Which file is no good, and why; nothing of a key is said.
    pub fn read(&self) -> Result<Arc<CertifiedKey>, TlsError> {
        let chain = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| TlsError::Certificate(error.to_string()))?;
        if chain.is_empty() {
            return Err(TlsError::Certificate("no certificate".to_owned()));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|error| TlsError::Key(error.to_string()))?;
        let certified = CertifiedKey::from_der(chain, key, &provider());
        let certified = certified.map_err(|error| TlsError::Key(error.to_string()))?;
        Ok(Arc::new(certified))
    }

    /// What tells one state of the files from the next.
    fn state(&self) -> State {
        [&self.certificate, &self.key].map(|path| look(path))
    }
}

type State = [Option<(SystemTime, u64)>; 2];

fn look(path: &Path) -> Option<(SystemTime, u64)> {
    let file = std::fs::metadata(path).ok()?;
    Some((file.modified().ok()?, file.len()))
}

/// A certificate that is read again when its files change.
pub struct Certificate {
    files: TlsFiles,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    held: Mutex<Held>,
}

struct Held {
    key: Arc<CertifiedKey>,
    state: State,
    looked_at: Timestamp,
}

impl Certificate {
    /// Reads the files for the first time.
    ///
    /// # Errors
    /// See [`TlsFiles::read`].
    pub fn new(
        files: TlsFiles,
        clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    ) -> Result<Certificate, TlsError> {
        let state = files.state();
        let held = Held {
            key: files.read()?,
            state,
            looked_at: clock(),
        };
        Ok(Certificate {
            files,
            clock,
            held: Mutex::new(held),
        })
    }

    fn current(&self) -> Arc<CertifiedKey> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (self.clock)();
        if now.since(held.looked_at) < LOOK_EVERY_MS {
            return held.key.clone();
        }
        held.looked_at = now;
        let state = self.files.state();
        if state != held.state {
            // Two files never change at once: what does not fit yet is looked at when it changes.
            held.state = state;
            match self.files.read() {
                Ok(key) => {
                    tracing::info!("a new certificate is in force");
                    held.key = key;
                }
                Err(error) => {
                    tracing::error!(%error, "the new certificate cannot be used; the old one stays");
                }
            }
        }
        held.key.clone()
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

/// TLS 1.2 and 1.3 for HTTP/1.1, with this certificate.
///
/// # Errors
/// The library's, if it knows no such versions.
pub fn server(certificate: Certificate) -> Result<Arc<ServerConfig>, rustls::Error> {
    let builder: ConfigBuilder<ServerConfig, WantsVerifier> =
        ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let mut config = builder
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(certificate));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
