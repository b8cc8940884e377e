//! Library models: facts about Python libraries that rules share.

use std::collections::BTreeMap;

use hognose_python::{Aliases, Constant, Symbol};
use rustc_hash::FxHashSet;
use serde::Deserialize;

use crate::flow::FlowTables;

/// A `models/<library>.toml`.
#[derive(Debug, Deserialize)]
pub(crate) struct ModelFile {
    /// The library, as it is imported.
    library: String,
    /// Access paths that mean the same thing: the key is another name of the value.
    #[serde(default)]
    aliases: BTreeMap<String, String>,
    /// Defaults of the library's settings, where it is a framework.
    #[serde(default)]
    settings: BTreeMap<String, toml::Value>,
    /// Access paths of what comes from outside of the program: what is below them does as well.
    #[serde(default)]
    sources: Vec<String>,
    /// What the data-flow engine is told.
    #[serde(flatten)]
    flow: FlowTables,
}

/// Access paths of what comes from outside of the program.
#[derive(Debug, Default)]
pub(crate) struct Sources(FxHashSet<String>);

impl Sources {
    /// Whether an access path is a source or lies below one: `flask.request.args` holds `flask.request.args.get()`.
    pub(crate) fn hold(&self, path: &str) -> bool {
        let ends = path
            .char_indices()
            .filter(|(_, character)| matches!(character, '.' | '[' | '('))
            .map(|(at, _)| at);
        ends.chain([path.len()])
            .any(|end| self.0.contains(&path[..end]))
    }
}

/// What the models say, all together.
#[derive(Debug, Default)]
pub(crate) struct Models {
    pub(crate) aliases: Aliases,
    /// Framework, setting, default.
    pub(crate) setting_defaults: Vec<(String, Symbol, Constant)>,
    pub(crate) sources: Sources,
    /// By file.
    pub(crate) flows: Vec<(String, FlowTables)>,
}

/// Reads all models.
///
/// # Errors
/// Names the file and the reason.
pub(crate) fn load(models: &[(&str, &str)]) -> Result<Models, String> {
    let mut all = Models::default();
    for (file, text) in models {
        let model: ModelFile =
            toml::from_str(text).map_err(|error| format!("models/{file}.toml: {error}"))?;
        all.flows.push(((*file).to_owned(), model.flow));
        for source in &model.sources {
            all.sources.0.extend(crate::matcher::expand(source));
        }
        for (from, to) in model.aliases {
            for from in crate::matcher::expand(&from) {
                all.aliases.0.insert(Symbol::from(from), Symbol::from(&to));
            }
        }
        for (name, value) in model.settings {
            // TOML has no null: the word stands for it.
            let value = match &value {
                toml::Value::String(text) if text == "None" => Constant::None,
                value => crate::condition::one_constant(value)
                    .map_err(|error| format!("models/{file}.toml: {name}: {error}"))?,
            };
            all.setting_defaults
                .push((model.library.clone(), Symbol::from(name), value));
        }
    }
    Ok(all)
}
