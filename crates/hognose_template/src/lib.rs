//! What stands in a template file.
//!
//! [`html_context`] and [`HtmlTokenizer`] tell where in an HTML page a place stands.

pub mod html;
mod script;

pub use crate::html::{Attribute, AttributeKind, HtmlContext, HtmlTokenizer, html_context};
