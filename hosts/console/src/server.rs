//! The life of the server: a port of loopback, connections with limits, and an end.

use crate::answer::{self, Body, Refusal};
use crate::gate::Gate;
use crate::proxy::Proxy;
use crate::token::Token;
use crate::{page, session};
use futures::future::{Either, select};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::net::Ipv4Addr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};

/// How long the head of a request may take, and how long a connection may be idle.
const HEAD: Duration = Duration::from_secs(10);
const HEAD_BYTES: usize = 16 << 10;
const HEADERS: usize = 100;
/// Connections at once: some browsers with some tabs.
const CONNECTIONS: usize = 128;
/// Where the system has no room for a connection, it has some after this time.
const BREATH: Duration = Duration::from_millis(50);
/// How long what has begun may take when the server ends.
const GRACE: Duration = Duration::from_secs(5);

/// Which cluster, and what may be done with it.
pub struct Settings {
    /// The API server, with the credentials of the kubeconfig. It must have no limit on the time between two reads: watches are
    /// silent.
    pub client: kube::Client,
    /// An error and what caused it, as one sentence.
    pub explain: fn(&dyn Error) -> String,
    /// Context of the kubeconfig; empty where there is none.
    pub context: String,
    /// Address of the API server, for messages.
    pub server: String,
    /// The namespace of what names none.
    pub namespace: String,
    /// The port; 0 is any free one.
    pub port: u16,
    /// Whether anything may be changed.
    pub writes: bool,
}

/// A bound port, and what is served there.
pub struct Server {
    listener: TcpListener,
    site: Site,
    port: u16,
    end: watch::Sender<bool>,
}

struct Site {
    gate: Gate,
    token: Token,
    settings: Arc<Settings>,
    proxy: Proxy,
}

impl Server {
    /// Binds the port. The error is why that cannot be: one sentence.
    pub async fn bind(settings: Settings) -> Result<Self, String> {
        let unusable = |error: io::Error| format!("port {} of loopback cannot be used: {error}", settings.port);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port)).await.map_err(unusable)?;
        let port = listener.local_addr().map_err(unusable)?.port();
        let (end, ended) = watch::channel(false);
        let settings = Arc::new(settings);
        let proxy = Proxy::new(Arc::clone(&settings), ended);
        let site = Site { gate: Gate::new(port), token: Token::new()?, settings, proxy };
        Ok(Self { listener, site, port, end })
    }

    /// What a browser is to open. It has the token: whoever knows it may do what the owner of the kubeconfig may.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/#token={}", self.port, self.site.token.text())
    }

    /// Serves until `asked` is ready, then until what has begun is answered; watches end at once.
    pub async fn serve(self, asked: impl Future<Output = ()>) {
        let connections = Arc::new(Semaphore::new(CONNECTIONS));
        let graceful = GracefulShutdown::new();
        let site = Arc::new(self.site);
        let mut asked = pin!(asked);
        loop {
            match select(pin!(next(&self.listener, &connections)), asked.as_mut()).await {
                Either::Left((Ok((stream, place)), _)) => {
                    tokio::spawn(connection(stream, Arc::clone(&site), graceful.watcher(), place));
                }
                Either::Left((Err(_), _)) => sleep(BREATH).await,
                Either::Right(_) => break,
            }
        }
        drop(self.listener);
        let _ = self.end.send(true);
        // Whoever has not finished by then is cut off: there is nobody left to tell.
        let _ = timeout(GRACE, graceful.shutdown()).await;
    }
}

/// The next connection, once there is room for one.
async fn next(listener: &TcpListener, connections: &Arc<Semaphore>) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = connections.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, place))
}

async fn connection(stream: TcpStream, site: Arc<Site>, watcher: Watcher, _place: OwnedSemaphorePermit) {
    let service = service_fn(|request| {
        let site = Arc::clone(&site);
        async move { Ok::<_, Infallible>(site.serve(request).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_headers(HEADERS).max_header_size(HEAD_BYTES);
    // A connection that breaks has nobody left to tell.
    let _ = watcher.watch(http.serve_connection(TokioIo::new(stream), service)).await;
}

impl Site {
    async fn serve(&self, request: Request<Incoming>) -> Response<Body> {
        let mut answer = self.answer(request).await.unwrap_or_else(|refusal| refusal.answer());
        answer::strict(answer.headers_mut());
        answer
    }

    /// Files are for everybody whom the gate lets in; everything else needs the token.
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Body>, Refusal> {
        let (parts, body) = request.into_parts();
        self.gate.admit(&parts)?;
        if let Some(answer) = page::answer(&parts) {
            return answer;
        }
        if !self.token.is_in(&parts.headers) {
            return Err(Refusal::new(
                StatusCode::UNAUTHORIZED,
                "the token that `modelwright console` printed is missing or wrong",
            ));
        }
        match (parts.uri.path(), &parts.method) {
            (session::PATH, &Method::GET) => Ok(session::answer(&self.settings).await),
            (session::PATH, _) => Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "the session is read by GET")),
            _ => self.proxy.pass(parts, body).await,
        }
    }
}
