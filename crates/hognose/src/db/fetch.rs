//! Fetching one file over HTTP: only if it has changed, carried on where it was cut off, and checked.
//!
//! The proxy is that of `ALL_PROXY`, `HTTPS_PROXY` or `HTTP_PROXY`, but for hosts of `NO_PROXY`; certificates are those of
//! the system, or of `SSL_CERT_FILE` and `SSL_CERT_DIR`.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use ureq::http::{HeaderMap, Response, StatusCode};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body};

use super::MAX_BYTES;
use crate::progress::Progress;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the server may think, and how long nothing may come in between.
const SILENCE: Duration = Duration::from_secs(30);
/// How long it may take in all, however often it is carried on: a server must not keep us for ever with a byte a second.
const IN_ALL: Duration = Duration::from_secs(30 * 60);
/// How often in a row it is tried without anything coming in.
const ATTEMPTS: u32 = 4;
/// The first pause; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(400);

/// What a server gave to tell one version of a file from another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    etag: Option<String>,
    last_modified: Option<String>,
}

/// A file that was fetched, or need not be.
pub enum Fetched {
    /// The server has what the validators were given for.
    Unchanged,
    /// The whole file.
    File {
        /// Its bytes.
        bytes: Vec<u8>,
        /// What tells it from another version.
        validators: Validators,
    },
}

/// Why a file could not be fetched.
#[derive(Debug, Error)]
pub enum FetchFault {
    /// The server has no such file, or does not give it.
    #[error("the server answers {0}")]
    Refused(StatusCode),
    /// Larger than anything this could be.
    #[error("it is larger than {MAX_BYTES} bytes")]
    TooLarge,
    /// Nothing to check the server's certificate by.
    #[error("there are no certificates to trust: {0}")]
    NoCertificates(String),
    /// Nothing that trying again could mend.
    #[error("{0}")]
    Hopeless(String),
    /// It was tried again and again.
    #[error("{reason} (tried {ATTEMPTS} times)")]
    GivenUp {
        /// What happened last.
        reason: String,
    },
}

/// How much of a file has come in, for whoever waits.
#[derive(Debug, Default)]
pub struct Transfer {
    done: AtomicU64,
    all: AtomicU64,
}

impl Progress for Transfer {
    fn state(&self) -> (u64, u64, &'static str) {
        const KILO: u64 = 1000;
        let [done, all] = [&self.done, &self.all].map(|count| count.load(Ordering::Relaxed) / KILO);
        (done, all.max(done), "kB")
    }
}

/// Why an attempt came to nothing.
enum Failure {
    Passing(String),
    Final(FetchFault),
}

/// How an attempt ended that did not fail.
enum Outcome {
    Unchanged,
    Whole,
}

/// What has come in so far.
#[derive(Default)]
struct Part {
    bytes: Vec<u8>,
    validators: Validators,
    length: Option<u64>,
    /// Checksums that came with it, `name=base64`.
    sums: Vec<String>,
}

/// What is asked for.
#[derive(Clone, Copy)]
pub struct Request<'r> {
    /// Its address.
    pub url: &'r str,
    /// What was known of it before.
    pub known: &'r Validators,
    /// The forms in which it is wanted, as the header `Accept` names them.
    pub accept: Option<&'r str>,
    /// The header `Authorization`. It goes to this address only, not to where a server leads from it.
    pub authorization: Option<&'r str>,
}

/// Fetches files from one server.
pub struct Client(Agent);

impl Client {
    /// A client for the server of an address.
    ///
    /// # Errors
    /// There is nothing to check its certificate by.
    pub fn new(url: &str) -> Result<Self, FetchFault> {
        agent(url).map(Self)
    }

    /// Fetches a file, unless the server has still the one that the validators were given for.
    ///
    /// # Errors
    /// It is not there, or did not come whole and sound, however often it was tried.
    pub fn fetch(&self, request: &Request<'_>, transfer: &Transfer) -> Result<Fetched, FetchFault> {
        whole(&self.0, request, transfer)
    }
}

/// Fetches a file from wherever it is.
///
/// # Errors
/// Those of [`Client::fetch`].
pub fn fetch(url: &str, known: &Validators, transfer: &Transfer) -> Result<Fetched, FetchFault> {
    let request = Request {
        url,
        known,
        accept: None,
        authorization: None,
    };
    Client::new(url)?.fetch(&request, transfer)
}

