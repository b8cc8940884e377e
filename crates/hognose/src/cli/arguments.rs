//! Arguments that several commands share.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::builder::{EnumValueParser, PossibleValuesParser, TypedValueParser};
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, ValueEnum};
use hognose_finding::{Confidence, Persona, Severity};

use super::Terminal;
use super::write_file::write_file;
use crate::configuration::{Configuration, FailOn};

/// What is audited, and by which configuration.
#[derive(Debug, Clone, Args)]
pub struct ProjectArguments {
    /// Directories and files to audit, or `-` for standard input [default: .]
    ///
    /// A file named here is audited even if it is excluded or ignored.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The name that standard input goes by
    #[arg(long, value_name = "NAME")]
    pub stdin_filename: Option<PathBuf>,
    /// Read this configuration instead of the one found above the audited paths
    #[arg(long, value_name = "FILE", help_heading = "Configuration")]
    pub config: Option<PathBuf>,
    /// Read no configuration
    #[arg(long, conflicts_with = "config", help_heading = "Configuration")]
    pub isolated: bool,
    /// Threads that analyse; 0 is one per processor
    #[arg(long, value_name = "N", help_heading = "Configuration", value_parser = threads)]
    pub threads: Option<usize>,
    /// Do not read or write a cache; there is none yet
    #[arg(long, help_heading = "Configuration")]
    pub no_cache: bool,
}

/// Which findings are shown.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Filters")]
pub struct FilterArguments {
    /// Whose findings are shown: defects to act on (regular), smells too (pedantic), everything (auditor)
    #[arg(long, value_name = "PERSONA", value_parser = words::<Persona>(Persona::ALL))]
    pub persona: Option<Persona>,
    /// Only these rules: ids, practices, CWEs such as CWE-89, tags, separated by commas
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub select: Option<Vec<String>>,
    /// Not these rules
    ///
    /// Of a rule both selected and ignored the closer word decides: an id is closer than a practice, a CWE or a tag.
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub ignore: Option<Vec<String>>,
    /// Least severity shown
    #[arg(long, value_name = "SEVERITY", value_parser = words::<Severity>(Severity::ALL))]
    pub min_severity: Option<Severity>,
    /// Least confidence shown
    #[arg(long, value_name = "CONFIDENCE", value_parser = words::<Confidence>(Confidence::ALL))]
    pub min_confidence: Option<Confidence>,
}

/// How a command writes its answer: its own formats, of which one is the default.
#[derive(Debug, Clone, Copy)]
pub struct FormatArgument<F> {
    pub format: F,
}

// Written out, since the macro keeps one default for all `F`.
impl<F: ValueEnum + Default + Send + Sync + 'static> Args for FormatArgument<F> {
    fn augment_args(command: Command) -> Command {
        let default = F::default().to_possible_value();
        let argument = Arg::new("format")
            .long("format")
            .value_name("FORMAT")
            .value_parser(EnumValueParser::<F>::new())
            .help_heading("Output")
            .help("How it is written");
        command.arg(match default {
            Some(value) => argument.default_value(value.get_name().to_owned()),
            None => argument.required(true),
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<F: ValueEnum + Default + Send + Sync + 'static> FromArgMatches for FormatArgument<F> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let format = matches.get_one::<F>("format").cloned().unwrap_or_default();
        Ok(Self { format })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The formats of a command that answers with lines for people or with JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum TextOrJson {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

/// Where a command writes its answer.
#[derive(Debug, Clone, Args)]
pub struct OutputArgument {
    /// File to write to instead of standard output
    #[arg(
        long = "output",
        short = 'o',
        value_name = "FILE",
        help_heading = "Output"
    )]
    file: Option<PathBuf>,
}

impl OutputArgument {
    /// The file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref().filter(|file| *file != Path::new("-"))
    }

    /// Lets `write` fill the file, or standard output.
    pub fn fill(
        &self,
        terminal: &Terminal,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<()> {
        match self.file() {
            Some(file) => write_file(file, write),
            None => Ok(terminal.fill(write)?),
        }
    }
}

/// What makes a run fail.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Exit code")]
pub struct FailArguments {
    /// Least severity of a shown finding that makes the exit code 1 [default: low]
    ///
    /// With SARIF on standard output no finding does, unless this is given or configured.
    #[arg(long, value_name = "SEVERITY", value_parser = fail_on())]
    pub fail_on: Option<FailOn>,
    /// Exit with 3 when not everything could be analysed
    #[arg(long)]
    pub strict: bool,
}

/// A parser for one of our words, which clap lists and corrects.
fn words<T>(all: &'static [T]) -> impl TypedValueParser<Value = T>
where
    T: AsWord + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(all.iter().map(AsWord::as_word)).try_map(|word| word.parse::<T>())
}

fn fail_on() -> impl TypedValueParser<Value = FailOn> {
    PossibleValuesParser::new(FailOn::WORDS).try_map(|word| word.parse::<FailOn>())
}

/// Types of a few words.
trait AsWord: std::str::FromStr<Err = String> {
    fn as_word(&self) -> &'static str;
}

macro_rules! as_word {
    ($($name:ty),+) => { $(impl AsWord for $name { fn as_word(&self) -> &'static str { self.as_str() } })+ };
}
as_word!(Persona, Severity, Confidence);

fn threads(word: &str) -> Result<usize, String> {
    let most = crate::configuration::MAX_THREADS;
    let number = word.parse().ok().filter(|n| *n <= most);
    number.ok_or_else(|| format!("not a whole number from 0 to {most}"))
}

impl FailArguments {
    /// Takes what the command line says.
    pub fn override_settings(&self, configuration: &mut Configuration) {
        configuration.fail_on.override_with(self.fail_on);
        configuration
            .strict
            .override_with(self.strict.then_some(true));
    }
}
