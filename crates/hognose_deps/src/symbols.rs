//! What of a distribution an advisory is about: the functions and classes whose use is vulnerable.
//!
//! Facts in `data/symbols/*.toml`, each with its source. A symbol is an access path as the front end names what is called.
//! An advisory on what runs in every use of a distribution, as the parser of a server does, is left out on purpose: nothing
//! more than the import can be told of it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use serde::Deserialize;

/// The files of facts.
const FILES: &[&str] = &[
    include_str!("../data/symbols/commands.toml"),
    include_str!("../data/symbols/data.toml"),
    include_str!("../data/symbols/documents.toml"),
    include_str!("../data/symbols/html.toml"),
    include_str!("../data/symbols/models.toml"),
    include_str!("../data/symbols/serialization.toml"),
    include_str!("../data/symbols/templates.toml"),
    include_str!("../data/symbols/tokens.toml"),
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
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the reader of the file checks it")
    )]
    source: String,
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
    use std::collections::BTreeSet;

    use super::{Entry, FILES, all, read};

    fn entries() -> Vec<Entry> {
        FILES.iter().flat_map(|file| read(file).unwrap()).collect()
    }

    #[test]
    fn every_file_is_read() {
        for file in FILES {
            assert!(!read(file).unwrap().is_empty());
        }
        assert!(
            all()
                .of("CVE-2020-14343")
                .any(|path| path == "yaml.full_load")
        );
        assert!(all().is_module("yaml") && all().contains("yaml.load"));
    }

    #[test]
    fn an_advisory_is_told_once_and_names_callable_paths() {
        let mut ids = BTreeSet::new();
        for entry in entries() {
            assert!(ids.insert(entry.id.clone()), "{} twice", entry.id);
            assert!(!entry.symbols.is_empty(), "{} names nothing", entry.id);
            assert!(entry.source.starts_with("https://"), "{}", entry.id);
            for path in &entry.symbols {
                let is_name = |part: &str| {
                    let name = part.trim_end_matches("()");
                    !name.is_empty()
                        && name
                            .bytes()
                            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                };
                // What is looked up is what stands before the parentheses of a call.
                assert!(
                    path.contains('.') && !path.ends_with(')') && path.split('.').all(is_name),
                    "{}: {path}",
                    entry.id
                );
            }
        }
    }

    /// The vulnerable symbols of the most used packages are known: each has a module of its own at least.
    #[test]
    fn most_used_packages_have_symbols() {
        for module in [
            "PIL",
            "aiohttp",
            "bleach",
            "django",
            "fastapi",
            "flask",
            "git",
            "httpx",
            "jinja2",
            "joblib",
            "jwt",
            "langchain",
            "lxml",
            "mistune",
            "nltk",
            "numpy",
            "pandas",
            "pyarrow",
            "pygments",
            "setuptools",
            "sqlalchemy",
            "sqlparse",
            "starlette",
            "torch",
            "twisted",
            "urllib3",
            "werkzeug",
            "yaml",
        ] {
            assert!(all().is_module(module), "{module}");
        }
        assert!(all().modules.len() >= 40, "{}", all().modules.len());
    }
}
