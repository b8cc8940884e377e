//! Where a project names its interpreter: manifests, version files, images, continuous integration, test runners.

use std::str::FromStr;

use pep440_rs::VersionSpecifiers;
use regex::Regex;

use super::Release;
use super::workflow;
use crate::inputs::source::{Reading, Source};
use crate::inputs::{self, Place};
use crate::inputs::{poetry_constraint, toml};

/// A place that names an interpreter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterpreterUse {
    /// Where.
    pub place: Place,
    /// In what role.
    pub role: Role,
    /// Which one.
    pub wanted: Wanted,
    /// Uses of a file that share this number stand beside one another, as the versions of a matrix do.
    pub choice: u32,
}

/// In what role an interpreter is named. Only some of them say what the project really runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// What the project supports: `requires-python` and its kin.
    Supported,
    /// What it is developed on: `.python-version`, `.tool-versions`, `mise.toml`, `Pipfile`, an environment.
    Developed,
    /// What it is deployed on: `runtime.txt`, a container's image.
    Deployed,
    /// What it is tested on: continuous integration, tox, nox.
    Tested,
}

/// Which interpreter is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A release of CPython, or a branch.
    Release(Release),
    /// Any that fits one of these.
    AnyOf(Vec<VersionSpecifiers>),
    /// Another implementation, a variable, or what cannot be read.
    Other(String),
}

/// The longest text of an unread version that is kept.
const MAX_SHOWN: usize = 80;

impl Wanted {
    /// What a version file or matrix means by a text: a release, a branch, `3.x`, a range.
    pub(crate) fn parse(text: &str) -> Self {
        let text = text.trim();
        let plain = text
            .strip_prefix("python-")
            .or_else(|| text.strip_prefix("cpython-"))
            .unwrap_or(text);
        let plain = plain.strip_suffix("-dev").unwrap_or(plain);
        let plain = plain
            .strip_suffix(".x")
            .or_else(|| plain.strip_suffix(".*"))
            .unwrap_or(plain);
        if let Some(release) = Release::parse(plain) {
            return Self::Release(release);
        }
        match VersionSpecifiers::from_str(text) {
            Ok(specifiers) if !specifiers.is_empty() => Self::AnyOf(vec![specifiers]),
            _ => Self::other(text),
        }
    }

    fn specifiers(text: &str) -> Self {
        VersionSpecifiers::from_str(text).map_or_else(
            |_| Self::other(text),
            |specifiers| Self::AnyOf(vec![specifiers]),
        )
    }

    fn other(text: &str) -> Self {
        Self::Other(text.chars().take(MAX_SHOWN).collect())
    }
}

/// What is found in one file.
pub(super) struct Found<'s> {
    pub(super) source: &'s Source,
    pub(super) uses: Vec<InterpreterUse>,
    choice: u32,
}

impl Found<'_> {
    /// What is added from here on does not stand beside what was added before.
    pub(super) fn apart(&mut self) {
        self.choice += 1;
    }

    fn add(&mut self, offset: usize, role: Role, wanted: Wanted) {
        self.add_at(self.source.place(offset), role, wanted);
    }

    pub(super) fn add_at(&mut self, place: Place, role: Role, wanted: Wanted) {
        self.uses.push(InterpreterUse {
            place,
            role,
            wanted,
            choice: self.choice,
        });
    }
}

type Reader = fn(&mut Found);

/// Which file is read how.
const READERS: [(&str, Reader); 17] = [
    (".python-version", version_file),
    (".python-versions", version_file),
    ("runtime.txt", runtime),
    (".tool-versions", tool_versions),
    ("mise.toml", mise),
    (".mise.toml", mise),
    ("pyproject.toml", pyproject),
    ("Pipfile", pipfile),
    ("setup.cfg", setup_cfg),
    ("setup.py", setup_py),
    ("tox.ini", tox),
    ("noxfile.py", nox),
    ("pyvenv.cfg", environment),
    ("Dockerfile", dockerfile),
    ("Containerfile", dockerfile),
    (".gitlab-ci.yml", workflow::gitlab),
    (".gitlab-ci.yaml", workflow::gitlab),
];

