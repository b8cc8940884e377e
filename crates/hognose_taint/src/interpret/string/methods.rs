//! Methods of texts.

use std::sync::Arc;

use hognose_python::ir::*;

use super::super::Interpreter;
use super::super::call::Arguments;
use super::is_string_method;
use crate::shape::{Alphabet, Facts, Part, Stretch, add_taints, collapse, concat, map_holes, push};
use crate::state::{Kind, Object, State};
use crate::value::{Atom, Symbol, Value, hash_id};

impl Interpreter<'_, '_> {
    /// A method of a text; `None` when texts have no such method.
    pub(in crate::interpret) fn text_method(
        &mut self,
        state: &mut State,
        receiver: &Atom,
        name: Symbol,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Option<Value> {
        if !is_string_method(name) {
            return None;
        }
        let value: Value = receiver.clone().into();
        Some(match name.as_str() {
            "format" => {
                if value.has_holes() && !is_plain(arguments) {
                    self.check_format(state, &value, expr);
                }
                self.format(state, &value, arguments, expr)
            }
            "format_map" => {
                if value.has_holes() {
                    self.check_format(state, &value, expr);
                }
                let map = Arguments {
                    double_star: arguments.position(0),
                    ..Arguments::default()
                };
                self.format(state, &value, &map, expr)
            }
            "join" => self.join_text(state, &value, arguments, expr),
            "replace" => self.replace(state, &value, arguments, expr),
            "lower" | "upper" | "casefold" | "swapcase" | "title" | "capitalize" => {
                let change = |text: &str| match name.as_str() {
                    "upper" => text.to_uppercase(),
                    "lower" | "casefold" => text.to_lowercase(),
                    _ => text.to_owned(),
                };
                self.changed(state, &value, expr, Part::Form, change, Alphabet::any_case)
            }
            "strip" | "lstrip" | "rstrip" => {
                let characters = arguments.position(0);
                let known = match &characters {
                    None => Some(" \t\n\r\u{b}\u{c}".to_owned()),
                    Some(value) => value.known_text().map(|text| text.as_str().to_owned()),
                };
                let mut result = Value::nothing();
                for text in self.texts_of(state, &value) {
                    result.join(&strip_text(&text, name.as_str(), known.as_deref()));
                }
                result
            }
            "removeprefix" | "removesuffix" | "expandtabs" => self.changed(
                state,
                &value,
                expr,
                Part::Piece,
                str::to_owned,
                |alphabet| alphabet,
            ),
            "center" | "ljust" | "rjust" | "zfill" => value,
            "encode" | "decode" => {
                if let Some(encoding) = arguments.position(0).and_then(|value| value.known_text())
                    && matches!(
                        encoding.as_str(),
                        "idna" | "punycode" | "hex" | "base64" | "unicode_escape"
                    )
                {
                    return Some(self.changed(
                        state,
                        &value,
                        expr,
                        Part::Form,
                        str::to_owned,
                        |_| Alphabet::ALL,
                    ));
                }
                value
            }
            "hex" => Atom::Scalar.into(),
            "translate" => self.changed(state, &value, expr, Part::Piece, str::to_owned, |_| {
                Alphabet::ALL
            }),
            "split" | "rsplit" | "splitlines" | "partition" | "rpartition" => {
                self.split(state, &value, name.as_str(), arguments, expr)
            }
            "startswith" | "endswith" => {
                self.starts_or_ends(&value, name.as_str() == "startswith", arguments)
            }
            // Questions and positions: what they say is read off by conditions.
            _ => match (name.as_str(), value.known_text()) {
                ("isdigit" | "isdecimal" | "isnumeric", Some(text)) => {
                    let text = text.as_str();
                    Atom::Bool(!text.is_empty() && text.chars().all(char::is_numeric)).into()
                }
                ("isalnum", Some(text)) => {
                    let text = text.as_str();
                    Atom::Bool(!text.is_empty() && text.chars().all(char::is_alphanumeric)).into()
                }
                _ => Atom::Scalar.into(),
            },
        })
    }

    fn starts_or_ends(&mut self, value: &Value, starts: bool, arguments: &Arguments) -> Value {
        if let Some(expected) = arguments.position(0).and_then(|value| value.known_text()) {
            match value.only() {
                Some(Atom::Str(text)) => {
                    let text = text.as_str();
                    return Atom::Bool(if starts {
                        text.starts_with(expected.as_str())
                    } else {
                        text.ends_with(expected.as_str())
                    })
                    .into();
                }
                Some(Atom::Text(text)) => {
                    let edge = if starts { text.first() } else { text.last() };
                    if let Some(Stretch::Known(known)) = edge
                        && known.as_str().len() >= expected.as_str().len()
                    {
                        let known = known.as_str();
                        return Atom::Bool(if starts {
                            known.starts_with(expected.as_str())
                        } else {
                            known.ends_with(expected.as_str())
                        })
                        .into();
                    }
                }
                _ => {}
            }
        }
        Atom::Scalar.into()
    }

    /// A text whose characters are changed one by one.
    pub(in crate::interpret) fn changed(
        &mut self,
        state: &mut State,
        value: &Value,
        expr: ExprId,
        part: Part,
        known: impl Fn(&str) -> String,
        alphabet: impl Fn(Alphabet) -> Alphabet,
    ) -> Value {
        let mut result = Value::nothing();
        for text in self.texts_of(state, value) {
            let mut changed = Vec::new();
            let single = text.len() == 1;
            for stretch in &text {
                push(
                    &mut changed,
                    match stretch {
                        Stretch::Known(text) => Stretch::Known(Symbol::from(known(text.as_str()))),
                        Stretch::Hole(whole) => {
                            let mut hole = (**whole).clone();
                            hole.alphabet = alphabet(hole.alphabet);
                            // What is found of the form holds of what it is a form of, and of what that is a part of.
                            if part == Part::Form && hole.part.is_some() {
                                self.copies.insert(hole.id, Arc::clone(whole));
                            }
                            hole.part = single.then_some((part, hole.id));
                            hole.id = hash_id(&(hole.id, expr.0, 5u8));
                            Stretch::Hole(Arc::new(hole))
                        }
                        Stretch::Any => Stretch::Any,
                        Stretch::Settled => Stretch::Settled,
                    },
                );
            }
            result.join(&Value::stretches(changed));
        }
        result
    }

    pub(super) fn replace(
        &mut self,
        state: &mut State,
        value: &Value,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Value {
        let old = arguments.position(0).and_then(|value| value.known_text());
        let new_value = arguments.position(1).unwrap_or_else(Value::unknown);
        let new = new_value.known_text();
        let limited = arguments.position(2).is_some();
        let inserted = self.all_holes(state, std::slice::from_ref(&new_value));
        // What is put in and not known is of the program's choice.
        let put_in = match new {
            Some(new) => Alphabet::of(new.as_str()),
            None => inserted
                .iter()
                .fold(Alphabet::NONE, |all, hole| all.union(hole.alphabet)),
        };
        let mut result = Value::nothing();
        for text in self.texts_of(state, value) {
            let mut changed: Vec<Stretch> = Vec::new();
            for stretch in &text {
                match (stretch, old) {
                    (Stretch::Known(known), Some(old)) if !old.as_str().is_empty() => match new {
                        Some(new) => push(
                            &mut changed,
                            Stretch::Known(Symbol::from(
                                known.as_str().replace(old.as_str(), new.as_str()),
                            )),
                        ),
                        None => {
                            // The text put in for a word: a template filled by hand.
                            let news = self.texts_of(state, &new_value);
                            let new = match news.as_slice() {
                                [one] => one.clone(),
                                many => collapse(&many.concat()),
                            };
                            for (number, piece) in known.as_str().split(old.as_str()).enumerate() {
                                if number > 0 {
                                    for stretch in &new {
                                        push(&mut changed, stretch.clone());
                                    }
                                }
                                push(&mut changed, Stretch::Known(Symbol::from(piece)));
                            }
                        }
                    },
                    (Stretch::Hole(hole), _) => {
                        let mut hole = (**hole).clone();
                        let mut alphabet = hole.alphabet;
                        match (old, new) {
                            // What cannot stand in the hole is not replaced in it, but for the one that its end and the known
                            // text beside it may make together.
                            (Some(old), _)
                                if text.len() == 1 && !can_hold(alphabet, old.as_str()) => {}
                            (Some(old), Some(new)) if !limited => {
                                let (old, new) = (old.as_str(), new.as_str());
                                if old.chars().count() == 1 && !new.contains(old) {
                                    alphabet = alphabet.without(old);
                                }
                                alphabet = alphabet.union(
                                    if new.is_empty() || hole.alphabet.contains_any(old) {
                                        Alphabet::of(new)
                                    } else {
                                        Alphabet::NONE
                                    },
                                );
                                // Doubling a quote, or a backslash before it, is the escape of the language at hand.
                                if is_escape_of(old, new) {
                                    alphabet = hole.alphabet.without(old);
                                }
                                if old == ".." || old == "../" {
                                    // Taking it out once leaves what it was hidden in: "....//".
                                    alphabet = hole.alphabet;
                                }
                            }
                            _ => alphabet = alphabet.union(put_in),
                        }
                        // As unsure as it is what is put in is what it may hold besides.
                        if alphabet != hole.alphabet
                            && let Some(doubt) = inserted.iter().map(|other| other.doubt).min()
                        {
                            hole.doubt = hole.doubt.max(doubt);
                        }
                        hole.alphabet = alphabet;
                        for other in &inserted {
                            add_taints(&mut hole.taints, &other.taints);
                        }
                        let read = text.len() == 1
                            && inserted.is_empty()
                            && matches!((old, new), (Some(old), Some(new)) if is_read_so(old.as_str(), new.as_str()));
                        hole.part = read.then_some((Part::AsRead, hole.id));
                        hole.id = hash_id(&(hole.id, expr.0, 8u8));
                        hole.facts = hole
                            .facts
                            .without(Facts::CONTAINED | Facts::NORMALISED | Facts::NO_DOTS);
                        let hole = Arc::new(hole);
                        if read {
                            self.copies.insert(hole.id, Arc::clone(&hole));
                        }
                        changed.push(Stretch::Hole(hole));
                    }
                    (other, _) => changed.push(other.clone()),
                }
            }
            if !inserted.is_empty()
                && !crate::shape::holes(&changed).any(|hole| {
                    inserted.iter().any(|other| {
                        other.taints.iter().any(|taint| {
                            hole.taints.iter().any(|known| known.origin == taint.origin)
                        })
                    })
                })
            {
                let id = self.site(expr);
                if let Some(hole) = self.blend(&inserted, id, Alphabet::ALL, 0, |_| {}) {
                    changed.push(Stretch::Hole(Arc::new(hole)));
                }
            }
            result.join(&Value::stretches(changed));
        }
        result
    }

    fn join_text(
        &mut self,
        state: &mut State,
        separator: &Value,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Value {
        let Some(parts) = arguments.position(0) else {
            return Value::unknown();
        };
        // `base.join(URL(path))`: what is no constant and joins a text is an address.
        if separator.known_text().is_none()
            && parts
                .atoms()
                .iter()
                .all(|atom| matches!(atom, Atom::Text(_) | Atom::Str(_) | Atom::External(_)))
            && parts.has_holes()
        {
            let path = Symbol::from("urllib.parse.urljoin");
            let both = Arguments::of(&[separator.clone(), parts.clone()]);
            if let Some(joined) = self.native(state, path, None, &both, expr) {
                return joined;
            }
        }
        // Of a display every element is known, and where it stands.
        if let Some(Atom::Object(id)) = parts.only()
            && let Some(object) = state.object(*id).cloned()
            && object.exact
            && matches!(object.kind, Kind::List | Kind::Tuple)
        {
            let mut values = Vec::new();
            for (number, item) in object.items.iter().enumerate() {
                if number > 0 {
                    values.push(separator.clone());
                }
                values.push(item.clone());
            }
            if values.is_empty() {
                return Value::text("");
            }
            let mut text = self.joined_texts(state, &values);
            if !object.rest.is_nothing() {
                let more = self.joined_texts(
                    state,
                    &[text.clone(), separator.clone(), object.rest.clone()],
                );
                text.join(&more);
            }
            return text;
        }
        let element = self.iterated(state, &parts, expr);
        // With nothing between them any number of elements is a text of their characters, of which nothing else is known.
        if separator
            .known_text()
            .is_some_and(|text| text.as_str().is_empty())
        {
            let mut joined = Value::nothing();
            for text in self.texts_of(state, &element) {
                joined.join(&Value::stretches(map_holes(&collapse(&text), |hole| {
                    // Quoted words side by side are one.
                    let quoted = text.len() == 1 && hole.facts.has(Facts::ONE_WORD);
                    hole.facts = Facts::TEXT;
                    if quoted {
                        hole.facts |= Facts::ONE_WORD;
                    }
                    hole.part = None;
                    hole.id = hash_id(&(hole.id, expr.0, 28u8));
                })));
            }
            return joined;
        }
        // One element, and one among others, with the separator on both sides.
        let first = self.text_value(state, &element);
        let several = self.joined_texts(state, &[element.clone(), separator.clone(), element]);
        first.or(&several)
    }

    pub(super) fn split(
        &mut self,
        state: &mut State,
        value: &Value,
        name: &str,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Value {
        let separator = match name {
            "splitlines" => Some("\n\r\u{b}\u{c}\u{1c}\u{1d}\u{1e}".to_owned()),
            _ => match arguments.position(0) {
                None => Some(" \t\n\r\u{b}\u{c}\u{1c}\u{1d}\u{1e}\u{1f}".to_owned()),
                Some(value) => value
                    .known_text()
                    .map(|text| text.as_str().to_owned())
                    .filter(|text| text.chars().count() == 1),
            },
        };
        let known_separator = arguments.position(0).and_then(|value| value.known_text());
        let all = name == "splitlines" || (name == "split" && arguments.position(1).is_none());
        let mut result = Value::nothing();
        for text in self.texts_of(state, value) {
            if let ([Stretch::Known(known)], Some(separator), "split") =
                (text.as_slice(), known_separator, name)
                && !separator.as_str().is_empty()
                && arguments.position(1).is_none()
            {
                let items = known
                    .as_str()
                    .split(separator.as_str())
                    .map(Value::text)
                    .collect();
                let object = Object::sequence(Kind::List, items);
                result.join(&self.make(state, expr, object));
                continue;
            }
            let mut object = Object::new(Kind::List);
            object.exact = false;
            // What the text begins with, up to where it is cut, is the first piece.
            if let (Some(Stretch::Known(front)), Some(separator)) = (text.first(), &separator)
                && all
                && let Some((first, _)) = front.as_str().split_once(|c| separator.contains(c))
                && !first.is_empty()
            {
                object.exact = true;
                object.items = vec![Value::text(first)];
            }
            let mut stretches = collapse(&text);
            stretches.retain(|stretch| !matches!(stretch, Stretch::Known(_)) || text.len() == 1);
            let stretches = map_holes(&stretches, |hole| {
                hole.part = Some((Part::Piece, hole.id));
                hole.id = hash_id(&(hole.id, expr.0, 9u8));
                if all && let Some(separator) = &separator {
                    hole.alphabet = hole.alphabet.without(separator);
                }
            });
            let piece = Value::stretches(stretches);
            // Cut once: on one side of the cut no separator is left. How many pieces there are is not known.
            let once = arguments.position(1).and_then(|times| match times.only() {
                Some(Atom::Int(times)) => Some(*times),
                _ => None,
            }) == Some(1);
            if let Some(separator) = &separator
                && (once || name.ends_with("partition"))
            {
                let clean: Vec<Value> = self
                    .texts_of(state, &piece)
                    .iter()
                    .map(|text| {
                        Value::stretches(map_holes(text, |hole| {
                            hole.alphabet = hole.alphabet.without(separator);
                            hole.id = hash_id(&(hole.id, 27u8));
                        }))
                    })
                    .collect();
                let mut side = Value::nothing();
                for clean in &clean {
                    side.join(clean);
                }
                let between = Value::text(separator);
                object.items = match name {
                    "split" => vec![side, piece],
                    "rsplit" => vec![piece, side],
                    "partition" => vec![side, between, piece],
                    _ => vec![piece, between, side],
                };
                object.exact = true;
                object.many = true;
            } else {
                object.rest = piece;
            }
            result.join(&self.make(state, expr, object));
        }
        result
    }
}

/// Whether a text of these characters can have another one in it.
fn can_hold(alphabet: Alphabet, part: &str) -> bool {
    part.chars().all(|character| alphabet.contains(character))
}

/// Whether a browser makes the same change when it reads an address.
fn is_read_so(old: &str, new: &str) -> bool {
    match new {
        "/" => old == "\\",
        "" | "%20" => old
            .chars()
            .all(|character| character.is_ascii_control() || character == ' '),
        _ => false,
    }
}

/// `'` for `''`, `\'` for `'`: what makes a quote harmless inside of quotes.
fn is_escape_of(old: &str, new: &str) -> bool {
    matches!(
        (old, new),
        ("'", "''") | ("\"", "\"\"") | ("'", "\\'") | ("\"", "\\\"") | ("`", "``") | ("]", "]]")
    )
}

/// Without blanks, or other characters, at the ends.
fn strip_text(text: &[Stretch], name: &str, characters: Option<&str>) -> Value {
    let mut text = text.to_vec();
    let set: Vec<char> = characters.unwrap_or_default().chars().collect();
    if name != "rstrip"
        && let Some(Stretch::Known(known)) = text.first_mut()
    {
        *known = Symbol::from(known.as_str().trim_start_matches(set.as_slice()));
    }
    if name != "lstrip"
        && let Some(Stretch::Known(known)) = text.last_mut()
    {
        *known = Symbol::from(known.as_str().trim_end_matches(set.as_slice()));
    }
    text.retain(|stretch| !matches!(stretch, Stretch::Known(known) if known.as_str().is_empty()));
    let at_edge = match name {
        "lstrip" => matches!(text.first(), Some(Stretch::Hole(_))),
        _ => {
            matches!(text.first(), Some(Stretch::Hole(_)))
                || matches!(text.last(), Some(Stretch::Hole(_)))
        }
    };
    let begins = name != "rstrip" && set.contains(&'/');
    if at_edge && begins {
        text = map_holes(&text, |hole| hole.facts |= Facts::NOT_ABSOLUTE);
    }
    if at_edge && name != "rstrip" && set.contains(&'\\') {
        text = map_holes(&text, |hole| hole.facts |= Facts::NO_BACKSLASH);
    }
    if set.iter().any(|character| "'\"[]{}".contains(*character)) {
        text = map_holes(&text, |hole| {
            hole.facts = hole.facts.without(Facts::LITERAL)
        });
    }
    if set.contains(&'-') && name != "rstrip" {
        text = map_holes(&text, |hole| hole.facts |= Facts::NOT_OPTION);
    }
    Value::stretches(concat([text.as_slice()]))
}

/// Whether nothing but known texts and numbers is formatted: their attributes lead nowhere.
fn is_plain(arguments: &Arguments) -> bool {
    let all = arguments.all();
    !all.is_empty()
        && all.iter().flat_map(Value::atoms).all(|atom| {
            matches!(
                atom,
                Atom::Str(_) | Atom::Int(_) | Atom::Bool(_) | Atom::None | Atom::Scalar
            )
        })
}
