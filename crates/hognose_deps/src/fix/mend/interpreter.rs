//! Interpreters that get no fixes, or have not got those there are.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::super::edit::offset;
use super::{Found, Mend, Stays, list};
use crate::date::Date;
use crate::inputs::Place;
use crate::inputs::source::{Source, directory, file_name};
use crate::interpreter::facts::{BranchFacts, Facts};
use crate::interpreter::sources::{InterpreterUse, Role, Wanted, image};
use crate::interpreter::{Branch, Release};

/// What may stand behind the version in the tag of an official image, and does for every branch that gets fixes. Of other
/// distributions and their versions it is not known which branches they have.
const CARRIED: &[&str] = &["", "slim", "alpine", "bookworm", "slim-bookworm"];

/// The names of the official image. Of a copy in another registry it is not known which versions it has.
const OFFICIAL: &[&str] = &[
    "python",
    "library/python",
    "docker.io/python",
    "docker.io/library/python",
    "public.ecr.aws/docker/library/python",
];

/// What is to be named instead of what each file names, and what stays. A branch that gets no fixes gives way to the
/// oldest one that gets some and that the project says it supports, a release that is not patched to the newest one known
/// of its branch.
pub fn choose(uses: &[InterpreterUse], facts: &Facts, today: Date) -> (Vec<Mend>, Vec<Stays>) {
    let (mut mends, mut stays) = (Vec::new(), Vec::new());
    // What is named in each choice and stays, or was chosen for another entry of it.
    let mut named: BTreeMap<(&Arc<str>, u32), Vec<Release>> = BTreeMap::new();
    let mut asked: Vec<(&InterpreterUse, &Release, &BranchFacts)> = Vec::new();
    for used in uses {
        let Wanted::Release(release) = &used.wanted else {
            continue;
        };
        let branch = facts.branch(release.branch).filter(|branch| {
            branch.is_ended(today)
                || branch.is_outdated(release) && !facts.judge(release).findings.is_empty()
        });
        match branch {
            Some(branch) => asked.push((used, release, branch)),
            None => named
                .entry((&used.place.file, used.choice))
                .or_default()
                .push(release.clone()),
        }
    }
    for (used, release, branch) in asked {
        let others = named.entry((&used.place.file, used.choice)).or_default();
        let mend = |to| Mend::Interpreter {
            used: used.clone(),
            to,
        };
        let target = match used.role {
            Role::Supported => Err(
                "it is what the project says it supports, from which its other versions were chosen"
                    .to_owned(),
            ),
            _ if file_name(&used.place.file) == "pyvenv.cfg" => {
                Err("this tells of an environment that is to be made anew".to_owned())
            }
            _ if !branch.is_ended(today) => Ok(Some(branch)),
            // Code for Python 2 is none for Python 3.
            _ if release.branch < Branch(3, 0) && others.is_empty() => {
                Err("what runs on Python 2 has to be ported first".to_owned())
            }
            _ if release.branch < Branch(3, 0) => Ok(None),
            _ => oldest(uses, used, release.branch, facts, today).map(Some),
        };
        match target {
            Err(why) => stays.push(mend(None).stays(why)),
            Ok(None) => mends.push(mend(None)),
            Ok(Some(target)) => {
                let to = Release {
                    branch: target.branch,
                    exact: release.exact.is_some().then(|| target.latest.clone()),
                };
                let is_same = |other: &Release| {
                    other.branch == to.branch
                        && (other.exact == to.exact || other.exact.is_none() || to.exact.is_none())
                };
                if others.iter().any(is_same) {
                    mends.push(mend(None));
                } else {
                    others.push(to.clone());
                    mends.push(mend(Some(to)));
                }
            }
        }
    }
    (mends, stays)
}

