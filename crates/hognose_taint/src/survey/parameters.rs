//! What the parameters of a function are that a framework calls: by convention, by route, by annotation, by what names their giver.

use std::sync::Arc;

use hognose_python::ir::*;
use hognose_python::{ClassRef, Constant, Evaluator, ModuleId, Project, Value as Evaluated};
use hognose_regex::{Flags, Mode, Pattern};

use super::entries::{argument_of, entries_of};
use super::method;
use crate::facts::{EntryFacts, Filled};
use crate::model::{Entry, Filled as Fill, Filling, Models, ParameterPick, Registered, Typed};
use crate::routes::{route_variables, variables_of};
use crate::shape::Alphabet;
use crate::value::{Atom, Symbol};

/// What the parameters of an entry are.
pub(super) fn fill(
    project: &Project,
    models: &Models,
    values: &mut Evaluator<'_>,
    entry: &Entry,
    at: ModuleId,
    function: FunctionId,
    route: Option<&str>,
) -> EntryFacts {
    let module = project.module(at);
    let data = &module[function];
    let mut parameters: Vec<Option<Filled>> = vec![None; data.params.len()];
    let receiver = usize::from(
        data.class
            .is_some_and(|class| values.receiver(at, function, class).is_some()),
    );
    let variables = route.map(route_variables).unwrap_or_default();
    for (number, param) in data.params.iter().enumerate().skip(receiver) {
        let position = u16::try_from(number - receiver).unwrap_or(u16::MAX);
        let variable = variables
            .iter()
            .find(|(name, _)| name == param.name.as_str());
        if let Some((_, alphabet)) = variable {
            parameters[number] = Some(match alphabet {
                Some(Alphabet::NONE) => Filled::Atom(Atom::Scalar),
                alphabet => converted(values, at, param, entry.route_source)
                    .unwrap_or(Filled::Source(entry.route_source, *alphabet)),
            });
            continue;
        }
        parameters[number] = match &entry.filled {
            Fill::Nothing | Fill::Route => None,
            Fill::Remote(source) => {
                let known = converted(values, at, param, *source);
                Some(known.unwrap_or(Filled::Source(*source, None)))
            }
            Fill::Typed(sources) => typed(models, values, at, param, *sources),
            Fill::Listed(list) => {
                let chosen = list.iter().find(|(pick, _)| match pick {
                    ParameterPick::At(at) => *at == position,
                    ParameterPick::Name(name) => *name == param.name,
                    ParameterPick::Annotation(path) => param
                        .annotation
                        .is_some_and(|annotation| values.dotted(at, annotation) == Some(*path)),
                    ParameterPick::Rest => true,
                });
                match chosen {
                    None => None,
                    // An annotation knows better than a convention, and what a framework takes from texts is of no class.
                    Some((ParameterPick::Rest, _) | (_, Filling::Object(..)))
                        if names_a_class(values, at, param) =>
                    {
                        annotated(values, at, param, entry.route_source)
                    }
                    Some((_, Filling::Object(path, named_by))) => {
                        let class = data.class.zip(*named_by);
                        let named = class.and_then(|(class, named_by)| {
                            let owner = Evaluated::Class(at, class);
                            named_class(values, owner, named_by)
                        });
                        Some(Filled::Atom(named.unwrap_or(Atom::External(*path))))
                    }
                    Some((_, Filling::Source(source))) => {
                        let known = annotated(values, at, param, *source);
                        Some(known.unwrap_or(Filled::Source(*source, None)))
                    }
                }
            }
        };
    }
    EntryFacts {
        parameters,
        routed: route.is_some(),
        variables: variables_of(route),
        returns: entry.returns.iter().cloned().map(Arc::new).collect(),
    }
}

/// An instance of the project's class that an attribute of a class names: `form_class = SearchForm`.
fn named_class(values: &mut Evaluator<'_>, owner: Evaluated, attribute: Symbol) -> Option<Atom> {
    match values.attribute(&[owner], attribute).as_slice() {
        [Evaluated::Class(at, class)] => Some(Atom::Instance(*at, *class)),
        _ => None,
    }
}

