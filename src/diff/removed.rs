//! What we own and no longer want.

use super::compare::Walk;
use super::owned::{Fields, Lookup, is_member, named, owns};
use super::path::{Segment, steps};
use super::tables::{Shape, Type};
use crate::plan::Op;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::{Map, Value};

type Members = Map<String, Value>;

/// A walk along the fields that we own, beside the walk over the object.
pub(crate) struct Removed<'w, 'a, 'r> {
    pub(crate) walk: &'w mut Walk<'a>,
    /// The same path in FieldsV1, as it is written there.
    pub(crate) raw: Vec<&'r str>,
}

/// What is at a place once we stop owning it.
enum After {
    Nothing,
    Default(Value),
    /// A member of a struct: the server may fill in something.
    Unknown,
}

/// Desired and live at one place.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) desired: Option<&'a Value>,
    pub(crate) live: &'a Value,
}

impl<'a, 'r> Removed<'_, 'a, 'r> {
    /// Everything below a container that we own parts of. Key fields of its elements stay as long as the element does.
    pub(crate) fn below(&mut self, owned: &'r Fields, of: &'a Type, place: Place<'a>, keys: &[&str]) {
        match place.live {
            Value::Object(live) => self.members(owned, of, place.desired.and_then(Value::as_object), live, keys),
            Value::Array(live) if matches!(of.shape, Shape::Keyed(_) | Shape::Set) => {
                let desired = place.desired.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                self.elements(owned, of, desired, live);
            }
            _ => {}
        }
    }

    fn members(&mut self, owned: &'r Fields, of: &'a Type, desired: Option<&'a Members>, live: &'a Members, keys: &[&str]) {
        let is_struct = !of.has_items() && !self.walk.strict;
        for (raw, below) in owned {
            let Some((name, value)) = raw.strip_prefix("f:").and_then(|name| live.get_key_value(name)) else { continue };
            let (of, default) = of.member(name);
            let wanted = desired.and_then(|desired| desired.get(name)).filter(|wanted| !wanted.is_null());
            if of.shape != Shape::Ignored && !of.is_void(value) && !keys.contains(&name.as_str()) {
                let place = Place { desired: wanted, live: value };
                // Where the whole object goes, its members have no defaults.
                let after = match desired.and_then(|desired| default.value(desired)) {
                    Some(default) => After::Default(default),
                    None if is_struct => After::Unknown,
                    None => After::Nothing,
                };
                self.visit(Segment::Field(name), raw, |here| here.owned(below, of, place, after, &[]));
            }
        }
    }

    fn elements(&mut self, owned: &'r Fields, of: &'a Type, desired: &'a [Value], live: &'a [Value]) {
        let (wanted, live) = (Lookup::new(of, desired), Lookup::new(of, live));
        let keys = match of.shape {
            Shape::Keyed(keys) => keys,
            _ => &[],
        };
        for (raw, below) in owned {
            let Some(named) = named(raw) else { continue };
            let Some((at, value)) = live.place(&named).and_then(|at| Some((at, live.items.get(at)?))) else { continue };
            let desired = wanted.place(&named).and_then(|at| desired.get(at));
            let segment = match of.shape {
                Shape::Keyed(_) => Segment::Element(of, value, at),
                _ => Segment::Field(value.as_str().unwrap_or_default()),
            };
            let place = Place { desired, live: value };
            self.visit(segment, raw, |here| here.owned(below, of.element(), place, After::Nothing, keys));
        }
    }

    fn visit(&mut self, segment: Segment<'a>, raw: &'r str, look: impl FnOnce(&mut Self)) {
        self.walk.path.push(segment);
        self.raw.push(raw);
        look(self);
        self.raw.pop();
        self.walk.path.pop();
    }

    /// One owned value that is there.
    fn owned(&mut self, below: &'r Value, of: &'a Type, place: Place<'a>, after: After, keys: &[&str]) {
        let Value::Object(below) = below else { return };
        if place.desired.is_some() {
            return self.below(below, of, place, keys);
        }
        let is_member = is_member(below);
        match self.is_shared() {
            false if is_member => return self.unwanted(place.live, after),
            true if is_member => self.release(place.live),
            _ => {}
        }
        self.below(below, of, place, keys);
    }

    fn is_shared(&self) -> bool {
        self.walk.others.iter().any(|entry| owns(entry.fields, self.raw.iter().copied()))
    }

    fn unwanted(&mut self, live: &Value, after: After) {
        match after {
            After::Default(default) if &default == live => self.release(live),
            After::Default(default) => self.walk.record(Op::Default, live, &default),
            After::Nothing => self.walk.record(Op::Remove, live, &Value::Null),
            After::Unknown => {
                self.walk.record(Op::Remove, live, &Value::Null);
                self.walk.found.unknown_after.push(steps(&self.walk.path));
            }
        }
    }

    fn release(&mut self, live: &Value) {
        self.walk.record(Op::Release, live, live);
    }
}