fn whole(agent: &Agent, request: &Request<'_>, transfer: &Transfer) -> Result<Fetched, FetchFault> {
    let begin = Instant::now();
    let mut part = Part::default();
    let mut failures = 0;
    loop {
        let before = part.bytes.len();
        let reason = match attempt(agent, request, &mut part, transfer) {
            Ok(Outcome::Unchanged) => return Ok(Fetched::Unchanged),
            Ok(Outcome::Whole) => match part.fault() {
                None => {
                    return Ok(Fetched::File {
                        bytes: part.bytes,
                        validators: part.validators,
                    });
                }
                Some(fault) => {
                    part = Part::default();
                    fault
                }
            },
            Err(Failure::Passing(reason)) => reason,
            Err(Failure::Final(fault)) => return Err(fault),
        };
        // What cannot be carried on is begun anew, and nothing is won by it.
        if part.validator().is_none() {
            part = Part::default();
        }
        failures = if part.bytes.len() > before {
            1
        } else {
            failures + 1
        };
        if failures >= ATTEMPTS || begin.elapsed() > IN_ALL {
            return Err(FetchFault::GivenUp { reason });
        }
        std::thread::sleep(PAUSE * 2_u32.pow(failures - 1));
    }
}

fn agent(url: &str) -> Result<Agent, FetchFault> {
    let secure = url.starts_with("https://");
    let found = rustls_native_certs::load_native_certs();
    if secure && found.certs.is_empty() {
        let reason = found.errors.first().map(ToString::to_string);
        return Err(FetchFault::NoCertificates(reason.unwrap_or_else(|| {
            "the system has none, set SSL_CERT_FILE".to_owned()
        })));
    }
    let certificates: Vec<_> = found
        .certs
        .iter()
        .map(|certificate| Certificate::from_der(certificate).to_owned())
        .collect();
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&certificates))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    let config = Agent::config_builder()
        .tls_config(tls)
        // A server of the one must not lead to the other.
        .https_only(secure)
        .http_status_as_error(false)
        .user_agent(concat!("hognose/", env!("CARGO_PKG_VERSION")))
        .timeout_resolve(Some(CONNECT))
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(SILENCE))
        .timeout_per_read(Some(SILENCE))
        .timeout_recv_body(Some(IN_ALL))
        .build();
    Ok(config.new_agent())
}

/// Asks once, for what is missing, and adds what comes.
fn attempt(
    agent: &Agent,
    wanted: &Request<'_>,
    part: &mut Part,
    transfer: &Transfer,
) -> Result<Outcome, Failure> {
    let known = wanted.known;
    let mut request = agent.get(wanted.url);
    for (name, value) in [
        ("Accept", wanted.accept),
        ("Authorization", wanted.authorization),
    ] {
        if let Some(value) = value {
            request = request.header(name, value);
        }
    }
    let had = part.bytes.len();
    match part.validator().filter(|_| had > 0) {
        Some(validator) => {
            request = request
                .header("Range", format!("bytes={had}-"))
                .header("If-Range", validator);
        }
        None => {
            if let Some(etag) = &known.etag {
                request = request.header("If-None-Match", etag);
            }
            if let Some(date) = &known.last_modified {
                request = request.header("If-Modified-Since", date);
            }
        }
    }
    let mut response = request.call().map_err(failure)?;
    match response.status() {
        StatusCode::NOT_MODIFIED if had == 0 && *known != Validators::default() => {
            return Ok(Outcome::Unchanged);
        }
        StatusCode::OK => *part = Part::begin(&response),
        StatusCode::PARTIAL_CONTENT if carries_on(response.headers(), had) => {}
        StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => {
            *part = Part::default();
            return Err(Failure::Passing(
                "the server does not carry on where it was cut off".to_owned(),
            ));
        }
        status
            if status.is_server_error()
                || status == StatusCode::TOO_MANY_REQUESTS
                || status == StatusCode::REQUEST_TIMEOUT =>
        {
            return Err(Failure::Passing(format!("the server answers {status}")));
        }
        status => return Err(Failure::Final(FetchFault::Refused(status))),
    }
    if part.length.is_some_and(|length| length > MAX_BYTES) {
        return Err(Failure::Final(FetchFault::TooLarge));
    }
    transfer
        .all
        .store(part.length.unwrap_or(0), Ordering::Relaxed);
    let mut reader = response.body_mut().as_reader();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) => return Err(Failure::Passing(format!("{error}{}", part.so_far()))),
        };
        part.bytes.extend_from_slice(&buffer[..count]);
        let done = part.bytes.len() as u64;
        transfer.done.store(done, Ordering::Relaxed);
        if done > MAX_BYTES {
            return Err(Failure::Final(FetchFault::TooLarge));
        }
    }
    match part.length {
        Some(length) if length > part.bytes.len() as u64 => Err(Failure::Passing(format!(
            "the transfer was cut off{}",
            part.so_far()
        ))),
        _ => Ok(Outcome::Whole),
    }
}

