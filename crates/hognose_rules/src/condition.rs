//! Conditions on values, with three outcomes: yes, no, cannot tell.

use hognose_python::ir::*;
use hognose_python::{Constant, Evaluator, ModuleId, Symbol, Value};
use serde::Deserialize;

use crate::context::Argument;
use crate::expression::Expression;
use crate::text::Piece;

/// An outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Truth {
    Yes,
    No,
    Unknown,
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::Yes } else { Self::No }
    }
}

/// A condition as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ConditionFile {
    arg: Option<String>,
    at: Option<usize>,
    key: Option<String>,
    attr: Option<String>,
    #[serde(default)]
    receiver: bool,
    #[serde(default)]
    any_arg: bool,
    #[serde(default)]
    value: bool,
    member: Option<String>,
    setting: Option<String>,

    missing: Option<bool>,
    given: Option<bool>,
    is: Option<toml::Value>,
    is_not: Option<toml::Value>,
    none: Option<bool>,
    truthy: Option<bool>,
    below: Option<f64>,
    above: Option<f64>,
    shorter: Option<usize>,
    matches: Option<String>,
    constant: Option<bool>,
    path: Option<OneOrMore>,
    built: Option<bool>,
    raw: Option<bool>,
    display: Option<bool>,
    element: Option<toml::Value>,
    elements_constant: Option<bool>,
    from_outside: Option<bool>,
    parts: Option<OneOrMore>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    fn symbols(self) -> Vec<Symbol> {
        let paths = match self {
            Self::One(path) => vec![path],
            Self::More(paths) => paths,
        };
        paths
            .iter()
            .flat_map(|path| crate::matcher::expand(path))
            .map(Symbol::from)
            .collect()
    }
}

/// What a condition looks at.
#[derive(Debug, Clone)]
pub(crate) enum Pick {
    /// An argument by name, position or both.
    Arg(Option<Symbol>, Option<usize>),
    /// An entry of a dict given as argument.
    ArgKey(Option<Symbol>, Option<usize>, String),
    /// An attribute last stored on the receiver.
    Attr(Symbol),
    /// The object a method is called on.
    Receiver,
    /// Any argument.
    AnyArg,
    /// What is stored.
    Value,
    /// A class attribute, perhaps of an inner class.
    Member(Vec<Symbol>),
    /// Another setting of the same application.
    Setting(String),
}

/// What a condition asks.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    Missing(bool),
    Is(Vec<Constant>, bool),
    None(bool),
    Truthy(bool),
    Below(f64),
    Above(f64),
    Shorter(usize),
    Matches(Expression),
    Constant(bool),
    Path(Vec<Symbol>),
    Built(bool),
    Raw(bool),
    Display(bool),
    Element(Vec<Constant>),
    ElementsConstant(bool),
    FromOutside(bool),
    Parts(Vec<Symbol>),
}

/// A condition, ready to run.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    pub(crate) pick: Pick,
    pub(crate) ask: Ask,
}

