//! The request that the speed of hooks is measured with: two Models behind one EndpointConfig, with their live objects.

use crate::library::Library;
use crate::metacontroller;
use crate::scenario::{ApplyMode, Hooks, Resource};
use crate::world::World;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// The body of `sync/endpointconfigs` for the example that is available, everything observed, as Metacontroller sends it.
pub fn two_models(mode: ApplyMode) -> Result<Value, String> {
    let library = Library::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("worlds"))?;
    let named = |name: &str| library.resources(&[Resource::Named(name.into())], &BTreeMap::new());
    let mut world = World::default();
    for (number, mut object) in named("namespaces")?.into_iter().chain(named("titanic")?).enumerate() {
        let metadata = object["metadata"].as_object_mut().ok_or("an object without metadata")?;
        metadata.insert("uid".into(), format!("6f1c8a52-0000-4000-8000-{number:012}").into());
        metadata.insert("generation".into(), 1.into());
        metadata.insert("creationTimestamp".into(), json!("2026-01-01T00:00:00Z"));
        world.put(object)?;
    }
    metacontroller::roll_out(&mut world, &Hooks { mode, rounds: None })?;
    let config = world.object("EndpointConfig/titanic/titanic")?;
    metacontroller::body(&world, &config, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use modelwright::contract::{HostInput, sync};

    #[test]
    fn the_example_is_available() {
        for mode in [ApplyMode::DynamicApply, ApplyMode::ServerSideApply] {
            let body = two_models(mode).expect("it settles").to_string();
            let host = HostInput { policy: r#"{"staticVolumes": "any"}"#.into(), ..HostInput::default() };
            let reply = sync(&host, &body);
            assert_eq!(reply.code, 200, "{}", reply.body);
            let answer: Value = serde_json::from_str(&reply.body).expect("JSON");
            assert_eq!(answer["status"]["state"], "available");
        }
    }
}
