//! Advisories that the configuration accepts.

use hognose_deps::date::Date;
use hognose_deps::name::Name;
use hognose_finding::{Finding, Suppressed};

use super::answers::Accepted;
use super::findings::VULNERABLE_DEPENDENCY;
use super::reach::Reach;
use super::{Answers, Known};
use crate::configuration::AcceptedAdvisory;

impl Answers<'_> {
    /// Marks what is accepted. What has ended or accepts nothing is told, with its line in the configuration file.
    ///
    /// Who accepts an advisory has judged the code as it was: that the code uses what is vulnerable is news, and hidden
    /// only by an entry that says so.
    pub fn accept(
        &mut self,
        entries: &[AcceptedAdvisory],
        configuration: &str,
        today: Date,
    ) -> Vec<String> {
        let mut notes = Vec::new();
        for entry in entries {
            let place = format!(
                "the entry for {} ({configuration}, line {})",
                entry.id, entry.line
            );
            let until = entry.until.and_then(|(year, month, day)| {
                Date::parse(&format!("{year:04}-{month:02}-{day:02}"))
            });
            if let Some(until) = until.filter(|until| *until < today) {
                notes.push(format!("{place} ended on {until}"));
                continue;
            }
            let package = entry.package.as_deref().map(Name::new);
            let mut met = false;
            for answer in &mut self.packages {
                if package
                    .as_ref()
                    .is_some_and(|package| package.as_ref() != Some(answer.name))
                {
                    continue;
                }
                let named = |known: &&mut Known| {
                    known
                        .finding
                        .ids()
                        .any(|id| id.eq_ignore_ascii_case(&entry.id))
                };
                for known in answer.advisories.iter_mut().filter(named) {
                    met = true;
                    if entry.until_fixed
                        && let Some(fix) = known.fixed_in
                    {
                        notes.push(format!("{place} ended: {} {fix} has the fix", answer.name));
                    } else if matches!(known.reach, Reach::SymbolUsed(_)) && !entry.even_if_used {
                        notes.push(format!("{place} does not hold: what is vulnerable is used"));
                    } else {
                        known.accepted = Some(Accepted {
                            reason: entry.reason.clone(),
                        });
                    }
                }
            }
            if !met {
                notes.push(format!("{place} accepts nothing"));
            }
        }
        notes.dedup();
        notes
    }

    /// Marks all vulnerabilities of the packages whose findings are suppressed.
    pub fn accept_suppressed(&mut self, findings: &[Finding]) {
        let of_packages = findings
            .iter()
            .filter(|finding| *finding.rule == *VULNERABLE_DEPENDENCY);
        for finding in of_packages {
            let Some(accepted) = finding.suppressed.as_ref().map(Accepted::by) else {
                continue;
            };
            let here = self.packages.iter_mut().filter(|answer| {
                let place = answer.place();
                place.file == finding.location.file
                    && place.line == finding.location.start.line
                    && place.column == finding.location.start.column
            });
            for known in here.flat_map(|answer| &mut answer.advisories) {
                known.accepted.get_or_insert_with(|| accepted.clone());
            }
        }
    }
}

impl Accepted {
    /// What hides a finding, as a decision to live with what it is about.
    pub(super) fn by(why: &Suppressed) -> Self {
        let reason = match why {
            Suppressed::InSource { reason } | Suppressed::Configuration { reason } => {
                reason.clone()
            }
            Suppressed::Compat { .. } | Suppressed::Baseline => None,
        };
        Self { reason }
    }
}
