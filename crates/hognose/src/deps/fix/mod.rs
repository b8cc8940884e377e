//! `hognose deps --fix`: the smallest changes that clear the findings.
//!
//! [`plan`] says which versions and where. What a person pinned is edited in place; lock files are written by their own
//! tools ([`tools`]), in a copy of the project ([`copy`]), and what comes of it is judged like any project ([`make`]).
//! With tests ([`trial`]) the largest set of upgrades is kept that passes them ([`bisect`]). Nothing in the project
//! changes before all of this is done, and then all of it or nothing ([`undo`]).
//!
//! Lock tools may run build back-ends, and tests run the project: both only because the user asked for `--fix`.

mod bisect;
mod copy;
mod make;
mod plan;
pub mod process;
mod show;
mod tools;
mod trial;
mod undo;

use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;

use anyhow::Result;
use hognose_deps::fix::edit::{self, Edit};
use hognose_deps::fix::step::Step;
use hognose_deps::name::Name;
use pep440_rs::Version;

pub use plan::{Plan, Upgrade};
pub use trial::{Installer, Trial};
pub use undo::undo;

use crate::output::Paint;
use bisect::largest_passing;
use make::Made;

/// A project that is to be fixed.
pub struct Project<'p> {
    /// The directory that paths count from.
    pub root: &'p Path,
    /// Every file that was read.
    pub inputs: Vec<String>,
    /// The packages that have findings.
    pub names: Vec<Name>,
    /// The tests, if there are some to pass.
    pub trial: Option<Trial>,
    /// Judges the project as it is in another directory.
    pub judge: &'p dyn Fn(&Path) -> Result<Judged>,
}

/// What is known of a project.
#[derive(Debug, Default)]
pub struct Judged {
    /// What would clear its findings.
    pub plan: Plan,
    /// Vulnerabilities that nobody accepted.
    pub open: usize,
    /// Findings on how packages are asked for.
    pub asked: usize,
    /// Interpreters out of support.
    pub ended: usize,
    /// Whether something of it is at or above the gate.
    pub fails: bool,
    /// Every pinned version, by file.
    pub pins: Vec<(String, Name, String)>,
}

/// How fixing ended.
pub struct Fixed {
    /// What is known of the project now.
    pub judged: Judged,
    /// Whether a tool is not there or failed, so that findings are left that it might have cleared.
    pub tool_failed: bool,
}

/// Most packages that are tried one after the other where a lock tool cannot do all of them.
const MAX_SINGLY: usize = 64;

