//! `hognose why`: why a line is, or is not, reported.

use std::io::Write;

use anyhow::{Context, Result, bail};
use clap::Args;
use hognose_finding::{Finding, Location, Report, Step};
use hognose_python::ir::Expr;
use hognose_python::{Module, ModuleId, Project as Program};
use hognose_rules::{ArgumentSeen, Arrival, LineFacts, SinkSeen, Watch};
use serde_json::{Value, json};

use super::arguments::{FilterArguments, FormatArgument, ProjectArguments, TextOrJson};
use super::project::Project;
use super::{Exit, Terminal};
use crate::ViewOptions;
use crate::discovery;
use crate::output::{visible_line, write_json};

/// Tell why a line is, or is not, reported
///
/// Names the sinks on the line, what reaches each of their arguments and on which way, what sanitizers and guards leave of
/// it, and what is not known. Ends with 0 if it could answer, with 2 if there is no such line of code.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The line
    #[arg(value_name = "FILE:LINE")]
    place: String,
    #[command(flatten)]
    project: ProjectArguments,
    #[command(flatten)]
    written: FormatArgument<TextOrJson>,
}

impl Arguments {
    pub fn run(self, terminal: &Terminal) -> Result<Exit> {
        let (file, line) = self
            .place
            .rsplit_once(':')
            .context("a place is written as FILE:LINE")?;
        let line: u32 = line
            .parse()
            .with_context(|| format!("`{line}` is no line number"))?;
        let project = Project::load(&self.project, &FilterArguments::default())?;
        let path = project.working_directory.join(file);
        let path = path.canonicalize().unwrap_or(path);
        let name = discovery::display_path(&project.root, &path);
        let sources = project.sources()?;
        let options = project.audit_options(true);
        let (report, facts, code) =
            project.audit_place(&sources, &options, terminal, |program| {
                find(program, file, &name, line)
            })?;
        let Some(facts) = facts else {
            bail!("the analysis of data flow failed");
        };
        let answer = Answer {
            file: &name,
            line,
            code: &code,
            facts: &facts,
            findings: on_line(&report, &name, line),
            view: project.view_options(),
        };
        terminal.fill(|out| match self.written.format {
            TextOrJson::Text => answer.write(out),
            TextOrJson::Json => write_json(&answer.json(), out),
        })?;
        Ok(Exit::Clean)
    }
}

/// The place of a line, and its text.
fn find(program: &Program, file: &str, name: &str, line: u32) -> Result<(Watch, String)> {
    let (id, is_code) = match program.by_file(name) {
        Some(id) => (id, true),
        None => match program.templates.iter().position(|t| &*t.file == name) {
            Some(index) => {
                let index = u32::try_from(program.modules.len() + index)?;
                (ModuleId(index), false)
            }
            None => bail!("{file} is not among the files that were read"),
        },
    };
    let module = program.module(id);
    let Some((start, text)) = line_of(module.text.as_str(), line) else {
        bail!(
            "{file} has no line {line}; it has {}",
            module.text.line_count()
        );
    };
    let (start, end) = (u32::try_from(start)?, u32::try_from(start + text.len())?);
    let watch = Watch {
        module: id,
        range: (start, end),
    };
    if text.trim().is_empty() || is_code && !holds_code(module, text, watch.range) {
        bail!("line {line} of {file} holds no code");
    }
    Ok((watch, text.trim().to_owned()))
}

/// Where a line begins, and its text without its end.
fn line_of(text: &str, line: u32) -> Option<(usize, &str)> {
    let number = usize::try_from(line).ok()?.checked_sub(1)?;
    let mut start = 0;
    for (at, whole) in text.split_inclusive('\n').enumerate() {
        if at == number {
            return Some((start, whole.trim_end_matches(['\n', '\r'])));
        }
        start += whole.len();
    }
    None
}

/// Whether more than a comment, or text of a documentation string, stands on a line.
fn holds_code(module: &Module, text: &str, (start, end): (u32, u32)) -> bool {
    let mut inside_of_text = false;
    for (expr, node) in module.exprs() {
        let range = module.expr_range(expr);
        if range.start().to_u32() >= end || range.end().to_u32() <= start {
            continue;
        }
        let first = u32::try_from(text.len() - text.trim_start().len()).unwrap_or(0);
        match node {
            Expr::Str(_)
                if range.start().to_u32() <= start + first && range.end().to_u32() >= end =>
            {
                inside_of_text = true;
            }
            _ => return true,
        }
    }
    !inside_of_text && !text.trim_start().starts_with('#')
}

