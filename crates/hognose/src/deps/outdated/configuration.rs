//! Which indexes the user's own pip or uv asks, and by what name.
//!
//! Only what the user or the administrator set is read: environment, `pip.conf`, `uv.toml`, `netrc`. Configuration inside of
//! a project is not, since a project would choose where the names of packages go.
#![allow(
    clippy::disallowed_methods,
    reason = "the configuration of the user's installers is found by the environment"
)]

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::deps::disk::read_whole;
use crate::deps::fix::process;

/// An index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexUrl {
    /// The address of its pages, without a name or password, ending in `/`.
    pub url: String,
    /// The header `Authorization`, if there are credentials for it.
    pub authorization: Option<String>,
}

/// What the environment and files say.
pub struct Surroundings<'s> {
    /// A variable of the environment.
    pub variable: &'s dyn Fn(&str) -> Option<String>,
    /// The text of a file.
    pub file: &'s dyn Fn(&Path) -> Option<String>,
    /// The index that pip asks when nothing else is configured, as pip itself tells.
    pub of_pip: &'s dyn Fn() -> Option<String>,
}

/// The indexes that are asked, the first having the last word. None if no index is configured and pip names none.
pub fn indexes(surroundings: &Surroundings<'_>) -> Vec<IndexUrl> {
    let mut found = of_uv(surroundings);
    if found.is_empty() {
        found = of_pip(surroundings);
    }
    let netrc = netrc(surroundings);
    let mut indexes: Vec<IndexUrl> = Vec::new();
    for Named { name, url } in found {
        let Some(index) = index(&url, name.as_deref(), &netrc, surroundings) else {
            continue;
        };
        if indexes.iter().all(|known| known.url != index.url) {
            indexes.push(index);
        }
    }
    indexes
}

/// An index as it is configured. uv has names for them.
struct Named {
    name: Option<String>,
    url: String,
}

impl Named {
    fn bare(url: &str) -> Self {
        Self {
            name: None,
            url: url.to_owned(),
        }
    }

    /// `name=url`, as uv's variables have it.
    fn of_uv(text: &str) -> Self {
        match text.split_once('=') {
            Some((name, url)) if !name.contains("://") => Self {
                name: Some(name.to_owned()),
                url: url.to_owned(),
            },
            _ => Self::bare(text),
        }
    }
}

fn of_uv(around: &Surroundings<'_>) -> Vec<Named> {
    let variable = |name: &str| (around.variable)(name).unwrap_or_default();
    let mut more: Vec<Named> = ["UV_INDEX", "UV_EXTRA_INDEX_URL"]
        .iter()
        .flat_map(|name| {
            variable(name)
                .split_whitespace()
                .map(Named::of_uv)
                .collect::<Vec<_>>()
        })
        .collect();
    let mut main = ["UV_DEFAULT_INDEX", "UV_INDEX_URL"]
        .iter()
        .map(|name| variable(name))
        .find(|url| !url.is_empty())
        .map(|url| Named::of_uv(&url));
    let home = configuration_home(around);
    let files = [
        home.map(|home| home.join("uv/uv.toml")),
        Some(PathBuf::from("/etc/uv/uv.toml")),
    ];
    let named = (around.variable)("UV_CONFIG_FILE").map(PathBuf::from);
    let files = match named {
        Some(file) => vec![file],
        None => files.into_iter().flatten().collect(),
    };
    for file in files {
        let Some(table) = (around.file)(&file).and_then(|text| text.parse::<toml::Table>().ok())
        else {
            continue;
        };
        let text = |value: &toml::Value| value.as_str().map(str::to_owned);
        for item in table
            .get("index")
            .and_then(toml::Value::as_array)
            .into_iter()
            .flatten()
        {
            let Some(url) = item.get("url").and_then(text) else {
                continue;
            };
            let index = Named {
                name: item.get("name").and_then(text),
                url,
            };
            if item.get("default").and_then(toml::Value::as_bool) == Some(true) {
                main.get_or_insert(index);
            } else {
                more.push(index);
            }
        }
        if let Some(url) = table.get("index-url").and_then(text) {
            main.get_or_insert(Named::bare(&url));
        }
        let extra = table.get("extra-index-url").and_then(toml::Value::as_array);
        more.extend(
            extra
                .into_iter()
                .flatten()
                .filter_map(text)
                .map(|url| Named::bare(&url)),
        );
    }
    if main.is_none() && more.is_empty() {
        return Vec::new();
    }
    // Without one of its own uv asks the same as pip.
    let main = main
        .map(|main| vec![main])
        .unwrap_or_else(|| of_pip_itself(around));
    more.extend(main);
    more
}

