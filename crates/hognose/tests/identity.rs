//! A finding stays the same finding when the code around it is moved, renamed and reformatted.

#![allow(clippy::disallowed_methods, reason = "tests read the examples")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use hognose::{AuditOptions, audit};
use hognose_finding::Fingerprint;
use hognose_python::{MemorySources, SourceKind};
use regex::Regex;

type Files = BTreeMap<String, String>;

fn bookshop() -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/bookshop");
    let mut files = Files::new();
    let mut stack = vec![root.join("bookshop")];
    while let Some(directory) = stack.pop() {
        for entry in fs::read_dir(directory)
            .expect("the example is there")
            .flatten()
        {
            let path = entry.path();
            if path.is_dir() {
                stack.push(path);
            } else if path.extension().is_some_and(|extension| extension == "py") {
                let name = path
                    .strip_prefix(&root)
                    .expect("below the root")
                    .display()
                    .to_string();
                files.insert(name, fs::read_to_string(&path).expect("a text"));
            }
        }
    }
    files
}

fn findings(files: &Files) -> Option<Vec<(Fingerprint, String)>> {
    let sources = files
        .iter()
        .map(|(name, text)| (name.clone(), SourceKind::Module, text.clone().into_bytes()));
    let report = audit(&MemorySources::new(sources), &AuditOptions::default());
    report.failures.is_empty().then(|| {
        report
            .findings
            .iter()
            .map(|finding| (finding.fingerprint, finding.rule.to_string()))
            .collect()
    })
}

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % bound.max(1)
    }
}

/// One edit that changes nothing of what the code does; `None` where it does not apply.
fn edit(random: &mut Random, files: &mut Files) -> Option<String> {
    let names: Vec<String> = files.keys().cloned().collect();
    let name = names[random.below(names.len())].clone();
    let text = files[&name].clone();
    let lines: Vec<&str> = text.lines().collect();
    let starts: Vec<usize> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.starts_with("def ") || line.starts_with("class "))
        .map(|(at, _)| at)
        .collect();
    match random.below(6) {
        0 => {
            let at = *starts.get(random.below(starts.len()))?;
            let mut lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
            lines.insert(at, "# A remark, and some room.\n\n".to_owned());
            files.insert(name.clone(), lines.join("\n") + "\n");
            Some(format!("a comment in {name}"))
        }
        1 => {
            files.insert(
                name.clone(),
                format!(
                    "{text}\n\ndef another_{}(value):\n    return value + 1\n",
                    random.below(1_000)
                ),
            );
            Some(format!("a function in {name}"))
        }
        2 => {
            // A variable that is nobody's attribute, keyword, parameter or import.
            let assigned = Regex::new(r"(?m)^ +([a-z_]{3,}) = ").expect("a pattern");
            let candidates: Vec<String> = assigned
                .captures_iter(&text)
                .map(|found| found[1].to_owned())
                .collect();
            let variable = candidates.get(random.below(candidates.len()))?;
            let elsewhere = Regex::new(&format!(r#"(\.{variable}\b|\b{variable}=|["'{{]{variable}|def \w+\([^)]*\b{variable}\b|import.*\b{variable}\b|^{variable}\b|global {variable})"#)).expect("a pattern");
            if elsewhere.is_match(&text) {
                return None;
            }
            let whole = Regex::new(&format!(r"\b{variable}\b")).expect("a pattern");
            files.insert(
                name.clone(),
                whole
                    .replace_all(&text, format!("renamed_{variable}"))
                    .into_owned(),
            );
            Some(format!("{variable} renamed in {name}"))
        }
        3 => {
            let call =
                Regex::new(r#"(?m)^( +)([\w. =]+)\(([\w.]+), ([^()"'\n]+)\)$"#).expect("a pattern");
            let broken = call
                .replace(&text, "$1$2(\n$1    $3,\n$1    $4,\n$1)")
                .into_owned();
            (broken != text).then(|| {
                files.insert(name.clone(), broken);
                format!("a call laid out anew in {name}")
            })
        }
        4 => {
            let quoted = Regex::new(r#"\("([a-z0-9/ ]+)"\)"#).expect("a pattern");
            let changed = quoted.replace_all(&text, "('$1')").into_owned();
            (changed != text).then(|| {
                files.insert(name.clone(), changed);
                format!("quotes in {name}")
            })
        }
        _ => {
            // Code that nothing imports by name moves with its file.
            let stem = name.strip_suffix(".py")?.rsplit('/').next()?.to_owned();
            if stem.starts_with("__") || files.values().any(|text| text.contains(&stem)) {
                return None;
            }
            files.remove(&name);
            files.insert(
                name.replace(&format!("{stem}.py"), &format!("{stem}_moved.py")),
                text,
            );
            Some(format!("{name} renamed"))
        }
    }
}

#[test]
fn harmless_edits_keep_identities() {
    let original = bookshop();
    let before = findings(&original).expect("the example parses");
    assert!(before.len() > 20, "{} findings", before.len());
    let mut random = Random(20_270_101);
    let (mut edits, mut kept, mut lost) = (0, 0, Vec::new());
    while edits < 100 {
        let mut files = original.clone();
        let Some(what) = edit(&mut random, &mut files) else {
            continue;
        };
        let Some(after) = findings(&files) else {
            continue;
        };
        edits += 1;
        for (fingerprint, rule) in &before {
            if after.iter().any(|(other, _)| other == fingerprint) {
                kept += 1;
            } else {
                lost.push(format!("{rule}: {what}"));
            }
        }
    }
    lost.sort();
    lost.dedup();
    let all = before.len() * edits;
    assert!(
        kept * 100 >= all * 99,
        "{kept} of {all} kept; lost:\n{}",
        lost.join("\n")
    );
}

#[test]
fn two_equal_defects_stay_two() {
    let one = "import yaml\n\n\ndef load(a, b):\n    first = yaml.load(a, Loader=yaml.Loader)\n";
    let two =
        format!("{one}    second = yaml.load(b, Loader=yaml.Loader)\n    return first, second\n");
    let of = |text: &str| {
        findings(&Files::from([("main.py".to_owned(), text.to_owned())])).expect("it parses")
    };
    let (one, two) = (of(one), of(&two));
    assert_eq!((one.len(), two.len()), (1, 2));
    assert_ne!(two[0].0, two[1].0);
    assert!(two.contains(&one[0]), "the old one keeps its identity");
}
