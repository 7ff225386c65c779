//! YAML text → documents. Aliases are expanded within a budget; tags, merge keys and equal keys are refused.

use super::node::{Content, Mark, Member, Node};
use super::{DEPTH, Mistake, scalar};
use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};
use std::collections::{BTreeMap, BTreeSet};

/// Values that all aliases of a text may add: far more than a manifest needs, far less than a bomb.
const ALIASED_VALUES: usize = 100_000;

/// Every document that is not empty.
pub fn documents(text: &str) -> Result<Vec<Node>, Mistake> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| explained(text, &error))?;
        builder.take(event, span)?;
    }
    Ok(builder.documents)
}

/// Builds nodes from events, without recursion.
#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    documents: Vec<Node>,
    aliased: usize,
}

/// A list or object whose end has not been seen.
struct Open {
    at: Mark,
    anchor: usize,
    parts: Parts,
}

enum Parts {
    Items(Vec<Node>),
    Members { members: Vec<Member>, name: Option<(String, Mark)> },
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Mistake> {
        let at = mark(&span);
        match event {
            Event::DocumentEnd => self.anchors.clear(),
            Event::Scalar(text, style, anchor, tag) => {
                let node = self.scalar(text.into_owned(), style, tag.as_deref(), at)?;
                return self.add(node, anchor, style == ScalarStyle::Plain);
            }
            Event::Alias(anchor) => {
                let node = self.alias(anchor, at)?;
                return self.add(node, 0, false);
            }
            Event::SequenceStart(_, anchor, tag) => self.open(at, anchor, tag.as_deref(), "seq", Parts::Items(Vec::new()))?,
            Event::MappingStart(_, anchor, tag) => {
                self.open(at, anchor, tag.as_deref(), "map", Parts::Members { members: Vec::new(), name: None })?;
            }
            Event::SequenceEnd | Event::MappingEnd => return self.close(),
            _ => {}
        }
        Ok(())
    }

    fn scalar(&self, text: String, style: ScalarStyle, tag: Option<&Tag>, at: Mark) -> Result<Node, Mistake> {
        let tagged = is_tagged(tag, "str", at)?;
        if tagged || style != ScalarStyle::Plain {
            return Ok(Node::new(at, Content::Text(text)));
        }
        let content = scalar::plain(&text).map_err(|message| Mistake::new(at, message))?;
        let mut node = Node::new(at, content);
        if !matches!(node.content, Content::Text(_) | Content::Null) && node.json() != text {
            node.spelling = text;
        }
        Ok(node)
    }

    fn alias(&mut self, anchor: usize, at: Mark) -> Result<Node, Mistake> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(Mistake::new(at, "an alias stands inside the value that it names"));
        };
        self.aliased += size(node);
        if self.aliased > ALIASED_VALUES {
            return Err(Mistake::new(at, format!("the aliases of this file stand for more than {ALIASED_VALUES} values")));
        }
        Ok(Node { at, ..node.clone() })
    }

    fn open(&mut self, at: Mark, anchor: usize, tag: Option<&Tag>, kind: &str, parts: Parts) -> Result<(), Mistake> {
        is_tagged(tag, kind, at)?;
        if self.open.len() >= DEPTH {
            return Err(Mistake::new(at, format!("nested deeper than {DEPTH} levels")));
        }
        if let Some(Open { parts: Parts::Members { name: None, .. }, .. }) = self.open.last() {
            return Err(Mistake::new(at, "a list or an object cannot be the name of a member"));
        }
        self.open.push(Open { at, anchor, parts });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Mistake> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let content = match open.parts {
            Parts::Items(items) => Content::List(items),
            Parts::Members { members, .. } => {
                unique(&members)?;
                Content::Map(members)
            }
        };
        self.add(Node::new(open.at, content), open.anchor, false)
    }

    fn add(&mut self, node: Node, anchor: usize, plain: bool) -> Result<(), Mistake> {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.parts) {
            None if node.content == Content::Null => {}
            None => self.documents.push(node),
            Some(Parts::Items(items)) => items.push(node),
            Some(Parts::Members { members, name }) => match name.take() {
                None => *name = Some((name_of(&node, plain)?, node.at)),
                Some((name, at)) => members.push(Member { at, name, value: node }),
            },
        }
        Ok(())
    }
}

/// The name of a member: Kubernetes writes integers and booleans there as text.
fn name_of(node: &Node, plain: bool) -> Result<String, Mistake> {
    match &node.content {
        Content::Text(name) if plain && name == "<<" => Err(Mistake::new(node.at, "merge keys (`<<`) are not read")
            .with_help("write the members out, or use an alias for a whole value")),
        Content::Text(name) => Ok(name.clone()),
        Content::Bool(value) => Ok(value.to_string()),
        Content::Number(number) if !number.contains(['.', 'e']) => Ok(number.clone()),
        Content::Number(_) => {
            Err(Mistake::new(node.at, "a fraction cannot be the name of a member").with_help("put it in quotes"))
        }
        _ => Err(Mistake::new(node.at, "this cannot be the name of a member").with_help("put it in quotes")),
    }
}

fn unique(members: &[Member]) -> Result<(), Mistake> {
    let mut seen = BTreeSet::new();
    let Some(member) = members.iter().find(|member| !seen.insert(&member.name)) else { return Ok(()) };
    let mistake = Mistake::new(member.at, format!("the member `{}` is given twice", member.name));
    match member.name.as_str() {
        "apiVersion" | "kind" => Err(mistake.with_help("a line `---` separates two objects")),
        _ => Err(mistake),
    }
}

