//! Abstract values: what an expression may be, with where it comes from.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use hognose_python::ModuleId;
use hognose_python::ir::{ClassId, FunctionId, ScopeId, SlotId};
use ruff_text_size::TextRange;
use rustc_hash::FxHasher;
use smallvec::SmallVec;

pub use hognose_python::Symbol;

use crate::shape::{Alphabet, Facts, Hole, RuleSet, Stretch, Text};

/// Alternatives kept of a value.
pub const MAX_ATOMS: usize = 6;

/// Texts kept among them as they are, where there are too many.
const MAX_TEXTS: usize = 2;

/// Keys kept of the path to a part of an input; deeper parts are the part at the end of it.
pub const MAX_KEYS: usize = 4;

/// A place in the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The module.
    pub module: ModuleId,
    /// The span.
    pub range: (u32, u32),
}

impl Place {
    /// A span of a module.
    pub fn new(module: ModuleId, range: TextRange) -> Self {
        Self {
            module,
            range: (range.start().to_u32(), range.end().to_u32()),
        }
    }

    /// The span.
    pub fn text_range(self) -> TextRange {
        TextRange::new(self.range.0.into(), self.range.1.into())
    }
}

/// A source met in the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// Which model says so; its number in [`crate::Models::sources`].
    pub model: u32,
    /// Where.
    pub place: Place,
    /// By the evidence of a resolved path, not of a convention.
    pub sure: bool,
}

/// A step into an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// An attribute.
    Attr(Symbol),
    /// An item by constant key.
    Item(Symbol),
    /// An element at a constant index.
    Index(i32),
    /// Some item or element.
    Any,
    /// Some value of a mapping, or element.
    Value,
}

/// What a function is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Root {
    /// A parameter.
    Param(u16),
    /// A variable of a scope around it.
    Captured(ScopeId, SlotId),
}

/// A part of what a function is given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct InputPath {
    /// Of what.
    pub root: Root,
    /// The way into it.
    pub keys: SmallVec<[Key; 2]>,
    /// Hash of both: it is asked for far more often than paths are made.
    id: u32,
}

impl Hash for InputPath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl InputPath {
    /// The part of an input that keys lead to.
    pub fn new(root: Root, keys: SmallVec<[Key; 2]>) -> Arc<Self> {
        let id = hash_id(&(root, &keys));
        Arc::new(Self { root, keys, id })
    }

    /// All of an input.
    pub fn whole(root: Root) -> Arc<Self> {
        Self::new(root, SmallVec::new())
    }

    /// A part of it.
    pub fn then(self: &Arc<Self>, key: Key) -> Arc<Self> {
        if self.keys.len() >= MAX_KEYS {
            return Arc::clone(self);
        }
        let mut keys = self.keys.clone();
        keys.push(key);
        Self::new(self.root, keys)
    }

    /// Identity of the hole it makes in a text.
    pub const fn id(&self) -> u32 {
        self.id
    }
}

/// Where something comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// From outside.
    Source(Source),
    /// From whoever calls.
    Input(Arc<InputPath>),
}

impl Origin {
    /// From outside.
    pub const fn is_source(&self) -> bool {
        matches!(self, Self::Source(_))
    }
}

/// Why a value moves on at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It is stored in a variable, attribute or container of that name.
    Stored(Symbol),
    /// It is passed to a function of the project.
    Passed(Symbol),
    /// A function of the project returns it.
    Returned(Symbol),
    /// Something outside of the project passes it on.
    Through(Symbol),
    /// A model says what is left of it.
    Sanitized(Symbol),
}

/// The way a value came, latest step last.
#[derive(Debug, Clone, Default)]
pub struct Trail(Option<Arc<Node>>);

#[derive(Debug)]
struct Node {
    before: Trail,
    step: Step,
    length: u16,
}

#[derive(Debug)]
enum Step {
    At(Place, Why),
    /// The steps inside of a function that was called.
    Inside(Trail),
}

/// Steps kept of one way.
const MAX_TRAIL: u16 = 40;

impl Trail {
    /// The number of its steps.
    pub fn length(&self) -> u16 {
        self.0.as_ref().map_or(0, |node| node.length)
    }

