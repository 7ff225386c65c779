//! The simulated cluster against the real one: random worlds are rolled out by the program, and again by plans on the simulated
//! cluster. Every answer to a write and the end must be the same, object for object.
//!
//! A world is a sequence: files applied to an empty namespace, somebody else's server-side apply on a child, the same files edited,
//! and in some worlds some of the custom resources deleted, then all of them. `MODELWRIGHT_WORLDS` says how many worlds,
//! `MODELWRIGHT_FIRST_WORLD` which one is the first: a world is its number.
#![allow(missing_docs, reason = "a test")]

#[path = "../../tests/worlds/mod.rs"]
mod worlds;

use modelwright::forecast::plan_of;
use modelwright::json::Limits;
use modelwright::kinds::{Key, Kind};
use modelwright::observation::key_of;
use modelwright::plan::Request;
use modelwright::simulate;
use modelwright_host_tests::alike::{as_written, comparable, differences, owned};
use modelwright_host_tests::cluster::{Api, Cluster, unique};
use modelwright_host_tests::library::{Library, label};
use modelwright_host_tests::patch;
use modelwright_host_tests::proxy::{Asked, Proxy, Way};
use modelwright_host_tests::scenario::{self, Scenario, Step};
use modelwright_host_tests::stage::{Objects, Stage};
use modelwright_host_tests::world::server_side_apply;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use worlds::{Event, World};

/// Worlds that are rolled out at once.
const AT_ONCE: usize = 8;
/// Every so many worlds are also deleted.
const DELETED: usize = 4;
/// What has lost its owner is collected in this time, on a busy machine, too.
const COLLECTED: Duration = Duration::from_secs(30);
const NOW: &str = "2030-01-01T00:00:00Z";
const APPLY_PATCH: &str = "application/apply-patch+yaml";

fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// One test after the other: each keeps the control plane busy.
static TURN: Mutex<()> = Mutex::new(());

#[test]
fn random_worlds_end_on_the_real_cluster_as_on_the_simulated_one() {
    let (first, count) = (number("MODELWRIGHT_FIRST_WORLD", 1), number("MODELWRIGHT_WORLDS", 200));
    let seeds: Vec<usize> = (first..first + count).collect();
    all_agree(&seeds, |seed| format!("world {seed}"), |seed, trial| trial.run(*seed));
}

/// Every scenario whose world can be made through an API server, as far as it can.
#[test]
fn scenarios_end_on_the_real_cluster_as_on_the_simulated_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = Library::read(&root.join("worlds")).unwrap();
    let folders = scenario::folders().unwrap();
    let scenarios: Vec<(String, Scenario)> = folders
        .iter()
        .map(|folder| (folder.file_name().unwrap().to_string_lossy().into_owned(), scenario::read(folder).unwrap()))
        .filter(|(name, scenario)| name.contains(&std::env::var("MODELWRIGHT_SCENARIO").unwrap_or_default()) && is_real(scenario))
        .collect();
    assert!(!scenarios.is_empty());
    all_agree(&scenarios, |(name, _)| name.clone(), |(_, scenario), trial| trial.replay(scenario, &library));
}

/// Whether everything that is given is what users and other programs do, and nothing is put behind the back of the API server.
fn is_real(scenario: &Scenario) -> bool {
    const INTERNAL: [&str; 7] =
        ["uid", "managedFields", "deletionTimestamp", "generation", "resourceVersion", "ownerReferences", "creationTimestamp"];
    let is_edit = |(name, patch): (&String, &Value)| {
        let metadata = patch["metadata"].as_object();
        let internal = metadata.is_some_and(|metadata| INTERNAL.iter().any(|field| metadata.contains_key(*field)));
        !internal && patch.get("status").is_none() && !name.starts_with("Namespace/")
    };
    let happens = |step: &Step| match step {
        Step::Apply(apply) => apply.rounds.is_none() && apply.settle && apply.options.is_empty(),
        Step::Patch(patches) => patches.iter().all(is_edit),
        Step::ApplyAs(_) | Step::Delete(_) | Step::Settle => true,
        Step::Hooks(_) | Step::Put(_) | Step::Remove(_) => false,
    };
    !scenario.given.is_empty() && scenario.given.iter().all(happens)
}

