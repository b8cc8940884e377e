//! What a file is, by its name and, where that says nothing, its first line.

use std::path::Path;

use hognose_python::SourceKind;

/// What the name of a file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guess {
    /// Enough.
    Kind(SourceKind),
    /// It has no extension: its first line decides.
    NeedsShebang,
    /// Nothing hognose reads.
    Unknown,
}

/// How much of a file is read to see whether its first line calls Python: the longest line Linux obeys.
pub const SHEBANG_BYTES: usize = 256;

/// Guesses from the name.
pub fn guess(path: &Path) -> Guess {
    let Some(name) = path.file_name().map(|n| n.to_string_lossy()) else {
        return Guess::Unknown;
    };
    let lower = name.to_ascii_lowercase();
    if is_other(path, &lower) {
        return Guess::Kind(SourceKind::Other);
    }
    let Some((stem, extension)) = lower.rsplit_once('.').filter(|(stem, _)| !stem.is_empty())
    else {
        return if lower.starts_with('.') {
            Guess::Unknown
        } else {
            Guess::NeedsShebang
        };
    };
    match extension {
        "py" | "pyw" => Guess::Kind(SourceKind::Module),
        "pyi" => Guess::Kind(SourceKind::Stub),
        "ipynb" => Guess::Kind(SourceKind::Notebook),
        "html" | "htm" | "xhtml" | "mako" => Guess::Kind(SourceKind::Template),
        // Jinja also writes nginx.conf.j2: only what becomes markup is a template here.
        "jinja" | "jinja2" | "j2" => match stem.rsplit_once('.').map(|(_, inner)| inner) {
            None | Some("html" | "htm" | "xhtml" | "xml" | "svg") => {
                Guess::Kind(SourceKind::Template)
            }
            Some(_) => Guess::Unknown,
        },
        // Mails and feeds: only where templates are kept.
        "txt" | "xml" | "svg" if is_below_templates(path) => Guess::Kind(SourceKind::Template),
        _ => Guess::Unknown,
    }
}

fn is_below_templates(path: &Path) -> bool {
    path.parent().is_some_and(|parent| {
        parent
            .components()
            .any(|part| part.as_os_str() == "templates")
    })
}

/// Whether rules or inventories other than those of Python read it.
fn is_other(path: &Path, lower: &str) -> bool {
    let extension = lower
        .rsplit_once('.')
        .map_or("", |(_, extension)| extension);
    match extension {
        "toml" | "cfg" | "ini" | "lock" | "yml" | "yaml" | "dockerfile" => return true,
        "txt" | "in" => {
            let parent = path
                .parent()
                .and_then(Path::file_name)
                .map(|n| n.to_string_lossy().to_ascii_lowercase());
            return lower.starts_with("requirements")
                || lower.starts_with("constraints")
                || lower.ends_with("requirements.txt")
                || lower.ends_with("requirements.in")
                || lower == "runtime.txt"
                || lower == "entry_points.txt"
                || parent.is_some_and(|p| p == "requirements");
        }
        "py" | "pyi" | "pyw" => return false,
        // Of JSON only what describes an interface or a deployment.
        "json" => {
            return ["openapi", "swagger", "api", "template", "serverless", "sam"]
                .iter()
                .any(|part| lower.contains(part));
        }
        _ => {}
    }
    // What tells of a distribution in a source archive.
    if lower == "pkg-info" {
        return true;
    }
    lower.starts_with("dockerfile")
        || lower.starts_with("containerfile")
        || lower == "pipfile"
        || lower == "pip.conf"
        || lower == "procfile"
        || lower == ".python-version"
        || lower == ".env"
        || lower.starts_with(".env.")
        || lower.starts_with(".env-")
}

/// Whether a file that starts so is a Python script.
pub fn is_python_shebang(start: &[u8]) -> bool {
    let Some(line) = start.strip_prefix(b"#!") else {
        return false;
    };
    let line = line
        .split(|b| *b == b'\n' || *b == b'\r')
        .next()
        .unwrap_or_default();
    let Ok(line) = std::str::from_utf8(line) else {
        return false;
    };
    let mut words = line.split_whitespace();
    let program = |word: &str| word.rsplit('/').next().unwrap_or_default().to_owned();
    let Some(mut interpreter) = words.next().map(program) else {
        return false;
    };
    if interpreter == "env" {
        // `env -S python3 -u`, `env VAR=1 python`, and `env -S uv run --script`.
        let Some(word) = words
            .by_ref()
            .find(|w| !w.starts_with('-') && !w.contains('='))
        else {
            return false;
        };
        interpreter = program(word);
    }
    match interpreter.as_str() {
        "uv" | "pipx" => words.next() == Some("run"),
        name => {
            let version = name
                .strip_prefix("python")
                .or_else(|| name.strip_prefix("pypy"));
            version.is_some_and(|v| {
                v.chars()
                    .all(|c| c.is_ascii_digit() || c == '.' || c == 'w' || c == 't')
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_kinds() {
        let kind = |name: &str| match guess(Path::new(name)) {
            Guess::Kind(kind) => format!("{kind:?}"),
            other => format!("{other:?}"),
        };
        let said: Vec<_> = [
            "a.py",
            "a.PYW",
            "a.pyi",
            "a.ipynb",
            "t/a.html",
            "a.j2",
            "a.html.j2",
            "nginx.conf.j2",
            "app/templates/mail/welcome.txt",
            "app/templates/feed.xml",
            "pom.xml",
            "manage",
            ".bashrc",
            ".env",
            ".env.production",
            ".envrc",
            "Dockerfile",
            "Dockerfile.dev",
            "dev.Dockerfile",
            "requirements-dev.txt",
            "requirements/base.txt",
            "notes.txt",
            "uv.lock",
            "Pipfile",
            "ci.yml",
            "dockerfile_tools.py",
            "PKG-INFO",
            "entry_points.txt",
            "a.c",
            ".py",
        ]
        .iter()
        .map(|name| format!("{name} {}", kind(name)))
        .collect();
        assert_eq!(
            said.join("\n"),
            "a.py Module\na.PYW Module\na.pyi Stub\na.ipynb Notebook\nt/a.html Template\na.j2 Template\n\
             a.html.j2 Template\nnginx.conf.j2 Unknown\napp/templates/mail/welcome.txt Template\n\
             app/templates/feed.xml Template\npom.xml Unknown\nmanage NeedsShebang\n.bashrc Unknown\n.env Other\n\
             .env.production Other\n.envrc Unknown\nDockerfile Other\nDockerfile.dev Other\ndev.Dockerfile Other\n\
             requirements-dev.txt Other\nrequirements/base.txt Other\nnotes.txt Unknown\nuv.lock Other\nPipfile Other\n\
             ci.yml Other\ndockerfile_tools.py Module\nPKG-INFO Other\nentry_points.txt Other\na.c Unknown\n.py Unknown"
        );
    }

    #[test]
    fn shebangs_of_python_are_known() {
        for yes in [
            "#!/usr/bin/python\n",
            "#!/usr/bin/env python3\n",
            "#! /usr/bin/env -S python3.12 -u\r\n",
            "#!/opt/pypy3\nx",
            "#!/usr/bin/env -S uv run --script\n",
        ] {
            assert!(is_python_shebang(yes.as_bytes()), "{yes}");
        }
        for no in [
            "#!/bin/sh\npython",
            "#!/usr/bin/env\n",
            "#!",
            "python",
            "#!/usr/bin/pythonista\n",
            "#!/usr/bin/uv\n",
        ] {
            assert!(!is_python_shebang(no.as_bytes()), "{no}");
        }
    }
}