/// The oldest branch above one that gets fixes and that everything allows which says around a place what the project
/// supports.
fn oldest<'f>(
    uses: &[InterpreterUse],
    used: &InterpreterUse,
    above: Branch,
    facts: &'f Facts,
    today: Date,
) -> Result<&'f BranchFacts, String> {
    let around = |place: &Place| {
        let directory = directory(&place.file);
        let rest = used.place.file.strip_prefix(directory);
        rest.is_some_and(|rest| directory.is_empty() || rest.starts_with('/'))
    };
    let bounds: Vec<&InterpreterUse> = uses
        .iter()
        .filter(|other| other.role == Role::Supported && around(&other.place))
        .collect();
    let refuses = |bound: &InterpreterUse, branch: &BranchFacts| match &bound.wanted {
        Wanted::Release(release) => release.branch != branch.branch,
        Wanted::AnyOf(sets) => !sets.iter().any(|set| set.contains(&branch.latest)),
        Wanted::Other(_) => false,
    };
    let supported = facts.branches().filter(|branch| {
        branch.branch > above && branch.first_release <= today && !branch.is_ended(today)
    });
    let supported: Vec<&BranchFacts> = supported.collect();
    let fits = |branch: &&&BranchFacts| !bounds.iter().any(|bound| refuses(bound, branch));
    if let Some(branch) = supported.iter().find(fits) {
        return Ok(branch);
    }
    let refusing = supported
        .first()
        .and_then(|branch| bounds.iter().find(|bound| refuses(bound, branch)));
    Err(match refusing {
        Some(bound) => format!(
            "{}:{} does not allow any branch that gets fixes",
            bound.place.file, bound.place.line
        ),
        None => "no branch is known that gets fixes".to_owned(),
    })
}

/// Where an interpreter is named, and how another one is written there.
pub(super) fn find(source: &Source, used: &InterpreterUse, to: Option<&Release>) -> Found {
    let Wanted::Release(from) = &used.wanted else {
        return None;
    };
    let entry = entry(source, offset(source, &used.place)?, from)?;
    let word = source.text.get(entry.word.clone())?;
    if let Some(reason) = settled(word, to) {
        return Some(Err(reason));
    }
    let spelled = spelled(word, from)?;
    let Some(to) = to else {
        // `py38-django` is more than an interpreter.
        let is_whole = spelled.at.end == word.len();
        let gone = is_whole
            .then(|| list::without(source, &entry.whole))
            .flatten()
            .or_else(|| between_spaces(source, &entry.whole));
        return Some(
            gone.map(|gone| vec![(gone, String::new())])
                .ok_or("what would take its place stands beside it, so it is yours to take out"),
        );
    };
    if spelled.kind != Spelling::Dotted && is_named_again(&source.text, from) {
        return Some(Err("an environment of that name has settings of its own"));
    }
    let mut written = match spelled.kind {
        Spelling::Dotted => to.to_string(),
        Spelling::Joined => format!("{}{}", to.branch.0, to.branch.1),
        Spelling::Minor => to.branch.1.to_string(),
    };
    // To YAML 3.10 is the number 3.1.
    let is_plain = entry.word == entry.whole && spelled.at == (0..word.len());
    let is_yaml = source.path.ends_with(".yml") || source.path.ends_with(".yaml");
    if is_plain && is_yaml && to.exact.is_none() && written.ends_with('0') && !entry.is_text {
        written = format!("\"{written}\"");
    }
    let at = entry.word.start + spelled.at.start..entry.word.start + spelled.at.end;
    Some(Ok(vec![(at, written)]))
}

/// An entry that names an interpreter.
struct Entry {
    /// The entry, quotes included.
    whole: Range<usize>,
    /// The word in it.
    word: Range<usize>,
    /// Whether it is a line of a text, which is never a number.
    is_text: bool,
}

/// The entry that begins at an offset.
fn entry(source: &Source, at: usize, from: &Release) -> Option<Entry> {
    let rest = source.text.get(at..)?;
    if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let inner = rest.get(1..)?;
        let end = at + 1 + inner.find([quote, '\n'])?;
        return Some(Entry {
            whole: at..end + 1,
            word: at + 1..end,
            is_text: true,
        });
    }
    if rest.starts_with(['|', '>']) {
        return line_of_block(source, at, from);
    }
    let end = rest
        .find(|c: char| c.is_whitespace() || ",]}#)".contains(c))
        .unwrap_or(rest.len());
    let word = at..at + end;
    Some(Entry {
        whole: word.clone(),
        word,
        is_text: false,
    })
}

