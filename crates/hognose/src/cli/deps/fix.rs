//! `hognose deps --fix` and `--undo`.

use std::io::Write;
use std::path::Path;

use anyhow::{Result, bail};
use clap::Args;
use hognose_deps::advisories::index::Index;
use hognose_deps::date::Date;
use hognose_deps::fix::mend::{address, interpreter};
use hognose_deps::hygiene::{self, Defect};
use hognose_deps::inputs::{Files as _, Inventory, Place, Wanted};
use hognose_deps::interpreter::facts;
use hognose_deps::name::Name;
use hognose_finding::Finding;

use super::super::project::Project;
use super::super::{Exit, Terminal};
use super::{Arguments, asked, fails, is_of_hygiene, read_all, report};
use crate::deps::fix::{self, Installer, Judged, NotInstalled, Plan, Red, Trial};
use crate::deps::reach::Code;
use crate::deps::{Answers, Disk, InterpreterAnswer, findings, interpreter_uses};
use crate::discovery::PathGlobs;
use crate::output::{Paint, plural};
use crate::{Presentation, View};

/// What is done about findings.
#[derive(Debug, Args)]
#[command(next_help_heading = "Fixing")]
pub struct FixArguments {
    /// Clear the findings: raise versions within the project's own constraints, ask indexes over HTTPS, leave interpreters
    /// that get no fixes
    ///
    /// What people wrote is edited in place. Lock files are written by the tools that made them, which are run in a
    /// copy of the project, use the network and may run build back-ends. All of it is written at the end, or nothing.
    #[arg(long)]
    pub fix: bool,
    /// Only show the edits and the commands that `--fix` would run
    #[arg(long, requires = "fix")]
    plan: bool,
    /// Keep only upgrades with which this command ends well, run by the shell in a copy of the project
    ///
    /// The project is installed in a fresh virtual environment for each run, the first of them before anything is changed.
    #[arg(
        long,
        value_name = "COMMAND",
        requires = "fix",
        conflicts_with = "plan"
    )]
    test: Option<String>,
    /// The command that installs the project for `--test`, where its lock file or requirements do not tell
    #[arg(long, value_name = "COMMAND", requires = "test")]
    install: Option<String>,
    /// Take back what `--fix` wrote last in the working directory, if nobody has changed it since
    #[arg(long, conflicts_with = "fix")]
    pub undo: bool,
}

/// What a project is judged by, wherever a copy of it lies.
pub struct Judge<'a> {
    pub project: &'a Project,
    pub index: &'a Index,
    pub paths: &'a [String],
    pub code: Option<&'a Code>,
    pub today: Date,
}

impl Judge<'_> {
    /// Judges the project as it is below a directory.
    fn judge(&self, root: &Path) -> Result<Judged> {
        let exclude = &self.project.configuration.exclude.value;
        let disk = Disk::new(root, PathGlobs::new(exclude.iter().map(String::as_str))?);
        let inventory = read_all(&disk, self.paths);
        let paths = self.paths;
        let named = |file: &str| paths.iter().any(|path| path == file);
        let mut answers = Answers::new(&inventory, self.index, &named)?;
        if let Some(code) = self.code {
            answers.look_into(code);
        }
        let accepted = &self.project.configuration.ignore_advisories;
        answers.accept(accepted, "", self.today);
        self.known(&answers, &disk)
    }

    fn known(&self, answers: &Answers, disk: &Disk) -> Result<Judged> {
        let text = |file: &str| {
            let bytes = disk.read(file).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let inventory = answers.inventory;
        let uses = interpreter_uses(disk, &disk.interpreters());
        let is_known = |name: &Name| matches!(self.index.package(name), Ok(Some(_)));
        let defects = hygiene::judge(inventory, asked(disk, self.paths), self.today, &is_known);
        let (mut mends, mut stays) = interpreter::choose(&uses, facts::embedded()?, self.today);
        let interpreters = InterpreterAnswer::of(uses, self.today)?;

        // Only what is told is to be mended.
        let rules = self.project.rules;
        let report = report(answers, &interpreters, &defects, disk, rules, self.today);
        let options = self.project.view_options();
        let view = View::new(&report, &options, Presentation::default(), rules);
        let told: Vec<&Finding> = view.shown.iter().copied().filter(is_of_hygiene).collect();
        let is_told = |defect: &&Defect| {
            told.iter().any(|finding| {
                *finding.rule == *defect.rule.id()
                    && finding.location.file == defect.place.file
                    && finding.location.start.line == defect.place.line
                    && finding.message == defect.message
            })
        };
        let open: Vec<&Defect> = defects.iter().filter(is_told).collect();
        // Nor what somebody decided to live with, by a comment.
        let is_accepted = |place: &Place| {
            report.findings.iter().any(|finding| {
                *finding.rule == *findings::END_OF_LIFE_PYTHON
                    && finding.suppressed.is_some()
                    && finding.location.file == place.file
                    && finding.location.start.line == place.line
            })
        };
        mends.retain(|mend| !is_accepted(mend.place()));
        stays.retain(|one| !is_accepted(&one.place));
        let (addresses, unanswered) = address::choose(inventory, &open);
        mends.extend(addresses);
        stays.extend(unanswered);
        let mut plan = Plan::new(answers, self.index, &text)?;
        plan.mend(inventory, mends, stays, &text);
        Ok(Judged {
            plan,
            open: answers
                .packages
                .iter()
                .flat_map(|answer| &answer.advisories)
                .filter(|known| known.accepted.is_none())
                .count(),
            asked: told.len(),
            ended: interpreters.iter().filter(|one| one.is_ended).count(),
            fails: fails(
                answers,
                &told,
                &interpreters,
                self.project.configuration.fail_on.value,
            ),
            pins: pins(inventory),
        })
    }
}

