//! Rules of an EndpointConfig.

use super::valid::{EndpointConfig, Meta, Variant};
use crate::diagnostic::{Diagnostic, shown};
use crate::list::Listed;
use crate::names;
use crate::observation::{at, items, text};
use crate::quantity::Quantity;
use alloc::vec::Vec;
use serde_json::Value;

/// Envoy refuses a sum above this.
const MOST_WEIGHT: u64 = 4_294_967_295;

/// Reads a spec whose structure was walked; rules that it breaks are added to `found`.
pub fn read(meta: &Meta, spec: &Value, found: &mut Vec<Diagnostic>) -> Option<EndpointConfig> {
    let entries = items(spec, &["models"]);
    let variants: Vec<Option<Variant>> = entries.iter().enumerate().map(|(index, entry)| variant(index, entry, found)).listed();
    unique(entries, "name", found);
    unique(entries, "model", found);
    weights(entries, found);
    Some(EndpointConfig {
        meta: meta.clone(),
        timeout_seconds: at(spec, &["timeoutSeconds"]).as_u64().map_or(Some(60), |seconds| u32::try_from(seconds).ok())?,
        variants: variants.into_iter().collect::<Option<_>>()?,
    })
}

fn variant(index: usize, entry: &Value, found: &mut Vec<Diagnostic>) -> Option<Variant> {
    let path = format!("/spec/models/{index}");
    let (name, model) = (text(entry, &["name"]), text(entry, &["model"]));
    if !name.is_empty() && !names::is_label(name) {
        let message = format!("models[{index}].name {} must be a DNS label", shown(name));
        found.push(Diagnostic::error("InvalidName", &format!("{path}/name"), message));
    }
    if !model.is_empty() && !names::is_dns1035(model) {
        let message = format!("models[{index}].model {} must be a DNS-1035 label", shown(model));
        found.push(Diagnostic::error("InvalidName", &format!("{path}/model"), message));
    }
    let weight = at(entry, &["weight"]).as_u64();
    let instances = at(entry, &["instances"]).as_u64();
    if let (Some(weight @ 1..), Some(0)) = (weight, instances) {
        let message = format!("instances 0 with weight {weight} would answer 503");
        found.push(Diagnostic::error("NoInstances", &format!("{path}/instances"), message));
    }
    Some(Variant {
        name: name.into(),
        model: model.into(),
        weight: u32::try_from(weight?).ok()?,
        instances: instances.and_then(|instances| u32::try_from(instances).ok()),
        cpus: figure(entry, "cpus", &path, found),
        memory: bytes(entry, "memory", &path, found),
    })
}

/// A quantity above 0; absent is fine.
pub fn figure(object: &Value, field: &str, path: &str, found: &mut Vec<Diagnostic>) -> Option<Quantity> {
    let value = object.get(field)?;
    let quantity = Quantity::from_value(value)?;
    let path = format!("{path}/{field}");
    let tiny =
        Quantity::parse("1m").is_some_and(|least| quantity < least) || Quantity::parse("1E").is_some_and(|most| quantity > most);
    if !quantity.is_positive() || (field == "cpus" && tiny) {
        let name = super::structure::name(&path);
        let given = value.as_str().map_or_else(|| crate::written::json(value), shown);
        found.push(Diagnostic::error("InvalidQuantity", &path, format!("{name} {given} is not a quantity above 0")));
    }
    Some(quantity)
}

/// A quantity of bytes: above 0 and not in thousandths.
pub fn bytes(object: &Value, field: &str, path: &str, found: &mut Vec<Diagnostic>) -> Option<Quantity> {
    let quantity = figure(object, field, path, found)?;
    let path = format!("{path}/{field}");
    if quantity.is_positive() && !quantity.is_whole() {
        let text = object.get(field).and_then(Value::as_str).unwrap_or("");
        let better = text.strip_suffix('m').map(|digits| format!("; write {digits}Mi")).unwrap_or_default();
        let message = format!("{} {} is {} bytes{better}", super::structure::name(&path), shown(text), quantity.decimal());
        found.push(Diagnostic::error("InvalidQuantity", &path, message));
    } else if Quantity::parse("8Ei").is_some_and(|most| quantity >= most) {
        let message = format!("{} is above 8Ei", super::structure::name(&path));
        found.push(Diagnostic::error("InvalidQuantity", &path, message));
    }
    Some(quantity)
}

fn unique(entries: &[Value], field: &str, found: &mut Vec<Diagnostic>) {
    let mut seen: Vec<&str> = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let value = text(entry, &[field]);
        if !value.is_empty() && seen.contains(&value) {
            let message = format!("models[{index}].{field} {} is used twice", shown(value));
            found.push(Diagnostic::error("Duplicate", &format!("/spec/models/{index}/{field}"), message));
        }
        seen.push(value);
    }
}

fn weights(entries: &[Value], found: &mut Vec<Diagnostic>) {
    let weights: Vec<u64> = entries.iter().filter_map(|entry| at(entry, &["weight"]).as_u64()).listed();
    let sum = weights.iter().fold(0u64, |sum, weight| sum.saturating_add(*weight));
    if !weights.is_empty() && weights.len() == entries.len() && sum == 0 {
        found.push(Diagnostic::error("NoWeight", "/spec/models", "all weights are 0"));
    }
    if sum > MOST_WEIGHT {
        found.push(Diagnostic::error("OutOfRange", "/spec/models", format!("weights sum to {sum}, above {MOST_WEIGHT}")));
    }
}
