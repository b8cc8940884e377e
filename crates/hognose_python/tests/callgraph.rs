//! The call graph on Markdown pages: what the calls of a line run.

#![allow(clippy::disallowed_methods, reason = "tests read their pages")]

use std::collections::{BTreeMap, BTreeSet};

use hognose_mdtest::{Observed, Section, Vocabulary};
use hognose_python::callgraph::{CallGraph, Confidence, Names, calls_json};
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

/// Code blocks of the pages, one file each.
fn blocks() -> Vec<String> {
    let mut blocks = Vec::new();
    for page in hognose_mdtest::markdown_files(std::path::Path::new("tests/md/calls"))
        .expect("the pages are there")
    {
        let text = std::fs::read_to_string(page).expect("a page can be read");
        for part in text.split("```python").skip(1) {
            let code = part.split("```").next().unwrap_or_default();
            blocks.push(code.lines().skip(1).collect::<Vec<_>>().join("\n"));
        }
    }
    blocks
}

/// A small generator of numbers: tests need the same ones on every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % bound.max(1)
    }
}

/// Lines and words taken out, doubled, swapped: mostly code that no longer makes sense, and that must do no harm.
fn mutate(code: &str, numbers: &mut Numbers) -> String {
    let mut lines: Vec<String> = code.lines().map(str::to_owned).collect();
    for _ in 0..=numbers.below(3) {
        if lines.is_empty() {
            break;
        }
        let (at, other) = (numbers.below(lines.len()), numbers.below(lines.len()));
        match numbers.below(6) {
            0 => {
                lines.remove(at);
            }
            1 => lines.insert(at, lines[other].clone()),
            2 => lines.swap(at, other),
            3 => {
                let mut words: Vec<String> = lines[at]
                    .split_inclusive(|c: char| !c.is_alphanumeric())
                    .map(str::to_owned)
                    .collect();
                if !words.is_empty() {
                    let word = numbers.below(words.len());
                    words.remove(word);
                }
                lines[at] = words.concat();
            }
            4 => {
                let words: Vec<String> =
                    lines[other].split_whitespace().map(str::to_owned).collect();
                if !words.is_empty() {
                    let word = words[numbers.below(words.len())].clone();
                    lines[at].push_str(&word);
                }
            }
            _ => {
                let end = numbers.below(lines[at].len() + 1);
                let end = (0..=end)
                    .rev()
                    .find(|end| lines[at].is_char_boundary(*end))
                    .unwrap_or(0);
                lines[at].truncate(end);
            }
        }
    }
    lines.join("\n")
}

/// Nothing panics (a panic leaves an empty graph), and what is found is found again.
#[test]
fn mutated_code_does_no_harm() {
    let blocks = blocks();
    assert!(blocks.len() > 50);
    let mut numbers = Numbers(7);
    for round in 0..12 {
        let files = blocks.iter().enumerate().map(|(index, code)| {
            let code = if round == 0 {
                code.clone()
            } else {
                mutate(code, &mut numbers)
            };
            (format!("m{index}.py"), code)
        });
        let files: Vec<(String, String)> = files.collect();
        let project = project(files);
        let once = CallGraph::build(&project, &Aliases::default());
        assert!(!once.failed);
        let again = CallGraph::build(&project, &Aliases::default());
        let units: usize = project
            .modules
            .iter()
            .map(|module| module.scopes.len())
            .sum();
        assert_eq!(
            once.bottom_up().iter().map(Vec::len).sum::<usize>(),
            units,
            "each body stands in one group"
        );
        assert_eq!(calls_json(&project, &once), calls_json(&project, &again));
        assert!(once.counts().calls > 100);
    }
}

/// Callees come before their callers.
#[test]
fn order_is_bottom_up() {
    let code = "def a():\n    b()\ndef b():\n    c()\n    a()\ndef c(): ...\na()\n";
    let project = project([("main.py".to_owned(), code.to_owned())]);
    let graph = CallGraph::build(&project, &Aliases::default());
    let names = Names::new(&project);
    let groups: Vec<Vec<&str>> = graph
        .bottom_up()
        .iter()
        .map(|group| {
            group
                .iter()
                .map(|(at, scope)| names.scope(*at, *scope))
                .collect()
        })
        .collect();
    assert_eq!(
        groups,
        [vec!["main.c"], vec!["main.a", "main.b"], vec!["main"]]
    );
}

/// Large literals, long chains and deep nesting stay within bounds.
#[test]
fn extremes_end() {
    let mut code = String::from("def f(): ...\nx = f\n");
    code.push_str(&format!(
        "table = {{{}}}\n",
        (0..20_000)
            .map(|n| format!("'k{n}': f,"))
            .collect::<String>()
    ));
    code.push_str("table['k5']()\n");
    code.push_str(&format!("y = x{}\n", ".a".repeat(1_500)));
    code.push_str(&format!("z = {}x{}\n", "(".repeat(150), ")".repeat(150)));
    code.push_str("def loop(node):\n    while node:\n        node = node.next()\n    return loop(node.child)\nimport ext\nloop(ext.root)\n");
    for number in 0..300 {
        code.push_str(&format!("class C{number}({}):\n    def m(self):\n        self.n{number}()\n        return self.m()\n", if number == 0 { "object".to_owned() } else { format!("C{}", number - 1) }));
    }
    let project = project([("main.py".to_owned(), code)]);
    let graph = CallGraph::build(&project, &Aliases::default());
    assert!(graph.counts().calls > 300);
}
