//! What a distribution is imported as.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::name::Name;

/// Distributions whose name is not that of their modules, in `data/modules.toml`.
static TABLE: LazyLock<FxHashMap<Name, Vec<String>>> = LazyLock::new(|| {
    // The test below sees that it is read.
    let table: BTreeMap<String, Vec<String>> =
        toml::from_str(include_str!("../data/modules.toml")).unwrap_or_default();
    table
        .into_iter()
        .filter_map(|(name, modules)| Some((Name::new(&name)?, modules)))
        .collect()
});

/// The modules of a distribution: those of the table, else what its name suggests.
pub fn of(name: &Name) -> Vec<String> {
    if let Some(modules) = TABLE.get(name) {
        return modules.clone();
    }
    let name = name.as_str();
    let mut modules = vec![name.replace('-', "_")];
    // Namespace packages: `zope-interface` is `zope.interface`.
    if name.contains('-') {
        modules.push(name.replace('-', "."));
    }
    let bare = name
        .strip_prefix("python-")
        .or_else(|| name.strip_suffix("-python"))
        .or_else(|| name.strip_prefix("py-"));
    modules.extend(bare.map(|bare| bare.replace('-', "_")));
    modules
}

/// Whether the table has a distribution, so that it exists.
pub fn is_listed(name: &Name) -> bool {
    TABLE.contains_key(name)
}

/// The top-level modules that a `RECORD` of installed files names, sorted.
pub fn of_record(record: &str) -> Vec<String> {
    let mut modules: Vec<&str> = record
        .lines()
        .filter_map(|line| {
            let path = line.split(',').next()?;
            let (top, rest) = path.split_once('/').unwrap_or((path, ""));
            match rest {
                // A module in one file; an extension names its platform after the first dot.
                "" if top.ends_with(".py") || top.ends_with(".so") || top.ends_with(".pyd") => {
                    top.split('.').next()
                }
                "" => None,
                rest => (rest.ends_with(".py") || rest.ends_with(".so") || rest.ends_with(".pyd"))
                    .then_some(top),
            }
        })
        .filter(|top| {
            !top.is_empty()
                && top
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                && !matches!(*top, "tests" | "test" | "docs" | "examples")
        })
        .collect();
    modules.sort_unstable();
    modules.dedup();
    modules.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::{TABLE, of, of_record};
    use crate::name::Name;

    fn first(name: &str) -> String {
        of(&Name::new(name).unwrap())[0].clone()
    }

    #[test]
    fn names_that_differ_are_in_the_table() {
        assert!(TABLE.len() > 200, "the table was not read");
        assert_eq!(first("PyYAML"), "yaml");
        assert_eq!(first("google-cloud-storage"), "google.cloud.storage");
        assert_eq!(first("Flask-Cors"), "flask_cors");
        assert_eq!(first("zope.interface"), "zope.interface");
        // One that is not: a namespace package is a guess.
        assert_eq!(
            of(&Name::new("acme-billing").unwrap()),
            ["acme_billing", "acme.billing"]
        );
    }

    #[test]
    fn a_record_tells_the_modules() {
        let record = "yaml/__init__.py,sha256=x,1\n_yaml/__init__.py,,\n../../bin/tool,,\n\
                      PyYAML-6.0.dist-info/METADATA,,\nsix.py,,\n_cffi_backend.cpython-312-x86_64-linux-gnu.so,,\n";
        assert_eq!(of_record(record), ["_cffi_backend", "_yaml", "six", "yaml"]);
    }
}
