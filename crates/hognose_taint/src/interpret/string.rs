//! Texts: how they are built, cut and changed, as arithmetic on their stretches.

use std::sync::Arc;

use hognose_python::ir::*;
use symbol_table::{GlobalSymbol, static_symbol};

use super::Interpreter;
use super::call::Arguments;
use crate::shape::{
    Alphabet, Facts, Hole, Part, Stretch, add_taints, collapse, concat, map_holes, push,
};
use crate::state::{Kind, Object, State};
use crate::value::{Atom, ObjId, Symbol, Taint, Value, hash_id};

/// Alternatives of a text that are kept apart.
const MAX_ALTERNATIVES: usize = 4;

/// Objects looked into when a container becomes a text.
const MAX_OBJECTS: usize = 24;

/// Methods that texts have and containers do not.
const STRING_METHODS: &[&str] = &[
    "capitalize",
    "casefold",
    "center",
    "decode",
    "encode",
    "endswith",
    "expandtabs",
    "find",
    "format",
    "format_map",
    "hex",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
];

/// Whether only texts have this method.
pub(super) fn is_string_method(name: Symbol) -> bool {
    STRING_METHODS.binary_search(&name.as_str()).is_ok()
}

/// Texts are no structures any more.
fn as_texts(value: &Value) -> Value {
    let structure =
        |text: &[Stretch]| crate::shape::holes(text).any(|hole| hole.facts.has(Facts::STRUCTURE));
    Value::of(
        value
            .atoms()
            .iter()
            .map(|atom| match atom {
                Atom::Text(text) if structure(text) => {
                    Atom::Text(Arc::from(map_holes(text, |hole| {
                        hole.facts = Facts(hole.facts.0 & !Facts::STRUCTURE.0);
                    })))
                }
                other => other.clone(),
            })
            .collect::<Vec<_>>(),
    )
}

