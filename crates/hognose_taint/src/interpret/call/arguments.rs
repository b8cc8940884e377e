//! What a call is given, and conditions of models on it.

use hognose_python::ir::*;
use smallvec::SmallVec;

use super::super::Interpreter;
use crate::model::{Argument, Asks, Conditions, Elements, Literal, When};
use crate::shape::Stretch;
use crate::state::{Kind, State};
use crate::value::{Atom, Symbol, Value};

/// What a call is given, evaluated.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arguments {
    /// By position, `*x` left out.
    pub positional: SmallVec<[Value; 3]>,
    /// By name.
    pub keywords: SmallVec<[(Symbol, Value); 2]>,
    /// The elements of `*x`, behind the positional ones.
    pub star: Option<Value>,
    /// Some of them are the program's own, in a list of which it is not known any more which element is where.
    pub scattered: bool,
    /// The mapping of `**x`.
    pub double_star: Option<Value>,
}

impl Arguments {
    /// Positional ones only.
    pub(crate) fn of(values: &[Value]) -> Self {
        Self {
            positional: values.iter().cloned().collect(),
            ..Self::default()
        }
    }

    /// By position.
    pub(crate) fn position(&self, index: usize) -> Option<Value> {
        self.positional.get(index).or(self.star.as_ref()).cloned()
    }

    /// By name.
    pub(crate) fn named(&self, name: Symbol) -> Option<Value> {
        self.keywords
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.clone())
    }

    /// By position or name.
    pub(crate) fn either(&self, index: usize, name: &str) -> Option<Value> {
        self.positional
            .get(index)
            .cloned()
            .or_else(|| {
                self.keywords
                    .iter()
                    .find(|(known, _)| known.as_str() == name)
                    .map(|(_, value)| value.clone())
            })
            .or_else(|| self.star.clone())
    }

    /// Everything.
    pub(crate) fn all(&self) -> Vec<Value> {
        self.positional
            .iter()
            .chain(self.keywords.iter().map(|(_, value)| value))
            .chain(&self.star)
            .chain(&self.double_star)
            .cloned()
            .collect()
    }

    /// With something in front.
    pub(crate) fn after(&self, first: Value) -> Self {
        let mut all = self.clone();
        all.positional.insert(0, first);
        all
    }
}

/// Elements of what `*` unpacks that are told apart; commands with more before what matters are rare.
const MAX_UNPACKED: usize = 8;

impl Interpreter<'_, '_> {
    pub(in crate::interpret) fn arguments(&mut self, state: &mut State, args: List) -> Arguments {
        let module = self.module();
        let mut all = Arguments::default();
        for argument in module.args(args) {
            let value = self.eval(state, argument.value);
            match argument.kind {
                ArgKind::Positional => match &mut all.star {
                    Some(star) => star.join(&value),
                    None => all.positional.push(value),
                },
                ArgKind::Keyword(name) => all.keywords.push((name, value)),
                ArgKind::Star => {
                    if let Some(Atom::Object(id)) = value.only()
                        && let Some(object) = state.object(*id)
                        && object.exact
                        && matches!(object.kind, Kind::List | Kind::Tuple)
                        && all.star.is_none()
                    {
                        all.positional.extend(object.items.iter().cloned());
                        continue;
                    }
                    if let Some(Atom::Object(id)) = value.only()
                        && let Some(object) = state.object(*id)
                        && !object.head().is_nothing()
                        && all.star.is_none()
                    {
                        all.positional.push(object.head().clone());
                    }
                    let element = self.iterated(state, &value, argument.value);
                    let open = |atom: &Atom| matches!(atom, Atom::Text(_) | Atom::Input(_));
                    all.scattered |= value.has_objects() && !element.atoms().iter().all(open);
                    match &mut all.star {
                        Some(star) => star.join(&element),
                        None => all.star = Some(element),
                    }
                }
                ArgKind::DoubleStar => {
                    if let Some(Atom::Object(id)) = value.only()
                        && let Some(object) = state.object(*id)
                        && object.rest.is_nothing()
                    {
                        all.keywords.extend(object.fields.iter().cloned());
                        continue;
                    }
                    all.double_star = Some(value);
                }
            }
        }
        all
    }

