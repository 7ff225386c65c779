//! What was built: no imports, and exactly the exports of `wit/`.

use modelwright_host_tests::artefacts::Artefact;
use wasmparser::{Parser, Payload};

/// Names of the outermost imports and exports.
#[derive(Debug, Default, PartialEq, Eq)]
struct Surface {
    imports: Vec<String>,
    exports: Vec<String>,
}

fn read(artefact: Artefact) -> Vec<u8> {
    artefact.read().unwrap_or_else(|sentence| panic!("{sentence}"))
}

/// The surface of a component; nested modules and components have their own, which is no business of a host.
fn component_surface(bytes: &[u8]) -> Surface {
    let mut surface = Surface::default();
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.expect("the component is well-formed") {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 0 => {
                surface.imports.extend(section.into_iter().map(|import| import.unwrap().name.name.to_owned()));
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                surface.exports.extend(section.into_iter().map(|export| export.unwrap().name.name.to_owned()));
            }
            _ => {}
        }
    }
    surface
}

fn module_surface(bytes: &[u8]) -> Surface {
    let mut surface = Surface::default();
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.expect("the module is well-formed") {
            Payload::ImportSection(section) => {
                surface.imports.extend(section.into_imports().map(|import| import.unwrap().name.to_owned()));
            }
            Payload::ExportSection(section) => {
                surface.exports.extend(section.into_iter().map(|export| export.unwrap().name.to_owned()));
            }
            _ => {}
        }
    }
    surface
}

#[test]
fn the_component_is_valid_imports_nothing_and_exports_four_interfaces() {
    let bytes = read(Artefact::Component);
    wasmparser::Validator::new().validate_all(&bytes).expect("the component is valid");
    let mut surface = component_surface(&bytes);
    surface.exports.sort();
    let exports = ["admission", "metacontroller", "planner", "text"].map(|name| format!("modelwright:core/{name}@0.1.0"));
    assert_eq!(surface, Surface { imports: Vec::new(), exports: exports.to_vec() });
}

#[test]
fn the_core_module_imports_nothing_and_answers_text_by_the_canonical_abi() {
    let surface = module_surface(&read(Artefact::CoreModule));
    assert_eq!(surface.imports, Vec::<String>::new());
    for export in ["memory", "cabi_realloc", "modelwright:core/text@0.1.0#call", "cabi_post_modelwright:core/text@0.1.0#call"] {
        assert!(surface.exports.iter().any(|name| name == export), "{export} is not among {:?}", surface.exports);
    }
}
