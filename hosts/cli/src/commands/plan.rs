//! `plan`: what has to change, and why.

use super::request::{self, Input, Namespace, Origin};
use crate::arguments::{Form, Plan};
use crate::console::Console;
use crate::rollout::{rehearsal, saved};
use crate::show::plan::Hint;
use crate::stop::{CHANGES, FINE, Stop};
use crate::{component, format, show};

/// Runs `plan`.
pub fn run(arguments: &Plan, console: &mut Console<'_>) -> Result<u8, Stop> {
    let origin = Origin::of(&arguments.cluster, &arguments.connection, console)?;
    let namespace = Namespace::of(&arguments.connection, &origin);
    let input = Input::read(&arguments.files.files, &arguments.host, &namespace, console)?;
    let planner = component::load()?;
    let observed = origin.observe(&input, &planner)?;
    let document = component::document(planner.plan(&input.request(&observed)))?;
    let mut plan: format::Plan = component::typed(&document)?;
    let mut findings = input.judged(std::mem::take(&mut plan.diagnostics), &planner)?;
    findings.extend(request::unreadable(&observed, &plan.waiting));
    let code = match request::code(&findings) {
        FINE if arguments.exit_code && !plan.actions.is_empty() => CHANGES,
        code => code,
    };
    if let Some(file) = &arguments.save {
        console.put(&saved::text(&input, &document), Some(file))?;
    }
    let rehearsal = match &origin {
        Origin::Cluster(session) if arguments.server_dry_run => Some(rehearsal::rehearse(session, &observed, &document)?),
        _ => None,
    };
    let hint = if arguments.cluster.offline { Hint::Offline } else { Hint::Next };
    let file = arguments.destination.output_file.as_deref();
    match arguments.output {
        Form::Text => {
            let tried = rehearsal.as_ref().map(show::rehearsal::text).unwrap_or_default();
            console.put(&(show::plan::text(&plan, &input.report(&findings), hint) + &tried), file)?;
        }
        form => {
            let document = rehearsal.as_ref().map_or(document.clone(), |rehearsal| rehearsal.within(&document));
            console.put(&show::tree(&component::tree(&document)?, form), file)?;
            input.warn(findings, console)?;
        }
    }
    Ok(rehearsal.map(|rehearsal| rehearsal.code()).filter(|code| *code != FINE).unwrap_or(code))
}
