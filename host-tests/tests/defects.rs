//! Every defect of a naive implementation (U1 … U24) is named by a scenario, or has a test of its own that would catch it.

use std::path::Path;

/// Those that the `observation.yaml` of a scenario names.
const IN_SCENARIOS: [u32; 18] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 19, 20, 21, 22, 23, 24];

/// Those that need more than an answer: number, file, the test in it. (U16 is a sentence of the documentation.)
const ELSEWHERE: [(u32, &str, &str); 5] = [
    (13, "fetch/test_fetch.py", "test_killed_half_way"),
    (14, "fetch/test_fetch.py", "test_status"),
    (15, "fetch/test_fetch.py", "test_digest"),
    (17, "../tests/nginx.rs", "nginx_accepts_every_rendering"),
    (18, "../tests/children.rs", "capture_is_a_container_and_a_volume"),
];

#[test]
fn every_defect_is_named_by_a_scenario() {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let folders = std::fs::read_dir(scenarios).into_iter().flatten().flatten();
    let texts: Vec<String> = folders.filter_map(|entry| read(&entry.path().join("observation.yaml"))).collect();
    let words: Vec<&str> = texts.iter().flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric())).collect();
    let names = IN_SCENARIOS.map(|number| format!("U{number}"));
    let missing: Vec<&String> = names.iter().filter(|name| !words.contains(&name.as_str())).collect();
    assert!(missing.is_empty(), "no scenario names {missing:?}");
}

#[test]
fn every_other_defect_has_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let gone = |(_, file, test): &&(u32, &str, &str)| !read(&root.join(file)).is_some_and(|text| text.contains(*test));
    let missing: Vec<_> = ELSEWHERE.iter().filter(gone).collect();
    assert!(missing.is_empty(), "tests that are gone: {missing:?}");
}

fn read(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok()
}
