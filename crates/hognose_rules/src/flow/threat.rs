//! Whose data is untrusted: which kinds of sources count in a run, and why.
//!
//! An application is attacked by what it is sent. A distribution that is made to be imported is attacked through whoever hands
//! foreign data to its public functions. Which of the two a project is, its packaging metadata and its entry points say.

use hognose_python::ir::*;
use hognose_python::{Evaluator, ModuleId, Project, SourceKind, Sources};
use hognose_taint::{Chosen, Entered};

use crate::registry::Registry;
use crate::test_code;
use crate::vendored::is_vendored_name;

/// Kinds of sources that a run can be told to look at; all others are asked for by rules, by name.
pub const SOURCE_KINDS: [&str; 6] = [
    "remote",
    "local",
    "library",
    "database",
    "network-response",
    "llm-output",
];

/// What counts unless someone chooses.
const USUAL: [&str; 2] = ["remote", "local"];

/// Parameters of public functions.
const LIBRARY: &str = "library";

/// Which kinds of sources a run is asked to look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SourceChoice {
    /// Every kind; of the parameters of public functions those of declared distributions.
    #[default]
    Everything,
    /// What the project is decides, and these kinds beside it.
    Auto(Vec<String>),
    /// These kinds and no others.
    Only(Vec<String>),
}

/// A kind of sources that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedSource {
    /// Its word.
    pub kind: String,
    /// Why it counts, where that needs saying.
    pub why: Option<String>,
}

/// A directory whose modules are distributed to be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    /// The directory, relative to the root; empty for the root.
    pub directory: String,
    /// The file that declares it.
    pub file: String,
    /// It installs commands: its functions are there for them first.
    pub program: bool,
}

/// Finds the distributions that packaging metadata declares, by directory.
pub fn distributions(sources: &dyn Sources, project: &Project) -> Vec<Distribution> {
    let mut found: Vec<Distribution> = Vec::new();
    for entry in sources.entries() {
        let (directory, name) = match entry.path.rsplit_once('/') {
            Some((directory, name)) => (directory, name),
            None => ("", &*entry.path),
        };
        let own = project.own_path(&entry.path);
        let around = own.rsplit_once('/').map_or("", |(around, _)| around);
        if is_aside(&format!("{around}/x.py")) {
            continue;
        }
        let read = || {
            let bytes = sources.read(entry).ok()?;
            String::from_utf8(bytes).ok()
        };
        let declares = match name {
            "pyproject.toml" => read().is_some_and(|text| pyproject_declares(&text)),
            "setup.cfg" => read().is_some_and(|text| setup_cfg_declares(&text)),
            "PKG-INFO" => true,
            "setup.py" => project.by_file(&entry.path).is_some_and(|id| {
                project.module(id).imports.iter().any(|(name, _)| {
                    matches!(
                        name.as_str().split('.').next(),
                        Some("setuptools" | "distutils" | "skbuild")
                    )
                })
            }),
            _ => false,
        };
        if declares && !found.iter().any(|known| known.directory == directory) {
            found.push(Distribution {
                directory: directory.to_owned(),
                file: entry.path.to_string(),
                program: false,
            });
        }
    }
    for entry in sources.entries() {
        let (directory, name) = entry.path.rsplit_once('/').unwrap_or(("", &*entry.path));
        if !matches!(
            name,
            "pyproject.toml" | "setup.cfg" | "setup.py" | "entry_points.txt"
        ) {
            continue;
        }
        let text = sources.read(entry).ok();
        let text = text.and_then(|bytes| String::from_utf8(bytes).ok());
        if !text.is_some_and(|text| installs_commands(name, &text)) {
            continue;
        }
        // `shop.egg-info/entry_points.txt` stands in a directory of its own.
        let around = match name {
            "entry_points.txt" => directory.rsplit_once('/').map_or("", |(around, _)| around),
            _ => directory,
        };
        if let Some(of) = found.iter_mut().find(|one| one.directory == around) {
            of.program = true;
        }
    }
    found
}

