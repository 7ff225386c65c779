//! Metacontroller with our hook on a real control plane: how long until all children are there, beside a hook of the same framework that
//! answers always the same; and how long a namespace of many Models takes to settle, by the flags of Metacontroller.
//!
//! Words: `delay`; `settle MODELS NAME FLAG…`; `constant FILE`, which is the constant hook. `METACONTROLLER` names the real program; without it
//! the stand-in runs.

use modelwright::kinds::Kind;
use modelwright_hook::listen::Port;
use modelwright_hook::metrics::Metrics;
use modelwright_hook::request::Request;
use modelwright_hook::{LogFormat, log};
use modelwright_host_tests::hook_server::HookServer;
use modelwright_host_tests::installation::{Ground, Installation, Mode};
use modelwright_host_tests::timing::middle;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

const STAND_IN: &str = env!("CARGO_BIN_EXE_metacontroller-stand-in");
/// Models that share an EndpointConfig, which has one Endpoint.
const SHARE: usize = 5;
/// Models whose children are waited for.
const FEW: [usize; 2] = [2, 50];
/// Pairs of measured runs.
const PAIRS: usize = 5;
/// The flags that `deploy/README.md` names.
const DOCUMENTED: [&str; 3] = ["--client-go-qps=500", "--client-go-burst=1000", "--workers=5"];
/// Nothing takes longer.
const ENDLESS: Duration = Duration::from_secs(4 * 60 * 60);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["constant", file] => constant(file),
        ["delay"] => tell(&delay()),
        ["settle", models, name, ref flags @ ..] => tell(&settle(models.parse().expect("a number"), name, flags)),
        _ => eprintln!("one of `delay`, `settle MODELS NAME FLAG…`, `constant FILE`"),
    }
}

fn tell(text: &str) {
    println!("\n{text}");
    if let Some(path) = std::env::var_os("MODELWRIGHT_BENCHMARKS") {
        std::fs::write(path, text).expect("the table can be written");
    }
}

/// Which program calls the hooks.
fn program() -> String {
    match std::env::var_os("METACONTROLLER").filter(|path| !path.is_empty()) {
        None => "the stand-in for Metacontroller".into(),
        Some(_) => "Metacontroller".into(),
    }
}

