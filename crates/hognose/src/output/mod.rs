//! Output formats: one module per format, each a function from one [`View`] to bytes.
//!
//! Formats choose nothing: which findings are shown is the view's. They write what they are given, in its order, so that
//! the bytes are the same on every run. Texts of the audited project (paths, names, source lines, messages that quote
//! them) are hostile until [`text`] has made them visible; no format writes one past it or past its own escaping.

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;
use std::time::Duration;

use hognose_finding::RuleMeta;

use crate::View;

mod concise;
mod csv;
mod excerpt;
mod full;
mod github;
mod gitlab;
mod json;
mod json_text;
mod junit;
mod markdown;
mod paint;
mod sarif;
mod summary;
mod text;

#[cfg(test)]
mod specimen;

pub(crate) use csv::row as csv_row;
pub(crate) use json_text::write as write_json;
pub(crate) use markdown::code as markdown_code;
pub(crate) use paint::Paint;
pub(crate) use text::{line as visible_line, plural};

pub use summary::{write_statistics, write_summary, write_summary_line};

/// When a run took place. Only formats that cannot do without hold it, so that two runs give the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RunTime {
    /// Seconds since 1970-01-01 UTC; `SOURCE_DATE_EPOCH` where reproducible reports are wanted. `gitlab` and `junit`
    /// must name one and fall back to 0.
    pub started: Option<u64>,
    /// How long it took, for the summary line and the end time of `gitlab`.
    pub elapsed: Option<Duration>,
}

macro_rules! formats {
    ($($(#[doc = $doc:literal])+ $variant:ident = $word:literal => $module:ident),+ $(,)?) => {
        /// An output format.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Format { $($(#[doc = $doc])+ $variant),+ }

        impl Format {
            /// Every format, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that selects it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// One line for the help text.
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+)),+ }
            }
        }

        impl FromStr for Format {
            type Err = String;

            fn from_str(word: &str) -> Result<Self, String> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(format!("`{word}` is none of {}", [$($word),+].join(", "))),
                }
            }
        }

        /// Writes what a view shows.
        ///
        /// `rules` is the metadata of the rules that ran; a finding of a rule that is not among them is described by what
        /// it says of itself.
        ///
        /// # Errors
        /// Those of `out`, a closed pipe among them.
        pub fn write(
            format: Format,
            view: &View<'_>,
            rules: &[RuleMeta],
            time: RunTime,
            out: &mut dyn Write,
        ) -> io::Result<()> {
            match format {
                $(Format::$variant => $module::write(view, rules, time, out)),+
            }
        }
    };
}

formats! {
    /// source excerpts with labelled spans, and a summary
    Full = "full" => full,
    /// one line per finding
    Concise = "concise" => concise,
    /// one object, schema hognose-report/1
    Json = "json" => json,
    /// SARIF 2.1.0, for code scanning and editors
    Sarif = "sarif" => sarif,
    /// workflow commands that GitHub shows as annotations
    Github = "github" => github,
    /// SAST report of GitLab (gl-sast-report.json)
    Gitlab = "gitlab" => gitlab,
    /// JUnit XML, for test dashboards
    Junit = "junit" => junit,
    /// a comment for a pull request
    Markdown = "markdown" => markdown,
    /// one row per finding, for spreadsheets
    Csv = "csv" => csv,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The tool's name in every format.
const TOOL: &str = env!("CARGO_PKG_NAME");
/// Its version.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Where it lives.
const HOME: &str = env!("CARGO_PKG_REPOSITORY");

fn meta<'r>(rules: &'r [RuleMeta], id: &str) -> Option<&'r RuleMeta> {
    rules.iter().find(|rule| rule.id == id)
}

/// The public page of a built-in rule; findings that are not of a built-in rule (those on suppressions, the user's own)
/// have none.
fn rule_url(rules: &[RuleMeta], id: &str) -> Option<String> {
    let rule = meta(rules, id)?;
    let id = text::percent_encode(id);
    (!rule.page.is_empty())
        .then(|| format!("{HOME}/blob/main/crates/hognose_rules/rules/{id}/rule.md"))
}

/// `2026-01-31T12:00:00`, UTC.
pub(crate) fn timestamp(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days since 0000-03-01, so that the leap day ends the year: Howard Hinnant's `civil_from_days`.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}",
        rest / 3_600,
        rest / 60 % 60,
        rest % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_civil_dates() {
        assert_eq!(timestamp(0), "1970-01-01T00:00:00");
        assert_eq!(timestamp(951_782_399), "2000-02-28T23:59:59");
        assert_eq!(timestamp(951_782_400), "2000-02-29T00:00:00");
        assert_eq!(timestamp(1_798_761_599), "2026-12-31T23:59:59");
    }

    #[test]
    fn every_format_is_known_by_its_word_and_the_same_on_every_run() {
        let specimen = specimen::Specimen::hostile();
        let time = RunTime::default();
        for format in Format::ALL {
            assert_eq!(format.as_str().parse(), Ok(*format));
            let bytes = || {
                let mut out = Vec::new();
                write(*format, &specimen.view(), &specimen.rules, time, &mut out).unwrap();
                out
            };
            let first = bytes();
            assert_eq!(first, bytes(), "{format}");
            let text = String::from_utf8(first).expect("output is UTF-8");
            let live = text
                .chars()
                .find(|c| text::is_unsafe(*c) && !matches!(c, '\n' | '\r'));
            assert_eq!(live, None, "{format} lets a hostile character through");
        }
    }

    #[test]
    fn an_empty_report_has_an_output_in_every_format() {
        let specimen = specimen::Specimen::empty();
        for format in Format::ALL {
            let mut out = Vec::new();
            write(
                *format,
                &specimen.view(),
                &specimen.rules,
                RunTime::default(),
                &mut out,
            )
            .unwrap();
        }
    }

    /// Writes the specimens for `tests/schemas/validate.py`, where `HOGNOSE_SPECIMENS` says to.
    #[test]
    #[allow(
        clippy::disallowed_methods,
        reason = "a test that hands files to another program"
    )]
    fn specimens_are_written_for_the_official_schemas() {
        let Some(directory) = std::env::var_os("HOGNOSE_SPECIMENS").map(std::path::PathBuf::from)
        else {
            return;
        };
        let names = [
            (Format::Json, "json"),
            (Format::Sarif, "sarif"),
            (Format::Gitlab, "gitlab.json"),
            (Format::Junit, "junit.xml"),
            (Format::Markdown, "md"),
            (Format::Csv, "csv"),
        ];
        std::fs::create_dir_all(&directory).unwrap();
        for (name, specimen) in [
            ("empty", specimen::Specimen::empty()),
            ("shop", specimen::Specimen::shop()),
            ("hostile", specimen::Specimen::hostile()),
        ] {
            for (format, extension) in names {
                std::fs::write(
                    directory.join(format!("{name}.{extension}")),
                    specimen.write(format),
                )
                .unwrap();
            }
        }
    }
}
