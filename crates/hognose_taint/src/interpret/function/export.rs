//! Values that leave the function at hand: summaries, variables of modules, fields of classes.

use std::sync::Arc;

use hognose_python::ModuleId;
use hognose_python::ir::*;
use rustc_hash::FxHashMap;

use super::super::{Interpreter, MAX_REACHES};
use crate::state::{Object, State};
use crate::summary::{Exported, Reach, Summary};
use crate::value::{Atom, ObjId, Symbol, Value};

/// Objects of a value that leaves its function.
const MAX_EXPORTED: usize = 12;

impl Interpreter<'_, '_> {
    /// A value with the objects it refers to, cut loose from the state.
    pub(crate) fn export(&self, state: &State, value: &Value) -> Exported {
        let mut exported = Exported::default();
        let mut numbers: FxHashMap<ObjId, u32> = FxHashMap::default();
        let mut order: Vec<ObjId> = Vec::new();
        let mut waiting = vec![value];
        while let Some(value) = waiting.pop() {
            for atom in value.atoms() {
                if let Atom::Object(id) = atom
                    && !numbers.contains_key(id)
                    && order.len() < MAX_EXPORTED
                    && let Some(object) = state.object(*id)
                {
                    numbers.insert(*id, u32::try_from(order.len()).unwrap_or(u32::MAX));
                    order.push(*id);
                    waiting.push(&object.rest);
                    waiting.push(&object.keys);
                    waiting.extend(&object.items);
                    waiting.extend(object.fields.iter().map(|(_, value)| value));
                }
            }
        }
        let renumber = |value: &Value| {
            if !value.has_objects() {
                return value.clone();
            }
            Value::of(
                value
                    .atoms()
                    .iter()
                    .map(|atom| match atom {
                        Atom::Object(id) => numbers
                            .get(id)
                            .map_or(Atom::Unknown, |number| Atom::Object(ObjId(*number))),
                        other => other.clone(),
                    })
                    .collect::<Vec<_>>(),
            )
        };
        for id in order {
            if let Some(object) = state.object(id) {
                if !object.has_objects() {
                    exported.heap.push(Arc::clone(object));
                    continue;
                }
                exported.heap.push(Arc::new(object.with(renumber)));
            }
        }
        exported.value = renumber(value);
        exported
    }

    /// Takes in a value that was cut loose, as it is.
    pub(crate) fn import(
        &mut self,
        state: &mut State,
        exported: &Exported,
        site: u32,
        shared: bool,
    ) -> Value {
        let objects: Vec<ObjId> = (0..exported.heap.len())
            .map(|number| self.object_at(site, 50_000 + u32::try_from(number).unwrap_or(0)))
            .collect();
        let renumber = |value: &Value| {
            if !value.has_objects() {
                return value.clone();
            }
            Value::of(
                value
                    .atoms()
                    .iter()
                    .map(|atom| match atom {
                        Atom::Object(id) => objects
                            .get(id.0 as usize)
                            .map_or(Atom::Unknown, |id| Atom::Object(*id)),
                        other => other.clone(),
                    })
                    .collect::<Vec<_>>(),
            )
        };
        for (object, id) in exported.heap.iter().zip(&objects) {
            if shared && state.object(*id).is_some() {
                continue;
            }
            if shared {
                self.shared.insert(*id);
            }
            if !object.has_objects() {
                state.allocate(*id, Arc::clone(object));
                continue;
            }
            state.allocate(*id, object.with(renumber));
        }
        renumber(&exported.value)
    }

