//! The core as a wasm module: compiled so that the same commit gives the same bytes anywhere, then optimised by Binaryen.

use crate::layout;
use crate::project::Project;
use crate::setup::WasmRust;
use crate::shell::{self, Outcome};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// One of the two wasm forms of the core; features and profiles are those of the root `Cargo.toml`.
pub struct Form {
    /// `component` or `js`.
    pub feature: &'static str,
    /// The cargo profile.
    pub profile: &'static str,
    /// What Binaryen does.
    pub passes: &'static [&'static str],
}

/// Built for speed.
pub const COMPONENT: Form = Form { feature: "component", profile: "component", passes: &["-O3"] };
/// Built for small downloads. `-Oz` is smaller (3 %), but gzipped it is larger (1 %); code that was inlined into its only caller no longer
/// compresses together with its likes (a tenth). Data stays in one piece: the heads of a thousand pieces are smaller than the zeros between
/// them, but do not compress (1 %). No value is in the lowest 1,024 bytes: a stack that is as full as that has overflowed. Nothing reads the
/// sections that tell the tools and what engines must know.
pub const JS: Form = Form {
    feature: "js",
    profile: "npm",
    passes: &[
        "-O2",
        "--shrink-level=1",
        "--low-memory-unused",
        "--strip-producers",
        "--strip-target-features",
        "--one-caller-inline-max-function-size=20",
        "--skip-pass=memory-packing",
    ],
};

/// The version of wasm-opt, as `xtask/npm/package.json` has it.
pub const BINARYEN: &str = "132.0.0";

/// What rustc's wasm32 target uses; without the list Binaryen would refuse it, and with all features it could add some that engines lack.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-multivalue",
    "--enable-reference-types",
];

/// Functions that are alike are next to each other in the end (5 %; by the names that they have it would be 3 %).
const ORDER: &str = "--reorder-functions-by-name";

/// What cargo made of the core.
pub struct Module {
    /// Cargo's own file.
    pub file: PathBuf,
    /// The digest of the rules, as the core's build script has put it into the module.
    pub rules: String,
}

/// Compiles the core.
pub fn compile(project: &Project, rust: &WasmRust, form: &Form) -> Outcome<Module> {
    let mut cargo = rust.cargo_build(project);
    cargo.args(["--profile", form.profile, "--features", form.feature, "--message-format", "json-render-diagnostics"]);
    cargo.env("CARGO_ENCODED_RUSTFLAGS", remapped_paths(project, rust)?.join("\x1f"));
    let messages = shell::capture(&mut cargo)?;
    let rules = rules(&messages).ok_or("the core's build script says no digest of the rules")?;
    let file = project.target.join("wasm32-unknown-unknown").join(form.profile).join("modelwright.wasm");
    Ok(Module { file, rules })
}

/// Cargo says in one line of JSON what a build script has set.
fn rules(messages: &str) -> Option<String> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let variables = messages.flat_map(|message| message["env"].as_array().cloned().unwrap_or_default());
    variables.into_iter().find(|pair| pair[0] == "MODELWRIGHT_RULES")?[1].as_str().map(str::to_owned)
}

/// No folder of this machine gets into the bytes: panic messages carry the paths of their sources. The last match wins.
fn remapped_paths(project: &Project, rust: &WasmRust) -> Outcome<Vec<String>> {
    let remap = |from: &str, to: &str| format!("--remap-path-prefix={from}={to}");
    let mut flags = vec![remap(&rust.sysroot()?, "/rust")];
    flags.extend(package_folders(&project.metadata()?).iter().map(|folder| remap(folder, "/crates")));
    flags.push(remap(&project.target.to_string_lossy(), "/modelwright/target"));
    flags.push(remap(&project.root.to_string_lossy(), "/modelwright"));
    Ok(flags)
}

/// The folders that packages were unpacked to.
fn package_folders(metadata: &Value) -> BTreeSet<String> {
    let packages = metadata["packages"].as_array().into_iter().flatten().filter(|package| package["source"].is_string());
    let manifests = packages.filter_map(|package| package["manifest_path"].as_str());
    manifests.filter_map(|manifest| Some(Path::new(manifest).parent()?.parent()?.to_string_lossy().into_owned())).collect()
}

/// Runs Binaryen's wasm-opt, unless this input has been optimised: once for what functions do, once for their order. Sections that it
/// does not know, such as the component's type, stay.
pub fn optimise(project: &Project, form: &Form, input: &Path, output: &Path) -> Outcome {
    let stamp = output.with_added_extension("input");
    let digest = format!("{} {} {ORDER} {BINARYEN}", shell::sha256(&shell::read(input)?), form.passes.concat());
    if output.exists() && std::fs::read_to_string(&stamp).is_ok_and(|found| found == digest) {
        return Ok(());
    }
    shell::folder_for(output)?;
    let unordered = output.with_added_extension("unordered");
    wasm_opt(project, form.passes, input, &unordered)?;
    shell::write(&unordered, layout::with_names(&shell::read(&unordered)?)?)?;
    wasm_opt(project, &[ORDER], &unordered, output)?;
    shell::write(&stamp, digest)
}

fn wasm_opt(project: &Project, passes: &[&str], input: &Path, output: &Path) -> Outcome {
    let mut node = shell::command("node");
    node.arg(project.npm_tools().join("node_modules/binaryen/bin/wasm-opt")).args(passes).args(FEATURES);
    shell::run(node.arg(input).arg("-o").arg(output))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binaryen_is_the_pinned_one() {
        let manifest: Value = serde_json::from_str(include_str!("../npm/package.json")).expect("package.json is JSON");
        assert_eq!(manifest["devDependencies"]["binaryen"], BINARYEN);
    }

    #[test]
    fn the_digest_of_the_rules_is_found_among_cargos_messages() {
        let messages =
            "not JSON\n{\"reason\":\"compiler-artifact\"}\n{\"env\":[[\"OTHER\",\"1\"],[\"MODELWRIGHT_RULES\",\"abc\"]]}";
        assert_eq!(rules(messages).as_deref(), Some("abc"));
        assert_eq!(rules("{}"), None);
    }
}
