//! Settings of installers that a project keeps: `pip.conf`, `pip.ini`, `uv.toml`.

use super::inventory::{Installer, InstallerOption, Role};
use super::source::{Reading, Source, file_name};
use super::{Format, Named, pyproject, toml};

pub(super) const PIP: Format = Format {
    id: "pip.conf",
    role: Role::Manifest,
    named: |path| match file_name(path) {
        "pip.conf" | "pip.ini" => Named::Surely,
        _ => Named::No,
    },
    looks: |_| false,
    read,
};

pub(super) const UV: Format = Format {
    id: "uv.toml",
    role: Role::Manifest,
    named: |path| match file_name(path) {
        "uv.toml" => Named::Surely,
        _ => Named::No,
    },
    looks: |_| false,
    read: |source, reading| {
        let table = toml::parse(source, reading);
        pyproject::uv_tables(source, reading, &table);
    },
};

/// The settings that are read. pip takes `_` for `-` in them.
const SETTINGS: &[&str] = &[
    "--extra-index-url",
    "--find-links",
    "--index-url",
    "--require-hashes",
    "--trusted-host",
];

/// Reads settings as Python's `configparser` does: an indented line goes on with the value above.
fn read(source: &Source, reading: &mut Reading) {
    let mut option: Option<&'static str> = None;
    for (offset, line) in source.lines() {
        let text = line.trim();
        if text.is_empty() || text.starts_with(['#', ';']) {
            continue;
        }
        let mut at = offset + (line.len() - line.trim_start().len());
        let mut value = text;
        if !line.starts_with(char::is_whitespace) {
            option = None;
            let Some((key, rest)) = text
                .split_once(['=', ':'])
                .filter(|_| !text.starts_with('['))
            else {
                continue;
            };
            let key = key.trim().to_ascii_lowercase().replace('_', "-");
            option = SETTINGS
                .iter()
                .find(|name| name.strip_prefix("--") == Some(&key))
                .copied();
            at += text.len() - rest.trim_start().len();
            value = rest.trim();
        }
        let Some(name) = option else { continue };
        for word in value.split_whitespace() {
            reading.options.push(InstallerOption {
                name,
                value: Some(word.to_owned()),
                by: Installer::Pip,
                place: source.place(at),
            });
        }
    }
}
