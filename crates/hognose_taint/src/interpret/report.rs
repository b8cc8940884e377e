//! Sinks: what reaches them, and whether it meets their need.

use std::collections::hash_map::Entry;

use hognose_python::ir::*;
use ruff_text_size::TextRange;

use super::Interpreter;
use super::call::Arguments;
use super::content_type::Said;
use crate::model::{CallModel, Need, Sink, Stored, Trust};
use crate::need;
use crate::shape::Stretch;
use crate::state::{Kind, State};
use crate::summary::{Found, Judged, Reach, SinkRef};
use crate::value::{Atom, Origin, Place, Symbol, Value};

impl<'p> Interpreter<'_, 'p> {
    /// What the models say of an access path.
    pub(super) fn trust(&self, path: Symbol) -> Option<Trust> {
        self.setting.models.trust_of(path)
    }

    /// The model of a callee.
    pub(super) fn call_model(&self, path: Symbol) -> Option<&'p CallModel> {
        self.setting.models.call(path)
    }

    /// A call of something outside of the project.
    pub(super) fn check_call(
        &mut self,
        state: &mut State,
        path: Symbol,
        model: &'p CallModel,
        receiver: Option<&Value>,
        arguments: &Arguments,
        expr: ExprId,
    ) {
        if self.quiet > 0 || model.sinks.is_empty() {
            return;
        }
        for sink in &model.sinks {
            self.check_sink(state, sink, path, receiver, arguments, expr);
        }
    }

    fn check_sink(
        &mut self,
        state: &mut State,
        sink: &Sink,
        path: Symbol,
        receiver: Option<&Value>,
        arguments: &Arguments,
        expr: ExprId,
    ) {
        if self.setting.watch.is_some() && self.watches(self.place(expr)) {
            self.sight_call(state, sink, path, receiver, arguments, expr);
        }
        if sink.used && self.unused == Some((self.at().module, expr)) {
            return;
        }
        let mut given: Vec<Value> = Vec::new();
        let format = self.conversions(state, sink, receiver, arguments);
        for argument in &sink.arguments {
            // `log.info("%r", value)`: what the conversion leaves of it.
            if let Some((first, conversions)) = &format
                && let Some(at) = argument.at
                && at > *first
                && conversions
                    .get(usize::from(at - first - 1))
                    .is_some_and(|conversion| *conversion != 's')
            {
                continue;
            }
            given.extend(self.argument_values(state, argument, receiver, arguments));
        }
        let tainted = given.iter().any(|value| {
            value.has_holes()
                || value
                    .atoms()
                    .iter()
                    .any(|atom| matches!(atom, Atom::Object(_)))
        });
        if !tainted {
            // What is known to its last character needs no pattern to suspect it.
            if self.quiet == 0 && given.iter().any(|value| !value.is_nothing()) {
                let harmless = given.iter().all(is_known);
                self.judged.push(Judged {
                    place: self.place(expr),
                    rule: sink.rule,
                    harmless,
                });
            }
            return;
        }
        match self.conditions(state, &sink.conditions, receiver, arguments) {
            Some(true) => {}
            Some(false) => return,
            None => {
                self.undecided = true;
                return;
            }
        }
        let place = self.place(expr);
        let mut said = Said::Page;
        if sink.need == Need::Html
            && let Some(function) = self.at().function
        {
            let module = self.at().module;
            let body = self.module()[function].body;
            said = self.said_type(module, body, place.text_range());
            if said == Said::NoPage {
                return;
            }
        }
        let sink_ref = (self.messages)(sink);
        for value in given {
            let mut value = self.sink_value(state, sink, value);
            if said == Said::Unclear {
                value = doubted(&value);
            }
            let harmless = is_harmless(sink_ref, &value);
            self.judged.push(Judged {
                place,
                rule: sink.rule,
                harmless,
            });
            self.reached(sink_ref, place, path, value, 0);
        }
    }

    /// The conversions of a `%` format with which a sink of lines writes the arguments behind it, and where the format stands.
    fn conversions(
        &mut self,
        state: &mut State,
        sink: &Sink,
        receiver: Option<&Value>,
        arguments: &Arguments,
    ) -> Option<(u16, Vec<char>)> {
        let [format, _, ..] = sink.arguments.as_slice() else {
            return None;
        };
        if sink.need != Need::Line {
            return None;
        }
        let at = format.at?;
        let given = self.argument_values(state, format, receiver, arguments);
        let [value] = given.as_slice() else {
            return None;
        };
        let pieces = super::string::percent_pieces(value.known_text()?.as_str());
        let conversions = pieces.iter().filter_map(|piece| match piece {
            super::string::Piece::Hole { conversion, .. } => Some(*conversion),
            super::string::Piece::Known(_) => None,
        });
        Some((at, conversions.collect()))
    }

    /// What counts of an argument: texts as they are, containers with all they hold.
    pub(super) fn sink_value(&mut self, state: &mut State, sink: &Sink, value: Value) -> Value {
        let need = sink.need;
        let mut result = Value::nothing();
        for atom in value.atoms() {
            match atom {
                // A dict in place of a page is sent as JSON.
                Atom::Object(id)
                    if need == Need::Html
                        && state
                            .object(*id)
                            .is_some_and(|object| object.kind == Kind::Dict) => {}
                // A file in memory and its like name no file and no host.
                Atom::Object(id)
                    if matches!(
                        need,
                        Need::Path | Need::FileName | Need::Url | Need::Redirect
                    ) && state
                        .object(*id)
                        .is_some_and(|object| matches!(object.kind, Kind::Holder(_))) => {}
                Atom::Object(_) => {
                    if matches!(
                        need,
                        Need::Sql
                            | Need::Path
                            | Need::Redirect
                            | Need::Shell
                            | Need::Program
                            | Need::Number
                    ) {
                        // `execute([...])`, `open(obj)`: what its text is.
                        let text = self.text_value(state, &atom.clone().into());
                        if matches!(need, Need::Shell | Need::Program | Need::Path) {
                            for text in text.atoms() {
                                if !matches!(text, Atom::Text(_)) {
                                    result.add(text.clone());
                                }
                            }
                            continue;
                        }
                        result.join(&text);
                    } else {
                        for text in self.deep_texts(state, &atom.clone().into(), &sink.skips) {
                            result.add(Atom::Text(text.into()));
                        }
                    }
                }
                other => result.add(other.clone()),
            }
        }
        result
    }

    /// Something that may hold a stranger's text reaches a sink.
    pub(super) fn reached(
        &mut self,
        sink: SinkRef,
        place: Place,
        callee: Symbol,
        value: Value,
        depth: u8,
    ) {
        if self.quiet > 0 {
            return;
        }
        let value = self.as_switched(value);
        let mut inputs = Value::nothing();
        for atom in value.atoms() {
            let text = match atom {
                Atom::Text(text) => text.to_vec(),
                Atom::Input(path) => {
                    vec![crate::shape::Stretch::Hole(std::sync::Arc::new(
                        crate::value::input_hole(path),
                    ))]
                }
                _ => continue,
            };
            // What a text begins with that a caller gives, the caller knows.
            let begins = !sink.by_name || looks_like(sink.need, &text);
            let asked_later = matches!(
                text.first(),
                Some(Stretch::Hole(hole)) if hole.taints.iter().any(|taint| !taint.origin.is_source())
            );
            if !begins && !asked_later {
                continue;
            }
            let mut open = false;
            for harm in need::harms(sink.need, sink.rule, &text) {
                for taint in &harm.hole.taints {
                    match &taint.origin {
                        Origin::Source(_) if !begins => {}
                        Origin::Source(source) => self.find(Found {
                            sink,
                            place,
                            callee,
                            source: *source,
                            trail: taint.trail.clone(),
                            doubt: harm.hole.doubt,
                            partial: harm.partial,
                        }),
                        Origin::Input(_) => open = true,
                    }
                }
            }
            if open {
                inputs.add(atom.clone());
            }
        }
        if !inputs.is_nothing() {
            self.keep_reach(Reach {
                sink,
                place,
                callee,
                value: inputs,
                depth,
            });
        }
    }

    /// A source meets a need. Of the ways between the same two only one that is shorter is news: calls and loops find them
    /// again and again.
    fn find(&mut self, found: Found) {
        let Found {
            sink,
            place,
            source,
            doubt,
            partial,
            ..
        } = found;
        let length = found.trail.length();
        match self.ways.entry((sink, place, source, doubt, partial)) {
            Entry::Occupied(known) if *known.get() <= length => return,
            way => way.insert_entry(length),
        };
        self.found.push(found);
    }

    /// `tainted.format(…)`.
    pub(super) fn check_format(&mut self, state: &mut State, format: &Value, expr: ExprId) {
        let path = Symbol::from("builtins.str().format");
        if let Some(model) = self.call_model(path)
            && self.quiet == 0
        {
            for sink in &model.sinks {
                self.check_sink(state, sink, path, Some(format), &Arguments::default(), expr);
            }
        }
    }

    /// `owner.attr = value`.
    pub(super) fn check_attribute_store(
        &mut self,
        state: &mut State,
        owner: &Value,
        attr: Symbol,
        value: &Value,
        _object: ExprId,
        range: TextRange,
    ) {
        for path in self.outside_paths(owner) {
            let path = self.values.path_of_attribute(path, attr);
            self.check_store(state, path, value, &Value::unknown(), range);
        }
    }

    /// `owner[key] = value`.
    pub(super) fn check_item_store(
        &mut self,
        state: &mut State,
        owner: &Value,
        key: &Value,
        value: &Value,
        _object: ExprId,
        range: TextRange,
    ) {
        for path in self.outside_paths(owner) {
            let path = self.values.path_of_item(path);
            self.check_store(state, path, value, key, range);
        }
    }

    fn outside_paths(&mut self, owner: &Value) -> Vec<Symbol> {
        let mut paths = Vec::new();
        for atom in owner.atoms() {
            match atom {
                Atom::External(path) => paths.push(*path),
                Atom::Instance(module, class) => {
                    for ancestor in self.values.mro(*module, *class).iter() {
                        if let hognose_python::ClassRef::External(path) = ancestor {
                            paths.push(self.values.path_of_call(*path));
                        }
                    }
                }
                _ => {}
            }
        }
        paths
    }

    fn check_store(
        &mut self,
        state: &mut State,
        path: Symbol,
        value: &Value,
        key: &Value,
        range: TextRange,
    ) {
        if self.quiet > 0 {
            return;
        }
        let Some(sinks) = self.setting.models.stores.get(&path) else {
            return;
        };
        for sink in sinks {
            // Of a store conditions ask the key and the value, as of the arguments of a call.
            let stored = Arguments::of(&[key.clone(), value.clone()]);
            if self.conditions(state, &sink.conditions, None, &stored) != Some(true) {
                continue;
            }
            let given = match sink.arguments.first().and_then(|argument| argument.stored) {
                Some(Stored::Key) => key,
                _ => value,
            };
            let given = self.sink_value(state, sink, given.clone());
            let sink_ref = (self.messages)(sink);
            let place = Place::new(self.at().module, range);
            if self.watches(place) {
                self.sight_value(state, sink_ref, path, place, given.clone());
            }
            self.reached(sink_ref, place, path, given, 0);
        }
    }

    /// A method known by its name alone.
    pub(super) fn by_name(
        &mut self,
        state: &mut State,
        name: Symbol,
        arguments: &Arguments,
        expr: ExprId,
        written: Option<(ExprId, ExprId)>,
    ) {
        if self.quiet > 0 {
            return;
        }
        // The evaluator may know the method by its type.
        if let Some((func, _)) = written {
            let at = self.at().module;
            let values = self.values.eval(at, func);
            let mut known = false;
            for value in values {
                if let hognose_python::Value::External(path) = value
                    && let Some(model) = self.call_model(path)
                {
                    known = true;
                    self.check_call(state, path, model, None, arguments, expr);
                }
            }
            if known {
                return;
            }
        }
        let Some(sinks) = self.setting.models.methods.get(&name) else {
            return;
        };
        for sink in sinks {
            self.check_sink(state, sink, name, None, arguments, expr);
        }
    }

    /// The same of an object outside of the project that no model speaks of: `engine.raw_connection().cursor().execute(…)`.
    pub(super) fn by_name_outside(
        &mut self,
        state: &mut State,
        path: Symbol,
        arguments: &Arguments,
        expr: ExprId,
    ) {
        let models = self.setting.models;
        let Some((_, name)) = path.as_str().rsplit_once('.') else {
            return;
        };
        let Some((_, sinks)) = models
            .methods
            .iter()
            .find(|(method, _)| method.as_str() == name)
        else {
            return;
        };
        if self.quiet == 0 {
            for sink in sinks {
                self.check_sink(state, sink, path, None, arguments, expr);
            }
        }
    }
}

