//! Regular expressions: the functions of `re` and what a match holds.

use std::sync::Arc;

use hognose_python::ir::*;
use hognose_regex::{Flags, Pattern};

use super::super::Interpreter;
use super::super::call::Arguments;
use super::FLAGS;
use crate::shape::{Alphabet, Facts, Part, Stretch, concat, holes, map_holes};
use crate::state::{Kind, Object, State};
use crate::value::{Atom, Symbol, Value, hash_id};

/// The text and the flags of the one compiled pattern that a value is; it may be seen from outside and as what was given, too.
pub(in crate::interpret) fn compiled(
    state: &State,
    value: &Value,
) -> Option<(Value, Option<Value>)> {
    let mut found = None;
    for atom in value.atoms() {
        match atom {
            Atom::Object(id) if found.is_none() => found = state.object(*id),
            Atom::External(_) | Atom::Input(_) => {}
            _ => return None,
        }
    }
    let object = found?;
    let is_pattern = matches!(object.kind, Kind::Holder(class) if class.as_str() == "re.compile()");
    let text = is_pattern.then(|| object.field(Symbol::from("\u{0}text")))??;
    Some((text.clone(), object.field(Symbol::from(FLAGS)).cloned()))
}

/// Groups of a pattern that are told apart.
const MAX_GROUPS: u32 = 16;

