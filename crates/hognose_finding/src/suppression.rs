//! Comments that suppress findings: ours, and those of other tools.
//!
//! The grammar lives in [`grammar`]: text of one comment token in, directives out. [`FileSuppressions`] places the
//! directives of a file, answers for each finding whether one of them holds, and remembers which were of use. What the
//! rules are called and what another tool's id stands for it asks a [`Vocabulary`].

mod grammar;
mod remark;

use std::fmt;

pub use grammar::{
    Directive, DirectiveError, Foreign, NamedRule, Parsed, Reach, is_addressed, parse_comment,
};
pub use remark::{Remark, SUPPRESSION_RULES};

use crate::Suppressed;

/// A day. The default comes before every other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Date {
    /// Year.
    pub year: u16,
    /// Month, from 1.
    pub month: u8,
    /// Day, from 1.
    pub day: u8,
}

impl Date {
    /// A day of the calendar.
    pub const fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            _ => return None,
        };
        if day == 0 || day > days {
            return None;
        }
        Some(Self { year, month, day })
    }

    /// The day so many days after 1 January 1970.
    pub fn from_days(days: u32) -> Self {
        // Years are taken to begin in March, so that the leap day is the last of its year.
        let shifted = u64::from(days) + 719_468;
        let era = shifted / 146_097;
        let day_of_era = shifted % 146_097;
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        let year = era * 400 + year_of_era + u64::from(month <= 2);
        Self {
            year: u16::try_from(year).unwrap_or(u16::MAX),
            month: u8::try_from(month).unwrap_or(12),
            day: u8::try_from(day).unwrap_or(31),
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl std::str::FromStr for Date {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        fn digits<T: std::str::FromStr>(text: &str, count: usize) -> Result<T, ()> {
            if text.len() != count || !text.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(());
            }
            text.parse().map_err(|_| ())
        }
        let mut parts = text.split('-');
        let (Some(year), Some(month), Some(day), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(());
        };
        Self::new(digits(year, 4)?, digits(month, 2)?, digits(day, 2)?).ok_or(())
    }
}

/// A tool whose suppression comments are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tool {
    /// `# nosec`.
    Bandit,
    /// `# noqa`, `# ruff: …`, and flake8 with it.
    Ruff,
    /// `# nosemgrep`.
    Semgrep,
}

impl Tool {
    /// Every tool.
    pub const ALL: [Self; 3] = [Self::Bandit, Self::Ruff, Self::Semgrep];

    /// The word used in configuration and output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bandit => "bandit",
            Self::Ruff => "ruff",
            Self::Semgrep => "semgrep",
        }
    }
}

impl std::str::FromStr for Tool {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|tool| tool.as_str() == word)
            .ok_or(())
    }
}

/// A comment token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comment<'a> {
    /// From the `#` to the end of the line.
    pub text: &'a str,
    /// Offset of the first byte in the file.
    pub start: u32,
    /// Offset past the last byte.
    pub end: u32,
    /// Line, from 1.
    pub line: u32,
    /// Nothing but white space stands before it.
    pub own_line: bool,
}

/// What the rules are called, and what other tools' ids stand for.
pub trait Vocabulary {
    /// Whether a rule has this id.
    fn is_rule(&self, id: &str) -> bool;
    /// The rule whose id is spelt most like this.
    fn nearest_rule(&self, id: &str) -> Option<&str>;
    /// Whether a function can be declared a sanitizer for this: a kind such as `sql`, or a rule about data flow.
    fn is_sanitized(&self, id: &str) -> bool;
    /// The one of these that is spelt most like this.
    fn nearest_sanitized(&self, id: &str) -> Option<&str>;
    /// Whether the tool knows this id or name; only then is a word of its comment taken for one.
    fn is_foreign(&self, tool: Tool, id: &str) -> bool;
    /// Whether our rule answers what the tool calls `id`; with no id, whether it answers anything of the tool.
    fn answers(&self, tool: Tool, id: Option<&str>, rule: &str) -> bool;
}

/// Which lines a finding takes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// First and last line of its span.
    pub span: (u32, u32),
    /// First and last line of the simple statement, or of the head of the compound statement with its decorators, it
    /// stands in.
    pub statement: (u32, u32),
}

impl Extent {
    fn holds(self, line: u32) -> bool {
        (self.span.0 <= line && line <= self.span.1)
            || (self.statement.0 <= line && line <= self.statement.1)
    }

    fn begins_on(self, line: u32) -> bool {
        self.span.0 == line || self.statement.0 == line
    }
}

/// A directive and the lines it holds for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// What it says.
    pub parsed: Parsed,
    /// Offset in the file of the comment it stands in.
    pub comment_start: u32,
    /// Offsets in the file of the part of the comment that says it.
    pub bytes: (u32, u32),
    /// Line of the comment.
    pub line: u32,
    /// For a comment alone on its line: the next line of code.
    pub next_code_line: Option<u32>,
    /// For `# ruff: disable`: the last line before its `# ruff: enable`.
    pub range_end: Option<u32>,
    /// For each rule named (or one slot, if none is): how many findings it has suppressed.
    pub used: Vec<u32>,
}

impl Placed {
    /// Offsets in the file of a rule's id.
    fn id_bytes(&self, named: &NamedRule) -> (u32, u32) {
        (
            self.comment_start + offset(named.range.start),
            self.comment_start + offset(named.range.end),
        )
    }

    /// Whether its lines are those of a finding. Says nothing of rules and dates.
    pub fn holds_for(&self, extent: Extent) -> bool {
        match &self.parsed {
            Parsed::Directive(directive) => self.applies(directive.reach, extent),
            Parsed::Foreign(foreign) => self.applies(foreign.reach, extent),
            Parsed::Error(_) => false,
        }
    }

