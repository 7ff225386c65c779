//! What serves, as a tree for people, in 80 columns.

use super::escape::escaped;
use super::paint::{ADDED, ALARM, CHANGED, FAINT, STRONG, WAITING, paint};
use crate::status::{Branch, Mood, Tree};
use anstyle::Style;

/// Columns of a terminal that nobody has made larger.
const WIDTH: usize = 80;
/// Words get at least so many, however deep they are.
const NARROWEST: usize = 24;

/// The tree as text; `nothing` where there is nothing to show.
pub fn text(tree: &Tree, nothing: &str) -> String {
    let mut out = String::new();
    for branch in &tree.endpoints {
        root(branch, &mut out);
    }
    if !tree.unreached.is_empty() {
        out.push_str(&format!("{}\n", paint(STRONG, "Reached by no Endpoint:")));
        tree.unreached.iter().for_each(|branch| root(branch, &mut out));
    }
    if tree.endpoints.is_empty() && tree.unreached.is_empty() && tree.unreadable.is_empty() {
        out.push_str(&format!("{nothing}\n"));
    }
    for sentence in &tree.unreadable {
        let sentence = words(sentence, WIDTH - 11).join("\n           ");
        out.push_str(&format!("{} {sentence}\n", paint(CHANGED, "unreadable")));
    }
    out
}

fn root(branch: &Branch, out: &mut String) {
    draw(branch, "", "", true, out);
    out.push('\n');
}

/// Draws a branch: `first` comes before its line, `rest` before everything below it.
fn draw(branch: &Branch, first: &str, rest: &str, is_root: bool, out: &mut String) {
    let below = format!("{rest}{}", if branch.children.is_empty() { "   " } else { "│  " });
    let mut lines = head(branch, first, &below, is_root);
    let label = branch.below.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0).min(20);
    for (name, text) in &branch.below {
        detail(&paint(FAINT, format!("{:label$}", escaped(name))), label, text, &below, &mut lines);
    }
    for one in &branch.conditions {
        let (name, style) = if one.status == "True" { (one.kind.clone(), WAITING) } else { (format!("not {}", one.kind), ALARM) };
        let name = if one.status == "Unknown" { format!("{} unknown", one.kind) } else { name };
        let width = name.chars().count() + 1;
        let style = if one.status == "False" && branch.mood == Mood::Busy { WAITING } else { style };
        detail(&paint(style, format!("{}:", escaped(&name))), width, &one.message, &below, &mut lines);
    }
    lines.iter().for_each(|line| out.push_str(&format!("{}\n", line.trim_end())));
    for (index, child) in branch.children.iter().enumerate() {
        let is_last = index + 1 == branch.children.len();
        let (first, more) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        draw(child, &format!("{rest}{first}"), &format!("{rest}{more}"), false, out);
    }
}

/// `Model titanic-v1  available  90 %, stable, 2 of 2 available`.
fn head(branch: &Branch, first: &str, below: &str, is_root: bool) -> Vec<String> {
    let name = match is_root && !branch.namespace.is_empty() {
        true => format!("{}/{}", branch.namespace, branch.name),
        false => branch.name.clone(),
    };
    let (name, state) = (escaped(&name), escaped(&branch.state));
    // What a Pod is can be seen.
    let kind = if branch.kind == "Pod" { String::new() } else { format!("{} ", branch.kind) };
    let mut line = format!("{}{kind}{}", paint(FAINT, first), paint(if is_root { STRONG } else { Style::new() }, &name));
    let mut width = first.chars().count() + kind.chars().count() + name.chars().count();
    let mut lines = Vec::new();
    let last = branch.beside.len().saturating_sub(1);
    let beside = branch.beside.iter().enumerate();
    let facts =
        beside.map(|(place, fact)| (if place == last { escaped(fact) } else { format!("{},", escaped(fact)) }, Style::new()));
    let parts = std::iter::once((state, style(branch.mood))).chain(facts).filter(|(part, _)| !part.is_empty());
    for (place, (part, style)) in parts.enumerate() {
        // What stands beside each other is apart from the name and the state.
        let gap = if place < 2 { 2 } else { 1 };
        let more = part.chars().count() + gap;
        if width + more > WIDTH {
            lines.push(std::mem::replace(&mut line, format!("{}{}", paint(FAINT, below), paint(style, part))));
            width = below.chars().count() + more;
        } else {
            line.push_str(&format!("{:gap$}{}", "", paint(style, part)));
            width += more;
        }
    }
    lines.push(line);
    lines
}

/// A label and a text, over as many lines as it needs.
fn detail(label: &str, width: usize, text: &str, below: &str, lines: &mut Vec<String>) {
    let room = WIDTH.saturating_sub(below.chars().count() + width + 2).max(NARROWEST);
    for (index, part) in words(text, room).into_iter().enumerate() {
        let label = if index == 0 { label.to_owned() } else { " ".repeat(width) };
        lines.push(format!("{}{label}  {part}", paint(FAINT, below)));
    }
}

/// The words of a text, in lines of at most so many characters; a longer word has a line for itself.
fn words(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in escaped(text).split(' ') {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.into());
        }
    }
    lines
}

fn style(mood: Mood) -> Style {
    match mood {
        Mood::Good => ADDED,
        Mood::Busy => WAITING,
        Mood::Bad => ALARM,
        Mood::Unknown => FAINT,
    }
}