    fn grow(&self, step: Step, by: u16) -> Self {
        let length = self.length().saturating_add(by);
        if length > MAX_TRAIL {
            return self.clone();
        }
        Self(Some(Arc::new(Node {
            before: self.clone(),
            step,
            length,
        })))
    }

    /// With one more step.
    #[must_use]
    pub fn step(&self, place: Place, why: Why) -> Self {
        self.grow(Step::At(place, why), 1)
    }

    /// With the steps of another way behind.
    #[must_use]
    pub fn then(&self, inside: &Self) -> Self {
        if inside.0.is_none() {
            return self.clone();
        }
        if self.0.is_none() {
            return inside.clone();
        }
        self.grow(Step::Inside(inside.clone()), inside.length())
    }

    /// All steps, first first.
    pub fn steps(&self) -> Vec<(Place, Why)> {
        let mut steps = Vec::new();
        self.collect(&mut steps);
        steps.reverse();
        steps
    }

    /// What sanitized it last.
    pub fn sanitized(&self) -> Option<Symbol> {
        let mut at = self;
        while let Some(node) = &at.0 {
            let found = match &node.step {
                Step::At(_, Why::Sanitized(path)) => Some(*path),
                Step::At(..) => None,
                Step::Inside(inside) => inside.sanitized(),
            };
            if found.is_some() {
                return found;
            }
            at = &node.before;
        }
        None
    }

    fn collect(&self, into: &mut Vec<(Place, Why)>) {
        // Lengths are bounded, and so is the nesting.
        let mut at = self;
        while let Some(node) = &at.0 {
            match &node.step {
                Step::At(place, why) => into.push((*place, *why)),
                Step::Inside(inside) => inside.collect(into),
            }
            at = &node.before;
        }
    }
}

/// An origin with the way from there.
#[derive(Debug, Clone)]
pub struct Taint {
    /// From where.
    pub origin: Origin,
    /// How.
    pub trail: Trail,
}

/// An object of the function's heap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjId(pub u32);

/// One thing a value may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Atom {
    /// `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A text or bytes that are known.
    Str(Symbol),
    /// Something that holds no text: a number, a date.
    Scalar,
    /// Harmless, and not known.
    Unknown,
    /// A text with holes; also whatever comes from a source, text or not.
    Text(Text),
    /// A container, instance, closure.
    Object(ObjId),
    /// A function of the project.
    Function(ModuleId, FunctionId),
    /// A class of the project.
    Class(ModuleId, ClassId),
    /// An instance of which only the class is known.
    Instance(ModuleId, ClassId),
    /// A module of the project.
    Module(ModuleId),
    /// Outside of the project, by access path.
    External(Symbol),
    /// An input of the function, as it was given.
    Input(Arc<InputPath>),
}

/// What an expression may be.
#[derive(Debug, PartialEq, Eq, Default)]
pub struct Value(SmallVec<[Atom; 2]>);

impl Clone for Value {
    /// Nearly all values are of one or two atoms, and nothing is copied as often.
    fn clone(&self) -> Self {
        let atoms = self.0.as_slice();
        let mut copy = SmallVec::new();
        if atoms.len() > copy.inline_size() {
            copy.reserve_exact(atoms.len());
        }
        for atom in atoms {
            copy.push(atom.clone());
        }
        Self(copy)
    }
}

impl Value {
    /// Nothing: code that is not reached.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Harmless and not known.
    pub fn unknown() -> Self {
        Atom::Unknown.into()
    }

    /// A known text.
    pub fn text(text: &str) -> Self {
        Atom::Str(Symbol::from(text)).into()
    }

    /// From alternatives.
    pub fn of(atoms: impl IntoIterator<Item = Atom>) -> Self {
        let mut value = Self::default();
        for atom in atoms {
            value.add(atom);
        }
        value
    }

    /// From stretches; known text alone becomes a constant.
    pub fn stretches(stretches: Vec<Stretch>) -> Self {
        match stretches.as_slice() {
            [] => Self::text(""),
            [Stretch::Known(text)] => Atom::Str(*text).into(),
            [Stretch::Any] => Self::unknown(),
            [Stretch::Settled] => Atom::Scalar.into(),
            _ => Atom::Text(stretches.into()).into(),
        }
    }

