//! What holds at a point of a function: variables, heap, what was found out of inputs.

use std::sync::Arc;

use hognose_python::ModuleId;
use hognose_python::ir::{ClassId, DefId, FunctionId, ScopeId};
use smallvec::SmallVec;

use crate::shape::{Restriction, Stretch, map_holes};
use crate::table::Table;
use crate::value::{Atom, InputPath, Key, ObjId, Symbol, Value};

/// What an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A list, or something that behaves like one.
    List,
    /// A tuple.
    Tuple,
    /// A set.
    Set,
    /// A dict.
    Dict,
    /// An instance of a class of the project.
    Instance(ModuleId, ClassId),
    /// A function with the variables it captured, among its fields.
    Closure(ModuleId, FunctionId, ScopeId),
    /// A method with its receiver, the first item; the method is the second.
    Bound,
    /// `partial`: the function is the first item, its arguments follow, keywords are fields.
    Partial,
    /// Something outside of the project that holds what is put in.
    Holder(Symbol),
    /// A receiver seen from a class above its own; the receiver is the first item.
    Super(ModuleId, ClassId),
}

/// A container or instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// What it is.
    pub kind: Kind,
    /// Elements by index, when `exact`.
    pub items: Vec<Value>,
    /// The items are all there are, in their order.
    pub exact: bool,
    /// Which element is the first when it is not `exact`; nothing where that is not known.
    pub first: Value,
    /// Attributes, or items by constant key.
    pub fields: SmallVec<[(Symbol, Value); 2]>,
    /// What else it may hold.
    pub rest: Value,
    /// Keys that are not constant.
    pub keys: Value,
    /// Stands for several objects: nothing is overwritten for sure.
    pub many: bool,
}

/// Fields kept of one object, as many as a form of settings has; others go to the rest.
pub const MAX_FIELDS: usize = 128;

/// Parts of inputs whose new values are kept.
pub const MAX_WRITTEN: usize = 16;

/// Elements kept apart.
pub const MAX_ITEMS: usize = 32;

