//! Findings accepted once, so that only new ones are shown.
//!
//! A baseline is a multiset: two equal defects need two entries, and a third one is new. Entries are tied to findings by
//! content alone, so that nothing becomes new by moving; the file and the symbol only decide which of several equal findings
//! an entry is for.

use std::collections::BTreeMap;

use crate::Finding;

/// One accepted finding. The order is that of the file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BaselineEntry {
    /// Where it stood, to attribute the right one among equals.
    pub file: String,
    /// Rule id.
    pub rule: String,
    /// Symbol around it then.
    pub symbol: String,
    /// Content hash of its fingerprint.
    pub content: u128,
}

impl BaselineEntry {
    /// The entry for a finding.
    pub fn of(finding: &Finding) -> Self {
        Self {
            file: finding.location.file.to_string(),
            rule: finding.rule.to_string(),
            symbol: finding.symbol.to_string(),
            content: finding.fingerprint.content,
        }
    }
}

/// A set of accepted findings, counted: two equal defects need two entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The entries, sorted.
    pub entries: Vec<BaselineEntry>,
}

/// How findings and entries belong together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BaselineMatch {
    /// For each finding asked about: the number of its entry. `None`: it is new.
    pub known: Vec<Option<usize>>,
    /// The numbers of the entries without a finding: what they stand for is mended, or was not looked at.
    pub stale: Vec<usize>,
}

impl Baseline {
    /// The baseline that accepts these findings.
    pub fn of<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Self {
        let mut entries: Vec<BaselineEntry> = findings.into_iter().map(BaselineEntry::of).collect();
        entries.sort_unstable();
        Self { entries }
    }

    /// Ties findings to entries one by one: first those with file and symbol in common, then those with the file, then
    /// those with the symbol, then the others. Within each step both go in the order of file and position.
    pub fn match_findings<'a>(
        &self,
        findings: impl IntoIterator<Item = &'a Finding>,
    ) -> BaselineMatch {
        let findings: Vec<&Finding> = findings.into_iter().collect();
        let mut known = vec![None; findings.len()];
        let mut groups: BTreeMap<u128, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        for (number, entry) in self.entries.iter().enumerate() {
            groups.entry(entry.content).or_default().0.push(number);
        }
        for (index, finding) in findings.iter().enumerate() {
            if let Some((_, waiting)) = groups.get_mut(&finding.fingerprint.content) {
                waiting.push(index);
            }
        }
        let mut stale = Vec::new();
        for (mut entries, mut waiting) in groups.into_values() {
            waiting.sort_by(|a, b| findings[*a].location.cmp(&findings[*b].location));
            for agree in [
                |entry: &BaselineEntry, finding: &Finding| {
                    same_file(entry, finding) && same_symbol(entry, finding)
                },
                same_file,
                same_symbol,
                |_: &BaselineEntry, _: &Finding| true,
            ] {
                entries.retain(|number| {
                    let entry = &self.entries[*number];
                    match waiting
                        .iter()
                        .position(|index| agree(entry, findings[*index]))
                    {
                        Some(position) => {
                            known[waiting.remove(position)] = Some(*number);
                            false
                        }
                        None => true,
                    }
                });
            }
            stale.extend(entries);
        }
        stale.sort_unstable();
        BaselineMatch { known, stale }
    }
}

fn same_file(entry: &BaselineEntry, finding: &Finding) -> bool {
    *entry.file == *finding.location.file
}

fn same_symbol(entry: &BaselineEntry, finding: &Finding) -> bool {
    *entry.symbol == *finding.symbol
}

#[cfg(test)]
mod tests;
