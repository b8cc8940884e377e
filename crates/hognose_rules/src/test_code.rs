//! Which code is test code. It is judged by its own profile: what is a defect in a service is usually none in its tests.

use hognose_python::Module;
use hognose_python::ir::*;

/// Whether a file is test code by its place or name.
pub fn is_test_path(path: &str) -> bool {
    let mut parts = path.split('/').rev();
    let file = parts.next().unwrap_or_default();
    let stem = file.strip_suffix(".py").unwrap_or(file);
    if stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with("_tests")
        || matches!(
            stem,
            "conftest"
                | "test"
                | "testing"
                | "tests"
                | "testutil"
                | "testutils"
                | "runtests"
                | "noxfile"
        )
    {
        return true;
    }
    parts.any(|directory| {
        matches!(
            directory,
            "tests"
                | "test"
                | "testing"
                | "unittests"
                | "unit_tests"
                | "integration_tests"
                | "functional_tests"
                | "e2e"
                | "__tests__"
                | "testdata"
                | "test_utils"
                | "testutils"
        )
    })
}

/// Whether a module is test code: by its place, or because it holds tests or makes what tests are given.
pub(crate) fn is_test(module: &Module) -> bool {
    is_test_path(module.own_path())
        || has_fixtures(module)
        || module
            .functions
            .iter()
            .filter(|function| function.name.as_str().starts_with("test_"))
            .take(2)
            .count()
            == 2
            && module.imports.iter().any(|(name, _)| {
                matches!(name.as_str(), "pytest" | "unittest" | "nose" | "hypothesis")
            })
}

/// Whether a function of a module is a fixture of pytest.
fn has_fixtures(module: &Module) -> bool {
    let named = |path: &str| module.imports.iter().any(|(name, _)| name.as_str() == path);
    (named("pytest") || named("pytest_asyncio"))
        && module.functions.iter().any(|function| {
            function.decorators.iter().any(|decorator| {
                let marker = match module[*decorator] {
                    Expr::Call { func, .. } => func,
                    _ => *decorator,
                };
                match module[marker] {
                    Expr::Attribute { attr, .. } => attr.as_str() == "fixture",
                    Expr::Name { slot, def } => {
                        let name = module[module[def].scope].slots[slot.index()].name;
                        name.as_str() == "fixture"
                    }
                    _ => false,
                }
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_names() {
        for path in [
            "tests/app.py",
            "pkg/tests/util/helper.py",
            "test_app.py",
            "pkg/conftest.py",
            "pkg/testutils.py",
            "pkg/app_test.py",
        ] {
            assert!(is_test_path(path), "{path}");
        }
        for path in [
            "pkg/app.py",
            "contest/app.py",
            "latest.py",
            "pkg/attest.py",
            "testament/app.py",
        ] {
            assert!(!is_test_path(path), "{path}");
        }
    }
}
