use hognose_finding::{
    Confidence, FileFailure, Finding, Fingerprint, Location, Persona, Position, Practice, Severity,
};

use super::*;
use crate::ViewOptions;
use crate::configuration::Setting;

fn report(severity: Option<Severity>, failed: bool) -> Report {
    let position = Position { line: 1, column: 1 };
    let finding = severity.map(|severity| Finding {
        rule: "rule".into(),
        title: "".into(),
        message: String::new(),
        severity,
        confidence: Confidence::High,
        persona: Persona::Regular,
        practice: Practice::Database,
        cwe: [].into(),
        location: Location {
            file: "a.py".into(),
            start: position,
            end: position,
            bytes: (0, 0),
            cell: None,
        },
        labels: Vec::new(),
        flow: Vec::new(),
        symbol: "a".into(),
        in_test: false,
        fix: None,
        fingerprint: Fingerprint::default(),
        suppressed: None,
    });
    let failure = FileFailure {
        file: "b.py".into(),
        line: None,
        reason: String::new(),
        partial: true,
    };
    Report {
        findings: finding.into_iter().collect(),
        failures: failed.then_some(failure).into_iter().collect(),
        ..Report::default()
    }
}

fn ends_with(
    report: &Report,
    fail_on: Option<FailOn>,
    strict: bool,
    format: Format,
    file: Option<&str>,
) -> u8 {
    let mut configuration = Configuration::default();
    configuration.fail_on.override_with(fail_on);
    configuration.strict = Setting {
        value: strict,
        origin: Origin::CommandLine,
    };
    let options = ViewOptions::default();
    let view = View::new(report, &options, Presentation::default(), &[]);
    exit(
        &view,
        &configuration,
        &[Output {
            format,
            file: file.map(Into::into),
        }],
    ) as u8
}

#[test]
fn findings_from_fail_on_upwards_end_with_1() {
    let medium = report(Some(Severity::Medium), false);
    let full = |report: &Report, fail_on| ends_with(report, fail_on, false, Format::Full, None);
    assert_eq!(full(&report(None, false), None), 0);
    assert_eq!(full(&medium, None), 1);
    assert_eq!(full(&medium, Some(FailOn::AtLeast(Severity::Medium))), 1);
    assert_eq!(full(&medium, Some(FailOn::AtLeast(Severity::High))), 0);
    assert_eq!(full(&medium, Some(FailOn::Never)), 0);
}

#[test]
fn sarif_on_standard_output_ends_with_0_unless_asked_otherwise() {
    let medium = report(Some(Severity::Medium), false);
    assert_eq!(ends_with(&medium, None, false, Format::Sarif, None), 0);
    assert_eq!(
        ends_with(
            &medium,
            Some(FailOn::AtLeast(Severity::Low)),
            false,
            Format::Sarif,
            None
        ),
        1
    );
    assert_eq!(
        ends_with(&medium, None, false, Format::Sarif, Some("out.sarif")),
        1
    );
}

#[test]
fn an_incomplete_analysis_ends_with_3_when_strict() {
    let partial = report(Some(Severity::Medium), true);
    assert_eq!(ends_with(&partial, None, false, Format::Full, None), 1);
    assert_eq!(ends_with(&partial, None, true, Format::Full, None), 3);
    assert_eq!(ends_with(&partial, None, true, Format::Sarif, None), 3);
    assert_eq!(
        ends_with(&report(None, false), None, true, Format::Full, None),
        0
    );
}
