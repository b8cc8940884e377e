//! Where source texts come from: the one door through which an audited project enters.
//!
//! A disk tree, an editor's buffers, a git revision, an archive and a test page all answer this interface, so that they
//! are analysed alike. Nothing behind it is ever executed.

use std::sync::Arc;

/// What a file is, as far as it matters to which part reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// Python: `.py`, `.pyw`, or a script with a Python shebang.
    Module,
    /// A stub, read for its types only.
    Stub,
    /// A Jupyter notebook.
    Notebook,
    /// An HTML or other template.
    Template,
    /// Anything else a rule or inventory may read: configuration, lock files, Dockerfile.
    Other,
}

/// A file that exists, unread.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceEntry {
    /// Path with `/` separators, relative to the audited root where it lies below it.
    pub path: Arc<str>,
    /// What it is.
    pub kind: SourceKind,
}

/// A set of files, listed once and read on demand from any thread.
pub trait Sources: Sync {
    /// All files, sorted by path, without doubles.
    fn entries(&self) -> &[SourceEntry];

    /// The bytes of a file.
    ///
    /// # Errors
    /// A sentence saying why it cannot be read; it becomes a failure in the report.
    fn read(&self, entry: &SourceEntry) -> Result<Vec<u8>, String>;
}

/// Files held in memory: editor buffers, test pages, standard input.
#[derive(Debug, Clone, Default)]
pub struct MemorySources {
    entries: Vec<SourceEntry>,
    contents: Vec<Vec<u8>>,
}

impl MemorySources {
    /// Takes files as (path, kind, bytes); of two with one path the last stays.
    pub fn new(files: impl IntoIterator<Item = (String, SourceKind, Vec<u8>)>) -> Self {
        let map: std::collections::BTreeMap<String, (SourceKind, Vec<u8>)> = files
            .into_iter()
            .map(|(path, kind, bytes)| (path, (kind, bytes)))
            .collect();
        let mut sources = Self::default();
        for (path, (kind, bytes)) in map {
            sources.entries.push(SourceEntry {
                path: path.into(),
                kind,
            });
            sources.contents.push(bytes);
        }
        sources
    }
}

impl Sources for MemorySources {
    fn entries(&self) -> &[SourceEntry] {
        &self.entries
    }

    fn read(&self, entry: &SourceEntry) -> Result<Vec<u8>, String> {
        self.entries
            .binary_search_by(|e| e.path.cmp(&entry.path))
            .map(|index| self.contents[index].clone())
            .map_err(|_| "there is no such file".to_owned())
    }
}
