//! Static evaluation of framework settings: what `check --deploy` finds out by importing a project, found without it.
//!
//! A settings module is a program whose variables are the result. [`interpret`] executes it in the abstract, statement by
//! statement, over small values ([`value`]): constants, lists, dicts, and "whatever the environment holds". [`django`]
//! and [`flask`] find the modules and classes that configure an application and choose the one that is production; what
//! comes out is a [`World`] for each application. [`judge`] puts the `[[setting]]` matchers of the rules to it.
//!
//! It refuses to guess: a value that cannot be evaluated is unknown, and nothing is said about it. What holds only when an
//! environment variable is not set, or unless an optional local file says otherwise, is marked uncertain, and findings on
//! it lose a degree of confidence.

mod django;
mod environment;
mod expression;
mod flask;
mod interpret;
mod judge;
mod method;
mod value;
mod words;

use hognose_finding::Note;
use hognose_python::ir::*;
use hognose_python::{Evaluator, ModuleId, Project, Symbol};
use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;

pub(crate) use interpret::Interpreter;
pub(crate) use judge::judge;
use value::Namespace;
pub use value::{Shape, Val};

use crate::registry::Registry;

/// The settings of one application, as its production deployment sees them.
#[derive(Debug)]
pub struct World {
    /// `django` or `flask`.
    pub framework: &'static str,
    /// The module that was judged.
    pub module: ModuleId,
    /// How messages name what was judged: a dotted module or class name.
    pub judged: String,
    /// Where findings on settings that are not set stand.
    pub anchor: TextRange,
    /// Whether what was judged is surely production.
    pub sure: bool,
    /// An example or demonstration: its findings are for auditors.
    pub example: bool,
    /// Whether the settings seen are those of a whole application. A fragment is not judged by what it lacks.
    pub complete: bool,
    names: Namespace,
    defaults: FxHashMap<Symbol, Val>,
}

/// One setting of a world.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The value that counts: as assigned, or the framework's default.
    pub value: Val,
    /// Where it was last assigned or changed; nothing for a default.
    pub place: Option<(ModuleId, TextRange)>,
}

impl World {
    /// A setting's effective value. Unknown when it may be set where it cannot be seen.
    pub fn get(&self, name: &str) -> Setting {
        let name = Symbol::from(name);
        let default = || {
            if self.complete {
                self.defaults
                    .get(&name)
                    .cloned()
                    .unwrap_or_else(Val::unknown)
            } else {
                Val::unknown()
            }
        };
        match self.names.vars.get(&name) {
            Some(var) => {
                let mut value = var.value.clone();
                if var.optional {
                    value = value.join(default());
                }
                Setting {
                    value,
                    place: Some(var.place),
                }
            }
            None => Setting {
                value: self.when_absent(default()),
                place: None,
            },
        }
    }

    /// Whether a setting is certainly not set.
    pub fn is_missing(&self, name: &str) -> Option<bool> {
        match self.names.vars.get(&Symbol::from(name)) {
            Some(var) if var.optional => None,
            Some(_) => Some(false),
            None if self.complete && !self.names.unseen => Some(true),
            None => None,
        }
    }

    /// Whether a setting is assigned, perhaps not on every way; `None` when that cannot be seen.
    pub fn has(&self, name: &str) -> Option<bool> {
        match self.names.vars.contains_key(&Symbol::from(name)) {
            true => Some(true),
            false if self.names.unseen => None,
            false => Some(false),
        }
    }

    fn when_absent(&self, default: Val) -> Val {
        if self.names.unseen {
            return Val::unknown();
        }
        if self.names.overridable {
            default.uncertain()
        } else {
            default
        }
    }
}

/// Everything known of the settings of a project.
#[derive(Debug, Default)]
pub struct Settings {
    /// One world for each application.
    pub worlds: Vec<World>,
    /// Which modules were judged, and why.
    pub notes: Vec<Note>,
}

impl Settings {
    /// What is known after the evaluation failed: that it did.
    pub(crate) fn failed() -> Self {
        let text = "the settings could not be evaluated; findings on them are missing".to_owned();
        Self {
            worlds: Vec::new(),
            notes: vec![Note { file: None, text }],
        }
    }

    /// Finds and evaluates the settings of a project.
    pub(crate) fn find(
        project: &Project,
        registry: &Registry,
        tests: &dyn Fn(ModuleId) -> bool,
    ) -> Self {
        let mut settings = Self::default();
        let mut evaluator = Evaluator::new(project, &registry.aliases);
        let mut interpreter = Interpreter::new(&mut evaluator);
        django::find(&mut interpreter, registry, tests, &mut settings);
        flask::find(&mut interpreter, registry, tests, &mut settings);
        settings
    }
}

/// The default of every setting a framework has, as facts: a table in its library model.
fn defaults(registry: &Registry, framework: &str) -> FxHashMap<Symbol, Val> {
    registry
        .setting_defaults
        .iter()
        .filter(|(of, _, _)| of == framework)
        .map(|(_, name, value)| (*name, Val::from_constant(value)))
        .collect()
}

/// The last statement's span is where a module's missing settings are reported: its first that is no docstring.
fn anchor(module: &Module) -> TextRange {
    let first = module.block(module.body).iter().find(
        |stmt| !matches!(module[**stmt], Stmt::Expr(expr) if matches!(module[expr], Expr::Str(_))),
    );
    let range = first
        .or(module.block(module.body).first())
        .map_or_else(TextRange::default, |stmt| module.stmt_range(*stmt));
    first_line(module, range)
}

/// A span cut off at the end of its first line.
fn first_line(module: &Module, range: TextRange) -> TextRange {
    let text = module
        .text
        .as_str()
        .get(range.start().to_usize()..range.end().to_usize())
        .unwrap_or_default();
    let len = text.find(['\n', '\r']).unwrap_or(text.len());
    TextRange::at(
        range.start(),
        ruff_text_size::TextSize::try_from(len).unwrap_or_default(),
    )
}
