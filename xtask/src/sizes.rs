//! Sizes: absolute budgets, and growth against the record of the same tool chain.
//!
//! A record also holds the fuel of the scenarios (`fuel`), which host-tests measures, compares and rewrites under `BLESS=1`: it finds the
//! file by `MODELWRIGHT_RECORD`. Bytes and fuel of one tool chain say nothing about another's, so each has a record of its own.

use crate::project::Project;
use crate::setup::WasmRust;
use crate::shell::{self, Outcome};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Map, Value, json};
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Per cent that something may grow before somebody has to look.
const TOLERANCE: u64 = 2;

/// One form of the core, with the bytes it may have.
const BUDGETS: [(&str, Size); 2] =
    [("component", Size { raw: 1_000_000, gz: 320_000 }), ("js", Size { raw: 600_000, gz: 200_000 })];

/// What the console may have, gzipped, until it can be used.
const FIRST_LOAD: u64 = 450_000;

/// Bytes, as they are and gzipped.
#[derive(Clone, Copy)]
pub struct Size {
    /// As they are.
    pub raw: u64,
    /// Gzipped at the best level.
    pub gz: u64,
}

impl Size {
    /// Measures.
    pub fn of(bytes: &[u8]) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let gz = encoder.write_all(bytes).and_then(|()| encoder.finish()).map_or(u64::MAX, |packed| packed.len() as u64);
        Self { raw: bytes.len() as u64, gz }
    }

    fn parts(self) -> [(&'static str, u64); 2] {
        [("raw", self.raw), ("gz", self.gz)]
    }
}

impl fmt::Display for Size {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:.1} kB, gzipped {:.1} kB", self.raw as f64 / 1000.0, self.gz as f64 / 1000.0)
    }
}

/// Where the record of a tool chain is.
pub fn record_path(project: &Project, rust: &WasmRust) -> PathBuf {
    project.root.join("xtask/records").join(rust.key() + ".json")
}

/// Compares with the budgets and the record.
pub fn check(project: &Project, rust: &WasmRust) -> Outcome {
    let path = record_path(project, rust);
    let record = match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| format!("{} is not JSON: {error}", path.display()))?,
        Err(_) => {
            println!("    NOT COMPARED: there is no record of {} yet; `cargo xtask bless` makes one", rust.key());
            Value::Null
        }
    };
    let mut found = Vec::new();
    for (form, budget) in BUDGETS {
        let size = measure(project, form)?;
        println!("    {form}: {size}");
        found.extend(complaints(form, size, budget, &record[form]));
    }
    if found.is_empty() { Ok(()) } else { Err(found.join("; ")) }
}

fn measure(project: &Project, form: &str) -> Outcome<Size> {
    let file = match form {
        "js" => project.js().join("modelwright_bg.wasm"),
        _ => project.dist().join("modelwright.component.wasm"),
    };
    Ok(Size::of(&shell::read(&file)?))
}

fn complaints(form: &str, size: Size, budget: Size, record: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for ((part, bytes), (_, budget)) in size.parts().into_iter().zip(budget.parts()) {
        if bytes > budget {
            found.push(format!("{form} has {bytes} bytes ({part}), more than its budget of {budget}"));
        }
        if let Some(before) = record[part].as_u64()
            && bytes * 100 > before * (100 + TOLERANCE)
        {
            let hint = "look why, then `cargo xtask bless`";
            found.push(format!("{form} grew from {before} to {bytes} bytes ({part}), more than {TOLERANCE} %: {hint}"));
        }
    }
    found
}

/// Files of the console's page that are no part of its first load, by the beginning of their names: views, finding and examples are
/// fetched when they are opened. The tests of the page compare this with what a browser fetches.
fn is_later(name: &str, index: &str) -> bool {
    !(name.ends_with(".wasm") || name.starts_with("worker-") || index.contains(name))
}

/// The files of the first load with their sizes: the page, what it names, the worker and the planner.
fn first_load(folder: &Path) -> Outcome<Vec<(String, Size)>> {
    let index = shell::read_text(&folder.join("index.html"))?;
    let assets = folder.join("assets");
    let entries = std::fs::read_dir(&assets).map_err(|error| format!("{} cannot be read: {error}", assets.display()))?;
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| !is_later(name, &index)).collect();
    names.sort();
    let mut files = vec![("index.html".to_owned(), Size::of(index.as_bytes()))];
    for name in names {
        let size = Size::of(&shell::read(&assets.join(&name))?);
        files.push((name, size));
    }
    Ok(files)
}

/// Says what the first load of the console is.
pub fn print_console(folder: &Path) -> Outcome {
    let files = first_load(folder)?;
    files.iter().for_each(|(name, size)| println!("    {name}: {size}"));
    println!("    first load: {:.1} kB gzipped", gzipped(&files) as f64 / 1000.0);
    Ok(())
}

/// The first load of the console within its budget.
pub fn check_console(folder: &Path) -> Outcome {
    print_console(folder)?;
    match gzipped(&first_load(folder)?) {
        bytes if bytes <= FIRST_LOAD => Ok(()),
        bytes => Err(format!("the first load of the console has {bytes} bytes gzipped, more than its budget of {FIRST_LOAD}")),
    }
}

fn gzipped(files: &[(String, Size)]) -> u64 {
    files.iter().map(|(_, size)| size.gz).sum()
}

/// Writes the record; the fuel in it stays, host-tests writes that.
pub fn bless(project: &Project, rust: &WasmRust) -> Outcome {
    let path = record_path(project, rust);
    let old = std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice::<Map<String, Value>>(&bytes).ok());
    let mut record = old.unwrap_or_default();
    for (form, _) in BUDGETS {
        let size = measure(project, form)?;
        record.insert(form.into(), json!({"raw": size.raw, "gz": size.gz}));
    }
    let text = serde_json::to_string_pretty(&record).map_err(|error| error.to_string())?;
    shell::write(&path, text + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_and_budget_are_complaints() {
        let record = json!({"raw": 1000, "gz": 500});
        let budget = Size { raw: 1500, gz: 1500 };
        let count = |raw, gz| complaints("js", Size { raw, gz }, budget, &record).len();
        assert_eq!(count(1020, 510), 0, "2 % is fine");
        assert_eq!(count(1021, 500), 1, "more is growth");
        assert_eq!(count(1600, 511), 3, "growth of both, and the budget");
        assert_eq!(complaints("js", Size { raw: 1600, gz: 1 }, budget, &Value::Null).len(), 1, "the budget needs no record");
    }
}
