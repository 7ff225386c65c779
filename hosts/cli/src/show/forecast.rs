//! A forecast for people: round by round, what is done, what the cluster makes of it, and where the requests go.

use super::escape::{clipped, escaped};
use super::paint::{ADDED, ALARM, FAINT, STRONG, WAITING, paint};
use super::plan::{alarms, waits, words};
use crate::format::{Action, Forecast, Round, Traffic, Waiting, object_name};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Objects at one gate that still get a line each.
const MANY: usize = 3;

/// The forecast as text; `findings` is shown at the end.
pub fn text(forecast: &Forecast, findings: &str) -> String {
    let mut out = String::new();
    for round in &forecast.rounds {
        out.push_str(&block(round));
        out.push('\n');
    }
    out.push_str(&end(forecast));
    if !findings.is_empty() {
        let _ = write!(out, "\n{findings}");
    }
    out
}

/// The rounds after the first in a line each, before they begin.
pub fn outline(forecast: &Forecast) -> String {
    let mut out = String::new();
    let rounds = forecast.rounds.iter().skip(1).filter(|round| !round.actions.is_empty());
    for round in rounds {
        let _ = writeln!(out, "  {} {}", paint(FAINT, format!("then round {}:", round.number)), escaped(&round.summary.text));
    }
    let foreseen = if out.is_empty() { out } else { format!("\n{}\n{out}", paint(FAINT, "As far as can be foreseen:")) };
    format!("{foreseen}{}", if foreseen.is_empty() { String::new() } else { format!("  {}", end(forecast)) })
}

fn block(round: &Round) -> String {
    let mut out = format!("{}\n", paint(STRONG, format!("Round {}: {}", round.number, escaped(&round.summary.text))));
    for action in &round.actions {
        out.push_str(&step(action));
    }
    out.push_str(&waiting(&round.waiting));
    for event in &round.events {
        let _ = writeln!(out, "  {} {}", paint(FAINT, "then"), clipped(event, 300));
    }
    for traffic in &round.traffic {
        let _ = writeln!(out, "  {} {}", paint(FAINT, "traffic"), shares(traffic));
    }
    out
}

/// One line for each; many that wait at one gate share a line.
fn waiting(waiting: &[Waiting]) -> String {
    let mut gates: BTreeMap<&str, Vec<&Waiting>> = BTreeMap::new();
    for one in waiting {
        gates.entry(&one.gate).or_default().push(one);
    }
    gates.iter().map(|(gate, waiting)| if waiting.len() > MANY { crowd(gate, waiting) } else { each(waiting) }).collect()
}

fn each(waiting: &[&Waiting]) -> String {
    let line = |one: &&Waiting| format!("{} {} {}\n", paint(WAITING, "  …"), clipped(&object_name(&one.object), 200), waits(one));
    waiting.iter().map(line).collect()
}

fn crowd(gate: &str, waiting: &[&Waiting]) -> String {
    let names: Vec<String> = waiting.iter().map(|one| clipped(&object_name(&one.object), 200)).collect();
    let title = paint(WAITING, format!("wait ({})", escaped(gate)));
    format!("{} {} objects {title}: {}\n", paint(WAITING, "  …"), waiting.len(), names.join(", "))
}

fn step(action: &Action) -> String {
    let (sign, style, word) = words(&action.verb);
    let name = clipped(&object_name(&action.object), 200);
    let by = if action.by.is_empty() { String::new() } else { format!(" by {}", clipped(&action.by, 60)) };
    let mut out = format!("{} {name} {}{by}\n", paint(style, format!("{sign:>3}")), paint(style, format!("is {word}")));
    for alarm in alarms(action) {
        let _ = writeln!(out, "      {}", paint(ALARM, format!("! {alarm}")));
    }
    out
}

/// `titanic.example.com: titanic/titanic-v1 66.7 %, titanic/titanic-v2 33.3 %`.
fn shares(traffic: &Traffic) -> String {
    let total: u128 = traffic.routes.iter().map(|route| u128::from(route.weight)).sum();
    let shares: Vec<String> = traffic
        .routes
        .iter()
        .map(|route| format!("{} {}", clipped(&route.model, 130), percent(u128::from(route.weight), total)))
        .collect();
    let shares = if shares.is_empty() { "nowhere".into() } else { shares.join(", ") };
    format!("{}: {shares}", clipped(&traffic.host, 255))
}

/// To one decimal, which is left out when it is zero.
fn percent(part: u128, total: u128) -> String {
    if total == 0 {
        return "0 %".into();
    }
    let tenths = (part * 1000 + total / 2) / total;
    match tenths % 10 {
        0 => format!("{} %", tenths / 10),
        tenth => format!("{}.{tenth} %", tenths / 10),
    }
}

fn end(forecast: &Forecast) -> String {
    let rounds = match forecast.rounds.len() {
        1 => "1 round".into(),
        count => format!("{count} rounds"),
    };
    let (style, words) = match forecast.end.reason.as_str() {
        "Done" => (ADDED, format!("Done after {rounds}")),
        "Waiting" => (WAITING, format!("Waiting after {rounds}")),
        "RoundLimit" => (ALARM, format!("Not at an end after {rounds}")),
        other => (ALARM, format!("{} after {rounds}", escaped(other))),
    };
    let mut out = format!("{}: {}\n", paint(style, words), clipped(&forecast.end.text, 400));
    out.push_str(&waiting(&forecast.end.waiting));
    out
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn shares_are_percentages() {
        let table = [(90, 100, "90 %"), (1, 3, "33.3 %"), (2, 3, "66.7 %"), (0, 5, "0 %"), (5, 5, "100 %"), (1, 0, "0 %")];
        for (part, total, expected) in table {
            assert_eq!(percent(part, total), expected);
        }
    }
}
