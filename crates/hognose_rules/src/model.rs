//! Library models: facts about Python libraries that rules share.

use std::collections::BTreeMap;

use hognose_python::{Aliases, Symbol};
use serde::Deserialize;

/// A `models/<library>.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelFile {
    /// The library, as it is imported.
    #[expect(dead_code, reason = "names the file's subject for readers")]
    library: String,
    /// Access paths that mean the same thing: the key is another name of the value.
    #[serde(default)]
    aliases: BTreeMap<String, String>,
}

/// Reads all models.
///
/// # Errors
/// Names the file and the reason.
pub(crate) fn aliases(models: &[(&str, &str)]) -> Result<Aliases, String> {
    let mut aliases = Aliases::default();
    for (file, text) in models {
        let model: ModelFile =
            toml::from_str(text).map_err(|error| format!("models/{file}.toml: {error}"))?;
        for (from, to) in model.aliases {
            for from in crate::matcher::expand(&from) {
                aliases.0.insert(Symbol::from(from), Symbol::from(&to));
            }
        }
    }
    Ok(aliases)
}
