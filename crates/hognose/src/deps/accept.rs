//! Advisories that the configuration accepts.

use hognose_deps::date::Date;
use hognose_deps::name::Name;

use super::answers::Accepted;
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
}
