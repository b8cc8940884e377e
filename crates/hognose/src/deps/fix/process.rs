//! Running programs of the user: found on the search path, bounded in time, their words kept for the report.
#![allow(
    clippy::disallowed_methods,
    reason = "`deps --fix` runs lock tools and tests, as its user asks for"
)]

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a lock tool, an installer or a test run may take.
pub const LIMIT: Duration = Duration::from_secs(30 * 60);

/// How often it is looked whether a program has ended.
const LOOK: Duration = Duration::from_millis(20);

/// What of the last words of a program is kept.
const MAX_TAIL: u64 = 4096;

/// What is read of all that a program says.
const MAX_SAID: u64 = 1 << 20;

/// The last lines of it that are shown.
const MAX_LINES: usize = 12;

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Whether it says that all went well.
    pub success: bool,
    /// Its last lines.
    pub tail: String,
}

/// The program of a name on the search path, without entries that depend on where a program is started.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let endings: &[&str] = if cfg!(windows) {
        &[".exe", ".cmd", ".bat"]
    } else {
        &[""]
    };
    std::env::split_paths(&path)
        .filter(|directory| directory.is_absolute())
        .flat_map(|directory| {
            endings
                .iter()
                .map(move |end| directory.join(format!("{name}{end}")))
        })
        .find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    let Ok(metadata) = fs::metadata(file) else {
        return false;
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        metadata.is_file() && metadata.permissions().mode() & 0o111 != 0
    }
    #[cfg(not(unix))]
    metadata.is_file()
}

/// A program to be run.
pub fn command(program: &Path) -> Command {
    Command::new(program)
}

/// The command that lets the user's shell read a line.
pub fn shell(line: &str) -> Command {
    if cfg!(windows) {
        let mut command = Command::new("cmd");
        command.args(["/C", line]);
        command
    } else {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", line]);
        command
    }
}

/// The search path with a directory before it.
pub fn path_with(directory: &Path) -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(directory.to_owned()).chain(std::env::split_paths(&path));
    std::env::join_paths(all).unwrap_or(path)
}

/// Runs a program to its end. What it says goes to a file in `scratch`, so that children it leaves behind keep nobody
/// waiting.
///
/// # Errors
/// It cannot be started, or does not end in time.
pub fn run(mut command: Command, scratch: &Path) -> io::Result<Ended> {
    let log = scratch.join("log");
    let file = File::create(&log)?;
    command
        .stdin(Stdio::null())
        .stderr(file.try_clone()?)
        .stdout(file);
    let begin = Instant::now();
    let mut child = command.spawn()?;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if begin.elapsed() > LIMIT {
            child.kill()?;
            child.wait()?;
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("it did not end within {} minutes", LIMIT.as_secs() / 60),
            ));
        }
        std::thread::sleep(LOOK);
    };
    Ok(Ended {
        success: status.success(),
        tail: tail(&log)?,
    })
}

/// What a program says before it ends well.
///
/// # Errors
/// Those of [`run`], or it does not end well.
pub fn output(command: Command, scratch: &Path) -> io::Result<String> {
    if !run(command, scratch)?.success {
        return Err(io::Error::other("it did not end well"));
    }
    let mut said = Vec::new();
    File::open(scratch.join("log"))?
        .take(MAX_SAID)
        .read_to_end(&mut said)?;
    Ok(String::from_utf8_lossy(&said).into_owned())
}

fn tail(log: &Path) -> io::Result<String> {
    let mut file = File::open(log)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(MAX_TAIL)))?;
    let mut bytes = Vec::new();
    file.take(MAX_TAIL).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .collect();
    Ok(lines[lines.len().saturating_sub(MAX_LINES)..].join("\n"))
}
