//! What people see while a roll-out runs: a line for everything that is done and, where the output is a terminal, what is waited for
//! and for how long at the bottom of it.

use crate::format::{Waiting, object_name};
use crate::show::escape::clipped;
use crate::show::paint::{ALARM, FAINT, STRONG, WAITING, paint};
use crate::show::plan::words;
use crate::stop::Stop;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::time::Instant;

/// Lines at the bottom of a terminal; more are counted.
const FOOTER: usize = 8;

/// Actions that are named when they were not done; more are counted.
const LEFT: usize = 20;

/// Writes progress.
pub struct Progress<'a> {
    out: &'a mut dyn Write,
    start: Instant,
    quiet: bool,
    /// Whether lines can be written again.
    live: bool,
    /// Lines of the footer on the screen.
    drawn: usize,
    /// What is waited for, with the time since when.
    waits: BTreeMap<(String, String, Vec<String>), (Waiting, Instant)>,
}

impl<'a> Progress<'a> {
    /// Nothing is written yet.
    pub fn new(out: &'a mut dyn Write, quiet: bool, live: bool) -> Self {
        Self { out, start: Instant::now(), quiet, live, drawn: 0, waits: BTreeMap::new() }
    }

    /// An action was done.
    pub fn done(&mut self, verb: &str, object: &str) -> Result<(), Stop> {
        let (sign, style, word) = words(verb);
        let name = clipped(&object_name(object), 200);
        self.line(&format!("{} {name} {}", paint(style, format!("{sign:>3}")), paint(style, word)))
    }

    /// Something else that is worth a line.
    pub fn note(&mut self, text: &str) -> Result<(), Stop> {
        self.line(&format!("{} {}", paint(WAITING, "  …"), clipped(text, 600)))
    }

    /// Something that went wrong.
    pub fn trouble(&mut self, text: &str) -> Result<(), Stop> {
        self.line(&format!("{} {}", paint(ALARM, "  !"), clipped(text, 600)))
    }

    /// What is waited for now. New facts get a line each where lines cannot be written again.
    pub fn waits(&mut self, waiting: &[Waiting]) -> Result<(), Stop> {
        let before = std::mem::take(&mut self.waits);
        let mut new = Vec::new();
        for one in waiting {
            let key = (one.object.clone(), one.gate.clone(), one.waits_for.clone());
            let known = before.get(&key);
            if known.is_none_or(|(known, _)| known.facts != one.facts) {
                new.push(one.clone());
            }
            let since = known.map_or_else(Instant::now, |(_, since)| *since);
            self.waits.insert(key, (one.clone(), since));
        }
        if self.live {
            return self.tick();
        }
        for one in new {
            let line = format!("{} {}", paint(WAITING, "  …"), wait_line(&one));
            self.line(&line)?;
        }
        Ok(())
    }

    /// Draws the footer again; called often.
    pub fn tick(&mut self) -> Result<(), Stop> {
        if !self.live || self.quiet {
            return Ok(());
        }
        let mut text = self.erased();
        let elapsed = self.elapsed();
        let shown: Vec<String> = self
            .waits
            .values()
            .take(FOOTER)
            .map(|(one, since)| {
                format!(
                    "{} {} {}\n",
                    paint(WAITING, "  …"),
                    wait_line(one),
                    paint(FAINT, format!("{} s", since.elapsed().as_secs()))
                )
            })
            .collect();
        self.drawn = shown.len();
        shown.iter().for_each(|line| text.push_str(line));
        let more = self.waits.len().saturating_sub(FOOTER);
        if more > 0 {
            text.push_str(&paint(FAINT, format!("      and {more} more, {elapsed}\n")));
            self.drawn += 1;
        }
        self.write(&text)
    }

    /// Leaves the screen as it should stay.
    pub fn end(&mut self) -> Result<(), Stop> {
        self.waits.clear();
        let text = self.erased();
        self.drawn = 0;
        self.write(&text)
    }

