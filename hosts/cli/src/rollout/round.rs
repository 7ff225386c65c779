//! One round: the requests of a plan, side by side along its edges. The first surprise ends it; what runs is waited for.

use super::work::{Action, Guard};
use crate::cluster::call::refused;
use crate::cluster::{Call, Cluster, Trouble};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Requests that are under way at once.
const AT_ONCE: usize = 16;

/// What became of an action.
#[derive(Debug)]
pub enum Fate {
    /// Done.
    Done,
    /// The world is not as the plan saw it, in these words.
    Stale(String),
    /// The API server does not do it.
    Failed(Trouble),
}

/// What a round tells while it runs. An error ends the round once what runs has ended.
pub trait Watcher {
    /// Why a round ends early.
    type Error;
    /// An action has ended.
    fn ended(&mut self, action: &Action, fate: &Fate) -> Result<(), Self::Error>;
    /// Called often; whether to go on.
    fn goes_on(&mut self) -> Result<bool, Self::Error>;
}

/// The actions that are done now. What moves a route or takes something away is done from an observation that nothing has been written
/// since: so it waits while there is anything else to do.
pub fn now(actions: &[Action]) -> Vec<&Action> {
    let by_id: BTreeMap<&str, &Action> = actions.iter().map(|action| (action.id.as_str(), action)).collect();
    let harmless: Vec<&Action> = actions.iter().filter(|action| !needs_grave(action, &by_id, actions.len())).collect();
    if harmless.is_empty() { actions.iter().collect() } else { harmless }
}

/// Whether an action, or one that comes before it, is grave. `steps` bounds the way: a plan has no cycle, but it is not ours.
fn needs_grave(action: &Action, by_id: &BTreeMap<&str, &Action>, steps: usize) -> bool {
    action.is_grave()
        || steps == 0
        || action.after.iter().filter_map(|id| by_id.get(id.as_str())).any(|before| needs_grave(before, by_id, steps - 1))
}

/// Carries out the actions. Those that need one that is not done are left out.
pub async fn perform<W: Watcher>(
    cluster: &Cluster,
    actions: &[&Action],
    guards: &BTreeMap<&str, &Guard>,
    watcher: &mut W,
) -> Result<(), W::Error> {
    let mut schedule = Schedule::of(actions);
    let mut running = FuturesUnordered::new();
    let mut outcome = Ok(true);
    loop {
        while matches!(outcome, Ok(true)) && running.len() < AT_ONCE {
            let Some(index) = schedule.ready.pop() else { break };
            let Some(action) = actions.get(index) else { break };
            running.push(async move { (index, one(cluster, action, guards.get(action.object.as_str()).copied()).await) });
        }
        let Some((index, fate)) = next(&mut running, watcher, &mut outcome).await else { break };
        let told = actions.get(index).map_or(Ok(()), |action| watcher.ended(action, &fate));
        match fate {
            Fate::Done => schedule.done(index),
            // Nothing that was planned on the same observation is begun any more.
            Fate::Stale(_) => outcome = outcome.map(|_| false),
            Fate::Failed(_) => {}
        }
        if let (Err(error), Ok(_)) = (told, &outcome) {
            outcome = Err(error);
        }
    }
    outcome.map(|_| ())
}

/// The next request that ends; nothing when none runs. In between the watcher is asked whether to go on.
async fn next<W: Watcher, F: Future<Output = (usize, Fate)>>(
    running: &mut FuturesUnordered<F>,
    watcher: &mut W,
    outcome: &mut Result<bool, W::Error>,
) -> Option<(usize, Fate)> {
    loop {
        if matches!(outcome, Ok(true)) {
            *outcome = watcher.goes_on();
        }
        let pause = tokio::time::sleep(super::TICK);
        match futures::future::select(running.next(), std::pin::pin!(pause)).await {
            futures::future::Either::Left((ended, _)) => return ended,
            futures::future::Either::Right(_) => {}
        }
    }
}

/// Which actions can begin.
struct Schedule {
    /// Places of actions that need nothing any more; the next is the last.
    ready: Vec<usize>,
    /// How many others each needs.
    needs: Vec<usize>,
    /// Who needs each.
    needed_by: Vec<Vec<usize>>,
}