/// Models with static volumes, and for each few an EndpointConfig and an Endpoint.
fn resources(models: usize) -> Vec<Value> {
    let object = |kind: &str, name: String, spec: Value| json!({"apiVersion": "mlops.internal/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec});
    let model = |number: usize| {
        let spec = json!({
            "image": "registry.example.com/titanic:1.4.2", "cpus": "10m", "memory": "16Mi",
            "artifact": {"uri": format!("https://models.example.com/titanic/{number}.tar.gz")},
            "storage": {"size": "1Gi", "nfs": {"server": "nfs.example.internal", "path": format!("/exports/{number}")}},
        });
        object("Model", format!("m-{number}"), spec)
    };
    let share = |first: usize| {
        let variants: Vec<Value> = (first..models.min(first + SHARE))
            .map(|number| json!({"name": format!("v-{number}"), "model": format!("m-{number}"), "weight": 20}))
            .collect();
        let endpoint = json!({
            "config": format!("c-{first}"), "host": format!("e-{first}.example.com"),
            "gateway": {"selector": {"istio": "ingressgateway"}},
        });
        [
            object("EndpointConfig", format!("c-{first}"), json!({"models": variants})),
            object("Endpoint", format!("e-{first}"), endpoint),
        ]
    };
    (0..models).map(model).chain((0..models).step_by(SHARE).flat_map(share)).collect()
}

/// Resources in the namespace of an installation, each Endpoint with a host of its own.
fn taken(installation: &Installation, models: usize) -> Vec<Value> {
    let mut objects = installation.take(&resources(models));
    for endpoint in objects.iter_mut().filter(|object| object["kind"] == "Endpoint") {
        let name = endpoint["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        endpoint["spec"]["host"] = format!("{name}.{}", installation.stage.host()).into();
    }
    objects
}

/// Polls until something holds.
fn until(what: &str, look: Duration, holds: impl Fn() -> bool) {
    let end = Instant::now() + ENDLESS;
    while !holds() {
        assert!(Instant::now() < end, "{what} does not come");
        std::thread::sleep(look);
    }
}

/// How long from `kubectl apply` until the children are there that wait for nothing, and until there are routes, which wait for Pods.
struct Delay {
    children: Duration,
    routes: Duration,
}

fn delay_of(installation: &Installation, models: usize) -> Delay {
    let configs = models.div_ceil(SHARE);
    let expected = [
        (Kind::Deployment, models),
        (Kind::Service, models),
        (Kind::PersistentVolumeClaim, models),
        (Kind::PersistentVolume, models),
        (Kind::Gateway, configs),
    ];
    let objects = taken(installation, models);
    let count = |kind: Kind| installation.stage.of_kind(kind).into_rows().len();
    let begin = Instant::now();
    installation.apply(&objects);
    until("all children", Duration::from_millis(20), || expected.iter().all(|(kind, wanted)| count(*kind) == *wanted));
    let children = begin.elapsed();
    until("all routes", Duration::from_millis(20), || count(Kind::VirtualService) == configs);
    Delay { children, routes: begin.elapsed() }
}

fn delay() -> String {
    let ground = Ground::prepare(STAND_IN);
    let mut text = format!(
        "From `kubectl apply` until the children are there, called by {} with `{}`; medians of {PAIRS} runs, in turn. The constant hook is of the \
         same framework and gives at once what ours gave in the end. Routes wait for Pods with our hook, and for nothing with the other.\n\n\
         | Models | all children but routes: our hook | constant answers | ratio | routes: our hook | constant answers |\n\
         |--:|--:|--:|--:|--:|--:|\n",
        program(),
        DOCUMENTED.join(" ")
    );
    for models in FEW {
        let answers = recorded(&ground, models);
        let mut runs: [Vec<Delay>; 2] = Default::default();
        for _ in 0..PAIRS {
            let installation = Installation::start_with(&ground, Mode::Dynamic, "mc-delay", &DOCUMENTED);
            runs[0].push(delay_of(&installation, models));
            drop(installation);
            runs[1].push(delay_of(&with_constant_hook(&ground, &answers), models));
        }
        let [ours, constant] = runs.map(|runs| {
            let median = |part: fn(&Delay) -> Duration| middle(runs.iter().map(part).collect()).as_secs_f64();
            [median(|run| run.children), median(|run| run.routes)]
        });
        let _ = writeln!(
            text,
            "| {models} | {:.2} s | {:.2} s | {:.2} | {:.2} s | {:.2} s |",
            ours[0],
            constant[0],
            ours[0] / constant[0],
            ours[1],
            constant[1]
        );
    }
    text
}

/// The last answer to each question, by hook, kind and name, and the namespace that they are about.
struct Answers {
    namespace: String,
    by_question: BTreeMap<String, String>,
}

fn recorded(ground: &Ground, models: usize) -> Answers {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("recorded");
    let _ = std::fs::remove_dir_all(&folder);
    let mut installation = Installation::start_with(ground, Mode::Dynamic, "mc-record", &DOCUMENTED);
    installation.stop_hook();
    let path = folder.display().to_string();
    let hook = HookServer::plain(&["--allow-nfs", "nfs.example.internal", "--record", &path]);
    installation.relay.lead_to(Some(hook.hooks));
    installation.hook = Some(hook);
    delay_of(&installation, models);
    let kinds = [Kind::Model, Kind::EndpointConfig, Kind::Endpoint];
    until("the end", Duration::from_millis(500), || {
        kinds.iter().all(|kind| installation.stage.of_kind(*kind).values().all(|object| object["status"]["state"] == "available"))
    });
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(&folder).expect("records").map(|entry| entry.expect("a record").path()).collect();
    names.sort_by_key(|path| path.file_name().map(|name| name.to_string_lossy().split('-').nth(2).unwrap_or("").to_owned()));
    let mut by_question = BTreeMap::new();
    for answer in names.iter().filter(|path| path.to_string_lossy().ends_with(".answer.json")) {
        let name = answer.to_string_lossy().into_owned();
        let read = |path: &str| -> Value { serde_json::from_slice(&std::fs::read(path).expect("a record")).expect("JSON") };
        let request = &read(&name.replace(".answer.json", ".json"))["request"];
        let operation = name.trim_end_matches(".answer.json").rsplit('-').next().unwrap_or_default().to_owned();
        let text = request.as_str().map_or_else(|| request.to_string(), str::to_owned);
        let body = &read(&name)["ok"]["body"];
        let body = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
        by_question.insert(question(&operation, &Request::parse(&text).expect("a request")), body);
    }
    Answers { namespace: installation.stage.namespace.clone(), by_question }
}

/// What tells questions apart: the same at every sync of one object.
fn question(operation: &str, request: &Request) -> String {
    let parent = request.parent();
    // A Namespace is called otherwise in each run.
    let name = parent.filter(|object| object.kind.as_deref() != Some("Namespace")).map_or("", |object| object.name());
    let kind = parent.and_then(|object| object.kind.as_deref()).unwrap_or_default();
    format!("{operation} {kind} {name}")
}

fn with_constant_hook<'a>(ground: &'a Ground, answers: &Answers) -> Installation<'a> {
    let mut installation = Installation::start_with(ground, Mode::Dynamic, "mc-constant", &DOCUMENTED);
    installation.stop_hook();
    let text = json!(answers.by_question).to_string().replace(&answers.namespace, &installation.stage.namespace);
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("answers.json");
    std::fs::write(&file, text).expect("a file");
    let this = std::env::current_exe().expect("this program");
    let hook = HookServer::of_program(&this, &["constant", &file.display().to_string()]);
    installation.relay.lead_to(Some(hook.hooks));
    installation.hook = Some(hook);
    installation
}

/// Answers each question always the same.
fn constant(file: &str) {
    let text = std::fs::read_to_string(file).expect("answers");
    let answers: Arc<BTreeMap<String, String>> = Arc::new(serde_json::from_str(&text).expect("answers"));
    log::start(LogFormat::Json);
    let answer = async move |request: axum::extract::Request| {
        let operation = request.uri().path().split('/').nth(2).unwrap_or_default().to_owned();
        let body = http_body_util::BodyExt::collect(request.into_body()).await.map(|body| body.to_bytes()).unwrap_or_default();
        let text = String::from_utf8_lossy(&body);
        let question = Request::parse(&text).map(|request| question(&operation, &request)).unwrap_or_default();
        match answers.get(&question) {
            Some(answer) => (axum::http::StatusCode::OK, answer.clone()),
            None => (axum::http::StatusCode::TOO_MANY_REQUESTS, format!("no answer to {question}")),
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let metrics = Arc::new(Metrics::new("constant"));
        let port = Port::bind("hook", address, axum::Router::new().fallback(answer), metrics).await.expect("a port");
        tracing::info!("ready");
        let (_end, ended) = tokio::sync::watch::channel(false);
        port.serve(ended).await;
    });
}

/// One row: how long until everything is available and stays so, and what that took.
fn settle(models: usize, name: &str, flags: &[&str]) -> String {
    let ground = Ground::prepare(STAND_IN);
    let installation = Installation::start_with(&ground, Mode::Dynamic, "mc-settle", flags);
    let objects = taken(&installation, models);
    let begin = Instant::now();
    installation.apply(&objects);
    let applied = begin.elapsed();
    let kinds = [Kind::Endpoint, Kind::EndpointConfig, Kind::Model];
    let available = |kind: &Kind| {
        let all = installation.stage.of_kind(*kind);
        all.values().all(|object| object["status"]["state"] == "available")
    };
    until("the end", Duration::from_secs(2), || kinds.iter().all(available));
    let time = begin.elapsed();
    let calls = installation.relay.calls();
    let mut others: BTreeMap<String, usize> = BTreeMap::new();
    for call in calls.iter().filter(|call| call.code != 200 && call.code != 304) {
        *others.entry(format!("{} {}", call.hook, call.code)).or_default() += 1;
    }
    let failed: usize = others.values().sum();
    eprintln!("other answers than 200 and 304: {others:?}");
    let processor = installation.hook.as_ref().map_or(Duration::ZERO, HookServer::processor_time);
    let memory = installation.hook.as_ref().map_or(0, HookServer::memory);
    let writes = installation.writes().len();
    let mut row = String::new();
    let _ = writeln!(
        row,
        "| {models} | {name} | {:.0} s | {:.0} s | {} | {failed} | {writes} | {:.0} s, {} MiB |",
        applied.as_secs_f64(),
        time.as_secs_f64(),
        calls.len(),
        processor.as_secs_f64(),
        memory >> 20
    );
    row
}
