//! What is said about an input: the component's diagnostics and the mistakes of reading, with their places.

use crate::read::documents::{Object, Objects};
use crate::read::node::Mark;
use modelwright_embed::{Diagnostic, Severity};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The one code that speaks of a name, not of its value.
const UNKNOWN_FIELD: &str = "UnknownField";

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// Stops what it names.
    Error,
    /// Costs something.
    Warning,
    /// For reading.
    Info,
}

impl Weight {
    /// As the contract writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Weight,
    /// Stable word, for programs.
    pub code: String,
    /// The object as `Kind/namespace/name`; empty where there is none.
    pub object: String,
    /// JSON Pointer into the object.
    pub path: String,
    /// One sentence.
    pub message: String,
    /// What to do about it; may be empty.
    pub help: String,
    /// Where it is written, if it is.
    #[serde(skip)]
    pub place: Option<Place>,
}

/// A place in one of the texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Index of the text.
    pub source: usize,
    /// Where in it.
    pub mark: Mark,
}

impl Finding {
    /// An error about no object.
    pub fn error(code: &str, message: impl Into<String>) -> Self {
        Self {
            severity: Weight::Error,
            code: code.into(),
            object: String::new(),
            path: String::new(),
            message: message.into(),
            help: String::new(),
            place: None,
        }
    }

    /// Sets the advice.
    pub fn helped(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// Sets the place.
    pub fn at(mut self, source: usize, mark: Mark) -> Self {
        self.place = Some(Place { source, mark });
        self
    }

    /// Whether this stops what it names.
    pub fn is_error(&self) -> bool {
        self.severity == Weight::Error
    }

    /// Finds the place in one object. When the value there is read otherwise than it is written, says so.
    pub fn within(mut self, object: &Object) -> Self {
        let (node, mark) = object.node.locate(&self.path);
        if let Some(node) = node.filter(|node| !node.spelling.is_empty()) {
            let hint = format!("Kubernetes reads `{}` as {}", node.spelling, node.json());
            self.help = match self.help.as_str() {
                "" => format!("{hint}; put it in quotes to mean the text"),
                help => format!("{help}; {hint}"),
            };
        }
        let named = if self.code == UNKNOWN_FIELD { object.node.locate_name(&self.path) } else { None };
        self.at(object.source, named.unwrap_or(mark))
    }
}

/// Finds the places in the files that findings speak of, where they are there.
pub fn located(findings: Vec<Finding>, files: &Objects) -> Vec<Finding> {
    let objects: BTreeMap<String, &Object> = files.objects.iter().map(|object| (object.label(), object)).collect();
    let place = |finding: Finding| match objects.get(&finding.object) {
        Some(object) => finding.within(object),
        None => finding,
    };
    findings.into_iter().map(place).collect()
}

impl From<Diagnostic> for Finding {
    fn from(diagnostic: Diagnostic) -> Self {
        let severity = match diagnostic.severity {
            Severity::Error => Weight::Error,
            Severity::Warning => Weight::Warning,
            Severity::Info => Weight::Info,
        };
        let Diagnostic { code, object, path, message, help, .. } = diagnostic;
        Self { severity, code, object, path, message, help, place: None }
    }
}