fn of_pip(around: &Surroundings<'_>) -> Vec<Named> {
    let mut main = (around.variable)("PIP_INDEX_URL").filter(|url| !url.is_empty());
    let mut extra = (around.variable)("PIP_EXTRA_INDEX_URL").filter(|urls| !urls.trim().is_empty());
    // The first that has a key decides, and what is said for `install` before what is said for all.
    for file in pip_files(around) {
        let Some(text) = (around.file)(&file) else {
            continue;
        };
        for section in ["install", "global"] {
            main = main.or_else(|| ini(&text, section, "index-url"));
            extra = extra.or_else(|| ini(&text, section, "extra-index-url"));
        }
    }
    let mut found = match main {
        Some(url) => vec![Named::bare(url.trim())],
        None => of_pip_itself(around),
    };
    found.extend(
        extra
            .unwrap_or_default()
            .split_whitespace()
            .map(Named::bare),
    );
    found
}

fn of_pip_itself(around: &Surroundings<'_>) -> Vec<Named> {
    (around.of_pip)()
        .map(|url| Named::bare(&url))
        .into_iter()
        .collect()
}

/// The configuration files of pip, the closest first.
fn pip_files(around: &Surroundings<'_>) -> Vec<PathBuf> {
    let name = if cfg!(windows) { "pip.ini" } else { "pip.conf" };
    let variable = |name: &str| (around.variable)(name).filter(|value| !value.is_empty());
    let named = variable("PIP_CONFIG_FILE");
    // This is how pip is told to read none.
    if named.as_deref() == Some("/dev/null") || named.as_deref() == Some("nul") {
        return Vec::new();
    }
    let mut files: Vec<PathBuf> = named.map(PathBuf::from).into_iter().collect();
    files.extend(variable("VIRTUAL_ENV").map(|path| Path::new(&path).join(name)));
    files.extend(configuration_home(around).map(|home| home.join("pip").join(name)));
    if let Some(home) = home(around) {
        if cfg!(target_os = "macos") {
            files.push(home.join("Library/Application Support/pip").join(name));
        }
        files.push(
            home.join(if cfg!(windows) { "pip" } else { ".pip" })
                .join(name),
        );
    }
    if cfg!(windows) {
        files.extend(variable("ProgramData").map(|path| Path::new(&path).join("pip").join(name)));
    } else {
        let system = variable("XDG_CONFIG_DIRS").unwrap_or_else(|| "/etc/xdg".to_owned());
        files.extend(
            system
                .split(':')
                .map(|path| Path::new(path).join("pip").join(name)),
        );
        files.push(PathBuf::from("/etc").join(name));
    }
    files.retain(|file| file.is_absolute());
    files
}

fn home(around: &Surroundings<'_>) -> Option<PathBuf> {
    let name = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    (around.variable)(name).map(PathBuf::from)
}

fn configuration_home(around: &Surroundings<'_>) -> Option<PathBuf> {
    if cfg!(windows) {
        return (around.variable)("APPDATA").map(PathBuf::from);
    }
    (around.variable)("XDG_CONFIG_HOME")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .or_else(|| Some(home(around)?.join(".config")))
}

/// A value of an INI file as Python's `configparser` reads it: further lines of a value are indented.
fn ini(text: &str, section: &str, key: &str) -> Option<String> {
    let mut inside = false;
    let mut value: Option<String> = None;
    for line in text.lines() {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with(['#', ';']) {
            continue;
        }
        if line.starts_with([' ', '\t']) {
            if let Some(value) = &mut value {
                value.push(' ');
                value.push_str(bare);
            }
            continue;
        }
        if value.is_some() {
            break;
        }
        if let Some(name) = bare
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            inside = name == section;
        } else if inside
            && let Some((name, found)) = bare.split_once(['=', ':'])
            && name.trim().replace('_', "-").eq_ignore_ascii_case(key)
        {
            value = Some(found.trim().to_owned());
        }
    }
    value.filter(|value| !value.trim().is_empty())
}

/// An entry of a `netrc` file. Without a machine it is for all.
#[derive(Debug, PartialEq, Eq)]
struct Login {
    machine: Option<String>,
    login: String,
    password: String,
}

