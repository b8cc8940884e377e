//! Parameters of public functions as sources: what strangers to a distribution may hand it, through whoever imports it.
//!
//! A function that runs the command it is given does what it says. A finding is only where the caller cannot see what happens:
//! the parameter becomes part of a text whose frame the function wrote, or is read as something that can act.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use hognose_python::ir::*;
use hognose_python::{Evaluator, ModuleId, Project};
use hognose_taint::Analysis;
use hognose_taint::model::Need;
use hognose_taint::need::{harms, quote_before};
use hognose_taint::shape::{Facts, Hole, Stretch};
use hognose_taint::summary::{Reach, SinkRef};
use hognose_taint::value::{Atom, Key, Origin, Place, Root, Symbol, Trail};

use super::threat::ThreatModel;
use crate::names;
use crate::registry::Registry;

/// A parameter that reaches a sink.
pub(crate) struct Handed<'a> {
    pub(crate) reach: &'a Reach,
    /// The parameter.
    pub(crate) place: Place,
    /// In words.
    pub(crate) what: String,
    pub(crate) trail: Trail,
    pub(crate) doubt: u8,
    /// A smell rather than a defect.
    pub(crate) partial: bool,
}

/// A flow from a public function, and how near and sure it is.
type Ranked<'a> = ((u8, Reverse<u8>), Handed<'a>);

/// For each sink and rule the public function nearest to it.
pub(crate) fn handed<'a>(
    registry: &Registry,
    project: &Project,
    analysis: &'a Analysis,
    threat: &ThreatModel,
) -> BTreeMap<(Place, u8), Handed<'a>> {
    let rules = &registry.flows.models.rules;
    let mut values = Evaluator::new(project, &registry.aliases);
    let mut best: BTreeMap<(Place, u8), Ranked<'a>> = BTreeMap::new();
    let mut functions: Vec<_> = analysis.reaches.iter().collect();
    functions.sort_by_key(|(module, function, _)| {
        let home = project.module(*module);
        (&home.file, home[*function].range.start())
    });
    for (module, function, reaches) in functions {
        if !is_public(project, threat, *module, *function) {
            continue;
        }
        for reach in reaches {
            let rule = &rules[usize::from(reach.sink.rule)];
            // A host or a file of the caller's choice, as a whole: what such functions are for.
            let whole = reach.sink.need == Need::Any && matches!(rule.need, Need::Url | Need::Path);
            if !rule.library || whole {
                continue;
            }
            let key = (reach.place, reach.sink.rule);
            let rank = (reach.depth, Reverse(reach.sink.confidence));
            if best.get(&key).is_some_and(|(known, _)| *known <= rank) {
                continue;
            }
            if let Some(handed) = judge(project, &mut values, *module, *function, reach) {
                best.insert(key, (rank, handed));
            }
        }
    }
    best.into_iter()
        .map(|(key, (_, handed))| (key, handed))
        .collect()
}

/// Whether users of the distribution call a function: no part of its name is private, and nothing but classes is around it.
fn is_public(
    project: &Project,
    threat: &ThreatModel,
    module: ModuleId,
    function: FunctionId,
) -> bool {
    let home = project.module(module);
    let data = &home[function];
    let name = data.name.as_str();
    let called = !name.starts_with(['_', '<']) || matches!(name, "__init__" | "__call__");
    if !called
        || name == "main"
        || is_script(project, home)
        || !threat.is_public(home)
        || home
            .name
            .as_str()
            .split('.')
            .any(|part| part.starts_with('_'))
    {
        return false;
    }
    let mut around = data.parent;
    loop {
        match home[around].kind {
            ScopeKind::Module => return true,
            ScopeKind::Function(_) => return false,
            ScopeKind::Class(class) => {
                if home[class].name.as_str().starts_with('_') {
                    return false;
                }
                around = home[class].parent;
            }
        }
    }
}

/// Whether a file is there to be run: it does something only then, and stands in a directory that is no package.
fn is_script(project: &Project, home: &Module) -> bool {
    let Some((directory, _)) = home.file.rsplit_once('/') else {
        return false;
    };
    let runs = |stmt: &StmtId| {
        let Stmt::If { test, .. } = home[*stmt] else {
            return false;
        };
        let Expr::Compare { left, right, .. } = home[test] else {
            return false;
        };
        [left, right]
            .iter()
            .any(|side| matches!(home[*side], Expr::Str(text) if home.str(text) == "__main__"))
    };
    home.name.as_str().contains('.')
        && home.block(home.body).iter().any(runs)
        && project
            .by_file(&format!("{directory}/__init__.py"))
            .is_none()
}

