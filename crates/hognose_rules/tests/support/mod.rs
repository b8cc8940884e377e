//! The files of a page's section, audited in memory as a project of their own.

use hognose_finding::{Date, Finding};
use hognose_mdtest::{Observed, Section};
use hognose_python::{Layout, MemorySources, Project, SourceKind};
use hognose_rules::{
    Outcome, Registry, RunOptions, SuppressOptions, Vendored, built_in_finding, distributions,
    registry, rules, run, suppress,
};

pub fn audit(section: &Section) -> Vec<Observed> {
    let files = section.files.iter().map(|file| {
        let kind = if file.name.ends_with(".ipynb") {
            SourceKind::Notebook
        } else if file.name.ends_with(".pyi") {
            SourceKind::Stub
        } else if file.name.ends_with(".py") {
            SourceKind::Module
        } else if [".html", ".htm", ".xml", ".jinja", ".jinja2", ".j2", ".mako"]
            .iter()
            .any(|end| file.name.ends_with(end))
            || file.name.ends_with(".txt") && file.name.contains("templates/")
        {
            SourceKind::Template
        } else {
            SourceKind::Other
        };
        (file.name.clone(), kind, file.text.clone().into_bytes())
    });
    let sources = MemorySources::new(files);
    let project = Project::build(&sources, &Layout::default());
    let today = Date::from_days(20_000);
    // A file of models beside the program is the user's own.
    let models: Vec<(String, String)> = section
        .files
        .iter()
        .filter(|file| file.name == "models.toml")
        .map(|file| (file.name.clone(), file.text.clone()))
        .collect();
    let own = (!models.is_empty())
        .then(|| Registry::with_models(&models).expect("the models of the page are sound"));
    let registry = own.as_ref().unwrap_or_else(|| registry());
    let run_options = RunOptions {
        declared: Some(today),
        distributions: distributions(&sources, &project),
        vendored: Vendored::find(&sources),
        ..RunOptions::default()
    };
    let Outcome {
        mut findings,
        notes,
        ..
    } = run(registry, &project, &run_options);
    let failed: Vec<_> = notes
        .iter()
        .filter(|note| note.text.contains("are missing"))
        .collect();
    assert!(failed.is_empty(), "{failed:?}");
    findings.extend(of_endpoints(&project));
    let options = SuppressOptions {
        today,
        ..SuppressOptions::default()
    };
    suppress(&project.modules, &mut findings, rules(), &options);
    suppress(&project.templates, &mut findings, rules(), &options);
    findings
        .into_iter()
        // What only auditors see because it is test code counts as silent.
        .filter(|finding| finding.suppressed.is_none())
        .filter(|finding| {
            !(finding.in_test && finding.persona == hognose_finding::Persona::Auditor)
        })
        .map(|finding| {
            let column = finding.location.start.column as usize;
            let observed = Observed::finding(
                &*finding.location.file,
                finding.location.start.line as usize,
                &*finding.rule,
                finding.message,
            )
            .at_column(column);
            match finding.flow.first() {
                Some(first) => {
                    observed.with_source(&*first.location.file, first.location.start.line as usize)
                }
                None => observed,
            }
        })
        .collect()
}

/// What the endpoints of the project speak of.
fn of_endpoints(project: &Project) -> Vec<Finding> {
    let (_, evidence) = hognose_routes::examine(project, &|_| false, &|_| true);
    let of_rule = |one: hognose_routes::Evidence| {
        let rule = registry().rule(one.rule).expect("evidence is of a rule");
        built_in_finding(rule, project.module(one.at), one.range, one.message)
    };
    evidence.into_iter().map(of_rule).collect()
}
