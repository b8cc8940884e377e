//! The texts of files that findings stand in.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use hognose_deps::inputs::{Files, Inventory, Role};

use super::comments;

/// Reads each file once.
pub struct Texts<'f, F> {
    files: &'f F,
    known: RefCell<BTreeMap<Arc<str>, Option<Arc<str>>>>,
}

impl<'f, F: Files> Texts<'f, F> {
    /// Nothing read so far.
    pub fn new(files: &'f F) -> Self {
        Self {
            files,
            known: RefCell::default(),
        }
    }

    /// The text of a file; none if it cannot be read.
    pub fn get(&self, file: &str) -> Option<Arc<str>> {
        if let Some(text) = self.known.borrow().get(file) {
            return text.clone();
        }
        let bytes = self.files.read(file).ok();
        let text: Option<Arc<str>> = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into());
        self.known.borrow_mut().insert(file.into(), text.clone());
        text
    }

    /// Reads what people wrote, interpreters they name included, and keeps it if it may hold comments for us.
    pub fn look_for_comments(&self, inventory: &Inventory, interpreters: &[String]) {
        let inputs = inventory.inputs.iter();
        let manifests = inputs
            .filter(|input| input.role == Role::Manifest)
            .map(|input| &*input.path);
        let written = manifests.chain(interpreters.iter().map(String::as_str));
        for path in written.filter(|path| comments::has_comments(path)) {
            if self.known.borrow().contains_key(path) {
                continue;
            }
            if !self.get(path).is_some_and(|text| comments::may_hold(&text)) {
                self.known.borrow_mut().remove(path);
            }
        }
    }

    /// The texts that were read.
    pub fn all(self) -> BTreeMap<Arc<str>, Arc<str>> {
        let known = self.known.into_inner().into_iter();
        known
            .filter_map(|(file, text)| Some((file, text?)))
            .collect()
    }
}