/// Whether what a parameter does at a sink is more than its caller asks for.
fn judge<'a>(
    project: &Project,
    values: &mut Evaluator<'_>,
    module: ModuleId,
    function: FunctionId,
    reach: &'a Reach,
) -> Option<Handed<'a>> {
    let home = project.module(module);
    let data = &home[function];
    if is_waived(home, data) {
        return None;
    }
    let receiver = usize::from(
        data.class
            .is_some_and(|class| values.receiver(module, function, class).is_some()),
    );
    for atom in reach.value.atoms() {
        let text = match atom {
            Atom::Text(text) => text.to_vec(),
            Atom::Input(path) => vec![Stretch::Hole(std::sync::Arc::new(
                hognose_taint::value::input_hole(path),
            ))],
            _ => continue,
        };
        let open = harms(reach.sink.need, reach.sink.rule, &text);
        for (at, stretch) in text.iter().enumerate() {
            let Stretch::Hole(hole) = stretch else {
                continue;
            };
            let Some(harm) = open
                .iter()
                .find(|harm| std::sync::Arc::ptr_eq(&harm.hole, hole))
            else {
                continue;
            };
            for taint in &hole.taints {
                let Origin::Input(path) = &taint.origin else {
                    continue;
                };
                let Root::Param(number) = path.root else {
                    continue;
                };
                let number = usize::from(number);
                // What an object given has for attributes is the caller's own; a value in a statement is data all the same.
                let foreign = reach.sink.need == Need::Sql
                    || !path.keys.iter().any(|key| matches!(key, Key::Attr(_)));
                let Some(param) = data
                    .params
                    .get(number)
                    .filter(|_| number >= receiver && foreign)
                else {
                    continue;
                };
                let class = data.class.map(|class| home[class].name);
                let alone = text.len() == 1 && hole.id == path.id();
                let asked = alone && asked_for(reach, data, class);
                // What the object has of itself is as good as the program's own.
                let own = |hole: &Hole| {
                    let mut origins = hole.taints.iter().map(|taint| &taint.origin);
                    origins.all(|origin| matches!(origin, Origin::Input(path)
                        if matches!(path.root, Root::Param(number) if usize::from(number) < receiver)))
                };
                let front: Vec<Stretch> = text[..at]
                    .iter()
                    .map(|stretch| match stretch {
                        Stretch::Hole(hole) if own(hole) => Stretch::Any,
                        other => other.clone(),
                    })
                    .collect();
                let around = (front.as_slice(), &text[at + 1..]);
                let Some(smell) = framed(reach.sink, around, hole, harm.partial, asked) else {
                    continue;
                };
                // What an object is made with is set up by whoever imports it; what its methods are given comes and goes.
                let set_up = class.is_some() && data.name.as_str() == "__init__";
                if hole.doubt > 1 {
                    continue;
                }
                let name = class.filter(|_| set_up).unwrap_or(data.name);
                return Some(Handed {
                    reach,
                    place: Place::new(module, home[param.def].range),
                    what: format!(
                        "the parameter `{}` of the public function `{name}`",
                        param.name
                    ),
                    trail: taint.trail.clone(),
                    doubt: hole.doubt,
                    partial: smell || set_up || hole.doubt > 0,
                });
            }
        }
    }
    None
}

/// Whether callers must ask for what a function does: it raises unless a parameter that is false by itself is set.
fn is_waived(home: &Module, function: &Function) -> bool {
    home.block(function.body).iter().any(|stmt| {
        let Stmt::If { test, body, .. } = home[*stmt] else {
            return false;
        };
        let Expr::Unary {
            op: UnaryOp::Not,
            operand,
        } = home[test]
        else {
            return false;
        };
        let Expr::Name { def, .. } = home[operand] else {
            return false;
        };
        let raises = home.block(body).last();
        raises.is_some_and(|last| matches!(home[*last], Stmt::Raise { .. }))
            && function.params.iter().any(|param| {
                param.def == def
                    && param
                        .default
                        .is_some_and(|default| home[default] == Expr::Bool(false))
            })
    })
}

/// Whether the function or its class says by its name that it does this with what it is given.
fn asked_for(reach: &Reach, function: &Function, class: Option<Symbol>) -> bool {
    // `def loads(text): return pickle.loads(text)`, `def load_pickle(file)`.
    let name = function.name.as_str();
    let callee: Vec<&str> = reach
        .callee
        .as_str()
        .split(['.', '(', ')', '[', ']'])
        .filter(|part| !part.is_empty() && *part != "builtins")
        .collect();
    if callee.last() == Some(&name) {
        return true;
    }
    let mut said = names::words(name);
    said.extend(class.iter().flat_map(|class| names::words(class.as_str())));
    let format = callee.split_last().map_or(&[][..], |(_, front)| front);
    said.iter().any(|word| {
        format.contains(&word.as_str())
            || format
                .iter()
                .any(|part| word.strip_prefix("un") == Some(*part))
    })
}

