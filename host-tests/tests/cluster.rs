//! Our CustomResourceDefinitions on a real API server: it takes them, and it agrees with `validate`.
#![allow(missing_docs, reason = "a test")]

use modelwright::contract;
use modelwright_host_tests::cluster::{Api, Cluster, Namespace, Reply};
use modelwright_host_tests::library::Library;
use modelwright_host_tests::{patch, request, scenario};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const API_VERSION: &str = "mlops.internal/v1alpha1";
const KINDS: [(&str, &str); 3] = [("Model", "models"), ("EndpointConfig", "endpointconfigs"), ("Endpoint", "endpoints")];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn condition<'a>(object: &'a Value, wanted: &str) -> Option<&'a str> {
    let conditions = object["status"]["conditions"].as_array()?;
    conditions.iter().find(|condition| condition["type"] == wanted)?["status"].as_str()
}

fn items(list: &Value) -> &[Value] {
    list["items"].as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn the_control_plane_is_ready() {
    let cluster = Cluster::running();
    let api = cluster.api("admin", "modelwright-test").unwrap();
    assert_eq!(api.get("/readyz").unwrap(), "ok");
    let nodes = api.get("/api/v1/nodes").unwrap();
    assert_eq!(items(&nodes).iter().map(|node| condition(node, "Ready")).collect::<Vec<_>>(), [Some("True"); 2]);
    let crds = api.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions").unwrap();
    let istio = items(&crds).iter().filter(|crd| crd["spec"]["group"].as_str().is_some_and(|group| group.ends_with("istio.io")));
    let established: Vec<_> = istio.map(|crd| condition(crd, "Established")).collect();
    assert!(established.len() >= 15 && established.iter().all(|status| *status == Some("True")), "{established:?}");
}

#[test]
fn the_api_server_takes_our_definitions_as_they_are() {
    let cluster = Cluster::running();
    cluster.install_crds().unwrap();
    let api = cluster.api("admin", "modelwright-test").unwrap();
    for (_, plural) in KINDS {
        let name = format!("{plural}.mlops.internal");
        let found = api.get(&format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}")).unwrap();
        assert_eq!(condition(&found, "Established"), Some("True"), "{name}");
        assert_ne!(condition(&found, "NonStructuralSchema"), Some("True"), "{name}");
        let written = crd(plural);
        let schema = "/spec/versions/0/schema/openAPIV3Schema";
        assert_eq!(found.pointer(schema), written.pointer(schema), "{name}: the API server drops or adds something");
    }
}

fn crd(plural: &str) -> Value {
    let path = root().join(format!("deploy/crds/{plural}.mlops.internal.yaml"));
    serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn the_examples_are_accepted() {
    let cluster = Cluster::running();
    cluster.install_crds().unwrap();
    let namespace = cluster.namespace("examples").unwrap();
    let mut objects = Vec::new();
    for file in std::fs::read_dir(root().join("examples/titanic")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
        objects.extend(documents.iter().map(|object| namespace.take(object)));
    }
    let said = cluster.kubectl_with("admin", &["apply", "--dry-run=server", "--filename", "-"], &objects).unwrap();
    assert_eq!(said.lines().filter(|line| line.ends_with("created (server dry run)")).count(), objects.len(), "{said}");
}

#[test]
fn a_user_without_rights_may_do_nothing_and_the_audit_log_knows_who_wrote() {
    let cluster = Cluster::running();
    let namespace = cluster.namespace("rights").unwrap();
    let path = format!("/api/v1/namespaces/{}/configmaps", namespace.name);
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}});
    for (user, code) in [("alice", 403), ("bob", 403), ("admin", 201)] {
        let api = cluster.api(user, "modelwright-test/rights").unwrap();
        assert_eq!(api.send("POST", &path, "application/json", Some(&object)).unwrap().code, code, "{user}");
    }
    let entries = cluster.audit(&namespace.name).unwrap();
    let writes = entries.iter().filter(|entry| entry.agent == "modelwright-test/rights" && entry.is_write());
    let writes: Vec<_> =
        writes.map(|entry| (entry.user.as_str(), entry.verb.as_str(), entry.resource.as_str(), entry.code)).collect();
    let expected = [("alice", 403), ("bob", 403), ("admin", 201)].map(|(user, code)| (user, "create", "configmaps", code));
    assert_eq!(writes, expected);
}

