//! Comparing what was expected with what was observed, and telling the difference the way a good compiler does.

use std::fmt;

use crate::expectation::{Expectation, Kind};
use crate::suite::Section;

/// One result of the caller's analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// `finding`, or the word of the vocabulary this answers.
    pub word: String,
    /// The file, by its name in the section.
    pub file: String,
    /// The line of that file, from 1.
    pub line: usize,
    /// The column, from 1; a result without one meets no expectation that names a column.
    pub column: Option<usize>,
    /// The identifier of the rule; empty for other words than `finding`.
    pub id: String,
    /// The message of a finding, or the text of another word.
    pub message: String,
    /// File and line where the flow of a finding starts.
    pub source_line: Option<(String, usize)>,
}

impl Observed {
    /// A finding.
    pub fn finding(
        file: impl Into<String>,
        line: usize,
        id: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            id: id.into(),
            ..Self::text("finding", file, line, message)
        }
    }

    /// A text for a word of the caller's own.
    pub fn text(
        word: impl Into<String>,
        file: impl Into<String>,
        line: usize,
        text: impl Into<String>,
    ) -> Self {
        Self {
            word: word.into(),
            file: file.into(),
            line,
            column: None,
            id: String::new(),
            message: text.into(),
            source_line: None,
        }
    }

    /// The same at a column, from 1.
    #[must_use]
    pub fn at_column(self, column: usize) -> Self {
        Self {
            column: Some(column),
            ..self
        }
    }

    /// The same with a flow that starts at a line, from 1.
    #[must_use]
    pub fn with_source(self, file: impl Into<String>, line: usize) -> Self {
        Self {
            source_line: Some((file.into(), line)),
            ..self
        }
    }

    fn at(&self) -> (&str, usize, Option<usize>) {
        (&self.file, self.line, self.column)
    }
}

/// Where a section's expectations and its results differ, in the order of the page.
#[derive(Debug, Clone)]
pub struct Report {
    /// The differences.
    pub complaints: Vec<Complaint>,
}

/// One difference, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// The line of the Markdown file, from 1.
    pub line: usize,
    /// What differs, where, the code and what helps to understand or mend it.
    pub text: String,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<&str> = self
            .complaints
            .iter()
            .map(|complaint| complaint.text.as_str())
            .collect();
        f.write_str(&texts.join("\n"))
    }
}

impl std::error::Error for Report {}

/// One result that an expectation demands: an expectation with several identifiers demands several.
struct Slot<'a> {
    expectation: &'a Expectation,
    id: &'a str,
}

impl Slot<'_> {
    /// Whether the result is about the same thing at the same line.
    fn resembles(&self, observed: &Observed) -> bool {
        let expected = self.expectation;
        observed.file == expected.file
            && observed.line == expected.line
            && self.same_subject(observed)
    }

    fn same_subject(&self, observed: &Observed) -> bool {
        let word = if self.expectation.kind == Kind::Text {
            &self.expectation.word
        } else {
            "finding"
        };
        observed.word == word && observed.id == self.id
    }

    fn accepts(&self, observed: &Observed) -> bool {
        let expected = self.expectation;
        let text = expected
            .text
            .as_deref()
            .is_none_or(|text| match expected.kind {
                Kind::Text => observed.message.trim() == text,
                _ => observed.message.contains(text),
            });
        self.resembles(observed)
            && text
            && expected
                .column
                .is_none_or(|column| observed.column == Some(column))
    }

    fn subject(&self) -> &str {
        if self.expectation.kind == Kind::Text {
            &self.expectation.word
        } else {
            self.id
        }
    }

    /// What the expectation says beside the subject.
    fn details(&self) -> Option<String> {
        let Expectation {
            column, text, kind, ..
        } = self.expectation;
        let column = column.map(|column| format!("column {column}"));
        let text = text.as_ref().map(|text| match kind {
            Kind::Text => text.clone(),
            _ => format!("a message with \"{text}\""),
        });
        let details: Vec<String> = column.into_iter().chain(text).collect();
        (!details.is_empty()).then(|| details.join(", "))
    }
}