/// Whether a file of packaging metadata names commands that are installed.
fn installs_commands(name: &str, text: &str) -> bool {
    if name != "pyproject.toml" {
        return text.contains("console_scripts") || text.contains("gui_scripts");
    }
    let Ok(table) = text.parse::<toml::Table>() else {
        return false;
    };
    let tables = [
        table.get("project"),
        table.get("tool").and_then(|tool| tool.get("poetry")),
    ];
    tables.into_iter().flatten().any(|table| {
        let named = |key: &str| {
            table
                .get(key)
                .and_then(toml::Value::as_table)
                .is_some_and(|commands| !commands.is_empty())
        };
        named("scripts") || named("gui-scripts")
    })
}

/// A name and a way to build; what is marked as private or as no package is not distributed.
fn pyproject_declares(text: &str) -> bool {
    let Ok(table) = text.parse::<toml::Table>() else {
        return false;
    };
    let at = |path: &[&str]| {
        let (first, rest) = path.split_first()?;
        let mut value = table.get(*first)?;
        for name in rest {
            value = value.get(*name)?;
        }
        Some(value)
    };
    let text_at = |path: &[&str]| at(path).is_some_and(toml::Value::is_str);
    let off = |path: &[&str]| at(path).and_then(toml::Value::as_bool) == Some(false);
    let private = [
        at(&["project", "classifiers"]),
        at(&["tool", "poetry", "classifiers"]),
    ]
    .into_iter()
    .flatten()
    .filter_map(toml::Value::as_array)
    .flatten()
    .filter_map(toml::Value::as_str)
    .any(|classifier| classifier.starts_with("Private ::"));
    at(&["build-system"]).is_some()
        && (text_at(&["project", "name"]) || text_at(&["tool", "poetry", "name"]))
        && !private
        && !off(&["tool", "poetry", "package-mode"])
        && !off(&["tool", "uv", "package"])
}

/// A name in the section on metadata.
fn setup_cfg_declares(text: &str) -> bool {
    let mut inside = false;
    for line in text.lines() {
        let line = line.trim_end();
        if let Some(section) = line.strip_prefix('[') {
            inside = section.trim_end_matches(']').trim() == "metadata";
        } else if inside
            && let Some(rest) = line.strip_prefix("name")
            && rest.trim_start().starts_with(['=', ':'])
        {
            return true;
        }
    }
    false
}

/// Whether a file stands beside the code that is distributed: tests, documentation, examples, scripts.
pub(crate) fn is_aside(path: &str) -> bool {
    if test_code::is_test_path(path) {
        return true;
    }
    let mut parts = path.split('/').rev();
    let file = parts.next().unwrap_or_default();
    let stem = file.strip_suffix(".py").unwrap_or(file);
    matches!(stem, "setup" | "__main__" | "fabfile" | "tasks" | "manage")
        || parts.any(|directory| {
            matches!(
                directory,
                "doc"
                    | "docs"
                    | "documentation"
                    | "example"
                    | "examples"
                    | "sample"
                    | "samples"
                    | "demo"
                    | "demos"
                    | "tutorial"
                    | "tutorials"
                    | "benchmark"
                    | "benchmarks"
                    | "script"
                    | "scripts"
                    | "migrations"
                    | "management"
                    | "vendor"
            ) || is_vendored_name(directory)
        })
}

/// What counts in a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct ThreatModel {
    /// Bits of the kinds that count, of those that can be chosen.
    kinds: u32,
    /// Bits of the kinds that can be chosen.
    choice: u32,
    /// Kinds that were asked for: they are told like others.
    asked: Vec<String>,
    /// Rules about one kind alone count it unasked.
    by_rule: bool,
    /// Directories whose public functions are called by strangers to the project.
    pub(crate) public: Vec<String>,
    /// Those of them that install commands.
    programs: Vec<String>,
    /// For the summary.
    pub(crate) used: Vec<UsedSource>,
}

