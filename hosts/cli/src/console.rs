//! Where a command reads and writes.

use crate::stop::Stop;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The three streams of a process.
pub struct Console<'a> {
    /// What `-f -` reads.
    pub stdin: &'a mut dyn Read,
    /// Results.
    pub stdout: &'a mut dyn Write,
    /// Everything else.
    pub stderr: &'a mut dyn Write,
    /// Whether the standard error is a terminal on which lines can be written again.
    pub live: bool,
    /// Whether the standard output is one.
    pub screen: bool,
}

impl Console<'_> {
    /// Writes a result to the standard output, or to a file: then as a whole or not at all, and without colours.
    pub fn put(&mut self, text: &str, file: Option<&Path>) -> Result<(), Stop> {
        match file {
            Some(file) => replace(file, &anstream::adapter::strip_str(text).to_string())
                .map_err(|error| Stop::unreadable(&file.display().to_string(), &error)),
            None => self
                .stdout
                .write_all(text.as_bytes())
                .and_then(|()| self.stdout.flush())
                .map_err(|error| Stop::unwritable(&error)),
        }
    }

    /// Writes what is no result.
    pub fn say(&mut self, text: &str) -> Result<(), Stop> {
        self.stderr.write_all(text.as_bytes()).and_then(|()| self.stderr.flush()).map_err(|error| Stop::unwritable(&error))
    }
}

/// Whoever reads the file sees the old text or the new one, never a part.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let temporary = beside(file)?;
    let result = write(&temporary, text).and_then(|()| fs::rename(&temporary, file));
    if result.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    result
}

fn write(file: &Path, text: &str) -> io::Result<()> {
    let mut opened = fs::OpenOptions::new().write(true).create_new(true).open(file)?;
    opened.write_all(text.as_bytes())?;
    opened.sync_all()
}

fn beside(file: &Path) -> io::Result<PathBuf> {
    let name = file.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "This is not the name of a file"))?;
    Ok(file.with_file_name(format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id())))
}
