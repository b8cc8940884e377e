//! The tokenizer: its states, and how characters and holes lead from one to another.

use super::attribute::{
    JAVASCRIPT, RUNNING_ELEMENTS, URL_ATTRIBUTES, holds_script, is_expression, is_handler,
    is_javascript,
};
use super::{Attribute, AttributeKind, HOLE, HtmlContext};
use crate::script::{Place, Script};

/// Names of elements and attributes, and beginnings of attribute values, are kept up to this length: no name that means something is longer.
const MAX_NAME: usize = 40;

const MAX_REFERENCE: usize = 8;

/// An HTML tokenizer that is given literal text and holes in turn.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct HtmlTokenizer {
    state: State,
    /// The last sixteen characters, for the ends of comments and raw elements; 0 for what is not ASCII or not known.
    recent: u128,
    element: String,
    closing: bool,
    self_closing: bool,
    /// How many `svg` and `math` elements are open.
    foreign: u16,
    attribute: String,
    /// The beginning of the attribute value, in small letters and without the blanks before it.
    value: String,
    /// A part of an attribute value that may become a character reference.
    reference: String,
    /// The value of `type` of the tag.
    media_type: String,
    script: Script,
    /// `<!--` in a script: 1 behind it, 2 when a `<script` followed, whose end tag does not end the script.
    escape: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
enum State {
    #[default]
    Text,
    TagOpen,
    EndTagOpen,
    Markup,
    Comment,
    BogusComment,
    TagName,
    BeforeAttribute,
    AttributeName,
    AfterAttribute,
    BeforeValue,
    Quoted(char),
    Unquoted,
    Raw(Raw),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Raw {
    Script,
    Data,
    Style,
    Text,
}

/// Elements in which no tags are seen but their own end.
const RAW_ELEMENTS: &[(&str, Raw)] = &[
    ("script", Raw::Script),
    ("style", Raw::Style),
    ("title", Raw::Text),
    ("textarea", Raw::Text),
    ("iframe", Raw::Text),
    ("xmp", Raw::Text),
    ("noembed", Raw::Text),
    ("noframes", Raw::Text),
];

impl HtmlTokenizer {
    /// A tokenizer in the context `start`.
    pub fn at(start: HtmlContext) -> Self {
        let mut new = Self::default();
        match start {
            HtmlContext::Text => {}
            HtmlContext::Comment => new.state = State::Comment,
            HtmlContext::TagName => new.state = State::TagName,
            HtmlContext::AttributeName => new.state = State::BeforeAttribute,
            HtmlContext::QuotedAttribute { quote, attribute } => {
                new.enter_value(State::Quoted(quote), attribute)
            }
            HtmlContext::UnquotedAttribute { attribute } => {
                let state = if attribute.at_start {
                    State::BeforeValue
                } else {
                    State::Unquoted
                };
                new.enter_value(state, attribute);
            }
            HtmlContext::Script => new.enter_raw("script", Raw::Script),
            HtmlContext::ScriptString { quote } => {
                new.enter_raw("script", Raw::Script);
                new.script = Script::in_string(quote);
            }
            HtmlContext::ScriptComment { block } => {
                new.enter_raw("script", Raw::Script);
                new.script = Script::in_comment(block);
            }
            HtmlContext::ScriptData => new.enter_raw("script", Raw::Data),
            HtmlContext::Style => new.enter_raw("style", Raw::Style),
            HtmlContext::Rcdata => new.enter_raw("", Raw::Text),
        }
        new
    }

    fn enter_value(&mut self, state: State, attribute: Attribute) {
        self.state = state;
        // Which element it is was lost, but not whether an address runs there.
        self.element = match attribute.kind {
            AttributeKind::Url { runs: false } => "img".to_owned(),
            _ => HOLE.to_string(),
        };
        self.attribute = attribute.name;
        if !attribute.at_start {
            self.value.push(HOLE);
        }
        if let AttributeKind::Script { string } | AttributeKind::Expression { string } =
            attribute.kind
        {
            if !holds_script(&self.attribute) {
                self.value = JAVASCRIPT.to_owned();
            }
            if let Some(quote) = string {
                self.script = Script::in_string(quote);
            }
        }
    }

