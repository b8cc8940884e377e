//! What stands in a template file of Jinja2, Django or Mako.
//!
//! [`parse`] reads a file and runs nothing of it: which values are written where ([`Hole`], each with its place in the HTML page), where the
//! names in them come from ([`Binding`]), and which other files take part. It takes any text; what it could not read is a [`Fault`].
//!
//! A name that nothing binds is a variable of the context with which the file is rendered, or a builtin of the engine.
//!
//! [`html_context`] and [`HtmlTokenizer`] tell where in an HTML page a place stands, also for pages that are built in Python.

mod django;
mod expression;
mod filter;
pub mod html;
mod jinja2;
mod mako;
mod reader;
mod script;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use ruff_text_size::{TextRange, TextSize};

pub use crate::expression::{Argument, Expr, Filter, MAX_DEPTH};
pub use crate::filter::{FilterEffect, effect};
pub use crate::html::{Attribute, AttributeKind, HtmlContext, HtmlTokenizer, html_context};
pub use crate::reader::{MAX_FAULTS, MAX_OPEN};

/// The language of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// Jinja2.
    Jinja2,
    /// The template language of Django.
    Django,
    /// Mako.
    Mako,
}

/// A template file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    /// Where values are written, in the order of the file.
    ///
    /// In a Jinja2 or Django file that extends another, what stands outside of blocks and macros is never written, and is not here.
    pub holes: Vec<Hole>,
    /// The files it extends or inherits from; more than one if branches choose.
    pub extends: Vec<Expr>,
    /// Files whose text is put in.
    pub includes: Vec<Include>,
    /// Files whose macros are used.
    pub imports: Vec<Import>,
    /// Macros, and Mako's defs.
    pub macros: Vec<Macro>,
    /// Named parts that other files can replace.
    pub blocks: Vec<Block>,
    /// Where names get values; see [`Template::bindings_of`].
    pub bindings: Vec<Binding>,
    /// What was not understood.
    pub faults: Vec<Fault>,
}

/// A place where a value is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole {
    /// The value, without the filters behind it.
    pub expression: Expr,
    /// The filters, in the order they are applied.
    pub filters: Vec<Filter>,
    /// The filters of the tags around it (`{% filter %}`), innermost first. They get the text after it was escaped.
    pub outer_filters: Vec<Filter>,
    /// Whether the engine escapes the value by itself.
    pub autoescape: Autoescape,
    /// Where in the page it stands.
    pub context: HtmlContext,
    /// The tag.
    pub range: TextRange,
    /// The line of the tag, from 1.
    pub line: u32,
}

/// Whether values are escaped without being asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Autoescape {
    /// Yes.
    On,
    /// No.
    Off,
    /// As the environment that loads the file does. In Mako, its default filters are applied.
    #[default]
    Inherit,
}

/// A file whose text is put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    /// The name of the file; a list if the first that exists is taken.
    pub template: Expr,
    /// Names given to it.
    pub bindings: Vec<(String, Expr)>,
    /// It sees only those.
    pub only: bool,
    /// Where in the page it stands.
    pub context: HtmlContext,
    /// Whether values are escaped here. Django's included files inherit it, Jinja2's do not.
    pub autoescape: Autoescape,
    /// The tag.
    pub range: TextRange,
}

/// A file whose macros are used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The name of the file.
    pub template: Expr,
    /// The name by which all its macros are reached: `{% import "f" as alias %}`.
    pub alias: Option<String>,
    /// Names taken from it, and what they are called here; `*` for all.
    pub names: Vec<(String, String)>,
    /// The tag.
    pub range: TextRange,
}

/// A macro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Macro {
    /// Its name.
    pub name: String,
    /// Its parameters with their defaults. They are bound in its body as [`Bound::Parameter`].
    pub parameters: Vec<(String, Option<Expr>)>,
    /// What stands in it.
    pub body: TextRange,
}

