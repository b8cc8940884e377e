//! What many inputs say alike is kept once.

use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};

use super::inventory::{Origin, Package, Pin, Wanted};

/// Names, versions, markers and origins, each once. A tree of projects installs the same packages again and again.
#[derive(Default)]
pub(super) struct Shared(Mutex<Known>);

#[derive(Default)]
struct Known {
    texts: FxHashSet<Arc<str>>,
    /// By what is written, which decides all of a pin.
    pins: FxHashMap<Arc<str>, Arc<Pin>>,
    origins: FxHashSet<Arc<Origin>>,
}

impl Shared {
    /// Replaces what packages hold by equal things that are held already.
    pub fn keep_once(&self, packages: &mut Vec<Package>) {
        packages.shrink_to_fit();
        // Nothing in the tables is half made, whatever ended in the middle of this.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for package in packages {
            package.name.share(&mut known.texts);
            share(&mut package.written, &mut known.texts);
            if let Some(marker) = &mut package.marker {
                share(marker, &mut known.texts);
            }
            for name in &mut package.requires {
                name.share(&mut known.texts);
            }
            share(&mut package.origin, &mut known.origins);
            if let Wanted::Pinned(pin) = &mut package.wanted {
                let same = known.pins.entry(Arc::clone(&pin.written));
                *pin = Arc::clone(same.or_insert_with(|| Arc::clone(pin)));
            }
            package.extras.shrink_to_fit();
            package.groups.shrink_to_fit();
            package.requires.shrink_to_fit();
        }
    }
}

/// Replaces something by what is equal to it and known already, or makes it known.
pub(crate) fn share<T: Eq + Hash + ?Sized>(one: &mut Arc<T>, known: &mut FxHashSet<Arc<T>>) {
    match known.get(&**one) {
        Some(same) => *one = Arc::clone(same),
        None => {
            known.insert(Arc::clone(one));
        }
    }
}
