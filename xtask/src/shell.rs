//! Running programs, timing steps, writing files.

use sha2::{Digest, Sha256};
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// A failure is one sentence for a person.
pub type Outcome<T = ()> = Result<T, String>;

/// The steps so far, with their times.
#[derive(Default)]
pub struct Steps(Vec<(&'static str, Duration, Outcome)>);

impl Steps {
    /// Says what is done, does it, says how long it took.
    pub fn step<T>(&mut self, name: &'static str, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        println!("==> {name} …");
        let start = Instant::now();
        let outcome = work();
        let time = start.elapsed();
        let (value, result) = match outcome {
            Ok(value) => (Ok(value), Ok(())),
            Err(sentence) => (Err(sentence.clone()), Err(sentence)),
        };
        let word = if result.is_ok() { "" } else { " FAILED after" };
        println!("==> {name} …{word} {}", seconds(time));
        self.0.push((name, time, result));
        value
    }

    /// Like `step`, but a failure waits for [`Steps::verdict`], so that one run shows all of them.
    pub fn check(&mut self, name: &'static str, work: impl FnOnce() -> Outcome) {
        if let Err(sentence) = self.step(name, work) {
            eprintln!("{sentence}");
        }
    }

    /// The list of steps with times.
    pub fn print(&self) {
        println!("\nSteps:");
        for (name, time, result) in &self.0 {
            println!("{:>9}  {}{name}", seconds(*time), if result.is_ok() { "" } else { "FAILED: " });
        }
        let total: Duration = self.0.iter().map(|(_, time, _)| *time).sum();
        println!("{:>9}  in all\n", seconds(total));
    }

    /// Every failure of a check, as one.
    pub fn verdict(&self) -> Outcome {
        let failed = self.0.iter().filter_map(|(name, _, result)| result.as_ref().err().map(|why| format!("{name}: {why}")));
        let failed: Vec<String> = failed.collect();
        if failed.is_empty() { Ok(()) } else { Err(format!("{} failed:\n  {}", failed.len(), failed.join("\n  "))) }
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// A program without what `cargo run` put into the environment: it would mislead another cargo or another rustc.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    let ours = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_BIN_");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(ours)) {
        command.env_remove(name);
    }
    for name in ["CARGO", "CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PRIMARY_PACKAGE", "LD_LIBRARY_PATH", "OUT_DIR"] {
        command.env_remove(name);
    }
    command
}

/// Runs a program; its output is the user's.
pub fn run(command: &mut Command) -> Outcome {
    let status = command.status().map_err(|error| not_started(command, &error))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` failed ({status})", shown(command))) }
}

/// Runs a program and takes its standard output; its errors are the user's.
pub fn capture(command: &mut Command) -> Outcome<String> {
    let output = command.stderr(std::process::Stdio::inherit()).output().map_err(|error| not_started(command, &error))?;
    if !output.status.success() {
        return Err(format!("`{}` failed ({})", shown(command), output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("`{}` printed something that is not UTF-8", shown(command)))
}

/// The standard output of a program that may be missing or fail: a question, not a step.
pub fn ask(program: impl AsRef<OsStr>, arguments: &[&str]) -> Option<String> {
    let output = command(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

fn not_started(command: &Command, error: &std::io::Error) -> String {
    format!("`{}` cannot be started: {error}", command.get_program().display())
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// A whole file.
pub fn read(path: &Path) -> Outcome<Vec<u8>> {
    std::fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
}

/// A whole text file.
pub fn read_text(path: &Path) -> Outcome<String> {
    String::from_utf8(read(path)?).map_err(|_| format!("{} is not UTF-8", path.display()))
}

/// Writes a file and its folders; an equal file keeps its time, so that nothing is built again for it.
pub fn write(path: &Path, content: impl AsRef<[u8]>) -> Outcome {
    if std::fs::read(path).is_ok_and(|found| found == content.as_ref()) {
        return Ok(());
    }
    folder_for(path)?;
    std::fs::write(path, content).map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

/// Makes the folder that a file will be in.
pub fn folder_for(file: &Path) -> Outcome {
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|error| format!("{} cannot be made: {error}", folder.display()))
}

/// Lower-case hex of SHA-256.
pub fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}
