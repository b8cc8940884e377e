//! The call graph on Markdown pages: what the calls of a line run.

use std::collections::{BTreeMap, BTreeSet};

use hognose_mdtest::{Observed, Section, Vocabulary};
use hognose_python::callgraph::{CallGraph, Confidence, Names};
use hognose_python::{Aliases, Layout, MemorySources, Project, SourceKind};

fn project(files: impl IntoIterator<Item = (String, String)>) -> Project {
    let python = files
        .into_iter()
        .filter(|(path, _)| path.ends_with(".py"))
        .map(|(path, text)| (path, SourceKind::Module, text.into_bytes()));
    Project::build(&MemorySources::new(python), &Layout::default())
}

fn callees(section: &Section) -> Vec<Observed> {
    let project = project(
        section
            .files
            .iter()
            .map(|file| (file.name.clone(), file.text.clone())),
    );
    let graph = CallGraph::build(&project, &Aliases::default());
    let names = Names::new(&project);
    let mut observed = Vec::new();
    for (at, module) in project.iter() {
        let mut lines: BTreeMap<usize, BTreeSet<String>> = (1..=module.text.line_count())
            .map(|line| (line, BTreeSet::new()))
            .collect();
        for site in graph.sites(at) {
            let (line, _) = module.text.position(module.expr_range(site.expr).start());
            let targets = graph
                .of(site)
                .targets
                .iter()
                .filter(|target| target.confidence > Confidence::Low);
            lines
                .entry(line as usize)
                .or_default()
                .extend(targets.filter_map(|target| names.callee(&project, &graph, target.callee)));
        }
        for (line, names) in lines {
            let names: Vec<String> = names.into_iter().collect();
            let message = if names.is_empty() {
                "nothing".to_owned()
            } else {
                names.join(", ")
            };
            observed.push(Observed {
                word: "callee".to_owned(),
                file: module.file.to_string(),
                line,
                column: None,
                id: String::new(),
                message,
                source_line: None,
            });
        }
    }
    observed
}

#[test]
fn pages() {
    hognose_mdtest::check(
        "tests/md/calls",
        &Vocabulary::default().asked("callee"),
        callees,
    );
}
