//! Desired against live, member by member.

use super::Difference;
use super::equal::{Index, key, scalars};
use super::owned::{Entry, Fields, owns};
use super::path::{Segment, as_pointer, steps, text};
use super::tables::{DEFAULTED, Default, EXCLUSIVE, MESSAGE, ORDERED, PRESENCE, Shape, Type, WIDE};
use crate::diagnostic::Diagnostic;
use crate::list::{AddAll, Listed};
use crate::plan::{Change, Op};
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::{Map, Value};

type Members = Map<String, Value>;

/// A walk over one object: where it is, what it knows of owners, what it found.
pub(crate) struct Walk<'a> {
    /// The server fills in nothing inside atomic values of this kind.
    pub(crate) strict: bool,
    /// Our field manager.
    pub(crate) manager: &'a str,
    /// managedFields can be used.
    pub(crate) known: bool,
    /// The fields of our Apply entry.
    pub(crate) ours: Option<&'a Fields>,
    /// The other entries.
    pub(crate) others: Vec<Entry<'a>>,
    pub(crate) path: Vec<Segment<'a>>,
    /// How many segments lead to the atomic value that we are inside: it has one owner.
    whole: Option<usize>,
    pub(crate) found: Difference,
}

impl<'a> Walk<'a> {
    /// A walk that knows of no owner.
    pub(crate) fn new(strict: bool, manager: &'a str) -> Self {
        let found = Difference::default();
        Self { strict, manager, known: false, ours: None, others: Vec::new(), path: Vec::new(), whole: None, found }
    }

    /// A desired object that does not exist yet: what is shown member by member is split, the rest is shown whole.
    pub(crate) fn create(&mut self, of: &'a Type, desired: &'a Value) {
        match desired {
            Value::Object(members) if of.has(WIDE) => self.create_members(of, members),
            Value::Array(items) if matches!(of.shape, Shape::Keyed(_)) => self.create_elements(of, items),
            _ if of.is_void(desired) => {}
            _ => self.record(Op::Add, &Value::Null, desired),
        }
    }

    fn create_members(&mut self, of: &'a Type, members: &'a Members) {
        for (name, value) in members {
            let (below, _) = of.member(name);
            if below.shape != Shape::Ignored {
                self.inside(Segment::Field(name), |walk| walk.create(below, value));
            }
        }
    }

    fn create_elements(&mut self, of: &'a Type, items: &'a [Value]) {
        let index = self.unique(of, items);
        for (place, item) in items.iter().enumerate() {
            if index.find(&key(of, item)) == Some(place) {
                self.inside(Segment::Element(of, item, place), |walk| walk.record(Op::Add, &Value::Null, item));
            }
        }
    }

    /// Two values that are both there.
    pub(crate) fn value(&mut self, of: &'a Type, desired: &'a Value, live: &'a Value, atomic: bool) {
        match (desired, live) {
            (Value::Object(desired), Value::Object(live)) => self.members(of, desired, Some(live), atomic),
            (Value::Array(wanted), Value::Array(items)) => self.list(of, desired, live, (wanted, items), atomic),
            (Value::Object(members), _) if members.is_empty() && !atomic => {}
            (Value::Array(items), _) if items.is_empty() && !atomic => {}
            _ if scalars(of.shape, desired, live) => self.equal(),
            _ => self.record(Op::Change, live, desired),
        }
    }

    fn equal(&mut self) {
        self.found.unchanged_fields = self.found.unchanged_fields.saturating_add(1);
    }

    fn members(&mut self, of: &'a Type, desired: &'a Members, live: Option<&'a Members>, atomic: bool) {
        let atomic = atomic || (of.shape == Shape::Atomic && !self.has_no_opinion(of, desired.is_empty()));
        let outer = self.enter(atomic);
        if desired.is_empty() && live.is_none_or(Map::is_empty) {
            self.equal();
        }
        for (name, value) in desired {
            let (below, default) = of.member(name);
            if below.shape != Shape::Ignored && !value.is_null() {
                self.path.push(Segment::Field(name));
                self.member(below, default, value, live.and_then(|live| live.get(name)), desired, atomic);
                self.path.pop();
            }
        }
        if let Some(live) = live.filter(|_| atomic || of.has(EXCLUSIVE)) {
            self.extra_members(of, desired, live, atomic);
        }
        self.whole = outer;
    }

