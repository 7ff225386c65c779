//! What an administrator decides about the server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Everything that the server is told at its start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where hooks are answered.
    pub listen: SocketAddr,
    /// Where `/healthz` and `/readyz` are answered.
    pub health_listen: SocketAddr,
    /// Where `/metrics` is answered.
    pub metrics_listen: SocketAddr,
    /// TLS for the hooks; `None` is plain HTTP.
    pub tls: Option<TlsFiles>,
    /// What Models may use, as the component reads it: JSON.
    pub policy: String,
    /// Folder for every request with its answer.
    pub record: Option<PathBuf>,
    /// Folder for the requests on which the component failed.
    pub record_failures: Option<PathBuf>,
    /// Requests at once, those that wait included.
    pub max_in_flight: usize,
    /// Bytes of a request body.
    pub max_body: usize,
    /// How log lines are written.
    pub log: LogFormat,
    /// How long the server goes on after it was asked to end, so that everybody learns that it is not ready any more.
    pub drain: Duration,
    /// How long requests that have begun may take after that.
    pub grace: Duration,
}

/// PEM files of TLS, read again when they change.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The certificate and those between it and the root.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Who may call: the roots of the callers' certificates. `None`: anybody who reaches the port.
    pub client_ca: Option<PathBuf>,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For reading.
    Text,
}
