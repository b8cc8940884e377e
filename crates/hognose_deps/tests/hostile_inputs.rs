//! No input makes a reader fail, and none takes long.
#![allow(clippy::disallowed_methods, reason = "tests read their fixtures")]

use std::path::Path;
use std::time::{Duration, Instant};

use hognose_deps::inputs::{Entry, Files, Inventory, discover, read};
use proptest::prelude::*;

/// Files in memory, all in one directory.
struct Memory(Vec<(String, Vec<u8>)>);

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let found = self.0.iter().find(|(name, _)| name == path);
        found
            .map(|(_, bytes)| bytes.clone())
            .ok_or_else(|| "there is no such file".to_owned())
    }

    fn list(&self, directory: &str) -> Result<Vec<Entry>, String> {
        if !directory.is_empty() {
            return Err("there is no such directory".to_owned());
        }
        let entry = |(name, _): &(String, Vec<u8>)| Entry {
            name: name.clone(),
            is_directory: false,
        };
        Ok(self.0.iter().map(entry).collect())
    }
}

/// One file name for each format.
const NAMES: &[&str] = &[
    "requirements.txt",
    "constraints.txt",
    "pyproject.toml",
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "pylock.toml",
    "Pipfile",
    "Pipfile.lock",
    "environment.yml",
    "conda-lock.yml",
    "setup.cfg",
    "setup.py",
    "tool.py",
    "Dockerfile",
    "bom.json",
    "a.spdx.json",
    "pip-list.json",
    "pip-inspect.json",
    "nameless",
];

/// What some format gives a meaning to.
const SIGNS: &[&str] = &[
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    "'",
    "\"",
    "=",
    "==",
    "===",
    ":",
    ";",
    ",",
    "#",
    " #",
    "@",
    "$",
    "${",
    "\\",
    "\\\n",
    "<",
    ">",
    "!",
    "~",
    "^",
    "|",
    "*",
    "&&",
    ".",
    "+",
    "/",
    "-",
    "--",
    "\n",
    "\r",
    "\r\n",
    " ",
    "\t",
    "[[",
    "]]",
    "package",
    "name",
    "version",
    "dependencies",
    "pip",
    "install",
    "RUN ",
    "run <<A\n",
    "FROM x\n",
    "- ",
    "é",
    "1.0",
    "setup(",
    "install_requires=",
    "&a ",
    "*a",
    "# /// script\n",
    "# ///\n",
    "# ",
    "git+https://",
    "file:",
    "%2",
    "\u{FEFF}",
    "[options]\n",
    "[project]\n",
    "\"\"\"",
    "r'",
    "-r",
    "-e",
    "\u{2028}",
    "\0",
];

fn each(bytes: &[u8]) {
    for name in NAMES {
        let files = Memory(vec![((*name).to_owned(), bytes.to_vec())]);
        let inventory = read(&files, name);
        for package in &inventory.packages {
            assert!(package.place.line >= 1 && package.place.column >= 1);
        }
        discover(&files, "");
    }
}

/// The fixtures, as (name to read it under, bytes).
fn fixtures() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inputs");
    let mut found = Vec::new();
    for directory in std::fs::read_dir(root)
        .expect("the fixtures are there")
        .flatten()
    {
        for file in std::fs::read_dir(directory.path())
            .expect("it is a directory")
            .flatten()
        {
            if let Ok(bytes) = std::fs::read(file.path()) {
                found.push((file.file_name().to_string_lossy().into_owned(), bytes));
            }
        }
    }
    found.sort();
    found
}

/// The line that holds an offset, with its end.
fn line_of(bytes: &[u8], at: usize) -> std::ops::Range<usize> {
    let is_end = |byte: &u8| *byte == b'\n';
    let start = bytes[..at].iter().rposition(is_end).map_or(0, |at| at + 1);
    let length = bytes[at..].iter().position(is_end);
    start..length.map_or(bytes.len(), |length| at + length + 1)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        each(&bytes);
    }

    #[test]
    fn any_text_of_telling_signs(signs in proptest::collection::vec(prop::sample::select(SIGNS), 0..60)) {
        each(signs.concat().as_bytes());
    }

    #[test]
    fn real_files_that_were_damaged(
        which in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
        sign in prop::sample::select(SIGNS),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0..9_u8, any::<u8>()), 1..12),
    ) {
        let fixtures = fixtures();
        let (name, bytes) = &fixtures[which.index(fixtures.len())];
        let mut bytes = bytes.clone();
        for (at, kind, byte) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            let line = line_of(&bytes, at);
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => { bytes.remove(at); }
                3 => bytes.truncate(at),
                4 => { bytes.splice(at..at, sign.bytes()); }
                // What merges leave behind: lines twice, none at all, in another order, and the rest of another file.
                5 => { bytes.splice(line.end..line.end, bytes[line].to_vec()); }
                6 => { bytes.drain(line); }
                7 => bytes[at..].rotate_left(line.end - at),
                _ => {
                    let (_, other) = &fixtures[other.index(fixtures.len())];
                    let from = at.min(other.len());
                    bytes.splice(line.start.., other[from..].iter().copied());
                }
            }
        }
        let files = Memory(vec![(name.clone(), bytes)]);
        discover(&files, "");
        read(&files, name);
    }
}

