use std::str::FromStr;

use pep440_rs::Version;
use proptest::prelude::*;

use super::*;

/// Raises each pin of a name in a file to a version.
fn raised(path: &str, bytes: &[u8], name: &str, to: &str) -> Result<Vec<u8>, EditFault> {
    let inventory = read(path, bytes);
    let to = Version::from_str(to).expect("a version");
    let raises: Vec<Raise> = inventory
        .packages
        .iter()
        .filter(|package| package.name.as_str() == name)
        .map(|package| Raise { package, to: &to })
        .collect();
    assert!(!raises.is_empty(), "{path} has no {name}");
    apply(path, bytes, &edits(&raises))
}

fn edits<'a>(raises: &[Raise<'a>]) -> Vec<Edit<'a>> {
    raises.iter().map(|raise| Edit::Raise(*raise)).collect()
}

fn text(path: &str, before: &str, name: &str, to: &str) -> String {
    let edited =
        raised(path, before.as_bytes(), name, to).unwrap_or_else(|fault| panic!("{fault}"));
    String::from_utf8(edited).expect("UTF-8")
}

/// A file in which only one text may be replaced by another.
fn only(path: &str, before: &str, name: &str, from: &str, to: &str) {
    assert_eq!(
        text(path, before, name, to),
        before.replace(from, to),
        "{before}"
    );
}

#[test]
fn in_requirements_only_the_version_changes() {
    let file = "requirements.txt";
    for line in [
        "flask==1.0\n",
        "flask==1.0",
        "\u{feff}flask==1.0\r\n",
        "six\r\nFlask [async,dotenv] == 1.0 ; python_version < \"3.9\"  # why\r\n",
        "flask (==1.0)\n",
        "flask>=0.9,==1.0,<9 # 2.0 breaks\n",
        "flask \\\n  ==1.0\n",
        "flask===1.0\nsix==1.16.0\n",
        "    flask==1.0 --no-binary flask\n",
        "# flask==1.0x\nflask==1.0\n",
    ] {
        let after = text(file, line, "flask", "2.5");
        let at = line.rfind("1.0").expect("a pin");
        let mut expected = line.to_owned();
        expected.replace_range(at..at + 3, "2.5");
        // A byte order mark is no part of the text.
        assert_eq!(after, expected);
    }
    let spaced = text(file, "flask == 1.0 ; os_name == 'nt'\n", "flask", "2.5");
    assert_eq!(spaced, "flask == 2.5 ; os_name == 'nt'\n");
}

#[test]
fn in_manifests_too() {
    let project = "pyproject.toml";
    only(
        project,
        "[project]\nname = \"shop\" # flask==1.0 was good\ndependencies = [\n  'Flask[async]==1.0.3', # why\n]\n",
        "flask",
        "1.0.3",
        "2.2.5",
    );
    only(
        project,
        "[dependency-groups]\nweb = [\"flask==1.0.3\", {include-group = \"x\"}]\nx = [\"six\"]\n",
        "flask",
        "1.0.3",
        "2.2.5",
    );
    for entry in [
        "flask = \"1.0.3\"",
        "flask = '==1.0.3'",
        "flask = { version = \"1.0.3\", extras = [\"async\"] }",
        "flask = [{ version = \"1.0.3\", python = \"<3.9\" }]",
    ] {
        let before = format!("[tool.poetry.dependencies]\npython = \"^3.8\"\n{entry} # why\n");
        only(project, &before, "flask", "1.0.3", "2.2.5");
    }
    only(
        project,
        "[tool.poetry.group.dev.dependencies.flask]\noptional = true\nversion = \"1.0.3\"\n",
        "flask",
        "1.0.3",
        "2.2.5",
    );
    only(
        "Pipfile",
        "[packages]\nflask = \"==1.0.3\"\n",
        "flask",
        "1.0.3",
        "2.2.5",
    );
    only(
        "environment.yml",
        "dependencies:\n  - python=3.9\n  - pip:\n      - flask==1.0.3  # why\n",
        "flask",
        "1.0.3",
        "2.2.5",
    );
    only(
        "Dockerfile",
        "FROM python:3.9\nRUN pip install six==1.16.0 flask==1.0.3 && true\n",
        "flask",
        "1.0.3",
        "2.2.5",
    );
    only(
        "setup.cfg",
        "[options]\ninstall_requires =\n    six\n    flask==1.0.3; os_name == 'nt'\n",
        "flask",
        "1.0.3",
        "2.2.5",
    );
    only(
        "setup.py",
        "from setuptools import setup\nsetup(install_requires=['six', 'flask==1.0.3'])\n",
        "flask",
        "1.0.3",
        "2.2.5",
    );
    only(
        "tool.py",
        "# /// script\n# dependencies = [\n#   \"flask==1.0.3\",\n# ]\n# ///\nimport flask\n",
        "flask",
        "1.0.3",
        "2.2.5",
    );
}

