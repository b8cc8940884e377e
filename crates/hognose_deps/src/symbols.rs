//! What of a distribution an advisory is about: the functions and classes whose use is vulnerable.
//!
//! Facts in `data/symbols/*.toml`, each with its source. A symbol is an access path as the front end names what is called.
//! Some are vulnerable unless an argument is something: `unless` lists what it has to be.
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
    uses: FxHashMap<String, Vec<Use>>,
    modules: BTreeSet<String>,
}

/// An advisory that a symbol is vulnerable by.
#[derive(Debug)]
pub struct Use {
    /// The advisory's id.
    pub advisory: String,
    /// Which of the advisory's symbols it is: the first tells most.
    pub rank: usize,
    /// What makes a call harmless, any of it.
    pub unless: Vec<Unless>,
}

/// An argument by which a call is not what an advisory is about.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unless {
    /// The symbol this is said of. None: each of the advisory's.
    symbol: Option<String>,
    /// The argument's name.
    pub argument: String,
    /// Its place among those without a name, if it may stand there.
    pub at: Option<usize>,
    /// What it has to be: one of these.
    #[serde(default)]
    pub is: Vec<Harmless>,
    /// Whether a call without it is harmless.
    #[serde(default)]
    pub absent: bool,
}

/// A value of an argument.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Harmless {
    /// A constant.
    Is(bool),
    /// What has an access path, or a class below it.
    Path(String),
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
    #[serde(default)]
    unless: Vec<Unless>,
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
            for entry in read(file).unwrap_or_default() {
                for (rank, path) in entry.symbols.into_iter().enumerate() {
                    let top = path.split('.').next().unwrap_or_default();
                    all.modules.insert(top.to_owned());
                    let is_about = |unless: &&Unless| {
                        unless.symbol.as_ref().is_none_or(|symbol| *symbol == path)
                    };
                    let unless = entry.unless.iter().filter(is_about).cloned().collect();
                    all.uses.entry(path).or_default().push(Use {
                        advisory: entry.id.clone(),
                        rank,
                        unless,
                    });
                }
            }
        }
        all
    });
    &ALL
}

impl Symbols {
    /// The advisories that are about a symbol.
    pub fn uses(&self, path: &str) -> &[Use] {
        self.uses.get(path).map_or(&[], Vec::as_slice)
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
        let is_about = |path: &str, id: &str| all().uses(path).iter().any(|one| one.advisory == id);
        assert!(is_about("yaml.full_load", "CVE-2020-14343"));
        assert!(all().is_module("yaml") && all().uses("yaml.safe_load").is_empty());
        // What is said of one symbol is not said of the others.
        let places = ["bleach.clean", "bleach.sanitizer.Cleaner"].map(|path| {
            let uses = all().uses(path).iter();
            let mut places = uses.flat_map(|one| &one.unless);
            places.find_map(|unless| (unless.argument == "tags").then_some(unless.at))
        });
        assert_eq!(places, [Some(Some(1)), Some(Some(0))]);
    }

    #[test]
    fn an_advisory_is_told_once_and_names_callable_paths() {
        let mut ids = BTreeSet::new();
        for entry in entries() {
            assert!(ids.insert(entry.id.clone()), "{} twice", entry.id);
            assert!(!entry.symbols.is_empty(), "{} names nothing", entry.id);
            assert!(entry.source.starts_with("https://"), "{}", entry.id);
            for unless in &entry.unless {
                let symbol = unless.symbol.as_ref();
                assert!(
                    symbol.is_none_or(|symbol| entry.symbols.contains(symbol))
                        && (unless.absent || !unless.is.is_empty()),
                    "{}: {unless:?}",
                    entry.id
                );
            }
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
