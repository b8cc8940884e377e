//! `--format` and `--output`, several in one run.

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, ValueHint};

use crate::output::Format;

/// Formats and files as given, with their places on the command line.
#[derive(Debug, Clone, Default)]
pub struct OutputArguments {
    formats: Vec<(usize, Format)>,
    files: Vec<(usize, PathBuf)>,
}

/// One output of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// How it is written.
    pub format: Format,
    /// Where to; `None`: standard output.
    pub file: Option<PathBuf>,
}

impl OutputArguments {
    /// Which format goes where. With as many files as formats the n-th belongs to the n-th; with fewer, a file belongs to
    /// the format before it. What has no file goes to standard output.
    ///
    /// # Errors
    /// A sentence, when two outputs would go to one place or a file has no format.
    pub fn pair(&self, default: Format) -> Result<Vec<Output>, String> {
        let mut outputs: Vec<(usize, Output)> = self
            .formats
            .iter()
            .map(|(place, format)| {
                (
                    *place,
                    Output {
                        format: *format,
                        file: None,
                    },
                )
            })
            .collect();
        if outputs.is_empty() {
            outputs.push((
                0,
                Output {
                    format: default,
                    file: None,
                },
            ));
        }
        let one_each = outputs.len() == self.files.len();
        for (number, (place, file)) in self.files.iter().enumerate() {
            let free = |(_, o): &(usize, Output)| o.file.is_none();
            let index = if one_each {
                Some(number)
            } else {
                let before = outputs.iter().rposition(|o| o.0 < *place && free(o));
                before.or_else(|| outputs.iter().position(free))
            };
            let Some(index) = index else {
                return Err(format!(
                    "`--output {}` has no `--format` of its own",
                    file.display()
                ));
            };
            outputs[index].1.file = Some(file.clone());
        }
        let outputs: Vec<Output> = outputs
            .into_iter()
            .map(|(_, output)| output.dash_is_stdout())
            .collect();
        for (index, output) in outputs.iter().enumerate() {
            if let Some(other) = outputs[..index].iter().find(|o| o.file == output.file) {
                let place = output
                    .file
                    .as_ref()
                    .map_or("standard output".into(), |f| f.to_string_lossy());
                let (a, b) = (other.format, output.format);
                return Err(format!(
                    "`{a}` and `{b}` would both go to {place}; give one of them `--output FILE`"
                ));
            }
        }
        Ok(outputs)
    }
}

impl Output {
    fn dash_is_stdout(mut self) -> Self {
        self.file = self.file.filter(|f| f != Path::new("-"));
        self
    }
}

impl FromArgMatches for OutputArguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut arguments = Self::default();
        arguments.update_from_arg_matches(matches)?;
        Ok(arguments)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        fn placed<T: Clone + Send + Sync + 'static>(
            matches: &ArgMatches,
            id: &str,
        ) -> Vec<(usize, T)> {
            let places = matches.indices_of(id).into_iter().flatten();
            places
                .zip(matches.get_many::<T>(id).into_iter().flatten().cloned())
                .collect()
        }
        self.formats = placed(matches, "format");
        self.files = placed(matches, "output");
        Ok(())
    }
}

impl Args for OutputArguments {
    fn augment_args(command: Command) -> Command {
        let names = PossibleValuesParser::new(
            Format::ALL
                .iter()
                .map(|f| clap::builder::PossibleValue::new(f.as_str()).help(f.description())),
        );
        command
            .arg(
                Arg::new("format")
                    .long("format")
                    .value_name("FORMAT")
                    .action(ArgAction::Append)
                    .value_parser(names.try_map(|word| word.parse::<Format>()))
                    .help_heading("Output")
                    .help("How findings are written; may be repeated [default: full]"),
            )
            .arg(
                Arg::new("output")
                    .long("output")
                    .short('o')
                    .value_name("FILE")
                    .action(ArgAction::Append)
                    .value_parser(clap::value_parser!(PathBuf))
                    .value_hint(ValueHint::FilePath)
                    .help_heading("Output")
                    .help("File for the --format before it; a format without one goes to standard output"),
            )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(words: &[&str]) -> String {
        let command = OutputArguments::augment_args(Command::new("x").no_binary_name(true));
        let matches = command.try_get_matches_from(words).unwrap();
        match OutputArguments::from_arg_matches(&matches)
            .unwrap()
            .pair(Format::Full)
        {
            Err(error) => error,
            Ok(outputs) => {
                let show = |o: &Output| match &o.file {
                    Some(file) => format!("{} to {}", o.format, file.display()),
                    None => o.format.to_string(),
                };
                outputs.iter().map(show).collect::<Vec<_>>().join(", ")
            }
        }
    }

    #[test]
    fn files_belong_to_formats() {
        assert_eq!(pair(&[]), "full");
        assert_eq!(pair(&["--output", "x"]), "full to x");
        assert_eq!(
            pair(&["--format", "sarif", "--output", "x", "--format", "full"]),
            "sarif to x, full"
        );
        assert_eq!(
            pair(&["--format", "full", "--format", "sarif", "--output", "x"]),
            "full, sarif to x"
        );
        assert_eq!(
            pair(&["--format", "json", "--format", "csv", "-o", "x", "-o", "y"]),
            "json to x, csv to y"
        );
        assert_eq!(pair(&["--output", "x", "--format", "json"]), "json to x");
        assert_eq!(pair(&["--format", "json", "--output", "-"]), "json");
    }

    #[test]
    fn two_outputs_in_one_place_are_refused() {
        assert_eq!(
            pair(&["--format", "json", "--format", "full"]),
            "`json` and `full` would both go to standard output; give one of them `--output FILE`"
        );
        assert_eq!(
            pair(&["--format", "json", "-o", "x", "--format", "full", "-o", "x"]),
            "`json` and `full` would both go to x; give one of them `--output FILE`"
        );
        assert_eq!(
            pair(&["--format", "json", "-o", "x", "-o", "y"]),
            "`--output y` has no `--format` of its own"
        );
    }
}
