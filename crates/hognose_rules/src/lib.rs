//! What is dangerous: rule folders, library models, and the engine that matches them.
//!
//! A rule is a folder (`rules/<id>/`); [`docs/development/rule-format.md`] describes it. Most rules are data: matchers on
//! calls, references, imports, stores, classes and decorators ([`matcher`]), with conditions on values ([`condition`]).
//! Where data is not enough a rule has a function, which sees one module through a [`Context`].
//!
//! [`docs/development/rule-format.md`]: https://github.com/hognose-dev/hognose/blob/main/docs/development/rule-format.md

mod built_in;

mod condition;
mod context;
mod declared;
mod expression;
mod fingerprint;
mod flow;
mod logins;
mod matcher;
mod model;
pub mod names;
mod parity;
mod patterns;
pub mod prelude;
mod registry;
mod run;
pub mod settings;
mod shape;
mod spelling;
mod suppress;
mod test_code;
mod text;
mod vendored;

pub use built_in::{built_in_finding, place};
pub use context::{Argument, CallSite, Callee, Context, Draft};
pub use flow::{ArgumentSeen, Arrival, LineFacts, SinkSeen};
pub use flow::{Distribution, ModelError, SOURCE_KINDS, SourceChoice, UsedSource, distributions};
pub use hognose_taint::Watch;
pub use parity::{
    ParityEntry, ParityTool, parity, parity_markdown, parity_of_comment, parity_tool, reported_by,
};
pub use registry::{Registry, Rule, registry, rules};
pub use run::{DataFlow, Outcome, RunOptions, run};
pub use spelling::nearest;
pub use suppress::{RuleNames, SuppressOptions, extent, file_suppressions, suppress};
pub use test_code::is_test_path;
pub use text::Piece;
pub use vendored::Vendored;
