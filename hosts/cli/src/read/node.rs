//! A value with the place it was written at.

use crate::show::escape::is_unsafe;
use std::fmt::Write;

/// A place in a text. Line and column count from 1, in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
    /// How many characters are meant, at least 1.
    pub width: usize,
}

/// A value and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it begins.
    pub at: Mark,
    /// What it is.
    pub content: Content,
    /// How it was written, when that is not how Kubernetes reads it (`off`, `0x1F`, `1_000`); else empty.
    pub spelling: String,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number as JSON text: never a float on the way.
    Number(String),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// An object; names are unique, the order is the writer's.
    Map(Vec<Member>),
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Where its name is.
    pub at: Mark,
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Node,
}

impl Node {
    /// An object that was not read from anywhere.
    pub fn object<const N: usize>(members: [(&str, Content); N]) -> Self {
        let at = Mark::default();
        let member = |(name, content): (&str, Content)| Member { at, name: name.into(), value: Self::new(at, content) };
        Self::new(at, Content::Map(members.into_iter().map(member).collect()))
    }

    /// A node that is written as it is read.
    pub fn new(at: Mark, content: Content) -> Self {
        Self { at, content, spelling: String::new() }
    }

    /// The member of an object.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.members().iter().find(|member| member.name == name).map(|member| &member.value)
    }

    /// The string of a member; empty where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.get(name).and_then(Node::as_text).unwrap_or("")
    }

    /// The string that this is.
    pub fn as_text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list; none for anything else.
    pub fn items(&self) -> &[Node] {
        match &self.content {
            Content::List(items) => items,
            _ => &[],
        }
    }

    /// The members of an object; none for anything else.
    pub fn members(&self) -> &[Member] {
        match &self.content {
            Content::Map(members) => members,
            _ => &[],
        }
    }

    /// What a JSON Pointer names and its place; where it leads nowhere, the deepest place on the way and no node.
    pub fn locate(&self, pointer: &str) -> (Option<&Node>, Mark) {
        let mut node = self;
        let mut mark = self.at;
        for token in pointer.split('/').skip(1) {
            let Some((next, at)) = node.child(&unescaped(token)) else { return (None, mark) };
            (node, mark) = (next, at);
        }
        (Some(node), mark)
    }

    /// The place of the name of the member that a JSON Pointer leads to.
    pub fn locate_name(&self, pointer: &str) -> Option<Mark> {
        let (parent, name) = pointer.rsplit_once('/')?;
        let name = unescaped(name);
        self.locate(parent).0?.members().iter().find(|member| member.name == name).map(|member| member.at)
    }

    /// A member or item, and the place that shows it best: the name of what has parts, else the value itself.
    fn child(&self, token: &str) -> Option<(&Node, Mark)> {
        match &self.content {
            Content::Map(members) => members.iter().find(|member| member.name == token).map(|member| {
                let on_the_line = member.value.at.line == member.at.line && !member.value.has_parts();
                (&member.value, if on_the_line { member.value.at } else { member.at })
            }),
            Content::List(items) => items.get(token.parse::<usize>().ok()?).map(|item| (item, item.at)),
            _ => None,
        }
    }

    fn has_parts(&self) -> bool {
        matches!(self.content, Content::List(_) | Content::Map(_))
    }

    /// This value as compact JSON.
    pub fn json(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out);
        out
    }

    fn write_json(&self, out: &mut String) {
        match &self.content {
            Content::Null => out.push_str("null"),
            Content::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Content::Number(text) => out.push_str(text),
            Content::Text(text) => write_text(out, text),
            Content::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    separate(out, index);
                    item.write_json(out);
                }
                out.push(']');
            }
            Content::Map(members) => {
                out.push('{');
                for (index, member) in members.iter().enumerate() {
                    separate(out, index);
                    write_text(out, &member.name);
                    out.push(':');
                    member.value.write_json(out);
                }
                out.push('}');
            }
        }
    }

    /// This value as JSON with one line for each part.
    pub fn pretty_json(&self) -> String {
        let mut out = String::new();
        self.write_pretty(&mut out, 0);
        out.push('\n');
        out
    }

    fn write_pretty(&self, out: &mut String, depth: usize) {
        match &self.content {
            Content::List(items) if !items.is_empty() => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    separate(out, index);
                    new_line(out, depth + 1);
                    item.write_pretty(out, depth + 1);
                }
                new_line(out, depth);
                out.push(']');
            }
            Content::Map(members) if !members.is_empty() => {
                out.push('{');
                for (index, member) in members.iter().enumerate() {
                    separate(out, index);
                    new_line(out, depth + 1);
                    write_text(out, &member.name);
                    out.push_str(": ");
                    member.value.write_pretty(out, depth + 1);
                }
                new_line(out, depth);
                out.push('}');
            }
            _ => self.write_json(out),
        }
    }
}

fn unescaped(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

fn separate(out: &mut String, index: usize) {
    if index > 0 {
        out.push(',');
    }
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

/// A JSON string. What a terminal would act upon becomes an escape; everything else stays.
pub fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            hidden if is_unsafe(hidden) => {
                for unit in hidden.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use crate::read::{json, yaml};

    const TEXT: &str = "kind: Model\nspec:\n  image: x\n  env:\n  - name: A\n    value: 1\n  - {name: B, a/b: ~}\n";

    #[test]
    fn a_pointer_finds_its_line() {
        let node = yaml::documents(TEXT).unwrap().remove(0);
        let table = [
            ("", 1, 1, true),
            ("/kind", 1, 7, true),
            ("/spec", 2, 1, true),
            ("/spec/image", 3, 10, true),
            ("/spec/env", 4, 3, true),
            ("/spec/env/0", 5, 5, true),
            ("/spec/env/0/value", 6, 12, true),
            ("/spec/env/1/a~1b", 7, 20, true),
            ("/spec/env/1/value", 7, 5, false),
            ("/spec/env/7", 4, 3, false),
            ("/spec/artifact/uri", 2, 1, false),
            ("/nothing", 1, 1, false),
        ];
        for (pointer, line, column, found) in table {
            let (node, mark) = node.locate(pointer);
            assert_eq!((mark.line, mark.column, node.is_some()), (line, column, found), "{pointer}");
        }
    }

    #[test]
    fn a_name_has_a_place_of_its_own() {
        let node = yaml::documents(TEXT).unwrap().remove(0);
        let column = |pointer| node.locate_name(pointer).map(|mark| (mark.line, mark.column));
        assert_eq!((column("/spec/image"), column("/spec/x"), column("")), (Some((3, 3)), None, None));
    }

    #[test]
    fn json_goes_through_unchanged() {
        let text = r#"{"b":[1,18446744073709551615,33.30,-0.0,1e400],"a":{"x":"\u0001\"\\\n\t"},"":null,"c":[],"d":{}}"#;
        assert_eq!(json::document(text).unwrap().json(), text);
    }

    #[test]
    fn pretty_json_reads_back() {
        let node = json::document(r#"{"a":[1,{"b":"x"}],"c":{},"d":[]}"#).unwrap();
        let pretty = node.pretty_json();
        assert_eq!(pretty, "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x\"\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}\n");
        assert_eq!(json::document(&pretty).unwrap().json(), node.json());
    }
}
