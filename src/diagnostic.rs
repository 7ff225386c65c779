//! What is said about an input: diagnostics (a user's mistake, all at once) and failures (a host's mistake).

use crate::written::{Written, written};
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// How much a diagnostic matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Stops what it names.
    Error,
    /// Costs something.
    Warning,
    /// For reading.
    Info,
}

/// One finding about one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// Stable CamelCase word, for programs.
    pub code: String,
    /// The object as `Kind/namespace/name`; empty where there is none.
    pub object: String,
    /// JSON Pointer (RFC 6901) into the object; empty for the whole.
    pub path: String,
    /// One sentence for people.
    pub message: String,
    /// What to do about it; may be empty.
    pub help: String,
}

impl Ord for Diagnostic {
    /// Errors first, then by object and path.
    fn cmp(&self, other: &Self) -> Ordering {
        self.severity.cmp(&other.severity).then_with(|| {
            let (a, b) = (self, other);
            (&a.object, &a.path, &a.code, &a.message, &a.help).cmp(&(&b.object, &b.path, &b.code, &b.message, &b.help))
        })
    }
}

impl PartialOrd for Diagnostic {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Diagnostic {
    /// An error at `path`; `object` is filled in by whoever knows it.
    pub fn error(code: &str, path: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, path, message.into())
    }

    /// A warning at `path`.
    pub fn warning(code: &str, path: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, path, message.into())
    }

    /// A remark at `path`.
    pub fn info(code: &str, path: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Info, code, path, message.into())
    }

    #[inline(never)]
    fn new(severity: Severity, code: &str, path: &str, message: String) -> Self {
        Self { severity, code: code.into(), object: String::new(), path: path.into(), message, help: String::new() }
    }

    /// The same with a sentence about what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// The same, about `object` (`Kind/namespace/name`).
    #[must_use]
    pub fn of(mut self, object: &str) -> Self {
        self.object = object.into();
        self
    }

    /// Whether it stops what it names.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// The host's mistake: nothing was decided, nothing may be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// `Malformed`, `Unsupported` or `LimitExceeded`.
    pub code: String,
    /// At least one.
    pub diagnostics: Vec<Diagnostic>,
}

impl Failure {
    /// A failure with one sentence.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.into(), diagnostics: vec![Diagnostic::error(code, "", message)] }
    }
}

/// A text for a message: quoted, control and bidirectional characters escaped, at most 200 characters. `{:?}` is for tests: it brings
/// tables of all printable characters into the component.
pub fn shown(text: &str) -> String {
    let mut shown = String::from("\"");
    for c in text.chars().take(200) {
        match c {
            '"' | '\\' => shown.extend(['\\', c]),
            '\0' => shown.push_str("\\0"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            _ if is_unseen(c) => shown.extend(c.escape_unicode()),
            _ => shown.push(c),
        }
    }
    shown.push('"');
    shown
}

/// Whether a character has no picture of its own, or changes that of others: controls, foreign spaces, marks of direction and width,
/// combining accents, private use, tags. Ranges of Unicode's `Cc`, `Zs`, `Co` and `Default_Ignorable_Code_Point` (UAX 44); the standard
/// library's own tables of letters are larger than all that this reads.
pub fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{a0}'
            | '\u{ad}'
            | '\u{300}'..='\u{36f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{1680}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{2000}'..='\u{200f}'
            | '\u{2028}'..='\u{202f}'
            | '\u{205f}'..='\u{206f}'
            | '\u{3000}'
            | '\u{3164}'
            | '\u{e000}'..='\u{f8ff}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{ffff}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..
    )
}

written!(Diagnostic { "severity": severity, "code": code, "object": object, "path": path, "message": message, "help": help });
written!(Failure { "code": code, "diagnostics": diagnostics });

impl Written for Severity {
    fn write(&self, out: &mut String) {
        let word = match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        };
        word.write(out);
    }
}
