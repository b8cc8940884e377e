//! Functions on paths: `os.path` and `pathlib`.

use std::sync::Arc;

use hognose_python::ir::*;

use super::super::Interpreter;
use super::super::call::Arguments;
use crate::shape::{Alphabet, Facts, Part, Stretch, holes, map_holes, prefix};
use crate::state::{Kind, Object, State};
use crate::value::{Atom, Symbol, Value, hash_id};

impl Interpreter<'_, '_> {
    /// Paths one behind the other: an absolute one replaces what is in front.
    pub(in crate::interpret) fn path_join(&mut self, state: &mut State, parts: &[Value]) -> Value {
        let mut values: Vec<Value> = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            if number == 0 {
                values.push(part.clone());
                continue;
            }
            let mut joined = Value::nothing();
            for text in self.texts_of(state, part) {
                if prefix(&text).starts_with('/') {
                    // What is in front is gone.
                    values.clear();
                }
                let front = matches!(text.first(), Some(Stretch::Hole(_)));
                let text = map_holes(&text, |hole| {
                    if front {
                        hole.facts |= Facts::JOINED;
                    }
                });
                joined.join(&Value::stretches(text));
            }
            let ends = values
                .last()
                .and_then(Value::known_text)
                .is_some_and(|text| text.as_str().ends_with('/'));
            if !values.is_empty() && !ends {
                values.push(Value::text("/"));
            }
            values.push(joined);
        }
        self.joined_texts(state, &values)
    }

    pub(super) fn path_function(
        &mut self,
        state: &mut State,
        function: &str,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Option<Value> {
        let first = arguments.position(0)?;
        Some(match function {
            "join" => {
                let mut parts = arguments.positional.to_vec();
                parts.extend(arguments.star.clone());
                self.path_join(state, &parts)
            }
            "basename" => self.base_name(state, &first, expr),
            "dirname" => self.part_of(state, &first, expr, Part::Parent),
            "abspath" | "realpath" | "normpath" => self.resolved_path(state, &first, expr),
            "relpath" => self.relative_path(state, &first, expr),
            "commonprefix" => {
                let element = self.iterated(state, &first, expr);
                // Of characters; of whole directories where one of the two ends with a separator.
                if self.names_directory(state, &first) {
                    self.common_path(state, &element, expr)
                } else {
                    self.part_of(state, &element, expr, Part::Piece)
                }
            }
            "commonpath" => {
                let element = self.iterated(state, &first, expr);
                self.common_path(state, &element, expr)
            }
            "split" => {
                let head = self.part_of(state, &first, expr, Part::Parent);
                let tail = self.base_name(state, &first, expr);
                self.make(state, expr, Object::sequence(Kind::Tuple, vec![head, tail]))
            }
            "splitext" => {
                let root = self.part_of(state, &first, expr, Part::Piece);
                let extension = self.changed(
                    state,
                    &first,
                    expr,
                    Part::Piece,
                    str::to_owned,
                    |alphabet| alphabet.without("/\\"),
                );
                let extension = match extension.known_text() {
                    Some(text) => match text.as_str().rfind('.') {
                        Some(at) => Value::text(&text.as_str()[at..]),
                        None => Value::text(""),
                    },
                    None => self.mapped(state, &extension, expr, |_| {}),
                };
                self.make(
                    state,
                    expr,
                    Object::sequence(Kind::Tuple, vec![root, extension]),
                )
            }
            _ => return None,
        })
    }

    /// A path as seen from a directory.
    fn relative_path(&mut self, state: &mut State, path: &Value, expr: ExprId) -> Value {
        let mut result = Value::nothing();
        for text in self.texts_of(state, path) {
            let all: Vec<Arc<crate::shape::Hole>> = holes(&text).cloned().collect();
            let id = hash_id(&(all.first().map(|hole| hole.id), expr.0, 26u8));
            match self.blend(&all, id, Alphabet::ALL, 0, |_| {}) {
                Some(mut hole) => {
                    if let [one] = all.as_slice() {
                        hole.part = Some((Part::Relative, one.id));
                    }
                    result.join(&Value::hole(hole));
                }
                None => result.add(Atom::Unknown),
            }
        }
        result
    }

    /// The last component of a path: no separator is left.
    fn base_name(&mut self, state: &mut State, value: &Value, expr: ExprId) -> Value {
        let mut result = Value::nothing();
        for text in self.texts_of(state, value) {
            let from = text.iter().rposition(
                |stretch| matches!(stretch, Stretch::Known(known) if known.as_str().contains('/')),
            );
            let mut tail: Vec<Stretch> = match from {
                Some(at) => {
                    let mut tail = text[at..].to_vec();
                    if let Stretch::Known(known) = &mut tail[0] {
                        let cut = known.as_str().rfind('/').map_or(0, |at| at + 1);
                        *known = Symbol::from(&known.as_str()[cut..]);
                    }
                    tail
                }
                None => text.clone(),
            };
            if matches!(tail.first(), Some(Stretch::Known(known)) if known.as_str().is_empty()) {
                tail.remove(0);
            }
            let tail = map_holes(&tail, |hole| {
                hole.alphabet = hole.alphabet.without("/");
                hole.facts = hole.facts.without(Facts::JOINED);
                hole.part = Some((Part::BaseName, hole.id));
                hole.id = hash_id(&(hole.id, expr.0, 16u8));
            });
            result.join(&Value::stretches(tail));
        }
        result
    }

    /// The path as the system sees it: no `..` left; where the text began with a directory of the program's choice, it may
    /// have left it.
    fn resolved_path(&mut self, state: &mut State, value: &Value, expr: ExprId) -> Value {
        let mut result = Value::nothing();
        for text in self.texts_of(state, value) {
            if holes(&text).next().is_none() {
                result.join(&Value::stretches(text));
                continue;
            }
            // What is resolved is resolved.
            if let [Stretch::Hole(hole)] = text.as_slice()
                && hole.facts.has(Facts::NORMALISED)
                && matches!(hole.part, Some((Part::Resolved, _)))
            {
                result.join(&Value::stretches(text));
                continue;
            }
            // Harmless holes stay where they are.
            let open = crate::need::path_is_open(&text);
            if !open {
                let text = map_holes(&text, |hole| {
                    hole.facts = hole.facts.without(Facts::JOINED) | Facts::NO_DOTS;
                });
                result.join(&Value::stretches(text));
                continue;
            }
            // Those that lead nowhere lead nowhere beside others that do: a name below a directory that is set.
            let (all, below): (Vec<_>, Vec<_>) = holes(&text)
                .cloned()
                .partition(|hole| crate::need::leads_elsewhere(&text, hole));
            let id = hash_id(&(all.first().map(|hole| hole.id), expr.0, 17u8));
            if let Some(mut hole) = self.blend(&all, id, Alphabet::ALL, 0, |_| {}) {
                hole.facts |= Facts::NORMALISED;
                if let [one] = all.as_slice() {
                    hole.alphabet = one.alphabet.union(Alphabet::word("/._-"));
                    hole.facts |= Facts(one.facts.0 & Facts::CONTAINED.0);
                }
                // What is found of the path speaks of the name at its end.
                if let Some(last) = all.last() {
                    hole.part = Some((Part::Resolved, last.id));
                    self.resolved.insert(hole.id, last.id);
                }
                hole.facts = hole.facts.without(Facts::JOINED);
                // Above the root there is nothing to lead to: `normpath("/" + path)`.
                let mut whole = Vec::new();
                if matches!(text.first(), Some(Stretch::Known(known)) if known.as_str() == "/") {
                    hole.facts = hole.facts.without(Facts::NORMALISED) | Facts::NO_DOTS;
                    whole.push(Stretch::Known(Symbol::from("/")));
                }
                whole.push(Stretch::Hole(Arc::new(hole)));
                for hole in &below {
                    let mut hole = (**hole).clone();
                    hole.facts = hole.facts.without(Facts::JOINED) | Facts::NO_DOTS;
                    whole.push(Stretch::Known(Symbol::from("/")));
                    whole.push(Stretch::Hole(Arc::new(hole)));
                }
                result.join(&Value::stretches(whole));
            }
        }
        result
    }

    /// Whether an element of a list ends with a separator.
    fn names_directory(&mut self, state: &mut State, list: &Value) -> bool {
        let Some(Atom::Object(id)) = list.only() else {
            return false;
        };
        let items = match state.object(*id) {
            Some(object) if object.exact => object.items.clone(),
            _ => return false,
        };
        items.iter().any(|item| {
            let texts = self.texts_of(state, item);
            !texts.is_empty()
                && texts.iter().all(|text| {
                    matches!(text.last(), Some(Stretch::Known(known)) if known.as_str().ends_with('/'))
                })
        })
    }

    fn common_path(&mut self, state: &mut State, value: &Value, expr: ExprId) -> Value {
        let mut result = Value::nothing();
        for text in self.texts_of(state, value) {
            for hole in holes(&text) {
                let id = hash_id(&(hole.id, expr.0, 18u8));
                result.join(&Value::hole(hole.derive(id, Some(Part::CommonPath))));
            }
        }
        if result.is_nothing() {
            Value::unknown()
        } else {
            result
        }
    }

    /// `left / right` of paths.
    pub(in crate::interpret) fn path_division(
        &mut self,
        state: &mut State,
        left: &Value,
        right: &Value,
    ) -> Option<Value> {
        let is_path = |value: &Value| {
            value.atoms().iter().any(
                |atom| matches!(atom, Atom::External(path) if path.as_str().starts_with("pathlib.")),
            )
        };
        let texts = left.has_holes() && !matches!(left.only(), Some(Atom::Input(_)))
            || right.has_holes()
            || left.texts().is_some()
            || right.texts().is_some();
        if !is_path(left) && !is_path(right) && !texts {
            return None;
        }
        let mut value = self.path_join(state, &[left.clone(), right.clone()]);
        value.add(Atom::External(Symbol::from("pathlib.Path()")));
        Some(value)
    }

    pub(super) fn pathlib(
        &mut self,
        state: &mut State,
        path: Symbol,
        receiver: Option<&Value>,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Option<Value> {
        let whole = |mut value: Value| {
            value.add(Atom::External(Symbol::from("pathlib.Path()")));
            value
        };
        match path.as_str() {
            "pathlib.Path"
            | "pathlib.PurePath"
            | "pathlib.PosixPath"
            | "pathlib.PurePosixPath"
            | "pathlib.WindowsPath"
            | "pathlib.PureWindowsPath" => {
                let mut parts = arguments.positional.to_vec();
                parts.extend(arguments.star.clone());
                if parts.is_empty() {
                    return Some(whole(Value::text(".")));
                }
                return Some(whole(self.path_join(state, &parts)));
            }
            _ => {}
        }
        let method = path.as_str().strip_prefix("pathlib.Path().")?;
        let this = self.only_texts(receiver?);
        Some(match method {
            "absolute" => whole(this),
            "resolve" => whole(self.resolved_path(state, &this, expr)),
            "joinpath" => {
                let mut parts = vec![this];
                parts.extend(arguments.positional.iter().cloned());
                parts.extend(arguments.star.clone());
                whole(self.path_join(state, &parts))
            }
            "expanduser" | "as_posix" | "as_uri" | "with_suffix" | "__str__" | "with_stem" => {
                whole(this)
            }
            "with_name" => {
                let name = arguments.position(0)?;
                let parent = self.part_of(state, &this, expr, Part::Piece);
                whole(self.path_join(state, &[parent, name]))
            }
            "relative_to" => {
                // It raises when the path is not below, by its parts as they are written.
                let base = arguments.position(0)?;
                self.contained(state, &this, &base);
                match (this.known_text(), self.only_texts(&base).known_text()) {
                    (Some(path), Some(base)) => whole(
                        path.as_str()
                            .strip_prefix(base.as_str())
                            .map_or_else(Value::unknown, |rest| {
                                Value::text(rest.trim_start_matches('/'))
                            }),
                    ),
                    _ => whole(self.relative_path(state, &this, expr)),
                }
            }
            "is_relative_to" | "exists" | "is_file" | "is_dir" | "is_absolute" | "stat"
            | "match" => Atom::Scalar.into(),
            "glob" | "rglob" | "iterdir" => {
                let mut object = Object::new(Kind::List);
                object.exact = false;
                object.rest = whole(self.part_of(state, &this, expr, Part::Form));
                self.make(state, expr, object)
            }
            _ => return None,
        })
    }

    /// Attributes of paths.
    pub(in crate::interpret) fn path_attribute(
        &mut self,
        state: &mut State,
        object: &Value,
        attr: Symbol,
        expr: ExprId,
    ) -> Option<Value> {
        if !object
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::External(path) if path.as_str() == "pathlib.Path()"))
        {
            return None;
        }
        let this = self.only_texts(object);
        Some(match attr.as_str() {
            "name" | "stem" => self.base_name(state, &this, expr),
            "suffix" => self.changed(state, &this, expr, Part::Piece, str::to_owned, |alphabet| {
                alphabet.without("/\\")
            }),
            "parent" => {
                let mut value = self.part_of(state, &this, expr, Part::Parent);
                value.add(Atom::External(Symbol::from("pathlib.Path()")));
                value
            }
            "parents" => {
                let mut element = Value::nothing();
                for text in self.texts_of(state, &this) {
                    for hole in holes(&text) {
                        let id = hash_id(&(hole.id, expr.0, 19u8));
                        element.join(&Value::hole(hole.derive(id, Some(Part::Ancestor))));
                    }
                }
                let mut list = Object::new(Kind::List);
                list.exact = false;
                list.rest = element;
                self.make(state, expr, list)
            }
            "parts" => {
                let mut element = Value::nothing();
                for text in self.texts_of(state, &this) {
                    for hole in holes(&text) {
                        let id = hash_id(&(hole.id, expr.0, 20u8));
                        let mut piece = hole.derive(id, Some(Part::Piece));
                        piece.alphabet = piece.alphabet.without("/");
                        element.join(&Value::hole(piece));
                    }
                }
                let mut list = Object::new(Kind::Tuple);
                list.exact = false;
                list.rest = element;
                self.make(state, expr, list)
            }
            _ => return None,
        })
    }

    pub(in crate::interpret) fn only_texts(&self, value: &Value) -> Value {
        let texts = value
            .atoms()
            .iter()
            .filter(|atom| !matches!(atom, Atom::External(_)))
            .cloned();
        let value = Value::of(texts.collect::<Vec<_>>());
        if value.is_nothing() {
            Value::unknown()
        } else {
            value
        }
    }
}
