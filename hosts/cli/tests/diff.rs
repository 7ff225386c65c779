//! `diff`: objects of any kind, matched by what they are.
#![allow(missing_docs, reason = "a test")]

use modelwright_cli::show::diff::{Difference, text};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

fn run(arguments: &[&str], stdin: &str) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let arguments = std::iter::once("modelwright").chain(arguments.iter().copied()).map(OsString::from);
    let code = modelwright_cli::run(arguments, &mut stdin.as_bytes(), &mut out, &mut err);
    let plain = |bytes: &[u8]| anstream::adapter::strip_str(&String::from_utf8_lossy(bytes)).to_string();
    (code, plain(&out), plain(&err))
}

/// A file with the live objects.
fn live(name: &str, content: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("diff");
    fs::create_dir_all(&folder).expect("a folder for the test");
    let file = folder.join(name);
    fs::write(&file, content).expect("a file for the test");
    file
}

const DESIRED: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: shop}
data: {k: v}
---
apiVersion: v1
kind: Secret
metadata: {name: a, namespace: shop}
stringData: {password: new}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: w, namespace: shop}
spec: {size: 3}
";

const LIVE: &str = "\
apiVersion: v1
kind: List
items:
- {apiVersion: example.com/v1beta1, kind: Widget, metadata: {name: w, namespace: shop, uid: u}, spec: {size: 3, defaulted: true}}
- {apiVersion: v1, kind: Secret, metadata: {name: a, namespace: shop, uid: u}, data: {password: b2xk}}
- {apiVersion: v1, kind: Pod, metadata: {name: other, namespace: shop}}
";

#[test]
fn objects_of_any_kind_are_matched() {
    let live = live("any.yaml", LIVE);
    let arguments = ["diff", "-f", "-", "--live", live.to_str().expect("a path"), "--exit-code"];
    let (code, out, err) = run(&arguments, DESIRED);
    let expected = "  + ConfigMap shop/a: create (Absent)
      + data.k: \"v\"

  ~ Secret shop/a: update (SpecChanged)
      ~ data.password: (sensitive value)

1 to create, 1 to update, 0 to replace; 1 unchanged
";
    assert_eq!((code, out.as_str(), err.as_str()), (2, expected, ""));
}

#[test]
fn programs_get_every_object() {
    let live = live("json.yaml", LIVE);
    let (code, out, _) = run(&["diff", "-f", "-", "--live", live.to_str().expect("a path"), "-o", "json"], DESIRED);
    let answer: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let verbs: Vec<_> =
        answer["objects"].as_array().expect("objects").iter().map(|object| (&object["id"], &object["verb"])).collect();
    assert_eq!(code, 0);
    assert_eq!(
        serde_json::to_string(&verbs).expect("JSON"),
        r#"[["v1|ConfigMap|shop|a","create"],["v1|Secret|shop|a","update"],["example.com/v1|Widget|shop|w","unchanged"]]"#
    );
}

#[test]
fn one_object_twice_is_an_error() {
    let live = live("twice.yaml", LIVE);
    let twice = "{apiVersion: v1, kind: Pod, metadata: {name: a}}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: a}}\n";
    let (code, _, err) = run(&["diff", "-f", "-", "--live", live.to_str().expect("a path")], twice);
    assert!(code == 1 && err.contains("Pod/a is given twice"), "{code} {err}");
}

#[test]
fn a_replacement_says_so() {
    let found: Difference = serde_json::from_str(
        r#"{"id":"v1|PersistentVolumeClaim|shop|c","verb":"replace","reason":"ImmutableField","changes":[{"path":["spec","storageClassName"],
            "text":"spec.storageClassName","op":"change","before":"slow","after":"fast"}],"replacePaths":[["spec","storageClassName"]],
            "drift":[{"path":["spec","x"],"text":"spec.x","op":"remove","before":1,"owner":"them"}],"dataLoss":true,
            "removalsUnknown":false,"diagnostics":[]}"#,
    )
    .expect("a difference");
    let expected = "\
-/+ PersistentVolumeClaim shop/c: replace (ImmutableField)
      ! LOSES DATA
      ~ spec.storageClassName: \"slow\" → \"fast\"
      - spec.x: 1 (owned by them) (somebody else's; no apply removes it)
      (a field that cannot change differs: the object has to be deleted and created)

0 to create, 0 to update, 1 to replace; 0 unchanged
";
    assert_eq!(anstream::adapter::strip_str(&text(&[found], "")).to_string(), expected);
}
