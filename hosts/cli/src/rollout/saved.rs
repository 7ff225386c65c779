//! A saved plan: `plan/v1` with the member `input`, from which it is planned again before it is carried out.

use super::work::Work;
use crate::commands::request::Input;
use crate::read::documents::Objects;
use crate::read::files::Source;
use crate::stop::Stop;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// A plan and what it was made from.
pub struct Saved {
    /// What it was made from.
    pub input: Input,
    /// The hashes of its changes.
    pub hashes: BTreeSet<String>,
}

/// The plan and its input as text.
pub fn text(input: &Input, plan: &str) -> String {
    let policy = if input.policy.is_empty() { "null" } else { &input.policy };
    let made_from = format!(
        r#"{{"resources":{},"policy":{policy},"allow":{{"dataLoss":{}}}}}"#,
        input.resources.json(),
        input.allow_data_loss
    );
    let rest = plan.strip_prefix('{').unwrap_or(plan);
    format!("{{\"input\":{made_from},{rest}\n")
}

#[derive(Deserialize)]
struct File {
    input: Option<MadeFrom>,
}

#[derive(Deserialize)]
struct MadeFrom {
    resources: Box<RawValue>,
    policy: Box<RawValue>,
    allow: Allow,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Allow {
    data_loss: bool,
}

/// Reads what [`text`] wrote.
pub fn read(source: &Source) -> Result<Saved, Stop> {
    let name = &source.name;
    let file: File =
        serde_json::from_str(&source.text).map_err(|error| Stop::input(format!("{name}: this is no plan: {error}")))?;
    let made_from =
        file.input.ok_or_else(|| Stop::input(format!("{name}: this plan was not saved with `modelwright plan --save`")))?;
    let resources = match made_from.resources.get() {
        "[]" => Objects::default(),
        list => Objects::resources(vec![Source { name: name.clone(), text: list_of(list) }])?,
    };
    let policy = match made_from.policy.get() {
        "null" => String::new(),
        policy => policy.into(),
    };
    let input = Input { resources, policy, allow_data_loss: made_from.allow.data_loss, saved: true, ..Input::default() };
    Ok(Saved { input, hashes: Work::of(&source.text)?.hashes() })
}

fn list_of(items: &str) -> String {
    format!(r#"{{"apiVersion":"v1","kind":"List","items":{items}}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_plan_is_read_again() {
        let model = r#"{"apiVersion":"mlops.internal/v1alpha1","kind":"Model","metadata":{"name":"a","namespace":"b"}}"#;
        let read_model = || Objects::resources(vec![Source { name: "a.json".into(), text: model.into() }]).expect("a Model");
        let input = Input { resources: read_model(), policy: "{}".into(), allow_data_loss: true, ..Input::default() };
        let action = r#"{"id":"delete x","object":"x","verb":"delete","after":[],"destructive":true,"request":{"method":"DELETE","path":"/x"},"expect":{}}"#;
        let plan = format!(r#"{{"formatVersion":"1.0","objects":[{{"id":"x","changes":[]}}],"actions":[{action}]}}"#);
        let saved = read(&Source { name: "plan.json".into(), text: text(&input, &plan) }).expect("a saved plan");
        assert_eq!(saved.input.resources.json(), input.resources.json());
        assert_eq!(saved.hashes, Work::of(&plan).expect("a plan").hashes());
        assert!(saved.input.allow_data_loss && saved.input.saved);
        let other = read(&Source { name: "plan.json".into(), text: plan });
        assert!(other.is_err_and(|stop| stop.to_string().contains("--save")));
    }
}
