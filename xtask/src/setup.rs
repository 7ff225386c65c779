//! What a fresh machine lacks. Quick where nothing is missing; every function can be called again and again.

use crate::project::Project;
use crate::shell::{self, Outcome, Steps};
use std::path::{Path, PathBuf};
use std::process::Command;

const WASM: &str = "wasm32-unknown-unknown";
const DEBIAN_RUST: [&str; 5] = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "lld-22"];
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const CHROMIUM: &str = "/usr/bin/chromium";

/// A Rust that can build for wasm32.
pub struct WasmRust {
    /// Builds the standard library, too; no ready one was to be had.
    pub builds_std: bool,
    /// `1.95.0`.
    pub version: String,
}

impl WasmRust {
    /// Names what decides the bytes of a build: compiler and standard library.
    pub fn key(&self) -> String {
        format!("rustc-{}-{}", self.version, if self.builds_std { "build-std" } else { "prebuilt" })
    }

    /// The compiler's folder of libraries and sources.
    pub fn sysroot(&self) -> Outcome<String> {
        let rustc = if self.builds_std { DEBIAN_RUSTC } else { "rustc" };
        shell::ask(rustc, &["--print", "sysroot"]).ok_or_else(|| format!("`{rustc}` does not say where its sysroot is"))
    }

    /// `cargo build` of the core for wasm32, without what is built of it.
    pub fn cargo_build(&self, project: &Project) -> Command {
        let mut cargo = project.cargo();
        if self.builds_std {
            cargo = shell::command(DEBIAN_CARGO);
            cargo.current_dir(&project.root).env("CARGO_TARGET_DIR", &project.target);
            // The compiler is a stable one; building the standard library is not a stable option of it.
            cargo.env("RUSTC", DEBIAN_RUSTC).env("RUSTC_BOOTSTRAP", "1").env_remove("RUSTUP_TOOLCHAIN");
            cargo.args(["-Z", "build-std=std,panic_abort"]);
        }
        cargo.args(["build", "--locked", "--lib", "--target", WASM]);
        cargo
    }
}

/// Finds or gets a standard library for wasm32, and says which.
pub fn wasm_rust(steps: &mut Steps) -> Outcome<WasmRust> {
    let wanted = std::env::var("MODELWRIGHT_WASM_STD").unwrap_or_default();
    let rust = match wanted.as_str() {
        "" => prebuilt(steps).or_else(|why| debian(steps).map_err(|also| format!("{why}; {also}")))?,
        "prebuilt" => prebuilt(steps)?,
        "debian" => debian(steps)?,
        other => return Err(format!("MODELWRIGHT_WASM_STD is `{other}`; it can be prebuilt or debian")),
    };
    let source = if rust.builds_std { "built here by Debian's Rust" } else { "the tool chain's own" };
    println!("==> Standard library for {WASM}: {source} (Rust {})", rust.version);
    Ok(rust)
}

fn prebuilt(steps: &mut Steps) -> Outcome<WasmRust> {
    if !has_wasm_std() {
        steps.step("Adding the wasm32 standard library with rustup", || {
            let failed = |why| format!("the wasm32 standard library is neither installed nor can rustup add it ({why})");
            shell::run(shell::command("rustup").args(["target", "add", WASM])).map_err(failed)
        })?;
    }
    Ok(WasmRust { builds_std: false, version: version("rustc")? })
}

fn has_wasm_std() -> bool {
    let folder = shell::ask("rustc", &["--print", "target-libdir", "--target", WASM]).unwrap_or_default();
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.map(|file| file.file_name()).any(|name| name.to_string_lossy().starts_with("libstd-"))
}

fn debian(steps: &mut Steps) -> Outcome<WasmRust> {
    if !has_debian_rust() {
        steps.step("Installing Debian's Rust with its sources", || install(&DEBIAN_RUST))?;
    }
    Ok(WasmRust { builds_std: true, version: version(DEBIAN_RUSTC)? })
}

fn has_debian_rust() -> bool {
    let sysroot = shell::ask(DEBIAN_RUSTC, &["--print", "sysroot"]).unwrap_or_default();
    let sources = Path::new(&sysroot).join("lib/rustlib/src/rust/library/std/Cargo.toml");
    Path::new(DEBIAN_CARGO).exists() && sources.exists()
}

fn version(rustc: &str) -> Outcome<String> {
    let text = shell::ask(rustc, &["--version"]).unwrap_or_default();
    text.split(' ').nth(1).map(str::to_owned).ok_or_else(|| format!("`{rustc} --version` does not say its version"))
}

