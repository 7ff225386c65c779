//! What the server itself looks at in an AdmissionReview, and in the verdict before it leaves.
//!
//! The API server makes no decision from an answer that is not one of its own review, so a wrong one is an error of the webhook, which
//! admits (`failurePolicy: Ignore`).

use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;

/// An AdmissionReview of `admission.k8s.io/v1`, as far as it names what it is about.
#[derive(Deserialize)]
pub struct Review<'a> {
    #[serde(borrow)]
    request: Asked<'a>,
}

#[derive(Deserialize)]
struct Asked<'a> {
    #[serde(borrow)]
    uid: Cow<'a, str>,
    #[serde(borrow, default)]
    kind: Kind<'a>,
    #[serde(borrow, default)]
    namespace: Cow<'a, str>,
    #[serde(borrow, default)]
    name: Cow<'a, str>,
}

#[derive(Default, Deserialize)]
struct Kind<'a> {
    #[serde(borrow, default)]
    kind: Cow<'a, str>,
}

impl<'a> Review<'a> {
    /// Reads a review; the error is one sentence.
    pub fn parse(text: &'a str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| format!("the review cannot be read: {error}"))
    }

    /// The kind of the object; empty where it is not said.
    pub fn kind(&self) -> &str {
        &self.request.kind.kind
    }

    /// Empty where there is none.
    pub fn namespace(&self) -> &str {
        &self.request.namespace
    }

    /// Empty where there is none.
    pub fn name(&self) -> &str {
        &self.request.name
    }

    /// Whether a body that the component answered allows it; the error, one sentence, is a body that is no verdict on this review.
    pub fn check(&self, body: &str) -> Result<bool, String> {
        let answer: Value = serde_json::from_str(body).map_err(|_| "the verdict is not JSON".to_owned())?;
        let is_review = answer["apiVersion"] == "admission.k8s.io/v1" && answer["kind"] == "AdmissionReview";
        let is_allowed = answer["response"]["allowed"].as_bool();
        match is_allowed.filter(|_| is_review && answer["response"]["uid"] == *self.request.uid) {
            Some(is_allowed) => Ok(is_allowed),
            None => Err("the verdict is not one on this review".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_a_verdict_on_this_review_leaves() {
        let review = Review::parse(r#"{"request": {"uid": "1", "kind": {"kind": "Model"}, "name": "a"}}"#).expect("a review");
        assert_eq!((review.kind(), review.namespace(), review.name()), ("Model", "", "a"));
        let verdict = |uid: &str, allowed: Value| {
            json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": {"uid": uid, "allowed": allowed}})
                .to_string()
        };
        assert_eq!(review.check(&verdict("1", true.into())), Ok(true));
        assert_eq!(review.check(&verdict("1", false.into())), Ok(false));
        for wrong in [verdict("2", true.into()), verdict("1", "yes".into()), "{}".into(), "".into()] {
            assert!(review.check(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_review_is_said() {
        for text in ["", "{}", "[]", r#"{"request": {}}"#, r#"{"request": {"uid": 1}}"#] {
            assert!(Review::parse(text).is_err(), "{text}");
        }
    }
}