impl ConditionFile {
    pub(crate) fn compile(self) -> Result<Condition, String> {
        let name = self.arg.as_deref().map(Symbol::from);
        let mut picks = Vec::new();
        match (&self.key, name.is_some() || self.at.is_some()) {
            (Some(key), true) => picks.push(Pick::ArgKey(name, self.at, key.clone())),
            (None, true) => picks.push(Pick::Arg(name, self.at)),
            (Some(_), false) => return Err("`key` belongs to `arg` or `at`".to_owned()),
            (None, false) => {}
        }
        if let Some(attr) = &self.attr {
            picks.push(Pick::Attr(Symbol::from(attr)));
        }
        if self.receiver {
            picks.push(Pick::Receiver);
        }
        if self.any_arg {
            picks.push(Pick::AnyArg);
        }
        if self.value {
            picks.push(Pick::Value);
        }
        if let Some(member) = &self.member {
            picks.push(Pick::Member(member.split('.').map(Symbol::from).collect()));
        }
        if let Some(setting) = &self.setting {
            picks.push(Pick::Setting(setting.clone()));
        }
        let mut asks = Vec::new();
        asks.extend(self.missing.map(Ask::Missing));
        asks.extend(self.given.map(|given| Ask::Missing(!given)));
        asks.extend(
            self.is
                .as_ref()
                .map(constants)
                .transpose()?
                .map(|any| Ask::Is(any, true)),
        );
        asks.extend(
            self.is_not
                .as_ref()
                .map(constants)
                .transpose()?
                .map(|any| Ask::Is(any, false)),
        );
        asks.extend(self.none.map(Ask::None));
        asks.extend(self.truthy.map(Ask::Truthy));
        asks.extend(self.below.map(Ask::Below));
        asks.extend(self.above.map(Ask::Above));
        asks.extend(self.shorter.map(Ask::Shorter));
        if let Some(pattern) = &self.matches {
            asks.push(Ask::Matches(Expression::new(pattern)?));
        }
        asks.extend(self.constant.map(Ask::Constant));
        asks.extend(self.path.map(|paths| Ask::Path(paths.symbols())));
        asks.extend(self.parts.map(|paths| Ask::Parts(paths.symbols())));
        asks.extend(self.built.map(Ask::Built));
        asks.extend(self.raw.map(Ask::Raw));
        asks.extend(self.display.map(Ask::Display));
        asks.extend(
            self.element
                .as_ref()
                .map(constants)
                .transpose()?
                .map(Ask::Element),
        );
        asks.extend(self.elements_constant.map(Ask::ElementsConstant));
        asks.extend(self.from_outside.map(Ask::FromOutside));
        // A position or name alone picks what is stored or a setting's value where the matcher is about one.
        if picks.is_empty() {
            picks.push(Pick::Value);
        }
        match (picks.len(), asks.len()) {
            (1, 1) => Ok(Condition {
                pick: picks.remove(0),
                ask: asks.remove(0),
            }),
            (1, _) => Err(format!(
                "a condition asks one thing; this one asks {}",
                asks.len()
            )),
            _ => Err("a condition picks one thing".to_owned()),
        }
    }
}

fn constants(value: &toml::Value) -> Result<Vec<Constant>, String> {
    match value {
        toml::Value::Array(values) => values.iter().map(one_constant).collect(),
        one => Ok(vec![one_constant(one)?]),
    }
}

pub(crate) fn one_constant(value: &toml::Value) -> Result<Constant, String> {
    Ok(match value {
        toml::Value::Boolean(value) => Constant::Bool(*value),
        toml::Value::Integer(value) => Constant::Int(*value),
        toml::Value::Float(value) => Constant::Float(*value),
        toml::Value::String(value) => Constant::Str(value.clone()),
        toml::Value::Array(values) => {
            Constant::Seq(values.iter().map(one_constant).collect::<Result<_, _>>()?)
        }
        other => return Err(format!("`{other}` is no constant")),
    })
}

fn same(known: &Constant, asked: &Constant) -> bool {
    match (known, asked) {
        // Bytes are compared as text: rules write `is = "x"` for both.
        (Constant::Bytes(known), Constant::Str(asked)) => known == asked,
        // Python's `True == 1`: flags are often given so.
        (Constant::Int(known), Constant::Bool(asked)) => *known == i64::from(*asked),
        (known, asked) => known == asked,
    }
}

/// Folds an answer for each of several possibilities: all agree, or it cannot be told.
fn all(mut answers: impl Iterator<Item = Truth>) -> Truth {
    let Some(first) = answers.next() else {
        return Truth::Unknown;
    };
    if answers.all(|answer| answer == first) {
        first
    } else {
        Truth::Unknown
    }
}

impl Ask {
    /// Puts the question to an argument.
    pub(crate) fn of_argument(&self, values: &mut Evaluator<'_>, argument: Argument) -> Truth {
        match (self, argument) {
            (Self::Missing(_), Argument::Unknown) => Truth::Unknown,
            (Self::Missing(missing), Argument::Missing) => Truth::from(*missing),
            (Self::Missing(missing), Argument::Given(..)) => Truth::from(!missing),
            (_, Argument::Unknown) => Truth::Unknown,
            (_, Argument::Missing) => Truth::No,
            (_, Argument::Given(at, expr)) => self.of_expr(values, at, expr),
        }
    }

