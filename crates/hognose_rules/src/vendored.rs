//! Which directories hold copies of other projects. What is found there is for the project they come from, or for an update of
//! the copy: only an auditor wants to read it beside what the developers wrote themselves.

use hognose_python::Sources;
use rustc_hash::FxHashSet;

use hognose_finding::Finding;

/// Names that are given to nothing else.
const NAMES: &[&str] = &[
    "_vendor",
    "_vendored",
    "site-packages",
    "third_party",
    "thirdparty",
    "vendored",
];

/// A name that shops and markets have for a part of their own as well.
const VENDOR: &str = "vendor";

/// Modules by which such a part is told from copies.
const OWN_PARTS: &[&str] = &[
    "admin.py",
    "api.py",
    "apps.py",
    "forms.py",
    "models.py",
    "routes.py",
    "schemas.py",
    "serializers.py",
    "urls.py",
    "views.py",
];

/// Whether a directory of that name holds copies of other projects, whatever is in it.
pub(crate) fn is_vendored_name(directory: &str) -> bool {
    NAMES.contains(&directory)
}

/// The directories of a project that hold copies of others.
#[derive(Debug, Clone, Default)]
pub struct Vendored {
    /// Relative to the root, without a slash at the end.
    directories: FxHashSet<String>,
}

impl Vendored {
    /// Finds them by name.
    pub fn find(sources: &dyn Sources) -> Self {
        let mut vendors: FxHashSet<&str> = FxHashSet::default();
        let mut own: FxHashSet<&str> = FxHashSet::default();
        let mut directories: FxHashSet<String> = FxHashSet::default();
        for entry in sources.entries() {
            let Some((directory, name)) = entry.path.rsplit_once('/') else {
                continue;
            };
            let ends = directory.match_indices('/').map(|(end, _)| end);
            for end in ends.chain([directory.len()]) {
                let path = &directory[..end];
                let part = path.rsplit('/').next().unwrap_or_default();
                if is_vendored_name(part) && !directories.contains(path) {
                    directories.insert(path.to_owned());
                }
                if part == VENDOR {
                    vendors.insert(path);
                }
            }
            if OWN_PARTS.contains(&name) && directory.ends_with(VENDOR) {
                own.insert(directory);
            }
        }
        directories.extend(vendors.difference(&own).map(ToString::to_string));
        Self { directories }
    }

    /// Whether a file is part of a copy.
    pub fn holds(&self, file: &str) -> bool {
        !self.directories.is_empty()
            && file
                .match_indices('/')
                .any(|(end, _)| self.directories.contains(&file[..end]))
    }

    /// Whether a defect is one of a copy alone: it stands there, and what flows into it begins there.
    pub(crate) fn has(&self, finding: &Finding) -> bool {
        self.holds(&finding.location.file)
            && finding
                .flow
                .first()
                .is_none_or(|step| self.holds(&step.location.file))
    }
}

#[cfg(test)]
mod tests {
    use hognose_python::{MemorySources, SourceKind};

    use super::*;

    #[test]
    fn copies_and_look_alikes() {
        let files = [
            "shop/__init__.py",
            "shop/_vendor/six.py",
            "shop/vendor/sockjs/tornado.py",
            "market/vendor/models.py",
            "market/vendor/reports.py",
        ];
        let sources =
            MemorySources::new(files.map(|path| (path.to_owned(), SourceKind::Module, Vec::new())));
        let vendored = Vendored::find(&sources);
        for file in ["shop/_vendor/six.py", "shop/vendor/sockjs/tornado.py"] {
            assert!(vendored.holds(file), "{file}");
        }
        for file in [
            "shop/__init__.py",
            "market/vendor/reports.py",
            "vendor.py",
            "shop/dist/a.py",
        ] {
            assert!(!vendored.holds(file), "{file}");
        }
    }
}
