//! Colours by severity, the same in excerpts, lines and summaries.

use annotate_snippets::renderer::{AnsiColor, Effects, Style};
use hognose_finding::Severity;

/// Wraps texts in escape sequences, or leaves them alone.
#[derive(Clone, Copy)]
pub(crate) struct Paint {
    on: bool,
}

impl Paint {
    pub(crate) const fn new(on: bool) -> Self {
        Self { on }
    }

    pub(crate) fn severity(self, severity: Severity, text: &str) -> String {
        self.with(severity_style(severity), text)
    }

    pub(crate) fn colored(self, color: AnsiColor, text: &str) -> String {
        self.with(color.on_default(), text)
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.with(Style::new().effects(Effects::BOLD), text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.with(Style::new().effects(Effects::DIMMED), text)
    }

    fn with(self, style: Style, text: &str) -> String {
        if self.on {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}

/// How a severity looks.
pub(super) const fn severity_style(severity: Severity) -> Style {
    let color = match severity {
        Severity::Critical => AnsiColor::BrightMagenta,
        Severity::High => AnsiColor::BrightRed,
        Severity::Medium => AnsiColor::Yellow,
        Severity::Low => AnsiColor::BrightBlue,
    };
    color.on_default().effects(Effects::BOLD)
}
