//! From the command line to Metacontroller and back, on a real API server: two hosts never fight, nothing restarts, nothing is lost.
//!
//! Metacontroller is played: its syncs are calls of the hooks, carried out as it does in each of its two modes. Its controllers are the
//! whole cluster's, so everything here is one test at a time.
#![allow(missing_docs, reason = "a test")]

use modelwright::contract::{self, HostInput};
use modelwright::kinds::{Key, Kind};
use modelwright::observation::{is_controlled_by, items, key_of, text};
use modelwright::simulate;
use modelwright_host_tests::cluster::{Api, Cluster};
use modelwright_host_tests::example::{one, titanic};
use modelwright_host_tests::metacontroller::{body, composite_controller};
use modelwright_host_tests::proxy::Proxy;
use modelwright_host_tests::stage::{Objects, Stage};
use modelwright_host_tests::stand_in::merge;
use modelwright_host_tests::world::World;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

const APPLY: &str = "application/apply-patch+yaml";
const MERGE: &str = "application/merge-patch+json";
const JSON: &str = "application/json";
const OURS: &str = "mlops.internal/modelwright";
const NOW: &str = "2026-01-01T00:00:00Z";

static ALONE: Mutex<()> = Mutex::new(());

/// Metacontroller's controllers of our kinds in the cluster, until this goes.
struct Controllers<'a> {
    api: &'a Api,
    _alone: MutexGuard<'a, ()>,
}

/// How Metacontroller applies children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Dynamic,
    ServerSide,
}

fn api() -> Api {
    let cluster = Cluster::running();
    cluster.install_crds().unwrap();
    cluster.install_fixture("metacontroller-crds.yaml").unwrap();
    cluster.api("admin", "modelwright-test").unwrap()
}

fn path_of_controllers() -> String {
    format!("/apis/{}/{}", Kind::CompositeController.api(), Kind::CompositeController.plural())
}

impl<'a> Controllers<'a> {
    fn install(api: &'a Api, alone: MutexGuard<'a, ()>) -> Self {
        let controllers = Self { api, _alone: alone };
        let start = Instant::now();
        for kind in Kind::PARENTS {
            let mut controller = composite_controller(kind);
            controller["metadata"].as_object_mut().unwrap().remove("uid");
            // Established is a moment before served.
            while api.send("POST", &path_of_controllers(), JSON, Some(&controller)).is_ok_and(|reply| reply.code != 201) {
                assert!(start.elapsed() < Duration::from_secs(30), "CompositeControllers are not served");
                std::thread::sleep(Duration::from_millis(100));
            }
        }
        controllers
    }

    /// As whoever uninstalls them does: Metacontroller's finalizers stay on what it held.
    fn uninstall(self) {}
}

impl Drop for Controllers<'_> {
    fn drop(&mut self) {
        let _ = self.api.send("DELETE", &path_of_controllers(), JSON, None);
    }
}

/// Metacontroller in one namespace, in one mode.
struct Player<'a> {
    stage: &'a Stage<'a>,
    mode: Mode,
}

