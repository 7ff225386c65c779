//! Archives whose bytes depend on nothing but what is in them: no times, no owners.

use crate::shell::{self, Outcome};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A file of an archive.
pub struct Entry {
    /// Its path in the archive, without a slash in front.
    pub path: String,
    /// Its bytes.
    pub content: Vec<u8>,
    /// Whether it is a program.
    pub executable: bool,
}

/// A tar archive of files in the given order, all of them of user 0 and of 1970.
pub fn tar(entries: &[Entry]) -> Outcome<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for entry in entries {
        let mut header = tar::Header::new_ustar();
        header.set_size(entry.content.len() as u64);
        header.set_mode(if entry.executable { 0o755 } else { 0o644 });
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        let appended = archive.append_data(&mut header, &entry.path, entry.content.as_slice());
        appended.map_err(|error| format!("{} does not fit into an archive: {error}", entry.path))?;
    }
    archive.into_inner().map_err(|error| error.to_string())
}

/// Compressed by gzip, without a name and a time.
pub fn gzip(bytes: &[u8]) -> Outcome<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).map_err(|error| error.to_string())
}

/// Every file below a folder, in order, with its path from there.
pub fn files(folder: &Path) -> Outcome<Vec<(PathBuf, Vec<u8>)>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        let entries = std::fs::read_dir(&next).map_err(|error| format!("{} cannot be read: {error}", next.display()))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let content = shell::read(&path)?;
                found.push((path.strip_prefix(folder).unwrap_or(&path).to_path_buf(), content));
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_has_only_what_was_put_in() {
        let entry = |executable| Entry { path: "a/b".into(), content: b"content".to_vec(), executable };
        let bytes = tar(&[entry(true)]).expect("it fits");
        let mut archive = tar::Archive::new(bytes.as_slice());
        let mut found = archive.entries().expect("an archive").map(|entry| entry.expect("an entry"));
        let header = found.next().expect("one entry").header().clone();
        assert_eq!((header.mtime().ok(), header.uid().ok(), header.mode().ok()), (Some(0), Some(0), Some(0o755)));
        assert!(found.next().is_none());
        assert_ne!(tar(&[entry(false)]).expect("it fits"), bytes);
        assert_eq!(gzip(&bytes), gzip(&bytes));
    }
}
