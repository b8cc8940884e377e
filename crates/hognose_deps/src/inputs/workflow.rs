//! Pipelines of continuous integration: options given to `pip install` in their scripts, and variables that stand for
//! them. What the scripts install is of the runner, not of the project.
//!
//! The scripts are found line by line: of YAML only what stands before a command is taken off, since the parser tells of
//! a block of lines only where it begins.

use super::inventory::Role;
use super::shell::{self, Take};
use super::source::{Reading, Source, directory, file_name};
use super::{Format, Named};

pub(super) const FORMAT: Format = Format {
    id: "pipeline",
    role: Role::Manifest,
    named: |path| {
        let name = file_name(path);
        let is_yaml = name.ends_with(".yml") || name.ends_with(".yaml");
        let of_github = directory(path).ends_with(".github/workflows") && is_yaml;
        if of_github || matches!(name, ".gitlab-ci.yml" | ".gitlab-ci.yaml") {
            Named::Surely
        } else {
            Named::No
        }
    },
    looks: |_| false,
    read,
};

fn read(source: &Source, reading: &mut Reading) {
    let mut joined = String::new();
    let mut begin = 0;
    for (offset, line) in source.lines() {
        if joined.is_empty() {
            let (at, text) = scalar(line);
            if let Some((name, value)) = text.split_once(':') {
                let value = value.split(" #").next().unwrap_or_default().trim();
                let value = value.trim_matches(['"', '\'']);
                shell::variable(source, reading, name.trim(), value, offset + at);
            }
            begin = offset + at;
            joined.push_str(text);
        } else {
            // Places count from the beginning of the command.
            while joined.len() < offset - begin {
                joined.push(' ');
            }
            joined.push_str(line);
        }
        match joined.strip_suffix('\\') {
            Some(_) => {
                joined.pop();
                joined.push(' ');
            }
            None => {
                if joined.contains("install") {
                    shell::script(source, reading, &joined, begin, Take::Options);
                }
                joined.clear();
            }
        }
    }
    if joined.contains("install") {
        shell::script(source, reading, &joined, begin, Take::Options);
    }
}

/// What a line holds behind the marks of YAML, with its column: behind the dash of a list, and behind `run:`.
fn scalar(line: &str) -> (usize, &str) {
    let mut rest = line.trim_start();
    loop {
        let inner = rest
            .strip_prefix("- ")
            .or_else(|| rest.strip_prefix("run:"))
            .map(|inner| inner.trim_start());
        match inner {
            Some(inner) => rest = inner,
            None => break,
        }
    }
    (line.len() - rest.len(), rest)
}