fn reader(path: &str) -> Option<Reader> {
    let (directory, name) = path.rsplit_once(['/', '\\']).unwrap_or(("", path));
    let extension = |wanted: &[&str]| {
        name.rsplit_once('.')
            .is_some_and(|(_, found)| wanted.contains(&found))
    };
    if directory.replace('\\', "/").ends_with(".github/workflows") && extension(&["yml", "yaml"]) {
        return Some(workflow::github);
    }
    if name.starts_with("Dockerfile.") || extension(&["Dockerfile", "dockerfile", "Containerfile"])
    {
        return Some(dockerfile);
    }
    READERS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, reader)| *reader)
}

/// Whether a file of this path may name an interpreter.
pub fn is_source(path: &str) -> bool {
    reader(path).is_some()
}

/// The interpreters a file names; nothing if its path is not that of a file that does.
pub fn read(path: &str, bytes: &[u8]) -> Vec<InterpreterUse> {
    let Some(reader) = reader(path) else {
        return Vec::new();
    };
    let source = Source::new(path, bytes);
    let mut found = Found {
        source: &source,
        uses: Vec::new(),
        choice: 0,
    };
    reader(&mut found);
    found.uses
}

/// The lines of a file without comments, and the offset of what is left.
fn lines(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    source.lines().filter_map(|(start, line)| {
        let code = line.split('#').next().unwrap_or_default();
        let text = code.trim();
        let at = start + (code.len() - code.trim_start().len());
        (!text.is_empty()).then_some((at, text))
    })
}

fn version_file(found: &mut Found) {
    for (at, line) in lines(found.source) {
        found.add(at, Role::Developed, Wanted::parse(line));
    }
}

fn runtime(found: &mut Found) {
    for (at, line) in lines(found.source) {
        found.add(at, Role::Deployed, Wanted::parse(line));
    }
}

fn tool_versions(found: &mut Found) {
    for (at, line) in lines(found.source) {
        let mut words = line.split_whitespace();
        if words.next() == Some("python") {
            for word in words {
                let offset = word.as_ptr() as usize - line.as_ptr() as usize;
                found.add(at + offset, Role::Developed, Wanted::parse(word));
            }
        }
    }
}

/// Texts at a place of a TOML file: one, or a list, or the `version` of a table.
fn toml_texts(
    found: &mut Found,
    root: &toml::Table<'_>,
    path: &[&str],
    role: Role,
    parse: fn(&str) -> Wanted,
) {
    let Some(item) = toml::at(root, path) else {
        return;
    };
    found.apart();
    let item = toml::as_table(item)
        .and_then(|table| table.get("version"))
        .unwrap_or(item);
    if let Some(text) = toml::as_text(item) {
        found.add_at(toml::place(found.source, item), role, parse(text));
    }
    for value in toml::values(Some(item)) {
        let version = toml::as_table(value)
            .and_then(|table| table.get("version"))
            .unwrap_or(value);
        if let Some(text) = toml::as_text(version) {
            found.add_at(toml::place(found.source, version), role, parse(text));
        }
    }
}

fn mise(found: &mut Found) {
    let root = toml::parse(found.source, &mut Reading::default());
    toml_texts(
        found,
        &root,
        &["tools", "python"],
        Role::Developed,
        Wanted::parse,
    );
}

fn pyproject(found: &mut Found) {
    let root = toml::parse(found.source, &mut Reading::default());
    toml_texts(
        found,
        &root,
        &["project", "requires-python"],
        Role::Supported,
        Wanted::specifiers,
    );
    let poetry = |text: &str| match poetry_constraint::wanted(text) {
        inputs::Wanted::Constraint(constraint) if !constraint.any_of.is_empty() => {
            Wanted::AnyOf(constraint.any_of.clone())
        }
        _ => Wanted::parse(text),
    };
    toml_texts(
        found,
        &root,
        &["tool", "poetry", "dependencies", "python"],
        Role::Supported,
        poetry,
    );
    let tox = |text: &str| factor(text).map_or_else(|| Wanted::other(text), Wanted::Release);
    toml_texts(
        found,
        &root,
        &["tool", "tox", "env_list"],
        Role::Tested,
        tox,
    );
    found
        .uses
        .retain(|found| found.role != Role::Tested || !matches!(found.wanted, Wanted::Other(_)));
}