    /// Puts the question to a constant.
    pub(crate) fn of_constant(&self, constant: &Constant) -> Truth {
        match self {
            Self::Missing(missing) => Truth::from(!missing),
            Self::Is(asked, yes) => {
                Truth::from(asked.iter().any(|asked| same(constant, asked)) == *yes)
            }
            Self::None(yes) => Truth::from((*constant == Constant::None) == *yes),
            Self::Truthy(yes) => Truth::from(constant.truthy() == *yes),
            Self::Below(bound) => {
                Truth::from(constant.number().is_some_and(|number| number < *bound))
            }
            Self::Above(bound) => {
                Truth::from(constant.number().is_some_and(|number| number > *bound))
            }
            Self::Shorter(bound) => Truth::from(
                constant
                    .text()
                    .is_some_and(|text| text.chars().count() < *bound),
            ),
            Self::Matches(pattern) => {
                Truth::from(constant.text().is_some_and(|text| pattern.is_match(text)))
            }
            Self::Constant(yes) => Truth::from(*yes),
            Self::Element(asked) => match constant {
                Constant::Seq(items) => Truth::from(
                    items
                        .iter()
                        .any(|known| asked.iter().any(|asked| same(known, asked))),
                ),
                _ => Truth::No,
            },
            Self::Path(_)
            | Self::Parts(_)
            | Self::Built(true)
            | Self::Raw(true)
            | Self::Display(true)
            | Self::ElementsConstant(_) => Truth::No,
            Self::Built(false) | Self::Raw(false) | Self::Display(false) => Truth::Yes,
            Self::FromOutside(yes) => Truth::from(!yes),
        }
    }

    /// Puts the question to an expression.
    pub(crate) fn of_expr(&self, values: &mut Evaluator<'_>, at: ModuleId, expr: ExprId) -> Truth {
        match self {
            Self::Missing(missing) => Truth::from(!missing),
            Self::Is(asked, yes) => each_constant(values, at, expr, |known| {
                asked.iter().any(|asked| same(known, asked)) == *yes
            }),
            Self::None(yes) => {
                let found = values.eval(at, expr);
                let answers = found.into_iter().map(|value| match value {
                    Value::Expr(home, inner) => Truth::from(
                        matches!(values.project().module(home)[inner], Expr::None) == *yes,
                    ),
                    Value::Unknown(_) | Value::Param(..) => Truth::Unknown,
                    Value::External(path)
                        if path.as_str().ends_with("()") || path.as_str().ends_with("[]") =>
                    {
                        Truth::Unknown
                    }
                    _ => Truth::from(!yes),
                });
                all(answers.collect::<Vec<_>>().into_iter())
            }
            Self::Truthy(yes) => {
                if let Some(known) = values.constants(at, expr) {
                    return all(known
                        .iter()
                        .map(|constant| Truth::from(constant.truthy() == *yes)));
                }
                match display_len(values, at, expr) {
                    Some(len) => Truth::from((len > 0) == *yes),
                    None => Truth::Unknown,
                }
            }
            Self::Below(bound) => each_number(values, at, expr, |number| number < *bound),
            Self::Above(bound) => each_number(values, at, expr, |number| number > *bound),
            Self::Shorter(bound) => {
                each_text(values, at, expr, |text| text.chars().count() < *bound)
            }
            Self::Matches(pattern) => each_text(values, at, expr, |text| pattern.is_match(text)),
            Self::Constant(yes) => {
                if values.constants(at, expr).is_some() {
                    return Truth::from(*yes);
                }
                let found = values.eval(at, expr);
                let answers: Vec<Truth> = found
                    .into_iter()
                    .map(|value| match value {
                        // `settings.COMMAND`: a constant of another module that is not at hand.
                        Value::External(path) if is_constant_name(path.as_str()) => Truth::Unknown,
                        _ if values.constant_of(value, 0).is_some() => Truth::Unknown,
                        _ => Truth::from(!yes),
                    })
                    .collect();
                all(answers.into_iter())
            }
            Self::Path(paths) => {
                let found = values.eval(at, expr);
                if found
                    .iter()
                    .any(|value| matches!(value, Value::External(path) if paths.contains(path)))
                {
                    return Truth::Yes;
                }
                if found
                    .iter()
                    .any(|value| matches!(value, Value::Unknown(_) | Value::Param(..)))
                {
                    Truth::Unknown
                } else {
                    Truth::No
                }
            }
            Self::Parts(paths) => {
                let parts = crate::text::parts(values, at, expr);
                let known = |found: hognose_python::Values| {
                    found
                        .iter()
                        .all(|value| matches!(value, Value::External(path) if paths.contains(path)))
                };
                Truth::from(
                    parts
                        .into_iter()
                        .all(|(home, part)| known(values.eval(home, part))),
                )
            }
            Self::FromOutside(yes) => Truth::from(is_from_outside(values, at, expr) == *yes),
            Self::Built(yes) => Truth::from(is_built(values, at, expr) == *yes),
            Self::Raw(yes) => Truth::from(is_raw(values, at, expr) == *yes),
            Self::Display(yes) => {
                let found = values.eval(at, expr);
                let answers: Vec<Truth> = found
                    .into_iter()
                    .map(|value| match value {
                        Value::Expr(home, inner) => {
                            let is = matches!(
                                values.project().module(home)[inner],
                                Expr::ListOf(_) | Expr::Tuple(_)
                            );
                            Truth::from(is == *yes)
                        }
                        Value::Unknown(_) | Value::Param(..) | Value::External(_) => Truth::Unknown,
                        _ => Truth::from(!yes),
                    })
                    .collect();
                all(answers.into_iter())
            }
            Self::Element(asked) => {
                let mut unknown = false;
                for value in values.eval(at, expr) {
                    match value {
                        Value::Expr(home, inner) => {
                            let module = values.project().module(home);
                            if let Expr::ListOf(list) | Expr::Tuple(list) | Expr::SetOf(list) =
                                module[inner]
                            {
                                for element in module.list(list) {
                                    match values.constant(home, *element) {
                                        Some(known)
                                            if asked.iter().any(|asked| same(&known, asked)) =>
                                        {
                                            return Truth::Yes;
                                        }
                                        Some(_) => {}
                                        None => unknown = true,
                                    }
                                }
                            } else if let Some(Constant::Seq(items)) = values.constant_of(value, 0)
                                && items
                                    .iter()
                                    .any(|known| asked.iter().any(|asked| same(known, asked)))
                            {
                                return Truth::Yes;
                            }
                        }
                        _ => unknown = true,
                    }
                }
                if unknown { Truth::Unknown } else { Truth::No }
            }
            Self::ElementsConstant(yes) => {
                let mut answers = Vec::new();
                for value in values.eval(at, expr) {
                    answers.push(match value {
                        Value::Expr(home, inner) => match values.project().module(home)[inner] {
                            Expr::ListOf(_) | Expr::Tuple(_) | Expr::SetOf(_) => {
                                Truth::from(values.constant_of(value, 0).is_some() == *yes)
                            }
                            _ => Truth::No,
                        },
                        _ => Truth::Unknown,
                    });
                }
                all(answers.into_iter())
            }
        }
    }
}