    /// Notes where an atomic value begins; gives what was noted before.
    fn enter(&mut self, atomic: bool) -> Option<usize> {
        let outer = self.whole;
        self.whole = outer.or(atomic.then_some(self.path.len()));
        outer
    }

    /// An empty value says nothing about one that is not, unless we are or were its only author.
    fn has_no_opinion(&self, of: &Type, is_empty: bool) -> bool {
        is_empty && !of.has(EXCLUSIVE) && !self.we_own()
    }

    fn member(
        &mut self,
        of: &'a Type,
        default: Default,
        desired: &'a Value,
        live: Option<&'a Value>,
        beside: &Members,
        atomic: bool,
    ) {
        match live {
            Some(live) if !of.is_void(live) => self.value(of, desired, live, atomic),
            _ if is_implied(of, default, desired, beside, true) => self.equal(),
            _ => match desired {
                Value::Object(members) if of.has(WIDE) => self.members(of, members, None, atomic),
                _ => self.record(Op::Add, live.unwrap_or(&Value::Null), desired),
            },
        }
    }

    fn extra_members(&mut self, of: &'a Type, desired: &Members, live: &'a Members, atomic: bool) {
        for (name, value) in live {
            let (below, default) = of.member(name);
            let ours = desired.get(name).is_some_and(|desired| !desired.is_null());
            let silent = ours || below.shape == Shape::Ignored || is_implied(below, default, value, live, true);
            if !silent {
                let known = self.strict || of.knows(name);
                self.inside(Segment::Field(name), |walk| walk.extra(value, atomic, known));
            }
        }
    }

    /// A live value that desired lacks, where others should not write. Inside an atomic value an apply takes it away; elsewhere only
    /// if we own it, which the walk over our own fields sees.
    fn extra(&mut self, live: &'a Value, atomic: bool, known: bool) {
        if atomic && !known {
            let message = format!("{} is not a field that this version knows; it is left alone", text(&steps(&self.path)));
            self.found.diagnostics.push(Diagnostic::info("UnknownServerField", &as_pointer(&self.path), message));
        } else if atomic || !self.known {
            self.record(Op::Remove, live, &Value::Null);
        } else if !self.we_own() {
            let drift = self.change(Op::Remove, live, &Value::Null).0;
            self.found.drift.push(drift);
        }
    }

    fn list(
        &mut self,
        of: &'a Type,
        desired: &'a Value,
        live: &'a Value,
        (wanted, items): (&'a [Value], &'a [Value]),
        atomic: bool,
    ) {
        match of.shape {
            Shape::Keyed(_) if !atomic => self.keyed(of, desired, live, (wanted, items)),
            Shape::Set if !atomic => self.set(of, wanted, items),
            _ if wanted.is_empty() && items.is_empty() => self.equal(),
            _ if !atomic && self.has_no_opinion(of, wanted.is_empty()) => {}
            _ if wanted.len() == items.len() => {
                let outer = self.enter(true);
                for (at, (wanted, item)) in wanted.iter().zip(items).enumerate() {
                    self.inside(Segment::Index(at), |walk| walk.value(of.element(), wanted, item, true));
                }
                self.whole = outer;
            }
            _ => self.record(Op::Change, live, desired),
        }
    }

    fn keyed(&mut self, of: &'a Type, desired: &'a Value, live: &'a Value, (wanted, items): (&'a [Value], &'a [Value])) {
        let (first, index) = (self.unique(of, wanted), Index::new(of, items));
        let mut places = Vec::with_capacity(wanted.len());
        for (place, item) in wanted.iter().enumerate() {
            let key = key(of, item);
            if first.find(&key) != Some(place) {
                continue;
            }
            let found = index.find(&key);
            places.add_all(found);
            self.path.push(Segment::Element(of, item, found.unwrap_or(place)));
            if index.is_repeated(&key) {
                self.note_repeated(false);
            }
            match found.and_then(|found| items.get(found)) {
                Some(live) => self.value(of.element(), item, live, false),
                None => self.record(Op::Add, &Value::Null, item),
            }
            self.path.pop();
        }
        if of.has(ORDERED) && !places.is_sorted() {
            self.record(Op::Change, live, desired);
        }
        if of.has(EXCLUSIVE) {
            for (place, item) in items.iter().enumerate().filter(|(_, item)| first.find(&key(of, item)).is_none()) {
                self.inside(Segment::Element(of, item, place), |walk| walk.extra(item, false, true));
            }
        }
    }