impl Object {
    /// Empty.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            items: Vec::new(),
            exact: true,
            fields: SmallVec::new(),
            first: Value::nothing(),
            rest: Value::nothing(),
            keys: Value::nothing(),
            many: false,
        }
    }

    /// A list or tuple.
    pub fn sequence(kind: Kind, items: Vec<Value>) -> Self {
        let mut object = Self {
            items,
            ..Self::new(kind)
        };
        if object.items.len() > MAX_ITEMS {
            object.blur();
        }
        object
    }

    /// Forgets which element is where behind the first.
    pub fn blur(&mut self) {
        if self.exact {
            self.first = self.head().clone();
        }
        for item in std::mem::take(&mut self.items) {
            self.rest.join(&item);
        }
        self.exact = false;
    }

    /// Forgets which element is where.
    pub fn scramble(&mut self) {
        self.blur();
        self.first = Value::nothing();
    }

    /// What stands first in a list or tuple; nothing where that is not known.
    pub fn head(&self) -> &Value {
        match self.items.first() {
            Some(first) if self.exact && matches!(self.kind, Kind::List | Kind::Tuple) => first,
            _ => &self.first,
        }
    }

    /// A field.
    pub fn field(&self, name: Symbol) -> Option<&Value> {
        self.fields
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// Sets a field; weakly when the object is many.
    pub fn set_field(&mut self, name: Symbol, value: Value) {
        let many = self.many;
        let at = self.fields.iter().position(|(known, _)| *known == name);
        if let Some(at) = at {
            let known = &mut self.fields[at].1;
            if many {
                known.join(&value);
            } else {
                *known = value;
            }
            return;
        }
        self.add_field(name, value);
    }

    /// Adds a field. Where there are too many, one in which nothing comes from outside makes room: it is read as unknown.
    fn add_field(&mut self, name: Symbol, value: Value) {
        if self.fields.len() < MAX_FIELDS {
            self.fields.push((name, value));
            return;
        }
        if !value.has_holes() && !value.has_objects() {
            self.rest.join(&Value::unknown());
            return;
        }
        let harmless = |(_, known): &(Symbol, Value)| !known.has_holes() && !known.has_objects();
        match self.fields.iter().position(harmless) {
            Some(at) => {
                self.fields[at] = (name, value);
                self.rest.join(&Value::unknown());
            }
            None => self.rest.join(&value),
        }
    }

    /// The element at an index, negative ones from the end.
    pub fn item(&self, index: i64) -> Option<&Value> {
        if !self.exact {
            return Some(&self.first).filter(|first| index == 0 && !first.is_nothing());
        }
        let len = i64::try_from(self.items.len()).ok()?;
        let at = if index < 0 { index + len } else { index };
        self.items.get(usize::try_from(at).ok()?)
    }

    /// Everything in it, keys too.
    pub fn contents(&self) -> Value {
        let mut all = self.values();
        if !self.keys.is_nothing() {
            all.join(&self.keys);
        }
        all
    }

    /// Everything in it but the keys.
    pub fn values(&self) -> Value {
        let mut all = self.rest.clone();
        for value in &self.items {
            all.join(value);
        }
        for (name, value) in &self.fields {
            all.join(&value.keyed(*name));
        }
        all
    }

    /// All values in it, each as it is.
    pub fn parts(&self) -> impl Iterator<Item = &Value> {
        self.items
            .iter()
            .chain(self.fields.iter().map(|(_, value)| value))
            .chain([&self.rest, &self.keys])
    }

    /// The same with other values.
    pub fn with(&self, change: impl Fn(&Value) -> Value) -> Self {
        let fields = self.fields.iter();
        Self {
            kind: self.kind.clone(),
            items: self.items.iter().map(&change).collect(),
            exact: self.exact,
            fields: fields.map(|(name, value)| (*name, change(value))).collect(),
            first: change(&self.first),
            rest: change(&self.rest),
            keys: change(&self.keys),
            many: self.many,
        }
    }

    /// Whether something holds of one of its values; asked so often that one iterator over all of them is too slow.
    pub fn has(&self, test: impl Fn(&Value) -> bool) -> bool {
        self.items.iter().any(&test)
            || self.fields.iter().any(|(_, value)| test(value))
            || test(&self.rest)
            || test(&self.keys)
    }

    /// Whether a hole or an input is in it, objects in it not looked into.
    pub fn has_holes(&self) -> bool {
        self.has(Value::has_holes)
    }

    /// Whether it refers to other objects.
    pub fn has_objects(&self) -> bool {
        self.has(Value::has_objects)
    }

    /// Whether it holds the same, as one object or as several.
    fn holds_the_same(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.exact == other.exact
            && self.items == other.items
            && self.fields == other.fields
            && self.first == other.first
            && self.rest == other.rest
            && self.keys == other.keys
    }

    fn join(&mut self, other: &Self) {
        if self.exact && other.exact && self.items.len() == other.items.len() {
            for (mine, theirs) in self.items.iter_mut().zip(&other.items) {
                mine.join(theirs);
            }
        } else {
            let mut first = self.head().clone();
            match other.head() {
                of_other if first.is_nothing() || of_other.is_nothing() => first = Value::nothing(),
                of_other => first.join(of_other),
            }
            self.blur();
            self.first = first;
            for item in &other.items {
                self.rest.join(item);
            }
        }
        self.rest.join(&other.rest);
        self.keys.join(&other.keys);
        for (name, value) in &other.fields {
            let at = self.fields.iter().position(|(known, _)| known == name);
            match at {
                Some(at) => self.fields[at].1.join(value),
                None => self.add_field(*name, value.clone()),
            }
        }
        self.many |= other.many;
    }

    fn each(&mut self, change: &mut impl FnMut(&mut Value)) {
        for value in &mut self.items {
            change(value);
        }
        for (_, value) in &mut self.fields {
            change(value);
        }
        change(&mut self.first);
        change(&mut self.rest);
        change(&mut self.keys);
    }
}

/// What is known of a hole all over the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The hole.
    pub id: u32,
    /// What.
    pub restriction: Restriction,
}

/// What a variable says that is true, or false, only where something was found out of a hole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// The frame, and the slot of the variable in it.
    pub variable: (usize, usize),
    /// As what it turns out.
    pub truth: bool,
    /// What holds then.
    pub known: Known,
}

/// Flags kept at a point; programs have one or two.
const MAX_FLAGS: usize = 8;

/// The variables of one function at work.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vars {
    /// By slot: the definition that reaches, and its value.
    pub slots: Table<(DefId, Value)>,
}

impl Vars {
    /// A number of variables that nothing is bound to.
    pub fn unbound(number: usize) -> Self {
        let mut vars = Self::default();
        vars.slots.grow(number, (SEVERAL, Value::nothing()));
        vars
    }
}

