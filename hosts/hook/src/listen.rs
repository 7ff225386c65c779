//! A port: connections, TLS, HTTP/1.1 with limits on time and headers, and an end that lets everybody finish.

use crate::answer::plain;
use crate::metrics::Metrics;
use crate::tls::Tls;
use axum::{Extension, Router};
use futures::future::{Either, select};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};

/// How long the head of a request may take, and how long a connection may be idle.
const HEAD: Duration = Duration::from_secs(5);
const HEAD_BYTES: usize = 16 << 10;
const HEADERS: usize = 100;
/// How long TLS may take to agree.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Connections of one port.
const CONNECTIONS: usize = 512;
/// Where the system has no room for a connection, it has some after this time.
const BREATH: Duration = Duration::from_millis(50);

/// A bound port and what it serves.
pub struct Port {
    listener: TcpListener,
    /// What answers.
    pub router: Router,
    /// `None`: plain HTTP.
    pub tls: Option<Arc<Tls>>,
    /// Where failed handshakes are counted.
    pub metrics: Arc<Metrics>,
}

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Whether it has shown a certificate of the authority, or there is none.
    pub is_known: bool,
}

/// What each connection needs.
#[derive(Clone)]
struct Door {
    router: Router,
    tls: Option<Arc<Tls>>,
    metrics: Arc<Metrics>,
}

impl Port {
    /// Binds the port and says so in the log: `name` is what it is for. Port 0 is any free one.
    pub async fn bind(name: &str, address: SocketAddr, router: Router, metrics: Arc<Metrics>) -> Result<Self, String> {
        let listener = TcpListener::bind(address).await.map_err(|error| format!("{name}: {address} cannot be used: {error}"))?;
        let address = listener.local_addr().map_err(|error| format!("{name}: {error}"))?;
        tracing::info!(listener = name, address = %address, "listening");
        Ok(Self { listener, router, tls: None, metrics })
    }

    /// Serves until `end` says so, then until every request that has begun is answered.
    pub async fn serve(self, mut end: watch::Receiver<bool>) {
        let connections = Arc::new(Semaphore::new(CONNECTIONS));
        let graceful = GracefulShutdown::new();
        let door = Door { router: self.router, tls: self.tls, metrics: self.metrics };
        let mut ended = pin!(async move { end.wait_for(|end| *end).await.map(drop) });
        loop {
            let next = pin!(next(&self.listener, &connections));
            match select(next, ended.as_mut()).await {
                Either::Left((Ok((stream, place)), _)) => {
                    tokio::spawn(connection(stream, door.clone(), graceful.watcher(), place));
                }
                Either::Left((Err(_), _)) => sleep(BREATH).await,
                Either::Right(_) => break,
            }
        }
        drop(self.listener);
        graceful.shutdown().await;
    }
}

/// The next connection, once there is room for one.
async fn next(listener: &TcpListener, connections: &Arc<Semaphore>) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = connections.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, place))
}

async fn connection(stream: TcpStream, door: Door, watcher: Watcher, _place: OwnedSemaphorePermit) {
    let Some(tls) = door.tls else { return http(stream, door.router, watcher, Caller { is_known: true }).await };
    match timeout(HANDSHAKE, tls.acceptor().accept(stream)).await {
        Ok(Ok(stream)) => {
            let caller = Caller { is_known: !tls.has_authority() || stream.get_ref().1.peer_certificates().is_some() };
            http(stream, door.router, watcher, caller).await;
        }
        Ok(Err(error)) => {
            door.metrics.handshake_failed();
            // Whoever only looks whether the port is open says nothing and goes.
            if error.kind() != io::ErrorKind::UnexpectedEof {
                tracing::warn!(why = plain(&error.to_string()), "a connection was refused");
            }
        }
        Err(_) => door.metrics.handshake_failed(),
    }
}

async fn http<S>(stream: S, router: Router, watcher: Watcher, caller: Caller)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let router = router.layer(Extension(caller));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_headers(HEADERS).max_header_size(HEAD_BYTES);
    let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    // A connection that breaks has nobody left to tell.
    let _ = watcher.watch(connection).await;
}