fn netrc(around: &Surroundings<'_>) -> Vec<Login> {
    let file = match (around.variable)("NETRC").filter(|path| !path.is_empty()) {
        Some(path) => Some(PathBuf::from(path)),
        None => home(around).map(|home| home.join(if cfg!(windows) { "_netrc" } else { ".netrc" })),
    };
    let text = file
        .and_then(|file| (around.file)(&file))
        .unwrap_or_default();
    logins(&text)
}

fn logins(text: &str) -> Vec<Login> {
    let mut found: Vec<Login> = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    let mut in_macro = false;
    for line in lines {
        // A macro goes to the next empty line.
        if in_macro {
            in_macro = !line.trim().is_empty();
            continue;
        }
        let mut words = line.split_whitespace();
        while let Some(word) = words.next() {
            let mut next = || {
                words
                    .next()
                    .unwrap_or_default()
                    .trim_matches('"')
                    .to_owned()
            };
            match word {
                "machine" | "default" => {
                    let machine = (word == "machine").then(&mut next);
                    found.push(Login {
                        machine,
                        login: String::new(),
                        password: String::new(),
                    });
                }
                "login" | "account" | "password" => {
                    let value = next();
                    if let Some(entry) = found.last_mut() {
                        match word {
                            "login" => entry.login = value,
                            "password" => entry.password = value,
                            _ => {}
                        }
                    }
                }
                "macdef" => {
                    in_macro = true;
                    break;
                }
                _ if word.starts_with('#') => break,
                _ => {}
            }
        }
    }
    found
}

/// The index at an address. Credentials stand in it, in variables of its name, or in `netrc`.
fn index(
    url: &str,
    name: Option<&str>,
    netrc: &[Login],
    around: &Surroundings<'_>,
) -> Option<IndexUrl> {
    let (scheme, rest) = url.trim().split_once("://")?;
    if !matches!(scheme, "http" | "https") {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    if host.is_empty() {
        return None;
    }
    let written = user.map(|user| {
        let (login, password) = user.split_once(':').unwrap_or((user, ""));
        (decoded(login), decoded(password))
    });
    let of_variables = || {
        let name: String = name?
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_uppercase()
                } else {
                    '_'
                }
            })
            .collect();
        let of = |what: &str| (around.variable)(&format!("UV_INDEX_{name}_{what}"));
        let (login, password) = (of("USERNAME"), of("PASSWORD"));
        (login.is_some() || password.is_some())
            .then(|| (login.unwrap_or_default(), password.unwrap_or_default()))
    };
    let machine = host.rsplit_once(':').map_or(host, |(machine, _)| machine);
    let of_netrc = || {
        let entry = netrc
            .iter()
            .find(|entry| entry.machine.as_deref() == Some(machine))
            .or_else(|| netrc.iter().find(|entry| entry.machine.is_none()))?;
        Some((entry.login.clone(), entry.password.clone()))
    };
    let credentials = written.or_else(of_variables).or_else(of_netrc);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    Some(IndexUrl {
        url: format!("{scheme}://{host}{}/", path.trim_end_matches('/')),
        authorization: credentials.map(|(login, password)| {
            format!("Basic {}", STANDARD.encode(format!("{login}:{password}")))
        }),
    })
}

/// A part of an address with its `%40` and the like decoded.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = match (first, after) {
            (b'%', [high, low, ..]) => std::str::from_utf8(&[*high, *low])
                .ok()
                .and_then(|digits| u8::from_str_radix(digits, 16).ok()),
            _ => None,
        };
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The indexes of the user who runs this.
pub fn own() -> Vec<IndexUrl> {
    indexes(&Surroundings {
        variable: &|name| std::env::var(name).ok(),
        file: &|path| String::from_utf8(read_whole(path).ok()?).ok(),
        of_pip: &asked_of_pip,
    })
}