/// A named part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its name.
    pub name: String,
    /// Where in the page it begins. A file that extends another knows that only from [`Surroundings`].
    pub context: HtmlContext,
    /// Whether values are escaped here.
    pub autoescape: Autoescape,
    /// What stands in it.
    pub body: TextRange,
}

/// A name gets a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The name.
    pub name: String,
    /// The value. Names in it mean what they do where `range` begins.
    pub value: Bound,
    /// The tag or statement.
    pub range: TextRange,
    /// Where it is seen.
    pub scope: TextRange,
    /// Where it is the one seen: up to the end of the branch it stands in. Behind that, an earlier one may still hold.
    pub certain: TextRange,
}

/// What a name is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// The value of an expression.
    Is(Expr),
    /// The part at an index of a value that is unpacked: `{% set a, b = pair %}`.
    Part(Expr, usize),
    /// An element of what is iterated over, or the part at an index of each element.
    Element(Expr, Option<usize>),
    /// A key of a mapping: `{% for k, v in d.items() %}`.
    Key(Expr),
    /// A value of a mapping.
    Value(Expr),
    /// The text of a part of this file, with the holes in it: `{% set x %} … {% endset %}`.
    Text(TextRange),
    /// The parameter at an index of the macro around it.
    Parameter(usize),
    /// A parameter of the body given to a macro: `{% call(x) m() %}`.
    Given,
    /// The state of a loop: `loop`, `forloop`.
    Loop,
}

/// Something that was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What it is.
    pub message: &'static str,
    /// Where.
    pub range: TextRange,
}

/// What is known of the place into which a file is put.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Surroundings {
    /// Where in the page the file begins: of an included file, the context of the `include`.
    pub context: HtmlContext,
    /// Where the blocks begin in the file that this one extends.
    pub blocks: BTreeMap<String, HtmlContext>,
}

/// Reads a template that is a whole page, or of whose surroundings nothing is known.
pub fn parse(text: &str, engine: Engine) -> Template {
    parse_in(text, engine, &Surroundings::default())
}

/// Reads a template that is part of a page.
pub fn parse_in(text: &str, engine: Engine, surroundings: &Surroundings) -> Template {
    // Positions are 32 bits wide.
    if u32::try_from(text.len()).is_err() {
        return Template {
            faults: vec![Fault {
                message: "the file is too large",
                range: TextRange::default(),
            }],
            ..Template::default()
        };
    }
    match engine {
        Engine::Jinja2 => jinja2::read(text, surroundings),
        Engine::Django => django::read(text, surroundings),
        Engine::Mako => mako::read(text, surroundings),
    }
}

/// A name is looked for in this many of its bindings.
const MAX_LOOKED_AT: usize = 256;

impl Template {
    /// The bindings that a name at a place may mean, nearest first. If the last of them is not certain there, or there is none, the name may
    /// also be a variable of the context; so it may when there are too many to look at.
    pub fn bindings_of(&self, name: &str, at: TextSize) -> Vec<&Binding> {
        let before = self
            .bindings
            .partition_point(|binding| binding.scope.start() <= at);
        let mut reaching = Vec::new();
        let named = self.bindings[..before]
            .iter()
            .rev()
            .filter(|binding| binding.name == name);
        for binding in named.take(MAX_LOOKED_AT) {
            if binding.scope.contains(at) {
                reaching.push(binding);
                if binding.certain.contains(at) {
                    break;
                }
            }
        }
        reaching
    }

    /// The innermost macro around a place.
    pub fn macro_at(&self, at: TextSize) -> Option<&Macro> {
        self.macros
            .iter()
            .filter(|candidate| candidate.body.contains(at))
            .min_by_key(|found| found.body.len())
    }

    /// The innermost block around a place.
    pub fn block_at(&self, at: TextSize) -> Option<&Block> {
        self.blocks
            .iter()
            .filter(|candidate| candidate.body.contains(at))
            .min_by_key(|found| found.body.len())
    }
}
