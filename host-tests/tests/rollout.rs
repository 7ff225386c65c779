//! The program `modelwright` from the first apply to the last delete, on a real API server.
#![allow(missing_docs, reason = "a test")]

use modelwright::kinds::Kind;
use modelwright_host_tests::cluster::{Api, Cluster, READY_AFTER};
use modelwright_host_tests::example::{one, titanic};
use modelwright_host_tests::proxy::{Asked, Proxy, Way};
use modelwright_host_tests::stage::{Objects, Stage};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

fn api() -> Api {
    let cluster = Cluster::running();
    cluster.install_crds().unwrap();
    cluster.api("admin", "modelwright-test").unwrap()
}

/// Looks at the cluster at every request of a run: between two of them nobody else changes routes.
#[derive(Clone, Default)]
struct Witness(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    /// What should not have been.
    wrong: Vec<String>,
    /// How often the host was on the routes, once it was.
    routed: usize,
}

impl Witness {
    fn watch(&self, api: &Api, namespace: &str) -> Proxy {
        let (witness, api_of_rule, namespace) = (self.clone(), api.clone(), namespace.to_owned());
        Proxy::start(api, move |asked| witness.look(&api_of_rule, &namespace, asked)).unwrap()
    }

    fn look(&self, api: &Api, namespace: &str, asked: &Asked) -> Way {
        let mut seen = self.0.lock().unwrap();
        let routes = api.get(&format!("/apis/networking.istio.io/v1/namespaces/{namespace}/virtualservices")).unwrap();
        let is_routed = routes["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|routes| routes["spec"]["hosts"][0] == format!("{namespace}.example.com"));
        if !is_routed && seen.routed > 0 {
            seen.wrong.push(format!("the host has no route when {} {} comes", asked.method, asked.path));
        }
        seen.routed += usize::from(is_routed);
        if asked.is_change() && asked.object().contains("/virtualservices/") && asked.method == "PATCH" {
            for model in destinations(&asked.body) {
                let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments/{model}");
                let available =
                    api.get(&path).map(|deployment| deployment["status"]["availableReplicas"].as_i64()).ok().flatten();
                if available.unwrap_or(0) == 0 {
                    seen.wrong.push(format!("routes to {model}, which is not available"));
                }
            }
        }
        Way::Through
    }

    #[track_caller]
    fn saw_nothing_wrong(&self) {
        let seen = self.0.lock().unwrap();
        assert_eq!(seen.wrong, Vec::<String>::new());
        assert!(seen.routed > 0, "the host was never routed");
    }
}

/// The Models that a VirtualService sends requests to.
fn destinations(routes: &Value) -> Vec<String> {
    let http = routes["spec"]["http"].as_array().into_iter().flatten();
    let hosts = http.flat_map(|http| http["route"].as_array().into_iter().flatten());
    let name = |route: &Value| Some(route["destination"]["host"].as_str()?.split('.').next()?.to_owned());
    hosts.filter_map(name).collect()
}

/// An example that is rolled out.
fn rolled_out<'a>(api: &'a Api, prefix: &str) -> (Stage<'a>, Vec<Value>) {
    let stage = Stage::new(api, prefix);
    let files = stage.take(&titanic());
    let proxy = Proxy::open(api).unwrap();
    stage.apply(proxy.kubeconfig(), &files).with(0);
    (stage, files)
}

fn labels(objects: &Objects) -> Vec<String> {
    let ours = objects.keys().filter(|key| key.kind != Kind::Namespace);
    ours.map(|key| format!("{} {}", key.kind.name(), key.name.split('.').next_back().unwrap_or_default())).collect()
}

