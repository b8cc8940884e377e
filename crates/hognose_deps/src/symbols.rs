//! What of a distribution an advisory is about: the functions and classes whose use is vulnerable.
//!
//! Facts in `data/symbols/*.toml`, each with its source. A symbol is an access path as the front end names what is called.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use serde::Deserialize;

/// The files of facts.
const FILES: &[&str] = &[
    include_str!("../data/symbols/serialization.toml"),
    include_str!("../data/symbols/web.toml"),
];

/// Every known vulnerable symbol.
#[derive(Debug, Default)]
pub struct Symbols {
    by_id: FxHashMap<String, Vec<String>>,
    paths: BTreeSet<String>,
    modules: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    advisory: Vec<Entry>,
}

/// An advisory's id and its symbols.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    symbols: Vec<String>,
    /// For the reader of the file.
    #[serde(rename = "source")]
    _source: String,
}

fn read(file: &str) -> Result<Vec<Entry>, toml::de::Error> {
    toml::from_str(file).map(|file: File| file.advisory)
}

/// The facts built into the program.
pub fn all() -> &'static Symbols {
    static ALL: LazyLock<Symbols> = LazyLock::new(|| {
        let mut all = Symbols::default();
        for file in FILES {
            // The test below sees that every file is read.
            for Entry { id, symbols, .. } in read(file).unwrap_or_default() {
                for path in &symbols {
                    let top = path.split('.').next().unwrap_or_default();
                    all.modules.insert(top.to_owned());
                    all.paths.insert(path.clone());
                }
                all.by_id.entry(id).or_default().extend(symbols);
            }
        }
        all
    });
    &ALL
}

impl Symbols {
    /// The symbols an advisory is about, by any of its ids.
    pub fn of(&self, id: &str) -> impl Iterator<Item = &str> {
        self.by_id.get(id).into_iter().flatten().map(String::as_str)
    }

    /// Whether some advisory is about a symbol.
    pub fn contains(&self, path: &str) -> bool {
        self.paths.contains(path)
    }

    /// Whether some advisory is about a symbol of a top-level module.
    pub fn is_module(&self, top: &str) -> bool {
        self.modules.contains(top)
    }
}

#[cfg(test)]
mod tests {
    use super::{FILES, all, read};

    #[test]
    fn every_file_is_read() {
        for file in FILES {
            let entries = read(file).unwrap();
            assert!(!entries.is_empty() && entries.iter().all(|entry| !entry.symbols.is_empty()));
        }
        assert!(
            all()
                .of("CVE-2020-14343")
                .any(|path| path == "yaml.full_load")
        );
        assert!(all().is_module("yaml") && all().contains("yaml.load"));
    }
}
