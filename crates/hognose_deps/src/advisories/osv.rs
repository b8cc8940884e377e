//! OSV records, read leniently: what a judgement needs must be sound, everything else may be missing or odd.

use serde_json::Value;
use thiserror::Error;

use super::severity::Level;
use crate::date::Date;
use crate::name::Name;

/// The facts of one record that concern distributions of the Python package index. Its prose is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The record's own id: `PYSEC-2021-535`, `GHSA-…`, `MAL-…`.
    pub id: String,
    /// Other ids of the same vulnerability.
    pub aliases: Vec<String>,
    /// The day it was first published.
    pub published: Option<Date>,
    /// The day it was last changed.
    pub modified: Option<Date>,
    /// Taken back by its publisher: judges nothing.
    pub withdrawn: bool,
    /// CVSS vectors, as written.
    pub vectors: Vec<String>,
    /// The severity its database names in a word.
    pub label: Option<Level>,
    /// Numbers of the Common Weakness Enumeration.
    pub cwes: Vec<u32>,
    /// What it refers to, the most telling first.
    pub links: Vec<String>,
    /// Which versions of which distribution it is about.
    pub affected: Vec<Affected>,
}

/// Which versions of one distribution a record is about: those of the list and those of the ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Affected {
    /// The distribution.
    pub package: Name,
    /// Ranges of versions. Ranges of commits are not read: a version does not tell its commit.
    pub ranges: Vec<Vec<Event>>,
    /// Versions listed one by one, as written.
    pub versions: Vec<String>,
    /// CVSS vectors for this distribution alone.
    pub vectors: Vec<String>,
    /// Functions and modules that the record calls vulnerable.
    pub symbols: Vec<String>,
}

/// Where a range begins or ends, with the version as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Affected from this version on; `0` is before every version.
    Introduced(String),
    /// No longer affected from this version on.
    Fixed(String),
    /// Affected up to this version and no further.
    LastAffected(String),
    /// Nothing is said from this version on; `*` is no limit.
    Limit(String),
}

/// Why a record cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// Not JSON.
    #[error("not JSON: {0}")]
    Syntax(String),
    /// No text under `id`, or one longer than [`MAX_ID`].
    #[error("no usable `id`")]
    NoId,
    /// A field that decides which versions are affected is not what OSV says it is.
    #[error("`{0}` is not what OSV says it is")]
    Shape(&'static str),
}

/// The longest id that is taken: they are a line in a report. The longest in use have 40 characters.
pub const MAX_ID: usize = 200;
/// Links kept of a record: enough to read on, and they are most of what an index weighs.
pub const MAX_LINKS: usize = 2;
/// The longest link kept.
const MAX_LINK: usize = 300;
/// The ecosystem this crate judges.
const ECOSYSTEM: &str = "PyPI";

impl Record {
    /// Reads one record. Its `affected` is empty if it concerns other ecosystems only.
    pub fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let value: Value =
            serde_json::from_slice(bytes).map_err(|fault| Fault::Syntax(fault.to_string()))?;
        Self::from_value(&value)
    }

    /// Reads one record that is parsed already.
    pub fn from_value(value: &Value) -> Result<Self, Fault> {
        let id = value.get("id").and_then(Value::as_str).map(str::trim);
        let id = id
            .filter(|id| !id.is_empty() && id.len() <= MAX_ID)
            .ok_or(Fault::NoId)?;
        let affected = match value.get("affected") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(entries)) => entries
                .iter()
                .filter_map(|entry| affected(entry).transpose())
                .collect::<Result<_, _>>()?,
            Some(_) => return Err(Fault::Shape("affected")),
        };
        let date = |key| value.get(key).and_then(Value::as_str).and_then(Date::parse);
        let specific = value.get("database_specific");
        Ok(Self {
            id: id.to_owned(),
            aliases: strings(value.get("aliases"))
                .filter(|alias| alias.len() <= MAX_ID)
                .map(str::to_owned)
                .collect(),
            published: date("published"),
            modified: date("modified"),
            withdrawn: value.get("withdrawn").is_some_and(|at| !at.is_null()),
            vectors: vectors(value),
            label: specific
                .and_then(|own| own.get("severity"))
                .and_then(Value::as_str)
                .and_then(Level::from_label),
            cwes: strings(specific.and_then(|own| own.get("cwe_ids")))
                .filter_map(|id| id.strip_prefix("CWE-")?.parse().ok())
                .collect(),
            links: links(value),
            affected,
        })
    }
}