impl Project<'_> {
    /// Shows what would be done.
    ///
    /// # Errors
    /// Those of `out`, and of files that cannot be read.
    pub fn show(&self, mut plan: Plan, paint: Paint, out: &mut dyn Write) -> Result<()> {
        self.check_edits(&mut plan)?;
        show::plan(self.root, &plan, paint, out)
    }

    /// Does it.
    ///
    /// # Errors
    /// Nothing was written: the copy cannot be made or the files cannot be written, or the tests failed to begin with.
    pub fn fix(
        &self,
        mut plan: Plan,
        before: Judged,
        paint: Paint,
        out: &mut dyn Write,
    ) -> Result<Fixed> {
        self.check_edits(&mut plan)?;
        let mut tool_failed = false;
        let locks = plan.locks.clone();
        plan.give_up(|upgrade| {
            let tool = locks.get(upgrade.lock.as_ref()?)?.tool.program();
            process::find(tool).is_none().then(|| {
                tool_failed = true;
                format!("`{tool}`, which writes the lock file, is not installed")
            })
        });
        if plan.is_empty() {
            show::left(&plan, paint, out)?;
            return Ok(Fixed {
                judged: before,
                tool_failed,
            });
        }
        let mut out_of = out;
        if let Some(trial) = &self.trial {
            say(&mut out_of, "Running the tests as the project is")?;
            let nothing = self.make(&Plan::default())?;
            match trial.run(&nothing.copy)? {
                trial::Outcome::Pass => {}
                trial::Outcome::Fail(tail) => return Err(Red { tail }.into()),
                trial::Outcome::NotInstalled(tail) => return Err(NotInstalled { tail }.into()),
            }
            self.try_addresses(trial, &mut plan, &mut out_of)?;
        }
        let mut made = self.make(&plan)?;
        if !made.failed.is_empty() && plan.mends_addresses() {
            // An index that does not answer over HTTPS fails the tools that ask it.
            let mut without = plan.clone();
            let said = made.failed.values().next().cloned().unwrap_or_default();
            without.give_up_mends(|mend| mend.is_of_address().then(|| said.clone()));
            let other = self.make(&without)?;
            if other.failed.is_empty() {
                (plan, made) = (without, other);
                tool_failed = true;
            }
        }
        if !made.failed.is_empty() {
            tool_failed = true;
            (plan, made) = self.singly(plan, made)?;
        }
        if let Some(trial) = self.trial.as_ref().filter(|_| !plan.upgrades.is_empty()) {
            (plan, made) = self.pass(trial, plan, made, &mut out_of)?;
        }
        let changes = self.changes(&plan, &made)?;
        // A tool may do as it is told and yet take a version with findings.
        let after = &made.judged;
        let locks = plan.locks.clone();
        plan.give_up(|upgrade| {
            let tool = locks.get(upgrade.lock.as_ref()?)?.tool.program();
            let still =
                |name: &Name, file: &str| *name == upgrade.name && file == &*upgrade.place.file;
            let of_upgrades = after
                .plan
                .upgrades
                .iter()
                .map(|one| (&one.name, &one.place));
            let left = after.plan.left.iter();
            let of_left = left.filter_map(|one| Some((one.name.as_ref()?, &one.place)));
            let found = of_upgrades
                .chain(of_left)
                .any(|(name, place)| still(name, &place.file));
            let version = after.pins.iter().find(|(file, name, _)| still(name, file));
            let version = version.map_or("the version it has", |(_, _, version)| version);
            found.then(|| format!("`{tool}` takes {version}, which does not clear all"))
        });
        // Tools that cannot be told which version to take may have gone further.
        for upgrade in plan.upgrades.iter_mut().filter(|one| one.lock.is_some()) {
            let taken = after.pins.iter().filter_map(|(file, name, version)| {
                let is_it = *name == upgrade.name && **file == *upgrade.place.file;
                is_it.then(|| Version::from_str(version).ok())?
            });
            if let Some(taken) = taken.max() {
                let from = Version::from_str(&upgrade.from).ok();
                upgrade.step = from.map(|from| Step::between(&from, &taken));
                upgrade.to = taken;
            }
        }
        if !changes.is_empty() {
            let memory = undo::write(self.root, &changes)?;
            show::done(&plan, &before, &made, &changes, &memory, paint, &mut out_of)?;
        }
        show::left(&plan, paint, &mut out_of)?;
        Ok(Fixed {
            // The project itself has the last word: the copy holds what was needed of it.
            judged: (self.judge)(self.root)?,
            tool_failed,
        })
    }

    /// Gives up on upgrades whose edits cannot be made.
    fn check_edits(&self, plan: &mut Plan) -> Result<()> {
        let mut faults = Vec::new();
        let mut unmended = Vec::new();
        for mend in &plan.mends {
            let file = &*mend.place().file;
            let bytes = super::disk::read_whole(&self.root.join(file))?;
            if let Err(fault) = edit::apply(file, &bytes, &[Edit::Mend(mend)]) {
                unmended.push((mend.place().clone(), fault.to_string()));
            }
        }
        plan.give_up_mends(|mend| {
            let fault = unmended.iter().find(|(place, _)| place == mend.place())?;
            Some(fault.1.clone())
        });
        for (file, edits) in make::by_file(plan) {
            let bytes = super::disk::read_whole(&self.root.join(file))?;
            if edit::apply(file, &bytes, &edits).is_ok() {
                continue;
            }
            for upgrade in &plan.upgrades {
                let own = make::raises(std::slice::from_ref(upgrade));
                let Some(raises) = own.get(file) else {
                    continue;
                };
                let edits: Vec<Edit> = raises.iter().copied().map(Edit::Raise).collect();
                if let Err(fault) = edit::apply(file, &bytes, &edits) {
                    faults.push((
                        upgrade.place.clone(),
                        upgrade.name.clone(),
                        fault.to_string(),
                    ));
                }
            }
        }
        plan.give_up(|upgrade| {
            let fault = faults
                .iter()
                .find(|(place, name, _)| *place == upgrade.place && *name == upgrade.name)?;
            Some(fault.2.clone())
        });
        Ok(())
    }

    /// Gives up on addresses with which the tests do not pass, all of them at once: no package is to blame for that.
    fn try_addresses(&self, trial: &Trial, plan: &mut Plan, out: &mut dyn Write) -> Result<()> {
        if !plan.mends_addresses() {
            return Ok(());
        }
        say(out, "Running the tests with the other addresses")?;
        let made = self.make(&plan.only(&[]))?;
        let failed = match made.failed.values().next() {
            Some(reason) => Some(reason.clone()),
            None => tail(trial.run(&made.copy)?),
        };
        if let Some(tail) = failed {
            let last = tail.lines().next_back().unwrap_or_default();
            plan.give_up_mends(|mend| {
                let reason =
                    format!("the project cannot be installed or its tests fail with it: {last}");
                mend.is_of_address().then_some(reason)
            });
        }
        Ok(())
    }

    /// Makes what can be made where a lock tool cannot take all upgrades at once: one package after the other, each on top
    /// of those that went well.
    fn singly(&self, plan: Plan, all: Made) -> Result<(Plan, Made)> {
        let concerns = |upgrade: &Upgrade| {
            let lock = upgrade.lock.as_ref()?;
            all.failed.get(lock)
        };
        let (troubled, fine): (Vec<&Name>, Vec<&Name>) =
            plan.names().into_iter().partition(|name| {
                let mut of_name = plan
                    .upgrades
                    .iter()
                    .filter(|upgrade| upgrade.name == **name);
                of_name.any(|upgrade| concerns(upgrade).is_some())
            });
        let mut taken = fine;
        let mut reasons: Vec<(&Name, String)> = Vec::new();
        let mut best = self.make(&plan.only(&taken))?;
        for (at, name) in troubled.iter().enumerate() {
            if at >= MAX_SINGLY {
                reasons.push((
                    name,
                    "too many packages fail together to try each".to_owned(),
                ));
                continue;
            }
            taken.push(name);
            let made = self.make(&plan.only(&taken))?;
            match made.failed.values().next() {
                None => best = made,
                Some(reason) => {
                    reasons.push((name, reason.clone()));
                    taken.pop();
                }
            }
        }
        let mut kept = plan.clone();
        kept.give_up(|upgrade| {
            let reason = reasons.iter().find(|(name, _)| **name == upgrade.name)?;
            Some(reason.1.clone())
        });
        Ok((kept, best))
    }

    /// The largest set of upgrades that passes the tests.
    fn pass(
        &self,
        trial: &Trial,
        plan: Plan,
        all: Made,
        out: &mut dyn Write,
    ) -> Result<(Plan, Made)> {
        say(out, "Running the tests with all upgrades")?;
        let Some(mut tail) = tail(trial.run(&all.copy)?) else {
            return Ok((plan, all));
        };
        let names: Vec<Name> = plan.names().into_iter().cloned().collect();
        let major = |name: &Name| {
            let mut of_name = plan.upgrades.iter().filter(|upgrade| upgrade.name == *name);
            of_name.any(|upgrade| upgrade.step == Some(Step::Major))
        };
        // Of those that break something together the largest step is the likeliest to.
        let blame = |names: &mut Vec<Name>| names.sort_by_key(|name| !major(name));
        let mut passing = None;
        let mut tails: Vec<(Vec<Name>, String)> = Vec::new();
        let found = largest_passing(&names, blame, |set: &[Name]| {
            let shown: Vec<&str> = set.iter().map(Name::as_str).collect();
            say(out, &format!("Running the tests with {}", shown.join(", ")))?;
            let made = self.make(&plan.only(&set.iter().collect::<Vec<_>>()))?;
            if !made.failed.is_empty() {
                return anyhow::Ok(bisect::Outcome::Unresolved);
            }
            Ok(match trial.run(&made.copy)? {
                trial::Outcome::Pass => {
                    passing = Some((set.to_vec(), made));
                    bisect::Outcome::Pass
                }
                trial::Outcome::Fail(tail) => {
                    tails.push((set.to_vec(), tail));
                    bisect::Outcome::Fail
                }
                trial::Outcome::NotInstalled(_) => bisect::Outcome::Unresolved,
            })
        })?;
        let mut kept = plan.clone();
        let Some(found) = found else {
            kept.give_up(|_| {
                Some("the tests fail with it or with something it was tried with".to_owned())
            });
            return Ok((kept, self.make(&Plan::default())?));
        };
        kept.give_up(|upgrade| {
            let (name, with) = found
                .breaking
                .iter()
                .find(|(name, _)| *name == upgrade.name)?;
            let mut set = with.clone();
            set.push(name.clone());
            set.sort();
            let known = tails.iter().find(|(other, _)| {
                let mut other = other.clone();
                other.sort();
                other == set
            });
            if let Some((_, known)) = known {
                tail = known.clone();
            }
            let step = match upgrade.step {
                Some(Step::Major) => ", a major step",
                _ => "",
            };
            let others: Vec<&str> = with.iter().map(Name::as_str).collect();
            let together = if others.is_empty() {
                String::new()
            } else {
                format!(", together with {}", others.join(", "))
            };
            Some(format!(
                "the tests fail with {}{step}{together}: {}",
                upgrade.to,
                tail.lines().next_back().unwrap_or_default()
            ))
        });
        let made = match passing {
            Some((set, made)) if set == found.passing => made,
            _ => self.make(&kept)?,
        };
        Ok((kept, made))
    }
}

/// The last words of a trial that did not go well.
fn tail(outcome: trial::Outcome) -> Option<String> {
    match outcome {
        trial::Outcome::Pass => None,
        trial::Outcome::Fail(tail) | trial::Outcome::NotInstalled(tail) => Some(tail),
    }
}

fn say(out: &mut dyn Write, line: &str) -> io::Result<()> {
    writeln!(out, "{line} …")?;
    out.flush()
}

/// The tests fail before anything is changed.
#[derive(Debug, thiserror::Error)]
#[error("the tests fail as the project is, so nothing was changed:\n{tail}")]
pub struct Red {
    tail: String,
}

/// The project cannot be installed before anything is changed.
#[derive(Debug, thiserror::Error)]
#[error(
    "the project cannot be installed for its tests, so nothing was changed; --install names another command:\n{tail}"
)]
pub struct NotInstalled {
    tail: String,
}