/// Runs the trials side by side; all of them must find nothing.
fn all_agree<T: Sync>(trials: &[T], name: impl Fn(&T) -> String + Sync, run: impl Fn(&T, &mut Trial<'_>) -> Vec<String> + Sync) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let cluster = Cluster::running();
    cluster.install_crds().unwrap();
    let api = cluster.api("admin", "modelwright-test").unwrap();
    make_room(&api);
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(BTreeMap::new());
    let totals = Mutex::new(BTreeMap::<&str, usize>::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(one) = trials.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut trial = Trial::new(&api);
                    let found = run(one, &mut trial);
                    for (what, times) in trial.counts {
                        *totals.lock().unwrap().entry(what).or_default() += times;
                    }
                    if !found.is_empty() {
                        failures.lock().unwrap().insert(name(one), found);
                    }
                }
            });
        }
    });
    println!("{} trials: {:?}", trials.len(), totals.lock().unwrap());
    let failures = failures.into_inner().unwrap();
    for (name, found) in failures.iter().take(number("MODELWRIGHT_SHOWN", 5)) {
        println!("{name}:");
        found.iter().take(12).for_each(|sentence| println!("  {sentence}"));
    }
    assert!(failures.is_empty(), "{} end otherwise: {:?}", failures.len(), failures.keys());
}

/// Nodes with room for all worlds, and the class that some volumes are of.
fn make_room(api: &Api) {
    for node in ["node-1", "node-2"] {
        let room = json!({"cpu": "10000", "memory": "100Ti", "pods": "10000", "nvidia.com/gpu": "10000"});
        let path = format!("/api/v1/nodes/{node}");
        let patch =
            |path: &str, patch: Value| api.send("PATCH", path, "application/merge-patch+json", Some(&patch)).unwrap().ok();
        patch(&path, json!({"metadata": {"labels": {"gpu": "yes"}}})).unwrap();
        patch(&format!("{path}/status"), json!({"status": {"capacity": room, "allocatable": room}})).unwrap();
    }
    let class = json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "fast"},
        "provisioner": "kubernetes.io/host-path"});
    let path = "/apis/storage.k8s.io/v1/storageclasses/fast?fieldManager=modelwright-test&force=true";
    api.send("PATCH", path, APPLY_PATCH, Some(&class)).unwrap().ok().unwrap();
}

/// The files of a world, before and after they are edited.
fn files(seed: usize, namespaces: &[String; 2]) -> [Vec<Value>; 2] {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&(seed as u64).to_le_bytes());
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let (world, events) = worlds::histories(8, false).new_tree(&mut runner).unwrap().current();
    let mut edited = world.clone();
    for event in events {
        if let Event::Write(slot, spec) = event {
            edited.specs[slot] = Some(spec);
        }
    }
    [world, edited].map(|world| moved(&world, namespaces))
}

/// To namespaces that nobody else has, with hosts that nobody else has.
fn moved(world: &World, namespaces: &[String; 2]) -> Vec<Value> {
    let mut files = worlds::files(world);
    for object in &mut files {
        let place = worlds::NAMESPACES.iter().position(|name| object["metadata"]["namespace"] == *name).unwrap();
        object["metadata"]["namespace"] = namespaces[place].as_str().into();
        if let Some(host) = object["spec"]["host"].as_str() {
            object["spec"]["host"] = host.replace(".example.com", &format!(".{}.example.com", namespaces[0])).into();
        }
    }
    files
}

/// The namespaces of the scenarios.
const NAMESPACES: [&str; 2] = ["titanic", "taxi"];

/// Where the objects of a scenario are: in namespaces that nobody else has, with hosts that nobody else has.
struct Place {
    names: BTreeMap<&'static str, String>,
}

impl Place {
    fn all(&self, objects: &[Value]) -> Vec<Value> {
        objects.iter().map(|object| self.object(object)).collect()
    }

