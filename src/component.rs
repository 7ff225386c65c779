//! The component's border: wit-bindgen's types on one side, [`contract`](crate::contract) on the other. Conversion only.
#![allow(missing_docs, unsafe_code, clippy::all, reason = "wit-bindgen generates the items; wit/planner.wit documents them")]

use crate::contract;
use crate::diagnostic;
use crate::list::Listed;
use alloc::string::String;
use alloc::vec::Vec;

wit_bindgen::generate!({ world: "modelwright", path: "wit" });

use exports::modelwright::core::{admission, metacontroller, planner, text};

struct Core;
export!(Core);

type Document = Result<planner::Document, planner::Failure>;
type Answer = Result<planner::Answer, planner::Failure>;

impl planner::Guest for Core {
    fn reconcile(observation: String) -> Answer {
        answer(contract::reconcile(&observation))
    }
    fn plan(observation: String) -> Document {
        document(contract::plan(&observation))
    }
    fn forecast(observation: String) -> Document {
        document(contract::forecast(&observation))
    }
    fn render(observation: String) -> Document {
        document(contract::render(&observation))
    }
    fn requirements(parent: String) -> Document {
        document(contract::requirements(&parent))
    }
    fn validate(object: String, old: String) -> Result<Vec<planner::Diagnostic>, planner::Failure> {
        let found = contract::validate(&object, &old).map_err(failure)?;
        Ok(found.into_iter().map(diagnostic).listed())
    }
    fn schemas() -> planner::Document {
        planner::Document { json: contract::schemas() }
    }
    fn info() -> planner::Document {
        planner::Document { json: contract::info() }
    }
    fn create(object: String) -> Document {
        document(contract::create(&object))
    }
    fn update(change: String) -> Document {
        document(contract::update(&change))
    }
    fn delete(observed: String) -> Document {
        document(contract::delete(&observed))
    }
    fn create_handler(observation: String) -> Answer {
        answer(contract::create_handler(&observation))
    }
    fn update_handler(observation: String) -> Answer {
        answer(contract::update_handler(&observation))
    }
    fn delete_handler(observation: String) -> Answer {
        answer(contract::delete_handler(&observation))
    }
}

impl metacontroller::Guest for Core {
    fn sync(host: metacontroller::HostInput, request: String) -> metacontroller::Reply {
        reply(contract::sync(&host_input(host), &request))
    }
    fn finalize(host: metacontroller::HostInput, request: String) -> metacontroller::Reply {
        reply(contract::finalize(&host_input(host), &request))
    }
    fn customize(host: metacontroller::HostInput, request: String) -> metacontroller::Reply {
        reply(contract::customize(&host_input(host), &request))
    }
    fn decorate(host: metacontroller::HostInput, request: String) -> metacontroller::Reply {
        reply(contract::decorate(&host_input(host), &request))
    }
}

impl admission::Guest for Core {
    fn review(host: metacontroller::HostInput, request: String) -> metacontroller::Reply {
        reply(contract::review(&host_input(host), &request))
    }
}

impl text::Guest for Core {
    fn call(operation: String, request: String) -> String {
        contract::call(&operation, &request)
    }
}

fn answer(result: Result<contract::Answer, diagnostic::Failure>) -> Answer {
    let answer = result.map_err(failure)?;
    Ok(planner::Answer {
        outcome: answer.outcome,
        children: answer.children.into_iter().map(child).listed(),
        plan: answer.plan,
        status: answer.status,
        diagnostics: answer.diagnostics.into_iter().map(diagnostic).listed(),
    })
}

fn child(child: contract::Child) -> planner::Child {
    let contract::Child { api, kind, namespace, name, json } = child;
    planner::Child { api, kind, namespace, name, json }
}

fn document(result: contract::Document) -> Document {
    Ok(planner::Document { json: result.map_err(failure)? })
}

fn failure(failure: diagnostic::Failure) -> planner::Failure {
    planner::Failure { code: failure.code, diagnostics: failure.diagnostics.into_iter().map(diagnostic).listed() }
}

fn diagnostic(diagnostic: diagnostic::Diagnostic) -> planner::Diagnostic {
    let diagnostic::Diagnostic { severity, code, object, path, message, help } = diagnostic;
    let severity = match severity {
        diagnostic::Severity::Error => planner::Severity::Error,
        diagnostic::Severity::Warning => planner::Severity::Warning,
        diagnostic::Severity::Info => planner::Severity::Info,
    };
    planner::Diagnostic { severity, code, object, path, message, help }
}

fn host_input(host: metacontroller::HostInput) -> contract::HostInput {
    contract::HostInput { now: host.now, policy: host.policy }
}

fn reply(reply: contract::Reply) -> metacontroller::Reply {
    metacontroller::Reply { code: reply.code, body: reply.body }
}
