//! Compiles the component for machines of one target, under the settings of the library.
//!
//! `precompile <component.wasm> <out.cwasm> [--target <triple>]` writes `<out.cwasm>` and `<out.cwasm>.sha256`, the digest of the
//! component. Without `--target` it compiles for what this program was built for.

use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::fs;
use std::process::ExitCode;

const USAGE: &str = "usage: precompile <component.wasm> <out.cwasm> [--target <triple>]";
/// What this program itself was built for.
const TARGET: &str = env!("MODELWRIGHT_TARGET");

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
    let compiled = modelwright_embed::precompile(&bytes, target).map_err(|error| format!("{component} for {target}: {error}"))?;
    write(out, &compiled)?;
    write(&format!("{out}.sha256"), format!("{}\n", hexadecimal(&Sha256::digest(&bytes))).as_bytes())
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