/// The strings of a list, nothing if it is no list.
fn strings(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

fn affected(entry: &Value) -> Result<Option<Affected>, Fault> {
    let package = entry.get("package");
    let text = |key| {
        package
            .and_then(|package| package.get(key))
            .and_then(Value::as_str)
    };
    // `PyPI:…` names another index of the same ecosystem.
    if text("ecosystem").and_then(|name| name.split(':').next()) != Some(ECOSYSTEM) {
        return Ok(None);
    }
    let package = text("name")
        .and_then(|name| Name::new(name.trim()))
        .ok_or(Fault::Shape("package.name"))?;
    let mut ranges = Vec::new();
    for range in list(entry, "ranges")? {
        if range.get("type").and_then(Value::as_str) == Some("GIT") {
            continue;
        }
        let mut events = Vec::new();
        for event in list(range, "events")? {
            event_of(event, &mut events)?;
        }
        ranges.push(events);
    }
    let versions = list(entry, "versions")?
        .iter()
        .map(|version| {
            version
                .as_str()
                .map(str::to_owned)
                .ok_or(Fault::Shape("versions"))
        })
        .collect::<Result<_, _>>()?;
    Ok(Some(Affected {
        package,
        ranges,
        versions,
        vectors: vectors(entry),
        symbols: symbols(entry),
    }))
}

/// A list that may be missing, but if it is there must be one.
fn list<'v>(value: &'v Value, key: &'static str) -> Result<&'v [Value], Fault> {
    match value.get(key) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(Fault::Shape(key)),
    }
}

fn event_of(event: &Value, out: &mut Vec<Event>) -> Result<(), Fault> {
    let fields = event
        .as_object()
        .filter(|fields| !fields.is_empty())
        .ok_or(Fault::Shape("events"))?;
    for (key, version) in fields {
        let version = version
            .as_str()
            .ok_or(Fault::Shape("events"))?
            .trim()
            .to_owned();
        out.push(match key.as_str() {
            "introduced" => Event::Introduced(version),
            "fixed" => Event::Fixed(version),
            "last_affected" => Event::LastAffected(version),
            "limit" => Event::Limit(version),
            _ => return Err(Fault::Shape("events")),
        });
    }
    Ok(())
}

/// CVSS vectors of a record or of one of its `affected` entries: both have the field.
fn vectors(value: &Value) -> Vec<String> {
    let entries = value
        .get("severity")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let scores = entries.filter_map(|entry| entry.get("score")?.as_str());
    scores
        .map(|score| score.trim().to_owned())
        .filter(|score| score.len() <= MAX_ID)
        .collect()
}

/// Symbols, in the three ways databases write them. None of the fields is specified for this ecosystem.
fn symbols(entry: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for key in ["ecosystem_specific", "database_specific"] {
        let Some(specific) = entry.get(key) else {
            continue;
        };
        let affects = specific
            .get("affects")
            .and_then(|affects| affects.get("functions"));
        for functions in [
            affects,
            specific.get("affected_functions"),
            specific.get("symbols"),
        ] {
            found.extend(strings(functions).map(str::to_owned));
        }
        for import in specific
            .get("imports")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let path = import
                .get("path")
                .and_then(Value::as_str)
                .or(import.get("attribute").and_then(Value::as_str));
            let Some(path) = path else { continue };
            let before = found.len();
            found.extend(strings(import.get("symbols")).map(|symbol| format!("{path}.{symbol}")));
            if found.len() == before {
                found.push(path.to_owned());
            }
        }
    }
    found.retain(|symbol| symbol.len() <= MAX_ID);
    found
}

/// The links worth keeping: the vendor's own advisory, then the change that mends it, then the discussion.
fn links(value: &Value) -> Vec<String> {
    let entries = value
        .get("references")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let mut ranked: Vec<(usize, &str)> = entries
        .filter_map(|entry| {
            let url = entry.get("url")?.as_str()?.trim();
            let web = url.starts_with("https://") || url.starts_with("http://");
            // A page that repeats an id the record has is found by that id.
            let repeats =
                url.contains("//github.com/advisories/") || url.contains("//nvd.nist.gov/");
            if !web || repeats || url.len() > MAX_LINK || url.contains(char::is_whitespace) {
                return None;
            }
            const RANKS: [&str; 5] = ["ADVISORY", "FIX", "REPORT", "ARTICLE", "EVIDENCE"];
            let kind = entry
                .get("type")
                .and_then(Value::as_str)
                .unwrap_or_default();
            Some((
                RANKS
                    .iter()
                    .position(|rank| *rank == kind)
                    .unwrap_or(RANKS.len()),
                url,
            ))
        })
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    // One of each kind tells more than two of the first.
    let mut kept: Vec<&str> = Vec::new();
    let mut last = None;
    for (rank, url) in ranked {
        if kept.len() < MAX_LINKS && last != Some(rank) {
            kept.push(url);
            last = Some(rank);
        }
    }
    kept.into_iter().map(str::to_owned).collect()
}
