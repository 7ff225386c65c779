//! A plan for people, in the manner of Terraform: the totals first, then what changes, object by object.

use super::change;
use super::escape::{clipped, escaped};
use super::paint::{ADDED, ALARM, CHANGED, FAINT, REMOVED, STRONG, WAITING, paint};
use crate::format::{Action, Charge, ObjectPlan, Plan, Waiting, object_name};
use anstyle::Style;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Fields of a new object that are listed; every field of an object that exists is.
const NEW_FIELDS: usize = 30;

/// What the last line of a plan says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// The cluster was taken to be empty.
    Offline,
    /// What can be done next.
    Next,
    /// Nothing but what is missing: a question follows.
    Asked,
}

/// The plan as text. `findings` is shown near the end; `last` decides the hint.
pub fn text(plan: &Plan, findings: &str, last: Hint) -> String {
    let mut out = headline(plan);
    out.push_str(&carried_out_by(&plan.carried_out_by));
    for object in plan.objects.iter().filter(|object| is_shown(object)) {
        out.push('\n');
        out.push_str(&block(object, plan));
    }
    out.push_str(&waiting_elsewhere(plan));
    out.push_str(&drift(plan));
    if !findings.is_empty() {
        let _ = write!(out, "\n{}", findings.trim_end_matches('\n'));
        out.push('\n');
    }
    if let Some(hint) = hint(plan, last) {
        let _ = writeln!(out, "\n{}", paint(FAINT, hint));
    }
    out
}

fn headline(plan: &Plan) -> String {
    let idle = plan.actions.is_empty() && plan.waiting.is_empty() && !plan.objects.iter().any(is_shown);
    let mut out = match idle {
        true => format!("{}\n", paint(STRONG, format!("No changes: {} objects are as they should be.", plan.summary.unchanged))),
        false => format!("{}\n", paint(STRONG, format!("Plan: {}", escaped(&plan.summary.text)))),
    };
    if plan.summary.data_loss {
        let _ = writeln!(out, "{}", paint(ALARM, "This plan loses data."));
    }
    out
}

/// One sentence for each host: `Metacontroller makes what Model and Endpoint need; only …`.
fn carried_out_by(charges: &[Charge]) -> String {
    let hosts: BTreeSet<&str> = charges.iter().map(|charge| charge.host.as_str()).collect();
    let sentence = |host: &str| {
        let theirs = charges.iter().filter(|charge| charge.host == host);
        let named = |charge: &Charge| match charge.controller.as_str() {
            "" => charge.kind.clone(),
            controller => format!("{} ({controller})", charge.kind),
        };
        let kinds: Vec<String> = theirs.map(|charge| clipped(&named(charge), 120)).collect();
        format!(
            "{} makes what these kinds need: {}. Only the custom resources are written here.\n",
            escaped(host),
            kinds.join(", ")
        )
    };
    hosts.into_iter().map(sentence).collect()
}

fn is_shown(object: &ObjectPlan) -> bool {
    object.verb != "unchanged" || !object.conflicts.is_empty()
}

fn block(object: &ObjectPlan, plan: &Plan) -> String {
    let action = plan.actions.iter().find(|action| action.object == object.id);
    let mut out = heading(object, action.is_some());
    for warning in action.map(alarms).unwrap_or_default() {
        let _ = writeln!(out, "      {}", paint(ALARM, format!("! {warning}")));
    }
    for waiting in plan.waiting.iter().filter(|waiting| waiting.object == object.id) {
        let _ = writeln!(out, "      {}", waits(waiting));
    }
    for line in changes(object) {
        let _ = writeln!(out, "      {line}");
    }
    out
}

/// ` -/+ PersistentVolumeClaim titanic/titanic-v1 will be replaced (ImmutableField)`.
fn heading(object: &ObjectPlan, acted_on: bool) -> String {
    let (sign, style, word) = words(&object.verb);
    let name = paint(STRONG, clipped(&object_name(&object.id), 200));
    let fate = match (object.verb.as_str(), acted_on) {
        ("conflict", _) if object.reason == "NotOurs" => "is somebody else's: left alone".into(),
        ("conflict", _) => "is left alone".into(),
        ("unchanged", _) => "stays as it is".into(),
        (_, true) => format!("will be {word}"),
        (_, false) if object.reason == "AnotherHost" => format!("will be {word} by another host"),
        (_, false) => format!("waits to be {word}"),
    };
    let reason = match object.reason.as_str() {
        "" => String::new(),
        reason => format!(" {}", paint(FAINT, format!("({})", escaped(reason)))),
    };
    format!("{} {name} {}{reason}\n", paint(style, format!("{sign:>3}")), paint(style, fate))
}

/// Sign, colour and participle of a verb.
pub fn words(verb: &str) -> (&'static str, Style, &'static str) {
    match verb {
        "create" => ("+", ADDED, "created"),
        "update" => ("~", CHANGED, "updated"),
        "replace" => ("-/+", ALARM, "replaced"),
        "delete" => ("-", REMOVED, "deleted"),
        "conflict" => ("!", ALARM, "left alone"),
        _ => (" ", FAINT, "kept"),
    }
}

