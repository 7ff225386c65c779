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
    for file in std::fs::read_dir(folder).expect("the folder of the example") {
        let text = std::fs::read_to_string(file.expect("a file").path()).expect("a text");
        let documents: Vec<Value> = serde_saphyr::from_multiple(&text).expect("YAML");
        objects.extend(documents);
    }
    objects
}
