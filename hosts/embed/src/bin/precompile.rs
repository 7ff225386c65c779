//! Compiles the component for machines of one target, under the settings of the library.
//!
//! `precompile <component.wasm> <out.cwasm> [--target <triple>]` writes `<out.cwasm>` and `<out.cwasm>.sha256`, the digest of the
//! component. An explicit target keeps the features of the builder's processor out of the result.

use modelwright_embed::configuration;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::fs;
use std::process::ExitCode;
use wasmtime::Engine;

const USAGE: &str = "usage: precompile <component.wasm> <out.cwasm> [--target x86_64-unknown-linux-gnu]";
const TARGET: &str = "x86_64-unknown-linux-gnu";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        [component, out] => precompile(component, out, TARGET),
        [component, out, "--target", target] => precompile(component, out, target),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

fn precompile(component: &str, out: &str, target: &str) -> Result<(), String> {
    let bytes = fs::read(component).map_err(|error| format!("{component}: {error}"))?;
    let engine = engine(target).map_err(|error| format!("{target}: {error:#}"))?;
    let compiled = engine.precompile_component(&bytes).map_err(|error| format!("{component}: {error:#}"))?;
    write(out, &compiled)?;
    write(&format!("{out}.sha256"), format!("{}\n", hexadecimal(&Sha256::digest(&bytes))).as_bytes())
}

fn engine(target: &str) -> wasmtime::Result<Engine> {
    let mut config = configuration();
    config.target(target)?;
    Engine::new(&config)
}

fn write(path: &str, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|error| format!("{path}: {error}"))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
