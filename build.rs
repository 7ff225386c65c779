//! Digests the rules: the sources of the core, in order of their names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rustc-env=MODELWRIGHT_RULES={}", digest(&sources(Path::new("src"))));
}

/// Every file below a folder by its name with forward slashes, so that the digest does not depend on the machine.
fn sources(folder: &Path) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder of sources is readable").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.to_string_lossy().replace('\\', "/"), path);
            }
        }
    }
    found
}

/// FNV-1a over names and contents, 128 bits: it tells versions apart, it proves nothing.
fn digest(sources: &BTreeMap<String, PathBuf>) -> String {
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for (name, path) in sources {
        let content = std::fs::read(path).expect("a source is readable");
        for byte in name.bytes().chain(content) {
            hash = (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }
    format!("{hash:032x}")
}