#[test]
fn routes_come_when_every_model_is_available_and_a_second_apply_writes_nothing() {
    let api = api();
    let stage = Stage::new(&api, "faults-rollout");
    let mut files = stage.take(&titanic());
    one(&mut files, "Model", "titanic-v2")["spec"]["pod"] = json!({"annotations": {READY_AFTER: "3s"}});
    let witness = Witness::default();
    let proxy = witness.watch(&api, &stage.namespace);
    let ended = stage.apply(proxy.kubeconfig(), &files).with(0);
    assert!(ended.says("waits (traffic)"), "{}", ended.last_lines());
    witness.saw_nothing_wrong();
    let mut expected = vec!["Endpoint titanic", "EndpointConfig titanic", "Gateway titanic", "VirtualService titanic"];
    for model in ["titanic-v1", "titanic-v2"] {
        let kinds = ["Deployment", "Model", "PersistentVolume", "PersistentVolumeClaim", "Service"];
        expected.extend(kinds.map(|kind| &*format!("{kind} {model}").leak()));
    }
    expected.sort();
    let mut found = labels(&stage.objects());
    found.sort();
    assert_eq!(found, expected);
    for object in stage.of_kind(Kind::Deployment).values() {
        assert_eq!(object["status"]["availableReplicas"], object["spec"]["replicas"]);
    }
    let endpoint = stage.get(Kind::Endpoint, "titanic").unwrap();
    assert_eq!(endpoint["status"]["state"], "available", "{}", endpoint["status"]);
    assert_eq!(endpoint["status"]["url"], format!("https://{}/invocations", stage.host()));

    let before = stage.objects();
    let again = Proxy::open(&api).unwrap();
    stage.apply(again.kubeconfig(), &files).with(0);
    assert_eq!(again.writes(), []);
    assert_eq!(stage.objects(), before);
    stage.run(again.kubeconfig(), &["plan", "--exit-code"], &files).with(0);
}

#[test]
fn an_edited_weight_is_one_request_on_the_config_and_one_on_its_routes() {
    let api = api();
    let (stage, mut files) = rolled_out(&api, "faults-weight");
    one(&mut files, "EndpointConfig", "titanic")["spec"]["models"][0]["weight"] = 50.into();
    let witness = Witness::default();
    let proxy = witness.watch(&api, &stage.namespace);
    stage.apply(proxy.kubeconfig(), &files).with(0);
    assert_eq!(proxy.changed(), ["PATCH endpointconfigs/titanic", "PATCH virtualservices/titanic"]);
    witness.saw_nothing_wrong();
    let routes = stage.get(Kind::VirtualService, "titanic").unwrap();
    let weights: Vec<i64> =
        routes.to_string().split("\"weight\":").skip(1).filter_map(|rest| rest.split(['}', ',']).next()?.parse().ok()).collect();
    assert!(weights.contains(&50) && !weights.contains(&90), "{weights:?}");
}

