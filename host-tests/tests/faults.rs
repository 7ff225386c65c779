//! What can go wrong while the program `modelwright` runs: it is killed, requests fail, others write at the same time, input is wrong.
#![allow(missing_docs, reason = "a test")]

use modelwright::kinds::{Key, Kind};
use modelwright_host_tests::alike::{comparable, differences};
use modelwright_host_tests::cluster::{Api, Cluster};
use modelwright_host_tests::example::{one, titanic};
use modelwright_host_tests::proxy::{Asked, Proxy, Way};
use modelwright_host_tests::stage::{Ended, Objects, Stage};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Trials that run at once; they wait most of the time.
const AT_ONCE: usize = 8;
const MERGE_PATCH: &str = "application/merge-patch+json";

fn api() -> Api {
    let cluster = Cluster::running();
    cluster.install_crds().unwrap();
    cluster.api("admin", "modelwright-test").unwrap()
}

/// A Model on static storage, its config and its Endpoint: every kind of child once.
fn small(stage: &Stage) -> Vec<Value> {
    let mut files = stage.take(&titanic());
    files.retain(|object| object["metadata"]["name"] != "titanic-v2");
    let config = one(&mut files, "EndpointConfig", "titanic");
    config["spec"]["models"].as_array_mut().unwrap().truncate(1);
    files
}

/// Everything in a namespace, for comparison with another one.
fn state(stage: &Stage) -> BTreeMap<String, Value> {
    let text = json!(comparable(&stage.objects())).to_string().replace(&stage.namespace, "NAMESPACE");
    serde_json::from_str(&text).unwrap()
}

fn compared(stage: &Stage, expected: &BTreeMap<String, Value>) -> Vec<String> {
    let mut found = Vec::new();
    differences(&json!(state(stage)), &json!(expected), "", &mut found);
    found
}

/// What an undisturbed roll-out of the small example asks for, and how it ends.
fn undisturbed(api: &Api) -> (Vec<Asked>, BTreeMap<String, Value>) {
    let stage = Stage::new(api, "faults-none");
    let proxy = Proxy::open(api).unwrap();
    stage.apply(proxy.kubeconfig(), &small(&stage)).with(0);
    (proxy.asked(), state(&stage))
}

/// Runs the trials side by side and gives what went wrong.
fn at_once<T: Sync>(trials: &[T], trial: impl Fn(&T) -> Vec<String> + Sync) -> Vec<String> {
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(one) = trials.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let sentences = trial(one);
                    found.lock().unwrap().extend(sentences);
                }
            });
        }
    });
    found.into_inner().unwrap()
}

/// A killed run leaves its Lease, and the next one waits until that has expired.
fn without_waiting(api: &Api, stage: &Stage) {
    let lease = format!("/apis/coordination.k8s.io/v1/namespaces/{}/leases/modelwright", stage.namespace);
    api.send("DELETE", &lease, "application/json", None).unwrap();
}

