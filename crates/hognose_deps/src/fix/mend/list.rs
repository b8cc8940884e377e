//! Taking an entry out of a list.

use std::ops::Range;

use crate::inputs::source::Source;

/// What has to go for an entry to be taken out of the list it stands in: `[a, b]`, `a,b`, or a line of its own, with or
/// without a hyphen. None if it is no list, or nothing else is in it.
pub fn without(source: &Source, entry: &Range<usize>) -> Option<Range<usize>> {
    own_line(source, entry).or_else(|| between_commas(source, entry))
}

/// The line of an entry that has nothing else but a hyphen before it.
fn own_line(source: &Source, entry: &Range<usize>) -> Option<Range<usize>> {
    let line = source.line_range(entry.start);
    let own = source.text.get(line.start..entry.start)?;
    let (before, at) = (own.trim(), own.len() - own.trim_start().len());
    let after = source.text.get(entry.end..line.end)?.trim_start();
    let stands_alone = matches!(before, "" | "-") && (after.is_empty() || after.starts_with('#'));
    // Inside of brackets that go over several lines the last entry has no comma, and the one before has it.
    let is_last_of_brackets = before.is_empty()
        && source.text[..line.start].trim_end().ends_with([',', '['])
        && source.text[line.end..]
            .trim_start()
            .starts_with([']', '}', ')']);
    let is_entry = |other: &str| {
        let indented = other.len() - other.trim_start().len();
        before.is_empty() || indented == at && other.trim_start().starts_with('-')
    };
    let above = source.text[..line.start].lines().next_back();
    let below = source.text[line.end..].lines().next();
    let has_others = above.into_iter().chain(below).any(is_entry);
    (stands_alone && has_others && !is_last_of_brackets).then_some(line)
}

fn between_commas(source: &Source, entry: &Range<usize>) -> Option<Range<usize>> {
    let text = &source.text;
    let before = text.get(..entry.start)?;
    let after = text.get(entry.end..)?;
    let next = after.trim_start();
    if let Some(rest) = next.strip_prefix(',') {
        let comma = text.len() - rest.len();
        let line = source.line_range(entry.start);
        // With its line, if the line has nothing else.
        let alone = text.get(line.start..entry.start)?.trim().is_empty()
            && text
                .get(comma..line.end)
                .is_some_and(|rest| rest.trim().is_empty());
        if alone {
            return Some(line);
        }
        let spaces = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        return Some(entry.start..comma + spaces);
    }
    let kept = before.trim_end();
    let is_last = next.is_empty()
        || next.starts_with([']', '}', ')', '\n'])
        || after.starts_with(['\r', '\n']);
    (is_last && kept.ends_with(',')).then(|| kept.len() - 1..entry.end)
}
