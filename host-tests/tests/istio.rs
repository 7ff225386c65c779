//! Istio's own programs on what we render.
#![allow(missing_docs, reason = "a test")]

use modelwright::contract;
use modelwright::kinds::Kind;
use modelwright_host_tests::cluster::{Cluster, READY_AFTER};
use modelwright_host_tests::example::{one, titanic};
use modelwright_host_tests::library::Library;
use modelwright_host_tests::stage::Stage;
use modelwright_host_tests::world::World;
use modelwright_host_tests::{request, scenario};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn istio_takes_every_object_of_every_scenario() {
    let cluster = Cluster::running();
    let objects: Vec<Value> = rendered().iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    let count = |kind: &str| objects.iter().filter(|object| object["kind"] == kind).count();
    println!("{} VirtualServices and {} Gateways", count("VirtualService"), count("Gateway"));
    assert!(count("VirtualService") > 15 && count("Gateway") > 5, "the scenarios are read");
    cluster.validate_istio(&objects).unwrap_or_else(|found| panic!("{found}"));
}

#[test]
fn istio_refuses_what_is_wrong() {
    let cluster = Cluster::running();
    let mut object: Value = serde_json::from_str(rendered().iter().find(|text| text.contains("weight")).unwrap()).unwrap();
    object["spec"]["http"] = json!([{"route": [{"destination": {"host": "a"}, "weight": -1}]}]);
    let found = cluster.validate_istio(&[object]).expect_err("a negative weight");
    assert!(found.contains("weight"), "{found}");
}

#[test]
fn an_analysis_finds_a_gateway_that_is_not_there() {
    let cluster = Cluster::running();
    let namespace = cluster.namespace("analysis").unwrap();
    assert_eq!(cluster.analyze(&namespace.name).unwrap(), []);
    let object = json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "lost", "namespace": namespace.name},
        "spec": {"hosts": ["a.example.com"], "gateways": ["nowhere"], "http": [{"route": [{"destination": {"host": "nobody"}}]}]},
    });
    cluster.kubectl_with("admin", &["create", "--filename", "-"], &[object]).unwrap();
    let findings = cluster.analyze(&namespace.name).unwrap();
    assert!(findings.iter().any(|found| found.code == "IST0101" && found.message.contains("nowhere")), "{findings:?}");
}

/// What the owner of a mesh has: an ingress gateway, and the certificate of the host.
fn ingress(cluster: &Cluster, namespace: &str) {
    let metadata = |name: &str| json!({"name": name, "namespace": namespace, "labels": {"istio": "ingressgateway"}});
    let port = |name: &str, number: u16| json!({"name": name, "port": number});
    let container = json!({"name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.31.0"});
    // Any certificate will do: the API server's own.
    let folder = cluster.kubeconfig("admin").with_file_name("cert");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let certificate = json!({"tls.crt": read("apiserver.crt"), "tls.key": read("apiserver.key")});
    let objects = [
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata("ingress"), "spec": {"containers": [container]}}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata("ingress"),
            "spec": {"selector": {"istio": "ingressgateway"}, "ports": [port("http2", 80), port("https", 443)]}}),
        json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": metadata(namespace), "stringData": certificate}),
    ];
    cluster.kubectl_with("admin", &["create", "--filename", "-"], &objects).unwrap();
}

#[test]
fn an_analysis_finds_nothing_at_any_stage_of_the_example() {
    let cluster = Cluster::running();
    cluster.install_crds().unwrap();
    let namespace = cluster.namespace("stages").unwrap();
    ingress(&cluster, &namespace.name);
    let api = cluster.api("admin", "modelwright-test").unwrap();
    let stage = Stage { api: &api, namespace: namespace.name.clone() };
    let kubeconfig = cluster.kubeconfig("admin");
    let mut files = stage.take(&titanic());
    // Gateways that share a certificate are a finding, and other tests have the example's.
    one(&mut files, "Endpoint", "titanic")["spec"]["tls"]["credentialName"] = namespace.name.as_str().into();
    let fine = |when: &str| assert_eq!(cluster.analyze(&namespace.name).unwrap(), [], "{when}");
    one(&mut files, "Model", "titanic-v2")["spec"]["pod"] = json!({"annotations": {READY_AFTER: "3s"}});
    stage.run(&kubeconfig, &["apply", "--yes", "--wait=false"], &files).with(0);
    assert_eq!(stage.of_kind(Kind::VirtualService).len(), 0, "nothing is routed yet");
    fine("while Models start");
    stage.apply(&kubeconfig, &files).with(0);
    assert_eq!(stage.of_kind(Kind::VirtualService).len(), 1);
    fine("when everything serves");
    one(&mut files, "EndpointConfig", "titanic")["spec"]["models"][1]["weight"] = 45.into();
    stage.apply(&kubeconfig, &files).with(0);
    fine("with other weights");
    one(&mut files, "EndpointConfig", "titanic")["spec"]["models"].as_array_mut().unwrap().pop();
    stage.apply(&kubeconfig, &files).with(0);
    fine("without the canary");
    let delete = |names: &[&str]| stage.run(&kubeconfig, &[&["delete", "--yes", "-n", &namespace.name], names].concat(), &[]);
    delete(&["model/titanic-v2"]).with(0);
    fine("when the canary is deleted");
    delete(&["endpoint/titanic"]).with(0);
    fine("without an Endpoint");
    delete(&["--all"]).with(0);
    fine("when all is gone");
}

/// Every VirtualService and Gateway of ours: in the world of a scenario, and as a whole in an answer, in a request or as a child.
fn rendered() -> BTreeSet<String> {
    let library = Library::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("worlds")).unwrap();
    let mut found = BTreeSet::new();
    for folder in scenario::folders().unwrap() {
        let scenario = scenario::read(&folder).unwrap();
        let world = World::after(&scenario.given, &library).unwrap().objects();
        let ours = |object: &&Value| object["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "modelwright";
        world.iter().filter(ours).for_each(|object| collect(object, &mut found));
        for request in request::requests(&scenario, &library).unwrap() {
            let answer: Value = serde_json::from_str(&contract::call(&request.operation, &request.text)).unwrap();
            collect(&answer, &mut found);
        }
    }
    found
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        // The body of a patch is a part, unless it is an apply.
        Value::Object(members) if members.get("contentType").is_some_and(|format| format != "application/apply-patch+yaml") => {}
        Value::Object(members) => {
            let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default();
            let istio = text("apiVersion").starts_with("networking.istio.io/");
            if istio && ["VirtualService", "Gateway"].contains(&text("kind")) && members.contains_key("spec") {
                found.insert(as_written(value).to_string());
            }
            members.values().for_each(|value| collect(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}

/// Without what an API server writes.
fn as_written(object: &Value) -> Value {
    let metadata = ["name", "namespace", "labels", "annotations"].map(|name| (name, object["metadata"][name].clone()));
    let metadata: Map<String, Value> = metadata.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    json!({"apiVersion": object["apiVersion"], "kind": object["kind"], "metadata": metadata, "spec": object["spec"]})
}