#[test]
fn what_forbids_the_version_is_named() {
    let fault = raised("requirements.txt", b"flask==1.0,<2\n", "flask", "2.5").expect_err("it is");
    let EditFault::Refused { clause, .. } = &fault else {
        panic!("{fault}");
    };
    assert_eq!(clause, "<2");
}

#[test]
fn utf_16_stays_utf_16() {
    for little in [true, false] {
        let encode = |text: &str| -> Vec<u8> {
            let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
            units
                .flat_map(|unit: u16| {
                    if little {
                        unit.to_le_bytes()
                    } else {
                        unit.to_be_bytes()
                    }
                })
                .collect()
        };
        let before = encode("# für\r\nflask==1.0\r\nsix\r\n");
        let after = raised("requirements.txt", &before, "flask", "2.2.5").expect("it is edited");
        assert_eq!(after, encode("# für\r\nflask==2.2.5\r\nsix\r\n"));
    }
    let latin = b"# -*- coding: latin-1 -*-\n# f\xFCr\nflask==1.0\n";
    let after = raised("requirements.txt", latin, "flask", "2.2.5").expect("it is edited");
    assert_eq!(
        after,
        b"# -*- coding: latin-1 -*-\n# f\xFCr\nflask==2.2.5\n"
    );
}

proptest! {
    /// Whatever stands around them, the versions that are raised are what is read afterwards, and every other byte stays.
    #[test]
    fn edits_are_read_again(
        lines in prop::collection::vec(
            (
                prop::sample::select(vec!["six", "Flask", "jinja2[x]", "zope.interface", "# note", ""]),
                prop::sample::select(vec!["", "==1.0", " == 1.0", "===1.0", ">=0.5,==1.0", "==1.0 ; os_name == 'nt'", ">=1.0", "==1.0  # 1.0"]),
                prop::sample::select(vec!["\n", "\r\n", " \n", "\n\n"]),
            ),
            0..12,
        ),
        mark in prop::bool::ANY,
        unended in prop::bool::ANY,
    ) {
        let mut before = String::from(if mark { "\u{feff}" } else { "" });
        for (name, version, end) in &lines {
            before.push_str(name);
            before.push_str(if name.is_empty() { "" } else { version });
            before.push_str(end);
        }
        if unended {
            before.truncate(before.trim_end().len());
        }
        let inventory = read("requirements.txt", before.as_bytes());
        let to = Version::from_str("1.12.3").expect("a version");
        let raises: Vec<Raise> = inventory.packages.iter()
            .filter(|package| matches!(package.wanted, Wanted::Pinned(_)))
            .map(|package| Raise { package, to: &to })
            .collect();
        let after = apply("requirements.txt", before.as_bytes(), &edits(&raises)).expect("pins are edited");
        let again = read("requirements.txt", &after);
        prop_assert_eq!(inventory.packages.len(), again.packages.len());
        for (one, other) in inventory.packages.iter().zip(&again.packages) {
            match &one.wanted {
                Wanted::Pinned(_) => prop_assert!(matches!(&other.wanted, Wanted::Pinned(pin) if &*pin.written == "1.12.3")),
                wanted => prop_assert_eq!(wanted, &other.wanted),
            }
        }
        // Raised back, it is the file it was.
        let back = Version::from_str("1.0").expect("a version");
        let raises: Vec<Raise> = again.packages.iter()
            .filter(|package| matches!(&package.wanted, Wanted::Pinned(pin) if &*pin.written == "1.12.3"))
            .map(|package| Raise { package, to: &back })
            .collect();
        let restored = apply("requirements.txt", &after, &edits(&raises)).expect("pins are edited");
        prop_assert_eq!(restored, before.as_bytes());
    }

    /// No text makes it panic, and what it does not edit it says.
    #[test]
    fn nothing_panics(text in "[ -~äß\\r\\n\\\\]{0,80}", name in "[a-z]{1,3}") {
        let before = format!("{name}==1.0{text}");
        let inventory = read("requirements.txt", before.as_bytes());
        let to = Version::from_str("2.0").expect("a version");
        let raises: Vec<Raise> = inventory.packages.iter().map(|package| Raise { package, to: &to }).collect();
        let _ = apply("requirements.txt", before.as_bytes(), &edits(&raises));
        let _ = apply("pyproject.toml", before.as_bytes(), &edits(&raises));
    }
}
