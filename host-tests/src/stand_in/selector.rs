//! Label selectors, as objects have them and as flags are written.

use serde_json::{Map, Value};

/// What labels have to be; empty for everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selector(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq)]
struct Requirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

impl Selector {
    /// From `matchLabels` and `matchExpressions`; null selects everything.
    pub fn of(selector: &Value) -> Result<Self, String> {
        Self::of_members(&selector["matchLabels"], &selector["matchExpressions"])
    }

    /// The same from its two members; those of an annotation selector have other names.
    pub fn of_members(labels: &Value, expressions: &Value) -> Result<Self, String> {
        let equal = labels.as_object().into_iter().flatten();
        let equal = equal.map(|(key, value)| Ok(Requirement::new(key, Operator::In, vec![text(value)])));
        let expressions = expressions.as_array().into_iter().flatten().map(Requirement::of);
        equal.chain(expressions).collect::<Result<_, _>>().map(Self)
    }

    /// One label with one value.
    pub fn equal(key: &str, value: &str) -> Self {
        Self(vec![Requirement::new(key, Operator::In, vec![value.into()])])
    }

    /// From `key=value,key!=value,key,!key`.
    pub fn parse(selector: &str) -> Self {
        let parts = selector.split(',').map(str::trim).filter(|part| !part.is_empty());
        Self(parts.map(Requirement::parse).collect())
    }

    /// Whether labels are selected.
    pub fn matches(&self, labels: &Value) -> bool {
        let nothing = Map::new();
        let labels = labels.as_object().unwrap_or(&nothing);
        self.0.iter().all(|requirement| requirement.holds(labels))
    }
}

impl Requirement {
    fn new(key: &str, operator: Operator, values: Vec<String>) -> Self {
        Self { key: key.into(), operator, values }
    }

    fn of(expression: &Value) -> Result<Self, String> {
        let operator = match expression["operator"].as_str().unwrap_or_default() {
            "In" => Operator::In,
            "NotIn" => Operator::NotIn,
            "Exists" => Operator::Exists,
            "DoesNotExist" => Operator::DoesNotExist,
            other => return Err(format!("a selector has the unknown operator {other:?}")),
        };
        let values = expression["values"].as_array().into_iter().flatten().map(text).collect();
        Ok(Self::new(&text(&expression["key"]), operator, values))
    }

    fn parse(part: &str) -> Self {
        if let Some((key, value)) = part.split_once("!=") {
            return Self::new(key.trim(), Operator::NotIn, vec![value.trim().into()]);
        }
        match (part.split_once('='), part.strip_prefix('!')) {
            (Some((key, value)), _) => Self::new(key.trim(), Operator::In, vec![value.trim_start_matches('=').trim().into()]),
            (None, Some(key)) => Self::new(key.trim(), Operator::DoesNotExist, Vec::new()),
            (None, None) => Self::new(part, Operator::Exists, Vec::new()),
        }
    }

    fn holds(&self, labels: &Map<String, Value>) -> bool {
        let value = labels.get(&self.key);
        let is_listed = value.is_some_and(|value| self.values.iter().any(|listed| value == listed));
        match self.operator {
            Operator::In => is_listed,
            Operator::NotIn => !is_listed,
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn expressions_hold_as_documented() {
        let labels = json!({"a": "1"});
        let holds = |key: &str, operator: &str, values: Value| {
            let expression = json!({"key": key, "operator": operator, "values": values});
            Selector::of(&json!({"matchExpressions": [expression]})).unwrap().matches(&labels)
        };
        assert!(holds("a", "In", json!(["1", "2"])) && !holds("a", "In", json!(["2"])) && !holds("b", "In", json!(["1"])));
        assert!(holds("a", "NotIn", json!(["2"])) && !holds("a", "NotIn", json!(["1"])) && holds("b", "NotIn", json!(["1"])));
        assert!(holds("a", "Exists", json!([])) && holds("b", "DoesNotExist", json!([])));
        assert!(Selector::of(&Value::Null).unwrap().matches(&Value::Null), "everything");
        assert!(Selector::of(&json!({"matchExpressions": [{"key": "a", "operator": "Like"}]})).is_err());
    }

    #[test]
    fn a_flag_is_a_selector() {
        let matches = |selector: &str| Selector::parse(selector).matches(&json!({"a": "1", "b": "2"}));
        assert!(matches("a=1,b==2") && matches("a,!c") && matches("a!=2") && matches(""));
        assert!(!matches("a=2") && !matches("c") && !matches("!a") && !matches("b!=2"));
    }
}