/// npm's tools: wasm-opt and the schemas of Istio.
pub fn npm_tools(project: &Project, steps: &mut Steps) -> Outcome {
    npm_ci(&project.npm_tools(), steps, "Installing the npm tools")
}

/// What makes, checks and drives the npm package, Debian's Chromium among it.
pub fn package_tools(project: &Project, steps: &mut Steps) -> Outcome {
    npm_ci(&project.package_tools(), steps, "Installing the tools of the npm package")?;
    chromium(steps).map(|_| ())
}

/// What the console's page is made of and tested with.
pub fn page_tools(project: &Project, steps: &mut Steps) -> Outcome {
    npm_ci(&project.page(), steps, "Installing the npm packages of the console")
}

/// Fills the `node_modules` of a folder unless its lock file is the one that it was filled from.
fn npm_ci(folder: &Path, steps: &mut Steps, name: &'static str) -> Outcome {
    let wanted = shell::sha256(&shell::read(&folder.join("package-lock.json"))?);
    let stamp = folder.join("node_modules/.modelwright");
    if std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    let node = shell::ask("node", &["--version"]).ok_or("Node.js 20.19 or later is needed and `node` is not on PATH")?;
    let mut numbers = node.trim_start_matches('v').split('.').map(|text| text.parse::<u32>().unwrap_or(0));
    if (numbers.next(), numbers.next()) < (Some(20), Some(19)) {
        return Err(format!("Node.js 20.19 or later is needed and `node` is {node}"));
    }
    steps.step(name, || {
        let failed = |why| format!("{} cannot be filled from the npm registry: {why}", folder.display());
        shell::run(shell::command("npm").args(["ci", "--loglevel=error"]).current_dir(folder)).map_err(failed)?;
        shell::write(&stamp, wanted)
    })
}

/// Python with kubernetes-validate, and Trivy, in an environment of their own.
pub fn python_tools(project: &Project, steps: &mut Steps) -> Outcome {
    let [requirements, trivy] = ["requirements.txt", "trivy.txt"].map(|name| project.root.join("xtask/python").join(name));
    let wanted = shell::sha256(&[shell::read(&requirements)?, shell::read(&trivy)?].concat());
    let folder = project.work().join("python");
    let stamp = folder.join("modelwright");
    if std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    steps.step("Installing the Python tools", || {
        let failed = |why| format!("the Python environment cannot be made (python3 with venv, and its package index): {why}");
        shell::run(shell::command("python3").args(["-m", "venv", "--clear"]).arg(&folder)).map_err(failed)?;
        for file in [requirements, trivy] {
            let mut pip = shell::command(project.python());
            pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"]).arg(file);
            shell::run(&mut pip).map_err(failed)?;
        }
        shell::write(&stamp, wanted)
    })
}

/// nginx, which tests every rendered configuration. Answers with the folder it is in.
pub fn nginx(steps: &mut Steps) -> Outcome<PathBuf> {
    if let Some(folder) = folder_of("nginx") {
        return Ok(folder);
    }
    steps.step("Installing nginx", || install(&["nginx-light"]))?;
    folder_of("nginx").ok_or_else(|| "nginx was installed and is not on PATH".into())
}

/// The browser that pages are tested in.
pub fn chromium(steps: &mut Steps) -> Outcome<PathBuf> {
    if !Path::new(CHROMIUM).exists() {
        steps.step("Installing Chromium", || install(&["chromium"]))?;
    }
    Ok(PathBuf::from(CHROMIUM))
}

/// Debian has nginx in a folder that is not on everyone's PATH.
fn folder_of(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.into_iter().find(|folder| folder.join(program).is_file())
}

fn install(packages: &[&str]) -> Outcome {
    let names = packages.join(" ");
    if shell::ask("id", &["-u"]).as_deref() != Some("0") || shell::ask("apt-get", &["--version"]).is_none() {
        return Err(format!("Debian's packages {names} are needed and only root can install them, with apt-get"));
    }
    let apt = |arguments: &[&str]| {
        let mut apt = shell::command("apt-get");
        shell::run(apt.arg("-qq").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    // A stale list of packages names versions that are gone; an unreachable one may still be good enough.
    let _ = apt(&["update"]);
    apt(&[&["install", "--yes", "--no-install-recommends"], packages].concat())
        .map_err(|why| format!("Debian's packages {names} are needed and cannot be installed: {why}"))
}