    /// A single hole.
    pub fn hole(hole: Hole) -> Self {
        Atom::Text(Arc::from([Stretch::Hole(Arc::new(hole))])).into()
    }

    /// The alternatives.
    pub fn atoms(&self) -> &[Atom] {
        &self.0
    }

    /// The only alternative.
    pub fn only(&self) -> Option<&Atom> {
        match self.0.as_slice() {
            [atom] => Some(atom),
            _ => None,
        }
    }

    /// No alternative.
    pub fn is_nothing(&self) -> bool {
        self.0.is_empty()
    }

    /// The known texts, when it is nothing else.
    pub fn texts(&self) -> Option<SmallVec<[Symbol; 2]>> {
        if self.0.is_empty() {
            return None;
        }
        self.0
            .iter()
            .map(|atom| match atom {
                Atom::Str(text) => Some(*text),
                _ => None,
            })
            .collect()
    }

    /// The one known text.
    pub fn known_text(&self) -> Option<Symbol> {
        let mut known = None;
        for atom in &self.0 {
            match atom {
                Atom::Str(text) if known.is_none() => known = Some(*text),
                Atom::External(_) => {}
                _ => return None,
            }
        }
        known
    }

    /// Adds an alternative.
    pub fn add(&mut self, atom: Atom) {
        if self.0.contains(&atom) {
            return;
        }
        if let Atom::Text(text) = &atom {
            for known in &mut self.0 {
                if let Atom::Text(other) = known
                    && let Some(both) = join_texts(other, text)
                {
                    *known = Atom::Text(both);
                    return;
                }
            }
        }
        if self.0.len() < MAX_ATOMS {
            self.0.push(atom);
            return;
        }
        self.overflow(&atom);
    }

    /// Too many alternatives: texts that differ in their holes only become one; otherwise of texts the holes are kept, and of
    /// constants that they are some.
    /// Those of which the same is known come first, so that what a guard found out is not lost to a text that passed none.
    fn overflow(&mut self, atom: &Atom) {
        let mut all = std::mem::take(&mut self.0);
        all.push(atom.clone());
        all = blend_texts(all);
        if all.len() <= MAX_ATOMS {
            self.0 = all;
            return;
        }
        // What no text is comes first, then the first texts; of the others their holes are known.
        let (texts, others): (Vec<Atom>, Vec<Atom>) = all
            .into_iter()
            .partition(|atom| matches!(atom, Atom::Text(_)));
        let (mut settled, mut constants) = (false, false);
        let mut loose: Vec<Text> = Vec::new();
        for atom in others.into_iter().chain(texts) {
            match atom {
                Atom::Str(_) => settled = true,
                Atom::Int(_) | Atom::Bool(_) => constants = true,
                Atom::Text(text) if crate::shape::holes(&text).next().is_none() => {
                    let known = !text.contains(&Stretch::Any);
                    settled |= known;
                    constants |= !known;
                }
                Atom::Text(text) if self.0.len() >= MAX_TEXTS => loose.push(text),
                other if self.0.len() < MAX_ATOMS - 2 => self.0.push(other),
                Atom::Input(path) => {
                    loose.push(Arc::from([Stretch::Hole(Arc::new(input_hole(&path)))]));
                }
                _ => {}
            }
        }
        if constants && !self.0.contains(&Atom::Unknown) {
            self.0.push(Atom::Unknown);
        }
        if settled {
            self.0.push(Atom::Text(Arc::from([Stretch::Settled])));
        }
        for text in crate::shape::loosened(loose.iter().map(|text| &**text)) {
            self.0.push(Atom::Text(text.into()));
        }
    }

    /// Adds the alternatives of another value.
    pub fn join(&mut self, other: &Self) {
        if self.0.is_empty() {
            self.0.clone_from(&other.0);
            return;
        }
        for atom in &other.0 {
            self.add(atom.clone());
        }
    }

    /// Both.
    #[must_use]
    pub fn or(mut self, other: &Self) -> Self {
        self.join(other);
        self
    }

