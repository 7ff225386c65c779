//! The worlds: objects that scenarios share, in `worlds/*.yaml`, found by file or by `Kind/namespace/name`.

use crate::patch;
use crate::scenario::Resource;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// All worlds.
#[derive(Clone, Debug, Default)]
pub struct Library {
    worlds: BTreeMap<String, Vec<Value>>,
    objects: BTreeMap<String, Value>,
}

impl Library {
    /// Reads every file of a folder.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let mut library = Self::default();
        let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let documents: Vec<Value> =
                serde_saphyr::from_multiple(&text).map_err(|error| format!("{}: {error}", path.display()))?;
            let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            library.add(name, documents)?;
        }
        Ok(library)
    }

    fn add(&mut self, world: String, documents: Vec<Value>) -> Result<(), String> {
        for object in &documents {
            let label = label(object);
            if self.objects.insert(label.clone(), object.clone()).is_some() {
                return Err(format!("{label} is in two worlds"));
            }
        }
        self.worlds.insert(world, documents);
        Ok(())
    }

    /// The objects that are meant, with their edits. An edit of an object that is not among them is an error.
    pub fn resources(&self, wanted: &[Resource], edits: &BTreeMap<String, Value>) -> Result<Vec<Value>, String> {
        let mut found = Vec::new();
        for resource in wanted {
            found.extend(self.find(resource)?);
        }
        for (name, edit) in edits {
            let object = found.iter_mut().find(|object| label(object) == *name);
            patch::merge(object.ok_or_else(|| format!("{name} is edited and not among the resources"))?, edit);
        }
        Ok(found)
    }

    fn find(&self, resource: &Resource) -> Result<Vec<Value>, String> {
        let name = match resource {
            Resource::Inline(object) => return Ok(vec![object.clone()]),
            Resource::Named(name) => name,
        };
        if let Some(world) = self.worlds.get(name) {
            return Ok(world.clone());
        }
        self.objects.get(name).map(|object| vec![object.clone()]).ok_or_else(|| format!("no world has {name}"))
    }
}

/// `Kind/namespace/name`, or `Kind/name` for what has no namespace.
pub fn label(object: &Value) -> String {
    let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or("");
    match text("/metadata/namespace") {
        "" => format!("{}/{}", text("/kind"), text("/metadata/name")),
        namespace => format!("{}/{namespace}/{}", text("/kind"), text("/metadata/name")),
    }
}
