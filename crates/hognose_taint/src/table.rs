//! A vector whose copies share what none of them changes: what holds at a point is copied at every branch, and the branches
//! differ in little.

use std::ops::{Index, IndexMut, Range};
use std::sync::Arc;

/// Elements that are shared or copied together.
const CHUNK: usize = 16;

/// See the module.
#[derive(Debug, Clone)]
pub struct Table<T> {
    /// All of them of [`CHUNK`] elements but the last.
    chunks: Arc<Vec<Arc<Vec<T>>>>,
    length: usize,
}

impl<T> Table<T> {
    /// Whether two are the same, without a look inside.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.chunks, &other.chunks)
    }

    /// The number of elements.
    pub(crate) const fn len(&self) -> usize {
        self.length
    }

    /// An element.
    pub fn get(&self, at: usize) -> Option<&T> {
        self.chunks.get(at / CHUNK)?.get(at % CHUNK)
    }

    /// All elements.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }

    /// Where the elements of two may differ.
    pub fn differences(&self, other: &Self) -> Vec<Range<usize>> {
        let common = self.length.min(other.length);
        let pairs = self.chunks.iter().zip(&*other.chunks).enumerate();
        pairs
            .filter(|(_, (mine, theirs))| !Arc::ptr_eq(mine, theirs))
            .map(|(at, _)| at * CHUNK..common.min((at + 1) * CHUNK))
            .collect()
    }
}

impl<T: Clone> Table<T> {
    /// An element to change.
    pub fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        if at >= self.length {
            return None;
        }
        let chunk = &mut Arc::make_mut(&mut self.chunks)[at / CHUNK];
        Arc::make_mut(chunk).get_mut(at % CHUNK)
    }

    /// Fills up to a length.
    pub fn grow(&mut self, length: usize, with: T) {
        if length <= self.length {
            return;
        }
        let chunks = Arc::make_mut(&mut self.chunks);
        if let Some(last) = chunks.last_mut() {
            let full = CHUNK.min(last.len() + length - self.length);
            if full > last.len() {
                Arc::make_mut(last).resize(full, with.clone());
            }
        }
        let mut filled = chunks.len().saturating_sub(1) * CHUNK;
        filled += chunks.last().map_or(0, |last| last.len());
        while filled < length {
            let size = CHUNK.min(length - filled);
            chunks.push(Arc::new(vec![with.clone(); size]));
            filled += size;
        }
        self.length = length;
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            chunks: Arc::default(),
            length: 0,
        }
    }
}

impl<T: PartialEq> PartialEq for Table<T> {
    fn eq(&self, other: &Self) -> bool {
        self.length == other.length
            && (self.is(other)
                || self
                    .chunks
                    .iter()
                    .zip(&*other.chunks)
                    .all(|(mine, theirs)| Arc::ptr_eq(mine, theirs) || mine == theirs))
    }
}

impl<T: Eq> Eq for Table<T> {}

impl<T> Index<usize> for Table<T> {
    type Output = T;

    fn index(&self, at: usize) -> &T {
        &self.chunks[at / CHUNK][at % CHUNK]
    }
}

impl<T: Clone> IndexMut<usize> for Table<T> {
    fn index_mut(&mut self, at: usize) -> &mut T {
        &mut Arc::make_mut(&mut Arc::make_mut(&mut self.chunks)[at / CHUNK])[at % CHUNK]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_differ_where_one_was_changed() {
        let mut one: Table<usize> = Table::default();
        for length in [3, 16, 17, 40, 70] {
            one.grow(length, length);
            assert_eq!(one.len(), length);
            assert_eq!(one.iter().count(), length);
            assert_eq!(one.get(length - 1), Some(&length));
            assert_eq!(one.get(length), None);
        }
        let mut other = one.clone();
        assert!(other.is(&one) && one.differences(&other).is_empty());
        other[20] = 1;
        assert_eq!(one[20], 40);
        let ranges = one.differences(&other);
        assert_eq!((ranges.len(), ranges[0].clone()), (1, 16..32));
        assert!(one != other);
        other[20] = 40;
        assert!(one == other);
        other.grow(100, 5);
        assert_eq!(one.differences(&other).last(), Some(&(64..70)));
        assert_eq!(other.get_mut(99), Some(&mut 5));
        assert_eq!(other.get_mut(100), None);
    }
}
