//! What may be checked about dependencies without a network: licences against `deny.toml`, and versions that occur twice.

use crate::project::Project;
use crate::shell::{self, Outcome};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Every package of the lock file has a licence that `deny.toml` allows; advisories need cargo-deny with its database.
pub fn check(project: &Project) -> Outcome {
    let allowed = allowed(&shell::read_text(&project.root.join("deny.toml"))?)?;
    let metadata = project.metadata()?;
    let refused: Vec<String> = packages(&metadata).filter_map(|package| refusal(package, &allowed)).collect();
    report_duplicates(&metadata);
    if !refused.is_empty() {
        return Err(format!("not allowed by deny.toml: {}", refused.join(", ")));
    }
    println!("    {} packages have allowed licences", packages(&metadata).count());
    check_advisories(project)
}

fn packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    metadata["packages"].as_array().into_iter().flatten()
}

/// The list `allow` of the table `licenses`.
fn allowed(deny: &str) -> Outcome<BTreeSet<String>> {
    let table = deny.split("\n[licenses]\n").nth(1).ok_or("deny.toml has no table [licenses]")?;
    let list = table.split_once("allow = [").and_then(|(_, rest)| rest.split_once(']')).ok_or("deny.toml allows no licence")?;
    Ok(list.0.split('"').skip(1).step_by(2).map(str::to_owned).collect())
}

fn refusal(package: &Value, allowed: &BTreeSet<String>) -> Option<String> {
    let expression = package["license"].as_str().unwrap_or("no licence");
    let fine = satisfied(expression, &|licence| allowed.contains(licence));
    (!fine).then(|| format!("{} ({expression})", package["name"].as_str().unwrap_or_default()))
}

/// An SPDX expression, the old `/` for OR included: OR of ANDs, with parentheses; `WITH` belongs to its licence.
fn satisfied(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    either(&mut rest, allowed) && rest.is_empty()
}

fn either(rest: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut fine = both(rest, allowed);
    while rest.first() == Some(&"OR") {
        *rest = &rest[1..];
        fine |= both(rest, allowed);
    }
    fine
}

fn both(rest: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut fine = one(rest, allowed);
    while rest.first() == Some(&"AND") {
        *rest = &rest[1..];
        fine &= one(rest, allowed);
    }
    fine
}

fn one(rest: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> bool {
    match *rest {
        ["(", inner @ ..] => {
            *rest = inner;
            let fine = either(rest, allowed);
            let closed = rest.first() == Some(&")");
            *rest = rest.get(1..).unwrap_or_default();
            fine && closed
        }
        [licence, "WITH", exception, after @ ..] => {
            *rest = after;
            allowed(&format!("{licence} WITH {exception}")) || allowed(licence)
        }
        [licence, after @ ..] => {
            *rest = after;
            allowed(licence)
        }
        [] => false,
    }
}

fn report_duplicates(metadata: &Value) {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in packages(metadata) {
        let text = |field: &str| package[field].as_str().unwrap_or_default();
        versions.entry(text("name")).or_default().insert(text("version"));
    }
    let twice = versions.iter().filter(|(_, versions)| versions.len() > 1);
    let twice: Vec<String> =
        twice.map(|(name, versions)| format!("{name} {}", Vec::from_iter(versions.iter().copied()).join(" "))).collect();
    println!("    {} packages in more than one version: {}", twice.len(), twice.join(", "));
}

fn check_advisories(project: &Project) -> Outcome {
    if shell::ask("cargo-deny", &["--version"]).is_none() {
        println!(
            "    NOT CHECKED: security advisories. cargo-deny is not installed; with it and its database this step checks them."
        );
        return Ok(());
    }
    shell::run(project.cargo().args(["deny", "--offline", "check", "advisories"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_list_is_read() {
        let allowed = allowed(include_str!("../../deny.toml")).expect("deny.toml has a list");
        assert!(allowed.contains("Apache-2.0") && !allowed.contains("warn"), "{allowed:?}");
    }

    #[test]
    fn expressions_are_read_as_spdx() {
        let fine = |expression| satisfied(expression, &|licence| ["MIT", "Apache-2.0", "Unicode-3.0"].contains(&licence));
        for expression in
            ["MIT", "MIT OR GPL-3.0", "GPL-3.0/MIT", "(MIT OR GPL-3.0) AND Unicode-3.0", "Apache-2.0 WITH LLVM-exception"]
        {
            assert!(fine(expression), "{expression}");
        }
        for expression in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR GPL-3.0) AND GPL-2.0", "(MIT", "MIT GPL-3.0", "no licence"]
        {
            assert!(!fine(expression), "{expression}");
        }
    }
}
