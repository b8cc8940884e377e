//! The interpreters a project names, and what is known against them.

use anyhow::Result;
use hognose_deps::date::Date;
use hognose_deps::inputs::{Files, Place};
use hognose_deps::interpreter::Release;
use hognose_deps::interpreter::facts::{self, Verdict};
use hognose_deps::interpreter::sources::{self, InterpreterUse, Role, Wanted};

/// A release of CPython that a project names, and where.
pub struct InterpreterAnswer {
    /// The release or branch.
    pub release: Release,
    /// Where it is named and in what role, at least once.
    pub places: Vec<(Place, Role)>,
    /// What is known against it.
    pub verdict: Verdict<'static>,
    /// The day its branch stopped or will stop to get fixes.
    pub end_of_life: Option<Date>,
    /// Whether that day is over.
    pub is_ended: bool,
}

/// Every place that names an interpreter.
pub fn interpreter_uses(files: &impl Files, paths: &[String]) -> Vec<InterpreterUse> {
    // What cannot be read was said by whoever reads inputs.
    let read = |path: &String| Some(sources::read(path, &files.read(path).ok()?));
    paths.iter().filter_map(read).flatten().collect()
}

impl InterpreterAnswer {
    /// Judges what places name. A range of supported versions names none that is run.
    ///
    /// # Errors
    /// The facts built into the program cannot be read.
    pub fn of(uses: Vec<InterpreterUse>, today: Date) -> Result<Vec<Self>> {
        let facts = facts::embedded()?;
        let mut answers: Vec<Self> = Vec::new();
        for used in uses {
            let Wanted::Release(release) = used.wanted else {
                continue;
            };
            let place = (used.place, used.role);
            if let Some(known) = answers.iter_mut().find(|known| known.release == release) {
                known.places.push(place);
                continue;
            }
            let verdict = facts.judge(&release);
            answers.push(Self {
                end_of_life: verdict.branch.map(|branch| branch.end_of_life),
                is_ended: verdict.branch.is_some_and(|branch| branch.is_ended(today)),
                places: vec![place],
                verdict,
                release,
            });
        }
        answers.sort_by(|one, other| {
            let key = |answer: &Self| (answer.release.branch, answer.release.exact.clone());
            key(one).cmp(&key(other))
        });
        Ok(answers)
    }
}

/// The word for a role.
pub fn role_word(role: Role) -> &'static str {
    match role {
        Role::Supported => "supported",
        Role::Developed => "developed",
        Role::Deployed => "deployed",
        Role::Tested => "tested",
    }
}
