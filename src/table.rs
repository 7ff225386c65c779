//! Rows by key, in key order. One map type serves every row type, so that the component carries its code once (each `BTreeMap<K, V>`
//! costs about 8 kB of wasm).

use crate::kinds::Key;
use crate::list::Listed;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// Rows of one type by key.
#[derive(Clone, Debug)]
pub struct Table<T> {
    index: Index,
    rows: Vec<T>,
}

/// Where the row of a key is. Rows stay where they were added, so that adding one moves no more than numbers.
#[derive(Clone, Debug, Default)]
struct Index {
    /// The key of each row.
    keys: Vec<Key>,
    /// The rows in the order of their keys.
    order: Vec<usize>,
}

impl Index {
    /// Where in the order a key is, or would be.
    fn find(&self, key: &Key) -> Result<usize, usize> {
        let last = self.order.last().and_then(|row| self.keys.get(*row));
        if last.is_none_or(|last| last < key) {
            return Err(self.order.len());
        }
        self.order.binary_search_by(|row| self.keys.get(*row).map_or(Ordering::Less, |known| known.cmp(key)))
    }

    fn row(&self, key: &Key) -> Option<usize> {
        self.order.get(self.find(key).ok()?).copied()
    }

    /// The row of a key; a new key is that of a row at the end.
    fn add(&mut self, key: Key) -> Option<usize> {
        match self.find(&key) {
            Ok(place) => self.order.get(place).copied(),
            Err(place) => {
                self.order.insert(place, self.keys.len());
                self.keys.push(key);
                None
            }
        }
    }

    /// Takes a key out; the last row is to move to where its row was.
    fn remove(&mut self, key: &Key) -> Option<usize> {
        let place = self.find(key).ok()?;
        let last = self.keys.last().and_then(|last| self.find(last).ok())?;
        let row = self.order.get(place).copied()?;
        *self.order.get_mut(last)? = row;
        self.order.remove(place);
        self.keys.swap_remove(row);
        Some(row)
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { index: Index::default(), rows: Vec::new() }
    }
}

impl<T: PartialEq> PartialEq for Table<T> {
    fn eq(&self, other: &Self) -> bool {
        self.rows.len() == other.rows.len() && self.iter().zip(other.iter()).all(|(one, other)| one == other)
    }
}

impl<T> Table<T> {
    /// Adds a row, or replaces the one with this key and gives that back.
    pub fn insert(&mut self, key: Key, row: T) -> Option<T> {
        match self.index.add(key).and_then(|place| self.rows.get_mut(place)) {
            Some(old) => Some(core::mem::replace(old, row)),
            None => {
                self.rows.push(row);
                None
            }
        }
    }

    /// The row of a key.
    pub fn get(&self, key: &Key) -> Option<&T> {
        self.rows.get(self.index.row(key)?)
    }

    /// The row of a key, for changing it.
    pub fn get_mut(&mut self, key: &Key) -> Option<&mut T> {
        self.rows.get_mut(self.index.row(key)?)
    }

    /// Takes the row of a key out.
    pub fn remove(&mut self, key: &Key) -> Option<T> {
        self.index.remove(key).map(|row| self.rows.swap_remove(row))
    }

    /// Whether there is a row with this key.
    pub fn contains_key(&self, key: &Key) -> bool {
        self.index.find(key).is_ok()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.index.order.iter().filter_map(|row| self.index.keys.get(*row))
    }

    /// Keys and rows in key order.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &T)> {
        self.at(&self.index.order)
    }

    /// Keys and rows in key order, from this key on.
    pub fn since<'a>(&'a self, key: &Key) -> impl Iterator<Item = (&'a Key, &'a T)> + use<'a, T> {
        let (Ok(place) | Err(place)) = self.index.find(key);
        self.at(self.index.order.get(place..).unwrap_or_default())
    }

    fn at<'a>(&'a self, rows: &'a [usize]) -> impl Iterator<Item = (&'a Key, &'a T)> {
        rows.iter().filter_map(|row| Some((self.index.keys.get(*row)?, self.rows.get(*row)?)))
    }

    /// The rows in key order.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.iter().map(|(_, row)| row)
    }

    /// Adds all rows of another table.
    pub fn add_all(&mut self, other: Self) {
        for (key, row) in other.index.keys.into_iter().zip(other.rows) {
            self.insert(key, row);
        }
    }

    /// Changes every row.
    pub fn change_all(&mut self, change: impl FnMut(&mut T)) {
        self.rows.iter_mut().for_each(change);
    }

    /// The rows in key order, without their keys.
    pub fn into_rows(self) -> Vec<T> {
        self.into_iter().map(|(_, row)| row).listed()
    }
}

impl<T: Default> Table<T> {
    /// The row of a key; a default one where there is none.
    pub fn or_default(&mut self, key: &Key) -> Option<&mut T> {
        if !self.contains_key(key) {
            self.insert(key.clone(), T::default());
        }
        self.get_mut(key)
    }
}

impl<T> IntoIterator for Table<T> {
    type Item = (Key, T);
    type IntoIter = alloc::vec::IntoIter<(Key, T)>;

    /// Keys and rows in key order.
    fn into_iter(self) -> Self::IntoIter {
        let mut pairs: Vec<Option<(Key, T)>> = self.index.keys.into_iter().zip(self.rows).map(Some).listed();
        self.index.order.into_iter().filter_map(|row| pairs.get_mut(row)?.take()).listed().into_iter()
    }
}

impl<T> FromIterator<(Key, T)> for Table<T> {
    fn from_iter<I: IntoIterator<Item = (Key, T)>>(rows: I) -> Self {
        let mut table = Self::default();
        for (key, row) in rows {
            table.insert(key, row);
        }
        table
    }
}

impl<T> core::ops::Index<&Key> for Table<T> {
    type Output = T;

    /// The row of a key that is there.
    #[allow(clippy::expect_used, reason = "indexing is denied in the core; tests know their keys")]
    fn index(&self, key: &Key) -> &T {
        self.get(key).expect("the key is in the table")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::Kind;
    use std::collections::BTreeMap;

    #[test]
    fn is_a_map() {
        let (mut table, mut map, mut seed) = (Table::default(), BTreeMap::new(), 1_u64);
        for row in 0..3000_u64 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let key = Key::new(Kind::Model, "ns", &format!("m-{}", (seed >> 33) % 97));
            if seed >> 63 == 0 {
                assert_eq!(table.insert(key.clone(), row), map.insert(key, row));
            } else {
                assert_eq!(table.remove(&key), map.remove(&key));
            }
            assert!(table.iter().eq(map.iter()) && table.keys().eq(map.keys()) && table.len() == map.len());
        }
        assert!(table.keys().all(|key| table.contains_key(key) && table.get(key) == map.get(key)));
        assert_eq!(table.into_rows(), map.into_values().collect::<Vec<_>>());
    }
}