fn pipfile(found: &mut Found) {
    let root = toml::parse(found.source, &mut Reading::default());
    for key in ["python_full_version", "python_version"] {
        toml_texts(
            found,
            &root,
            &["requires", key],
            Role::Developed,
            Wanted::parse,
        );
    }
}

/// `key = value` lines of a section of an ini file, continued lines included, with the offset of each value's line.
fn ini<'s>(
    source: &'s Source,
    sections: &'s [&str],
    keys: &'s [&str],
) -> impl Iterator<Item = (usize, &'s str)> {
    let mut inside = sections.is_empty();
    let mut wanted = false;
    source.lines().filter_map(move |(start, line)| {
        let text = line.trim();
        if text.is_empty() || text.starts_with(['#', ';']) {
            return None;
        }
        if let Some(section) = text.strip_prefix('[') {
            let section = section.trim_end_matches(']').trim();
            inside = sections
                .iter()
                .any(|known| section == *known || section.starts_with(&format!("{known}:")));
            wanted = false;
            return None;
        }
        let continued = line.starts_with([' ', '\t']);
        let value = if continued {
            text
        } else {
            let (key, value) = text.split_once(['=', ':'])?;
            wanted = keys.contains(&key.trim());
            value.trim()
        };
        let offset = value.as_ptr() as usize - line.as_ptr() as usize;
        (inside && wanted && !value.is_empty()).then_some((start + offset, value))
    })
}

fn setup_cfg(found: &mut Found) {
    for (at, value) in ini(found.source, &["options"], &["python_requires"]) {
        found.add(at, Role::Supported, Wanted::specifiers(value));
    }
    for (at, value) in ini(found.source, &["tox"], &["envlist", "env_list"]) {
        environments(found, at, value);
    }
}

fn tox(found: &mut Found) {
    for (at, value) in ini(found.source, &["tox"], &["envlist", "env_list"]) {
        environments(found, at, value);
    }
    for (at, value) in ini(found.source, &["testenv"], &["basepython", "base_python"]) {
        if let Some(version) = value.strip_prefix("python").and_then(Release::parse) {
            found.apart();
            found.add(at, Role::Tested, Wanted::Release(version));
        }
    }
}

/// The factors of tox' environment names, `{py38,py39}-django`, that name an interpreter.
fn environments(found: &mut Found, at: usize, names: &str) {
    let mut start = 0;
    for name in names.split([',', '{', '}', '-', ' ', '\t']) {
        if let Some(release) = factor(name) {
            found.add(at + start, Role::Tested, Wanted::Release(release));
        } else if let (true, Some(group)) = (
            matches!(name, "py" | "py3"),
            names.get(start + name.len()..),
        ) {
            // `py{38,39}` and `py3{8,9}`
            let Some((digits, _)) = group
                .strip_prefix('{')
                .and_then(|group| group.split_once('}'))
            else {
                start += name.len() + 1;
                continue;
            };
            let mut inner = start + name.len() + 1;
            for digit in digits.split(',') {
                if let Some(release) = factor(&format!("{name}{}", digit.trim())) {
                    found.add(at + inner, Role::Tested, Wanted::Release(release));
                }
                inner += digit.len() + 1;
            }
        }
        start += name.len() + 1;
    }
}

/// `py38`, `py310`, `py3.11`, `3.11`: one name of an environment.
fn factor(name: &str) -> Option<Release> {
    let version = name.trim().strip_prefix("py").unwrap_or(name.trim());
    if version.contains('.') {
        return Release::parse(version);
    }
    let digits = name
        .trim()
        .strip_prefix("py")
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let (major, minor) = digits.split_at_checked(1)?;
    let release = Release::parse(&format!("{major}.{minor}"))?;
    matches!(major, "2" | "3").then_some(release)
}