/// The line of a block of YAML that names a release.
fn line_of_block(source: &Source, at: usize, from: &Release) -> Option<Entry> {
    let indented = |line: &str| line.len() - line.trim_start().len();
    let first = source.line_range(at);
    let outer = indented(&source.text[first.clone()]);
    let mut start = first.end;
    for line in source.text[first.end..].split_inclusive('\n') {
        let text = line.trim();
        if !text.is_empty() {
            if indented(line) <= outer {
                return None;
            }
            if Wanted::parse(text) == Wanted::Release(from.clone()) {
                let begin = start + indented(line);
                let word = begin..begin + text.len();
                return Some(Entry {
                    whole: word.clone(),
                    word,
                    is_text: true,
                });
            }
        }
        start += line.len();
    }
    None
}

/// Why another version of what is named is not known to be the same otherwise.
fn settled(word: &str, to: Option<&Release>) -> Option<&'static str> {
    const VARIABLE: &str =
        "its version comes from a variable, which is to be changed where it is set";
    if image(word).is_none() {
        return word.contains('$').then_some(VARIABLE);
    }
    if word.contains('@') {
        return Some("its digest names one image, whatever the tag says");
    }
    let (name, tag) = word.rsplit_once(':').unwrap_or((word, ""));
    if tag.contains('$') {
        return Some(VARIABLE);
    }
    to?;
    if !OFFICIAL.contains(&name) {
        return Some("whether that registry has another version is not known");
    }
    let suffix = tag.split_once('-').map_or("", |(_, suffix)| suffix);
    (!CARRIED.contains(&suffix))
        .then_some("whether there is such an image of another version is not known")
}

/// How a version is spelled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// `3.8`, `3.8.10`
    Dotted,
    /// `38`, as in `py38`
    Joined,
    /// `8`, as in `py3{8,9}`
    Minor,
}

struct Spelled {
    kind: Spelling,
    at: Range<usize>,
}

/// Where in a word a release is spelled: behind the name of an image, `python-`, `py` and the like.
fn spelled(word: &str, from: &Release) -> Option<Spelled> {
    let start = match image(word) {
        Some(_) => word.rfind(':')? + 1,
        None => ["cpython-", "python-", "python", "py"]
            .iter()
            .find(|before| word.starts_with(**before))
            .map_or(0, |before| before.len()),
    };
    let rest = word.get(start..)?;
    let Branch(major, minor) = from.branch;
    let spellings = [
        (Spelling::Dotted, from.to_string()),
        (Spelling::Joined, format!("{major}{minor}")),
        (Spelling::Minor, minor.to_string()),
    ];
    spellings.into_iter().find_map(|(kind, text)| {
        let after = rest.strip_prefix(text.as_str())?;
        let goes_on = after.starts_with(|c: char| c.is_ascii_alphanumeric())
            || after
                .strip_prefix('.')
                .is_some_and(|after| after.starts_with(|c: char| c.is_ascii_digit()));
        (!goes_on).then(|| Spelled {
            kind,
            at: start..start + text.len(),
        })
    })
}

/// A word of a line of words, with the space before it.
fn between_spaces(source: &Source, word: &Range<usize>) -> Option<Range<usize>> {
    if file_name(&source.path) != ".tool-versions" {
        return None;
    }
    let before = source.text.get(..word.start)?;
    Some(before.trim_end_matches([' ', '\t']).len()..word.end)
}

/// Whether settings are made for an environment of tox by its name: `[testenv:py38]`, `py38: pytest<8`, `3.8: py38`.
fn is_named_again(text: &str, from: &Release) -> bool {
    let name = format!("py{}{}", from.branch.0, from.branch.1);
    let names = |line: &str| {
        line.split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| word == name)
    };
    text.lines().any(|line| line.contains(':') && names(line))
}
