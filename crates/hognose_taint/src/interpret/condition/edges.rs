//! What a text begins, ends and consists of, as a condition on it.

use hognose_python::ir::*;

use super::super::Interpreter;
use super::super::call::Arguments;
use crate::shape::{Alphabet, Facts, Hole, Part, Restriction, Stretch};
use crate::state::{Kind, State};
use crate::value::{Atom, Symbol, Value};

impl Interpreter<'_, '_> {
    pub(super) fn assume_method(
        &mut self,
        state: &mut State,
        receiver: &Value,
        name: Symbol,
        arguments: &Arguments,
        outcome: bool,
        test: ExprId,
    ) {
        let first = arguments.position(0).unwrap_or_else(Value::unknown);
        let texty = receiver
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Text(_) | Atom::Input(_)));
        if texty {
            let restriction = match (name.as_str(), outcome) {
                ("isdigit" | "isdecimal" | "isnumeric", true) => {
                    let mut digits = Alphabet::of("0123456789");
                    if name.as_str() != "isdecimal" {
                        digits = digits.union(Alphabet::NONE);
                    }
                    Some(Restriction::alphabet(digits))
                }
                ("isalpha" | "isalnum", true) => Some(Restriction::alphabet(Alphabet::word(""))),
                ("isidentifier", true) => Some(Restriction::alphabet(Alphabet::word("_"))),
                ("isascii", true) => Some(Restriction::alphabet(ascii())),
                ("isspace", true) => Some(Restriction::alphabet(Alphabet::of(" \t\n\r\u{b}\u{c}"))),
                _ => None,
            };
            if let Some(restriction) = restriction {
                self.restrict_value(state, receiver, restriction);
                return;
            }
            if name.as_str() == "count"
                && !outcome
                && let Some(needle) = first.known_text()
            {
                self.assume_without(state, receiver, needle.as_str());
                return;
            }
            if matches!(name.as_str(), "startswith" | "endswith") {
                self.assume_edge(
                    state,
                    receiver,
                    &first,
                    name.as_str() == "startswith",
                    outcome,
                );
                return;
            }
        }
        for atom in receiver.atoms().to_vec() {
            match &atom {
                Atom::External(path) => {
                    if path.as_str() == "pathlib.Path()" {
                        match (name.as_str(), outcome) {
                            ("is_relative_to", true) => self.contained(state, receiver, &first),
                            ("samefile", true) => self.same_file(state, receiver, &first),
                            ("is_absolute", false) => {
                                self.restrict_value(
                                    state,
                                    receiver,
                                    Restriction::facts(Facts::NOT_ABSOLUTE),
                                );
                            }
                            _ => {}
                        }
                        continue;
                    }
                    let path = self.values.path_of_attribute(*path, name);
                    self.assume_external(state, path, Some(receiver), arguments, outcome);
                }
                Atom::Object(id) => {
                    let Some(object) = state.object(*id).cloned() else {
                        continue;
                    };
                    match object.kind {
                        Kind::Holder(class) if class.as_str() == "re.compile()" => {
                            let pattern = object
                                .field(Symbol::from("\u{0}text"))
                                .cloned()
                                .unwrap_or_else(Value::unknown);
                            let flags = super::super::native::flags_of(
                                object.field(Symbol::from("\u{0}flags")),
                            );
                            let pattern = (&pattern, flags);
                            self.assume_match(state, pattern, &first, name.as_str(), outcome);
                        }
                        Kind::Holder(class) => {
                            let path = self.values.path_of_attribute(class, name);
                            self.assume_external(state, path, Some(receiver), arguments, outcome);
                        }
                        Kind::Instance(module, class) => {
                            let of = Atom::Instance(module, class);
                            if let Some((at, function)) = self.method_of(&of, name) {
                                let bound = self.bound_arguments(
                                    at,
                                    function,
                                    atom.clone().into(),
                                    (module, class),
                                    arguments,
                                );
                                self.assume_summary(state, at, function, &bound, outcome, test);
                            }
                        }
                        Kind::Dict | Kind::Set | Kind::List
                            if matches!(name.as_str(), "get" | "__contains__" | "count")
                                && outcome =>
                        {
                            // `if TABLE.get(x):` the key is there.
                            self.assume_inside(state, &first, &atom.clone().into(), true);
                        }
                        Kind::Set if name.as_str() == "issuperset" && outcome => {
                            self.assume_inside(state, &first, &atom.clone().into(), true);
                        }
                        _ => {}
                    }
                }
                Atom::Instance(module, class) | Atom::Class(module, class) => {
                    if let Some((at, function)) = self.method_of(&atom, name) {
                        let bound = self.bound_arguments(
                            at,
                            function,
                            atom.clone().into(),
                            (*module, *class),
                            arguments,
                        );
                        self.assume_summary(state, at, function, &bound, outcome, test);
                    }
                }
                Atom::Module(module) => {
                    let member = self.module_variable(state, *module, name);
                    if let Some(Atom::Function(at, function)) = member.only() {
                        self.assume_summary(state, *at, *function, arguments, outcome, test);
                    }
                }
                _ => {}
            }
        }
    }

    /// `text.startswith(front)`, `text.endswith(back)`.
    fn assume_edge(
        &mut self,
        state: &mut State,
        receiver: &Value,
        edge: &Value,
        starts: bool,
        outcome: bool,
    ) {
        if edge.has_holes() && !outcome {
            return;
        }
        // One of several.
        let mut texts: Vec<Value> = Vec::new();
        for atom in edge.atoms() {
            match atom {
                Atom::Object(id) => {
                    if let Some(object) = state.object(*id) {
                        texts.extend(object.items.iter().cloned());
                        if !object.rest.is_nothing() {
                            texts.push(object.rest.clone());
                        }
                    }
                }
                other => texts.push(other.clone().into()),
            }
        }
        if !outcome {
            for text in texts.iter().filter(|_| starts) {
                let known = text.known_text();
                let facts = match known.as_ref().map(|text| text.as_str()) {
                    Some("-") => Facts::NOT_OPTION,
                    Some("/") => {
                        Facts::NOT_ABSOLUTE | Facts::NO_TWO_SLASHES | Facts::NO_SLASH_BACKSLASH
                    }
                    Some("//") => Facts::NO_TWO_SLASHES,
                    Some("/\\") => Facts::NO_SLASH_BACKSLASH,
                    Some(".." | "../") => {
                        self.not_above(state, receiver);
                        continue;
                    }
                    _ => continue,
                };
                self.restrict_value(state, receiver, Restriction::facts(facts));
            }
            return;
        }
        if !starts {
            // `host.endswith(".example.com")`: a host of that domain.
            let domain = |text: &Value| {
                text.known_text().is_some_and(|text| {
                    let text = text.as_str();
                    text.starts_with('.') && text.len() > 1
                })
            };
            if !texts.is_empty() && texts.iter().all(domain) {
                for hole in receiver.holes() {
                    if let Some((Part::Host, whole)) = hole.part {
                        self.restrict_url(state, whole, Facts::HOST_CHECKED);
                    }
                }
            }
            return;
        }
        // A resolved path that begins with a directory: inside of it, or in one whose name begins so; the latter only where no
        // separator is asked for. The former is what is meant, and what is left open is small.
        let known: Vec<String> = texts
            .iter()
            .filter_map(|text| text.known_text().map(|text| text.as_str().to_owned()))
            .collect();
        let all_known = known.len() == texts.len() && !known.is_empty();
        if all_known {
            let facts = known.iter().map(|text| begins_with(text));
            if let Some(facts) = facts.reduce(Facts::join) {
                self.restrict_value(state, receiver, Restriction::facts(facts));
            }
        }
        if all_known && known.iter().all(|text| host_is_fixed(text)) {
            self.restrict_value(
                state,
                receiver,
                Restriction::facts(Facts::HOST_CHECKED | Facts::SCHEME_CHECKED),
            );
            return;
        }
        if all_known
            && known
                .iter()
                .all(|text| text == "http://" || text == "https://" || text == "http")
        {
            self.restrict_value(state, receiver, Restriction::facts(Facts::SCHEME_CHECKED));
            return;
        }
        if all_known
            && known
                .iter()
                .all(|text| super::super::native::is_path_of_host(text))
        {
            self.restrict_value(
                state,
                receiver,
                Restriction::facts(Facts::RELATIVE | Facts::SCHEME_CHECKED),
            );
        }
        if all_known && known.iter().all(|text| text == "/") {
            self.restrict_value(state, receiver, Restriction::facts(Facts::SLASH));
            return;
        }
        // The name of the directory has to end there: `/srv/books` is the beginning of `/srv/books-of-others`, too.
        let ends = |this: &mut Self, state: &mut State, front: &Value| {
            let texts = this.texts_of(state, front);
            texts.iter().all(|text| match text.last() {
                Some(Stretch::Known(known)) => known.as_str().ends_with(['/', '\\']),
                _ => true,
            })
        };
        if !edge.is_nothing() && texts.iter().all(|front| ends(self, state, front)) {
            self.contained(state, receiver, edge);
        }
    }

    /// `not relpath(path, base).startswith("..")`.
    fn not_above(&mut self, state: &mut State, relative: &Value) {
        for hole in relative.holes() {
            if let Some((Part::Relative, whole)) = hole.part {
                self.restrict_resolved(state, whole, Restriction::facts(Facts::CONTAINED));
            }
            // What is left of `..` stands at the beginning.
            if hole.facts.has(Facts::NORMALISED) {
                state.restrict(hole.id, Restriction::facts(Facts::NO_DOTS));
            }
        }
    }

    /// A path that lies below a trusted one, when it is resolved.
    pub(in crate::interpret) fn contained(
        &mut self,
        state: &mut State,
        path: &Value,
        base: &Value,
    ) {
        let above = self.deep_holes(state, base);
        if !self.is_chosen(&above) {
            return;
        }
        for hole in path.holes() {
            if base.holes().iter().any(|other| other.id == hole.id) {
                continue;
            }
            if is_resolved(&hole) {
                state.restrict(hole.id, Restriction::facts(Facts::CONTAINED));
                if let Some((Part::Resolved | Part::Form, whole)) = hole.part {
                    state.restrict(whole, Restriction::facts(Facts::CONTAINED));
                }
            }
        }
    }
}

