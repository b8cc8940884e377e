//! Arguments that several commands share.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use hognose_finding::{Confidence, Persona, Severity};

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