impl Schedule {
    fn of(actions: &[&Action]) -> Self {
        let places: BTreeMap<&str, usize> =
            actions.iter().enumerate().map(|(place, action)| (action.id.as_str(), place)).collect();
        let mut needed_by: Vec<Vec<usize>> = actions.iter().map(|_| Vec::new()).collect();
        for (place, action) in actions.iter().enumerate() {
            for before in action.after.iter().filter_map(|id| places.get(id.as_str())) {
                if let Some(list) = needed_by.get_mut(*before) {
                    list.push(place);
                }
            }
        }
        // One that needs what is not done now counts it for ever.
        let needs: Vec<usize> = actions.iter().map(|action| action.after.len()).collect();
        let ready = needs.iter().enumerate().rev().filter(|(_, needs)| **needs == 0).map(|(place, _)| place).collect();
        Self { ready, needs, needed_by }
    }

    fn done(&mut self, place: usize) {
        for waiting in self.needed_by.get(place).cloned().unwrap_or_default() {
            if let Some(needs) = self.needs.get_mut(waiting) {
                *needs = needs.saturating_sub(1);
                if *needs == 0 {
                    self.ready.push(waiting);
                }
            }
        }
    }
}

async fn one(cluster: &Cluster, action: &Action, guard: Option<&Guard>) -> Fate {
    if action.is_grave() {
        match unchanged(cluster, action, guard).await {
            Ok(None) => {}
            Ok(Some(fate)) => return fate,
            Err(trouble) => return Fate::Failed(trouble),
        }
    }
    let answer = match cluster.call(&action.request).await {
        Ok(answer) => answer,
        Err(trouble) => return Fate::Failed(trouble),
    };
    let expect = &action.expect;
    if expect.done.contains(&answer.code) || expect.gone.contains(&answer.code) {
        Fate::Done
    } else if expect.observe_again.contains(&answer.code) {
        Fate::Stale(answer.message())
    } else {
        Fate::Failed(refused(&action.request, &answer))
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Live {
    metadata: Guard,
}

/// Reads the object again: its fate where it is not as it was observed, nothing where it is.
async fn unchanged(cluster: &Cluster, action: &Action, guard: Option<&Guard>) -> Result<Option<Fate>, Trouble> {
    let call = Call::get(action.request.path.as_str());
    let answer = cluster.call(&call).await?;
    if answer.code == 404 {
        let gone = action.expect.gone.contains(&404);
        return Ok(Some(if gone { Fate::Done } else { Fate::Stale("it is gone".into()) }));
    }
    if !answer.is_fine() {
        return Err(refused(&call, &answer));
    }
    let live: Live = serde_json::from_str(&answer.body).unwrap_or_default();
    let same = guard.is_some_and(|guard| *guard == live.metadata);
    Ok(if same { None } else { Some(Fate::Stale("it has changed meanwhile".into())) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(id: &str, after: &[&str], destructive: bool) -> Action {
        let after = after.iter().map(|id| format!("{id:?}")).collect::<Vec<_>>().join(",");
        let text = format!(
            r#"{{"id":"{id}","object":"{id}","verb":"update","after":[{after}],"destructive":{destructive},"request":{{"method":"PATCH","path":"/{id}"}},"expect":{{}}}}"#
        );
        serde_json::from_str(&text).expect("an action")
    }

    fn ids(actions: Vec<&Action>) -> Vec<&str> {
        actions.into_iter().map(|action| action.id.as_str()).collect()
    }

    #[test]
    fn what_takes_away_waits_for_what_does_not() {
        let actions = [action("a", &[], false), action("b", &[], true), action("c", &["b"], false)];
        assert_eq!(ids(now(&actions)), ["a"]);
        assert_eq!(ids(now(&actions[1..])), ["b", "c"]);
    }

    #[test]
    fn order_is_that_of_the_edges() {
        let actions = [action("a", &[], false), action("b", &["a"], false), action("c", &["elsewhere"], false)];
        let mut schedule = Schedule::of(&actions.iter().collect::<Vec<_>>());
        assert_eq!(schedule.ready, [0]);
        schedule.ready.clear();
        schedule.done(0);
        assert_eq!(schedule.ready, [1]);
    }
}
