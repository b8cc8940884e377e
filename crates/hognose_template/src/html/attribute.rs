//! Attributes: what their values are to a browser.

use super::HOLE;

/// The attribute in whose value a place stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Attribute {
    /// In small letters; [`HOLE`] stands for a part that is not known.
    pub name: String,
    /// What its value is to a browser.
    pub kind: AttributeKind,
    /// Only blanks stand before the place in the value.
    pub at_start: bool,
}

/// What the value of an attribute is to a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttributeKind {
    /// Text.
    Plain,
    /// An address.
    Url {
        /// A `javascript:` address runs there, or what is loaded from there does: a link, a form, a frame, a script. An image does not.
        runs: bool,
    },
    /// A script: an event handler, or an address behind `javascript:`.
    Script {
        /// The quote of the string of the script in which the place stands.
        string: Option<char>,
    },
    /// An expression that a framework evaluates in the browser (Vue, Alpine, AngularJS, htmx).
    Expression {
        /// The quote of the string of the expression in which the place stands.
        string: Option<char>,
    },
    /// Style declarations.
    Style,
    /// A whole page (`srcdoc`).
    Html,
}

impl Attribute {
    pub(super) fn tag(&self) -> String {
        let element = match self.kind {
            AttributeKind::Url { runs: false } => "img",
            _ => "a",
        };
        format!("<{element} {}=", self.name)
    }

    /// What stands before the place in the value.
    pub(super) fn begun(&self, quoted: bool) -> String {
        let (AttributeKind::Script { string } | AttributeKind::Expression { string }) = self.kind
        else {
            return if self.at_start { "" } else { "." }.to_owned();
        };
        let front = if !holds_script(&self.name) {
            JAVASCRIPT
        } else if self.at_start {
            ""
        } else {
            ";"
        };
        match string {
            Some('/') => format!("{front}=/."),
            Some('"') => format!("{front}&quot;"),
            Some('\'') if quoted => format!("{front}&apos;"),
            Some(quote) => format!("{front}{quote}"),
            None => front.to_owned(),
        }
    }
}

/// What begins an address that runs as a script.
pub(super) const JAVASCRIPT: &str = "javascript:";

/// Attributes that hold addresses.
pub(super) const URL_ATTRIBUTES: &[&str] = &[
    "action",
    "archive",
    "background",
    "cite",
    "classid",
    "codebase",
    "data",
    "dynsrc",
    "formaction",
    "href",
    "icon",
    "longdesc",
    "lowsrc",
    "manifest",
    "ping",
    "poster",
    "profile",
    "src",
    "srcset",
    "usemap",
    "xlink:href",
];

/// Elements whose address may be `javascript:`, or from where code is loaded. A hole in the name may be any of them.
pub(super) const RUNNING_ELEMENTS: &[&str] = &[
    "a", "animate", "area", "base", "button", "embed", "form", "frame", "iframe", "input",
    "object", "script", "set",
];

/// Attributes that hold expressions of frameworks, and how the names of more of them begin.
const EXPRESSION_ATTRIBUTES: &[&str] = &[
    "x-data", "x-effect", "x-for", "x-html", "x-if", "x-init", "x-model", "x-show", "x-text",
];

const EXPRESSION_PREFIXES: &[&str] = &[
    "@",
    ":",
    "v-",
    "x-on:",
    "x-bind:",
    "ng-",
    "data-ng-",
    "hx-on",
    "data-hx-on",
];

pub(super) fn holds_script(name: &str) -> bool {
    is_handler(name) || is_expression(name)
}

/// `onclick` and the like.
pub(super) fn is_handler(name: &str) -> bool {
    name.strip_prefix("on")
        .and_then(|rest| rest.chars().next())
        .is_some_and(|c| c.is_ascii_alphabetic() || c == HOLE)
}

pub(super) fn is_expression(name: &str) -> bool {
    EXPRESSION_ATTRIBUTES.contains(&name)
        || EXPRESSION_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

/// A browser, or a compiler in it, runs scripts of this type.
pub(super) fn is_javascript(media_type: &str) -> bool {
    let media_type = media_type.trim();
    media_type.is_empty()
        || media_type.contains(HOLE)
        || media_type == "module"
        || ["script", "babel", "jsx"]
            .iter()
            .any(|word| media_type.contains(word))
}