impl Interpreter<'_, '_> {
    /// The texts a value is as `str()` gives them, one by one.
    pub(super) fn texts_of(&mut self, state: &mut State, value: &Value) -> Vec<Vec<Stretch>> {
        let mut all: Vec<Vec<Stretch>> = Vec::new();
        let texts = value
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Text(_) | Atom::Str(_) | Atom::Input(_)));
        for atom in value.atoms() {
            // The same thing seen from outside: a path, something a source gives.
            if texts && matches!(atom, Atom::External(_) | Atom::Instance(..)) {
                continue;
            }
            let text = match atom {
                Atom::Str(text) => vec![Stretch::Known(*text)],
                Atom::Int(number) => vec![Stretch::Known(Symbol::from(number.to_string()))],
                Atom::None => vec![Stretch::Known(static_symbol!("None"))],
                Atom::Bool(true) => vec![Stretch::Known(static_symbol!("True"))],
                Atom::Bool(false) => vec![Stretch::Known(static_symbol!("False"))],
                Atom::Text(text) => text.to_vec(),
                Atom::Input(path) => {
                    self.input(Arc::clone(path));
                    let mut hole = crate::value::input_hole(path);
                    state.known_of(hole.id).apply(&mut hole);
                    vec![Stretch::Hole(Arc::new(hole))]
                }
                Atom::Object(id) => match self.object_text(state, *id) {
                    Some(text) => text,
                    None => vec![Stretch::Any],
                },
                _ => vec![Stretch::Any],
            };
            if !all.contains(&text) {
                all.push(text);
            }
        }
        // What is harmless and not known says nothing beside what is known to be harmful.
        if all.len() > MAX_ALTERNATIVES {
            let holes: Vec<Stretch> = all
                .iter()
                .flatten()
                .filter(|stretch| matches!(stretch, Stretch::Hole(_)))
                .cloned()
                .collect();
            let mut rest = vec![vec![Stretch::Any]];
            if !holes.is_empty() {
                rest.push(map_holes(&collapse(&holes), |hole| {
                    hole.alphabet = Alphabet::ALL
                }));
            }
            return rest;
        }
        all
    }

    /// `str()` of an object: what its class says, or all that is in it.
    fn object_text(&mut self, state: &mut State, id: ObjId) -> Option<Vec<Stretch>> {
        let object = Arc::clone(state.object(id)?);
        if matches!(object.kind, Kind::Instance(..)) {
            for dunder in ["__str__", "__format__", "__repr__"] {
                if let Some(text) = self.object_dunder(state, id, dunder, &[]) {
                    return self.texts_of(state, &text).into_iter().next();
                }
            }
            return None;
        }
        let taints = self.deep_holes(state, &Atom::Object(id).into());
        let first = taints.first()?;
        let mut hole = (**first).clone();
        for other in &taints[1..] {
            hole.join(other);
        }
        hole.id = hash_id(&(hole.id, id, 11u8));
        hole.part = None;
        Some(vec![
            Stretch::Any,
            Stretch::Hole(Arc::new(hole)),
            Stretch::Any,
        ])
    }

    /// As a text value.
    pub(super) fn text_value(&mut self, state: &mut State, value: &Value) -> Value {
        if value.atoms().iter().all(|atom| {
            matches!(
                atom,
                Atom::Str(_) | Atom::Text(_) | Atom::Scalar | Atom::Unknown
            )
        }) {
            return as_texts(value);
        }
        let mut result = Value::nothing();
        for text in self.texts_of(state, value) {
            result.join(&Value::stretches(text));
        }
        as_texts(&result)
    }

    /// `repr()`: line feeds are gone.
    pub(super) fn repr_of(&mut self, state: &mut State, value: &Value) -> Value {
        let mut result = Value::nothing();
        for text in self.texts_of(state, value) {
            if crate::shape::holes(&text).next().is_none() {
                result.join(&Value::unknown());
                continue;
            }
            let text = map_holes(&text, |hole| {
                hole.alphabet = hole.alphabet.without("\n\r\t\u{0}\u{b}\u{c}");
                hole.facts |= Facts::LITERAL;
                hole.id = hash_id(&(hole.id, 12u8));
                hole.part = None;
            });
            result.join(&Value::stretches(text));
        }
        result
    }

    /// All holes in a value and what it holds.
    pub(super) fn deep_holes(&mut self, state: &State, value: &Value) -> Vec<Arc<Hole>> {
        let mut found: Vec<Arc<Hole>> = Vec::new();
        let mut seen: Vec<ObjId> = Vec::new();
        let mut waiting: Vec<ObjId> = Vec::new();
        let mut next = vec![value];
        loop {
            for value in next.drain(..) {
                for atom in value.atoms() {
                    let hole = match atom {
                        Atom::Text(text) => {
                            for hole in crate::shape::holes(text) {
                                keep_hole(&mut found, Arc::clone(hole));
                            }
                            continue;
                        }
                        Atom::Input(path) => {
                            self.input(Arc::clone(path));
                            let mut hole = crate::value::input_hole(path);
                            state.known_of(hole.id).apply(&mut hole);
                            hole
                        }
                        Atom::Object(id) => {
                            if seen.len() < MAX_OBJECTS && !seen.contains(id) {
                                seen.push(*id);
                                waiting.push(*id);
                            }
                            continue;
                        }
                        _ => continue,
                    };
                    keep_hole(&mut found, Arc::new(hole));
                }
            }
            let Some(id) = waiting.pop() else {
                return found;
            };
            if let Some(object) = state.object(id) {
                next.push(&object.rest);
                next.extend(&object.items);
                next.extend(object.fields.iter().map(|(_, value)| value));
                next.push(&object.keys);
            }
        }
    }

    /// All texts of a value and of what it holds but under some keys, an input as the hole it makes.
    pub(super) fn deep_texts(
        &mut self,
        state: &State,
        value: &Value,
        skips: &[Symbol],
    ) -> Vec<Vec<Stretch>> {
        let mut found: Vec<Vec<Stretch>> = Vec::new();
        let mut seen: Vec<ObjId> = Vec::new();
        let mut waiting: Vec<Value> = vec![value.clone()];
        while let Some(value) = waiting.pop() {
            for atom in value.atoms() {
                let text = match atom {
                    Atom::Text(text) => text.to_vec(),
                    Atom::Input(path) => {
                        self.input(Arc::clone(path));
                        let mut hole = crate::value::input_hole(path);
                        state.known_of(hole.id).apply(&mut hole);
                        vec![Stretch::Hole(Arc::new(hole))]
                    }
                    Atom::Object(id) if seen.len() < MAX_OBJECTS && !seen.contains(id) => {
                        seen.push(*id);
                        if let Some(object) = state.object(*id) {
                            waiting.extend(object.items.iter().cloned());
                            let fields = object.fields.iter();
                            let kept = fields.filter(|(name, _)| !skips.contains(name));
                            waiting.extend(kept.map(|(_, value)| value.clone()));
                            waiting.push(object.rest.clone());
                        }
                        continue;
                    }
                    _ => continue,
                };
                if found.len() < MAX_OBJECTS && !found.contains(&text) {
                    found.push(text);
                }
            }
        }
        found
    }

    /// One new hole with the origins of several.
    pub(super) fn blend(
        &self,
        holes: &[Arc<Hole>],
        id: u32,
        alphabet: Alphabet,
        doubt: u8,
        change: impl Fn(&mut Taint),
    ) -> Option<Hole> {
        let first = holes.first()?;
        let mut hole = (**first).clone();
        for other in &holes[1..] {
            add_taints(&mut hole.taints, &other.taints);
            hole.doubt = hole.doubt.max(other.doubt);
            hole.cleaned.0 &= other.cleaned.0;
            hole.facts = hole.facts.join(other.facts);
        }
        hole.facts = Facts::NONE | Facts(hole.facts.0 & Facts::STRUCTURE.0);
        hole.id = id;
        hole.part = None;
        hole.alphabet = alphabet;
        hole.doubt = hole.doubt.saturating_add(doubt);
        for taint in &mut hole.taints {
            change(taint);
        }
        Some(hole)
    }

    /// `text[a:b]`.
    pub(super) fn slice(
        &mut self,
        state: &mut State,
        container: &Value,
        bounds: &[Option<Value>; 3],
        expr: ExprId,
    ) -> Value {
        let bound = |value: &Option<Value>| match value {
            None => Some(None),
            Some(value) => match value.only() {
                Some(Atom::Int(number)) => Some(Some(*number)),
                Some(Atom::None) => Some(None),
                _ => None,
            },
        };
        let (lower, upper) = (bound(&bounds[0]), bound(&bounds[1]));
        let plain = bounds[2].is_none();
        let mut result = Value::nothing();
        for atom in container.atoms() {
            match atom {
                Atom::Object(id) => {
                    let Some(object) = state.object(*id).cloned() else {
                        continue;
                    };
                    if matches!(object.kind, Kind::Instance(..)) {
                        let found = self.instance_dunder(
                            state,
                            atom,
                            "__getitem__",
                            &[Value::unknown()],
                            expr,
                        );
                        result.join(&found);
                        continue;
                    }
                    let mut part = (*object).clone();
                    part.many = false;
                    if let (true, true, Some(lower), Some(upper)) =
                        (plain, object.exact, lower, upper)
                    {
                        let len = object.items.len();
                        let at = |bound: i64| {
                            let bound = if bound < 0 {
                                bound + i64::try_from(len).unwrap_or(0)
                            } else {
                                bound
                            };
                            usize::try_from(bound).unwrap_or(0).min(len)
                        };
                        let from = lower.map_or(0, at);
                        let to = upper.map_or(len, at);
                        part.items = object
                            .items
                            .get(from..to.max(from))
                            .unwrap_or_default()
                            .to_vec();
                    } else {
                        part.blur();
                    }
                    result.join(&self.make(state, expr, part));
                }
                Atom::Str(text) => match (plain, lower, upper) {
                    (true, Some(lower), Some(upper)) => {
                        let characters: Vec<char> = text.as_str().chars().collect();
                        let len = i64::try_from(characters.len()).unwrap_or(0);
                        let at = |bound: i64| {
                            (if bound < 0 { bound + len } else { bound }).clamp(0, len)
                        };
                        let from = usize::try_from(lower.map_or(0, at)).unwrap_or(0);
                        let to = usize::try_from(upper.map_or(len, at)).unwrap_or(0);
                        let cut: String = characters
                            .get(from..to.max(from))
                            .unwrap_or_default()
                            .iter()
                            .collect();
                        result.add(Atom::Str(Symbol::from(cut)));
                    }
                    _ => result.add(Atom::Unknown),
                },
                Atom::Text(_) | Atom::Input(_) => {
                    let inner = plain && lower == Some(Some(1)) && upper == Some(Some(-1));
                    for text in self.texts_of(state, &atom.clone().into()) {
                        let kind = match (inner, plain, lower, upper) {
                            (true, ..) => Part::Inner,
                            (_, true, Some(lower), Some(Some(upper)))
                                if let (Ok(from), Ok(to)) =
                                    (u8::try_from(lower.unwrap_or(0)), u8::try_from(upper))
                                    && from < to =>
                            {
                                Part::At(from, to - from)
                            }
                            _ => Part::Piece,
                        };
                        let bounded = plain && matches!(upper, Some(Some(number)) if number > 0);
                        let cut = self.cut(&text, lower.flatten(), upper.flatten(), plain);
                        let single = cut.len() == 1;
                        let cut = map_holes(&cut, |hole| {
                            let id = hash_id(&(hole.id, expr.0, 4u8));
                            hole.part = single.then_some((kind, hole.id));
                            hole.id = id;
                            if bounded {
                                hole.facts |= Facts::BOUNDED;
                            }
                            hole.facts = hole.facts.without(Facts::LITERAL | Facts::CONTAINED);
                        });
                        result.join(&Value::stretches(cut));
                    }
                }
                Atom::External(path) => {
                    result.add(Atom::External(*path));
                }
                _ => result.add(Atom::Unknown),
            }
        }
        result
    }

    /// A text between two bounds, as far as it is known where they lie.
    fn cut(
        &self,
        text: &[Stretch],
        lower: Option<i64>,
        upper: Option<i64>,
        plain: bool,
    ) -> Vec<Stretch> {
        let mut text = text.to_vec();
        if !plain {
            return collapse(&text);
        }
        if let Some(lower) = lower {
            match text.first_mut() {
                Some(Stretch::Known(known)) if lower >= 0 => {
                    let characters: Vec<char> = known.as_str().chars().collect();
                    let Some(rest) = usize::try_from(lower)
                        .ok()
                        .and_then(|at| characters.get(at..))
                    else {
                        return collapse(&text[1..]);
                    };
                    *known = Symbol::from(rest.iter().collect::<String>());
                    if known.as_str().is_empty() {
                        text.remove(0);
                    }
                }
                _ if lower < 0 => return collapse(&text),
                _ => {}
            }
        }
        if let Some(upper) = upper {
            match text.last_mut() {
                Some(Stretch::Known(known)) if upper < 0 => {
                    let characters: Vec<char> = known.as_str().chars().collect();
                    let len = i64::try_from(characters.len()).unwrap_or(0);
                    let Some(rest) = usize::try_from(len + upper)
                        .ok()
                        .and_then(|at| characters.get(..at))
                    else {
                        return collapse(&text);
                    };
                    *known = Symbol::from(rest.iter().collect::<String>());
                    if known.as_str().is_empty() {
                        text.pop();
                    }
                }
                _ if upper >= 0 => {
                    if let Some(Stretch::Known(known)) = text.first()
                        && let Ok(upper) = usize::try_from(upper)
                        && known.as_str().len() >= upper
                        && known.as_str().is_char_boundary(upper)
                    {
                        return vec![Stretch::Known(Symbol::from(&known.as_str()[..upper]))];
                    }
                }
                _ => {}
            }
        }
        text
    }

    /// `left % right`.
    pub(super) fn percent(
        &mut self,
        state: &mut State,
        left: &Value,
        right: &Value,
        expr: ExprId,
    ) -> Value {
        let Some(formats) = left.texts() else {
            if left
                .atoms()
                .iter()
                .all(|atom| matches!(atom, Atom::Scalar | Atom::Int(_)))
            {
                return Atom::Scalar.into();
            }
            // A format that is not known: its texts around everything.
            let holes = self.all_holes(state, &[left.clone(), right.clone()]);
            let id = self.site(expr);
            let lefts = self.texts_of(state, left);
            let front = lefts
                .first()
                .and_then(|text| text.first())
                .filter(|stretch| matches!(stretch, Stretch::Known(_)))
                .filter(|_| lefts.len() == 1)
                .cloned();
            return match self.blend(&holes, id, Alphabet::ALL, 0, |_| {}) {
                Some(hole) => {
                    let mut stretches: Vec<Stretch> = front.into_iter().collect();
                    stretches.push(Stretch::Hole(Arc::new(hole)));
                    Value::stretches(stretches)
                }
                None => Value::unknown(),
            };
        };
        let mut result = Value::nothing();
        for format in formats {
            let pieces = percent_pieces(format.as_str());
            let mut values: Vec<Value> = Vec::new();
            let mut position = 0;
            for piece in &pieces {
                match piece {
                    Piece::Known(text) => values.push(Value::text(text)),
                    Piece::Hole {
                        name, conversion, ..
                    } => {
                        let argument = match name {
                            Some(name) => {
                                let key = Value::text(name);
                                self.item(state, right, &key, expr)
                            }
                            None => {
                                let index = position;
                                position += 1;
                                self.percent_argument(state, right, index, expr)
                            }
                        };
                        values.push(match conversion {
                            's' => argument,
                            'r' | 'a' => self.repr_of(state, &argument),
                            _ => Atom::Scalar.into(),
                        });
                    }
                }
            }
            let text = self.joined_texts(state, &values);
            result.join(&text);
        }
        result
    }

    fn percent_argument(
        &mut self,
        state: &mut State,
        right: &Value,
        index: i64,
        expr: ExprId,
    ) -> Value {
        let mut result = Value::nothing();
        for atom in right.atoms() {
            match atom {
                Atom::Object(id)
                    if matches!(
                        state.object(*id).map(|object| &object.kind),
                        Some(Kind::Tuple)
                    ) =>
                {
                    let found =
                        self.item(state, &atom.clone().into(), &Atom::Int(index).into(), expr);
                    result.join(&found);
                }
                other => result.add(other.clone()),
            }
        }
        result
    }

    pub(super) fn all_holes(&mut self, state: &State, values: &[Value]) -> Vec<Arc<Hole>> {
        let mut all = Vec::new();
        for value in values {
            for hole in self.deep_holes(state, value) {
                if !all.contains(&hole) {
                    all.push(hole);
                }
            }
        }
        all
    }

    /// `text * n`, `[x] * n`.
    pub(super) fn repeat(
        &mut self,
        state: &mut State,
        left: &Value,
        right: &Value,
        expr: ExprId,
    ) -> Value {
        for (value, times) in [(left, right), (right, left)] {
            match value.only() {
                Some(Atom::Str(text)) => {
                    if let Some(Atom::Int(times)) = times.only()
                        && let Ok(times) = usize::try_from(*times)
                        && text.as_str().len().saturating_mul(times) < 256
                    {
                        return Value::text(&text.as_str().repeat(times));
                    }
                    return Value::unknown();
                }
                Some(Atom::Text(text)) => {
                    let text = collapse(text);
                    return Value::stretches(text);
                }
                Some(Atom::Object(id)) => {
                    if let Some(object) = state.object(*id).cloned()
                        && matches!(object.kind, Kind::List | Kind::Tuple)
                    {
                        let mut object = (*object).clone();
                        object.blur();
                        object.many = false;
                        return self.make(state, expr, object);
                    }
                }
                _ => {}
            }
        }
        if let (Some(Atom::Int(a)), Some(Atom::Int(b))) = (left.only(), right.only()) {
            return a.checked_mul(*b).map_or(Atom::Scalar, Atom::Int).into();
        }
        Atom::Scalar.into()
    }

    /// `text.format(…)`.
    pub(super) fn format(
        &mut self,
        state: &mut State,
        format: &Value,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Value {
        let mut result = Value::nothing();
        for atom in format.atoms() {
            let texts = self.texts_of(state, &atom.clone().into());
            for text in texts {
                let mut values: Vec<Value> = Vec::new();
                let mut position = 0;
                let whole_is_known = text
                    .iter()
                    .all(|stretch| matches!(stretch, Stretch::Known(_)));
                for stretch in &text {
                    let Stretch::Known(known) = stretch else {
                        values.push(Value::stretches(vec![stretch.clone()]));
                        continue;
                    };
                    for piece in format_pieces(known.as_str()) {
                        match piece {
                            Piece::Known(text) => values.push(Value::text(&text)),
                            Piece::Hole {
                                name,
                                conversion,
                                number,
                            } => {
                                let field = name.unwrap_or_default();
                                let mut argument = self.format_argument(
                                    state,
                                    arguments,
                                    &field,
                                    &mut position,
                                    expr,
                                );
                                if conversion == 'r' {
                                    argument = self.repr_of(state, &argument);
                                }
                                values.push(if number {
                                    Atom::Scalar.into()
                                } else {
                                    argument
                                });
                            }
                        }
                    }
                }
                if !whole_is_known {
                    // What is formatted may be anywhere in a text that is not known.
                    let holes = self.all_holes(state, &arguments.all());
                    let id = self.site(expr);
                    if let Some(hole) = self.blend(&holes, id, Alphabet::ALL, 0, |_| {}) {
                        values.push(Value::hole(hole));
                    }
                }
                let text = self.joined_texts(state, &values);
                result.join(&text);
            }
        }
        result
    }

    fn format_argument(
        &mut self,
        state: &mut State,
        arguments: &Arguments,
        field: &str,
        position: &mut usize,
        expr: ExprId,
    ) -> Value {
        let end = field.find(['.', '[']).unwrap_or(field.len());
        let (name, mut rest) = field.split_at(end);
        let mut value = if name.is_empty() {
            let index = *position;
            *position += 1;
            arguments.position(index)
        } else if let Ok(index) = name.parse::<usize>() {
            arguments.position(index)
        } else {
            arguments.named(Symbol::from(name)).or_else(|| {
                arguments
                    .double_star
                    .clone()
                    .map(|map| self.item(state, &map, &Value::text(name), expr))
            })
        }
        .unwrap_or_else(Value::unknown);
        for _ in 0..4 {
            if let Some(attribute) = rest.strip_prefix('.') {
                let end = attribute.find(['.', '[']).unwrap_or(attribute.len());
                value = self.attribute(state, &value, Symbol::from(&attribute[..end]), expr);
                rest = &attribute[end..];
            } else if let Some(item) = rest.strip_prefix('[') {
                let end = item.find(']').unwrap_or(item.len());
                let key = match item[..end].parse::<i64>() {
                    Ok(index) => Atom::Int(index).into(),
                    Err(_) => Value::text(&item[..end]),
                };
                value = self.item(state, &value, &key, expr);
                rest = item.get(end + 1..).unwrap_or_default();
            } else {
                break;
            }
        }
        value
    }

    /// A method of a text; `None` when texts have no such method.
    pub(super) fn text_method(
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
                if value.has_holes() {
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
    pub(super) fn changed(
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
                        Stretch::Hole(hole) => {
                            let mut hole = (**hole).clone();
                            let before = hole.alphabet;
                            hole.alphabet = alphabet(hole.alphabet);
                            // A change that keeps the characters keeps the identity of what is checked.
                            if before != hole.alphabet || part != Part::Form {
                                hole.part = single.then_some((part, hole.id));
                                hole.id = hash_id(&(hole.id, expr.0, 5u8));
                            } else if part == Part::Form {
                                hole.part = single.then_some((Part::Form, hole.id));
                                hole.id = hash_id(&(hole.id, expr.0, 6u8));
                            }
                            Stretch::Hole(Arc::new(hole))
                        }
                        Stretch::Any => Stretch::Any,
                    },
                );
            }
            result.join(&Value::stretches(changed));
        }
        result
    }

    fn replace(
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
                            (_, None) => alphabet = Alphabet::ALL,
                            _ => {
                                if let Some(new) = new {
                                    alphabet = alphabet.union(Alphabet::of(new.as_str()));
                                }
                            }
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
                    hole.facts = Facts::TEXT;
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

    fn split(
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

/// A piece of a format.
pub(super) enum Piece {
    Known(String),
    Hole {
        name: Option<String>,
        conversion: char,
        number: bool,
    },
}

/// The pieces of a `%` format.
pub(super) fn percent_pieces(format: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut known = String::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        known.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            known.push('%');
            rest = after;
            continue;
        }
        let mut name = None;
        if let Some(inner) = rest.strip_prefix('(')
            && let Some(end) = inner.find(')')
        {
            name = Some(inner[..end].to_owned());
            rest = &inner[end + 1..];
        }
        let Some(end) = rest.find(|character: char| character.is_ascii_alphabetic()) else {
            break;
        };
        if !known.is_empty() {
            pieces.push(Piece::Known(std::mem::take(&mut known)));
        }
        let conversion = rest[end..].chars().next().unwrap_or('s');
        pieces.push(Piece::Hole {
            name,
            conversion,
            number: false,
        });
        rest = &rest[end + 1..];
    }
    known.push_str(rest);
    if !known.is_empty() {
        pieces.push(Piece::Known(known));
    }
    pieces
}

