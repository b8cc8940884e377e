//! Dependencies and interpreters in an audit: of the files it has found, without looking at the disk again.

use std::collections::BTreeMap;
use std::sync::Arc;

use hognose_deps::advisories::index::Index;
use hognose_deps::date;
use hognose_deps::hygiene::{self, Rule};
use hognose_deps::inputs::{Entry, Files, Inventory, discover};
use hognose_deps::interpreter::sources::is_source;
use hognose_deps::name::Name;
use hognose_finding::{Date, Finding, Note, RuleMeta};
use hognose_python::{Project, SourceEntry, SourceKind, Sources};
use hognose_rules::is_test_path;

use super::findings::{self, END_OF_LIFE_PYTHON, VULNERABLE_DEPENDENCY};
use super::reach::Code;
use super::{Answers, InterpreterAnswer, Texts, interpreter_uses};
use crate::configuration::AcceptedAdvisory;

/// What an audit finds of them.
#[derive(Default)]
pub struct Found {
    /// Findings of the rules on what is installed.
    pub findings: Vec<Finding>,
    /// Why something was not judged.
    pub notes: Vec<Note>,
    /// Texts of the files that the findings stand in, and of those whose comments may speak of them.
    pub texts: BTreeMap<Arc<str>, Arc<str>>,
}

/// The advisories that are accepted, and where that is said.
#[derive(Debug, Clone, Default)]
pub struct Accepting {
    /// The entries.
    pub entries: Vec<AcceptedAdvisory>,
    /// The name of the configuration file.
    pub configuration: Arc<str>,
}

/// Judges what the inputs among the sources pin, how they ask for it, and the interpreters they name, by the rules that
/// are not disabled. `advisories` opens the database, which is done only if there is something to judge.
pub fn check(
    sources: &dyn Sources,
    program: &Project,
    rules: &[&RuleMeta],
    accepted: &Accepting,
    advisories: fn() -> Result<Index, String>,
    today: Date,
) -> Found {
    let mut found = Found::default();
    let rule = |id: &str| rules.iter().find(|rule| rule.id == id).copied();
    let tree = Tree::new(sources, program);
    let texts = Texts::new(&tree);
    let text = |file: &str| texts.get(file);
    // Without a day, which only a caller without a calendar has, nothing has ended.
    let day = date::Date::parse(&today.to_string());
    let of_packages = rules.iter().any(|rule| {
        rule.id == VULNERABLE_DEPENDENCY || Rule::ALL.iter().any(|one| one.id() == rule.id)
    });
    let named: Vec<String> = tree
        .by_path
        .keys()
        .filter(|path| is_source(path))
        .map(|path| (*path).to_owned())
        .collect();
    if of_packages && tree.has_inputs() {
        let inventory = discover(&tree, "");
        texts.look_for_comments(&inventory, &named);
        match advisories()
            .and_then(|index| packages(&inventory, &index, program, rules, accepted, day, &text))
        {
            Ok((mut findings, notes)) => {
                found.findings.append(&mut findings);
                found
                    .notes
                    .extend(notes.into_iter().map(|text| Note { file: None, text }));
            }
            Err(reason) => found.notes.push(Note {
                file: None,
                text: format!("dependencies were not judged: {reason}"),
            }),
        }
    }
    if let (Some(rule), Some(day)) = (rule(END_OF_LIFE_PYTHON), day) {
        // Images and versions that tests are made with run nothing of the project's.
        let of_tests = |path: &str| {
            let around = program.own_path(path).rsplit_once('/');
            around.is_some_and(|(around, _)| is_test_path(&format!("{around}/Dockerfile")))
        };
        let mut run = named;
        run.retain(|path| !of_tests(path));
        match InterpreterAnswer::of(interpreter_uses(&tree, &run), day) {
            Ok(answers) => {
                found
                    .findings
                    .append(&mut findings::interpreters(&answers, rule, &text));
            }
            Err(reason) => found.notes.push(Note {
                file: None,
                text: format!("interpreters were not judged: {reason}"),
            }),
        }
    }
    found.texts = texts.all();
    found
}

