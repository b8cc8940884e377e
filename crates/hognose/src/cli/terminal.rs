//! What stands at the other end of standard output and standard error.
#![allow(
    clippy::disallowed_methods,
    reason = "whether to use colours is told by the environment"
)]

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use clap::{Args, ValueEnum};

use crate::output::visible_line;

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// If a terminal that can show them is at the other end.
    Auto,
    /// Also into files and pipes.
    Always,
    /// Not at all.
    Never,
}

#[derive(Debug, Clone, Args)]
pub(super) struct ColorArguments {
    /// When to use colours; NO_COLOR, FORCE_COLOR, CLICOLOR and CLICOLOR_FORCE are honoured
    #[arg(long, global = true, value_name = "WHEN", help_heading = "Appearance")]
    color: Option<ColorChoice>,
    /// The same as --color never
    #[arg(
        long,
        global = true,
        conflicts_with = "color",
        help_heading = "Appearance"
    )]
    no_color: bool,
}

impl ColorArguments {
    pub(super) fn choice(&self) -> ColorChoice {
        if self.no_color {
            ColorChoice::Never
        } else {
            self.color.unwrap_or(ColorChoice::Auto)
        }
    }
}

/// The terminal, if it is one.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    /// A person watches standard output.
    pub stdout_watched: bool,
    /// A person watches standard error.
    pub stderr_watched: bool,
    /// Colours on standard output.
    pub color: bool,
    /// Colours also in files, because they were asked for.
    pub color_in_files: bool,
    /// Links on standard output.
    pub hyperlinks: bool,
    stderr_color: bool,
}

impl Terminal {
    /// Looks at the standard streams and the environment.
    pub fn new(choice: ColorChoice) -> Self {
        let environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let color = |watched| wants_color(choice, watched, &environment);
        let stdout_watched = io::stdout().is_terminal();
        let stderr_watched = io::stderr().is_terminal();
        Self {
            stdout_watched,
            stderr_watched,
            color: color(stdout_watched),
            color_in_files: choice == ColorChoice::Always,
            hyperlinks: stdout_watched && color(stdout_watched) && shows_links(&environment),
            stderr_color: color(stderr_watched),
        }
    }

    /// Columns of the terminal at standard output.
    pub fn width(self) -> Option<usize> {
        if !self.stdout_watched {
            return None;
        }
        terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0))
    }

    /// Standard output, buffered. Whoever uses it flushes it, so that errors are seen.
    pub fn out(self) -> BufWriter<StdoutLock<'static>> {
        BufWriter::with_capacity(64 * 1024, io::stdout().lock())
    }

    /// Lets `write` fill standard output.
    ///
    /// # Errors
    /// Those of standard output and of `write`.
    pub fn fill(self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        let mut out = self.out();
        write(&mut out)?;
        out.flush()
    }

    /// Says what was done, where standard output holds something else or nothing.
    pub fn note(self, message: &str) {
        let lines: Vec<_> = message.split('\n').map(visible_line).collect();
        let _ = writeln!(io::stderr(), "{}", lines.join("\n"));
    }

    /// Says what went wrong.
    pub fn error(self, message: &str) {
        self.say("error:", "\x1b[1;31m", message);
    }

    /// Says what is odd but hinders nothing.
    pub fn warn(self, message: &str) {
        self.say("warning:", "\x1b[1;33m", message);
    }

    fn say(self, head: &str, color: &str, message: &str) {
        let (on, off) = if self.stderr_color {
            (color, "\x1b[0m")
        } else {
            ("", "")
        };
        // Messages quote names and lines of the audited project.
        let lines: Vec<_> = message.split('\n').map(visible_line).collect();
        // There is nobody left to tell if standard error is closed.
        let _ = writeln!(io::stderr(), "{on}{head}{off} {}", lines.join("\n"));
    }
}

fn wants_color(
    choice: ColorChoice,
    watched: bool,
    environment: &dyn Fn(&str) -> Option<String>,
) -> bool {
    let on = |name| environment(name).is_some_and(|value| value != "0");
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if environment("NO_COLOR").is_some() => false,
        ColorChoice::Auto if on("FORCE_COLOR") || on("CLICOLOR_FORCE") => true,
        ColorChoice::Auto => {
            let refused = environment("CLICOLOR").is_some_and(|value| value == "0")
                || environment("FORCE_COLOR").is_some_and(|value| value == "0")
                || environment("TERM").is_some_and(|value| value == "dumb");
            watched && !refused
        }
    }
}

/// Terminals that are known to show OSC 8 links; others might print them.
fn shows_links(environment: &dyn Fn(&str) -> Option<String>) -> bool {
    let program = environment("TERM_PROGRAM").unwrap_or_default();
    let term = environment("TERM").unwrap_or_default();
    matches!(
        program.as_str(),
        "iTerm.app" | "WezTerm" | "vscode" | "ghostty" | "Hyper"
    ) || ["xterm-kitty", "alacritty", "foot", "xterm-ghostty"]
        .iter()
        .any(|known| term.starts_with(known))
        || environment("WT_SESSION").is_some()
        || environment("VTE_VERSION")
            .and_then(|v| v.parse().ok())
            .is_some_and(|version: u32| version >= 5000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides_on_colours_unless_the_command_line_does() {
        let color = |choice, watched, variables: &[(&str, &str)]| {
            wants_color(choice, watched, &|name| {
                variables
                    .iter()
                    .find(|(n, _)| *n == name)
                    .map(|(_, value)| (*value).to_owned())
            })
        };
        use ColorChoice::{Always, Auto, Never};
        assert!(color(Auto, true, &[]));
        assert!(!color(Auto, false, &[]));
        assert!(!color(
            Auto,
            true,
            &[("NO_COLOR", "1"), ("FORCE_COLOR", "1")]
        ));
        assert!(color(Always, false, &[("NO_COLOR", "1")]));
        assert!(!color(Never, true, &[("FORCE_COLOR", "1")]));
        assert!(color(Auto, false, &[("FORCE_COLOR", "1")]));
        assert!(color(Auto, false, &[("CLICOLOR_FORCE", "1")]));
        assert!(!color(Auto, true, &[("CLICOLOR", "0")]));
        assert!(!color(Auto, true, &[("TERM", "dumb")]));
        assert!(!color(Auto, true, &[("FORCE_COLOR", "0")]));
    }
}