/// What holds at a point.
#[derive(Debug, Clone)]
pub struct State {
    /// Variables of the function at work, and of those that called it while it is looked into.
    pub frames: SmallVec<[Vars; 1]>,
    /// Objects by id.
    pub heap: Table<Option<Arc<Object>>>,
    /// Parts of inputs that were written.
    pub written: Vec<(Arc<InputPath>, Value)>,
    /// What was found out of holes.
    pub known: SmallVec<[Known; 2]>,
    /// What holds once a variable that was set on some ways only turns out true or false.
    pub flags: Vec<Flag>,
    /// Whether this point can be reached.
    pub live: bool,
}

/// A definition that stands for several.
pub const SEVERAL: DefId = DefId(u32::MAX);

impl State {
    /// With the variables of one function, all unbound.
    pub fn new(slots: usize) -> Self {
        Self {
            frames: SmallVec::from_iter([Vars::unbound(slots)]),
            heap: Table::default(),
            written: Vec::new(),
            known: SmallVec::new(),
            flags: Vec::new(),
            live: true,
        }
    }

    /// A point that is never reached.
    pub fn dead() -> Self {
        Self {
            frames: SmallVec::new(),
            heap: Table::default(),
            written: Vec::new(),
            known: SmallVec::new(),
            flags: Vec::new(),
            live: false,
        }
    }

