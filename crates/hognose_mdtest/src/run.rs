//! Running suites: all sections at once, one summary of every failure.
#![expect(
    clippy::disallowed_methods,
    reason = "a test harness reads the pages and the filter"
)]

use std::any::Any;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::compare::Observed;
use crate::expectation::Vocabulary;
use crate::suite::{Section, Suite};

/// The environment variable that [`check`] takes its filter from: a substring of `file > heading`.
pub const FILTER: &str = "HOGNOSE_MDTEST";

/// Analysers recurse over what they parse, and debug builds have large frames.
const STACK: usize = 16 << 20;

/// What came of a run.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Sections that did as they say.
    pub passed: usize,
    /// Sections the filter left out.
    pub skipped: usize,
    /// What failed, in order.
    pub failures: Vec<Failure>,
    /// The command that the rerun hints show.
    pub command: String,
}

/// A section that failed, or a file that is no suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// `file > heading`, or the file.
    pub name: String,
    /// What is wrong.
    pub text: String,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Failure { name, text } in &self.failures {
            writeln!(f, "---- {name}\n\n{}\n", text.trim_end())?;
            writeln!(
                f,
                "rerun: {FILTER}='{}' {}\n",
                name.replace('\'', r"'\''"),
                self.command
            )?;
        }
        for Failure { name, .. } in &self.failures {
            writeln!(f, "failed: {name}")?;
        }
        write!(
            f,
            "{} passed, {} failed, {} filtered out",
            self.passed,
            self.failures.len(),
            self.skipped
        )
    }
}

/// Runs the sections of suites that are already taken apart; `filter` is a substring of [`Section::name`].
pub fn run_suites(
    suites: &[Suite],
    filter: Option<&str>,
    test: impl Fn(&Section) -> Vec<Observed> + Sync,
) -> Outcome {
    let all = suites.iter().flat_map(Suite::sections);
    let (chosen, skipped): (Vec<&Section>, Vec<&Section>) =
        all.partition(|section| filter.is_none_or(|filter| section.name().contains(filter)));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut failures = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(section) = chosen.get(index) else {
                return failures;
            };
            if let Err(text) = run_section(section, &test) {
                failures.push((
                    index,
                    Failure {
                        name: section.name(),
                        text,
                    },
                ));
            }
        }
    };
    let threads = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(chosen.len());
    let mut failures = thread::scope(|scope| {
        let worker = || {
            thread::Builder::new()
                .stack_size(STACK)
                .spawn_scoped(scope, work)
                .expect("a thread")
        };
        let workers: Vec<_> = (0..threads).map(|_| worker()).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().expect("panics are caught"))
            .collect::<Vec<_>>()
    });
    failures.sort_by_key(|(index, _)| *index);
    Outcome {
        passed: chosen.len() - failures.len(),
        skipped: skipped.len(),
        failures: failures.into_iter().map(|(_, failure)| failure).collect(),
        command: "cargo test".to_owned(),
    }
}

fn run_section(section: &Section, test: impl Fn(&Section) -> Vec<Observed>) -> Result<(), String> {
    match catch_unwind(AssertUnwindSafe(|| test(section))) {
        Ok(observed) => section
            .compare(&observed)
            .map_err(|report| report.to_string()),
        Err(panic) => {
            let Section { path, line, .. } = section;
            Err(format!(
                "error: the analysis panicked: {}\n  --> {path}:{line}",
                panic_message(&*panic)
            ))
        }
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without a message")
}

/// Reads Markdown files and runs their sections. A file that cannot be read or is no suite is a failure.
pub fn run<P: AsRef<Path>>(
    paths: &[P],
    filter: Option<&str>,
    vocabulary: &Vocabulary,
    test: impl Fn(&Section) -> Vec<Observed> + Sync,
) -> Outcome {
    let (mut suites, mut failures) = (Vec::new(), Vec::new());
    for path in paths {
        let name = path.as_ref().display().to_string();
        let suite = match std::fs::read_to_string(path) {
            Ok(text) => Suite::parse(&name, &text, vocabulary).map_err(|errors| {
                errors
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join("\n\n")
            }),
            Err(error) => Err(format!("error: {error}\n  --> {name}")),
        };
        match suite {
            Ok(suite) => suites.push(suite),
            // The headings of such a file are unknown, so a filter that may mean one of them does.
            Err(text)
                if filter.is_none_or(|filter| name.contains(filter) || filter.contains(&name)) =>
            {
                failures.push(Failure { name, text });
            }
            Err(_) => {}
        }
    }
    let mut outcome = run_suites(&suites, filter, test);
    failures.append(&mut outcome.failures);
    Outcome {
        failures,
        ..outcome
    }
}

/// The body of an ordinary `#[test]`: runs the Markdown file, or all Markdown files below the directory, with the filter
/// from the environment.
///
/// # Panics
///
/// With the summary of all failures, and when there is no test at all.
#[track_caller]
pub fn check(
    root: impl AsRef<Path>,
    vocabulary: &Vocabulary,
    test: impl Fn(&Section) -> Vec<Observed> + Sync,
) {
    let root = root.as_ref();
    let paths = markdown_files(root).unwrap_or_else(|error| panic!("{}: {error}", root.display()));
    check_files(&paths, vocabulary, test);
}

/// The same for files that the caller has chosen.
///
/// # Panics
///
/// With the summary of all failures, and when there is no test at all.
#[track_caller]
pub fn check_files<P: AsRef<Path>>(
    paths: &[P],
    vocabulary: &Vocabulary,
    test: impl Fn(&Section) -> Vec<Observed> + Sync,
) {
    let filter = std::env::var(FILTER)
        .ok()
        .filter(|filter| !filter.is_empty());
    let mut outcome = run(paths, filter.as_deref(), vocabulary, test);
    if let Ok(package) = std::env::var("CARGO_PKG_NAME") {
        outcome.command = format!("cargo test -p {package}");
    }
    let nothing = outcome.passed + outcome.skipped == 0 && outcome.failures.is_empty();
    assert!(
        !nothing || filter.is_some(),
        "no Markdown tests in {} files",
        paths.len()
    );
    assert!(
        outcome.failures.is_empty(),
        "Markdown tests failed\n\n{outcome}\n"
    );
}

/// The Markdown files below a directory, or the one file itself, sorted.
pub fn markdown_files(root: &Path) -> io::Result<Vec<PathBuf>> {
    if !root.is_dir() {
        return Ok(vec![root.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(markdown_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests;