/// What holds of a text that begins with a known one, by the first character of that.
pub(super) fn begins_with(front: &str) -> Facts {
    let mut facts = Facts::NONE;
    let Some(first) = front.chars().next() else {
        return facts;
    };
    if first == '/' {
        facts |= Facts::SLASH;
    } else {
        facts |= Facts::NOT_ABSOLUTE | Facts::NO_TWO_SLASHES | Facts::NO_SLASH_BACKSLASH;
    }
    if first != '-' {
        facts |= Facts::NOT_OPTION;
    }
    if first != '\\' {
        facts |= Facts::NO_BACKSLASH;
    }
    facts
}

/// Whether `..` cannot lead out of a path any more.
pub(super) fn is_resolved(hole: &Hole) -> bool {
    hole.facts.has(Facts::NORMALISED) || hole.facts.has(Facts::NO_DOTS)
}

/// A text after which the host of a URL is fixed.
pub(crate) fn host_is_fixed(front: &str) -> bool {
    front.split_once("://").is_some_and(|(scheme, rest)| {
        !scheme.is_empty() && rest.find(['/', '?', '#']).is_some_and(|at| at > 0)
    })
}

fn ascii() -> Alphabet {
    let mut all = String::new();
    for code in 0..128u8 {
        all.push(char::from(code));
    }
    Alphabet::of(&all)
}