    fn applies(&self, reach: Reach, extent: Extent) -> bool {
        match reach {
            Reach::File => true,
            Reach::Line => {
                extent.holds(self.line)
                    || self
                        .next_code_line
                        .is_some_and(|line| extent.begins_on(line))
            }
            Reach::SameLine => extent.holds(self.line),
            Reach::RangeStart => {
                self.line <= extent.span.0 && self.range_end.is_none_or(|end| extent.span.0 <= end)
            }
            Reach::RangeEnd | Reach::Function => false,
        }
    }
}

/// The suppressions of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileSuppressions {
    /// All directives, in order.
    pub placed: Vec<Placed>,
}

impl FileSuppressions {
    /// Reads the comments of a file, which come in order. Of other tools' comments those of `compat` are kept.
    pub fn collect<'a>(
        text: &str,
        comments: impl IntoIterator<Item = Comment<'a>>,
        compat: &[Tool],
        vocabulary: &dyn Vocabulary,
    ) -> Self {
        let mut placed = Vec::new();
        for comment in comments {
            for (range, parsed) in
                parse_comment(comment.text, &|tool, id| vocabulary.is_foreign(tool, id))
            {
                if let Parsed::Foreign(foreign) = &parsed
                    && !compat.contains(&foreign.tool)
                {
                    continue;
                }
                let slots = match &parsed {
                    Parsed::Directive(directive) => directive.rules.len(),
                    Parsed::Foreign(foreign) => foreign.ids.len().max(1),
                    Parsed::Error(_) => 0,
                };
                placed.push(Placed {
                    parsed,
                    comment_start: comment.start,
                    bytes: (
                        comment.start + offset(range.start),
                        comment.start + offset(range.end),
                    ),
                    line: comment.line,
                    next_code_line: comment
                        .own_line
                        .then(|| next_code_line(text, comment))
                        .flatten(),
                    range_end: None,
                    used: vec![0; slots],
                });
            }
        }
        close_ranges(&mut placed);
        Self { placed }
    }

    /// True if there is nothing to ask.
    pub fn is_empty(&self) -> bool {
        self.placed.is_empty()
    }

    /// Why a finding is suppressed, if it is. Every directive that holds for it counts as used. Ours go before others'.
    pub fn suppress(
        &mut self,
        rule: &str,
        extent: Extent,
        today: Date,
        vocabulary: &dyn Vocabulary,
    ) -> Option<Suppressed> {
        let mut ours = None;
        let mut others = None;
        for placed in &mut self.placed {
            let (reach, expired) = match &placed.parsed {
                Parsed::Directive(directive) => (directive.reach, directive.expired(today)),
                Parsed::Foreign(foreign) => (foreign.reach, false),
                Parsed::Error(_) => continue,
            };
            if expired || !placed.applies(reach, extent) {
                continue;
            }
            match &placed.parsed {
                Parsed::Directive(directive) => {
                    for (named, used) in directive.rules.iter().zip(&mut placed.used) {
                        if named.id == rule {
                            *used += 1;
                            ours.get_or_insert_with(|| Suppressed::InSource {
                                reason: directive.reason.clone(),
                            });
                        }
                    }
                }
                Parsed::Foreign(foreign) => {
                    let mut hit = false;
                    if foreign.ids.is_empty() {
                        hit = vocabulary.answers(foreign.tool, None, rule);
                        placed.used[0] += u32::from(hit);
                    }
                    for (id, used) in foreign.ids.iter().zip(&mut placed.used) {
                        if vocabulary.answers(foreign.tool, Some(id), rule) {
                            *used += 1;
                            hit = true;
                        }
                    }
                    if hit {
                        others.get_or_insert(Suppressed::Compat {
                            tool: foreign.tool.as_str(),
                        });
                    }
                }
                Parsed::Error(_) => {}
            }
        }
        ours.or(others)
    }

    /// What is wrong with the directives themselves. To be asked when every finding of the file has been offered to
    /// [`Self::suppress`]; `ran` tells whether a rule ran at all, for one that did not run may well have no finding.
    pub fn remarks(
        &self,
        today: Date,
        ran: &dyn Fn(&str) -> bool,
        vocabulary: &dyn Vocabulary,
    ) -> Vec<Remark> {
        remark::remarks(self, today, ran, vocabulary)
    }
}

fn offset(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// The next line that is neither blank nor only a comment.
fn next_code_line(text: &str, comment: Comment<'_>) -> Option<u32> {
    let rest = text.get(comment.end as usize..)?;
    let mut lines = rest.split('\n').zip(comment.line..);
    // What is left of the comment's own line.
    lines.next();
    lines
        .find(|(line, _)| {
            let code = line.trim_start();
            !code.is_empty() && !code.starts_with('#')
        })
        .map(|(_, number)| number)
}

/// Gives each `# ruff: disable[…]` the line of the next `# ruff: enable[…]` with the same ids; without one it holds to the
/// end of the file.
fn close_ranges(placed: &mut [Placed]) {
    for index in 0..placed.len() {
        let Parsed::Foreign(start) = &placed[index].parsed else {
            continue;
        };
        if start.reach != Reach::RangeStart {
            continue;
        }
        let end = placed[index + 1..]
            .iter()
            .find_map(|later| match &later.parsed {
                Parsed::Foreign(foreign)
                    if foreign.reach == Reach::RangeEnd && foreign.ids == start.ids =>
                {
                    Some(later.line)
                }
                _ => None,
            });
        placed[index].range_end = end;
    }
}

#[cfg(test)]
mod tests;
