//! Where things are, and the environment that the project's own commands run in.

use crate::shell::{self, Outcome};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Everything is compiled as for release, and always with the same selection of packages: another one would give their dependencies
/// other features, and wasmtime would be compiled again. xtask is compiled already, in its own profile.
pub const NATIVE: [&str; 6] = ["--release", "--workspace", "--exclude", "xtask", "--features", "modelwright/schema"];

/// The workspace and its build directory.
pub struct Project {
    /// The workspace's folder.
    pub root: PathBuf,
    /// Cargo's build directory; `target/` unless the caller's `CARGO_TARGET_DIR` says otherwise.
    pub target: PathBuf,
}

impl Project {
    /// Found from what cargo tells a program that it runs, so that a moved checkout works.
    pub fn find() -> Outcome<Self> {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR").ok_or("start me as `cargo xtask`")?;
        let root = Path::new(&manifest).parent().ok_or("the crate xtask is not inside the workspace")?.to_path_buf();
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder));
        Ok(Self { root, target })
    }

    /// What people use: `target/dist`.
    pub fn dist(&self) -> PathBuf {
        self.target.join("dist")
    }

    /// What later steps use: `target/modelwright`.
    pub fn work(&self) -> PathBuf {
        self.target.join("modelwright")
    }

    /// The JavaScript form: `target/js`. (`target/npm` is cargo's, after the profile.)
    pub fn js(&self) -> PathBuf {
        self.target.join("js")
    }

    /// The component, compiled ahead of time for the command line.
    pub fn precompiled(&self) -> PathBuf {
        self.work().join("modelwright.cwasm")
    }

    /// The built page of the console.
    pub fn console(&self) -> PathBuf {
        self.target.join("console")
    }

    /// The sources of that page.
    pub fn page(&self) -> PathBuf {
        self.root.join("hosts/console/page")
    }

    /// The npm tools' folder.
    pub fn npm_tools(&self) -> PathBuf {
        self.root.join("xtask/npm")
    }

    /// The folder of the tools that make, check and drive the npm package.
    pub fn package_tools(&self) -> PathBuf {
        self.root.join("pkg/tools")
    }

    /// The npm package as `npm pack` takes it.
    pub fn package(&self) -> PathBuf {
        self.dist().join("npm")
    }

    /// The component, transpiled to JavaScript by jco: for tests.
    pub fn transpiled(&self) -> PathBuf {
        self.work().join("jco")
    }

    /// The interpreter of the virtual environment.
    pub fn python(&self) -> PathBuf {
        self.work().join("python/bin/python")
    }

    /// Cargo for this machine, in the workspace, told where the built forms of the core are.
    pub fn cargo(&self) -> Command {
        let mut cargo = shell::command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target);
        cargo.envs([
            ("MODELWRIGHT_BIN", self.dist().join("modelwright")),
            ("MODELWRIGHT_COMPONENT", self.dist().join("modelwright.component.wasm")),
            ("MODELWRIGHT_CONSOLE", self.console()),
            ("MODELWRIGHT_CORE", self.dist().join("modelwright.core.wasm")),
            ("MODELWRIGHT_PACKAGE", self.package()),
            ("MODELWRIGHT_TRANSPILED", self.transpiled()),
            ("MODELWRIGHT_PRECOMPILED", self.precompiled()),
            ("MODELWRIGHT_PYTHON", self.python()),
        ]);
        cargo
    }

    /// Cargo with one subcommand and the committed lock file.
    pub fn locked(&self, subcommand: &[&str]) -> Command {
        let mut cargo = self.cargo();
        cargo.args(subcommand).arg("--locked");
        cargo
    }

    /// What `cargo metadata` says about all packages of the lock file.
    pub fn metadata(&self) -> Outcome<serde_json::Value> {
        let text = shell::capture(&mut self.locked(&["metadata", "--format-version", "1"]))?;
        serde_json::from_str(&text).map_err(|error| format!("cargo metadata is not JSON: {error}"))
    }
}