/// Adds the quoted texts of every match's last group.
fn quoted(found: &mut Found, call: &str, role: Role, parse: fn(&str) -> Wanted) {
    let (Ok(call), Ok(text)) = (Regex::new(call), Regex::new(r#"["']([^"'\n]+)["']"#)) else {
        return;
    };
    let source = found.source;
    for captures in call.captures_iter(&source.text) {
        let Some(group) = captures.iter().flatten().last() else {
            continue;
        };
        found.apart();
        for text in text
            .captures_iter(group.as_str())
            .filter_map(|captures| captures.get(1))
        {
            found.add(group.start() + text.start(), role, parse(text.as_str()));
        }
    }
}

fn setup_py(found: &mut Found) {
    quoted(
        found,
        r#"(?m)^[^#\n]*\bpython_requires\s*=\s*(["'][^"'\n]+["'])"#,
        Role::Supported,
        Wanted::specifiers,
    );
}

fn nox(found: &mut Found) {
    let session = r#"(?m)^\s*@(?:nox\.)?session\([^)\n]*?\bpython\s*=\s*(\[[^\]]*\]|\([^)]*\)|["'][^"'\n]+["'])"#;
    quoted(found, session, Role::Tested, Wanted::parse);
}

fn environment(found: &mut Found) {
    let value = ini(found.source, &[], &["version", "version_info"]).next();
    if let Some((at, value)) = value {
        let release: Vec<&str> = value.split('.').take(3).collect();
        found.add(at, Role::Developed, Wanted::parse(&release.join(".")));
    }
}

fn dockerfile(found: &mut Found) {
    let mut variables: Vec<(&str, &str)> = Vec::new();
    for (at, line) in lines(found.source) {
        let Some((word, rest)) = line.split_once(char::is_whitespace) else {
            continue;
        };
        if word.eq_ignore_ascii_case("ARG") {
            if let Some((name, value)) = rest.trim().split_once('=') {
                variables.push((name.trim(), value.trim().trim_matches(['"', '\''])));
            }
        } else if word.eq_ignore_ascii_case("FROM") {
            let Some(named) = rest.split_whitespace().find(|word| !word.starts_with("--")) else {
                continue;
            };
            let offset = named.as_ptr() as usize - line.as_ptr() as usize;
            let value = |name: &str| {
                variables
                    .iter()
                    .rev()
                    .find(|(known, _)| *known == name)
                    .map(|(_, value)| *value)
            };
            if let Some(wanted) = image(&expand(named, value)) {
                found.apart();
                found.add(at + offset, Role::Deployed, wanted);
            }
        }
    }
}

/// Puts values for `$NAME`, `${NAME}` and `${NAME:-default}`, as far as they are known.
pub(super) fn expand<'v>(text: &str, value: impl Fn(&str) -> Option<&'v str>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let braced = after
            .strip_prefix('{')
            .and_then(|inner| inner.split_once('}'));
        let (name, default, behind) = match braced {
            Some((inner, behind)) => {
                let (name, default) = inner
                    .split_once(":-")
                    .map_or((inner, None), |(name, default)| (name, Some(default)));
                (name, default, behind)
            }
            None => {
                let end = after
                    .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                    .unwrap_or(after.len());
                let (name, behind) = after.split_at(end);
                (name, None, behind)
            }
        };
        match value(name).or(default) {
            Some(value) => out.push_str(value),
            None => {
                out.push('$');
                out.push_str(&after[..after.len() - behind.len()]);
            }
        }
        rest = behind;
    }
    out + rest
}

/// The interpreter of a container's image, if it is one of the official Python images or a copy of it.
pub(crate) fn image(named: &str) -> Option<Wanted> {
    let named = named.split('@').next().unwrap_or_default();
    let (name, tag) = named
        .rsplit_once(':')
        .filter(|(_, tag)| !tag.contains('/'))
        .unwrap_or((named, ""));
    if name.rsplit('/').next() != Some("python") {
        return None;
    }
    let version = tag.split('-').next().unwrap_or_default();
    // `python`, `python:latest` and `python:3` are whatever is newest.
    (version.contains('.') || version.contains('$')).then(|| Wanted::parse(version))
}

#[cfg(test)]
mod tests;
