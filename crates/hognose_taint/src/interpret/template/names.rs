//! Names in pages: what the view passes, what the page sets, parts of both.

use std::sync::Arc;

use hognose_template::{Bound, Engine, Expr};
use ruff_text_size::TextSize;

use super::super::Interpreter;
use super::super::call::Arguments;
use super::{MAX_DEPTH, Made, Page};
use crate::state::{Kind, State};
use crate::value::{Atom, Key, Symbol, Value};

impl<'p> Interpreter<'_, 'p> {
    /// What a name means at a place.
    pub(super) fn name_in(
        &mut self,
        state: &mut State,
        page: &mut Page<'p>,
        frame: usize,
        name: &str,
        at: TextSize,
    ) -> Made {
        if page.depth >= MAX_DEPTH {
            return Made::unknown();
        }
        let template = Arc::clone(&page.frames[frame].template);
        let bindings = template.bindings_of(name, at);
        let mut all = Vec::with_capacity(bindings.len());
        let mut certain = false;
        for binding in bindings {
            certain = binding.certain.contains(at);
            let there = binding.range.start();
            let made = match &binding.value {
                Bound::Is(value) => self.made(state, page, frame, value, there),
                Bound::Part(value, index) => {
                    let value = self.made(state, page, frame, value, there).value;
                    Made::of(self.part_at(state, page, &value, *index))
                }
                Bound::Element(value, index) => {
                    let element = self.element(state, page, frame, value, there);
                    match index {
                        Some(index) => Made::of(self.part_at(state, page, &element, *index)),
                        None => Made::of(element),
                    }
                }
                Bound::Key(value) => {
                    let value = self.made(state, page, frame, value, there).value;
                    Made::of(self.iterated(state, &value, page.expr))
                }
                Bound::Value(value) => {
                    let value = self.made(state, page, frame, value, there).value;
                    Made::of(self.item(state, &value, &Value::unknown(), page.expr))
                }
                // What stands in it is looked at where it stands.
                Bound::Text(_) => Made {
                    value: Value::unknown(),
                    safe: true,
                },
                Bound::Parameter(_) => {
                    let given = &page.frames[frame].given;
                    let found = given.iter().find(|(known, _)| known == name);
                    found.map_or_else(Made::unknown, |(_, made)| made.clone())
                }
                Bound::Given | Bound::Loop => Made::unknown(),
            };
            all.push(made);
        }
        if !certain {
            all.push(self.name_around(state, page, frame, name));
        }
        match all.len() {
            1 => all.swap_remove(0),
            _ => self.either(state, page, frame, all, at),
        }
    }

    fn name_around(
        &mut self,
        state: &mut State,
        page: &mut Page<'p>,
        frame: usize,
        name: &str,
    ) -> Made {
        let here = &page.frames[frame];
        if let Some((_, made)) = here.given.iter().find(|(known, _)| known == name) {
            return made.clone();
        }
        if here.closed {
            return Made::unknown();
        }
        if let Some((around, at)) = here.around {
            page.depth += 1;
            let made = self.name_in(state, page, around, name, at);
            page.depth -= 1;
            return made;
        }
        let known = page.names.iter().find(|(known, _)| known.as_str() == name);
        if let Some((_, value)) = known {
            return Made::of(value.clone());
        }
        let symbol = Symbol::from(name);
        let key = Value::text(name);
        let mut value = Value::nothing();
        for mapping in page.mappings.clone() {
            for atom in mapping.atoms() {
                // What went in under keys that are not known is no more likely to be this name than any other.
                let found = match atom {
                    Atom::Object(id) => state
                        .object(*id)
                        .filter(|object| object.kind == Kind::Dict && !object.rest.is_nothing())
                        .map(|object| object.field(symbol).cloned().unwrap_or_else(Value::unknown)),
                    Atom::Input(path) => {
                        let part = path.then(Key::Item(symbol));
                        let written = state.written_to(&part).cloned();
                        Some(written.unwrap_or_else(|| self.input(part).into()))
                    }
                    _ => None,
                };
                let found = found
                    .unwrap_or_else(|| self.item(state, &atom.clone().into(), &key, page.expr));
                value.join(&found);
            }
        }
        if value.is_nothing() {
            value.add(Atom::Unknown);
        }
        Made::of(value)
    }

    fn part_at(
        &mut self,
        state: &mut State,
        page: &Page<'p>,
        value: &Value,
        index: usize,
    ) -> Value {
        let index = Atom::Int(i64::try_from(index).unwrap_or(0)).into();
        self.item(state, value, &index, page.expr)
    }

    /// What a loop runs over.
    fn element(
        &mut self,
        state: &mut State,
        page: &mut Page<'p>,
        frame: usize,
        expr: &Expr,
        at: TextSize,
    ) -> Value {
        let value = self.made(state, page, frame, expr, at).value;
        match expr {
            // A list that is written out is the join of its elements.
            Expr::List(_) => value,
            Expr::Filter(_, filter) if filter.name == "map" => value,
            _ => self.iterated(state, &value, page.expr),
        }
    }

    /// `base.name`, which may be an attribute or an item, and in Django the result of a method.
    pub(super) fn member_of(
        &mut self,
        state: &mut State,
        page: &Page<'p>,
        base: &Value,
        name: &str,
    ) -> Value {
        let symbol = Symbol::from(name);
        let key: Value = match name.parse::<i64>() {
            Ok(index) => Atom::Int(index).into(),
            Err(_) => Value::text(name),
        };
        let mut value = Value::nothing();
        for atom in base.atoms() {
            let one: Value = atom.clone().into();
            let container = match atom {
                Atom::Object(id) => state.object(*id).is_some_and(|object| {
                    matches!(
                        object.kind,
                        Kind::Dict | Kind::List | Kind::Tuple | Kind::Set
                    )
                }),
                _ => false,
            };
            let found = if container {
                if matches!(name, "items" | "values" | "keys" | "all") {
                    one
                } else {
                    self.item(state, &one, &key, page.expr)
                }
            } else {
                let mut found = self.attribute(state, &one, symbol, page.expr);
                if matches!(atom, Atom::Input(_)) {
                    found.join(&self.item(state, &one, &key, page.expr));
                }
                found
            };
            value.join(&found);
        }
        let callable = page.engine == Engine::Django
            && value.atoms().iter().any(|atom| match atom {
                Atom::Function(..) => true,
                Atom::Object(id) => state
                    .object(*id)
                    .is_some_and(|object| matches!(object.kind, Kind::Bound | Kind::Closure(..))),
                _ => false,
            });
        if callable {
            return self.looked_at(state, |this, aside| {
                this.call_value(aside, &value, &Arguments::default(), page.expr)
            });
        }
        value
    }

    /// A call whose effects are of no interest.
    pub(super) fn looked_at(
        &mut self,
        state: &mut State,
        call: impl FnOnce(&mut Self, &mut State) -> Value,
    ) -> Value {
        let mut aside = state.clone();
        self.quiet += 1;
        let value = call(self, &mut aside);
        self.quiet -= 1;
        // Objects made aside are not known here.
        let known = value
            .atoms()
            .iter()
            .filter(|atom| !matches!(atom, Atom::Object(id) if state.object(*id).is_none()));
        let known = Value::of(known.cloned().collect::<Vec<_>>());
        if known.is_nothing() {
            Value::unknown()
        } else {
            known
        }
    }
}