    /// An object, or a change of one.
    fn object(&self, object: &Value) -> Value {
        let mut object = object.clone();
        if let Some(name) = object["metadata"]["namespace"].as_str().and_then(|name| self.names.get(name)) {
            object["metadata"]["namespace"] = name.as_str().into();
        }
        let host = |host: &str| host.replace(".example.com", &format!(".{}.example.com", self.names["titanic"]));
        for pointer in ["/spec/host", "/spec/hosts/0", "/spec/hosts/1"] {
            if let Some(place) = object.pointer_mut(pointer).filter(|place| place.is_string()) {
                *place = host(place.as_str().unwrap_or_default()).into();
            }
        }
        if let Some(name) = object["metadata"]["name"].as_str().filter(|name| name.contains('.')) {
            object["metadata"]["name"] = self.volume(name).into();
        }
        if object["metadata"].is_null() {
            object.as_object_mut().unwrap().remove("metadata");
        }
        object
    }

    fn volume(&self, name: &str) -> String {
        match name.split_once('.').and_then(|(namespace, model)| Some((self.names.get(namespace)?, model))) {
            Some((namespace, model)) => format!("{namespace}.{model}"),
            None => name.into(),
        }
    }

    /// `Kind/namespace/name`, or `Kind/name`.
    fn label(&self, label: &str) -> String {
        match label.split('/').collect::<Vec<_>>()[..] {
            [kind, namespace, name] => format!("{kind}/{}/{name}", self.names.get(namespace).map_or(namespace, String::as_str)),
            [kind, name] => format!("{kind}/{}", self.volume(name)),
            _ => label.into(),
        }
    }
}

/// What the program does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Command {
    Apply,
    Delete,
}

/// One world on both clusters.
struct Trial<'a> {
    api: &'a Api,
    simulated: simulate::Cluster,
    counts: BTreeMap<&'static str, usize>,
    found: Vec<String>,
}

impl<'a> Trial<'a> {
    fn new(api: &'a Api) -> Self {
        Self { api, simulated: simulate::Cluster::default(), counts: BTreeMap::new(), found: Vec::new() }
    }

    fn count(&mut self, what: &'static str, times: usize) {
        *self.counts.entry(what).or_default() += times;
    }

    /// What is not the same.
    fn run(&mut self, seed: usize) -> Vec<String> {
        let name = format!("truth-{seed}-{}", unique());
        let namespaces = ["a", "b"].map(|which| format!("{name}{which}"));
        let phases = files(seed, &namespaces);
        let text = json!(phases).to_string();
        let used = namespaces.iter().filter(|name| text.contains(&format!("\"namespace\":\"{name}\"")));
        let stages: Vec<Stage> = used.map(|name| Stage::named(self.api, name)).collect();
        if stages.is_empty() {
            return Vec::new();
        }
        if text.contains("existingClaim") {
            stages.iter().for_each(make_claim);
        }
        self.simulated = simulate::Cluster::new(objects(&stages));
        let [first, edited] = phases;
        let some: Vec<Value> =
            edited.iter().enumerate().filter(|(at, _)| (seed >> at) & 1 == 1).map(|(_, file)| file.clone()).collect();
        let steps: [(&str, Command, &[Value]); 4] = [
            ("first", Command::Apply, &first),
            ("edited", Command::Apply, &edited),
            ("some deleted", Command::Delete, &some),
            ("all deleted", Command::Delete, &edited),
        ];
        let last = if seed.is_multiple_of(DELETED) { 4 } else { 2 };
        for (step, command, files) in steps.into_iter().take(last) {
            let before = self.found.len();
            if step == "edited" {
                self.somebody_applies(seed, &stages);
            }
            self.step(&stages, command, files);
            self.found[before..].iter_mut().for_each(|sentence| sentence.insert_str(0, &format!("{step}: ")));
            if !self.found.is_empty() {
                break;
            }
        }
        std::mem::take(&mut self.found)
    }

