//! `GET /modelwright/session`: which cluster this is, as whom, and what may be done.

use crate::answer::{self, Body};
use crate::server::Settings;
use http::{Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

/// The path.
pub const PATH: &str = "/modelwright/session";
/// A cluster that takes longer to say who asks is asked without it.
const PATIENCE: Duration = Duration::from_secs(5);

/// The answer. `user` is empty where the API server does not say.
pub async fn answer(settings: &Settings) -> Response<Body> {
    let user = timeout(PATIENCE, user(&settings.client)).await.ok().flatten();
    let session = json!({
        "context": settings.context,
        "server": settings.server,
        "namespace": settings.namespace,
        "user": user.unwrap_or_default(),
        "writes": settings.writes,
        "version": env!("CARGO_PKG_VERSION"),
    });
    answer::of_json(StatusCode::OK, &session)
}

/// Who asks, as the API server knows them.
async fn user(client: &kube::Client) -> Option<String> {
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let request = Request::builder()
        .method(Method::POST)
        .uri("/apis/authentication.k8s.io/v1/selfsubjectreviews")
        .header(header::CONTENT_TYPE, "application/json")
        .body(review.to_string().into_bytes());
    let answer: Value = client.request(request.ok()?).await.ok()?;
    answer["status"]["userInfo"]["username"].as_str().map(str::to_owned)
}