/// Whether the annotation of a parameter says of which class it is.
fn names_a_class(values: &mut Evaluator<'_>, at: ModuleId, param: &Param) -> bool {
    param.annotation.is_some_and(|annotation| {
        values
            .instance_of(at, annotation)
            .iter()
            .any(|value| match value {
                Evaluated::Instance(..) => true,
                Evaluated::External(path) => {
                    let path = path.as_str();
                    !path.starts_with("typing.") && !path.starts_with("builtins.")
                }
                _ => false,
            })
    })
}

/// A parameter whose annotation says that it holds no text.
pub(super) fn annotated(
    values: &mut Evaluator<'_>,
    at: ModuleId,
    param: &Param,
    source: u32,
) -> Option<Filled> {
    let annotation = param.annotation?;
    let known = values.instance_of(at, annotation);
    if let [Evaluated::External(path)] = known.as_slice()
        && path.as_str() == "builtins.int()"
    {
        return Some(Filled::Source(source, Some(Alphabet::of("-0123456789"))));
    }
    let scalar = !known.is_empty()
        && known.iter().all(|value| {
            matches!(value, Evaluated::External(path) if matches!(
                path.as_str(),
                "builtins.int()" | "builtins.float()" | "builtins.bool()" | "uuid.UUID()"
                    | "datetime.date()" | "datetime.datetime()" | "decimal.Decimal()"
            ))
        });
    scalar.then_some(Filled::Atom(Atom::Scalar))
}

/// A part of a URL whose parameter is annotated: a scalar, or the object of the project that a converter looks up for it.
fn converted(
    values: &mut Evaluator<'_>,
    at: ModuleId,
    param: &Param,
    source: u32,
) -> Option<Filled> {
    if let Some(filled) = annotated(values, at, param, source) {
        return Some(filled);
    }
    match values.instance_of(at, param.annotation?).as_slice() {
        [Evaluated::Instance(at, class)] => Some(Filled::Atom(Atom::Instance(*at, *class))),
        _ => None,
    }
}

/// `Query(le=100)`, `Annotated[int, Path(lt=5)]`: a number that the framework lets through up to a bound only.
fn bounded(module: &Module, expr: ExprId) -> bool {
    match module[expr] {
        Expr::Call { args, .. } => module.args(args).iter().any(|given| {
            matches!(given.kind, ArgKind::Keyword(name) if matches!(name.as_str(), "le" | "lt"))
        }),
        Expr::Subscript { index, .. } => match module[index] {
            Expr::Tuple(list) => module.list(list).iter().any(|element| {
                matches!(module[*element], Expr::Call { .. }) && bounded(module, *element)
            }),
            _ => false,
        },
        _ => false,
    }
}

/// `Query(pattern="[a-z]+")`, `Annotated[str, Path(pattern=…)]`: the characters of texts that the framework lets through.
fn letters(values: &mut Evaluator<'_>, at: ModuleId, expr: ExprId) -> Option<Alphabet> {
    let (at, expr) = values.written(at, expr);
    let module = values.project().module(at);
    match module[expr] {
        Expr::Call { args, .. } => {
            let pattern = module.args(args).iter().find(|given| {
                matches!(given.kind, ArgKind::Keyword(name) if matches!(name.as_str(), "pattern" | "regex"))
            })?;
            match values.constant(at, pattern.value)? {
                Constant::Str(text) => {
                    let pattern = Pattern::parse(&text, Flags::NONE).ok()?;
                    Alphabet::let_through(&pattern, Mode::Search)
                }
                _ => None,
            }
        }
        Expr::Subscript { index, .. } => match module[index] {
            Expr::Tuple(list) => {
                let mut described = module.list(list).iter().skip(1);
                described.find_map(|element| letters(values, at, *element))
            }
            _ => None,
        },
        _ => None,
    }
}