    /// Whether some alternative holds a hole or an input, objects not looked into.
    pub fn has_holes(&self) -> bool {
        self.0
            .iter()
            .any(|atom| matches!(atom, Atom::Text(_) | Atom::Input(_)))
    }

    /// Whether something in its texts comes from outside, objects not looked into.
    pub fn has_sources(&self) -> bool {
        self.0.iter().any(|atom| match atom {
            Atom::Text(text) => crate::shape::holes(text)
                .any(|hole| hole.taints.iter().any(|taint| taint.origin.is_source())),
            _ => false,
        })
    }

    /// Whether some alternative is an object.
    pub fn has_objects(&self) -> bool {
        self.0.iter().any(|atom| matches!(atom, Atom::Object(_)))
    }

    /// All holes, an input as the hole it makes; objects are not looked into.
    pub fn holes(&self) -> Vec<Arc<Hole>> {
        let mut found = Vec::new();
        for atom in &self.0 {
            match atom {
                Atom::Text(text) => found.extend(crate::shape::holes(text).cloned()),
                Atom::Input(path) => found.push(Arc::new(input_hole(path))),
                _ => {}
            }
        }
        found
    }

    /// As Python's `bool()` sees it, when all alternatives agree.
    pub fn truth(&self) -> Option<bool> {
        let mut all = None;
        for atom in &self.0 {
            let truth = match atom {
                Atom::None => false,
                Atom::Bool(truth) => *truth,
                Atom::Int(number) => *number != 0,
                Atom::Str(text) => !text.as_str().is_empty(),
                Atom::Function(..) | Atom::Class(..) | Atom::Module(_) => true,
                Atom::Text(text)
                    if text.iter().any(
                        |part| matches!(part, Stretch::Known(known) if !known.as_str().is_empty()),
                    ) =>
                {
                    true
                }
                _ => return None,
            };
            if all.is_some_and(|known| known != truth) {
                return None;
            }
            all = Some(truth);
        }
        all
    }
}

impl From<Atom> for Value {
    fn from(atom: Atom) -> Self {
        let mut atoms = SmallVec::new();
        atoms.push(atom);
        Self(atoms)
    }
}

/// The hole an input makes in a text.
pub fn input_hole(path: &Arc<InputPath>) -> Hole {
    Hole {
        id: path.id(),
        taints: SmallVec::from_iter([Taint {
            origin: Origin::Input(Arc::clone(path)),
            trail: Trail::default(),
        }]),
        alphabet: Alphabet::ALL,
        facts: Facts::NONE,
        cleaned: RuleSet::default(),
        part: None,
        keys: SmallVec::new(),
        doubt: 0,
    }
}

/// Texts that differ only in holes of which the same is known become one.
fn blend_texts(atoms: SmallVec<[Atom; 2]>) -> SmallVec<[Atom; 2]> {
    let mut all: SmallVec<[Atom; 2]> = SmallVec::new();
    for atom in atoms {
        if let Atom::Text(text) = &atom
            && let Some((known, both)) = all.iter_mut().find_map(|known| match known {
                Atom::Text(other) => {
                    let both = crate::shape::blended(other, text)?;
                    Some((known, both))
                }
                _ => None,
            })
        {
            *known = Atom::Text(both.into());
        } else {
            all.push(atom);
        }
    }
    all
}

/// Two texts of the same build become one; `None` when they differ in more than what their holes can hold.
fn join_texts(a: &Text, b: &Text) -> Option<Text> {
    if a.len() != b.len() {
        return None;
    }
    let same = a.iter().zip(b.iter()).all(|(a, b)| match (a, b) {
        (Stretch::Hole(a), Stretch::Hole(b)) => a.id == b.id,
        (a, b) => a == b,
    });
    if !same {
        return None;
    }
    let joined = a.iter().zip(b.iter()).map(|(a, b)| match (a, b) {
        (Stretch::Hole(a), Stretch::Hole(b)) if a != b => {
            let mut hole = (**a).clone();
            hole.join(b);
            Stretch::Hole(Arc::new(hole))
        }
        (a, _) => a.clone(),
    });
    Some(joined.collect())
}

