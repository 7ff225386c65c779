//! Values where they do not belong.

use proptest::prelude::*;
use serde_json::{Value, json};

/// Everything that a field can be and hardly ever may.
pub fn wrong_values() -> Vec<Value> {
    vec![
        Value::Null,
        json!([]),
        json!({}),
        json!(""),
        json!(0),
        json!(-1),
        json!(1e30),
        json!(33.3),
        json!("50"),
        json!("x y\u{0}"),
        json!("a".repeat(3000)),
        json!(true),
        json!([null]),
        json!({"x": null}),
        json!("../../etc"),
        json!(4_294_967_296u64),
    ]
}

/// The JSON Pointers of every node below `value`, itself excluded, in order.
pub fn pointers(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(value, String::new(), &mut found);
    found
}

fn collect(value: &Value, path: String, found: &mut Vec<String>) {
    if !path.is_empty() {
        found.push(path.clone());
    }
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                collect(value, format!("{path}/{}", name.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(at, item)| collect(item, format!("{path}/{at}"), found)),
        _ => {}
    }
}

/// `value` with the node that `place` chooses replaced by the wrong value that `what` chooses.
pub fn mutated(value: &Value, place: usize, what: usize) -> Value {
    let (pointers, wrong) = (pointers(value), wrong_values());
    let mut value = value.clone();
    if let Some(node) = pointers.get(place % pointers.len().max(1)).and_then(|pointer| value.pointer_mut(pointer)) {
        *node = wrong[what % wrong.len()].clone();
    }
    value
}

/// Any JSON, small.
pub fn any_json() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        proptest::sample::select(wrong_values()),
    ];
    let name = prop_oneof![
        proptest::sample::select(vec![
            "apiVersion",
            "kind",
            "metadata",
            "spec",
            "status",
            "name",
            "namespace",
            "uid",
            "parent",
            "children",
            "related",
            "observed",
            "resources",
            "object",
            "host",
            "request",
            "models",
            "http",
            "now",
            "policy",
            "old",
        ])
        .prop_map(String::from),
        ".{0,6}",
    ];
    leaf.prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(name.clone(), inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
    .boxed()
}