/// Findings at a line.
fn on_line<'a>(report: &'a Report, file: &str, line: u32) -> Vec<&'a Finding> {
    let here = |at: &Location| &*at.file == file && at.start.line <= line && line <= at.end.line;
    report
        .findings
        .iter()
        .filter(|finding| here(&finding.location))
        .collect()
}

/// What is known of the line.
struct Answer<'a> {
    file: &'a str,
    line: u32,
    code: &'a str,
    facts: &'a LineFacts,
    findings: Vec<&'a Finding>,
    view: ViewOptions,
}

impl Answer<'_> {
    /// What is found of a sink.
    fn finding(&self, sink: &SinkSeen) -> Option<&Finding> {
        let same =
            |finding: &&&Finding| finding.rule == sink.rule && finding.location == sink.location;
        self.findings.iter().find(same).copied()
    }

    /// What becomes of a finding.
    fn fate(&self, finding: &Finding) -> String {
        if finding.suppressed.is_some() {
            return "found, and suppressed".to_owned();
        }
        if finding.persona > self.view.persona {
            return format!("reported with `--persona {}`", finding.persona);
        }
        if finding.severity < self.view.min_severity
            || finding.confidence < self.view.min_confidence
        {
            return "found, and below what is shown".to_owned();
        }
        "reported".to_owned()
    }

    fn verdict(&self, sink: &SinkSeen) -> String {
        match self.finding(sink) {
            Some(finding) => self.fate(finding),
            None if !sink.enabled => "not reported, for the rule is off".to_owned(),
            None => "not reported".to_owned(),
        }
    }

    fn write(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let facts = self.facts;
        let mut paragraphs = vec![shown(format!("{}:{}  {}", self.file, self.line, self.code))];
        let (given, idle): (Vec<&SinkSeen>, Vec<&SinkSeen>) = facts
            .sinks
            .iter()
            .partition(|sink| !sink.arguments.is_empty());
        paragraphs.extend(given.into_iter().map(|sink| self.paragraph(sink)));
        paragraphs.extend(not_given(&idle));
        let told: Vec<&Finding> = facts.sinks.iter().filter_map(|s| self.finding(s)).collect();
        for finding in &self.findings {
            if !told.iter().any(|known| std::ptr::eq(*known, *finding)) {
                paragraphs.push(shown(format!(
                    "{}, {}: {}.",
                    finding.rule,
                    self.fate(finding),
                    finding.message
                )));
            }
        }
        for (callee, rule) in &facts.not_reached {
            paragraphs.push(shown(format!(
                "`{callee}`: a sink of {rule} to which no way leads that hognose followed."
            )));
        }
        for (callee, reason) in &facts.unresolved {
            paragraphs.push(shown(format!(
                "`{callee}`: what is called is not known ({reason})."
            )));
        }
        if facts.dead {
            paragraphs.push("This line never runs.".to_owned());
        }
        if paragraphs.len() == 1 {
            paragraphs.push("Nothing on this line is a sink that hognose knows.".to_owned());
        }
        writeln!(out, "{}", paragraphs.join("\n\n"))
    }

    /// All of a sink.
    fn paragraph(&self, sink: &SinkSeen) -> String {
        let mut sentences = vec![format!(
            "`{}`, line {}: {}, {}.",
            sink.callee,
            sink.location.start.line,
            sink.rule,
            self.verdict(sink)
        )];
        sentences.extend(
            sink.conditions
                .iter()
                .map(|text| format!("{}.", capital(text))),
        );
        for argument in &sink.arguments {
            self.argument(argument, &mut sentences);
        }
        if !sink.harmed() {
            for arrival in &sink.checked {
                sentences.push(format!(
                    "Checked on the way here: {} is {}.",
                    self.way(&arrival.steps),
                    arrival.left.join(", ")
                ));
            }
        }
        // Sentence by sentence: what is too long of one does not hide the next.
        let told: Vec<_> = sentences.iter().map(|text| visible_line(text)).collect();
        told.join(" ")
    }

    fn argument(&self, argument: &ArgumentSeen, sentences: &mut Vec<String>) {
        let name = capital(&argument.name);
        if argument.arrivals.is_empty() {
            sentences.push(format!(
                "{name}: {}.",
                argument
                    .otherwise
                    .unwrap_or("nothing that comes from outside")
            ));
            return;
        }
        for (number, arrival) in argument.arrivals.iter().enumerate() {
            let name = if number == 0 { &name } else { "Also" };
            sentences.push(format!("{name}: {}.", self.arrival(arrival)));
        }
    }

    fn arrival(&self, arrival: &Arrival) -> String {
        let mut text = self.way(&arrival.steps);
        let mut left = arrival.left.clone();
        if arrival.doubtful {
            left.push("a call on the way has an effect that is not known".to_owned());
        }
        if !left.is_empty() {
            text.push_str(&format!("; {}", left.join(", ")));
        }
        let outcome = match arrival.harmful {
            false => "harmless here",
            true if !arrival.at_sink => "it would do harm if this counted",
            true if arrival.kind == "parameter" => {
                "it would do harm, but no caller is known to pass anything from outside"
            }
            true if !arrival.counted => {
                "it would do harm, but sources of this kind do not count here"
            }
            true => "it does harm",
        };
        format!("{text}: {outcome}")
    }

    /// The way from a source.
    fn way(&self, steps: &[Step]) -> String {
        let told = steps.iter().map(|step| {
            let at = &step.location;
            if &*at.file == self.file {
                format!("{} (line {})", step.text, at.start.line)
            } else {
                format!("{} ({}:{})", step.text, at.file, at.start.line)
            }
        });
        told.collect::<Vec<_>>().join(" → ")
    }

    fn json(&self) -> Value {
        let facts = self.facts;
        let sinks = facts.sinks.iter().map(|sink| {
            let arguments = sink.arguments.iter().map(|argument| {
                json!({
                    "argument": argument.name,
                    "arrivals": arrivals(&argument.arrivals),
                    "otherwise": argument.otherwise,
                })
            });
            json!({
                "callee": sink.callee,
                "rule": &*sink.rule,
                "location": place(&sink.location),
                "outcome": self.verdict(sink),
                "enabled": sink.enabled,
                "counts": sink.counts,
                "conditions": sink.conditions,
                "arguments": arguments.collect::<Vec<_>>(),
                "checked": arrivals(&sink.checked),
            })
        });
        let findings = self.findings.iter().map(|finding| {
            json!({
                "rule": &*finding.rule,
                "message": finding.message,
                "severity": finding.severity.as_str(),
                "confidence": finding.confidence.as_str(),
                "persona": finding.persona.as_str(),
                "location": place(&finding.location),
                "outcome": self.fate(finding),
            })
        });
        let unresolved = facts.unresolved.iter();
        let not_reached = facts.not_reached.iter();
        json!({
            "file": self.file,
            "line": self.line,
            "code": self.code,
            "runs": !facts.dead,
            "sinks": sinks.collect::<Vec<_>>(),
            "findings": findings.collect::<Vec<_>>(),
            "unresolved": unresolved
                .map(|(callee, reason)| json!({ "callee": callee, "reason": reason }))
                .collect::<Vec<_>>(),
            "not_reached": not_reached
                .map(|(callee, rule)| json!({ "callee": callee, "rule": &**rule }))
                .collect::<Vec<_>>(),
        })
    }
}

