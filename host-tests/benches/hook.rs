//! How many syncs a second the hook server answers, where the time goes, and how a hook of the same framework that answers always the
//! same compares. Callers, server and everything else share the machine.
//!
//! This program is also the constant hook: with the word `constant` and, for TLS, the names of a certificate and a key.

use modelwright_embed::{Hook, HostInput, Limits, Planner};
use modelwright_hook::call::Call;
use modelwright_hook::listen::Port;
use modelwright_hook::metrics::Metrics;
use modelwright_hook::request::Request;
use modelwright_hook::tag::Seal;
use modelwright_hook::{LogFormat, TlsFiles, check, log, tls};
use modelwright_host_tests::artefacts::Artefact;
use modelwright_host_tests::hook_load::two_models;
use modelwright_host_tests::hook_server::{HookServer, reply};
use modelwright_host_tests::scenario::ApplyMode;
use modelwright_host_tests::timing::median;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

const NAME: &str = "localhost";
const POLICY: &str = r#"{"staticVolumes":"any"}"#;
/// Callers at once: as many as Metacontroller has workers for one controller, and a few.
const CALLERS: usize = 8;
/// Runs of a part that is measured alone.
const RUNS: usize = 101;
const WARM: Duration = Duration::from_secs(2);
const MEASURED: Duration = Duration::from_secs(10);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().position(|argument| argument == "constant") {
        Some(at) => constant(&arguments[at + 1..]),
        None => measure(),
    }
}

/// Reads the body, as every hook must, and answers one text.
fn constant(files: &[String]) {
    log::start(LogFormat::Json);
    let metrics = Arc::new(Metrics::new("constant"));
    let tls = match files {
        [certificate, key] => {
            let files = TlsFiles { certificate: certificate.into(), key: key.into(), client_ca: None };
            Some(Arc::new(tls::Tls::load(files, &metrics).expect("a certificate")))
        }
        _ => None,
    };
    let answer = async |request: axum::extract::Request| {
        let body = http_body_util::BodyExt::collect(request.into_body()).await.map(|body| body.to_bytes().len());
        match body {
            Ok(0) | Err(_) => r#"{"status":{},"children":null}"#,
            Ok(_) => r#"{"status":{},"children":[]}"#,
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut port = Port::bind("hook", address, axum::Router::new().fallback(answer), metrics).await.expect("a port");
        port.tls = tls;
        tracing::info!("ready");
        let (_end, ended) = tokio::sync::watch::channel(false);
        port.serve(ended).await;
    });
}

/// A certificate for this machine, as files and as the callers' root.
struct Certificate {
    certificate: PathBuf,
    key: PathBuf,
    root: CertificateDer<'static>,
}

impl Certificate {
    fn new() -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let key = KeyPair::generate().expect("a key");
        let certificate =
            CertificateParams::new([NAME.to_owned()]).and_then(|params| params.self_signed(&key)).expect("a certificate");
        let (certificate_file, key_file) = (folder.join("bench.crt"), folder.join("bench.key"));
        std::fs::write(&certificate_file, certificate.pem()).expect("a file");
        std::fs::write(&key_file, key.serialize_pem()).expect("a file");
        Self { certificate: certificate_file, key: key_file, root: certificate.der().clone() }
    }

    fn callers(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).expect("a root");
        let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
        let builder = builder.with_protocol_versions(&[&rustls::version::TLS13]).expect("TLS 1.3");
        Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
    }
}

/// What one server did under load.
struct Load {
    times: Vec<Duration>,
    /// On processors, for one call.
    processor: f64,
    memory: u64,
}

impl Load {
    fn per_second(&self) -> f64 {
        self.times.len() as f64 / MEASURED.as_secs_f64()
    }

    fn at(&self, share: f64) -> f64 {
        let last = self.times.len() - 1;
        milliseconds(self.times[((last as f64) * share) as usize])
    }
}

fn load(server: &HookServer, body: &str, config: Option<&Arc<ClientConfig>>) -> Load {
    let request = server.head("sync/endpointconfigs", body.len(), "") + body;
    let begin = Instant::now() + WARM;
    let before = server.processor_time();
    let called: Vec<(usize, Vec<Duration>)> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(|| call(server.hooks, &request, config, begin))).collect();
        callers.into_iter().map(|caller| caller.join().expect("a caller")).collect()
    });
    let all: usize = called.iter().map(|(all, _)| all).sum();
    let processor = milliseconds(server.processor_time() - before) / all as f64;
    let mut times: Vec<Duration> = called.into_iter().flat_map(|(_, times)| times).collect();
    times.sort_unstable();
    Load { times, processor, memory: server.memory() }
}

/// One caller over one connection: how many calls it made, and the times of those after `begin`.
fn call(address: SocketAddr, request: &str, config: Option<&Arc<ClientConfig>>, begin: Instant) -> (usize, Vec<Duration>) {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_nodelay(true).expect("a connection");
    match config {
        None => repeat(stream, request, begin),
        Some(config) => {
            let name = ServerName::try_from(NAME).expect("a name");
            repeat(StreamOwned::new(ClientConnection::new(config.clone(), name).expect("TLS"), stream), request, begin)
        }
    }
}