/// What nobody may overlook about an action.
pub fn alarms(action: &Action) -> Vec<&'static str> {
    let alarms = [
        (action.data_loss, "LOSES DATA"),
        (action.disruptive, "disruptive: takes away or interrupts something that serves"),
        (action.destructive, "destructive: the object is deleted"),
    ];
    alarms.into_iter().filter(|(holds, _)| *holds).map(|(_, text)| text).collect()
}

/// `waits (traffic): … [available 0 of 2; Deployment titanic/titanic-v1]`.
pub fn waits(waiting: &Waiting) -> String {
    format!("{}: {}", gate(waiting), why(waiting))
}

fn gate(waiting: &Waiting) -> String {
    paint(WAITING, format!("waits ({})", escaped(&waiting.gate)))
}

/// The sentence and the facts; what it waits for is named once.
fn why(waiting: &Waiting) -> String {
    let said = |id: &&String| {
        let name = id.rsplit('|').next().unwrap_or("");
        waiting.text.contains(name) || waiting.facts.contains(name)
    };
    let mut facts: Vec<String> =
        waiting.waits_for.iter().filter(|id| !said(id)).map(|id| clipped(&object_name(id), 120)).collect();
    if !waiting.facts.is_empty() {
        facts.insert(0, clipped(&waiting.facts, 200));
    }
    let text = clipped(&waiting.text, 300);
    match facts.is_empty() {
        true => text,
        false => format!("{text} {}", paint(FAINT, format!("[{}]", facts.join("; ")))),
    }
}

fn changes(object: &ObjectPlan) -> Vec<String> {
    let new = object.verb == "create";
    let shown = if new { NEW_FIELDS } else { usize::MAX };
    let mut lines: Vec<String> = Vec::new();
    for one in object.changes.iter().take(shown).chain(&object.conflicts) {
        let mut part = change::lines(one);
        if let Some(first) = part.first_mut().filter(|_| object.replace_paths.iter().any(|path| begins(&one.path, path))) {
            first.push_str(&paint(ALARM, " # forces the replacement"));
        }
        lines.extend(part);
    }
    lines.extend(
        object
            .unknown_after
            .iter()
            .map(|path| format!("{} {}: {}", paint(FAINT, "?"), place(path), paint(FAINT, "(known later)"))),
    );
    lines.extend(hidden(object.changes.len().saturating_sub(shown), object.unchanged_fields));
    lines
}

fn begins(path: &[Value], start: &[Value]) -> bool {
    path.get(..start.len()) == Some(start)
}

fn hidden(new: usize, unchanged: usize) -> Option<String> {
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let text = match (new, unchanged) {
        (0, 0) => return None,
        (0, unchanged) => format!("({unchanged} unchanged field{} hidden)", plural(unchanged)),
        (new, _) => format!("({new} more new field{}; `-o json` shows all)", plural(new)),
    };
    Some(paint(FAINT, text))
}

/// A path for people, where the plan gives none.
fn place(path: &[Value]) -> String {
    let mut out = String::new();
    for step in path {
        let text = match step {
            Value::String(field) if out.is_empty() => field.clone(),
            Value::String(field) => format!(".{field}"),
            Value::Object(keys) => keys.iter().map(|(key, value)| format!("[{key}={}]", value.as_str().unwrap_or(""))).collect(),
            index => format!("[{index}]"),
        };
        out.push_str(&text);
    }
    clipped(&out, 200)
}

/// What waits and is no block above.
fn waiting_elsewhere(plan: &Plan) -> String {
    let is_block = |id: &str| plan.objects.iter().any(|object| object.id == id && is_shown(object));
    let mut out = String::new();
    for waiting in plan.waiting.iter().filter(|waiting| !is_block(&waiting.object)) {
        let name = paint(STRONG, clipped(&object_name(&waiting.object), 200));
        let _ = write!(out, "\n{} {name} {}\n      {}\n", paint(WAITING, "  …"), gate(waiting), why(waiting));
    }
    out
}

fn drift(plan: &Plan) -> String {
    if plan.drift.is_empty() {
        return String::new();
    }
    let mut out = format!("\n{}\n", paint(STRONG, "Changed by others on fields that are ours:"));
    for drift in &plan.drift {
        let _ = writeln!(out, "    {}", clipped(&object_name(&drift.object), 200));
        for line in change::lines(&drift.change) {
            let _ = writeln!(out, "      {line}");
        }
    }
    out
}

fn hint(plan: &Plan, last: Hint) -> Option<&'static str> {
    let refused = plan.objects.iter().any(|object| object.reason == "DataLossRefused");
    Some(match (refused, plan.actions.is_empty(), last) {
        (true, _, _) => "A replacement would lose data and is left out: `--allow-data-loss` puts it in.",
        (_, _, Hint::Asked) => return None,
        (_, true, Hint::Offline) => "Nothing to do.",
        (_, true, Hint::Next) if plan.waiting.is_empty() => "Nothing to do.",
        (_, true, Hint::Next) => "Nothing to do now: observe again once what is waited for has happened.",
        (_, false, Hint::Offline) => {
            "The cluster was taken to be empty. `modelwright forecast` shows the rounds that follow this one."
        }
        (_, false, Hint::Next) => "`modelwright forecast` shows the rounds that follow this one.",
    })
}
