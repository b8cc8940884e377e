//! Where in a JavaScript program a place stands: in code, a string, a comment or a regular expression.

/// `${` in template literals is followed to this depth; deeper, code counts as part of the string.
const MAX_DEPTH: usize = 32;
/// The longest keyword that matters, and one more character.
const MAX_WORD: usize = 11;

/// Words behind which `/` begins a regular expression.
const KEYWORDS: &[&str] = &[
    "await",
    "case",
    "delete",
    "do",
    "else",
    "in",
    "instanceof",
    "new",
    "of",
    "return",
    "throw",
    "typeof",
    "void",
    "yield",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Code,
    /// With its quote; `/` for a regular expression.
    String(char),
    Comment {
        block: bool,
    },
}

/// A scanner of JavaScript that is given characters and holes in turn.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Script {
    state: State,
    /// What stands before is a value, so that `/` divides.
    operand: bool,
    /// The last word of code, and whether it is complete.
    word: String,
    word_ended: bool,
    escaped: bool,
    previous: Option<char>,
    /// For each open `${`, how many braces are open in it.
    braces: Vec<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
enum State {
    #[default]
    Code,
    /// Behind a `/` in code, of which the next character tells what it is.
    Slash,
    LineComment,
    BlockComment,
    String(char),
    Template,
    Regex {
        class: bool,
    },
}

impl Script {
    pub(crate) fn in_string(quote: char) -> Self {
        let state = match quote {
            '`' => State::Template,
            '/' => State::Regex { class: false },
            quote => State::String(quote),
        };
        Self {
            state,
            ..Self::default()
        }
    }

    pub(crate) fn in_comment(block: bool) -> Self {
        Self {
            state: if block {
                State::BlockComment
            } else {
                State::LineComment
            },
            ..Self::default()
        }
    }

    pub(crate) fn place(&self) -> Place {
        match self.state {
            State::Code => Place::Code,
            State::Slash if self.divides() => Place::Code,
            State::Slash | State::Regex { .. } => Place::String('/'),
            State::LineComment => Place::Comment { block: false },
            State::BlockComment => Place::Comment { block: true },
            State::String(quote) => Place::String(quote),
            State::Template => Place::String('`'),
        }
    }

    fn divides(&self) -> bool {
        self.operand && !KEYWORDS.contains(&self.word.as_str())
    }

    fn value(&mut self) {
        self.operand = true;
        self.word.clear();
    }

    pub(crate) fn hole(&mut self) {
        if self.state == State::Slash {
            self.slash_ends();
        }
        if self.state == State::Code {
            self.value();
        }
        self.escaped = false;
        self.previous = None;
    }

    /// `<!--` was read: in code it begins a comment.
    pub(crate) fn html_comment(&mut self) {
        if self.state == State::Code {
            self.state = State::LineComment;
        }
    }

    fn slash_ends(&mut self) {
        if self.divides() {
            self.state = State::Code;
            self.operand = false;
            self.word.clear();
        } else {
            self.state = State::Regex { class: false };
        }
    }

    pub(crate) fn step(&mut self, c: char) {
        let previous = self.previous.replace(c);
        if self.state == State::Slash {
            match c {
                '/' => {
                    self.state = State::LineComment;
                    return;
                }
                '*' => {
                    self.state = State::BlockComment;
                    self.previous = None;
                    return;
                }
                _ => self.slash_ends(),
            }
        }
        if matches!(
            self.state,
            State::String(_) | State::Template | State::Regex { .. }
        ) {
            if self.escaped {
                self.escaped = false;
                return;
            }
            if c == '\\' {
                self.escaped = true;
                return;
            }
        }
        let ends_line = matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}');
        match self.state {
            State::Code | State::Slash => self.code(c),
            State::LineComment if ends_line => self.state = State::Code,
            State::BlockComment if c == '/' && previous == Some('*') => self.state = State::Code,
            // A string that is not closed ends with its line; behind a backslash the two characters of a line end are one.
            State::String(quote)
                if c == quote || c == '\r' || c == '\n' && previous != Some('\r') =>
            {
                self.end_string()
            }
            State::Template if c == '`' => self.end_string(),
            State::Template
                if c == '{' && previous == Some('$') && self.braces.len() < MAX_DEPTH =>
            {
                self.braces.push(0);
                self.state = State::Code;
                self.operand = false;
                self.word.clear();
            }
            State::Regex { class: false } if c == '/' => self.end_string(),
            State::Regex { .. } if ends_line => self.end_string(),
            State::Regex { .. } if c == '[' => self.state = State::Regex { class: true },
            State::Regex { .. } if c == ']' => self.state = State::Regex { class: false },
            State::LineComment
            | State::BlockComment
            | State::String(_)
            | State::Template
            | State::Regex { .. } => {}
        }
    }

    fn end_string(&mut self) {
        self.state = State::Code;
        self.value();
    }

    fn code(&mut self, c: char) {
        match c {
            '"' | '\'' => self.state = State::String(c),
            '`' => self.state = State::Template,
            '/' => self.state = State::Slash,
            c if c.is_alphanumeric() || matches!(c, '_' | '$') => {
                if self.word_ended {
                    self.word_ended = false;
                    self.word.clear();
                }
                if self.word.len() < MAX_WORD {
                    self.word.push(c);
                }
                self.operand = true;
                return;
            }
            c if c.is_whitespace() => {}
            ')' | ']' => self.value(),
            '}' => match self.braces.last_mut() {
                Some(0) => {
                    self.braces.pop();
                    self.state = State::Template;
                    // The brace must not be taken for one behind `$`.
                    self.previous = None;
                }
                open => {
                    if let Some(open) = open {
                        *open -= 1;
                    }
                    self.value();
                }
            },
            c => {
                if c == '{'
                    && let Some(open) = self.braces.last_mut()
                {
                    *open = open.saturating_add(1);
                }
                self.operand = false;
                self.word.clear();
            }
        }
        self.word_ended = true;
    }
}
