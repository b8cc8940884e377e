//! `hognose db`
#![allow(
    clippy::disallowed_methods,
    reason = "what was fetched is remembered beside the database"
)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use hognose_deps::advisories::database::DatabaseFault;
use hognose_deps::advisories::index::{Damage, Index};
use hognose_deps::date::Date;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::arguments::{FormatArgument, TextOrJson};
use super::write_file::write_file;
use super::{Exit, Terminal};
use crate::db::fetch::{Fetched, Transfer, Validators};
use crate::db::{self, Database, Fault, Origin, STALE_DAYS};
use crate::output::write_json;
use crate::progress;

/// Where OSV publishes every advisory on Python packages.
const OSV: &str = "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip";

/// The database of advisories: fetch it, look at it
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Fetch what OSV publishes on Python packages, unless it is here already
    ///
    /// The old database stays until the new one is whole, checked and written. Nothing of any project is sent.
    Update {
        /// Where it comes from instead: an address, a zip or directory of OSV records, or an index of ours
        #[arg(long, value_name = "URL")]
        from: Option<String>,
        /// Leave out records that cannot be read, rather than keep the old database
        #[arg(long)]
        skip_bad_records: bool,
    },
    /// Show which database judges, and how old it is
    Status {
        #[command(flatten)]
        written: FormatArgument<TextOrJson>,
        /// A database to look at: an address, a zip or directory of OSV records, or an index of ours
        #[arg(long, value_name = "PATH|URL")]
        db: Option<PathBuf>,
    },
}

/// What is remembered of the last fetch, to ask only for what has changed since.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Fetch {
    /// Where from, without a password.
    url: String,
    /// The bytes of the index that was made of it: another one did not come from there.
    index_bytes: u64,
    validators: Validators,
}

impl Arguments {
    pub fn run(self, terminal: &Terminal) -> Result<Exit> {
        match self.command {
            Command::Update {
                from,
                skip_bad_records,
            } => update(from.as_deref().unwrap_or(OSV), skip_bad_records, terminal),
            Command::Status { written, db } => status(db.as_deref(), written.format, terminal),
        }
    }
}

fn update(from: &str, skip_bad_records: bool, terminal: &Terminal) -> Result<Exit> {
    let target = db::named_by_environment()
        .or_else(db::cache_file)
        .context("there is no cache directory for the database: set HOGNOSE_DB to a file")?;
    let known = known(&target)?;
    let (opened, validators) = if db::is_url(from) {
        let remembered = known
            .as_ref()
            .and_then(|known| remembered(&target, from, known));
        let validators = remembered.unwrap_or_default();
        let transfer = Transfer::default();
        let fetched = progress::show_while(terminal.stderr_watched, &transfer, || {
            db::fetch_url(from, &validators, &transfer)
        })?;
        match (fetched, known) {
            (Fetched::File { bytes, validators }, _) => (db::open_bytes(from, bytes)?, validators),
            (Fetched::Unchanged, known) => {
                let snapshot = known.and_then(|known| known.status().snapshot);
                let message = format!("the database has not changed, it is {}", of(snapshot));
                terminal.note(&message);
                return Ok(Exit::Clean);
            }
        }
    } else {
        let path = Path::new(from);
        let opened = db::open_path(path, Origin::Named(path.to_owned()))?;
        (opened, Validators::default())
    };
    let Database { index, skipped, .. } = opened;
    if let Some(first) = skipped.first() {
        if !skip_bad_records {
            let from = db::without_password(from);
            return Err(Fault::Incomplete { from, skipped }.into());
        }
        terminal.warn(&format!(
            "{} records cannot be read and are left out, the first being {}: {}",
            skipped.len(),
            first.name,
            first.reason
        ));
    }
    // An index that was fetched as one may be sound in its header alone.
    sound(&index).map_err(|damage| Fault::Refused {
        url: db::without_password(from),
        fault: damage.into(),
    })?;
    if let Some(directory) = target.parent() {
        fs::create_dir_all(directory)
            .with_context(|| format!("cannot make {}", directory.display()))?;
    }
    write_file(&target, |out| out.write_all(index.bytes()))?;
    let fetch = Fetch {
        url: db::without_password(from),
        index_bytes: index.bytes().len() as u64,
        validators,
    };
    write_file(&memory(&target), |out| {
        Ok(serde_json::to_writer(out, &fetch)?)
    })?;
    let status = index.status();
    terminal.note(&format!(
        "{} advisories on {} packages, {}, in {}",
        status.records,
        status.packages,
        of(status.snapshot),
        target.display()
    ));
    Ok(Exit::Clean)
}

