//! Core module → component: encoded after the type that the module carries, proved to import nothing, and labelled.

use crate::shell::Outcome;
use serde_json::Value;
use wasm_metadata::{AddMetadata, AddMetadataField};
use wasmparser::{Parser, Payload};

/// Wraps the core module; fails where it or the component would import something.
pub fn encode(core: &[u8], labels: &Labels) -> Outcome<Vec<u8>> {
    imports_nothing("core module", core)?;
    let component = wit_component::ComponentEncoder::default()
        .validate(true)
        .module(core)
        .and_then(|encoder| encoder.encode())
        .map_err(|error| format!("the core module does not become a component: {error:#}"))?;
    imports_nothing("component", &component)?;
    labels.stick_to(&component)
}

/// Looks at the outermost level alone: inside a component, modules and components do import from each other.
fn imports_nothing(what: &str, bytes: &[u8]) -> Outcome {
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(bytes) {
        let imports = match payload.map_err(|error| format!("the {what} is not valid wasm: {error}"))? {
            Payload::ImportSection(section) if depth == 0 => section.count(),
            Payload::ComponentImportSection(section) if depth == 0 => section.count(),
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                depth += 1;
                0
            }
            Payload::End(_) => {
                depth = depth.saturating_sub(1);
                0
            }
            _ => 0,
        };
        if imports > 0 {
            return Err(format!("the {what} must import nothing and imports {imports} things"));
        }
    }
    Ok(())
}

/// What a component says about itself; no time, no machine.
pub struct Labels {
    name: String,
    tools: Vec<(String, String)>,
    /// Sections named as in the OCI annotations, see <https://docs.rs/wasm-metadata>.
    sections: Vec<(&'static str, String)>,
}

impl Labels {
    /// From the core's manifest, its tool chain and the digest of its sources.
    pub fn new(metadata: &Value, toolchain: &str, rules: &str) -> Outcome<Self> {
        let packages = metadata["packages"].as_array().into_iter().flatten();
        let package = packages.into_iter().find(|package| package["name"] == "modelwright" && package["source"].is_null());
        let package = package.ok_or("the workspace has no package modelwright")?;
        let text = |field: &str| package[field].as_str().unwrap_or_default().to_owned();
        let sections = [("version", text("version")), ("description", text("description")), ("licenses", text("license"))];
        let sections = sections.into_iter().chain([("source", text("repository")), ("modelwright-rules", rules.to_owned())]);
        Ok(Self {
            name: text("name"),
            tools: vec![
                ("wasm-opt".into(), crate::wasm::BINARYEN.into()),
                ("modelwright-toolchain".into(), toolchain.to_owned()),
            ],
            sections: sections.filter(|(_, text)| !text.is_empty()).collect(),
        })
    }

    fn stick_to(&self, component: &[u8]) -> Outcome<Vec<u8>> {
        let mut metadata = AddMetadata::default();
        metadata.name = AddMetadataField::Set(self.name.clone());
        metadata.language = vec![("Rust".into(), String::new())];
        metadata.processed_by = self.tools.clone();
        let mut bytes = metadata.to_wasm(component).map_err(|error| format!("the component takes no metadata: {error:#}"))?;
        for (name, text) in &self.sections {
            let section = wasm_encoder::CustomSection { name: (*name).into(), data: text.as_bytes().into() };
            bytes.push(wasm_encoder::ComponentSection::id(&section));
            wasm_encoder::Encode::encode(&section, &mut bytes);
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_with_an_import_is_refused() {
        let mut module = wasm_encoder::Module::new();
        let mut imports = wasm_encoder::ImportSection::new();
        let memory = wasm_encoder::MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None };
        imports.import("env", "memory", memory);
        module.section(&imports);
        assert!(imports_nothing("core module", &module.finish()).is_err());
        assert_eq!(imports_nothing("core module", &wasm_encoder::Module::new().finish()), Ok(()));
    }

    #[test]
    fn labels_can_be_read_back() {
        let package = serde_json::json!({"packages": [{"name": "modelwright", "version": "1.2.3", "license": "Apache-2.0", "source": null}]});
        let labels = Labels::new(&package, "rustc-1.95.0-prebuilt", "abc").expect("the package is there");
        let bytes = labels.stick_to(&wasm_encoder::Component::new().finish()).expect("a component takes labels");
        let sections: Vec<String> = Parser::new(0)
            .parse_all(&bytes)
            .filter_map(|payload| match payload.expect("valid wasm") {
                Payload::CustomSection(section) => {
                    Some(format!("{}={}", section.name(), String::from_utf8_lossy(section.data())))
                }
                _ => None,
            })
            .collect();
        for expected in ["version=1.2.3", "licenses=Apache-2.0", "modelwright-rules=abc"] {
            assert!(sections.iter().any(|section| section == expected), "{expected} is missing in {sections:?}");
        }
        assert!(!sections.iter().any(|section| section.starts_with("source=")), "an empty label has no section");
    }
}