#[test]
fn a_run_that_is_killed_at_any_request_is_finished_by_the_next() {
    let api = api();
    let (asked, expected) = undisturbed(&api);
    let reads = asked.iter().map(|asked| (asked.number, Way::LostBefore));
    let writes = asked.iter().filter(|asked| asked.write > 0).map(|asked| (asked.number, Way::Through));
    let trials: Vec<(usize, Way)> = reads.chain(writes).collect();
    let found = at_once(&trials, |(number, way)| {
        let stage = Stage::new(&api, "faults-kill");
        let files = small(&stage);
        let killed = killed_at(&api, &stage, &["apply", "--yes"], &files, *number, *way);
        let second = Proxy::open(&api).unwrap();
        without_waiting(&api, &stage);
        let ended = stage.apply(second.kubeconfig(), &files);
        let mut found = compared(&stage, &expected);
        // Another order of requests may be done earlier.
        if ended.code != 0 || (killed.code != -1 && killed.code != 0) {
            found.push(format!("{} and then {}: {}", killed.code, ended.code, ended.last_lines()));
        }
        found.into_iter().map(|sentence| format!("killed at request {number} ({way:?}): {sentence}")).collect()
    });
    println!("{} requests, killed {} times", asked.len(), trials.len());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_deletion_that_is_killed_at_any_request_is_finished_by_the_next() {
    let api = api();
    let arguments = ["delete", "--yes", "--timeout", "60s"];
    let rolled_out = || {
        let stage = Stage::new(&api, "faults-kill");
        let files = small(&stage);
        stage.apply(Proxy::open(&api).unwrap().kubeconfig(), &files).with(0);
        (stage, files)
    };
    let (stage, files) = rolled_out();
    let proxy = Proxy::open(&api).unwrap();
    stage.run(proxy.kubeconfig(), &arguments, &files).with(0);
    let asked = proxy.asked();
    let lost = asked.iter().step_by(6).map(|asked| (asked.number, Way::LostBefore));
    let writes = asked.iter().filter(|asked| asked.is_change()).map(|asked| (asked.number, Way::Through));
    let trials: Vec<(usize, Way)> = lost.chain(writes).collect();
    let found = at_once(&trials, |(number, way)| {
        let (stage, files) = rolled_out();
        killed_at(&api, &stage, &arguments, &files, *number, *way);
        without_waiting(&api, &stage);
        let ended = stage.run(Proxy::open(&api).unwrap().kubeconfig(), &arguments, &files);
        let left: Vec<String> = stage.objects().keys().filter(|key| key.kind != Kind::Namespace).map(Key::label).collect();
        match ended.code == 0 && left.is_empty() {
            true => Vec::new(),
            false => vec![format!("killed at request {number} ({way:?}): {left:?} is left: {}", ended.last_lines())],
        }
    });
    println!("{} requests, killed {} times", asked.len(), trials.len());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Runs the program until a request comes, and kills it; the request itself goes its way.
fn killed_at(api: &Api, stage: &Stage, arguments: &[&str], files: &[Value], number: usize, way: Way) -> Ended {
    let process = Arc::new(AtomicU32::new(0));
    let of_rule = Arc::clone(&process);
    let proxy = Proxy::start(api, move |asked| {
        if asked.number < number {
            return Way::Through;
        }
        kill(&of_rule);
        if asked.number == number { way } else { Way::LostBefore }
    });
    let proxy = proxy.unwrap();
    let running = stage.start(proxy.kubeconfig(), arguments, files);
    process.store(running.id(), Ordering::Relaxed);
    running.end()
}

/// As `kill -9`; waits until it is known whom.
fn kill(process: &AtomicU32) {
    while process.load(Ordering::Relaxed) == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let id = process.load(Ordering::Relaxed).to_string();
    let _ = Command::new("kill").args(["-9", &id]).stderr(std::process::Stdio::null()).status();
    // The signal has been sent; what the process has sent before may still be read.
    std::thread::sleep(Duration::from_millis(5));
}

#[test]
fn one_request_that_goes_wrong_in_any_way_changes_nothing_about_the_end() {
    let api = api();
    let (asked, expected) = undisturbed(&api);
    let ways = [
        Way::Answer(409),
        Way::RetryAfter(429, 1),
        Way::Answer(500),
        Way::Answer(503),
        Way::LostBefore,
        Way::LostAfter,
        Way::Late(Duration::from_secs(1)),
        Way::Twice,
    ];
    let writes: Vec<usize> = asked.iter().filter(|asked| asked.write > 0).map(|asked| asked.number).collect();
    let reads = asked.iter().filter(|asked| asked.write == 0).map(|asked| asked.number).step_by(7);
    let mut trials: Vec<(usize, Way)> = Vec::new();
    for (at, number) in writes.iter().enumerate() {
        // Every way at every second write.
        trials.extend(ways.iter().enumerate().filter(|(which, _)| (which + at) % 2 == 0).map(|(_, way)| (*number, *way)));
    }
    trials.extend(reads.enumerate().map(|(at, number)| (number, ways[at % ways.len()])));
    let ends = Mutex::new(BTreeMap::<String, usize>::new());
    let found = at_once(&trials, |(number, way)| {
        let stage = Stage::new(&api, "faults-one");
        let files = small(&stage);
        let (number, way) = (*number, *way);
        let proxy = Proxy::start(&api, move |asked| if asked.number == number { way } else { Way::Through }).unwrap();
        let mut ended = stage.apply(proxy.kubeconfig(), &files);
        *ends.lock().unwrap().entry(format!("{way:?} ends with {}", ended.code)).or_default() += 1;
        let mut found = Vec::new();
        if ended.code == 3 {
            if !ended.says("injected by the test") {
                found.push(format!("it does not say why: {}", ended.last_lines()));
            }
            ended = stage.apply(proxy.kubeconfig(), &files);
        }
        if ended.code != 0 {
            found.push(format!("it ends with {}: {}", ended.code, ended.last_lines()));
        }
        found.extend(compared(&stage, &expected));
        let failed = proxy.asked().into_iter().find(|asked| asked.number == number).map(|asked| asked.path);
        found.into_iter().map(|sentence| format!("{way:?} at request {number} {failed:?}: {sentence}")).collect()
    });
    println!("{} trials: {:#?}", trials.len(), ends.lock().unwrap());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn an_api_server_that_always_fails_is_given_up_with_its_words() {
    let api = api();
    for (way, words) in [(Way::Answer(500), "injected by the test"), (Way::LostBefore, "gives no answer")] {
        let stage = Stage::new(&api, "faults-always");
        let proxy = Proxy::start(&api, move |_| way).unwrap();
        let start = Instant::now();
        let ended = stage.apply(proxy.kubeconfig(), &small(&stage)).with(3);
        assert!(ended.says(words), "{}", ended.last_lines());
        assert!(start.elapsed() < Duration::from_secs(60) && proxy.asked().len() < 100, "{} requests", proxy.asked().len());
    }
}

/// Calls something once, when the first request comes that fits.
fn once(api: &Api, fits: impl Fn(&Asked) -> bool + Send + 'static, mut then: impl FnMut() + Send + 'static) -> Proxy {
    let mut done = false;
    Proxy::start(api, move |asked| {
        if !done && fits(asked) {
            done = true;
            then();
        }
        Way::Through
    })
    .unwrap()
}

fn send(api: &Api, method: &str, path: &str, content_type: &str, body: Value) -> Value {
    api.send(method, path, content_type, Some(&body)).unwrap().ok().unwrap()
}

/// Every moment at which somebody else can write: when the plan has been shown, and right before the request itself.
#[test]
fn what_somebody_writes_between_the_plan_and_its_requests_is_seen() {
    let api = api();
    let (_, expected) = undisturbed(&api);
    let moments: [fn(&Asked) -> bool; 3] = [
        Asked::is_lease,
        |asked| asked.is_change() && asked.object().contains("/models/"),
        |asked| asked.is_change() && asked.object().contains("/deployments/"),
    ];
    let found = at_once(&moments, |moment| {
        let stage = Stage::new(&api, "faults-edit");
        let mut files = small(&stage);
        let proxy = Proxy::open(&api).unwrap();
        let image = one(&mut files, "Model", "titanic-v1")["spec"]["image"].take();
        one(&mut files, "Model", "titanic-v1")["spec"]["image"] = "registry.example.com/titanic:0.1".into();
        stage.apply(proxy.kubeconfig(), &files).with(0);
        one(&mut files, "Model", "titanic-v1")["spec"]["image"] = image;
        let (api_then, path) = (api.clone(), stage.path(Kind::Deployment, "titanic-v1"));
        let edit = json!({"spec": {"revisionHistoryLimit": 9, "template": {"spec": {"terminationGracePeriodSeconds": 400}}},
            "metadata": {"annotations": {"somebody": "was here"}}});
        let proxy = once(&api, *moment, move || {
            send(&api_then, "PATCH", &format!("{path}?fieldManager=kubectl-edit"), MERGE_PATCH, edit.clone());
        });
        let ended = stage.apply(proxy.kubeconfig(), &files);
        let mut found: Vec<String> = Vec::new();
        if ended.code != 0 {
            found.push(format!("it ends with {}: {}", ended.code, ended.last_lines()));
        }
        found.extend(compared(&stage, &expected).into_iter().filter(|path| {
            // The Model has been edited once more than in the other namespace, and a foreign annotation stays.
            !path.contains("generation") && !path.contains("/metadata/annotations/somebody")
        }));
        let deployment = stage.get(Kind::Deployment, "titanic-v1").unwrap();
        if deployment["metadata"]["annotations"]["somebody"] != "was here" {
            found.push("the foreign annotation is gone".into());
        }
        found
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_scaler_keeps_its_replicas() {
    let api = api();
    let stage = Stage::new(&api, "faults-scale");
    let mut files = small(&stage);
    let proxy = Proxy::open(&api).unwrap();
    stage.apply(proxy.kubeconfig(), &files).with(0);
    let scale = format!("{}/scale?fieldManager=autoscaler", stage.path(Kind::Deployment, "titanic-v1"));
    send(&api, "PATCH", &scale, MERGE_PATCH, json!({"spec": {"replicas": 4}}));
    one(&mut files, "Model", "titanic-v1")["spec"]["image"] = "registry.example.com/titanic:1.4.3".into();
    stage.apply(proxy.kubeconfig(), &files).with(0);
    let deployment = stage.get(Kind::Deployment, "titanic-v1").unwrap();
    assert_eq!(deployment["spec"]["replicas"], 4);
    assert_eq!(deployment["status"]["updatedReplicas"], 4);
    let again = Proxy::open(&api).unwrap();
    stage.apply(again.kubeconfig(), &files).with(0);
    assert_eq!(again.writes(), []);
}

/// As a mutating webhook does, a moment later: every object that was written gets a label.
#[test]
fn a_webhook_that_adds_labels_is_no_reason_to_write_again() {
    let api = api();
    let stage = Stage::new(&api, "faults-hook");
    let files = small(&stage);
    let api_then = api.clone();
    let mut written: BTreeSet<String> = BTreeSet::new();
    let proxy = Proxy::start(&api, move |asked| {
        let label = json!({"metadata": {"labels": {"webhook": "was-here"}}});
        // One whose write is still under way comes later.
        written.retain(|path| {
            let answer = api_then.send("PATCH", &format!("{path}?fieldManager=webhook"), MERGE_PATCH, Some(&label));
            answer.unwrap().code != 200
        });
        if asked.is_change() {
            written.insert(asked.object().into());
        }
        Way::Through
    });
    stage.apply(proxy.unwrap().kubeconfig(), &files).with(0);
    let again = Proxy::open(&api).unwrap();
    stage.apply(again.kubeconfig(), &files).with(0);
    assert_eq!(again.writes(), []);
    for kind in [Kind::Model, Kind::Deployment, Kind::Service, Kind::PersistentVolume, Kind::VirtualService] {
        for object in stage.of_kind(kind).values() {
            assert_eq!(object["metadata"]["labels"]["webhook"], "was-here", "{}", object["metadata"]["name"]);
        }
    }
}

/// Somebody's object takes a name of ours: while the plan is shown, and right before ours would be made.
#[test]
fn a_foreign_object_that_takes_a_name_is_never_touched() {
    let api = api();
    let moments: [fn(&Asked) -> bool; 2] =
        [Asked::is_lease, |asked| asked.is_change() && asked.object().ends_with("/services/titanic-v1")];
    let found = at_once(&moments, |moment| {
        let stage = Stage::new(&api, "faults-foreign");
        let files = small(&stage);
        let foreign = json!({"metadata": {"name": "titanic-v1"}, "spec": {"ports": [{"port": 7}]}});
        let (api_then, path) = (api.clone(), format!("/api/v1/namespaces/{}/services", stage.namespace));
        let made = Arc::new(Mutex::new(Value::Null));
        let made_then = Arc::clone(&made);
        let proxy = once(&api, *moment, move || {
            *made_then.lock().unwrap() = send(&api_then, "POST", &path, "application/json", foreign.clone());
        });
        let ended = stage.apply(proxy.kubeconfig(), &files);
        let mut found = Vec::new();
        if ![1, 5].contains(&ended.code) || !ended.says("Service") {
            found.push(format!("it ends with {}: {}", ended.code, ended.last_lines()));
        }
        if stage.get(Kind::Service, "titanic-v1") != Some(made.lock().unwrap().clone()) {
            found.push("the foreign Service has changed".into());
        }
        if !stage.of_kind(Kind::VirtualService).is_empty() {
            found.push("requests are sent to a foreign Service".into());
        }
        found
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn two_runs_at_once_follow_each_other() {
    let api = api();
    let stage = Stage::new(&api, "faults-two");
    let files = small(&stage);
    // Each notes its changes between the moment it has the Lease and the moment it gives it back.
    let held = Arc::new(AtomicBool::new(false));
    let overlaps = Arc::new(AtomicUsize::new(0));
    let proxy = || {
        let (held, overlaps, mut ours) = (Arc::clone(&held), Arc::clone(&overlaps), false);
        Proxy::start(&api, move |asked| {
            if asked.is_lease() && asked.method == "DELETE" {
                held.store(false, Ordering::SeqCst);
                ours = false;
            } else if asked.is_change() && !ours {
                ours = true;
                overlaps.fetch_add(usize::from(held.swap(true, Ordering::SeqCst)), Ordering::SeqCst);
            }
            Way::Through
        })
        .unwrap()
    };
    let (one, other) = (proxy(), proxy());
    let runs = [&one, &other].map(|proxy| stage.start(proxy.kubeconfig(), &["apply", "--yes"], &files));
    let ends = runs.map(|run| run.end().with(0));
    assert_eq!(overlaps.load(Ordering::SeqCst), 0, "both wrote at the same time");
    assert!(ends.iter().any(|ended| ended.says("is at work in namespace")), "nobody waited: {}", ends[1].last_lines());
    let again = Proxy::open(&api).unwrap();
    stage.apply(again.kubeconfig(), &files).with(0);
    assert_eq!(again.writes(), []);
}

#[test]
fn the_lease_of_somebody_who_is_gone_is_taken_over() {
    let api = api();
    let stage = Stage::new(&api, "faults-lease");
    let leases = format!("/apis/coordination.k8s.io/v1/namespaces/{}/leases", stage.namespace);
    let lease = json!({"metadata": {"name": "modelwright"}, "spec": {"holderIdentity": "gone/1/1", "leaseDurationSeconds": 15,
        "renewTime": "2020-01-01T00:00:00.000000Z"}});
    send(&api, "POST", &leases, "application/json", lease);
    let proxy = Proxy::open(&api).unwrap();
    let start = Instant::now();
    let ended = stage.apply(proxy.kubeconfig(), &small(&stage)).with(0);
    assert!(ended.says("another run (gone/1/1) is at work"), "{}", ended.last_lines());
    assert!((15..40).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert_eq!(api.get(&leases).unwrap()["items"], json!([]));
}

#[test]
fn a_run_that_loses_its_lease_writes_nothing_more() {
    let api = api();
    let stage = Stage::new(&api, "faults-lost");
    let mut files = small(&stage);
    // Never ready: the run waits, and renews.
    one(&mut files, "Model", "titanic-v1")["spec"]["pod"] =
        json!({"annotations": {modelwright_host_tests::cluster::READY_AFTER: "24h"}});
    let (api_then, path) =
        (api.clone(), format!("/apis/coordination.k8s.io/v1/namespaces/{}/leases/modelwright", stage.namespace));
    let is_renewal = |asked: &Asked| asked.is_lease() && asked.method == "PUT";
    let proxy = once(&api, is_renewal, move || {
        let other = json!({"spec": {"holderIdentity": "somebody/1/1"}});
        send(&api_then, "PATCH", &path, MERGE_PATCH, other);
    });
    let ended = stage.run(proxy.kubeconfig(), &["apply", "--yes", "--timeout", "60s"], &files).with(3);
    assert!(ended.says("another run has taken over"), "{}", ended.last_lines());
    let asked = proxy.asked();
    let lost = asked.iter().position(is_renewal).unwrap();
    let later: Vec<&Asked> = asked[lost + 1..].iter().filter(|asked| asked.write > 0).collect();
    // It gives back what it held, which is guarded and no longer there.
    assert!(later.iter().all(|asked| asked.is_lease() && asked.code == 409), "{later:?}");
}

#[test]
fn wrong_files_send_nothing() {
    let api = api();
    let stage = Stage::new(&api, "faults-input");
    let proxy = Proxy::open(&api).unwrap();
    let model = |spec: &str| {
        let namespace = &stage.namespace;
        format!("apiVersion: mlops.internal/v1alpha1\nkind: Model\nmetadata: {{name: m, namespace: {namespace}}}\nspec: {spec}\n")
    };
    let good = "{image: 'r.example.com/m:1', artifact: {uri: 'https://m.example.com/a.tar.gz'}}";
    let mut texts: Vec<String> = [
        "{}",
        "[]",
        "null",
        "{image: 1, artifact: {uri: 2}}",
        "{image: 'r.example.com/m:1', artifact: {uri: 'ftp://m.example.com/a'}}",
        "{image: 'r.example.com/m:1', artifact: {uri: 'https://m.example.com/a.tar.gz'}, hostNetwork: true}",
        "{image: 'r.example.com/m:1', artifact: {uri: 'https://m.example.com/a.tar.gz'}, instances: -1}",
        "{image: 'r.example.com/m:1', artifact: {uri: 'https://m.example.com/a.tar.gz'}, cpus: .nan}",
        "{image: 'r.example.com/m:1', image: 'r.example.com/m:2', artifact: {uri: 'https://m.example.com/a.tar.gz'}}",
    ]
    .map(&model)
    .into();
    texts.push(String::new());
    texts.push("\u{0}".into());
    texts.push("a: &a [*a]".into());
    texts.push("{\"apiVersion\": \"mlops.internal/v1alpha1\"".into());
    texts.push("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n".into());
    // A good one beside a bad one, and twice the same.
    texts.push(format!("{}---\n{}", model(good), model("{}")));
    texts.push(format!("{0}---\n{0}", model(good)));
    texts.push(model(good).replace(&stage.namespace, "no-such-namespace-here"));
    for text in &texts {
        let ended = stage.feed(proxy.kubeconfig(), &["apply", "--yes"], text);
        assert_eq!(ended.code, 1, "{text}\n{}", ended.said);
        assert!(!ended.said.trim().is_empty(), "nothing is said about {text}");
    }
    assert_eq!(proxy.writes(), []);
    assert!(stage.of_kind(Kind::Model).is_empty());
}

/// What the CustomResourceDefinition cannot know: an address that must not be fetched from.
#[test]
fn an_invalid_object_in_the_cluster_holds_what_depends_on_it_and_nothing_else() {
    let api = api();
    let stage = Stage::new(&api, "faults-invalid");
    let mut files = stage.take(&titanic());
    let proxy = Proxy::open(&api).unwrap();
    stage.apply(proxy.kubeconfig(), &files).with(0);
    let invalid = json!({"spec": {"artifact": {"uri": "https://169.254.169.254/x.tar.gz"}}});
    stage.patch(Kind::Model, "titanic-v2", &invalid, "somebody");
    let of_v2 = |objects: Objects| {
        let depends = |object: &Value| object["metadata"]["name"] == "titanic-v2" || object["kind"] == "VirtualService";
        let kept =
            objects.into_rows().into_iter().filter(|object| !Kind::PARENTS.iter().any(|kind| object["kind"] == kind.name()));
        kept.filter(depends).collect::<Vec<Value>>()
    };
    let before = of_v2(stage.objects());
    files.retain(|object| object["metadata"]["name"] != "titanic-v2");
    one(&mut files, "Model", "titanic-v1")["spec"]["image"] = "registry.example.com/titanic:1.4.3".into();
    one(&mut files, "EndpointConfig", "titanic")["spec"]["models"][0]["weight"] = 50.into();
    let ended = stage.apply(proxy.kubeconfig(), &files);
    assert!([1, 5].contains(&ended.code) && ended.says("169.254.169.254"), "{}: {}", ended.code, ended.last_lines());
    assert_eq!(of_v2(stage.objects()), before);
    let deployment = stage.get(Kind::Deployment, "titanic-v1").unwrap();
    let images = deployment["spec"]["template"]["spec"]["containers"].to_string();
    assert!(images.contains("titanic:1.4.3"), "the sound Model goes on");
    let status = stage.get(Kind::Model, "titanic-v2").unwrap()["status"].clone();
    assert_eq!(status["state"], "failed", "{status}");
}
