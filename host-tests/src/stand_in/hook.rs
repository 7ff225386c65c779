//! The three hooks of a controller, and their answers in version v2, read strictly.

use super::api::Api;
use super::queue::Key;
use super::webhook::{Trouble, Webhook};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// An answer to sync or finalize of a CompositeController.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Composite {
    /// The parent's new status.
    pub status: Option<Map<String, Value>>,
    /// Every child that there should be.
    pub children: Vec<Value>,
    /// When to sync again without a reason; 0 for never.
    pub resync_after_seconds: f64,
    /// Whether the parent may go.
    pub finalized: bool,
}

/// An answer to sync or finalize of a DecoratorController.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Decorator {
    /// Labels of the parent; null removes one.
    pub labels: Option<Map<String, Value>>,
    /// Annotations of the parent; null removes one.
    pub annotations: Option<Map<String, Value>>,
    /// The parent's new status; without it the old one stays.
    pub status: Option<Map<String, Value>>,
    /// Every child that there should be.
    pub attachments: Vec<Value>,
    /// When to sync again without a reason; 0 for never.
    pub resync_after_seconds: f64,
    /// Whether the parent may go.
    pub finalized: bool,
}

/// An answer to customize.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Customize {
    /// What else to send.
    pub related_resources: Vec<Rule>,
}

/// Objects to send along.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Rule {
    /// `apps/v1`.
    pub api_version: String,
    /// `deployments`.
    pub resource: String,
    /// By their labels.
    pub label_selector: Value,
    /// By the labels of their namespaces.
    pub namespace_selector: Value,
    /// Of this namespace; empty for all.
    pub namespace: String,
    /// With these names; empty for all.
    pub names: Vec<String>,
}

/// The hooks that a controller has.
#[derive(Default)]
pub struct Hooks {
    /// Asked while the parent lives.
    pub sync: Option<Webhook>,
    /// Asked when it is being deleted, or is selected no more.
    pub finalize: Option<Webhook>,
    /// Asked what else to send.
    pub customize: Option<Webhook>,
}

impl Hooks {
    /// From the `spec` of a controller.
    pub async fn open(api: &Api, spec: &Value) -> Result<Self, String> {
        let hooks = &spec["hooks"];
        if hooks.is_null() {
            return Err("no hooks defined".into());
        }
        Ok(Self {
            sync: open(api, &hooks["sync"], spec).await?,
            finalize: open(api, &hooks["finalize"], spec).await?,
            customize: open(api, &hooks["customize"], spec).await?,
        })
    }
}

async fn open(api: &Api, hook: &Value, spec: &Value) -> Result<Option<Webhook>, String> {
    if hook["webhook"].is_null() {
        return Ok(None);
    }
    if hook["version"] != "v2" {
        return Err("the stand-in speaks version v2 of hooks alone".into());
    }
    Webhook::open(api, &hook["webhook"], &spec["endpointConfigs"]).await.map(Some)
}

/// Calls a hook about a parent; an unknown member of its answer, or one that is there twice, is an error.
pub async fn ask<Answer: DeserializeOwned>(webhook: &Webhook, parent: &Key, body: &Value) -> Result<Answer, Trouble> {
    let about = format!("{}/{}/{}", parent.kind, parent.namespace, parent.name);
    let answer = webhook.call(&about, body).await?;
    serde_json::from_slice(&answer).map_err(|error| Trouble::Failed(format!("strict validation of the answer: {error}")))
}