#[test]
fn an_edited_image_rolls_its_model_and_nothing_else() {
    let api = api();
    let (stage, mut files) = rolled_out(&api, "faults-image");
    let untouched = stage.get(Kind::Deployment, "titanic-v2").unwrap();
    one(&mut files, "Model", "titanic-v1")["spec"]["image"] = "registry.example.com/titanic:1.4.3".into();
    let witness = Witness::default();
    let proxy = witness.watch(&api, &stage.namespace);
    stage.apply(proxy.kubeconfig(), &files).with(0);
    assert_eq!(proxy.changed(), ["PATCH deployments/titanic-v1", "PATCH models/titanic-v1"]);
    witness.saw_nothing_wrong();
    let rolled = stage.get(Kind::Deployment, "titanic-v1").unwrap();
    assert_eq!(rolled["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "2");
    assert_eq!(rolled["status"]["updatedReplicas"], rolled["spec"]["replicas"]);
    assert_eq!(stage.get(Kind::Deployment, "titanic-v2").unwrap(), untouched);
}

#[test]
fn a_host_that_moves_to_another_config_is_routed_all_the_time() {
    let api = api();
    let (stage, mut files) = rolled_out(&api, "faults-move");
    let mut other = one(&mut files, "EndpointConfig", "titanic").clone();
    other["metadata"]["name"] = "next".into();
    other["spec"]["models"] = json!([{"name": "only", "model": "titanic-v3", "weight": 1}]);
    let mut model = one(&mut files, "Model", "titanic-v2").clone();
    model["metadata"]["name"] = "titanic-v3".into();
    model["spec"]["pod"] = json!({"annotations": {READY_AFTER: "2s"}});
    files.extend([other, model]);
    one(&mut files, "Endpoint", "titanic")["spec"]["config"] = "next".into();
    let witness = Witness::default();
    let proxy = witness.watch(&api, &stage.namespace);
    stage.apply(proxy.kubeconfig(), &files).with(0);
    witness.saw_nothing_wrong();
    let routes = stage.of_kind(Kind::VirtualService);
    assert_eq!(labels(&routes), ["VirtualService next"]);
    assert!(routes.values().all(|routes| destinations(routes).iter().all(|model| model == "titanic-v3")));
}

#[test]
fn a_model_in_use_is_not_deleted_and_its_user_is_named() {
    let api = api();
    let (stage, _) = rolled_out(&api, "faults-inuse");
    let before = stage.objects();
    let proxy = Proxy::open(&api).unwrap();
    let arguments = ["delete", "model/titanic-v1", "--yes", "--namespace", &stage.namespace];
    let ended = stage.run(proxy.kubeconfig(), &arguments, &[]).with(1);
    let why = format!("Model {0}/titanic-v1 is not deleted: EndpointConfig {0}/titanic names it", stage.namespace);
    assert!(ended.says(&why), "{}", ended.last_lines());
    assert_eq!(proxy.changes(), []);
    let deployments =
        |objects: &Objects| objects.values().filter(|object| object["kind"] == "Deployment").cloned().collect::<Vec<_>>();
    assert_eq!(deployments(&stage.objects()), deployments(&before));
    assert_eq!(stage.get(Kind::Model, "titanic-v1").unwrap()["metadata"]["deletionTimestamp"], Value::Null);
}

#[test]
fn a_full_delete_leaves_nothing_of_ours_and_nothing_foreign_is_touched() {
    let api = api();
    let (stage, _) = rolled_out(&api, "faults-delete");
    let service = json!({"metadata": {"name": "somebody"}, "spec": {"ports": [{"port": 80}]}});
    stage.create(Kind::Service, &service);
    let routes = json!({"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "somebody"},
        "spec": {"hosts": ["somebody.example.com"], "http": [{"route": [{"destination": {"host": "somebody"}}]}]}});
    stage.create(Kind::VirtualService, &routes);
    let foreign = |stage: &Stage| (stage.get(Kind::Service, "somebody"), stage.get(Kind::VirtualService, "somebody"));
    let before = foreign(&stage);
    let proxy = Proxy::open(&api).unwrap();
    stage.run(proxy.kubeconfig(), &["delete", "--all", "--yes", "--namespace", &stage.namespace], &[]).with(0);
    stage.wait("the end of what is collected", |stage| {
        labels(&stage.objects()) == ["Service somebody", "VirtualService somebody"]
    });
    assert_eq!(foreign(&stage), before);
    let leases = format!("/apis/coordination.k8s.io/v1/namespaces/{}/leases", stage.namespace);
    assert_eq!(api.get(&leases).unwrap()["items"], json!([]));
    // Once more: nothing is there, and nothing is written.
    let again = Proxy::open(&api).unwrap();
    stage.run(again.kubeconfig(), &["delete", "--all", "--yes", "--namespace", &stage.namespace], &[]).with(0);
    assert_eq!(again.writes(), []);
}

#[test]
fn a_terminating_namespace_is_let_go() {
    let api = api();
    let (stage, files) = rolled_out(&api, "faults-terminating");
    let path = format!("/api/v1/namespaces/{}", stage.namespace);
    api.send("DELETE", &path, "application/json", None).unwrap().ok().unwrap();
    stage.wait("the end of the routes", |stage| stage.of_kind(Kind::VirtualService).is_empty());
    assert!(!stage.of_kind(Kind::Model).is_empty(), "our finalizer holds the Models");
    let proxy = Proxy::open(&api).unwrap();
    stage.run(proxy.kubeconfig(), &["delete", "--all", "--yes", "--namespace", &stage.namespace], &[]).with(0);
    stage.wait("the end of the volumes", |stage| stage.of_kind(Kind::PersistentVolume).is_empty());
    stage.wait("the end of the namespace", |_| api.get(&path).is_err());
    let ended = stage.apply(proxy.kubeconfig(), &files).with(1);
    assert!(ended.says("does not exist"), "{}", ended.last_lines());
}

#[test]
fn a_host_that_another_namespace_has_is_refused_and_its_owner_is_named() {
    let api = api();
    let (stage, files) = rolled_out(&api, "faults-host");
    let other = Stage::new(&api, "faults-host");
    let mut copies = other.take(&files);
    one(&mut copies, "Endpoint", "titanic")["spec"]["host"] = stage.host().into();
    let proxy = Proxy::open(&api).unwrap();
    let ended = other.apply(proxy.kubeconfig(), &copies).with(5);
    let last = ended.said.lines().last().unwrap_or_default();
    assert!(last.contains(&stage.host()) && last.contains(&format!("{}/titanic", stage.namespace)), "{}", ended.last_lines());
    assert!(other.of_kind(Kind::VirtualService).is_empty());
    // What stood against it is gone with it.
    other.run(proxy.kubeconfig(), &["delete", "--yes"], &copies).with(0);
    assert!(Kind::PARENTS.iter().all(|kind| other.of_kind(*kind).is_empty()));
}
