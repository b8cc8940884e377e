//! Filters for script elements and comments that miss what browsers accept.

use super::Defect;
use crate::machine::{Outcome, Program, Run};
use crate::{Mode, Pattern};

/// Most steps for one example. Examples are short: only a pattern that runs away takes more, and that is another finding.
const MAX_STEPS: u64 = 20_000;

/// Plain examples: a pattern that finds one is a filter of that kind.
const SCRIPT: &str = "<script>alert(1)</script>";
const COMMENT: &str = "<!-- comment -->";

/// What browsers take for the same, and what is unusual about it. A filter must find each to its end.
const SCRIPT_VARIANTS: &[(&str, &str)] = &[
    ("<SCRIPT>alert(1)</SCRIPT>", "upper-case tags"),
    (
        "<script>alert(1)</script >",
        "a blank before the end of the end tag, as in </script >",
    ),
    (
        "<script>alert(1)</script\n>",
        "a line feed before the end of the end tag",
    ),
    (
        "<script>alert(1)</script foo=\"bar\">",
        "attributes in the end tag, as in </script foo=\"bar\">",
    ),
    (
        "<script src=\"a.js\">alert(1)</script>",
        "attributes in the start tag",
    ),
    (
        "<script>alert(1)\nalert(2)</script>",
        "line feeds between the tags",
    ),
];
const COMMENT_VARIANTS: &[(&str, &str)] = &[
    ("<!-- comment --!>", "comments that end in --!>"),
    ("<!-- two\nlines -->", "comments with line feeds"),
];

pub(super) fn find(pattern: &Pattern) -> Option<Defect> {
    let program = Program::new(&pattern.hir).ok()?;
    let finds = |text: &str| -> Option<bool> {
        let text: Vec<u32> = text.chars().map(u32::from).collect();
        match Run::new(&program, &text, MAX_STEPS).go(Mode::Search) {
            Outcome::Match(from, to) => Some(from == 0 && to as usize == text.len()),
            Outcome::NoMatch => Some(false),
            Outcome::OutOfSteps => None,
        }
    };
    // A pattern that finds any element says nothing about script elements in particular.
    let special = |example: &str, other: &str| Some(finds(example)? && !finds(other)?);
    let variants = if special(SCRIPT, "<b>alert(1)</b>")? {
        SCRIPT_VARIANTS
    } else if special(COMMENT, "<b>comment</b>")? && !finds(SCRIPT)? {
        COMMENT_VARIANTS
    } else {
        return None;
    };
    let mut missed = Vec::new();
    for (text, unusual) in variants {
        if !finds(text)? {
            missed.push(*unusual);
        }
    }
    if missed.is_empty() {
        return None;
    }
    let span = pattern.ast().node(pattern.ast().root()).span.clone();
    Some(Defect {
        span,
        reason: format!("the filter misses {}", missed.join("; ")),
    })
}
