//! The forms of the core: native, component, core module, command line, and in JavaScript the npm package in Node.js and in Chromium and
//! the component through jco. Every one answers an operation with the same text.

use crate::artefacts::Artefact;
use crate::lines::Lines;
use modelwright::contract;
use modelwright_embed::{Answer as ComponentAnswer, Diagnostic, Failure, HostInput, Limits, Planner, Reply, Severity};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What a form answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The operation.
    pub operation: String,
    /// The answer's text.
    pub text: String,
}

/// One form of the core.
pub enum Form {
    /// Rust, linked into this program.
    Native,
    /// The component in wasmtime, by its typed functions and by `text`.
    Component(Box<Planner>),
    /// The core module in an interpreter, by the canonical ABI.
    CoreModule(Box<CoreModule>),
    /// The program `modelwright`.
    CommandLine(PathBuf),
    /// A form in JavaScript, by its name: one process for all calls, one instance in it.
    JavaScript(&'static str, Lines),
}

impl Form {
    /// Every form. `MODELWRIGHT_FORMS=native` leaves all but the native one out, for a quick local run without `cargo xtask build`.
    pub fn all() -> Result<Vec<Self>, String> {
        match std::env::var("MODELWRIGHT_FORMS").as_deref() {
            Ok("native") => return Ok(vec![Self::Native]),
            Ok("") | Err(_) => {}
            Ok(other) => return Err(format!("MODELWRIGHT_FORMS is {other:?}; it can be native, or unset for all forms")),
        }
        let (package, transpiled) = (Artefact::Package.path()?, Artefact::Transpiled.path()?);
        let component = Planner::from_precompiled(&Artefact::Precompiled.read()?, Limits::command_line());
        Ok(vec![
            Self::Native,
            Self::Component(Box::new(component.map_err(|error| error.to_string())?)),
            Self::CoreModule(Box::new(CoreModule::load(&Artefact::CoreModule.read()?)?)),
            Self::CommandLine(Artefact::CommandLine.path()?),
            Self::JavaScript("npm package in Node.js", Lines::node("forms.mjs node", &[&package])?),
            Self::JavaScript("npm package in Chromium", Lines::node("forms.mjs chromium", &[&package])?),
            Self::JavaScript("component through jco", Lines::node("forms.mjs jco", &[&transpiled])?),
        ])
    }

    /// For messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Component(_) => "component",
            Self::CoreModule(_) => "core module",
            Self::CommandLine(_) => "command line",
            Self::JavaScript(name, _) => name,
        }
    }

    /// Answers one request; an error is a form that gave no answer, or two.
    pub fn call(&self, operation: &str, request: &str) -> Result<String, String> {
        match self {
            Self::Native => Ok(contract::call(operation, request)),
            Self::Component(planner) => call_component(planner, operation, request),
            Self::CoreModule(module) => module.call(operation, request),
            Self::CommandLine(program) => call_program(program, operation, request),
            Self::JavaScript(_, process) => call_javascript(process, operation, request),
        }
    }
}

/// The text of the component, which must be what its typed function says.
fn call_component(planner: &Planner, operation: &str, request: &str) -> Result<String, String> {
    let text = planner.text(operation, request).map_err(|error| error.to_string())?;
    match typed(planner, operation, request)? {
        Some(typed) if typed != text => Err(format!("the typed function answers\n{typed}\nand text.call\n{text}")),
        _ => Ok(text),
    }
}

/// The answer of the typed function as `text.call` writes it; `None` where the request is not one that a typed function takes.
fn typed(planner: &Planner, operation: &str, request: &str) -> Result<Option<String>, String> {
    let function = match operation {
        "plan" => Planner::plan,
        "forecast" => Planner::forecast,
        "render" => Planner::render,
        "requirements" => Planner::requirements,
        "create" => Planner::create,
        "update" => Planner::update,
        "delete" => Planner::delete,
        _ => return typed_records(planner, operation, request),
    };
    let document = function(planner, request).map_err(|error| error.to_string())?;
    Ok(Some(document.map_or_else(failure, ok)))
}

fn typed_records(planner: &Planner, operation: &str, request: &str) -> Result<Option<String>, String> {
    let function = match operation {
        "reconcile" => Planner::reconcile,
        "create-handler" => Planner::create_handler,
        "update-handler" => Planner::update_handler,
        "delete-handler" => Planner::delete_handler,
        _ => return typed_rest(planner, operation, request),
    };
    let answer = function(planner, request).map_err(|error| error.to_string())?;
    Ok(Some(answer.map_or_else(failure, answered)))
}

fn typed_rest(planner: &Planner, operation: &str, request: &str) -> Result<Option<String>, String> {
    let say = |error: modelwright_embed::HostError| error.to_string();
    match operation {
        "schemas" => planner.schemas().map(|schemas| Some(ok(schemas))).map_err(say),
        "info" => planner.info().map(|info| Some(ok(info))).map_err(say),
        "validate" => {
            let Some((object, old)) = to_validate(request) else { return Ok(None) };
            let found = planner.validate(&object, &old).map_err(say)?;
            Ok(Some(found.map_or_else(failure, |found| ok(diagnostics(&found)))))
        }
        "sync" => hook(planner, request, Planner::sync),
        "finalize" => hook(planner, request, Planner::finalize),
        "customize" => hook(planner, request, Planner::customize),
        "decorate" => hook(planner, request, Planner::decorate),
        "review" => hook(planner, request, Planner::review),
        _ => Ok(None),
    }
}

/// A hook of the component.
type Hook = fn(&Planner, &HostInput, &str) -> Result<Reply, modelwright_embed::HostError>;

