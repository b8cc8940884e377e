//! In code because the text itself is looked at: code, strings and comments alike.

use crate::prelude::*;

/// Lines reported in one file.
const MAX_LINES: usize = 50;

pub fn check(context: &mut Context<'_, '_>) {
    let text = context.module.text.as_str();
    if text.is_ascii() {
        return;
    }
    let mut line_end = 0;
    let mut lines = 0;
    for (at, c) in text.char_indices() {
        let Some((name, reorders)) = control(c) else {
            continue;
        };
        // One report for a line: the characters come in pairs and swarms.
        if at < line_end {
            continue;
        }
        lines += 1;
        if lines > MAX_LINES {
            return;
        }
        line_end = text[at..]
            .find('\n')
            .map_or(text.len(), |offset| at + offset);
        let Ok(start) = u32::try_from(at) else { return };
        let range = TextRange::at(start.into(), TextSize::of(c));
        let message = format!(
            "U+{:04X} ({name}) changes the order in which this line is shown",
            u32::from(c)
        );
        let draft = context.report(range, message);
        if !reorders {
            // A mark only takes part in the order of its neighbours, and right-to-left texts need it.
            draft.severity(Severity::Low).persona(Persona::Pedantic);
        }
    }
}

/// Name of a character that controls direction, and whether it opens or closes a run.
fn control(c: char) -> Option<(&'static str, bool)> {
    Some(match c {
        '\u{202A}' => ("left-to-right embedding", true),
        '\u{202B}' => ("right-to-left embedding", true),
        '\u{202C}' => ("pop directional formatting", true),
        '\u{202D}' => ("left-to-right override", true),
        '\u{202E}' => ("right-to-left override", true),
        '\u{2066}' => ("left-to-right isolate", true),
        '\u{2067}' => ("right-to-left isolate", true),
        '\u{2068}' => ("first strong isolate", true),
        '\u{2069}' => ("pop directional isolate", true),
        '\u{200E}' => ("left-to-right mark", false),
        '\u{200F}' => ("right-to-left mark", false),
        '\u{061C}' => ("Arabic letter mark", false),
        _ => return None,
    })
}