fn packages(
    inventory: &Inventory,
    index: &Index,
    program: &Project,
    rules: &[&RuleMeta],
    accepted: &Accepting,
    day: Option<date::Date>,
    text: &dyn Fn(&str) -> Option<Arc<str>>,
) -> Result<(Vec<Finding>, Vec<String>), String> {
    let day = day
        .or_else(|| date::Date::from_days(0))
        .ok_or("there is no day")?;
    let is_known = |name: &Name| matches!(index.package(name), Ok(Some(_)));
    let defects = hygiene::judge(inventory, program.asked(), day, &is_known);
    let mut found = findings::hygiene(&defects, rules, text);
    let rule = rules.iter().find(|rule| rule.id == VULNERABLE_DEPENDENCY);
    let Some(rule) = rule.filter(|_| !inventory.packages.is_empty()) else {
        return Ok((found, Vec::new()));
    };
    let mut answers =
        Answers::new(inventory, index, &|_| false).map_err(|damage| damage.to_string())?;
    if answers.any() {
        answers.look_into(&Code::new(program));
    }
    let notes = answers.accept(&accepted.entries, &accepted.configuration, day);
    found.append(&mut findings::packages(&answers, rule, text));
    Ok((found, notes))
}

/// The sources as a tree of directories. Code is left out, but for what can name dependencies itself.
struct Tree<'s> {
    sources: &'s dyn Sources,
    by_path: BTreeMap<&'s str, &'s SourceEntry>,
    directories: BTreeMap<&'s str, BTreeMap<&'s str, bool>>,
}

/// How a script says that it has requirements of its own.
const SCRIPT_HEADER: &str = "# /// script";

impl<'s> Tree<'s> {
    fn new(sources: &'s dyn Sources, program: &Project) -> Self {
        let mut tree = Self {
            sources,
            by_path: BTreeMap::new(),
            directories: BTreeMap::new(),
        };
        for entry in sources.entries() {
            let path: &'s str = &entry.path;
            let name = path.rsplit('/').next().unwrap_or_default();
            let counts = match entry.kind {
                SourceKind::Other => true,
                SourceKind::Module => {
                    matches!(
                        name,
                        "setup.py" | "noxfile.py" | "manage.py" | "__init__.py"
                    ) || program
                        .text_of(path)
                        .is_some_and(|text| text.as_str().contains(SCRIPT_HEADER))
                }
                SourceKind::Stub | SourceKind::Notebook | SourceKind::Template => false,
            };
            // A file named from elsewhere has an absolute path, and no place in the tree.
            if counts && !path.starts_with('/') {
                tree.add(path);
                tree.by_path.insert(path, entry);
            }
        }
        tree
    }

    fn add(&mut self, path: &'s str) {
        let mut path = path;
        let mut is_directory = false;
        loop {
            let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
            let known = self.directories.entry(directory).or_default();
            if known.insert(name, is_directory).is_some() && is_directory || directory.is_empty() {
                return;
            }
            path = directory;
            is_directory = true;
        }
    }

    /// Whether there is anything but code.
    fn has_inputs(&self) -> bool {
        self.by_path
            .keys()
            .any(|path| !path.ends_with("__init__.py"))
    }
}

impl Files for Tree<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let entry = self.by_path.get(path).ok_or("there is no such file")?;
        self.sources.read(entry)
    }

    fn list(&self, directory: &str) -> Result<Vec<Entry>, String> {
        let known = self.directories.get(directory);
        // An audit of no files has an empty root, which is a directory all the same.
        if known.is_none() && !directory.is_empty() {
            return Err("there is no such directory".to_owned());
        }
        let entries = known
            .into_iter()
            .flatten()
            .map(|(name, is_directory)| Entry {
                name: (*name).to_owned(),
                is_directory: *is_directory,
            });
        Ok(entries.collect())
    }
}
