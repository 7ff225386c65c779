//! Rows by key, in key order. One map type serves every row type, so that the component carries its code once (each further
//! `BTreeMap<K, V>` costs about 8 kB of wasm).

use crate::kinds::Key;
use crate::list::Listed;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Rows of one type by key.
#[derive(Clone, Debug, PartialEq)]
pub struct Table<T> {
    index: BTreeMap<Key, usize>,
    rows: Vec<T>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { index: BTreeMap::new(), rows: Vec::new() }
    }
}

impl<T> Table<T> {
    /// Adds a row, or replaces the one with this key.
    pub fn insert(&mut self, key: Key, row: T) {
        match self.index.get(&key).and_then(|place| self.rows.get_mut(*place)) {
            Some(old) => *old = row,
            None => {
                self.index.insert(key, self.rows.len());
                self.rows.push(row);
            }
        }
    }

    /// The row of a key.
    pub fn get(&self, key: &Key) -> Option<&T> {
        self.rows.get(*self.index.get(key)?)
    }

    /// The row of a key, for changing it.
    pub fn get_mut(&mut self, key: &Key) -> Option<&mut T> {
        self.rows.get_mut(*self.index.get(key)?)
    }

    /// Whether there is a row with this key.
    pub fn contains_key(&self, key: &Key) -> bool {
        self.index.contains_key(key)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.index.keys()
    }

    /// Keys and rows in key order.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &T)> {
        self.index.iter().filter_map(|(key, place)| Some((key, self.rows.get(*place)?)))
    }

    /// Changes every row.
    pub fn change_all(&mut self, change: impl FnMut(&mut T)) {
        self.rows.iter_mut().for_each(change);
    }

    /// The rows in key order, without their keys.
    pub fn into_rows(self) -> Vec<T> {
        let mut rows: Vec<Option<T>> = self.rows.into_iter().map(Some).listed();
        self.index.into_values().filter_map(|place| rows.get_mut(place)?.take()).listed()
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