/// The call by which a default or an annotation names who gives the value, where it stands, and who that is; `None` in the call for
/// the class of the annotation: `Depends(get_store)`, `Annotated[Store, Depends(get_store)]`, `store: Store = Depends()`.
fn provider(
    models: &Models,
    values: &mut Evaluator<'_>,
    at: ModuleId,
    param: &Param,
) -> Option<(ModuleId, Option<ExprId>)> {
    for expr in param.default.into_iter().chain(param.annotation) {
        let (home, written) = values.written(at, expr);
        let module = values.project().module(home);
        let said = match module[written] {
            Expr::Call { .. } => vec![written],
            Expr::Subscript { index, .. } => match module[index] {
                Expr::Tuple(list) => module.list(list).to_vec(),
                _ => continue,
            },
            _ => continue,
        };
        for call in said {
            let Expr::Call { func, args } = module[call] else {
                continue;
            };
            let Some(path) = values.dotted(home, func) else {
                continue;
            };
            let registers = entries_of(models, path).find_map(|entry| {
                entry
                    .registered
                    .iter()
                    .find_map(|registered| match registered {
                        Registered::Passed(known, argument) if *known == path => Some(argument),
                        _ => None,
                    })
            });
            if let Some(argument) = registers {
                return Some((home, argument_of(module, args, argument)));
            }
        }
    }
    None
}

/// A parameter that a framework fills as its annotation says.
fn typed(
    models: &Models,
    values: &mut Evaluator<'_>,
    at: ModuleId,
    param: &Param,
    sources: Typed,
) -> Option<Filled> {
    if let Some(filled) = annotated(values, at, param, sources.text) {
        let module = values.project().module(at);
        let expressions = param.default.into_iter().chain(param.annotation);
        if expressions.into_iter().any(|expr| bounded(module, expr)) {
            return Some(Filled::Atom(Atom::Scalar));
        }
        return Some(filled);
    }
    // A framework that reads a signature has no values for these: a decorator below takes what its function asks for.
    if matches!(param.kind, ParamKind::Star | ParamKind::DoubleStar) {
        return None;
    }
    // What is named to give the value gives it.
    if let Some((home, given)) = provider(models, values, at, param) {
        let callee = match given {
            Some(given) => values.eval(home, given).into_iter().next(),
            None => param
                .annotation
                .and_then(|annotation| values.instance_of(at, annotation).into_iter().next()),
        };
        return match callee? {
            Evaluated::Function(at, function) => Some(Filled::Given(Atom::Function(at, function))),
            Evaluated::Class(at, class) | Evaluated::Instance(at, class) => {
                let init = method(
                    values.project(),
                    values,
                    at,
                    class,
                    Symbol::from("__init__"),
                );
                Some(match init {
                    Some(_) => Filled::Given(Atom::Class(at, class)),
                    None => Filled::Record(sources.model, (at, class)),
                })
            }
            _ => None,
        };
    }
    let mut described = param.default.into_iter().chain(param.annotation);
    let letters = described.find_map(|expr| letters(values, at, expr));
    let Some(annotation) = param.annotation else {
        return Some(Filled::Source(sources.text, letters));
    };
    for value in values.instance_of(at, annotation) {
        match value {
            Evaluated::External(path)
                if matches!(
                    path.as_str(),
                    "builtins.dict()" | "builtins.list()" | "typing.Any()"
                ) =>
            {
                return Some(Filled::Source(sources.structure, None));
            }
            Evaluated::External(path)
                if !matches!(
                    path.as_str(),
                    "builtins.str()"
                        | "builtins.bytes()"
                        | "builtins.dict()"
                        | "builtins.list()"
                        | "typing.Any()"
                ) =>
            {
                // An object of the framework, or of a library: what it is.
                return Some(Filled::Atom(Atom::External(path)));
            }
            Evaluated::Instance(at, class) => {
                for ancestor in values.mro(at, class).iter() {
                    if let ClassRef::External(path) = ancestor
                        && path.as_str() == "enum.Enum"
                    {
                        return Some(Filled::Atom(Atom::Scalar));
                    }
                }
                return Some(Filled::Record(sources.model, (at, class)));
            }
            _ => {}
        }
    }
    Some(Filled::Source(sources.text, letters))
}