    /// The variables of the function at work.
    pub fn vars(&mut self) -> &mut Vars {
        if self.frames.is_empty() {
            // What stands behind a call that never returns is looked at without variables.
            self.frames.push(Vars::default());
        }
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    /// An object.
    pub fn object(&self, id: ObjId) -> Option<&Arc<Object>> {
        self.heap.get(id.0 as usize)?.as_ref()
    }

    /// An object to change.
    pub fn object_mut(&mut self, id: ObjId) -> Option<&mut Object> {
        self.heap
            .get_mut(id.0 as usize)?
            .as_mut()
            .map(Arc::make_mut)
    }

    /// Puts an object at an id; one that is there already becomes many.
    pub fn allocate(&mut self, id: ObjId, object: impl Into<Arc<Object>>) {
        let object = object.into();
        let at = id.0 as usize;
        self.heap.grow(at + 1, None);
        match &mut self.heap[at] {
            Some(known) if known.kind == object.kind => {
                let known = Arc::make_mut(known);
                known.join(&object);
                known.many = true;
            }
            other => *other = Some(object),
        }
    }

    /// What holds on either of two ways.
    pub fn join(&mut self, other: Self) {
        if other.live && !self.live {
            *self = other;
        } else {
            self.join_with(&other);
        }
    }

    /// What holds on either of two ways, one of which goes on.
    pub fn join_with(&mut self, other: &Self) {
        if !other.live {
            return;
        }
        if !self.live {
            self.clone_from(other);
            return;
        }
        self.flags = self.joined_flags(other);
        for (mine, theirs) in self.frames.iter_mut().zip(&other.frames) {
            if mine.slots.is(&theirs.slots) {
                continue;
            }
            for number in mine.slots.differences(&theirs.slots).into_iter().flatten() {
                if mine.slots[number] == theirs.slots[number] {
                    continue;
                }
                let (def, value) = &theirs.slots[number];
                let mine = &mut mine.slots[number];
                if mine.0 != *def {
                    mine.0 = SEVERAL;
                }
                mine.1.join(value);
            }
        }
        if !self.heap.is(&other.heap) {
            self.heap.grow(other.heap.len(), None);
            for number in self.heap.differences(&other.heap).into_iter().flatten() {
                match (&self.heap[number], &other.heap[number]) {
                    (Some(mine), Some(theirs)) => {
                        if !Arc::ptr_eq(mine, theirs)
                            && mine != theirs
                            && let Some(mine) = &mut self.heap[number]
                        {
                            Arc::make_mut(mine).join(theirs);
                        }
                    }
                    (None, Some(theirs)) => self.heap[number] = Some(Arc::clone(theirs)),
                    _ => {}
                }
            }
        }
        for (path, value) in &other.written {
            match self.written.iter_mut().find(|(known, _)| known == path) {
                Some((_, known)) => known.join(value),
                None => {
                    let mut value = value.clone();
                    value.add(Atom::Input(Arc::clone(path)));
                    self.written.push((Arc::clone(path), value));
                }
            }
        }
        self.known.retain(|mine| {
            let Some(theirs) = other.known.iter().find(|theirs| theirs.id == mine.id) else {
                return false;
            };
            mine.restriction = mine.restriction.or(theirs.restriction);
            mine.restriction != Restriction::NONE
        });
    }

    /// What a variable that is true on one way and false on the other says of the way that was taken.
    fn joined_flags(&self, other: &Self) -> Vec<Flag> {
        let mut flags: Vec<Flag> = Vec::new();
        for (one, another) in [(self, other), (other, self)] {
            // What was known before, where the other way does not make it wrong.
            for flag in one.flags.iter().filter(|flag| one.is_set(flag)) {
                let (frame, slot) = flag.variable;
                let otherwise = another
                    .slot(frame, slot)
                    .and_then(|(_, value)| value.truth());
                let holds = otherwise == Some(!flag.truth)
                    || another.implies(&flag.known)
                    || another.flags.contains(flag) && another.is_set(flag);
                if holds && !flags.contains(flag) && flags.len() < MAX_FLAGS {
                    flags.push(flag.clone());
                }
            }
            // What only this way found out.
            let lost: SmallVec<[&Known; 2]> = one
                .known
                .iter()
                .filter(|known| !another.implies(known))
                .collect();
            if lost.is_empty() {
                continue;
            }
            for (frame, vars) in one.frames.iter().enumerate() {
                for (slot, (_, value)) in vars.slots.iter().enumerate() {
                    let Some(truth) = value.truth() else { continue };
                    if another
                        .slot(frame, slot)
                        .and_then(|(_, value)| value.truth())
                        != Some(!truth)
                    {
                        continue;
                    }
                    for known in &lost {
                        let flag = Flag {
                            variable: (frame, slot),
                            truth,
                            known: (*known).clone(),
                        };
                        if !flags.contains(&flag) && flags.len() < MAX_FLAGS {
                            flags.push(flag);
                        }
                    }
                }
            }
        }
        flags
    }

    fn slot(&self, frame: usize, slot: usize) -> Option<&(DefId, Value)> {
        self.frames.get(frame)?.slots.get(slot)
    }

    /// Whether a variable still is what it was where its ways met.
    fn is_set(&self, flag: &Flag) -> bool {
        let (frame, slot) = flag.variable;
        self.slot(frame, slot)
            .is_some_and(|(def, _)| *def == SEVERAL)
    }

    fn implies(&self, known: &Known) -> bool {
        let here = self.known_of(known.id);
        here == known.restriction || here.finite
    }

    /// A variable of the function at work turned out true or false.
    pub fn flagged(&mut self, slot: usize, truth: bool) {
        let variable = (self.frames.len().saturating_sub(1), slot);
        let said: SmallVec<[Known; 2]> = self
            .flags
            .iter()
            .filter(|flag| flag.variable == variable && flag.truth == truth && self.is_set(flag))
            .map(|flag| flag.known.clone())
            .collect();
        for known in said {
            self.restrict(known.id, known.restriction);
        }
    }

    /// Whether two points hold the same, for the end of loops. That what a loop makes is made again is no news.
    pub fn same(&self, other: &Self) -> bool {
        let same_object = |at: usize| match (&self.heap[at], &other.heap[at]) {
            (Some(mine), Some(theirs)) => Arc::ptr_eq(mine, theirs) || mine.holds_the_same(theirs),
            (mine, theirs) => mine.is_none() && theirs.is_none(),
        };
        let mut objects = self.heap.differences(&other.heap).into_iter().flatten();
        self.live == other.live
            && self.frames == other.frames
            && self.heap.len() == other.heap.len()
            && objects.all(same_object)
            && self.written == other.written
            && self.known == other.known
    }

    /// Writes down what is known of a hole, and leaves the values as they are. Says whether it is more than was known.
    pub fn note(&mut self, id: u32, restriction: Restriction) -> bool {
        match self.known.iter_mut().find(|known| known.id == id) {
            Some(known) => {
                let both = known.restriction.and(restriction);
                std::mem::replace(&mut known.restriction, both) != both
            }
            None => {
                self.known.push(Known { id, restriction });
                true
            }
        }
    }

    /// Restricts all holes of an id, everywhere.
    pub fn restrict(&mut self, id: u32, restriction: Restriction) {
        // What was known before is in the values already.
        if restriction == Restriction::NONE || !self.note(id, restriction) {
            return;
        }
        let mut change = |value: &mut Value| restrict_value(value, id, restriction);
        for frame in &mut self.frames {
            for number in 0..frame.slots.len() {
                if mentions(&frame.slots[number].1, id) {
                    change(&mut frame.slots[number].1);
                }
            }
        }
        for number in 0..self.heap.len() {
            let Some(object) = &self.heap[number] else {
                continue;
            };
            let concerned = object.has(|value| mentions(value, id));
            if concerned && let Some(object) = &mut self.heap[number] {
                Arc::make_mut(object).each(&mut change);
            }
        }
        for (_, value) in &mut self.written {
            change(value);
        }
    }

    /// Puts what was found out of holes into a value that was read after it.
    pub fn recall(&self, value: &mut Value) {
        for known in &self.known {
            restrict_value(value, known.id, known.restriction);
        }
    }

    /// What is known of a hole.
    pub fn known_of(&self, id: u32) -> Restriction {
        self.known
            .iter()
            .find(|known| known.id == id)
            .map_or(Restriction::NONE, |known| known.restriction)
    }

    /// What was written to a part of an input.
    pub fn written_to(&self, path: &InputPath) -> Option<&Value> {
        self.written
            .iter()
            .find(|(known, _)| **known == *path)
            .map(|(_, value)| value)
    }

    /// Writes a part of an input.
    pub fn write_input(&mut self, path: Arc<InputPath>, value: Value) {
        let weak = matches!(path.keys.last(), Some(Key::Any | Key::Value));
        let at = self.written.iter().position(|(known, _)| *known == path);
        match at {
            Some(at) if weak => self.written[at].1.join(&value),
            Some(at) => self.written[at].1 = value,
            None if self.written.len() < MAX_WRITTEN => self.written.push((path, value)),
            None => {}
        }
    }
}

fn mentions(value: &Value, id: u32) -> bool {
    value.atoms().iter().any(|atom| match atom {
        Atom::Text(text) => crate::shape::holes(text).any(|hole| hole.id == id),
        Atom::Input(path) => path.id() == id,
        _ => false,
    })
}

fn restrict_value(value: &mut Value, id: u32, restriction: Restriction) {
    if !mentions(value, id) {
        return;
    }
    // The same thing seen from outside is one of the few values as well.
    let settled = restriction.finite
        && value.atoms().iter().any(|atom| match atom {
            Atom::Text(text) => matches!(&**text, [Stretch::Hole(hole)] if hole.id == id),
            _ => false,
        });
    let seen = |atom: &&Atom| !(settled && matches!(atom, Atom::External(_)));
    let atoms = value.atoms().iter().filter(seen).map(|atom| match atom {
        Atom::Text(text) if crate::shape::holes(text).any(|hole| hole.id == id) => {
            if restriction.finite {
                let stretches: Vec<Stretch> = text
                    .iter()
                    .map(|stretch| match stretch {
                        Stretch::Hole(hole) if hole.id == id => Stretch::Settled,
                        other => other.clone(),
                    })
                    .collect();
                return Value::stretches(stretches).atoms()[0].clone();
            }
            let stretches = map_holes(text, |hole| {
                if hole.id == id {
                    restriction.apply(hole);
                }
            });
            Atom::Text(stretches.into())
        }
        Atom::Input(path) if path.id() == id => {
            if restriction.finite {
                return Atom::Scalar;
            }
            if restriction.alphabet == crate::shape::Alphabet::ALL
                && restriction.cleaned.0 == 0
                && restriction.facts == crate::shape::Facts::NONE
            {
                return atom.clone();
            }
            let mut hole = crate::value::input_hole(path);
            restriction.apply(&mut hole);
            Atom::Text(Arc::from([Stretch::Hole(Arc::new(hole))]))
        }
        other => other.clone(),
    });
    *value = Value::of(atoms.collect::<Vec<_>>());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::Hole;
    use crate::value::{Origin, Place, Source, Taint, Trail};

    #[test]
    fn a_field_without_holes_makes_room() {
        let place = Place {
            module: ModuleId(0),
            range: (0, 0),
        };
        let source = Source {
            model: 0,
            place,
            sure: true,
        };
        let taint = Taint {
            origin: Origin::Source(source),
            trail: Trail::default(),
        };
        let outside = Value::hole(Hole::new(1, taint));
        let mut object = Object::new(Kind::Dict);
        for number in 0..MAX_FIELDS {
            object.set_field(Symbol::from(format!("key{number}")), Value::text("known"));
        }
        object.set_field(Symbol::from("name"), outside);
        assert!(
            object
                .field(Symbol::from("name"))
                .is_some_and(Value::has_holes)
        );
        assert!(!object.rest.has_holes(), "other keys do not hold it");
        assert_eq!(object.fields.len(), MAX_FIELDS);
    }
}
