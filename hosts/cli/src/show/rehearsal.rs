//! What an API server says to a plan, for people: one sentence where it agrees, else every disagreement.

use super::escape::clipped;
use super::paint::{ADDED, ALARM, CHANGED, FAINT, STRONG, WAITING, paint};
use crate::compare::Difference;
use crate::format::object_name;
use crate::rollout::rehearsal::{Rehearsal, Trial};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Characters of a sentence of the server.
const SENTENCE: usize = 600;
/// Characters of a value.
const VALUE: usize = 72;
/// Objects that are named of those that could not be asked.
const NAMES: usize = 6;

/// The rehearsal as text.
pub fn text(rehearsal: &Rehearsal) -> String {
    let agreed = rehearsal.trials.iter().filter(|trial| trial.agrees()).count();
    let asked = rehearsal.trials.len();
    let verdict = match (asked, agreed == asked) {
        (0, _) => "The API server was asked nothing: there is nothing to do now.".to_owned(),
        (_, true) => paint(ADDED, format!("The API server agrees: {agreed} of {asked} requests.")),
        (_, false) => paint(ALARM, format!("The API server disagrees: it does as planned with {agreed} of {asked} requests.")),
    };
    let mut out = format!("\n{verdict}\n");
    for trial in rehearsal.trials.iter().filter(|trial| !trial.agrees() || !trial.warnings.is_empty()) {
        out.push_str(&block(trial));
    }
    out.push_str(&unasked(rehearsal));
    out
}

fn block(trial: &Trial) -> String {
    let mut out = format!("\n  {} {}\n", trial.verb, paint(STRONG, clipped(&object_name(&trial.object), 200)));
    if let Some(refusal) = &trial.refusal {
        let _ = writeln!(out, "      {} {}", paint(ALARM, "! would be refused:"), clipped(refusal, SENTENCE));
    }
    for warning in &trial.warnings {
        let _ = writeln!(out, "      {} {}", paint(CHANGED, "warning:"), clipped(warning, SENTENCE));
    }
    for field in &trial.missing {
        let (asked, got) = (value(field, &field.before), value(field, &field.after));
        let _ = writeln!(out, "      {} {}: asked {asked}, would be {got}", paint(ALARM, "!"), clipped(&field.path, 200));
    }
    for field in &trial.unforeseen {
        let (before, after) = (value(field, &field.before), value(field, &field.after));
        let note = paint(FAINT, "(not in the plan)");
        let _ = writeln!(out, "      {} {}: {before} → {after} {note}", paint(ALARM, "!"), clipped(&field.path, 200));
    }
    out
}

/// Variables may be secrets.
fn value(field: &Difference, value: &Value) -> String {
    match value {
        Value::Null => paint(FAINT, "(absent)"),
        _ if field.path.contains(".env[") => paint(FAINT, "(sensitive value)"),
        other => clipped(&other.to_string(), VALUE),
    }
}

fn unasked(rehearsal: &Rehearsal) -> String {
    let mut by_reason: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for one in &rehearsal.unasked {
        by_reason.entry(&one.why).or_default().push(clipped(&object_name(&one.object), 120));
    }
    let line = |(why, names): (&&str, &Vec<String>)| {
        let more = names.len().saturating_sub(NAMES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let named: Vec<&str> = names.iter().take(NAMES).map(String::as_str).collect();
        format!("{} could not be asked, because {}: {}{more}\n", paint(WAITING, "  …"), clipped(why, 200), named.join(", "))
    };
    by_reason.iter().map(line).collect()
}