/// Whether a tag is there and says what the value is anyway. Any other tag would change the value: refused.
fn is_tagged(tag: Option<&Tag>, kind: &str, at: Mark) -> Result<bool, Mistake> {
    match tag {
        None => Ok(false),
        Some(tag) if tag.is_yaml_core_schema_tag(kind) => Ok(true),
        Some(tag) => Err(Mistake::new(at, format!("the tag `{}` is not read", tag.original())).with_help("remove it")),
    }
}

fn size(node: &Node) -> usize {
    1 + match &node.content {
        Content::List(items) => items.iter().map(size).sum(),
        Content::Map(members) => members.iter().map(|member| size(&member.value)).sum(),
        _ => 0,
    }
}

fn mark(span: &Span) -> Mark {
    let (start, end) = (span.start, span.end);
    let width = if start.line() == end.line() { end.col().saturating_sub(start.col()) } else { 1 };
    Mark { line: start.line(), column: start.col() + 1, width: width.max(1) }
}

fn explained(text: &str, error: &ScanError) -> Mistake {
    let at = Mark { line: error.marker().line(), column: error.marker().col() + 1, width: 1 };
    let mistake = Mistake::new(at, error.info());
    let line = text.lines().nth(at.line.saturating_sub(1)).unwrap_or("");
    let indentation = line.get(..line.len() - line.trim_start().len()).unwrap_or("");
    if indentation.contains('\t') {
        return mistake.with_help("YAML indents with spaces: replace the tab");
    }
    mistake
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Result<String, Mistake> {
        documents(text).map(|documents| documents.iter().map(Node::json).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn yaml_is_what_kubernetes_reads() {
        let table = [
            ("", ""),
            ("---\n---\n# nothing\n---\n...\n", ""),
            ("a: 1\n---\nb: 2\n", r#"{"a":1} {"b":2}"#),
            ("a: 1\r\nb: x\r\n", r#"{"a":1,"b":"x"}"#),
            ("weight: 33.3", r#"{"weight":33.3}"#),
            ("a: 'yes'\nb: \"1\"\nc: yes", r#"{"a":"yes","b":"1","c":true}"#),
            ("a: |\n  x\n  y\nb: >-\n  x\n  y\n", r#"{"a":"x\ny\n","b":"x y"}"#),
            ("on: 1\n8080: 2\noff: 3\n", r#"{"true":1,"8080":2,"false":3}"#),
            ("a: &x {b: 1}\nc: *x\n", r#"{"a":{"b":1},"c":{"b":1}}"#),
            ("a: !!str 5\nb: !!map {}\nc: !!seq []", r#"{"a":"5","b":{},"c":[]}"#),
            ("{\"a\": [1, 2,], b: }", r#"{"a":[1,2],"b":null}"#),
            ("a:\nb: ~\n", r#"{"a":null,"b":null}"#),
            ("a: __proto__", r#"{"a":"__proto__"}"#),
            ("1 Model", r#""1 Model""#),
        ];
        for (text, expected) in table {
            assert_eq!(json(text).as_deref(), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn hostile_yaml_is_refused() {
        let bomb = format!(
            "a: &a [x, x]\n{}",
            (0..40)
                .map(|n| format!("b{n}: &b{n} [*{p}, *{p}]\n", p = if n == 0 { "a".into() } else { format!("b{}", n - 1) }))
                .collect::<String>()
        );
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        let deep_block = (0..200).map(|n| format!("{}a:\n", " ".repeat(n))).collect::<String>();
        let table = [
            (bomb.as_str(), "aliases"),
            ("a: &a [*a]", "inside the value"),
            ("a: *nobody", ""),
            ("a: .nan", "finite"),
            ("a: -.inf", "finite"),
            ("a: !!python/object:os.system x", "tag"),
            ("a: !!binary aGk=", "tag"),
            ("a: !!int \"5\"", "tag"),
            ("a: ! 5", "tag"),
            ("a: 1\na: 2", "twice"),
            ("a: {b: 1, \"\\x62\": 2}", "twice"),
            ("yes: 1\n\"true\": 2", "twice"),
            ("x: &x {a: 1}\ny:\n  <<: *x\n", "merge"),
            ("? [a]\n: 1", "name of a member"),
            ("~: 1", "name of a member"),
            ("1.5: 1", "name of a member"),
            ("a:\n\tb: 1", ""),
            ("a: [1, 2", ""),
            ("a: 'x", ""),
            ("a: b: c", ""),
            ("a: \u{0}", ""),
            (deep.as_str(), ""),
            (deep_block.as_str(), ""),
        ];
        for (text, part) in table {
            match json(text) {
                Ok(found) => panic!("{text:?} was read as {found}"),
                Err(mistake) => assert!(mistake.message.contains(part), "{text:?}: {mistake:?}"),
            }
        }
    }

    #[test]
    fn a_spelling_that_kubernetes_reads_otherwise_is_kept() {
        let node = documents("mode: off\nport: 0x1F\nsame: 5\ntext: x\nvoid: ~\n").unwrap().remove(0);
        let spellings: Vec<&str> = node.members().iter().map(|member| member.value.spelling.as_str()).collect();
        assert_eq!(spellings, ["off", "0x1F", "", "", ""]);
    }

    #[test]
    fn a_tab_is_explained() {
        let mistake = documents("spec:\n\timage: x\n").unwrap_err();
        assert_eq!((mistake.at.line, mistake.help.as_str()), (2, "YAML indents with spaces: replace the tab"));
    }
}
