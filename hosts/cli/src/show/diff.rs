//! The differences of objects of any kind, for people.

use super::change;
use super::escape::{clipped, escaped};
use super::paint::{ALARM, FAINT, STRONG, paint};
use super::plan::words;
use crate::findings::Finding;
use crate::format::{Change, ObjectPlan, object_name};
use serde::Deserialize;
use std::fmt::Write;

/// What differs between an object and the live one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Verb, reason and changes, as in a plan.
    #[serde(flatten)]
    pub object: ObjectPlan,
    /// What others changed where we are the author.
    pub drift: Vec<Change>,
    /// Whether a replacement loses data.
    pub data_loss: bool,
    /// Whether removals cannot be seen.
    pub removals_unknown: bool,
    /// What is said about it.
    pub diagnostics: Vec<Finding>,
}

impl Difference {
    /// Whether there is anything to do.
    pub fn differs(&self) -> bool {
        self.object.verb != "unchanged"
    }
}

/// One block for each object that differs, then the findings and the totals.
pub fn text(found: &[Difference], findings: &str) -> String {
    let mut out = String::new();
    for one in found.iter().filter(|one| one.differs() || !one.drift.is_empty()) {
        out.push_str(&block(one));
        out.push('\n');
    }
    out.push_str(findings);
    let count = |verb: &str| found.iter().filter(|one| one.object.verb == verb).count();
    let totals = ["create", "update", "replace"].map(|verb| format!("{} to {verb}", count(verb)));
    let _ = writeln!(out, "{}", paint(STRONG, format!("{}; {} unchanged", totals.join(", "), count("unchanged"))));
    out
}

fn block(one: &Difference) -> String {
    let object = &one.object;
    let (sign, style, _) = words(&object.verb);
    let reason = if object.reason.is_empty() { String::new() } else { format!(" ({})", escaped(&object.reason)) };
    let name = paint(STRONG, clipped(&object_name(&object.id), 200));
    let verb = paint(style, escaped(&object.verb));
    let mut out = format!("{} {name}: {verb}{}\n", paint(style, format!("{sign:>3}")), paint(FAINT, reason));
    if one.data_loss {
        let _ = writeln!(out, "      {}", paint(ALARM, "! LOSES DATA"));
    }
    let drift = one.drift.iter().filter(|drift| !object.changes.iter().any(|change| change.path == drift.path));
    for line in object.changes.iter().flat_map(change::lines) {
        let _ = writeln!(out, "      {line}");
    }
    for line in drift.flat_map(change::lines) {
        let _ = writeln!(out, "      {line} {}", paint(FAINT, "(somebody else's; no apply removes it)"));
    }
    let notes = [
        (!object.replace_paths.is_empty(), "a field that cannot change differs: the object has to be deleted and created"),
        (one.removals_unknown, "managedFields were not observed: fields that are no longer wanted cannot be seen"),
    ];
    for (_, note) in notes.into_iter().filter(|(holds, _)| *holds) {
        let _ = writeln!(out, "      {}", paint(FAINT, format!("({note})")));
    }
    out
}