    /// The arguments a model speaks of.
    pub(in crate::interpret) fn argument_values(
        &mut self,
        state: &mut State,
        argument: &Argument,
        receiver: Option<&Value>,
        arguments: &Arguments,
    ) -> Vec<Value> {
        if argument.receiver {
            return receiver.cloned().into_iter().collect();
        }
        if argument.any {
            return arguments.all();
        }
        if argument.mapping {
            // Of a dict that the program fills it chose the names.
            let given = arguments.double_star.iter().flat_map(Value::atoms);
            let open = given.filter(|atom| matches!(atom, Atom::Text(_) | Atom::Input(_)));
            return vec![Value::of(open.cloned())];
        }
        let given = match (argument.at, argument.name) {
            (Some(at), _) if argument.rest => {
                let ends = |value: &&Value| {
                    value
                        .known_text()
                        .is_some_and(|text| argument.until.contains(&text))
                };
                let given = arguments.positional.iter().skip(usize::from(at));
                let mut all: Vec<Value> = given
                    .clone()
                    .take_while(|value| !ends(value))
                    .cloned()
                    .collect();
                if all.len() == given.len()
                    && let Some(star) = &arguments.star
                {
                    let first = usize::from(at).saturating_sub(arguments.positional.len());
                    for index in first..first + MAX_UNPACKED {
                        let index = i32::try_from(index).unwrap_or(i32::MAX);
                        let element = self.element_at(star, index);
                        if !all.contains(&element) {
                            all.push(element);
                        }
                    }
                }
                return all;
            }
            (Some(at), None) => self.argument_at(arguments, at),
            (Some(at), Some(name)) => match arguments.named(name) {
                Some(named) => Some(named),
                None => self.argument_at(arguments, at),
            },
            (None, Some(name)) => arguments.named(name),
            (None, None) => None,
        };
        let given = given.or_else(|| {
            let (name, map) = (argument.name?, arguments.double_star.clone()?);
            match map.only() {
                Some(Atom::Object(id)) => state.object(*id)?.field(name).cloned(),
                _ => None,
            }
        });
        let Some(given) = given else {
            return Vec::new();
        };
        if let Some(key) = argument.key {
            let mut found = Vec::new();
            for atom in given.atoms() {
                if let Atom::Object(id) = atom
                    && let Some(object) = state.object(*id)
                    && let Some(value) = object.field(key)
                {
                    found.push(value.clone());
                }
            }
            return found;
        }
        let Some(elements) = argument.element else {
            return vec![given];
        };
        self.lists(state, &given);
        let mut found = Vec::new();
        for atom in given.atoms() {
            let Atom::Object(id) = atom else { continue };
            let Some(object) = state.object(*id) else {
                continue;
            };
            match elements {
                Elements::At(index) if object.exact || !object.head().is_nothing() => {
                    found.extend(object.item(i64::from(index)).cloned());
                }
                // Of a list of a stranger's words the first is one of them.
                Elements::At(0) if object.items.is_empty() && is_open(&object.rest) => {
                    found.push(object.rest.clone());
                }
                Elements::At(_) => {}
                Elements::Rest if object.exact => {
                    let ends = |item: &Value| {
                        item.known_text()
                            .is_some_and(|text| argument.until.contains(&text))
                    };
                    let items = object.items.iter();
                    let behind = items.clone().skip(1).zip(items);
                    found.extend(
                        behind
                            .take_while(|(item, _)| !ends(item))
                            .filter(|(_, before)| !argument.takes_next(before))
                            .map(|(item, _)| item.clone()),
                    );
                }
                Elements::Rest => found.push(object.rest.clone()),
            }
        }
        found
    }

    /// An argument by position; of `*x` the element that stands there.
    fn argument_at(&mut self, arguments: &Arguments, at: u16) -> Option<Value> {
        let at = usize::from(at);
        if let Some(given) = arguments.positional.get(at) {
            return Some(given.clone());
        }
        let star = arguments.star.as_ref().filter(|_| !arguments.scattered)?;
        let index = i32::try_from(at - arguments.positional.len()).ok()?;
        Some(self.element_at(star, index))
    }

