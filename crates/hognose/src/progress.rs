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

/// Does the work, and shows meanwhile on standard error how far it is if somebody watches and it takes its time.
pub fn show_while<T>(shown: bool, watched: &Watched<'_>, work: impl FnOnce() -> T) -> T {
    if !shown {
        return work();
    }
    std::thread::scope(|scope| {
        // Dropped when the work is done, or has panicked: both end the drawing.
        let (done, wait) = channel::<()>();
        scope.spawn(move || {
            let mut pause = PATIENCE;
            while wait.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                draw(watched);
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

fn draw(watched: &Watched<'_>) {
    let all = watched.entries().len();
    // Files may be read twice.
    let read = watched.read.load(Ordering::Relaxed).min(all);
    let line = bar(read, all);
    let mut out = io::stderr().lock();
    // Nobody can be told that standard error is closed.
    let _ = write!(out, "\r\x1b[K{line}").and_then(|()| out.flush());
}

fn bar(read: usize, all: usize) -> String {
    let full = (read * CELLS).checked_div(all).unwrap_or(CELLS);
    format!(
        "[{}{}] {read} of {all} files",
        "=".repeat(full),
        " ".repeat(CELLS - full)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills() {
        assert_eq!(bar(0, 4), "[                              ] 0 of 4 files");
        assert_eq!(bar(2, 4), "[===============               ] 2 of 4 files");
        assert_eq!(bar(0, 0), "[==============================] 0 of 0 files");
    }
}
