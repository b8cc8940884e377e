//! How far a run is, for a person who waits.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use hognose_python::{SourceEntry, Sources};

/// Who waits less than this needs no progress bar.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often it is drawn.
const PERIOD: Duration = Duration::from_millis(100);
/// Its width.
const CELLS: usize = 30;

/// Something that takes its time.
pub trait Progress: Sync {
    /// How much is done, of how much, and what is counted.
    fn state(&self) -> (u64, u64, &'static str);
}

/// Sources that count what has been read of them.
pub struct Watched<'a> {
    sources: &'a dyn Sources,
    read: AtomicUsize,
}

impl<'a> Watched<'a> {
    /// Watches sources.
    pub fn new(sources: &'a dyn Sources) -> Self {
        Self {
            sources,
            read: AtomicUsize::new(0),
        }
    }
}

impl Sources for Watched<'_> {
    fn entries(&self) -> &[SourceEntry] {
        self.sources.entries()
    }

    fn read(&self, entry: &SourceEntry) -> Result<Vec<u8>, String> {
        self.read.fetch_add(1, Ordering::Relaxed);
        self.sources.read(entry)
    }
}

impl Progress for Watched<'_> {
    fn state(&self) -> (u64, u64, &'static str) {
        let all = self.entries().len();
        // Files may be read twice.
        let read = self.read.load(Ordering::Relaxed).min(all);
        (read as u64, all as u64, "files")
    }
}

/// Does the work, and shows meanwhile on standard error how far it is if somebody watches and it takes its time.
pub fn show_while<T>(shown: bool, progress: &dyn Progress, work: impl FnOnce() -> T) -> T {
    if !shown {
        return work();
    }
    std::thread::scope(|scope| {
        // Dropped when the work is done, or has panicked: both end the drawing.
        let (done, wait) = channel::<()>();
        scope.spawn(move || {
            let mut pause = PATIENCE;
            while wait.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                draw(progress);
                pause = PERIOD;
            }
            if pause == PERIOD {
                // Leaves the line as if nothing had been on it.
                let _ = write!(io::stderr(), "\r\x1b[K");
            }
        });
        let result = work();
        drop(done);
        result
    })
}

fn draw(progress: &dyn Progress) {
    let (done, all, unit) = progress.state();
    let line = bar(done, all, unit);
    let mut out = io::stderr().lock();
    // Nobody can be told that standard error is closed.
    let _ = write!(out, "\r\x1b[K{line}").and_then(|()| out.flush());
}

fn bar(done: u64, all: u64, unit: &str) -> String {
    let full = (done * CELLS as u64).checked_div(all);
    let full = full.map_or(CELLS, |full| (full as usize).min(CELLS));
    format!(
        "[{}{}] {done} of {all} {unit}",
        "=".repeat(full),
        " ".repeat(CELLS - full)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills() {
        assert_eq!(
            bar(0, 4, "files"),
            "[                              ] 0 of 4 files"
        );
        assert_eq!(
            bar(2, 4, "files"),
            "[===============               ] 2 of 4 files"
        );
        assert_eq!(
            bar(0, 0, "kB"),
            "[==============================] 0 of 0 kB"
        );
    }
}