/// A number that tells things apart.
pub fn hash_id(thing: &impl Hash) -> u32 {
    let mut hasher = FxHasher::default();
    thing.hash(&mut hasher);
    let hash = hasher.finish();
    #[expect(clippy::cast_possible_truncation, reason = "folded to half its width")]
    let folded = (hash ^ (hash >> 32)) as u32;
    folded
}

impl Value {
    /// What was taken out of a dict with others, and stood under this key.
    #[must_use]
    pub fn keyed(&self, key: Symbol) -> Self {
        self.with_holes(|hole| hole.keys = SmallVec::from_iter([key]))
    }

    /// What a dict gives for a key under which it may stand: what stood under another one before is hardly it.
    #[must_use]
    pub fn named(&self, key: Symbol) -> Self {
        self.with_holes(|hole| {
            if !hole.keys.is_empty() && !hole.keys.contains(&key) {
                hole.doubt = hole.doubt.saturating_add(1);
            }
        })
    }

    fn with_holes(&self, mut change: impl FnMut(&mut Hole)) -> Self {
        if !self.has_sources() {
            return self.clone();
        }
        let changed = self.0.iter().map(|atom| match atom {
            Atom::Text(text) => Atom::Text(crate::shape::map_holes(text, &mut change).into()),
            other => other.clone(),
        });
        Self::of(changed.collect::<Vec<_>>())
    }

    /// With all its texts as one hole behind what they begin with.
    #[must_use]
    pub fn collapsed(self) -> Self {
        let mut whole: Vec<Stretch> = Vec::new();
        let mut other = Self::default();
        for atom in &self.0 {
            match atom {
                Atom::Text(text) => whole.extend(text.iter().cloned()),
                atom => other.add(atom.clone()),
            }
        }
        if !whole.is_empty() {
            other.add(Atom::Text(crate::shape::collapse(&whole).into()));
        }
        other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::Alphabet;

    /// Text around a hole, or the hole alone, of which something of its own is known.
    fn text(number: u32, front: Option<&str>) -> Atom {
        let source = Source {
            model: number,
            place: Place {
                module: ModuleId(0),
                range: (number, number),
            },
            sure: true,
        };
        let taint = Taint {
            origin: Origin::Source(source),
            trail: Trail::default(),
        };
        let mut hole = Hole::new(number, taint);
        let letters = ["'", "\"", "<", "/", ";", "&", "|", " "];
        hole.alphabet = Alphabet::ALL.without(letters[number as usize % letters.len()]);
        let front = front.map(|front| Stretch::Known(Symbol::from(front)));
        let hole = Stretch::Hole(Arc::new(hole));
        Atom::Text(front.into_iter().chain([hole]).collect())
    }

    fn alphabet_of(value: &Value, id: u32) -> Option<Alphabet> {
        value
            .holes()
            .iter()
            .find(|hole| hole.id == id)
            .map(|hole| hole.alphabet)
    }

    #[test]
    fn too_many_alternatives_keep_what_is_known_of_each() {
        let mut value = Value::nothing();
        for number in 0..8 {
            value.add(text(number, Some(&format!("{number}="))));
        }
        for number in 0..8 {
            let Atom::Text(given) = text(number, None) else {
                continue;
            };
            let known = crate::shape::holes(&given).next().map(|hole| hole.alphabet);
            assert_eq!(alphabet_of(&value, number), known, "{number}");
        }
    }

    #[test]
    fn adding_the_same_again_comes_to_an_end() {
        let mut value = Value::nothing();
        let mut before = Value::nothing();
        let mut rounds = 0;
        loop {
            for number in 0..12 {
                let front = ["a=", "b=", "c="].get(number as usize % 5);
                value.add(text(number, front.copied()));
                value.add(Atom::Int(i64::from(number)));
                value.add(Atom::Str(Symbol::from(format!("{number}"))));
            }
            rounds += 1;
            if value == before {
                break;
            }
            before = value.clone();
            assert!(rounds < 5, "{rounds}: {value:?}");
        }
        assert!(value.atoms().len() <= MAX_ATOMS + 4);
    }
}
