//! The interpreters a project names, and what is known against them.

use anyhow::Result;
use hognose_deps::date::Date;
use hognose_deps::inputs::{Files, Place};
use hognose_deps::interpreter::Release;
use hognose_deps::interpreter::facts::{self, Verdict};
use hognose_deps::interpreter::sources::{self, InterpreterUse, Role, Wanted};
use hognose_finding::Finding;

use super::answers::Accepted;
use super::findings::END_OF_LIFE_PYTHON;

/// A release of CPython that a project names, and where.
pub struct InterpreterAnswer {
    /// The release or branch.
    pub release: Release,
    /// Where it is named, at least once.
    pub places: Vec<Named>,
    /// What is known against it.
    pub verdict: Verdict<'static>,
    /// The day its branch stopped or will stop to get fixes.
    pub end_of_life: Option<Date>,
    /// Whether that day is over.
    pub is_ended: bool,
}

/// A place that names an interpreter.
pub struct Named {
    /// Where.
    pub place: Place,
    /// In what role.
    pub role: Role,
    /// Why somebody decided to live with a branch without fixes, if somebody did.
    pub accepted: Option<Accepted>,
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
            let place = Named {
                place: used.place,
                role: used.role,
                accepted: None,
            };
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

    /// Marks the places whose findings are suppressed.
    pub fn accept(answers: &mut [Self], findings: &[Finding]) {
        let suppressed = findings
            .iter()
            .filter(|finding| *finding.rule == *END_OF_LIFE_PYTHON);
        for finding in suppressed {
            let Some(accepted) = finding.suppressed.as_ref().map(Accepted::by) else {
                continue;
            };
            let places = answers.iter_mut().flat_map(|answer| &mut answer.places);
            let here = places.filter(|named| {
                named.place.file == finding.location.file
                    && named.place.line == finding.location.start.line
            });
            for named in here {
                named.accepted = Some(accepted.clone());
            }
        }
    }

    /// Whether its branch gets no fixes, and somebody has to do something about it.
    pub fn is_open(&self) -> bool {
        self.is_ended && self.places.iter().any(|named| named.accepted.is_none())
    }

    /// Whether its branch gets no fixes, and somebody decided to live with it wherever it is named.
    pub fn is_accepted(&self) -> bool {
        self.is_ended && !self.is_open()
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
