//! managedFields: who owns which field, as FieldsV1 trees.
//!
//! `f:` a member, `k:` an element of a keyed list, `v:` a value of a set, `.` the container itself; an empty tree owns the whole value.
//! <https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management>, structured-merge-diff `fieldpath/serialize.go`.

use super::equal::{Index, key};
use super::path::raw_key;
use super::tables::{Shape, Type};
use crate::diagnostic::Diagnostic;
use crate::json::{self, object};
use crate::observation::{at, is_applied_by, text};
use crate::written;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::{Map, Value};

/// A tree of owned fields.
pub(crate) type Fields = Map<String, Value>;

/// One well-formed entry of managedFields.
pub(crate) struct Entry<'a> {
    pub(crate) manager: &'a str,
    pub(crate) applies: bool,
    pub(crate) fields: &'a Fields,
}

/// What managedFields of a live object say, seen by one manager.
pub(crate) enum Managed<'a> {
    /// There are none.
    Stripped,
    /// They cannot be trusted, for this reason.
    Malformed(&'static str),
    /// All entries but our Apply entry, and that one if it is there.
    Known(Vec<Entry<'a>>, Option<&'a Fields>),
}

/// Reads managedFields as `manager` sees them.
pub(crate) fn managed<'a>(live: &'a Value, manager: &str) -> Managed<'a> {
    let entries = match at(live, &["metadata", "managedFields"]) {
        Value::Null => return Managed::Stripped,
        Value::Array(entries) if entries.is_empty() => return Managed::Stripped,
        Value::Array(entries) => entries,
        _ => return Managed::Malformed("it is not a list"),
    };
    let (mut others, mut ours) = (Vec::new(), None);
    for entry in entries {
        let Some(read) = read(entry) else { return Managed::Malformed("an entry has no FieldsV1 or no manager") };
        if !is_applied_by(entry, manager) {
            others.push(read);
        } else if ours.replace(read.fields).is_some() {
            return Managed::Malformed("several entries are ours");
        }
    }
    match ours {
        Some(ours) if !is_well_formed(ours) => Managed::Malformed("a key of our entry cannot be read"),
        ours => Managed::Known(others, ours),
    }
}

/// An entry, if it can be read.
pub(crate) fn read(entry: &Value) -> Option<Entry<'_>> {
    let manager = entry.get("manager")?.as_str()?;
    let fields = entry.get("fieldsV1")?.as_object()?;
    let applies = text(entry, &["operation"]) == "Apply";
    (text(entry, &["fieldsType"]) == "FieldsV1").then_some(Entry { manager, applies, fields })
}

fn is_well_formed(fields: &Fields) -> bool {
    fields.iter().all(|(raw, below)| {
        let readable = match raw.split_once(':') {
            None => raw == ".",
            Some(("f", _)) => true,
            Some(("k", key)) => key.starts_with('{') && is_json(key),
            Some(("v", value)) => is_json(value),
            Some(("i", at)) => at.parse::<u32>().is_ok(),
            _ => false,
        };
        readable && below.as_object().is_some_and(is_well_formed)
    })
}

fn is_json(text: &str) -> bool {
    json::inner(text).is_some()
}

/// Whether a tree has an entry for a path or for something below it.
pub(crate) fn owns<'r>(fields: &Fields, mut path: impl Iterator<Item = &'r str>) -> bool {
    path.try_fold(fields, |place, raw| place.get(raw)?.as_object()).is_some()
}

/// Whether the entry that leads to `below` owns the value itself, not only parts of it.
pub(crate) fn is_member(below: &Fields) -> bool {
    below.is_empty() || below.contains_key(".")
}

/// The fields that an applied value owns.
pub(crate) fn fields_of(of: &Type, value: &Value) -> Fields {
    match value {
        Value::Object(members) if of.shape != Shape::Atomic => fields_of_members(of, members),
        Value::Array(items) => match of.shape {
            Shape::Keyed(_) => object(&mut items.iter().map(|item| (raw_key(of, item), element(of.element(), item)))),
            Shape::Set => {
                object(&mut items.iter().map(|item| (format!("v:{}", written::json(item)), Value::Object(Fields::new()))))
            }
            _ => Fields::new(),
        },
        _ => Fields::new(),
    }
}

fn fields_of_members(of: &Type, members: &Fields) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in members {
        let (below, _) = of.member(name);
        let nothing = match value {
            Value::Null => true,
            Value::Array(items) => items.is_empty() && matches!(below.shape, Shape::Keyed(_) | Shape::Set),
            _ => false,
        };
        if below.shape != Shape::Ignored && !nothing {
            let tree = fields_of(below, value);
            // A member of whose parts nothing can be owned, such as a `metadata` of names alone, is not owned either.
            if !tree.is_empty() || !value.is_object() || below.shape == Shape::Atomic || value == &Value::Object(Fields::new()) {
                fields.insert(format!("f:{name}"), Value::Object(tree));
            }
        }
    }
    fields
}

fn element(of: &Type, item: &Value) -> Value {
    let mut fields = fields_of(of, item);
    if !fields.is_empty() {
        fields.insert(".".into(), Value::Object(Fields::new()));
    }
    Value::Object(fields)
}

/// A list with its index, to look up elements by their names in FieldsV1.
pub(crate) struct Lookup<'a> {
    of: &'a Type,
    pub(crate) items: &'a [Value],
    index: Option<Index<'a>>,
}

impl<'a> Lookup<'a> {
    pub(crate) fn new(of: &'a Type, items: &'a [Value]) -> Self {
        let index = matches!(of.shape, Shape::Keyed(_) | Shape::Set).then(|| Index::new(of, items));
        Self { of, items, index }
    }

    /// Where the element is that a name in FieldsV1 names.
    pub(crate) fn find(&self, raw: &str) -> Option<usize> {
        self.place(&named(raw)?)
    }

    /// Where the element with these key fields, or the value of a set, is.
    pub(crate) fn place(&self, named: &Value) -> Option<usize> {
        self.index.as_ref()?.find(&key(self.of, named))
    }
}

/// The key fields or the value in a name of FieldsV1.
pub(crate) fn named(raw: &str) -> Option<Value> {
    match raw.split_once(':')? {
        ("k" | "v", text) => json::inner(text),
        _ => None,
    }
}

/// A remark that managedFields of an object are not used.
pub(crate) fn malformed(why: &str) -> Diagnostic {
    let message = format!("managedFields are not used: {why}");
    Diagnostic::warning("MalformedManagedFields", "/metadata/managedFields", message)
        .help("Fields that are no longer wanted cannot be seen; the next apply writes the entry anew.")
}
