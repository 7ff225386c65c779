//! Which paths there are, and which kinds belong to them.

use modelwright_embed::Hook;

/// A hook for the parents of one controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The function of the component.
    pub hook: Hook,
    /// The controller.
    pub controller: &'static Controller,
}

/// A CompositeController, or the DecoratorController on Namespaces.
#[derive(Debug, PartialEq, Eq)]
pub struct Controller {
    /// As in the path: the plural of the parent's kind.
    pub plural: &'static str,
    /// The parents.
    pub parent: Type,
    /// What the answer may contain: `childResources` or `attachments` of the controller.
    pub children: &'static [Type],
    hooks: &'static [Hook],
}

/// apiVersion and kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Type {
    /// For example `apps/v1`.
    pub api: &'static str,
    /// For example `Deployment`.
    pub kind: &'static str,
}

/// What the log and the metrics call a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// The function of the component, as its `text` interface calls it.
    pub hook: &'static str,
    /// The plural of the kind that it is about; empty where that cannot be told.
    pub kind: &'static str,
}

const COMPOSITE: &[Hook] = &[Hook::Sync, Hook::Finalize, Hook::Customize];

const fn of(api: &'static str, kind: &'static str) -> Type {
    Type { api, kind }
}

const fn ours(kind: &'static str) -> Type {
    of("mlops.internal/v1alpha1", kind)
}

static CONTROLLERS: [Controller; 4] = [
    Controller {
        plural: "models",
        parent: ours("Model"),
        children: &[of("apps/v1", "Deployment"), of("v1", "Service"), of("v1", "PersistentVolumeClaim")],
        hooks: COMPOSITE,
    },
    Controller {
        plural: "endpointconfigs",
        parent: ours("EndpointConfig"),
        children: &[of("networking.istio.io/v1", "VirtualService")],
        hooks: COMPOSITE,
    },
    Controller {
        plural: "endpoints",
        parent: ours("Endpoint"),
        children: &[of("networking.istio.io/v1", "Gateway")],
        hooks: COMPOSITE,
    },
    // No finalize hook: it would put a finalizer on every Namespace.
    Controller {
        plural: "namespaces",
        parent: of("v1", "Namespace"),
        children: &[of("v1", "PersistentVolume")],
        hooks: &[Hook::Decorate, Hook::Customize],
    },
];

impl Call {
    /// Every call that there is.
    pub fn all() -> impl Iterator<Item = Self> {
        CONTROLLERS.iter().flat_map(|controller| controller.hooks.iter().map(move |hook| Self { hook: *hook, controller }))
    }

    /// The call that a path names, if there is such a path.
    pub fn find(hook: &str, plural: &str) -> Option<Self> {
        let controller = CONTROLLERS.iter().find(|controller| controller.plural == plural)?;
        let hook = controller.hooks.iter().copied().find(|one| operation(*one) == hook)?;
        Some(Self { hook, controller })
    }

    /// What it is called.
    pub fn label(self) -> Label {
        Label { hook: operation(self.hook), kind: self.controller.plural }
    }

    /// The path without the digest.
    pub fn path(self) -> String {
        format!("{}/{}", operation(self.hook), self.controller.plural)
    }
}

impl Label {
    /// A review of a kind of the API.
    pub fn review(kind: &str) -> Self {
        let known = CONTROLLERS.iter().find(|controller| controller.parent.kind == kind);
        Self { hook: operation(Hook::Review), kind: known.map_or("", |controller| controller.plural) }
    }
}

/// A hook as in the path, and as the component's `text` interface calls it.
pub fn operation(hook: Hook) -> &'static str {
    match hook {
        Hook::Sync => "sync",
        Hook::Finalize => "finalize",
        Hook::Customize => "customize",
        Hook::Decorate => "decorate",
        Hook::Review => "review",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_paths_of_the_manifests_exist() {
        for (hook, plural, exists) in [
            ("sync", "models", true),
            ("finalize", "endpoints", true),
            ("customize", "namespaces", true),
            ("decorate", "namespaces", true),
            ("finalize", "namespaces", false),
            ("sync", "namespaces", false),
            ("decorate", "models", false),
            ("sync", "pods", false),
            ("", "", false),
        ] {
            assert_eq!(Call::find(hook, plural).is_some(), exists, "{hook}/{plural}");
        }
    }
}
