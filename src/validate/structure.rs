//! Walks a custom resource along its schema: unknown fields, wrong types, missing fields, bounds. All violations at once.

use crate::diagnostic::Diagnostic;
use crate::json::pointer;
use crate::list::Listed;
use crate::quantity::Quantity;
use serde_json::{Map, Value};

/// What a value must be.
#[derive(Debug)]
pub struct Node {
    /// Its type.
    pub kind: Type,
    /// Least value of an integer, length of a text, entries of a list or map.
    pub least: Option<u32>,
    /// Most, likewise.
    pub most: Option<u32>,
    /// The words that a text may be; empty: any.
    pub words: &'static [&'static str],
}

/// The type of a value.
#[derive(Debug)]
pub enum Type {
    /// An object with these members.
    Object(&'static [Field]),
    /// An object with any members of one type.
    Map(&'static Node),
    /// A list.
    List(&'static Node),
    /// A text.
    String,
    /// A whole number.
    Integer,
    /// true or false.
    Boolean,
    /// A quantity.
    Quantity,
    /// A whole number or a text.
    IntOrString,
    /// Anything.
    Any,
}

/// A member of an object.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// What it must be.
    pub node: Node,
}

/// All violations of `value` at `path`.
pub fn walk(node: &Node, value: &Value, path: &str, found: &mut Vec<Diagnostic>) {
    match (&node.kind, value) {
        (Type::Object(fields), Value::Object(object)) => walk_object(fields, object, path, found),
        (Type::Map(inner), Value::Object(object)) => {
            bounds(node, length(object.len()), "entries", path, found);
            for (name, value) in object {
                walk(inner, value, &pointer(path, name), found);
            }
        }
        (Type::List(inner), Value::Array(items)) => {
            bounds(node, length(items.len()), "entries", path, found);
            for (index, item) in items.iter().enumerate() {
                walk(inner, item, &format!("{path}/{index}"), found);
            }
        }
        (Type::String, Value::String(text)) => walk_text(node, text, path, found),
        (Type::Integer, Value::Number(number)) => walk_integer(node, number, path, found),
        (Type::Quantity, Value::String(_) | Value::Number(_)) => {
            if Quantity::from_value(value).is_none() {
                found.push(
                    Diagnostic::error("InvalidQuantity", path, format!("{} {value} is not a quantity above 0", name(path)))
                        .help("write it as a text, for example \"500m\", \"1\" or \"512Mi\""),
                );
            }
        }
        (Type::IntOrString, Value::String(_)) | (Type::Boolean, Value::Bool(_)) | (Type::Any, _) => {}
        (Type::IntOrString, Value::Number(number)) if !number.is_f64() => {}
        _ => found.push(wrong_type(node, value, path)),
    }
}

fn walk_object(fields: &[Field], object: &Map<String, Value>, path: &str, found: &mut Vec<Diagnostic>) {
    for name in object.keys().filter(|name| !fields.iter().any(|field| field.name == name.as_str())) {
        found.push(unknown(name, fields, path));
    }
    for field in fields {
        match object.get(field.name) {
            None | Some(Value::Null) if field.required => {
                let message = format!("{} is required", name(&pointer(path, field.name)));
                found.push(Diagnostic::error("MissingField", path, message));
            }
            None | Some(Value::Null) => {}
            Some(value) => walk(&field.node, value, &pointer(path, field.name), found),
        }
    }
}

fn unknown(given: &str, fields: &[Field], path: &str) -> Diagnostic {
    let shown: String = given.chars().filter(|c| !c.is_control()).take(80).collect();
    let near = fields.iter().min_by_key(|field| distance(field.name, given)).filter(|field| is_near(field.name, given));
    let known: Vec<&str> = fields.iter().map(|field| field.name).listed();
    let help = match near {
        Some(field) => format!("did you mean {:?}?", field.name),
        None => format!("known fields: {}", known.join(", ")),
    };
    let message = format!("unknown field {shown:?}");
    Diagnostic::error("UnknownField", &pointer(path, given), message).help(help)
}

/// A typing mistake: few letters, and not most of them.
fn is_near(known: &str, given: &str) -> bool {
    let letters = distance(known, given);
    letters <= 3 && letters.saturating_mul(2) <= known.len()
}

/// Letters that are missing, too many or different: good enough to find a typing mistake.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let rest = a.chars().rev().zip(b.chars().rev()).take_while(|(a, b)| a == b).count();
    a.len().max(b.len()).saturating_sub(same.saturating_add(rest))
}

fn walk_text(node: &Node, text: &str, path: &str, found: &mut Vec<Diagnostic>) {
    bounds(node, length(text.chars().count()), "characters", path, found);
    if !node.words.is_empty() && !node.words.contains(&text) {
        let message = format!("{} {} must be {}", name(path), shown(text), node.words.join(" or "));
        found.push(Diagnostic::error("InvalidValue", path, message));
    }
}

fn walk_integer(node: &Node, number: &serde_json::Number, path: &str, found: &mut Vec<Diagnostic>) {
    let whole = number.as_i64().or_else(|| number.as_u64().map(|_| i64::MAX));
    let Some(whole) = whole else {
        found.push(Diagnostic::error("NotAnInteger", path, format!("{} {number} is not an integer", name(path))));
        return;
    };
    let what = name(path);
    match (node.least.map(i64::from), node.most.map(i64::from)) {
        (Some(0), _) if whole < 0 => {
            found.push(Diagnostic::error("OutOfRange", path, format!("{what} {number} is negative")));
        }
        (Some(least), Some(most)) if whole < least || (whole > most && least > 0) => {
            found.push(Diagnostic::error("OutOfRange", path, format!("{what} must be {least}..{most}")));
        }
        (_, Some(most)) if whole > most => {
            found.push(Diagnostic::error("OutOfRange", path, format!("{what} {number} is above {most}")));
        }
        _ => {}
    }
}

fn bounds(node: &Node, count: i64, unit: &str, path: &str, found: &mut Vec<Diagnostic>) {
    let (least, most) = (i64::from(node.least.unwrap_or(0)), node.most.map_or(i64::MAX, i64::from));
    if count >= least && count <= most {
        return;
    }
    let message = match (node.least, node.most) {
        (Some(_), _) if count == 0 => format!("{} must not be empty", name(path)),
        (Some(least), Some(most)) => format!("{} must have {least} to {most} {unit}", name(path)),
        _ => format!("{} must have at most {most} {unit}", name(path)),
    };
    found.push(Diagnostic::error("OutOfRange", path, message));
}

fn wrong_type(node: &Node, value: &Value, path: &str) -> Diagnostic {
    let wanted = match node.kind {
        Type::Object(_) | Type::Map(_) => "an object",
        Type::List(_) => "a list",
        Type::String => "a text",
        Type::Integer => "an integer",
        Type::Boolean => "true or false",
        Type::Quantity => "a quantity",
        Type::IntOrString | Type::Any => "a whole number or a text",
    };
    let message = match value {
        Value::String(text) => format!("{} {} is not {wanted}", name(path), shown(text)),
        Value::Number(_) | Value::Bool(_) | Value::Null => format!("{} {value} is not {wanted}", name(path)),
        Value::Array(_) => format!("{} is a list, not {wanted}", name(path)),
        Value::Object(_) => format!("{} is an object, not {wanted}", name(path)),
    };
    let quoted = matches!((&node.kind, value), (Type::Integer, Value::String(_)));
    let unquoted = matches!((&node.kind, value), (Type::String, Value::Number(_) | Value::Bool(_)));
    let help = if quoted {
        "write it without quotes"
    } else if unquoted {
        "write it in quotes"
    } else {
        ""
    };
    Diagnostic::error("WrongType", path, message).help(help)
}

fn length(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A user's text for a message: quoted, control and bidirectional characters escaped, at most 200 characters.
pub fn shown(text: &str) -> String {
    let clipped: String = text.chars().take(200).collect();
    let escaped = clipped.escape_debug().to_string();
    let safe: String = escaped
        .chars()
        .flat_map(|c| if c.is_ascii() || c.is_alphanumeric() { vec![c] } else { c.escape_unicode().listed() })
        .collect();
    format!("\"{safe}\"")
}

/// The field of a JSON Pointer for people: `/spec/models/0/weight` → `models[0].weight`, without a leading `spec.`.
pub fn name(path: &str) -> String {
    let mut name = String::new();
    for token in path.strip_prefix("/spec/").unwrap_or(path.trim_start_matches('/')).split('/') {
        let token = token.replace("~1", "/").replace("~0", "~");
        if !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit()) {
            name = format!("{name}[{token}]");
        } else {
            let dot = if name.is_empty() { "" } else { "." };
            name = format!("{name}{dot}{token}");
        }
    }
    name
}
