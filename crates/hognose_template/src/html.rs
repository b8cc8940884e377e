//! Where in an HTML page a place stands: the state of an HTML tokenizer behind the literal text before it.
//!
//! The states are those of the HTML standard, folded to what decides how a value must be escaped. Inside of scripts and of attributes
//! that hold script, a second small machine tells code from strings, comments and regular expressions.

mod attribute;
mod tokenizer;

pub use attribute::{Attribute, AttributeKind};
pub use tokenizer::HtmlTokenizer;

/// What a hole in a name is written as: `on*` is an attribute whose name begins with `on`.
pub const HOLE: char = '*';

/// Where a place stands in an HTML page.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum HtmlContext {
    /// Between tags.
    #[default]
    Text,
    /// In a comment, a doctype or a processing instruction.
    Comment,
    /// In the name of a tag, or right behind its `<` or `</`.
    TagName,
    /// Inside of a tag, where a name of an attribute stands or can stand.
    AttributeName,
    /// In an attribute value with quotes.
    QuotedAttribute {
        /// `"` or `'`.
        quote: char,
        /// Which attribute.
        attribute: Attribute,
    },
    /// In an attribute value without quotes, or where one would begin.
    UnquotedAttribute {
        /// Which attribute.
        attribute: Attribute,
    },
    /// In the code of a script, outside of strings.
    Script,
    /// In a string of a script.
    ScriptString {
        /// `"`, `'` or a backquote; `/` in a regular expression.
        quote: char,
    },
    /// In a comment of a script.
    ScriptComment {
        /// `/* */`; otherwise a comment up to the end of the line.
        block: bool,
    },
    /// In a `<script>` that does not run: JSON, a template for the browser.
    ScriptData,
    /// In a style sheet.
    Style,
    /// In an element that holds text only: `title`, `textarea`, and those like `iframe` whose content no browser shows.
    Rcdata,
}

impl HtmlContext {
    /// A short beginning of a page behind which a place stands in this context.
    pub fn opening(&self) -> String {
        match self {
            Self::Text => String::new(),
            Self::Comment => "<!--".to_owned(),
            Self::TagName => "<".to_owned(),
            Self::AttributeName => "<a ".to_owned(),
            Self::QuotedAttribute { quote, attribute } => {
                format!("{}{quote}{}", attribute.tag(), attribute.begun(true))
            }
            Self::UnquotedAttribute { attribute } => {
                format!("{}{}", attribute.tag(), attribute.begun(false))
            }
            Self::Script => "<script>".to_owned(),
            Self::ScriptString { quote: '/' } => "<script>=/.".to_owned(),
            Self::ScriptString { quote } => format!("<script>{quote}"),
            Self::ScriptComment { block: true } => "<script>/*".to_owned(),
            Self::ScriptComment { block: false } => "<script>//".to_owned(),
            Self::ScriptData => "<script type=text/plain>".to_owned(),
            Self::Style => "<style>".to_owned(),
            Self::Rcdata => "<title>".to_owned(),
        }
    }
}

/// The context behind the literal text `prefix` that begins in the context `start`.
///
/// A context does not hold all that a tokenizer knows: text that comes in pieces is better given to one [`HtmlTokenizer`].
pub fn html_context(prefix: &str, start: HtmlContext) -> HtmlContext {
    let mut tokenizer = HtmlTokenizer::at(start);
    tokenizer.feed(prefix);
    tokenizer.context()
}
