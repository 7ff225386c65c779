//! The hook server as a program: what Metacontroller gets, what an administrator sees, and what the rest of the world cannot do to it.
//!
//! Whatever comes, the answer is that of the component, or a 4xx or 5xx with one sentence, which touches nothing.
#![allow(missing_docs, reason = "a test")]

use modelwright_host_tests::hook_server::{self, HookServer, HttpReply, bodies, body, exchange};
use serde_json::{Value, json};
use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const MODEL: &str = "hook-sync-of-an-available-model-answers-what-was-applied";
const CONFIG: &str = "hook-sync-of-an-available-config-answers-what-was-applied";
const ENDPOINT: &str = "hook-sync-of-an-available-endpoint-answers-what-was-applied";
const DECORATE: &str = "hook-decorate-answers-the-volumes-of-a-namespace";
const HELD: &str = "hook-hold-of-a-model-re-emits-its-children-under-dynamic-apply";
const NFS: &str = "nfs.example.internal";

/// A server on which the Model of the scenarios is allowed.
#[track_caller]
fn server() -> HookServer {
    HookServer::plain(&["--allow-nfs", NFS])
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn kinds(reply: &HttpReply, list: &str) -> Vec<String> {
    let mut kinds: Vec<String> =
        reply.json()[list].as_array().unwrap().iter().map(|child| child["kind"].as_str().unwrap().to_owned()).collect();
    kinds.sort();
    kinds
}

/// A 4xx or 5xx whose body is one sentence for an Event.
#[track_caller]
fn assert_refused(reply: &HttpReply, code: u16) {
    assert_eq!(reply.code, code, "{}", reply.body);
    assert!(!reply.body.is_empty() && reply.body.len() <= 600 && !reply.body.contains('\n'), "{}", reply.body);
    assert!(reply.header("content-type").starts_with("text/plain"), "{:?}", reply.headers);
    assert_eq!(reply.header("etag"), "");
}

#[test]
fn every_hook_of_every_kind_answers() {
    let server = server();
    for (path, scenario, children) in [
        ("sync/models", MODEL, &["Deployment", "PersistentVolumeClaim", "Service"][..]),
        ("sync/endpointconfigs", CONFIG, &["VirtualService"]),
        ("sync/endpoints", ENDPOINT, &["Gateway"]),
    ] {
        let body = body(scenario);
        let reply = server.post(path, &body.to_string());
        assert_eq!((reply.code, reply.header("content-type")), (200, "application/json"), "{}", reply.body);
        assert_eq!(kinds(&reply, "children"), children);
        assert_eq!(reply.json()["status"]["state"], "available");

        let plural = path.split('/').nth(1).unwrap();
        let customize = json!({"controller": {}, "parent": body["parent"]}).to_string();
        let related = server.post(&format!("customize/{plural}"), &customize);
        assert!(related.json()["relatedResources"].as_array().is_some_and(|rules| !rules.is_empty()), "{}", related.body);
        // The observed children are there, so nothing is finalized yet.
        let finalize = server.post(&format!("finalize/{plural}"), &with(&body, "/finalizing", json!(true)).to_string());
        assert_eq!((finalize.code, &finalize.json()["finalized"]), (200, &json!(false)), "{}", finalize.body);
    }
    let decorated = server.post("decorate/namespaces", &body(DECORATE).to_string());
    assert!(!kinds(&decorated, "attachments").is_empty());
    assert!(kinds(&decorated, "attachments").iter().all(|kind| kind == "PersistentVolume"));
}

fn with(body: &Value, pointer: &str, value: Value) -> Value {
    let mut body = body.clone();
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap()[member] = value;
    body
}

#[test]
fn a_hold_keeps_every_child_and_is_counted() {
    let server = server();
    let body = body(HELD);
    let observed: usize = body["children"].as_object().unwrap().values().map(|group| group.as_object().unwrap().len()).sum();
    let reply = server.post("sync/models", &body.to_string());
    assert_eq!((reply.code, kinds(&reply, "children").len()), (200, observed), "{}", reply.body);
    assert!(observed >= 3);
    let conditions = reply.json()["status"]["conditions"].as_array().unwrap().clone();
    let accepted = conditions.into_iter().find(|condition| condition["type"] == "Accepted").unwrap();
    assert_eq!(accepted["status"], "False");
    let series = format!(r#"modelwright_holds_total{{kind="models",reason="{}"}}"#, accepted["reason"].as_str().unwrap());
    assert_eq!(server.metric(&series), 1.0, "{series}");
}

#[test]
fn the_policy_is_enforced_and_shown() {
    let body = body(MODEL).to_string();
    let refuses = |server: &HookServer| {
        let reply = server.post("sync/models", &body);
        let conditions = reply.json()["status"]["conditions"].to_string();
        (reply.code, conditions.contains("storage.nfs is not allowed here"), conditions.contains("artifact host"))
    };
    assert_eq!(refuses(&HookServer::plain(&[])), (200, true, false));
    assert_eq!(refuses(&HookServer::plain(&["--allow-nfs", "another.example"])), (200, true, false));
    assert_eq!(refuses(&server()), (200, false, false));
    let strict = HookServer::plain(&["--allow-nfs", NFS, "--artifact-hosts", "artifacts.example", "--allow-capture", "false"]);
    assert_eq!(refuses(&strict), (200, false, true));
    let policy = strict.get(strict.health, "/readyz").json()["policy"].clone();
    assert_eq!(policy["nfsServers"], json!([NFS]));
    assert_eq!(policy["artifactHosts"], json!(["artifacts.example"]));
    assert_eq!(policy["capture"], false);
    assert_eq!(policy["staticVolumes"], "listed");

    let file = folder("hook-policy").join("policy.yaml");
    std::fs::write(&file, format!("nfsServers: [{NFS}]\n")).unwrap();
    let of_file = HookServer::plain(&["--policy", &file.display().to_string()]);
    assert_eq!(refuses(&of_file), (200, false, false));
    std::fs::write(&file, "nfsServer: [typo]\n").unwrap();
    let output = hook_server::command(&["--plain-http", "--policy", &file.display().to_string()]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("unknown member \"nfsServer\""), "{output:?}");
}

#[test]
fn without_tls_nothing_begins_that_nobody_asked_for() {
    for arguments in [&[][..], &["--tls-cert", "a.pem"], &["--plain-http", "--tls-cert", "a.pem", "--tls-key", "b.pem"]] {
        let output = hook_server::command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?} {output:?}");
    }
    let output = hook_server::command(&["--tls-cert", "no/such.pem", "--tls-key", "no/such.pem"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn hostile_requests_get_one_sentence_and_the_next_good_one_its_answer() {
    let server = server();
    let good = body(MODEL).to_string();
    let expected = server.post("sync/models", &good);
    let head = |path: &str, headers: &str| format!("{path} HTTP/1.1\r\nHost: hook\r\n{headers}\r\n");
    let json_head = "Content-Type: application/json\r\n";
    let sync = format!("POST /{}/sync/models", server.digest);
    let long = format!("{json_head}Content-Length: {}\r\n", good.len());
    let cases: Vec<(&str, String, Vec<u8>, u16)> = vec![
        ("another method", head(&sync.replace("POST", "GET"), ""), vec![], 405),
        ("another method with a body", head(&sync.replace("POST", "PUT"), &long), good.clone().into(), 405),
        ("no path", head("POST /", &long), good.clone().into(), 404),
        ("a path too short", head("POST /sync/models", &long), good.clone().into(), 404),
        ("a path too long", head(&format!("{sync}/more"), &long), good.clone().into(), 404),
        ("a path that climbs", head(&format!("POST /{}/sync/../../etc/passwd", server.digest), &long), good.clone().into(), 404),
        ("a path in escapes", head(&format!("POST /{}/sync/%2e%2e", server.digest), &long), good.clone().into(), 404),
        ("a kind that has no controller", head(&sync.replace("models", "pods"), &long), good.clone().into(), 404),
        (
            "a hook that the kind does not have",
            head(&sync.replace("sync/models", "decorate/models"), &long),
            good.clone().into(),
            404,
        ),
        ("no content type", head(&sync, &format!("Content-Length: {}\r\n", good.len())), good.clone().into(), 415),
        ("another content type", head(&sync, &long.replace("json", "yaml")), good.clone().into(), 415),
        ("a packed body", head(&sync, &format!("{long}Content-Encoding: gzip\r\n")), good.clone().into(), 415),
        ("no length", head(&sync, json_head), vec![], 411),
        (
            "an endless body",
            head(&sync, &format!("{json_head}Transfer-Encoding: chunked\r\n")),
            b"5\r\n{\"a\":\r\n".to_vec(),
            411,
        ),
        ("two ideas of the length", head(&sync, &format!("{long}Transfer-Encoding: chunked\r\n")), good.clone().into(), 411),
        ("two ideas in the other order", head(&sync, &format!("Transfer-Encoding: chunked\r\n{long}")), good.clone().into(), 411),
        ("a body over the limit", head(&sync, &format!("{json_head}Content-Length: {}\r\n", (8 << 20) + 1)), vec![], 413),
        ("a length that is no length", head(&sync, &format!("{json_head}Content-Length: 5, 6\r\n")), vec![], 400),
        ("two lengths", head(&sync, &format!("{long}Content-Length: 1\r\n")), good.clone().into(), 400),
        ("ten thousand headers", head(&sync, &format!("{long}{}", "X-A: b\r\n".repeat(10_000))), good.clone().into(), 431),
        ("a hundred and one headers", head(&sync, &format!("{long}{}", "X: b\r\n".repeat(101))), good.clone().into(), 431),
        ("a header of 20 kB", head(&sync, &format!("{long}X: {}\r\n", "a".repeat(20_000))), good.clone().into(), 431),
        ("no HTTP", "\u{16}\u{3}\u{1} TLS\r\n\r\n".into(), vec![], 400),
    ];
    for (case, head, body, code) in cases {
        let reply = exchange(server.hooks, &head, &body).unwrap_or_else(|error| panic!("{case}: {error}"));
        assert_eq!(reply.code, code, "{case}: {}", reply.body);
        // Hyper itself answers what it cannot read as HTTP, without a body.
        if ![400, 431].contains(&code) {
            assert_refused(&reply, code);
        }
        let next = server.post("sync/models", &good);
        assert_eq!((next.code, &next.body), (200, &expected.body), "after {case}");
    }
}

#[test]
fn hostile_bodies_get_one_sentence_and_the_next_good_one_its_answer() {
    let server = server();
    let base = body(MODEL);
    let good = base.to_string();
    let expected = server.post("sync/models", &good);
    let deep = |levels: usize| {
        with(&base, "/parent/spec", json!("DEEP"))
            .to_string()
            .replace("\"DEEP\"", &format!("{}1{}", "[".repeat(levels), "]".repeat(levels)))
    };
    let other = body(CONFIG).to_string();
    let cases: Vec<(&str, Vec<u8>, u16)> = vec![
        ("nothing", vec![], 400),
        ("no JSON", b"kind: Model".to_vec(), 400),
        ("null", b"null".to_vec(), 400),
        ("a list", b"[]".to_vec(), 400),
        ("half of it", good.as_bytes()[..good.len() / 2].to_vec(), 400),
        ("more behind it", format!("{good} {{}}").into(), 400),
        ("bytes that are no text", [good.as_bytes(), b"\xff\xfe"].concat(), 400),
        ("a byte order mark", format!("\u{feff}{good}").into(), 400),
        ("no parent", with(&base, "/parent", Value::Null).to_string().into(), 400),
        ("another kind of parent", other.into(), 400),
        ("a kind that nobody knows", with(&base, "/parent/kind", json!("Modell")).to_string().into(), 400),
        ("another version", with(&base, "/parent/apiVersion", json!("mlops.internal/v2")).to_string().into(), 400),
        ("a parent without a name", with(&base, "/parent/metadata/name", Value::Null).to_string().into(), 400),
        ("a name that is no text", with(&base, "/parent/metadata/name", json!(7)).to_string().into(), 400),
        ("no children", with(&base, "/children", Value::Null).to_string().into(), 400),
        ("a list of children", with(&base, "/children", json!([])).to_string().into(), 400),
        ("no related", with(&base, "/related", Value::Null).to_string().into(), 400),
        ("groups that are missing", with(&base, "/related", json!({})).to_string().into(), 500),
        ("two parents", good.replacen("\"parent\":", "\"parent\":{},\"parent\":", 1).into(), 400),
        ("two specs", good.replacen("\"spec\":", "\"spec\":{},\"spec\":", 1).into(), 400),
        ("100 levels too deep", deep(200).into(), 400),
        ("100,000 levels too deep", deep(100_000).into(), 400),
        ("a number that is none", good.replacen("\"generation\":1", "\"generation\":1e400", 1).into(), 400),
        ("a million keys", with(&base, "/parent/spec", keys(1_000_000)).to_string().into(), 413),
    ];
    for (case, body, code) in cases {
        let reply = server.send(&server.head("sync/models", body.len(), ""), &body);
        assert_eq!(reply.code, code, "{case}: {}", reply.body);
        assert_refused(&reply, code);
        let next = server.post("sync/models", &good);
        assert_eq!((next.code, &next.body), (200, &expected.body), "after {case}");
    }
    assert!(server.memory() < 192 << 20, "{} MiB", server.memory() >> 20);
}

#[test]
fn a_call_that_fails_is_a_500_a_metric_and_a_record() {
    let folder = folder("hook-failures");
    let server = HookServer::plain(&["--allow-nfs", NFS, "--record-failures", &folder.display().to_string()]);
    let base = body(MODEL);
    assert_eq!(server.post("sync/models", &base.to_string()).code, 200);
    let huge = with(&base, "/parent/spec", keys(600_000)).to_string();
    let reply = server.post("sync/models", &huge);
    assert_refused(&reply, 500);
    assert!(reply.body.contains("fuel"), "{}", reply.body);
    assert_eq!(server.metric(r#"modelwright_hook_failures_total{hook="sync",kind="models"}"#), 1.0);
    let line = server.line(|line| line["message"] == "failed");
    assert_eq!((&line["code"], &line["digest"]), (&json!(500), &json!(server.digest)));
    let files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [file] = &files[..] else { panic!("{files:?}") };
    let recorded: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(recorded["request"], serde_json::from_str::<Value>(&huge).unwrap());
    assert_eq!(recorded["host"]["policy"]["nfsServers"], json!([NFS]));
    assert_eq!(server.post("sync/models", &base.to_string()).code, 200);
}

#[test]
fn reviews_are_answered_beside_the_hooks() {
    let server = HookServer::plain(&["--policy", &policy_of_scenarios()]);
    let send = |body: &str| server.send(&review_head(body.len()), body.as_bytes());
    let mut verdicts = (0, 0);
    for scenario in ["admission-denies-with-all-violations-at-once", "admission-says-what-an-edit-of-a-config-does"] {
        for (case, mut body) in bodies(scenario) {
            // The scenarios leave out what the component does not read.
            body["request"]["kind"] = json!({"group": "mlops.internal", "kind": body["request"]["object"]["kind"]});
            let reply = send(&body.to_string());
            assert_eq!(reply.code, 200, "{scenario} {case}: {}", reply.body);
            let response = &reply.json()["response"];
            assert_eq!(response["uid"], body["request"]["uid"]);
            let count = if response["allowed"] == true { &mut verdicts.0 } else { &mut verdicts.1 };
            *count += 1;
        }
    }
    assert!(verdicts.0 > 0 && verdicts.1 > 0, "{verdicts:?}");
    assert!(server.metric(r#"modelwright_reviews_total{kind="endpointconfigs",verdict="allowed"}"#) >= 1.0);
    for (body, code) in [("", 400), ("{}", 400), (r#"{"request": {"uid": "1"}}"#, 400), ("[]", 400)] {
        assert_refused(&send(body), code);
    }
    assert_refused(&exchange(server.hooks, "GET /admission HTTP/1.1\r\nHost: hook\r\n\r\n", &[]).unwrap(), 405);
}

/// As the API server asks, with its query.
fn review_head(length: usize) -> String {
    format!(
        "POST /admission?timeout=5s HTTP/1.1\r\nHost: hook\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    )
}

fn keys(count: usize) -> Value {
    (0..count).map(|number| (number.to_string(), Value::from(0))).collect::<serde_json::Map<_, _>>().into()
}

#[test]
fn the_v1_shape_and_every_other_scenario_of_hooks_is_answered_as_the_component_does() {
    let server = HookServer::plain(&["--policy", &policy_of_scenarios()]);
    let mut answered = 0;
    for (scenario, path) in [
        ("hook-a-body-of-the-v1-shape-is-a-clean-400", "sync/models"),
        ("hook-hold-that-cannot-be-re-emitted-is-500", "sync/models"),
        ("hook-decorate-of-what-is-no-namespace-is-400", "decorate/namespaces"),
        ("hook-sync-of-a-foreign-child-emits-nothing-in-its-place", "sync/models"),
        ("hook-finalize-of-a-model-in-use", "finalize/models"),
        ("hook-finalized-of-a-model-only-without-children", "finalize/models"),
    ] {
        for (case, body) in bodies(scenario) {
            let reply = server.post(path, &body.to_string());
            match reply.code {
                200 => assert!(reply.json()["children"].is_array(), "{scenario} {case}"),
                code => assert_refused(&reply, code),
            }
            answered += 1;
        }
    }
    assert!(answered >= 6);
}

/// As the scenarios have it.
fn policy_of_scenarios() -> String {
    let file = folder("hook-any").join("policy.json");
    std::fs::write(&file, r#"{"staticVolumes": "any"}"#).unwrap();
    file.display().to_string()
}

#[test]
fn slow_requests_end() {
    let server = server();
    let began = Instant::now();
    let mut slow_head = TcpStream::connect(server.hooks).unwrap();
    slow_head.write_all(b"POST /x HTTP/1.1\r\nHost: ").unwrap();
    let mut slow_body = TcpStream::connect(server.hooks).unwrap();
    slow_body.write_all(server.head("sync/models", 1000, "").as_bytes()).unwrap();
    slow_body.write_all(b"{").unwrap();
    let mut cut = TcpStream::connect(server.hooks).unwrap();
    cut.write_all(server.head("sync/models", 1000, "").as_bytes()).unwrap();
    drop(cut);

    // A head that does not come is not a request yet: the connection ends without an answer.
    slow_head.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut said = Vec::new();
    slow_head.read_to_end(&mut said).unwrap();
    assert!(said.is_empty() && began.elapsed() >= Duration::from_secs(4), "{said:?} after {:?}", began.elapsed());
    slow_body.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let reply = hook_server::reply(&mut BufReader::new(slow_body)).unwrap();
    assert_refused(&reply, 408);
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert_eq!(server.metric("modelwright_hook_in_flight"), 0.0);
    assert_eq!(server.post("sync/models", &body(MODEL).to_string()).code, 200);
}

#[test]
fn more_than_the_server_takes_comes_again_later() {
    let server = HookServer::plain(&["--allow-nfs", NFS, "--max-in-flight", "2"]);
    let good = body(MODEL).to_string();
    // Two bodies that have not come yet hold both places.
    let held: Vec<TcpStream> = (0..2)
        .map(|_| {
            let mut stream = TcpStream::connect(server.hooks).unwrap();
            stream.write_all(server.head("sync/models", good.len(), "").as_bytes()).unwrap();
            stream
        })
        .collect();
    let began = Instant::now();
    while server.metric("modelwright_hook_in_flight") < 2.0 {
        assert!(began.elapsed() < Duration::from_secs(5));
    }
    let reply = server.post("sync/models", &good);
    assert_refused(&reply, 429);
    assert_eq!(reply.header("retry-after"), "2");
    for mut stream in held {
        stream.write_all(good.as_bytes()).unwrap();
        assert_eq!(hook_server::reply(&mut BufReader::new(stream)).unwrap().code, 200);
    }
    assert_eq!(server.post("sync/models", &good).code, 200);
}

#[test]
fn another_component_comes_again_later() {
    let server = server();
    let head = server.head("sync/models", 2, "").replace(&server.digest, "0123456789abcdef");
    let reply = exchange(server.hooks, &head, b"{}").unwrap();
    assert_refused(&reply, 429);
    assert_eq!(reply.header("retry-after"), "5");
    assert_eq!(server.metric("modelwright_unknown_digest_total"), 1.0);
}

#[test]
fn the_same_request_is_not_evaluated_twice() {
    let server = server();
    let body = body(MODEL);
    let first = server.post("sync/models", &body.to_string());
    let tag = first.header("etag").to_owned();
    assert!(!tag.is_empty());
    let known = format!("If-None-Match: {tag}\r\n");
    let fuel = || server.metric(r#"modelwright_hook_fuel_count{hook="sync",kind="models"}"#);
    let before = fuel();
    let newer = with(&body, "/parent/metadata/resourceVersion", json!("999999"));
    for same in [&body, &newer] {
        let reply = server.post_with("sync/models", &same.to_string(), &known);
        assert_eq!((reply.code, reply.body.as_str(), reply.header("etag")), (304, "", tag.as_str()));
    }
    assert_eq!(fuel(), before, "nothing was evaluated");
    for other in [
        with(&body, "/parent/metadata/uid", json!("another")),
        with(&body, "/parent/metadata/generation", json!(2)),
        with(&body, "/parent/status", json!({})),
    ] {
        let reply = server.post_with("sync/models", &other.to_string(), &known);
        assert_ne!(reply.code, 304);
        assert_ne!(reply.header("etag"), tag);
    }
    let finalize = with(&body, "/finalizing", json!(true)).to_string();
    assert_ne!(server.post_with("finalize/models", &finalize, &known).code, 304);
    let others_policy = HookServer::plain(&[]);
    assert_eq!(others_policy.post_with("sync/models", &body.to_string(), &known).code, 200);
    assert_eq!(server.metric(r#"modelwright_hook_requests_total{hook="sync",kind="models",code="304"}"#), 2.0);
}

#[test]
fn what_is_recorded_is_replayed_by_the_text_interface() {
    let folder = folder("hook-record");
    let server = HookServer::plain(&["--allow-nfs", NFS, "--record", &folder.display().to_string()]);
    for (path, scenario) in [("sync/models", MODEL), ("sync/models", HELD), ("decorate/namespaces", DECORATE)] {
        assert_eq!(server.post(path, &body(scenario).to_string()).code, 200);
    }
    assert_eq!(server.post("sync/models", &with(&body(MODEL), "/related", json!({})).to_string()).code, 500);
    let program = modelwright_host_tests::artefacts::Artefact::CommandLine.path().unwrap();
    let mut replayed = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Some(stem) = name.strip_suffix(".json").filter(|stem| !stem.ends_with(".answer")) else { continue };
        let operation = stem.rsplit('-').next().unwrap();
        let request = std::fs::File::open(&path).unwrap();
        let output = Command::new(&program).args(["text", operation]).stdin(Stdio::from(request)).output().unwrap();
        let answer = std::fs::read_to_string(folder.join(format!("{stem}.answer.json"))).unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap().trim_end(), answer, "{name}");
        replayed += 1;
    }
    assert_eq!(replayed, 4);
}

#[test]
fn metrics_and_log_say_what_happened_and_nothing_of_what_was_in_it() {
    let server = server();
    let secret = "https://models.example.com/titanic/v1.tar.gz?signature=SECRET";
    let body = with(&body(MODEL), "/parent/spec/artifact/uri", json!(secret));
    assert_eq!(server.post("sync/models", &body.to_string()).code, 200);
    let hostile = with(&body, "/parent/metadata/name", json!("a\nb\u{1b}[2J\u{202e}"));
    let _ = server.post("sync/models", &hostile.to_string());
    assert_eq!(server.metric(r#"modelwright_hook_requests_total{hook="sync",kind="models",code="200"}"#), 1.0);
    assert!(server.metric(r#"modelwright_hook_duration_seconds_count{hook="sync",kind="models"}"#) >= 2.0);
    assert!(server.metric(r#"modelwright_hook_fuel_sum{hook="sync",kind="models"}"#) > 100_000.0);
    assert_eq!(server.metric("modelwright_hook_in_flight"), 0.0);
    let text = server.get(server.metrics, "/metrics");
    assert_eq!((text.code, text.header("content-type")), (200, "text/plain; version=0.0.4; charset=utf-8"));
    assert!(text.body.contains(&format!(r#"digest="{}"#, server.digest)), "{}", text.body);

    let line = server.line(|line| line["message"] == "answered" && line["code"] == 200);
    assert_eq!((&line["hook"], &line["kind"]), (&json!("sync"), &json!("models")));
    assert_eq!((&line["namespace"], &line["name"]), (&json!("titanic"), &json!("titanic-v1")));
    assert!(line["fuel"].as_u64().is_some_and(|fuel| fuel > 100_000) && line["millis"].is_u64(), "{line}");
    let hostile = server.line(|line| line["name"].as_str().is_some_and(|name| name.starts_with("a\\u")));
    assert_eq!(hostile["name"], "a\\u{a}b\\u{1b}[2J\\u{202e}");
    let known = [
        "timestamp",
        "level",
        "message",
        "listener",
        "address",
        "digest",
        "version",
        "policy",
        "hook",
        "kind",
        "namespace",
        "name",
        "code",
        "millis",
        "fuel",
    ];
    for line in server.log() {
        let fields = line.as_object().unwrap_or_else(|| panic!("{line} is no object"));
        assert!(fields.keys().all(|field| known.contains(&field.as_str())), "{line}");
        assert!(!line.to_string().contains("SECRET"), "{line}");
    }
}

#[test]
fn the_end_is_announced_and_what_has_begun_is_answered() {
    let mut server = HookServer::plain(&["--allow-nfs", NFS, "--drain", "1s"]);
    let ready = server.get(server.health, "/readyz");
    assert_eq!((ready.code, &ready.json()["selfTest"]), (200, &json!("ok")));
    assert_eq!(server.get(server.health, "/healthz").code, 200);
    let good = body(MODEL).to_string();
    let mut begun = TcpStream::connect(server.hooks).unwrap();
    begun.write_all(server.head("sync/models", good.len(), "").as_bytes()).unwrap();
    while server.metric("modelwright_hook_in_flight") < 1.0 {}
    let asked = Instant::now();
    server.terminate();
    server.line(|line| line["message"] == "ending: not ready any more");
    let ready = server.get(server.health, "/readyz");
    assert_eq!((ready.code, &ready.json()["ending"]), (503, &json!(true)));
    assert_eq!(server.get(server.health, "/healthz").code, 200);
    // It still answers, until everybody knows.
    assert_eq!(server.post("sync/models", &good).code, 200);
    while exchange(server.hooks, "GET / HTTP/1.1\r\nHost: hook\r\n\r\n", &[]).is_ok() {
        assert!(asked.elapsed() < Duration::from_secs(5));
        std::thread::sleep(Duration::from_millis(20));
    }
    begun.write_all(good.as_bytes()).unwrap();
    assert_eq!(hook_server::reply(&mut BufReader::new(begun)).unwrap().code, 200);
    assert!(asked.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.ended().code(), Some(0));
    server.line(|line| line["message"] == "ended: every request was answered");
}

#[test]
fn a_hundred_callers_at_once_all_get_the_same_answer_and_memory_stays() {
    let server = server();
    let good = body(CONFIG).to_string();
    let expected = server.post("sync/endpointconfigs", &good).body;
    let rest = server.memory();
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(server.post("sync/endpointconfigs", &good).body, expected);
                }
            });
        }
    });
    assert!(rest < 96 << 20, "{} MiB at rest", rest >> 20);
    assert!(server.memory() < 192 << 20, "{} MiB", server.memory() >> 20);
}
