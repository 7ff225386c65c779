//! Walks a custom resource along its schema: unknown fields, wrong types, missing fields, bounds. All violations at once.

use crate::diagnostic::{Diagnostic, shown};
use crate::json::{is_integer, pointer};
use crate::list::Listed;
use crate::quantity::Quantity;
use crate::search::replaced;
use crate::written::json;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::{Map, Value};

/// What a value must be, read from a schema.
struct Node {
    /// Its type.
    kind: Type,
    /// Least value of an integer, length of a text, entries of a list or map.
    least: Option<u32>,
    /// Most, likewise.
    most: Option<u32>,
    /// The words that a text may be, with `|` between them; empty: any.
    words: &'static str,
}

/// The type of a value.
#[derive(Clone, Copy)]
enum Type {
    /// An object with these members.
    Object(&'static str),
    /// An object with any members of one schema.
    Map(&'static str),
    /// A list of values of one schema.
    List(&'static str),
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
struct Field {
    /// Its name.
    name: &'static str,
    /// Whether it must be there.
    required: bool,
    /// What it must be.
    schema: &'static str,
}

impl Node {
    /// Reads a schema as `crd::schema` describes it. It is not parsed as a whole: what the value does not have is passed over.
    fn read(schema: &'static str) -> Self {
        let inside = |close: char| schema.get(1..).and_then(|rest| rest.rsplit_once(close)).unwrap_or_default();
        let scalar = |kind: Type| (kind, schema.get(1..).unwrap_or(""));
        let (kind, rest) = match schema.bytes().next() {
            Some(b'{') => with_rest(Type::Object, inside('}')),
            Some(b'<') => with_rest(Type::Map, inside('>')),
            Some(b'[') => with_rest(Type::List, inside(']')),
            Some(b's') => scalar(Type::String),
            Some(b'i') => scalar(Type::Integer),
            Some(b'b') => scalar(Type::Boolean),
            Some(b'q') => scalar(Type::Quantity),
            Some(b'x') => scalar(Type::IntOrString),
            _ => scalar(Type::Any),
        };
        let (bounds, words) = rest.split_once('(').unwrap_or((rest, ""));
        let (least, most) = bounds.split_once('.').unwrap_or_default();
        Self {
            kind,
            least: least.parse().ok(),
            most: most.trim_start_matches('.').parse().ok(),
            words: words.trim_end_matches(')'),
        }
    }
}

fn with_rest(kind: fn(&'static str) -> Type, (inner, rest): (&'static str, &'static str)) -> (Type, &'static str) {
    (kind(inner), rest)
}

/// The members of an object's schema: commas inside of brackets belong to a member.
fn fields(members: &'static str) -> Vec<Field> {
    let mut depth = 0_usize;
    let ends = |c: char| {
        match c {
            '{' | '<' | '[' => depth = depth.saturating_add(1),
            '}' | '>' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    };
    members.split(ends).filter_map(field).listed()
}

/// `name!schema` where it is required, else `name:schema`.
fn field(member: &'static str) -> Option<Field> {
    let (name, rest) = member.split_at_checked(member.find(['!', ':'])?)?;
    Some(Field { name, required: rest.starts_with('!'), schema: rest.get(1..)? })
}

/// All violations of `value` at `path`.
pub fn walk(schema: &'static str, value: &Value, path: &str, found: &mut Vec<Diagnostic>) {
    let node = &Node::read(schema);
    match (node.kind, value) {
        (Type::Object(members), Value::Object(object)) => walk_object(&fields(members), object, path, found),
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
                    Diagnostic::error(
                        "InvalidQuantity",
                        path,
                        format!("{} {} is not a quantity above 0", name(path), json(value)),
                    )
                    .help("write it as a text, for example \"500m\", \"1\" or \"512Mi\""),
                );
            }
        }
        (Type::IntOrString, Value::String(_)) | (Type::Boolean, Value::Bool(_)) | (Type::Any, _) => {}
        (Type::IntOrString, Value::Number(number)) if is_integer(number) => {}
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
            Some(value) => walk(field.schema, value, &pointer(path, field.name), found),
        }
    }
}

fn unknown(given: &str, fields: &[Field], path: &str) -> Diagnostic {
    let clipped: String = given.chars().filter(|c| !c.is_control()).take(80).collect();
    let near = fields.iter().min_by_key(|field| distance(field.name, given)).filter(|field| is_near(field.name, given));
    let known: Vec<&str> = fields.iter().map(|field| field.name).listed();
    let help = match near {
        Some(field) => format!("did you mean {}?", shown(field.name)),
        None => format!("known fields: {}", known.join(", ")),
    };
    let message = format!("unknown field {}", shown(&clipped));
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
    if !node.words.is_empty() && !node.words.split('|').any(|word| word == text) {
        let message = format!("{} {} must be {}", name(path), shown(text), replaced(node.words, '|', " or "));
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
        Value::Number(_) | Value::Bool(_) | Value::Null => format!("{} {} is not {wanted}", name(path), json(value)),
        Value::Array(_) => format!("{} is a list, not {wanted}", name(path)),
        Value::Object(_) => format!("{} is an object, not {wanted}", name(path)),
    };
    let quoted = matches!((node.kind, value), (Type::Integer, Value::String(_)));
    let unquoted = matches!((node.kind, value), (Type::String, Value::Number(_) | Value::Bool(_)));
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

/// A token of a JSON Pointer (RFC 6901) as it was before `~` and `/` were escaped.
fn unescaped(token: &str) -> String {
    let mut parts = token.split('~');
    let mut whole = String::from(parts.next().unwrap_or(""));
    for part in parts {
        whole.push(if part.starts_with('1') { '/' } else { '~' });
        whole.push_str(part.get(1..).unwrap_or(""));
    }
    whole
}

/// The field of a JSON Pointer for people: `/spec/models/0/weight` → `models[0].weight`, without a leading `spec.`.
pub fn name(path: &str) -> String {
    let mut name = String::new();
    for token in path.strip_prefix("/spec/").unwrap_or(path.trim_start_matches('/')).split('/') {
        let token = unescaped(token);
        if !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit()) {
            name = format!("{name}[{token}]");
        } else {
            let dot = if name.is_empty() { "" } else { "." };
            name = format!("{name}{dot}{token}");
        }
    }
    name
}
