//! The order of execution: explicit edges, then kind rank, namespace and name.

use super::{Action, Drafted, Verb};
use crate::kinds::Key;
use std::collections::{BTreeMap, BTreeSet};

/// Puts the actions in order and names in each what comes first. Creates and updates come after what they need; deletes before.
pub fn order(drafted: BTreeMap<Key, Drafted>) -> Vec<Action> {
    let before = edges(&drafted);
    let mut waiting: BTreeMap<&Key, usize> = drafted.keys().map(|key| (key, before.get(key).map_or(0, BTreeSet::len))).collect();
    let mut next: BTreeMap<&Key, Vec<&Key>> = BTreeMap::new();
    for (key, firsts) in &before {
        for first in firsts {
            next.entry(first).or_default().push(key);
        }
    }
    let mut free: BTreeSet<&Key> = waiting.iter().filter(|(_, count)| **count == 0).map(|(key, _)| *key).collect();
    let mut sequence: Vec<Key> = Vec::new();
    while let Some(key) = free.pop_first() {
        sequence.push(key.clone());
        waiting.remove(key);
        for later in next.get(key).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(later) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    free.insert(later);
                }
            }
        }
    }
    // Kinds need each other in one direction only, so nothing is left; if it were, it would still be in the plan.
    sequence.extend(waiting.into_keys().cloned());
    let ids: BTreeMap<Key, String> = drafted.iter().map(|(key, drafted)| (key.clone(), drafted.action.id.clone())).collect();
    let mut drafted = drafted;
    sequence.iter().filter_map(|key| finished(drafted.remove(key)?, before.get(key), &ids)).collect()
}

fn finished(drafted: Drafted, before: Option<&BTreeSet<Key>>, ids: &BTreeMap<Key, String>) -> Option<Action> {
    let mut action = drafted.action;
    action.after = before.into_iter().flatten().filter_map(|key| ids.get(key).cloned()).collect();
    Some(action)
}

/// What comes before each action.
fn edges(drafted: &BTreeMap<Key, Drafted>) -> BTreeMap<Key, BTreeSet<Key>> {
    let removes = |verb: Verb| matches!(verb, Verb::Delete | Verb::Replace);
    let mut before: BTreeMap<Key, BTreeSet<Key>> = BTreeMap::new();
    for (key, action) in drafted {
        for need in &action.needs {
            let Some(needed) = drafted.get(need) else { continue };
            if removes(needed.action.verb) {
                before.entry(need.clone()).or_default().insert(key.clone());
            } else if !removes(action.action.verb) {
                before.entry(key.clone()).or_default().insert(need.clone());
            }
        }
    }
    before
}