    /// The index of a desired list, with a diagnostic for each key that it has twice.
    fn unique(&mut self, of: &'a Type, wanted: &'a [Value]) -> Index<'a> {
        let index = Index::new(of, wanted);
        for (place, item) in wanted.iter().enumerate() {
            if index.find(&key(of, item)) != Some(place) {
                self.inside(Segment::Element(of, item, place), |walk| walk.note_repeated(true));
            }
        }
        index
    }

    fn note_repeated(&mut self, desired: bool) {
        let (path, name) = (as_pointer(&self.path), text(&steps(&self.path)));
        self.found.diagnostics.push(match desired {
            true => Diagnostic::error("DuplicateKey", &path, format!("{name} is wanted twice; the API server refuses that")),
            false => Diagnostic::warning("DuplicateKey", &path, format!("{name} is there twice; the first is compared")),
        });
    }

    fn set(&mut self, of: &'a Type, wanted: &'a [Value], items: &'a [Value]) {
        let index = Index::new(of, items);
        for value in wanted {
            match index.find(&key(of, value)) {
                Some(_) => self.equal(),
                None => self.inside(Segment::Field(value.as_str().unwrap_or_default()), |walk| {
                    walk.record(Op::Add, &Value::Null, value);
                }),
            }
        }
    }

    pub(crate) fn inside(&mut self, segment: Segment<'a>, visit: impl FnOnce(&mut Self)) {
        self.path.push(segment);
        visit(self);
        self.path.pop();
    }

    fn we_own(&self) -> bool {
        let raw = self.raw();
        self.ours.is_some_and(|ours| owns(ours, raw.iter().map(String::as_str)))
    }

    /// Notes what differs here.
    pub(crate) fn record(&mut self, op: Op, before: &Value, after: &Value) {
        let (change, updated) = self.change(op, before, after);
        // What is released stays as it is: nothing is taken back.
        if !change.owner.is_empty() && op != Op::Release {
            self.found.conflicts.push(change.clone());
            // Our Apply entry would still own it, had not somebody written it since.
            if updated && self.ours.is_some() {
                self.found.drift.push(change.clone());
            }
        }
        self.found.changes.push(change);
    }

    /// The change, and whether its owner got there by an update rather than by an apply of its own.
    pub(crate) fn change(&self, op: Op, before: &Value, after: &Value) -> (Change, bool) {
        let owner = self.owner();
        let op = match (op, owner) {
            (Op::Add | Op::Change, Some(_)) => Op::Conflict,
            (op, _) => op,
        };
        let path = steps(&self.path);
        let (owner, updated) = owner.map_or(("", false), |entry| (entry.manager, !entry.applies));
        let change = Change {
            text: text(&path),
            path,
            op,
            before: before.clone(),
            after: after.clone(),
            owner: owner.into(),
            sensitive: false,
        };
        (change, updated)
    }

    /// The path of what is owned here, in FieldsV1.
    fn raw(&self) -> Vec<String> {
        let whole = self.whole.unwrap_or(self.path.len());
        self.path.iter().take(whole).map(Segment::raw).listed()
    }

    fn owner(&self) -> Option<&Entry<'a>> {
        if self.others.is_empty() {
            return None;
        }
        let raw = self.raw();
        self.others.iter().find(|entry| entry.manager != self.manager && owns(entry.fields, raw.iter().map(String::as_str)))
    }
}

/// Whether leaving `value` out says the same: it is void, the default, or made of such members where the server makes the object.
fn is_implied(of: &Type, default: Default, value: &Value, beside: &Members, defaulted: bool) -> bool {
    of.is_void(value)
        || (defaulted && default.is_of(value, beside))
        || match value {
            Value::Object(members) if !members.is_empty() && !of.has(PRESENCE | MESSAGE) => {
                members.iter().all(|(name, value)| {
                    let (below, default) = of.member(name);
                    is_implied(below, default, value, members, of.has(DEFAULTED))
                })
            }
            _ => false,
        }
}
