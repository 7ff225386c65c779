//! Istio's own programs on what we render.
#![allow(missing_docs, reason = "a test")]

use modelwright::contract;
use modelwright_host_tests::cluster::Cluster;
use modelwright_host_tests::library::Library;
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