fn each_constant(
    values: &mut Evaluator<'_>,
    at: ModuleId,
    expr: ExprId,
    test: impl Fn(&Constant) -> bool,
) -> Truth {
    match values.constants(at, expr) {
        Some(known) => all(known.iter().map(|constant| Truth::from(test(constant)))),
        None => Truth::Unknown,
    }
}

fn each_number(
    values: &mut Evaluator<'_>,
    at: ModuleId,
    expr: ExprId,
    test: impl Fn(f64) -> bool,
) -> Truth {
    each_constant(values, at, expr, |constant| {
        constant.number().is_some_and(&test)
    })
}

fn each_text(
    values: &mut Evaluator<'_>,
    at: ModuleId,
    expr: ExprId,
    test: impl Fn(&str) -> bool,
) -> Truth {
    each_constant(values, at, expr, |constant| {
        constant.text().is_some_and(&test)
    })
}

fn display_len(values: &mut Evaluator<'_>, at: ModuleId, expr: ExprId) -> Option<u32> {
    let found = values.eval(at, expr);
    let [Value::Expr(home, inner)] = found.as_slice() else {
        return None;
    };
    match values.project().module(*home)[*inner] {
        Expr::ListOf(list) | Expr::Tuple(list) | Expr::SetOf(list) | Expr::Dict(list) => {
            Some(list.len)
        }
        _ => None,
    }
}

