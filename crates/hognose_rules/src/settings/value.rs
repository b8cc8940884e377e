//! The small values that settings are evaluated to.

use std::sync::Arc;

use hognose_python::ir::*;
use hognose_python::{Constant, ModuleId, Symbol};
use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// Alternatives kept for one value; beyond it the value is unknown.
const MAX_SHAPES: usize = 6;

/// Values inside of one value, counted with every place they stand in: lists that are added to themselves in a loop and
/// dicts that hold each other twice would otherwise grow without end. A string counts by its length.
const MAX_WEIGHT: usize = 8_192;

/// Bytes of a string that count as one value.
const TEXT_WEIGHT: usize = 64;

/// One thing a value may be.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A constant that is no collection.
    Constant(Constant),
    /// A list, tuple or set.
    List {
        /// The elements known, in order.
        items: Arc<Vec<Val>>,
        /// There may be more.
        open: bool,
    },
    /// A dict with constant string keys.
    Dict {
        /// The entries known.
        items: Arc<Vec<(String, Val)>>,
        /// There may be more.
        open: bool,
    },
    /// Something outside of the project, by access path.
    Path(Symbol),
    /// A module of the project.
    Module(ModuleId),
    /// A class of the project.
    Class(ModuleId, ClassId),
    /// An instance of a class of the project.
    Instance(ModuleId, ClassId),
    /// A function of the project.
    Function(ModuleId, FunctionId),
    /// A reader of environment variables with its declared defaults.
    Reader(Arc<Vec<(String, Val)>>),
    /// A web application, by the call that made it.
    App(ModuleId, ExprId),
    /// The configuration of an application.
    Config(ModuleId, ExprId),
    /// The variables of the module that runs: `globals()`.
    Globals,
    /// An environment variable without a default.
    Unset,
    /// Anything.
    Unknown,
}

/// What an expression may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Val {
    /// The alternatives.
    pub shapes: SmallVec<[Shape; 1]>,
    /// False where it holds only as long as the environment, or an optional file, says nothing else.
    pub certain: bool,
    /// Values inside, up to [`MAX_WEIGHT`].
    weight: usize,
}

impl Shape {
    fn weight(&self) -> usize {
        let inner = |value: &Val| value.weight;
        1 + match self {
            Self::List { items, .. } => items.iter().map(inner).sum(),
            Self::Dict { items, .. } | Self::Reader(items) => {
                items.iter().map(|(_, value)| inner(value)).sum()
            }
            Self::Constant(constant) => constant.text().map_or(0, |text| text.len() / TEXT_WEIGHT),
            _ => 0,
        }
    }
}

impl Val {
    /// Anything.
    pub fn unknown() -> Self {
        Self::of(Shape::Unknown)
    }

    /// One thing, certainly.
    pub fn of(shape: Shape) -> Self {
        let weight = shape.weight();
        let kept = weight <= MAX_WEIGHT;
        Self {
            shapes: SmallVec::from_iter([if kept { shape } else { Shape::Unknown }]),
            certain: true,
            weight: if kept { weight } else { 1 },
        }
    }

    /// A truth value.
    pub fn bool(value: bool) -> Self {
        Self::of(Shape::Constant(Constant::Bool(value)))
    }

    /// A string.
    pub fn text(text: impl Into<String>) -> Self {
        Self::of(Shape::Constant(Constant::Str(text.into())))
    }

    /// A list of known elements.
    pub fn list(items: Vec<Self>) -> Self {
        Self::of(Shape::List {
            items: Arc::new(items),
            open: false,
        })
    }

    /// A constant with its parts.
    pub fn from_constant(constant: &Constant) -> Self {
        match constant {
            Constant::Seq(items) => Self::list(items.iter().map(Self::from_constant).collect()),
            Constant::Map(items) => {
                let mut entries = Vec::new();
                let mut open = false;
                for (key, value) in items {
                    match key {
                        Constant::Str(key) => {
                            entries.push((key.clone(), Self::from_constant(value)))
                        }
                        _ => open = true,
                    }
                }
                Self::of(Shape::Dict {
                    items: Arc::new(entries),
                    open,
                })
            }
            other => Self::of(Shape::Constant(other.clone())),
        }
    }

    /// The same, but not for certain.
    #[must_use]
    pub fn uncertain(mut self) -> Self {
        self.certain = false;
        self
    }

    /// As certain as both.
    #[must_use]
    pub fn given(mut self, other: bool) -> Self {
        self.certain &= other;
        self
    }

    /// The only alternative.
    pub fn only(&self) -> Option<&Shape> {
        match self.shapes.as_slice() {
            [shape] => Some(shape),
            _ => None,
        }
    }

