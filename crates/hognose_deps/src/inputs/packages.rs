//! Many packages, as they were read.

use std::iter::Flatten;
use std::slice;

use super::inventory::{Package, Place};

/// The packages of many inputs, by place, in the lists they were read in. A large project has hundreds of thousands of
/// them, and one list of all would need the room twice while it is made.
#[derive(Clone, Debug, Default)]
pub struct Packages(Vec<Vec<Package>>);

impl Packages {
    /// Every package.
    pub fn iter(&self) -> Flatten<slice::Iter<'_, Vec<Package>>> {
        self.0.iter().flatten()
    }

    /// The packages of one file after the other.
    pub fn files(&self) -> impl Iterator<Item = &[Package]> {
        let is_one = |one: &Package, next: &Package| one.place.file == next.place.file;
        self.0.iter().flat_map(move |list| list.chunk_by(is_one))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Vec::is_empty)
    }

    /// Adds what was read in one input.
    pub(super) fn push(&mut self, mut list: Vec<Package>) {
        if !list.is_empty() {
            list.shrink_to_fit();
            self.0.push(list);
        }
    }

    /// Adds all of others.
    pub(super) fn append(&mut self, mut others: Self) {
        self.0.append(&mut others.0);
    }

    /// Keeps some of them.
    pub(super) fn retain(&mut self, mut is_kept: impl FnMut(&Package) -> bool) {
        for list in &mut self.0 {
            list.retain(&mut is_kept);
        }
        self.0.retain(|list| !list.is_empty());
    }

    /// Sorts them by place. Lists of different files follow one another; if any do not, all become one.
    pub(super) fn sort(&mut self) {
        for list in &mut self.0 {
            if !list.is_sorted_by_key(|package| &package.place) {
                list.sort_by(|a, b| a.place.cmp(&b.place));
            }
        }
        self.0.sort_by(|one, other| begin(one).cmp(&begin(other)));
        let follows = |one: &Vec<Package>, next: &Vec<Package>| {
            one.last().map(|package| &package.place) <= begin(next)
        };
        if !self.0.is_sorted_by(follows) {
            let mut all: Vec<Package> = std::mem::take(&mut self.0).into_iter().flatten().collect();
            all.sort_by(|a, b| a.place.cmp(&b.place));
            self.push(all);
        }
    }
}

fn begin(list: &[Package]) -> Option<&Place> {
    list.first().map(|package| &package.place)
}

impl<'p> IntoIterator for &'p Packages {
    type Item = &'p Package;
    type IntoIter = Flatten<slice::Iter<'p, Vec<Package>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Packages {
    type Item = Package;
    type IntoIter = Flatten<std::vec::IntoIter<Vec<Package>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().flatten()
    }
}
