//! Which API server, and as whom: kubeconfig and context as kubectl reads them, else the service account of the pod.

use crate::arguments::Connection;
use crate::stop::Stop;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use std::error::Error;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::runtime::Runtime;

/// An API server that does not take a connection in this time is not there.
const CONNECT: Duration = Duration::from_secs(10);
/// An answer that has not come in this time does not come: longer than a busy API server stalls.
const READ: Duration = Duration::from_secs(30);

/// An API server.
pub struct Cluster {
    pub(super) client: Client,
    /// The namespace of what names none: the flag's, else the context's.
    pub namespace: String,
    /// Where it is, for messages.
    pub url: String,
    /// Whether it has answered anything yet.
    pub(super) answered: AtomicBool,
}

/// The runtime that all calls of a command run on; one thread is enough, because it waits most of the time.
pub fn runtime() -> Result<Runtime, Stop> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Stop::Host(format!("the network cannot be used: {error}")))
}

impl Cluster {
    /// Finds the API server. Nothing is asked yet.
    pub async fn connect(connection: &Connection) -> Result<Self, Stop> {
        Self::with_read_timeout(connection, Some(READ)).await
    }

    /// The same for whoever passes requests of others on: an answer may be silent for as long as a watch is.
    pub async fn connect_for_streams(connection: &Connection) -> Result<Self, Stop> {
        Self::with_read_timeout(connection, None).await
    }

    /// The client, with the credentials.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    async fn with_read_timeout(connection: &Connection, read: Option<Duration>) -> Result<Self, Stop> {
        let mut config = configuration(connection).await?;
        config.connect_timeout = Some(CONNECT);
        config.read_timeout = read;
        config.reset_reader_on_write = true;
        // Retries are told to the user, so they are not made where nobody sees them.
        config.default_retry = false;
        let namespace = connection.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
        let url = config.cluster_url.to_string();
        let client = Client::try_from(config).map_err(|error| Stop::Host(format!("{url}: {}", causes(&error))))?;
        Ok(Self { client, namespace, url, answered: AtomicBool::new(false) })
    }
}

/// The name of the context; empty where no kubeconfig says one, as in a pod.
pub fn context(connection: &Connection) -> String {
    let current = || match &connection.kubeconfig {
        Some(file) => Kubeconfig::read_from(file).ok()?.current_context,
        None => Kubeconfig::read().ok()?.current_context,
    };
    connection.context.clone().or_else(current).unwrap_or_default()
}

async fn configuration(connection: &Connection) -> Result<Config, Stop> {
    let options = KubeConfigOptions { context: connection.context.clone(), ..KubeConfigOptions::default() };
    if let Some(file) = &connection.kubeconfig {
        let failed = |error: &dyn Error| Stop::Host(format!("{}: {}", file.display(), causes(error)));
        let read = Kubeconfig::read_from(Path::new(file)).map_err(|error| failed(&error))?;
        return Config::from_custom_kubeconfig(read, &options).await.map_err(|error| failed(&error));
    }
    if connection.context.is_some() {
        return Config::from_kubeconfig(&options).await.map_err(|error| Stop::Host(no_cluster(&error)));
    }
    Config::infer().await.map_err(|error| Stop::Host(no_cluster(&error)))
}

fn no_cluster(error: &dyn Error) -> String {
    format!(
        "there is no cluster to talk to: {}; name one with --kubeconfig, or plan without one with --offline or --live",
        causes(error)
    )
}

/// An error and what caused it, each said once.
pub fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        next = cause.source();
    }
    text
}