/// The pieces of a `str.format` format.
pub(super) fn format_pieces(format: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut known = String::new();
    let mut rest = format;
    while let Some(at) = rest.find(['{', '}']) {
        known.push_str(&rest[..at]);
        let doubled = rest[at..].starts_with("{{") || rest[at..].starts_with("}}");
        if doubled {
            known.push_str(&rest[at..=at]);
            rest = &rest[at + 2..];
            continue;
        }
        if rest[at..].starts_with('}') {
            rest = &rest[at + 1..];
            continue;
        }
        let inner = &rest[at + 1..];
        // A format specification may hold fields of its own.
        let mut depth = 1;
        let mut end = inner.len();
        for (position, character) in inner.char_indices() {
            match character {
                '{' => depth += 1,
                '}' => {
                    depth -= 1;
                    if depth == 0 {
                        end = position;
                        break;
                    }
                }
                _ => {}
            }
        }
        let field = &inner[..end];
        let (field, spec) = field.split_once(':').unwrap_or((field, ""));
        let (field, conversion) = field.split_once('!').unwrap_or((field, "s"));
        if !known.is_empty() {
            pieces.push(Piece::Known(std::mem::take(&mut known)));
        }
        pieces.push(Piece::Hole {
            name: Some(field.to_owned()),
            conversion: conversion.chars().next().unwrap_or('s'),
            number: super::expression::is_number_format(spec),
        });
        rest = inner.get(end + 1..).unwrap_or_default();
    }
    known.push_str(rest);
    if !known.is_empty() {
        pieces.push(Piece::Known(known));
    }
    pieces
}

/// Keeps a hole that is not known yet, while there are few.
fn keep_hole(found: &mut Vec<Arc<Hole>>, hole: Arc<Hole>) {
    if found.len() < MAX_OBJECTS && !found.contains(&hole) {
        found.push(hole);
    }
}