fn timed(name: &str, text: String) -> (Inventory, Duration) {
    let files = Memory(vec![(name.to_owned(), text.into_bytes())]);
    let begin = Instant::now();
    let inventory = read(&files, name);
    (inventory, begin.elapsed())
}

#[test]
fn deep_nesting_and_long_chains_end() {
    const MANY: usize = 200_000;
    let generous = Duration::from_secs(20);
    for (name, text) in [
        ("pyproject.toml", format!("a = {}", "[".repeat(MANY))),
        ("pyproject.toml", "[dependency-groups]\na = [{include-group = 'b'}]\nb = [{include-group = 'a'}]\n".to_owned()),
        ("uv.lock", "]\n".repeat(MANY)),
        ("Pipfile.lock", "[".repeat(MANY)),
        ("bom.json", format!("{{\"bomFormat\":\"CycloneDX\",\"components\":{}", "[{\"components\":".repeat(MANY))),
        ("environment.yml", format!("dependencies:\n{}", "- [".repeat(MANY))),
        ("environment.yml", "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\ndependencies: [*c,*c,*c,*c,*c,*c,*c,*c]\n".to_owned()),
        ("setup.py", format!("setup(install_requires={}", "[".repeat(MANY))),
        ("setup.py", format!("setup(install_requires={}", "{'a':".repeat(MANY))),
        ("setup.py", "A = B + B\nB = A + A\nsetup(install_requires=A + A)\n".to_owned()),
        ("requirements.txt", "a\\\n".repeat(MANY)),
        ("requirements.txt", "-r requirements.txt\n".repeat(MANY)),
        ("requirements.txt", "a==1 ".repeat(MANY)),
        ("Dockerfile", format!("RUN pip install {}", "a \\\n".repeat(MANY))),
        ("Dockerfile", format!("RUN {}", "<<A ".repeat(MANY))),
    ] {
        let (_, took) = timed(name, text);
        assert!(took < generous, "{name} took {took:?}");
    }
}

#[test]
fn five_thousand_pins_are_read_at_once() {
    let text: String = (0..5_000)
        .map(|n| {
            format!("package-{n}=={n}.1 ; python_version >= '3.9' \\\n    --hash=sha256:{n:064}\n")
        })
        .collect();
    let (inventory, took) = timed("requirements.txt", text);
    assert_eq!(inventory.packages.len(), 5_000);
    assert!(inventory.packages.iter().all(|package| package.hashed));
    // An unoptimised build on a busy machine; a fast one needs a twentieth of it.
    assert!(took < Duration::from_secs(2), "{took:?}");
}

/// A thousand projects with the same lock file.
struct Thousand(Vec<u8>);

impl Files for Thousand {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        match path.ends_with("/uv.lock") {
            true => Ok(self.0.clone()),
            false => Err("there is no such file".to_owned()),
        }
    }

    fn list(&self, directory: &str) -> Result<Vec<Entry>, String> {
        Ok(if directory.is_empty() {
            (0..1_000)
                .map(|n| Entry {
                    name: format!("project{n}"),
                    is_directory: true,
                })
                .collect()
        } else {
            vec![Entry {
                name: "uv.lock".to_owned(),
                is_directory: false,
            }]
        })
    }
}

#[test]
fn a_thousand_lock_files_are_all_read() {
    let lock = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inputs/uv/uv.lock"))
        .expect("it is there");
    let inventory = discover(&Thousand(lock), "");
    assert_eq!(inventory.inputs.len(), 1_000);
    assert!(inventory.unreadable.is_empty());
    let of_one = inventory.packages.len() / 1_000;
    assert!(of_one > 0 && inventory.packages.len() == of_one * 1_000);
}
