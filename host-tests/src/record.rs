//! What `expected.yaml` records of answers: the selected parts as YAML, long texts as size and digest.

use crate::forms::Answer;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Texts with more characters are recorded by size and digest.
const LONGEST_TEXT: usize = 300;

/// The content of `expected.yaml`.
pub fn record(answers: &[(String, Answer)], select: &[String]) -> Result<String, String> {
    let value = match answers {
        [(case, answer)] if case.is_empty() => recorded(answer, select)?,
        cases => {
            let mut all = Map::new();
            for (case, answer) in cases {
                all.insert(case.clone(), recorded(answer, select)?);
            }
            Value::Object(all)
        }
    };
    serde_saphyr::to_string(&Plain(&value)).map_err(|error| error.to_string())
}

/// Numbers as numbers: the core asks `serde_json` for exact ones, which it shows to other formats as objects.
struct Plain<'a>(&'a Value);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(integer), _) => serializer.serialize_i64(integer),
                (_, Some(integer)) => serializer.serialize_u64(integer),
                _ => serializer.serialize_f64(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::Array(items) => serializer.collect_seq(items.iter().map(Plain)),
            Value::Object(members) => serializer.collect_map(members.iter().map(|(name, member)| (name, Plain(member)))),
            other => other.serialize(serializer),
        }
    }
}

fn recorded(answer: &Answer, select: &[String]) -> Result<Value, String> {
    let value: Value = serde_json::from_str(&answer.text).map_err(|error| format!("the answer is not JSON: {error}"))?;
    let value = match value.get("ok") {
        Some(ok) if answer.operation == "validate" => one_line_each(ok),
        Some(ok) if !select.is_empty() => {
            let paths: Vec<Vec<&str>> = select.iter().map(|path| path.split(' ').collect()).collect();
            let paths: Vec<&[&str]> = paths.iter().map(Vec::as_slice).collect();
            selected(ok, &paths).unwrap_or(Value::Null)
        }
        _ => value,
    };
    Ok(shortened(value))
}

/// Diagnostics as people read them.
fn one_line_each(diagnostics: &Value) -> Value {
    let text = |diagnostic: &Value, member: &str| diagnostic[member].as_str().unwrap_or("").to_owned();
    let line = |diagnostic: &Value| {
        let place = [text(diagnostic, "severity"), text(diagnostic, "code"), text(diagnostic, "path")].join(" ");
        let help = text(diagnostic, "help");
        let help = if help.is_empty() { help } else { format!(" ({help})") };
        Value::from(format!("{place}: {}{help}", text(diagnostic, "message")))
    };
    diagnostics.as_array().into_iter().flatten().map(line).collect()
}

/// The parts of a value that paths lead to; `None` where none leads anywhere.
fn selected(value: &Value, paths: &[&[&str]]) -> Option<Value> {
    if paths.iter().any(|path| path.is_empty()) {
        return Some(value.clone());
    }
    if paths.is_empty() {
        return None;
    }
    match value {
        Value::Object(members) => {
            let parts = members.iter().filter_map(|(name, member)| {
                let inner = below(paths, |step| step == "*" || step == name);
                Some((name.clone(), selected(member, &inner)?))
            });
            let parts: Map<String, Value> = parts.collect();
            (!parts.is_empty()).then_some(Value::Object(parts))
        }
        Value::Array(items) => {
            let parts = items.iter().enumerate().filter_map(|(index, item)| {
                let inner = below(paths, |step| step == "*" || step == index.to_string() || has(item, step));
                selected(item, &inner)
            });
            let parts: Vec<Value> = parts.collect();
            (!parts.is_empty() || items.is_empty()).then_some(Value::Array(parts))
        }
        _ => None,
    }
}

/// What remains of the paths whose first step leads here.
fn below<'a>(paths: &[&'a [&'a str]], leads: impl Fn(&str) -> bool) -> Vec<&'a [&'a str]> {
    paths.iter().filter_map(|path| path.split_first()).filter(|(step, _)| leads(step)).map(|(_, rest)| rest).collect()
}

/// Whether a step `member=value` means an element.
fn has(item: &Value, step: &str) -> bool {
    step.split_once('=').is_some_and(|(member, value)| item[member] == value)
}

fn shortened(value: Value) -> Value {
    match value {
        Value::String(text) if text.chars().count() > LONGEST_TEXT => {
            let digest: String = Sha256::digest(&text).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
            format!("<{} bytes, {digest}>", text.len()).into()
        }
        Value::Array(items) => items.into_iter().map(shortened).collect(),
        Value::Object(members) => members.into_iter().map(|(name, member)| (name, shortened(member))).collect(),
        other => other,
    }
}

/// What differs between two texts, line by line, with three lines around each difference; empty when nothing does.
pub fn difference(expected: &str, found: &str) -> String {
    let diff = similar::TextDiff::from_lines(expected, found);
    diff.unified_diff().context_radius(3).header("expected", "found").to_string()
}

/// Where two texts of one line begin to differ, with what stands around.
pub fn first_difference(one: &str, another: &str) -> (String, String) {
    let same = one.chars().zip(another.chars()).take_while(|(a, b)| a == b).count();
    let around = |text: &str| text.chars().skip(same.saturating_sub(80)).take(160).collect::<String>();
    (around(one), around(another))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_stands_around_a_difference_is_short() {
        let (one, another) = (format!("{}a{}", "x".repeat(500), "y".repeat(500)), format!("{}b", "x".repeat(500)));
        let (one, another) = first_difference(&one, &another);
        assert_eq!((one.len(), another), (160, format!("{}b", "x".repeat(80))));
    }

    #[test]
    fn paths_select_members_elements_and_everything() {
        let value = json!({"a": [{"k": "x", "v": 1}, {"k": "y", "v": 2}], "b": {"c": 3, "d": 4}});
        let all = |paths: &[&[&str]]| selected(&value, paths);
        assert_eq!(all(&[&["a", "k=y", "v"], &["b", "*"]]), Some(json!({"a": [{"v": 2}], "b": {"c": 3, "d": 4}})));
        assert_eq!(all(&[&["a", "*", "k"]]), Some(json!({"a": [{"k": "x"}, {"k": "y"}]})));
        assert_eq!(all(&[&["z"]]), None);
    }
}