    /// One of the children gets a label, and a Deployment an autoscaler, on both clusters.
    fn somebody_applies(&mut self, seed: usize, stages: &[Stage]) {
        let real = objects(stages);
        let ours = |object: &Value| object["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "modelwright";
        let children: Vec<&Key> =
            real.iter().filter(|(key, object)| !key.kind.is_parent() && ours(object)).map(|(key, _)| key).collect();
        let Some(key) = children.get(seed % children.len().max(1)) else { return };
        let mut object = json!({"apiVersion": key.kind.api(), "kind": key.kind.name(),
            "metadata": {"name": key.name, "labels": {"somebody": "was-here", "app.kubernetes.io/part-of": "somebody"}}});
        if key.kind.namespaced() {
            object["metadata"]["namespace"] = key.namespace.as_str().into();
        }
        if key.kind == Kind::Deployment {
            object["spec"] = json!({"replicas": 2});
        }
        self.apply_as(&object, "somebody");
    }

    /// A server-side apply of another manager, on both clusters.
    fn apply_as(&mut self, object: &Value, manager: &str) {
        let request = server_side_apply(object, manager).unwrap();
        let query: Vec<String> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let path = format!("{}?{}", request.path, query.join("&"));
        let answer = self.api.send("PATCH", &path, APPLY_PATCH, Some(object)).unwrap().code;
        let code = self.simulated.perform(&request);
        if answer != code {
            self.found.push(format!("an apply of {} is answered {answer}, and {code} by the simulated cluster", label(object)));
        }
        self.simulated.settle();
        self.count("foreign applies", 1);
    }

    /// What a scenario gives, and what it then asks for where that is a plan.
    fn replay(&mut self, scenario: &Scenario, library: &Library) -> Vec<String> {
        let name = format!("truth-s-{}", unique());
        let stages = ["a", "b"].map(|which| Stage::named(self.api, &format!("{name}{which}")));
        self.simulated = simulate::Cluster::new(objects(&stages));
        let place = Place { names: NAMESPACES.into_iter().zip(stages.each_ref().map(|stage| stage.namespace.clone())).collect() };
        for (number, step) in scenario.given.iter().enumerate() {
            let before = self.found.len();
            match step {
                Step::Apply(apply) => {
                    let files = library.resources(&apply.resources, &apply.edit).unwrap();
                    self.step(&stages, Command::Apply, &place.all(&files));
                }
                Step::ApplyAs(apply) => {
                    place.all(&apply.objects).iter().for_each(|object| self.apply_as(object, &apply.manager));
                }
                Step::Patch(patches) => {
                    let made = patches.iter().all(|(name, patch)| self.patch(&place.label(name), &place.object(patch)));
                    if !made {
                        return self.cannot_be_made();
                    }
                }
                Step::Delete(names) => names.iter().for_each(|name| self.delete(&stages, &place.label(name))),
                _ => {}
            }
            self.found[before..].iter_mut().for_each(|sentence| sentence.insert_str(0, &format!("step {number}: ")));
            if !self.found.is_empty() {
                return std::mem::take(&mut self.found);
            }
        }
        let when = &scenario.when;
        let is_plan = ["plan", "forecast"].contains(&when.operation.as_str());
        if is_plan && when.options.is_empty() && when.each.is_empty() && when.raw.is_none() {
            let files = library.resources(&when.resources, &when.edit).unwrap();
            self.step(&stages, Command::Apply, &place.all(&files));
        }
        std::mem::take(&mut self.found)
    }

    /// The API server refuses what is given, so there is nothing to compare.
    fn cannot_be_made(&mut self) -> Vec<String> {
        self.count("cannot be made", 1);
        Vec::new()
    }

    fn key(&self, wanted: &str) -> Option<Key> {
        self.simulated.objects().iter().find(|(_, object)| label(object) == wanted).map(|(key, _)| key.clone())
    }

    /// `kubectl edit`, on both clusters; whether the real one takes it.
    fn patch(&mut self, name: &str, change: &Value) -> bool {
        let Some(key) = self.key(name) else { return false };
        let mut objects = self.simulated.take();
        if let Some(object) = objects.get_mut(&key) {
            let path = format!("{}?fieldManager=kubectl-edit", modelwright_host_tests::world::path(object).unwrap());
            if self.api.send("PATCH", &path, "application/merge-patch+json", Some(change)).unwrap().code != 200 {
                self.simulated.restore(objects);
                return false;
            }
            let spec = object["spec"].clone();
            patch::merge(object, change);
            if object["spec"] != spec {
                object["metadata"]["generation"] = json!(object["metadata"]["generation"].as_i64().unwrap_or(0) + 1);
            }
        }
        self.simulated.restore(objects);
        self.simulated.settle();
        self.count("edits", 1);
        true
    }

    /// `kubectl delete`, on both clusters.
    fn delete(&mut self, stages: &[Stage], name: &str) {
        let Some(key) = self.key(name) else { return self.found.push(format!("{name} is not there")) };
        let path = modelwright_host_tests::world::path(&self.simulated.objects()[&key]).unwrap();
        self.api.send("DELETE", &path, "application/json", None).unwrap();
        let request = Request {
            method: "DELETE".into(),
            path,
            query: BTreeMap::new(),
            content_type: "application/json".into(),
            body: Value::Null,
        };
        self.simulated.perform(&request);
        self.simulated.settle();
        self.collected(stages);
        self.count("kubectl deletes", 1);
    }

    fn step(&mut self, stages: &[Stage], command: Command, files: &[Value]) {
        let arguments = match command {
            Command::Apply if files.is_empty() => {
                &["apply", "--yes", "--timeout", "60s", "--namespace", &stages[0].namespace][..]
            }
            Command::Apply => &["apply", "--yes", "--timeout", "60s"],
            Command::Delete if files.is_empty() => return,
            Command::Delete => &["delete", "--yes", "--timeout", "60s", "--allow-deletes", "1000"],
        };
        if command == Command::Apply {
            self.predictions(&stages[0], files);
        }
        let answers = Arc::new(Answers::of(self.api));
        let of_rule = Arc::clone(&answers);
        let proxy = Proxy::start(self.api, move |asked| of_rule.compare(asked)).unwrap();
        let ended = stages[0].run(proxy.kubeconfig(), arguments, files);
        self.found.append(&mut answers.found.lock().unwrap());
        self.count("answers", answers.count.load(Ordering::Relaxed));
        if ended.code == 1 && proxy.writes().is_empty() {
            return self.count("refused", 1);
        }
        if ![0, 1, 5].contains(&ended.code) || ended.says("Not finished") {
            return self.found.push(format!("it ends with {}: {}", ended.code, ended.last_lines()));
        }
        self.count(if ended.code == 0 { "done" } else { "held" }, 1);
        if let Err(sentence) = self.simulate(command, files, &objects(stages)) {
            return self.found.push(sentence);
        }
        self.ends(stages);
        let again = Proxy::open(self.api).unwrap();
        let repeated = stages[0].run(again.kubeconfig(), arguments, files);
        // A deletion of which nothing is possible is refused; one of which some was possible is not finished.
        let same = repeated.code == ended.code || (command == Command::Delete && (repeated.code, ended.code) == (1, 5));
        if !same || !again.writes().is_empty() {
            let writes: Vec<String> = again.writes().iter().map(|asked| format!("{} {}", asked.method, asked.path)).collect();
            self.found.push(format!(
                "again it ends with {} after {}, and writes {writes:?}: {}, after: {}",
                repeated.code,
                ended.code,
                repeated.last_lines(),
                ended.last_lines()
            ));
        }
    }

    /// What the plan says that will change, against what the API server would change.
    fn predictions(&mut self, stage: &Stage, files: &[Value]) {
        let proxy = Proxy::open(self.api).unwrap();
        let said = stage.run(proxy.kubeconfig(), &["plan", "--output", "json"], files).said;
        let Some(start) = said.find("{\n  \"formatVersion\"") else { return };
        let plan = serde_json::Deserializer::from_str(&said[start..]).into_iter::<Value>().next();
        let plan = plan.unwrap().unwrap();
        for action in plan["actions"].as_array().into_iter().flatten() {
            let id = action["id"].as_str().unwrap_or_default();
            let Ok(live) = self.api.get(action["request"]["path"].as_str().unwrap_or_default()) else { continue };
            let mut request = action["request"].clone();
            request["query"]["dryRun"] = "All".into();
            let answer = self.api.perform(&request).unwrap();
            self.count("dry runs", 1);
            if answer.code >= 300 {
                self.found.push(format!("{id}: the dry run is answered {} {}", answer.code, answer.body["message"]));
                continue;
            }
            if request["method"] == "DELETE" {
                continue;
            }
            let object = plan["objects"].as_array().unwrap().iter().find(|object| object["id"] == action["object"]).unwrap();
            let changes = object["changes"].as_array().cloned().unwrap_or_default();
            // What is only left to another owner keeps its value.
            let values = changes.iter().filter(|change| change["op"] != "release");
            let told: Vec<Vec<String>> = values.map(|change| steps(&change["path"])).collect();
            let mut real = Vec::new();
            changed(&live, &answer.body, &mut Vec::new(), &mut real);
            real.retain(|path| !written_by_the_server(path));
            let begins = |long: &Vec<String>, short: &Vec<String>| long.starts_with(short);
            for path in real.iter().filter(|path| !told.iter().any(|told| begins(path, told) || begins(told, path))) {
                self.found.push(format!("{id}: the API server also changes {path:?}"));
            }
            for path in told.iter().filter(|told| !real.iter().any(|path| begins(path, told) || begins(told, path))) {
                self.found.push(format!("{id}: the API server does not change {path:?}, but {changes:?}"));
            }
        }
    }

    /// The same files on the simulated cluster, in which everything is as old as in the real one.
    fn simulate(&mut self, command: Command, files: &[Value], real: &Objects) -> Result<(), String> {
        for _ in 0..40 {
            let mut request = json!({"observed": self.simulated.objects().values().collect::<Vec<_>>(),
                "now": NOW, "policy": {"staticVolumes": "any"}});
            match command {
                Command::Apply => request["resources"] = files.into(),
                Command::Delete => request["delete"] = files.iter().map(reference).collect(),
            }
            let seen =
                modelwright::files::observe(&request.to_string(), &Limits::DEFAULT).map_err(|failure| format!("{failure:?}"))?;
            let plan = plan_of(&seen);
            for action in &plan.actions {
                let code = self.simulated.perform(&action.request);
                if code >= 300 {
                    return Err(format!("{} is answered {code} by the simulated cluster", action.id));
                }
            }
            let statuses = plan.statuses.iter().filter(|status| status.changed).count();
            for request in plan.statuses.iter().filter_map(|status| status.request.as_ref()) {
                self.simulated.perform(request);
            }
            let events = self.simulated.settle();
            self.same_ages(real);
            if plan.actions.is_empty() && events.is_empty() && statuses == 0 {
                return Ok(());
            }
        }
        Err("the simulated cluster does not come to rest".into())
    }

    fn same_ages(&mut self, real: &Objects) {
        let mut objects = self.simulated.take();
        for (key, real) in real.iter() {
            if let Some(object) = objects.get_mut(key) {
                object["metadata"]["creationTimestamp"] = real["metadata"]["creationTimestamp"].clone();
            }
        }
        self.simulated.restore(objects);
    }

    /// The real objects, once those are gone that have lost their owner.
    fn collected(&self, stages: &[Stage]) -> BTreeMap<String, Value> {
        let simulated = comparable(self.simulated.objects());
        let end = Instant::now() + COLLECTED;
        loop {
            let real = comparable(&objects(stages));
            if real.keys().eq(simulated.keys()) || Instant::now() > end {
                return real;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn ends(&mut self, stages: &[Stage]) {
        let simulated = comparable(self.simulated.objects());
        let real = self.collected(stages);
        for (label, object) in &simulated {
            match real.get(label) {
                None => self.found.push(format!("{label} is only in the simulated cluster")),
                Some(real) => {
                    let mut different = Vec::new();
                    differences(real, object, "", &mut different);
                    self.found.extend(different.iter().map(|difference| format!("{label} at the end: {difference}")));
                }
            }
        }
        for label in real.keys().filter(|label| !simulated.contains_key(*label)) {
            self.found.push(format!("{label} is only in the real cluster"));
        }
        self.count("objects", real.len());
    }
}

/// The claim that some Models say is there.
fn make_claim(stage: &Stage) {
    let claim = json!({"metadata": {"name": "mine"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}});
    stage.create(Kind::PersistentVolumeClaim, &claim);
    stage.wait("a volume", |stage| {
        stage.get(Kind::PersistentVolumeClaim, "mine").is_some_and(|claim| claim["status"]["phase"] == "Bound")
    });
}

/// What of a file says what is to be deleted.
fn reference(file: &Value) -> Value {
    json!({"kind": file["kind"], "namespace": file["metadata"]["namespace"], "name": file["metadata"]["name"]})
}

fn objects(stages: &[Stage]) -> Objects {
    stages.iter().flat_map(Stage::objects).collect()
}

/// Steps of a path of a plan.
fn steps(path: &Value) -> Vec<String> {
    path.as_array().into_iter().flatten().map(|step| step.as_str().map_or(step.to_string(), str::to_owned)).collect()
}

/// The paths at which two objects differ; elements are found by their key, as plans do.
fn changed(before: &Value, after: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    if before == after {
        return;
    }
    let key = ["mountPath", "containerPort", "name"].into_iter().find(|key| {
        let has = |list: &Value| list.as_array().is_some_and(|items| items.iter().all(|item| !item[*key].is_null()));
        has(before) && has(after)
    });
    match (before, after) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                path.push(key.clone());
                changed(&before[key.as_str()], &after[key.as_str()], path, found);
                path.pop();
            }
        }
        (Value::Array(one), Value::Array(other)) if key.is_some() => {
            let key = key.unwrap_or_default();
            let by_name = |items: &[Value]| -> BTreeMap<String, Value> {
                items.iter().map(|item| (json!({key: item[key]}).to_string(), item.clone())).collect()
            };
            let (one, other) = (by_name(one), by_name(other));
            let keys: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                path.push(key.clone());
                changed(one.get(key).unwrap_or(&Value::Null), other.get(key).unwrap_or(&Value::Null), path, found);
                path.pop();
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (at, (one, other)) in one.iter().zip(other).enumerate() {
                path.push(at.to_string());
                changed(one, other, path, found);
                path.pop();
            }
        }
        _ => found.push(path.clone()),
    }
}

fn written_by_the_server(path: &[String]) -> bool {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    matches!(&path[..], ["status", ..] | ["metadata", "generation" | "resourceVersion" | "managedFields", ..])
}

/// The answers of the API server to writes of a run, against those of a simulated one that has the same object.
struct Answers {
    api: Api,
    found: Mutex<Vec<String>>,
    count: AtomicUsize,
}

impl Answers {
    fn of(api: &Api) -> Self {
        Self { api: api.clone(), found: Mutex::default(), count: AtomicUsize::new(0) }
    }

