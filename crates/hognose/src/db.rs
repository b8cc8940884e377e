//! The advisory database a run judges with: the one built in, the one the user keeps, or one that is named.
#![allow(
    clippy::disallowed_methods,
    reason = "the database is a file of the user, found by the environment"
)]

pub mod fetch;

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use hognose_deps::advisories::archive::Skipped;
use hognose_deps::advisories::database::{self, DatabaseFault};
use hognose_deps::advisories::index::{Index, MAGIC};
use hognose_deps::date::Date;
use thiserror::Error;

use fetch::{FetchFault, Fetched, Transfer, Validators};

/// The largest database that is read: some ten times of what OSV delivers for this ecosystem.
pub const MAX_BYTES: u64 = 1 << 30;
/// A database older than this is said to be old.
pub const STALE_DAYS: u32 = 30;
/// The most files of a directory that is given as a database.
const MAX_FILES: usize = 1 << 20;

/// An opened database.
pub struct Database {
    /// What judges.
    pub index: Index,
    /// Records that could not be used, and are not in the index.
    pub skipped: Vec<Skipped>,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a database comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The program itself.
    Embedded,
    /// The user's cache, where `hognose db update` put it.
    Cache(PathBuf),
    /// What the user named.
    Named(PathBuf),
}

/// Why there is no database to judge with. A run that ends with it says nothing about the project.
#[derive(Debug, Error)]
pub enum Fault {
    /// It cannot be read at all.
    #[error("cannot read the advisory database {}: {reason}", path.display())]
    Unreadable {
        /// Where it is.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// It is read, and is no database.
    #[error("cannot use the advisory database {}: {fault}", path.display())]
    Unusable {
        /// Where it is.
        path: PathBuf,
        /// Why.
        fault: DatabaseFault,
    },
    /// It cannot be fetched.
    #[error("cannot fetch {url}: {fault}")]
    Unfetched {
        /// From where.
        url: String,
        /// Why.
        fault: FetchFault,
    },
    /// What came is no database.
    #[error("what came from {url} cannot be used: {fault}")]
    Refused {
        /// From where.
        url: String,
        /// Why.
        fault: DatabaseFault,
    },
    /// Records would be missing.
    #[error("{} of the records from {from} cannot be read, the first being {}: {}; `--skip-bad-records` leaves them out",
        skipped.len(), skipped[0].name, skipped[0].reason)]
    Incomplete {
        /// From where.
        from: String,
        /// Which, at least one.
        skipped: Vec<Skipped>,
    },
}

/// Opens the database that is named; without a name that of `HOGNOSE_DB`, or else the newer one of the user's and the
/// one that is built in.
///
/// # Errors
/// A [`Fault`] if there is nothing to judge with. A damaged database of the user is one: judging with older facts
/// instead would say less than the user believes.
pub fn open(named: Option<&Path>) -> Result<Database> {
    if let Some(url) = named.and_then(Path::to_str).filter(|name| is_url(name)) {
        let Fetched::File { bytes, .. } =
            fetch_url(url, &Validators::default(), &Transfer::default())?
        else {
            // Nothing was known before that could have stayed.
            return Err(
                Fault::unfetched(url, FetchFault::Hopeless("nothing came".to_owned())).into(),
            );
        };
        return Ok(open_bytes(url, bytes)?);
    }
    if let Some(path) = named {
        return Ok(open_path(path, Origin::Named(path.to_owned()))?);
    }
    if let Some(path) = named_by_environment() {
        return Ok(open_path(&path, Origin::Named(path.clone()))?);
    }
    let embedded = Database {
        index: database::embedded().context("the advisory index built into the program")?,
        skipped: Vec::new(),
        origin: Origin::Embedded,
    };
    let Some(path) = cache_file().filter(|path| path.exists()) else {
        return Ok(embedded);
    };
    let cached = open_path(&path, Origin::Cache(path.clone()))?;
    let is_newer = cached.index.status().snapshot >= embedded.index.status().snapshot;
    Ok(if is_newer { cached } else { embedded })
}

/// Whether a database is named by its address rather than its path.
pub fn is_url(name: &str) -> bool {
    name.starts_with("http://") || name.starts_with("https://")
}