    fn enter_raw(&mut self, element: &str, raw: Raw) {
        self.element = element.to_owned();
        self.state = State::Raw(raw);
        self.recent = 0;
        self.script = Script::default();
        self.escape = 0;
    }

    /// Reads literal text.
    pub fn feed(&mut self, text: &str) {
        let mut rest = text;
        loop {
            if self.state == State::Text {
                let Some(at) = rest.find('<') else { return };
                rest = &rest[at + 1..];
                self.state = State::TagOpen;
                self.recent = u128::from(b'<');
                continue;
            }
            let mut characters = rest.chars();
            let Some(character) = characters.next() else {
                return;
            };
            rest = characters.as_str();
            self.step(character);
            let byte = if character.is_ascii() {
                (character as u8).to_ascii_lowercase()
            } else {
                0
            };
            self.recent = self.recent << 8 | u128::from(byte);
        }
    }

    /// Passes a place whose text is not known. It is taken to stay in its context.
    pub fn hole(&mut self) {
        self.recent = 0;
        match self.state {
            State::Text | State::Comment | State::BogusComment => {}
            State::TagOpen | State::EndTagOpen => {
                self.start_tag(self.state == State::EndTagOpen);
                self.element.push(HOLE);
            }
            State::Markup => self.state = State::BogusComment,
            State::TagName => push(&mut self.element, HOLE),
            State::BeforeAttribute | State::AfterAttribute => {
                self.start_attribute();
                self.attribute.push(HOLE);
            }
            State::AttributeName => push(&mut self.attribute, HOLE),
            State::BeforeValue | State::Quoted(_) | State::Unquoted => {
                if self.state == State::BeforeValue {
                    self.state = State::Unquoted;
                }
                self.flush_reference();
                push(&mut self.value, HOLE);
                self.script.hole();
            }
            State::Raw(_) => self.script.hole(),
        }
    }

    /// The context of what follows.
    pub fn context(&self) -> HtmlContext {
        match self.state {
            State::Text => HtmlContext::Text,
            State::Markup | State::Comment | State::BogusComment => HtmlContext::Comment,
            State::TagOpen | State::EndTagOpen | State::TagName => HtmlContext::TagName,
            State::BeforeAttribute | State::AttributeName | State::AfterAttribute => {
                HtmlContext::AttributeName
            }
            State::BeforeValue | State::Unquoted => HtmlContext::UnquotedAttribute {
                attribute: self.attribute(),
            },
            State::Quoted(quote) => HtmlContext::QuotedAttribute {
                quote,
                attribute: self.attribute(),
            },
            State::Raw(Raw::Script) => match self.script.place() {
                Place::Code => HtmlContext::Script,
                Place::String(quote) => HtmlContext::ScriptString { quote },
                Place::Comment { block } => HtmlContext::ScriptComment { block },
            },
            State::Raw(Raw::Data) => HtmlContext::ScriptData,
            State::Raw(Raw::Style) => HtmlContext::Style,
            State::Raw(Raw::Text) => HtmlContext::Rcdata,
        }
    }

    fn attribute(&self) -> Attribute {
        let name = self.attribute.as_str();
        let string = match self.script.place() {
            Place::String(quote) => Some(quote),
            Place::Code | Place::Comment { .. } => None,
        };
        let kind = if is_handler(name) {
            AttributeKind::Script { string }
        } else if is_expression(name) {
            AttributeKind::Expression { string }
        } else if name == "style" {
            AttributeKind::Style
        } else if name == "srcdoc" {
            AttributeKind::Html
        } else if self.is_script_address() {
            AttributeKind::Script { string }
        } else if URL_ATTRIBUTES.contains(&name) {
            let runs = !matches!(
                name,
                "background" | "cite" | "icon" | "longdesc" | "poster" | "srcset" | "usemap"
            ) && (self.element.contains(HOLE)
                || RUNNING_ELEMENTS.contains(&self.element.as_str()));
            // The picture of `<input type="image">` is an image like any other.
            let runs = runs && !(name == "src" && self.element == "input");
            AttributeKind::Url { runs }
        } else {
            AttributeKind::Plain
        };
        Attribute {
            name: name.to_owned(),
            kind,
            at_start: self.value.is_empty() && self.reference.is_empty(),
        }
    }

