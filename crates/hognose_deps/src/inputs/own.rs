//! Which directories hold nothing that the project itself wrote.

/// What version control keeps for itself: thousands of files, none of them source.
const VERSION_CONTROL: &[&str] = &["_darcs", ".bzr", ".git", ".hg", ".svn"];

/// Directories that never hold the project's own files: environments, caches, what was built or installed.
const NEVER: &[&str] = &[
    "__pycache__",
    "__pypackages__",
    ".cache",
    ".direnv",
    ".eggs",
    ".hypothesis",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".nox",
    ".pants.d",
    ".pyre",
    ".pytest_cache",
    ".pytype",
    ".ruff_cache",
    ".tox",
    ".venv",
    ".virtualenv",
    "node_modules",
    "site-packages",
];

/// Directories that are output or an environment unless they are a package: CPython's `venv` is one, and so is many a
/// `build`.
const UNLESS_PACKAGE: &[&str] = &["_build", "build", "buck-out", "dist", "venv", "virtualenv"];

/// Whether a directory of this name belongs to version control.
pub fn is_version_control(name: &str) -> bool {
    VERSION_CONTROL.contains(&name)
}

/// Whether a directory of this name holds what nobody of the project wrote. `has` tells whether something of a name lies
/// in it.
pub fn is_nobodys(name: &str, has: impl Fn(&str) -> bool) -> bool {
    NEVER.contains(&name)
        || name.ends_with(".egg-info")
        || name.ends_with(".dist-info")
        || UNLESS_PACKAGE.contains(&name) && !has("__init__.py")
        || has("pyvenv.cfg")
        || has("conda-meta")
}