/// Whether a text begins like a statement of the language of a need.
pub(crate) fn looks_like(need: Need, text: &[Stretch]) -> bool {
    if need != Need::Sql {
        return true;
    }
    let front = crate::shape::prefix(text).trim_start().to_ascii_lowercase();
    let word: String = front
        .chars()
        .take_while(char::is_ascii_alphabetic)
        .collect();
    matches!(
        word.as_str(),
        "values"
            | "select"
            | "insert"
            | "update"
            | "delete"
            | "create"
            | "drop"
            | "alter"
            | "with"
            | "replace"
            | "truncate"
            | "grant"
            | "call"
            | "exec"
            | "execute"
            | "merge"
            | "pragma"
            | "copy"
            | "set"
            | "use"
            | "show"
            | "describe"
    )
}

/// Whether all that a value may be is written in the program, or of no more than a few values.
fn is_known(value: &Value) -> bool {
    !value.is_nothing()
        && value.atoms().iter().all(|atom| match atom {
            Atom::Text(text) => text
                .iter()
                .all(|stretch| matches!(stretch, Stretch::Known(_) | Stretch::Settled)),
            Atom::None | Atom::Bool(_) | Atom::Int(_) | Atom::Str(_) | Atom::Scalar => true,
            _ => false,
        })
}

/// Whether all that a value may be is known to do no harm: constants, and texts whose every hole was made harmless. What is
/// not known is not.
fn is_harmless(sink: SinkRef, value: &Value) -> bool {
    !value.is_nothing()
        && value.atoms().iter().all(|atom| match atom {
            Atom::Text(text) => {
                !text.iter().any(|stretch| matches!(stretch, Stretch::Any))
                    && need::harms(sink.need, sink.rule, text).is_empty()
            }
            Atom::None | Atom::Bool(_) | Atom::Int(_) | Atom::Str(_) | Atom::Scalar => true,
            _ => false,
        })
}

/// A value of which it is not sure that it does harm where it arrives.
pub(crate) fn doubted(value: &Value) -> Value {
    Value::of(value.atoms().iter().map(|atom| match atom {
        Atom::Text(text) => Atom::Text(
            crate::shape::map_holes(text, |hole| hole.doubt = hole.doubt.saturating_add(1)).into(),
        ),
        Atom::Input(path) => {
            let mut hole = crate::value::input_hole(path);
            hole.doubt = 1;
            Atom::Text(std::sync::Arc::from([Stretch::Hole(std::sync::Arc::new(
                hole,
            ))]))
        }
        other => other.clone(),
    }))
}
