//! Readers of environment variables, and what they give when the variable is not set.
//!
//! A variable without a default is unknown, never a finding. With a default the default is what counts, uncertainly: the
//! deployment may say otherwise.

use hognose_python::ir::ArgKind;
use hognose_python::{Constant, Symbol};

use super::value::{Shape, Val};

/// Classes whose instances read the environment: django-environ, environs, python-decouple, Starlette.
pub(super) fn is_reader(path: &str) -> bool {
    matches!(
        path,
        "environ.Env"
            | "environ.FileAwareEnv"
            | "environ.environ.Env"
            | "environs.Env"
            | "environs.FileAwareEnv"
            | "environs.EnvValidationError"
    )
}

type Arguments = [(ArgKind, Val)];

fn argument<'a>(arguments: &'a Arguments, name: &str, at: usize) -> Option<&'a Val> {
    let keyword = Symbol::from(name);
    arguments
        .iter()
        .find(|(kind, _)| *kind == ArgKind::Keyword(keyword))
        .or_else(|| {
            arguments
                .iter()
                .filter(|(kind, _)| *kind == ArgKind::Positional)
                .nth(at)
        })
        .map(|(_, value)| value)
}

/// Declared defaults of `Env(DEBUG=(bool, False))`.
pub(super) fn scheme(arguments: &Arguments) -> Vec<(String, Val)> {
    let mut declared = Vec::new();
    for (kind, value) in arguments {
        if let (ArgKind::Keyword(name), Some(Shape::List { items, .. })) = (kind, value.only())
            && let [_, default] = items.as_slice()
        {
            declared.push((name.as_str().to_owned(), default.clone()));
        }
    }
    declared
}

/// What a call of something outside of the project gives, where it is a reader or a function of plain values.
pub(super) fn read(path: &str, arguments: &Arguments) -> Option<Val> {
    let first = arguments.first().map(|(_, value)| value);
    Some(match path {
        "os.environ.get" | "os.getenv" | "os.environ.setdefault" | "os.environ.pop" => {
            default(argument(arguments, "default", 1), None)
        }
        _ if is_reader(path) => Val::of(Shape::Reader(scheme(arguments).into())),
        "environs.env" => reader_call(&[], "__call__", arguments),
        "decouple.config"
        | "decouple.AutoConfig()"
        | "decouple.Config()"
        | "decouple.Config().get"
        | "prettyconf.config" => default(
            argument(arguments, "default", 1),
            argument(arguments, "cast", 2),
        ),
        "starlette.config.Config()" | "starlette.config.Config().get" => default(
            argument(arguments, "default", 2),
            argument(arguments, "cast", 1),
        ),
        "envparse.env" | "envparse.Env()" => default(
            argument(arguments, "default", 1),
            argument(arguments, "cast", 2),
        ),
        _ if path.starts_with("envparse.env.") => default(argument(arguments, "default", 1), None),
        _ if path.starts_with("environs.env.") => {
            reader_call(&[], path.rsplit('.').next().unwrap_or_default(), arguments)
        }
        // django-configurations: the class attribute is what the environment says, else the first argument.
        _ if path.starts_with("configurations.values.") && path.ends_with("Value") => match first {
            Some(value) => value.clone().uncertain(),
            None => Val::unknown(),
        },
        // pydantic: the field's default.
        "pydantic.Field" | "pydantic.fields.Field" | "pydantic.v1.Field" => {
            match argument(arguments, "default", 0) {
                Some(value) if !matches!(value.constant(), Some(Constant::None)) => value.clone(),
                _ => Val::unknown(),
            }
        }
        "pydantic.SecretStr" | "pydantic.SecretBytes" | "starlette.datastructures.Secret" => {
            first?.clone()
        }
        "builtins.bool" => match first {
            Some(value) => match value.truthy() {
                Some(known) => Val::bool(known)
                    .given(value.certain && !matches!(value.only(), Some(Shape::Unset))),
                None => Val::unknown(),
            },
            None => Val::bool(false),
        },
        "builtins.int" => {
            let value = first?;
            match value.constant() {
                Some(Constant::Int(number)) => {
                    Val::of(Shape::Constant(Constant::Int(number))).given(value.certain)
                }
                Some(Constant::Bool(truth)) => {
                    Val::of(Shape::Constant(Constant::Int(i64::from(truth)))).given(value.certain)
                }
                Some(Constant::Str(text)) => match text.trim().parse() {
                    Ok(number) => {
                        Val::of(Shape::Constant(Constant::Int(number))).given(value.certain)
                    }
                    Err(_) => Val::unknown(),
                },
                _ => Val::unknown(),
            }
        }
        "builtins.str" | "builtins.list" | "builtins.tuple" | "builtins.set"
        | "builtins.frozenset" | "typing.cast" | "copy.deepcopy" | "copy.copy"
        | "builtins.sorted" => {
            match arguments
                .iter()
                .filter(|(kind, _)| *kind == ArgKind::Positional)
                .nth(usize::from(path == "typing.cast"))
            {
                Some((_, value))
                    if matches!(
                        value.only(),
                        Some(Shape::List { .. } | Shape::Dict { .. } | Shape::Constant(_))
                    ) =>
                {
                    value.clone()
                }
                None => Val::list(Vec::new()),
                _ => Val::unknown(),
            }
        }
        "builtins.dict" => {
            let mut items: Vec<(String, Val)> = Vec::new();
            let mut open = false;
            for (kind, value) in arguments {
                match (kind, value.only()) {
                    (ArgKind::Keyword(name), _) => {
                        items.push((name.as_str().to_owned(), value.clone()))
                    }
                    (
                        ArgKind::Positional,
                        Some(Shape::Dict {
                            items: more,
                            open: also,
                        }),
                    ) => {
                        items.extend(more.iter().cloned());
                        open |= also;
                    }
                    _ => open = true,
                }
            }
            Val::of(Shape::Dict {
                items: items.into(),
                open,
            })
        }
        "distutils.util.strtobool"
        | "setuptools.distutils.util.strtobool"
        | "str2bool.str2bool"
        | "ast.literal_eval"
        | "json.loads"
        | "yaml.safe_load" => {
            let value = first?;
            truth_word(value).unwrap_or_else(Val::unknown)
        }
        "builtins.any" | "builtins.all" => Val::unknown(),
        "builtins.globals" | "builtins.locals" | "builtins.vars" if arguments.is_empty() => {
            Val::of(Shape::Globals)
        }
        "os.path.join" => {
            let parts: Option<Vec<&str>> = arguments.iter().map(|(_, value)| value.str()).collect();
            match parts {
                Some(parts) => Val::text(parts.join("/")),
                None => Val::unknown(),
            }
        }
        _ => {
            return None;
        }
    })
}