impl Part {
    fn begin(response: &Response<Body>) -> Self {
        let text = |name| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
        let sums = response.headers().get_all("x-goog-hash").iter();
        Self {
            bytes: Vec::new(),
            validators: Validators {
                etag: text("etag"),
                last_modified: text("last-modified"),
            },
            length: text("content-length").and_then(|length| length.parse().ok()),
            sums: sums
                .filter_map(|header| header.to_str().ok())
                .flat_map(|header| header.split(','))
                .map(|sum| sum.trim().to_owned())
                .collect(),
        }
    }

    /// What tells that the rest belongs to what is there. A weak tag does not: it allows other bytes.
    fn validator(&self) -> Option<&str> {
        let etag = self.validators.etag.as_deref();
        etag.filter(|etag| !etag.starts_with("W/"))
            .or(self.validators.last_modified.as_deref())
    }

    fn so_far(&self) -> String {
        match self.length {
            Some(length) => format!(" after {} of {length} bytes", self.bytes.len()),
            None => format!(" after {} bytes", self.bytes.len()),
        }
    }

    /// What is wrong with the whole, if anything that came with it tells.
    fn fault(&self) -> Option<String> {
        let found = self.bytes.len() as u64;
        if let Some(length) = self.length.filter(|length| *length != found) {
            return Some(format!("{found} bytes came instead of {length}"));
        }
        let differs = self.sums.iter().filter_map(|sum| sum.split_once('='));
        differs.into_iter().find_map(|(name, told)| {
            let sum = match name {
                "crc32c" => STANDARD.encode(crc32c(&self.bytes).to_be_bytes()),
                "md5" => STANDARD.encode(Md5::digest(&self.bytes)),
                _ => return None,
            };
            (sum != told).then(|| format!("the checksum {name} is {sum} instead of {told}"))
        })
    }
}

/// Whether what comes begins where the last attempt ended.
fn carries_on(headers: &HeaderMap, had: usize) -> bool {
    let range = headers.get("content-range").and_then(|at| at.to_str().ok());
    range.is_some_and(|range| range.starts_with(&format!("bytes {had}-")))
}

/// Whether trying again may help.
fn failure(error: ureq::Error) -> Failure {
    match error {
        ureq::Error::Io(_)
        | ureq::Error::Timeout(_)
        | ureq::Error::ConnectionFailed
        | ureq::Error::Protocol(_) => Failure::Passing(error.to_string()),
        error => Failure::Final(FetchFault::Hopeless(error.to_string())),
    }
}

/// CRC-32C, the checksum of Google's storage.
fn crc32c(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        /// The polynomial of Castagnoli, its bits reversed.
        const POLYNOMIAL: u32 = 0x82f6_3b78;
        let mut table = [0; 256];
        let mut at = 0;
        while at < 256 {
            let mut sum = at as u32;
            let mut bit = 0;
            while bit < 8 {
                sum = (sum >> 1) ^ (POLYNOMIAL * (sum & 1));
                bit += 1;
            }
            table[at] = sum;
            at += 1;
        }
        table
    };
    !bytes.iter().fold(!0, |sum, byte| {
        (sum >> 8) ^ TABLE[usize::from(sum as u8 ^ byte)]
    })
}

#[cfg(test)]
mod tests {
    /// The check value of the catalogue of CRC algorithms, and that of RFC 3720 for 32 zeros.
    #[test]
    fn the_checksum_is_that_of_castagnoli() {
        assert_eq!(super::crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(super::crc32c(&[0; 32]), 0x8a91_36aa);
    }
}
