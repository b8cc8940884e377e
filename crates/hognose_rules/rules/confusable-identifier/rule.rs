//! In code because names are compared as they are seen, not as they are written.

use crate::prelude::*;

/// Longest name looked at, in characters.
const MAX_LENGTH: usize = 128;

pub fn check(context: &mut Context<'_, '_>) {
    let module = context.module;
    let text = module.text.as_str();
    // In a file with syntax errors strings are not told from names for certain.
    if text.is_ascii() || !module.faults.is_empty() {
        return;
    }
    let mut found: Vec<(TextRange, String)> = Vec::new();
    let mut quoted: Option<Vec<TextRange>> = None;
    let mut names: Option<FxHashSet<&str>> = None;
    let mut reported: FxHashSet<&str> = FxHashSet::default();
    let mut rest = 0;
    while let Some(at) = text[rest..].bytes().position(|byte| !byte.is_ascii()) {
        let at = rest + at;
        let start = text[..at].char_indices().rev().take_while(|(_, c)| is_part(*c)).last().map_or(at, |(start, _)| start);
        let end = text[at..].char_indices().find(|(_, c)| !is_part(*c)).map_or(text.len(), |(offset, _)| at + offset);
        rest = end.max(at + text[at..].chars().next().map_or(1, char::len_utf8));
        let name = &text[start..end];
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || name.chars().count() > MAX_LENGTH {
            continue;
        }
        let Some((seen, kind)) = seen(name) else { continue };
        let (Ok(from), Ok(to)) = (u32::try_from(start), u32::try_from(end)) else { return };
        let range = TextRange::new(from.into(), to.into());
        let quoted = quoted.get_or_insert_with(|| quoted_ranges(module));
        let next = quoted.partition_point(|quote| quote.start() <= range.start());
        if quoted[..next].iter().rev().take(64).any(|quote| quote.contains_range(range)) || !reported.insert(name) {
            continue;
        }
        let message = match kind {
            Kind::Mixed => format!("{name} is not {seen}: some of its letters belong to another script"),
            Kind::Folded if seen.len() > 1 => format!("Python reads {name} as {seen}"),
            Kind::Folded => continue,
            Kind::Single => {
                let names = names.get_or_insert_with(|| ascii_names(module));
                if !names.contains(seen.as_str()) && !hognose_python::is_builtin(&seen) {
                    continue;
                }
                format!("{name} is not {seen}, which is another name here: its letters belong to another script")
            }
        };
        found.push((range, message));
    }
    for (range, message) in found {
        context.report(range, message);
    }
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

enum Kind {
    /// Some letters are Latin, the others look like it.
    Mixed,
    /// No letter is Latin, all look like it.
    Single,
    /// Other forms of Latin letters, which Python takes for the plain ones (NFKC).
    Folded,
}

/// The ASCII name that is seen, where every character looks like one of ASCII.
fn seen(name: &str) -> Option<(String, Kind)> {
    let mut seen = String::with_capacity(name.len());
    let (mut latin, mut alike, mut folded) = (false, false, false);
    for c in name.chars() {
        if c.is_ascii() {
            latin |= c.is_ascii_alphabetic();
            seen.push(c);
        } else if let Some(plain) = look(c) {
            alike = true;
            seen.push(plain);
        } else {
            folded = true;
            seen.push_str(&fold(c)?);
        }
    }
    let kind = match (latin, alike, folded) {
        (_, false, true) => Kind::Folded,
        (true, true, _) | (_, true, true) => Kind::Mixed,
        (false, true, false) => Kind::Single,
        (_, false, false) => return None,
    };
    Some((seen, kind))
}

/// The Latin letter that a Cyrillic, Greek or Armenian one is drawn like. Greek letters that science uses are left out.
fn look(c: char) -> Option<char> {
    const ALIKE: &[(char, char)] = &[
        ('а', 'a'), ('с', 'c'), ('ԁ', 'd'), ('е', 'e'), ('һ', 'h'), ('і', 'i'), ('ј', 'j'), ('ӏ', 'l'), ('о', 'o'), ('р', 'p'), ('ԛ', 'q'), ('ѕ', 's'),
        ('ԝ', 'w'), ('х', 'x'), ('у', 'y'), ('ү', 'y'), ('А', 'A'), ('В', 'B'), ('С', 'C'), ('Е', 'E'), ('Ԍ', 'G'), ('Н', 'H'), ('І', 'I'), ('Ј', 'J'),
        ('К', 'K'), ('М', 'M'), ('О', 'O'), ('Р', 'P'), ('Ѕ', 'S'), ('Т', 'T'), ('Ү', 'Y'), ('Х', 'X'), ('ѵ', 'v'), ('Ѵ', 'V'), ('Ԝ', 'W'), ('Ӏ', 'I'),
        ('ο', 'o'), ('Α', 'A'), ('Β', 'B'), ('Ε', 'E'), ('Ζ', 'Z'), ('Η', 'H'), ('Ι', 'I'), ('Κ', 'K'), ('Μ', 'M'), ('Ν', 'N'), ('Ο', 'O'), ('Ρ', 'P'),
        ('Τ', 'T'), ('Υ', 'Y'), ('Χ', 'X'), ('օ', 'o'), ('ո', 'n'), ('ս', 'u'), ('հ', 'h'), ('ց', 'g'), ('զ', 'q'), ('ı', 'i'), ('ɡ', 'g'), ('ɑ', 'a'),
    ];
    ALIKE.iter().find(|(other, _)| *other == c).map(|(_, plain)| *plain)
}

/// The ASCII that Python's normalisation makes of another form of a letter.
fn fold(c: char) -> Option<String> {
    let letter = |base: u8, offset: u32| u8::try_from(offset).ok().map(|offset| char::from(base + offset).to_string());
    let number = u32::from(c);
    match number {
        0xFF21..=0xFF3A => letter(b'A', number - 0xFF21),
        0xFF41..=0xFF5A => letter(b'a', number - 0xFF41),
        0xFF10..=0xFF19 => letter(b'0', number - 0xFF10),
        0xFF3F => Some("_".to_owned()),
        // Bold, italic, script, Fraktur, double-struck, sans-serif and monospace alphabets of 52 letters each.
        0x1D400..=0x1D6A3 => match (number - 0x1D400) % 52 {
            offset @ 0..26 => letter(b'A', offset),
            offset => letter(b'a', offset - 26),
        },
        0x1D7CE..=0x1D7FF => letter(b'0', (number - 0x1D7CE) % 10),
        0xFB00 => Some("ff".to_owned()),
        0xFB01 => Some("fi".to_owned()),
        0xFB02 => Some("fl".to_owned()),
        0xFB03 => Some("ffi".to_owned()),
        0xFB04 => Some("ffl".to_owned()),
        0xFB05 | 0xFB06 => Some("st".to_owned()),
        0x017F => Some("s".to_owned()),
        0x210E => Some("h".to_owned()),
        0x212F => Some("e".to_owned()),
        0x2134 => Some("o".to_owned()),
        0x210A => Some("g".to_owned()),
        _ => None,
    }
}

/// Comments and literals, sorted.
fn quoted_ranges(module: &Module) -> Vec<TextRange> {
    let mut ranges: Vec<TextRange> = module.comments.iter().map(|comment| comment.range).collect();
    for (id, expr) in module.exprs() {
        if matches!(expr, Expr::Str(_) | Expr::Bytes(_)) {
            ranges.push(module.expr_range(id));
        }
    }
    ranges.sort_by_key(|range| (range.start(), range.end()));
    ranges
}

/// All names in ASCII that the module binds or mentions.
fn ascii_names(module: &Module) -> FxHashSet<&'static str> {
    let bound = module.scopes.iter().flat_map(|scope| scope.slots.iter().map(|slot| slot.name));
    let attributes = module.exprs().filter_map(|(_, expr)| match *expr {
        Expr::Attribute { attr, .. } => Some(attr),
        _ => None,
    });
    bound.chain(attributes).map(|name| name.as_str()).filter(|name| name.is_ascii()).collect()
}