/// A call of an `Env` object or of one of its typed methods.
pub(super) fn reader_call(scheme: &[(String, Val)], method: &str, arguments: &Arguments) -> Val {
    if matches!(
        method,
        "read_env" | "read_envfile" | "seal" | "prefixed" | "add_parser" | "parser_for"
    ) {
        return Val::unknown();
    }
    // `env(var, cast=None, default=…)` of django-environ; `env("X", "default")` of environs.
    let at = match (
        method,
        arguments
            .iter()
            .filter(|(kind, _)| *kind == ArgKind::Positional)
            .nth(1)
            .map(|(_, value)| value),
    ) {
        ("__call__" | "get_value", Some(second))
            if matches!(second.only(), Some(Shape::Path(_))) =>
        {
            2
        }
        _ => 1,
    };
    let cast = argument(arguments, "cast", if at == 2 { 1 } else { usize::MAX });
    if let Some(given) = argument(arguments, "default", at) {
        return default(Some(given), cast);
    }
    let variable = arguments.first().and_then(|(_, value)| value.str());
    match variable.and_then(|variable| scheme.iter().find(|(name, _)| name == variable)) {
        Some((_, declared)) => declared.clone().uncertain(),
        None => Val::unknown(),
    }
}

/// A default, cast as the reader casts what it reads.
fn default(value: Option<&Val>, cast: Option<&Val>) -> Val {
    let Some(value) = value else {
        return Val::of(Shape::Unset);
    };
    if matches!(value.only(), Some(Shape::Constant(Constant::None))) {
        return Val::of(Shape::Unset);
    }
    let Some(cast) = cast else {
        return value.clone().uncertain();
    };
    let cast_value = match cast.only() {
        Some(Shape::Path(path)) => match path.as_str() {
            "builtins.bool" => match value.constant() {
                Some(Constant::Str(_)) => truth_word(value).unwrap_or_else(Val::unknown),
                Some(constant) => Val::bool(constant.truthy()),
                None => Val::unknown(),
            },
            "builtins.int" => match value.constant() {
                Some(Constant::Str(text)) => text.parse().map_or_else(
                    |_| Val::unknown(),
                    |number| Val::of(Shape::Constant(Constant::Int(number))),
                ),
                Some(Constant::Int(_)) => value.clone(),
                _ => Val::unknown(),
            },
            "builtins.str" | "starlette.datastructures.Secret" => value.clone(),
            "decouple.Csv()" | "starlette.datastructures.CommaSeparatedStrings" => {
                split(value, ",")
            }
            _ => Val::unknown(),
        },
        Some(Shape::Constant(Constant::None)) => value.clone(),
        _ if value.str().is_none() => value.clone(),
        _ => Val::unknown(),
    };
    cast_value.uncertain()
}

/// `"True"`, `"1"`, `"on"` and their opposites as a truth value; `True` stays.
fn truth_word(value: &Val) -> Option<Val> {
    let truth = match value.constant()? {
        Constant::Bool(truth) => truth,
        Constant::Int(number) => number != 0,
        Constant::Str(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "y" | "on" | "t" => true,
            "false" | "0" | "no" | "n" | "off" | "f" | "" => false,
            _ => return None,
        },
        _ => return None,
    };
    Some(Val::bool(truth).given(value.certain))
}

/// A string in parts.
pub(super) fn split(value: &Val, separator: &str) -> Val {
    match value.constant() {
        Some(Constant::Str(text)) if separator.is_empty() => {
            Val::list(text.split_whitespace().map(Val::text).collect()).given(value.certain)
        }
        Some(Constant::Str(text)) => Val::list(
            text.split(separator)
                .map(|part| Val::text(part.trim()))
                .filter(|part| part.str() != Some(""))
                .collect(),
        )
        .given(value.certain),
        _ => Val::unknown(),
    }
}