/// A rule of a definition, and what breaks it.
struct Case {
    kind: &'static str,
    message: &'static str,
    change: Value,
    /// Whether the rule is about a change of an object that is there.
    of_update: bool,
}

/// One case for each rule in CEL of our definitions.
fn cases() -> Vec<Case> {
    let case = |kind, message, change| Case { kind, message, change, of_update: false };
    let update = |message, change| Case { kind: "Model", message, change, of_update: true };
    let name = json!({"metadata": {"name": "1-digit-first"}});
    let name_message = "the name must be a DNS-1035 label of at most 63 characters";
    let immutable = "storage cannot change; create a new Model";
    let variant = |name: &str, model: &str, weight, instances| json!({"name": name, "model": model, "weight": weight, "instances": instances, "cpus": "1", "memory": "1Gi"});
    let models = |models: [Value; 2]| json!({"spec": {"models": models}});
    vec![
        case("Model", name_message, name.clone()),
        case("EndpointConfig", name_message, name.clone()),
        case("Endpoint", name_message, name),
        case("Model", "artifact.sha256 can be checked for https only", json!({"spec": {"artifact": {"uri": "s3://bucket/key"}}})),
        case(
            "Model",
            "env has both value and valueFrom",
            json!({"spec": {"env": [{"name": "A", "value": "b", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]}}),
        ),
        case("Model", "storage must have exactly one source", json!({"spec": {"storage": {"ephemeral": {}}}})),
        case(
            "Model",
            "storage is not used with a pvc or oci artifact",
            json!({"spec": {"artifact": {"uri": "pvc://claim/path", "sha256": null, "maxBytes": null}}}),
        ),
        update(immutable, json!({"spec": {"storage": {"nfs": {"path": "/elsewhere"}}}})),
        update(
            immutable,
            json!({"spec": {"storage": null, "artifact": {"uri": "pvc://claim/path", "sha256": null, "maxBytes": null}}}),
        ),
        case(
            "EndpointConfig",
            "instances 0 with weight above 0 would answer 503",
            models([variant("stable", "titanic-v1", 90, 0), variant("canary", "titanic-v2", 10, 1)]),
        ),
        case(
            "EndpointConfig",
            "all weights are 0",
            models([variant("stable", "titanic-v1", 0, 1), variant("canary", "titanic-v2", 0, 1)]),
        ),
        case(
            "EndpointConfig",
            "a model is named twice",
            models([variant("stable", "titanic-v1", 90, 1), variant("canary", "titanic-v1", 10, 1)]),
        ),
    ]
}

#[test]
fn every_rule_refuses_what_breaks_it() {
    let cluster = Cluster::running();
    cluster.install_crds().unwrap();
    let namespace = cluster.namespace("rules").unwrap();
    let api = cluster.api("admin", "modelwright-test").unwrap();
    let model = namespace.take(&titanic("Model"));
    let there = api.send("POST", &path(&namespace, "Model", ""), "application/json", Some(&model)).unwrap().ok().unwrap();
    for case in cases() {
        let (method, mut object, rest) = match case.of_update {
            true => ("PUT", there.clone(), "/titanic-v1?dryRun=All"),
            false => ("POST", namespace.take(&titanic(case.kind)), "?dryRun=All"),
        };
        patch::merge(&mut object, &case.change);
        let reply = api.send(method, &path(&namespace, case.kind, rest), "application/json", Some(&object)).unwrap();
        let refusal = reply.ok().expect_err(case.message);
        assert!(refusal.contains(case.message), "{}: {}: {refusal}", case.kind, case.message);
    }
    let mut covered: Vec<_> = cases().iter().map(|case| (case.kind.to_owned(), case.message.to_owned())).collect();
    let mut rules = Vec::new();
    for (kind, plural) in KINDS {
        messages(&crd(plural), &mut |message| rules.push((kind.to_owned(), message.to_owned())));
    }
    covered.sort();
    rules.sort();
    assert_eq!(covered, rules, "a case for each rule");
}

fn messages(value: &Value, found: &mut impl FnMut(&str)) {
    match value {
        Value::Object(members) => {
            let rules = members.get("x-kubernetes-validations").and_then(Value::as_array);
            rules.into_iter().flatten().for_each(|rule| found(rule["message"].as_str().expect("a rule has a message")));
            members.values().for_each(|value| messages(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| messages(value, found)),
        _ => {}
    }
}

fn titanic(kind: &str) -> Value {
    let name = if kind == "Model" { "Model/titanic/titanic-v1".into() } else { format!("{kind}/titanic/titanic") };
    let found = worlds().resources(&[scenario::Resource::Named(name)], &BTreeMap::new()).unwrap();
    found.into_iter().next().unwrap()
}

fn worlds() -> Library {
    Library::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("worlds")).unwrap()
}

fn path(namespace: &Namespace<'_>, kind: &str, rest: &str) -> String {
    let (_, plural) = KINDS.iter().find(|(name, _)| *name == kind).expect("one of ours");
    format!("/apis/{API_VERSION}/namespaces/{}/{plural}{rest}", namespace.name)
}

/// Every custom resource of every scenario, valid or not, is sent: what the API server refuses, `validate` refuses.
#[test]
fn what_validate_accepts_the_api_server_accepts() {
    let cluster = Cluster::running();
    cluster.install_crds().unwrap();
    let namespace = cluster.namespace("scenarios").unwrap();
    let api = cluster.api("admin", "modelwright-test").unwrap();
    let objects = custom_resources(&namespace);
    let (mut accepted, mut both, mut ours) = (0, 0, 0);
    let mut wrong = Vec::new();
    for object in &objects {
        let object: Value = serde_json::from_str(object).unwrap();
        match (refusal(&api, &namespace, &object), violations(&object)) {
            (None, found) if found.is_empty() => accepted += 1,
            (None, _) => ours += 1,
            (Some(_), found) if !found.is_empty() => both += 1,
            (Some(refusal), _) => wrong.push(format!("{refusal}\n  {object}")),
        }
    }
    println!(
        "{} custom resources: {accepted} accepted by both, {both} refused by both, {ours} refused by validate alone",
        objects.len()
    );
    assert!(accepted > 50 && both > 50, "the scenarios are read");
    assert!(wrong.is_empty(), "{} are valid for us and refused by the API server:\n{}", wrong.len(), wrong.join("\n"));
}

/// Those in the requests of scenarios, moved to a namespace and without what an API server writes.
fn custom_resources(namespace: &Namespace<'_>) -> BTreeSet<String> {
    let library = worlds();
    let mut found = BTreeSet::new();
    for folder in scenario::folders().unwrap() {
        let scenario = scenario::read(&folder).unwrap();
        for request in request::requests(&scenario, &library).unwrap() {
            if let Ok(request) = serde_json::from_str::<Value>(&request.text) {
                collect(&request, &mut |object| {
                    found.insert(as_written(&namespace.take(object)).to_string());
                });
            }
        }
    }
    found
}

fn collect(value: &Value, found: &mut impl FnMut(&Value)) {
    match value {
        _ if is_custom_resource(value) => found(value),
        Value::Object(members) => members.values().for_each(|value| collect(value, found)),
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}

fn is_custom_resource(value: &Value) -> bool {
    let member = |name: &str| value.get(name).and_then(Value::as_str);
    member("apiVersion") == Some(API_VERSION) && KINDS.iter().any(|(kind, _)| member("kind") == Some(kind))
}

fn as_written(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(members) = object.as_object_mut() {
        members.remove("status");
    }
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        let written = ["name", "namespace", "labels", "annotations"];
        *metadata =
            std::mem::take(metadata).into_iter().filter(|(name, _)| written.contains(&name.as_str())).collect::<Map<_, _>>();
    }
    object
}

/// What the API server says against a new object.
fn refusal(api: &Api, namespace: &Namespace<'_>, object: &Value) -> Option<String> {
    let path = path(namespace, object["kind"].as_str().expect("a kind"), "?dryRun=All&fieldValidation=Strict");
    let reply: Reply = api.send("POST", &path, "application/json", Some(object)).unwrap();
    let code = reply.code;
    let refusal = reply.ok().err()?;
    assert!([400, 422].contains(&code), "no answer about the object: {refusal}");
    Some(refusal)
}

/// The errors of `validate`.
fn violations(object: &Value) -> Vec<Value> {
    let answer: Value = serde_json::from_str(&contract::call("validate", &object.to_string())).unwrap();
    let found = answer.get("ok").or_else(|| answer.pointer("/failure/diagnostics")).and_then(Value::as_array);
    found.expect("diagnostics").iter().filter(|diagnostic| diagnostic["severity"] == "error").cloned().collect()
}
