//! Lists from iterators. `collect` and `extend` bring half a dozen functions of their own into the component for every chain of
//! iterators (together a tenth of the npm form); these bring the chain's `next` alone.

use alloc::vec::Vec;

/// An iterator that becomes a list.
pub trait Listed: Iterator + Sized {
    /// As `collect`.
    fn listed(self) -> Vec<Self::Item>;
}

impl<I: Iterator> Listed for I {
    fn listed(mut self) -> Vec<I::Item> {
        let mut list = Vec::new();
        push_all(&mut list, &mut self);
        list
    }
}

/// A list that grows by many.
pub trait AddAll<T> {
    /// As `extend`.
    fn add_all(&mut self, items: impl IntoIterator<Item = T>);
}

impl<T> AddAll<T> for Vec<T> {
    fn add_all(&mut self, items: impl IntoIterator<Item = T>) {
        let mut items = items.into_iter();
        push_all(self, &mut items);
    }
}

/// Not generic over the iterator, so it is there once for each type of item.
#[inline(never)]
fn push_all<T>(list: &mut Vec<T>, items: &mut dyn Next<T>) {
    while let Some(item) = items.next_item() {
        list.push(item);
    }
}

/// `Iterator` with one method: as a trait object it would have five, a closure two.
pub trait Next<T> {
    /// As `next`.
    fn next_item(&mut self) -> Option<T>;
}

impl<I: Iterator> Next<I::Item> for I {
    fn next_item(&mut self) -> Option<I::Item> {
        self.next()
    }
}
