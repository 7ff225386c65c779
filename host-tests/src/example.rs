//! `examples/titanic`.

use serde_json::Value;
use std::path::Path;

/// Its custom resources.
///
/// # Panics
///
/// Where they cannot be read.
pub fn titanic() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/titanic");
    let mut objects = Vec::new();
    for file in ["models.yaml", "endpoint.yaml"] {
        let text = std::fs::read_to_string(folder.join(file)).expect("a text");
        let documents: Vec<Value> = serde_saphyr::from_multiple(&text).expect("YAML");
        objects.extend(documents);
    }
    objects
}

/// One of some objects.
///
/// # Panics
///
/// Where it is not among them.
pub fn one<'a>(objects: &'a mut [Value], kind: &str, name: &str) -> &'a mut Value {
    let found = objects.iter_mut().find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    found.unwrap_or_else(|| panic!("{kind} {name} is not among the objects"))
}
