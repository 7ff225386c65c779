//! Where a walk is: borrowed segments, turned into text only for what differs.

use super::equal::{Part, key};
use super::tables::{Shape, Type};
use crate::json::{object, pointer};
use crate::list::Listed;
use crate::plan::Step;
use crate::written::json;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde_json::{Map, Value};

/// One segment of the way to a value.
#[derive(Clone, Copy)]
pub(crate) enum Segment<'a> {
    /// A member of an object, or the value of a set.
    Field(&'a str),
    /// An element of an atomic list.
    Index(usize),
    /// An element of a keyed list of this type, at this place of its list.
    Element(&'a Type, &'a Value, usize),
}

impl Segment<'_> {
    fn step(&self) -> Step {
        match self {
            Segment::Field(name) => Step::Field((*name).into()),
            Segment::Index(at) => Step::Index(*at),
            Segment::Element(of, item, _) => {
                let mut texts = BTreeMap::new();
                texts.extend(keys(of, item).into_iter().map(|(name, value)| (name, plain(&value))));
                Step::Element(texts)
            }
        }
    }

    /// The segment's name in FieldsV1.
    pub(crate) fn raw(&self) -> String {
        match self {
            Segment::Field(name) => format!("f:{name}"),
            Segment::Index(at) => format!("i:{at}"),
            Segment::Element(of, item, _) => raw_key(of, item),
        }
    }
}

/// An element's name in FieldsV1.
pub(crate) fn raw_key(of: &Type, item: &Value) -> String {
    format!("k:{}", json(&Value::Object(keys(of, item))))
}

fn keys(of: &Type, item: &Value) -> Map<String, Value> {
    let Shape::Keyed(names) = of.shape else { return Map::new() };
    let parts = key(of, item);
    let value = |part: &Part, name: &str| match part {
        Part::Absent => Value::Null,
        Part::Text(text) => Value::from(*text),
        _ => item.get(name).cloned().unwrap_or_default(),
    };
    object(&mut names.iter().zip(&parts).map(|(name, part)| ((*name).into(), value(part, name))))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| crate::written::json(value), Into::into)
}

/// The path for programs.
pub(crate) fn steps(path: &[Segment]) -> Vec<Step> {
    path.iter().map(Segment::step).listed()
}

/// The path for people: `spec.template.spec.containers[name=model].image`, `metadata.labels[mlops.internal/model]`.
pub(crate) fn text(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Field(name) if is_word(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
            Step::Field(name) => text.push_str(&format!("[{name}]")),
            Step::Index(at) => text.push_str(&format!("[{at}]")),
            Step::Element(keys) => text.push_str(&format!("[{}]", element(keys))),
        }
    }
    text
}

fn is_word(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn element(keys: &BTreeMap<String, String>) -> String {
    keys.iter().map(|(name, value)| format!("{name}={value}")).listed().join(",")
}

/// The path as JSON Pointer into the object.
pub(crate) fn as_pointer(path: &[Segment]) -> String {
    path.iter().fold(String::new(), |base, segment| match segment {
        Segment::Field(name) => pointer(&base, name),
        Segment::Index(at) | Segment::Element(_, _, at) => pointer(&base, &at.to_string()),
    })
}