/// Fetches a database, unless it is the one that the validators were given for.
pub fn fetch_url(url: &str, known: &Validators, transfer: &Transfer) -> Result<Fetched, Fault> {
    fetch::fetch(url, known, transfer).map_err(|fault| Fault::unfetched(url, fault))
}

/// Opens what was fetched.
pub fn open_bytes(url: &str, bytes: Vec<u8>) -> Result<Database, Fault> {
    let url = without_password(url);
    let opened = database::open([(url.clone(), bytes)]).map_err(|fault| Fault::Refused {
        url: url.clone(),
        fault,
    })?;
    Ok(Database {
        index: opened.index,
        skipped: opened.skipped,
        origin: Origin::Named(url.into()),
    })
}

/// An address as it may be shown: without a name and password for it.
pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let host = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..host].rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => url.to_owned(),
    }
}

impl Fault {
    fn unfetched(url: &str, fault: FetchFault) -> Self {
        Self::Unfetched {
            url: without_password(url),
            fault,
        }
    }
}

impl Database {
    /// Days that have gone by since its facts were collected, if it says when.
    pub fn age(&self) -> Option<u32> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        let today = Date::from_days(u32::try_from(now.as_secs() / 86_400).ok()?)?;
        Some(today.days_since(self.index.status().snapshot?).unwrap_or(0))
    }

    /// Whether it is so old that advisories of note are missing.
    pub fn is_stale(&self) -> bool {
        self.age().is_none_or(|days| days > STALE_DAYS)
    }
}

/// Reads a file, or every record in a directory.
pub fn open_path(path: &Path, origin: Origin) -> Result<Database, Fault> {
    let files = files(path).map_err(|error| Fault::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    let opened = database::open(files).map_err(|fault| Fault::Unusable {
        path: path.to_owned(),
        fault,
    })?;
    Ok(Database {
        index: opened.index,
        skipped: opened.skipped,
        origin,
    })
}

fn files(path: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    let name = |path: &Path| path.display().to_string();
    if !fs::metadata(path)?.is_dir() {
        return Ok(vec![(name(path), read(path, MAX_BYTES)?)]);
    }
    let mut paths = Vec::new();
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        let wanted = path
            .extension()
            .is_some_and(|kind| kind == "json" || kind == "zip");
        if wanted && path.is_file() {
            paths.push(path);
        }
        if paths.len() > MAX_FILES {
            return Err(io::Error::other(format!("more than {MAX_FILES} files")));
        }
    }
    paths.sort();
    let mut left = MAX_BYTES;
    let mut files = Vec::new();
    for path in paths {
        let bytes = read(&path, left)?;
        left -= bytes.len() as u64;
        files.push((name(&path), bytes));
    }
    Ok(files)
}

/// The bytes of a regular file, no more than a bound.
fn read(path: &Path, bound: u64) -> io::Result<Vec<u8>> {
    // A pipe may never end; what a link leads to is what the user wants.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(path)?;
    file.take(bound + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bound {
        return Err(io::Error::other(format!(
            "more than {MAX_BYTES} bytes in all"
        )));
    }
    Ok(bytes)
}

/// The database that the environment names.
pub fn named_by_environment() -> Option<PathBuf> {
    variable("HOGNOSE_DB")
}

/// Where the user's database is kept. The layout's version is in its name: a program with another layout keeps its own.
pub fn cache_file() -> Option<PathBuf> {
    let version = MAGIC[MAGIC.len() - 1];
    Some(cache_directory()?.join(format!("hognose/advisories-{version}.idx")))
}

/// The directory for caches of the user's programs.
pub fn cache_directory() -> Option<PathBuf> {
    // A relative path would depend on where the program is started, as in an audited project.
    let absolute = |path: &PathBuf| path.is_absolute();
    let home = || variable("HOME").filter(absolute);
    if let Some(path) = variable("XDG_CACHE_HOME").filter(absolute) {
        return Some(path);
    }
    if cfg!(windows) {
        variable("LOCALAPPDATA").filter(absolute)
    } else if cfg!(target_os = "macos") {
        Some(home()?.join("Library/Caches"))
    } else {
        Some(home()?.join(".cache"))
    }
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}
