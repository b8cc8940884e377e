//! What would clear the findings: how far a version steps, and how its text is changed where it is written.
//!
//! - [`step`]: how far it is from one version to another.
//! - [`edit`]: another text in place of one that is written, and nothing else.
//! - [`mend`]: what is mended beside packages: addresses and interpreters.
//! - [`compile`]: the command that made a requirements file, as the file itself tells it.

pub mod compile;
pub mod edit;
pub mod mend;
pub mod step;

use crate::inputs::{self, Entry, Files, Inventory};

/// What one file says, read by itself.
fn read(path: &str, bytes: &[u8]) -> Inventory {
    inputs::read(&OneFile { path, bytes }, path)
}

struct OneFile<'a> {
    path: &'a str,
    bytes: &'a [u8],
}

impl Files for OneFile<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let is_it = inputs::join(path, "") == inputs::join(self.path, "");
        is_it
            .then(|| self.bytes.to_vec())
            .ok_or_else(|| "it is another file".to_owned())
    }

    fn list(&self, _: &str) -> Result<Vec<Entry>, String> {
        Err("it is a file".to_owned())
    }
}
