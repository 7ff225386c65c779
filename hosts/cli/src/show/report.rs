//! Small results: the totals and the JSON of `validate`, `info`, `requirements`.

use super::escape::escaped;
use super::findings::totals as counted;
use super::paint::{ADDED, FAINT, STRONG, paint};
use crate::findings::Finding;
use crate::read::files::Source;
use crate::read::node::{Content, Node};
use std::fmt::Write;

/// The last line of `validate`.
pub fn totals(resources: usize, findings: &[Finding]) -> String {
    let counted = counted(findings);
    let noun = if resources == 1 { "custom resource" } else { "custom resources" };
    match (findings.iter().any(Finding::is_error), counted.is_empty()) {
        (true, _) => format!("{counted}\n"),
        (false, true) => format!("{resources} {noun}: {}\n", paint(ADDED, "valid")),
        (false, false) => format!("{resources} {noun}: {} ({counted})\n", paint(ADDED, "valid")),
    }
}

/// `{"formatVersion", "valid", "diagnostics": [{…, "file", "line", "column"}]}`.
pub fn json(findings: &[Finding], sources: &[Source]) -> String {
    let valid = !findings.iter().any(Finding::is_error);
    let diagnostics = findings.iter().map(|finding| diagnostic(finding, sources)).collect();
    Node::object([
        ("formatVersion", Content::Text("1.0".into())),
        ("valid", Content::Bool(valid)),
        ("diagnostics", Content::List(diagnostics)),
    ])
    .pretty_json()
}

fn diagnostic(finding: &Finding, sources: &[Source]) -> Node {
    let text = |text: &str| Content::Text(text.into());
    let number = |number: usize| Content::Number(number.to_string());
    let place = finding.place;
    let file = place.and_then(|place| sources.get(place.source)).map_or("", |source| source.name.as_str());
    Node::object([
        ("severity", text(finding.severity.word())),
        ("code", text(&finding.code)),
        ("object", text(&finding.object)),
        ("path", text(&finding.path)),
        ("message", text(&finding.message)),
        ("help", text(&finding.help)),
        ("file", text(file)),
        ("line", number(place.map_or(0, |place| place.mark.line))),
        ("column", number(place.map_or(0, |place| place.mark.column))),
    ])
}

/// Every member on a line, nested ones by path.
pub fn info(info: &Node, sha256: &str) -> String {
    let mut lines = Vec::new();
    flat(info, "", &mut lines);
    lines.push(("component sha256".into(), sha256.into()));
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    lines.iter().fold(String::new(), |mut out, (name, value)| {
        let _ = writeln!(out, "{}  {}", paint(FAINT, format!("{name:width$}")), escaped(value));
        out
    })
}

fn flat(node: &Node, path: &str, lines: &mut Vec<(String, String)>) {
    if node.members().is_empty() {
        lines.push((path.into(), node.as_text().map_or_else(|| node.json(), String::from)));
    }
    for member in node.members() {
        let path = if path.is_empty() { member.name.clone() } else { format!("{path} {}", member.name) };
        flat(&member.value, &path, lines);
    }
}

/// Each custom resource with what has to be read for it.
pub fn requirements(answers: &Node) -> String {
    let mut out = String::new();
    for answer in answers.items() {
        let _ = writeln!(out, "{}", paint(STRONG, escaped(answer.text("object"))));
        for read in answer.get("reads").map_or(&[][..], Node::items) {
            let _ = writeln!(out, "  {}", selector(read));
        }
    }
    out
}

fn selector(read: &Node) -> String {
    let names: Vec<String> =
        read.get("names").map_or(&[][..], Node::items).iter().filter_map(Node::as_text).map(escaped).collect();
    let which = if names.is_empty() { "all".into() } else { names.join(", ") };
    let place = match read.text("namespace") {
        "" => String::new(),
        namespace => format!(" in {}", escaped(namespace)),
    };
    let reason = paint(FAINT, format!("({})", escaped(read.text("reason"))));
    format!("{} {}{place}: {which} {reason}", escaped(read.text("apiVersion")), escaped(read.text("kind")))
}
