//! No trap of Metacontroller's dynamic apply can hit our objects: every object of every scenario, after every other one of its kind, is
//! what is desired.
#![allow(missing_docs, reason = "a test")]

use modelwright::kinds::Kind;
use modelwright_host_tests::library::Library;
use modelwright_host_tests::request::requests;
use modelwright_host_tests::scenario;
use modelwright_host_tests::stand_in::merge;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const CHILDREN: [Kind; 6] =
    [Kind::PersistentVolume, Kind::PersistentVolumeClaim, Kind::Deployment, Kind::Service, Kind::VirtualService, Kind::Gateway];

/// Lists of a Pod whose order means nothing: names, paths and ports are what counts.
const SETS: [&str; 6] = ["containers", "ports", "volumes", "volumeMounts", "imagePullSecrets", "items"];

/// Every spec that is rendered anywhere, by kind.
fn rendered() -> BTreeMap<String, Vec<Value>> {
    let library = Library::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("worlds")).unwrap();
    let mut found = BTreeMap::<String, BTreeSet<String>>::new();
    for folder in scenario::folders().unwrap() {
        for request in requests(&scenario::read(&folder).unwrap(), &library).unwrap() {
            let answer = modelwright::contract::call(&request.operation, &request.text);
            collect(&serde_json::from_str(&answer).unwrap_or_default(), &mut found);
        }
    }
    let specs = |texts: BTreeSet<String>| texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    found.into_iter().map(|(kind, texts)| (kind, specs(texts))).collect()
}

/// Answers have objects in them, and bodies that are JSON again.
fn collect(value: &Value, found: &mut BTreeMap<String, BTreeSet<String>>) {
    match value {
        Value::Object(members) => {
            let kind = members.get("kind").and_then(Value::as_str).unwrap_or_default();
            let is_child =
                CHILDREN.iter().any(|child| child.name() == kind && members.get("apiVersion") == Some(&child.api().into()));
            // What is rendered has no uid.
            if is_child
                && members.get("metadata").is_some_and(|metadata| metadata["uid"].is_null())
                && members.contains_key("spec")
            {
                found.entry(kind.into()).or_default().insert(members["spec"].to_string());
            }
            members.values().for_each(|value| collect(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::String(text) if text.starts_with('{') => collect(&serde_json::from_str(text).unwrap_or_default(), found),
        _ => {}
    }
}

/// Sorts the lists whose order means nothing.
fn ordered(value: &Value, name: &str) -> Value {
    match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), ordered(value, name))).collect(),
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(|item| ordered(item, "")).collect();
            if SETS.contains(&name) {
                items.sort_by_key(Value::to_string);
            }
            items.into()
        }
        _ => value.clone(),
    }
}

#[test]
fn every_object_comes_out_as_desired_after_every_other_one() {
    let rendered = rendered();
    assert_eq!(rendered.len(), CHILDREN.len());
    for (kind, specs) in &rendered {
        println!("{kind}: {} specs", specs.len());
        let object = |spec: &Value| json!({"kind": kind, "metadata": {"name": "x"}, "spec": spec});
        for before in specs {
            let mut observed = object(before);
            merge::remember_last_applied(&mut observed, &object(before));
            for desired in specs {
                let updated = merge::updated(&observed, &object(desired)).unwrap();
                assert_eq!(ordered(&updated["spec"], ""), ordered(desired, ""), "{kind} after {before}");
            }
        }
    }
}

#[test]
fn no_list_of_ours_has_an_item_that_would_get_lost() {
    for (kind, specs) in rendered() {
        for spec in specs {
            assert_eq!(merge::traps(&spec), Vec::<String>::new(), "{kind}: {spec}");
        }
    }
}

#[test]
fn routes_and_init_containers_are_never_merged_by_a_member() {
    let rendered = rendered();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for spec in &rendered["VirtualService"] {
        let http = list(&spec["http"]);
        assert_eq!(merge::merge_key(&[&http]), None, "{spec}");
        for rule in &http {
            assert_eq!(merge::merge_key(&[&list(&rule["route"])]), None, "{rule}");
            assert_eq!(merge::merge_key(&[&list(&rule["match"])]), None, "{rule}");
        }
    }
    for spec in &rendered["Deployment"] {
        assert!(list(&spec["template"]["spec"]["initContainers"]).len() <= 1, "{spec}");
    }
}