    fn compare(&self, asked: &Asked) -> Way {
        if asked.is_change() && asked.content_type == APPLY_PATCH {
            let sentences = self.differences(asked);
            self.count.fetch_add(1, Ordering::Relaxed);
            self.found.lock().unwrap().extend(sentences);
        }
        Way::Through
    }

    fn differences(&self, asked: &Asked) -> Vec<String> {
        let live = self.api.get(asked.object()).ok();
        let objects: Objects = live.as_ref().and_then(|live| Some((key_of(live)?, live.clone()))).into_iter().collect();
        let mut simulated = simulate::Cluster::new(objects);
        let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
        let request = Request {
            method: asked.method.clone(),
            path: path.into(),
            query: query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            content_type: asked.content_type.clone(),
            body: asked.body.clone(),
        };
        let code = simulated.perform(&request);
        let dry = format!("{}&dryRun=All", asked.path);
        let answer = match self.api.send(&asked.method, &dry, &asked.content_type, Some(&asked.body)) {
            Ok(answer) => answer,
            Err(sentence) => return vec![sentence],
        };
        let what = format!("{} {path}", asked.method);
        if code != answer.code {
            return vec![format!("{what}: {} {} is simulated as {code}", answer.code, answer.body["message"])];
        }
        let Some((key, object)) = key_of(&answer.body).and_then(|key| Some((key.clone(), simulated.objects().get(&key)?))) else {
            return vec![format!("{what}: not simulated")];
        };
        let mut different = Vec::new();
        differences(&as_written(key.kind, &answer.body), &as_written(key.kind, object), "", &mut different);
        if owned(&answer.body) != owned(object) {
            differences(&owned(&answer.body), &owned(object), "owned", &mut different);
        }
        different.into_iter().map(|difference| format!("{what}: {difference}")).collect()
    }
}
