//! Tokens of expressions.

/// The longest tag that is read. Longer ones are data, not code.
const MAX_TAG: usize = 1 << 16;

/// Which of the two languages is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Jinja2,
    Python,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Name,
    Number,
    /// A text: its content, and whether escapes and f-string fields are read.
    String {
        from: usize,
        to: usize,
        raw: bool,
        format: bool,
    },
    Operator,
    /// The end of a line outside of brackets.
    Newline,
}

/// Why a tag was not read, with where to go on: behind its end if there is one.
pub(crate) struct Unclosed;

/// The tokens from `from` up to the first of `ends` that stands outside of brackets and texts, and where that begins.
pub(crate) fn tokens(
    text: &str,
    from: usize,
    ends: &[&str],
    dialect: Dialect,
) -> Result<(Vec<Token>, usize), Unclosed> {
    let mut limit = text.len().min(from + MAX_TAG);
    while !text.is_char_boundary(limit) {
        limit -= 1;
    }
    let read = &text[..limit];
    let mut tokens = Vec::new();
    let mut brackets = 0usize;
    let mut at = from;
    while let Some(c) = read[at..].chars().next() {
        let rest = &read[at..];
        if brackets == 0 && ends.iter().any(|end| rest.starts_with(end)) {
            return Ok((tokens, at));
        }
        let start = at;
        at += c.len_utf8();
        let kind = match c {
            '\n' if dialect == Dialect::Python && brackets == 0 => Kind::Newline,
            // It joins the next line.
            '\\' => {
                let after = read[at..].trim_start_matches('\r');
                at = limit - after.strip_prefix('\n').unwrap_or(after).len();
                continue;
            }
            c if c.is_whitespace() => continue,
            '#' if dialect == Dialect::Python => {
                at = rest.find('\n').map_or(limit, |length| start + length);
                continue;
            }
            '"' | '\'' => {
                let (kind, end) = string(read, start, start, dialect)?;
                at = end;
                kind
            }
            c if c.is_ascii_digit() => {
                at += rest[1..]
                    .bytes()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == b'_')
                    .count();
                // `1.5`, but not the `1.` of `a.1.b`.
                let after_dot = tokens
                    .last()
                    .is_some_and(|token: &Token| &read[token.from..token.to] == ".");
                if !after_dot
                    && read[at..].starts_with('.')
                    && read[at + 1..].starts_with(|c: char| c.is_ascii_digit())
                {
                    at += 1;
                    at += read[at..]
                        .bytes()
                        .take_while(|c| c.is_ascii_alphanumeric() || *c == b'_')
                        .count();
                }
                Kind::Number
            }
            c if c.is_alphabetic() || c == '_' => {
                at += read[at..]
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .map(char::len_utf8)
                    .sum::<usize>();
                let prefix = &read[start..at];
                let is_prefix = prefix.len() <= 2
                    && prefix
                        .chars()
                        .all(|c| matches!(c.to_ascii_lowercase(), 'r' | 'b' | 'f' | 'u'));
                if dialect == Dialect::Python && is_prefix && read[at..].starts_with(['"', '\'']) {
                    let (kind, end) = string(read, start, at, dialect)?;
                    at = end;
                    kind
                } else {
                    Kind::Name
                }
            }
            c => {
                match c {
                    '(' | '[' | '{' => brackets += 1,
                    ')' | ']' | '}' => brackets = brackets.saturating_sub(1),
                    _ => {
                        let double = [
                            "**", "//", "==", "!=", "<=", ">=", "->", ":=", "+=", "-=", "*=", "/=",
                            "%=",
                        ];
                        if double.iter().any(|operator| rest.starts_with(operator)) {
                            at = start + 2;
                        }
                    }
                }
                Kind::Operator
            }
        };
        tokens.push(Token {
            kind,
            from: start,
            to: at,
        });
    }
    Err(Unclosed)
}

/// The text whose prefix begins at `start` and whose quote stands at `quote`, and where it ends.
fn string(
    text: &str,
    start: usize,
    quote: usize,
    dialect: Dialect,
) -> Result<(Kind, usize), Unclosed> {
    let prefix = &text[start..quote];
    let has = |letter: char| prefix.chars().any(|c| c.eq_ignore_ascii_case(&letter));
    let mark = &text[quote..=quote];
    let triple = mark.repeat(3);
    let mark = match dialect {
        Dialect::Python if text[quote..].starts_with(&triple) => triple.as_str(),
        _ => mark,
    };
    let from = quote + mark.len();
    let mut escaped = false;
    for (offset, c) in text[from..].char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if text[from + offset..].starts_with(mark) {
            let to = from + offset;
            let kind = Kind::String {
                from,
                to,
                raw: has('r'),
                format: has('f'),
            };
            return Ok((kind, to + mark.len()));
        } else if c == '\n' && dialect == Dialect::Python && mark.len() == 1 {
            break;
        }
    }
    Err(Unclosed)
}
