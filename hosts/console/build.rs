//! Puts the built page into the binary: each file packed once, with its content type and its tag.
//!
//! It comes from the folder that `MODELWRIGHT_CONSOLE` names, else from `target/console` of the workspace.

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What a page is made of. Another file is an error here, and not one of a browser that does not know what it got.
const TYPES: [(&str, &str); 9] = [
    ("css", "text/css; charset=utf-8"),
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("md", "text/plain; charset=utf-8"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("wasm", "application/wasm"),
    ("yaml", "text/plain; charset=utf-8"),
];
/// Bytes of a tag.
const TAG: usize = 8;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=MODELWRIGHT_CONSOLE");
    match embed(&page()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            println!("cargo::error={sentence}");
            ExitCode::FAILURE
        }
    }
}

fn page() -> PathBuf {
    match env::var_os("MODELWRIGHT_CONSOLE") {
        Some(path) if !path.is_empty() => PathBuf::from(path),
        _ => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/console"),
    }
}

/// Writes the packed files and a list of them that `src/page.rs` includes.
fn embed(page: &Path) -> Result<(), String> {
    println!("cargo::rerun-if-changed={}", page.display());
    let explain = |why: String| format!("no page of the console ({}: {why}): run `cargo xtask build` first", page.display());
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set: run this through cargo")?);
    let mut files = files(page).map_err(|error| explain(error.to_string()))?;
    files.sort();
    if !files.contains(&page.join("index.html")) {
        return Err(explain("there is no index.html".into()));
    }
    let mut list = String::from("&[\n");
    for (number, file) in files.iter().enumerate() {
        let packed = out.join(format!("{number}.gz"));
        let bytes = fs::read(file).map_err(|error| explain(error.to_string()))?;
        fs::write(&packed, gzip(&bytes)?).map_err(|error| error.to_string())?;
        entry(&mut list, page, file, &bytes, number)?;
    }
    list.push(']');
    fs::write(out.join("files.rs"), list).map_err(|error| error.to_string())
}

fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.is_dir() {
            true => found.extend(files(&path)?),
            false => found.push(path),
        }
    }
    Ok(found)
}

fn entry(list: &mut String, page: &Path, file: &Path, bytes: &[u8], number: usize) -> Result<(), String> {
    let name = file.strip_prefix(page).map_err(|error| error.to_string())?.to_string_lossy().replace('\\', "/");
    let end = name.rsplit('.').next().unwrap_or_default();
    let known = TYPES.iter().find(|(extension, _)| *extension == end);
    let (_, kind) = known.ok_or_else(|| format!("{}: nothing says which content type this file has", file.display()))?;
    let tag = Sha256::digest(bytes).iter().take(TAG).map(|byte| format!("{byte:02x}")).collect::<String>();
    let path = format!("/{name}");
    // Not the folder itself, so that the same page is the same source wherever it is built.
    let packed = format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{number}.gz\"))");
    writeln!(list, "    File {{ path: {path:?}, kind: {kind:?}, tag: \"\\\"{tag}\\\"\", packed: {packed} }},")
        .map_err(|error| error.to_string())
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).map_err(|error| error.to_string())
}
