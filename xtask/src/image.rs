//! `image`: the program, linked without libraries, as an OCI image layout in `target/dist/image/`, and the manifests that name its digest.
//!
//! One layer with one file, from scratch: <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md>.

use crate::archive::{self, Entry};
use crate::project::Project;
use crate::shell::{self, Outcome, Steps};
use crate::{dist, manifests};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Nobody's: no file of any node belongs to it.
const USER: &str = "65532:65532";
/// The program's name in the image.
const PROGRAM: &str = "modelwright";

/// Builds everything, the image, and the manifests with both digests.
pub fn build(project: &Project, steps: &mut Steps) -> Outcome {
    dist::build(project, steps)?;
    of_built(project, steps)
}

/// The image of what is built already.
pub fn of_built(project: &Project, steps: &mut Steps) -> Outcome {
    let program = steps.step("Linking the program without libraries", || link(project))?;
    let component = component(project)?;
    let layout = Layout { folder: layout(project) };
    let image = steps.step("Packing the image", || layout.write(&shell::read(&program)?, &component))?;
    steps.step("Filling in the manifests", || manifests::fill(project, &component, &image))?;
    println!("\n{}: sha256:{image}", layout.folder.display());
    Ok(())
}

/// The digest of the component, as hex.
fn component(project: &Project) -> Outcome<String> {
    Ok(shell::sha256(&shell::read(&project.dist().join("modelwright.component.wasm"))?))
}

/// Where the image layout is.
pub fn layout(project: &Project) -> PathBuf {
    project.dist().join("image")
}

/// Only the program itself is compiled for it; everything in it is what the command line has.
fn link(project: &Project) -> Outcome<PathBuf> {
    let mut cargo = project.locked(&["rustc", "--release", "--package", "modelwright-cli", "--bin", "modelwright"]);
    shell::run(cargo.args(["--", "-C", "target-feature=+crt-static"]))?;
    let program = project.work().join("modelwright-static");
    let linked = project.target.join("release/modelwright");
    shell::write(&program, shell::read(&linked)?)?;
    Ok(program)
}

/// A folder of blobs by their digests.
struct Layout {
    folder: PathBuf,
}

impl Layout {
    /// Writes the whole folder; the answer is the digest of the image, as hex.
    fn write(&self, program: &[u8], component: &str) -> Outcome<String> {
        let _ = std::fs::remove_dir_all(&self.folder);
        let layer = archive::tar(&[Entry { path: PROGRAM.into(), content: program.to_vec(), executable: true }])?;
        let config = config(component, &shell::sha256(&layer))?;
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.blob(CONFIG, config.to_string().as_bytes())?,
            "layers": [self.blob(LAYER, &archive::gzip(&layer)?)?],
        });
        let mut image = self.blob(MANIFEST, manifest.to_string().as_bytes())?;
        let digest = image["digest"].as_str().and_then(|digest| digest.strip_prefix("sha256:")).unwrap_or_default().to_owned();
        image["annotations"] = json!({"org.opencontainers.image.ref.name": env!("CARGO_PKG_VERSION")});
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [image]});
        shell::write(&self.folder.join("index.json"), index.to_string())?;
        shell::write(&self.folder.join("oci-layout"), json!({"imageLayoutVersion": "1.0.0"}).to_string())?;
        Ok(digest)
    }

    /// Writes a blob; the answer is its descriptor.
    fn blob(&self, media_type: &str, content: &[u8]) -> Outcome<Value> {
        let digest = shell::sha256(content);
        shell::write(&self.folder.join("blobs/sha256").join(&digest), content)?;
        Ok(json!({"mediaType": media_type, "digest": format!("sha256:{digest}"), "size": content.len()}))
    }
}

/// How the program is started. Without a time, so that the same program gives the same image.
fn config(component: &str, layer: &str) -> Outcome<Value> {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => return Err(format!("OCI's name of the architecture {other} is not known here")),
    };
    let labels = json!({
        "org.opencontainers.image.title": "modelwright",
        "org.opencontainers.image.description": "The command line of Modelwright, and the hook that Metacontroller calls",
        "org.opencontainers.image.version": env!("CARGO_PKG_VERSION"),
        "org.opencontainers.image.licenses": env!("CARGO_PKG_LICENSE"),
        "internal.mlops.component": format!("sha256:{component}"),
    });
    Ok(json!({
        "architecture": architecture,
        "os": std::env::consts::OS,
        "config": {"User": USER, "Entrypoint": [format!("/{PROGRAM}")], "Labels": labels},
        "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{layer}")]},
    }))
}

/// Links and packs again: the image must be the same, byte for byte.
pub fn check_reproducible(project: &Project) -> Outcome {
    let first = index(&layout(project))?;
    forget_link(project)?;
    let program = shell::read(&link(project)?)?;
    let component = component(project)?;
    let again = Layout { folder: project.work().join("image-again") };
    again.write(&program, &component)?;
    let second = index(&again.folder)?;
    if first == second { Ok(()) } else { Err(format!("a second build gives another image:\n{first}\n{second}")) }
}

fn index(folder: &Path) -> Outcome<String> {
    shell::read_text(&folder.join("index.json"))
}

/// Cargo links again what is not there.
fn forget_link(project: &Project) -> Outcome {
    let folder = project.target.join("release/deps");
    let linked = shell::read(&project.target.join("release/modelwright"))?;
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("{} cannot be read: {error}", folder.display()))?;
    let programs = entries.flatten().map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("modelwright-") && path.extension().is_none()
    });
    for path in programs {
        if shell::read(&path)? == linked {
            std::fs::remove_file(&path).map_err(|error| format!("{} cannot be removed: {error}", path.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_program_gives_the_same_image() {
        let folder = std::env::temp_dir().join(format!("modelwright-image-{}", std::process::id()));
        let write = |name: &str, program: &[u8]| Layout { folder: folder.join(name) }.write(program, "c").expect("it is written");
        assert_eq!(write("a", b"program"), write("b", b"program"));
        assert_ne!(write("a", b"program"), write("c", b"another"));
        let files = |name: &str| archive::files(&folder.join(name)).expect("a folder");
        assert_eq!(files("a"), files("b"));
        for (path, content) in files("a").iter().filter(|(path, _)| path.starts_with("blobs")) {
            assert_eq!(path.file_name().unwrap_or_default().to_string_lossy(), shell::sha256(content));
        }
        std::fs::remove_dir_all(&folder).expect("it was made");
    }
}
