//! Puts the precompiled component where `include_bytes!` finds it.
//!
//! It comes from the file that `MODELWRIGHT_PRECOMPILED` names, else from `target/modelwright/modelwright.cwasm` of the workspace;
//! beside it lies the SHA-256 of the component it was made from, `<file>.sha256`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=MODELWRIGHT_PRECOMPILED");
    println!("cargo::rustc-env=MODELWRIGHT_TARGET={}", env::var("TARGET").unwrap_or_default());
    if env::var_os("CARGO_FEATURE_EMBEDDED").is_none() {
        return ExitCode::SUCCESS;
    }
    match embed(&precompiled()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            println!("cargo::error={sentence}");
            ExitCode::FAILURE
        }
    }
}

fn precompiled() -> PathBuf {
    match env::var_os("MODELWRIGHT_PRECOMPILED") {
        Some(path) if !path.is_empty() => PathBuf::from(path),
        _ => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/modelwright/modelwright.cwasm"),
    }
}

fn embed(precompiled: &Path) -> Result<(), String> {
    let mut digest = precompiled.as_os_str().to_owned();
    digest.push(".sha256");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set: run this through cargo")?);
    copy(precompiled, &out.join("modelwright.cwasm"))?;
    copy(Path::new(&digest), &out.join("modelwright.sha256"))
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    println!("cargo::rerun-if-changed={}", from.display());
    let explain = |error| format!("no precompiled component ({}: {error}): run `cargo xtask build` first", from.display());
    fs::copy(from, to).map(drop).map_err(explain)
}