    /// What the walk of a function came to.
    pub(crate) fn summary(&mut self, function: &Function) -> Summary {
        let Some(frame) = self.frames.pop() else {
            return Summary::default();
        };
        let exit = frame.exit;
        let mut summary = Summary {
            decides: self.decides,
            calls: self.calls,
            lists: self.lists,
            asks: self.asks,
            undecided: self.undecided,
            raises: self.raises,
            cut: self.cut,
            ..Summary::default()
        };
        let state = match exit.state {
            Some(state) => state,
            None => {
                summary.stops = !function.is_generator;
                let mut state = State::new(0);
                state.live = true;
                state
            }
        };
        if function.is_generator {
            summary.yields = Some(self.export(&state, &exit.yields));
        } else {
            summary.returns = self.export(&state, &exit.value);
        }
        summary.on_return = self.implied(&state);
        summary.on_true = exit.on_true.unwrap_or_default();
        summary.on_false = exit.on_false.unwrap_or_default();
        // What holds after any return holds in particular after this one.
        for (path, value) in &state.written {
            if matches!(value.atoms(), [Atom::Input(same)] if same == path) {
                continue;
            }
            // What was made known or made anew matters for an object that is being made; a stranger's text anywhere.
            let exported = self.export(&state, value);
            if function.name.as_str() == "__init__" || exported.has_holes() {
                summary.writes.push((Arc::clone(path), exported));
            }
        }
        if state.live {
            self.shared_writes(&state);
            summary.calls = self.calls;
        }
        summary.reaches = std::mem::take(&mut self.reaches);
        let of_inputs = self
            .sightings
            .iter()
            .filter(|sighting| sighting.of_inputs());
        summary.watched = of_inputs.cloned().collect();
        summary
    }

    /// Takes in what a variable of a module, or an attribute of a class, holds.
    pub(in crate::interpret) fn import_shared(
        &mut self,
        state: &mut State,
        exported: &Exported,
        site: u32,
        (module, class, name): (ModuleId, Option<ClassId>, Symbol),
    ) -> Value {
        let value = self.import(state, exported, site, true);
        let known = self
            .origins
            .iter()
            .any(|shared| shared.module == module && shared.class == class && shared.name == name);
        if !known && !exported.heap.is_empty() {
            let objects = (0..exported.heap.len())
                .filter_map(|number| {
                    let id = self.object_at(site, 50_000 + u32::try_from(number).unwrap_or(0));
                    Some((id, Arc::clone(state.object(id)?)))
                })
                .collect();
            self.origins.push(super::super::Shared {
                module,
                class,
                name,
                value: value.clone(),
                objects,
            });
        }
        value
    }

    /// Inputs that are kept for other bodies may be called by them.
    pub(in crate::interpret) fn kept(&mut self, kept: &Exported) {
        self.called(&kept.value);
        for object in &kept.heap {
            self.called(&object.contents());
        }
    }

    /// Remembers for other bodies what was put into objects that they see too.
    pub(crate) fn shared_writes(&mut self, state: &State) {
        for shared in std::mem::take(&mut self.origins) {
            let changed = shared
                .objects
                .iter()
                .any(|(id, before)| !same_object(state, *id, before));
            if !changed {
                continue;
            }
            let value = self.export(state, &shared.value);
            self.kept(&value);
            if !crate::analysis::is_news(&value) {
                continue;
            }
            match shared.class {
                Some(class) => self.class_writes.push(super::super::ClassWrite {
                    module: shared.module,
                    class,
                    name: shared.name,
                    value,
                    of_class: true,
                }),
                None => self.global_writes.push((shared.module, shared.name, value)),
            }
        }
    }

    /// Keeps what an input reaches for the callers.
    pub(in crate::interpret) fn keep_reach(&mut self, reach: Reach) {
        if self.reaches.len() >= MAX_REACHES {
            self.cut = true;
            return;
        }
        let known = self.reaches.iter().any(|known| {
            known.place == reach.place && known.sink == reach.sink && known.value == reach.value
        });
        if !known {
            self.reaches.push(reach);
        }
    }
}

/// Whether an object is what it was.
fn same_object(state: &State, id: ObjId, before: &Arc<Object>) -> bool {
    state
        .heap
        .get(id.0 as usize)
        .and_then(Option::as_ref)
        .is_some_and(|now| Arc::ptr_eq(now, before) || **now == **before)
}
