//! The order of execution: explicit edges, then kind rank, namespace and name.

use super::{Action, Drafted, Verb};
use crate::list::{AddAll, Listed};
use crate::table::Table;
use alloc::string::String;
use alloc::vec::Vec;

/// Puts actions, given in key order, in order of execution and names in each what comes first. Creates and updates come after what
/// they need; deletes before.
pub fn order(drafted: Vec<Drafted>) -> Vec<Action> {
    let edges = Edges::of(&drafted);
    let sequence = edges.sequence();
    let ids: Vec<String> = drafted.iter().map(|drafted| drafted.action.id.clone()).listed();
    let mut actions: Vec<Option<Action>> = drafted.into_iter().map(|drafted| Some(drafted.action)).listed();
    let finished = |place: usize| {
        let mut action = actions.get_mut(place)?.take()?;
        let before = edges.before.get(place).into_iter().flatten();
        action.after = before.filter_map(|first| ids.get(*first).cloned()).listed();
        Some(action)
    };
    sequence.into_iter().filter_map(finished).listed()
}

/// Which actions come before and after each, by place; sorted, without repeats.
struct Edges {
    before: Vec<Vec<usize>>,
    after: Vec<Vec<usize>>,
}

impl Edges {
    fn of(drafted: &[Drafted]) -> Self {
        let mut places: Table<usize> = Table::default();
        for (place, action) in drafted.iter().enumerate() {
            places.insert(action.key.clone(), place);
        }
        let none = || vec![Vec::new(); drafted.len()];
        let mut edges = Self { before: none(), after: none() };
        for (place, action) in drafted.iter().enumerate() {
            for need in &action.needs {
                let Some((other, needed)) = places.get(need).and_then(|other| Some((*other, drafted.get(*other)?))) else {
                    continue;
                };
                if removes(needed) {
                    edges.add(place, other);
                } else if !removes(action) {
                    edges.add(other, place);
                }
            }
        }
        edges
    }

    fn add(&mut self, first: usize, then: usize) {
        for (list, value) in [(self.before.get_mut(then), first), (self.after.get_mut(first), then)] {
            if let Some(list) = list
                && let Err(place) = list.binary_search(&value)
            {
                list.insert(place, value);
            }
        }
    }

    /// Every place once, smaller ones first where edges allow it.
    fn sequence(&self) -> Vec<usize> {
        let mut left: Vec<usize> = self.before.iter().map(Vec::len).listed();
        let mut free: alloc::collections::BinaryHeap<core::cmp::Reverse<usize>> = alloc::collections::BinaryHeap::new();
        free.extend(left.iter().enumerate().filter(|(_, count)| **count == 0).map(|(place, _)| core::cmp::Reverse(place)));
        let mut sequence = Vec::new();
        while let Some(core::cmp::Reverse(place)) = free.pop() {
            sequence.push(place);
            for then in self.after.get(place).into_iter().flatten() {
                if let Some(count) = left.get_mut(*then) {
                    *count = count.saturating_sub(1);
                    if *count == 0 {
                        free.push(core::cmp::Reverse(*then));
                    }
                }
            }
        }
        // Kinds need each other in one direction only, so nothing is left; if it were, it would still be in the plan.
        sequence.add_all(left.iter().enumerate().filter(|(_, count)| **count > 0).map(|(place, _)| place));
        sequence
    }
}

fn removes(drafted: &Drafted) -> bool {
    matches!(drafted.action.verb, Verb::Delete | Verb::Replace)
}
