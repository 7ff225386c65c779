//! Trees as YAML that readers of YAML 1.1 and 1.2 understand alike.

use crate::read::node::{Content, Mark, Member, Node};
use crate::stop::Stop;

/// One document.
pub fn document(node: &Node) -> Result<String, Stop> {
    let options = serde_saphyr::ser_options! { folded_wrap_chars: usize::MAX };
    let text = serde_saphyr::to_string_with_options(node, options)
        .map_err(|error| Stop::Host(format!("this cannot be written as YAML: {error}")))?;
    Ok(if text.ends_with('\n') { text } else { text + "\n" })
}

/// Manifests, separated by `---`.
pub fn stream(objects: &[Node]) -> Result<String, Stop> {
    let documents: Vec<String> = objects.iter().map(|object| document(&conventional(object))).collect::<Result<_, _>>()?;
    Ok(documents.join("---\n"))
}

/// Manifests as a `List` in JSON.
pub fn list(objects: &[Node]) -> String {
    let text = |text: &str| Content::Text(text.into());
    let items = Content::List(objects.iter().map(conventional).collect());
    let members = [("apiVersion", text("v1")), ("kind", text("List")), ("items", items)];
    let at = Mark::default();
    let member = |(name, content): (&str, Content)| Member { at, name: name.into(), value: Node::new(at, content) };
    Node::new(at, Content::Map(members.into_iter().map(member).collect())).pretty_json()
}

/// Members in the order in which people write them; what follows `metadata` keeps its order.
fn conventional(object: &Node) -> Node {
    let mut object = object.clone();
    if let Content::Map(members) = &mut object.content {
        members.sort_by_key(|member| rank(&["apiVersion", "kind", "metadata"], &member.name));
        for member in members.iter_mut().filter(|member| member.name == "metadata") {
            if let Content::Map(metadata) = &mut member.value.content {
                metadata.sort_by_key(|member| rank(&["name", "namespace", "labels", "annotations"], &member.name));
            }
        }
    }
    object
}

fn rank(order: &[&str], name: &str) -> usize {
    order.iter().position(|known| *known == name).unwrap_or(order.len())
}