fn hook(planner: &Planner, request: &str, hook: Hook) -> Result<Option<String>, String> {
    let Ok(request) = serde_json::from_str::<Value>(request) else { return Ok(None) };
    let policy = match &request["host"]["policy"] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        policy => policy.to_string(),
    };
    let host = HostInput { now: request["host"]["now"].as_str().unwrap_or("").into(), policy };
    let reply = hook(planner, &host, &request["request"].to_string()).map_err(|error| error.to_string())?;
    let body = serde_json::from_str(&reply.body).unwrap_or(Value::String(reply.body));
    Ok(Some(ok(json!({"code": reply.code, "body": body}).to_string())))
}

/// `{object, old}`, or the object alone. A text that serde_json does not read is for `text.call` to refuse.
fn to_validate(request: &str) -> Option<(String, String)> {
    let value: Value = serde_json::from_str(request).ok()?;
    match value.get("object") {
        None => Some((request.into(), String::new())),
        Some(object) => Some((object.to_string(), value.get("old").map_or(String::new(), Value::to_string))),
    }
}

fn ok(result: String) -> String {
    format!("{{\"ok\":{result}}}")
}

fn failure(failure: Failure) -> String {
    let sorted: Value = serde_json::from_str(&diagnostics(&failure.diagnostics)).unwrap_or_default();
    json!({"failure": {"code": failure.code, "diagnostics": sorted}}).to_string()
}

fn answered(answer: ComponentAnswer) -> String {
    let children: Vec<&str> = answer.children.iter().map(|child| child.json.as_str()).collect();
    ok(format!(
        "{{\"outcome\":{},\"children\":[{}],\"plan\":{},\"status\":{},\"diagnostics\":{}}}",
        json!(answer.outcome),
        children.join(","),
        answer.plan,
        answer.status,
        diagnostics(&answer.diagnostics)
    ))
}

/// One engine for all calls, a fresh instance for each.
pub struct CoreModule {
    engine: wasmi::Engine,
    module: wasmi::Module,
}

/// The one function that a runtime without components needs, and what frees its answer.
const CALL: &str = "modelwright:core/text@0.1.0#call";
const AFTER_CALL: &str = "cabi_post_modelwright:core/text@0.1.0#call";

impl CoreModule {
    /// Loads the module.
    pub fn load(bytes: &[u8]) -> Result<Self, String> {
        let engine = wasmi::Engine::default();
        let module = wasmi::Module::new(&engine, bytes).map_err(|error| error.to_string())?;
        Ok(Self { engine, module })
    }

    /// `text.call` by the canonical ABI: two strings in, a pointer to pointer and length out.
    pub fn call(&self, operation: &str, request: &str) -> Result<String, String> {
        self.try_call(operation, request).map_err(|error| error.to_string())
    }

    fn try_call(&self, operation: &str, request: &str) -> Result<String, wasmi::Error> {
        let mut store = wasmi::Store::new(&self.engine, ());
        let instance = wasmi::Linker::new(&self.engine).instantiate_and_start(&mut store, &self.module)?;
        let memory = instance.get_memory(&store, "memory").ok_or_else(|| wasmi::Error::new("no memory"))?;
        let allocate = instance.get_typed_func::<(u32, u32, u32, u32), u32>(&store, "cabi_realloc")?;
        let call = instance.get_typed_func::<(u32, u32, u32, u32), u32>(&store, CALL)?;
        let after = instance.get_typed_func::<u32, ()>(&store, AFTER_CALL)?;
        let mut put = |text: &str| -> Result<(u32, u32), wasmi::Error> {
            let length = u32::try_from(text.len()).map_err(|_| wasmi::Error::new("the text is too long"))?;
            let place = if length == 0 { 1 } else { allocate.call(&mut store, (0, 0, 1, length))? };
            memory.write(&mut store, place as usize, text.as_bytes()).map_err(|error| wasmi::Error::new(error.to_string()))?;
            Ok((place, length))
        };
        let (operation, request) = (put(operation)?, put(request)?);
        let answer = call.call(&mut store, (operation.0, operation.1, request.0, request.1))?;
        let data = memory.data(&store);
        let word = |at: usize| data.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
        let text = word(answer as usize).zip(word(answer as usize + 4)).and_then(|(place, length)| {
            let bytes = data.get(place as usize..place as usize + length as usize)?;
            String::from_utf8(bytes.to_vec()).ok()
        });
        after.call(&mut store, answer)?;
        text.ok_or_else(|| wasmi::Error::new("the answer is no text"))
    }
}

fn call_program(program: &PathBuf, operation: &str, request: &str) -> Result<String, String> {
    let mut child = Command::new(program)
        .args(["text", operation])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(request.as_bytes()).map_err(|error| error.to_string())?;
    }
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr)));
    }
    let text = String::from_utf8(output.stdout).map_err(|error| error.to_string())?;
    Ok(text.strip_suffix('\n').map(String::from).unwrap_or(text))
}

fn call_javascript(process: &Lines, operation: &str, request: &str) -> Result<String, String> {
    let answer = process.ask(&json!({"operation": operation, "request": request}))?;
    answer.as_str().map(String::from).ok_or_else(|| format!("the answer is no text: {answer}"))
}

/// Diagnostics as JSON, members in the order of the contract.
fn diagnostics(found: &[Diagnostic]) -> String {
    let member = |name: &str, value: &str| format!("\"{name}\":{}", json!(value));
    let one = |found: &Diagnostic| {
        let members = [
            member("severity", severity(found.severity)),
            member("code", &found.code),
            member("object", &found.object),
            member("path", &found.path),
            member("message", &found.message),
            member("help", &found.help),
        ];
        format!("{{{}}}", members.join(","))
    };
    format!("[{}]", found.iter().map(one).collect::<Vec<_>>().join(","))
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}
