//! Answers as JSON text. Derived `Serialize` makes the same text, but its code for each type and each list is ten times as large.

use crate::list::{Listed, Next};
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;
use serde_json::Value;

/// What is part of an answer.
pub trait Written {
    /// Appends it as JSON.
    fn write(&self, out: &mut String);
}

/// Members in the order in which they are written: `written!(Guard { "uid": uid, "resourceVersion": resource_version })`.
macro_rules! written {
    ($type:ty { $($name:literal: $field:ident),* $(,)? }) => {
        impl crate::written::Written for $type {
            fn write(&self, out: &mut String) {
                crate::written::members(&[$(($name, &self.$field)),*], out);
            }
        }
    };
}
pub(crate) use written;

/// The JSON text of an answer.
pub fn json(answer: &dyn Written) -> String {
    let mut out = String::new();
    answer.write(&mut out);
    out
}

/// Appends an object.
pub fn members(members: &[(&str, &dyn Written)], out: &mut String) {
    let mut open = '{';
    for (name, value) in members {
        out.push(open);
        text(name, out);
        out.push(':');
        value.write(out);
        open = ',';
    }
    out.push_str(if open == '{' { "{}" } else { "}" });
}

/// An object that has no type of its own.
pub struct Members<'a>(pub &'a [(&'a str, &'a dyn Written)]);

impl Written for Members<'_> {
    fn write(&self, out: &mut String) {
        members(self.0, out);
    }
}

fn list(items: &mut dyn Next<&dyn Written>, out: &mut String) {
    let mut open = '[';
    while let Some(item) = items.next_item() {
        out.push(open);
        item.write(out);
        open = ',';
    }
    out.push_str(if open == '[' { "[]" } else { "]" });
}

/// Appends a text with the escapes of `serde_json`.
pub fn text(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(place) = rest.bytes().position(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        let (plain, escaped) = rest.split_at_checked(place).unwrap_or_default();
        let mut escaped = escaped.chars();
        out.push_str(plain);
        escaped.next().into_iter().for_each(|c| escape(c, out));
        rest = escaped.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

fn escape(c: char, out: &mut String) {
    let letter = match c {
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{c}' => 'f',
        '\r' => 'r',
        '"' | '\\' => c,
        _ => {
            // Writing to a text cannot fail.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
            return;
        }
    };
    out.extend(['\\', letter]);
}

impl Written for str {
    fn write(&self, out: &mut String) {
        text(self, out);
    }
}

impl Written for String {
    fn write(&self, out: &mut String) {
        text(self, out);
    }
}

impl<T: Written + ?Sized> Written for &T {
    fn write(&self, out: &mut String) {
        (**self).write(out);
    }
}

impl<T: Written> Written for Vec<T> {
    fn write(&self, out: &mut String) {
        list(&mut self.iter().map(|item| item as &dyn Written), out);
    }
}

impl<T: Written> Written for Option<T> {
    fn write(&self, out: &mut String) {
        match self {
            Some(value) => value.write(out),
            None => out.push_str("null"),
        }
    }
}

impl Written for BTreeMap<String, String> {
    fn write(&self, out: &mut String) {
        let entries: Vec<(&str, &dyn Written)> = self.iter().map(|(name, value)| (name.as_str(), value as &dyn Written)).listed();
        members(&entries, out);
    }
}

impl Written for Value {
    fn write(&self, out: &mut String) {
        match self {
            Value::Null => out.push_str("null"),
            Value::Bool(value) => value.write(out),
            Value::Number(number) => out.push_str(number.as_str()),
            Value::String(value) => text(value, out),
            Value::Array(items) => items.write(out),
            Value::Object(object) => {
                let entries: Vec<(&str, &dyn Written)> =
                    object.iter().map(|(name, value)| (name.as_str(), value as &dyn Written)).listed();
                members(&entries, out);
            }
        }
    }
}

/// As Rust shows them.
macro_rules! shown {
    ($($type:ty),*) => {
        $(impl Written for $type {
            fn write(&self, out: &mut String) {
                out.push_str(&self.to_string());
            }
        })*
    };
}

shown!(bool, u16, u64, i64, usize);

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn writes_what_serde_json_writes() {
        let every_control: String = (0..=u32::from(' ')).filter_map(char::from_u32).collect();
        let values = [
            json!(null),
            json!([true, false, [], {}, [{}]]),
            json!({"b": {"z": 1, "a": -1}, "a": [u64::MAX, i64::MIN, 0, 1.0, 1e300, -0.0, 0.1, 1.5e-7]}),
            json!([every_control, "\"\\/é\u{7f}\u{2028}😀", "", "\"", "\\\\n", {"a\"b\n": 1}]),
        ];
        for value in values {
            assert_eq!(json(&value), value.to_string());
        }
    }
}
