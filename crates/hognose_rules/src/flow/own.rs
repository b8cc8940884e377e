//! What the users say of their own code: model files named in the configuration, and comments that declare a sanitizer.

use std::ops::Range;

use hognose_finding::{Date, Parsed, Placed, Reach};
use hognose_python::ir::FunctionId;
use hognose_python::{Module, ModuleId, Project};
use hognose_taint::model::rules_of;
use hognose_taint::shape::RuleSet;
use rustc_hash::FxHashMap;
use toml::de::DeTable;

use super::load::FlowTables;
use crate::registry::Registry;
use crate::spelling::nearest;
use crate::suppress::{RuleNames, file_suppressions};

/// The names of the tables a model file may hold.
const TABLES: [&str; 15] = [
    "source",
    "entry",
    "sink",
    "sanitizer",
    "guard",
    "propagator",
    "clean",
    "stops",
    "content-type",
    "field",
    "object",
    "runs",
    "template",
    "application",
    "switch",
];

/// A mistake in a model file of the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelError {
    /// The file, as it is to be named.
    pub file: String,
    /// Where in its text, in bytes.
    pub at: Range<usize>,
    /// What is wrong.
    pub message: String,
}

/// A model file of the user.
#[derive(Debug)]
pub(crate) struct OwnModel<'t> {
    file: &'t str,
    text: &'t str,
    pub(crate) tables: FlowTables,
}

impl<'t> OwnModel<'t> {
    /// Reads a file.
    ///
    /// # Errors
    /// What is no TOML, names no table there is, or holds something that no table may.
    pub(crate) fn parse(file: &'t str, text: &'t str) -> Result<Self, ModelError> {
        let error = |at: Option<Range<usize>>, message: String| ModelError {
            file: file.to_owned(),
            at: at.unwrap_or(0..0),
            message,
        };
        let table = DeTable::parse(text)
            .map_err(|wrong| error(wrong.span(), wrong.message().to_owned()))?;
        for key in table.get_ref().keys() {
            let name = key.get_ref();
            if !TABLES.contains(&&**name) {
                let help = match nearest(name, TABLES) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("it is one of {}", TABLES.join(", ")),
                };
                return Err(error(
                    Some(key.span()),
                    format!("no table of a model is called `{name}`; {help}"),
                ));
            }
        }
        let tables = toml::from_str(text)
            .map_err(|wrong| error(wrong.span(), wrong.message().to_owned()))?;
        Ok(Self { file, text, tables })
    }

    /// A mistake in one of its tables, which is told by its name and its number among those of that name.
    pub(crate) fn error_at(&self, (name, number): (&str, usize), message: String) -> ModelError {
        let table = DeTable::parse(self.text).ok();
        let at = table.as_ref().and_then(|table| {
            let tables = table.get_ref().get(name)?.get_ref().as_array()?;
            Some(tables.get(number)?.span())
        });
        ModelError {
            file: self.file.to_owned(),
            at: at.unwrap_or(0..0),
            message,
        }
    }
}

/// Functions that comments declare sanitizers, with the rules for which their results are harmless.
pub(crate) fn declared(
    registry: &Registry,
    project: &Project,
    today: Date,
) -> FxHashMap<(ModuleId, FunctionId), RuleSet> {
    let names = RuleNames::new(&[]);
    let mut found: FxHashMap<_, RuleSet> = FxHashMap::default();
    for (id, module) in project.iter() {
        if !module.text.as_str().contains("sanitizes") {
            continue;
        }
        for placed in file_suppressions(module, &[], &names).placed {
            let Parsed::Directive(directive) = &placed.parsed else {
                continue;
            };
            if directive.reach != Reach::Function || directive.expired(today) {
                continue;
            }
            let Some(function) = function_of(module, &placed) else {
                continue;
            };
            for named in &directive.rules {
                let rules = rules_of(&registry.flows.models.rules, &named.id);
                found.entry((id, function)).or_default().0 |= rules.0;
            }
        }
    }
    found
}

/// The function in whose head a comment stands, or directly above.
pub(crate) fn function_of(module: &Module, placed: &Placed) -> Option<FunctionId> {
    let line = |offset| module.text.position(offset).0;
    let holds = |number: &usize| {
        let function = &module.functions[*number];
        let first = line(function.range.start());
        let name = line(function.name_range.start());
        let body = module.block(function.body).first();
        let last = body.map_or(name, |body| line(module.stmt_range(*body).start()) - 1);
        let inside = first <= placed.line && placed.line <= last.max(name);
        inside || placed.next_code_line == Some(first)
    };
    // Of functions on one line the innermost is meant, and comes first.
    let number = (0..module.functions.len()).find(holds)?;
    Some(FunctionId(u32::try_from(number).unwrap_or(u32::MAX)))
}