impl Interpreter<'_, '_> {
    pub(super) fn re_function(
        &mut self,
        state: &mut State,
        function: &str,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Option<Value> {
        let pattern = arguments.position(0)?;
        // `re.sub(PATTERN, "", x)`, as the method of the compiled pattern.
        if function != "compile"
            && let Some((text, flags)) = compiled(state, &pattern)
        {
            text.known_text()?;
            let mut plain = arguments.clone();
            plain.positional[0] = text;
            if let Some(flags) = flags {
                plain.keywords.push((Symbol::from("flags"), flags));
            }
            return self.re_function(state, function, &plain, expr);
        }
        let flags = match function {
            "match" | "fullmatch" | "search" | "findall" | "finditer" => {
                arguments.either(2, "flags")
            }
            "split" => arguments.either(3, "flags"),
            "sub" | "subn" => arguments.either(4, "flags"),
            _ => None,
        };
        let flags = flags_of(flags.as_ref());
        Some(match function {
            "compile" => {
                let mut object = Object::new(Kind::Holder(Symbol::from("re.compile()")));
                object.set_field(Symbol::from("\u{0}text"), pattern);
                if let Some(flags) = arguments.either(1, "flags") {
                    object.set_field(Symbol::from(FLAGS), flags);
                }
                self.make(state, expr, object)
            }
            "match" | "fullmatch" | "search" => {
                let subject = arguments.either(1, "string")?;
                let object = self.match_object(state, (&pattern, flags), &subject, expr);
                let mut value = self.make(state, expr, object);
                value.add(Atom::None);
                value
            }
            "findall" | "finditer" | "split" => {
                let subject = arguments.either(1, "string")?;
                let group = if function == "split" {
                    self.part_of(state, &subject, expr, Part::Piece)
                } else {
                    self.matched_text(state, (&pattern, flags), None, &subject, expr)
                };
                let mut list = Object::new(Kind::List);
                list.exact = false;
                if function == "finditer" {
                    let object = self.match_object(state, (&pattern, flags), &subject, expr);
                    let site = self.site(expr);
                    let id = self.object_at(site, 62);
                    state.allocate(id, object);
                    list.rest = Atom::Object(id).into();
                } else {
                    list.rest = group;
                }
                self.make(state, expr, list)
            }
            "sub" | "subn" => {
                let replacement = arguments.either(1, "repl")?;
                let subject = arguments.either(2, "string")?;
                let parsed = self.parsed(&pattern, flags);
                let removed = parsed.as_ref().map(Pattern::removed_characters);
                let limited = arguments.either(3, "count").is_some();
                let new = replacement.known_text();
                let by_function = !replacement.is_nothing()
                    && replacement.atoms().iter().all(|atom| match atom {
                        Atom::Function(..) => true,
                        Atom::Object(id) => state
                            .object(*id)
                            .is_some_and(|object| matches!(object.kind, Kind::Closure(..))),
                        _ => false,
                    });
                let mut put_in = None;
                if replacement.atoms().iter().any(|atom| {
                    matches!(
                        atom,
                        Atom::Function(..) | Atom::Object(_) | Atom::External(_)
                    )
                }) {
                    // A function that is given each match.
                    let object = self.match_object(state, (&pattern, flags), &subject, expr);
                    let site = self.site(expr);
                    let id = self.object_at(site, 63);
                    state.allocate(id, object);
                    let given = Arguments::of(&[Atom::Object(id).into()]);
                    put_in = Some(self.call_value(state, &replacement, &given, expr));
                }
                let added = put_in
                    .as_ref()
                    .filter(|_| by_function)
                    .and_then(super::super::condition::alphabet_of);
                let mut value = Value::nothing();
                // Blanks and control characters are taken out of an address by browsers too.
                let blanks = removed.as_ref().is_some_and(|removed| {
                    let ascii = removed.ascii();
                    ascii != 0 && ascii >> 33 == 0
                }) && new.is_some_and(|new| new.as_str().is_empty());
                for text in self.texts_of(state, &subject) {
                    let read = blanks && text.len() == 1;
                    let text = map_holes(&text, |hole| {
                        if let Some(removed) = &removed
                            && !limited
                        {
                            let ascii = removed.ascii();
                            for code in 0..128u8 {
                                if ascii >> code & 1 == 1 {
                                    hole.alphabet =
                                        hole.alphabet.without(&char::from(code).to_string());
                                }
                            }
                        }
                        match new {
                            Some(new) if removed.is_some() && !limited => {
                                hole.alphabet = hole
                                    .alphabet
                                    .union(Alphabet::of(&plain_replacement(new.as_str())));
                            }
                            Some(_) => {}
                            None => {
                                hole.alphabet = match added {
                                    Some(added) if removed.is_some() && !limited => {
                                        hole.alphabet.union(added)
                                    }
                                    _ => Alphabet::ALL,
                                };
                            }
                        }
                        hole.facts = hole.facts.without(Facts::CONTAINED | Facts::NORMALISED);
                        hole.part = read.then_some((Part::AsRead, hole.id));
                        hole.id = hash_id(&(hole.id, expr.0, 24u8));
                    });
                    for hole in holes(&text).filter(|_| read) {
                        self.copies.insert(hole.id, Arc::clone(hole));
                    }
                    value.join(&Value::stretches(concat([text.as_slice()])));
                }
                if replacement.has_holes() {
                    value.join(&replacement);
                }
                if let Some(put_in) = put_in.filter(Value::has_holes) {
                    value.join(&put_in);
                }
                value
            }
            "escape" => {
                let value = pattern;
                self.mapped(state, &value, expr, |hole| {
                    hole.alphabet = hole
                        .alphabet
                        .intersect(Alphabet::word(" -_/'\"<>&%,;:=@`~!"));
                })
            }
            _ => return None,
        })
    }

    /// A pattern that is known.
    pub(in crate::interpret) fn parsed(
        &self,
        pattern: &Value,
        flags: Option<Flags>,
    ) -> Option<Pattern> {
        let text = pattern.known_text()?;
        Pattern::parse(text.as_str(), flags?).ok()
    }

    /// The pattern that a value is, and whether a part of it is not known.
    fn partly_parsed(&self, pattern: &Value, flags: Option<Flags>) -> Option<(Pattern, bool)> {
        if let Some(parsed) = self.parsed(pattern, flags) {
            return Some((parsed, false));
        }
        let [Atom::Text(text)] = pattern.atoms() else {
            return None;
        };
        let mut spelled = String::new();
        for stretch in text.iter() {
            match stretch {
                Stretch::Known(known) => spelled.push_str(known.as_str()),
                // A stranger who writes the pattern chooses what it matches.
                Stretch::Hole(hole) if hole.taints.iter().any(|taint| taint.origin.is_source()) => {
                    return None;
                }
                Stretch::Hole(_) | Stretch::Any | Stretch::Settled => spelled.push(UNKNOWN),
            }
        }
        Pattern::parse(&spelled, flags?)
            .ok()
            .map(|parsed| (parsed, true))
    }

    /// A match with its groups.
    fn match_object(
        &mut self,
        state: &mut State,
        pattern: (&Value, Option<Flags>),
        subject: &Value,
        expr: ExprId,
    ) -> Object {
        let mut object = Object::new(Kind::Holder(Symbol::from("re.Match()")));
        let whole = self.matched_text(state, pattern, Some(0), subject, expr);
        object.set_field(Symbol::from("\u{0}text"), whole.clone());
        object.set_field(super::super::assign::index_name(0), whole.clone());
        let Some((parsed, _)) = self.partly_parsed(pattern.0, pattern.1) else {
            object.rest = whole;
            return object;
        };
        let groups = parsed.ast().groups();
        for group in 1..=groups.min(MAX_GROUPS) {
            let text = self.matched_text(state, pattern, Some(group), subject, expr);
            let number = i32::try_from(group).unwrap_or(i32::MAX);
            for (name, _) in parsed.ast().names().filter(|(_, of)| *of == group) {
                object.set_field(Symbol::from(name), text.clone());
            }
            object.set_field(super::super::assign::index_name(number), text);
        }
        if groups > MAX_GROUPS {
            object.rest = whole;
        }
        object
    }

    /// What a group of a match can hold.
    fn matched_text(
        &mut self,
        state: &mut State,
        (pattern, flags): (&Value, Option<Flags>),
        group: Option<u32>,
        subject: &Value,
        expr: ExprId,
    ) -> Value {
        let group = group.unwrap_or(0);
        let mut alphabet = Alphabet::ALL;
        let mut doubt = 0;
        if let Some((pattern, partly)) = self.partly_parsed(pattern, flags)
            && let Ok(known) = pattern.group_alphabet(group)
        {
            let known = Alphabet::from(known);
            // What is not known may match anything, and is meant to match what the program knows.
            if partly && known.contains(UNKNOWN) && !known.contains(BESIDE) {
                doubt = 1;
            } else {
                alphabet = known;
            }
        }
        let mut value = Value::nothing();
        for text in self.texts_of(state, subject) {
            for hole in holes(&text) {
                let id = hash_id(&(hole.id, expr.0, group, 25u8));
                let mut part = hole.derive(id, Some(Part::Matched));
                part.alphabet = part.alphabet.intersect(alphabet);
                part.doubt = part.doubt.saturating_add(doubt);
                value.join(&Value::hole(part));
            }
        }
        if value.is_nothing() {
            Value::unknown()
        } else {
            value
        }
    }
}

/// Stands in a pattern for a part of it that is not known.
const UNKNOWN: char = '\u{1}';

/// A character that nothing matches beside it but a class of nearly all characters.
const BESIDE: char = '\u{2}';

/// The flags given to a function of `re`; `None` when they are not known.
pub(in crate::interpret) fn flags_of(given: Option<&Value>) -> Option<Flags> {
    match given {
        None => Some(Flags::NONE),
        Some(value) => match value.only() {
            Some(Atom::Int(bits)) => u32::try_from(*bits).ok().map(Flags::from_python),
            _ => None,
        },
    }
}

/// The text of a replacement without references to groups.
fn plain_replacement(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\\' {
            match characters.next() {
                Some('g') => {
                    for skipped in characters.by_ref() {
                        if skipped == '>' {
                            break;
                        }
                    }
                }
                Some(digit) if digit.is_ascii_digit() => {}
                Some(other) => plain.push(other),
                None => {}
            }
        } else {
            plain.push(character);
        }
    }
    plain
}
