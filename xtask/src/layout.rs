//! The order of the functions in a module: likes beside likes, because gzip looks back no further than 32 kB.
//!
//! wasm-opt orders functions by their names alone, so they get names that say the order, and lose them again.

use crate::shell::Outcome;
use std::collections::{BTreeMap, BTreeSet};
use wasm_encoder::{NameMap, NameSection, Section};
use wasmparser::{Parser, Payload, TypeRef};

/// Bytes that two functions have in common, at any place: some three instructions.
const PIECE: usize = 5;
/// What more functions than this have in common says nothing about two of them.
const COMMON: usize = 200;
/// Short functions are like many; this many pieces more make them less so.
const SHORT: usize = 20;

/// The module with names by which its functions sort into their order.
pub fn with_names(module: &[u8]) -> Outcome<Vec<u8>> {
    let (imported, bodies) = functions(module).map_err(|error| format!("the optimised module is not valid wasm: {error}"))?;
    let mut places: Vec<(usize, usize)> =
        by_likeness(&bodies).into_iter().enumerate().map(|(place, function)| (function, place)).collect();
    places.sort_unstable();
    let mut names = NameMap::new();
    for (index, (_, place)) in (imported..).zip(places) {
        names.append(index, &format!("{place:05}"));
    }
    let mut section = NameSection::new();
    section.functions(&names);
    let mut named = module.to_vec();
    section.append_to(&mut named);
    Ok(named)
}

/// How many functions are imported, and the bodies of the others.
fn functions(module: &[u8]) -> wasmparser::Result<(u32, Vec<&[u8]>)> {
    let (mut imported, mut bodies) = (0, Vec::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.as_bytes()),
            _ => {}
        }
    }
    Ok((imported, bodies))
}

/// Begins with the longest function; after each comes the one that shares most of its pieces with it.
fn by_likeness(bodies: &[&[u8]]) -> Vec<usize> {
    let pieces: Vec<BTreeSet<&[u8]>> = bodies.iter().map(|body| body.windows(PIECE).collect()).collect();
    let mut holders: BTreeMap<&[u8], Vec<usize>> = BTreeMap::new();
    for (function, pieces) in pieces.iter().enumerate() {
        pieces.iter().for_each(|piece| holders.entry(piece).or_default().push(function));
    }
    holders.retain(|_, holders| holders.len() <= COMMON);
    let mut left: BTreeSet<usize> = (0..bodies.len()).collect();
    let mut order = Vec::new();
    let mut next = left.iter().copied().max_by_key(|function| bodies[*function].len());
    while let Some(function) = next {
        left.remove(&function);
        order.push(function);
        let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
        for holder in
            pieces[function].iter().filter_map(|piece| holders.get(piece)).flatten().filter(|holder| left.contains(holder))
        {
            *shared.entry(*holder).or_default() += 1;
        }
        let share = |(other, shared): &(&usize, &usize)| **shared * 1_000_000 / (pieces[**other].len() + SHORT);
        // Of equal ones the last: then order and bytes do not depend on chance.
        next = shared.iter().max_by_key(share).map(|(other, _)| *other).or_else(|| left.first().copied());
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likes_are_beside_likes() {
        let bodies: [&[u8]; 5] = [b"abcdefgh", b"0123456789", b"abcdefgx", b"012345678", b"zz"];
        assert_eq!(by_likeness(&bodies), [1, 3, 0, 2, 4]);
        assert_eq!(by_likeness(&[]), [0_usize; 0]);
    }
}