impl ThreatModel {
    /// Decides.
    pub(crate) fn decide(
        choice: &SourceChoice,
        declared: &[Distribution],
        registry: &Registry,
        project: &Project,
        entries: &[Entered],
    ) -> Self {
        let names = &registry.flows.models.kinds;
        let bit = |word: &str| {
            names
                .iter()
                .position(|name| name == word)
                .map_or(0, |at| 1u32 << at)
        };
        let mut threat = Self {
            choice: SOURCE_KINDS.iter().map(|kind| bit(kind)).sum(),
            by_rule: true,
            ..Self::default()
        };
        let plain = |kind: &str| UsedSource {
            kind: kind.to_owned(),
            why: None,
        };
        match choice {
            SourceChoice::Everything => {
                threat.kinds = threat.choice;
                threat.used = SOURCE_KINDS.iter().map(|kind| plain(kind)).collect();
                threat.public = declared
                    .iter()
                    .map(|distribution| distribution.directory.clone())
                    .collect();
            }
            SourceChoice::Only(kinds) => {
                threat.by_rule = false;
                for kind in SOURCE_KINDS {
                    if kinds.iter().any(|asked| asked == kind) {
                        threat.kinds |= bit(kind);
                        threat.used.push(plain(kind));
                        threat.asked.push(kind.to_owned());
                        if kind == LIBRARY {
                            threat.public.push(String::new());
                        }
                    }
                }
            }
            SourceChoice::Auto(more) => {
                threat.asked.clone_from(more);
                for kind in SOURCE_KINDS {
                    let asked = more.iter().any(|asked| asked == kind);
                    if kind == LIBRARY && !asked {
                        if let Some((directories, why)) =
                            public_directories(declared, registry, project, entries)
                        {
                            threat.kinds |= bit(kind);
                            let programs = declared.iter().filter(|one| one.program);
                            threat.programs = programs.map(|one| one.directory.clone()).collect();
                            threat.public = directories;
                            threat.used.push(UsedSource {
                                kind: kind.to_owned(),
                                why: Some(why),
                            });
                        }
                    } else if asked || USUAL.contains(&kind) {
                        threat.kinds |= bit(kind);
                        threat.used.push(plain(kind));
                        if kind == LIBRARY {
                            threat.public.push(String::new());
                        }
                    }
                }
            }
        }
        threat
    }

    /// What of it the engine needs to know: the kinds that count for some rule.
    pub(crate) fn chosen(&self, registry: &Registry) -> Chosen {
        let models = &registry.flows.models;
        let mut kinds = 0;
        for kind in 0..u8::try_from(models.kinds.len()).unwrap_or(0) {
            if models.rules.iter().any(|rule| self.counts(kind, rule.from)) {
                kinds |= 1 << kind;
            }
        }
        Chosen {
            kinds,
            library: !self.public.is_empty(),
        }
    }

    /// Whether a kind counts for a rule that counts these.
    pub(crate) fn counts(&self, kind: u8, from: u32) -> bool {
        let kind = 1u32 << kind;
        if from & kind == 0 {
            return false;
        }
        let own = self.choice & kind == 0;
        own || self.kinds & kind != 0 || self.by_rule && from & self.choice == kind
    }

    /// Whether a kind was asked for by name.
    pub(crate) fn is_asked(&self, kind: &str) -> bool {
        self.asked.iter().any(|asked| asked == kind)
    }

    /// Whether the functions of a file are there for commands first.
    pub(crate) fn is_of_program(&self, file: &str) -> bool {
        self.programs
            .iter()
            .any(|directory| within(file, directory))
    }

    /// Whether the public functions of a module are called by strangers to the project.
    pub(crate) fn is_public(&self, module: &Module) -> bool {
        let mut public = self.public.iter();
        public.any(|directory| within(&module.file, directory)) && !is_aside(module.own_path())
    }
}

