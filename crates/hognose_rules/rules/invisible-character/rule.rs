//! In code because the text itself is looked at: code, strings and comments alike.

use crate::prelude::*;

/// Lines reported in one file. One with more is made of such characters, and the first ones say so.
const MAX_LINES: usize = 50;

pub fn check(context: &mut Context<'_, '_>) {
    let text = context.module.text.as_str();
    controls(context, text);
    if !text.is_ascii() {
        invisibles(context, text);
    }
}

/// Control characters of ASCII.
fn controls(context: &mut Context<'_, '_>, text: &str) {
    let bytes = text.as_bytes();
    // One pass that compilers turn into wide comparisons; nearly every file ends here.
    if !bytes
        .iter()
        .any(|byte| *byte < 0x20 && !matches!(*byte, b'\n' | b'\t') || *byte == 0x7F)
    {
        return;
    }
    // Files of old Macs end every line so.
    let only_returns = !text.contains('\n');
    let mut line_end = 0;
    let mut lines = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte >= 0x20 && *byte != 0x7F || matches!(*byte, b'\n' | b'\t' | 0x0C) || at < line_end
        {
            continue;
        }
        if *byte == b'\r'
            && (only_returns
                || matches!(bytes.get(at + 1), Some(b'\n' | b'\r') | None)
                || at > 0 && bytes[at - 1] == b'\r')
        {
            continue;
        }
        line_end = text[at..]
            .find('\n')
            .map_or(text.len(), |offset| at + offset);
        let what = match byte {
            0x08 => "a backspace hides what stands before it in a terminal",
            0x1B => "an escape character lets the text move the cursor of a terminal",
            0x1A => "a substitute character ends the file for some programs",
            b'\r' => {
                "a carriage return without line feed ends the line for Python, and not for most editors and reviews"
            }
            _ => "a control character stands here that most editors do not show",
        };
        report(context, at, char::from(*byte), what);
        // A colour moves nothing; only its spelling is bad.
        if *byte == 0x1B
            && is_colour(&text[at + 1..line_end])
            && let Some(draft) = context.drafts.last_mut()
        {
            draft.severity(Severity::Low).persona(Persona::Pedantic);
        }
        lines += 1;
        if lines == MAX_LINES {
            return;
        }
    }
}

/// Whether all escape sequences of a text, whose first escape character is cut off, choose colours.
fn is_colour(text: &str) -> bool {
    text.split('\u{1B}').all(|sequence| {
        let rest = sequence
            .strip_prefix('[')
            .map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';'));
        rest.is_some_and(|rest| rest.starts_with('m'))
    })
}

/// Characters beyond ASCII that are not seen.
fn invisibles(context: &mut Context<'_, '_>, text: &str) {
    let mut line_end = 0;
    let mut lines = 0;
    let mut before = ' ';
    // A black flag with tags behind it is one picture.
    let mut flag = false;
    for (at, c) in text.char_indices() {
        let previous = std::mem::replace(&mut before, c);
        flag = c == '\u{1F3F4}' || flag && matches!(c, '\u{200D}' | '\u{E0020}'..='\u{E007F}');
        if flag {
            continue;
        }
        if c.is_ascii() || at < line_end {
            continue;
        }
        let Some(name) = name(c) else { continue };
        let next = text[at + c.len_utf8()..].chars().next().unwrap_or(' ');
        if belongs(c, previous, next) {
            continue;
        }
        line_end = text[at..]
            .find('\n')
            .map_or(text.len(), |offset| at + offset);
        report(
            context,
            at,
            c,
            &format!("{name} stands here and is not seen"),
        );
        lines += 1;
        if lines == MAX_LINES {
            return;
        }
    }
}

fn report(context: &mut Context<'_, '_>, at: usize, c: char, what: &str) {
    let Ok(start) = u32::try_from(at) else { return };
    let range = TextRange::at(start.into(), TextSize::of(c));
    context.report(range, format!("{what} (U+{:04X})", u32::from(c)));
}

fn name(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{0080}'..='\u{009F}' => "a control character",
        '\u{00AD}' => "a soft hyphen",
        '\u{034F}' => "a combining grapheme joiner",
        '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' => {
            "a Hangul filler, which may be part of a name,"
        }
        '\u{17B4}' | '\u{17B5}' => "an inherent Khmer vowel",
        '\u{180E}' => "a Mongolian vowel separator",
        '\u{200B}' => "a zero-width space",
        '\u{200C}' => "a zero-width non-joiner",
        '\u{200D}' => "a zero-width joiner",
        '\u{2028}' => "a line separator",
        '\u{2029}' => "a paragraph separator",
        '\u{2060}' => "a word joiner",
        '\u{2061}'..='\u{2064}' => "an invisible operator",
        '\u{206A}'..='\u{206F}' => "a deprecated format character",
        '\u{FEFF}' => "a byte order mark, or zero-width no-break space,",
        '\u{FFF9}'..='\u{FFFB}' => "an annotation character",
        '\u{1D173}'..='\u{1D17A}' => "a musical format character",
        '\u{E0000}'..='\u{E007F}' => "a tag character, as used to hide instructions from people,",
        '\u{E0100}'..='\u{E01EF}' => "a variation selector, as used to hide bytes,",
        _ => return None,
    })
}

/// Whether the character has its place there: joiners in emoji and in scripts that need them, tags in flags, selectors behind
/// ideographs.
fn belongs(c: char, before: char, after: char) -> bool {
    match c {
        '\u{200C}' | '\u{200D}' => joins(before) || joins(after),
        '\u{E0100}'..='\u{E01EF}' => {
            matches!(before, '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}' | '\u{F900}'..='\u{FAFF}')
        }
        '\u{200B}' => complex(before) && complex(after),
        '\u{00AD}' => before.is_alphabetic() && after.is_alphabetic(),
        _ => false,
    }
}

/// Scripts whose letters change shape beside each other, and pictures that are put together.
fn joins(c: char) -> bool {
    complex(c)
        || matches!(c, '\u{20E3}' | '\u{2190}'..='\u{2BFF}' | '\u{FE0F}' | '\u{1F000}'..='\u{1FAFF}')
}

/// Arabic and Syriac, the scripts of India and South-East Asia, Mongolian.
fn complex(c: char) -> bool {
    matches!(c, '\u{0600}'..='\u{08FF}' | '\u{0900}'..='\u{109F}' | '\u{1780}'..='\u{18AF}' | '\u{1900}'..='\u{1CFF}' | '\u{A8E0}'..='\u{ABFF}' | '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFE}')
}
