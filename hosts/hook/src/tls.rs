//! TLS 1.3 with certificates that are read again when their files change.
//!
//! Metacontroller and API servers are Go programs, which have spoken TLS 1.3 for years; nothing older is offered.

use crate::metrics::Metrics;
use crate::settings::TlsFiles;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use x509_cert::Certificate;
use x509_cert::der::Decode;

/// How often the files are looked at. A mounted Secret changes by a link, which a look at the contents sees.
pub const LOOK: Duration = Duration::from_secs(1);

/// The TLS of a listener.
pub struct Tls {
    files: TlsFiles,
    current: RwLock<Arc<ServerConfig>>,
    seen: Mutex<Contents>,
}

/// What the files hold.
#[derive(Clone, PartialEq, Eq)]
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

/// What the files mean.
struct Loaded {
    config: ServerConfig,
    /// Seconds since 1970.
    expiry: f64,
}

impl Tls {
    /// Reads the files; the error is one sentence.
    pub fn load(files: TlsFiles, metrics: &Metrics) -> Result<Self, String> {
        let contents = Contents::read(&files)?;
        let loaded = contents.load()?;
        metrics.expires(loaded.expiry);
        Ok(Self { files, current: RwLock::new(Arc::new(loaded.config)), seen: Mutex::new(contents) })
    }

    /// Whether callers are asked for a certificate.
    pub fn has_authority(&self) -> bool {
        self.files.client_ca.is_some()
    }

    /// For the next connection.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current.read().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// Looks at the files. What is broken is said once, and what was good goes on.
    pub fn look(&self, metrics: &Metrics) {
        let Ok(contents) = Contents::read(&self.files) else {
            // A file that is being replaced is not there for a moment; the next look sees it.
            return;
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == contents {
            return;
        }
        match contents.load() {
            Ok(loaded) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaded.config);
                metrics.reloaded(Some(loaded.expiry));
                tracing::info!("new certificate files are in use");
            }
            Err(why) => {
                metrics.reloaded(None);
                tracing::error!(why, "new certificate files are broken; the old ones stay in use");
            }
        }
        *seen = contents;
    }
}

impl Contents {
    fn read(files: &TlsFiles) -> Result<Self, String> {
        Ok(Self {
            certificate: bytes(&files.certificate)?,
            key: bytes(&files.key)?,
            client_ca: files.client_ca.as_deref().map(bytes).transpose()?,
        })
    }

    fn load(&self) -> Result<Loaded, String> {
        let chain = certificates(&self.certificate, "certificate")?;
        let expiry = expiry(&chain)?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|error| format!("the key cannot be read: {error}"))?;
        let provider = Arc::new(default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[&TLS13])
            .map_err(|error| format!("TLS 1.3 is not there: {error}"))?;
        let builder = match &self.client_ca {
            Some(roots) => builder.with_client_cert_verifier(verifier(roots, provider)?),
            None => builder.with_no_client_auth(),
        };
        let mut config =
            builder.with_single_cert(chain, key).map_err(|error| format!("certificate and key do not fit: {error}"))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Loaded { config, expiry })
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn certificates(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(format!("the {what} file has no certificate")),
        Err(error) => Err(format!("the {what} file cannot be read: {error}")),
    }
}

fn verifier(
    roots: &[u8],
    provider: Arc<tokio_rustls::rustls::crypto::CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, String> {
    let mut store = RootCertStore::empty();
    for root in certificates(roots, "client CA")? {
        store.add(root).map_err(|error| format!("the client CA cannot be used: {error}"))?;
    }
    // Who shows none is let in as a stranger: the API server has none for its reviews.
    WebPkiClientVerifier::builder_with_provider(Arc::new(store), provider)
        .allow_unauthenticated()
        .build()
        .map_err(|error| format!("the client CA cannot be used: {error}"))
}

/// When the first certificate of the chain expires, in seconds since 1970.
fn expiry(chain: &[CertificateDer<'_>]) -> Result<f64, String> {
    let first = chain.first().ok_or("the certificate file has no certificate")?;
    let certificate = Certificate::from_der(first).map_err(|error| format!("the certificate cannot be read: {error}"))?;
    Ok(certificate.tbs_certificate().validity().not_after.to_unix_duration().as_secs_f64())
}