impl Section {
    /// Compares the section's expectations with what was observed: each expectation must be met, each result expected.
    pub fn compare(&self, observed: &[Observed]) -> Result<(), Report> {
        let mut observed: Vec<&Observed> = observed
            .iter()
            .filter(|observed| self.counts_here(observed))
            .collect();
        observed.sort_by_key(|o| {
            (
                self.files.iter().position(|file| file.name == o.file),
                o.line,
                o.column,
                &o.id,
                &o.message,
            )
        });
        let demanded =
            self.slots(|kind| matches!(kind, Kind::Finding | Kind::Spurious | Kind::Text));
        let missed = self.slots(|kind| kind == Kind::Missed);

        let met = assign(&demanded, &observed);
        let mut left: Vec<&Observed> = unassigned(&met, &observed);
        let surfaced = assign(&missed, &left);
        let surfaced_results: Vec<&Observed> =
            surfaced.iter().flatten().map(|at| left[*at]).collect();
        left = unassigned(&surfaced, &left);

        let mut complaints = Vec::new();
        let mut unmet: Vec<&Slot> = Vec::new();
        for slot in demanded
            .iter()
            .zip(&met)
            .filter(|(_, met)| met.is_none())
            .map(|(slot, _)| slot)
        {
            // A result that differs only in message or column is told together with what it should have been.
            match left.iter().position(|observed| slot.resembles(observed)) {
                Some(at) => complaints.push(self.different(slot, left.remove(at))),
                None => unmet.push(slot),
            }
        }
        complaints.extend(unmet.iter().map(|slot| self.unmet(slot, &left)));
        complaints.extend(
            surfaced_results
                .iter()
                .map(|observed| self.surfaced(observed)),
        );
        let sources = self
            .expectations
            .iter()
            .filter(|expectation| expectation.kind == Kind::Source);
        complaints.extend(sources.filter_map(|source| self.source(source, &observed)));
        complaints.extend(left.iter().map(|observed| self.unexpected(observed)));
        if complaints.is_empty() {
            return Ok(());
        }
        complaints.sort_by_key(|complaint| complaint.line);
        Err(Report { complaints })
    }

    fn counts_here(&self, observed: &Observed) -> bool {
        let asks = |e: &Expectation| {
            e.word == observed.word && e.file == observed.file && e.line == observed.line
        };
        !self.vocabulary.only_where_asked(&observed.word) || self.expectations.iter().any(asks)
    }

