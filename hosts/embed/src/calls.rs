//! One method for each function of the contract. The outer error is the host's ([`HostError`]), the inner one the component's answer.

use crate::bindings::exports::modelwright::core::planner::Guest as Functions;
use crate::limits::Meter;
use crate::{Answer, Diagnostic, Document, Failure, HostError, HostInput, Planner, Reply, Usage};
use wasmtime::{Error, Store};

/// A function of the contract that answers a request over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hook {
    /// Metacontroller's sync hook of the three CompositeControllers.
    Sync,
    /// Metacontroller's finalize hook of the three CompositeControllers.
    Finalize,
    /// Metacontroller's customize hook.
    Customize,
    /// The sync hook of the DecoratorController on Namespaces.
    Decorate,
    /// The validating webhook of the three kinds.
    Review,
}

/// A function of the planner from one text to a result.
type Function<T> = fn(&Functions, &mut Store<Meter>, &str) -> Result<Result<T, Failure>, Error>;

impl Planner {
    /// One custom resource and what was observed → what it needs and the plan for it.
    pub fn reconcile(&self, observation: &str) -> Result<Result<Answer, Failure>, HostError> {
        self.answer(observation, |planner, store, text| planner.call_reconcile(store, text))
    }

    /// A whole set → one plan (`plan/v1`).
    pub fn plan(&self, observation: &str) -> Result<Result<String, Failure>, HostError> {
        self.document(observation, |planner, store, text| planner.call_plan(store, text))
    }

    /// A whole set → the rounds of its roll-out (`forecast/v1`).
    pub fn forecast(&self, observation: &str) -> Result<Result<String, Failure>, HostError> {
        self.document(observation, |planner, store, text| planner.call_forecast(store, text))
    }

    /// A whole set → the desired children as a JSON list.
    pub fn render(&self, observation: &str) -> Result<Result<String, Failure>, HostError> {
        self.document(observation, |planner, store, text| planner.call_render(store, text))
    }

    /// One custom resource → what a host must read to reconcile it.
    pub fn requirements(&self, parent: &str) -> Result<Result<String, Failure>, HostError> {
        self.document(parent, |planner, store, text| planner.call_requirements(store, text))
    }

    /// Every violation of one custom resource at once. `old` is the object before an edit, or empty.
    pub fn validate(&self, object: &str, old: &str) -> Result<Result<Vec<Diagnostic>, Failure>, HostError> {
        self.call(object.len() + old.len(), |world, store| world.modelwright_core_planner().call_validate(store, object, old))
    }

    /// The CustomResourceDefinitions, as a JSON list.
    pub fn schemas(&self) -> Result<String, HostError> {
        self.call(0, |world, store| world.modelwright_core_planner().call_schemas(store)).map(text)
    }

    /// Version, contract version, limits and the digest of the rules, as JSON.
    pub fn info(&self) -> Result<String, HostError> {
        self.call(0, |world, store| world.modelwright_core_planner().call_info(store)).map(text)
    }

    /// The API requests that create a custom resource, as a JSON list.
    pub fn create(&self, object: &str) -> Result<Result<String, Failure>, HostError> {
        self.document(object, |planner, store, text| planner.call_create(store, text))
    }

    /// The API requests that update a custom resource: `{object, observed}`.
    pub fn update(&self, change: &str) -> Result<Result<String, Failure>, HostError> {
        self.document(change, |planner, store, text| planner.call_update(store, text))
    }

    /// The API requests that delete an observed custom resource.
    pub fn delete(&self, observed: &str) -> Result<Result<String, Failure>, HostError> {
        self.document(observed, |planner, store, text| planner.call_delete(store, text))
    }

    /// What must happen to the dependants of a custom resource that is new.
    pub fn create_handler(&self, observation: &str) -> Result<Result<Answer, Failure>, HostError> {
        self.answer(observation, |planner, store, text| planner.call_create_handler(store, text))
    }

    /// What must happen to the dependants of a custom resource that changed.
    pub fn update_handler(&self, observation: &str) -> Result<Result<Answer, Failure>, HostError> {
        self.answer(observation, |planner, store, text| planner.call_update_handler(store, text))
    }

    /// What must happen to the dependants of a custom resource that is being deleted.
    pub fn delete_handler(&self, observation: &str) -> Result<Result<Answer, Failure>, HostError> {
        self.answer(observation, |planner, store, text| planner.call_delete_handler(store, text))
    }

    /// Metacontroller's sync hook of the three CompositeControllers.
    pub fn sync(&self, host: &HostInput, request: &str) -> Result<Reply, HostError> {
        self.hook(Hook::Sync, host, request).0
    }

    /// Metacontroller's finalize hook of the three CompositeControllers.
    pub fn finalize(&self, host: &HostInput, request: &str) -> Result<Reply, HostError> {
        self.hook(Hook::Finalize, host, request).0
    }

    /// Metacontroller's customize hook of the three CompositeControllers and of the decorator.
    pub fn customize(&self, host: &HostInput, request: &str) -> Result<Reply, HostError> {
        self.hook(Hook::Customize, host, request).0
    }

    /// The sync hook of the DecoratorController on Namespaces.
    pub fn decorate(&self, host: &HostInput, request: &str) -> Result<Reply, HostError> {
        self.hook(Hook::Decorate, host, request).0
    }

    /// One of the hooks, with what the call used.
    pub fn hook(&self, hook: Hook, host: &HostInput, request: &str) -> (Result<Reply, HostError>, Usage) {
        self.measured(request.len(), |world, store| {
            let hooks = world.modelwright_core_metacontroller();
            match hook {
                Hook::Sync => hooks.call_sync(store, host, request),
                Hook::Finalize => hooks.call_finalize(store, host, request),
                Hook::Customize => hooks.call_customize(store, host, request),
                Hook::Decorate => hooks.call_decorate(store, host, request),
                Hook::Review => world.modelwright_core_admission().call_review(store, host, request),
            }
        })
    }

    /// The validating webhook of the three kinds: an AdmissionReview in, one with the verdict out.
    pub fn review(&self, host: &HostInput, request: &str) -> Result<Reply, HostError> {
        self.hook(Hook::Review, host, request).0
    }

    /// Everything as one function over text.
    pub fn text(&self, operation: &str, request: &str) -> Result<String, HostError> {
        self.call(operation.len() + request.len(), |world, store| {
            world.modelwright_core_text().call_call(store, operation, request)
        })
    }

    fn answer(&self, input: &str, function: Function<Answer>) -> Result<Result<Answer, Failure>, HostError> {
        self.call(input.len(), |world, store| function(world.modelwright_core_planner(), store, input))
    }

    fn document(&self, input: &str, function: Function<Document>) -> Result<Result<String, Failure>, HostError> {
        let document = self.call(input.len(), |world, store| function(world.modelwright_core_planner(), store, input))?;
        Ok(document.map(text))
    }
}

fn text(document: Document) -> String {
    document.json
}