fn within(file: &str, directory: &str) -> bool {
    directory.is_empty()
        || file
            .strip_prefix(directory)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// The directories that are made to be imported, and how that is known.
fn public_directories(
    declared: &[Distribution],
    registry: &Registry,
    project: &Project,
    entries: &[Entered],
) -> Option<(Vec<String>, String)> {
    let starts = applications(registry, project);
    if declared.is_empty() {
        // No metadata, as in an installed copy: a package that nothing runs and no framework calls, at the top or in a
        // namespace that other distributions share.
        if !starts.is_empty() || is_called_from_outside(registry, project, entries) {
            return None;
        }
        let package = project.modules.iter().find(|module| {
            module.is_package
                && module.kind == SourceKind::Module
                && !is_aside(module.own_path())
        })?;
        let name = package.name.as_str();
        let why = if name.is_empty() {
            "a package and no application".to_owned()
        } else {
            format!("`{name}` is a package and no application")
        };
        return Some((vec![String::new()], why));
    }
    // An application makes one of the innermost distribution around it.
    let runs = |distribution: &Distribution| {
        starts.iter().any(|file| {
            let around = declared
                .iter()
                .filter(|other| within(file, &other.directory))
                .max_by_key(|other| other.directory.len());
            around == Some(distribution)
        })
    };
    let libraries: Vec<&Distribution> = declared.iter().filter(|one| !runs(one)).collect();
    let why = match libraries.as_slice() {
        [] => return None,
        [one] => format!("{} declares a distribution", one.file),
        [first, rest @ ..] => format!(
            "{} and {} more declare distributions",
            first.file,
            rest.len()
        ),
    };
    let directories = libraries.iter().map(|one| one.directory.clone()).collect();
    Some((directories, why))
}

/// Whether a framework hands requests to some function.
fn is_called_from_outside(registry: &Registry, project: &Project, entries: &[Entered]) -> bool {
    let models = &registry.flows.models;
    entries.iter().any(|entry| {
        !is_aside(project.module(entry.module).own_path())
            && (entry.page
                || entry.sources.iter().any(|source| {
                    let kind = models.sources[*source as usize].kind;
                    models.kinds[usize::from(kind)] == "remote"
                }))
    })
}

/// Files that start an application.
fn applications<'p>(registry: &Registry, project: &'p Project) -> Vec<&'p str> {
    let known = &registry.flows.applications;
    let mut values = Evaluator::new(project, &registry.aliases);
    let mut files = Vec::new();
    for (id, module) in project.iter() {
        let manage = module.file.rsplit('/').next() == Some("manage.py");
        if module.kind == SourceKind::Stub || !manage && is_aside(module.own_path()) {
            continue;
        }
        // Only of modules that import what could be called.
        let may = module.imports.iter().any(|(name, _)| {
            let top = name.as_str().split('.').next();
            known
                .iter()
                .any(|path| path.as_str().split('.').next() == top)
        });
        if may && starts_application(known, &mut values, id, module) {
            files.push(&*module.file);
        }
    }
    files
}

fn starts_application(
    known: &rustc_hash::FxHashSet<hognose_python::Symbol>,
    values: &mut Evaluator<'_>,
    id: ModuleId,
    module: &Module,
) -> bool {
    module.exprs().any(|(expr, node)| {
        let Expr::Call { func, .. } = *node else {
            return false;
        };
        if let Expr::Attribute { attr, .. } = module[func]
            && !known
                .iter()
                .any(|path| path.as_str().rsplit('.').next() == Some(attr.as_str()))
        {
            return false;
        }
        if !values
            .dotted(id, func)
            .is_some_and(|path| known.contains(&path))
        {
            return false;
        }
        let range = module.expr_range(expr);
        let inside = module.functions.iter().any(|function| {
            function.range.contains_range(range)
                && (function.name.as_str() != "main" || function.class.is_some())
        });
        !inside && !module.is_dead(range)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_declares_a_distribution() {
        let build = "[build-system]\nrequires = []\n";
        for (text, declares) in [
            (format!("{build}[project]\nname = 'a'"), true),
            (format!("{build}[tool.poetry]\nname = 'a'"), true),
            ("[project]\nname = 'a'".to_owned(), false),
            (build.to_owned(), false),
            (
                format!("{build}[project]\nname = 'a'\nclassifiers = ['Private :: Do Not Upload']"),
                false,
            ),
            (
                format!("{build}[tool.poetry]\nname = 'a'\npackage-mode = false"),
                false,
            ),
            ("[project".to_owned(), false),
        ] {
            assert_eq!(pyproject_declares(&text), declares, "{text}");
        }
        assert!(setup_cfg_declares("[metadata]\nname = a\n"));
        assert!(!setup_cfg_declares("[flake8]\nname = a\n"));
        assert!(!setup_cfg_declares("[metadata]\nnamespace = a\n"));
    }

    #[test]
    fn what_stands_beside_the_code() {
        for path in [
            "tests/a.py",
            "docs/conf.py",
            "pkg/examples/a.py",
            "setup.py",
            "pkg/__main__.py",
        ] {
            assert!(is_aside(path), "{path}");
        }
        for path in ["pkg/a.py", "pkg/setup/a.py", "pkg/docstring.py"] {
            assert!(!is_aside(path), "{path}");
        }
    }
}
