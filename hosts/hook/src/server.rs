//! The life of the server: start, serve, end.

use crate::evaluate::Evaluator;
use crate::health::Health;
use crate::listen::Port;
use crate::log;
use crate::metrics::Metrics;
use crate::record::Recorder;
use crate::room::Room;
use crate::routes::Hooks;
use crate::settings::Settings;
use crate::tag::Seal;
use crate::tls::{LOOK, Tls};
use futures::future::select;
use modelwright_embed::{Limits, Planner};
use std::pin::pin;
use std::sync::Arc;
use std::thread::available_parallelism;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// The engine may use a MiB of the stack, and needs some for itself.
const STACK: usize = 4 << 20;
/// Hexadecimal digits of the component's digest in the path.
const DIGITS: usize = 16;

/// Serves until the process is asked to end. The error is why it could not begin: one sentence.
pub fn run(settings: Settings) -> Result<(), String> {
    log::start(settings.log);
    let cores = available_parallelism().map_or(1, usize::from);
    let runtime = runtime(cores).map_err(|error| format!("the server cannot begin: {error}"))?;
    runtime.block_on(serve(settings, cores))
}

/// One thread for the network, which waits most of the time; evaluations block threads of their own.
fn runtime(cores: usize) -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().thread_stack_size(STACK).max_blocking_threads(threads(cores)).build()
}

/// Evaluations at once: one for each core, and the self-test.
fn threads(cores: usize) -> usize {
    cores + 1
}

async fn serve(settings: Settings, cores: usize) -> Result<(), String> {
    let digest = Planner::embedded_sha256();
    let metrics = Arc::new(Metrics::new(digest));
    let evaluator = Arc::new(evaluator(&settings, cores)?);
    let health = Arc::new(Health::new(evaluator.clone(), digest));
    health.test().await.map_err(|why| format!("the self-test failed: {why}"))?;
    let tls = settings.tls.clone().map(|files| Tls::load(files, &metrics)).transpose()?.map(Arc::new);
    let hooks = Arc::new(Hooks {
        evaluator,
        room: Room::new(cores, settings.max_in_flight, settings.max_body),
        metrics: metrics.clone(),
        digest: path_digest(),
        max_body: settings.max_body,
    });

    let bind = async |name, address, router| Port::bind(name, address, router, metrics.clone()).await;
    let probes = bind("health", settings.health_listen, health.clone().router()).await?;
    let numbers = bind("metrics", settings.metrics_listen, hooks.clone().metrics_router()).await?;
    let mut calls = bind("hook", settings.listen, hooks.router()).await?;
    calls.tls = tls.clone();
    tracing::info!(digest, version = env!("CARGO_PKG_VERSION"), policy = settings.policy, "ready");

    let (end, ended) = watch::channel(false);
    let looking = tls.map(|tls| tokio::spawn(look(tls, metrics.clone())));
    tokio::spawn(probes.serve(ended.clone()));
    tokio::spawn(numbers.serve(ended.clone()));
    let serving = tokio::spawn(calls.serve(ended));
    asked_to_end().await?;

    tracing::info!("ending: not ready any more");
    health.end();
    sleep(settings.drain).await;
    let _ = end.send(true);
    finish(serving, &settings).await;
    drop(looking);
    Ok(())
}

fn evaluator(settings: &Settings, cores: usize) -> Result<Evaluator, String> {
    let slots = u32::try_from(threads(cores)).unwrap_or(u32::MAX);
    Ok(Evaluator {
        planner: Planner::embedded_pooled(Limits::hook(), slots).map_err(|error| error.to_string())?,
        policy: settings.policy.clone(),
        seal: Seal::new(Planner::embedded_sha256(), &settings.policy),
        recorder: Recorder::new(settings.record.clone(), settings.record_failures.clone())?,
    })
}

/// The digest in the path of every hook: so many digits of the SHA-256 of the component that this program embeds.
pub fn path_digest() -> &'static str {
    let digest = Planner::embedded_sha256();
    digest.get(..DIGITS).unwrap_or(digest)
}

async fn look(tls: Arc<Tls>, metrics: Arc<Metrics>) {
    loop {
        sleep(LOOK).await;
        tls.look(&metrics);
    }
}

async fn asked_to_end() -> Result<(), String> {
    let listen = |kind| signal(kind).map_err(|error| format!("signals cannot be received: {error}"));
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    select(pin!(terminate.recv()), pin!(interrupt.recv())).await;
    Ok(())
}

async fn finish(serving: JoinHandle<()>, settings: &Settings) {
    match timeout(settings.grace, serving).await {
        Ok(_) => tracing::info!("ended: every request was answered"),
        Err(_) => tracing::warn!("ended: some requests took too long"),
    }
}
