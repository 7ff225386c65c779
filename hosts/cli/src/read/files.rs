//! Files, folders and the standard input → texts, within a budget.

use crate::stop::Stop;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes of all files together: what the component accepts.
const BYTES: u64 = 256 << 20;
/// Folders below a folder that are entered.
const FOLDERS: usize = 64;

/// A text and what it is called in messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The path as it was given, or `<stdin>`.
    pub name: String,
    /// The text.
    pub text: String,
}

/// Reads every path in the order given; `-` is the standard input, a folder is all of its manifests.
pub fn read(paths: &[String], stdin: &mut dyn Read) -> Result<Vec<Source>, Stop> {
    let mut budget = BYTES;
    let mut sources = Vec::new();
    for path in paths {
        if path == "-" {
            sources.push(source("<stdin>", stdin, &mut budget)?);
            continue;
        }
        for file in files(Path::new(path))? {
            let name = file.display().to_string();
            let mut opened = fs::File::open(&file).map_err(|error| Stop::unreadable(&name, &error))?;
            sources.push(source(&name, &mut opened, &mut budget)?);
        }
    }
    Ok(sources)
}

fn source(name: &str, reader: &mut dyn Read, budget: &mut u64) -> Result<Source, Stop> {
    let mut bytes = Vec::new();
    reader.take(*budget + 1).read_to_end(&mut bytes).map_err(|error| Stop::unreadable(name, &error))?;
    *budget = budget
        .checked_sub(bytes.len() as u64)
        .ok_or_else(|| Stop::input(format!("{name}: more than {BYTES} bytes in all files together")))?;
    let text = String::from_utf8(bytes).map_err(|error| Stop::input(format!("{name}: {}", not_utf8(&error))))?;
    Ok(Source { name: name.into(), text })
}

fn not_utf8(error: &std::string::FromUtf8Error) -> String {
    match error.as_bytes() {
        [0xfe, 0xff, ..] | [0xff, 0xfe, ..] => "this is UTF-16; save it as UTF-8".into(),
        _ => format!("not UTF-8 text at byte {}", error.utf8_error().valid_up_to()),
    }
}

fn files(path: &Path) -> Result<Vec<PathBuf>, Stop> {
    let name = path.display().to_string();
    let metadata = fs::metadata(path).map_err(|error| Stop::unreadable(&name, &error))?;
    if !metadata.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    collect(path, 0, &mut found)?;
    match found.is_empty() {
        true => Err(Stop::input(format!("{name}: no *.yaml, *.yml or *.json in this folder"))),
        false => Ok(found),
    }
}

/// In the order of names. Hidden entries are left out; links to folders are not followed, so there is no way in circles.
fn collect(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Stop> {
    let failed = |error| Stop::unreadable(&folder.display().to_string(), &error);
    let mut entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if hidden {
            continue;
        }
        if entry.file_type().map_err(failed)?.is_dir() {
            if depth < FOLDERS {
                collect(&path, depth + 1, found)?;
            }
        } else if is_manifest(&path) && path.is_file() {
            found.push(path);
        }
    }
    Ok(())
}

fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml" || extension == "json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_input_is_a_source() {
        let sources = read(&["-".into()], &mut "a: 1".as_bytes()).unwrap();
        assert_eq!(sources, [Source { name: "<stdin>".into(), text: "a: 1".into() }]);
    }

    #[test]
    fn bytes_that_are_not_text_are_refused() {
        for (bytes, part) in [(&b"\xff\xfea\0"[..], "UTF-16"), (b"abc\xff", "at byte 3"), (b"\xc0\xaf", "at byte 0")] {
            let stop = read(&["-".into()], &mut &*bytes).unwrap_err();
            assert!(stop.to_string().contains(part), "{stop}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let stop = read(&["no/such/file.yaml".into()], &mut std::io::empty()).unwrap_err();
        assert_eq!((stop.code(), stop.to_string().as_str()), (3, "no/such/file.yaml: no such file or directory"));
    }
}