    fn slots(&self, of_kind: impl Fn(Kind) -> bool) -> Vec<Slot<'_>> {
        let mut slots = Vec::new();
        for expectation in self
            .expectations
            .iter()
            .filter(|expectation| of_kind(expectation.kind))
        {
            if expectation.kind == Kind::Text {
                slots.push(Slot {
                    expectation,
                    id: "",
                });
            }
            slots.extend(expectation.ids.iter().map(|id| Slot { expectation, id }));
        }
        slots
    }

    fn complaint(
        &self,
        at: (&str, usize, Option<usize>),
        headline: &str,
        notes: &[String],
    ) -> Complaint {
        let (file, number, column) = at;
        let known = self.file(file);
        let line = known.map_or(self.line, |file| file.markdown_line(number));
        let place = known.map_or("no file of this section: ", |_| "");
        let margin = " ".repeat(line.to_string().len());
        let mut text = format!(
            "error: {headline}\n{margin}--> {}:{line} ({place}{file}:{number})\n",
            self.path
        );
        if let Some(code) = known.and_then(|file| file.text.lines().nth(number.checked_sub(1)?)) {
            text += &format!("{margin} |\n{line} | {code}\n{margin} |");
            if let Some(column) = column {
                // Tabs stay tabs, so that the caret stands below its character at any tab width.
                let before = code.chars().take(column.saturating_sub(1));
                text += &format!(
                    " {}^",
                    before
                        .map(|c| if c == '\t' { c } else { ' ' })
                        .collect::<String>()
                );
            }
            text += "\n";
        }
        text.extend(notes.iter().map(|note| format!("{margin} = {note}\n")));
        Complaint { line, text }
    }

    fn unmet(&self, slot: &Slot, left: &[&Observed]) -> Complaint {
        let Expectation {
            file,
            line,
            column,
            kind,
            ..
        } = slot.expectation;
        let subject = slot.subject();
        let mut notes = Vec::new();
        let headline = if *kind == Kind::Spurious {
            notes.push("the false positive is mended: delete this `spurious`".to_owned());
            format!("`{subject}` is no longer reported here")
        } else {
            notes.extend(slot.details().map(|details| format!("expected: {details}")));
            format!("`{subject}` was expected here and not reported")
        };
        let elsewhere = left.iter().filter(|o| slot.same_subject(o));
        let nearest = elsewhere.min_by_key(|o| (o.file != *file, o.line.abs_diff(*line)));
        notes.extend(nearest.map(|o| {
            format!(
                "it was reported at {}, where it was not expected",
                self.place(&o.file, o.line)
            )
        }));
        self.complaint((file, *line, *column), &headline, &notes)
    }

    fn different(&self, slot: &Slot, observed: &Observed) -> Complaint {
        let headline = format!(
            "`{}` was reported here, but not as expected",
            slot.subject()
        );
        let column = observed
            .column
            .filter(|_| slot.expectation.column.is_some());
        let column = column.map_or(String::new(), |column| format!("column {column}, "));
        let expected = format!("expected: {}", slot.details().unwrap_or_default());
        let notes = [expected, format!("reported: {column}{}", observed.message)];
        self.complaint(observed.at(), &headline, &notes)
    }

    fn surfaced(&self, observed: &Observed) -> Complaint {
        let headline = format!("`{}` is found here now: {}", observed.id, observed.message);
        let note = "the false negative is mended: turn this `missed` into `finding`".to_owned();
        self.complaint(observed.at(), &headline, &[note])
    }

    fn source(&self, source: &Expectation, observed: &[&Observed]) -> Option<Complaint> {
        let mut notes = Vec::new();
        for o in observed
            .iter()
            .filter(|o| source.ids.is_empty() || source.ids.contains(&o.id))
        {
            let Some((file, line)) = &o.source_line else {
                continue;
            };
            if (file, line) == (&source.file, &source.line) {
                return None;
            }
            let (sink, start) = (self.place(&o.file, o.line), self.place(file, *line));
            notes.push(format!(
                "the flow to `{}` at {sink} starts at {start}",
                o.id
            ));
        }
        let of = if source.ids.is_empty() {
            String::new()
        } else {
            format!(" of `{}`", source.ids.join("`, `"))
        };
        let headline = format!("no finding{of} has a flow that starts here");
        Some(self.complaint((&source.file, source.line, None), &headline, &notes))
    }

    fn unexpected(&self, observed: &Observed) -> Complaint {
        let Observed {
            id,
            word,
            message,
            source_line,
            ..
        } = observed;
        let start = source_line
            .as_ref()
            .map(|(file, line)| format!("its flow starts at {}", self.place(file, *line)));
        let (subject, hint) = match word.as_str() {
            "finding" => (
                id,
                format!(
                    "mark the line `finding: [{id}]` if it is right, `spurious: [{id}]` if it is a known error"
                ),
            ),
            _ => (
                word,
                format!("mark the line `{word}: {message}` if it is right"),
            ),
        };
        let notes: Vec<String> = start.into_iter().chain([hint]).collect();
        self.complaint(
            observed.at(),
            &format!("unexpected `{subject}`: {message}"),
            &notes,
        )
    }

    /// A place in the words of the page, which is where its reader looks.
    fn place(&self, file: &str, line: usize) -> String {
        match self.file(file) {
            Some(known) => format!("line {} ({file}:{line})", known.markdown_line(line)),
            None => format!("`{file}`:{line}"),
        }
    }
}

/// Gives each slot a result of its own such that as many slots as possible have one (augmenting paths; the sets are the few
/// results of a page). Taking the first that fits would let a loose expectation steal the result of a strict one.
fn assign(slots: &[Slot], observed: &[&Observed]) -> Vec<Option<usize>> {
    fn augment(
        slot: usize,
        fits: &[Vec<usize>],
        seen: &mut [bool],
        owner: &mut [Option<usize>],
    ) -> bool {
        for &result in &fits[slot] {
            if !std::mem::replace(&mut seen[result], true)
                && owner[result].is_none_or(|other| augment(other, fits, seen, owner))
            {
                owner[result] = Some(slot);
                return true;
            }
        }
        false
    }
    let fits: Vec<Vec<usize>> = slots
        .iter()
        .map(|slot| {
            (0..observed.len())
                .filter(|at| slot.accepts(observed[*at]))
                .collect()
        })
        .collect();
    let mut owner = vec![None; observed.len()];
    for slot in 0..slots.len() {
        augment(slot, &fits, &mut vec![false; observed.len()], &mut owner);
    }
    (0..slots.len())
        .map(|slot| owner.iter().position(|owner| *owner == Some(slot)))
        .collect()
}

fn unassigned<'a>(assigned: &[Option<usize>], observed: &[&'a Observed]) -> Vec<&'a Observed> {
    observed
        .iter()
        .enumerate()
        .filter(|(at, _)| !assigned.contains(&Some(*at)))
        .map(|(_, observed)| *observed)
        .collect()
}

#[cfg(test)]
mod tests;