/// The database that is there and would be replaced, if it is whole. A file that is something else is not replaced.
fn known(target: &Path) -> Result<Option<Index>> {
    if !target.exists() {
        return Ok(None);
    }
    let origin = Origin::Cache(target.to_owned());
    match db::open_path(target, origin) {
        Ok(database) if database.index.bytes().len() as u64 == fs::metadata(target)?.len() => {
            Ok(Some(database.index).filter(|index| sound(index).is_ok()))
        }
        Err(Fault::Unusable {
            fault: DatabaseFault::Index(_),
            ..
        }) => Ok(None),
        _ => anyhow::bail!(
            "{} is no index of ours: move it away, or set HOGNOSE_DB to another file",
            target.display()
        ),
    }
}

/// What the server gave when the database was fetched, if it is that one.
fn remembered(target: &Path, url: &str, known: &Index) -> Option<Validators> {
    let fetch: Fetch = serde_json::from_slice(&fs::read(memory(target)).ok()?).ok()?;
    let same =
        fetch.url == db::without_password(url) && fetch.index_bytes == known.bytes().len() as u64;
    same.then_some(fetch.validators)
}

fn memory(target: &Path) -> PathBuf {
    target.with_extension("json")
}

/// Opens every package of an index.
fn sound(index: &Index) -> Result<(), Damage> {
    index.packages().try_for_each(|package| package.map(|_| ()))
}

fn status(named: Option<&Path>, format: TextOrJson, terminal: &Terminal) -> Result<Exit> {
    let database = db::open(named)?;
    let status = database.index.status();
    let (kind, path) = match &database.origin {
        Origin::Embedded => ("built in", None),
        Origin::Cache(path) => ("fetched", Some(path.display().to_string())),
        Origin::Named(path) => ("named", Some(path.display().to_string())),
    };
    let skipped = status.skipped.max(database.skipped.len() as u64);
    let mut out = terminal.out();
    match format {
        TextOrJson::Json => {
            let object = json!({
                "origin": kind,
                "path": path,
                "snapshot": status.snapshot.map(|day| day.to_string()),
                "age_days": database.age(),
                "stale": database.is_stale(),
                "advisories": status.records,
                "packages": status.packages,
                "withdrawn": status.withdrawn,
                "skipped": skipped,
            });
            write_json(&object, &mut out)?;
        }
        TextOrJson::Text => {
            let place = path.unwrap_or_else(|| "the program itself".to_owned());
            writeln!(out, "database    {kind}: {place}")?;
            let age = database.age().map(|days| format!(", {days} days old"));
            let age = age.unwrap_or_default();
            writeln!(out, "snapshot    {}{age}", of(status.snapshot))?;
            writeln!(
                out,
                "advisories  {} on {} packages",
                status.records, status.packages
            )?;
            if skipped > 0 {
                writeln!(out, "left out    {skipped} records that cannot be read")?;
            }
        }
    }
    out.flush()?;
    if database.is_stale() {
        terminal.warn(&format!(
            "the database is older than {STALE_DAYS} days: `hognose db update` fetches a newer one"
        ));
    }
    Ok(Exit::Clean)
}

fn of(snapshot: Option<Date>) -> String {
    snapshot.map_or("of an unknown day".to_owned(), |day| format!("of {day}"))
}
