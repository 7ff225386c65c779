//! What `cargo xtask image` leaves in `target/dist/`: the manifests with every digest filled in, the chart, the image layout.

use crate::artefacts::Artefact;
use std::path::{Path, PathBuf};

/// A file or folder of `target/dist/`; when it is not there, one sentence that says what to do.
pub fn path(name: &str) -> Result<PathBuf, String> {
    let component = Artefact::Component.path()?;
    let path = component.parent().unwrap_or(Path::new(".")).join(name);
    if path.exists() { Ok(path) } else { Err(format!("{} is missing: run `cargo xtask image` first", path.display())) }
}
