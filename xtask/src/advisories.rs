//! `cargo xtask advisories`: the advisory facts that are built into hognose, from archives of OSV records and the facts
//! on CPython's releases.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use hognose_deps::advisories::archive::{self, Feed};
use hognose_deps::advisories::index::{self, Index};
use serde_json::{Map, Value, json};

use crate::root;

/// What the facts on the interpreter are compiled of.
#[derive(clap::Args)]
pub(crate) struct Interpreter {
    /// Release schedule of CPython's branches
    #[arg(long, value_name = "JSON", requires = "cves")]
    releases: Option<PathBuf>,
    /// Fixed versions of CPython's vulnerabilities per branch
    #[arg(long, value_name = "JSON", requires = "psf")]
    cves: Option<PathBuf>,
    /// OSV records of the Python Software Foundation
    #[arg(long, value_name = "ZIP", requires = "releases")]
    psf: Option<PathBuf>,
}

pub(crate) fn run(from: &[PathBuf], interpreter: &Interpreter) -> Result<()> {
    let data = root().join("crates/hognose_deps/data");
    if !from.is_empty() {
        let mut feed = Feed::default();
        for path in from {
            feed.add_zip(&read(path)?)
                .with_context(|| path.display().to_string())?;
        }
        for skipped in &feed.skipped {
            println!("skipped {}: {}", skipped.name, skipped.reason);
        }
        if feed.records.is_empty() {
            bail!("no record concerns the Python package index");
        }
        let file = index::write(&feed, None);
        let size = file.len();
        fs::write(data.join("advisories.idx"), &file)?;
        println!(
            "advisories.idx: {size} bytes, {:?}",
            Index::open(file)?.status()
        );
    }
    if let (Some(releases), Some(cves), Some(psf)) =
        (&interpreter.releases, &interpreter.cves, &interpreter.psf)
    {
        let facts = interpreter_facts(&read(releases)?, &read(cves)?, &read(psf)?)?;
        fs::write(data.join("interpreter.json"), &facts)?;
        println!("interpreter.json: {} bytes", facts.len());
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| path.display().to_string())
}

/// Modules through which code reaches a part of CPython that is no module.
const COMPONENTS: [(&str, &[&str]); 1] = [("bundled libexpat", &["pyexpat", "xml"])];

/// The facts on CPython, without what only their compilers need.
fn interpreter_facts(releases: &[u8], cves: &[u8], psf: &[u8]) -> Result<Vec<u8>> {
    let releases: Value = serde_json::from_slice(releases)?;
    let cves: Value = serde_json::from_slice(cves)?;
    let mut published = Map::new();
    archive::each_json(psf, |_, record| {
        let record: Value = serde_json::from_slice(record).unwrap_or_default();
        if let (Some(id), Some(day)) = (text(&record, "id"), text(&record, "published")) {
            published.insert(id.to_owned(), day.get(..10).into());
        }
    })?;
    let fields = |entry: &Value, keys: &[&str]| -> Map<String, Value> {
        let kept = keys
            .iter()
            .filter_map(|key| Some(((*key).to_owned(), entry.get(key)?.clone())));
        kept.filter(|(_, value)| !value.is_null()).collect()
    };
    let branches = releases["branches"].as_object().context("no branches")?;
    let branches: Map<String, Value> = branches
        .iter()
        .map(|(branch, facts)| {
            let keys = [
                "first_release",
                "end_of_bugfix",
                "end_of_life",
                "latest_patch",
                "latest_patch_date",
            ];
            (branch.clone(), fields(facts, &keys).into())
        })
        .collect();
    let mut advisories = Vec::new();
    for (list, complete) in [("entries", None), ("not_derivable", Some(false))] {
        for entry in cves[list]
            .as_array()
            .with_context(|| format!("no {list}"))?
        {
            let mut facts = fields(
                entry,
                &[
                    "id",
                    "aliases",
                    "fixed",
                    "fixed_from",
                    "first_affected",
                    "complete",
                    "branches_unknown",
                    "no_fix_released",
                ],
            );
            let mut ids: Vec<Value> = entry["aliases"].as_array().cloned().unwrap_or_default();
            if let Some(psf) = text(entry, "psf") {
                ids.push(psf.into());
                if let Some(day) = published.get(psf) {
                    facts.insert("published".to_owned(), day.clone());
                }
            }
            if !facts.contains_key("id") {
                let id = ids
                    .iter()
                    .position(|id| id.as_str().is_some_and(|id| id.starts_with("CVE-")))
                    .unwrap_or(0);
                facts.insert("id".to_owned(), ids.remove(id));
            }
            facts.insert("aliases".to_owned(), ids.into());
            if let Some(complete) = complete {
                facts.insert("complete".to_owned(), complete.into());
            }
            if let Some(module) = text(entry, "module") {
                facts.insert("modules".to_owned(), modules(module)?.into());
            }
            advisories.push(Value::from(facts));
        }
    }
    let facts = json!({"as_of": releases["as_of"], "branches": branches, "advisories": advisories});
    // One advisory a line, so that a change of the facts reads as one.
    let lines = serde_json::to_string(&facts)?.replace("},{\"", "},\n{\"");
    Ok((lines + "\n").into_bytes())
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

/// The modules a compiler's note names: `lzma, bz2`, `codecs (unicode_escape)`, or a component.
fn modules(note: &str) -> Result<Vec<String>> {
    if let Some((_, modules)) = COMPONENTS.iter().find(|(component, _)| *component == note) {
        return Ok(modules.iter().map(ToString::to_string).collect());
    }
    let names = note
        .split(',')
        .map(|name| name.split('(').next().unwrap_or_default().trim());
    names
        .map(|name| {
            let dotted = name.split('.').all(|part| {
                !part.is_empty()
                    && part
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            });
            if dotted {
                Ok(name.to_owned())
            } else {
                bail!("`{name}` is neither a module nor a known component")
            }
        })
        .collect()
}
