//! What names say of the deployment they speak of. Only environments are told by name; values never are.

/// What an environment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Runs for users.
    Production,
    /// Runs for developers or tests.
    Development,
}

/// The stage that a name speaks of: a module, class, file, variable or value such as `config.settings.prod`,
/// `ProductionConfig`, `IS_DEV`.
pub(crate) fn stage(name: &str) -> Option<Stage> {
    let mut found = None;
    for word in parts(name) {
        match word.as_str() {
            "production" | "prod" | "prd" | "live" | "deploy" | "deployment" | "deployed"
            | "heroku" => return Some(Stage::Production),
            "dev" | "devel" | "develop" | "development" | "developer" | "debug" | "local"
            | "localhost" | "test" | "tests" | "testing" | "unittest" | "ci" | "pytest"
            | "runserver" | "travis" | "codespaces" | "sandbox" | "e2e" | "playground" | "docs"
            | "localdev" | "devserver" => found = Some(Stage::Development),
            _ => {}
        }
    }
    found
}

/// `ProductionConfig`, `settings_prod` and `config.settings.prod` in words.
fn parts(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut lower = false;
    for character in name.chars() {
        if !character.is_ascii_alphanumeric() {
            words.push(std::mem::take(&mut word));
            lower = false;
            continue;
        }
        if character.is_ascii_uppercase() && lower {
            words.push(std::mem::take(&mut word));
        }
        lower = character.is_ascii_lowercase();
        word.push(character.to_ascii_lowercase());
    }
    words.push(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_by_whole_words() {
        for name in [
            "config.settings.production",
            "ProductionConfig",
            "settings_prod",
            "IS_PROD",
            "Live",
        ] {
            assert_eq!(stage(name), Some(Stage::Production), "{name}");
        }
        for name in [
            "config.settings.local",
            "DevConfig",
            "DevelopmentConfig",
            "TESTING",
            "DEBUG",
            "settings.test",
        ] {
            assert_eq!(stage(name), Some(Stage::Development), "{name}");
        }
        for name in [
            "config.settings",
            "product",
            "latest",
            "Deliver",
            "alive",
            "device",
            "base",
        ] {
            assert_eq!(stage(name), None, "{name}");
        }
    }
}