/// The index that the user's pip names in its help as the one it asks.
fn asked_of_pip() -> Option<String> {
    let pip = ["pip", "pip3"]
        .iter()
        .find_map(|name| process::find(name))?;
    let scratch = tempfile::tempdir().ok()?;
    let mut command = process::command(&pip);
    command
        .args(["install", "--help"])
        // Wide enough for an address to stand on one line.
        .env("COLUMNS", "500")
        .current_dir(scratch.path());
    let said = process::output(command, scratch.path()).ok()?;
    let (_, after) = said.split_once("--index-url")?;
    let (_, after) = after.split_once("(default")?;
    let url = after.split(')').next()?.trim();
    url.contains("://").then(|| url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)], files: &[(&str, &str)]) -> Vec<(String, Option<String>)> {
        let indexes = indexes(&Surroundings {
            variable: &|name| {
                let mut all = variables.iter().chain(&[("HOME", "/home/me")]);
                all.find(|(known, _)| *known == name)
                    .map(|(_, value)| (*value).to_owned())
            },
            file: &|path| {
                let mut all = files.iter();
                all.find(|(known, _)| Path::new(known) == path)
                    .map(|(_, text)| (*text).to_owned())
            },
            of_pip: &|| Some("https://pip.example/simple".to_owned()),
        });
        indexes
            .into_iter()
            .map(|index| {
                let plain = index.authorization.map(|header| {
                    let bytes = STANDARD.decode(&header["Basic ".len()..]).expect("base64");
                    String::from_utf8(bytes).expect("UTF-8")
                });
                (index.url, plain)
            })
            .collect()
    }

    fn urls(variables: &[(&str, &str)], files: &[(&str, &str)]) -> Vec<String> {
        found(variables, files)
            .into_iter()
            .map(|(url, _)| url)
            .collect()
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_closest_configuration_of_pip_decides() {
        assert_eq!(urls(&[], &[]), ["https://pip.example/simple/"]);
        let system = (
            "/etc/pip.conf",
            "[global]\nindex-url = https://system.example/simple/\n",
        );
        let user = (
            "/home/me/.config/pip/pip.conf",
            "[global]\ntimeout = 3\nindex_url: https://user.example/root\nextra-index-url =\n    https://one.example/\n    # why\n    https://two.example\n",
        );
        let install = (
            "/home/me/.config/pip/pip.conf",
            "[install]\nindex-url=https://install.example/\n[global]\nindex-url=https://no.example/\n",
        );
        assert_eq!(urls(&[], &[system]), ["https://system.example/simple/"]);
        assert_eq!(
            urls(&[], &[system, user]),
            [
                "https://user.example/root/",
                "https://one.example/",
                "https://two.example/"
            ]
        );
        assert_eq!(urls(&[], &[install]), ["https://install.example/"]);
        assert_eq!(
            urls(&[("PIP_INDEX_URL", "https://variable.example")], &[system])[0],
            "https://variable.example/"
        );
        let none = [("PIP_CONFIG_FILE", "/dev/null")];
        assert_eq!(
            urls(&none, &[system, user]),
            ["https://pip.example/simple/"]
        );
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_uv_is_told_comes_first() {
        let pip = ("PIP_INDEX_URL", "https://pip-variable.example/");
        assert_eq!(
            urls(
                &[pip, ("UV_DEFAULT_INDEX", "own=https://uv.example/simple")],
                &[]
            ),
            ["https://uv.example/simple/"]
        );
        let file = (
            "/home/me/.config/uv/uv.toml",
            "[[index]]\nname = 'inner-one'\nurl = 'https://inner.example'\n[[index]]\nurl = 'https://main.example'\ndefault = true\n",
        );
        let credentials = [
            ("UV_INDEX_INNER_ONE_USERNAME", "me"),
            ("UV_INDEX_INNER_ONE_PASSWORD", "secret"),
        ];
        assert_eq!(
            found(&credentials, &[file]),
            [
                (
                    "https://inner.example/".to_owned(),
                    Some("me:secret".to_owned())
                ),
                ("https://main.example/".to_owned(), None)
            ]
        );
    }

    #[test]
    fn credentials_go_to_the_machine_they_are_for() {
        let netrc = (
            "/home/me/.netrc",
            "machine a.example login me\n  password one\nmacdef init\nmachine b.example login no\n\ndefault login any password two # x\n",
        );
        let of = |url: &str| found(&[("PIP_INDEX_URL", url)], &[netrc]).remove(0);
        if cfg!(windows) {
            return;
        }
        assert_eq!(
            of("https://a.example:8443/x"),
            (
                "https://a.example:8443/x/".to_owned(),
                Some("me:one".to_owned())
            )
        );
        assert_eq!(of("https://b.example/x").1.as_deref(), Some("any:two"));
        assert_eq!(
            of("https://u%40v:p%3Aw@a.example/x"),
            (
                "https://a.example/x/".to_owned(),
                Some("u@v:p:w".to_owned())
            )
        );
        assert!(found(&[("PIP_INDEX_URL", "file:///x")], &[]).is_empty());
    }
}
