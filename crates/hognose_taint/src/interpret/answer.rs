//! Answers: what the functions that a framework calls return to it.

use hognose_python::ir::*;

use super::Interpreter;
use super::content_type::Said;
use super::report::doubted;
use crate::model::{Need, Sink};
use crate::state::{Kind, Object, State};
use crate::value::{Atom, Value};

impl Interpreter<'_, '_> {
    /// What an entry returns is sent to the client, as a page or as it is.
    pub(super) fn check_returned(&mut self, state: &mut State, value: &Value, expr: ExprId) {
        // Of what is walked in place the caller is not the framework.
        if self.quiet > 0 || self.frames.len() > 1 {
            return;
        }
        let at = self.at();
        let (module, Some(function)) = (at.module, at.function) else {
            return;
        };
        let facts = self.setting.facts;
        let Some(entry) = facts.entries.get(&(module, function)) else {
            return;
        };
        for sink in &entry.returns {
            self.check_answer(state, sink, function, value, expr);
        }
    }

    fn check_answer(
        &mut self,
        state: &mut State,
        sink: &Sink,
        function: FunctionId,
        value: &Value,
        expr: ExprId,
    ) {
        let place = self.place(expr);
        let (body, name) = {
            let function = &self.module()[function];
            (function.body, function.name)
        };
        let mut sent = value.clone();
        if sink.need == Need::Html {
            sent = pages_of(state, value);
            match self.said_type(place.module, body, place.text_range()) {
                Said::Page => {}
                Said::NoPage => return,
                Said::Unclear => sent = doubted(&sent),
            }
        }
        let sink_ref = (self.messages)(sink);
        if self.setting.watch.is_some() && self.watches(place) {
            let seen = if sent.is_nothing() { value } else { &sent };
            self.sight_value(state, sink_ref, name, place, seen.clone());
        }
        let sent = self.sink_value(state, sink, sent);
        // Only what comes from outside counts: nobody calls an entry but the framework.
        let reaches = std::mem::take(&mut self.reaches);
        self.reached(sink_ref, place, name, sent, 0);
        self.reaches = reaches;
    }
}

/// The texts that a returned value makes a page of: it itself, or what stands in front of a status and headers.
fn pages_of(state: &State, value: &Value) -> Value {
    let mut pages = Value::nothing();
    let texts = |value: &Value, pages: &mut Value| {
        for atom in value.atoms() {
            if matches!(atom, Atom::Text(_)) {
                pages.add(atom.clone());
            }
        }
    };
    texts(value, &mut pages);
    for atom in value.atoms() {
        let Atom::Object(id) = atom else { continue };
        if let Some(object) = state.object(*id)
            && object.kind == Kind::Tuple
            && let Some(first) = object.item(0)
            && !object.items[1..]
                .iter()
                .any(|more| says_no_page(state, more))
        {
            texts(first, &mut pages);
        }
    }
    pages
}

/// Whether headers returned beside a text say that it is no HTML page.
fn says_no_page(state: &State, headers: &Value) -> bool {
    let [Atom::Object(id)] = headers.atoms() else {
        return false;
    };
    let says = |headers: &Object| {
        headers.fields.iter().any(|(name, value)| {
            name.as_str().eq_ignore_ascii_case("content-type")
                && value.known_text().is_some_and(|kind| {
                    let kind = kind.as_str().to_ascii_lowercase();
                    !["html", "svg", "xml"]
                        .iter()
                        .any(|page| kind.contains(page))
                })
        })
    };
    state.object(*id).is_some_and(|headers| says(headers))
}