    /// The last line.
    pub fn verdict(&mut self, text: &str) -> Result<(), Stop> {
        self.end()?;
        let line = format!("{} {}\n", paint(STRONG, text), paint(FAINT, format!("({})", self.elapsed())));
        self.write(&line)
    }

    /// What is left, one line each.
    pub fn list(&mut self, waiting: &[Waiting]) -> Result<(), Stop> {
        let line = |one: &Waiting| format!("{} {}\n", paint(WAITING, "  …"), clipped(&one.text, 300));
        let text: String = waiting.iter().map(line).collect();
        self.write(&text)
    }

    /// What was planned and not done, by the ids of the actions.
    pub fn left(&mut self, ids: &BTreeSet<String>) -> Result<(), Stop> {
        let line = |id: &String| {
            let (verb, object) = id.split_once(' ').unwrap_or(("", id));
            format!("    not done: {verb} {}\n", clipped(&object_name(object), 200))
        };
        let mut text: String = ids.iter().take(LEFT).map(line).collect();
        if ids.len() > LEFT {
            text.push_str(&format!("    and {} more\n", ids.len() - LEFT));
        }
        self.write(&text)
    }

    /// `12.3 s`.
    pub fn elapsed(&self) -> String {
        format!("{:.1} s", self.start.elapsed().as_secs_f64())
    }

    fn line(&mut self, text: &str) -> Result<(), Stop> {
        let time = paint(FAINT, format!("{:>8}", self.elapsed()));
        let line = format!("{}{time} {text}\n", self.erased());
        self.drawn = 0;
        self.write(&line)?;
        self.tick()
    }

    /// What takes the footer from the screen: up as many lines, and everything below away.
    fn erased(&self) -> String {
        if self.drawn == 0 { String::new() } else { format!("\x1b[{}A\x1b[J", self.drawn) }
    }

    fn write(&mut self, text: &str) -> Result<(), Stop> {
        if self.quiet || text.is_empty() {
            return Ok(());
        }
        self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).map_err(|error| Stop::unwritable(&error))
    }
}

/// `VirtualService shop/titanic waits (traffic): available 0 of 2`.
fn wait_line(waiting: &Waiting) -> String {
    let why = if waiting.facts.is_empty() { &waiting.text } else { &waiting.facts };
    let gate = paint(WAITING, format!("waits ({})", clipped(&waiting.gate, 40)));
    format!("{} {gate}: {}", clipped(&object_name(&waiting.object), 200), clipped(why, 200))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(facts: &str) -> Waiting {
        Waiting {
            object: "networking.istio.io/v1|VirtualService|shop|titanic".into(),
            gate: "traffic".into(),
            facts: facts.into(),
            ..Waiting::default()
        }
    }

    fn seen(live: bool, steps: impl FnOnce(&mut Progress<'_>) -> Result<(), Stop>) -> String {
        let mut out = Vec::new();
        steps(&mut Progress::new(&mut out, false, live)).expect("progress");
        anstream::adapter::strip_str(&String::from_utf8_lossy(&out)).to_string()
    }

    #[test]
    fn in_a_pipe_every_fact_is_one_line() {
        let text = seen(false, |progress| {
            progress.waits(&[waiting("available 0 of 2")])?;
            progress.waits(&[waiting("available 0 of 2")])?;
            progress.waits(&[waiting("available 1 of 2")])?;
            progress.done("create", "networking.istio.io/v1|VirtualService|shop|titanic")
        });
        let lines: Vec<&str> = text.lines().map(|line| line.split_once(" s ").map_or(line, |(_, rest)| rest)).collect();
        assert_eq!(
            lines,
            [
                "  … VirtualService shop/titanic waits (traffic): available 0 of 2",
                "  … VirtualService shop/titanic waits (traffic): available 1 of 2",
                "  + VirtualService shop/titanic created",
            ]
        );
    }

    #[test]
    fn quiet_is_quiet() {
        let mut out = Vec::new();
        let mut progress = Progress::new(&mut out, true, true);
        progress.note("x").and_then(|()| progress.waits(&[waiting("y")])).and_then(|()| progress.verdict("z")).expect("nothing");
        assert!(out.is_empty());
    }
}
