//! The model files that a configuration names.

use std::path::{Component, Path};
use std::sync::Arc;

use anyhow::{Result, anyhow};
use hognose_rules::Registry;

use super::{Configuration, ConfigurationError, ConfigurationErrors};
use crate::discovery;

/// The rules with the models of the configuration; `None` if it names none.
///
/// # Errors
/// A file that lies elsewhere than below the configuration, cannot be read, or holds a mistake.
pub fn registry(
    configuration: &Configuration,
    working_directory: &Path,
) -> Result<Option<Arc<Registry>>> {
    let Some(directory) = configuration.directory() else {
        return Ok(None);
    };
    let mut models = Vec::new();
    for name in &configuration.models.value {
        let inside = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        if !Path::new(name).components().all(inside) {
            return Err(anyhow!(
                "the models `{name}` do not lie below the configuration file"
            ));
        }
        let file = directory.join(name);
        let shown = discovery::display_path(working_directory, &file).to_string();
        let bytes = discovery::read_bounded(&file)
            .map_err(|reason| anyhow!("the models {shown} cannot be used: {reason}"))?;
        let text = String::from_utf8(bytes)
            .map_err(|_| anyhow!("the models {shown} cannot be used: not UTF-8"))?;
        models.push((shown, text));
    }
    if models.is_empty() {
        return Ok(None);
    }
    match Registry::with_models(&models) {
        Ok(registry) => Ok(Some(Arc::new(registry))),
        Err(mistakes) => Err(in_context(&models, mistakes)),
    }
}

/// The mistakes in the first file that has any.
fn in_context(
    models: &[(String, String)],
    mistakes: Vec<hognose_rules::ModelError>,
) -> anyhow::Error {
    let file = mistakes.first().map(|mistake| mistake.file.clone());
    let file = file.unwrap_or_default();
    let text = models.iter().find(|(name, _)| *name == file);
    let text = text.map_or("", |(_, text)| text.as_str());
    let errors = mistakes
        .into_iter()
        .filter(|mistake| mistake.file == file)
        .map(|mistake| ConfigurationError::at(text, mistake.at, mistake.message))
        .collect();
    ConfigurationErrors { file, errors }.into()
}