    fn is_script_address(&self) -> bool {
        URL_ATTRIBUTES.contains(&self.attribute.as_str()) && self.value.starts_with(JAVASCRIPT)
    }

    fn step(&mut self, c: char) {
        match self.state {
            // `feed` leaves this state by itself.
            State::Text => {}
            State::TagOpen => match c {
                '/' => self.state = State::EndTagOpen,
                '!' => self.state = State::Markup,
                '?' => self.state = State::BogusComment,
                '<' => {}
                c if c.is_ascii_alphabetic() => {
                    self.start_tag(false);
                    push(&mut self.element, c);
                }
                _ => self.state = State::Text,
            },
            State::EndTagOpen => match c {
                '>' => self.state = State::Text,
                c if c.is_ascii_alphabetic() => {
                    self.start_tag(true);
                    push(&mut self.element, c);
                }
                _ => self.state = State::BogusComment,
            },
            State::Markup => match c {
                '>' => self.state = State::Text,
                '-' if self.ends_with("<!-") => self.state = State::Comment,
                '-' if self.ends_with("<!") => {}
                _ => self.state = State::BogusComment,
            },
            State::Comment => {
                if c == '>' && (self.ends_with("--") || self.ends_with("--!")) {
                    self.state = State::Text;
                }
            }
            State::BogusComment => {
                if c == '>' {
                    self.state = State::Text;
                }
            }
            State::TagName => match c {
                '>' => self.end_tag(),
                '/' => self.slash(),
                c if is_blank(c) => self.state = State::BeforeAttribute,
                c => push(&mut self.element, c),
            },
            State::BeforeAttribute | State::AfterAttribute => match c {
                '>' => self.end_tag(),
                '/' => self.slash(),
                '=' if self.state == State::AfterAttribute => self.start_value(),
                c if is_blank(c) => {}
                c => {
                    self.start_attribute();
                    push(&mut self.attribute, c);
                }
            },
            State::AttributeName => match c {
                '>' => self.end_tag(),
                '/' => self.slash(),
                '=' => self.start_value(),
                c if is_blank(c) => self.state = State::AfterAttribute,
                c => push(&mut self.attribute, c),
            },
            State::BeforeValue => match c {
                '>' => self.end_tag(),
                '"' | '\'' => self.state = State::Quoted(c),
                c if is_blank(c) => {}
                c => {
                    self.state = State::Unquoted;
                    self.value_character(c);
                }
            },
            State::Quoted(quote) if c == quote => self.end_value(),
            State::Unquoted if is_blank(c) => self.end_value(),
            State::Unquoted if c == '>' => {
                self.end_value();
                self.end_tag();
            }
            State::Quoted(_) | State::Unquoted => self.value_character(c),
            State::Raw(raw) => self.raw_character(raw, c),
        }
    }

    fn start_tag(&mut self, closing: bool) {
        self.state = State::TagName;
        self.closing = closing;
        self.self_closing = false;
        self.element.clear();
        self.media_type.clear();
    }

    fn slash(&mut self) {
        self.self_closing = true;
        self.state = State::BeforeAttribute;
    }

    fn start_attribute(&mut self) {
        self.state = State::AttributeName;
        self.self_closing = false;
        self.attribute.clear();
    }

    fn start_value(&mut self) {
        self.state = State::BeforeValue;
        self.value.clear();
        self.reference.clear();
        self.script = Script::default();
    }

    fn end_value(&mut self) {
        if self.attribute == "type" {
            self.media_type = std::mem::take(&mut self.value);
        }
        self.state = State::BeforeAttribute;
        self.self_closing = false;
    }

    fn value_character(&mut self, c: char) {
        // In an attribute `&quot;` is a quote to the script.
        if self.reference.is_empty() && c != '&' {
            self.decoded_character(c);
            return;
        }
        if c == '&' || self.reference.len() > MAX_REFERENCE {
            self.flush_reference();
        }
        self.reference.push(c);
        if c == ';' {
            self.flush_reference();
        }
    }

