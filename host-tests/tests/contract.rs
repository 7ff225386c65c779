//! `wit/contract.schema.json` is the truth: every request and every answer of every scenario is valid by it, and what is wrong is not.

use modelwright::contract::call;
use modelwright_host_tests::library::Library;
use modelwright_host_tests::lines::Lines;
use modelwright_host_tests::request::requests;
use modelwright_host_tests::scenario;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// Scenarios about requests that are wrong in a way that the planner bears: only their answers are valid.
const WRONG: [&str; 2] =
    ["an-earlier-plan-that-cannot-be-read-is-left-out", "junk-among-the-observed-objects-is-said-and-left-out"];

fn judge() -> Lines {
    Lines::node("contract.mjs", &[]).unwrap_or_else(|sentence| panic!("{sentence}"))
}

fn complaints(judge: &Lines, operation: &str, request: &str, answer: &str) -> Vec<String> {
    let found = judge.ask(&json!({"operation": operation, "request": request, "answer": answer})).expect("the judge answers");
    serde_json::from_value(found).expect("a list of sentences")
}

#[test]
fn every_request_and_every_answer_is_valid_by_the_schema() {
    let judge = judge();
    let library = Library::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("worlds")).expect("the worlds");
    let mut operations = BTreeSet::new();
    let mut found = Vec::new();
    for folder in scenario::folders().expect("the scenarios") {
        let scenario = scenario::read(&folder).expect("a scenario");
        for request in requests(&scenario, &library).expect("its requests") {
            let answer = call(&request.operation, &request.text);
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            let of = match WRONG.contains(&name.as_ref()) {
                false => complaints(&judge, &request.operation, &request.text, &answer),
                true => complaints(&judge, &request.operation, "", &answer),
            };
            found.extend(of.into_iter().map(|complaint| format!("{name}: {}: {complaint}", request.case)));
            if answer.starts_with("{\"ok\"") {
                operations.insert(request.operation);
            }
        }
    }
    assert!(found.is_empty(), "{} complaints:\n{}", found.len(), found.join("\n"));
    let schema = include_str!("../../wit/contract.schema.json");
    let schema: Value = serde_json::from_str(schema).expect("the schema is JSON");
    let listed: BTreeSet<String> = schema["properties"].as_object().expect("operations").keys().cloned().collect();
    assert_eq!(operations, listed, "every operation of the schema was answered in some scenario");
}

#[test]
fn what_is_wrong_is_not_valid() {
    let judge = judge();
    let request = json!({"resources": [{"apiVersion": "mlops.internal/v1alpha1", "kind": "Model",
        "metadata": {"name": "a", "namespace": "b"}, "spec": {"image": "i.example.com/a:1", "artifact": {"uri": "https://a.example.com/a"},
        "storage": {"ephemeral": {}}}}], "observed": []});
    let answer: Value = serde_json::from_str(&call("plan", &request.to_string())).expect("an answer");
    assert_eq!(complaints(&judge, "plan", &request.to_string(), &answer.to_string()), Vec::<String>::new());

    let places = [
        "",
        "/component",
        "/summary",
        "/objects/0",
        "/objects/0/observed",
        "/actions/0",
        "/actions/0/request",
        "/actions/0/expect",
        "/waiting/0",
        "/statuses/0",
        "/statuses/0/status",
    ];
    for place in places {
        let pointer = format!("/ok{place}");
        let members = answer.pointer(&pointer).and_then(Value::as_object).unwrap_or_else(|| panic!("{place} is no object"));
        let mut more = answer.clone();
        more.pointer_mut(&pointer).expect("an object")["more"] = json!(1);
        assert_ne!(complaints(&judge, "plan", "", &more.to_string()), Vec::<String>::new(), "an unknown member at {place}");
        for member in members.keys().filter(|_| !place.ends_with("/status")) {
            let mut less = answer.clone();
            less.pointer_mut(&pointer).and_then(Value::as_object_mut).expect("an object").remove(member);
            assert_ne!(complaints(&judge, "plan", "", &less.to_string()), Vec::<String>::new(), "no {member} at {place}");
        }
    }
    for (member, value) in [
        ("observe", json!([])),
        ("observed", json!({})),
        ("now", json!(1)),
        ("policy", json!({"staticVolume": "any"})),
        ("delete", json!([{"kind": "Pod", "namespace": "a", "name": "b"}])),
        ("unreadable", json!([{"kind": "Service"}])),
    ] {
        let mut bad = request.clone();
        bad[member] = value;
        let of = complaints(&judge, "plan", &bad.to_string(), &answer.to_string());
        assert_ne!(of, Vec::<String>::new(), "a request with a wrong {member}");
    }
    let failure = json!({"failure": {"code": "Malformed", "diagnostics": []}}).to_string();
    assert_ne!(complaints(&judge, "plan", "", &failure), Vec::<String>::new(), "a failure without a diagnostic");
}