impl Player<'_> {
    /// Syncs while `run` runs.
    fn beside<T>(&self, run: impl FnOnce() -> T) -> T {
        let ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    self.round();
                    std::thread::sleep(Duration::from_millis(200));
                }
            });
            // Also when it panics.
            struct End<'a>(&'a AtomicBool);
            impl Drop for End<'_> {
                fn drop(&mut self) {
                    self.0.store(true, Ordering::Relaxed);
                }
            }
            let _end = End(&ended);
            run()
        })
    }

    /// One sync of every parent. Requests that are refused are made again in the next round.
    fn round(&self) {
        let world = World { cluster: simulate::Cluster::new(self.stage.objects()) };
        for (key, parent) in world.cluster.objects().iter().filter(|(key, _)| key.kind.is_parent()) {
            self.sync(&world, key, parent);
        }
    }

    fn sync(&self, world: &World, key: &Key, parent: &Value) {
        let finalizing = !parent["metadata"]["deletionTimestamp"].is_null();
        let held = items(parent, &["metadata", "finalizers"]).to_vec();
        let own = Value::from(format!("metacontroller.io/compositecontroller-{}.mlops.internal", key.kind.plural()));
        if !finalizing && !held.contains(&own) {
            self.set_finalizers(key, parent, held.into_iter().chain([own]).collect());
            return;
        }
        let request = body(world, parent, finalizing).unwrap().to_string();
        let host = HostInput { now: NOW.into(), policy: json!({"staticVolumes": "any"}).to_string() };
        let reply = if finalizing { contract::finalize(&host, &request) } else { contract::sync(&host, &request) };
        if reply.code != 200 {
            return;
        }
        let answer: Value = serde_json::from_str(&reply.body).unwrap();
        if answer["finalized"] == true {
            self.set_finalizers(key, parent, held.into_iter().filter(|one| *one != own).collect());
            return;
        }
        let children = items(&answer, &["children"]);
        let uid = text(parent, &["metadata", "uid"]);
        for (child, live) in world.cluster.objects().iter().filter(|(_, object)| is_controlled_by(object, uid)) {
            if !children.iter().any(|wanted| key_of(wanted).as_ref() == Some(child)) {
                let guard = json!({"preconditions": {"uid": live["metadata"]["uid"]}, "propagationPolicy": "Background"});
                let _ = self.stage.api.send("DELETE", &self.stage.path(child.kind, &child.name), JSON, Some(&guard));
            }
        }
        children.iter().for_each(|child| self.apply(world, parent, child));
        if parent["status"] != answer["status"] {
            let mut written = parent.clone();
            written["status"] = answer["status"].clone();
            self.put(&format!("{}/status", self.stage.path(key.kind, &key.name)), &written);
        }
    }

    fn set_finalizers(&self, key: &Key, parent: &Value, finalizers: Vec<Value>) {
        let metadata = json!({"finalizers": finalizers, "resourceVersion": parent["metadata"]["resourceVersion"]});
        let path = format!("{}?fieldManager=metacontroller", self.stage.path(key.kind, &key.name));
        let _ = self.stage.api.send("PATCH", &path, MERGE, Some(&json!({"metadata": metadata})));
    }

    fn apply(&self, world: &World, parent: &Value, child: &Value) {
        let key = key_of(child).unwrap();
        let mut wanted = child.clone();
        wanted["metadata"]["ownerReferences"] = json!([{"apiVersion": parent["apiVersion"], "kind": parent["kind"],
            "name": parent["metadata"]["name"], "uid": parent["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true}]);
        wanted["metadata"]["labels"]["controller-uid"] = parent["metadata"]["uid"].clone();
        let path = self.stage.path(key.kind, &key.name);
        if self.mode == Mode::ServerSide {
            let _ = self.stage.api.send("PATCH", &format!("{path}?fieldManager=metacontroller&force=true"), APPLY, Some(&wanted));
            return;
        }
        match world.cluster.objects().get(&key) {
            None => {
                let mut created = wanted.clone();
                merge::remember_last_applied(&mut created, &wanted);
                let (collection, _) = path.rsplit_once('/').unwrap();
                let _ = self.stage.api.send("POST", &format!("{collection}?fieldManager=metacontroller"), JSON, Some(&created));
            }
            Some(live) => {
                let merged = merge::updated(live, &wanted).unwrap();
                if merged != *live {
                    self.put(&path, &merged);
                }
            }
        }
    }

    fn put(&self, path: &str, object: &Value) {
        let _ = self.stage.api.send("PUT", &format!("{path}?fieldManager=metacontroller"), JSON, Some(object));
    }
}

/// What would have changed if a pod had been replaced: uid and generation of the Deployments, uids of everything else that serves.
fn identities(objects: &Objects) -> BTreeMap<String, String> {
    let serves = objects.iter().filter(|(key, _)| !key.kind.is_parent() && key.kind != Kind::Namespace);
    let identity = |object: &Value| {
        // A new generation of anything else restarts nothing.
        let spec = if object["kind"] == "Deployment" { object["spec"].to_string() } else { String::new() };
        format!("{} {spec}", object["metadata"]["uid"])
    };
    serves.map(|(key, object)| (key.label(), identity(object))).collect()
}

fn holders(stage: &Stage, kind: Kind, name: &str) -> Vec<String> {
    let object = stage.get(kind, name).unwrap_or_default();
    items(&object, &["metadata", "finalizers"]).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn managers(object: &Value) -> Vec<&str> {
    let entries = items(object, &["metadata", "managedFields"]).iter();
    entries.filter(|entry| text(entry, &["subresource"]).is_empty()).map(|entry| text(entry, &["manager"])).collect()
}

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn hands_over_and_back(mode: Mode) {
    let alone = alone();
    let api = api();
    let stage = Stage::new(&api, "handover");
    let mut files = stage.take(&titanic());
    let everything = ["apply", "--yes", "--timeout", "60s", "--namespace", &stage.namespace];
    let proxy = Proxy::open(&api).unwrap();
    stage.apply(proxy.kubeconfig(), &files).with(0);
    let before = identities(&stage.objects());

    // Metacontroller is installed and has not synced yet: nothing is written, and our finalizer stays until its own is there.
    let controllers = Controllers::install(&api, alone);
    let player = Player { stage: &stage, mode };
    let proxy = Proxy::open(&api).unwrap();
    let planned = stage.run(proxy.kubeconfig(), &["plan"], &files).with(0);
    assert!(planned.says("Metacontroller makes what these kinds need"), "{}", planned.said);
    stage.apply(proxy.kubeconfig(), &files).with(0);
    assert_eq!(proxy.changed(), <[String; 0]>::default());
    assert_eq!(holders(&stage, Kind::Model, "titanic-v1"), [OURS]);

    // It syncs; one command gives what is left of ours up, and no pod notices.
    let proxy = Proxy::open(&api).unwrap();
    player.beside(|| {
        stage.wait("Metacontroller's hand", |stage| {
            let is_held = |key: &Key| holders(stage, key.kind, &key.name).iter().any(|one| one.starts_with("metacontroller.io/"));
            let is_its = |key: &Key, object: &Value| match key.kind {
                Kind::Namespace | Kind::PersistentVolume => true,
                kind if kind.is_parent() => is_held(key),
                _ => managers(object).contains(&"metacontroller"),
            };
            stage.objects().iter().all(|(key, object)| is_its(key, object))
        });
        stage.run(proxy.kubeconfig(), &everything, &[]).with(0);
    });
    let mut given_up = vec!["PATCH endpointconfigs/titanic", "PATCH models/titanic-v1", "PATCH models/titanic-v2"];
    if mode == Mode::ServerSide {
        let children = [
            "deployments/titanic-v1",
            "deployments/titanic-v2",
            "gateways/titanic",
            "persistentvolumeclaims/titanic-v1",
            "persistentvolumeclaims/titanic-v2",
            "services/titanic-v1",
            "services/titanic-v2",
            "virtualservices/titanic",
        ];
        given_up.extend(children.map(|child| &*format!("PATCH {child}").leak()));
    }
    // Metacontroller writes the same custom resources meanwhile: what it came before is planned and sent once more.
    let conflicts = proxy.conflicts();
    given_up.extend(conflicts.iter().map(String::as_str));
    given_up.sort_unstable();
    assert_eq!(proxy.changed(), given_up);
    assert!(!holders(&stage, Kind::Model, "titanic-v1").contains(&OURS.to_owned()));
    assert_eq!(identities(&stage.objects()), before);

    // An edit is one request; the rest is Metacontroller's, and the run ends when its status says so.
    one(&mut files, "EndpointConfig", "titanic")["spec"]["models"][0]["weight"] = 50.into();
    let proxy = Proxy::open(&api).unwrap();
    player.beside(|| stage.apply(proxy.kubeconfig(), &files).with(0));
    assert_eq!(proxy.changed(), ["PATCH endpointconfigs/titanic"]);
    assert!(stage.get(Kind::VirtualService, "titanic").unwrap().to_string().contains("\"weight\":50"));
    assert_eq!(identities(&stage.objects()), before);

    // Nobody syncs: the run ends in time and says what it waited for.
    one(&mut files, "EndpointConfig", "titanic")["spec"]["models"][0]["weight"] = 60.into();
    let proxy = Proxy::open(&api).unwrap();
    let ended = stage.run(proxy.kubeconfig(), &["apply", "--yes", "--timeout", "3s"], &files).with(5);
    assert!(ended.says("waits for Metacontroller to see its generation"), "{}", ended.last_lines());

    // Back: the command line takes over what is left, also Metacontroller's finalizers; removals are its own again.
    controllers.uninstall();
    let proxy = Proxy::open(&api).unwrap();
    stage.apply(proxy.kubeconfig(), &files).with(0);
    assert_eq!(holders(&stage, Kind::Model, "titanic-v1"), [OURS]);
    assert_eq!(holders(&stage, Kind::Endpoint, "titanic"), <[String; 0]>::default());
    assert!(stage.get(Kind::VirtualService, "titanic").unwrap().to_string().contains("\"weight\":60"));
    assert_eq!(identities(&stage.objects()), before);
    let deployment = stage.get(Kind::Deployment, "titanic-v1").unwrap();
    assert!(!managers(&deployment).contains(&"metacontroller"), "{:?}", managers(&deployment));
    one(&mut files, "Model", "titanic-v1")["spec"]["capture"] = json!({"mode": "Disabled"});
    stage.apply(proxy.kubeconfig(), &files).with(0);
    let deployment = stage.get(Kind::Deployment, "titanic-v1").unwrap();
    let containers = items(&deployment, &["spec", "template", "spec", "containers"]);
    assert!(containers.iter().all(|container| container["name"] != "gor"), "{deployment}");
    stage.run(proxy.kubeconfig(), &["delete", "--all", "--yes", "--namespace", &stage.namespace], &[]).with(0);
}

#[test]
fn the_command_line_hands_over_to_a_metacontroller_that_merges_and_back() {
    hands_over_and_back(Mode::Dynamic);
}

#[test]
fn the_command_line_hands_over_to_a_metacontroller_that_applies_on_the_server_and_back() {
    hands_over_and_back(Mode::ServerSide);
}

#[test]
fn what_metacontroller_made_alone_is_created_followed_and_deleted() {
    let alone = alone();
    let api = api();
    let stage = Stage::new(&api, "handover-new");
    let mut files = stage.take(&titanic());
    for name in ["titanic-v1", "titanic-v2"] {
        one(&mut files, "Model", name)["spec"]["storage"] = json!({"size": "1Gi", "ephemeral": {}});
    }
    let _controllers = Controllers::install(&api, alone);
    let player = Player { stage: &stage, mode: Mode::Dynamic };
    let proxy = Proxy::open(&api).unwrap();
    player.beside(|| stage.apply(proxy.kubeconfig(), &files).with(0));
    let created = ["endpointconfigs/titanic", "endpoints/titanic", "models/titanic-v1", "models/titanic-v2"];
    assert_eq!(proxy.changed(), created.map(|path| format!("PATCH {path}")));
    assert_eq!(stage.get(Kind::Endpoint, "titanic").unwrap()["status"]["state"], "available");
    let proxy = Proxy::open(&api).unwrap();
    let arguments = ["delete", "--all", "--yes", "--timeout", "60s", "--namespace", &stage.namespace];
    player.beside(|| stage.run(proxy.kubeconfig(), &arguments, &[]).with(0));
    assert_eq!(proxy.changed(), created.map(|path| format!("DELETE {path}")));
    assert_eq!(stage.objects().keys().filter(|key| key.kind != Kind::Namespace).count(), 0);
}

/// Children of which every field, defaults of the server too, was Metacontroller's from the beginning.
fn is_taken_over(mode: Mode) {
    let alone = alone();
    let api = api();
    let stage = Stage::new(&api, "handover-back");
    let mut files = stage.take(&titanic());
    for name in ["titanic-v1", "titanic-v2"] {
        one(&mut files, "Model", name)["spec"]["storage"] = json!({"size": "1Gi", "ephemeral": {}});
    }
    let controllers = Controllers::install(&api, alone);
    let proxy = Proxy::open(&api).unwrap();
    Player { stage: &stage, mode }.beside(|| stage.apply(proxy.kubeconfig(), &files).with(0));
    let before = identities(&stage.objects());
    controllers.uninstall();
    stage.run(proxy.kubeconfig(), &["apply", "--yes", "--timeout", "60s", "--namespace", &stage.namespace], &[]).with(0);
    assert_eq!(identities(&stage.objects()), before);
    let children = stage.objects();
    for (key, child) in children.iter().filter(|(key, _)| !key.kind.is_parent() && key.kind != Kind::Namespace) {
        assert!(!managers(child).contains(&"metacontroller"), "{}: {:?}", key.label(), managers(child));
        assert_eq!(child["metadata"]["annotations"][merge::LAST_APPLIED], Value::Null, "{}", key.label());
    }
    let again = Proxy::open(&api).unwrap();
    stage.apply(again.kubeconfig(), &files).with(0);
    assert_eq!(identities(&stage.objects()), before);
    stage.run(proxy.kubeconfig(), &["delete", "--all", "--yes", "--namespace", &stage.namespace], &[]).with(0);
    assert_eq!(stage.objects().keys().filter(|key| key.kind != Kind::Namespace).count(), 0);
}

#[test]
fn the_command_line_takes_over_what_a_merging_metacontroller_made() {
    is_taken_over(Mode::Dynamic);
}

#[test]
fn the_command_line_takes_over_what_metacontroller_applied_on_the_server() {
    is_taken_over(Mode::ServerSide);
}