/// `module.UPPER_CASE` by convention holds a constant.
pub(crate) fn is_constant_name(path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or(path);
    last.chars().any(|c| c.is_ascii_uppercase())
        && last
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// Something that comes from outside of the program, or a string with such a part, as far as access paths tell.
pub(crate) fn is_from_outside(values: &mut Evaluator<'_>, at: ModuleId, expr: ExprId) -> bool {
    let sources = &crate::registry::registry().sources;
    let mut parts = crate::text::parts(values, at, expr);
    parts.push((at, expr));
    parts.into_iter().any(|(home, part)| {
        values
            .eval(home, part)
            .iter()
            .any(|value| matches!(value, Value::External(path) if sources.hold(path.as_str())))
    })
}

/// A string put together, a part of which stands there as it came: a parameter, an attribute, an item. What a call gave may
/// have been made fit for the place, unless the call only fetches it.
fn is_raw(values: &mut Evaluator<'_>, at: ModuleId, expr: ExprId) -> bool {
    /// Methods that hand out what an object holds.
    const FETCHING: &[&str] = &["get", "getlist", "pop", "popitem", "setdefault"];
    if !is_built(values, at, expr) {
        return false;
    }
    let place = values.project().module(at).expr_range(expr);
    let parts = crate::text::parts(values, at, expr);
    parts.into_iter().any(|(home, part)| {
        let module = values.project().module(home);
        match module[part] {
            Expr::Name { def, .. } => match (module[def].kind, module[module[def].scope].kind) {
                // What a parameter of another function is, the call of that function says.
                (DefKind::Param(_), ScopeKind::Function(function)) => {
                    home == at && module[function].range.contains_range(place)
                }
                (DefKind::Phi(_) | DefKind::Value(_), _) => true,
                _ => false,
            },
            Expr::Attribute { attr, .. } => !is_constant_name(attr.as_str()),
            Expr::Subscript { .. } => true,
            // An element of what a call gave is as unknown as all of it.
            Expr::Iterate { of, .. } | Expr::Element { of, .. } => {
                !matches!(module[of], Expr::Call { .. } | Expr::Iterate { .. })
            }
            Expr::Call { func, .. } => {
                matches!(module[func], Expr::Attribute { attr, .. } if FETCHING.contains(&attr.as_str()))
            }
            _ => false,
        }
    })
}

/// A string put together from parts that are not all constant.
pub(crate) fn is_built(values: &mut Evaluator<'_>, at: ModuleId, expr: ExprId) -> bool {
    let found = values.eval(at, expr);
    found.into_iter().any(|value| match value {
        Value::Expr(home, inner) => {
            let text_operation = match values.project().module(home)[inner] {
                Expr::FString(_) => true,
                Expr::Binary {
                    op: Operator::Add | Operator::Mod,
                    ..
                }
                | Expr::InPlace {
                    op: Operator::Add, ..
                } => is_text(values, home, inner, 0),
                _ => false,
            };
            text_operation
                && values.constant_of(value, 0).is_none()
                && has_open_part(values, home, inner)
        }
        Value::External(path) => matches!(
            path.as_str(),
            "builtins.str().format()"
                | "builtins.str().join()"
                | "builtins.str().format_map()"
                | "builtins.str().replace()"
        ),
        _ => false,
    })
}

/// Whether some part of a text is neither constant nor a number. What a container holds may be put in later.
fn has_open_part(values: &mut Evaluator<'_>, at: ModuleId, expr: ExprId) -> bool {
    let (pieces, through) = crate::text::pieces(values, at, expr);
    let project = values.project();
    pieces.iter().any(|piece| matches!(piece, Piece::Part(..)))
        || through.iter().any(|(home, expr)| {
            matches!(
                project.module(*home)[*expr],
                Expr::ListOf(_) | Expr::SetOf(_) | Expr::Dict(_)
            )
        })
}

/// Whether an operation surely gives a string: some operand of it does.
fn is_text(values: &mut Evaluator<'_>, at: ModuleId, expr: ExprId, depth: u32) -> bool {
    if depth > 32 {
        return false;
    }
    match values.project().module(at)[expr] {
        Expr::Str(_) | Expr::FString(_) => true,
        Expr::Binary {
            op: Operator::Add,
            left,
            right,
        }
        | Expr::InPlace {
            op: Operator::Add,
            left,
            right,
        } => is_text(values, at, left, depth + 1) || is_text(values, at, right, depth + 1),
        Expr::Binary {
            op: Operator::Mod,
            left,
            ..
        } => is_text(values, at, left, depth + 1),
        Expr::Name { .. } => values.eval(at, expr).into_iter().any(|value| match value {
            Value::Expr(home, inner) if (home, inner) != (at, expr) => {
                is_text(values, home, inner, depth + 1)
            }
            Value::External(path) => path.as_str().starts_with("builtins.str()"),
            _ => false,
        }),
        _ => false,
    }
}
