//! Trees as YAML that readers of YAML 1.1 and 1.2 understand alike: text that any of them could take for something else is quoted, and
//! numbers are written as they are.

use super::escape::is_unsafe;
use crate::read::node::{Content, Member, Node};
use crate::read::scalar;
use std::fmt::Write;

/// One document.
pub fn document(node: &Node) -> String {
    let mut out = String::new();
    block(node, 0, &mut out);
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

/// Manifests, separated by `---`.
pub fn stream(objects: &[Node]) -> String {
    let documents: Vec<String> = objects.iter().map(|object| document(&conventional(object))).collect();
    documents.join("---\n")
}

/// Manifests as a `List` in JSON.
pub fn list(objects: &[Node]) -> String {
    let text = |text: &str| Content::Text(text.into());
    let items = Content::List(objects.iter().map(conventional).collect());
    Node::object([("apiVersion", text("v1")), ("kind", text("List")), ("items", items)]).pretty_json()
}

/// Members in the order in which people write them; what follows `metadata` keeps its order.
fn conventional(object: &Node) -> Node {
    let mut object = object.clone();
    if let Content::Map(members) = &mut object.content {
        members.sort_by_key(|member| rank(&["apiVersion", "kind", "metadata"], &member.name));
        for member in members.iter_mut().filter(|member| member.name == "metadata") {
            if let Content::Map(metadata) = &mut member.value.content {
                metadata.sort_by_key(|member| rank(&["name", "namespace", "labels", "annotations"], &member.name));
            }
        }
    }
    object
}

fn rank(order: &[&str], name: &str) -> usize {
    order.iter().position(|known| *known == name).unwrap_or(order.len())
}

/// A value where a line of its own may begin: the cursor stands at column `indent`.
fn block(node: &Node, indent: usize, out: &mut String) {
    match &node.content {
        Content::Map(members) if !members.is_empty() => {
            for (index, member) in members.iter().enumerate() {
                next_line(index, indent, out);
                write_member(member, indent, out);
            }
        }
        Content::List(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                next_line(index, indent, out);
                out.push_str("- ");
                block(item, indent + 2, out);
            }
        }
        _ => leaf(node, indent, out),
    }
}

/// Items of a list stand in the column of its name, as kubectl writes them.
fn write_member(member: &Member, indent: usize, out: &mut String) {
    write_scalar(&member.name, out);
    out.push(':');
    let inner = match &member.value.content {
        Content::Map(members) if !members.is_empty() => indent + 2,
        Content::List(items) if !items.is_empty() => indent,
        _ => {
            out.push(' ');
            return leaf(&member.value, indent + 2, out);
        }
    };
    next_line(1, inner, out);
    block(&member.value, inner, out);
}

fn next_line(index: usize, indent: usize, out: &mut String) {
    if index == 0 {
        return;
    }
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out.extend(std::iter::repeat_n(' ', indent));
}

/// A value without parts. A text of several lines continues at column `indent`.
fn leaf(node: &Node, indent: usize, out: &mut String) {
    match &node.content {
        Content::Null => out.push_str("null"),
        Content::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Content::Number(text) => out.push_str(text),
        Content::List(_) => out.push_str("[]"),
        Content::Map(_) => out.push_str("{}"),
        Content::Text(text) if is_literal(text) => write_literal(text, indent.max(2), out),
        Content::Text(text) => write_scalar(text, out),
    }
}

/// Whether a text of several lines can stand as it is, without an indicator for its indentation.
fn is_literal(text: &str) -> bool {
    let has_lines = text.trim_end_matches('\n').contains('\n');
    has_lines
        && !text.starts_with([' ', '\t', '\n'])
        && !text.chars().any(|character| character != '\n' && character != '\t' && is_unsafe(character))
}

fn write_literal(text: &str, indent: usize, out: &mut String) {
    let body = text.trim_end_matches('\n');
    out.push_str(match text.len() - body.len() {
        0 => "|-",
        1 => "|",
        _ => "|+",
    });
    for line in body.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            out.extend(std::iter::repeat_n(' ', indent));
            out.push_str(line);
        }
    }
    out.push_str(&text[body.len()..]);
}

fn write_scalar(text: &str, out: &mut String) {
    if is_plain(text) { out.push_str(text) } else { write_quoted(text, out) }
}

