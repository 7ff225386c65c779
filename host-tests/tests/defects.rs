//! Every defect of a naive implementation (U1 … U24) is named by a scenario or a test that would catch it.

use std::path::Path;

/// Those that files of this folder or of the core must name; U13 to U16 and U18 are in `fetch/` and in the core's own tests.
const DEFECTS: [u32; 19] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 17, 19, 20, 21, 22, 23, 24];

#[test]
fn every_defect_is_named_by_a_scenario_or_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = Vec::new();
    for folder in ["scenarios", "tests", "fetch", "../tests"] {
        collect(&root.join(folder), &mut texts);
    }
    let words: Vec<&str> = texts.iter().flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric())).collect();
    let missing: Vec<String> =
        DEFECTS.iter().map(|number| format!("U{number}")).filter(|name| !words.contains(&name.as_str())).collect();
    assert!(missing.is_empty(), "no scenario or test names {}", missing.join(", "));
}

/// The texts of what can be a test, this file aside.
fn collect(folder: &Path, texts: &mut Vec<String>) {
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        let is_test = path.extension().is_some_and(|extension| extension == "yaml" || extension == "rs" || extension == "py");
        if path.is_dir() {
            collect(&path, texts);
        } else if is_test && !path.ends_with("tests/defects.rs") {
            texts.extend(std::fs::read_to_string(&path));
        }
    }
}