    /// The constant it is, collections included.
    pub fn constant(&self) -> Option<Constant> {
        match self.only()? {
            Shape::Constant(constant) => Some(constant.clone()),
            Shape::List { items, open: false } => items
                .iter()
                .map(Self::constant)
                .collect::<Option<_>>()
                .map(Constant::Seq),
            Shape::Dict { items, open: false } => items
                .iter()
                .map(|(key, value)| Some((Constant::Str(key.clone()), value.constant()?)))
                .collect::<Option<_>>()
                .map(Constant::Map),
            _ => None,
        }
    }

    /// The string it is.
    pub fn str(&self) -> Option<&str> {
        match self.only()? {
            Shape::Constant(Constant::Str(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether nothing is known.
    pub fn is_unknown(&self) -> bool {
        self.shapes
            .iter()
            .any(|shape| matches!(shape, Shape::Unknown | Shape::Unset))
    }

    /// Whether Python takes it for true. An environment variable that is not set is false.
    pub fn truthy(&self) -> Option<bool> {
        let mut answers = self.shapes.iter().map(|shape| match shape {
            Shape::Constant(constant) => Some(constant.truthy()),
            Shape::List { items, open } => {
                if items.is_empty() && *open {
                    None
                } else {
                    Some(!items.is_empty())
                }
            }
            Shape::Dict { items, open } => {
                if items.is_empty() && *open {
                    None
                } else {
                    Some(!items.is_empty())
                }
            }
            Shape::Unset => Some(false),
            Shape::Unknown | Shape::Path(_) => None,
            _ => Some(true),
        });
        let first = answers.next()??;
        answers.all(|answer| answer == Some(first)).then_some(first)
    }

    /// Whether it is known to be what it is: neither unknown nor dependent on the environment.
    pub fn is_settled(&self) -> bool {
        self.certain && !self.is_unknown()
    }

    /// Either of two.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        self.certain &= other.certain;
        for shape in other.shapes {
            if !self.shapes.contains(&shape) {
                self.weight += shape.weight();
                self.shapes.push(shape);
            }
        }
        if self.shapes.len() > MAX_SHAPES || self.weight > MAX_WEIGHT {
            Self::unknown()
        } else {
            self
        }
    }
}

/// A variable.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Var {
    pub(crate) value: Val,
    /// Where it was last changed.
    pub(crate) place: (ModuleId, TextRange),
    /// Not set on some way through the code.
    pub(crate) optional: bool,
}

/// Variables of a module, class, function or configuration.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Namespace {
    pub(crate) vars: FxHashMap<Symbol, Var>,
    /// An optional file, or the environment, may change or add variables.
    pub(crate) overridable: bool,
    /// Variables come from where they cannot be seen.
    pub(crate) unseen: bool,
}

#[expect(
    clippy::iter_over_hash_type,
    reason = "every variable is handled by itself"
)]
impl Namespace {
    pub(crate) fn set(&mut self, name: Symbol, value: Val, place: (ModuleId, TextRange)) {
        self.vars.insert(
            name,
            Var {
                value,
                place,
                optional: false,
            },
        );
    }

    /// Puts another namespace's variables on top.
    pub(crate) fn overlay(&mut self, other: &Self) {
        for (name, var) in &other.vars {
            let name = *name;
            let mut var = var.clone();
            if var.optional
                && let Some(below) = self.vars.get(&name)
            {
                var.value = var.value.join(below.value.clone());
                var.optional = below.optional;
            }
            self.vars.insert(name, var);
        }
        self.overridable |= other.overridable;
        self.unseen |= other.unseen;
    }

    /// Something unseen may have changed every variable.
    pub(crate) fn disturb(&mut self, unseen: bool) {
        for var in self.vars.values_mut() {
            var.value.certain = false;
        }
        self.overridable = true;
        self.unseen |= unseen;
    }

    /// Either of two ways through the code.
    pub(crate) fn join(&mut self, other: Self) {
        self.overridable |= other.overridable;
        self.unseen |= other.unseen;
        for (name, var) in &mut self.vars {
            if !other.vars.contains_key(name) {
                var.optional = true;
            }
        }
        for (name, theirs) in other.vars {
            match self.vars.get_mut(&name) {
                Some(ours) if *ours == theirs => {}
                Some(ours) => {
                    let value = std::mem::replace(&mut ours.value, Val::unknown());
                    ours.value = value.join(theirs.value);
                    ours.optional |= theirs.optional;
                    ours.place = ours.place.max_place(theirs.place);
                }
                None => {
                    self.vars.insert(
                        name,
                        Var {
                            optional: true,
                            ..theirs
                        },
                    );
                }
            }
        }
    }
}

trait Later {
    fn max_place(self, other: Self) -> Self;
}

impl Later for (ModuleId, TextRange) {
    fn max_place(self, other: Self) -> Self {
        if (other.0, other.1.start()) > (self.0, self.1.start()) {
            other
        } else {
            self
        }
    }
}
