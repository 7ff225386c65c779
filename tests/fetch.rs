//! The rendered download program against a server of its own. Needs `python3` 3.11.4 or newer and `openssl`.
#![allow(missing_docs, reason = "a test")]

mod rendered;

use rendered::{deployment, file};
use serde_json::json;
use std::process::Command;

#[test]
fn the_download_program_keeps_its_contract() {
    let found = ["python3", "openssl"].map(|tool| Command::new(tool).arg("version").output().is_ok());
    assert_eq!(found, [true, true], "this test needs python3 (3.11.4 or newer) and openssl");
    let path = std::env::temp_dir().join(format!("modelwright-fetch-{}.py", std::process::id()));
    std::fs::write(&path, file(&deployment(json!({})), "fetch.py")).expect("a file");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/host-tests/fetch/test_fetch.py");
    let output = Command::new("python3").arg(script).arg(&path).output().expect("python3 runs");
    std::fs::remove_file(&path).expect("the file");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
