//! Where the built forms are. `cargo xtask` says so by environment variables; without them it is the workspace's `target`.

use std::path::{Path, PathBuf};

/// What `cargo xtask build` leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Artefact {
    /// The component.
    Component,
    /// The component, compiled ahead of time.
    Precompiled,
    /// The core module of the component.
    CoreModule,
    /// The command line.
    CommandLine,
    /// The npm package: a folder.
    Package,
    /// The component, transpiled to JavaScript: a folder.
    Transpiled,
}

impl Artefact {
    fn place(self) -> (&'static str, &'static str) {
        match self {
            Self::Component => ("MODELWRIGHT_COMPONENT", "dist/modelwright.component.wasm"),
            Self::Precompiled => ("MODELWRIGHT_PRECOMPILED", "modelwright/modelwright.cwasm"),
            Self::CoreModule => ("MODELWRIGHT_CORE", "dist/modelwright.core.wasm"),
            Self::CommandLine => ("MODELWRIGHT_BIN", "dist/modelwright"),
            Self::Package => ("MODELWRIGHT_PACKAGE", "dist/npm"),
            Self::Transpiled => ("MODELWRIGHT_TRANSPILED", "modelwright/jco"),
        }
    }

    /// Its path; when nothing is there, one sentence that says what to do.
    pub fn path(self) -> Result<PathBuf, String> {
        let (variable, default) = self.place();
        let path = match std::env::var_os(variable) {
            Some(path) if !path.is_empty() => PathBuf::from(path),
            _ => Path::new(env!("CARGO_MANIFEST_DIR")).join("../target").join(default),
        };
        let command = match self {
            Self::Package => "js",
            Self::Transpiled => "test",
            _ => "build",
        };
        match path.exists() {
            true => Ok(path),
            false => Err(format!("{} is missing: run `cargo xtask {command}` first", path.display())),
        }
    }

    /// Its bytes.
    pub fn read(self) -> Result<Vec<u8>, String> {
        let path = self.path()?;
        std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
    }
}