/// Whether every reader takes the bare text for this text.
fn is_plain(text: &str) -> bool {
    let first = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '/' | '.');
    let later = |character: char| character.is_ascii_alphanumeric() || " _./:@+=,-()$%~^&*<>;!?|".contains(character);
    text.starts_with(first)
        && text.chars().all(later)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && scalar::plain(text) == Ok(Content::Text(text.into()))
        && !is_number_somewhere(text)
}

/// Dates, times and numbers in base 60 are no text for every reader.
fn is_number_somewhere(text: &str) -> bool {
    text.starts_with(|character: char| character.is_ascii_digit() || character == '.')
        && text.chars().all(|character| character.is_ascii_digit() || " .:_+-eEtTzZ".contains(character))
}

fn write_quoted(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            hidden if is_unsafe(hidden) && u32::from(hidden) > 0xffff => {
                let _ = write!(out, "\\U{:08x}", u32::from(hidden));
            }
            hidden if is_unsafe(hidden) => {
                let _ = write!(out, "\\u{:04x}", u32::from(hidden));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::{json, yaml};

    #[test]
    fn manifests_look_as_people_write_them() {
        let object = r#"{"spec":{"ports":[{"port":80,"name":"http"}],"args":[],"env":{},"list":[[1,"a"],null]},"metadata":{"labels":{"on":"yes"},"name":"a"},"kind":"Service","apiVersion":"v1"}"#;
        let expected = "\
apiVersion: v1
kind: Service
metadata:
  name: a
  labels:
    \"on\": \"yes\"
spec:
  ports:
  - port: 80
    name: http
  args: []
  env: {}
  list:
  - - 1
    - a
  - null
";
        assert_eq!(stream(&[json::document(object).unwrap()]), expected);
    }

    const TEXTS: [&str; 58] = [
        "",
        " ",
        "a",
        "a b",
        " a",
        "a ",
        "yes",
        "No",
        "off",
        "y",
        "null",
        "~",
        "1",
        "1.5",
        ".5",
        "0x1F",
        "1_000",
        "1:30",
        "190:20:30",
        "1e3",
        "-1",
        "+1",
        "2001-01-01",
        "2026-11-25T12:00:00Z",
        "10Gi",
        "a: b",
        "a:",
        "a #b",
        "#a",
        "- a",
        "-",
        "? a",
        "[a]",
        "{a}",
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "%a",
        "@a",
        "`a",
        "\"a\"",
        "'a'",
        "a\\b",
        "a\nb",
        "a\nb\n",
        "a\n\n\nb\n\n",
        " a\nb",
        "\na\n",
        "a\n\tb \n",
        "a\r\nb",
        "\u{1b}[2J",
        "a\u{202e}b",
        "\u{e0041}",
        "é日本",
        "<<",
        "=",
    ];

    /// As values, as names, and in lists: two readers, ours by the rules of Kubernetes and another of YAML 1.2.
    #[test]
    fn every_text_reads_back() {
        for text in TEXTS {
            let mut json = String::new();
            crate::read::node::write_text(&mut json, text);
            let tree = json::document(&format!(r#"{{"a":{json},"b":[{json},[{json}]],{json}:{{"c":{json}}}}}"#))
                .unwrap_or_else(|_| json::document(&format!("[{json}]")).unwrap());
            let written = document(&tree);
            let ours = yaml::documents(&written).unwrap_or_else(|mistake| panic!("{text:?}: {mistake:?}\n{written}"));
            assert_eq!(ours.first().map(Node::json), Some(tree.json()), "{text:?}\n{written}");
            let theirs: serde_json::Value =
                serde_saphyr::from_str(&written).unwrap_or_else(|error| panic!("{text:?}: {error}\n{written}"));
            let expected: serde_json::Value = serde_json::from_str(&tree.json()).unwrap();
            assert_eq!(theirs, expected, "{text:?}\n{written}");
            assert!(!written.contains(|character| character != '\n' && character != '\t' && is_unsafe(character)), "{text:?}");
        }
    }

    #[test]
    fn numbers_stay_as_they_are() {
        let tree = json::document(r#"[33.30,18446744073709551615,123456789012345678901234567890,-0.0]"#).unwrap();
        assert_eq!(document(&tree), "- 33.30\n- 18446744073709551615\n- 123456789012345678901234567890\n- -0.0\n");
    }
}
