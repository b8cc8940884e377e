//! Carrying a plan out in a copy of the project: edits by hand, then the lock tools, then the question what is left.
#![allow(
    clippy::disallowed_methods,
    reason = "the files of the copy are changed"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use hognose_deps::fix::compile;
use hognose_deps::fix::edit::{self, Edit, Raise};
use hognose_deps::name::Name;

use super::copy::Copy;
use super::plan::{Plan, Upgrade, add};
use super::process;
use super::tools::{Aim, Lock, Targets, Tool};
use super::undo::Change;
use super::{Judged, Project};
use crate::deps::disk::read_whole;

/// How often the lock tools are asked again because what they took has findings of its own.
const MAX_ROUNDS: usize = 4;

/// A plan that was carried out.
pub struct Made {
    /// The project, changed.
    pub copy: Copy,
    /// What is known of it now.
    pub judged: Judged,
    /// Lock files that could not be written again, and why.
    pub failed: BTreeMap<String, String>,
    /// The commands that were run, with the directory of each.
    pub commands: Vec<(String, String)>,
    /// What a person should know.
    pub notes: BTreeSet<String>,
}

impl Project<'_> {
    /// Carries a plan out in a fresh copy. `trees` are directories that are needed whole.
    ///
    /// # Errors
    /// The copy cannot be made, or an edit that was tried before cannot be made.
    pub fn make(&self, plan: &Plan) -> Result<Made> {
        let mut trees: Vec<&str> = plan
            .jobs()
            .keys()
            .filter_map(|path| plan.locks.get(*path))
            .flat_map(|lock| [lock.directory.as_str(), directory(&lock.path)])
            .collect();
        trees.extend(self.trial.as_ref().map(|trial| trial.directory.as_str()));
        let inputs = self.inputs.iter().map(String::as_str);
        let edited = by_file(plan).into_keys();
        let mut made = Made {
            copy: Copy::new(self.root, trees, inputs.chain(edited))?,
            judged: Judged::default(),
            failed: BTreeMap::new(),
            commands: Vec::new(),
            notes: BTreeSet::new(),
        };
        let asked: BTreeSet<&Name> = self.names.iter().collect();
        let mut now = plan.clone();
        let mut done: BTreeMap<String, Targets> = BTreeMap::new();
        for _ in 0..MAX_ROUNDS {
            edit_files(&made.copy.project(), &now)?;
            let mut queue: Vec<(Lock, Targets)> = Vec::new();
            for (path, targets) in now.jobs() {
                let before = done.get(path).cloned();
                let known = done.entry(path.to_owned()).or_default();
                for (name, target) in targets {
                    add(known, name, target);
                }
                if let (true, Some(lock)) = (before.as_ref() != Some(known), now.locks.get(path)) {
                    queue.push((lock.clone(), known.clone()));
                }
            }
            if queue.is_empty() {
                break;
            }
            made.write_locks(queue)?;
            made.judged = (self.judge)(&made.copy.project())?;
            if !made.failed.is_empty() {
                return Ok(made);
            }
            // What the tools took may have findings of its own. What this plan leaves out stays out.
            now = made.judged.plan.clone().without_mends();
            now.upgrades.retain(|upgrade| {
                upgrade.lock.is_some()
                    && (!asked.contains(&upgrade.name)
                        || plan.upgrades.iter().any(|one| one.name == upgrade.name))
            });
        }
        made.judged = (self.judge)(&made.copy.project())?;
        Ok(made)
    }

    /// What differs between the project and what was made of it.
    pub fn changes(&self, plan: &Plan, made: &Made) -> Result<Vec<Change>> {
        let edited = by_file(plan).into_keys().map(str::to_owned);
        let files: BTreeSet<String> = edited.chain(plan.locks.keys().cloned()).collect();
        let mut changes = Vec::new();
        for path in files {
            let before = read_whole(&self.root.join(&path))?;
            let target = made.copy.project().join(&path);
            if !target.exists() {
                continue;
            }
            let after = read_whole(&target)?;
            if before != after {
                changes.push(Change {
                    path,
                    before,
                    after,
                });
            }
        }
        Ok(changes)
    }
}

impl Made {
    /// Lets each tool write its lock file. Lock files may be made from others: one that fails is tried again after others
    /// have been written.
    fn write_locks(&mut self, mut queue: Vec<(Lock, Targets)>) -> Result<()> {
        loop {
            let mut failed = Vec::new();
            let all = queue.len();
            for (lock, targets) in queue {
                match self.write_lock(&lock, &targets)? {
                    Ok(()) => {
                        self.failed.remove(&lock.path);
                    }
                    Err(reason) => {
                        self.failed.insert(lock.path.clone(), reason);
                        failed.push((lock, targets));
                    }
                }
            }
            if failed.is_empty() || failed.len() == all {
                return Ok(());
            }
            queue = failed;
        }
    }