/// Whether a parameter becomes part of something the function wrote, or is read as what can act; `Some(true)` for a smell.
fn framed(
    sink: SinkRef,
    (front, back): (&[Stretch], &[Stretch]),
    hole: &Hole,
    partial: bool,
    asked: bool,
) -> Option<bool> {
    match sink.need {
        Need::Sql => is_sql_value(front).then_some(false),
        // The program is the function's, an argument of it the caller's.
        Need::Shell => is_argument(front).then_some(false),
        // Below a directory. Libraries open what they are told to: only a review can say whether this one should. But who gives
        // the name of something that is kept in a file of the program's own does not speak of files at all.
        Need::Path => (!front.is_empty() || hole.facts.has(Facts::JOINED))
            .then(|| !names_own_file(front, back)),
        // Of which program it may be an option has to be known for sure.
        Need::Argument => Some(sink.confidence < SURE),
        Need::Url => partial.then_some(true),
        Need::Xpath | Need::Ldap | Need::LdapDn => has_words(front).then_some(false),
        // A function that is given a program or a template is for running it. What it puts into its own is a value or a name,
        // or else an expression, as in `help(%s)`.
        Need::Code => has_words(front).then(|| !is_code_value(front)),
        Need::Template => has_words(front).then_some(false),
        Need::Any => (!asked).then_some(false),
        _ => None,
    }
}

/// Whether a place of a program is inside of a literal, or the rest of a name.
fn is_code_value(front: &[Stretch]) -> bool {
    let names =
        |known: &str| known.ends_with(|last: char| last.is_alphanumeric() || "_.".contains(last));
    quote_before(front).is_some()
        || matches!(front.last(), Some(Stretch::Known(known)) if names(known.as_str()))
}

/// Whether a place of a shell's command comes after its program: `cd there && x` runs what it is given.
fn is_argument(front: &[Stretch]) -> bool {
    let mut words = false;
    for stretch in front {
        match stretch {
            Stretch::Known(known) => {
                let last = known.as_str().rsplit([';', '&', '|', '(', '\n']).next();
                let last = last.unwrap_or_default();
                words = !last.trim().is_empty() || words && last.len() == known.as_str().len();
            }
            _ => words = true,
        }
    }
    words && has_words(front)
}

/// The confidence of a sink that no model lowers.
const SURE: u8 = 2;

/// Whether a path is a file with an extension in a directory that no caller has a say in.
fn names_own_file(front: &[Stretch], back: &[Stretch]) -> bool {
    let own = !front.is_empty()
        && !begins_inside_a_name(front)
        && !front
            .iter()
            .any(|stretch| matches!(stretch, Stretch::Hole(_)));
    let extension = matches!(back, [Stretch::Known(known)] if known.as_str().starts_with('.'));
    own && extension
}

/// Whether what follows is the rest of a file's name: `../` leads out of `job_` only where a directory of that name stands.
fn begins_inside_a_name(front: &[Stretch]) -> bool {
    let Some(Stretch::Known(known)) = front.last() else {
        return false;
    };
    let name = known.as_str().rsplit(['/', '\\']).next();
    !matches!(name, None | Some("" | "." | ".."))
}

/// Whether known text that is more than blanks stands before.
fn has_words(front: &[Stretch]) -> bool {
    front.iter().any(
        |stretch| matches!(stretch, Stretch::Known(known) if !known.as_str().trim().is_empty()),
    )
}

/// Whether a place of a statement is one for a value, not for a name or a clause that callers write themselves.
fn is_sql_value(front: &[Stretch]) -> bool {
    if !has_words(front) {
        return false;
    }
    let mut before = String::new();
    for stretch in front {
        match stretch {
            Stretch::Known(known) => before.push_str(known.as_str()),
            _ => before.push('x'),
        }
    }
    let before = match quote_before(front) {
        Some('\'') => return true,
        Some(quote) => before.rsplit_once(quote).map_or("", |(front, _)| front),
        None => before.as_str(),
    };
    is_value_place(before, true)
}

/// The same, by the text before it; `list`: inside of parentheses what is before them counts.
fn is_value_place(before: &str, list: bool) -> bool {
    let before = before.trim_end();
    if before.ends_with(['=', '<', '>']) {
        return true;
    }
    if list && before.ends_with([',', '(']) {
        return before
            .rfind('(')
            .is_some_and(|at| is_value_place(&before[..at], false));
    }
    let word: String = before
        .chars()
        .rev()
        .take_while(char::is_ascii_alphabetic)
        .collect();
    let word: String = word.chars().rev().collect();
    matches!(
        word.to_ascii_uppercase().as_str(),
        "LIKE" | "ILIKE" | "IN" | "VALUES" | "LIMIT" | "OFFSET" | "BETWEEN" | "REGEXP" | "RLIKE"
    )
}

#[cfg(test)]
mod tests {
    use super::is_value_place;

    #[test]
    fn values_and_names_of_statements() {
        for before in [
            "SELECT a FROM b WHERE c = ",
            "SELECT a FROM b WHERE c LIKE ",
            "SELECT a FROM b WHERE c IN (",
            "INSERT INTO a VALUES (1, ",
            "SELECT a FROM b LIMIT ",
        ] {
            assert!(is_value_place(before, true), "{before}");
        }
        for before in [
            "SELECT ",
            "SELECT a FROM ",
            "SELECT a, ",
            "CREATE TABLE a (",
            "SELECT a FROM b WHERE ",
            "SELECT a FROM b ORDER BY ",
        ] {
            assert!(!is_value_place(before, true), "{before}");
        }
    }
}
