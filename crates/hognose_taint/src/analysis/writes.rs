//! What walks came to, and what bodies store for others to read.

use std::sync::Arc;

use hognose_python::ModuleId;
use rustc_hash::FxHashSet;

use crate::facts::{Fact, Facts};
use crate::interpret::{Asked, ClassWrite, Interpreter};
use crate::model::Models;
use crate::shape::Stretch;
use crate::summary::{Exported, Found, Judged};
use crate::value::{Atom, Symbol, Value};
use crate::watch::Sighting;

/// What a walk of a body came to.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) found: Vec<Found>,
    pub(super) writes: Writes,
    pub(super) cut: bool,
    pub(super) judged: Vec<Judged>,
    pub(super) sightings: Vec<Sighting>,
    pub(super) asked: Asked,
}

impl Outcome {
    /// What an interpreter has found out in its walk.
    pub(super) fn of(interpreter: &mut Interpreter<'_, '_>) -> Self {
        Self {
            found: std::mem::take(&mut interpreter.found),
            writes: Writes {
                globals: std::mem::take(&mut interpreter.global_writes),
                attributes: std::mem::take(&mut interpreter.class_writes),
            },
            cut: interpreter.cut,
            judged: std::mem::take(&mut interpreter.judged),
            sightings: std::mem::take(&mut interpreter.sightings),
            asked: std::mem::take(&mut interpreter.asked),
        }
    }
}

/// Stores to module variables and to attributes of classes.
#[derive(Debug, Default)]
pub(super) struct Writes {
    pub(super) globals: Vec<(ModuleId, Symbol, Exported)>,
    pub(super) attributes: Vec<ClassWrite>,
}

impl Writes {
    pub(super) fn take(&mut self, other: Self) {
        self.globals.extend(other.globals);
        self.attributes.extend(other.attributes);
    }

    /// Joins them into the facts; says which hold something from outside that they did not hold.
    pub(super) fn into_facts(self, facts: &mut Facts, models: &Models) -> FxHashSet<Fact> {
        let mut changed = FxHashSet::default();
        for (module, name, exported) in self.globals {
            let exported = without_inputs(exported);
            let fact = Fact::Variable(module, name);
            match facts.globals.get_mut(&(module, name)) {
                None => {
                    if is_news(&exported) {
                        changed.insert(fact);
                    }
                    facts.globals.insert((module, name), Arc::new(exported));
                }
                Some(known) => {
                    if **known != exported && merge(known, &exported) && is_news(&exported) {
                        changed.insert(fact);
                    }
                }
            }
        }
        // A request that is kept is as good as what is read of it.
        let is_given = |exported: &Exported| {
            has_source(exported)
                || exported.value.atoms().iter().any(|atom| {
                    matches!(atom, Atom::External(path) if models.source_objects.contains_key(path.as_str()))
                })
        };
        for write in self.attributes {
            let key = (write.module, write.class, write.name);
            let fact = Fact::Attribute(key);
            let exported = without_inputs(write.value);
            let attributes = if write.of_class {
                &mut facts.class_attributes
            } else {
                &mut facts.attributes
            };
            match attributes.get_mut(&key) {
                None => {
                    if is_given(&exported) {
                        changed.insert(fact);
                    }
                    attributes.insert(key, Arc::new(exported));
                }
                Some(known) => {
                    if **known != exported && merge(known, &exported) && is_given(&exported) {
                        changed.insert(fact);
                    }
                }
            }
        }
        changed
    }
}

/// Joins a value into a known one; says whether that changed it.
fn merge(known: &mut Arc<Exported>, more: &Exported) -> bool {
    let before = known.value.clone();
    let shift = u32::try_from(known.heap.len()).unwrap_or(u32::MAX);
    let moved = |value: &Value| {
        Value::of(
            value
                .atoms()
                .iter()
                .map(|atom| match atom {
                    Atom::Object(id) => Atom::Object(crate::value::ObjId(id.0 + shift)),
                    other => other.clone(),
                })
                .collect::<Vec<_>>(),
        )
    };
    // The same object again is no news.
    if more.heap.iter().any(|object| known.heap.contains(object)) || known.heap.len() > 64 {
        let plain = Value::of(
            more.value
                .atoms()
                .iter()
                .filter(|atom| !matches!(atom, Atom::Object(_)))
                .cloned()
                .collect::<Vec<_>>(),
        );
        let mut joined = before.clone();
        joined.join(&plain);
        if joined == before {
            return false;
        }
        Arc::make_mut(known).value = joined;
        return true;
    }
    let mut joined = before.clone();
    joined.join(&moved(&more.value));
    if joined == before {
        return false;
    }
    let target = Arc::make_mut(known);
    for object in &more.heap {
        let mut object = (**object).clone();
        for value in &mut object.items {
            *value = moved(value);
        }
        for (_, value) in &mut object.fields {
            *value = moved(value);
        }
        object.rest = moved(&object.rest);
        object.keys = moved(&object.keys);
        target.heap.push(Arc::new(object));
    }
    target.value = joined;
    true
}

/// Whether readers of a variable of a module have to know: it holds something from outside, or functions that are called.
pub(crate) fn is_news(exported: &Exported) -> bool {
    let holds = |value: &Value| {
        value
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Function(..)))
    };
    has_source(exported)
        || exported.heap.iter().any(|object| {
            holds(&object.rest)
                || object.items.iter().any(holds)
                || object.fields.iter().any(|(_, value)| holds(value))
        })
}

/// Whether something in it comes from outside.
pub(super) fn has_source(exported: &Exported) -> bool {
    let mut objects = exported.heap.iter();
    exported.value.has_sources() || objects.any(|object| object.parts().any(Value::has_sources))
}

/// Outside of the function its inputs mean nothing.
fn without_inputs(mut exported: Exported) -> Exported {
    let clean = |value: &Value| {
        if !value.has_holes() {
            return value.clone();
        }
        let mut result = Value::nothing();
        for atom in value.atoms() {
            match atom {
                Atom::Input(_) => result.add(Atom::Unknown),
                Atom::Text(text) => {
                    let stretches: Vec<Stretch> = text
                        .iter()
                        .map(|stretch| match stretch {
                            Stretch::Hole(hole) => {
                                if hole.taints.iter().all(|taint| taint.origin.is_source()) {
                                    return stretch.clone();
                                }
                                let mut hole = (**hole).clone();
                                hole.taints.retain(|taint| taint.origin.is_source());
                                if hole.taints.is_empty() {
                                    Stretch::Any
                                } else {
                                    Stretch::Hole(Arc::new(hole))
                                }
                            }
                            other => other.clone(),
                        })
                        .collect();
                    result.join(&Value::stretches(stretches));
                }
                other => result.add(other.clone()),
            }
        }
        result
    };
    exported.value = clean(&exported.value);
    for object in &mut exported.heap {
        if !object.has_holes() {
            continue;
        }
        let object = Arc::make_mut(object);
        for value in &mut object.items {
            *value = clean(value);
        }
        for (_, value) in &mut object.fields {
            *value = clean(value);
        }
        object.rest = clean(&object.rest);
        object.keys = clean(&object.keys);
    }
    exported
}
