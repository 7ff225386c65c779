//! The image: an OCI layout whose every digest is true, and whose one program runs without anything beside it.

use flate2::read::GzDecoder;
use modelwright_host_tests::artefacts::Artefact;
use modelwright_host_tests::cluster::unique;
use modelwright_host_tests::dist;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::PathBuf;
use std::process::Command;

fn sha256(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn layout() -> PathBuf {
    dist::path("image").expect("the image is built")
}

/// The content that a descriptor is about, which must be what it says.
fn blob(descriptor: &Value) -> Vec<u8> {
    let digest = descriptor["digest"].as_str().expect("a digest");
    let path = layout().join("blobs").join(digest.replace(':', "/"));
    let content = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!((sha256(&content).as_str(), descriptor["size"].as_u64()), (digest, Some(content.len() as u64)));
    content
}

fn json_of(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("JSON")
}

/// The one image of the index, and its manifest.
fn image() -> (Value, Value) {
    let read = |name: &str| json_of(&std::fs::read(layout().join(name)).expect("a file of the layout"));
    assert_eq!(read("oci-layout"), json!({"imageLayoutVersion": "1.0.0"}));
    let images = read("index.json")["manifests"].as_array().cloned().expect("images");
    let [image] = images.as_slice() else { panic!("one image, not {}", images.len()) };
    (image.clone(), json_of(&blob(image)))
}

/// The archive of the one layer.
fn layer(manifest: &Value) -> Vec<u8> {
    let mut archive = Vec::new();
    GzDecoder::new(blob(&manifest["layers"][0]).as_slice()).read_to_end(&mut archive).expect("gzip");
    archive
}

#[test]
fn every_digest_is_true_and_nothing_else_lies_there() {
    let (image, manifest) = image();
    let config = json_of(&blob(&manifest["config"]));
    assert_eq!(config["rootfs"]["diff_ids"], json!([sha256(&layer(&manifest))]));
    let named = [&image, &manifest["config"], &manifest["layers"][0]].map(|found| found["digest"].as_str().expect("a digest"));
    let blobs = std::fs::read_dir(layout().join("blobs/sha256")).expect("blobs");
    let mut found: Vec<_> = blobs.map(|blob| format!("sha256:{}", blob.expect("a blob").file_name().display())).collect();
    let mut named = named.map(str::to_owned);
    found.sort();
    named.sort();
    assert_eq!(found, named);
}

#[test]
fn it_starts_one_program_as_nobody() {
    let (_, manifest) = image();
    let config = json_of(&blob(&manifest["config"]));
    assert_eq!(config["config"]["User"], "65532:65532");
    assert_eq!(config["config"]["Entrypoint"], json!(["/modelwright"]));
    assert_eq!(config.get("created"), None, "a time would make every build another image");
    let archive = layer(&manifest);
    let mut archive = tar::Archive::new(archive.as_slice());
    let files = archive.entries().expect("an archive").map(|entry| {
        let entry = entry.expect("an entry");
        let header = entry.header();
        (entry.path().expect("a path").display().to_string(), header.mode().ok(), header.uid().ok(), header.mtime().ok())
    });
    assert_eq!(files.collect::<Vec<_>>(), [("modelwright".to_owned(), Some(0o755), Some(0), Some(0))]);
}

/// The program header of ELF that names an interpreter: the loader of shared libraries, which is not in the image.
const PT_INTERP: u32 = 3;

/// Types of the program headers of an ELF file: <https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.pheader.html>.
fn program_headers(elf: &[u8]) -> Vec<u32> {
    let number = |at: usize, size: usize| elf[at..at + size].iter().rev().fold(0, |value, byte| value << 8 | usize::from(*byte));
    assert_eq!(&elf[..6], b"\x7fELF\x02\x01", "a 64-bit little-endian ELF file");
    let (start, size, count) = (number(32, 8), number(54, 2), number(56, 2));
    (0..count).map(|header| u32::try_from(number(start + header * size, 4)).expect("four bytes")).collect()
}

#[test]
fn the_program_needs_nothing_beside_it_and_has_the_component() {
    let (_, manifest) = image();
    let folder = std::env::temp_dir().join(format!("modelwright-image-{}", unique()));
    tar::Archive::new(layer(&manifest).as_slice()).unpack(&folder).expect("it unpacks");
    let program = folder.join("modelwright");
    let headers = program_headers(&std::fs::read(&program).expect("it is there"));
    assert!(headers.len() > 3 && !headers.contains(&PT_INTERP), "it is linked without shared libraries: {headers:?}");
    let output = Command::new(&program).arg("info").env_clear().current_dir(&folder).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    std::fs::remove_dir_all(&folder).expect("it was made");
    let component = sha256(&Artefact::Component.read().expect("the component is built"));
    assert!(output.status.success() && said.contains(component.trim_start_matches("sha256:")), "{said}");
    let config = json_of(&blob(&manifest["config"]));
    assert_eq!(config["config"]["Labels"]["internal.mlops.component"], component.as_str());
}

#[test]
fn the_manifests_name_this_image_and_this_component() {
    let (image, _) = image();
    let read = |name: &str| std::fs::read_to_string(dist::path(name).expect("the manifests")).expect("text");
    let digest = image["digest"].as_str().expect("a digest");
    assert!(read("metacontroller/base/deployment.yaml").contains(&format!("@{digest}\n")));
    let component = sha256(&Artefact::Component.read().expect("the component is built"));
    let short = &component["sha256:".len()..][..16];
    let controllers = read("metacontroller/base/controllers.yaml");
    let hooks = controllers.lines().filter(|line| line.trim_start().starts_with("url: ")).collect::<Vec<_>>();
    assert_eq!(hooks.len(), 3 * 3 + 2);
    for hook in hooks {
        assert!(hook.contains(&format!("https://modelwright.modelwright-system.svc/{short}/")), "{hook}");
    }
}