    /// Whether conditions hold; `None` when that is not known.
    pub(in crate::interpret) fn conditions(
        &mut self,
        state: &mut State,
        conditions: &Conditions,
        receiver: Option<&Value>,
        arguments: &Arguments,
    ) -> Option<bool> {
        let mut sure = true;
        for when in &conditions.hold {
            match self.condition(state, when, receiver, arguments) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => sure = false,
            }
        }
        for when in &conditions.fail {
            match self.condition(state, when, receiver, arguments) {
                Some(false) => {}
                Some(true) => return Some(false),
                None => sure = false,
            }
        }
        sure.then_some(true)
    }

    pub(in crate::interpret) fn condition(
        &mut self,
        state: &mut State,
        when: &When,
        receiver: Option<&Value>,
        arguments: &Arguments,
    ) -> Option<bool> {
        let given = self.argument_values(state, &when.argument, receiver, arguments);
        let Some(value) = given.first() else {
            if arguments.double_star.is_some() || arguments.star.is_some() {
                return None;
            }
            return Some(match &when.asks {
                Asks::Missing(missing) => *missing,
                Asks::None(none) => *none,
                Asks::Truthy(truthy) => !*truthy,
                Asks::Is(_) | Asks::Path(_) | Asks::Contains(_) | Asks::Defines(_) => false,
                Asks::IsNot(_) => true,
                Asks::Display(display) => !*display,
            });
        };
        for atom in value.atoms() {
            if matches!(atom, Atom::Input(_)) && !matches!(when.asks, Asks::Missing(_)) {
                self.decides(value);
            }
        }
        let every = |test: &dyn Fn(&Atom) -> Option<bool>| {
            let mut all = None;
            for atom in value.atoms() {
                let answer = test(atom)?;
                if all.is_some_and(|known| known != answer) {
                    return None;
                }
                all = Some(answer);
            }
            all
        };
        match &when.asks {
            Asks::Missing(missing) => Some(!*missing),
            Asks::None(none) => every(&|atom| match atom {
                Atom::None => Some(*none),
                Atom::Unknown | Atom::Input(_) => None,
                _ => Some(!*none),
            }),
            Asks::Truthy(truthy) => value.truth().map(|truth| truth == *truthy).or_else(|| {
                // A display with something in it.
                match value.only()? {
                    Atom::Object(id) => {
                        let object = state.object(*id)?;
                        object.exact.then_some(
                            (!object.items.is_empty() || !object.fields.is_empty()) == *truthy,
                        )
                    }
                    _ => None,
                }
            }),
            Asks::Is(known) => every(&|atom| is_one_of(atom, known)),
            Asks::IsNot(known) => every(&|atom| is_one_of(atom, known).map(|is| !is)),
            Asks::Path(paths) => every(&|atom| match atom {
                Atom::External(path) => Some(paths.contains(path)),
                Atom::Unknown | Atom::Input(_) | Atom::Text(_) => None,
                _ => Some(false),
            }),
            Asks::Defines(name) => {
                let mut all = None;
                for atom in value.atoms() {
                    let class = match atom {
                        Atom::Object(id) => match state.object(*id)?.kind {
                            Kind::Instance(module, class) => Atom::Instance(module, class),
                            _ => return None,
                        },
                        Atom::Instance(..) => atom.clone(),
                        Atom::Unknown | Atom::Input(_) => return None,
                        _ => Atom::Unknown,
                    };
                    let answer = self.method_of(&class, *name).is_some();
                    if all.is_some_and(|known| known != answer) {
                        return None;
                    }
                    all = Some(answer);
                }
                all
            }
            Asks::Display(display) => every(&|atom| match atom {
                Atom::Object(_) => Some(*display),
                Atom::Unknown | Atom::Input(_) | Atom::External(_) => None,
                _ => Some(!*display),
            }),
            Asks::Contains(matcher) => every(&|atom| match atom {
                Atom::Str(text) => Some((matcher.0)(text.as_str())),
                Atom::Text(text) => {
                    // What is known of it decides where it can.
                    let known = text.iter().any(|stretch| match stretch {
                        Stretch::Known(known) => (matcher.0)(known.as_str()),
                        _ => false,
                    });
                    known.then_some(true)
                }
                _ => None,
            }),
        }
    }
}

fn is_one_of(atom: &Atom, known: &[Literal]) -> Option<bool> {
    let equals = |literal: &Literal| match (atom, literal) {
        (Atom::None, Literal::None) => true,
        (Atom::Bool(a), Literal::Bool(b)) => a == b,
        (Atom::Int(a), Literal::Int(b)) => a == b,
        (Atom::Str(a), Literal::Str(b)) => a.as_str() == b,
        _ => false,
    };
    match atom {
        Atom::Unknown | Atom::Scalar | Atom::Input(_) | Atom::Text(_) | Atom::External(_) => None,
        _ => Some(known.iter().any(equals)),
    }
}

/// Whether nothing that a value can be is of the program's choice.
fn is_open(value: &Value) -> bool {
    let is_text = |atom: &Atom| matches!(atom, Atom::Text(_) | Atom::Input(_));
    !value.is_nothing() && value.atoms().iter().all(is_text)
}