    /// Lets a tool take exactly the versions that are asked for; if that cannot be, those or later ones.
    fn write_lock(&mut self, lock: &Lock, targets: &Targets) -> Result<Result<(), String>> {
        let program = lock.tool.program();
        let Some(found) = process::find(program) else {
            return Ok(Err(format!("`{program}` is not installed")));
        };
        let path = self.copy.project().join(&lock.path);
        let before = read_whole(&path)?;
        let aims: &[Aim] = if lock.is_exact() {
            &[Aim::Exactly, Aim::AtLeast]
        } else {
            &[Aim::AtLeast]
        };
        let mut reason = String::new();
        for aim in aims {
            let calls = lock.calls(targets, *aim);
            match self.call(lock, &found, &calls) {
                None => {
                    let shown = calls.iter().map(|call| lock.shown(call));
                    self.commands
                        .extend(shown.map(|call| (lock.directory.clone(), call)));
                    if lock.tool == Tool::PipCompile {
                        self.keep_hand_written(&lock.path, &before, &path)?;
                    }
                    return Ok(Ok(()));
                }
                Some(why) => reason = format!("`{program}` could not: {why}"),
            }
            // A tool that fails may leave anything behind.
            fs::write(&path, &before)?;
        }
        Ok(Err(reason))
    }

    /// Calls a tool one time after the other. Gives what it says when it fails.
    fn call(&self, lock: &Lock, program: &Path, calls: &[Vec<String>]) -> Option<String> {
        calls.iter().find_map(|call| {
            let mut command = process::command(program);
            command
                .args(call)
                .current_dir(self.copy.project().join(&lock.directory));
            for (name, value) in lock.environment(&self.copy.scratch()) {
                command.env(name, value);
            }
            match process::run(command, &self.copy.scratch()) {
                Ok(ended) => (!ended.success).then_some(ended.tail),
                Err(error) => Some(error.to_string()),
            }
        })
    }

    /// Puts back what a person had added to a file that a tool has written anew.
    fn keep_hand_written(&mut self, name: &str, before: &[u8], path: &Path) -> Result<()> {
        let kept = compile::hand_written(name, before);
        if kept.is_empty() {
            return Ok(());
        }
        let mut text = String::from_utf8(read_whole(path)?)
            .with_context(|| format!("{name} is no longer UTF-8"))?;
        let now = compile::names(name, text.as_bytes());
        for (package, lines) in kept {
            if now.contains(&package) {
                continue;
            }
            if !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(&lines);
            self.notes.insert(format!(
                "{name}: {package} was added by hand and is kept; in what the file is made from it would not be lost"
            ));
        }
        fs::write(path, text)?;
        Ok(())
    }
}

fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// Makes all edits of a plan.
fn edit_files(root: &Path, plan: &Plan) -> Result<()> {
    for (file, edits) in by_file(plan) {
        let path = root.join(file);
        let edited = edit::apply(file, &read_whole(&path)?, &edits)?;
        fs::write(&path, edited)?;
    }
    Ok(())
}

/// The edits of a plan by file.
pub fn by_file(plan: &Plan) -> BTreeMap<&str, Vec<Edit<'_>>> {
    let mut files: BTreeMap<&str, Vec<Edit>> = BTreeMap::new();
    for (file, raises) in raises(&plan.upgrades) {
        files.insert(file, raises.into_iter().map(Edit::Raise).collect());
    }
    for mend in &plan.mends {
        files
            .entry(&mend.place().file)
            .or_default()
            .push(Edit::Mend(mend));
    }
    files
}

/// The versions that some upgrades raise by file, each place once with the highest version asked of it.
pub fn raises(upgrades: &[Upgrade]) -> BTreeMap<&str, Vec<Raise<'_>>> {
    let mut files: BTreeMap<&str, Vec<Raise>> = BTreeMap::new();
    for upgrade in upgrades {
        for package in &upgrade.edits {
            let raises = files.entry(&package.place.file).or_default();
            match raises
                .iter_mut()
                .find(|raise| raise.package.place == package.place)
            {
                Some(raise) => raise.to = std::cmp::max(raise.to, &upgrade.to),
                None => raises.push(Raise {
                    package,
                    to: &upgrade.to,
                }),
            }
        }
    }
    files
}
