//! Hand-made reports the formats are tested with.

use std::sync::Arc;

use hognose_finding::{
    Assessment, Cell, Confidence, DataFlow, FileFailure, Finding, Fingerprint, FingerprintBuilder,
    Fix, FixSafety, Label, Location, Note, Persona, Position, Practice, Replacement, Report,
    RuleMeta, Severity, Source, SourceUse, Step, Suppressed,
};

use crate::{Presentation, View, ViewOptions};

/// A report and everything a view of it needs.
#[derive(Default)]
pub(super) struct Specimen {
    pub(super) report: Report,
    pub(super) options: ViewOptions,
    pub(super) rules: Vec<RuleMeta>,
    pub(super) presentation: Presentation,
}

const SHOP: &str = "\
from flask import request
from . import store

@app.get(\"/books\")
def books():
    title = request.args[\"title\"]
    order = \"price\"
    return store.find(title, order)
";

const STORE: &str = "\
import sqlite3


def find(title, order):
    query = f\"SELECT * FROM book WHERE title = '{title}' ORDER BY {order}\"
    return connection().execute(query).fetchall()
";

const NOTEBOOK: &str = "import yaml\n\nconfig = yaml.load(open('a.yml'), Loader=yaml.Loader)\n";

impl Specimen {
    pub(super) fn view(&self) -> View<'_> {
        View::new(
            &self.report,
            &self.options,
            self.presentation.clone(),
            &self.rules,
        )
    }

    pub(super) fn write(&self, format: super::Format) -> String {
        let mut out = Vec::new();
        super::write(
            format,
            &self.view(),
            &self.rules,
            super::RunTime::default(),
            &mut out,
        )
        .unwrap();
        String::from_utf8(out).unwrap()
    }

    pub(super) fn empty() -> Self {
        Self::default()
    }

    /// What a run on a small shop may say: a flow through two files, a notebook, a suppressed and a hidden finding.
    pub(super) fn shop() -> Self {
        let mut specimen = Self::default();
        let shop = specimen.source("shop/views.py", SHOP);
        let store = specimen.source("shop/store.py", STORE);
        let notebook = specimen.source("notes/load.ipynb", NOTEBOOK);

        let step = |location, text: &str| Step {
            location,
            text: text.to_owned(),
        };
        let mut flow = finding(
            "sql-injection",
            Severity::Critical,
            store.find("execute(query)"),
        );
        flow.message = "the statement is assembled from `request.args`".to_owned();
        flow.cwe = [89].into();
        flow.symbol = "shop.store.find".into();
        flow.flow = vec![
            step(
                shop.find("request.args[\"title\"]"),
                "what the client sends",
            ),
            step(shop.find("store.find(title, order)"), "passed as `title`"),
            step(store.find("{title}"), "formatted into `query`"),
            step(store.find("execute(query)"), "run as SQL"),
        ];
        flow.labels = vec![Label {
            location: store.find("{order}"),
            text: "this one is constant".to_owned(),
        }];

        let mut cell = finding(
            "yaml-unsafe-load",
            Severity::High,
            notebook.find("yaml.load(open('a.yml'), Loader=yaml.Loader)"),
        );
        cell.message = "`yaml.Loader` builds any object a document names".to_owned();
        cell.practice = Practice::CodeInjection;
        cell.cwe = [502].into();
        cell.location.cell = Some(Cell { number: 2, line: 1 });
        cell.fix = Some(Fix {
            title: "load with `yaml.SafeLoader`".to_owned(),
            safety: FixSafety::Unsafe,
            edits: vec![Replacement {
                location: notebook.find("yaml.Loader"),
                text: "yaml.SafeLoader".to_owned(),
            }],
        });

        let mut accepted = finding("sql-injection", Severity::Critical, store.find("query"));
        accepted.suppressed = Some(Suppressed::InSource {
            reason: Some("order is an enum".to_owned()),
        });
        let mut smell = finding(
            "assert-as-guard",
            Severity::Low,
            shop.find("order = \"price\""),
        );
        smell.persona = Persona::Auditor;

        specimen.rules = vec![
            rule(
                "sql-injection",
                "SQL statement assembled from input",
                Practice::Database,
                Severity::Critical,
                89,
            ),
            rule(
                "yaml-unsafe-load",
                "YAML loaded with an unsafe loader",
                Practice::CodeInjection,
                Severity::High,
                502,
            ),
        ];
        specimen.report.findings = vec![cell, accepted, flow, smell];
        specimen.finish();
        specimen.report.files_analysed = 12;
        specimen.report.lines_analysed = 3_456;
        specimen.report.failures = vec![FileFailure {
            file: "shop/broken.py".into(),
            line: Some(7),
            reason: "expected an expression".to_owned(),
            partial: true,
        }];
        specimen.report.notes = vec![Note {
            file: Some("shop/settings.py".into()),
            text: "judged as the production settings, since `wsgi.py` names it".to_owned(),
        }];
        specimen
    }

    /// Everything a hostile project can put into a report.
    pub(super) fn hostile() -> Self {
        const WORST: &str = "\x1b[2J\x07\u{9b}31m \u{202e}evil\u{2066} \0 \u{feff}\u{200b}\u{e0041} ]]> <b>&\" ' | `x` [a](javascript:1) @root #1 ::error::\r\n%0A=cmd|' /C calc'!A1,{0}\u{fffe}";
        let mut specimen = Self::default();
        let name = format!("dir:a,b/%41\u{202e}{}\n;`|<x>&é 字.py", "\x1b[31m");
        let long = format!(
            "{}DANGER(\"\u{202e}\", 字){}\n",
            "x = 1; ".repeat(80_000),
            "; y = 2".repeat(80_000)
        );
        let source = specimen.source(
            &name,
            &format!("\tif a:\r\n\t\teval(\"\x1b[31m\u{202e}\tx\")\u{b}\r\n{long}def f(\r\n  a,\r\n  b):\r\n    pass\r\nlast = 1"),
        );
        let rule = format!("rule,{WORST}");

        let mut first = finding(
            &rule,
            Severity::Critical,
            source.find("eval(\"\x1b[31m\u{202e}\tx\")"),
        );
        first.message = WORST.to_owned();
        first.title = WORST.into();
        first.symbol = WORST.into();
        first.labels = vec![
            Label {
                location: source.find("if a"),
                text: WORST.to_owned(),
            },
            Label {
                location: source.find("DANGER"),
                text: WORST.to_owned(),
            },
        ];
        first.flow = (0..40)
            .map(|n| Step {
                location: source.find(["a,", "b)", "last", "eval"][n % 4]),
                text: WORST.to_owned(),
            })
            .collect();
        first.fix = Some(Fix {
            title: WORST.to_owned(),
            safety: FixSafety::Safe,
            edits: vec![Replacement {
                location: source.find("last"),
                text: WORST.to_owned(),
            }],
        });
        let second = finding(
            "long-line",
            Severity::Low,
            source.find("DANGER(\"\u{202e}\", 字)"),
        );
        let mut third = finding(
            "many-lines",
            Severity::Medium,
            source.span("def f(", "pass"),
        );
        third.message = "-1+1".to_owned();
        third.cwe = [].into();
        let mut nowhere = finding("no-source", Severity::High, source.find("last"));
        nowhere.location.file = "/gone/\u{1}.py".into();
        nowhere.message = "x".repeat(100_000);
        let mut outside = finding("no-source", Severity::High, source.find("last"));
        outside.location.start = Position {
            line: 4_000_000_000,
            column: u32::MAX,
        };
        outside.location.end = Position { line: 1, column: 0 };
        let suppressed = [
            Suppressed::InSource {
                reason: Some(WORST.to_owned()),
            },
            Suppressed::InSource { reason: None },
            Suppressed::Compat { tool: "bandit" },
            Suppressed::Configuration {
                reason: Some(String::new()),
            },
            Suppressed::Baseline,
        ]
        .map(|why| Finding {
            suppressed: Some(why),
            ..finding("long-line", Severity::High, source.find("x = 1"))
        });

        specimen.rules = vec![RuleMeta {
            tags: (0..40).map(|n| format!("tag{n}{WORST}")).collect(),
            page: "# \x1b[31mPage\n\nWhat is \u{202e}wrong.\n",
            ..self::rule(&rule, WORST, Practice::Database, Severity::Critical, 89)
        }];
        specimen
            .report
            .findings
            .extend([first, second, third, nowhere, outside]);
        specimen.report.findings.extend(suppressed);
        specimen.finish();
        specimen.report.failures = (0..9)
            .map(|n| FileFailure {
                file: name.as_str().into(),
                line: (n > 4).then_some(n),
                reason: WORST.to_owned(),
                partial: n % 2 == 0,
            })
            .collect();
        specimen.report.notes = vec![
            Note {
                file: None,
                text: WORST.to_owned(),
            },
            Note {
                file: Some(name.as_str().into()),
                text: WORST.to_owned(),
            },
        ];
        specimen
    }

    fn source(&mut self, file: &str, text: &str) -> Text {
        self.report
            .sources
            .insert(file.into(), Source { text: text.into() });
        Text {
            file: file.into(),
            text: text.to_owned(),
        }
    }

    fn finish(&mut self) {
        for finding in &mut self.report.findings {
            self.report
                .practices
                .entry(finding.practice)
                .or_insert(Assessment { rules: 0 })
                .rules += 1;
            let content = FingerprintBuilder::new(&finding.rule)
                .word(&finding.location.file)
                .finish();
            finding.fingerprint = Fingerprint {
                content,
                ordinal: finding.location.start.line,
            };
        }
        let source = |kind: &str, why: Option<&str>| SourceUse {
            kind: kind.to_owned(),
            why: why.map(str::to_owned),
        };
        self.report.data_flow = Some(DataFlow {
            sources: vec![
                source("remote", None),
                source("library", Some("pyproject.toml declares a distribution")),
            ],
            functions: 321,
            entries: 12,
            cut: 1,
            calls: 2_000,
            unresolved: 100,
        });
        self.report
            .practices
            .insert(Practice::Transport, Assessment { rules: 4 });
    }
}

struct Text {
    file: Arc<str>,
    text: String,
}

impl Text {
    fn find(&self, needle: &str) -> Location {
        self.span(needle, needle)
    }

    fn span(&self, first: &str, last: &str) -> Location {
        let start = self.text.find(first).unwrap();
        let end = start + self.text[start..].find(last).unwrap() + last.len();
        Location {
            file: Arc::clone(&self.file),
            start: self.position(start),
            end: self.position(end),
            bytes: (u32::try_from(start).unwrap(), u32::try_from(end).unwrap()),
            cell: None,
        }
    }

    fn position(&self, at: usize) -> Position {
        let before = &self.text[..at];
        let line = before.matches('\n').count() + 1;
        let column = before[before.rfind('\n').map_or(0, |n| n + 1)..]
            .chars()
            .count()
            + 1;
        Position {
            line: u32::try_from(line).unwrap(),
            column: u32::try_from(column).unwrap(),
        }
    }
}

fn finding(rule: &str, severity: Severity, location: Location) -> Finding {
    Finding {
        rule: rule.into(),
        title: format!("title of {rule}").into(),
        message: format!("message of {rule}"),
        severity,
        confidence: Confidence::High,
        persona: Persona::Regular,
        practice: Practice::Database,
        cwe: [89].into(),
        location,
        labels: Vec::new(),
        flow: Vec::new(),
        symbol: "m.f".into(),
        in_test: false,
        fix: None,
        fingerprint: Fingerprint::default(),
        suppressed: None,
    }
}

fn rule(id: &str, title: &str, practice: Practice, severity: Severity, cwe: u16) -> RuleMeta {
    RuleMeta {
        id: id.to_owned(),
        title: title.to_owned(),
        practice,
        cwe: vec![cwe],
        owasp: vec!["A03:2021".to_owned()],
        asvs: vec!["v5.0.0-1.2.4".to_owned()],
        severity,
        confidence: Confidence::High,
        persona: Persona::Regular,
        tags: vec!["sql".to_owned()],
        page: "# A title\n\nThe first paragraph says what\nis wrong with `it`.\n\n## How to fix\n\nBind values.\n",
    }
}
