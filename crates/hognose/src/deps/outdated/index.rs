//! Asking indexes for the releases of packages, with a cache that is asked about every time.
#![allow(clippy::disallowed_methods, reason = "the cache of the user is files")]

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use hognose_deps::name::Name;
use hognose_deps::releases::{self, Release};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use super::configuration::IndexUrl;
use crate::cli::write_file;
use crate::db::cache_directory;
use crate::db::fetch::{Client, FetchFault, Fetched, Request, Transfer, Validators};

/// The forms of a page that are read, the best first.
const ACCEPT: &str = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01";

/// An index that can be asked.
pub struct Index {
    url: IndexUrl,
    client: Result<Client, String>,
    /// Whether it could not be reached. It is not asked again then: each question would take as long.
    is_away: AtomicBool,
    /// What went wrong, each once.
    faults: Mutex<Vec<String>>,
}

/// What is kept of a page.
#[derive(Serialize, Deserialize)]
struct Kept {
    url: String,
    validators: Validators,
    releases: Vec<Release>,
}

impl Index {
    /// An index at an address.
    pub fn new(url: IndexUrl) -> Self {
        Self {
            client: Client::new(&url.url).map_err(|fault| fault.to_string()),
            url,
            is_away: AtomicBool::new(false),
            faults: Mutex::default(),
        }
    }

    /// What went wrong while asking it.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = self
            .faults
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone();
        faults.sort();
        faults.dedup();
        faults
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url.url
    }

    fn fault(&self, what: String) {
        self.faults
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .push(what);
    }

    /// The releases of a package. None if it has none, or if that could not be found out, which is a fault.
    pub fn releases(&self, name: &Name) -> Option<Vec<Release>> {
        if self.is_away.load(Ordering::Relaxed) {
            return None;
        }
        let client = match &self.client {
            Ok(client) => client,
            Err(fault) => {
                self.fault(fault.clone());
                return None;
            }
        };
        let url = format!("{}{name}/", self.url.url);
        let kept = self.kept(&url);
        let known = kept
            .as_ref()
            .map(|kept| kept.validators.clone())
            .unwrap_or_default();
        let request = Request {
            url: &url,
            known: &known,
            accept: Some(ACCEPT),
            authorization: self.url.authorization.as_deref(),
        };
        match (client.fetch(&request, &Transfer::default()), kept) {
            (Ok(Fetched::Unchanged), Some(kept)) => Some(kept.releases),
            (Ok(Fetched::Unchanged), None) => {
                self.fault(format!("{name}: the index says that nothing has changed"));
                None
            }
            (Ok(Fetched::File { bytes, validators }), _) => match releases::read(name, &bytes) {
                Ok(releases) => {
                    let kept = Kept {
                        url,
                        validators,
                        releases,
                    };
                    self.keep(&kept);
                    Some(kept.releases)
                }
                Err(fault) => {
                    self.fault(format!("{name}: {fault}"));
                    None
                }
            },
            // The index does not have it, which is an answer.
            (Err(FetchFault::Refused(status)), _) if matches!(status.as_u16(), 404 | 410) => None,
            (Err(FetchFault::Refused(status)), _) if matches!(status.as_u16(), 401 | 403) => {
                self.is_away.store(true, Ordering::Relaxed);
                self.fault(format!(
                    "it does not let us in: the server answers {status}"
                ));
                None
            }
            (Err(fault), _) => {
                if matches!(fault, FetchFault::GivenUp { .. } | FetchFault::Hopeless(_)) {
                    self.is_away.store(true, Ordering::Relaxed);
                }
                self.fault(format!("{name}: {fault}"));
                None
            }
        }
    }

    /// Where a page is kept. Whose credentials it was fetched with is part of its name.
    fn file(&self, url: &str) -> Option<PathBuf> {
        let who = self.url.authorization.as_deref().unwrap_or_default();
        let sum = Md5::digest(format!("{who} {url}").as_bytes());
        let name: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        Some(
            cache_directory()?
                .join("hognose/releases-1")
                .join(format!("{name}.json")),
        )
    }

    fn kept(&self, url: &str) -> Option<Kept> {
        let kept: Kept = serde_json::from_slice(&fs::read(self.file(url)?).ok()?).ok()?;
        (kept.url == url && kept.validators != Validators::default()).then_some(kept)
    }

    /// A page that cannot be kept is fetched again next time.
    fn keep(&self, kept: &Kept) {
        if kept.validators == Validators::default() {
            return;
        }
        let (Some(file), Ok(text)) = (self.file(&kept.url), serde_json::to_vec(kept)) else {
            return;
        };
        let made = file
            .parent()
            .is_some_and(|directory| fs::create_dir_all(directory).is_ok());
        if made {
            let _ = write_file(&file, |out| out.write_all(&text));
        }
    }
}