fn repeat(stream: impl Read + Write, request: &str, begin: Instant) -> (usize, Vec<Duration>) {
    let mut stream = BufReader::new(stream);
    let mut times = Vec::new();
    for all in 1.. {
        let asked = Instant::now();
        stream.get_mut().write_all(request.as_bytes()).expect("a request");
        let answer = reply(&mut stream).expect("an answer");
        assert_eq!(answer.code, 200, "{}", answer.body);
        match asked.checked_duration_since(begin) {
            Some(since) if since > MEASURED => return (all, times),
            Some(_) => times.push(asked.elapsed()),
            None => {}
        }
    }
    unreachable!("a caller ends by the clock")
}

fn measure() {
    let own = Certificate::new();
    let callers = own.callers();
    let (certificate, key) = (own.certificate.display().to_string(), own.key.display().to_string());
    let policy = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-policy.json");
    std::fs::write(&policy, POLICY).expect("a file");
    let policy = policy.display().to_string();
    let this = std::env::current_exe().expect("this program");
    let tls = ["--tls-cert", &certificate, "--tls-key", &key, "--policy", &policy];
    let plain = ["--plain-http", "--policy", &policy];

    let mut text = format!(
        "## The hook server\n\nA sync of an EndpointConfig with two Models and their live objects, over and over from {CALLERS} callers on {} cores, \
         which the callers share; no answer is a 304. Beside it a hook of the same framework that answers always the same.\n\n\
         | | request | syncs/s | median | p99 | processor time for one | memory at rest, after |\n|---|--:|--:|--:|--:|--:|--:|\n",
        cores()
    );
    let mut row = |what: &str, server: HookServer, body: &str, config: Option<&Arc<ClientConfig>>| {
        let rest = server.memory();
        let load = load(&server, body, config);
        let _ = writeln!(
            text,
            "| {what} | {:.1} kB | {:.0} | {:.1} ms | {:.1} ms | {:.2} ms | {}, {} MiB |",
            body.len() as f64 / 1e3,
            load.per_second(),
            load.at(0.5),
            load.at(0.99),
            load.processor,
            rest >> 20,
            load.memory >> 20
        );
        load.processor
    };
    let body = |mode| two_models(mode).expect("the example settles").to_string();
    let (applied, annotated) = (body(ApplyMode::ServerSideApply), body(ApplyMode::DynamicApply));
    let whole = row("`server-side-apply`, TLS 1.3", HookServer::start(&tls), &applied, Some(&callers));
    row("`server-side-apply`, plain HTTP", HookServer::start(&plain), &applied, None);
    row("`dynamic-apply`, TLS 1.3", HookServer::start(&tls), &annotated, Some(&callers));
    let files = ["constant", &certificate, &key];
    let over_tls = row("constant answer, TLS 1.3", HookServer::of_program(&this, &files), &applied, Some(&callers));
    let over_http = row("constant answer, plain HTTP", HookServer::of_program(&this, &files[..1]), &applied, None);
    text.push_str(&shares(&applied, whole, over_tls, over_http));
    println!("\n{text}");
    if let Some(path) = std::env::var_os("MODELWRIGHT_BENCHMARKS") {
        std::fs::write(path, text).expect("the table can be written");
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Where the processor time of one sync goes: the whole, and of the two constant hooks, as the system counts it. What is a function is
/// measured alone.
fn shares(body: &str, whole: f64, over_tls: f64, over_http: f64) -> String {
    let component = Artefact::Precompiled.read().expect("`cargo xtask build` was run");
    let planner = Planner::from_precompiled_pooled(&component, Limits::hook(), 1).expect("the component loads");
    let host = HostInput { now: "2026-01-01T00:00:00Z".into(), policy: POLICY.into() };
    let call = Call::find("sync", "endpointconfigs").expect("a path");
    let seal = Seal::new("component", POLICY);
    let answer = planner.sync(&host, body).expect("an answer").body;
    let look = milliseconds(median(RUNS, || {
        let request = Request::parse(body).expect("a request");
        drop(black_box(seal.tag("sync/endpointconfigs", &request, body)));
        drop(black_box(check::check(call, "titanic", &answer)));
    }));
    // The customize hook reads the whole request, too, and decides almost nothing.
    let read = milliseconds(median(RUNS, || drop(black_box(planner.hook(Hook::Customize, &host, body)))));
    let sync = milliseconds(median(RUNS, || drop(black_box(planner.hook(Hook::Sync, &host, body)))));
    let (network, encryption) = (over_http, over_tls - over_http);
    let parts = [
        ("connections and HTTP", network),
        ("TLS", encryption),
        ("the server's own look at request and answer", look),
        ("the component reads the JSON", read),
        ("the component decides and writes", sync - read),
        ("the rest: threads, log lines", whole - network - encryption - look - sync),
    ];
    let mut text = format!("\nProcessor time of one sync over TLS: {whole:.2} ms.\n\n| part | time | share |\n|---|--:|--:|\n");
    for (part, time) in parts {
        let _ = writeln!(text, "| {part} | {time:.2} ms | {:.0} % |", time / whole * 100.0);
    }
    text
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