    fn flush_reference(&mut self) {
        let reference = std::mem::take(&mut self.reference);
        match decoded(&reference) {
            Some(c) => self.decoded_character(c),
            None => reference.chars().for_each(|c| self.decoded_character(c)),
        }
    }

    fn decoded_character(&mut self, c: char) {
        let in_script = holds_script(&self.attribute) || self.is_script_address();
        // Browsers drop blanks before an address, and line breaks and tabs anywhere in it.
        if !(self.value.is_empty() && (c.is_ascii_control() || c == ' ')
            || matches!(c, '\t' | '\n' | '\r'))
        {
            push(&mut self.value, c);
        }
        if in_script {
            self.script.step(c);
        }
    }

    fn end_tag(&mut self) {
        self.state = State::Text;
        let foreign = matches!(self.element.as_str(), "svg" | "math");
        if self.closing {
            self.foreign = self.foreign.saturating_sub(u16::from(foreign));
            return;
        }
        if self.self_closing && (self.foreign > 0 || foreign) {
            return;
        }
        self.foreign = self.foreign.saturating_add(u16::from(foreign));
        let Some((name, raw)) = RAW_ELEMENTS.iter().find(|(name, _)| *name == self.element) else {
            return;
        };
        let raw = match raw {
            Raw::Script if !is_javascript(&self.media_type) => Raw::Data,
            Raw::Text if self.foreign > 0 => return,
            raw => *raw,
        };
        self.enter_raw(name, raw);
    }

    fn raw_character(&mut self, raw: Raw, c: char) {
        if matches!(c, '>' | '/') || is_blank(c) {
            if self.ends_raw() {
                if self.escape == 2 {
                    self.escape = 1;
                } else {
                    let element = std::mem::take(&mut self.element);
                    self.start_tag(true);
                    self.element = element;
                    match c {
                        '>' => self.state = State::Text,
                        '/' => self.slash(),
                        _ => self.state = State::BeforeAttribute,
                    }
                    return;
                }
            } else if self.escape == 1 && self.ends_with("<script") {
                self.escape = 2;
            } else if c == '>' && self.ends_with("--") {
                self.escape = 0;
            }
        }
        let begins_comment = c == '-' && self.ends_with("<!-");
        if begins_comment && self.escape == 0 && matches!(raw, Raw::Script | Raw::Data) {
            self.escape = 1;
        }
        if raw == Raw::Script {
            self.script.step(c);
            if begins_comment {
                self.script.html_comment();
            }
        }
    }

    /// The last characters are `</` and the name of the raw element.
    fn ends_raw(&self) -> bool {
        let ends = |name: &str| {
            self.ends_with(name)
                && (self.recent >> (8 * name.len()) & 0xffff)
                    == u128::from(u16::from_be_bytes(*b"</"))
        };
        if self.element.is_empty() {
            RAW_ELEMENTS
                .iter()
                .any(|(name, raw)| *raw == Raw::Text && ends(name))
        } else {
            ends(&self.element)
        }
    }

    fn ends_with(&self, text: &str) -> bool {
        debug_assert!(text.len() < 15);
        let wanted = text
            .bytes()
            .fold(0u128, |word, byte| word << 8 | u128::from(byte));
        self.recent & ((1 << (8 * text.len())) - 1) == wanted
    }
}

fn decoded(reference: &str) -> Option<char> {
    let name = reference.strip_prefix('&')?;
    match name.strip_suffix(';').unwrap_or(name) {
        "quot" | "QUOT" => Some('"'),
        "apos" => Some('\''),
        "amp" | "AMP" => Some('&'),
        "lt" | "LT" => Some('<'),
        "gt" | "GT" => Some('>'),
        "colon" => Some(':'),
        "sol" => Some('/'),
        number => {
            let number = number.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            code.ok().and_then(char::from_u32)
        }
    }
}

fn push(name: &mut String, c: char) {
    if name.len() < MAX_NAME {
        name.push(c.to_ascii_lowercase());
    }
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c')
}

#[cfg(test)]
mod tests;
