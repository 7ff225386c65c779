//! Findings for people, with the line they speak of.

use super::escape::{clipped, escaped};
use super::paint::{ALARM, CHANGED, FAINT, STRONG, WAITING, paint};
use crate::findings::{Finding, Place, Weight};
use crate::read::files::Source;
use anstyle::Style;
use std::collections::BTreeMap;
use std::fmt::Write;

/// So many warnings of one code are shown where there may be one for each object.
const ENOUGH: usize = 5;
/// Characters of a source line that are shown.
const WIDTH: usize = 120;

/// All findings, one block each.
pub fn report(findings: &[Finding], sources: &[Source]) -> String {
    findings.iter().map(|finding| block(finding, sources) + "\n").collect()
}

/// The same without the many of one code that a large set has: every error, a few of each code of the rest, and how many more there are.
pub fn brief(findings: &[Finding], sources: &[Source]) -> String {
    let mut counts: BTreeMap<(Weight, &str), usize> = BTreeMap::new();
    let mut out = String::new();
    for finding in findings {
        let count = counts.entry((finding.severity, &finding.code)).or_default();
        *count += 1;
        if finding.is_error() || *count <= ENOUGH {
            out.push_str(&(block(finding, sources) + "\n"));
        }
    }
    let many = counts.into_iter().filter(|((severity, _), count)| *severity != Weight::Error && *count > ENOUGH);
    for ((severity, code), count) in many {
        let title = paint(style(severity), format!("{}[{}]", severity.word(), escaped(code)));
        let more = format!(": {} more; `modelwright plan -o json` has them all", count - ENOUGH);
        let _ = writeln!(out, "{title}{}\n", paint(STRONG, more));
    }
    out
}

/// `2 errors, 1 warning`.
pub fn totals(findings: &[Finding]) -> String {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let parts = [(count(Weight::Error), "error"), (count(Weight::Warning), "warning"), (count(Weight::Info), "hint")];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    parts.join(", ")
}

fn block(finding: &Finding, sources: &[Source]) -> String {
    let style = style(finding.severity);
    let title = format!("{}[{}]", finding.severity.word(), escaped(&finding.code));
    let mut out = format!("{}{}\n", paint(style, title), paint(STRONG, format!(": {}", escaped(&finding.message))));
    let source = finding.place.and_then(|place| Some((place, sources.get(place.source)?)));
    let margin = source.map_or(0, |(place, _)| place.mark.line.to_string().len());
    if let Some((place, source)) = source {
        out.push_str(&snippet(place, source, style, margin));
    }
    for (word, text) in [("in", subject(finding)), ("help", escaped(&finding.help))] {
        if !text.is_empty() {
            let _ = writeln!(out, "{:margin$} {} {word}: {text}", "", paint(FAINT, "="));
        }
    }
    out
}

/// The object and the place in it.
fn subject(finding: &Finding) -> String {
    match (finding.object.is_empty(), finding.path.is_empty()) {
        (true, _) => escaped(&finding.path),
        (false, true) => escaped(&finding.object),
        (false, false) => format!("{} at {}", escaped(&finding.object), clipped(&finding.path, WIDTH)),
    }
}

fn snippet(place: Place, source: &Source, style: Style, margin: usize) -> String {
    let mark = place.mark;
    let text = source.text.strip_prefix('\u{feff}').unwrap_or(&source.text);
    let line = text.lines().nth(mark.line.saturating_sub(1)).unwrap_or("");
    let (shown, column) = window(line, mark.column.saturating_sub(1));
    let before: String = shown.chars().take(column).collect();
    let meant: String = shown.chars().skip(column).take(mark.width).collect();
    let indent = escaped(&before).chars().count();
    let carets = "^".repeat(escaped(&meant).chars().count().max(1));
    let bar = paint(FAINT, "|");
    let arrow = paint(FAINT, "-->");
    let number = paint(FAINT, format!("{:>margin$}", mark.line));
    format!(
        "{:margin$}{arrow} {}:{}:{}\n{:margin$} {bar}\n{number} {bar} {}\n{:margin$} {bar} {:indent$}{}\n",
        "",
        escaped(&source.name),
        mark.line,
        mark.column,
        "",
        escaped(&shown),
        "",
        "",
        paint(style, carets),
    )
}

/// The part of a line around a column, and the column in it.
fn window(line: &str, column: usize) -> (String, usize) {
    let start = column.saturating_sub(WIDTH / 2);
    let start = if line.chars().count() <= WIDTH { 0 } else { start };
    (line.chars().skip(start).take(WIDTH).collect(), column - start)
}

fn style(severity: Weight) -> Style {
    match severity {
        Weight::Error => ALARM,
        Weight::Warning => CHANGED,
        Weight::Info => WAITING,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::node::Mark;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    fn source(text: &str) -> Vec<Source> {
        vec![Source { name: "models.yaml".into(), text: text.into() }]
    }

    #[test]
    fn of_many_warnings_a_few_are_shown_and_of_errors_all() {
        let warning = Finding { severity: Weight::Warning, ..Finding::error("Tag", "no digest") };
        let mut findings = vec![warning; 7];
        findings.extend(vec![Finding::error("Weight", "not an integer"); 7]);
        let shown = plain(&brief(&findings, &[]));
        assert_eq!(shown.matches("no digest").count(), ENOUGH);
        assert!(shown.contains("warning[Tag]: 2 more; `modelwright plan -o json` has them all"), "{shown}");
        assert_eq!(shown.matches("not an integer").count(), 7);
    }

    #[test]
    fn a_finding_shows_its_line() {
        let mut finding = Finding::error("Weight", "weight 33.3 is not an integer")
            .helped("write 33")
            .at(0, Mark { line: 10, column: 11, width: 4 });
        finding.object = "EndpointConfig/n/c".into();
        finding.path = "/spec/models/0/weight".into();
        let text = format!("{}  weight: 33.3 # x\n", "\n".repeat(9));
        let expected = "\
error[Weight]: weight 33.3 is not an integer
  --> models.yaml:10:11
   |
10 |   weight: 33.3 # x
   |           ^^^^
   = in: EndpointConfig/n/c at /spec/models/0/weight
   = help: write 33

";
        assert_eq!(plain(&report(&[finding], &source(&text))), expected);
    }

    #[test]
    fn hostile_lines_stay_on_their_line() {
        let finding = Finding::error("X", "a\u{1b}b").at(0, Mark { line: 1, column: 4, width: 1 });
        let shown = plain(&report(&[finding], &source("a\u{202e}\tb\n")));
        assert_eq!(shown, "error[X]: a\\u{1b}b\n --> models.yaml:1:4\n  |\n1 | a\\u{202e}\\tb\n  |            ^\n\n");
    }

    #[test]
    fn long_lines_are_shown_around_the_place() {
        let finding = Finding::error("X", "m").at(0, Mark { line: 1, column: 501, width: 1 });
        let shown = plain(&report(&[finding], &source(&format!("{}!{}", "a".repeat(500), "b".repeat(500)))));
        assert!(shown.lines().all(|line| line.chars().count() < 140), "{shown}");
        assert!(shown.contains("a!b"));
    }

    #[test]
    fn totals_count() {
        let warning = Finding { severity: Weight::Warning, ..Finding::error("W", "w") };
        assert_eq!(totals(&[Finding::error("E", "e"), Finding::error("E", "e"), warning]), "2 errors, 1 warning");
    }
}
