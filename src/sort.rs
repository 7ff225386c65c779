//! One sort for rows of every type, over their places: `std`'s own would be 5 kB of wasm for each type that it sorts.

use alloc::vec::Vec;
use core::cmp::Ordering;

/// Sorts rows; equal ones keep their order.
pub fn sort<T: Ord>(rows: &mut [T]) {
    sort_by(rows, &T::cmp);
}

/// Sorts rows, and keeps one of equal ones.
pub fn sort_distinct<T: Ord>(rows: &mut Vec<T>) {
    sort(rows);
    rows.dedup();
}

/// Sorts rows by `compare`; equal ones keep their order.
pub fn sort_by<T>(rows: &mut [T], compare: &dyn Fn(&T, &T) -> Ordering) {
    let by_place = |a: usize, b: usize| match (rows.get(a), rows.get(b)) {
        (Some(a), Some(b)) => compare(a, b),
        _ => Ordering::Equal,
    };
    for (place, from) in moves(rows.len(), &by_place).into_iter().enumerate() {
        rows.swap(place, from);
    }
}

/// With what each place in turn has to be swapped. Not generic, so it is there once.
#[inline(never)]
fn moves(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    if places.is_sorted_by(|a, b| compare(*a, *b) != Ordering::Greater) {
        return Vec::new();
    }
    merge_sort(&mut places, compare);
    for place in 0..count {
        // What stood at a place before this one has been swapped away: to where that place's own entry now says.
        let mut from = place;
        while let Some(next) = places.get(from).copied() {
            from = next;
            if from >= place {
                break;
            }
        }
        if let Some(entry) = places.get_mut(place) {
            *entry = from;
        }
    }
    places
}

/// Merges runs of twice the length until there is one; `std`'s sorts are made for speed and are 3 kB of the npm package.
fn merge_sort(places: &mut Vec<usize>, compare: &dyn Fn(usize, usize) -> Ordering) {
    let mut run = 1_usize;
    while run < places.len() {
        let mut merged = Vec::with_capacity(places.len());
        for pair in places.chunks(run.saturating_mul(2)) {
            let (mut left, mut right) = pair.split_at_checked(run).unwrap_or((pair, &[]));
            while let (Some((first, later)), Some((second, behind))) = (left.split_first(), right.split_first()) {
                if compare(*first, *second) == Ordering::Greater {
                    merged.push(*second);
                    right = behind;
                } else {
                    merged.push(*first);
                    left = later;
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        *places = merged;
        run = run.saturating_mul(2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_like_std_and_keeps_the_order_of_equals() {
        let mut seed: u64 = 1;
        for count in 0..200_u64 {
            let mut rows = Vec::new();
            for place in 0..count {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                rows.push(((seed >> 33) % (count / 2 + 1), place));
            }
            let mut expected = rows.clone();
            expected.sort_by_key(|row| row.0);
            sort_by(&mut rows, &|a, b| a.0.cmp(&b.0));
            assert_eq!(rows, expected);
        }
    }

    #[test]
    fn keeps_one_of_equals() {
        let mut rows = vec![3, 1, 2, 3, 1];
        sort_distinct(&mut rows);
        assert_eq!(rows, [1, 2, 3]);
    }
}
