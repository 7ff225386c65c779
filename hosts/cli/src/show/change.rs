//! Differences by path: before → after, long values clipped, texts of many lines as a difference of lines.

use super::escape::{clipped, escaped};
use super::paint::{ADDED, ALARM, CHANGED, FAINT, REMOVED, paint};
use crate::format::Change;
use anstyle::Style;
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

/// Characters of a value.
const VALUE: usize = 72;
/// Characters of a line of a text.
const LINE: usize = 110;
/// Lines of one difference of lines.
const LINES: usize = 40;

/// The lines that show a change, without indentation.
pub fn lines(change: &Change) -> Vec<String> {
    let (sign, style) = sign(&change.op);
    let path = escaped(&change.text);
    let head = format!("{} {path}", paint(style, sign));
    if change.sensitive {
        return vec![format!("{head}: {}{}", paint(FAINT, "(sensitive value)"), note(change))];
    }
    if let Some((before, after)) = texts(change) {
        let mut lines = vec![format!("{head}:{}", note(change))];
        lines.extend(line_difference(before, after));
        return lines;
    }
    vec![format!("{head}: {}{}", values(change), note(change))]
}

fn sign(op: &str) -> (&'static str, Style) {
    match op {
        "add" => ("+", ADDED),
        "remove" => ("-", REMOVED),
        "conflict" => ("!", ALARM),
        _ => ("~", CHANGED),
    }
}

fn values(change: &Change) -> String {
    match change.op.as_str() {
        "add" => value(&change.after),
        "remove" => value(&change.before),
        "release" => format!("{} {}", value(&change.before), paint(FAINT, "(stays; no longer ours)")),
        "default" => format!("{} → {}", value(&change.before), paint(FAINT, "(the server's default)")),
        _ => format!("{} → {}", value(&change.before), value(&change.after)),
    }
}

fn value(value: &Value) -> String {
    match value {
        Value::Null => paint(FAINT, "(absent)"),
        Value::String(text) if text.trim_end().contains('\n') => {
            let first = text.lines().next().unwrap_or("");
            format!("\"{}\" {}", clipped(first, VALUE), paint(FAINT, format!("(and {} more lines)", text.lines().count() - 1)))
        }
        other => clipped(&other.to_string(), VALUE),
    }
}

fn note(change: &Change) -> String {
    match change.owner.as_str() {
        "" => String::new(),
        owner => format!(" {}", paint(FAINT, format!("(owned by {})", clipped(owner, VALUE)))),
    }
}

/// Both values, when they are texts and one has several lines.
fn texts(change: &Change) -> Option<(&str, &str)> {
    let (before, after) = (change.before.as_str()?, change.after.as_str()?);
    (before.trim_end().contains('\n') || after.trim_end().contains('\n')).then_some((before, after))
}

/// Changed lines with one unchanged line around them.
fn line_difference(before: &str, after: &str) -> Vec<String> {
    let difference = TextDiff::from_lines(before, after);
    let groups = difference.grouped_ops(1);
    let changes = groups.iter().flatten().flat_map(|op| difference.iter_changes(op));
    let mut lines: Vec<String> = changes.map(|change| line(change.tag(), change.value())).collect();
    if lines.len() > LINES {
        let more = lines.len() - LINES;
        lines.truncate(LINES);
        lines.push(paint(FAINT, format!("    … {more} more lines")));
    }
    lines
}

fn line(tag: ChangeTag, text: &str) -> String {
    let text = clipped(text.trim_end_matches(['\n', '\r']), LINE);
    match tag {
        ChangeTag::Delete => paint(REMOVED, format!("    - {text}")),
        ChangeTag::Insert => paint(ADDED, format!("    + {text}")),
        ChangeTag::Equal => format!("      {text}"),
    }
}
