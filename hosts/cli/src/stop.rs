//! Why a command ends early, and the exit code for it.

use crate::findings::Finding;
use crate::read::files::Source;
use modelwright_embed::{Failure, HostError};
use std::fmt;
use std::io;

/// Nothing went wrong.
pub const FINE: u8 = 0;
/// The input is invalid.
pub const INVALID: u8 = 1;
/// There is something to do, and `--exit-code` asked.
pub const CHANGES: u8 = 2;
/// A file cannot be read or written, the API server cannot be asked or refuses, or the component failed.
pub const HOST: u8 = 3;
/// A saved plan is not what would be done now.
pub const DIFFERS: u8 = 4;
/// The time was up, or something is held back for good.
pub const UNFINISHED: u8 = 5;
/// Somebody pressed Ctrl-C; as shells say it.
pub const INTERRUPTED: u8 = 130;

/// Why a command ends early.
#[derive(Debug)]
pub enum Stop {
    /// The input is invalid, in these ways.
    Invalid {
        /// At least one.
        findings: Vec<Finding>,
        /// The texts that the findings point into.
        sources: Vec<Source>,
    },
    /// The input is invalid as a whole.
    Input(String),
    /// A file cannot be read or written, the API server cannot be asked or refuses, or the component failed.
    Host(String),
    /// Whoever read the output has left.
    Quiet,
}

impl Stop {
    /// The input as a whole is wrong.
    pub fn input(sentence: impl Into<String>) -> Self {
        Self::Input(sentence.into())
    }

    /// A file that cannot be read or written.
    pub fn unreadable(name: &str, error: &io::Error) -> Self {
        Self::Host(format!("{name}: {}", reason(error)))
    }

    /// An output that cannot be written; a closed pipe is nothing to talk about.
    pub fn unwritable(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Quiet,
            _ => Self::Host(format!("the output cannot be written: {}", reason(error))),
        }
    }

    /// The component refused the request: the input that it was made from is to blame.
    pub fn refused(failure: Failure) -> Self {
        let mut findings: Vec<Finding> = failure.diagnostics.into_iter().map(Finding::from).collect();
        if findings.is_empty() {
            findings.push(Finding::error(&failure.code, "the component refused the request"));
        }
        Self::Invalid { findings, sources: Vec::new() }
    }

    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Self::Invalid { .. } | Self::Input(_) => INVALID,
            Self::Host(_) => HOST,
            Self::Quiet => FINE,
        }
    }
}

impl From<HostError> for Stop {
    fn from(error: HostError) -> Self {
        match error {
            HostError::Input { .. } => Self::Input(error.to_string()),
            _ => Self::Host(error.to_string()),
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { findings, .. } => write!(formatter, "{} findings", findings.len()),
            Self::Input(sentence) | Self::Host(sentence) => formatter.write_str(sentence),
            Self::Quiet => Ok(()),
        }
    }
}

/// What the system says, without its number and in the middle of a sentence.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or("");
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => "it failed".into(),
    }
}