fn arrivals(all: &[Arrival]) -> Vec<Value> {
    let told = all.iter().map(|arrival| {
        let steps = arrival.steps.iter();
        let steps =
            steps.map(|step| json!({ "location": place(&step.location), "text": step.text }));
        json!({
            "source": arrival.what,
            "kind": arrival.kind,
            "steps": steps.collect::<Vec<_>>(),
            "left": arrival.left,
            "sanitizers": arrival.sanitizers,
            "harmful": arrival.harmful,
            "at_sink": arrival.at_sink,
            "counts": arrival.counted,
            "doubtful": arrival.doubtful,
        })
    });
    told.collect()
}

fn place(at: &Location) -> Value {
    json!({ "file": &*at.file, "line": at.start.line, "column": at.start.column })
}

/// Sinks of which no argument that matters is given, callee by callee.
fn not_given(sinks: &[&SinkSeen]) -> Vec<String> {
    let same = |a: &&SinkSeen, b: &&SinkSeen| a.callee == b.callee && a.location == b.location;
    let mut sorted = sinks.to_vec();
    sorted
        .sort_by(|a, b| (&a.location, &a.callee, &a.rule).cmp(&(&b.location, &b.callee, &b.rule)));
    let told = sorted.chunk_by(same).map(|of_one| {
        let mut rules: Vec<&str> = of_one.iter().map(|sink| &*sink.rule).collect();
        rules.dedup();
        let (callee, line) = (&of_one[0].callee, of_one[0].location.start.line);
        shown(format!(
            "`{callee}`, line {line}: {}, not reported. No argument that matters is given, or holds anything.",
            rules.join(", ")
        ))
    });
    told.collect()
}

/// As the terminal may have it.
fn shown(text: String) -> String {
    visible_line(&text).into_owned()
}

/// With a capital at the beginning.
fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}