/// Every pinned version, by file.
fn pins(inventory: &Inventory) -> Vec<(String, Name, String)> {
    let pinned = inventory
        .packages
        .iter()
        .filter_map(|package| match &package.wanted {
            Wanted::Pinned(pin) => Some((
                package.place.file.to_string(),
                package.name.clone(),
                pin.written.to_string(),
            )),
            _ => None,
        });
    pinned.collect()
}

impl Arguments {
    /// Fixes what was found on a disk.
    pub(super) fn run_fix(
        &self,
        judge: &Judge,
        answers: &Answers,
        disk: &Disk,
        terminal: &Terminal,
    ) -> Result<Exit> {
        let root = &judge.project.working_directory;
        let before = judge.known(answers, disk)?;
        let plan = before.plan.clone();
        let is_outside = |path: &String| path.starts_with("..") || path.starts_with('/');
        if self.fix.test.is_some() && judge.paths.iter().any(is_outside) {
            bail!("`--test` is for a project in the working directory or below");
        }
        let trial = self.fix.test.as_ref().map(|command| {
            // The tests of one directory are run there, else those of the working directory.
            let directory = match judge.paths {
                [one] if root.join(one).is_dir() => one.clone(),
                _ => String::new(),
            };
            Trial {
                installer: Installer::of(answers.inventory, &directory),
                directory,
                command: command.clone(),
                install: self.fix.install.clone(),
            }
        });
        let project = fix::Project {
            root,
            inputs: answers
                .inventory
                .inputs
                .iter()
                .map(|input| input.path.to_string())
                .collect(),
            names: plan.names().into_iter().cloned().collect(),
            trial,
            judge: &|root| judge.judge(root),
        };
        let mut out = terminal.out();
        let paint = Paint::new(terminal.color);
        if self.fix.plan {
            let fails = before.fails;
            if plan.is_empty() && plan.left.is_empty() {
                writeln!(out, "Nothing to fix")?;
            }
            project.show(plan, paint, &mut out)?;
            out.flush()?;
            return Ok(if fails { Exit::Findings } else { Exit::Clean });
        }
        let fixed = match project.fix(plan, before, paint, &mut out) {
            Ok(fixed) => fixed,
            Err(error) => {
                out.flush()?;
                // The tests or their installer failed; what was asked for was not wrong.
                if error.is::<Red>() || error.is::<NotInstalled>() {
                    terminal.error(&error.to_string());
                    return Ok(Exit::Incomplete);
                }
                return Err(error);
            }
        };
        let judged = &fixed.judged;
        match judged.open {
            0 => writeln!(out, "No known vulnerability is left")?,
            1 => writeln!(out, "1 known vulnerability is left")?,
            open => writeln!(out, "{open} known vulnerabilities are left")?,
        }
        if judged.asked > 0 {
            let findings = plural(judged.asked, "finding");
            writeln!(out, "Left on how packages are asked for: {findings}")?;
        }
        if judged.ended > 0 {
            let interpreters = plural(judged.ended, "interpreter");
            writeln!(out, "Left out of support: {interpreters}")?;
        }
        out.flush()?;
        Ok(if fixed.tool_failed {
            Exit::Incomplete
        } else if fixed.judged.fails {
            Exit::Findings
        } else {
            Exit::Clean
        })
    }

    /// Takes back what was fixed.
    pub(super) fn undo(&self, terminal: &Terminal) -> Result<Exit> {
        #[allow(
            clippy::disallowed_methods,
            reason = "the command works where it is started"
        )]
        let root = std::env::current_dir()?;
        for path in fix::undo(&root)? {
            terminal.note(&format!("{path} is as it was"));
        }
        Ok(Exit::Clean)
    }
}
